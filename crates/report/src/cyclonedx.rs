//! The requirements ledger as CycloneDX 1.6 attestations, beside the services that the code offers.
//!
//! A requirement that was decided has a claim (or a counter claim) with its evidence, and a score: 1 for PASS, 0 for FAIL. A part
//! that was looked at has evidence and no score; what a person has to judge has neither. None of it says that something conforms.

use crate::text::prose::clean;
use casemate_assess::assessment::{Assessment, Endpoint};
use casemate_assess::dossier::{Row, Verdict};
use casemate_assess::fingerprint::digest;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;

const STANDARD: &str = "asvs-5.0.0";

/// The document, indented.
#[must_use]
pub fn render(assessment: &Assessment) -> String {
    let rows = &assessment.dossier.ledger;
    let project = &assessment.project;
    let target = json!({
        "type": "application",
        "bom-ref": "target",
        "name": clean(&project.name),
        "version": project.commit.clone().unwrap_or_else(|| "not under version control".to_owned()),
    });
    let mut metadata = json!({
        "tools": { "components": [{
            "type": "application",
            "name": assessment.tool.name,
            "version": assessment.tool.version,
        }] },
        "component": target,
    });
    if let (Some(day), Some(metadata)) = (&assessment.day, metadata.as_object_mut()) {
        metadata.insert("timestamp".to_owned(), json!(format!("{day}T00:00:00Z")));
    }
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial(assessment),
        "version": 1,
        "metadata": metadata,
        "services": services(assessment),
        "definitions": { "standards": [standard(rows)] },
        "declarations": declarations(assessment, &target),
    });
    format!("{document:#}\n")
}

/// A name of the document that only its content decides.
fn serial(assessment: &Assessment) -> String {
    let verdicts: String = assessment
        .dossier
        .ledger
        .iter()
        .map(|r| format!("{}{}{};", r.id, r.verdict.name(), r.because))
        .collect();
    let commit = assessment.project.commit.clone().unwrap_or_default();
    let parts = [assessment.project.name.as_str(), &commit, &verdicts];
    let hex = format!("{}{}", digest(&parts), digest(&["second half", &verdicts]));
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
    // Version 8: a name that whoever makes it defines.
    format!(
        "urn:uuid:{}-{}-8{}-8{}-{}",
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32)
    )
}

fn standard(rows: &[Row]) -> Value {
    let level = |n: u8| {
        let of: Vec<String> = rows
            .iter()
            .filter(|r| r.level <= n)
            .map(reference)
            .collect();
        json!({
            "bom-ref": format!("{STANDARD}-level-{n}"),
            "identifier": n.to_string(),
            "title": format!("Level {n}"),
            "requirements": of,
        })
    };
    json!({
        "bom-ref": STANDARD,
        "name": "Application Security Verification Standard",
        "version": "5.0.0",
        "owner": "OWASP Foundation",
        "description": "Ids and levels of the standard; every text is in Casemate's own words.",
        "requirements": rows.iter().map(|r| json!({
            "bom-ref": reference(r),
            "identifier": r.id,
            "text": r.says,
        })).collect::<Vec<_>>(),
        "levels": [level(1), level(2), level(3)],
        "externalReferences": [{ "type": "website", "url": "https://owasp.org/www-project-application-security-verification-standard/" }],
    })
}

fn declarations(assessment: &Assessment, target: &Value) -> Value {
    let rows: Vec<&Row> = assessment
        .dossier
        .ledger
        .iter()
        .filter(|r| shown(r))
        .collect();
    let claims: Vec<Value> = rows.iter().map(|row| claim(row)).collect();
    let evidence: Vec<Value> = rows.iter().map(|row| evidence(assessment, row)).collect();
    let map: Vec<Value> = assessment.dossier.ledger.iter().map(mapped).collect();
    let owner = assessment.dossier.decisions.signed.as_ref();
    let mut assessors = vec![json!({
        "bom-ref": "assessor",
        "thirdParty": false,
        "organization": { "name": format!("casemate {}", assessment.tool.version) },
    })];
    assessors.extend(owner.map(|(by, _)| {
        json!({ "bom-ref": "owner", "thirdParty": false, "organization": { "name": clean(by) } })
    }));
    json!({
        "assessors": assessors,
        "targets": { "components": [json!({
            "type": "application",
            "bom-ref": "declared-target",
            "name": target.get("name"),
        })] },
        "evidence": evidence,
        "claims": claims,
        "attestations": [{
            "summary": format!(
                "Verdicts of casemate {} on {}; no statement of conformance",
                assessment.tool.version,
                clean(&assessment.project.name)
            ),
            "assessor": "assessor",
            "map": map,
        }],
    })
}

/// There is something to show for it.
fn shown(row: &Row) -> bool {
    row.verdict != Verdict::Human
}

fn reference(row: &Row) -> String {
    format!(
        "{STANDARD}-{}",
        row.id.rsplit('-').next().unwrap_or(&row.id)
    )
}

fn claim(row: &Row) -> Value {
    let predicate = match row.verdict {
        Verdict::Fail => "is broken",
        Verdict::Pass => "is kept wherever it was looked for",
        Verdict::NotApplicable => "does not apply",
        Verdict::Attested => "is attested by the owner, and the code does not contradict",
        Verdict::Partial | Verdict::Human => "was looked at in part",
    };
    json!({
        "bom-ref": format!("claim-{}", reference(row)),
        "target": "declared-target",
        "predicate": format!("{} {predicate}", row.id),
        "reasoning": clean(&row.because),
        "evidence": [format!("evidence-{}", reference(row))],
    })
}

fn evidence(assessment: &Assessment, row: &Row) -> Value {
    let data: Vec<Value> = row
        .evidence
        .iter()
        .map(|place| {
            let finding = assessment.findings.iter().find(|f| f.id == *place);
            let text = finding.map_or_else(
                || clean(place),
                |f| format!("{} {}:{} {}", f.id, clean(&f.place.file), f.place.line, clean(&f.message)),
            );
            json!({ "name": clean(place), "contents": { "attachment": { "contentType": "text/plain", "content": text } } })
        })
        .collect();
    let mut out = Map::new();
    out.insert(
        "bom-ref".to_owned(),
        json!(format!("evidence-{}", reference(row))),
    );
    out.insert(
        "propertyName".to_owned(),
        json!(format!("casemate:verdict:{}", row.verdict.name())),
    );
    out.insert("description".to_owned(), json!(clean(&row.because)));
    if !data.is_empty() {
        out.insert("data".to_owned(), json!(data));
    }
    Value::Object(out)
}

fn mapped(row: &Row) -> Value {
    let claim = json!([format!("claim-{}", reference(row))]);
    let mut out = json!({ "requirement": reference(row) });
    let Some(map) = out.as_object_mut() else {
        return out;
    };
    match row.verdict {
        Verdict::Fail => {
            map.insert("counterClaims".to_owned(), claim);
            map.insert(
                "conformance".to_owned(),
                json!({ "score": 0, "rationale": clean(&row.because) }),
            );
        }
        Verdict::Pass => {
            map.insert("claims".to_owned(), claim);
            map.insert(
                "conformance".to_owned(),
                json!({ "score": 1, "rationale": clean(&row.because) }),
            );
        }
        Verdict::Human => {}
        _ => {
            map.insert("claims".to_owned(), claim);
            map.insert(
                "conformance".to_owned(),
                json!({ "rationale": format!("{}: {}", row.verdict.name(), clean(&row.because)) }),
            );
        }
    }
    out
}

/// A path as a reference by RFC 3987: what must not stand in one is encoded.
fn encoded(path: &str) -> String {
    let mut out = String::new();
    for c in clean(path).chars() {
        if c.is_whitespace() || "{}<>\\^`|\"[]%#".contains(c) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                // INVARIANT: writing to a String does not fail.
                let _ = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// What the code offers, one service a package that registers endpoints.
fn services(assessment: &Assessment) -> Value {
    let owner = |e: &Endpoint| {
        let inside = assessment
            .units
            .iter()
            .filter(|u| u.root.is_empty() || e.file.starts_with(&format!("{}/", u.root)));
        inside.max_by_key(|u| u.root.len()).map(|u| u.root.clone())
    };
    let services: Vec<Value> = assessment
        .units
        .iter()
        .filter_map(|unit| {
            let of: Vec<&Endpoint> = assessment
                .endpoints
                .iter()
                .filter(|e| owner(e).as_ref() == Some(&unit.root))
                .collect();
            let paths: BTreeSet<String> = of
                .iter()
                .filter_map(|e| e.path.as_deref().map(encoded))
                .collect();
            if of.is_empty() {
                return None;
            }
            let all = of.iter().all(|e| e.authentication == "yes");
            Some(json!({
                "bom-ref": format!("service-{}", digest(&["service", &unit.root])),
                "name": clean(&unit.name),
                "endpoints": paths,
                "authenticated": all,
                "x-trust-boundary": true,
            }))
        })
        .collect();
    json!(services)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        assert_eq!(encoded("/a/:id"), "/a/:id");
        assert_eq!(encoded("/a/{id:\\d+}"), "/a/%7Bid:%5Cd+%7D");
        assert_eq!(encoded("/a b"), "/a%20b");
    }
}
