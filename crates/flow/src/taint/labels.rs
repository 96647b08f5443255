//! Where taint begins: values whose API path a model calls a source.

use super::interp::Interp;
use super::kinds::ROOTED;
use super::trace::{TraceKind, TraceNode};
use super::value::{Origin, SourceRef, Taint};
use crate::apipath::PathId;
use crate::origin::Val;
use crate::symbol::Sym;
use casemate_ir::{Language, LocalId, Operand, Span};
use casemate_model::expr::Tri;
use casemate_model::kind::{KindSet, Shape};
use casemate_model::path::PortBase;
use casemate_model::row::{Role, SourceKindRef};
use smallvec::SmallVec;

/// Types of requests whose `url` is what was asked for, and no whole address.
const AS_IT_CAME: [&str; 4] = ["express/", "fastify/", "http/", "koa/"];

impl Interp<'_> {
    pub(super) fn source(
        &mut self,
        kind: casemate_model::kind::SourceKind,
        shape: Shape,
        span: Span,
    ) -> Taint {
        let trace = self.arena.push(
            self.f.id,
            TraceNode {
                kind: TraceKind::Source,
                span,
                prev: None,
                inner: None,
                callee: None,
            },
        );
        let source = SourceRef {
            func: self.f.id,
            span,
            kind,
            shape,
        };
        let clean = self.origins.paths.models().kinds().shape_clears(shape);
        Taint {
            origin: Origin::Source(source),
            clean,
            derived: false,
            notes: 0,
            trace,
        }
    }

    /// The sources that a local is because of what it was given as.
    pub(super) fn labels(&mut self, local: LocalId, span: Span) -> SmallVec<[Taint; 1]> {
        let origins = self.origins;
        let mut out: SmallVec<[Taint; 1]> = SmallVec::new();
        let mut params = self.f.func.params.iter().enumerate();
        let (index, param) = params.find(|(_, p)| p.local == local).unzip();
        // Whom a declared value is handed on to gets what became of it on the way: it may have been checked.
        // What Python says beside a type only asks something of the value.
        let decorates = self.f.file.facts.language == Language::JavaScript;
        let declared = decorates && param.is_some_and(|p| !p.decorators.is_empty());
        // A parameter that only the program fills gets what its callers hold, caller by caller; a package fills the others.
        let filled = |index| origins.filled_by_package.contains(&(self.f.id, index));
        if index.is_some_and(|index| !declared && !filled(index)) {
            return out;
        }
        for &val in origins.of_local(self.f.id, local) {
            if let Some(Val::Api(path)) = origins.val(val)
                && origins.paths.has_rows(path)
                && origins.paths.is_given(path)
                && (declared || !origins.paths.is_declaration(path))
            {
                self.path_labels(path, span, &mut out);
            }
        }
        // `**kwargs` holds texts and is none.
        if param.is_some_and(|p| p.rest || p.keyword_rest) {
            for taint in &mut out {
                if let Origin::Source(source) = &mut taint.origin
                    && source.shape == Shape::Text
                {
                    source.shape = Shape::String;
                }
            }
        }
        out
    }

    /// The sources that reading a member makes.
    pub(super) fn member_labels(
        &mut self,
        base: Operand,
        sym: Sym,
        span: Span,
    ) -> SmallVec<[Taint; 1]> {
        let origins = self.origins;
        let mut out = SmallVec::new();
        for &val in origins.of_operand(self.f.id, base) {
            if let Some(Val::Api(path)) = origins.val(val)
                && let Some(read) = origins.met_member(path, sym)
                && origins.paths.has_rows(read)
            {
                self.path_labels(read, span, &mut out);
            }
        }
        out
    }

    /// The sources that reading a member makes which an object of the program has from a package's class. What the program itself put under
    /// the name, the argument of a handler for one, is no such member: where it was a source, it still is one by its own way.
    pub(super) fn inherited_labels(
        &mut self,
        base: Operand,
        sym: Sym,
        to: LocalId,
        span: Span,
    ) -> SmallVec<[Taint; 1]> {
        let origins = self.origins;
        let mut out = SmallVec::new();
        let own = |val| matches!(origins.val(val), Some(Val::Instance(_)));
        let name = origins.program.symbols.text(sym);
        if origins.of_operand(self.f.id, base).iter().copied().any(own) {
            for &val in origins.of_local(self.f.id, to) {
                if let Some(Val::Api(path)) = origins.val(val)
                    && origins.paths.has_rows(path)
                    && origins.paths.last_member(path) == name
                {
                    self.path_labels(path, span, &mut out);
                }
            }
        }
        out
    }

    pub(super) fn path_labels(&mut self, path: PathId, span: Span, out: &mut SmallVec<[Taint; 1]>) {
        let origins = self.origins;
        for (_, row) in origins.paths.rows(path) {
            if let Role::Source { kind, shape, port } = &row.role
                && port.base == PortBase::Value
                && port.steps.is_empty()
                && self.holds_of_member(row, path) != Tri::No
            {
                let kind = match kind {
                    SourceKindRef::Fixed(kind) => Some(*kind),
                    SourceKindRef::Named => origins
                        .paths
                        .models()
                        .source_kind(row, origins.paths.last_member(path)),
                };
                if let Some(kind) = kind {
                    let mut taint = self.source(kind, *shape, span);
                    taint.clean = taint.clean.union(self.clean_here(path, PortBase::Value));
                    let kinds = origins.paths.models().kinds();
                    if kinds.source_name(kind) == "http.url" && self.is_rooted(path) {
                        taint.clean = taint.clean.union(ROOTED);
                    }
                    out.push(taint);
                }
            }
        }
    }

    /// The path of a request begins with a slash, whatever is asked for; so does the whole of what was asked where it is kept as it came.
    fn is_rooted(&self, path: PathId) -> bool {
        let paths = &self.origins.paths;
        match paths.last_member(path) {
            "path" | "pathname" | "originalUrl" => true,
            // Requests of the Fetch standard have whole addresses there.
            "url" => {
                let text = paths.text(path);
                AS_IT_CAME.iter().any(|of| text.starts_with(of))
            }
            _ => false,
        }
    }

    /// For which kinds a member or a result is clean as it comes, whatever it holds.
    pub(super) fn clean_here(&self, path: PathId, port: PortBase) -> KindSet {
        let mut kinds = KindSet::EMPTY;
        for (_, row) in self.origins.paths.rows(path) {
            if let Role::Clean {
                from,
                to,
                kinds: of_row,
            } = &row.role
                && from == to
                && from.base == port
                && from.steps.is_empty()
                && row.when.is_none()
            {
                kinds = kinds.union(*of_row);
            }
        }
        kinds
    }
}

/// The kind of a source's label; none for a parameter's.
pub(super) fn label_kind(taint: &Taint) -> casemate_model::kind::SourceKind {
    match taint.origin {
        Origin::Source(source) => source.kind,
        Origin::Port(_) => casemate_model::kind::SourceKind(u8::MAX),
    }
}
