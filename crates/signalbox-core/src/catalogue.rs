//! How an entry of the catalogue has gone: what it is limited to, how its uses ended, and when that suspends it
//! (spec 4.5, X13). Pure: the uses are fetched, and the document's table `entry suspended` says what is too much.

use crate::change::{Change, Outcome, Stage};
use crate::facts::{EntryFact, UseFact};
use crate::form::Raw;
use crate::learn::Grade;
use crate::process::facts::code_of;
use crate::process::{AnswerKind, CatalogueEntry, Process};
use crate::words::vocabulary;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use std::collections::BTreeMap;

/// The table of a document that says when an entry is suspended.
pub const TABLE: &str = "entry suspended";

/// How far back uses count for a suspension (spec 4.5).
pub const DAYS: i64 = 90;

vocabulary! {
    /// The stretch of local time that a limit is for.
    Period {
        Day = "day", "day";
        Week = "week", "week";
        Month = "month", "month";
    }
}

/// How often an entry may be asked for, by everybody together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    pub uses: u32,
    pub per: Period,
}

impl Cap {
    /// Reads `20 a month`; none at all is no limit but a removal, and no reading.
    pub fn from_words(words: &str) -> Option<Cap> {
        let mut parts = words.split_whitespace();
        let uses = parts.next()?.parse().ok().filter(|uses| *uses > 0)?;
        let per = parts.next().filter(|word| *word == "a").and_then(|_| Period::from_code(parts.next()?))?;
        parts.next().is_none().then_some(Cap { uses, per })
    }

    /// When the stretch that holds `now` began.
    pub fn began(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        self.bounds(now, zone).0
    }

    /// The first local day of the next stretch.
    pub fn next(self, now: Timestamp, zone: &TimeZone) -> Date {
        self.bounds(now, zone).1
    }

    fn bounds(self, now: Timestamp, zone: &TimeZone) -> (Timestamp, Date) {
        let today = zone.to_datetime(now).date();
        let first = match self.per {
            Period::Day => today,
            Period::Week => today.saturating_sub(Span::new().days(today.weekday().to_monday_zero_offset())),
            Period::Month => today.first_of_month(),
        };
        let next = match self.per {
            Period::Day => first.saturating_add(Span::new().days(1)),
            Period::Week => first.saturating_add(Span::new().weeks(1)),
            Period::Month => first.saturating_add(Span::new().months(1)),
        };
        let began = zone.to_zoned(first.at(0, 0, 0, 0)).map_or(now, |at| at.timestamp());
        (began, next)
    }

    /// How many of the uses fall into the stretch that holds `now`.
    pub fn used<'u>(self, uses: impl Iterator<Item = &'u UseFact>, now: Timestamp, zone: &TimeZone) -> usize {
        let began = self.began(now, zone);
        uses.filter(|one| !one.called_off && one.sent_at >= began).count()
    }
}

impl std::fmt::Display for Cap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} a {}", self.uses, self.per.words())
    }
}

/// What the uses of the last 90 days came to, those before the entry was last looked at again left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Attempted, and the outcome is known.
    pub uses: i64,
    pub failures: i64,
    /// Uses that led to a serious or clinical incident.
    pub harm: i64,
}

impl Tally {
    /// Failures in a thousand uses, rounded up, so that "more than 2 %" is `> 20` exactly; `None` while there are no uses.
    pub fn failures_in_a_thousand(self) -> Option<i64> {
        (self.uses > 0).then(|| (self.failures * 1_000).div_euclid(self.uses) + i64::from((self.failures * 1_000).rem_euclid(self.uses) > 0))
    }
}

/// The answer for a question that does not concern an entry.
const NOT_APPLICABLE: &str = "not_applicable";

/// What is answered before anybody asks for an entry: itself, and "not applicable" to the questions of other entries.
pub fn beforehand(process: &Process, entry: &CatalogueEntry) -> Raw {
    let is_tested = |id: &str| entry.eligible_when.iter().any(|test| test.subject == id);
    let mut raw = Raw::from([("model".to_owned(), vec![entry.id.clone()])]);
    for question in process.questions.iter().filter(|q| !is_tested(&q.id)) {
        if let AnswerKind::Choice(codes) = &question.answer
            && let Some(code) = codes.iter().find(|code| code_of(code) == NOT_APPLICABLE)
        {
            raw.insert(question.id.clone(), vec![code.clone()]);
        }
    }
    raw
}

/// Whether an outcome counts against the entry.
pub fn is_failure(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Partial | Outcome::BackedOut | Outcome::Failed)
}

/// Counts the uses.
pub fn tally(uses: &[UseFact], looked_at: Option<Timestamp>, now: Timestamp) -> Tally {
    let since = now.checked_sub(SignedDuration::from_hours(24 * DAYS)).unwrap_or(now).max(looked_at.unwrap_or(Timestamp::MIN));
    let mut tally = Tally::default();
    for one in uses {
        if let Some((outcome, _)) = one.ended.filter(|(outcome, at)| outcome.is_attempted() && *at > since) {
            tally.uses += 1;
            tally.failures += i64::from(is_failure(outcome));
        }
        tally.harm += i64::from(one.harm_at.is_some_and(|at| at > since));
    }
    tally
}

/// Whether a request came to nothing before work began, so that it uses up no limit.
pub fn is_called_off(stage: Stage) -> bool {
    matches!(stage, Stage::Rejected | Stage::ClinRejected | Stage::Cancelled | Stage::Withdrawn | Stage::Expired)
}

/// What a change says of the entry that it uses, as it stands.
pub fn own_use(change: &Change) -> Option<UseFact> {
    let sent_at = change.receipts.first().map(|receipt| receipt.at)?;
    let outcome = change.outcome.or(change.work.proposed);
    // When it happened, so that what was known when the entry was looked at does not count again as the change is closed.
    let ended_at = change.work.finished.as_ref().map(|told| told.happened_at).or(change.closed_at);
    let harm = change.learnt.incidents.values().filter(|(grade, ..)| *grade >= Grade::Serious).map(|(.., at)| *at).max();
    Some(UseFact { change: change.id, sent_at, called_off: is_called_off(change.stage), ended: outcome.zip(ended_at), harm_at: harm })
}

/// What all uses came to, this change among them.
pub fn tally_with(fact: &EntryFact, change: &Change, now: Timestamp) -> Tally {
    let mut uses: Vec<UseFact> = fact.uses.iter().filter(|one| one.change != change.id).cloned().collect();
    uses.extend(own_use(change));
    tally(&uses, fact.looked_at, now)
}

/// A change that took its whole way, for the question whether such work could be agreed beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub reference: String,
    pub title: String,
    pub outcome: Outcome,
    /// Codes, `;` between.
    pub services: String,
    pub impact: i64,
    pub incidents: i64,
    pub disputes: i64,
    /// Whether the reader may open its page.
    pub party: bool,
}

/// Work that was done often and always well (C107).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The title of the latest.
    pub title: String,
    pub services: String,
    /// References, latest first, and whether the reader may open each.
    pub changes: Vec<(String, bool)>,
}

/// How often like work has to have been done before it is worth a proposal.
pub const OFTEN: usize = 10;

/// Work that might become an entry, most often done first: the same services and the same title but for numbers and
/// names with numbers, ten times or more, each successful at once, without an incident or a dispute, and none of
/// impact 1 or 2. One that went otherwise rules its whole kind out.
pub fn candidates(done: &[Done]) -> Vec<Candidate> {
    let mut kinds: BTreeMap<(String, String), Vec<&Done>> = BTreeMap::new();
    for one in done {
        let words = sort_of_work(&one.title);
        if !words.is_empty() {
            kinds.entry((words, one.services.clone())).or_default().push(one);
        }
    }
    let is_well = |one: &&Done| one.outcome == Outcome::Successful && one.incidents == 0 && one.disputes == 0 && one.impact >= 3;
    kinds.retain(|_, all| all.len() >= OFTEN && all.iter().all(is_well));
    let mut found: Vec<Candidate> = kinds
        .into_values()
        .filter_map(|all| {
            let latest = all.first()?;
            Some(Candidate {
                title: latest.title.clone(),
                services: latest.services.clone(),
                changes: all.iter().map(|one| (one.reference.clone(), one.party)).collect(),
            })
        })
        .collect();
    found.sort_by(|a, b| b.changes.len().cmp(&a.changes.len()).then_with(|| a.title.cmp(&b.title)));
    found
}

/// What a title says of the sort of work: its words, without those that tell one from the next.
fn sort_of_work(title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').map(str::to_lowercase);
    words.filter(|word| !word.is_empty() && !word.chars().any(|c| c.is_ascii_digit())).collect::<Vec<_>>().join(" ")
}

/// The highest true rate of failure that still fits what was seen, with 95 % confidence: the one-sided exact bound of
/// Clopper and Pearson. Between 0 and 1; 1 where nothing was seen.
pub fn highest_rate(failures: u64, uses: u64) -> f64 {
    if uses == 0 || failures >= uses {
        return 1.0;
    }
    // The chance of no more than these failures falls as the rate rises; halve until it is at 5 %.
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if at_most(failures, uses, middle) > 0.05 { low = middle } else { high = middle }
    }
    high
}

/// The chance of at most `k` failures in `n` at a rate, by logarithms so that nothing runs out of range.
fn at_most(k: u64, n: u64, rate: f64) -> f64 {
    let (ln_rate, ln_rest) = (rate.ln(), (-rate).ln_1p());
    let mut ln_ways = 0.0;
    let mut sum = 0.0;
    for failures in 0..=k {
        if failures > 0 {
            ln_ways += ((n - failures + 1) as f64).ln() - (failures as f64).ln();
        }
        sum += (ln_ways + failures as f64 * ln_rate + (n - failures) as f64 * ln_rest).exp();
    }
    sum
}
