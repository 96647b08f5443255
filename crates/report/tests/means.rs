//! What the owner states may be spent, and by when, orders the recommendations and says how far they go.

use casemate_assess::assessment::{Assessment, Level};
use casemate_assess::config::Config;
use casemate_assess::dossier::means::Fit;
use casemate_assess::knowledge::Knowledge;
use casemate_report::{Format, render};

/// Six places where a shell runs what is asked for, and one statement.
fn program() -> String {
    let mut out = "const express = require('express')\nconst { exec } = require('child_process')\nconst { Pool } = require('pg')\n\
         const pool = new Pool()\nconst app = express()\n"
        .to_owned();
    for at in 0..6 {
        out.push_str(&format!(
            "app.get('/run{at}', (req, res) => exec('scan{at} ' + req.query.x, () => res.end()))\n"
        ));
    }
    out.push_str("app.get('/find', (req, res) => pool.query('select * from t where a = ' + req.query.q).then((r) => res.json(r.rows)))\n");
    out.push_str("app.get('/go', (req, res) => res.redirect(req.query.to))\napp.listen(3000)\n");
    out
}

fn assess(context: &str) -> Assessment {
    let files = [
        ("app.js".to_owned(), program()),
        (
            "casemate.toml".to_owned(),
            format!("[context]\n{context}\n"),
        ),
    ];
    let config = Config {
        today: Some("2026-12-01".to_owned()),
        ..Config::default()
    };
    let knowledge = Knowledge::built_in().unwrap();
    casemate_assess::assess_files(&files, &config, knowledge).unwrap()
}

/// The section in Markdown.
fn recommendations(assessment: &Assessment) -> String {
    let text = render(assessment, Format::Markdown);
    let from = text.find("## Security Recommendations").unwrap();
    let text = text.get(from..).unwrap();
    let end = text.find("### Security Architecture Guidelines").unwrap();
    text.get(..end).unwrap().to_owned()
}

fn rules(assessment: &Assessment) -> Vec<&str> {
    let immediate = assessment.dossier.plan.immediate.iter();
    immediate.map(|step| step.rule.as_str()).collect()
}

#[test]
fn without_means_nothing_is_counted() {
    let assessment = assess("stage = \"production\"");
    let section = recommendations(&assessment);
    assert!(section.contains("Ordered by level"), "{section}");
    assert!(
        !section.contains("Fits") && !section.contains("Hours"),
        "{section}"
    );
    let steps = &assessment.dossier.plan.immediate;
    assert!(steps.iter().all(|step| step.fits == Fit::Open));
}

#[test]
fn a_budget_is_held_against_the_work() {
    let assessment = assess("budget = \"3 hours\"");
    let means = &assessment.dossier.plan.means;
    assert_eq!(means.hours, Some(3));
    let section = recommendations(&assessment);
    for said in [
        "Ordered by group, then how much risk",
        "The budget “3 hours” is read as 3 hours of work",
        "the 3 that are stated are enough for 1 of them",
        "| Hours | Fits |",
        "an estimate, which nobody measured",
    ] {
        assert!(section.contains(said), "{said}: {section}");
    }
    // Six shells take more away in an hour than one statement, and need more than there is.
    assert_eq!(rules(&assessment).first(), Some(&"command-injection"));
    let fits: Vec<Fit> = assessment
        .dossier
        .plan
        .immediate
        .iter()
        .map(|step| step.fits)
        .collect();
    assert!(
        fits.contains(&Fit::Whole) && fits.first() != Some(&Fit::Whole),
        "{fits:?}"
    );
    let decisions = assessment.dossier.summary.decisions.join("\n");
    assert!(
        decisions.contains("more are spent than are stated"),
        "{decisions}"
    );
}

#[test]
fn a_date_is_held_against_the_work() {
    let assessment = assess("budget = \"2 developers\"\ntimeline = \"until 2026-12-31\"");
    assert_eq!(assessment.dossier.plan.means.hours, Some(22 * 8 * 2));
    let section = recommendations(&assessment);
    assert!(
        section.contains("22 working days after 2026-12-01"),
        "{section}"
    );
    assert!(
        section.contains("and fit into the 352 that are stated"),
        "{section}"
    );
    assert!(!section.contains("| no |"), "{section}");
}

#[test]
fn what_cannot_be_read_is_said() {
    let assessment = assess(
        "budget = \"5,000 EUR\"\ntimeline = \"when it is ready\"\nrisk_tolerance = \"some\"",
    );
    assert_eq!(assessment.dossier.plan.means.hours, None);
    let section = recommendations(&assessment);
    for said in [
        "it is money, and what an hour costs is not in the code",
        "The timeline “when it is ready” changes no order here",
        "is none of `low`, `medium` and `high`",
    ] {
        assert!(section.contains(said), "{said}: {section}");
    }
    assert!(!section.contains("Fits"), "{section}");
}

#[test]
fn tolerance_says_what_is_immediate() {
    for (tolerance, from) in [
        ("low", Level::Medium),
        ("medium", Level::High),
        ("high", Level::Critical),
    ] {
        let assessment = assess(&format!("risk_tolerance = \"{tolerance}\""));
        let plan = &assessment.dossier.plan;
        assert_eq!(plan.from, from);
        assert!(plan.immediate.iter().all(|step| step.level >= from));
        // What is as serious and waits is in doubt.
        let later = plan.short_term.iter().chain(&plan.long_term);
        let mut waits = later.filter(|step| step.level >= from);
        assert!(waits.all(|step| step.what.starts_with("Look at")));
        let section = recommendations(&assessment);
        assert!(
            section.contains(&format!("the stated risk tolerance “{tolerance}”")),
            "{section}"
        );
    }
}
