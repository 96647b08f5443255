//! The conditions of the rules that ship, put to facts as model rows give them.

use casemate_flow::result::{Analysis, Fact, FactValue, FileIdx, FuncId, Site};
use casemate_ir::Span;
use casemate_model::kind::Kinds;
use casemate_rules::catalogue::Catalogue;
use casemate_rules::confidence::Confidence;
use std::path::Path;

type Values<'a> = &'a [(&'a str, FactValue)];

fn load() -> (Catalogue, Kinds) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let kinds =
        Kinds::parse(&std::fs::read_to_string(root.join("models/kinds.toml")).unwrap()).unwrap();
    (Catalogue::load_folder(&root.join("rules"), &kinds).0, kinds)
}

fn found(fact: &str, callee: &str, values: Values<'_>) -> Vec<(String, Confidence)> {
    let (catalogue, kinds) = load();
    let site = Site {
        file: FileIdx(0),
        span: Span { start: 0, end: 1 },
    };
    let values = values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    let fact = Fact {
        fact: fact.into(),
        site,
        function: FuncId(0),
        callee: callee.into(),
        values,
    };
    let analysis = Analysis {
        facts: vec![fact],
        ..Analysis::default()
    };
    let matches = catalogue.apply(&analysis, &kinds, &|_| true).matches;
    matches
        .into_iter()
        .map(|found| (found.rule, found.confidence))
        .collect()
}

fn check(fact: &str, values: Values<'_>, expected: Option<(&str, Confidence)>) {
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(rule, confidence)| (rule.to_owned(), confidence))
        .collect();
    assert_eq!(found(fact, "x", values), expected, "{fact} {values:?}");
}

fn text(text: &str) -> FactValue {
    FactValue::Str(text.into())
}

use Confidence::{High, Medium};
use FactValue::{Absent, Bool, Null, Number, OneOf, Present, Unknown};

#[test]
fn hashes_and_ciphers() {
    let weak = Some(("weak-hash", Confidence::Low));
    for name in ["md5", "MD5", "sha1", "SHA-1", "RSA-SHA1", "ripemd160"] {
        check("hash", &[("algorithm", text(name))], weak);
    }
    for name in [
        "sha256",
        "sha2",
        "sha512",
        "sha3-256",
        "blake2b512",
        "RSA-SHA256",
    ] {
        check("hash", &[("algorithm", text(name))], None);
    }
    check(
        "hash",
        &[("algorithm", text("md5")), ("target", text("etag"))],
        None,
    );
    check(
        "hash",
        &[("algorithm", text("md5")), ("target", text("signature"))],
        Some(("weak-hash", Medium)),
    );
    for name in ["aes-128-ecb", "AES-256-ECB"] {
        check(
            "cipher",
            &[("algorithm", text(name)), ("legacy", Bool(false))],
            Some(("ecb-mode", High)),
        );
    }
    for name in ["des-ede3-cbc", "rc4", "bf-cbc"] {
        check(
            "cipher",
            &[("algorithm", text(name))],
            Some(("weak-cipher", High)),
        );
    }
    check(
        "cipher",
        &[("algorithm", text("aes-256-gcm")), ("legacy", Bool(false))],
        None,
    );
    check(
        "cipher",
        &[("algorithm", Unknown), ("legacy", Bool(true))],
        Some(("weak-cipher", High)),
    );
}

#[test]
fn randomness_is_judged_by_what_it_is_for() {
    let predictable = ("secure", Bool(false));
    check(
        "random",
        &[predictable.clone(), ("target", text("resetToken"))],
        Some(("insecure-randomness", High)),
    );
    check(
        "random",
        &[predictable.clone(), ("target", text("jitter"))],
        None,
    );
    check("random", std::slice::from_ref(&predictable), None);
    check(
        "random",
        &[("secure", Bool(true)), ("target", text("token"))],
        None,
    );
    let either = OneOf(vec![text("delay"), text("token")]);
    check(
        "random",
        &[predictable, ("target", either)],
        Some(("insecure-randomness", Medium)),
    );
}

#[test]
fn keys_are_stretched_enough_or_not() {
    let weak = Some(("weak-key-derivation", High));
    check(
        "kdf",
        &[("algorithm", text("bcrypt")), ("cost", Number(5.0))],
        weak,
    );
    check(
        "kdf",
        &[("algorithm", text("bcrypt")), ("cost", Number(12.0))],
        None,
    );
    check(
        "kdf",
        &[("algorithm", text("bcrypt")), ("cost", Unknown)],
        None,
    );
    check(
        "kdf",
        &[
            ("algorithm", text("pbkdf2")),
            ("iterations", Number(1000.0)),
        ],
        weak,
    );
    check(
        "kdf",
        &[
            ("algorithm", text("pbkdf2")),
            ("iterations", Number(600_000.0)),
        ],
        None,
    );
    check(
        "kdf",
        &[("algorithm", text("scrypt")), ("cost", Number(16384.0))],
        None,
    );
}

#[test]
fn certificates_are_verified_or_not() {
    let off = Some(("disabled-tls-verification", High));
    check("tls", &[("verify", Bool(false))], off);
    check("tls", &[("verify", Bool(true))], None);
    check("tls", &[("verify", Absent)], None);
    check("tls.env", &[("verify", text("0"))], off);
    check("tls.env", &[("verify", text("1"))], None);
    let switch = OneOf(vec![Bool(true), Bool(false)]);
    check(
        "tls",
        &[("verify", switch)],
        // Somebody else sets it: nothing is claimed.
        None,
    );
}

#[test]
fn tokens() {
    let strong = ("key", Unknown);
    let sign = |expires: FactValue, payload: FactValue| {
        vec![
            strong.clone(),
            ("algorithm", text("HS256")),
            ("expiresIn", expires),
            ("expires", payload),
            ("ownEnd", Absent),
            ("ownStart", Absent),
        ]
    };
    check(
        "jwt.sign",
        &sign(Absent, Absent),
        Some(("jwt-no-expiry", Medium)),
    );
    check("jwt.sign", &sign(Absent, Unknown), None);
    check("jwt.sign", &sign(text("15m"), Absent), None);
    check("jwt.sign", &sign(Absent, Present), None);
    let none = vec![
        ("key", Null),
        ("algorithm", text("none")),
        ("expiresIn", text("5m")),
        ("expires", Absent),
    ];
    check("jwt.sign", &none, Some(("jwt-algorithm-none", High)));
    let verify = |key: FactValue, algorithms: FactValue| {
        vec![
            ("key", key),
            ("algorithms", algorithms),
            ("ignoreExpiration", Bool(false)),
            ("noVerify", Bool(false)),
        ]
    };
    check("jwt.verify", &verify(Unknown, text("HS256")), None);
    check(
        "jwt.verify",
        &verify(Absent, Absent),
        Some(("token-algorithm-not-fixed", Medium)),
    );
    check(
        "jwt.verify",
        &verify(text(""), text("HS256")),
        Some(("jwt-algorithm-none", High)),
    );
    let list = OneOf(vec![text("HS256"), text("none")]);
    check(
        "jwt.verify",
        &verify(Unknown, list),
        Some(("jwt-algorithm-none", Medium)),
    );
    check(
        "jwt.verify",
        &verify(text("secret"), text("HS256")),
        Some(("jwt-weak-secret", High)),
    );
}

#[test]
fn credentials_and_files() {
    let hard = |confidence| Some(("hard-coded-credential", confidence));
    check("credential", &[("value", text("keyboard cat"))], hard(High));
    check("credential", &[("value", text(""))], None);
    check("credential", &[("value", Unknown)], None);
    check("credential", &[("value", Present)], None);
    check(
        "credential",
        &[("value", OneOf(vec![Unknown, text("dev")]))],
        hard(Medium),
    );
    let file = |mode: FactValue, path: &str| vec![("mode", mode), ("path", text(path))];
    check(
        "file.mode",
        &file(Number(511.0), "/srv/x"),
        Some(("world-readable-file", High)),
    );
    check("file.mode", &file(Number(420.0), "/srv/x"), None);
    check(
        "file.mode",
        &file(Number(420.0), "/srv/tls.pem"),
        Some(("world-readable-file", High)),
    );
    check(
        "file.mode",
        &file(Absent, "/tmp/report.csv"),
        Some(("insecure-temporary-file", Medium)),
    );
    let open = FactValue::Template(vec![Some("/tmp/".into()), None]);
    check("file.mode", &[("mode", Absent), ("path", open)], None);
}

#[test]
fn passwords_are_told_by_the_name_of_their_source() {
    use casemate_flow::result::{Flow, FlowPath};
    use casemate_model::kind::Shape;
    let (catalogue, kinds) = load();
    let site = |start| Site {
        file: FileIdx(0),
        span: Span {
            start,
            end: start + 1,
        },
    };
    let flow = |at: u32, source: &str| Flow {
        sink: site(at),
        argument: site(at),
        kind: kinds.sink("hash").unwrap(),
        function: FuncId(0),
        callee: "npm:md5".into(),
        facts: vec![("text".into(), Unknown)],
        paths: vec![FlowPath {
            source: site(0),
            kind: kinds.source("http.body").unwrap(),
            shape: Shape::Structured,
            text: source.into(),
            steps: Vec::new(),
            notes: Vec::new(),
            entries: Vec::new(),
        }],
    };
    let analysis = Analysis {
        flows: vec![flow(1, "req.body.password"), flow(2, "req.body.text")],
        ..Analysis::default()
    };
    let matches = catalogue.apply(&analysis, &kinds, &|_| true).matches;
    let found: Vec<_> = matches
        .iter()
        .map(|found| (found.rule.as_str(), found.place))
        .collect();
    assert_eq!(found, [("weak-password-hash", site(1))]);
}
