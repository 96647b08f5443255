//! What a class says of all its methods: guards of its own, of its bases, and those that settings give to every view.

use super::permissions::{Asked, asked};
use super::reading::{self, READING, reads, wants_login};
use super::{Around, arguments, elements, guards, keyword, member, wraps, written_name};
use crate::model::Stage;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{Const, Instr, Key, Language, MemberKind, OpKind, Operand, PartKey, VarRef};

/// How many classes are looked at above one.
const ANCESTORS: usize = 12;

/// Names of members that list decorators of all methods.
const LISTS: [&str; 2] = ["decorators", "method_decorators"];

/// Methods through which a framework sends all requests of a class, and which call the one above them to pass a request on.
const DOORS: [&str; 3] = ["dispatch", "dispatch_request", "initial"];

/// The method that some frameworks call before the one that answers, and whose row says so.
pub(crate) const CHECK: &str = "prepare";

/// What settings and providers put before all handlers of a framework.
pub(crate) struct Defaults {
    /// What Django REST framework asks of views that say nothing; absent: no settings of it are written anywhere.
    permissions: Option<Vec<String>>,
    /// Guards that Nest puts before all its handlers.
    global: Vec<(Site, Stage)>,
    /// Something that should be among them is not known.
    open: bool,
}

impl Defaults {
    pub(crate) fn of(origins: &Solver<'_, '_>) -> Self {
        let mut out = Self {
            permissions: None,
            global: Vec::new(),
            open: false,
        };
        let mut spoken = false;
        for func in origins.program.function_ids() {
            let f = origins.program.func(func);
            for (at, instr) in f.func.instrs.iter().enumerate() {
                spoken |= is_settings(f, instr);
                out.global_guards(origins, f, at, instr);
                let Instr::Object { parts, .. } = *instr else {
                    continue;
                };
                for part in f.func.parts(parts) {
                    let PartKey::Field(name) = part.key else {
                        continue;
                    };
                    match f.file.facts.str(name) {
                        "DEFAULT_PERMISSION_CLASSES" => {
                            let texts = elements(f, part.value).unwrap_or_default();
                            let texts = texts.into_iter().map(|e| text(f, e).unwrap_or_default());
                            out.permissions = Some(texts.collect());
                        }
                        "provide" if is_global_guard(origins, f, part.value) => {
                            let site = Site {
                                file: f.file_idx,
                                span: f.func.spans.get(at).copied().unwrap_or_default(),
                            };
                            out.provided(origins, f, f.func.parts(parts), site);
                        }
                        _ => {}
                    }
                }
            }
        }
        // Settings that say nothing of it leave the library's own default, which lets everybody in.
        if spoken && out.permissions.is_none() {
            out.permissions = Some(Vec::new());
        }
        out
    }

    /// `app.useGlobalGuards(new LoginGuard(…))`, `app.useGlobalGuards(app.get(LoginGuard))`
    fn global_guards(
        &mut self,
        origins: &Solver<'_, '_>,
        f: FuncRef<'_>,
        at: usize,
        instr: &Instr,
    ) {
        let Instr::Call { callee, args, .. } = *instr else {
            return;
        };
        if f.file.facts.language != Language::JavaScript
            || written_name(f, callee) != Some("useGlobalGuards")
        {
            return;
        }
        let site = Site {
            file: f.file_idx,
            span: f.func.spans.get(at).copied().unwrap_or_default(),
        };
        for arg in f.func.args(args) {
            let mut stages = of_class_value(origins, f.id, arg.value);
            if matches!(stages.as_slice(), [Stage::Unknown] | [Stage::Package(_)])
                && let Some(&Instr::Call { callee, args, .. }) = f.made_by(arg.value)
                && written_name(f, callee) == Some("get")
                && let [class, ..] = f.func.args(args)
            {
                stages = of_class_value(origins, f.id, class.value);
            }
            self.global.extend(stages.into_iter().map(|s| (site, s)));
        }
    }

    fn provided(
        &mut self,
        origins: &Solver<'_, '_>,
        f: FuncRef<'_>,
        parts: &[casemate_ir::Part],
        site: Site,
    ) {
        let class = parts.iter().find(|part| {
            matches!(part.key, PartKey::Field(name)
                if matches!(f.file.facts.str(name), "useClass" | "useExisting"))
        });
        let stages = class.map(|class| of_class_value(origins, f.id, class.value));
        match stages {
            Some(stages) => self.global.extend(stages.into_iter().map(|s| (site, s))),
            None => self.open = true,
        }
    }
}

/// `REST_FRAMEWORK = {…}`, all of it written down.
fn is_settings(f: FuncRef<'_>, instr: &Instr) -> bool {
    let Instr::StoreVar {
        var: VarRef::Global(global),
        value,
    } = *instr
    else {
        return false;
    };
    let named = f.file.facts.language == Language::Python
        && f.file
            .facts
            .globals
            .get(global.index())
            .is_some_and(|binding| f.file.facts.str(binding.name) == "REST_FRAMEWORK");
    named
        && matches!(f.made_by(value), Some(Instr::Object { parts, .. })
            if f.func.parts(*parts).iter().all(|part| matches!(part.key, PartKey::Field(_))))
}

/// The class that settings name: `"shop.api.permissions.OfShop"`.
fn named_class(origins: &Solver<'_, '_>, dotted: &str) -> Option<ClassIdx> {
    let (module, name) = dotted.rsplit_once('.')?;
    let path = module.replace('.', "/");
    let ends = [format!("{path}.py"), format!("{path}/__init__.py")];
    let count = u32::try_from(origins.program.class_count()).unwrap_or(u32::MAX);
    let mut classes = (0..count).map(ClassIdx).filter(|class| {
        origins.program.class(*class).is_some_and(|(file, def)| {
            let file = origins.program.file(file);
            def.name.is_some_and(|own| file.facts.str(own) == name)
                && ends.iter().any(|end| {
                    let rest = file.path.strip_suffix(end.as_str());
                    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
                })
        })
    });
    let one = classes.next()?;
    classes.next().is_none().then_some(one)
}

fn is_global_guard(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> bool {
    f.file.facts.language == Language::JavaScript
        && origins.of_operand(f.id, value).iter().any(|&val| {
            matches!(origins.val(val), Some(Val::Api(path))
                if origins.paths.text(path) == "npm:@nestjs/core.APP_GUARD")
        })
}

fn text(f: FuncRef<'_>, operand: Operand) -> Option<String> {
    match operand {
        Operand::Const(id) => match f.file.facts.constant(id) {
            Const::Str(text) => Some(f.file.facts.str(*text).to_owned()),
            _ => None,
        },
        Operand::Local(_) => written_name(f, operand).map(str::to_owned),
    }
}

/// Adds what the class of a method says.
pub(super) fn add(origins: &Solver<'_, '_>, f: FuncRef<'_>, defaults: &Defaults, out: &mut Around) {
    if let Some(class) = f.func.class.map(|class| f.class(class)) {
        let action = origins.program.func_name(f.id);
        of(origins, class, Some(f.id), &action, defaults, out);
    }
}

/// Adds what a class says of one of its methods, or of one that it has from a library, by what it does.
pub(crate) fn of(
    origins: &Solver<'_, '_>,
    class: ClassIdx,
    own: Option<FuncId>,
    action: &str,
    defaults: &Defaults,
    out: &mut Around,
) {
    let Some((file, def)) = origins.program.class(class) else {
        return;
    };
    let place = Site {
        file,
        span: own.map_or(def.span, |own| origins.program.func(own).func.head),
    };
    let python = origins.program.file(file).facts.language == Language::Python;
    let mut open = vec![class];
    let mut at = 0;
    // What a method says of itself takes the place of what its class says.
    let mut permissions = own.and_then(|own| of_action(origins, own, place, out));
    let mut rest = false;
    if !python {
        out.chain.extend(
            defaults
                .global
                .iter()
                .map(|(site, stage)| member(origins, *site, stage.clone())),
        );
        out.unknown += u32::from(defaults.open);
    }
    while let Some(&class) = open.get(at) {
        at += 1;
        let Some((file, def)) = origins.program.class(class) else {
            continue;
        };
        let owner = origins.program.func_id(file, def.owner);
        for decorator in &def.decorators {
            let site = Site {
                file,
                span: decorator.span,
            };
            let stages = if python {
                wraps(origins, owner, decorator.value, 0)
            } else {
                use_guards(origins, owner, decorator.value)
            };
            // A class decorator of Python that is not understood hardly guards; what Nest is told to guard with does.
            let told = |stage: &Stage| match stage {
                Stage::Unknown => false,
                Stage::Package(path) => {
                    origins.paths.known(*path)
                        || origins.paths.parent_known(*path)
                        || crate::guard::named_login(&origins.paths.text(*path))
                }
                _ => true,
            };
            let stages = stages.into_iter().filter(|stage| !python || told(stage));
            out.chain
                .extend(stages.map(|stage| member(origins, site, stage)));
        }
        if python {
            super::parameter::of_class(origins, class, def.span, out);
            let mut methods = def.members.iter().filter(|m| m.kind == MemberKind::Method);
            let overrides = methods
                .find(|m| origins.program.file(file).facts.str(m.name) == "get_permissions")
                .and_then(|m| m.func);
            if let Some(method) = overrides.filter(|_| permissions.is_none()) {
                let method = origins.program.func(origins.program.func_id(file, method));
                match asked(method, action) {
                    Some(Asked::These(list)) => {
                        permissions = Some(true);
                        out.open |= for_all(origins, method.id, &list);
                        for element in list {
                            for stage in of_class_value(origins, method.id, element) {
                                out.chain.push(member(origins, place, stage));
                            }
                        }
                    }
                    // What the class itself lists is read next, and then what those above it do.
                    Some(Asked::Listed) => {}
                    None => {
                        permissions = Some(true);
                        out.unknown += 1;
                    }
                }
            }
            listed(origins, class, owner, &mut permissions, out);
            for door in def.members.iter().filter(|m| m.kind == MemberKind::Method) {
                let name = origins.program.file(file).facts.str(door.name);
                let method = door.func.map(|func| origins.program.func_id(file, func));
                if let Some(method) = method.filter(|m| DOORS.contains(&name) && Some(*m) != own) {
                    let site = Site {
                        file,
                        span: origins.program.func(method).func.head,
                    };
                    out.chain.push(member(origins, site, Stage::Method(method)));
                }
            }
        }
        for &base in origins.of_bases(class) {
            match origins.val(base) {
                Some(Val::Class(base)) if open.len() < ANCESTORS && !open.contains(&base) => {
                    open.push(base);
                }
                Some(Val::Api(path)) => {
                    rest |= origins.paths.text(path).starts_with("py:rest_framework");
                    // What a base of which nothing is known does before methods, nobody can tell.
                    let known = origins.paths.known(path) || origins.paths.parent_known(path);
                    let speaks = || speaks_of_access(origins.paths.last_member(path));
                    out.unknown += u32::from(python && !known && speaks());
                    if guards(origins, path) {
                        let site = Site {
                            file,
                            span: def.span,
                        };
                        out.chain.push(member(origins, site, Stage::Package(path)));
                    }
                }
                _ => {}
            }
        }
        if python && origins.of_bases(class).is_empty() && has_base(origins, class, owner) {
            out.unknown += 1;
        }
    }
    if rest && permissions.is_none() {
        by_default(origins, defaults, action, place, out);
    }
    if python {
        checked_before(origins, &open, own, out);
        reading::unless_reading(origins, action, out);
    }
    out.settled = true;
}

/// Words in the names of classes of packages that may refuse requests: what a mixin of another name does is no guard.
const ACCESS: [&str; 14] = [
    "permission",
    "login",
    "auth",
    "access",
    "owner",
    "user",
    "staff",
    "admin",
    "restrict",
    "required",
    "role",
    "secur",
    "protect",
    "view",
];

/// Whether a class that nobody knows may refuse, by its name.
fn speaks_of_access(class: &str) -> bool {
    let lower = class.to_lowercase();
    class.is_empty() || !lower.ends_with("mixin") || ACCESS.iter().any(|word| lower.contains(word))
}

/// The nearest such method of some classes, and those above that it calls itself.
fn checked_before(
    origins: &Solver<'_, '_>,
    classes: &[ClassIdx],
    own: Option<FuncId>,
    out: &mut Around,
) {
    for &class in classes {
        let Some((file, def)) = origins.program.class(class) else {
            continue;
        };
        let mut methods = def.members.iter().filter(|m| m.kind == MemberKind::Method);
        let named = methods.find(|m| origins.program.file(file).facts.str(m.name) == CHECK);
        let Some(func) = named.and_then(|m| m.func) else {
            continue;
        };
        let method = origins.program.func_id(file, func);
        let mut declared = origins.declared.range((method, String::new(), None)..);
        let says = declared.next().is_some_and(|((func, ..), entry)| {
            *func == method && entry.method.eq_ignore_ascii_case(CHECK)
        });
        if Some(method) == own || !says {
            return;
        }
        let f = origins.program.func(method);
        let site = Site {
            file,
            span: f.func.head,
        };
        let check = Stage::Function(method, Vec::new(), None);
        out.chain.push(member(origins, site, check));
        let goes_up = f.func.instrs.iter().any(|instr| {
            matches!(*instr, Instr::Load { key: Key::Field(name), .. } if f.file.facts.str(name) == CHECK)
        });
        if !goes_up {
            return;
        }
    }
}

/// Bases that say nothing of views.
const NEUTRAL: [&str; 5] = [
    "py:abc.ABC",
    "py:typing.Generic",
    "py:typing.Protocol",
    "py:object",
    "py:builtins.object",
];

/// Whether a class is a view of Django REST framework, and whether it or a base says whom it answers; absent: it is no such view, or it
/// says nothing and a base is not known.
pub(crate) fn declared(origins: &Solver<'_, '_>, class: ClassIdx) -> Option<bool> {
    let mut open = vec![class];
    let mut at = 0;
    let (mut rest, mut declared, mut unknown) = (false, false, false);
    while let Some(&class) = open.get(at) {
        at += 1;
        let (file, def) = origins.program.class(class)?;
        let owner = origins.program.func_id(file, def.owner);
        let (mut permissions, mut out) = (None, Around::default());
        listed(origins, class, owner, &mut permissions, &mut out);
        declared |= permissions.is_some() || !out.chain.is_empty() || !def.decorators.is_empty();
        declared |= def.members.iter().any(|member| {
            let name = origins.program.file(file).facts.str(member.name);
            [
                "get_permissions",
                "check_permissions",
                "dispatch",
                "initial",
            ]
            .contains(&name)
        });
        let bases = origins.of_bases(class);
        unknown |= bases.is_empty() && has_base(origins, class, owner);
        for &base in bases {
            match origins.val(base) {
                Some(Val::Class(base)) if open.len() < ANCESTORS && !open.contains(&base) => {
                    open.push(base);
                }
                Some(Val::Api(path)) => {
                    let text = origins.paths.text(path);
                    rest |= text.starts_with("py:rest_framework.");
                    unknown |= !origins.paths.known(path)
                        && !origins.paths.parent_known(path)
                        && !NEUTRAL.iter().any(|name| text.starts_with(name));
                    declared |= guards(origins, path);
                }
                _ => {}
            }
        }
    }
    (rest && (declared || !unknown)).then_some(declared)
}

/// Whether settings say whom views answer that say nothing themselves.
pub(crate) fn has_default(origins: &Solver<'_, '_>) -> bool {
    let classes = Defaults::of(origins).permissions;
    classes.is_some_and(|classes| classes.iter().any(|class| !class.ends_with("AllowAny")))
}

fn has_base(origins: &Solver<'_, '_>, class: ClassIdx, owner: FuncId) -> bool {
    // Bases that only speak to type checkers are none.
    const MARKERS: [&str; 3] = ["ABC", "Protocol", "Generic"];
    let f = origins.program.func(owner);
    let marks = |base: Operand| match f.made_by(base) {
        Some(Instr::Op {
            op: OpKind::Select,
            operands,
            ..
        }) => f
            .func
            .operands(*operands)
            .iter()
            .all(|base| written_name(f, *base).is_some_and(|name| MARKERS.contains(&name))),
        _ => written_name(f, base).is_some_and(|name| MARKERS.contains(&name)),
    };
    f.func.instrs.iter().any(|instr| {
        matches!(*instr, Instr::Class { class: c, base: Some(base), .. }
            if f.class(c) == class && !marks(base))
    })
}

/// What settings ask of a view that says nothing itself.
fn by_default(
    origins: &Solver<'_, '_>,
    defaults: &Defaults,
    action: &str,
    site: Site,
    out: &mut Around,
) {
    let Some(classes) = &defaults.permissions else {
        out.unknown += 1;
        return;
    };
    for class in classes {
        let last = class.rsplit('.').next().unwrap_or_default();
        match last {
            "AllowAny" => {}
            name if READING.contains(&name) => match reads(action) {
                Some(true) => {}
                Some(false) => out.chain.push(wants_login(site, class.clone())),
                None => out.unknown += 1,
            },
            "IsAuthenticated"
            | "IsAdminUser"
            | "DjangoModelPermissions"
            | "DjangoObjectPermissions" => {
                let kinds = match last {
                    "IsAuthenticated" => &["authentication"][..],
                    _ => &["authentication", "role"],
                };
                for kind in kinds {
                    out.chain.push(crate::model::Member {
                        site,
                        name: class.clone(),
                        what: Stage::Setting(kind, class.clone()),
                        around: crate::around::Around::default(),
                        certain: true,
                    });
                }
            }
            _ => match named_class(origins, class) {
                Some(class) => {
                    let stages = decider(origins, class, 0);
                    out.chain
                        .extend(stages.into_iter().map(|s| member(origins, site, s)));
                }
                None => out.unknown += 1,
            },
        }
    }
}

/// What members of a class list: permissions, decorators of all methods.
fn listed(
    origins: &Solver<'_, '_>,
    class: ClassIdx,
    owner: FuncId,
    permissions: &mut Option<bool>,
    out: &mut Around,
) {
    let f = origins.program.func(owner);
    for (at, name, value) in f.class_body(class) {
        let site = Site {
            file: f.file_idx,
            span: f.func.spans.get(at).copied().unwrap_or_default(),
        };
        if name == "permission_classes" && permissions.is_none() {
            *permissions = Some(true);
            match elements(f, value) {
                Some(list) => {
                    out.open |= for_all(origins, owner, &list);
                    for element in list {
                        for stage in of_class_value(origins, owner, element) {
                            out.chain.push(member(origins, site, stage));
                        }
                    }
                }
                None => out.unknown += 1,
            }
        } else if LISTS.contains(&name) {
            match elements(f, value) {
                Some(list) => {
                    for element in list {
                        for stage in wraps(origins, owner, element, 0) {
                            out.chain.push(member(origins, site, stage));
                        }
                    }
                }
                None => out.unknown += 1,
            }
        }
    }
}

/// Adds the permissions that `@action(permission_classes=[…])` names for one method, where it does.
fn of_action(
    origins: &Solver<'_, '_>,
    method: FuncId,
    site: Site,
    out: &mut Around,
) -> Option<bool> {
    let (owner, list) = own_permissions(origins, method)?;
    match elements(origins.program.func(owner), list) {
        Some(list) => {
            out.open |= for_all(origins, owner, &list);
            for element in list {
                for stage in of_class_value(origins, owner, element) {
                    out.chain.push(member(origins, site, stage));
                }
            }
        }
        None => out.unknown += 1,
    }
    Some(true)
}

/// The list of permissions that a decorator gives a method of a view, with the function that it stands in.
pub(crate) fn own_permissions(
    origins: &Solver<'_, '_>,
    method: FuncId,
) -> Option<(FuncId, Operand)> {
    let f = origins.program.func(method);
    let parent = f.parent()?;
    f.func.decorators.iter().find_map(|decorator| {
        let args = arguments(origins, parent, decorator.value);
        let list = keyword(origins.program.func(parent), args, "permission_classes")?;
        Some((parent, list))
    })
}

/// Whether a list of permissions lets everybody through: it is empty, or says so.
fn for_all(origins: &Solver<'_, '_>, owner: FuncId, list: &[Operand]) -> bool {
    list.iter().all(|element| {
        origins.of_operand(owner, *element).iter().any(|&val| {
            matches!(origins.val(val), Some(Val::Api(path))
                if origins.paths.text(path).ends_with(".AllowAny"))
        })
    })
}

/// Whether a decorator names permissions.
pub(super) fn is_permissions(origins: &Solver<'_, '_>, owner: FuncId, decorator: Operand) -> bool {
    origins.of_operand(owner, decorator).iter().any(|&val| {
        matches!(origins.val(val), Some(Val::Api(path))
            if origins.paths.text(path) == "py:rest_framework.decorators.permission_classes()")
    })
}

/// The permissions that a decorator names.
pub(super) fn permissions(
    origins: &Solver<'_, '_>,
    owner: FuncId,
    decorator: Operand,
    open: &mut bool,
) -> Vec<Stage> {
    let f = origins.program.func(owner);
    let first = arguments(origins, owner, decorator).first();
    let Some(list) = first.and_then(|first| elements(f, first.value)) else {
        return vec![Stage::Unknown];
    };
    *open |= for_all(origins, owner, &list);
    list.iter()
        .flat_map(|element| of_class_value(origins, owner, *element))
        .collect()
}

/// What a class that decides on requests is: a permission, a guard.
fn of_class_value(origins: &Solver<'_, '_>, owner: FuncId, value: Operand) -> Vec<Stage> {
    let vals = origins.of_operand(owner, value);
    let mut out: Vec<Stage> = Vec::new();
    for &val in vals.iter().take(2) {
        match origins.val(val) {
            Some(Val::Api(path)) => out.push(Stage::Package(path)),
            Some(Val::Class(class) | Val::Instance(class)) => {
                out.extend(decider(origins, class, 0));
            }
            _ => out.push(Stage::Unknown),
        }
    }
    if out.is_empty() {
        out.push(Stage::Unknown);
    }
    out
}

/// The method by which a class decides, or the class of a package that does so for it.
fn decider(origins: &Solver<'_, '_>, class: ClassIdx, depth: u32) -> Vec<Stage> {
    let mut out = Vec::new();
    for name in ["canActivate", "has_permission"] {
        let method = origins
            .program
            .symbols
            .find(name)
            .and_then(|sym| origins.member_function(class, sym, MemberKind::Method));
        out.extend(method.map(Stage::Decides));
    }
    for &base in origins.of_bases(class) {
        match origins.val(base) {
            Some(Val::Api(path)) if guards(origins, path) => out.push(Stage::Package(path)),
            Some(Val::Class(base)) if out.is_empty() && depth < 4 => {
                out.extend(decider(origins, base, depth + 1));
            }
            _ => {}
        }
    }
    if out.is_empty() {
        out.push(Stage::Unknown);
    }
    out
}

/// The guards that a decorator of Nest names, itself or through functions of the program that put decorators together.
pub(super) fn use_guards(
    origins: &Solver<'_, '_>,
    owner: FuncId,
    decorator: Operand,
) -> Vec<Stage> {
    let mut out = Vec::new();
    for &val in origins.of_operand(owner, decorator).iter().take(2) {
        let Some(Val::Api(path)) = origins.val(val) else {
            continue;
        };
        let text = origins.paths.text(path);
        if text == "npm:@nestjs/common.UseGuards()" {
            for arg in arguments(origins, owner, decorator) {
                out.extend(of_class_value(origins, owner, arg.value));
            }
        }
    }
    // A function of the program that makes decorators: what it hands to `applyDecorators`.
    let f = origins.program.func(owner);
    let callee = f.func.instrs.iter().find_map(|instr| match *instr {
        Instr::Call { to, callee, .. } if Operand::Local(to) == decorator => Some(callee),
        _ => None,
    });
    let made_by = callee.map_or(&[][..], |callee| origins.of_operand(owner, callee));
    for &val in made_by.iter().take(1) {
        let Some(Val::Func(maker)) = origins.val(val) else {
            continue;
        };
        let m = origins.program.func(maker);
        for instr in &m.func.instrs {
            if let Instr::Call { to, .. } = *instr {
                let names = origins.of_local(maker, to).iter().any(|&val| {
                    matches!(origins.val(val), Some(Val::Api(path))
                        if origins.paths.text(path) == "npm:@nestjs/common.UseGuards()")
                });
                if names {
                    for arg in arguments(origins, maker, Operand::Local(to)) {
                        out.extend(of_class_value(origins, maker, arg.value));
                    }
                }
            }
        }
    }
    out
}
