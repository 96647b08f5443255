//! Views as lists of addresses name them: what is called around them there (`login_required(OrderView.as_view())`), and whether it is
//! known which view that is.
//!
//! Source: <https://docs.djangoproject.com/en/5.2/topics/class-based-views/intro/#decorating-in-urlconf>

use crate::decoration::{self, wraps, written_name};
use crate::model::{Member, Stage};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::Site;
use casemate_ir::{ArgKey, Instr, Key, Operand};

/// Functions around each other.
const DEPTH: usize = 8;

/// A view, and what the list of addresses puts around it.
pub(crate) struct Wrapped {
    /// What stands around the view, outermost first.
    pub chain: Vec<Member>,
    /// The view itself: what the innermost call is given.
    pub view: Operand,
}

/// What is called around a view where its address is said. A call that makes a view of something else is no wrapper.
pub(crate) fn unwrapped(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    site: Site,
    view: Operand,
) -> Wrapped {
    let mut callees = Vec::new();
    let mut at = view;
    let is_view = loop {
        let Some((callee, args)) = f.call_behind(at) else {
            let values = origins.of_operand(f.id, at).iter();
            let mut values = values.filter_map(|val| origins.val(*val));
            break values.any(|val| matches!(val, Val::Func(_)));
        };
        if is_as_view(f, callee) {
            break true;
        }
        let given = args.iter().find(|arg| arg.key == ArgKey::Pos);
        let Some(given) = given.filter(|_| callees.len() < DEPTH) else {
            break false;
        };
        callees.push(callee);
        at = given.value;
    };
    if !is_view {
        return Wrapped {
            chain: Vec::new(),
            view,
        };
    }
    let stages = callees.into_iter();
    let stages = stages.flat_map(|callee| wraps(origins, f.id, callee, 0));
    let chain = stages.map(|stage| decoration::member(origins, site, stage));
    Wrapped {
        chain: chain.collect(),
        view: at,
    }
}

/// `OrderView.as_view`
pub(crate) fn is_as_view(f: FuncRef<'_>, callee: Operand) -> bool {
    matches!(f.made_by(callee), Some(Instr::Load { key: Key::Field(name), .. }) if f.file.facts.str(*name) == "as_view")
}

/// Whether nobody can tell which class the view of an address is: `self.list_view.as_view()` of what a function looked up by its name.
pub(crate) fn is_class_unknown(origins: &Solver<'_, '_>, f: FuncRef<'_>, view: Operand) -> bool {
    let Some((callee, _)) = f.call_behind(view) else {
        // A view that was made elsewhere: `order_list = OrderListView.as_view()`.
        let values = origins.of_operand(f.id, view);
        return values.iter().all(|val| match origins.val(*val) {
            Some(Val::Api(path)) => origins.paths.text(path).ends_with(".as_view()"),
            _ => false,
        }) && !values.is_empty();
    };
    if !is_as_view(f, callee) {
        return false;
    }
    let Some(class) = f.read_off(callee) else {
        return true;
    };
    let values = origins.of_operand(f.id, class);
    !values.iter().any(|val| match origins.val(*val) {
        Some(Val::Class(_)) => true,
        // A class of a package. What a package looked up by a name is none.
        Some(Val::Api(path)) => !origins.paths.text(path).contains(['(', '*']),
        _ => false,
    }) || values.is_empty() && written_name(f, class).is_none()
}

/// Members of a chain that are not known.
pub(crate) fn unknown(chain: &[Member]) -> u32 {
    let open = chain.iter().filter(|member| member.what == Stage::Unknown);
    u32::try_from(open.count()).unwrap_or(u32::MAX)
}
