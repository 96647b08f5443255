//! What the owner states may be spent, and by when: read out of what people write, held against what the steps take.

mod amount;
mod when;

use super::context::Stated;
use super::plan::Action;
use super::words::{code, count, grouped, list};
use crate::assessment::Level;
use crate::date;
use amount::{Amount, DAY};
use casemate_say::{label, mark, say, told};
use serde::Serialize;

/// What is stated, and how far it goes.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Means {
    /// Hours of work that all steps take, by the number of their places.
    pub needed: usize,
    /// Hours that are stated, the least of budget and timeline; nothing where none of both is stated, or none could be read.
    pub hours: Option<usize>,
    /// How each of them was read, or why it was not; sentences.
    pub read: Vec<String>,
    /// What fits, what does not; nothing where nothing could be computed.
    pub says: Option<String>,
    /// How the hours were counted; nothing where nothing is stated.
    pub counted: Option<String>,
}

/// Whether a step fits into what is stated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// Nothing is stated that could be computed with.
    #[default]
    Open,
    /// It does.
    Whole,
    /// So many of its places do.
    Part(usize),
    /// It does not.
    No,
}

/// The hours of a step: two to understand it, to test and to deliver it, and half an hour a place, or for what counts as one.
pub(super) fn hours(places: usize) -> usize {
    2 + places.div_ceil(2)
}

/// Said beside each number of hours.
const COUNTED: &str = mark!(
    "a step counts two hours to understand, to test and to deliver it, half an hour for each place, one hour more where a \
     function has to be written first and five where users get something new: an estimate, which nobody measured; a day counts 8 hours, a week 5 days, a sprint two weeks, a month four"
);

/// Reads what is stated.
pub(super) fn of(stated: &Stated, today: Option<&str>) -> Means {
    let today = today.and_then(date::read);
    let texts = [("budget", &stated.budget), ("timeline", &stated.timeline)];
    let read: Vec<(&str, &str, Result<Amount, &'static str>)> = texts
        .into_iter()
        .filter_map(|(name, text)| {
            let text = text.as_deref()?;
            Some((name, text, amount::read(text, today)))
        })
        .collect();
    let people = |of: &Result<Amount, _>| of.as_ref().ok().and_then(|amount| amount.people);
    let anybody = read.iter().find_map(|(_, _, amount)| people(amount));
    let mut means = Means::default();
    for (name, text, amount) in &read {
        let said = match amount {
            Err(why) => say!("the {name} “{text}” changes no order here: {why}"),
            Ok(amount) => {
                let people = amount.people.or(anybody);
                match hours_of(amount, people, today) {
                    Ok((hours, how)) => {
                        means.hours = Some(means.hours.map_or(hours, |other| other.min(hours)));
                        say!("the {name} “{text}” is read as {how}")
                    }
                    Err(why) => say!("the {name} “{text}” limits nothing by itself: {why}"),
                }
            }
        };
        means.read.push(said);
    }
    if !read.is_empty() {
        means.counted = Some(told(COUNTED).to_owned());
    }
    means
}

/// The hours of work that an amount is, and how it was read.
fn hours_of(
    amount: &Amount,
    people: Option<f64>,
    today: Option<u64>,
) -> Result<(usize, String), &'static str> {
    let who = match people {
        Some(n) => {
            let n = round(n * 10.0);
            match (n / 10, n % 10) {
                (1, 0) => say!("one developer"),
                (n, 0) => count(n, "developer", "developers"),
                (n, tenths) => say!("{n}.{tenths} developers"),
            }
        }
        None => say!("one developer, as nobody says how many"),
    };
    let people = people.unwrap_or(1.0);
    let mut ways: Vec<(usize, String)> = Vec::new();
    if let Some(work) = amount.work {
        ways.push((round(work), String::new()));
    }
    if let Some(span) = amount.span {
        let days = round(span / DAY);
        let long = if days == 0 {
            String::new()
        } else {
            say!(
                ", {days} of {who}",
                days = count(days, "working day", "working days")
            )
        };
        ways.push((round(span * people), long));
    }
    if let Some(until) = amount.until {
        let today = today.ok_or(label!("the day of this run is not known"))?;
        let days = usize::try_from(date::working_days(today + 1, until.end())).unwrap_or(0);
        let says = until.says();
        let how = if until.end() <= today {
            say!(", as “{says}” is over")
        } else {
            say!(
                ", {days} after {date} {says}, of {who}; holidays are not known",
                days = count(days, "working day", "working days"),
                date = date::of_day(today)
            )
        };
        #[expect(clippy::cast_precision_loss, reason = "days of a calendar")]
        ways.push((round(days as f64 * DAY * people), how));
    }
    let least = ways.into_iter().min_by_key(|(hours, _)| *hours);
    let (hours, how) = least.ok_or(label!("it says how many work, and not how long"))?;
    Ok((
        hours,
        say!(
            "{hours} of work{how}",
            hours = count(hours, "hour", "hours")
        ),
    ))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what was read is positive and bounded"
)]
fn round(number: f64) -> usize {
    number.round() as usize
}

/// What a step takes away, in low risks: one in doubt counts a third.
pub(super) fn weight(risks: &[&super::risk::Risk]) -> usize {
    let one = |risk: &&super::risk::Risk| {
        let level = match risk.level {
            Level::Critical => 40,
            Level::High => 15,
            Level::Medium => 5,
            Level::Low => 1,
            Level::Info => 0,
        };
        level * if risk.confidence == "low" { 1 } else { 3 }
    };
    risks.iter().map(one).sum()
}

/// How the order is told where means are stated.
pub(super) const ORDER: &str = mark!(
    "group, then how much risk a step takes away for each hour (a critical risk counts like 40 low ones, a high one like \
     15, a medium one like 5, and one in doubt a third of that)"
);

impl Means {
    /// Gives the hours out, step by step in their order; a step that is too long is passed over, and what is left at the end goes
    /// into the places of the first of these.
    pub(super) fn fit(&mut self, mut steps: Vec<&mut Action>) {
        self.needed = steps.iter().map(|a| a.hours).sum();
        let Some(all) = self.hours else {
            return;
        };
        let mut rest = all;
        for step in &mut steps {
            step.fits = match rest.checked_sub(step.hours) {
                Some(left) => {
                    rest = left;
                    Fit::Whole
                }
                None => Fit::No,
            };
        }
        let mut late = steps.iter_mut().filter(|s| s.fits == Fit::No);
        if let Some(step) = late.next()
            && let Some(places) = rest.checked_sub(hours(0)).filter(|left| *left > 0)
        {
            step.fits = Fit::Part(places * 2);
        }
        self.says = Some(self.summary(all, &steps));
    }

    fn summary(&self, all: usize, steps: &[&mut Action]) -> String {
        let whole = steps.iter().filter(|s| s.fits == Fit::Whole).count();
        let needed = count(self.needed, "hour", "hours");
        if steps.is_empty() {
            return say!("nothing has to be repaired, so what is stated is not needed");
        }
        let steps_all = count(steps.len(), "step", "steps");
        if whole == steps.len() {
            return say!(
                "the {steps_all} below take about {needed}, and fit into the {all} that are stated",
                all = grouped(all as u64)
            );
        }
        let mut left: Vec<(Level, String)> = Vec::new();
        for step in steps.iter().filter(|s| s.fits != Fit::Whole) {
            left.push((step.level, code(&step.rule)));
        }
        let worst = left
            .iter()
            .map(|(level, _)| *level)
            .max()
            .unwrap_or_default();
        let mut rules: Vec<String> = left.into_iter().map(|(_, rule)| rule).collect();
        let mut seen = std::collections::BTreeSet::new();
        rules.retain(|rule| seen.insert(rule.clone()));
        let part = steps.iter().find_map(|s| match s.fits {
            Fit::Part(n) => Some(say!(
                ", with {n} of the {places} of {rule}",
                places = count(s.places, "place", "places"),
                rule = code(&s.rule)
            )),
            _ => None,
        });
        say!(
            "the {steps_all} below take about {needed}; the {all} that are stated are enough for {whole} of them{part}, and leave {rules} (at worst of level {name})",
            all = grouped(all as u64),
            part = part.unwrap_or_default(),
            rules = list(&rules, 6),
            name = worst.name()
        )
    }
}

/// From which level on a step belongs to the first group; the second one begins a level below.
pub(super) fn first_level(tolerance: Option<&str>) -> (Level, Option<String>) {
    let Some(said) = tolerance else {
        return (Level::High, None);
    };
    let word = said.trim().to_lowercase();
    let (level, does) = match word.as_str() {
        "none" | "zero" | "no" | "very low" | "low" | "minimal" => (
            Level::Medium,
            label!("makes steps of level medium immediate"),
        ),
        "medium" | "moderate" | "normal" | "average" => (
            Level::High,
            label!("makes steps of level high and critical immediate"),
        ),
        "high" | "very high" => (
            Level::Critical,
            label!("leaves only steps of level critical immediate"),
        ),
        _ => {
            let says = say!(
                "the stated risk tolerance “{said}” is none of `low`, `medium` and `high`, and moves nothing"
            );
            return (Level::High, Some(says));
        }
    };
    (
        level,
        Some(say!("the stated risk tolerance “{said}” {does}")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(budget: &str, timeline: &str) -> Stated {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Stated {
            budget: some(budget),
            timeline: some(timeline),
            ..Stated::default()
        }
    }

    fn read(budget: &str, timeline: &str) -> Means {
        of(&stated(budget, timeline), Some("2026-12-01"))
    }

    #[test]
    fn the_lesser_of_budget_and_timeline_counts() {
        for (budget, timeline, hours) in [
            ("two weeks of one developer", "", Some(80)),
            ("40 h", "until 2026-12-31", Some(40)),
            ("3 developers", "until 2026-12-03", Some(48)),
            ("", "until 2026-12-03", Some(16)),
            ("", "until 2026-11-03", Some(0)),
            ("2 developers, 3 sprints", "two weeks", Some(160)),
            ("5,000 EUR", "", None),
            ("5,000 EUR", "one week", Some(40)),
            ("3 developers", "", None),
            ("", "", None),
        ] {
            let means = read(budget, timeline);
            assert_eq!(means.hours, hours, "{budget}; {timeline}: {:?}", means.read);
        }
        assert_eq!(
            read("2 developers", "before 2026-12-03").read,
            [
                "the budget “2 developers” limits nothing by itself: it says how many work, and not how long",
                "the timeline “before 2026-12-03” is read as 16 hours of work, 1 working day after 2026-12-01 before 2026-12-03, of 2 developers; holidays are not known"
            ]
        );
        // Without a day, what hangs on one is not computed.
        assert_eq!(of(&stated("", "until 2027-01-01"), None).hours, None);
    }

    #[test]
    fn hours_are_given_out_in_order() {
        let step = |rule: &str, places: usize| Action {
            rule: rule.to_owned(),
            places,
            hours: hours(places),
            level: Level::High,
            ..Action::default()
        };
        let mut steps = [step("a", 1), step("b", 30), step("c", 2)];
        let mut means = read("12 hours", "");
        means.fit(steps.iter_mut().collect());
        let fits: Vec<Fit> = steps.iter().map(|s| s.fits).collect();
        assert_eq!(fits, [Fit::Whole, Fit::Part(8), Fit::Whole]);
        assert_eq!(
            means.says.unwrap(),
            "the 3 steps below take about 23 hours; the 12 that are stated are enough for 2 of them, with 8 of the 30 places of `b`, and leave `b` (at worst of level high)"
        );
        let mut means = read("3 hours", "");
        means.fit(steps.iter_mut().collect());
        assert_eq!(steps[1].fits, Fit::No);
        let mut means = read("100 hours", "");
        means.fit(steps.iter_mut().collect());
        assert!(means.says.unwrap().contains("fit into the 100"));
    }

    #[test]
    fn tolerance_moves_what_is_immediate() {
        assert_eq!(first_level(None).0, Level::High);
        assert_eq!(first_level(Some("Low")).0, Level::Medium);
        assert_eq!(first_level(Some("high")).0, Level::Critical);
        let (level, says) = first_level(Some("as we go"));
        assert_eq!(level, Level::High);
        assert!(says.unwrap().contains("moves nothing"));
    }
}
