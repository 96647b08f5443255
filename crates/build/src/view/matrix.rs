//! The authorisation matrix: who gets which answer, worked out from the description and not from the code.

use super::field::View as Field;
use crate::access::world::{self, Actor, State};
use crate::access::{Literal, Rule};
use crate::description::{Description, Entity};
use crate::names::pascal;
use serde::Serialize;

/// One actor and one state of a row, with the answer to everything that can be asked.
#[derive(Clone, Serialize, Debug)]
pub struct Cell {
    who: String,
    /// `null` is somebody who is not signed in.
    role: Option<String>,
    owner: bool,
    foreign: bool,
    /// An object of columns, as TypeScript.
    state: String,
    listed: bool,
    read: u16,
    update: Option<u16>,
    remove: Option<u16>,
    /// What the rule says by itself, wherever the change would lead.
    may_update: Option<bool>,
    /// The answer to whoever adds or removes files: by the same rule, and the row stays as it is.
    files: Option<u16>,
    set: Vec<SetCell>,
}

/// The answer to setting one field.
#[derive(Clone, Serialize, Debug)]
pub struct SetCell {
    cell: String,
    status: u16,
    /// The member that holds what the rule says by itself, wherever the change would lead.
    rule: String,
    may: bool,
}

/// Somebody who may change a row which they own, where rows have owners, and the change.
#[derive(Clone, Serialize, Debug)]
pub struct Changer {
    role: String,
    /// Columns with their values, as TypeScript.
    state: Option<String>,
    /// `allow.update` lets them, not the rule of one field.
    by_update: bool,
    prop: String,
    value: String,
}

/// The member of a cell that holds the answer to setting this field.
pub fn cell_of(field: &str) -> String {
    format!("set{}", pascal(field))
}

/// A row after one of its fields was set as the tests do it: to the first value that it can have.
fn after(entity: &Entity, state: &State, field: &str) -> State {
    let mut state = state.clone();
    if let (Some(value), Some(values)) = (state.get_mut(field), world::values(entity, field))
        && let Some(first) = first_value(&values)
    {
        *value = first;
    }
    state
}

/// Tests set enums to their first value, and bools to `true`.
pub fn first_value(values: &[Literal]) -> Option<Literal> {
    values
        .iter()
        .find(|value| **value == Literal::Bool(true))
        .or(values.first())
        .cloned()
}

/// Who may create.
#[derive(Clone, Serialize, Debug)]
pub struct CreateCell {
    role: Option<String>,
    status: u16,
}

/// The member of a cell that holds what the rule of this field says by itself.
pub fn rule_of(field: &str) -> String {
    format!("maySet{}", pascal(field))
}

/// All cells for rows that exist; `changed` is the field that tests of changes set.
pub fn cells(description: &Description, entity: &Entity, changed: Option<&str>) -> Vec<Cell> {
    let states = world::states(entity).unwrap_or_default();
    let mut cells = Vec::new();
    for state in &states {
        for actor in world::actors(description, entity) {
            cells.push(cell(entity, &actor, state, false, changed));
        }
        if description.tenant.is_some() && entity.tenant {
            for role in &description.auth.roles {
                cells.push(cell(
                    entity,
                    &Actor {
                        role: Some(role.clone()),
                        owner: false,
                    },
                    state,
                    true,
                    changed,
                ));
            }
        }
    }
    cells
}

/// One cell for each role, and one for strangers.
pub fn creations(description: &Description, entity: &Entity) -> Vec<CreateCell> {
    let Some(rule) = &entity.allow.create else {
        return vec![];
    };
    let mut cells = vec![CreateCell {
        role: None,
        status: 401,
    }];
    for role in &description.auth.roles {
        let actor = Actor {
            role: Some(role.clone()),
            owner: false,
        };
        let allowed = world::allows(rule, &actor, &State::new());
        cells.push(CreateCell {
            role: Some(role.clone()),
            status: if allowed { 201 } else { 403 },
        });
    }
    cells
}

/// Which rules make a difference among those who are asked: others could be taken away unnoticed.
#[derive(Clone, Serialize, Debug)]
pub struct Tells {
    read: bool,
    create: bool,
    update: bool,
    delete: bool,
}

/// Says it of an entity.
pub fn tells(cells: &[Cell], creations: &[CreateCell]) -> Tells {
    let seen = || cells.iter().filter(|c| c.role.is_some() && c.listed);
    let refused = |status: Option<u16>| status.is_some_and(|status| status >= 400);
    Tells {
        read: cells.iter().any(|cell| !cell.listed),
        create: creations
            .iter()
            .any(|cell| cell.role.is_some() && cell.status >= 400),
        update: seen().any(|cell| cell.may_update == Some(false)),
        delete: seen().any(|cell| refused(cell.remove)),
    }
}

/// Some change that `allow.update` lets is refused, since the row would be out of sight.
pub fn update_hides(cells: &[Cell]) -> bool {
    let mut cells = cells.iter();
    cells.any(|cell| cell.may_update == Some(true) && cell.update != Some(200))
}

/// Says it of the rule of one field.
pub fn set_hides(cells: &[Cell], member: &str) -> bool {
    let mut set = cells.iter().flat_map(|cell| &cell.set);
    set.any(|set| set.cell == member && set.may && set.status != 200)
}

/// Whether the rule of one field makes a difference among those who are asked.
pub fn tells_set(cells: &[Cell], member: &str) -> bool {
    cells
        .iter()
        .filter(|cell| cell.role.is_some() && cell.listed)
        .flat_map(|cell| &cell.set)
        .any(|set| set.cell == member && set.status >= 400)
}

fn cell(
    entity: &Entity,
    actor: &Actor,
    state: &State,
    foreign: bool,
    changed: Option<&str>,
) -> Cell {
    let allow = &entity.allow;
    let holds = |rule: &Rule| !foreign && world::allows(rule, actor, state);
    let visible = allow.read.as_ref().is_some_and(holds);
    let open = allow
        .read
        .as_ref()
        .is_some_and(|rule| rule.formula.mentions_anyone());
    // PostgreSQL refuses a change after which the row is out of sight.
    let seen_after = |name: &str| {
        allow
            .read
            .as_ref()
            .is_some_and(|read| world::allows(read, actor, &after(entity, state, name)))
    };
    let answer = |allowed: bool, done: u16| match (&actor.role, visible, allowed) {
        (None, ..) => 401,
        (_, false, _) => 404,
        (_, true, false) => 403,
        (_, true, true) => done,
    };
    let read = if visible {
        200
    } else if actor.role.is_none() && !open {
        401
    } else {
        404
    };
    let fields: Vec<String> = state
        .iter()
        .map(|(name, value)| format!("{name}: {}", typescript(value)))
        .collect();
    let role = actor
        .role
        .clone()
        .unwrap_or_else(|| "a stranger".to_owned());
    let relation = match (
        foreign,
        actor.owner,
        actor.role.is_some() && entity.owner.is_some(),
    ) {
        (true, ..) => " of another tenant",
        (_, true, _) => " who owns it",
        (_, false, true) => " who does not own it",
        _ => "",
    };
    let shown: Vec<String> = state
        .iter()
        .map(|(name, value)| format!("{name} is {}", plain(value)))
        .collect();
    let when = if shown.is_empty() {
        String::new()
    } else {
        format!(" while {}", shown.join(" and "))
    };
    Cell {
        who: format!("{role}{relation}{when}"),
        role: actor.role.clone(),
        owner: actor.owner,
        foreign,
        state: if fields.is_empty() {
            "{}".to_owned()
        } else {
            format!("{{ {} }}", fields.join(", "))
        },
        listed: visible,
        read,
        update: allow
            .update
            .as_ref()
            .map(|rule| answer(holds(rule) && changed.is_none_or(seen_after), 200)),
        remove: allow.delete.as_ref().map(|rule| answer(holds(rule), 204)),
        may_update: allow.update.as_ref().map(holds),
        files: allow.update.as_ref().map(|rule| answer(holds(rule), 200)),
        set: allow
            .set
            .iter()
            .map(|(name, rule)| SetCell {
                cell: cell_of(name),
                status: answer(holds(rule) && seen_after(name), 200),
                rule: rule_of(name),
                may: holds(rule),
            })
            .collect(),
    }
}

fn typescript(value: &Literal) -> String {
    match value {
        Literal::Text(text) => format!("'{text}'"),
        Literal::Bool(value) => value.to_string(),
    }
}

fn plain(value: &Literal) -> String {
    match value {
        Literal::Text(text) => text.clone(),
        Literal::Bool(value) => value.to_string(),
    }
}

/// A state in which everybody who may create a row of one entity sees a row of the other, as an object of columns.
pub fn referable(description: &Description, from: &Entity, to: &Entity) -> Option<String> {
    let (create, read) = (from.allow.create.as_ref()?, to.allow.read.as_ref()?);
    let actors: Vec<Actor> = description
        .auth
        .roles
        .iter()
        .map(|role| Actor {
            role: Some(role.clone()),
            owner: to.owner.is_some(),
        })
        .collect();
    let creators = actors
        .iter()
        .filter(|actor| world::allows(create, actor, &State::new()));
    let creators: Vec<&Actor> = creators.collect();
    let state = world::states(to)?.into_iter().find(|state| {
        creators
            .iter()
            .all(|actor| world::allows(read, actor, state))
    })?;
    object(&state)
}

fn object(state: &State) -> Option<String> {
    let columns: Vec<String> = state
        .iter()
        .map(|(name, value)| format!("{name}: {}", typescript(value)))
        .collect();
    (!columns.is_empty()).then(|| format!("{{ {} }}", columns.join(", ")))
}

/// A role and a state in which it sees a row, of its own where rows have owners; the state as an object of columns.
pub fn lister(description: &Description, entity: &Entity) -> Option<(String, Option<String>)> {
    let read = entity.allow.read.as_ref()?;
    let states = world::states(entity)?;
    description.auth.roles.iter().find_map(|role| {
        let actor = Actor {
            role: Some(role.clone()),
            owner: entity.owner.is_some(),
        };
        let state = states
            .iter()
            .find(|state| world::allows(read, &actor, state))?;
        Some((role.clone(), object(state)))
    })
}

impl Changer {
    /// `allow.update` lets them, not the rule of one field.
    pub fn by_update(&self) -> bool {
        self.by_update
    }

    /// What they set.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// What stands between the brackets of an object.
fn inside(object: &str) -> Option<String> {
    let members = object.trim_matches(['{', '}', ' ']);
    (!members.is_empty()).then(|| members.to_owned())
}

/// Somebody who may make this change, or set one field by its own rule, which is one of `set` with the value that tests set.
pub fn changer(
    entity: &Entity,
    change: Option<(&str, &str)>,
    cells: &[Cell],
    set: &[(String, String, String)],
) -> Option<Changer> {
    let owned = |cell: &&Cell| {
        cell.role.is_some() && !cell.foreign && (cell.owner || entity.owner.is_none())
    };
    let who = |cell: &Cell, by_update, prop: &str, value: &str| {
        Some(Changer {
            role: cell.role.clone()?,
            state: inside(&cell.state),
            by_update,
            prop: prop.to_owned(),
            value: value.to_owned(),
        })
    };
    let by_update = change.and_then(|(prop, value)| {
        let mut able = cells.iter().filter(owned);
        who(
            able.find(|cell| cell.update == Some(200))?,
            true,
            prop,
            value,
        )
    });
    by_update.or_else(|| {
        set.iter().find_map(|(member, prop, value)| {
            let able = |cell: &&Cell| {
                let mut set = cell.set.iter();
                set.any(|set| set.cell == *member && set.status == 200)
            };
            who(cells.iter().filter(owned).find(able)?, false, prop, value)
        })
    })
}

/// The first role of which this holds.
pub fn role_where(description: &Description, holds: impl Fn(&str) -> bool) -> Option<String> {
    description
        .auth
        .roles
        .iter()
        .find(|role| holds(role))
        .cloned()
}

/// Whether this role may create.
pub fn created_by(entity: &Entity, role: &str) -> bool {
    let actor = Actor {
        role: Some(role.to_owned()),
        owner: false,
    };
    let state = State::new();
    entity
        .allow
        .create
        .as_ref()
        .is_some_and(|rule| world::allows(rule, &actor, &state))
}

/// Whether a rule holds for the creator of a row that has the values which tests send.
pub fn holds_after_creation(entity: &Entity, fields: &[Field], rule: &Rule, role: &str) -> bool {
    let actor = Actor {
        role: Some(role.to_owned()),
        owner: entity.owner.is_some(),
    };
    let mut state = world::created(entity);
    for (name, value) in &mut state {
        let sent = fields.iter().any(|f| f.name == *name && f.in_create);
        if let Some(values) = world::values(entity, name).filter(|_| sent)
            && let Some(first) = first_value(&values)
        {
            *value = first;
        }
    }
    world::allows(rule, &actor, &state)
}
