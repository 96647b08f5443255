//! What a weakness comes to for whoever owns the service, by its rule or else by its CWE number: who can do it, where that is not who
//! sends the request, and what they can do then.

use casemate_rules::rule::Rule;
use casemate_say::{label, mark, told};

/// The consequence of one kind of weakness.
pub(super) struct Consequence<'r> {
    /// Who can do it, where it is not whoever reaches the endpoint.
    pub who: Option<&'r str>,
    /// What they can do, after `may`; `{verbs}`, `{place}`, `{whose}` are filled in, for queries `{then}`, for files and
    /// records `{deeds}`.
    pub what: &'r str,
    /// It is done to records.
    pub of_records: bool,
}

/// Numbers of the weakness, who, and what.
const ALL: &[(&[u16], Option<&str>, &str)] = &[
    (
        &[89, 564],
        None,
        mark!(
            "make {place} run SQL of their own: read, change and delete whatever its database account reaches"
        ),
    ),
    (
        &[943],
        None,
        mark!("decide what the query of {place} matches: {then}"),
    ),
    (
        &[94, 95, 96, 1336],
        None,
        mark!(
            "run code of their own in {place}, with the rights, the secrets and the connections of the service"
        ),
    ),
    (
        &[77, 78, 88],
        None,
        mark!("run programs of their own through {place}, with the rights of the service"),
    ),
    (
        &[502],
        None,
        mark!(
            "have objects of their own choice made in {place}, which runs code with the rights of the service"
        ),
    ),
    (
        &[79, 80, 84],
        None,
        mark!(
            "run script in {whose} browser, on what {place} writes, and act there as that person"
        ),
    ),
    (
        &[116],
        None,
        mark!(
            "run script in the browsers of all who open a page of {place}, and act there as those people"
        ),
    ),
    (
        &[601],
        None,
        mark!("lead a visitor from this site to any other, with this site's name in the link"),
    ),
    (
        &[22, 23, 36, 73, 59],
        None,
        mark!("{deeds} files outside the folder that {place} means"),
    ),
    (
        &[918],
        None,
        mark!(
            "have the server ask hosts that only the server reaches, and use what comes back through {place}"
        ),
    ),
    (
        &[611],
        None,
        mark!(
            "read files of the server and have it ask other hosts, through a document that {place} parses"
        ),
    ),
    (
        &[776],
        None,
        mark!("fill the memory of the service with one small document that {place} parses"),
    ),
    (
        &[90],
        None,
        mark!(
            "decide what the directory is asked for in {place}, so log in as others or read their entries"
        ),
    ),
    (
        &[643],
        None,
        mark!("decide what {place} finds in the document"),
    ),
    (
        &[639, 566],
        None,
        mark!("{deeds} records of other users through {place}, by giving their ids"),
    ),
    (
        &[862, 863, 285, 306, 284, 425],
        None,
        mark!("{verbs} what others only should, through {place}"),
    ),
    (
        &[269, 266],
        None,
        mark!("give themselves rights that only an administrator should give"),
    ),
    (
        &[915],
        None,
        mark!("set fields of a record in {place} that only the application may set"),
    ),
    (
        &[1321],
        None,
        mark!(
            "change what all objects of the process inherit, from {place} on: switch checks off or stop the service"
        ),
    ),
    (
        &[352],
        None,
        mark!(
            "have {whose} browser change data through {place} that its owner did not mean to change"
        ),
    ),
    (
        &[384],
        None,
        mark!(
            "share the session of somebody who logs in at {place}, after planting it in their browser"
        ),
    ),
    (
        &[307, 799],
        None,
        mark!("try passwords or codes at {place} for as long as they like"),
    ),
    (
        &[203, 204, 208],
        None,
        mark!("find out which accounts there are, from what {place} answers"),
    ),
    (
        &[521],
        None,
        mark!("get into accounts whose password is quickly tried, for {place} takes such ones"),
    ),
    (
        &[308],
        None,
        mark!("get into an account with its password alone"),
    ),
    (
        &[620],
        None,
        mark!(
            "take over an account whose session they have for a moment, by setting a new password"
        ),
    ),
    (
        &[640],
        None,
        mark!("take over accounts through the way back to a forgotten password in {place}"),
    ),
    (
        &[256, 257, 312, 522, 916, 759, 760],
        Some(mark!("whoever gets a copy of what is stored")),
        mark!("have the passwords or secrets of the accounts that {place} handles"),
    ),
    (
        &[259, 321, 798, 540, 547],
        Some(mark!("whoever reads the code or any copy of it")),
        mark!("use the secret in {place}, until it is replaced"),
    ),
    (
        &[1392, 1393],
        Some(mark!("whoever knows what the service was delivered with")),
        mark!("log in at what {place} connects to"),
    ),
    (
        &[532],
        Some(mark!("whoever reads the log")),
        mark!("use the secrets and read the personal data that {place} writes into it"),
    ),
    (
        &[117],
        None,
        mark!("write lines of their own into the log at {place}, and hide what they did"),
    ),
    (
        &[93, 113, 644],
        None,
        mark!("add headers to what {place} answers, or end them and begin a body"),
    ),
    (
        &[134],
        None,
        mark!("confuse what {place} writes, or stop it"),
    ),
    (
        &[400, 407, 770, 834, 1333, 409, 789],
        None,
        mark!(
            "keep the service busy or fill its memory with few requests to {place}, so that others wait"
        ),
    ),
    (
        &[209, 200, 497, 215, 550, 548, 538, 552],
        None,
        mark!("learn from {place} what helps the next attack: names, paths, versions, settings"),
    ),
    (
        &[489],
        None,
        mark!(
            "read code and settings in the debugging pages of {place}, and with an interactive debugger run code there"
        ),
    ),
    (
        &[330, 331, 335, 338, 340, 341],
        None,
        mark!("compute secrets that {place} makes, from a few of them"),
    ),
    (
        &[345, 347, 290, 294, 1270],
        None,
        mark!("pass for somebody else, with a token or message that {place} takes without proof"),
    ),
    (
        &[613],
        Some(mark!(
            "whoever comes by a session or token that its owner has left"
        )),
        mark!("go on using it: nothing at {place} ends it"),
    ),
    (
        &[295, 297, 319, 311, 523],
        Some(mark!(
            "whoever stands between the two ends of the connection"
        )),
        mark!("read and change what {place} sends and receives"),
    ),
    (
        &[326, 327, 328, 323, 329, 353, 780],
        Some(mark!("whoever gets hold of what was protected with it")),
        mark!("break the protection that {place} gives"),
    ),
    (
        &[614],
        Some(mark!("whoever listens to one unencrypted request")),
        mark!("use the session that the cookie of {place} stands for"),
    ),
    (
        &[1004],
        Some(mark!("whoever gets script into a page")),
        mark!("read the cookie of {place} and use it elsewhere"),
    ),
    (
        &[434],
        None,
        mark!(
            "leave files of their own choice where {place} keeps uploads, and have them served or run"
        ),
    ),
    (
        &[470, 829],
        None,
        mark!("choose which function or module {place} calls or loads, or make it fail"),
    ),
    (
        &[1021],
        None,
        mark!("show pages of this application inside their own, and have visitors click there"),
    ),
    (
        &[942, 346],
        None,
        mark!("have a visitor's browser read answers of {place} for another site"),
    ),
    (
        &[598],
        Some(mark!(
            "whoever reads addresses in logs, histories or of referring pages"
        )),
        mark!("use the secret that {place} takes in an address"),
    ),
    (
        &[636, 755, 703, 754, 248],
        None,
        mark!("get further than they should when something in {place} fails"),
    ),
    (
        &[362, 367],
        None,
        mark!("use up twice what {place} means to give once"),
    ),
    (
        &[693],
        None,
        mark!("get more out of any script that slips into a page: no header of {place} stops it"),
    ),
    (
        &[250],
        None,
        mark!(
            "do with the whole database server what one flaw in {place} lets them do with one table"
        ),
    ),
    (
        &[348],
        None,
        mark!(
            "give any address as their own to {place}, so that limits and logs count somebody else"
        ),
    ),
    (
        &[377, 732],
        Some(mark!("whoever has another account on the same machine")),
        mark!("read or change the file that {place} makes"),
    ),
    (
        &[1391, 334, 757, 1240],
        Some(mark!("whoever tries long enough")),
        mark!("get past what {place} protects: what it takes or makes can be guessed or computed"),
    ),
    (
        &[287, 288, 302, 1220, 1259, 807, 940, 1390],
        None,
        mark!("log in as somebody else, with what {place} takes for a proof"),
    ),
    (
        &[1275, 1385],
        None,
        mark!("have a visitor's browser send requests of another site with the visitor's login"),
    ),
    (
        &[565],
        None,
        mark!(
            "put a cookie of their own in place of that of {place}, from a subdomain or an unencrypted page"
        ),
    ),
    (
        &[664, 672],
        Some(mark!("whoever comes by a session or token")),
        mark!("go on using it for as long as they keep it busy"),
    ),
    (&[501, 182], None, mark!("get past the check in {place}")),
    (
        &[212, 524, 525, 315],
        Some(mark!(
            "whoever sits down at the same machine or cache afterwards"
        )),
        mark!("read what {place} answered to somebody else"),
    ),
    (
        &[201, 359, 1230],
        Some(mark!("whoever receives it")),
        mark!("read more about people than {place} has to tell"),
    ),
    (
        &[20, 843, 1025, 235, 436, 646, 838, 444],
        None,
        mark!(
            "give {place} something of a form that it does not expect, and that it treats as if it were of the right one"
        ),
    ),
    (
        &[74, 91, 641],
        None,
        mark!("decide what {place} does with what they send, beyond the value that was meant"),
    ),
    (
        &[1068],
        Some(mark!("whoever relies on what was decided")),
        mark!("be wrong about it: {place} does otherwise"),
    ),
    (
        &[778, 223],
        Some(mark!("whoever attacks")),
        mark!("do so without leaving a trace in what {place} logs"),
    ),
];

/// Program text that the store runs and not the service: `$where`.
pub(super) fn in_store() -> Consequence<'static> {
    Consequence {
        who: None,
        what: label!(
            "run code of their own inside the database that {place} asks: reach every record that its query may look at, or hold it up"
        ),
        of_records: false,
    }
}

/// What a weakness comes to: as its rule says, else as all with this number do.
pub(super) fn of(rule: Option<&Rule>, cwe: Option<u16>) -> Option<Consequence<'_>> {
    if let Some((rule, what)) = rule.and_then(|r| Some((r, r.lets.as_deref()?))) {
        return Some(Consequence {
            who: rule.whom.as_deref(),
            what,
            of_records: what.contains("{deeds} records"),
        });
    }
    let cwe = cwe?;
    let found = ALL.iter().find(|(numbers, ..)| numbers.contains(&cwe));
    found.map(|(_, who, what)| Consequence {
        who: who.map(told),
        what: told(what),
        of_records: what.contains("{deeds} records"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_number_stands_once() {
        let all: Vec<u16> = ALL.iter().flat_map(|(of, ..)| of.iter().copied()).collect();
        let once: BTreeSet<u16> = all.iter().copied().collect();
        assert_eq!(once.len(), all.len());
    }

    #[test]
    fn what_is_grave_is_told() {
        let told = of(None, Some(89)).map(|c| c.what.contains("{place}"));
        assert_eq!(told, Some(true));
        assert!(of(None, None).is_none());
    }
}
