//! An entity in the words of the target.

use super::change::{Change, Renamed, change, renamed_state};
use super::field::{self, View as Field, owner_names};
use super::imports;
use super::input;
use super::matrix::{
    self, Cell, Changer, CreateCell, Tells, created_by, holds_after_creation, role_where,
};
use super::rules::{self, RuleView};
use super::sql::{self, Index, Policy};
use super::upload::{self, Upload};
use crate::access::Rule;
use crate::description::{self, Description};
use crate::names::{camel, kebab, pascal, words};
use serde::Serialize;

/// An entity as the templates print it.
#[derive(Clone, Serialize, Debug)]
pub struct Entity {
    /// Camel case: variables and file names.
    pub name: String,
    /// Pascal case: types.
    pub pascal: String,
    /// Snake case: audit actions.
    snake: String,
    words: String,
    plural: String,
    pascal_plural: String,
    plural_words: String,
    path: String,
    table: String,
    /// Belongs to a tenant.
    tenant: bool,
    owner: Option<Owner>,
    /// Whether strangers may read.
    public: bool,
    /// Fields in the order of the description.
    pub fields: Vec<Field>,
    ops: Operations,
    emits: Emits,
    rules: Vec<RuleView>,
    tells: Tells,
    sources: Sources,
    set_rules: Vec<SetRule>,
    /// Some fields follow `allow.update` beside those with rules of their own.
    update_others: bool,
    list: List,
    create: Create,
    retention: Option<Retention>,
    /// Properties that are dates in TypeScript.
    moments: Vec<String>,
    /// Seconds that answers to strangers are kept.
    cache: Option<u64>,
    /// Its changes are told on sockets.
    live: bool,
    upload: Option<Upload>,
    /// Some field is encrypted.
    encrypted: bool,
    /// Some field that a change may set is encrypted.
    seals_changes: bool,
    has_enum: bool,
    needs_text: bool,
    ref_entities: Vec<RefEntity>,
    ref_fields: Vec<Field>,
    updates_refs: bool,
    read_drizzle: String,
    read_uses_actor: bool,
    read_guard: String,
    read_actor: String,
    guards: String,
    /// The field that stands for a row in the eyes of people.
    label: String,
    /// What reads forms of a creation.
    form_imports: String,
    /// Lists of values that such a form offers.
    form_values: String,
    /// What such a form may refer to.
    form_refs: Vec<RefEntity>,
    /// What shows rows.
    shown_imports: String,
    drizzle_imports: String,
    column_imports: String,
    repository_imports: String,
    condition_imports: String,
    /// Tests of the actor that the repository uses.
    actor_tests: String,
    enum_imports: String,
    access_imports: String,
    access_functions: String,
    /// Of these, those that tests of the rules ask.
    tested_functions: String,
    service_types: String,
    error_imports: String,
    actor_imports: String,
    controller_imports: String,
    constraints: Vec<String>,
    indexes: Vec<Index>,
    grants: Vec<String>,
    policies: Vec<Policy>,
    matrix: Vec<Cell>,
    inserts: String,
    uses_unique: bool,
    required_fields: bool,
    page_size: u32,
    /// A role that sees rows which it owns, in `listed_state`.
    lister: String,
    listed_state: Option<String>,
    /// A field that a second creation differs in.
    change_create: Option<Change>,
    /// Bodies of creations hold references, which tests make first.
    body_refs: bool,
    /// There is a field that tests can change.
    ops_update_by_rule: bool,
    /// There is an `allow.update`.
    update_rule: bool,
    /// It lets changes after which the row is out of sight, which are refused.
    update_hides: bool,
    uses_unique_change: bool,
    creations: Vec<CreateCell>,
    /// A role that may create, for tests.
    creator: Option<String>,
    /// A role that may create and then change.
    editor: Option<String>,
    change: Option<Change>,
    /// Somebody who may change a row, and how.
    changer: Option<Changer>,
    /// Fields that rules look at whose property is not named as their column.
    renamed_state: Vec<Renamed>,
    wrong: Vec<Wrong>,
}

/// Changes that others are told of.
#[derive(Clone, Serialize, Debug)]
struct Emits {
    any: bool,
    created: bool,
    updated: bool,
    deleted: bool,
}

fn emits(description: &Description, entity: &crate::description::Entity) -> Emits {
    let told = |verb: &str| {
        let name = format!("{}.{verb}", entity.name);
        let mut events = description.receivers.iter().flat_map(|r| &r.events);
        events.any(|(event, _)| *event == name)
    };
    let (created, updated, deleted) = (told("created"), told("updated"), told("deleted"));
    Emits {
        any: created || updated || deleted,
        created,
        updated,
        deleted,
    }
}

#[derive(Clone, Serialize, Debug)]
struct Owner {
    prop: String,
    column: String,
}

/// What the API offers.
#[derive(Clone, Serialize, Debug)]
pub struct Operations {
    /// There is a creation.
    pub create: bool,
    /// There is a change.
    pub update: bool,
    /// There is a deletion.
    pub delete: bool,
}

/// Rules as the description has them, for the table of the README.
#[derive(Clone, Serialize, Debug)]
struct Sources {
    read: String,
    create: String,
    update: String,
    delete: String,
}

#[derive(Clone, Serialize, Debug)]
struct SetRule {
    prop: String,
    function: String,
    cell: String,
    /// The member of a cell that holds what this rule says by itself.
    rule: String,
    value: String,
    tells: bool,
    /// It lets changes after which the row is out of sight, which are refused.
    hides: bool,
}

#[derive(Clone, Serialize, Debug)]
struct List {
    filters: Vec<Field>,
    sorts: Vec<Sort>,
    max: u32,
    default_limit: u32,
    default_sort: String,
}

#[derive(Clone, Serialize, Debug)]
struct Sort {
    prop: String,
}

#[derive(Clone, Serialize, Debug)]
struct Create {
    idempotent: bool,
    rate: Rate,
}

#[derive(Clone, Serialize, Debug)]
struct Retention {
    seconds: u64,
    /// As PostgreSQL and people write it.
    words: String,
}

#[derive(Clone, Serialize, Debug)]
struct Rate {
    points: u32,
    seconds: u32,
    /// As people write it.
    words: String,
}

#[derive(Clone, Serialize, Debug)]
struct RefEntity {
    name: String,
    pascal: String,
    plural: String,
}

#[derive(Clone, Serialize, Debug)]
struct Wrong {
    prop: String,
    values: Vec<String>,
}

impl Entity {
    /// The table.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The path of its routes, below the version.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Names of shared helpers that its files use.
    pub fn helpers(&self) -> Vec<String> {
        let form = if self.ops.create {
            self.form_imports.as_str()
        } else {
            ""
        };
        let sampled = self.fields.iter().any(|f| {
            let sample = f.sample.as_deref().unwrap_or_default();
            sample.contains("unique()")
        });
        [
            self.column_imports.as_str(),
            self.condition_imports.as_str(),
            self.shown_imports.as_str(),
            self.access_imports.as_str(),
            self.actor_tests.as_str(),
            self.error_imports.as_str(),
            form,
            if sampled { "unique" } else { "" },
            if self.tenant { "inTenantOf" } else { "" },
            if self.ops.create || self.upload.is_some() {
                "submitSignedIn"
            } else {
                ""
            },
        ]
        .iter()
        .flat_map(|names| names.split(", "))
        .map(|name| name.trim_start_matches("type "))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
    }
}

/// Says an entity in the words of the target.
pub fn entity(description: &Description, entity: &description::Entity) -> Entity {
    let name = camel(&entity.name);
    let pascal_name = pascal(&entity.name);
    let plural = camel(&entity.plural);
    let fields: Vec<Field> = entity
        .fields
        .iter()
        .map(|f| field::view(description, entity, f))
        .collect();
    let allow = &entity.allow;
    let ops = Operations {
        create: allow.create.is_some(),
        update: fields.iter().any(|f| f.in_update),
        delete: allow.delete.is_some(),
    };
    let public = allow
        .read
        .as_ref()
        .is_some_and(|rule| rule.formula.mentions_anyone());
    let (owner_prop, owner_column) = owner_names(entity);
    let read_drizzle = rules::read_drizzle(description, entity, &plural, &owner_prop);
    let ref_fields: Vec<Field> = fields
        .iter()
        .filter(|f| f.ref_name.is_some() && (f.in_create || f.in_update))
        .cloned()
        .collect();
    let mut ref_entities: Vec<RefEntity> = Vec::new();
    for field in &ref_fields {
        let (Some(name), Some(plural)) = (&field.ref_name, &field.ref_plural) else {
            continue;
        };
        if !ref_entities.iter().any(|r| r.name == *name) {
            let singular = description
                .entities
                .iter()
                .find(|e| camel(&e.name) == *name);
            ref_entities.push(RefEntity {
                name: name.clone(),
                pascal: singular.map_or_else(String::new, |e| pascal(&e.name)),
                plural: plural.clone(),
            });
        }
    }
    let updates_refs = ref_fields.iter().any(|f| f.in_update);
    let rules = rules::rules(description, entity, &pascal_name, &owner_prop);
    let creations = matrix::creations(description, entity);
    let (change, seen_change) = change(entity, &fields);
    let cells = matrix::cells(description, entity, seen_change.as_deref());
    let set_rules: Vec<SetRule> = allow
        .set
        .iter()
        .map(|(field, _)| SetRule {
            prop: camel(field),
            function: format!("maySet{pascal_name}{}", pascal(field)),
            cell: matrix::cell_of(field),
            rule: matrix::rule_of(field),
            tells: matrix::tells_set(&cells, &matrix::cell_of(field)),
            hides: matrix::set_hides(&cells, &matrix::cell_of(field)),
            value: fields
                .iter()
                .find(|f| f.name == *field)
                .and_then(|f| f.sample.clone())
                .unwrap_or_default(),
        })
        .collect();
    let (points, seconds) = entity
        .create
        .rate
        .map_or((60, 60), |rate| (rate.points, rate.seconds));
    let rate = Rate {
        points,
        seconds,
        words: sql::interval(seconds.into()),
    };
    let after_creation = |rule: &Option<Rule>, role: &str| {
        created_by(entity, role)
            && rule
                .as_ref()
                .is_some_and(|rule| holds_after_creation(entity, &fields, rule, role))
    };
    let editor = role_where(description, |role| after_creation(&allow.update, role));
    let creator = editor
        .clone()
        .or_else(|| role_where(description, |role| created_by(entity, role)));
    let lister = matrix::lister(description, entity);
    let idempotent = entity.create.idempotent && ops.create;
    let change_create = fields
        .iter()
        .find(|f| f.in_create && f.ref_name.is_none() && f.other_sample != f.sample)
        .and_then(|f| {
            Some(Change {
                prop: f.prop.clone(),
                value: f.other_sample.clone()?,
            })
        });
    let set: Vec<(String, String, String)> = set_rules
        .iter()
        .map(|rule| (rule.cell.clone(), rule.prop.clone(), rule.value.clone()))
        .collect();
    let by_update = change
        .as_ref()
        .map(|change| (change.prop.as_str(), change.value.as_str()));
    let changer = matrix::changer(entity, by_update, &cells, &set);
    Entity {
        moments: fields
            .iter()
            .filter(|f| f.input.is_moment())
            .map(|f| f.prop.clone())
            .chain(["createdAt".to_owned(), "updatedAt".to_owned()])
            .collect(),
        label: input::label(&fields),
        form_imports: input::form_imports(&fields, entity.create.idempotent),
        form_values: input::form_values(&fields),
        form_refs: ref_entities
            .iter()
            .filter(|r| {
                fields
                    .iter()
                    .any(|f| f.in_create && f.ref_name.as_ref() == Some(&r.name))
            })
            .cloned()
            .collect(),
        shown_imports: input::shown_imports(&fields),
        drizzle_imports: imports::drizzle_imports(entity),
        column_imports: if fields.iter().any(|f| f.drizzle.starts_with("day"))
            && fields.iter().any(|f| f.drizzle.starts_with("moment"))
        {
            "day, id, lifecycle, moment"
        } else if fields.iter().any(|f| f.drizzle.starts_with("day")) {
            "day, id, lifecycle"
        } else if fields.iter().any(|f| f.drizzle.starts_with("moment")) {
            "id, lifecycle, moment"
        } else {
            "id, lifecycle"
        }
        .to_owned(),
        repository_imports: imports::words_in(
            &read_drizzle,
            &[("ne(", "ne"), ("not(", "not"), ("or(", "or")],
        ),
        condition_imports: imports::words_in(
            &read_drizzle,
            &[("ownedBy(", "ownedBy"), ("when(", "when")],
        )
        .split_terminator(", ")
        .map(|name| format!(", {name}"))
        .collect(),
        actor_tests: imports::words_in(
            &read_drizzle,
            &[("hasRole(", "hasRole"), ("isUser(", "isUser")],
        )
        .trim_end_matches(", ")
        .to_owned(),
        access_imports: imports::access_imports(&rules),
        access_functions: rules
            .iter()
            .filter(|r| {
                r.function != format!("mayUpdate{pascal_name}")
                    || fields.iter().any(|f| f.by_update)
            })
            .map(|r| r.function.clone())
            .collect::<Vec<_>>()
            .join(", "),
        tested_functions: rules
            .iter()
            .map(|r| r.function.clone())
            .collect::<Vec<_>>()
            .join(", "),
        service_types: imports::service_types(&pascal_name, &ops),
        error_imports: imports::error_imports(
            entity,
            &ops,
            !ref_fields.is_empty() && (ops.create || updates_refs),
        ),
        actor_imports: if public && (ops.create || ops.update || ops.delete) {
            "actorOf, userOf"
        } else if public {
            "actorOf"
        } else {
            "userOf"
        }
        .to_owned(),
        controller_imports: imports::controller_imports(
            &pascal_name,
            &pascal(&entity.plural),
            &ops,
        ),
        enum_imports: fields
            .iter()
            .filter(|f| f.values.is_some())
            .map(|f| f.values_const.clone())
            .collect::<Vec<_>>()
            .join(", "),
        has_enum: fields.iter().any(|f| f.values.is_some()),
        needs_text: fields.iter().any(|f| {
            let written = (f.in_create && ops.create) || f.in_update;
            let filtered = entity.list.filter.contains(&f.name);
            (written && f.zod_create.starts_with("text("))
                || (filtered && f.zod_query.starts_with("text("))
        }),
        encrypted: fields.iter().any(|f| f.encrypted),
        seals_changes: fields.iter().any(|f| f.encrypted && f.in_update),
        read_uses_actor: read_drizzle.contains("actor"),
        read_guard: if public { "identify" } else { "authenticate" }.to_owned(),
        read_actor: if public { "actorOf" } else { "userOf" }.to_owned(),
        guards: imports::guards(public, &ops),
        list: List {
            filters: entity
                .list
                .filter
                .iter()
                .filter_map(|name| fields.iter().find(|f| f.name == *name).cloned())
                .collect(),
            sorts: entity
                .list
                .sort
                .iter()
                .map(|name| Sort { prop: camel(name) })
                .collect(),
            max: entity.list.max,
            default_limit: entity.list.max.min(20),
            default_sort: entity.list.sort.first().map_or_else(String::new, |name| {
                let newest = ["created_at", "updated_at"].contains(&name.as_str());
                format!("{}{}", if newest { "-" } else { "" }, camel(name))
            }),
        },
        create: Create { idempotent, rate },
        emits: emits(description, entity),
        cache: entity.cache.as_ref().map(|(seconds, _)| *seconds),
        live: entity.live,
        retention: entity.retention.as_ref().map(|retention| Retention {
            seconds: retention.seconds,
            words: sql::interval(retention.seconds),
        }),
        upload: upload::view(description, entity),
        constraints: sql::constraints(description, entity),
        indexes: sql::indexes(description, entity),
        grants: sql::grants(description, entity),
        policies: sql::policies(description, entity),
        wrong: fields
            .iter()
            .filter(|f| f.in_create)
            .map(|f| Wrong {
                prop: f.prop.clone(),
                values: f.wrong.clone(),
            })
            .collect(),
        editor: editor.clone(),
        update_others: fields.iter().any(|f| f.by_update),
        owner: entity.owner.as_ref().map(|_| Owner {
            prop: owner_prop,
            column: owner_column,
        }),
        snake: entity.name.clone(),
        words: words(&entity.name),
        pascal_plural: pascal(&entity.plural),
        plural_words: words(&entity.plural),
        path: kebab(&entity.plural),
        table: entity.plural.clone(),
        tenant: entity.tenant,
        name,
        pascal: pascal_name.clone(),
        plural,
        public,
        ops,
        rules,
        tells: matrix::tells(&cells, &creations),
        set_rules,
        ref_entities,
        ref_fields: ref_fields.clone(),
        updates_refs,
        read_drizzle,
        inserts: {
            let mut inserts = vec![format!("insert{pascal_name}")];
            let by_update = changer.as_ref().is_some_and(Changer::by_update);
            for field in ref_fields.iter().filter(|f| {
                f.ref_tenant
                    && entity.tenant
                    && (creator.is_some() && f.in_create || by_update && f.by_update)
            }) {
                inserts.extend(field.ref_pascal.iter().map(|name| format!("insert{name}")));
            }
            inserts.sort();
            inserts.dedup();
            inserts.join(", ")
        },
        uses_unique: {
            let unique = |value: &Option<String>| {
                value
                    .as_ref()
                    .is_some_and(|value| value.contains("unique()"))
            };
            let sample = |holds: &dyn Fn(&Field) -> bool| {
                fields.iter().any(|f| holds(f) && unique(&f.sample))
            };
            (creator.is_some() && sample(&|f| !f.in_create))
                || sample(&|f| f.encrypted)
                || fields
                    .iter()
                    .any(|f| entity.list.filter.contains(&f.name) && unique(&f.filter_sample))
                || (idempotent
                    && change_create
                        .as_ref()
                        .is_some_and(|c| c.value.contains("unique()")))
                || changer
                    .as_ref()
                    .is_some_and(|c| c.value().contains("unique()") || sample(&|f| !f.in_update))
        },
        required_fields: fields.iter().any(|f| f.required),
        page_size: entity.list.max.min(3),
        lister: lister
            .as_ref()
            .map_or_else(String::new, |(role, _)| role.clone()),
        listed_state: lister.and_then(|(_, state)| state),
        change_create,
        sources: {
            let source = |rule: &Option<Rule>| {
                rule.as_ref().map_or_else(
                    || "nobody".to_owned(),
                    |rule| format!("`{}`", field::source(rule)),
                )
            };
            let set: String = allow
                .set
                .iter()
                .map(|(name, rule)| format!("; {}: `{}`", camel(name), field::source(rule)))
                .collect();
            Sources {
                read: source(&allow.read),
                create: source(&allow.create),
                update: source(&allow.update) + &set,
                delete: source(&allow.delete),
            }
        },
        body_refs: fields.iter().any(|f| f.in_create && f.ref_name.is_some()),
        ops_update_by_rule: change.is_some() && allow.update.is_some(),
        update_rule: allow.update.is_some(),
        update_hides: matrix::update_hides(&cells),
        uses_unique_change: change
            .as_ref()
            .is_some_and(|change| change.value.contains("unique()")),
        creations,
        matrix: cells,
        creator: creator.clone(),
        change,
        changer,
        renamed_state: renamed_state(entity),
        fields,
    }
}
