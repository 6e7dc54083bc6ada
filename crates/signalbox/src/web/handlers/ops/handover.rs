//! `/handover`: what runs, what is due and what to watch, with a note of who leaves the desk; another person takes it over
//! by pressing a button. Both stay to be read as they were.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::actor::{Actor, Role};
use signalbox_core::alarm::Class;
use signalbox_core::calendar::{self, local};
use signalbox_core::ledger::Standing as CaseStanding;
use signalbox_core::{carry, maintnote};
use signalbox_store::handovers::{self as store, Handover, Left, Part, Stood};
use signalbox_store::queries::alarms::{self, AlarmFilter, AlarmLine};
use signalbox_store::queries::ledger::{self, CaseFilter, CaseLine};
use signalbox_store::queries::schedule::{self as planned, Asked, ScheduleFilter};
use signalbox_store::queries::{change as pages, sight};
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx, directory};

use super::{AHEAD, BEHIND, LATELY, ROWS_MAX, Work, alarm, is_on_the_board, read_work};
use crate::app::{App, Shared};
use crate::web::form::{Form, Query};
use crate::web::handlers::{filled, id as number, summary};
use crate::web::layout::Place;
use crate::web::pages::ops::HandoverPage;
use crate::web::parts::{self, Cell, ListPage, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page, page_with};
use crate::web::ui::{Field, Link, Paging};
use crate::web::visitor::Visitor;
use crate::words::{self, alarms as said, counted, moment_phrase};

/// How far ahead silence of the network provider is a thing to watch: a weekend.
const UNANSWERED_AHEAD: SignedDuration = SignedDuration::from_hours(72);
/// Earlier handovers on one page.
const EARLIER: usize = 20;
/// The longest note, in characters: a page of a notebook.
const NOTE_MAX: usize = 4_000;
/// Alarms that are looked through, and call-outs that are named.
const LOOKED_AT: i64 = 200;
const NAMED: usize = 10;
/// Who leaves and takes a shift.
const AT_THE_DESK: [Role; 2] = [Role::Desk, Role::NetworkDesk];

/// The desk that somebody looks at, and whether it is theirs to leave and take.
#[derive(Clone)]
struct Desk {
    org: i64,
    name: String,
    is_staffed_by_reader: bool,
}

impl Desk {
    fn href(&self) -> String {
        format!("/handover?desk={}", self.org)
    }
}

/// The desks at which somebody sits; of who sits at none, those whose work they manage.
fn desks(app: &App, actor: &Actor) -> Result<Vec<Desk>, Failure> {
    let with = |roles: &[Role]| {
        let orgs = actor.memberships().iter().filter(|held| roles.contains(&held.role)).map(|held| held.org.0);
        orgs.collect::<BTreeSet<i64>>()
    };
    let own = with(&AT_THE_DESK);
    let is_staffed_by_reader = !own.is_empty();
    let orgs = if is_staffed_by_reader { own } else { with(&[Role::SupplierManager]) };
    let mut desks = app.read::<_, Failure>(|tx| {
        let mut desks = vec![];
        for org in orgs {
            desks.extend(directory::organisation(tx, org)?.map(|found| Desk { org, name: found.name, is_staffed_by_reader }));
        }
        Ok(desks)
    })?;
    desks.sort_by(|one, other| one.name.cmp(&other.name));
    if desks.is_empty() { Err(not_at_a_desk()) } else { Ok(desks) }
}

/// The one that is asked for, or the first.
fn chosen(desks: &[Desk], asked: &str) -> Result<Desk, Failure> {
    let found = if asked.is_empty() { desks.first() } else { desks.iter().find(|desk| desk.org.to_string() == asked) };
    found.cloned().ok_or(Failure::NotFound)
}

/// Who looks as somebody of that desk: what concerns another desk of theirs stands on its own page.
fn at_the_desk(actor: &Actor, desk: &Desk) -> Actor {
    match actor {
        Actor::Person { id, memberships } => {
            Actor::Person { id: *id, memberships: memberships.iter().filter(|held| held.org.0 == desk.org).cloned().collect() }
        }
        other => other.clone(),
    }
}

fn not_at_a_desk() -> Failure {
    Failure::denied("desk-role", "The shift is handed over by an operations desk or the network provider’s desk. Ask one of them what runs.")
}

/// Something to watch: what, and where to look.
struct Watch {
    what: String,
    change: Option<i64>,
    label: String,
    href: String,
}

/// What the page holds of this moment.
struct Now {
    running: Vec<Work>,
    due: Vec<Work>,
    watch: Vec<Watch>,
}

fn look(app: &App, tx: &mut dyn Tx, actor: &Actor, desk: &Desk, now: Timestamp) -> Result<Now, StoreError> {
    let scope = Scope::of(actor);
    let asked = Asked { from: now - BEHIND, until: now + UNANSWERED_AHEAD, now };
    let filter = ScheduleFilter { mine_only: true, ..ScheduleFilter::default() };
    let (mut running, mut due, mut watch) = (vec![], vec![], vec![]);
    for entry in planned::schedule(tx, &scope, asked, &filter, None, planned::LIMIT_MAX)?.entries {
        if entry.detail.as_ref().is_some_and(|detail| detail.network == "SENT") {
            watch.extend(unanswered(tx, &scope, entry.id, now)?);
        }
        if entry.window.start < now + AHEAD && is_on_the_board(&entry, now) && running.len() + due.len() < ROWS_MAX {
            let Some(work) = read_work(app, tx, actor, &scope, entry, now)? else { continue };
            watch.extend(of_work(&work, now));
            if work.is_running(now) { running.push(work) } else { due.push(work) }
        }
    }
    let lately = AlarmFilter { from: Some(now - LATELY), ..AlarmFilter::default() };
    watch.extend(alarms::list(tx, &scope, &lately, LOOKED_AT)?.iter().filter(|line| is_to_watch(line)).map(|line| of_alarm(line, now)));
    watch.extend(call_outs(tx, &scope, desk)?);
    Ok(Now { running, due, watch })
}

/// What the provider was told and has not answered.
fn unanswered(tx: &mut dyn Tx, scope: &Scope, id: i64, now: Timestamp) -> Result<Option<Watch>, StoreError> {
    let Some(page) = pages::page_by_id(tx, scope, id)? else { return Ok(None) };
    let change = &page.loaded.change;
    let since = maintnote::unanswered_since(change);
    Ok(since.map(|since| {
        let told = moment_phrase(since, now, &calendar::london());
        let starts = change.window().map(|window| format!(" It starts {}.", moment_phrase(window.start, now, &calendar::london()))).unwrap_or_default();
        watch_of(&change.reference, id, format!("The network provider was told {told} and has not acknowledged.{starts}"))
    }))
}

fn watch_of(reference: &str, change: i64, what: String) -> Watch {
    Watch { what, change: Some(change), label: reference.to_owned(), href: format!("/changes/{reference}") }
}

/// What is late, and what its monitor does not keep quiet about.
fn of_work(work: &Work, now: Timestamp) -> Vec<Watch> {
    let change = &work.page.loaded.change;
    let mut found = vec![];
    let is_overdue = carry::latest_end(change).is_some_and(|end| end <= now) && work.is_running(now);
    if is_overdue {
        found.push("It is past the time by which all was to be back.".to_owned());
    } else if change.work.started.is_none() && alarm::escalation(&work.page, now).is_some() {
        found.push("It is not known to have started. Ring the site.".to_owned());
    } else if alarm::escalation(&work.page, now).is_some() {
        found.push("It takes longer than it said. Ring the site.".to_owned());
    }
    if !work.unsilenced.is_empty() {
        found.push(super::unsilenced_words(&work.unsilenced));
    }
    found.into_iter().map(|what| watch_of(&change.reference, change.id.0, what)).collect()
}

/// Alarms that work near them does not explain, and those that a person found real though it did.
fn is_to_watch(line: &AlarmLine) -> bool {
    match line.standing() {
        Class::Near | Class::Overrun | Class::NotStarted => true,
        Class::Real => line.is_answered && line.found.is_some(),
        _ => false,
    }
}

fn of_alarm(line: &AlarmLine, now: Timestamp) -> Watch {
    let when = moment_phrase(line.raised_at, now, &calendar::london());
    let cleared = if line.cleared_at.is_some() { ", cleared since" } else { "" };
    let what = format!("{} rang {when}{cleared}: {}.", line.object, said::label(line.standing()));
    Watch { what, change: None, label: format!("Alarm of {}", line.object), href: format!("/alarms/{}", line.id) }
}

/// Call-outs that the desk entered or has to answer, and that are not settled.
fn call_outs(tx: &mut dyn Tx, scope: &Scope, desk: &Desk) -> Result<Vec<Watch>, StoreError> {
    let mut found = vec![];
    for standing in [CaseStanding::Proposed, CaseStanding::Disputed] {
        let filter = CaseFilter { standing: Some(standing), ..CaseFilter::default() };
        let is_ours = |case: &CaseLine| [&case.org, &case.liable].into_iter().flatten().any(|org| org.id == desk.org);
        found.extend(ledger::list(tx, scope, &filter, LOOKED_AT)?.into_iter().filter(is_ours));
    }
    let to_watch = |case: &CaseLine| {
        let due = case.due_at.map(|at| format!(" An answer is due by {}.", local::moment_words(at, &calendar::london()))).unwrap_or_default();
        let waits = if case.standing == CaseStanding::Disputed { "is disputed and waits for the authority" } else { "waits for an answer" };
        let words = format!("Call-out {} {waits}.{due}", case.number);
        Watch { what: words, change: None, label: format!("Call-out {}", case.number), href: format!("/ledger/{}", case.id) }
    };
    Ok(found.iter().take(NAMED).map(to_watch).collect())
}

/// One line of work, in words that stand for themselves on paper.
fn line(app: &App, work: &Work, now: Timestamp) -> (String, String, String) {
    let (change, zone) = (&work.page.loaded.change, calendar::london());
    let when = change.window().map(|w| local::describe_window(w.start, w.end, &zone)).map(|w| format!("{} to {}", w.from, w.to)).unwrap_or_default();
    let expected = alarm::expected(&work.page, now, &zone);
    (when, alarm::title(&work.page), format!("{} {}", expected.trim(), alarm::ring(&work.page, &app.config.team)).trim().to_owned())
}

fn works(app: &App, caption: &str, works: &[Work], now: Timestamp) -> Table {
    let row = |work: &Work| {
        let change = &work.page.loaded.change;
        let (when, title, words) = line(app, work, now);
        let head = Cell::link(&change.reference, &format!("/changes/{}", change.reference)).small(&title);
        Row::new(head, vec![Cell::text(&when), Cell::tag(change.stage.words(), "blue"), Cell::text(&words)])
    };
    Table::new(caption, &["Work", "When", "State", "To know"], works.iter().map(row).collect())
}

fn stood(app: &App, found: &Now, now: Timestamp) -> Vec<Stood> {
    let of = |part: Part, work: &Work| {
        let change = &work.page.loaded.change;
        let (when, title, words) = line(app, work, now);
        Stood { part, change: Some(change.id.0), words: format!("{} {title}, {when}, {}. {words}", change.reference, change.stage.words().to_lowercase()) }
    };
    let watch = found.watch.iter().map(|watch| Stood {
        part: Part::Watch,
        change: watch.change,
        words: if watch.change.is_some() { format!("{}: {}", watch.label, watch.what) } else { watch.what.clone() },
    });
    let running = found.running.iter().map(|work| of(Part::Running, work));
    running.chain(found.due.iter().map(|work| of(Part::Due, work))).chain(watch).collect()
}

/// The page as it stands now.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let after = query.text("after").split_once('.').and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)));
    draw(&app, &visitor, query.text("desk"), after, &Form::default(), &[])
}

fn draw(app: &App, visitor: &Visitor, asked: &str, after: Option<(i64, i64)>, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let (actor, now) = (visitor.actor()?, app.clock.now());
    let desks = desks(app, &actor)?;
    let desk = chosen(&desks, asked)?;
    let actor = at_the_desk(&actor, &desk);
    // An address says which desk only where there are several.
    let is_one_of_several = desks.len() > 1;
    let home = if is_one_of_several { desk.href() } else { "/handover".to_owned() };
    let (found, latest, mut earlier) = app.read::<_, Failure>(|tx| {
        let scope = Scope::of(&actor);
        let latest = store::list(tx, &scope, desk.org, None, 1)?.into_iter().next();
        Ok((look(app, tx, &actor, &desk, now)?, latest, store::list(tx, &scope, desk.org, after, EARLIER as i64 + 1)?))
    })?;
    let has_more = earlier.len() > EARLIER;
    earlier.truncate(EARLIER);
    let next = earlier.last().filter(|_| has_more).map(|last| {
        let joint = if is_one_of_several { '&' } else { '?' };
        format!("{home}{joint}after={}.{}", last.left_at.as_microsecond(), last.id)
    });
    let watch = found.watch.iter().map(|watch| Row::new(Cell::link(&watch.label, &watch.href), vec![Cell::text(&watch.what)]));
    let leave = desk.is_staffed_by_reader.then(|| {
        let note = Field::textarea("note", "Note for the next shift", "").hint("What they would not find on this page. What stands above is kept with it.");
        let fields = filled(vec![note.rows(6)], form, faults);
        let leave = parts::Form::new("/handover", "Leave the shift", fields).key(&app.ids.token().to_hex());
        if is_one_of_several { leave.hide("desk", &desk.org.to_string()) } else { leave }
    });
    let faults = leave.as_ref().map(|leave| summary(&leave.fields, faults)).unwrap_or_default();
    let take = latest.as_ref().filter(|last| may_take(last, &actor, &desk)).map(|last| {
        let words = format!("Take over from {}", last.left_by_name);
        parts::Form::new(&format!("/handover/{}/take", last.id), &words, vec![])
    });
    let mut shell = visitor.shell(app, "Shift handover", Place::Operations);
    shell.crumbs = vec![("Operations board".into(), "/ops".into())];
    let view = HandoverPage {
        shell,
        lede: format!(
            "{}. {} running, {} due in the next 12 hours, {} to watch.",
            desk.name,
            found.running.len(),
            found.due.len(),
            counted(found.watch.len() as i64, "thing")
        ),
        faults,
        latest: latest.as_ref().map(|last| Section::new("latest", "From the shift before").words(&last.note).words(&who(last, now))),
        take,
        sections: vec![
            Section::new("running", "Running now").table(works(app, "Running now", &found.running, now), "Nothing is running."),
            Section::new("due", "Due in the next 12 hours").table(works(app, "Due", &found.due, now), "Nothing starts in the next 12 hours."),
            Section::new("watch", "Watch out for").table(Table::new("To watch", &["About", "What"], watch.collect()), "Nothing is late, lost or unanswered."),
        ],
        leave,
        earlier: Section::new("earlier", "Earlier handovers").table(list(&earlier, now), "Nobody has left a shift here yet."),
        paging: (next.is_some() || after.is_some()).then(|| Paging {
            showing: format!("Showing {}.", counted(earlier.len() as i64, "handover")),
            first: if after.is_some() { home } else { String::new() },
            next: next.unwrap_or_default(),
        }),
        desks: if is_one_of_several { desks.iter().map(|one| (Link::new(&one.name, &one.href()), one.org == desk.org)).collect() } else { vec![] },
    };
    Ok(page_with(if view.faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &view))
}

fn may_take(handover: &Handover, actor: &Actor, desk: &Desk) -> bool {
    desk.is_staffed_by_reader && handover.taken.is_none() && actor.person().is_some_and(|person| person.0 != handover.left_by)
}

/// Who left it, and who took it.
fn who(handover: &Handover, now: Timestamp) -> String {
    let zone = calendar::london();
    let left = format!("Left by {} {}.", handover.left_by_name, moment_phrase(handover.left_at, now, &zone));
    match &handover.taken {
        Some((name, at)) => format!("{left} Taken over by {name} {}.", moment_phrase(*at, now, &zone)),
        None => format!("{left} Nobody has taken it over yet."),
    }
}

fn list(handovers: &[Handover], now: Timestamp) -> Table {
    let zone = calendar::london();
    let row = |one: &Handover| {
        let left = moment_phrase(one.left_at, now, &zone);
        let head = Cell::link(&words::sentence_case(&left), &format!("/handover/{}", one.id)).small(&one.left_by_name);
        let taken = match &one.taken {
            Some((name, at)) => Cell::text(name).small(&moment_phrase(*at, now, &zone)),
            None => Cell::tag("Not taken yet", "yellow"),
        };
        let begins: String = one.note.chars().take(80).collect();
        let note = if begins.len() < one.note.len() { format!("{begins}…") } else { begins };
        Row::new(head, vec![taken, Cell::text(&note)])
    };
    Table::new("Earlier handovers", &["Left", "Taken over by", "Note"], handovers.iter().map(row).collect())
}

/// Leaves the shift: the note, with what stands on the page at this moment.
pub async fn leave(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    form.only(&["note", "desk"])?;
    let actor = visitor.actor()?;
    let desk = chosen(&desks(&app, &actor)?, form.text("desk"))?;
    if !desk.is_staffed_by_reader {
        return Err(not_at_a_desk());
    }
    let note = form.text("note").trim().to_owned();
    if note.is_empty() || note.chars().count() > NOTE_MAX {
        let words = format!("Write what the next shift has to know, in {NOTE_MAX} characters at most; “quiet” will do.");
        return draw(&app, &visitor, form.text("desk"), None, &form, &[Fault::of("note", "answer-missing", words)]);
    }
    leave_at(&app, &actor, &desk, note, form.text(crate::web::form::KEY))?;
    let home = if form.text("desk").is_empty() { "/handover".to_owned() } else { desk.href() };
    Ok(done(&app, &home, "You have left the shift. It is open until somebody else takes it over."))
}

/// Leaves the shift of the first desk at which somebody sits.
///
/// # Errors
/// [`Failure::Denied`] for who sits at none, and the store's.
pub(crate) fn leave_shift(app: &App, actor: &Actor, note: String) -> Result<(), Failure> {
    let desk = chosen(&desks(app, actor)?, "")?;
    if desk.is_staffed_by_reader { leave_at(app, actor, &desk, note, "") } else { Err(not_at_a_desk()) }
}

fn leave_at(app: &App, actor: &Actor, desk: &Desk, note: String, key: &str) -> Result<(), Failure> {
    let (now, by) = (app.clock.now(), actor.person().ok_or_else(not_at_a_desk)?);
    let eyes = at_the_desk(actor, desk);
    let stood = app.read::<_, Failure>(|tx| look(app, tx, &eyes, desk, now).map(|found| stood(app, &found, now)))?;
    let form_key = if key.is_empty() { app.ids.token().to_hex() } else { key.to_owned() };
    let left = Left { id: app.ids.mint(now), org_id: desk.org, by: by.0, note, stood, form_key };
    let act = app.act(Some(by), now);
    app.write::<_, Failure>(move |tx| store::leave(tx, &act, &left))
}

/// An earlier handover as it was left. Work that the reader may not see is not named (settled 8).
pub async fn one(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, Query(query): Query) -> Result<Response, Failure> {
    query.only(&[])?;
    let (actor, id, now) = (visitor.actor()?, number(&id)?, app.clock.now());
    let scope = Scope::of(&actor);
    let found = app.read::<_, Failure>(|tx| {
        let Some(handover) = store::by_id(tx, &scope, id)? else { return Ok(None) };
        let mut lines = vec![];
        for stood in &handover.stood {
            let is_seen = stood.change.map(|change| sight::is_visible(tx, &scope, change)).transpose()?.unwrap_or(true);
            lines.push((stood.part, if is_seen { stood.words.clone() } else { "Restricted work".to_owned() }));
        }
        Ok(Some((handover, lines)))
    })?;
    let (handover, lines) = found.ok_or(Failure::NotFound)?;
    let section = |part: Part, id: &str, heading: &str, empty: &str| {
        let of: Vec<&String> = lines.iter().filter(|(known, _)| *known == part).map(|(_, words)| words).collect();
        let section = Section::new(id, heading);
        if of.is_empty() { section.words(empty) } else { of.into_iter().fold(section, |section, words| section.words(words)) }
    };
    let left = words::sentence_case(&moment_phrase(handover.left_at, now, &calendar::london()));
    let mut shell = visitor.shell(&app, &format!("Handover: {left}"), Place::Operations);
    shell.crumbs = vec![("Operations board".into(), "/ops".into()), ("Shift handover".into(), "/handover".into())];
    Ok(page(&ListPage {
        shell,
        lede: who(&handover, now),
        sections: vec![
            Section::new("note", "Note").words(&handover.note),
            section(Part::Running, "running", "What ran then", "Nothing was running."),
            section(Part::Due, "due", "What was due in the 12 hours after", "Nothing was due."),
            section(Part::Watch, "watch", "What was to watch", "Nothing was late, lost or unanswered."),
        ],
        ..ListPage::default()
    }))
}

/// Takes a shift over: once, by another than who left it.
pub async fn take(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let (actor, id, now) = (visitor.actor()?, number(&id)?, app.clock.now());
    let handover = app.read::<_, Failure>(|tx| store::by_id(tx, &Scope::of(&actor), id))?.ok_or(Failure::NotFound)?;
    if !AT_THE_DESK.into_iter().any(|role| actor.memberships().iter().any(|held| held.role == role && held.org.0 == handover.org_id)) {
        return Err(not_at_a_desk());
    }
    form.only(&[])?;
    let (act, by) = (app.act(actor.person(), now), visitor.person()?.0);
    app.attempt(move |tx| store::take(tx, &act, id, by))?;
    let desks = desks(&app, &actor)?;
    let home = desks.iter().filter(|_| desks.len() > 1).find(|desk| desk.org == handover.org_id).map_or_else(|| "/handover".to_owned(), Desk::href);
    Ok(done(&app, &home, &format!("You have taken over from {}.", handover.left_by_name)))
}
