//! How much a finding matters here: likelihood × impact, every factor with its evidence.
//!
//! **Likelihood** starts from the exposure: public high · always (a property of the code, no path needed) high · endpoint
//! behind authentication, unknown endpoint, library, stored data medium · local, or data that may be nobody's low. It loses one step for medium and two for
//! high effort, one where somebody has to be talked into something, and one where the owner states that only people of the own network reach it.
//!
//! **Impact** of the rule's three factors, after its `grade` for the sink kind: two or more high is *severe*, one high
//! *serious*, only low *minor*, none *negligible*. A graver class of data raises a low loss of confidentiality.
//!
//! | level | likelihood high | medium | low |
//! |---|---|---|---|
//! | severe | critical | high | medium |
//! | serious | high | medium | low |
//! | minor | medium | low | info |
//! | negligible | info | info | info |
//!
//! What is local stays low at most: whoever starts the program and says how could as well start another one.
//!
//! These are the three bands of the OWASP risk rating method, with a fourth row for what only informs.

use crate::cvss::{Metric, UserInteraction, Vector};
use casemate_say::{label, say};
use serde::{Deserialize, Serialize};

/// The factors that a rule states.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Factors {
    /// What an attacker may read.
    pub confidentiality: Impact,
    /// What an attacker may change.
    pub integrity: Impact,
    /// What an attacker may stop.
    pub availability: Impact,
    /// What it takes.
    pub effort: Grade,
    /// Whether somebody else has to take part.
    pub interaction: Interaction,
    /// Who suffers.
    pub victim: Victim,
    /// Sink kinds (or parents) whose impact is limited.
    pub grade: Vec<(String, Grade)>,
}

/// The size of one loss.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Impact {
    /// Nothing.
    None,
    /// A part.
    Low,
    /// Everything, or what matters most.
    High,
}

impl Impact {
    /// All, by name.
    pub const NAMED: [(&'static str, Self); 3] = [
        ("none", Self::None),
        ("low", Self::Low),
        ("high", Self::High),
    ];

    fn name(self) -> &'static str {
        name_of(self, &Self::NAMED)
    }

    const fn metric(self) -> Metric {
        match self {
            Self::None => Metric::None,
            Self::Low => Metric::Low,
            Self::High => Metric::High,
        }
    }
}

/// Low, medium or high.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Grade {
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
}

impl Grade {
    /// All, by name.
    pub const NAMED: [(&'static str, Self); 3] = [
        ("low", Self::Low),
        ("medium", Self::Medium),
        ("high", Self::High),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        name_of(self, &Self::NAMED)
    }

    const fn minus(self, steps: u8) -> Self {
        match (self, steps) {
            (grade, 0) => grade,
            (Self::High, 1) => Self::Medium,
            _ => Self::Low,
        }
    }
}

/// Whether somebody else has to take part.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub enum Interaction {
    /// No.
    #[default]
    None,
    /// By using the service as usual.
    Passive,
    /// By doing what the attacker asks, such as opening a link.
    Active,
}

impl Interaction {
    /// All, by name.
    pub const NAMED: [(&'static str, Self); 3] = [
        ("none", Self::None),
        ("passive", Self::Passive),
        ("active", Self::Active),
    ];
}

/// Who suffers.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub enum Victim {
    /// The service and its data.
    #[default]
    Service,
    /// Its users, in their browsers.
    Users,
}

impl Victim {
    /// All, by name.
    pub const NAMED: [(&'static str, Self); 2] =
        [("service", Self::Service), ("users", Self::Users)];
}

fn name_of<T: Copy + PartialEq>(value: T, names: &[(&'static str, T)]) -> &'static str {
    names
        .iter()
        .find(|(_, named)| *named == value)
        .map_or("", |(name, _)| name)
}

/// How an attacker comes to the place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Exposure {
    /// Through an endpoint without authentication.
    Public,
    /// Through an endpoint that wants an account.
    Authenticated,
    /// From outside, through an endpoint that is not known or whose guards are not.
    Unknown,
    /// Through a program that uses this library.
    Library,
    /// Through data that was stored before.
    Stored,
    /// Through data of which nobody is known who could make it an attacker's: another service's answer, a caller that may not exist.
    Doubted,
    /// From the command line, the environment or a local file.
    Local,
    /// No path is needed: it holds whenever the code runs.
    Always,
}

impl Exposure {
    const fn likelihood(self) -> Grade {
        match self {
            Self::Public | Self::Always => Grade::High,
            Self::Authenticated | Self::Unknown | Self::Library | Self::Stored => Grade::Medium,
            Self::Local | Self::Doubted => Grade::Low,
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Public => (
                "public",
                label!("an endpoint without authentication reaches it"),
            ),
            Self::Authenticated => ("authenticated", label!("any account reaches it")),
            Self::Unknown => (
                "unknown",
                label!("the data comes from outside; the endpoint or its guards are not known"),
            ),
            Self::Library => (
                "library",
                label!("a caller of the exported function reaches it"),
            ),
            Self::Stored => (
                "stored",
                label!("the data was stored before it is used here"),
            ),
            Self::Doubted => (
                "doubted",
                label!("nobody is known who could put an attacker's data there"),
            ),
            Self::Local => (
                "local",
                label!("the data comes from the command line, the environment or a local file"),
            ),
            Self::Always => ("always", label!("it holds whenever this code runs")),
        }
    }
}

/// What is known of one finding beyond its rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Circumstances<'a> {
    /// The names of the sink kinds that are reached; empty for facts.
    pub sinks: &'a [&'a str],
    /// How an attacker comes to the place.
    pub exposure: Exposure,
    /// Every endpoint that is known to lead there wants a login, whatever else the exposure says.
    pub account: bool,
    /// What shows that, in this project: `` `GET /users` has no authentication guard ``. Absent: a general sentence.
    pub evidence: Option<&'a str>,
    /// Classes of data that are reached (`secret`, `personal`, `payment`, `health`), each with what shows it.
    pub data: &'a [(&'a str, &'a str)],
    /// Who says that only people of one network reach the service; absent where an attack does not begin at the service.
    pub internal: Option<&'a str>,
}

impl Circumstances<'_> {
    /// The evidence that an attacker has to be inside first.
    fn inside(&self) -> Option<&str> {
        let at_service = matches!(
            self.exposure,
            Exposure::Public | Exposure::Authenticated | Exposure::Unknown | Exposure::Always
        );
        self.internal.filter(|_| at_service)
    }
}

/// How much a finding matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It informs.
    Info,
    /// When there is time.
    Low,
    /// Soon.
    Medium,
    /// Now.
    High,
    /// Before anything else.
    Critical,
}

impl Level {
    /// All, least first, by name.
    pub const NAMED: [(&'static str, Self); 5] = [
        ("info", Self::Info),
        ("low", Self::Low),
        ("medium", Self::Medium),
        ("high", Self::High),
        ("critical", Self::Critical),
    ];

    /// `critical`, `high` …
    #[must_use]
    pub fn name(self) -> &'static str {
        name_of(self, &Self::NAMED)
    }
}

/// The size of all losses together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Damage {
    /// None.
    Negligible,
    /// Only parts.
    Minor,
    /// One of the three.
    Serious,
    /// Two or all of the three.
    Severe,
}

impl Damage {
    const NAMED: [(&'static str, Self); 4] = [
        ("negligible", Self::Negligible),
        ("minor", Self::Minor),
        ("serious", Self::Serious),
        ("severe", Self::Severe),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        name_of(self, &Self::NAMED)
    }
}

/// One factor of a severity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Factor {
    /// `exposure`, `effort` …
    pub name: &'static str,
    /// `public`, `low` …
    pub value: String,
    /// Why.
    pub evidence: String,
}

/// The severity of one finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Severity {
    /// The level.
    pub level: Level,
    /// How likely it is that somebody does it.
    pub likelihood: Grade,
    /// What it costs then.
    pub damage: Damage,
    /// Why, in order: likelihood, then impact.
    pub factors: Vec<Factor>,
    /// The CVSS v4.0 base vector.
    pub vector: Vector,
}

/// Computes the severity of a finding.
#[must_use]
pub fn score(factors: &Factors, circumstances: &Circumstances<'_>) -> Severity {
    let mut told = Vec::new();
    let likelihood = likelihood(factors, circumstances, &mut told);
    let losses = losses(factors, circumstances, &mut told);
    let damage = damage(losses);
    let mut level = level(likelihood, damage);
    if circumstances.exposure == Exposure::Local {
        level = level.min(Level::Low);
    }
    told.push(Factor {
        name: "level",
        value: level.name().to_owned(),
        evidence: say!(
            "likelihood {name}, impact {damage}",
            name = likelihood.name(),
            damage = name_of(damage, &Damage::NAMED)
        ),
    });
    Severity {
        level,
        likelihood,
        damage,
        factors: told,
        vector: vector(factors, circumstances, losses),
    }
}

fn likelihood(
    factors: &Factors,
    circumstances: &Circumstances<'_>,
    told: &mut Vec<Factor>,
) -> Grade {
    let mut tell = |name, value: &str, evidence: &str| {
        told.push(Factor {
            name,
            value: value.to_owned(),
            evidence: evidence.to_owned(),
        });
    };
    let (value, general) = circumstances.exposure.words();
    tell("exposure", value, circumstances.evidence.unwrap_or(general));
    let effort = match factors.effort {
        Grade::Low => label!("one request of the usual tools is enough"),
        Grade::Medium => label!("some knowledge or a place on the way of the data is needed"),
        Grade::High => label!("time, luck or a rare condition is needed"),
    };
    tell("effort", factors.effort.name(), effort);
    let (steps, interaction) = match factors.interaction {
        Interaction::None => (0, None),
        Interaction::Passive => (
            0,
            Some((
                "passive",
                label!("a user has to visit what the attacker prepared"),
            )),
        ),
        Interaction::Active => (
            1,
            Some((
                "active",
                label!("a user has to be brought to open a link or send a form"),
            )),
        ),
    };
    if let Some((value, evidence)) = interaction {
        tell("interaction", value, evidence);
    }
    let effort = match factors.effort {
        Grade::Low => 0,
        Grade::Medium => 1,
        Grade::High => 2,
    };
    let inside = circumstances.inside().map_or(0, |evidence| {
        told.push(Factor {
            name: "reach",
            value: "internal".to_owned(),
            evidence: evidence.to_owned(),
        });
        1
    });
    circumstances
        .exposure
        .likelihood()
        .minus(steps + effort + inside)
}

fn losses(
    factors: &Factors,
    circumstances: &Circumstances<'_>,
    told: &mut Vec<Factor>,
) -> [Impact; 3] {
    let mut losses = [
        factors.confidentiality,
        factors.integrity,
        factors.availability,
    ];
    let grade = circumstances
        .sinks
        .iter()
        .map(|sink| (grade(factors, sink), *sink))
        .max();
    if let Some((Some(grade), sink)) = grade.filter(|(grade, _)| *grade != Some(Grade::High)) {
        losses = limited(losses, grade);
        let evidence = say!("only `{sink}` is reached");
        told.push(Factor {
            name: "grade",
            value: grade.name().to_owned(),
            evidence,
        });
    }
    let [confidentiality, _, _] = &mut losses;
    let class = circumstances
        .data
        .iter()
        .find(|(class, _)| ["secret", "payment", "health"].contains(class));
    let mut exposed = None;
    if let Some((class, evidence)) = class.filter(|_| *confidentiality == Impact::Low) {
        *confidentiality = Impact::High;
        exposed = Some(say!("{class} data: {evidence}"));
    }
    let of_rule = label!("stated by the rule");
    let names = ["confidentiality", "integrity", "availability"];
    for (name, loss) in names.into_iter().zip(losses) {
        let evidence = exposed.take().unwrap_or_else(|| of_rule.to_owned());
        told.push(Factor {
            name,
            value: loss.name().to_owned(),
            evidence,
        });
    }
    losses
}

/// What the rule says of a sink kind, the most exact name first. High where it says nothing.
fn grade(factors: &Factors, sink: &str) -> Option<Grade> {
    let covers = |name: &str| {
        sink.strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let stated = factors
        .grade
        .iter()
        .filter(|(name, _)| covers(name))
        .max_by_key(|(name, _)| name.len());
    Some(stated.map_or(Grade::High, |(_, grade)| *grade))
}

fn limited(losses: [Impact; 3], grade: Grade) -> [Impact; 3] {
    let mut highs = 0;
    losses.map(|loss| {
        let allowed = match grade {
            Grade::High => 3,
            Grade::Medium => 1,
            Grade::Low => 0,
        };
        highs += u8::from(loss == Impact::High);
        if highs > allowed {
            loss.min(Impact::Low)
        } else {
            loss
        }
    })
}

fn damage(losses: [Impact; 3]) -> Damage {
    match losses.iter().filter(|loss| **loss == Impact::High).count() {
        0 if losses.contains(&Impact::Low) => Damage::Minor,
        0 => Damage::Negligible,
        1 => Damage::Serious,
        _ => Damage::Severe,
    }
}

const fn level(likelihood: Grade, damage: Damage) -> Level {
    match (damage, likelihood) {
        (Damage::Severe, Grade::High) => Level::Critical,
        (Damage::Severe, Grade::Medium) | (Damage::Serious, Grade::High) => Level::High,
        (Damage::Severe, Grade::Low)
        | (Damage::Serious, Grade::Medium)
        | (Damage::Minor, Grade::High) => Level::Medium,
        (Damage::Serious, Grade::Low) | (Damage::Minor, Grade::Medium) => Level::Low,
        (Damage::Minor, Grade::Low) | (Damage::Negligible, _) => Level::Info,
    }
}

fn vector(factors: &Factors, circumstances: &Circumstances<'_>, losses: [Impact; 3]) -> Vector {
    let metrics = losses.map(Impact::metric);
    let none = [Metric::None; 3];
    let (service, beyond) = match factors.victim {
        Victim::Service => (metrics, none),
        // The published examples of CVSS v4.0 rate what a script can do in a browser as low on the subsequent system.
        Victim::Users if factors.interaction != Interaction::None => {
            (none, metrics.map(|metric| metric.min(Metric::Low)))
        }
        // Users lose what the service keeps of theirs.
        Victim::Users => (metrics, none),
    };
    Vector {
        network: circumstances.exposure != Exposure::Local,
        complex: factors.effort == Grade::High,
        requirements: factors.effort != Grade::Low,
        privileges: circumstances.account
            || matches!(circumstances.exposure, Exposure::Authenticated),
        interaction: match factors.interaction {
            Interaction::None => UserInteraction::None,
            Interaction::Passive => UserInteraction::Passive,
            Interaction::Active => UserInteraction::Active,
        },
        service,
        beyond,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQL: Factors = Factors {
        confidentiality: Impact::High,
        integrity: Impact::High,
        availability: Impact::Low,
        effort: Grade::Low,
        interaction: Interaction::None,
        victim: Victim::Service,
        grade: Vec::new(),
    };

    fn at(factors: &Factors, exposure: Exposure, sinks: &[&str]) -> (Level, String) {
        let severity = score(
            factors,
            &Circumstances {
                sinks,
                exposure,
                account: false,
                evidence: None,
                data: &[],
                internal: None,
            },
        );
        (severity.level, severity.vector.to_string())
    }

    #[test]
    fn a_service_that_only_the_own_network_reaches_is_less_likely_hit() {
        let inside = |exposure| {
            let circumstances = Circumstances {
                sinks: &["sql"],
                exposure,
                account: false,
                evidence: None,
                data: &[],
                internal: Some("`casemate.toml:2` says so"),
            };
            score(&SQL, &circumstances)
        };
        let told = inside(Exposure::Public);
        assert_eq!(told.level, Level::High);
        let reach = told.factors.iter().find(|f| f.name == "reach");
        assert!(reach.is_some_and(|f| f.evidence.contains("casemate.toml:2")));
        // Who starts the program is inside anyway.
        let local = inside(Exposure::Local);
        assert!(local.factors.iter().all(|f| f.name != "reach"));
    }

    #[test]
    fn exposure_decides_between_levels() {
        let levels = [
            (Exposure::Public, Level::Critical, "AV:N/AC:L/AT:N/PR:N"),
            (Exposure::Authenticated, Level::High, "AV:N/AC:L/AT:N/PR:L"),
            (Exposure::Unknown, Level::High, "AV:N/AC:L/AT:N/PR:N"),
            (Exposure::Doubted, Level::Medium, "AV:N/AC:L/AT:N/PR:N"),
            (Exposure::Local, Level::Low, "AV:L/AC:L/AT:N/PR:N"),
        ];
        for (exposure, level, vector) in levels {
            let vector = format!("CVSS:4.0/{vector}/UI:N/VC:H/VI:H/VA:L/SC:N/SI:N/SA:N");
            assert_eq!(at(&SQL, exposure, &["sql"]), (level, vector));
        }
    }

    #[test]
    fn a_grade_limits_the_impact_of_its_sink_kind() {
        let graded = Factors {
            grade: vec![
                ("url".into(), Grade::Medium),
                ("url.path".into(), Grade::Low),
            ],
            ..SQL
        };
        assert_eq!(at(&graded, Exposure::Public, &["url.full"]).0, Level::High);
        assert_eq!(
            at(&graded, Exposure::Public, &["url.path"]).0,
            Level::Medium
        );
        assert_eq!(
            at(&graded, Exposure::Public, &["url.path", "sql"]).0,
            Level::Critical
        );
    }

    #[test]
    fn users_suffer_in_their_browsers() {
        let xss = Factors {
            availability: Impact::None,
            interaction: Interaction::Active,
            victim: Victim::Users,
            ..SQL
        };
        let expected = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N";
        assert_eq!(
            at(&xss, Exposure::Public, &[]),
            (Level::High, expected.to_owned())
        );
    }

    #[test]
    fn every_factor_has_evidence() {
        let low = Factors {
            confidentiality: Impact::Low,
            integrity: Impact::None,
            ..SQL
        };
        let circumstances = Circumstances {
            sinks: &["log"],
            exposure: Exposure::Public,
            account: false,
            evidence: Some("`GET /users` has no authentication guard"),
            data: &[("payment", "column `cards.number`")],
            internal: None,
        };
        let severity = score(&low, &circumstances);
        assert_eq!(severity.damage, Damage::Serious);
        assert!(
            severity
                .factors
                .iter()
                .all(|factor| !factor.evidence.is_empty() && !factor.value.is_empty())
        );
        assert!(
            severity
                .factors
                .iter()
                .any(|factor| factor.evidence == "payment data: column `cards.number`")
        );
    }
}
