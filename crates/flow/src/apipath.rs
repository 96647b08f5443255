//! API paths: what a value is, as a path from the package it came from, with the automaton states it leads to.

use crate::limits;
use casemate_model::matcher::{Models, RowId, States};
use casemate_model::path::{ArgIndex, Step};
use casemate_model::row::{Role, Row};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// An API path of this run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PathId(pub u32);

struct Node {
    parent: Option<PathId>,
    label: Box<str>,
    depth: usize,
    states: States,
    rows: SmallVec<[RowId; 2]>,
    call_rows: Box<[RowId]>,
    new_rows: Box<[RowId]>,
    last_member: Option<Box<str>>,
    called: bool,
    given: bool,
    session: bool,
}

/// A step, by number: looking one up must not cost a copy of its name.
type StepId = u32;

/// All paths of a run. A path is made once and keeps its number; numbers depend on the order of the origin pass only,
/// which is sequential.
pub struct Paths<'m> {
    models: &'m Models,
    nodes: Vec<Node>,
    steps: FxHashMap<(PathId, StepId), Option<PathId>>,
    /// The numbers of the steps that were asked for: those to members by name, and the others.
    step_ids: FxHashMap<Step, StepId>,
    members: FxHashMap<Box<str>, StepId>,
    roots: FxHashMap<Box<str>, Option<PathId>>,
    core: FxHashMap<(Box<str>, Box<str>), Option<PathId>>,
}

impl<'m> Paths<'m> {
    /// No paths yet.
    #[must_use]
    pub fn new(models: &'m Models) -> Self {
        Self {
            models,
            nodes: Vec::new(),
            steps: FxHashMap::default(),
            step_ids: FxHashMap::default(),
            members: FxHashMap::default(),
            roots: FxHashMap::default(),
            core: FxHashMap::default(),
        }
    }

    /// Number of paths.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether no path was met.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All paths in the order in which they were met.
    pub fn ids(&self) -> impl Iterator<Item = PathId> + use<> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(PathId)
    }

    /// The models.
    #[must_use]
    pub fn models(&self) -> &'m Models {
        self.models
    }

    fn push(
        &mut self,
        parent: Option<PathId>,
        label: &str,
        states: States,
        last_member: Option<Box<str>>,
        called: bool,
    ) -> PathId {
        let id = PathId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let depth = parent.map_or(0, |p| self.depth(p) + 1);
        let mut rows: SmallVec<[RowId; 2]> = SmallVec::new();
        for &state in &states {
            for &row in self.models.rows_at(state) {
                if !rows.contains(&row) {
                    rows.push(row);
                }
            }
        }
        rows.sort_unstable();
        let of_call = |new| {
            if states.is_empty() {
                Box::default()
            } else {
                self.models.rows_of_call(&states, new).into()
            }
        };
        let (call_rows, new_rows) = (of_call(false), of_call(true));
        let of_session = |&row: &RowId| {
            let row = self.models.row(row);
            row.is_some_and(|row| row.role == Role::Session)
        };
        let session = rows.iter().any(of_session);
        let given = parent.is_none() || label.starts_with(".param") || label == ".deco";
        self.nodes.push(Node {
            parent,
            label: label.into(),
            given,
            session,
            depth,
            states,
            rows,
            call_rows,
            new_rows,
            last_member,
            called,
        });
        id
    }

    /// The path of a root (`npm:express`); packages that no model speaks of have one too.
    pub fn root(&mut self, root: &str) -> PathId {
        // In Python a module of a package is a member of it, however it was imported.
        if let Some((package, members)) = root.split_once('.').filter(|_| root.starts_with("py:")) {
            let mut at = self.root(package);
            for member in members.split('.') {
                at = self.step(at, &Step::Member(member.into())).unwrap_or(at);
            }
            return at;
        }
        if let Some(&Some(id)) = self.roots.get(root) {
            return id;
        }
        let states = self.models.root(root);
        let member = if states.is_empty() {
            self.member_module(root)
        } else {
            None
        };
        let id = member.unwrap_or_else(|| self.push(None, root, states, None, false));
        self.roots.insert(root.into(), Some(id));
        id
    }

    /// The member that a module of a package stands for: libraries of many functions offer each of them as a module of its
    /// own too (`lodash/escape`, `validator/lib/isEmail.js`). Only where the models speak of that member.
    fn member_module(&mut self, root: &str) -> Option<PathId> {
        let scope = root.find(":@").map_or(0, |at| {
            root.get(at..)
                .and_then(|r| r.find('/'))
                .map_or(0, |slash| at + slash + 1)
        });
        let package = scope + root.get(scope..)?.find('/')?;
        let (package, module) = (root.get(..package)?, root.get(package + 1..)?);
        let name = module.rsplit('/').next()?;
        let name = name.strip_suffix(".js").unwrap_or(name);
        let states = self.models.root(package);
        if states.is_empty() {
            return None;
        }
        let member = Step::Member(name.to_owned());
        let package = self.root(package);
        let id = self.step(package, &member)?;
        self.has_states(id).then_some(id)
    }

    fn has_states(&self, id: PathId) -> bool {
        self.nodes
            .get(id.0 as usize)
            .is_some_and(|node| !node.states.is_empty())
    }

    /// The path of a global name (`js:Promise`), only where some model speaks of it.
    pub fn global(&mut self, prefix: &str, name: &str) -> Option<PathId> {
        let root = format!("{prefix}:{name}");
        if let Some(&known) = self.roots.get(root.as_str()) {
            return known;
        }
        let states = self.models.root(&root);
        let id =
            (!states.is_empty()).then(|| self.push(None, name, states, Some(name.into()), false));
        self.roots.insert(root.into(), id);
        id
    }

    /// The path of a name by how it ends (`any:*Procedure`), only where some model speaks of that.
    pub fn global_by_end(&mut self, prefix: &str, name: &str) -> Option<PathId> {
        let root = format!("{prefix}:{name}");
        if let Some(&Some(known)) = self.roots.get(root.as_str()) {
            return Some(known);
        }
        let mut words = name.char_indices().filter(|(_, c)| c.is_ascii_uppercase());
        let states = words.find_map(|(at, _)| {
            let states = self.models.root(&format!("{prefix}:*{}", name.get(at..)?));
            (!states.is_empty()).then_some(states)
        })?;
        let id = self.push(None, name, states, Some(name.into()), false);
        self.roots.insert(root.into(), Some(id));
        Some(id)
    }

    /// Whether a path is that of a named type itself (`@express/req`), and not of a package or of something below.
    #[must_use]
    pub fn is_type(&self, id: PathId) -> bool {
        let node = self.nodes.get(id.0 as usize);
        node.is_some_and(|n| n.parent.is_none() && n.depth == 0 && !n.label.contains(':'))
    }

    /// Whether a path is that of what a call or a construction gives back, or of a named type.
    #[must_use]
    pub fn is_made(&self, id: PathId) -> bool {
        let node = self.nodes.get(id.0 as usize);
        node.is_some_and(|n| matches!(&*n.label, "()" | ".new()")) || self.is_type(id)
    }

    /// The path of a named type (`@express/req`).
    pub fn named_type(&mut self, name: &str) -> Option<PathId> {
        if let Some(&known) = self.roots.get(name) {
            return known;
        }
        let states = self.models.named_type(name);
        let id = (!states.is_empty())
            .then(|| self.push(None, name.trim_start_matches('@'), states, None, false));
        self.roots.insert(name.into(), id);
        id
    }

    /// The path of a method of core types for a receiver that nothing is known of.
    pub fn core_method(&mut self, language: &str, name: &str) -> Option<PathId> {
        let key = (Box::from(language), Box::from(name));
        if let Some(&known) = self.core.get(&key) {
            return known;
        }
        let states = self.models.core_method(language, name);
        let id =
            (!states.is_empty()).then(|| self.push(None, name, states, Some(name.into()), false));
        self.core.insert(key, id);
        id
    }

    /// The path of a core method, if it was met.
    #[must_use]
    pub fn made_core_method(&self, language: &str, name: &str) -> Option<PathId> {
        self.core
            .get(&(Box::from(language), Box::from(name)))
            .copied()
            .flatten()
    }

    /// The number of a step, if it was asked for before.
    fn step_id(&self, step: &Step) -> Option<StepId> {
        match step {
            Step::Member(name) => self.members.get(name.as_str()).copied(),
            other => self.step_ids.get(other).copied(),
        }
    }

    fn new_step_id(&mut self, step: &Step) -> StepId {
        let count = self.members.len() + self.step_ids.len();
        let id = u32::try_from(count).unwrap_or(u32::MAX);
        match step {
            Step::Member(name) => self.members.insert(name.as_str().into(), id),
            other => self.step_ids.insert(other.clone(), id),
        };
        id
    }

    /// The member of a path; none beyond the cap.
    pub fn member(&mut self, from: PathId, name: &str) -> Option<PathId> {
        let made = self
            .members
            .get(name)
            .map(|&id| self.steps.get(&(from, id)));
        match made.flatten() {
            Some(&known) => known,
            None => self.step(from, &Step::Member(name.to_owned())),
        }
    }

    /// One step further; none beyond the cap.
    pub fn step(&mut self, from: PathId, step: &Step) -> Option<PathId> {
        let id = match self.step_id(step) {
            Some(id) => id,
            None => self.new_step_id(step),
        };
        if let Some(&known) = self.steps.get(&(from, id)) {
            return known;
        }
        let node = self.nodes.get(from.0 as usize)?;
        let made = if node.depth + 1 >= limits::API_PATH_STEPS {
            None
        } else {
            let states = self.models.step(&node.states, step);
            match self.same_above(from, &states) {
                Some(ancestor) => Some(ancestor),
                // Paths that no model speaks of are kept while they are members and calls, for messages and for the count of
                // calls to packages without a model; anything deeper says nothing.
                None if states.is_empty()
                    && !matches!(
                        step,
                        Step::Member(_) | Step::Call | Step::New | Step::AnyMember
                    ) =>
                {
                    None
                }
                None => {
                    let (label, member, called) = label(step);
                    let last_member =
                        member.or_else(|| called.then(|| node.last_member.clone()).flatten());
                    Some(self.push(Some(from), &label, states, last_member, called))
                }
            }
        };
        self.steps.insert((from, id), made);
        made
    }

    /// The step, if it was made before.
    #[must_use]
    pub fn made_step(&self, from: PathId, step: &Step) -> Option<PathId> {
        let id = self.step_id(step)?;
        self.steps.get(&(from, id)).copied().flatten()
    }

    /// An ancestor (or the path itself) with the same non-empty states: fluent interfaces end here.
    fn same_above(&self, from: PathId, states: &States) -> Option<PathId> {
        if states.is_empty() {
            return None;
        }
        let mut at = Some(from);
        while let Some(id) = at {
            let node = self.nodes.get(id.0 as usize)?;
            if node.states == *states && node.called {
                return Some(id);
            }
            at = node.parent;
        }
        None
    }

    /// Whether some model speaks of this path or what is below it.
    #[must_use]
    pub fn known(&self, id: PathId) -> bool {
        self.nodes
            .get(id.0 as usize)
            .is_some_and(|n| !n.states.is_empty())
    }

    /// Whether some model speaks of the value that this path is a member or result of. Records are of classes of the program: no model
    /// says what their members are.
    #[must_use]
    pub fn parent_known(&self, id: PathId) -> bool {
        let parent = self.nodes.get(id.0 as usize).and_then(|n| n.parent);
        parent.is_some_and(|parent| self.known(parent) && !self.is_record(parent))
    }

    /// Whether a value of this path is a record of a store.
    #[must_use]
    pub fn is_record(&self, id: PathId) -> bool {
        self.rows(id).any(|(_, row)| row.role == Role::Record)
    }

    /// Whether a value of this path is the session of whoever asks.
    #[must_use]
    pub fn is_session(&self, id: PathId) -> bool {
        self.nodes
            .get(id.0 as usize)
            .is_some_and(|node| node.session)
    }

    /// The rows of this path.
    pub fn rows(&self, id: PathId) -> impl Iterator<Item = (RowId, &'m Row)> + '_ {
        let models = self.models;
        self.nodes
            .get(id.0 as usize)
            .into_iter()
            .flat_map(|n| n.rows.iter())
            .filter_map(move |&r| Some((r, models.row(r)?)))
    }

    /// The rows that speak of a call of this path.
    pub fn call_rows(&self, id: PathId, new: bool) -> impl Iterator<Item = (RowId, &'m Row)> + '_ {
        let models = self.models;
        let node = self.nodes.get(id.0 as usize);
        node.map_or(&[][..], |n| if new { &n.new_rows } else { &n.call_rows })
            .iter()
            .filter_map(move |&r| Some((r, models.row(r)?)))
    }

    /// The path that this one is a step from.
    #[must_use]
    pub fn parent(&self, id: PathId) -> Option<PathId> {
        self.nodes.get(id.0 as usize)?.parent
    }

    /// Whether the path has rows.
    #[must_use]
    pub fn has_rows(&self, id: PathId) -> bool {
        self.nodes
            .get(id.0 as usize)
            .is_some_and(|n| !n.rows.is_empty())
    }

    /// The last member name on the path.
    #[must_use]
    pub fn last_member(&self, id: PathId) -> &str {
        self.nodes
            .get(id.0 as usize)
            .and_then(|n| n.last_member.as_deref())
            .unwrap_or("")
    }

    /// The member that a path ends with.
    #[must_use]
    pub fn own_member(&self, id: PathId) -> Option<&str> {
        let node = self.nodes.get(id.0 as usize)?;
        node.last_member.as_deref().filter(|_| !node.called)
    }

    /// The last member of the path where any other name would do as well: what a client calls the tables of its database.
    #[must_use]
    pub fn free_member(&self, id: PathId) -> Option<&str> {
        /// No program has a member of this name.
        const NOBODYS: &str = "\u{0}";
        let node = self.nodes.get(id.0 as usize)?;
        let name = node.last_member.as_deref().filter(|_| !node.called)?;
        let parent = self.nodes.get(node.parent?.0 as usize)?;
        let any = self
            .models
            .step(&parent.states, &Step::Member(NOBODYS.to_owned()));
        (!any.is_empty() && any == node.states).then_some(name)
    }

    fn depth(&self, id: PathId) -> usize {
        self.nodes.get(id.0 as usize).map_or(0, |n| n.depth)
    }

    /// The rows of the instances of classes that programs make of a class: `class Note(db.Model)`.
    pub fn rows_of_instances(&self, class: PathId) -> impl Iterator<Item = &'m Row> + use<'m> {
        let models = self.models;
        let states = self.nodes.get(class.0 as usize).map(|node| &node.states);
        let subclasses = states.map(|states| models.step(states, &Step::Sub));
        let instances = [Step::Call, Step::New].map(|made| {
            let states = subclasses.as_ref();
            states.map(|states| models.step(states, &made))
        });
        let states = instances.into_iter().flatten().flatten();
        let rows = states.flat_map(move |state| models.rows_at(state).to_vec());
        rows.filter_map(move |row| models.row(row))
    }

    /// Whether a value gets this path by being given (a parameter, a decorated declaration, a type), not by being read.
    #[must_use]
    pub fn is_given(&self, id: PathId) -> bool {
        self.nodes.get(id.0 as usize).is_some_and(|n| n.given)
    }

    /// Whether a path is that of a decorated declaration itself.
    #[must_use]
    pub fn is_declaration(&self, id: PathId) -> bool {
        self.nodes
            .get(id.0 as usize)
            .is_some_and(|n| &*n.label == ".deco")
    }

    /// The path as text.
    #[must_use]
    pub fn text(&self, id: PathId) -> String {
        let mut labels: SmallVec<[&str; 12]> = SmallVec::new();
        let mut at = Some(id);
        while let Some(id) = at {
            let Some(node) = self.nodes.get(id.0 as usize) else {
                break;
            };
            labels.push(&node.label);
            at = node.parent;
        }
        labels.reverse();
        labels.concat()
    }

    /// Whether the path as text is this; nothing is put together for that.
    #[must_use]
    pub fn is(&self, id: PathId, text: &str) -> bool {
        let mut rest = text;
        let mut at = Some(id);
        while let Some(id) = at {
            let Some(node) = self.nodes.get(id.0 as usize) else {
                break;
            };
            let Some(before) = rest.strip_suffix(&*node.label) else {
                return false;
            };
            (rest, at) = (before, node.parent);
        }
        rest.is_empty()
    }
}

fn label(step: &Step) -> (String, Option<Box<str>>, bool) {
    match step {
        Step::Member(name) => (format!(".{name}"), Some(name.as_str().into()), false),
        Step::AnyMember => ("[*]".into(), None, false),
        Step::Index(i) => (format!("[{i}]"), None, false),
        Step::Call => ("()".into(), None, true),
        Step::New => (".new()".into(), None, true),
        Step::Arg(ArgIndex::At(i)) => (format!(".arg({i})"), None, false),
        Step::Arg(_) => (".arg".into(), None, false),
        Step::Param(i) => (format!(".param({i})"), None, true),
        Step::Ret => (".ret".into(), None, true),
        Step::Error => (".error".into(), None, true),
        Step::This => (".this".into(), None, true),
        Step::Sub => (".sub".into(), None, true),
        Step::Deco => (".deco".into(), None, false),
        Step::Registered => (".registered".into(), None, true),
    }
}
