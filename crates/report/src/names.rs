//! The few words that an assessment holds as data, as a reader is told them.

use casemate_say::{mark, told};

/// Levels, confidences, answers, factors, areas, guards, classes of data and threats.
const WORDS: [&str; 67] = [
    mark!("critical"),
    mark!("high"),
    mark!("medium"),
    mark!("low"),
    mark!("info"),
    mark!("yes"),
    mark!("no"),
    mark!("unknown"),
    mark!("negligible"),
    mark!("minor"),
    mark!("serious"),
    mark!("severe"),
    mark!("trust boundary"),
    mark!("not known"),
    mark!("open"),
    mark!("closed"),
    mark!("mitigated"),
    mark!("accepted"),
    mark!("injection"),
    mark!("access"),
    mark!("session"),
    mark!("crypto"),
    mark!("data"),
    mark!("api"),
    mark!("failure"),
    mark!("logging"),
    mark!("config"),
    mark!("secret"),
    mark!("decision"),
    mark!("authentication"),
    mark!("role"),
    mark!("owner"),
    mark!("csrf"),
    mark!("rate-limit"),
    mark!("validation"),
    mark!("exposure"),
    mark!("effort"),
    mark!("interaction"),
    mark!("confidentiality"),
    mark!("integrity"),
    mark!("availability"),
    mark!("grade"),
    mark!("victim"),
    mark!("always"),
    mark!("public"),
    mark!("authenticated"),
    mark!("library"),
    mark!("stored"),
    mark!("local"),
    mark!("doubted"),
    mark!("internal"),
    mark!("none"),
    mark!("passive"),
    mark!("active"),
    mark!("service"),
    mark!("users"),
    mark!("partial"),
    mark!("credentials"),
    mark!("personal data"),
    mark!("payment data"),
    mark!("health data"),
    mark!("Spoofing"),
    mark!("Tampering"),
    mark!("Repudiation"),
    mark!("Information disclosure"),
    mark!("Denial of service"),
    mark!("Elevation of privilege"),
];

/// A word of the data; what is none of them stays.
pub(crate) fn word(name: &str) -> &str {
    if WORDS.contains(&name) {
        told(name)
    } else {
        name
    }
}
