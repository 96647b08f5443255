//! Secrets that are written into the code: literals under names that say so, and tokens that carry the mark of who issued them.
//!
//! The program tells where a literal is given a name; its text tells where in that place the literal stands.

use crate::link::Linked;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FileIdx, Site};
use casemate_ir::{ArgKey, Const, ConstId, Instr, Key, OpKind, Operand, PartKey, Span, VarRef};
use casemate_source::Project;
use std::collections::BTreeMap;

/// Parts of names of secrets, without what joins words.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "apikey",
    "apitoken",
    "accesskey",
    "privatekey",
    "authtoken",
    "accesstoken",
    "credential",
    "cryptokey",
    "encryptionkey",
    "signingkey",
    "cookiekey",
    "sessionkey",
    "jwtkey",
];

/// Parts of names that speak of a secret and hold none.
const OTHER: &[&str] = &[
    "field",
    "url",
    "uri",
    "name",
    "header",
    "label",
    "placeholder",
    "error",
    "message",
    "msg",
    "regex",
    "pattern",
    "path",
    "type",
    "hint",
    "reset",
    "length",
    "title",
    "text",
    "prompt",
    "input",
    "column",
    "cache",
    "file",
    "policy",
    "hash",
    "algorithm",
    "public",
    "env",
    "variable",
    "prefix",
    "param",
    "expire",
    "invalid",
    "forgot",
    "change",
    "confirm",
    "strength",
    "validat",
    "page",
    "route",
    "template",
    "scope",
    "manager",
    "display",
    "passwords",
];

/// What stands for a secret that is put in later.
const PLACEHOLDERS: &[&str] = &[
    "your",
    "xxx",
    "<",
    ">",
    "***",
    "${",
    "{{",
    "%(",
    "example",
    "placeholder",
    "todo",
    "replace",
    "redacted",
    "insert",
    "dummy",
    "process.env",
];

/// Marks of tokens by who issues them: what they begin with, how many characters follow, and which of them.
const MARKS: &[(&str, usize, &str)] = &[
    ("AKIA", 16, "key id of Amazon Web Services"),
    ("ghp_", 36, "token of GitHub"),
    ("gho_", 36, "token of GitHub"),
    ("ghs_", 36, "token of GitHub"),
    ("github_pat_", 60, "token of GitHub"),
    ("glpat-", 20, "token of GitLab"),
    ("sk_live_", 24, "key of Stripe"),
    ("rk_live_", 24, "key of Stripe"),
    ("xoxb-", 24, "token of Slack"),
    ("xoxp-", 24, "token of Slack"),
    ("AIza", 35, "key of Google"),
    ("SG.", 60, "key of SendGrid"),
    ("npm_", 36, "token of npm"),
    ("dop_v1_", 64, "token of DigitalOcean"),
];

/// What keys begin with that are made to be shown: in pages, in programs of clients.
const SHOWN: [&str; 3] = ["phc_", "pk_live_", "pk_test_"];

/// Classes whose members are names for themselves: `class Kind(StrEnum): client_secret = 'client_secret_basic'`.
const ENUMS: [&str; 8] = [
    "Enum",
    "StrEnum",
    "IntEnum",
    "Flag",
    "TextChoices",
    "Choices",
    "DjangoChoices",
    "ChoiceSet",
];

/// The facts of secrets in all files. `known`: what was found out about calls; a secret that one of them speaks of is told there.
pub(crate) fn facts(project: &Project, linked: &Linked, known: &[Fact]) -> Vec<Fact> {
    let mut told: BTreeMap<FileIdx, Vec<Span>> = BTreeMap::new();
    for fact in known.iter().filter(|f| f.fact == "credential") {
        let constant = |(name, value): &(String, FactValue)| {
            name == "value" && matches!(value, FactValue::Str(_) | FactValue::OneOf(_))
        };
        if fact.values.iter().any(constant) {
            told.entry(fact.site.file).or_default().push(fact.site.span);
        }
    }
    let mut out: Vec<Fact> = Vec::new();
    for func in linked.program.function_ids() {
        let f = linked.program.func(func);
        if linked.program.is_copy(func) || words(&f.file.path).any(|w| is_of_languages(&w)) {
            continue;
        }
        let text = linked
            .origin
            .get(f.file_idx.0 as usize)
            .and_then(|at| project.files.get(*at))
            .map(|file| &*file.text);
        let enumerations = enumerations(f);
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let place = f.func.spans.get(at).copied().unwrap_or_default();
            let within = |outer: &Span| outer.start <= place.start && place.end <= outer.end;
            if enumerations.iter().any(within) {
                continue;
            }
            let compared = matches!(instr, Instr::Op { .. });
            for (name, id) in named(f, instr) {
                let Const::Str(value) = *f.file.facts.constant(id) else {
                    continue;
                };
                let value = f.file.facts.str(value);
                let known =
                    kind(&name, value).or_else(|| compared_password(compared, &name, value));
                let Some(kind) = known else {
                    continue;
                };
                let span = f.func.spans.get(at).copied().unwrap_or_default();
                let span = text.map_or(span, |text| literal(text, span, &name, value));
                let within = |other: &Span| other.start <= span.start && span.end <= other.end;
                let place = (f.file_idx, span);
                if told
                    .get(&f.file_idx)
                    .is_some_and(|all| all.iter().any(within))
                    || out
                        .iter()
                        .rev()
                        .take(64)
                        .any(|o| (o.site.file, o.site.span) == place)
                {
                    continue;
                }
                out.push(Fact {
                    fact: "secret.literal".to_owned(),
                    site: Site {
                        file: f.file_idx,
                        span,
                    },
                    function: func,
                    callee: if name.is_empty() {
                        kind.to_owned()
                    } else {
                        name
                    },
                    values: vec![("value".to_owned(), FactValue::Str(value.to_owned()))],
                });
            }
        }
    }
    out
}

fn words(path: &str) -> impl Iterator<Item = String> + '_ {
    path.split(['/', '.', '_', '-']).map(str::to_lowercase)
}

/// Folders of translations: every text there is read by people.
fn is_of_languages(word: &str) -> bool {
    [
        "locale",
        "locales",
        "i18n",
        "lang",
        "translations",
        "fixtures",
        "migrations",
    ]
    .contains(&word)
}

/// The constants of an instruction with the names that they are given.
fn named(f: FuncRef<'_>, instr: &Instr) -> Vec<(String, ConstId)> {
    let constant = |operand: Operand| match operand {
        Operand::Const(id) => Some(id),
        Operand::Local(_) => None,
    };
    let text = |symbol| f.file.facts.str(symbol).to_owned();
    let mut out = Vec::new();
    let mut add = |name: String, operand: Operand| {
        // What has spaces and slashes in it is a text that stands for something: `'patch /users/:id/password'`.
        if !name.contains(['/', ' ', '.']) {
            out.extend(constant(operand).map(|id| (name, id)));
        }
    };
    match *instr {
        Instr::Object { parts, .. } => {
            for part in f.func.parts(parts) {
                if let PartKey::Field(name) = part.key {
                    add(text(name), part.value);
                }
            }
        }
        Instr::Store {
            key: Key::Field(name),
            value,
            ..
        } => add(text(name), value),
        Instr::StoreVar { var, value } => {
            let name = match var {
                VarRef::Global(global) => f
                    .file
                    .facts
                    .globals
                    .get(global.index())
                    .map(|b| text(b.name)),
                VarRef::Free(name) => Some(text(name)),
                VarRef::Captured(_) => None,
            };
            add(name.unwrap_or_default(), value);
        }
        Instr::Copy { to, from } => {
            let name = f.func.locals.get(to.index()).and_then(|l| l.name);
            add(name.map(text).unwrap_or_default(), from);
        }
        Instr::Call { args, .. } => {
            for arg in f.func.args(args) {
                let name = match arg.key {
                    ArgKey::Keyword(name) => text(name),
                    _ => String::new(),
                };
                add(name, arg.value);
            }
        }
        // `if password == "…"`
        Instr::Op {
            op: OpKind::Eq | OpKind::StrictEq | OpKind::Ne | OpKind::StrictNe,
            operands,
            ..
        } => {
            if let [a, b] = *f.func.operands(operands) {
                for (name, value) in [(a, b), (b, a)] {
                    let text = constant(value)
                        .is_some_and(|id| matches!(f.file.facts.constant(id), Const::Str(_)));
                    if text && let Some(name) = variable(f, name) {
                        add(name, value);
                    }
                }
            }
        }
        _ => {}
    }
    out
}

/// Where classes of a function stand that list their values.
fn enumerations(f: FuncRef<'_>) -> Vec<Span> {
    let listed = |value: Operand| {
        let name = match f.made_by(value) {
            Some(Instr::LoadVar {
                var: VarRef::Global(global),
                ..
            }) => f.file.facts.globals.get(global.index()).map(|b| b.name),
            Some(
                Instr::Load {
                    key: Key::Field(name),
                    ..
                }
                | Instr::Import {
                    name: Some(name), ..
                },
            ) => Some(*name),
            _ => None,
        };
        name.is_some_and(|name| ENUMS.contains(&f.file.facts.str(name)))
    };
    let bases = |base: Operand| match f.made_by(base) {
        Some(&Instr::Op { operands, .. }) => f.func.operands(operands).to_vec(),
        _ => vec![base],
    };
    let instrs = f.func.instrs.iter();
    let classes = instrs.filter_map(|instr| match *instr {
        Instr::Class {
            class,
            base: Some(base),
            ..
        } if bases(base).into_iter().any(listed) => f.file.facts.class(class),
        _ => None,
    });
    classes.map(|class| class.span).collect()
}

fn variable(f: FuncRef<'_>, operand: Operand) -> Option<String> {
    let Operand::Local(local) = operand else {
        return None;
    };
    let own = f.func.locals.get(local.index()).and_then(|l| l.name);
    let loaded = f.func.instrs.iter().find_map(|instr| match *instr {
        Instr::Load {
            to,
            key: Key::Field(name),
            ..
        } if to == local => Some(name),
        _ => None,
    });
    own.or(loaded).map(|name| f.file.facts.str(name).to_owned())
}

/// Words that a password is compared with and that are none: what forms and tokens say of their kind.
const NO_PASSWORDS: &[&str] = &["password", "null", "none", "undefined", "true", "false"];

/// A password that is compared with a word of the code: whoever says the word gets in, however plain it is.
fn compared_password(compared: bool, name: &str, value: &str) -> Option<&'static str> {
    let flat: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let is_password =
        ["password", "passwd", "pwd", "passphrase", "userpassword"].contains(&flat.as_str());
    let lower = value.to_lowercase();
    let plain = value.len() >= 4
        && value.is_ascii()
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '!'))
        && !PLACEHOLDERS.iter().any(|p| lower.contains(p))
        && !NO_PASSWORDS.contains(&lower.as_str());
    (compared && is_password && plain).then_some("password")
}

/// What kind of secret a literal of this name is, if it is one.
fn kind(name: &str, value: &str) -> Option<&'static str> {
    if let Some(kind) = marked(value) {
        return Some(kind);
    }
    if value.contains("-----BEGIN") && value.contains("PRIVATE KEY-----") && value.len() > 100 {
        return Some("private key");
    }
    let flat: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if flat.ends_with("id") || flat.ends_with("ids") {
        return None;
    }
    let token = flat == "token" || flat.ends_with("token");
    let says = NAMES.iter().any(|n| flat.contains(n)) || token || flat == "pass";
    if !says
        || OTHER.iter().any(|n| flat.contains(n))
        || flat.starts_with("is")
        || flat.starts_with("has")
    {
        return None;
    }
    let lower = value.to_lowercase();
    let plain: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    let of_words = value
        .chars()
        .all(|c| c.is_alphabetic() || c == '_' || c == '-' || c == ' ');
    let secretish = flat.contains("secret") || flat.contains("key");
    // `SESSION_COOKIE_KEY = 'app_session'`: what a cookie is called.
    let is_name = |value: &str| {
        value
            .split(['_', '-', '.'])
            .all(|part| part.starts_with(|c: char| c.is_ascii_lowercase()))
            && value.chars().filter(char::is_ascii_digit).count() <= 2
    };
    // `MFA_SESSION_KEY = 'auth_mfa_done'`: under which name something is kept.
    let of_store = ["sessionkey", "cachekey", "storagekey"]
        .iter()
        .any(|end| flat.ends_with(end));
    let of_cookie = (flat.contains("cookie") || of_store)
        && !flat.contains("secret")
        && (of_words || is_name(value));
    // `'client_secret': 'SLACK_CLIENT_SECRET'`: the name of a setting.
    let of_setting =
        value.contains('_') && value.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    if value.len() < 4
        || of_setting
        || of_cookie
        || SHOWN.iter().any(|mark| value.starts_with(mark))
        || value.len() > 4_096
        || value.chars().any(char::is_whitespace)
        || !value.is_ascii()
        || PLACEHOLDERS.iter().any(|p| lower.contains(p))
        || value.starts_with(['/', '.', '#', ':', '@', '$', '%', '['])
        || lower.starts_with("http")
        || flat.contains(&plain)
        || NAMES.contains(&plain.as_str())
    {
        return None;
    }
    // `login:enterPassword` is the key of a text.
    let of_text = value.split_once([':', '.']).is_some_and(|(a, b)| {
        [a, b]
            .iter()
            .all(|part| part.chars().all(|c| c.is_alphabetic() || c == '_'))
    });
    let uuid = value.len() == 36
        && value.chars().filter(|c| *c == '-').count() == 4
        && value.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    if of_text || uuid && !secretish {
        return None;
    }
    // A single word under a password's name is as often a label or the name of a column.
    let password = ["password", "passwd", "passphrase", "pwd"]
        .iter()
        .any(|n| flat.contains(n))
        || flat == "pass";
    if password {
        let varied = value.chars().any(|c| c.is_ascii_digit())
            || value
                .chars()
                .any(|c| c.is_ascii_punctuation() && c != '_' && c != '-' && c != '.')
            || flat == "password"
                && [
                    "root", "admin", "postgres", "mysql", "letmein", "guest", "toor", "secret",
                ]
                .contains(&plain.as_str());
        let mixed = value.chars().skip(1).any(|c| c.is_ascii_uppercase())
            && value.starts_with(|c: char| c.is_ascii_uppercase());
        return (varied || mixed && value.len() >= 12).then_some("password");
    }
    let digits = value.chars().filter(char::is_ascii_digit).count();
    if secretish {
        return (!of_words || value.len() >= 16 && !value.contains(' ')).then_some("key");
    }
    (value.len() >= 16 && digits >= 3 && !value.contains('.') || value.len() >= 32 && digits >= 3)
        .then_some("token")
}

/// Who issued a token, by its mark.
fn marked(value: &str) -> Option<&'static str> {
    MARKS.iter().find_map(|(mark, length, what)| {
        let rest = value.strip_prefix(mark)?;
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.';
        let varied = rest.chars().any(|c| c.is_ascii_digit())
            && rest
                .chars()
                .collect::<std::collections::BTreeSet<_>>()
                .len()
                > 8;
        let shown = ["example", "xxxx", "0000", "1234567890"];
        let lower = rest.to_lowercase();
        (rest.len() >= *length
            && rest.chars().all(letters)
            && varied
            && !shown.iter().any(|s| lower.contains(s)))
        .then_some(*what)
    })
}

/// Where a literal stands within a place: behind its name, between quotes.
fn literal(text: &str, span: Span, name: &str, value: &str) -> Span {
    let (start, end) = (span.start as usize, span.end as usize);
    let Some(place) = text.get(start..end.min(text.len())) else {
        return span;
    };
    let from = if name.is_empty() {
        0
    } else {
        place.find(name).unwrap_or(0)
    };
    let found = ['"', '\'', '`'].iter().filter_map(|quote| {
        let wanted = format!("{quote}{value}{quote}");
        let at = place.get(from..)?.find(&wanted)?;
        Some((from + at, wanted.len()))
    });
    match found.min() {
        Some((at, length)) => Span {
            start: u32::try_from(start + at).unwrap_or(span.start),
            end: u32::try_from(start + at + length).unwrap_or(span.end),
        },
        None => span,
    }
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn literals_are_secrets_by_name_and_value() {
        for (name, value, is) in [
            ("password", "Admin_123", true),
            ("password", "root", true),
            ("password", "password", false),
            ("password", "Passwort", false),
            ("passwordField", "user_password1", false),
            ("SESSION_COOKIE_KEY", "my_app_session_name", false),
            ("MFA_SESSION_KEY", "auth_bind_otp_after_mfa", false),
            ("clear_secret", "accounts.change_account", false),
            ("client_secret", "SLACK_CLIENT_SECRET", false),
            ("STATE_COOKIE_KEY", "app_oauth2_state", false),
            ("cookieKey", "k9f-2lq8-zz31-xv07", true),
            ("POSTHOG_API_KEY", "phc_k9f2lq8zz31xv07aaBB11", false),
            ("cookieSecret", "session_cookie_secret_key_here", true),
            ("cryptoKey", "a_secure_key_for_crypto_here", true),
            ("zapApiKey", "v9dn0balpqas1pcc281tn5ood1", true),
            ("apiKey", "your-api-key", false),
            ("SECRET_KEY", "${SECRET}", false),
            ("token", "csrf_token", false),
            (
                "token",
                "SECRET_TOKEN_f8ed84e8f41e4146403dd4a6bbcea5e418d23a9",
                true,
            ),
            ("resetPasswordUrl", "/reset/1234", false),
            ("secret", "keyboard cat", false),
            ("tokenType", "Bearer1234567890123", false),
            ("adminPassword", "Sup3rSecret", true),
            ("OnePassword", "bada5566-a7aa-401f-bd96-45619a55120d", false),
            ("password", "login:enterPassword", false),
        ] {
            assert_eq!(kind(name, value).is_some(), is, "{name} {value}");
        }
    }
}
