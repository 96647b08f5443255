//! Bars: findings by area, guards by share.

use super::super::page::Page;
use super::{close, int, label, open, rectangle};
use crate::names::word;
use casemate_assess::assessment::Level;
use casemate_assess::dossier::Area;
use casemate_assess::dossier::surface::GuardShare;
use casemate_say::{label, say};

/// Where bars begin, and how long the longest is.
const LEFT: i64 = 120;
const LENGTH: i64 = 430;

pub(in super::super) fn areas(page: &mut Page, areas: &[Area]) {
    let shown: Vec<&Area> = areas.iter().filter(|a| a.total() > 0).collect();
    let most = shown.iter().map(|a| a.total()).max().unwrap_or(1).max(1);
    let said: Vec<String> = shown
        .iter()
        .map(|a| format!("{} {}", a.name, a.total()))
        .collect();
    open(
        page,
        640,
        int(shown.len()) * 30 + 8,
        &format!("Findings by area: {}", said.join(", ")),
    );
    for (row, area) in shown.iter().enumerate() {
        let y = 4 + int(row) * 30;
        label(page, "tick end", LEFT - 10, y + 16, word(&area.name));
        let mut x = LEFT;
        for level in Level::ALL.iter().rev() {
            let n = area
                .levels
                .get(*level as usize)
                .copied()
                .unwrap_or_default();
            if n == 0 {
                continue;
            }
            let width = (int(n) * LENGTH / int(most)).max(3);
            let class = match level {
                Level::Critical => "bar critical",
                Level::High => "bar high",
                Level::Medium => "bar medium",
                Level::Low => "bar low",
                Level::Info => "bar info",
            };
            rectangle(page, class, [x, y, width, 22]);
            x += width + 1;
        }
        label(page, "tick", x + 8, y + 16, &area.total().to_string());
    }
    close(
        page,
        label!("Findings by area of the catalogue; darker is more serious."),
    );
}

pub(in super::super) fn guards(page: &mut Page, shares: &[GuardShare]) {
    let shown: Vec<&GuardShare> = shares
        .iter()
        .filter(|s| s.yes + s.no + s.unknown > 0)
        .collect();
    let said: Vec<String> = shown
        .iter()
        .map(|s| {
            say!(
                "{guard} {yes} of {all}",
                guard = word(&s.kind),
                yes = s.yes,
                all = s.yes + s.no + s.unknown
            )
        })
        .collect();
    open(
        page,
        640,
        int(shown.len()) * 30 + 8,
        &format!("Endpoints by guard: {}", said.join(", ")),
    );
    for (row, share) in shown.iter().enumerate() {
        let y = 4 + int(row) * 30;
        let all = share.yes + share.no + share.unknown;
        label(page, "tick end", LEFT - 10, y + 16, word(&share.kind));
        let mut x = LEFT;
        for (n, class) in [
            (share.yes, "bar good"),
            (share.unknown, "bar open"),
            (share.no, "bar none"),
        ] {
            let width = int(n) * LENGTH / int(all);
            if width > 0 {
                rectangle(page, class, [x, y, width, 22]);
                x += width;
            }
        }
        label(
            page,
            "tick",
            LEFT + LENGTH + 8,
            y + 16,
            &format!("{} of {all}", share.yes),
        );
    }
    close(
        page,
        label!(
            "Share of endpoints with each guard (`csrf` and `validation`: of those that change something): solid certain, hatched not known, empty none."
        ),
    );
}
