//! Every mistake in a description that we could think of, with its place and what is said about it.

use casemate_build::{GenerateError, generate};

const APP: &str = "[app]\nname = \"x\"\n";
const AUTH: &str = "[auth]\nroles = [\"member\", \"admin\"]\n";
const NOTE: &str = "[entity.note]\nfields.title = \"text(9)\"\nallow.read = \"authenticated\"\n";

fn problems(text: &str) -> Vec<String> {
    match generate(text) {
        Ok(_) => vec![],
        Err(GenerateError::Description(problems)) => {
            problems.iter().map(ToString::to_string).collect()
        }
        Err(error) => vec![error.to_string()],
    }
}

/// One mistake, said like this.
fn check(text: &str, expected: &str) {
    let found = problems(text);
    assert_eq!(found, [expected], "{text}");
}

/// One mistake in an entity that stands from line 5 on.
fn entity(lines: &str, expected: &str) {
    check(&format!("{APP}{AUTH}{lines}"), expected);
}

/// One mistake in an entity with an owner and a status; the first of these lines is line 9.
fn owned(lines: &str, expected: &str) {
    entity(
        &format!(
            "[entity.note]\nowner = \"author\"\nfields.author = \"ref(user)\"\nfields.status = \"enum(draft, done) = draft\"\n{lines}"
        ),
        expected,
    );
}

#[test]
fn the_least_that_is_right() {
    assert_eq!(
        problems(&format!("{APP}{AUTH}{NOTE}")),
        Vec::<String>::new()
    );
}

#[test]
fn parts_that_are_more_open_than_their_whole() {
    let described = |whole: &str, reference: &str, read: &str| {
        format!(
            "{APP}{AUTH}[entity.post]\nowner = \"author\"\nfields.author = \"ref(user)\"\nfields.state = \"enum(draft, out) = draft\"\n\
             allow.read = \"{whole}\"\n[entity.comment]\nfields.post = \"ref(post) {reference}\"\nfields.text = \"text(99)\"\n\
             fields.shown = \"bool = false\"\nallow.read = \"{read}\"\n"
        )
    };
    let said = "14:14: everybody may read a `comment`, also where the `post` that it is a part of (it is deleted with it) is hidden; ";
    let or = "; where it is for everybody all the same, write `on_delete=restrict` in `post`";
    for (whole, narrower) in [
        ("authenticated", "write `authenticated`, as for `post`"),
        (
            "(anyone and state == 'out') or owner",
            "let a field of its own decide, as in `anyone and shown == true`",
        ),
        (
            "owner",
            "let a field of its own decide, as in `anyone and shown == true`",
        ),
    ] {
        check(
            &described(whole, "on_delete=cascade", "anyone"),
            &format!("{said}{narrower}{or}"),
        );
        // What it says to write instead is taken.
        for (reference, read) in [
            ("on_delete=cascade", "authenticated"),
            ("on_delete=cascade", "anyone and shown == true"),
            ("on_delete=restrict", "anyone"),
        ] {
            assert_eq!(
                problems(&described(whole, reference, read)),
                Vec::<String>::new()
            );
        }
    }
    let own = "owner = \"writer\"\nfields.writer = \"ref(user)\"\nfields.post";
    check(
        &described("owner", "on_delete=cascade", "anyone").replace("fields.post", own),
        &format!(
            "{}write `owner`, as for `post`{or}",
            said.replace("14:14", "16:14")
        ),
    );
    check(
        &described("owner and state == 'out'", "on_delete=cascade", "anyone")
            .replace("fields.post", own),
        &format!(
            "{}let a field of its own decide, as in `(anyone and shown == true) or owner`{or}",
            said.replace("14:14", "16:14")
        ),
    );
}

#[test]
fn no_toml() {
    check(
        "[app\n",
        "1:5: unclosed table, expected `]`; this is no TOML; see https://toml.io",
    );
    check(
        "[app]\nname = \"x\"\nname = \"y\"\n",
        "3:1: duplicate key; this is no TOML; see https://toml.io",
    );
}

#[test]
fn what_is_missing() {
    assert_eq!(
        problems(""),
        [
            "1:1: there is no `[app]`; begin with `[app]` and `name = \"shop\"`",
            "1:1: there is no `[auth]`; write `[auth]` and `roles = [\"member\", \"admin\"]`",
            "1:1: there is no entity; write `[entity.note]` and `fields.title = \"text(1..120)\"`",
        ]
    );
    check(
        &format!("[app]\n{AUTH}{NOTE}"),
        "1:1: `app.name` is missing; write `name = \"shop\"`",
    );
    entity(
        "[entity.note]\nallow.read = \"authenticated\"\n",
        "5:9: `note` has no field; write `fields.title = \"text(1..120)\"`",
    );
    entity(
        "[entity.note]\nfields.title = \"text(9)\"\n",
        "5:9: nobody may do anything with `note`; write `allow.read = \"authenticated\"`; what is not allowed does not exist",
    );
}

#[test]
fn app_and_auth() {
    check(
        &format!("[app]\nname = \"My Shop\"\n{AUTH}{NOTE}"),
        "2:8: `My Shop` cannot be the name of a service; use up to 40 lower case letters, digits and hyphens, beginning with a letter",
    );
    check(
        &format!("[app]\nname = 5\n{AUTH}{NOTE}")
            .replace("name = 5", "name = \"x\"\nstack = \"fastapi\""),
        "3:9: the stack `fastapi` is not built yet; write `express-drizzle-postgres`, or leave it out",
    );
    check(
        &format!("[app]\nname = \"x\"\nnmae = \"y\"\n{AUTH}{NOTE}"),
        "3:1: there is no `app.nmae`; did you mean `name`?",
    );
    check(
        &format!("{APP}description = \"`a`\"\n{AUTH}{NOTE}"),
        "3:15: `app.description` is no plain sentence; use one line of up to 200 characters without quotes or markup",
    );
    let auth =
        |lines: &str, expected: &str| check(&format!("{APP}[auth]\n{lines}\n{NOTE}"), expected);
    auth(
        "roles = \"admin\"",
        "4:9: `auth.roles` is a text, not a list of texts in brackets; write a list of texts in brackets",
    );
    auth(
        "roles = [\"a\", \"Admin\"]",
        "4:15: `Admin` cannot be the name of a role; use lower case letters, digits and `_`; `anonymous`, `system` and `user` are taken",
    );
    auth(
        "roles = [\"a\", \"b\", \"a\"]\nadmin_role = \"b\"",
        "4:20: the role `a` is named twice; leave one out",
    );
    auth(
        "roles = [\"member\"]",
        "3:1: whoever registers would be `member`, who manages all users; add a role for that, as in `roles = [\"member\", \"admin\"]`",
    );
    auth(
        "roles = [\"member\"]\nadmin_role = \"member\"",
        "3:1: whoever registers would be `member`, who manages all users; add a role for that, as in `roles = [\"member\", \"admin\"]`",
    );
    auth(
        "roles = [\"a\", \"b\"]\nadmin_role = \"c\"",
        "5:14: there is no role `c`; write one of a, b",
    );
    auth(
        "roles = [\"a\", \"b\"]\naccess_ttl = \"15 minutes\"",
        "5:14: `15 minutes` is no duration; write `15m`, `12h` or `30d`",
    );
    auth(
        "roles = [\"a\", \"b\"]\naccess_ttl = \"30d\"",
        "5:14: `30d` is too short or too long for `auth.access_ttl`; write between 1m and 1h",
    );
    auth(
        "roles = [\"a\", \"b\"]\nmode = \"session\"",
        "5:8: there is no mode `session`; did you mean `sessions`?",
    );
    auth(
        "roles = [\"a\", \"b\"]\nmode = \"sessions\"\naccess_ttl = \"5m\"",
        "6:1: `auth.access_ttl` belongs to the mode `rotating-tokens`; write `idle_ttl`, or `mode = \"rotating-tokens\"`",
    );
    auth(
        "roles = [\"a\", \"b\"]\nidle_ttl = \"5m\"",
        "5:1: `auth.idle_ttl` belongs to the mode `sessions`; write `access_ttl`, or `mode = \"sessions\"`",
    );
    auth(
        "roles = [\"a\", \"b\"]\nmode = \"sessions\"\nsession_ttl = \"2h\"",
        "3:1: a session would end before it is unused for long enough; write an `idle_ttl` that is shorter than `session_ttl`",
    );
    auth(
        "roles = [\"a\", \"b\"]\nmethods = [\"oidc:corp\"]",
        "5:12: signing in without passwords is not built yet; add `password`",
    );
    auth(
        "roles = [\"a\", \"b\"]\nmethods = [\"password\", \"oidc:Corp\"]",
        "5:24: `Corp` cannot be the name of an identity provider; use lower case letters, digits and `_`, as in `oidc:corp`",
    );
    auth(
        "roles = [\"a\", \"b\"]\nmethods = [\"password\", \"oidc:a\", \"saml:a\"]",
        "5:34: the identity provider `a` is named twice; leave one out, or rename it",
    );
    auth(
        "roles = [\"a\", \"b\"]\nmethods = [\"password\", \"magic\"]",
        "5:24: there is no method `magic`; write `password`, `passkey`, `oidc:NAME` and `saml:NAME`, as in `[\"password\", \"oidc:corp\"]`",
    );
    auth(
        "roles = [\"a\", \"b\"]\nmfa = \"sms\"",
        "5:7: the second factor `sms` is not built yet; write `totp`, or leave it out",
    );
}

#[test]
fn shared_caches() {
    const SEEN: &str =
        "[entity.note]\nfields.title = \"text(9)\"\nallow.read = \"anyone\"\ncache = \"30s\"\n";
    let said = |lines: &str, entity: &str, expected: &str| {
        check(&format!("{APP}{AUTH}[cache]\n{lines}{entity}"), expected);
    };
    assert_eq!(
        problems(&format!("{APP}{AUTH}[cache]\nstore = \"redis\"\n{SEEN}")),
        Vec::<String>::new()
    );
    said(
        "store = \"redis\"\n",
        NOTE,
        "5:1: nothing is kept for a moment; write `cache = \"30s\"` in an entity that strangers read, or leave `[cache]` out",
    );
    said(
        "",
        SEEN,
        "5:1: `cache.store` is missing; write `store = \"redis\"` or `store = \"memory\"`",
    );
    said(
        "store = \"reddis\"\n",
        SEEN,
        "6:9: there is no store `reddis`; did you mean `redis`?",
    );
    said(
        "store = \"memcached\"\n",
        SEEN,
        "6:9: there is no store `memcached`; write `redis` or `memory`",
    );
    said(
        "store = \"redis\"\nurl = \"redis://localhost\"\n",
        SEEN,
        "7:1: there is no `cache.url`; here stand store",
    );
}

#[test]
fn live_entities() {
    assert_eq!(
        problems(&format!("{APP}{AUTH}{NOTE}live = true\n")),
        Vec::<String>::new()
    );
    check(
        &format!("{APP}{AUTH}{NOTE}live = \"yes\"\n"),
        "8:8: `entity.note.live` is a text, not `true` or `false`; write `true` or `false`",
    );
    check(
        &format!("{APP}{AUTH}{NOTE}life = true\n"),
        "8:1: there is no `entity.note.life`; did you mean `live`?",
    );
    check(
        &format!("{APP}{AUTH}{}", NOTE.replace("entity.note", "entity.live")),
        "5:9: `live` is already something in every backend; choose another name",
    );
}

#[test]
fn graphql() {
    let said = |lines: &str| problems(&format!("{APP}{AUTH}[api]\n{lines}{NOTE}"));
    assert_eq!(said("graphql = true\n"), Vec::<String>::new());
    assert_eq!(
        said("graphql = 1\n"),
        ["6:11: `api.graphql` is a number, not `true` or `false`; write `true` or `false`"]
    );
    assert_eq!(
        said("graphq = true\n"),
        ["6:1: there is no `api.graphq`; did you mean `graphql`?"]
    );
    assert_eq!(
        said("mutations = true\n"),
        ["6:1: there is no `api.mutations`; here stand graphql"]
    );
}

#[test]
fn telemetry() {
    let said = |lines: &str| problems(&format!("{APP}{AUTH}[telemetry]\n{lines}{NOTE}"));
    assert_eq!(said("opentelemetry = true\n"), Vec::<String>::new());
    assert_eq!(
        said("opentelemetry = \"yes\"\n"),
        [
            "6:17: `telemetry.opentelemetry` is a text, not `true` or `false`; write `true` or `false`"
        ]
    );
    assert_eq!(
        said("open_telemetry = true\n"),
        ["6:1: there is no `telemetry.open_telemetry`; did you mean `opentelemetry`?"]
    );
    assert_eq!(
        said("endpoint = \"https://collector\"\n"),
        ["6:1: there is no `telemetry.endpoint`; here stand opentelemetry"]
    );
}

#[test]
fn front_ends() {
    let said = |auth: &str, lines: &str, expected: &str| {
        check(
            &format!("{APP}{AUTH}{auth}[front_end]\n{lines}\n{NOTE}"),
            expected,
        );
    };
    said(
        "",
        "next = true\nclient = false",
        "5:1: pages of Next.js use the typed client, which is switched off; leave `client` out",
    );
    said(
        "",
        "next = \"yes\"",
        "6:8: `front_end.next` is a text, not `true` or `false`; write `true` or `false`",
    );
    said(
        "",
        "nxt = true",
        "6:1: there is no `front_end.nxt`; did you mean `next`?",
    );
    check(
        &format!(
            "{APP}{AUTH}[front_end]\nnext = true\n{}",
            NOTE.replace("note", "entrance")
                .replace("]\n", "]\nplural = \"sign_in\"\n")
        ),
        "7:9: `sign_in` is already the name of something of the pages; choose another name, or set `plural`",
    );
}

#[test]
fn what_is_not_built_yet_is_never_ignored() {
    for key in ["upload", "compliance", "retention"] {
        let found = problems(&format!("{APP}{AUTH}{NOTE}[{key}]\na = 1\n"));
        let [only] = &found[..] else {
            panic!("{found:?}")
        };
        assert!(
            only.starts_with(&format!("8:2: `{key}` is not built yet; ")),
            "{only}"
        );
    }
    let outbound = |text: &str, said: &str| {
        let found = problems(&format!("{APP}{AUTH}{NOTE}[outbound.pay]\n{text}\n"));
        assert_eq!(found, [said]);
    };
    outbound(
        "hosts = []",
        "8:11: `outbound.pay.hosts` is empty; write `hosts = [\"api.example.org\"]`",
    );
    outbound(
        "hosts = [\"https://pay.example\"]",
        "9:10: `https://pay.example` is no name of a host; write a whole name in lower case, as in `api.example.org`: no scheme, port, path, star or address",
    );
    outbound(
        "hosts = [\"pay.example\"]\ntimeout = \"2h\"",
        "10:11: `2h` is no time to wait for an answer; write between `1s` and `1m`",
    );
    outbound(
        "hosts = [\"pay.example\"]\nmax_bytes = 0",
        "10:13: `max_bytes` is too small or too large; write between 1 and 100000000",
    );
    let webhook = |lines: &str, expected: &str| {
        let read = NOTE.replace("allow.read", "allow.create = \"authenticated\"\nallow.read");
        check(
            &format!("{APP}{AUTH}{read}[webhook.pay]\n{lines}\n"),
            expected,
        );
    };
    webhook(
        "direction = \"sideways\"",
        "10:13: `sideways` is no direction; write `in` or `out`",
    );
    webhook(
        "direction = \"out\"",
        "9:10: `webhook.pay.events` is empty; write `events = [\"order.created\"]`",
    );
    webhook(
        "events = [\"note.created\"]",
        "10:11: events are for webhooks that are sent; write `direction = \"out\"`, or leave `events` out",
    );
    webhook(
        "direction = \"out\"\nevents = [\"note.create\"]",
        "11:11: `note.create` never happens; did you mean `note.created`?",
    );
    webhook(
        "direction = \"out\"\nevents = [\"note.deleted\"]",
        "11:11: `note.deleted` never happens; did you mean `note.created`?",
    );
    webhook(
        "direction = \"out\"\nevents = [\"note.created\", \"note.created\"]",
        "11:27: `note.created` is named twice; leave one out",
    );
    entity(
        &format!("{NOTE}cache = \"30s\"\n"),
        "8:9: strangers do not read `note`, and only what they see is kept; leave `cache` out",
    );
    entity(
        &format!(
            "{}cache = \"1d\"\n",
            NOTE.replace("authenticated", "anyone")
        ),
        "8:9: `1d` is no time to keep answers; write between `1s` and `1h`",
    );
    entity(
        &format!("{NOTE}soft_delete = true\n"),
        "8:1: `entity.note.soft_delete` is not built yet; leave it out",
    );
}

#[test]
fn entities_and_fields() {
    entity(
        &NOTE.replace("entity.note", "entity.Note"),
        "5:9: `Note` cannot be the name of an entity; use up to 40 lower case letters, digits and `_`, beginning with a letter, in the singular",
    );
    entity(
        &NOTE.replace("entity.note", "entity.session"),
        "5:9: `session` is already something in every backend; choose another name",
    );
    entity(
        &NOTE.replace("fields.title", "fields.version"),
        "6:8: `version` is a field of every entity; leave it out, or choose another name",
    );
    entity(
        &NOTE.replace("fields.title", "fields.limit"),
        "6:8: `limit` is a word of SQL or TypeScript; choose another name",
    );
    entity(
        &NOTE.replace("\"text(9)\"", "9"),
        "6:16: `title` is a number, not a type in quotes; write a type such as `\"text(200)\"`",
    );
    entity(
        &NOTE.replace("text(9)", "string"),
        "6:16: there is no type `string`; write `text(200)`",
    );
    entity(
        &format!("{NOTE}alow.update = \"owner\"\n"),
        "8:1: there is no `entity.note.alow`; did you mean `allow`?",
    );
    entity(
        &format!("{NOTE}owner = \"author\"\n"),
        "8:9: `note` has no field `author`; write `fields.author = \"ref(user)\"`",
    );
    entity(
        &format!("{NOTE}tenant = true\n"),
        "5:9: there is no `[tenant]`; write `[tenant]` and `name = \"workspace\"`, or leave `tenant` out",
    );
    entity(
        &format!("{NOTE}fields.other = \"ref(noet)\"\n"),
        "8:16: there is no entity `noet`; did you mean `note`?",
    );
    entity(
        &format!("{NOTE}fields.other = \"ref(note)\"\n"),
        "5:9: `note` refers to itself, directly or through others; this is not built yet; leave one of the references out",
    );
    entity(
        &format!("{NOTE}fields.other = \"ref(user)\"\n"),
        "8:16: `other` refers to a user who is not the owner; this is not built yet; write `owner = \"other\"`, or use a text",
    );
    entity(
        &format!("{NOTE}[entity.notes]\nfields.a = \"text(9)\"\nallow.read = \"authenticated\"\n"),
        "8:9: `notes` is already the name of something of note; choose another name, or set `plural`",
    );
}

#[test]
fn lists_and_creation() {
    entity(
        &format!("{NOTE}list = {{ filter = [\"titel\"] }}\n"),
        "5:9: `note` has no field `titel` to filter by; did you mean `title`?",
    );
    entity(
        &format!("{NOTE}list = {{ sort = [] }}\n"),
        "8:8: a list needs an order; write `sort = [\"created_at\"]`",
    );
    entity(
        &format!("{NOTE}list = {{ max = 100000 }}\n"),
        "8:16: a page has between 1 and 1000 rows; write `max = 100`",
    );
    entity(
        &format!("{NOTE}allow.create = \"authenticated\"\ncreate = {{ rate = \"30\" }}\n"),
        "9:19: `30` is no rate; write `30/min`; units are s, min, h and d",
    );
    entity(
        &format!(
            "{NOTE}fields.secret = \"text(9) encrypted\"\nlist = {{ filter = [\"secret\"] }}\n"
        ),
        "8:17: lists cannot be filtered by `secret`; leave it out of `list.filter`",
    );
}

#[test]
fn jobs_and_retention() {
    let job = |text: &str, expected: &str| check(&format!("{APP}{AUTH}{NOTE}{text}\n"), expected);
    job(
        "[job.Digest]",
        "8:6: `Digest` cannot be the name of a job; use lower case letters, digits and `_`; `retention` and `send_event` are taken",
    );
    job(
        "[job.retention]",
        "8:6: `retention` cannot be the name of a job; use lower case letters, digits and `_`; `retention` and `send_event` are taken",
    );
    job(
        "[job.digest]\nevery = \"1s\"",
        "9:9: `1s` is no pause between two runs; write between `1m` and `366d`, or leave it out: then the code queues it",
    );
    job(
        "[job.digest]\nevry = \"1d\"",
        "9:1: there is no `job.digest.evry`; did you mean `every`?",
    );
    entity(
        &format!("{NOTE}retention = \"1h\"\n"),
        "8:13: `1h` is no time to keep rows; write between `1d` and `36600d`",
    );
    entity(
        &format!(
            "{NOTE}retention = \"30d\"\n{}fields.on = \"ref(note) immutable\"\n",
            NOTE.replace("entity.note", "entity.mark")
        ),
        "8:13: `on` of `mark` holds every `note` that it refers to, however old; add `on_delete=cascade` or `on_delete=set_null` there, or leave `retention` out",
    );
}

#[test]
fn uploads() {
    let upload = |text: &str, expected: &str| {
        entity(
            &format!("{NOTE}allow.update = \"authenticated\"\nupload = {{ {text} }}\n"),
            expected,
        );
    };
    upload(
        "max = \"1MB\"",
        "9:10: `entity.note.upload.types` is empty; write `types = [\"png\", \"jpeg\", \"pdf\"]`",
    );
    upload(
        "types = [\"jpg\"]",
        "9:21: there is no type of file `jpg`; did you mean `jpeg`?",
    );
    upload(
        "types = [\"svg+xml\"]",
        "9:21: there is no type of file `svg+xml`; write some of gif, jpeg, pdf, png, webp; only what its first bytes give away is taken",
    );
    upload(
        "types = [\"png\", \"png\"]",
        "9:28: the type `png` is named twice; leave one out",
    );
    upload(
        "types = [\"png\"], max = \"1GB\"",
        "9:35: `1GB` is no size of a file; write between `1KB` and `20MB`; larger files belong into a store of objects",
    );
    upload(
        "types = [\"png\"], most = 0",
        "9:36: a row has between 1 and 1000 files; write `most = 20`",
    );
    upload(
        "types = [\"png\"], size = 3",
        "9:29: there is no `entity.note.upload.size`; here stand types, max, most",
    );
    entity(
        &format!("{NOTE}upload = {{ types = [\"png\"] }}\n"),
        "8:10: nobody may change a `note`, so nobody could add a file to one; write `allow.update`, or leave `upload` out",
    );
    entity(
        &format!(
            "{NOTE}allow.update = \"authenticated\"\nupload = {{ types = [\"png\"] }}\n{}",
            NOTE.replace("note", "note_file")
        ),
        "10:9: `note_files` is already the name of something of note; choose another name, or set `plural`",
    );
}

#[test]
fn rules() {
    owned(
        "allow.read = \"owner and statsu == 'draft'\"",
        "9:14: `note` has no field `statsu`; did you mean `status`?",
    );
    owned(
        "allow.read = \"owner and\"",
        "9:24: the rule ends where a condition should stand; write a condition such as `owner` or `role:admin`, or `never`",
    );
    owned(
        "allow.read = \"role:amdin\"",
        "9:14: there is no role `amdin`; did you mean `role:admin`?",
    );
    owned(
        "allow.read = \"status == 'gone'\"",
        "9:14: `status` never has this value; write one of 'draft', 'done'",
    );
    owned(
        "allow.read = \"owner\"\nallow.create = \"owner\"",
        "10:16: on creation there is no owner yet; write `authenticated`: who creates becomes the owner",
    );
    owned(
        "allow.read = \"owner\"\nallow.delete = \"anyone\"",
        "10:16: `anyone` may read, never write; write `authenticated`",
    );
    owned(
        "allow.read = \"owner\"\nallow.delete = \"role:admin\"",
        "10:16: somebody with the role `admin` may delete a `note` that `allow.read` hides from them; widen `allow.read`, or narrow this rule",
    );
    owned(
        "allow.read = \"owner\"\nallow.set.status = \"never\"",
        "10:20: `status` could never be set; mark the field `readonly` instead",
    );
    owned(
        "allow.read = \"owner\"\nallow.set.state = \"owner\"",
        "10:19: `note` has no field `state`; did you mean `status`?",
    );
    entity(
        &NOTE.replace("authenticated", "owner"),
        "7:14: `note` has no owner; write `owner = \"author\"` and `fields.author = \"ref(user)\"`",
    );
    entity(
        &NOTE.replace("authenticated", "title == 'x'"),
        "7:14: rules cannot compare `title`; compare fields of type `enum` or `bool`",
    );
}

#[test]
fn names_that_would_mean_something_else() {
    entity(
        &NOTE.replace("entity.note", "entity.select"),
        "5:9: `select` is a word of SQL or TypeScript; choose another name",
    );
    entity(
        &NOTE.replace("entity.note", "entity.constructor"),
        "5:9: `constructor` is a word of SQL or TypeScript; choose another name",
    );
    entity(
        &NOTE.replace("fields.title", "fields.to_string"),
        "6:8: `to_string` is a word of SQL or TypeScript; choose another name",
    );
    let long = "a".repeat(41);
    entity(
        &NOTE.replace("entity.note", &format!("entity.{long}")),
        &format!(
            "5:9: `{long}` cannot be the name of an entity; use up to 40 lower case letters, digits and `_`, beginning with a letter, in the singular"
        ),
    );
    entity(
        &NOTE.replace("fields.title", "fields.myTitle"),
        "6:8: `myTitle` cannot be the name of a field; use up to 40 lower case letters, digits and `_`, beginning with a letter",
    );
    entity(
        &format!("{NOTE}plural = \"No-tes\"\n"),
        "8:10: `No-tes` cannot be a plural; use lower case letters, digits and `_`",
    );
}

#[test]
fn types_and_marks() {
    let field = |text: &str, expected: &str| {
        entity(
            &format!("{NOTE}fields.x = \"{text}\"\n"),
            &format!("8:12: {expected}"),
        );
    };
    field(
        "text(9..3)",
        "`text(9..3)` is no length between 1 and 100000; write `text(500)` or `text(1..500)`",
    );
    field(
        "text",
        "`text` has no length; write `text(500)` or `text(1..500)`; every text needs a longest length",
    );
    field(
        "int(1..9) = 10",
        "`10` cannot be the default; write a number from 1 to 9",
    );
    field(
        "enum(open)",
        "`enum` needs at least two different values; write `enum(draft, published)`",
    );
    field(
        "enum(open, done) = gone",
        "`gone` cannot be the default; write one of open, done",
    );
    field("money(Euro)", "`money` has no currency; write `money(EUR)`");
    field("text(9", "a bracket of `text(9` is not closed; add `)`");
    field(
        "text(9) uniq",
        "`uniq` says nothing about a field; did you mean `unique`?",
    );
    field(
        "text(9) unique pii unique",
        "`unique` stands twice; leave one out",
    );
    field(
        "text(9) unique encrypted",
        "an `encrypted` field cannot be `unique`; equal texts have different ciphers; leave one of the two out",
    );
    field(
        "int(1..9) encrypted",
        "only texts can be `encrypted`; use `text(...)`, `email` or `url`",
    );
    field(
        "text(9) readonly",
        "a `readonly` field needs a value from somewhere; add a default (` = value`) or `optional`",
    );
    field(
        "text(9) on_delete=cascade",
        "`on_delete` belongs to `ref`; leave it out",
    );
    entity(
        &format!("{NOTE}fields.x = [\"text(9)\"]\n"),
        "8:12: `x` is a list, not a type in quotes; write a type such as `\"text(200)\"`",
    );
}

#[test]
fn what_is_said_twice_or_for_nothing() {
    entity(
        &format!("{NOTE}list = {{ filter = [\"title\", \"title\"] }}\n"),
        "8:29: `title` is named twice; leave one out",
    );
    entity(
        &format!("{NOTE}list = {{ sort = [\"title\", \"created_at\", \"title\"] }}\n"),
        "8:41: `title` is named twice; leave one out",
    );
    entity(
        &format!("{NOTE}create = {{ rate = \"3/min\" }}\n"),
        "8:1: nobody may create a `note`; write `allow.create`, or leave `create` out",
    );
    entity(
        &format!("{NOTE}[outbound.pay]\nhosts = [\"a.example\", \"a.example\"]\n"),
        "9:23: `a.example` is named twice; leave one out",
    );
    check(
        &format!("{APP}{AUTH}methods = [\"password\", \"password\"]\n{NOTE}"),
        "5:24: `password` is named twice; leave one out",
    );
    check(
        &format!("{APP}{AUTH}methods = []\n{NOTE}"),
        "3:1: `auth.methods` is empty; write `methods = [\"password\"]`, or leave it out",
    );
}

#[test]
fn rules_that_nobody_meets() {
    let never = "nobody ever meets this rule; everybody has one role, and a field has one value; join what excludes each other with `or`";
    for rule in [
        "role:member and role:admin",
        "role:admin and not role:admin",
        "owner and status == 'draft' and status == 'done'",
    ] {
        owned(
            &format!("allow.read = \"{rule}\""),
            &format!("9:14: {never}"),
        );
    }
    owned(
        "allow.read = \"owner\"\nallow.set.status = \"owner and not authenticated\"",
        &format!("10:20: {never}"),
    );
    for (word, meant) in [
        ("everyone", "anyone"),
        ("signed_in", "authenticated"),
        ("mine", "owner"),
    ] {
        owned(
            &format!("allow.read = \"{word}\""),
            &format!("9:15: `{word}` is no condition; did you mean `{meant}`?"),
        );
    }
    owned(
        "allow.write = \"owner\"\nallow.read = \"owner\"",
        "9:7: there is no `entity.note.allow.write`; here stand create, read, update, delete, set",
    );
    owned(
        "allow.read = [\"owner\"]",
        "9:14: `entity.note.allow.read` is a list, not a text in quotes; write a text in quotes",
    );
}

#[test]
fn no_text_makes_it_panic() {
    let whole = include_str!("../../../examples/shop/backend.toml");
    for end in (0..whole.len()).step_by(7) {
        let _ = generate(whole.get(..end).unwrap_or_default());
    }
    for noise in [
        "\u{feff}",
        "[entity]\nx = 1",
        "[entity.a.fields]\n",
        "entity = 3",
        "[[entity.a]]",
        "app = []",
        "[entity.\"\"]",
        "[entity.a]\nfields.é = \"text(1)\"",
    ] {
        assert!(generate(noise).is_err(), "{noise}");
    }
}
