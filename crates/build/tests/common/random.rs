//! Random descriptions: the same seed gives the same text. Most of them mean a backend; those that contradict themselves are
//! refused by `generate`, and the next try of the seed is taken.

use casemate_build::generate;

/// A generator of numbers that needs no package: SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.roll() % most.max(1) as u64).unwrap_or_default()
    }

    /// In so many of a hundred cases.
    fn often(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        let at = self.below(of.len());
        around(of, at)
    }
}

/// The entry at this place, counted around.
fn around<'a>(of: &[&'a str], at: usize) -> &'a str {
    of.iter().cycle().nth(at).copied().unwrap_or_default()
}

const NAMES: &[&str] = &[
    "article", "branch", "city", "device", "event", "factory", "gift", "hobby", "box", "key_card",
];
const FIELDS: &[&str] = &[
    "title",
    "state",
    "amount",
    "price",
    "starts_at",
    "born",
    "contact",
    "link",
    "active",
    "rank_2",
];

/// A description that means a backend, and how many tries it took.
pub fn description(seed: u64) -> Option<(String, usize)> {
    let mut dice = Dice(seed);
    (1..=200)
        .map(|tries| (attempt(&mut dice), tries))
        .find(|(text, _)| generate(text).is_ok())
}

fn attempt(dice: &mut Dice) -> String {
    let roles: Vec<&str> = ["member", "clerk", "boss"]
        .into_iter()
        .skip(dice.below(2))
        .collect();
    let tenants = dice.often(40);
    let mut text = format!(
        "[app]\nname = \"random-{}\"\n\n[auth]\nroles = {roles:?}\n",
        dice.below(1000)
    );
    if dice.often(30) {
        text += "mfa = \"totp\"\n";
    }
    if dice.often(35) {
        text += "mode = \"sessions\"\n";
    } else if dice.often(30) {
        text += "access_ttl = \"5m\"\nrefresh_ttl = \"12h\"\n";
    }
    let more: Vec<&str> = ["passkey", "oidc:corp", "saml:partner"]
        .into_iter()
        .filter(|_| dice.often(25))
        .collect();
    if !more.is_empty() {
        let methods: Vec<&str> = std::iter::once("password").chain(more).collect();
        text += &format!("methods = {methods:?}\n");
    }
    if tenants {
        text += &format!(
            "\n[tenant]\nname = \"{}\"\n",
            dice.one(&["team", "company"])
        );
    }
    if dice.often(25) {
        text += "\n[deploy]\nkubernetes = true\n";
    }
    if dice.often(30) {
        let pages = dice.often(50);
        text += if pages {
            "\n[front_end]\nnext = true\n"
        } else {
            "\n[front_end]\nclient = true\n"
        };
    }
    if dice.often(25) {
        text += "\n[outbound.weather]\nhosts = [\"api.weather.example\"]\n";
    }
    if dice.often(25) {
        text += "\n[webhook.parcel]\n";
    }
    if dice.often(30) {
        text += &format!("\n[job.digest]\n{}", dice.one(&["", "every = \"1h\"\n"]));
    }
    let first = dice.below(NAMES.len());
    if dice.often(25) {
        let told = around(NAMES, first);
        text += &format!(
            "\n[webhook.partner]\ndirection = \"out\"\nevents = [\"{told}.created\", \"{told}.deleted\"]\n"
        );
    }
    let mut earlier: Vec<&str> = Vec::new();
    for at in 0..=dice.below(4) {
        let name = around(NAMES, first + at);
        text += &entity(dice, name, &earlier, &roles, tenants);
        earlier.push(name);
    }
    if text.contains("cache = \"30s\"") && dice.often(50) {
        text += "\n[cache]\nstore = \"redis\"\n";
    }
    if dice.often(30) {
        text += "\n[api]\ngraphql = true\n";
    }
    if dice.often(30) {
        text += "\n[telemetry]\nopentelemetry = true\n";
    }
    text
}

fn entity(dice: &mut Dice, name: &str, earlier: &[&str], roles: &[&str], tenants: bool) -> String {
    let owned = dice.often(60);
    let shared = tenants && dice.often(20);
    let mut lines = vec![format!("\n[entity.{name}]")];
    if owned {
        lines.push("owner = \"maker\"\nfields.maker = \"ref(user)\"".to_owned());
    }
    if shared {
        lines.push("tenant = false".to_owned());
    }
    // Kinds that lists and rules can use are remembered.
    let (mut filters, mut sorts, mut states) = (Vec::new(), vec!["created_at"], Vec::new());
    let start = dice.below(FIELDS.len());
    for at in 0..=dice.below(5) {
        let field = around(FIELDS, start + at);
        let optional = dice.often(25);
        let (kind, sortable) = match dice.below(9) {
            0 => ("text(1..120)", true),
            1 => ("text(4000)", false),
            2 => ("int(0..500)", true),
            3 => ("money(EUR)", true),
            4 => ("date", true),
            5 => ("timestamp", true),
            6 => ("email", true),
            7 => ("url", false),
            _ => ("", false),
        };
        let mut kind = kind.to_owned();
        if kind.is_empty() {
            kind = dice
                .one(&["enum(fresh, known, gone) = fresh", "bool = false"])
                .to_owned();
            states.push((field, kind.starts_with("enum")));
            filters.push(field);
        } else {
            let encrypted = (kind.starts_with("text") || kind == "email") && dice.often(20);
            for (mark, percent) in [("unique", 10), ("pii", 20), ("immutable", 15)] {
                if dice.often(percent)
                    && !(mark == "unique" && (encrypted || kind.contains("4000")))
                {
                    kind += &format!(" {mark}");
                }
            }
            if optional {
                kind += " optional";
            }
            if encrypted {
                kind += " encrypted";
            }
            if sortable && !optional && !encrypted {
                sorts.push(field);
            }
            if !encrypted
                && kind != "timestamp"
                && !kind.starts_with("timestamp ")
                && dice.often(40)
            {
                filters.push(field);
            }
        }
        lines.push(format!("fields.{field} = \"{kind}\""));
    }
    if !earlier.is_empty() && dice.often(60) {
        let to = dice.one(earlier);
        let (mark, delete) = (
            dice.one(&["immutable", "optional", ""]),
            dice.one(&["restrict", "cascade"]),
        );
        lines.push(format!(
            "fields.about = \"ref({to}) {mark} on_delete={delete}\""
        ));
        filters.push("about");
    }
    let rule = |dice: &mut Dice, row: bool| -> String {
        let mut parts = vec![format!("role:{}", dice.one(roles))];
        if row && owned {
            parts.push("owner".to_owned());
        }
        if row && let Some((field, is_enum)) = states.get(dice.below(3)) {
            parts.push(if *is_enum {
                format!("{field} == 'known'")
            } else {
                format!("{field} == false")
            });
        }
        let chosen: Vec<String> = parts.into_iter().filter(|_| dice.often(70)).collect();
        match chosen.len() {
            0 => "authenticated".to_owned(),
            _ => chosen.join(dice.one(&[" and ", " or "])),
        }
    };
    // What is changed must be seen, so reading is wide more often than not.
    let read = match dice.below(4) {
        0 => rule(dice, true),
        1 if shared || !tenants => "anyone".to_owned(),
        _ => "authenticated".to_owned(),
    };
    lines.push(format!("allow.read = \"{read}\""));
    if read == "anyone" && dice.often(40) {
        lines.push("cache = \"30s\"".to_owned());
    }
    let mut updated = false;
    for (verb, percent) in [("create", 80), ("update", 70), ("delete", 60)] {
        if dice.often(percent) {
            lines.push(format!(
                "allow.{verb} = \"{}\"",
                rule(dice, verb != "create")
            ));
            updated |= verb == "update";
        }
    }
    if let Some((field, _)) = states.first()
        && dice.often(40)
    {
        lines.push(format!("allow.set.{field} = \"{}\"", rule(dice, true)));
    }
    if dice.often(20) {
        lines.push("live = true".to_owned());
    }
    sorts.reverse();
    lines.push(format!(
        "list = {{ filter = {filters:?}, sort = {sorts:?}, max = {} }}",
        1 + dice.below(200)
    ));
    if dice.often(50) {
        lines.push(format!(
            "create = {{ idempotent = {}, rate = \"{}/min\" }}",
            dice.often(50),
            1 + dice.below(40)
        ));
    }
    if updated && dice.often(30) {
        lines.push("upload = { types = [\"png\", \"pdf\"], max = \"100KB\", most = 3 }".to_owned());
    }
    if dice.often(25) {
        lines.push("retention = \"90d\"".to_owned());
    }
    lines.join("\n") + "\n"
}
