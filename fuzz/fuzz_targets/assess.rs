//! A small project from text to reports: files are cut at a line `//// name`.
#![no_main]

use casemate_assess::config::Config;
use casemate_assess::knowledge::Knowledge;
use casemate_report::Format;
use libfuzzer_sys::fuzz_target;

/// Names that a file gets, by the byte after the mark.
const NAMES: [&str; 11] = [
    "a.js", "b.ts", "i.py", "lib/c.js", "lib/j.py", "views/d.ejs", "views/e.pug", "views/f.njk", "views/g.hbs", "views/k.html", "h.tsx",
];

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let manifest = r#"{"name": "x", "dependencies": {"express": "4", "pg": "8", "ejs": "3"}}"#;
    let requirements = "flask==3.0\nsqlalchemy\njinja2\n".to_owned();
    let mut files = vec![
        ("package.json".to_owned(), manifest.to_owned()),
        ("requirements.txt".to_owned(), requirements),
    ];
    for (index, part) in text.split("////").take(NAMES.len()).enumerate() {
        files.push((NAMES[index].to_owned(), part.to_owned()));
    }
    let config = Config {
        jobs: Some(1),
        ..Config::default()
    };
    let knowledge = Knowledge::built_in().expect("the catalogue inside is whole");
    let Ok(assessment) = casemate_assess::assess_files(&files, &config, knowledge) else {
        return;
    };
    assert_eq!(assessment.coverage.files.skipped, [], "no file makes a front end fail");
    for format in [Format::Text, Format::Json, Format::Markdown, Format::Sarif] {
        let report = casemate_report::render(&assessment, format);
        assert!(!report.is_empty());
    }
});
