//! Rules of access that mean nothing: that nobody meets, that let change what nobody sees, that open a part more than its whole.

use super::known_fields;
use crate::access::world::{self, Actor, State};
use crate::access::{Formula, Literal, Rule};
use crate::description::{Description, Entity};
use crate::field::{Kind, OnDelete};
use crate::problem::near;
use crate::read::table::Problems;

/// Finds what is wrong with the rules of an entity.
pub(super) fn rules(description: &Description, entity: &Entity, problems: &Problems<'_>) {
    let allow = &entity.allow;
    if entity.rules().next().is_none() {
        problems.add(
            &entity.span,
            format!("nobody may do anything with `{}`", entity.name),
            "write `allow.read = \"authenticated\"`; what is not allowed does not exist",
        );
        return;
    }
    let mut sound = true;
    for (name, rule) in entity.rules() {
        sound &= conditions(description, entity, &name, rule, problems);
    }
    for (name, rule) in &allow.set {
        match entity.field(name) {
            None => problems.add(
                &rule.span,
                format!("`{}` has no field `{name}`", entity.name),
                known_fields(entity, name),
            ),
            Some(field)
                if field.readonly || field.immutable || matches!(field.kind, Kind::Ref(_)) =>
            {
                problems.add(
                    &rule.span,
                    format!("`{name}` cannot be set later"),
                    "leave the rule or the mark out",
                );
            }
            Some(field) if field.default.is_none() && !field.optional => {
                problems.add(
                    &field.span,
                    format!("`{name}` is not set on creation and has no value then"),
                    "add a default (` = value`) or `optional`",
                );
            }
            Some(_) => {}
        }
    }
    let written = entity.fields.iter().any(|f| {
        !f.readonly
            && !f.immutable
            && entity.owner.as_ref() != Some(&f.name)
            && allow.set.iter().all(|(name, _)| *name != f.name)
    });
    if let Some(update) = &allow.update
        && !written
    {
        problems.add(
            &update.span,
            format!("`{}` has no field that `update` could change", entity.name),
            "leave `allow.update` out",
        );
    }
    let Some(states) = world::states(entity) else {
        if sound {
            problems.add(
                &entity.span,
                format!(
                    "the rules of `{}` tell more than {} states apart",
                    entity.name,
                    world::MOST_STATES
                ),
                "compare fewer fields",
            );
        }
        return;
    };
    if sound && met_by_somebody(description, entity, &states, problems) {
        seen_before_changed(description, entity, &states, problems);
        parts_not_more_open(description, entity, problems);
    }
}

/// What goes with a row of another entity is a part of it: everybody may read it only where everybody may read the whole.
fn parts_not_more_open(description: &Description, entity: &Entity, problems: &Problems<'_>) {
    let open = |entity: &Entity| {
        let stranger = Actor {
            role: None,
            owner: false,
        };
        let read = entity.allow.read.as_ref()?;
        let states = world::states(entity)?;
        let all = states
            .iter()
            .all(|state| world::allows(read, &stranger, state));
        Some(all)
    };
    let Some(read) = entity
        .allow
        .read
        .as_ref()
        .filter(|_| open(entity) == Some(true))
    else {
        return;
    };
    for field in &entity.fields {
        let whole = description.entities.iter().find(|other| {
            field.kind == Kind::Ref(other.name.clone()) && open(other) == Some(false)
        });
        let Some(whole) = whole.filter(|_| field.on_delete == OnDelete::Cascade) else {
            continue;
        };
        // A rule looks at its own row only, so that of the whole says the same here if it looks at nothing.
        let as_whole = whole.allow.read.as_ref().filter(|rule| {
            rule.formula.fields().is_empty()
                && (entity.owner.is_some() || !rule.formula.mentions_owner())
        });
        let narrower = match as_whole {
            Some(rule) => format!("write `{}`, as for `{}`", rule.text, whole.name),
            None => format!(
                "let a field of its own decide, as in `{}`",
                match entity.owner {
                    Some(_) => "(anyone and shown == true) or owner",
                    None => "anyone and shown == true",
                }
            ),
        };
        problems.add(
            &read.span,
            format!(
                "everybody may read a `{}`, also where the `{}` that it is a part of (it is deleted with it) is hidden",
                entity.name, whole.name
            ),
            format!(
                "{narrower}; where it is for everybody all the same, write `on_delete=restrict` in `{}`",
                field.name
            ),
        );
    }
}

/// Checks the words of one rule; whether it can be evaluated.
fn conditions(
    description: &Description,
    entity: &Entity,
    name: &str,
    rule: &Rule,
    problems: &Problems<'_>,
) -> bool {
    let mut sound = true;
    let mut wrong = |message: String, help: String| {
        sound = false;
        problems.add(&rule.span, message, help);
    };
    if name != "read" && rule.formula.mentions_anyone() {
        wrong(
            "`anyone` may read, never write".into(),
            "write `authenticated`".into(),
        );
    }
    if name == "read" && rule.formula.mentions_anyone() && entity.tenant {
        wrong(
            format!(
                "`{}` belongs to a tenant, and `anyone` to none",
                entity.name
            ),
            "write `authenticated`, or `tenant = false`".into(),
        );
    }
    rule.formula.visit(&mut |formula| match formula {
        Formula::Role(role) if !description.auth.roles.contains(role) => {
            let known = description.auth.roles.iter().map(String::as_str);
            let help = near(role, known).map_or_else(
                || {
                    format!(
                        "add it to `auth.roles`, or write one of {}",
                        description.auth.roles.join(", ")
                    )
                },
                |meant| format!("did you mean `role:{meant}`?"),
            );
            wrong(format!("there is no role `{role}`"), help);
        }
        Formula::Owner if name == "create" => wrong(
            "on creation there is no owner yet".into(),
            "write `authenticated`: who creates becomes the owner".into(),
        ),
        Formula::Owner if entity.owner.is_none() => wrong(
            format!("`{}` has no owner", entity.name),
            "write `owner = \"author\"` and `fields.author = \"ref(user)\"`".into(),
        ),
        Formula::Field(field, ..) if name == "create" => wrong(
            format!("on creation `{field}` has no value yet"),
            "leave the comparison out".into(),
        ),
        Formula::Field(field, _, value) => {
            if let Some((message, help)) = comparison(entity, field, value) {
                wrong(message, help);
            }
        }
        _ => {}
    });
    sound
}

fn comparison(entity: &Entity, name: &str, value: &Literal) -> Option<(String, String)> {
    let Some(field) = entity.field(name) else {
        return Some((
            format!("`{}` has no field `{name}`", entity.name),
            known_fields(entity, name),
        ));
    };
    let Some(values) = world::values(entity, name) else {
        return Some((
            format!("rules cannot compare `{name}`"),
            "compare fields of type `enum` or `bool`".to_owned(),
        ));
    };
    if field.optional {
        return Some((
            format!("rules cannot compare `{name}`, which may be null"),
            "give it a default and leave `optional` out".to_owned(),
        ));
    }
    let shown: Vec<String> = values
        .iter()
        .map(|value| match value {
            Literal::Text(text) => format!("'{text}'"),
            Literal::Bool(value) => value.to_string(),
        })
        .collect();
    (!values.contains(value)).then(|| {
        (
            format!("`{name}` never has this value"),
            format!("write one of {}", shown.join(", ")),
        )
    })
}

/// Each rule lets somebody pass in some state; what nobody may do is not said at all.
fn met_by_somebody(
    description: &Description,
    entity: &Entity,
    states: &[State],
    problems: &Problems<'_>,
) -> bool {
    let actors = world::actors(description, entity);
    let mut all = true;
    for (_, rule) in entity.rules() {
        let met = actors
            .iter()
            .any(|actor| states.iter().any(|state| world::allows(rule, actor, state)));
        if !met {
            all = false;
            problems.add(
                &rule.span,
                "nobody ever meets this rule",
                "everybody has one role, and a field has one value; join what excludes each other with `or`",
            );
        }
    }
    all
}

/// Whoever changes or deletes a row must be able to see it: the answer shows it, and so does PostgreSQL.
fn seen_before_changed(
    description: &Description,
    entity: &Entity,
    states: &[State],
    problems: &Problems<'_>,
) {
    let actors = world::actors(description, entity);
    for (name, rule) in entity.rules() {
        if name == "read" {
            continue;
        }
        let created = world::created(entity);
        let unseen = actors.iter().find_map(|actor| {
            // Who creates becomes the owner, and the row has its defaults.
            let states: &[State] = if name == "create" {
                std::slice::from_ref(&created)
            } else {
                states
            };
            let actor = if name == "create" && actor.role.is_some() {
                &Actor {
                    owner: entity.owner.is_some(),
                    ..actor.clone()
                }
            } else {
                actor
            };
            let blind = states.iter().any(|state| {
                world::allows(rule, actor, state)
                    && !entity
                        .allow
                        .read
                        .as_ref()
                        .is_some_and(|read| world::allows(read, actor, state))
            });
            blind.then(|| described(actor))
        });
        if let Some(who) = unseen {
            problems.add(
                &rule.span,
                format!(
                    "{who} may {name} a `{}` that `allow.read` hides from them",
                    entity.name
                ),
                "widen `allow.read`, or narrow this rule",
            );
        }
    }
}

fn described(actor: &Actor) -> String {
    match (&actor.role, actor.owner) {
        (None, _) => "somebody who is not signed in".to_owned(),
        (Some(role), true) => format!("an owner with the role `{role}`"),
        (Some(role), false) => format!("somebody with the role `{role}`"),
    }
}
