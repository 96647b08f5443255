//! Records that a class of a library finds, changes and deletes for a class of the program, which only says of which kind they are:
//! `class Delete(LoginRequiredMixin, DeleteView): model = Note`.

use super::key;
use super::queryset::{self, Narrowed};
use crate::decoration::written_name;
use crate::guard::names::Names;
use crate::guard::root::Known;
use crate::model::{Access, Endpoint};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_flow::result::Site;
use casemate_ir::{ClassId, Instr, Key, Language, MemberKind, Operand, SUPER};

/// The method of libraries that finds the record.
pub(crate) const FINDS: &str = "get_object";

/// Classes above one.
const ANCESTORS: usize = 16;

/// Methods by which a class finds records in its own way, or says who may have them.
const SAYS: [&str; 12] = [
    "get_object",
    "filter_queryset",
    "dispatch",
    "initial",
    "test_func",
    "has_permission",
    "get_permissions",
    "check_permissions",
    "check_object_permissions",
    "get_object_or_404",
    "setup",
    "has_object_permission",
];

/// Methods of a class that a library asks; another function that answers stands in place of what the library does.
const ASKED: [&str; 9] = [
    "get_queryset",
    "get_context_data",
    "get_form_kwargs",
    "form_valid",
    "get_initial",
    "get_serializer_class",
    "perform_create",
    "perform_destroy",
    "perform_update",
];

/// Parts of names of classes of libraries that change or delete what they find.
const CHANGE: [&str; 4] = ["Update", "Delete", "Destroy", "ModelViewSet"];

/// Parts of names of those that show it.
const SHOW: [&str; 3] = ["Retrieve", "ModelViewSet", "DetailView"];

/// Decorators of classes that only describe them.
const DESCRIBES: [&str; 3] = ["extend_schema", "extend_schema_view", "schema_view"];

/// A record that a class of a library finds by the address.
pub(super) struct Inherited {
    pub(super) access: Access,
    /// Only among those of who asks.
    pub(super) own: bool,
}

/// What is read off a class and those above it.
struct Said {
    object: Option<String>,
    key: String,
    narrowed: Narrowed,
    /// A nearer class has said which records there are.
    settled: bool,
    changes: bool,
    shows: bool,
}

/// What a class of a library does with a record that the address names; `for_all` is what settings narrow lists by.
pub(super) fn of(
    origins: &Solver<'_, '_>,
    set: &Known,
    endpoint: &Endpoint,
    for_all: Narrowed,
) -> Option<Inherited> {
    let path = endpoint.path.as_deref()?;
    let named = path.contains(['<', '{']);
    let op = match endpoint.method.as_str() {
        "put" | "patch" | "post" => "write",
        "delete" => "delete",
        "get" => "read",
        _ => return None,
    };
    if !named {
        return None;
    }
    let site = endpoint.site;
    let own = match endpoint.by_class {
        true => class_at(origins, site)?,
        // A method that a decorator makes an endpoint of its own: `@action(detail=True)`.
        false => {
            let handler = origins.program.func(*endpoint.handlers.first()?);
            let class = handler.func.class?;
            (handler.file.facts.language == Language::Python).then(|| handler.class(class))?
        }
    };
    // What stands in place of the library's method leads to it, or finds records in its own way.
    let mut instead = endpoint
        .handlers
        .iter()
        .map(|&func| origins.program.func(func))
        .filter(|f| {
            let name = f.func.name.map(|name| f.file.facts.str(name));
            !name.is_some_and(|name| ASKED.contains(&name) || SAYS.contains(&name))
        })
        .peekable();
    let replaced = instead.peek().is_some();
    if !instead.all(finds) {
        return None;
    }
    let said = read(origins, set, own)?;
    let does = match op {
        _ if replaced => true,
        "read" => said.shows,
        _ => said.changes,
    };
    let narrowed = match said.narrowed {
        Narrowed::ByWho => Narrowed::ByWho,
        narrowed => narrowed.and(for_all),
    };
    if !does || narrowed == Narrowed::Unknown {
        return None;
    }
    let object = said.object.filter(|object| !object.is_empty())?;
    let (file, def) = origins.program.class(own)?;
    let access = Access {
        site,
        function: origins.program.func_id(file, def.owner),
        op: op.to_owned(),
        object,
        names: Names::of(&said.key),
        key: vec![said.key],
        handed: false,
        via: None,
        thin: false,
        callee: FINDS.to_owned(),
    };
    Some(Inherited {
        access,
        own: narrowed == Narrowed::ByWho,
    })
}

/// The class that stands at a place.
fn class_at(origins: &Solver<'_, '_>, site: Site) -> Option<ClassIdx> {
    let file = origins.program.file(site.file);
    let mut classes = file.facts.classes.iter();
    let index = classes.position(|class| class.span == site.span)?;
    Some(origins.program.class_idx(site.file, ClassId::from(index)))
}

/// Whether a function asks the library for the record, or leaves it all to the library.
fn finds(f: FuncRef<'_>) -> bool {
    f.func.instrs.iter().any(|instr| {
        matches!(*instr, Instr::Load { key: Key::Field(name), .. }
            if matches!(f.file.facts.str(name), "get_object" | SUPER))
    })
}

/// Reads a class and those above it, nearest first.
fn read(origins: &Solver<'_, '_>, set: &Known, own: ClassIdx) -> Option<Said> {
    let mut said = Said {
        object: None,
        key: "pk".to_owned(),
        narrowed: Narrowed::No,
        settled: false,
        changes: false,
        shows: false,
    };
    let mut open = vec![own];
    let mut at = 0;
    while let Some(&class) = open.get(at) {
        at += 1;
        said.class(origins, set, class)?;
        for &base in origins.of_bases(class) {
            match origins.val(base) {
                Some(Val::Class(base)) if open.len() < ANCESTORS && !open.contains(&base) => {
                    open.push(base);
                }
                Some(Val::Api(path)) => {
                    // What a base does of which nothing is known, nobody can tell.
                    if !origins.paths.known(path) && !origins.paths.parent_known(path) {
                        return None;
                    }
                    let name = origins.paths.text(path);
                    said.changes |= CHANGE.iter().any(|word| name.contains(word));
                    said.shows |= SHOW.iter().any(|word| name.contains(word));
                }
                _ => return None,
            }
        }
    }
    Some(said)
}

impl Said {
    /// What one class adds; nothing is known of the whole where that is `None`.
    fn class(&mut self, origins: &Solver<'_, '_>, set: &Known, class: ClassIdx) -> Option<()> {
        let (file, def) = origins.program.class(class)?;
        let facts = &origins.program.file(file).facts;
        let methods = || {
            let members = def.members.iter();
            members.filter(|member| member.kind == MemberKind::Method)
        };
        if methods().any(|member| SAYS.contains(&facts.str(member.name))) {
            return None;
        }
        let owner = origins
            .program
            .func(origins.program.func_id(file, def.owner));
        for decorator in &def.decorators {
            let called = owner.call_behind(decorator.value);
            let value = called.map_or(decorator.value, |(callee, _)| callee);
            written_name(owner, value).filter(|name| DESCRIBES.contains(name))?;
        }
        let mut settles = false;
        if !self.settled
            && let Some(func) = methods()
                .find(|member| facts.str(member.name) == "get_queryset")
                .and_then(|member| member.func)
        {
            let given = queryset::given(origins, set, origins.program.func_id(file, func));
            self.narrowed = self.narrowed.and(given.narrowed);
            self.object = self.object.take().or(given.object);
            settles = !given.above;
        }
        for (_, name, value) in owner.class_body(class) {
            match name {
                "model" | "queryset" if self.object.is_none() && !self.settled => {
                    self.object = named_record(owner, value);
                }
                "filter_backends" => {
                    let by = queryset::by_filters(origins, set, owner, value);
                    self.narrowed = self.narrowed.and(by);
                }
                "lookup_field" => {
                    let name = match owner.made_by(value) {
                        Some(Instr::Copy { from, .. }) => owner.constant_text(*from),
                        _ => owner.constant_text(value),
                    };
                    self.key = name.unwrap_or("pk").to_owned();
                }
                "lookup_url_kwarg" | "permission_required" => return None,
                _ => {}
            }
        }
        self.settled |= settles;
        Some(())
    }
}

/// `Note`, `Note.objects.all()`.
pub(super) fn named_record(f: FuncRef<'_>, value: Operand) -> Option<String> {
    let mut at = value;
    for _ in 0..8 {
        let Operand::Local(local) = at else {
            return None;
        };
        match f.writer(local)?.1 {
            Instr::Copy { from, .. } => at = *from,
            Instr::Load { base, key, .. } => {
                let name = match *key {
                    Key::Field(name) => f.file.facts.str(name),
                    _ => "",
                };
                if name.starts_with(|c: char| c.is_ascii_uppercase()) {
                    return Some(key::plain(name));
                }
                at = *base;
            }
            // A list that is narrowed is not looked at.
            Instr::Call { callee, args, .. }
                if f.func.args(*args).is_empty() || widens(f, *callee) =>
            {
                at = *callee;
            }
            Instr::LoadVar { .. } | Instr::Import { .. } => {
                return written_name(f, at).map(key::plain);
            }
            _ => return None,
        }
    }
    None
}

/// What is asked of a list beside which records it has: `.order_by('name')`.
fn widens(f: FuncRef<'_>, callee: Operand) -> bool {
    written_name(f, callee).is_some_and(|name| {
        matches!(
            name,
            "annotate" | "defer" | "only" | "order_by" | "prefetch_related" | "select_related"
        )
    })
}
