//! A reader of the lowered program that asks one question: can what `source()` returns arrive at `sink(…)`?
//!
//! It knows no order and no objects: one node per local, per variable and per field name. That is enough to see a construct
//! that loses what passes through it, and little enough to be trusted.

use casemate_ir::{
    ArgKey, Capture, ClassId, FileFacts, FnId, Function, Instr, Key, LocalId, MemberKind, OpKind,
    Operand, PartKey, Symbol, Term, VarRef,
};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Node {
    Local(u32, LocalId),
    Global(u32),
    Free(Symbol),
    Field(Symbol),
    Element,
    Return(u32),
    Thrown,
    Base(u32),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Token {
    Source,
    Function(u32),
    Class(u32),
    Instance(u32),
}

/// Whether a value that `source()` returns can be an argument of `sink`.
pub fn arrives(facts: &FileFacts) -> bool {
    let mut flow = Flow {
        facts,
        tokens: BTreeMap::new(),
        changed: true,
        found: false,
    };
    while flow.changed {
        flow.changed = false;
        for (i, function) in facts.functions.iter().enumerate() {
            for instr in &function.instrs {
                flow.instr(i as u32, function, instr);
            }
            for block in &function.blocks {
                match block.term {
                    Term::Return(Some(value)) => flow.copy(i as u32, value, Node::Return(i as u32)),
                    Term::Throw(value) => flow.copy(i as u32, value, Node::Thrown),
                    _ => {}
                }
            }
        }
    }
    flow.found
}

struct Flow<'a> {
    facts: &'a FileFacts,
    tokens: BTreeMap<Node, BTreeSet<Token>>,
    changed: bool,
    found: bool,
}

impl Flow<'_> {
    fn of(&self, node: Node) -> BTreeSet<Token> {
        self.tokens.get(&node).cloned().unwrap_or_default()
    }
    fn value(&self, function: u32, operand: Operand) -> BTreeSet<Token> {
        match operand {
            Operand::Local(local) => self.of(Node::Local(function, local)),
            Operand::Const(_) => BTreeSet::new(),
        }
    }
    fn add(&mut self, to: Node, tokens: impl IntoIterator<Item = Token>) {
        let set = self.tokens.entry(to).or_default();
        for token in tokens {
            self.changed |= set.insert(token);
        }
    }
    fn copy(&mut self, function: u32, from: Operand, to: Node) {
        let tokens = self.value(function, from);
        self.add(to, tokens);
    }
    /// What is made from a tainted value is tainted; it is not the value itself.
    fn derive(&mut self, function: u32, from: Operand, to: Node) {
        if self.value(function, from).contains(&Token::Source) {
            self.add(to, [Token::Source]);
        }
    }

    fn variable(&self, function: u32, var: VarRef) -> Node {
        match var {
            VarRef::Global(id) => Node::Global(id.0),
            VarRef::Free(name) => Node::Free(name),
            VarRef::Captured(mut id) => {
                let mut at = function;
                loop {
                    let this = &self.facts.functions[at as usize];
                    let parent = this.parent.unwrap().0;
                    match this.captures[id.index()] {
                        Capture::Local(local) => return Node::Local(parent, local),
                        Capture::Outer(outer) => (at, id) = (parent, outer),
                    }
                }
            }
        }
    }

    fn field(key: Key) -> Node {
        match key {
            Key::Field(name) => Node::Field(name),
            Key::Index(_) | Key::Computed(_) => Node::Element,
        }
    }

    fn instr(&mut self, f: u32, function: &Function, instr: &Instr) {
        let to = instr.target().map(|it| Node::Local(f, it));
        match (*instr, to) {
            (Instr::Copy { from, .. } | Instr::Await { from, .. }, Some(to)) => {
                self.copy(f, from, to)
            }
            (Instr::Load { base, key, .. }, Some(to)) => self.load(f, base, key, to),
            (Instr::Store { base, key, value }, _) => {
                self.copy(f, value, Self::field(key));
                self.accessor(f, base, key, MemberKind::Setter)
                    .into_iter()
                    .for_each(|setter| {
                        let params = self.params(setter);
                        params.into_iter().for_each(|it| self.copy(f, value, it));
                    });
            }
            (Instr::LoadVar { var, .. }, Some(to)) => {
                let tokens = self.of(self.variable(f, var));
                self.add(to, tokens);
            }
            (Instr::StoreVar { var, value }, _) => self.copy(f, value, self.variable(f, var)),
            (Instr::Object { parts, .. } | Instr::Array { parts, .. }, Some(to)) => {
                for part in function.parts(parts).to_vec() {
                    match part.key {
                        PartKey::Field(name) => self.copy(f, part.value, Node::Field(name)),
                        PartKey::Next | PartKey::Computed(_) => {
                            self.copy(f, part.value, Node::Element)
                        }
                        PartKey::Spread => self.copy(f, part.value, to),
                        PartKey::Getter(name) => {
                            for getter in functions(&self.value(f, part.value)) {
                                let tokens = self.of(Node::Return(getter));
                                self.add(Node::Field(name), tokens);
                            }
                        }
                        PartKey::Setter(_) => {}
                    }
                }
            }
            (Instr::Template { operands, .. } | Instr::Opaque { operands, .. }, Some(to)) => {
                function
                    .operands(operands)
                    .iter()
                    .for_each(|it| self.derive(f, *it, to));
            }
            (
                Instr::Op {
                    op: OpKind::Select | OpKind::Rest,
                    operands,
                    ..
                },
                Some(to),
            ) => {
                function
                    .operands(operands)
                    .iter()
                    .for_each(|it| self.copy(f, *it, to));
            }
            (
                Instr::Op {
                    op: OpKind::Add | OpKind::ToString,
                    operands,
                    ..
                },
                Some(to),
            ) => {
                function
                    .operands(operands)
                    .iter()
                    .for_each(|it| self.derive(f, *it, to));
            }
            (Instr::Closure { func, .. }, Some(to)) => self.add(to, [Token::Function(func.0)]),
            (Instr::Class { class, base, .. }, Some(to)) => {
                self.add(to, [Token::Class(class.0)]);
                if let Some(base) = base {
                    self.copy(f, base, Node::Base(class.0));
                }
            }
            (
                Instr::Yield {
                    value, delegate, ..
                },
                Some(to),
            ) => {
                self.copy(
                    f,
                    value,
                    if delegate {
                        Node::Return(f)
                    } else {
                        Node::Element
                    },
                );
                self.derive(f, value, Node::Return(f));
                self.derive(f, value, to);
            }
            (Instr::IterNext { of, .. }, Some(to)) => {
                self.derive(f, of, to);
                let elements = self.of(Node::Element);
                self.add(to, elements);
            }
            (Instr::Catch { .. }, Some(to)) => {
                let thrown = self.of(Node::Thrown);
                self.add(to, thrown);
            }
            (Instr::Call { .. }, Some(to)) => self.call(f, function, instr, to),
            _ => {}
        }
    }

    fn load(&mut self, f: u32, base: Operand, key: Key, to: Node) {
        self.derive(f, base, to);
        let stored = self.of(Self::field(key));
        self.add(to, stored);
        for kind in [MemberKind::Method, MemberKind::Getter] {
            for member in self.accessor(f, base, key, kind) {
                if kind == MemberKind::Getter {
                    let tokens = self.of(Node::Return(member));
                    self.add(to, tokens);
                } else {
                    self.add(to, [Token::Function(member)]);
                }
            }
        }
    }

    /// Members of a kind that the class of `base`, or one of its bases, has under a name.
    fn accessor(&self, f: u32, base: Operand, key: Key, kind: MemberKind) -> Vec<u32> {
        let Key::Field(name) = key else {
            return Vec::new();
        };
        let mut classes: Vec<u32> = self
            .value(f, base)
            .into_iter()
            .filter_map(|it| match it {
                Token::Class(class) | Token::Instance(class) => Some(class),
                _ => None,
            })
            .collect();
        if let Operand::Local(local) = base {
            let function = &self.facts.functions[f as usize];
            if function.this == Some(local) {
                classes.extend(function.class.map(|it| it.0));
            }
        }
        let mut at = 0;
        while let Some(&class) = classes.get(at) {
            at += 1;
            for token in self.of(Node::Base(class)) {
                if let Token::Class(base) = token
                    && !classes.contains(&base)
                {
                    classes.push(base);
                }
            }
        }
        let members = classes
            .iter()
            .filter_map(|it| self.facts.class(ClassId(*it)))
            .flat_map(|it| &it.members);
        members
            .filter(|it| it.name == name && it.kind == kind)
            .filter_map(|it| it.func.map(|it| it.0))
            .collect()
    }

    fn params(&self, function: u32) -> Vec<Node> {
        let function_facts = &self.facts.functions[function as usize];
        function_facts
            .params
            .iter()
            .map(|it| Node::Local(function, it.local))
            .collect()
    }

    fn name(&self, f: u32, function: &Function, callee: Operand) -> &str {
        let Operand::Local(local) = callee else {
            return "";
        };
        let definition = function.instrs.iter().find(|it| it.target() == Some(local));
        match definition {
            Some(Instr::LoadVar {
                var: VarRef::Free(name),
                ..
            }) => self.facts.str(*name),
            Some(Instr::LoadVar { var, .. }) => match self.variable(f, *var) {
                Node::Global(id) => self.facts.str(self.facts.globals[id as usize].name),
                _ => "",
            },
            _ => "",
        }
    }

    fn call(&mut self, f: u32, function: &Function, instr: &Instr, to: Node) {
        let Instr::Call {
            callee,
            this,
            args,
            flags,
            ..
        } = *instr
        else {
            return;
        };
        let args = function.args(args).to_vec();
        match self.name(f, function, callee) {
            "source" => return self.add(to, [Token::Source]),
            "sink" => {
                self.found |= args
                    .iter()
                    .any(|it| self.value(f, it.value).contains(&Token::Source));
                return;
            }
            _ => {}
        }
        let callees = if flags.super_call {
            let class = self.enclosing_class(FnId(f));
            class.map(|it| self.of(Node::Base(it))).unwrap_or_default()
        } else {
            self.value(f, callee)
        };
        let mut known = false;
        for token in callees {
            let target = match token {
                Token::Function(target) => target,
                Token::Class(class) => {
                    self.add(to, [Token::Instance(class)]);
                    self.facts.classes[class as usize].constructor.0
                }
                Token::Source | Token::Instance(_) => continue,
            };
            known = true;
            self.pass(f, &args, target);
            let target_facts = &self.facts.functions[target as usize];
            if let (Some(receiver), Some(this)) = (target_facts.this, this) {
                self.copy(f, this, Node::Local(target, receiver));
            }
            let returned = self.of(Node::Return(target));
            self.add(to, returned);
        }
        if known || flags.super_call {
            return;
        }
        // An unknown function returns what it is given, and calls the functions it is given with the rest.
        let given: Vec<Operand> = args
            .iter()
            .map(|it| it.value)
            .chain(this)
            .chain([callee])
            .collect();
        for &operand in &given {
            self.derive(f, operand, to);
            for callback in functions(&self.value(f, operand)) {
                for param in self.params(callback) {
                    given.iter().for_each(|it| self.derive(f, *it, param));
                    let elements = self.of(Node::Element);
                    self.add(param, elements);
                }
                let returned = self.of(Node::Return(callback));
                self.add(to, returned);
            }
        }
    }

    fn pass(&mut self, f: u32, args: &[casemate_ir::Arg], target: u32) {
        let params = self.facts.functions[target as usize].params.clone();
        let mut spread = false;
        for (i, arg) in args.iter().enumerate() {
            spread |= arg.key == ArgKey::Spread;
            for (p, param) in params.iter().enumerate() {
                let node = Node::Local(target, param.local);
                if arg.key == ArgKey::Spread && p >= i {
                    self.derive(f, arg.value, node);
                    let elements = self.of(Node::Element);
                    self.add(node, elements);
                } else if p == i || (spread && p > i) {
                    self.copy(f, arg.value, if param.rest { Node::Element } else { node });
                } else if param.rest && p < i {
                    self.copy(f, arg.value, Node::Element);
                }
            }
            if let Some(arguments) = self.facts.functions[target as usize].arguments {
                self.derive(f, arg.value, Node::Local(target, arguments));
            }
        }
    }

    fn enclosing_class(&self, mut at: FnId) -> Option<u32> {
        loop {
            let function = self.facts.function(at)?;
            if let Some(class) = function.class {
                return Some(class.0);
            }
            at = function.parent?;
        }
    }
}

fn functions(tokens: &BTreeSet<Token>) -> Vec<u32> {
    tokens
        .iter()
        .filter_map(|it| match it {
            Token::Function(function) => Some(*function),
            _ => None,
        })
        .collect()
}
