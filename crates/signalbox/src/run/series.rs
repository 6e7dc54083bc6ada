//! An occurrence of work that comes again becomes a draft (C079): the answers of its template as a copy takes them, the
//! night of its own, in the name of whoever owns the series. That it was made is written in the same transaction, so it
//! is made once, whatever crashes and however many nodes look.

use jiff::Timestamp;
use signalbox_core::actor::{Actor, Role};
use signalbox_core::change::Kind;
use signalbox_core::decide;
use signalbox_core::facts::Facts;
use signalbox_core::ids::{ChangeId, OrgId};
use signalbox_core::schedule::series::{self as rules, Due, Occurrence};
use signalbox_store::directory::{self, Series};
use signalbox_store::{StoreError, Tx, accounts, rota};

use super::seat::Place;
use super::{Hand, NewDraft, Stop, again};
use crate::accounts::letters::Letter;
use crate::app::App;

/// The kinds of work that are planned, so that they may come again.
pub const PLANNED: [Kind; 6] = [Kind::Normal, Kind::PlannedOutage, Kind::ServiceRequest, Kind::FirewallNetwork, Kind::PacsModality, Kind::NationalService];

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
            let kind = template.loaded.change.kind;
            let Some(process) = seat.documents.of_kind(kind) else { return Ok(Ok(Made::Nothing)) };
            let mut raw = again::copy(hand.tx, &template.loaded, template.draft.as_ref(), &process)?;
            raw.extend(rules::night(&process, &template.loaded.change, one.span, series.when.zone()));
            let copied_from = Some(ChangeId(series.template));
            let draft = NewDraft { kind, org: OrgId(series.org_id), on_behalf_of: None, copied_from, raw };
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
