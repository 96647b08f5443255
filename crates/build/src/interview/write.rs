//! The description that answers become.

use super::{Interview, parts};
use crate::field::Kind;
use crate::names;
use std::fmt::Write;

impl Interview {
    /// The description.
    pub fn text(&self) -> String {
        let said = |key: &str, fallback: &str| {
            self.said(key)
                .filter(|text| !text.is_empty())
                .unwrap_or(fallback)
                .to_owned()
        };
        let roles = self
            .said("roles")
            .map_or_else(|| vec!["member".to_owned(), "admin".to_owned()], parts);
        let mut text = format!("[app]\nname = \"{}\"\n", said("name", &self.folder));
        if let Some(description) = self.said("description").filter(|text| !text.is_empty()) {
            let _ = writeln!(text, "description = {description:?}");
        }
        let compliance = said("compliance", "none");
        if let Some(why) = match compliance.as_str() {
            "health" => {
                Some("health: texts are encrypted, access is short, a second factor is offered")
            }
            "personal" => Some("personal data: what is written of people is kept out of logs"),
            "payments" => Some("payments: no number of a card is kept here"),
            _ => None,
        } {
            let _ = writeln!(
                text,
                "\n# Bound by rules on {why}. Whether this is enough, a person has to judge."
            );
        }
        let _ = writeln!(text, "\n[auth]\nroles = {roles:?}");
        if self.yes("mfa") {
            text += "mfa = \"totp\"\n";
        }
        self.sign_in(
            &mut text,
            compliance == "health" || compliance == "payments",
        );
        let tenant = self.said("tenant").filter(|name| *name != "no");
        if let Some(tenant) = tenant {
            let _ = writeln!(text, "\n[tenant]\nname = \"{tenant}\"");
        }
        for (key, lines) in [
            ("kubernetes", "\n[deploy]\nkubernetes = true\n"),
            ("telemetry", "\n[telemetry]\nopentelemetry = true\n"),
            ("graphql", "\n[api]\ngraphql = true\n"),
        ] {
            if self.yes(key) {
                text += lines;
            }
        }
        match self.said("front_end") {
            Some("pages") => text += "\n[front_end]\nnext = true\n",
            Some("client") => text += "\n[front_end]\nclient = true\n",
            _ => {}
        }
        let kept = |thing: &String| {
            let cache = self.said(&format!("{thing}.cache"));
            cache.is_some_and(|time| time != "no")
        };
        if self.said("instances") == Some("several") && self.things().iter().any(kept) {
            text += "\n[cache]\nstore = \"redis\"\n";
        }
        for (name, hosts) in self.services() {
            let _ = writeln!(text, "\n[outbound.{name}]\nhosts = {hosts:?}");
        }
        for name in self.named("webhooks") {
            let _ = writeln!(text, "\n[webhook.{name}]");
        }
        for name in self.named("listeners") {
            let _ = writeln!(
                text,
                "\n[webhook.{name}]\ndirection = \"out\"\nevents = {:?}",
                self.events()
            );
        }
        for name in self.named("jobs") {
            let _ = writeln!(text, "\n[job.{name}]");
        }
        for thing in self.things() {
            self.thing(&mut text, &thing);
        }
        text
    }

    /// The names of an answer; none if it is `no`.
    fn named(&self, key: &str) -> Vec<String> {
        let mut names = self.list(key);
        names.retain(|name| name != "no");
        names
    }

    /// What happens to things that people create and change.
    pub(super) fn events(&self) -> Vec<String> {
        let happens = |thing: &str, part: &str| {
            let rule = self.said(&format!("{thing}.{part}"));
            rule.is_some_and(|who| who != "nobody")
        };
        let mut events = Vec::new();
        for thing in self.things() {
            if happens(&thing, "create") {
                events.push(format!("{thing}.created"));
            }
            if happens(&thing, "change") {
                events.push(format!("{thing}.deleted"));
            }
        }
        events
    }

    /// Hosts that are called, under the names of their domains.
    fn services(&self) -> Vec<(String, Vec<String>)> {
        let mut services: Vec<(String, Vec<String>)> = Vec::new();
        for host in self.list("calls").into_iter().filter(|host| host != "no") {
            let domain = host
                .split('.')
                .rev()
                .nth(1)
                .unwrap_or_default()
                .replace('-', "_");
            let name = if names::is_snake(&domain) {
                domain
            } else {
                "other".to_owned()
            };
            match services.iter_mut().find(|(known, _)| *known == name) {
                Some((_, hosts)) => hosts.push(host),
                None => services.push((name, vec![host])),
            }
        }
        services
    }

    /// The ways in, and how long they stay open.
    fn sign_in(&self, text: &mut String, short: bool) {
        let longest = self.said("session").unwrap_or("30d");
        if self.said("sessions") == Some("sessions") {
            let idle = if short { "15m" } else { "12h" };
            let _ = writeln!(
                text,
                "mode = \"sessions\"\nidle_ttl = \"{idle}\"\nsession_ttl = \"{longest}\""
            );
        } else {
            if short {
                text.push_str("access_ttl = \"5m\"\n");
            }
            let _ = writeln!(text, "refresh_ttl = \"{longest}\"");
        }
        let mut methods = vec!["password".to_owned()];
        if self.yes("passkeys") {
            methods.push("passkey".to_owned());
        }
        methods.extend((self.named("providers").iter()).map(|name| format!("oidc:{name}")));
        methods.extend((self.named("saml").iter()).map(|name| format!("saml:{name}")));
        if methods.len() > 1 {
            let _ = writeln!(text, "methods = {methods:?}");
        }
    }

    fn thing(&self, text: &mut String, thing: &str) {
        let said = |part: &str| self.said(&format!("{thing}.{part}"));
        let owned = self.yes(&format!("{thing}.owner"));
        let fields = said("fields")
            .and_then(|fields| self.fields(thing, fields).ok())
            .unwrap_or_default();
        let _ = writeln!(text, "\n[entity.{thing}]");
        if owned {
            text.push_str("owner = \"owner\"\nfields.owner = \"ref(user)\"\n");
        }
        for field in &fields {
            let _ = writeln!(text, "fields.{} = \"{field}\"", field.name);
        }
        let changed = fields
            .iter()
            .any(|field| !field.readonly && !field.immutable);
        for (key, verbs) in [
            ("read", &["read"][..]),
            ("create", &["create"]),
            ("change", &["update", "delete"]),
        ] {
            if let Some(Ok(Some(rule))) = said(key).map(|who| self.rule(thing, who)) {
                for verb in verbs.iter().filter(|verb| changed || **verb != "update") {
                    let _ = writeln!(text, "allow.{verb} = \"{rule}\"");
                }
            }
        }
        let filter: Vec<&str> = fields
            .iter()
            .filter(|field| matches!(field.kind, Kind::Enum(_) | Kind::Bool | Kind::Ref(_)))
            .map(|field| field.name.as_str())
            .collect();
        let _ = writeln!(
            text,
            "list = {{ filter = {filter:?}, sort = [\"created_at\"], max = 100 }}"
        );
        if let Some(types) = said("files").filter(|types| *types != "no") {
            let _ = writeln!(text, "upload = {{ types = {:?} }}", parts(types));
        }
        if self.yes(&format!("{thing}.live")) {
            text.push_str("live = true\n");
        }
        if let Some(time) = said("cache").filter(|time| *time != "no") {
            let _ = writeln!(text, "cache = \"{time}\"");
        }
        if let Some(time) = said("keep").filter(|time| *time != "forever") {
            let _ = writeln!(text, "retention = \"{time}\"");
        }
    }
}
