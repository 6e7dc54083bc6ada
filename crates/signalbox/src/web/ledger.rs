//! Call-outs as they are typed (spec 10.5): who may enter one, what had been announced, every fault at once. Pages and API
//! collect values; what they mean is decided here for both.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use signalbox_core::actor::{Actor, Role};
use signalbox_core::alarm::Class;
use signalbox_core::calendar::{self, Calendar, Division, Verdict};
use signalbox_core::ids::{OrgId, SiteId};
use signalbox_core::ledger::{self, Asking, Deed, Finding, Known, Visit};
use signalbox_store::ledger::{self as store, NewCase};
use signalbox_store::queries::alarms::AlarmLine;
use signalbox_store::queries::ledger::{self as queries, CaseLine, Entry};
use signalbox_store::queries::{Named, change as pages, sight};
use signalbox_store::scope::Scope;

use crate::app::App;
use crate::run::Key;
use crate::run::ledger::Posted;
use crate::web::problem::{Failure, Fault};
use crate::words;

/// Rows of one case, or of a month.
pub const ROWS_MAX: i64 = 100_000;
/// The longest reason and name, in characters.
const WORDS_MAX: usize = 500;
/// Who enters call-outs: the desks, and the supplier's change manager.
const ENTERING: [Role; 3] = [Role::Desk, Role::NetworkDesk, Role::SupplierManager];

/// A call-out as it was typed, its codes and times read. What is missing is `None` or empty.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub alarm: Option<AlarmLine>,
    /// Whom it is proposed to.
    pub liable: Option<i64>,
    pub site: Option<i64>,
    pub finding: Option<Finding>,
    /// The reference of the change.
    pub change: String,
    pub desk_minutes: Option<i64>,
    pub engineer: String,
    pub dispatched_at: Option<Timestamp>,
    pub stood_down_at: Option<Timestamp>,
    pub arrived_at: Option<Timestamp>,
    pub left_at: Option<Timestamp>,
    pub checks_failed: bool,
    pub outside_appointment: bool,
    pub words: String,
}

/// The organisation in whose name somebody enters a case.
pub fn enters(actor: &Actor) -> Option<OrgId> {
    actor.memberships().iter().find(|m| ENTERING.contains(&m.role)).map(|m| m.org)
}

/// The same, or why they may not.
///
/// # Errors
/// [`Failure::Denied`].
pub fn admit(actor: &Actor) -> Result<OrgId, Failure> {
    let why = "Call-outs are entered by an operations desk, the network provider’s desk or the supplier’s change manager.";
    enters(actor).ok_or_else(|| Failure::denied("ledger-role", why))
}

/// What somebody is to a case. It is answered for the organisation that it was proposed to, a trust or a supplier; whoever
/// entered it takes it back.
pub fn asking(actor: &Actor, case: &CaseLine) -> Asking {
    let of = |org: &Option<Named>| org.as_ref().map(|org| OrgId(org.id));
    let holds = |org: Option<OrgId>, roles: &[Role]| org.is_some_and(|org| roles.iter().any(|role| actor.holds_in(*role, org)));
    Asking {
        answers: holds(of(&case.liable), &[Role::Coordinator, Role::Finance, Role::SupplierManager]),
        decides: actor.holds(Role::AuthorityManager),
        entered: holds(of(&case.org), &ENTERING),
    }
}

/// A case with its rows, as somebody may see it.
///
/// # Errors
/// [`Failure::NotFound`] for one that they may not see, and the store's.
pub fn seen(app: &App, actor: &Actor, id: i64) -> Result<(CaseLine, Vec<Entry>), Failure> {
    let scope = Scope::of(actor);
    let found = app.read::<_, Failure>(|tx| {
        let Some(case) = queries::by_id(tx, &scope, id)? else { return Ok(None) };
        Ok(Some((case, queries::entries(tx, &scope, Some(id), None, ROWS_MAX)?)))
    })?;
    found.ok_or(Failure::NotFound)
}

/// A month from its first day: the instants of its beginning and of its end, on the clock of the zone.
pub fn month(first: Date, zone: &TimeZone) -> (Timestamp, Timestamp) {
    let midnight = |date: Date| zone.to_ambiguous_timestamp(date.to_datetime(Time::midnight())).compatible().unwrap_or(Timestamp::MAX);
    (midnight(first), midnight(first.last_of_month().tomorrow().unwrap_or(first)))
}

/// The first day of a month that is written so: 2026-11.
pub fn first_of(text: &str) -> Option<Date> {
    let is_plain = text.len() == 7 && text.bytes().enumerate().all(|(at, byte)| if at == 4 { byte == b'-' } else { byte.is_ascii_digit() });
    is_plain.then(|| format!("{text}-01").parse().ok()).flatten()
}

/// Adds what is wrong with a field of which nothing is said to be wrong yet.
fn add(faults: &mut Vec<Fault>, field: &str, code: &'static str, detail: impl Into<String>) {
    if !faults.iter().any(|fault| fault.field.as_deref() == Some(field)) {
        faults.push(Fault::of(field, code, detail));
    }
}

/// Enters what was typed; `faults` were found in reading it.
///
/// # Errors
/// [`Failure::Invalid`] with every fault at once, and the store's.
pub fn enter(app: &App, actor: &Actor, org: OrgId, typed: Typed, mut faults: Vec<Fault>, key: Option<Key>) -> Result<Posted, Failure> {
    let now = app.clock.now();
    if typed.liable.is_none() {
        add(&mut faults, "liable", "choose-one", "Choose the organisation that answers for the site.");
    }
    if typed.liable == Some(org.0) {
        add(&mut faults, "liable", "own-organisation", "A call-out is proposed to another organisation than the one that enters it.");
    }
    if typed.finding.is_none() {
        add(&mut faults, "finding", "choose-one", "Choose what was found.");
    }
    if typed.desk_minutes.is_none() {
        add(&mut faults, "desk_minutes", "not-a-number", "Give the minutes as a whole number; 0 where there were none.");
    }
    let visit = visit(&typed, now, &mut faults);
    if typed.words.is_empty() {
        add(&mut faults, "words", "answer-missing", "Say what happened: whoever answers reads it.");
    }
    for (field, text) in [("engineer", &typed.engineer), ("words", &typed.words)] {
        if text.chars().count() > WORDS_MAX {
            add(&mut faults, field, "too-long", format!("Say it in at most {WORDS_MAX} characters."));
        }
    }
    let (change, known) = match known_of(app, actor, &typed) {
        Ok(known) => known,
        Err(Failure::Invalid(more)) => {
            faults.extend(more);
            (None, None)
        }
        Err(other) => return Err(other),
    };
    if app.read::<_, Failure>(|tx| store::rates_at(tx, now))?.is_none() {
        faults
            .push(Fault::whole("no-rates", "Nobody has said yet what a call-out costs. The authority’s change manager does, under Call-outs, What it costs."));
    }
    let (Some(liable_org), true) = (typed.liable, faults.is_empty()) else { return Err(Failure::Invalid(faults)) };
    let due_at = ledger::answer_due(now, &Calendar::shipped(Division::EnglandAndWales), &calendar::london());
    let (id, alarm) = (app.ids.mint(now), typed.alarm.map(|alarm| alarm.id));
    let case = NewCase { id, org_id: org.0, liable_org, alarm, change, site: typed.site, engineer: typed.engineer, visit, known, due_at };
    app.enter_call_out(actor, case, typed.words, key)
}

/// The visit, and what is wrong with its times.
fn visit(typed: &Typed, now: Timestamp, faults: &mut Vec<Fault>) -> Visit {
    let visit = Visit {
        finding: typed.finding.unwrap_or(Finding::Unknown),
        desk_minutes: typed.desk_minutes.unwrap_or(0),
        dispatched_at: typed.dispatched_at,
        stood_down_at: typed.stood_down_at,
        arrived_at: typed.arrived_at,
        left_at: typed.left_at,
        checks_failed: typed.checks_failed,
        outside_appointment: typed.outside_appointment,
    };
    let times = [("dispatched_at", visit.dispatched_at), ("stood_down_at", visit.stood_down_at), ("arrived_at", visit.arrived_at), ("left_at", visit.left_at)];
    for (field, at) in times {
        if at.is_some_and(|at| at > now) {
            add(faults, field, "in-the-future", "This has not happened yet.");
        }
    }
    for (field, code) in visit.faults() {
        add(faults, field, code, words::ledger::fault(code));
    }
    visit
}

/// What had been announced, by the alarm or the change that is named.
fn known_of(app: &App, actor: &Actor, typed: &Typed) -> Result<(Option<i64>, Option<Known>), Failure> {
    let scope = Scope::of(actor);
    if let Some(alarm) = &typed.alarm {
        let verdict = alarm.evidence.verdict.as_deref().and_then(Verdict::from_code);
        let listed = alarm.class != Class::Near;
        let known = verdict.zip(alarm.evidence.notice_received).map(|(verdict, received_at)| Known { verdict, received_at, is_listed: listed });
        let change = match &alarm.change {
            Some((reference, _)) => app.read::<_, Failure>(|tx| sight::by_reference(tx, &scope, reference))?,
            None => None,
        };
        return Ok((change, known));
    }
    if typed.change.is_empty() {
        return Ok((None, None));
    }
    let unknown = || Failure::invalid(Fault::of("change", "unknown-value", "There is no change of this reference that you may see."));
    let id = app.read::<_, Failure>(|tx| sight::by_reference(tx, &scope, &typed.change))?.ok_or_else(unknown)?;
    let page = app.read::<_, Failure>(|tx| pages::page_by_id(tx, &scope, id))?.ok_or_else(unknown)?;
    let change = &page.loaded.change;
    // A notice that names no equipment covers none (BR-15), and none of another site.
    let header = change.content.as_ref().map(|content| &content.header);
    let lists = header.is_some_and(|header| !header.items.is_empty() && typed.site.is_none_or(|site| header.sites.contains(&SiteId(site))));
    Ok((Some(id), change.notice().map(|notice| Known { verdict: notice.verdict, received_at: notice.received_at, is_listed: lists })))
}

/// What somebody may say about a case at all.
///
/// # Errors
/// [`Failure::Denied`] for whoever sees it and answers for nothing of it.
pub fn party(actor: &Actor, case: &CaseLine) -> Result<Asking, Failure> {
    let asking = asking(actor, case);
    if asking.answers || asking.decides || asking.entered {
        return Ok(asking);
    }
    Err(Failure::denied("ledger-deed", "A call-out is answered for by the organisation that it was proposed to; the authority decides what is disputed."))
}

/// Does what was chosen; `faults` were found in reading it.
///
/// # Errors
/// [`Failure::Denied`], [`Failure::Invalid`] with every fault at once, [`Failure::Conflict`] where it may not be done as it
/// stands now, and the store's.
pub fn answer(app: &App, actor: &Actor, case: &CaseLine, deed: Option<Deed>, words: &str, mut faults: Vec<Fault>, key: Option<Key>) -> Result<Posted, Failure> {
    let asking = party(actor, case)?;
    let words = words.trim();
    match deed {
        None => add(&mut faults, "deed", "unknown-choice", "Choose what you do."),
        Some(deed) if deed != Deed::Agree && words.is_empty() => add(&mut faults, "words", "answer-missing", "Say why: the other side reads it."),
        Some(_) => {}
    }
    if words.chars().count() > WORDS_MAX {
        add(&mut faults, "words", "too-long", format!("Say it in at most {WORDS_MAX} characters."));
    }
    let (Some(deed), true) = (deed, faults.is_empty()) else { return Err(Failure::Invalid(faults)) };
    app.answer_call_out(actor, case, asking, deed, words.to_owned(), key)
}
