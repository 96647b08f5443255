//! The report for a terminal.

mod common;

use casemate_report::text::{Style, render};

#[test]
fn a_page() {
    insta::assert_snapshot!(render(&common::sample(), Style::PLAIN));
}

#[test]
fn a_narrow_page_keeps_its_width() {
    let page = render(
        &common::sample(),
        Style {
            colored: false,
            width: 60,
        },
    );
    // The last line is one line at any width.
    let lines = page.lines().count() - 1;
    let prose = page
        .lines()
        .take(lines)
        .filter(|l| !l.contains("━"))
        .filter(|l| unicode_width::UnicodeWidthStr::width(*l) > 60);
    assert_eq!(prose.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn colours_change_nothing_else() {
    let colored = render(
        &common::sample(),
        Style {
            colored: true,
            width: 100,
        },
    );
    let mut plain = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, r)| r);
    }
    plain.push_str(rest);
    assert_eq!(plain, render(&common::sample(), Style::PLAIN));
}
