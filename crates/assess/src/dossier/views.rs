//! The same findings in the numbers of other standards. Numbers only; what code cannot show is not listed.

use super::Material;
use casemate_ledger::conflict;
use casemate_rules::rule::Rule;
use casemate_say::{say, told};
use serde::Serialize;
use std::collections::BTreeMap;

/// One entry of a standard.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct View {
    /// `OWASP Top 10:2025`.
    pub standard: String,
    /// `A05`.
    pub entry: String,
    /// Rules that were applied and speak of it.
    pub rules: usize,
    /// Their findings.
    pub findings: usize,
}

/// Parts of other standards that areas of the catalogue, or single rules, are evidence for.
const OTHERS: [(&str, &str, &[&str]); 14] = [
    (
        "PCI DSS 4.0.1",
        "6.2.4",
        &["injection", "access", "session", "crypto"],
    ),
    ("PCI DSS 4.0.1", "4.2.1", &["disabled-tls-verification"]),
    ("PCI DSS 4.0.1", "8.3.4", &["missing-login-limit"]),
    ("PCI DSS 4.0.1", "8.6.2", &["hard-coded-credential"]),
    (
        "NIST SSDF 1.1",
        "PW.5.1",
        &["injection", "failure", "crypto"],
    ),
    ("NIST SSDF 1.1", "PW.9.1", &["config"]),
    ("SOC 2", "CC6.1", &["access", "session", "secret"]),
    ("SOC 2", "CC6.6", &["injection", "api"]),
    ("SOC 2", "CC7.2", &["logging"]),
    ("GDPR", "Art. 25", &["access", "sensitive-data-in-logs"]),
    (
        "GDPR",
        "Art. 32",
        &["crypto", "secret", "session", "access"],
    ),
    ("HIPAA", "164.312(a)", &["access"]),
    ("HIPAA", "164.312(d)", &["session"]),
    (
        "HIPAA",
        "164.312(e)",
        &["disabled-tls-verification", "cookie-without-secure"],
    ),
];

/// The entries of the list of 2021.
const TOP_10_2021: [&str; 10] = [
    "A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A09", "A10",
];

/// The weaknesses of the list of 2025 by rank; those of memory are none of ours, and no rule names them.
const CWE_TOP_25: [u16; 25] = [
    79, 89, 352, 862, 787, 22, 416, 125, 78, 94, 120, 434, 476, 121, 502, 122, 863, 20, 284, 200,
    306, 918, 77, 639, 770,
];

/// Where the list of 2021 has what the list of 2025 has elsewhere: forged requests of the server were an entry of their own, and
/// what becomes of errors was spread over others.
fn of_2021(rule: &Rule) -> Option<&'static str> {
    let entry = rule.owasp.iter().find_map(|id| id.strip_suffix(":2025"))?;
    let number = rule.cwe.first().copied();
    Some(match entry {
        _ if number == Some(918) => "A10",
        "A01" => "A01",
        "A02" => "A05",
        "A03" => "A06",
        "A04" => "A02",
        "A05" => "A03",
        "A06" => "A04",
        "A07" => "A07",
        "A08" => "A08",
        "A09" => "A09",
        "A10" if number == Some(209) => "A04",
        _ => return None,
    })
}

pub(super) fn of(m: &Material<'_>) -> Vec<View> {
    let mut out = Vec::new();
    let applied: Vec<&Rule> = m
        .catalogue
        .rules()
        .filter(|r| m.applied.contains(&r.id))
        .collect();
    let findings = |of: &[&Rule]| {
        m.findings
            .iter()
            .filter(|f| of.iter().any(|r| r.id == f.rule))
            .count()
    };
    let mut owasp: BTreeMap<(String, String), Vec<&Rule>> = BTreeMap::new();
    for rule in &applied {
        for id in &rule.owasp {
            let Some((entry, year)) = id.split_once(':') else {
                continue;
            };
            let name = if entry.starts_with("API") {
                "OWASP API Top 10"
            } else {
                "OWASP Top 10"
            };
            owasp
                .entry((format!("{name}:{year}"), padded(entry)))
                .or_default()
                .push(rule);
        }
    }
    for ((standard, entry), rules) in owasp {
        out.push(View {
            standard,
            entry,
            findings: findings(&rules),
            rules: rules.len(),
        });
    }
    for entry in TOP_10_2021 {
        let rules: Vec<&Rule> = applied
            .iter()
            .copied()
            .filter(|r| of_2021(r) == Some(entry))
            .collect();
        if !rules.is_empty() {
            out.push(View {
                standard: "OWASP Top 10:2021".to_owned(),
                entry: entry.to_owned(),
                findings: findings(&rules),
                rules: rules.len(),
            });
        }
    }
    for (rank, number) in CWE_TOP_25.iter().enumerate() {
        let rules: Vec<&Rule> = applied
            .iter()
            .copied()
            .filter(|r| r.cwe.contains(number))
            .collect();
        if !rules.is_empty() {
            out.push(View {
                standard: "CWE Top 25:2025".to_owned(),
                entry: format!("{}. CWE-{number}", rank + 1),
                findings: findings(&rules),
                rules: rules.len(),
            });
        }
    }
    for (standard, entry, names) in OTHERS {
        let rules: Vec<&Rule> = applied
            .iter()
            .copied()
            .filter(|r| names.contains(&r.area.name()) || names.contains(&r.id.as_str()))
            .collect();
        if !rules.is_empty() {
            out.push(View {
                standard: standard.to_owned(),
                entry: entry.to_owned(),
                findings: findings(&rules),
                rules: rules.len(),
            });
        }
    }
    out
}

/// Where a regime that may apply asks for the opposite of a requirement, and which of them the profile follows.
pub(super) fn conflicts(profile: &str, regimes: &[(String, String)]) -> Vec<String> {
    let asked = |other: &str| {
        let plain = |text: &str| text.to_ascii_lowercase().replace([' ', '-', '_'], "");
        let regime = plain(other.split(',').next().unwrap_or_default());
        let regime = regime
            .trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
            .to_owned();
        regimes
            .iter()
            .any(|(name, _)| plain(name).starts_with(&regime))
    };
    conflict::ALL
        .iter()
        .filter(|c| c.profile == profile || asked(c.other))
        .map(|c| {
            say!("`{requirement}` asks for {asks}, {other} for {against}: the profile `{profile}` follows {which}", requirement = c.requirement, asks = told(c.asks), other = c.other, against = told(c.against), which = if c.profile == profile {
                    c.other
                } else {
                    "ASVS"
                })
        })
        .collect()
}

/// `API5` sorts before `API10`.
fn padded(entry: &str) -> String {
    let digits = entry.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let word = entry.get(..entry.len() - digits.len()).unwrap_or_default();
    if digits.len() == 1 {
        format!("{word}0{digits}")
    } else {
        entry.to_owned()
    }
}
