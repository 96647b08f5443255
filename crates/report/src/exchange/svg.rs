//! The diagram as a drawing that stands alone, for light and dark.

use super::layout::{self, BOUNDARIES, Placed};
use crate::text::prose::clean;
use casemate_assess::assessment::Assessment;
use casemate_assess::dossier::diagram::Kind;
use std::fmt::Write as _;

const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#1c2024}.soft{fill:#565d66;font-size:11.5px}.name{font-weight:600}.middle{text-anchor:middle}.end{text-anchor:end}.paper{fill:#fcfbf8}.node{fill:#f4f1ea;stroke:#565d66}.process{stroke:#1c2024;stroke-width:1.6}.dash{stroke-dasharray:4 3}.flow{fill:none;stroke:#565d66;stroke-width:1.2}.found{stroke:#a33a08;stroke-width:2.4}.head{stroke:none;fill:#565d66}.found.head,.mark{fill:#a33a08}.boundary{stroke:#861a22;stroke-dasharray:6 5;opacity:.7}@media(prefers-color-scheme:dark){text{fill:#e6e3dc}.soft{fill:#a7adb4}.paper{fill:#15181b}.node{fill:#1d2125;stroke:#a7adb4}.process{stroke:#e6e3dc}.flow{stroke:#a7adb4}.head{fill:#a7adb4}.found{stroke:#f0a070}.found.head,.mark{fill:#f0a070}.boundary{stroke:#f08a8f}}";

pub(super) fn render(assessment: &Assessment) -> String {
    let layout = layout::of(assessment);
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\">\n<title>Data flows of {2}</title>\n<style>{STYLE}</style>\n<rect class=\"paper\" width=\"{0}\" height=\"{1}\"/>",
        layout.width,
        layout.height,
        text(&assessment.project.name, 80)
    );
    for x in BOUNDARIES {
        let _ = writeln!(
            out,
            "<text class=\"soft middle\" x=\"{x}\" y=\"20\">trust boundary</text><line class=\"boundary\" x1=\"{x}\" x2=\"{x}\" y1=\"28\" y2=\"{}\"/>",
            layout.height - 8
        );
    }
    let flows = &assessment.dossier.diagram.flows;
    for (at, flow) in flows.iter().enumerate() {
        let (Some(from), Some(to)) = (layout.party(&flow.from), layout.party(&flow.to)) else {
            continue;
        };
        // Flows that leave or reach one party stand apart.
        let spread = |party: &Placed<'_>, of: &dyn Fn(usize) -> bool| {
            let all: Vec<usize> = (0..flows.len()).filter(|n| of(*n)).collect();
            let nth = all.iter().position(|n| *n == at).unwrap_or_default();
            party.y + party.height * (nth + 1) / (all.len() + 1)
        };
        let leaves = |n: usize| flows.get(n).is_some_and(|f| f.from == flow.from);
        let enters = |n: usize| flows.get(n).is_some_and(|f| f.to == flow.to);
        let (x1, y1) = (from.x + from.width, spread(from, &leaves));
        let (x2, y2) = (to.x, spread(to, &enters));
        let bend = usize::midpoint(x1, x2);
        let class = if flow.findings.is_empty() {
            "flow"
        } else {
            "flow found"
        };
        let _ = writeln!(
            out,
            "<path class=\"{class}\" d=\"M{x1} {y1}C{bend} {y1} {bend} {y2} {} {y2}\"><title>{}</title></path><path class=\"{class} head\" transform=\"translate({x2} {y2})\" d=\"M0 0l-9-4v8z\"/>",
            x2 - 8,
            text(&flow.label, 120)
        );
    }
    for party in &layout.placed {
        node(party, &mut out);
    }
    out.push_str("</svg>\n");
    out
}

fn node(party: &Placed<'_>, out: &mut String) {
    let Placed {
        x,
        y,
        width,
        height,
        ..
    } = *party;
    let (class, round) = match party.node.kind {
        Kind::Actor | Kind::External => ("node dash", 3),
        Kind::Process => ("node process", 12),
        Kind::Store => ("node", 0),
    };
    let middle = x + width / 2;
    let _ = writeln!(
        out,
        "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>\n<text class=\"name middle\" x=\"{middle}\" y=\"{}\">{}</text>\n<text class=\"soft middle\" x=\"{middle}\" y=\"{}\">{}</text>",
        y + 25,
        text(&party.node.name, 34),
        y + 44,
        text(&party.node.detail, 40)
    );
    for (at, group) in party.groups.iter().enumerate() {
        let line = y + 70 + at * 18;
        if group.found > 0 {
            let _ = writeln!(
                out,
                "<circle class=\"mark\" cx=\"{}\" cy=\"{}\" r=\"3\"/>",
                x + 12,
                line - 4
            );
        }
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{line}\">{}</text><text class=\"soft end\" x=\"{}\" y=\"{line}\">{}</text>",
            x + 20,
            text(&group.name, 16),
            x + width - 12,
            text(&group.says, 34)
        );
    }
}

/// Text of an element, escaped and cut.
fn text(of: &str, most: usize) -> String {
    let clean = clean(of);
    let mut out = String::new();
    for (at, c) in clean.chars().enumerate() {
        if at + 1 == most && clean.chars().count() > most {
            out.push('…');
            break;
        }
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{FFFE}' | '\u{FFFF}' => {}
            c => out.push(c),
        }
    }
    out
}
