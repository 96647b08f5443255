//! The data-flow diagram: actors, the project's processes, what lies beyond; boundaries between them.

use super::super::page::Page;
use super::{close, int, label, open, rectangle, short};
use casemate_assess::dossier::diagram::{Diagram, Kind, Node};
use casemate_say::label;

const WIDTH: i64 = 220;
const HEIGHT: i64 = 56;
const STEP: i64 = 78;
const COLUMNS: [i64; 3] = [5, 315, 625];

pub(in super::super) fn write(page: &mut Page, diagram: &Diagram) {
    let column = |kind: Kind| match kind {
        Kind::Actor => 0,
        Kind::Process => 1,
        Kind::Store | Kind::External => 2,
    };
    let of = |n: usize| {
        diagram
            .nodes
            .iter()
            .filter(|node| column(node.kind) == n)
            .collect::<Vec<&Node>>()
    };
    let columns = [of(0), of(1), of(2)];
    let rows = columns.iter().map(Vec::len).max().unwrap_or(1).max(1);
    let height = int(rows) * STEP + 40;
    let place = |id: &str| {
        columns.iter().enumerate().find_map(|(at, nodes)| {
            let row = nodes.iter().position(|n| n.id == id)?;
            // Short columns stand in the middle.
            let offset = (int(rows) - int(nodes.len())) * STEP / 2;
            Some((
                COLUMNS.get(at).copied().unwrap_or_default(),
                36 + offset + int(row) * STEP,
            ))
        })
    };
    let said: Vec<String> = diagram
        .flows
        .iter()
        .map(|f| format!("{} to {}: {}", f.from, f.to, f.label))
        .collect();
    open(
        page,
        850,
        height,
        &format!("Data flows. {}", said.join("; ")),
    );
    label(page, "axis middle", 270, 16, label!("trust boundary"));
    label(page, "axis middle", 580, 16, label!("trust boundary"));
    for x in [270, 580] {
        page.raw("<line class=\"boundary\"")
            .coordinate("x1", x)
            .coordinate("x2", x)
            .coordinate("y1", 24)
            .coordinate("y2", height - 6)
            .raw("/>\n");
    }
    for flow in &diagram.flows {
        let (Some((x1, y1)), Some((x2, y2))) = (place(&flow.from), place(&flow.to)) else {
            continue;
        };
        let class = if flow.findings.is_empty() {
            "flow"
        } else {
            "flow found"
        };
        let (x1, y1, y2) = (x1 + WIDTH, y1 + HEIGHT / 2, y2 + HEIGHT / 2);
        page.raw("<line class=\"").raw(class).raw("\"");
        page.coordinate("x1", x1)
            .coordinate("y1", y1)
            .coordinate("x2", x2 - 7)
            .coordinate("y2", y2)
            .raw("/>\n");
        page.raw("<path class=\"")
            .raw(class)
            .raw(" head\" transform=\"translate(")
            .number(usize::try_from(x2).unwrap_or(0))
            .raw(" ");
        page.number(usize::try_from(y2).unwrap_or(0))
            .raw(")\" d=\"M0 0 l-9 -4 v8 z\"/>\n");
    }
    for node in &diagram.nodes {
        let Some((x, y)) = place(&node.id) else {
            continue;
        };
        let class = match node.kind {
            Kind::Actor => "node actor",
            Kind::Process => "node process",
            Kind::Store => "node store",
            Kind::External => "node external",
        };
        rectangle(page, class, [x, y, WIDTH, HEIGHT]);
        label(page, "name", x + WIDTH / 2, y + 24, &short(&node.name, 26));
        label(
            page,
            "detail",
            x + WIDTH / 2,
            y + 42,
            &short(&node.detail, 36),
        );
    }
    close(
        page,
        label!(
            "Who talks to whom, as the code shows it; a heavy line has findings. The table below tells each flow."
        ),
    );
}
