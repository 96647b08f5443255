//! Likelihood by impact.

use super::super::page::Page;
use super::{close, int, label, open, rectangle};
use crate::names::word;
use casemate_assess::assessment::Level;
use casemate_assess::dossier::risk::Risk;
use casemate_say::label;

const IMPACTS: [&str; 4] = ["negligible", "minor", "serious", "severe"];
const LIKELIHOODS: [&str; 3] = ["high", "medium", "low"];

pub(in super::super) fn write(page: &mut Page, risks: &[Risk]) {
    let says = format!(
        "Risk matrix with {} root causes by likelihood and impact",
        risks.len()
    );
    open(page, 640, 290, &says);
    label(page, "axis", 20, 20, label!("Likelihood"));
    for (row, likelihood) in LIKELIHOODS.iter().enumerate() {
        let y = 32 + int(row) * 70;
        label(page, "tick", 20, y + 38, word(likelihood));
        for (column, impact) in IMPACTS.iter().enumerate() {
            let x = 100 + int(column) * 132;
            let here: Vec<&Risk> = risks
                .iter()
                .filter(|r| r.likelihood == *likelihood && r.impact == *impact)
                .collect();
            let worst = here.iter().map(|r| r.level).max();
            let class = match worst {
                Some(Level::Critical) => "cell critical",
                Some(Level::High) => "cell high",
                Some(Level::Medium) => "cell medium",
                Some(Level::Low) => "cell low",
                Some(Level::Info) => "cell info",
                None => "cell",
            };
            rectangle(page, class, [x, y, 126, 64]);
            if here.is_empty() {
                continue;
            }
            label(page, "big", x + 63, y + 30, &here.len().to_string());
            let mut ids: Vec<&str> = here.iter().take(4).map(|r| r.id.as_str()).collect();
            if here.len() > 4 {
                ids.push("…");
            }
            label(page, "ids", x + 63, y + 50, &ids.join(" "));
        }
    }
    for (column, impact) in IMPACTS.iter().enumerate() {
        label(
            page,
            "tick middle",
            163 + int(column) * 132,
            260,
            word(impact),
        );
    }
    label(page, "axis middle", 360, 282, label!("Impact"));
    close(
        page,
        label!(
            "Root causes by likelihood and impact; the table below names each with its evidence."
        ),
    );
}
