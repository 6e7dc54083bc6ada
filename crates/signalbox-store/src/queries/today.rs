//! What a person meets first: what waits for them, and what has happened since they last looked (ux 2.3).
//!
//! Tonight and what comes up are the schedule's; the figure of 28 days is the reports'.

use crate::accounts;
use crate::log;
use crate::page::opt_time;
use crate::queries::duties::{self, DutyLine, Whose};
use crate::queries::list::named;
use crate::queries::{Composed, Named, code, title};
use crate::scope::{OWN_ORGS, Scope, VISIBLE};
use crate::{Row, StoreError, Tx, values};
use jiff::Timestamp;
use signalbox_core::change::{Kind, Stage};
use signalbox_core::charge::sight;
use signalbox_core::event::{Recorded, upcast};
use signalbox_core::ids::OrgId;

/// Why a change waits for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// Something is owed, to a time or not.
    Owed(Box<DutyLine>),
    /// A draft of theirs that was not sent.
    Draft,
    /// A decision is asked for.
    Decide,
    /// It was approved and stands in no place yet.
    Schedule,
    /// The network provider has to be told.
    TellProvider,
    /// The provider was told, says nothing, and is to be rung (X6).
    RingProvider,
    /// The provider has to acknowledge.
    Acknowledge,
    /// BR-17: the network provider said no.
    ProviderRefused,
    /// They are to do the work, or are at it.
    Work,
    /// The work was done by somebody else and is to be closed.
    Close,
}

/// One thing that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub because: Because,
    pub change_id: i64,
    pub reference: String,
    pub title: String,
    pub kind: Kind,
    pub stage: Stage,
    pub org: Option<Named>,
    /// When it is due, or when the work is to start.
    pub due_at: Option<Timestamp>,
}

/// Something that happened to a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    pub change_id: i64,
    pub reference: String,
    pub title: String,
    /// What, when and by whom.
    pub recorded: Recorded,
    /// The name of the person who did it; empty for the program and for somebody erased.
    pub who: String,
}

/// How many of each sort of thing are read at most.
const SOME: i64 = 50;
/// How far back in the log Today looks.
const EVENTS_BACK: i64 = 5_000;

const COLUMNS: &str = "select c.id, c.reference, c.title, c.kind, c.stage, g.id, g.code, g.name, c.window_start, case when c.title = '' then (select f.raw from drafts f where f.change_id = c.id) end
    from changes c join organisations g on g.id = c.org_id where ";

/// Those who run what a change touches.
const RUNS: &str = "select org_id from change_orgs where change_id = $1 and part = 'runs'";
const HAPPENED: &str = "select c.id, c.reference, c.title, e.schema, e.payload, c.org_id from events e join changes c on c.id = e.change_id where ";

/// The sorts of waiting beside duties, each with its condition on `c`. `roles` are those that act, in any
/// organisation that makes them a party.
struct Sort {
    because: Because,
    condition: String,
}

fn sorts() -> Vec<Sort> {
    let holds = |roles: &str| format!("exists (select 1 from memberships h where h.person_id = $1 and h.ended_at is null and h.role in ({roles}))");
    let managers = holds("'SCM', 'ACM'");
    let sort = |because: Because, condition: String| Sort { because, condition };
    vec![
        sort(Because::Draft, "c.stage = 'DRAFT' and c.raised_by = $1".into()),
        // Four eyes, and another organisation (SD-1, X2): nobody is asked to approve their own.
        sort(Because::Decide, format!("c.stage = 'AWAITING_APPROVAL' and {managers} and c.org_id not in {OWN_ORGS} and coalesce(c.raised_by, 0) <> $1")),
        // Before what waits for it: it cannot be scheduled until somebody answers for the telling.
        sort(
            Because::RingProvider,
            format!(
                "c.network = 'SENT' and c.holds_window = 1 and {} and exists (select 1 from network_chases n where n.change_id = c.id and n.step = 1
                and n.chased_at > coalesce((select max(w.written_at) from network_notices w where w.change_id = c.id), 0))",
                holds("'SCM'")
            ),
        ),
        // Likewise: until it is settled, nothing else leads on.
        sort(
            Because::ProviderRefused,
            format!("c.network = 'REFUSED' and c.stage in ('SUBMITTED', 'ASSESSING', 'AWAITING_APPROVAL', 'APPROVED') and {managers}"),
        ),
        sort(Because::Schedule, format!("c.stage = 'APPROVED' and {managers}")),
        sort(
            Because::TellProvider,
            format!("c.network = 'NEEDED' and c.stage in ('APPROVED', 'SCHEDULED', 'AWAITING_APPROVAL') and {}", holds("'SCM', 'SDSK'")),
        ),
        sort(Because::Acknowledge, format!("c.network = 'SENT' and c.holds_window = 1 and {}", holds("'NNOC'"))),
        sort(Because::Work, "c.stage in ('SCHEDULED', 'IMPLEMENTING', 'BACKING_OUT') and c.implementer = $1".into()),
        // SD-6: whoever did the work never confirms how it came out.
        sort(Because::Close, format!("c.stage = 'IMPLEMENTED' and {managers} and coalesce(c.implementer, 0) <> $1")),
    ]
}

/// The statements of this file, as a test prepares them.
pub fn composed() -> Vec<(&'static str, String)> {
    let scope = Scope::visitor();
    let names = ["DRAFTS", "DECIDE", "RING_PROVIDER", "PROVIDER_REFUSED", "SCHEDULE", "TELL_PROVIDER", "ACKNOWLEDGE", "WORK", "CLOSE"];
    let mut statements: Vec<_> = names.into_iter().zip(sorts().iter().map(|sort| statement(&scope, sort).sql)).collect();
    statements.push(("RUNS", RUNS.to_owned()));
    statements.push(("HAPPENED", happened_statement(&scope, 0, Timestamp::UNIX_EPOCH, 50).sql));
    statements
}

fn statement(scope: &Scope, sort: &Sort) -> Composed {
    let mut statement = Composed::new(scope, format!("{COLUMNS}{VISIBLE} and {}", sort.condition));
    statement.add(" order by c.id desc limit {}", [SOME.into()]);
    statement
}

fn happened_statement(scope: &Scope, after_seq: i64, since: Timestamp, limit: i64) -> Composed {
    let mut statement = Composed::new(scope, format!("{HAPPENED}{VISIBLE} and e.stream = 'change' and e.type <> 'imported'"));
    statement.add(" and e.seq > {} and e.at > {} order by e.seq desc limit {}", [after_seq.into(), since.as_microsecond().into(), limit.into()]);
    statement
}

/// Everything that waits for the person, due first; what has no time comes last.
pub fn waiting(tx: &mut dyn Tx, scope: &Scope) -> Result<Vec<Waiting>, StoreError> {
    let mut all: Vec<Waiting> = duties::open(tx, scope, Whose::Mine, SOME)?.into_iter().map(owed).collect();
    for sort in sorts() {
        let statement = statement(scope, &sort);
        all.extend(tx.all(&statement.sql, &statement.params, |row| read(row, &sort.because))?);
    }
    all.sort_by_key(|w| (w.due_at.is_none(), w.due_at, w.change_id));
    Ok(all)
}

/// What others did to changes that the person sees, latest first.
pub fn happened(tx: &mut dyn Tx, scope: &Scope, since: Timestamp, limit: i64) -> Result<Vec<Happening>, StoreError> {
    let after_seq = log::read_head(tx)?.count().saturating_sub(EVENTS_BACK);
    let statement = happened_statement(scope, after_seq, since, limit.clamp(1, 500));
    let rows = tx.all(&statement.sql, &statement.params, |row| {
        let recorded = upcast(row.int(3)?, &row.text(4)?).map_err(StoreError::Corrupt)?;
        Ok((row.int(5)?, Happening { change_id: row.int(0)?, reference: row.text(1)?, title: row.text(2)?, recorded, who: String::new() }))
    })?;
    let mut all = Vec::with_capacity(rows.len());
    for (raiser, happening) in rows {
        if !sight::is_hidden(&happening.recorded.event) || sees_money(tx, scope, OrgId(raiser), happening.change_id)? {
            all.push(happening);
        }
    }
    all.retain(|h| h.recorded.by.person.is_none_or(|person| person.0 != scope.person()));
    let mut ids: Vec<i64> = all.iter().filter_map(|h| h.recorded.by.person).map(|p| p.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let names = accounts::names(tx, &ids)?;
    for happening in &mut all {
        happening.who = happening.recorded.by.person.and_then(|p| names.get(&p.0)).cloned().unwrap_or_default();
    }
    Ok(all)
}

/// Whether the money of the change is for these eyes, as on its own page.
fn sees_money(tx: &mut dyn Tx, scope: &Scope, raiser: OrgId, change: i64) -> Result<bool, StoreError> {
    let runs = tx.all(RUNS, values![change], |row| row.int(0).map(OrgId))?;
    Ok(scope.money().sees(raiser, runs))
}

fn owed(duty: DutyLine) -> Waiting {
    Waiting {
        change_id: duty.change_id,
        reference: duty.reference.clone(),
        title: duty.title.clone(),
        kind: duty.change_kind,
        stage: duty.stage,
        org: duty.org.clone(),
        due_at: duty.due_at,
        because: Because::Owed(Box::new(duty)),
    }
}

fn read(row: &dyn Row, because: &Because) -> Result<Waiting, StoreError> {
    let start = opt_time(row, 8)?;
    Ok(Waiting {
        because: because.clone(),
        change_id: row.int(0)?,
        reference: row.text(1)?,
        title: title(row, 2, 9)?,
        kind: code(row, 3, Kind::from_code)?,
        stage: code(row, 4, Stage::from_code)?,
        org: named(row, 5)?,
        due_at: if *because == Because::Draft { None } else { start },
    })
}
