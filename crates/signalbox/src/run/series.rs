//! An occurrence of work that comes again becomes a draft (C079): the answers of its template as a copy takes them, the
//! night of its own, in the name of whoever owns the series. That it was made is written in the same transaction, so it
//! is made once, whatever crashes and however many nodes look.

use jiff::Timestamp;
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, Role};
use signalbox_core::change::{Change, Kind};
use signalbox_core::decide;
use signalbox_core::facts::Facts;
use signalbox_core::form::Raw;
use signalbox_core::ids::{ChangeId, OrgId};
use signalbox_core::refusal::{Refusal, Violation};
use signalbox_core::schedule::series::{self as rules, Due, Occurrence};
use signalbox_store::directory::{self, Series};
use signalbox_store::{StoreError, Tx, accounts, rota};

use super::seat::Place;
use super::{Expect, Hand, NewDraft, Situation, Stop, again};
use crate::accounts::letters::Letter;
use crate::app::App;
use crate::words;

/// The kinds of work that are planned, so that they may come again.
pub const PLANNED: [Kind; 6] = [Kind::Normal, Kind::PlannedOutage, Kind::ServiceRequest, Kind::FirewallNetwork, Kind::PacsModality, Kind::NationalService];

/// The most dates that are sent as one notice: a year of weeks.
pub const DATES_MAX: usize = 53;

/// The dates of the coming year that are not made yet, the next ones first.
///
/// # Errors
/// The store's.
pub fn dates_of(tx: &mut dyn Tx, series: &Series, now: Timestamp) -> Result<Vec<Occurrence>, StoreError> {
    let from = series.when.zone().to_datetime(series.counts_from).date();
    let settled = directory::days_settled(tx, series.id, from)?;
    let due = rules::due(&series.when, series.counts_from, *rules::LEAD_DAYS.end(), &settled, now);
    Ok(due.make.into_iter().take(DATES_MAX).collect())
}

/// What became of an occurrence that was due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// A draft, by its reference.
    Draft(String),
    /// Somebody else was faster, or it is not wanted any more.
    Nothing,
    /// Nobody is there in whose name it could be raised; those who answer for the organisation are told.
    NoOwner,
}

impl App {
    /// Whether somebody drafts changes of this kind for an organisation.
    ///
    /// # Errors
    /// The store's.
    pub fn drafts(&self, tx: &mut dyn Tx, actor: &Actor, kind: Kind, org: OrgId) -> Result<bool, StoreError> {
        let Some(process) = self.documents.of_kind(kind) else { return Ok(false) };
        let (place, facts) = (Place::of(tx, org.0)?, Facts::default());
        Ok(decide::drafting_stamp(&place.context(actor, &process, &facts, self.clock.now()), org).is_some())
    }

    /// What is due of a series now.
    ///
    /// # Errors
    /// The store's.
    pub fn due_of(&self, tx: &mut dyn Tx, series: &Series) -> Result<Due, StoreError> {
        let from = series.when.zone().to_datetime(series.counts_from).date();
        let settled = directory::days_settled(tx, series.id, from)?;
        Ok(rules::due(&series.when, series.counts_from, series.lead_days, &settled, self.clock.now()))
    }

    /// Writes down those whose start has passed, so that they are told of and nothing before now is looked at again.
    ///
    /// # Errors
    /// [`Stop`].
    pub fn miss_occurrences(&self, series: i64) -> Result<(), Stop> {
        let (seat, now) = (self.seat(), self.clock.now());
        self.run(move |tx| {
            seat.lock(tx)?;
            let Some(series) = directory::series(tx, series)?.filter(Series::is_going) else { return Ok(Ok(())) };
            let from = series.when.zone().to_datetime(series.counts_from).date();
            let settled = directory::days_settled(tx, series.id, from)?;
            for one in rules::due(&series.when, series.counts_from, series.lead_days, &settled, now).missed {
                directory::settle_occurrence(tx, series.id, one, None, now)?;
            }
            directory::count_from(tx, series.id, now)?;
            Ok(Ok(()))
        })
    }

    /// One notice of many dates (X13): every date of the coming year is made and sent in this person's name, at most
    /// [`DATES_MAX`], all of them or none. Each is a change of its own, moved or cancelled alone. Returns how many.
    ///
    /// # Errors
    /// [`Stop`]; a date that is refused is named with the reasons.
    pub fn send_dates(&self, actor: &Actor, series: i64, version: Option<i64>) -> Result<usize, Stop> {
        let (seat, now, actor) = (self.seat(), self.clock.now(), actor.clone());
        let minted: Vec<_> = (0..DATES_MAX).map(|_| (self.ids.mint(now), self.mint(), self.mint())).collect();
        self.run(move |tx| {
            let mut hand = Hand::lock(tx, &seat, &actor, now)?;
            let Some(series) = directory::series(hand.tx, series)?.filter(Series::is_going) else { return Ok(Err(Stop::Unseen)) };
            if let Some(expected) = version.filter(|version| *version != series.version) {
                return Ok(Err(Stop::Stale { expected, found: series.version }));
            }
            let Some(template) = hand.look(series.template)? else { return Ok(Err(Stop::Unseen)) };
            let dates = dates_of(hand.tx, &series, now)?;
            for (one, (id, raise, send)) in dates.iter().zip(minted.clone()) {
                let Some(draft) = draft_of(&mut hand, &series, &template, *one)? else { return Ok(Err(Stop::Unseen)) };
                let done = match hand.raise(&draft, None, id, raise)? {
                    Ok(_) => hand.take(id, Act::Submit, &Raw::new(), &Expect::default(), send)?,
                    Err(stop) => Err(stop),
                };
                if let Err(stop) = done {
                    return Ok(Err(of_the_date(stop, &series, *one, &template.loaded.change)));
                }
                directory::settle_occurrence(hand.tx, series.id, *one, Some(id), now)?;
            }
            Ok(Ok(dates.len()))
        })
    }

    /// Makes the draft of an occurrence, and has its owner told.
    ///
    /// # Errors
    /// [`Stop`].
    pub fn make_occurrence(&self, series: i64, wanted: Occurrence) -> Result<Made, Stop> {
        let (seat, now, ids) = (self.seat(), self.clock.now(), self.ids.clone());
        let (id, mint) = (self.ids.mint(now), self.mint());
        self.run(move |tx| {
            let hand = Hand::lock(tx, &seat, &Actor::System, now)?;
            let Some(series) = directory::series(hand.tx, series)?.filter(Series::is_going) else { return Ok(Ok(Made::Nothing)) };
            // What was due when somebody looked may be made by now, left out, or at another hour.
            let settled = directory::days_settled(hand.tx, series.id, wanted.day)?;
            let due = rules::due(&series.when, series.counts_from, series.lead_days, &settled, now);
            let Some(one) = due.make.into_iter().find(|one| one.day == wanted.day) else { return Ok(Ok(Made::Nothing)) };
            let owner = rota::actor_at(hand.tx, series.owner_id, now)?.map(|row| row.to_core());
            let Some(owner) = owner else { return Ok(Ok(no_owner(hand.tx, &ids, &series, one, now)?)) };
            let mut hand = hand.acting(&owner);
            let Some(template) = hand.look(series.template)? else { return Ok(Ok(no_owner(hand.tx, &ids, &series, one, now)?)) };
            let Some(draft) = draft_of(&mut hand, &series, &template, one)? else { return Ok(Ok(Made::Nothing)) };
            let done = match hand.raise(&draft, None, id, mint.clone())? {
                Ok(done) => done,
                // They work there no longer, or not in a role that raises such changes.
                Err(Stop::Refused(_)) => return Ok(Ok(no_owner(hand.tx, &ids, &series, one, now)?)),
                Err(stop) => return Ok(Err(stop)),
            };
            directory::settle_occurrence(hand.tx, series.id, one, Some(id), now)?;
            Letter::OccurrenceMade { series: series.id, change: id, person: series.owner_id }.ask(hand.tx, &ids, now)?;
            Ok(Ok(Made::Draft(done.reference)))
        })
    }
}

/// The draft of an occurrence: the answers of the template, and a night of its own. `None` where no document is in force.
fn draft_of(hand: &mut Hand, series: &Series, template: &Situation, one: Occurrence) -> Result<Option<NewDraft>, StoreError> {
    let kind = template.loaded.change.kind;
    let Some(process) = hand.seat.documents.of_kind(kind) else { return Ok(None) };
    let mut raw = again::copy(hand.tx, &template.loaded, template.draft.as_ref(), &process)?;
    raw.extend(rules::night(&process, &template.loaded.change, one.span, series.when.zone()));
    Ok(Some(NewDraft { kind, org: OrgId(series.org_id), on_behalf_of: None, copied_from: Some(ChangeId(series.template)), raw }))
}

/// A refusal of one date, told of that date.
fn of_the_date(stop: Stop, series: &Series, one: Occurrence, change: &Change) -> Stop {
    let sentences: Vec<String> = match &stop {
        Stop::Refused(Refusal::Invalid(faults)) => faults.iter().map(words::fault).collect(),
        Stop::Refused(why) => words::refusal(why, change).into_iter().map(|why| why.sentence).collect(),
        _ => return stop,
    };
    let date = words::recurring::occurrence(one.span, series.when.zone());
    Stop::Refused(Refusal::Invalid(vec![Violation::of("dates", "date-not-sent").with(date).with(sentences.join(" "))]))
}

/// Those who answer for the organisation's changes are told of an occurrence that nobody owns, once of each.
fn no_owner(tx: &mut dyn Tx, ids: &crate::clock::IdSource, series: &Series, one: Occurrence, now: Timestamp) -> Result<Made, StoreError> {
    let mut people = vec![];
    for role in [Role::Coordinator, Role::SupplierManager, Role::AuthorityManager, Role::NetworkDesk] {
        people.extend(accounts::eligible_holders(tx, role, Some(series.org_id), None)?);
    }
    if people.is_empty() {
        people = accounts::eligible_holders(tx, Role::AuthorityManager, None, None)?;
    }
    people.sort_unstable();
    people.dedup();
    for person in people {
        Letter::OccurrenceWaits { series: series.id, day: one.day.to_string(), person }.ask(tx, ids, now)?;
    }
    Ok(Made::NoOwner)
}
