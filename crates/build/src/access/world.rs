//! Every situation that a rule can tell apart, and what the rule says in each.

use super::{Formula, Literal, Rule};
use crate::description::{Description, Entity};
use crate::field::{Default, Kind};
use std::collections::{BTreeMap, BTreeSet};

/// Most states of a row that one entity's rules may tell apart.
pub const MOST_STATES: usize = 64;

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    /// `None` is somebody who is not signed in.
    pub role: Option<String>,
    /// Owns the row.
    pub owner: bool,
}

/// What stands in the fields that rules look at.
pub type State = BTreeMap<String, Literal>;

/// Everybody that the rules of this entity may tell apart, inside the row's tenant.
pub fn actors(description: &Description, entity: &Entity) -> Vec<Actor> {
    let mut actors = vec![Actor {
        role: None,
        owner: false,
    }];
    for role in &description.auth.roles {
        for owner in [true, false] {
            if !owner || entity.owner.is_some() {
                actors.push(Actor {
                    role: Some(role.clone()),
                    owner,
                });
            }
        }
    }
    actors
}

/// All values of a field that rules may look at.
pub fn values(entity: &Entity, field: &str) -> Option<Vec<Literal>> {
    match &entity.field(field)?.kind {
        Kind::Enum(values) => Some(values.iter().cloned().map(Literal::Text).collect()),
        Kind::Bool => Some(vec![Literal::Bool(false), Literal::Bool(true)]),
        _ => None,
    }
}

/// All states of a row that the rules of this entity tell apart, or `None` if there are too many.
pub fn states(entity: &Entity) -> Option<Vec<State>> {
    let fields: BTreeSet<&str> = entity
        .rules()
        .flat_map(|(_, rule)| rule.formula.fields())
        .collect();
    let mut states = vec![State::new()];
    for field in fields {
        let values = values(entity, field)?;
        if states.len() * values.len() > MOST_STATES {
            return None;
        }
        states = states
            .iter()
            .flat_map(|state| {
                values.iter().map(move |value| {
                    let mut state = state.clone();
                    state.insert(field.to_owned(), value.clone());
                    state
                })
            })
            .collect();
    }
    Some(states)
}

/// Whether a rule lets this actor. Strangers need a rule that says `anyone`.
pub fn allows(rule: &Rule, actor: &Actor, state: &State) -> bool {
    (actor.role.is_some() || rule.formula.mentions_anyone()) && holds(&rule.formula, actor, state)
}

/// The formula that code must check for a rule: with the condition that strangers fail, unless they fail anyway.
pub fn enforced(entity: &Entity, rule: &Rule) -> Formula {
    let stranger = Actor {
        role: None,
        owner: false,
    };
    let open = || {
        states(entity)
            .unwrap_or_default()
            .iter()
            .any(|state| holds(&rule.formula, &stranger, state))
    };
    if rule.formula.mentions_anyone() || entity.tenant || !open() {
        return rule.formula.clone();
    }
    match &rule.formula {
        Formula::And(all) => Formula::And(
            std::iter::once(Formula::Authenticated)
                .chain(all.iter().cloned())
                .collect(),
        ),
        other => Formula::And(vec![Formula::Authenticated, other.clone()]),
    }
}

/// What a formula says of this actor and row.
pub fn holds(formula: &Formula, actor: &Actor, state: &State) -> bool {
    match formula {
        Formula::Anyone => true,
        Formula::Authenticated => actor.role.is_some(),
        Formula::Owner => actor.owner,
        Formula::Role(role) => actor.role.as_ref() == Some(role),
        Formula::Field(name, equal, value) => (state.get(name) == Some(value)) == *equal,
        Formula::Not(one) => !holds(one, actor, state),
        Formula::And(all) => all.iter().all(|one| holds(one, actor, state)),
        Formula::Or(any) => any.iter().any(|one| holds(one, actor, state)),
    }
}

/// A row as it is created, as far as rules look at it; values that the creator chooses are taken at their first.
pub fn created(entity: &Entity) -> State {
    let mut state = State::new();
    for field in entity.rules().flat_map(|(_, rule)| rule.formula.fields()) {
        let fallback = entity
            .field(field)
            .and_then(|field| field.default.clone())
            .map(|default| match default {
                Default::Text(text) => Literal::Text(text),
                Default::Bool(value) => Literal::Bool(value),
                Default::Int(number) => Literal::Text(number.to_string()),
            });
        if let Some(value) = fallback.or_else(|| values(entity, field)?.into_iter().next()) {
            state.insert(field.to_owned(), value);
        }
    }
    state
}
