//! What a call does with accounts: as the models say of packages, else as its name says.

use super::lexicon::{OfPackage, Said};
use super::own::{Deed, Reader};
use super::words::{self, has, holds};
use casemate_flow::apipath::PathId;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_ir::{Instr, Key, Language, LocalKind, Operand, Range32};
use casemate_model::row::Role;
use std::rc::Rc;

/// Names of values about accounts.
const ABOUT: &[&str] = &[
    "user",
    "password",
    "req",
    "request",
    "body",
    "data",
    "dto",
    "credentials",
    "account",
    "form",
    "payload",
    "input",
    "token",
    "session",
    "ctx",
    "context",
    "args",
    "params",
    "email",
    "code",
    "otp",
    "info",
    "values",
];

/// Receivers that answer, and what everybody has.
const ANSWERS: &[&str] = &[
    "res",
    "response",
    "reply",
    "ctx",
    "console",
    "math",
    "json",
    "object",
    "array",
    "promise",
    "date",
    "string",
    "number",
    "next",
    "done",
    "cb",
    "callback",
    "resolve",
    "reject",
    "h",
    "error",
    "render",
    "redirect",
    "jsonify",
    "str",
    "int",
    "len",
    "dict",
    "list",
    "type",
    "isinstance",
    "print",
    "bool",
    "repr",
    "parse_int",
    "boolean",
    "cookies",
    "headers",
    "flash",
    "exception",
    "value_error",
    "form",
    "errors",
    "messages",
    "validate",
    "symbol",
];

impl Reader<'_, '_, '_> {
    /// What the models, or its path, say of a package's function; whether it logs.
    pub(super) fn api(&mut self, path: PathId) -> bool {
        let known = self
            .lexicon
            .package(path, || of_package(self.origins, path));
        self.own.deeds.extend(known.said.deeds.iter().copied());
        self.own.apis.insert(Rc::clone(&known.text));
        known.said.logs
    }

    /// What the names of a call say; whether it logs.
    pub(super) fn named(&mut self, receiver: &Rc<str>, name: &Rc<str>, args: Range32) -> bool {
        let given = !args.is_empty();
        let named = (Rc::clone(receiver), Rc::clone(name), given);
        let said = self.lexicon.call(&named, || said(receiver, name, given));
        // What a client keeps is emptied by it, and goes on to hold.
        let emptied = &**receiver == "session"
            && said.deeds.contains(&Deed::Ends)
            && !ends_all(name)
            && self
                .own
                .apis
                .iter()
                .any(|api| api.starts_with("py:flask.session"));
        let deeds = said.deeds.iter().copied();
        self.own
            .deeds
            .extend(deeds.filter(|deed| !emptied || *deed != Deed::Ends));
        said.logs
    }

    /// Whether a call that is not known may do something with an account.
    pub(super) fn obscures(
        &self,
        callee: Operand,
        receiver: &str,
        name: &str,
        args: Range32,
    ) -> bool {
        let param = matches!(callee, Operand::Local(local)
            if self.f.func.locals.get(local.index()).is_some_and(|l| l.kind == LocalKind::Param));
        if param || ANSWERS.contains(&receiver) || ANSWERS.contains(&name) {
            return false;
        }
        let language = match self.f.file.facts.language {
            Language::JavaScript | Language::Template => "js",
            Language::Python => "py",
        };
        if self.def(callee).is_some_and(|i| match *i {
            Instr::Load {
                key: Key::Field(n), ..
            } => !self
                .origins
                .paths
                .models()
                .core_method(language, self.str(n))
                .is_empty(),
            _ => false,
        }) {
            return false;
        }
        let about = |operand: Operand| {
            self.name(operand)
                .is_some_and(|n| has(&n, ABOUT) || words::is_password(&n))
        };
        let given = f_args(self.f, args).any(about);
        given
            || has(receiver, &["user", "account", "auth", "session"])
            || holds(receiver, &["authservice", "userservice"])
    }
}

/// What the models, or its path, say of a package's function.
fn of_package(origins: &Solver<'_, '_>, path: PathId) -> OfPackage {
    let mut logs = false;
    let mut deeds = Vec::new();
    let kinds = origins.paths.models().kinds();
    for (_, row) in origins.paths.call_rows(path, false) {
        match &row.role {
            Role::Config { fact, .. } => {
                let deed = match fact.as_str() {
                    "kdf" => Deed::Hash,
                    "hash" => Deed::FastHash,
                    "compare" => Deed::Verify,
                    "login" => Deed::Login,
                    "jwt.sign" => Deed::Sign,
                    "jwt.verify" => Deed::VerifiesToken,
                    "session.destroy" | "session.regenerate" => Deed::Ends,
                    _ => continue,
                };
                deeds.push(deed);
            }
            Role::Sink { kind, .. } => {
                let kind = kinds.sink_name(*kind);
                logs |= kind.starts_with("log.");
                if kind.starts_with("mail.") {
                    deeds.push(Deed::Mail);
                }
            }
            _ => {}
        }
    }
    let text = origins.paths.text(path);
    let ends = |names: &[&str]| names.iter().any(|name| text.ends_with(name));
    let starts = |names: &[&str]| names.iter().any(|name| text.starts_with(name));
    let one_time = starts(&[
        "npm:otplib",
        "npm:@otplib",
        "npm:speakeasy",
        "npm:notp",
        "npm:otpauth",
        "npm:node-2fa",
        "py:pyotp",
        "py:onetimepass",
        "py:django_otp",
    ]);
    if one_time
        && (ends(&[
            ".verify",
            ".check",
            ".validate",
            ".verifyDelta",
            ".checkDelta",
            ".verifyToken",
        ]) || text.contains("valid_totp")
            || ends(&[".match_token"]))
    {
        deeds.push(Deed::ChecksTotp);
        deeds.push(Deed::ChecksCode);
    }
    if starts(&[
        "npm:argon2",
        "py:argon2",
        "py:passlib",
        "py:bcrypt",
        "py:werkzeug.security",
        "py:django.contrib.auth.hashers",
        "py:flask_bcrypt",
        "npm:bcrypt",
        "npm:scrypt-kdf",
    ]) {
        if ends(&[
            "verify",
            "checkpw",
            "check_password",
            "check_password_hash",
            "verify_password",
            "compare",
            "compareSync",
        ]) {
            deeds.push(Deed::Verify);
        } else if ends(&[
            "hash",
            "hashSync",
            "hashpw",
            "encrypt",
            "make_password",
            "generate_password_hash",
        ]) {
            deeds.push(Deed::Hash);
        }
    }
    if starts(&[
        "npm:nodemailer",
        "npm:@sendgrid",
        "npm:mailgun",
        "npm:postmark",
        "npm:resend",
        "npm:@aws-sdk/client-ses",
        "py:django.core.mail",
        "py:flask_mail",
        "py:smtplib",
        "py:sendgrid",
        "py:fastapi_mail",
        "npm:twilio",
        "py:twilio",
    ]) {
        deeds.push(Deed::Mail);
    }
    if starts(&[
        "npm:@sentry",
        "py:sentry_sdk",
        "npm:rollbar",
        "py:rollbar",
        "npm:newrelic",
    ]) {
        logs = true;
    }
    if ends(&[
        "update_session_auth_hash",
        "logout_user",
        "unset_jwt_cookies",
        ".logout",
        ".logOut",
    ]) && !ends(&["unset_jwt_cookies"])
    {
        deeds.push(Deed::Ends);
    }
    if ends(&[".clearCookie", ".delete_cookie", "unset_jwt_cookies"]) {
        deeds.push(Deed::ClearsCookie);
    }
    if text.starts_with("py:flask.session.") {
        deeds.push(Deed::Pops);
    }
    if text.starts_with("py:django") && ends(&["session.flush", "session.cycle_key"]) {
        deeds.push(Deed::Ends);
    }
    if ends(&[
        ".set_password",
        ".create_user",
        ".create_superuser",
        ".setPassword",
        ".changePassword",
    ]) {
        deeds.push(Deed::SetsPassword);
        deeds.push(Deed::Hash);
    }
    OfPackage {
        said: Said { deeds, logs },
        text: text.into(),
    }
}

/// What the names of a call say.
fn said(receiver: &str, name: &str, given: bool) -> Said {
    let mut deeds: Vec<Deed> = Vec::new();
    let of_password =
        has(name, &["password", "pass", "passwd", "pwd", "pw"]) || holds(name, &["password"]);
    let checks = has(
        name,
        &[
            "verify",
            "check",
            "compare",
            "match",
            "matches",
            "validate",
            "is",
            "authenticate",
            "correct",
            "test",
        ],
    );
    if of_password
        && checks
        && !has(
            name,
            &[
                "strength", "policy", "format", "length", "strong", "rules", "pwned", "breached",
                "common",
            ],
        )
        || [
            "authenticate",
            "checkpw",
            "verify_user",
            "check_credentials",
            "valid_password",
            "matches_password",
        ]
        .contains(&name)
        || [
            "bcrypt",
            "argon2",
            "bcryptjs",
            "pwd_context",
            "crypt_context",
            "ph",
            "password_hasher",
        ]
        .contains(&receiver)
            && has(name, &["compare", "verify", "check"])
    {
        deeds.push(Deed::Verify);
    }
    if of_password
        && has(
            name,
            &[
                "hash", "make", "encrypt", "generate", "crypt", "get", "create",
            ],
        )
        && holds(name, &["hash", "crypt", "makepassword"])
        || ["bcrypt", "argon2", "bcryptjs", "pwd_context"].contains(&receiver)
            && holds(name, &["hash"])
    {
        deeds.push(Deed::Hash);
    }
    if [
        "set_password",
        "update_password",
        "change_password",
        "reset_password",
        "password_set",
        "password_update",
        "password_change",
        "create_user",
    ]
    .contains(&name)
    {
        deeds.push(Deed::SetsPassword);
    }
    let logger = has(
        receiver,
        &[
            "log",
            "logger",
            "logging",
            "audit",
            "auditor",
            "winston",
            "pino",
            "bunyan",
            "sentry",
            "rollbar",
            "syslog",
            "audit_log",
            "logs",
            "auditlog",
            "trail",
        ],
    );
    let logs = logger && !["get_logger", "child", "configure", "basic_config"].contains(&name)
        || name.starts_with("log_") && !has(name, &["in", "out"])
        || has(name, &["audit", "audits"])
        || ["log", "log_event", "capture_exception", "record_event"].contains(&name)
            && !["console", "math"].contains(&receiver)
            && !holds(receiver, &["math"])
            && given;
    let sends = has(
        name,
        &[
            "send", "notify", "deliver", "enqueue", "mail", "email", "dispatch",
        ],
    ) || holds(name, &["sendmail", "sendemail", "sendsms"]);
    let message = has(
        name,
        &["mail", "email", "sms", "notification", "notify", "message"],
    ) || holds(name, &["sendmail", "sendemail"])
        || has(
            receiver,
            &[
                "mail",
                "mailer",
                "email",
                "mailgun",
                "sendgrid",
                "notifier",
                "notification",
                "notifications",
                "sms",
                "transporter",
                "transport",
                "smtp",
                "messages",
                "postmark",
                "resend",
            ],
        );
    if sends && message {
        deeds.push(Deed::Mail);
    }
    let session = has(
        name,
        &["session", "sessions", "token", "tokens", "jwt", "refresh"],
    ) || has(
        receiver,
        &[
            "session",
            "sessions",
            "token",
            "tokens",
            "blacklist",
            "denylist",
            "blocklist",
            "store",
        ],
    ) || holds(
        receiver,
        &[
            "token",
            "session",
            "blacklist",
            "denylist",
            "blocklist",
            "revoked",
        ],
    );
    let over = has(
        name,
        &[
            "destroy",
            "invalidate",
            "revoke",
            "blacklist",
            "denylist",
            "blocklist",
            "flush",
            "terminate",
            "kill",
            "expire",
            "delete",
            "remove",
            "del",
            "clear",
            "end",
            "purge",
        ],
    ) || holds(receiver, &["blacklist", "denylist", "blocklist", "revoked"])
        && has(name, &["add", "set", "push", "setex"]);
    if session && over && !has(name, &["cookie", "cookies"]) || ends_all(name) {
        deeds.push(Deed::Ends);
    }
    if has(name, &["cookie", "cookies"])
        && has(
            name,
            &["clear", "delete", "unset", "remove", "destroy", "expire"],
        )
        || has(receiver, &["cookies"]) && has(name, &["delete", "remove", "clear"])
    {
        deeds.push(Deed::ClearsCookie);
    }
    if checks && (words::is_code(name) || has(receiver, &["totp", "otp", "hotp", "authenticator"]))
    {
        deeds.push(Deed::ChecksCode);
    }
    Said { deeds, logs }
}

/// Names of what ends a session, whatever it is called on.
fn ends_all(name: &str) -> bool {
    [
        "logout",
        "log_out",
        "signout",
        "sign_out",
        "logout_all",
        "logout_user",
        "update_session_auth_hash",
        "global_sign_out",
    ]
    .contains(&name)
}

fn f_args<'p>(f: FuncRef<'p>, args: Range32) -> impl Iterator<Item = Operand> + 'p {
    f.func.args(args).iter().map(|arg| arg.value)
}
