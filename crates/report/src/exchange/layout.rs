//! Where the parties of the diagram stand: clients on the left, the project in the middle, what lies beyond on the right.
//!
//! A process shows its endpoints by the first name of their paths, so that 5 and 300 of them need about the same space.

use crate::text::prose::clean;
use casemate_assess::assessment::Assessment;
use casemate_assess::dossier::diagram::{Diagram, Kind, Node};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Groups of endpoints that one process shows; more become one line.
const GROUPS: usize = 12;

const WIDTH: usize = 290;
const TOP: usize = 44;
const GAP: usize = 30;
const COLUMNS: [usize; 3] = [10, 370, 730];

/// A party with its place.
pub(super) struct Placed<'a> {
    /// What it is.
    pub node: &'a Node,
    /// Left edge.
    pub x: usize,
    /// Upper edge.
    pub y: usize,
    /// Its width.
    pub width: usize,
    /// Its height.
    pub height: usize,
    /// Its endpoints: name, what is known of them, and whether something was found behind one.
    pub groups: Vec<Group>,
}

/// Endpoints whose paths begin alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Group {
    /// `/orders`.
    pub name: String,
    /// `5, 3 behind a login`.
    pub says: String,
    /// Findings behind one of them.
    pub found: usize,
}

/// All parties, and how much space they take.
pub(super) struct Layout<'a> {
    /// In the order of the diagram.
    pub placed: Vec<Placed<'a>>,
    /// Its width.
    pub width: usize,
    /// Its height.
    pub height: usize,
}

impl Layout<'_> {
    /// A party by its id.
    pub fn party(&self, id: &str) -> Option<&Placed<'_>> {
        self.placed.iter().find(|p| p.node.id == id)
    }
}

/// The column of a kind of party.
pub(super) const fn column(kind: Kind) -> usize {
    match kind {
        Kind::Actor => 0,
        Kind::Process => 1,
        Kind::Store | Kind::External => 2,
    }
}

/// Between which columns the boundaries run.
pub(super) const BOUNDARIES: [usize; 2] = [335, 695];

pub(super) fn of(assessment: &Assessment) -> Layout<'_> {
    let diagram: &Diagram = &assessment.dossier.diagram;
    let mut heights = [TOP; 3];
    let mut placed: Vec<Placed<'_>> = Vec::new();
    for node in &diagram.nodes {
        let at = column(node.kind);
        let groups = if node.kind == Kind::Process {
            groups(assessment, node)
        } else {
            Vec::new()
        };
        let height = 60 + groups.len() * 18 + if groups.is_empty() { 0 } else { 10 };
        let Some(y) = heights.get_mut(at) else {
            continue;
        };
        placed.push(Placed {
            node,
            x: COLUMNS.get(at).copied().unwrap_or_default(),
            y: *y,
            width: WIDTH,
            height,
            groups,
        });
        *y += height + GAP;
    }
    let height = heights.iter().copied().max().unwrap_or(TOP);
    // Short columns stand in the middle.
    for party in &mut placed {
        let own = heights
            .get(column(party.node.kind))
            .copied()
            .unwrap_or(height);
        party.y += (height - own) / 2;
    }
    Layout {
        placed,
        width: 1030,
        height: height + 10,
    }
}

fn groups(assessment: &Assessment, node: &Node) -> Vec<Group> {
    let surface = &assessment.dossier.surface;
    let root = node.id.strip_prefix("process-").unwrap_or_default();
    let roots: Vec<&str> = assessment.units.iter().map(|u| u.root.as_str()).collect();
    let owner = |file: &str| {
        let inside = roots
            .iter()
            .filter(|r| r.is_empty() || file.starts_with(&format!("{r}/")));
        inside.max_by_key(|r| r.len()).copied().unwrap_or_default()
    };
    let shown = |root: &str| {
        if root.is_empty() {
            "root".to_owned()
        } else {
            root.to_owned()
        }
    };
    let drawn: Vec<&str> = assessment
        .dossier
        .diagram
        .nodes
        .iter()
        .filter_map(|n| n.id.strip_prefix("process-"))
        .collect();
    let mut by: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for row in &surface.endpoints {
        let of = shown(owner(&row.at.file));
        let here = of == root || root == "rest" && !drawn.contains(&of.as_str());
        if !here {
            continue;
        }
        let mut parts = row.path.split('/').filter(|part| !part.is_empty());
        let parameter = |part: &str| part.starts_with(['(', ':', '{', '*', '<', '$', '[']);
        // What stands behind a parameter says more than the parameter.
        let name = match parts.next() {
            None => "/".to_owned(),
            Some(name) if !parameter(name) => format!("/{}", clean(name)),
            Some(_) => match parts.find(|part| !parameter(part)) {
                Some(name) => format!("/…/{}", clean(name)),
                None => "/…".to_owned(),
            },
        };
        let [all, login, found] = by.entry(name).or_default();
        *all += 1;
        *login += usize::from(row.has("authentication") == "yes");
        *found += row.findings.len();
    }
    let mut groups: Vec<(String, [usize; 3])> = by.into_iter().collect();
    groups.sort_by(|a, b| (Reverse(a.1[0]), &a.0).cmp(&(Reverse(b.1[0]), &b.0)));
    let rest = groups.split_off(groups.len().min(GROUPS));
    if !rest.is_empty() {
        let sum = rest.iter().fold([0; 3], |sum, (_, n)| {
            [sum[0] + n[0], sum[1] + n[1], sum[2] + n[2]]
        });
        groups.push((format!("{} more", rest.len()), sum));
    }
    groups
        .into_iter()
        .map(|(name, [all, login, found])| Group {
            name,
            says: format!("{all}, {login} behind a login"),
            found,
        })
        .collect()
}
