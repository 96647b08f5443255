//! The forms that build servers read: their shape, and that nothing of a project becomes a part of it.

mod common;

use casemate_assess::assessment::Assessment;
use casemate_assess::dossier::{Row, Verdict};
use casemate_report::{Format, render};
use serde_json::Value;

/// The sample with a ledger, and with texts that try to be markup.
fn hostile() -> Assessment {
    let mut assessment = common::sample();
    let evil = "a\n::error::x%0Ay </failure>]]> \"><script>|`";
    assessment.findings[0].message = evil.into();
    assessment.findings[0].place.file = "src/a,b:c.ts".into();
    let row = |id: &str, level, verdict, evidence: &[&str]| Row {
        id: id.into(),
        level,
        verdict,
        says: "Queries are bound".into(),
        because: "1 finding breaks it".into(),
        evidence: evidence.iter().map(|e| (*e).to_owned()).collect(),
        ..Row::default()
    };
    assessment.dossier.ledger = vec![
        row(
            "v5.0.0-1.2.4",
            1,
            Verdict::Fail,
            &["sql-injection@1a2b3c4d"],
        ),
        row("v5.0.0-1.2.5", 1, Verdict::Pass, &["src/a.ts:3"]),
        row("v5.0.0-1.2.6", 2, Verdict::NotApplicable, &[]),
        row("v5.0.0-1.2.7", 2, Verdict::Partial, &[]),
        row(
            "v5.0.0-6.1.1",
            1,
            Verdict::Attested,
            &["casemate.decisions.toml:4"],
        ),
        row("v5.0.0-2.3.5", 3, Verdict::Human, &[]),
    ];
    assessment
}

fn json(format: Format) -> Value {
    serde_json::from_str(&render(&hostile(), format)).unwrap()
}

#[test]
fn annotations_stay_one_line_each() {
    let text = render(&hostile(), Format::Github);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[0].starts_with("::error file=src/a%2Cb%3Ac.ts,line=31,endLine=31,title="),
        "{}",
        lines[0]
    );
    assert!(lines[0].contains("a ::error::x%250Ay"), "{}", lines[0]);
    assert!(lines[2].starts_with("::warning "), "{}", lines[2]);
}

#[test]
fn a_summary_holds_text_only() {
    let text = render(&hostile(), Format::Summary);
    assert!(
        text.contains("3 findings (2 critical, 1 medium) in 14 files, 0 endpoints."),
        "{text}"
    );
    assert!(
        !text.contains("<script>") && !text.contains("\"><"),
        "{text}"
    );
    assert!(
        text.contains("1 FAIL, 1 PARTIAL, 1 PASS, 1 N/A, 1 ATTESTED, 1 HUMAN"),
        "{text}"
    );
    // What stands in back-ticks is code, and its own markup is none.
    let plain = render(&common::sample(), Format::Summary);
    assert!(
        plain.contains("<code>req.query.sort</code> becomes part of the SQL text"),
        "{plain}"
    );
    // Every row of the table has four cells.
    let rows = text.lines().filter(|l| l.starts_with('|'));
    assert!(
        rows.clone().count() == 5 && rows.clone().all(|r| r.matches('|').count() == 5),
        "{text}"
    );
}

#[test]
fn junit_is_well_formed() {
    let text = render(&hostile(), Format::Junit);
    assert!(text.contains("tests=\"3\" failures=\"3\""), "{text}");
    assert_eq!(
        text.matches("<testcase ").count(),
        text.matches("</testcase>").count()
    );
    assert_eq!(
        text.matches("<failure ").count(),
        text.matches("</failure>").count()
    );
    assert!(!text.contains("<script>"));
    // Every `&` begins an entity, and every `<` one of five tags.
    for (at, _) in text.match_indices('&') {
        let entity = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"];
        assert!(
            entity.iter().any(|e| text[at..].starts_with(e)),
            "{}",
            &text[at..at + 10]
        );
    }
    for (at, _) in text.match_indices('<') {
        let tag = ["<?xml", "<test", "</test", "<failure", "</failure"];
        assert!(
            tag.iter().any(|t| text[at..].starts_with(t)),
            "{}",
            &text[at..at + 10]
        );
    }
}

#[test]
fn gitlab_has_what_its_form_asks() {
    let report = json(Format::Gitlab);
    for member in [
        "analyzer",
        "scanner",
        "type",
        "start_time",
        "end_time",
        "status",
    ] {
        assert!(report["scan"].get(member).is_some(), "{member}");
    }
    assert_eq!(report["scan"]["start_time"], "2026-11-22T00:00:00");
    let found = report["vulnerabilities"].as_array().unwrap();
    assert_eq!(found.len(), 3);
    for f in found {
        assert!(f["id"].as_str().is_some_and(|id| !id.is_empty()));
        assert!(!f["identifiers"].as_array().unwrap().is_empty());
        assert!(f["location"]["start_line"].as_u64() <= f["location"]["end_line"].as_u64());
        let known = ["Critical", "High", "Medium", "Low", "Info"];
        assert!(known.contains(&f["severity"].as_str().unwrap()));
    }
}

#[test]
fn attestations_refer_to_what_is_there() {
    let bom = json(Format::CycloneDx);
    assert_eq!(
        (&bom["bomFormat"], &bom["specVersion"]),
        (&"CycloneDX".into(), &"1.6".into())
    );
    let serial = bom["serialNumber"].as_str().unwrap();
    let uuid = serial.strip_prefix("urn:uuid:").unwrap();
    let parts: Vec<usize> = uuid.split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12]);
    assert!(
        uuid.chars()
            .all(|c| c == '-' || c.is_ascii_digit() || ('a'..='f').contains(&c))
    );
    let refs = |list: &Value| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|v| v["bom-ref"].as_str().unwrap().to_owned())
            .collect()
    };
    let requirements = refs(&bom["definitions"]["standards"][0]["requirements"]);
    let claims = refs(&bom["declarations"]["claims"]);
    let evidence = refs(&bom["declarations"]["evidence"]);
    assert_eq!(
        (requirements.len(), claims.len(), evidence.len()),
        (6, 5, 5)
    );
    let mut all: Vec<&String> = requirements
        .iter()
        .chain(&claims)
        .chain(&evidence)
        .collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 16, "every reference is one of its own");
    for claim in bom["declarations"]["claims"].as_array().unwrap() {
        assert_eq!(
            claim["target"],
            bom["declarations"]["targets"]["components"][0]["bom-ref"]
        );
        let of = claim["evidence"].as_array().unwrap();
        assert!(of.iter().all(|e| evidence.iter().any(|known| known == e)));
    }
    let map = bom["declarations"]["attestations"][0]["map"]
        .as_array()
        .unwrap();
    assert_eq!(map.len(), 6);
    for row in map {
        assert!(requirements.iter().any(|r| *r == row["requirement"]));
        for of in ["claims", "counterClaims"] {
            let of = row[of].as_array().into_iter().flatten();
            assert!(
                of.into_iter()
                    .all(|c| claims.iter().any(|known| known == c))
            );
        }
    }
    assert_eq!(map[0]["conformance"]["score"], 0);
    assert_eq!(map[1]["conformance"]["score"], 1);
    assert!(
        map[3]["conformance"].get("score").is_none(),
        "a part has no score"
    );
    assert!(
        map[5].get("conformance").is_none(),
        "what nobody judged has none"
    );
    let levels = &bom["definitions"]["standards"][0]["levels"];
    assert_eq!(levels[2]["requirements"].as_array().unwrap().len(), 6);
}
