//! From rows to the automaton.

use super::assume::packages;
use super::{Models, Node, RowId, StateId, number};
use crate::load::{LoadError, ModelFile};
use crate::near::near;
use crate::path::{ApiPath, Root, Step};
use crate::row::{Role, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;

/// A state while it is built.
#[derive(Default)]
struct Draft {
    edges: BTreeMap<Step, u32>,
    rows: Vec<u32>,
    joins: BTreeSet<u32>,
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Draft>,
    rows: Vec<Row>,
    roots: BTreeMap<String, u32>,
    types: BTreeMap<String, u32>,
    versioned: BTreeMap<RowId, Vec<String>>,
}

/// Models and further files.
pub(super) fn extend(models: Models, mut files: Vec<ModelFile>) -> Result<Models, Vec<LoadError>> {
    files.sort_by(|a, b| a.file.cmp(&b.file));
    let mut builder = Builder::from(&models);
    let declared: BTreeSet<String> = files
        .iter()
        .flat_map(|file| file.declared.iter().cloned())
        .chain(builder.types.keys().cloned())
        .collect();
    let errors: Vec<LoadError> = files
        .iter()
        .flat_map(|file| {
            file.uses
                .iter()
                .map(move |(name, line)| (file, name, *line))
        })
        .filter(|(_, name, _)| !declared.contains(*name))
        .map(|(file, name, line)| LoadError {
            file: file.file.clone(),
            line,
            what: format!("no file declares the type `@{name}`"),
            near: near(name, declared.iter().map(String::as_str)).map(|name| format!("@{name}")),
        })
        .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut types: BTreeMap<String, Vec<ApiPath>> = BTreeMap::new();
    for (name, paths) in files.iter().flat_map(|file| &file.types) {
        types
            .entry(name.clone())
            .or_default()
            .extend(paths.iter().cloned());
    }
    for file in files {
        builder.add(file, &types);
    }
    builder.connect();
    Ok(builder.finish(models))
}

impl Builder {
    /// Takes compiled models apart again; joins come out transitive, which changes nothing.
    fn from(models: &Models) -> Self {
        let mut builder = Self {
            rows: models.rows.clone(),
            versioned: models.versioned.clone(),
            ..Self::default()
        };
        for index in 0..models.nodes.len() {
            let state = StateId(number(index));
            builder.nodes.push(Draft {
                edges: models
                    .edges_of(state)
                    .iter()
                    .map(|(step, to)| (step.clone(), to.0))
                    .collect(),
                rows: models.rows_at(state).iter().map(|row| row.0).collect(),
                joins: models
                    .closure(state)
                    .iter()
                    .map(|join| join.0)
                    .filter(|join| *join != state.0)
                    .collect(),
            });
        }
        builder.roots = models
            .roots
            .iter()
            .map(|(name, state)| (name.clone(), state.0))
            .collect();
        builder.types = models
            .types
            .iter()
            .map(|(name, state)| (name.clone(), state.0))
            .collect();
        builder
    }

    fn node(&mut self) -> u32 {
        self.nodes.push(Draft::default());
        number(self.nodes.len() - 1)
    }

    fn draft(&mut self, node: u32) -> Option<&mut Draft> {
        self.nodes.get_mut(node as usize)
    }

    fn root(&mut self, root: &Root) -> u32 {
        let known = match root {
            Root::Package(name) => self.roots.get(name),
            Root::Type(name) => self.types.get(name),
        };
        if let Some(node) = known {
            return *node;
        }
        let node = self.node();
        match root {
            Root::Package(name) => self.roots.insert(name.clone(), node),
            Root::Type(name) => self.types.insert(name.clone(), node),
        };
        node
    }

    fn child(&mut self, node: u32, step: &Step) -> u32 {
        if let Some(child) = self
            .nodes
            .get(node as usize)
            .and_then(|draft| draft.edges.get(step))
        {
            return *child;
        }
        let child = self.node();
        if let Some(draft) = self.draft(node) {
            draft.edges.insert(step.clone(), child);
        }
        child
    }

    fn path(&mut self, path: &ApiPath) -> u32 {
        let root = self.root(&path.root);
        path.steps
            .iter()
            .fold(root, |node, step| self.child(node, step))
    }

    fn join(&mut self, node: u32, to: u32) {
        if node != to
            && let Some(draft) = self.draft(node)
        {
            draft.joins.insert(to);
        }
    }

    fn add(&mut self, file: ModelFile, types: &BTreeMap<String, Vec<ApiPath>>) {
        for (name, paths) in &file.types {
            let root = self.root(&Root::Type(name.clone()));
            for path in paths {
                let end = self.path(path);
                self.join(end, root);
            }
        }
        for (row, paths) in file.rows {
            let id = number(self.rows.len());
            if row.versions.is_some() {
                self.versioned
                    .insert(RowId(id), packages(&paths, types, &file.packages));
            }
            self.rows.push(row);
            let ends: BTreeSet<u32> = paths.iter().map(|path| self.path(path)).collect();
            for end in ends {
                self.end(end, id);
            }
        }
    }

    /// Puts a row at a state: one that replaces drives out the others of its role, a neutral one gives way to any.
    fn end(&mut self, node: u32, id: u32) {
        let Self { nodes, rows, .. } = self;
        let (Some(draft), Some(new)) = (nodes.get_mut(node as usize), rows.get(id as usize)) else {
            return;
        };
        let role = |id: &u32| {
            rows.get(*id as usize)
                .map(|row| (discriminant(&row.role), row.replace, row.library.as_str()))
        };
        let mine = (discriminant(&new.role), new.replace, new.library.as_str());
        if new.replace {
            draft
                .rows
                .retain(|old| role(old).is_none_or(|old| old.0 != mine.0 || old.1));
        } else if draft
            .rows
            .iter()
            .any(|old| role(old).is_some_and(|old| old.0 == mine.0 && old.1))
        {
            return;
        }
        let neutral = discriminant(&Role::Neutral);
        if mine.0 == neutral && !draft.rows.is_empty() {
            return;
        }
        draft
            .rows
            .retain(|old| role(old).is_none_or(|old| old.0 != neutral));
        draft.rows.push(id);
    }

    /// Joins that follow from the languages: `default` of a package is the package itself, for either kind of import, and an
    /// instance has what its prototype has.
    fn connect(&mut self) {
        let packages: Vec<u32> = self
            .roots
            .iter()
            .filter(|(name, _)| name.starts_with("npm:") || name.starts_with("node:"))
            .map(|(_, node)| *node)
            .collect();
        for package in packages {
            let default = self.child(package, &Step::Member("default".into()));
            self.join(default, package);
        }
        // A class that extends a package's class may be known as that class or as a subclass of it.
        let bases: Vec<(u32, u32)> = (0..)
            .zip(&self.nodes)
            .filter_map(|(base, draft)| Some((base, *draft.edges.get(&Step::Sub)?)))
            .collect();
        for (base, subclass) in bases {
            self.join(base, subclass);
        }
        let prototype = Step::Member("prototype".into());
        let classes: Vec<(u32, u32)> = (0..)
            .zip(&self.nodes)
            .filter_map(|(class, draft)| Some((class, *draft.edges.get(&prototype)?)))
            .collect();
        for (class, prototype) in classes {
            for step in [Step::New, Step::Call] {
                // In Python a call makes the instance; in JavaScript it does so for the core types (`Array(3)`).
                let instance = self.child(class, &step);
                self.join(instance, prototype);
            }
        }
    }

    fn finish(self, old: Models) -> Models {
        let mut models = Models {
            kinds: old.kinds,
            ..Models::default()
        };
        for (index, draft) in self.nodes.iter().enumerate() {
            let mut node = Node::default();
            node.edges.0 = number(models.edges.len());
            models.edges.extend(
                draft
                    .edges
                    .iter()
                    .map(|(step, to)| (step.clone(), StateId(*to))),
            );
            node.edges.1 = number(models.edges.len());
            node.ends.0 = number(models.ends.len());
            models.ends.extend(draft.rows.iter().map(|row| RowId(*row)));
            node.ends.1 = number(models.ends.len());
            node.closure.0 = number(models.closures.len());
            models
                .closures
                .extend(self.closure(number(index)).into_iter().map(StateId));
            node.closure.1 = number(models.closures.len());
            models.nodes.push(node);
        }
        for root in self.types.values() {
            if let Some(node) = models.nodes.get_mut(*root as usize) {
                node.is_type = true;
            }
        }
        models.core = self.core(&models);
        models.rows = self.rows;
        models.versioned = self.versioned;
        models.roots = self
            .roots
            .into_iter()
            .map(|(name, node)| (name, StateId(node)))
            .collect();
        models.types = self
            .types
            .into_iter()
            .map(|(name, node)| (name, StateId(node)))
            .collect();
        models
    }

    /// A state and all that it joins, sorted.
    fn closure(&self, node: u32) -> BTreeSet<u32> {
        let mut all = BTreeSet::from([node]);
        let mut open = vec![node];
        while let Some(next) = open.pop() {
            for join in self
                .nodes
                .get(next as usize)
                .into_iter()
                .flat_map(|draft| &draft.joins)
            {
                if all.insert(*join) {
                    open.push(*join);
                }
            }
        }
        all
    }

    /// Language → method name → the states of that name below every `lang:T.prototype`.
    fn core(&self, models: &Models) -> BTreeMap<String, BTreeMap<String, Vec<StateId>>> {
        let mut core: BTreeMap<String, BTreeMap<String, BTreeSet<StateId>>> = BTreeMap::new();
        for (name, root) in &self.roots {
            let Some((language @ ("js" | "py"), _)) = name.split_once(':') else {
                continue;
            };
            let edges = |node: u32| self.nodes.get(node as usize).map(|draft| &draft.edges);
            let prototype =
                edges(*root).and_then(|edges| edges.get(&Step::Member("prototype".into())));
            let nodes = prototype
                .map(|node| self.closure(*node))
                .unwrap_or_default();
            for (step, to) in nodes.into_iter().filter_map(edges).flatten() {
                if let Step::Member(method) = step {
                    let states = core
                        .entry(language.to_owned())
                        .or_default()
                        .entry(method.clone())
                        .or_default();
                    states.extend(models.closure(StateId(*to)));
                }
            }
        }
        let names = |names: BTreeMap<String, BTreeSet<StateId>>| {
            names
                .into_iter()
                .map(|(name, states)| (name, states.into_iter().collect()))
                .collect()
        };
        core.into_iter()
            .map(|(language, methods)| (language, names(methods)))
            .collect()
    }
}
