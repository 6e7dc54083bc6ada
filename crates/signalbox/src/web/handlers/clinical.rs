//! `/clinical`: what waits for a safety officer. Which hazards are unrated, which ratings are 3 and more, what changed
//! since I signed, what is overdue; whose registration ends.

pub mod export;
pub mod form;
pub mod keep;
pub mod statements;

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use signalbox_core::actor::Role;
use signalbox_core::calendar::{self, local};
use signalbox_core::change::Kind;
use signalbox_core::clinical::matrix::acceptability;
use signalbox_store::directory::{self, Clinician};
use signalbox_store::queries::clinical::{self as store, Part, QueueLine};
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx, accounts};

use crate::app::Shared;
use crate::web::layout::Place;
use crate::web::parts::{Cell, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::Link;
use crate::web::visitor::Visitor;
use crate::words;

/// Days before its end on which a registration is warned of (X8).
pub const WARNED_DAYS: [i64; 3] = [60, 30, 7];

/// Only safety officers have this page; the shell asks the same question for its menu.
pub(super) fn officer(visitor: &Visitor) -> Result<Scope, Failure> {
    if visitor.is_safety_officer() {
        return Ok(Scope::of(&visitor.actor()?));
    }
    Err(Failure::denied("SD-4", "This page is for clinical safety officers. A change’s own record shows where its clinical question stands."))
}

/// A registration with the name of its officer, and of the organisation.
struct Ending {
    row: Clinician,
    person: String,
    org: String,
    deputy: String,
}

/// The queue.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    let (scope, now) = (officer(&visitor)?, app.clock.now());
    let today = calendar::london().to_datetime(now).date();
    let own: Vec<i64> = [Role::TrustSafety, Role::SupplierSafety].into_iter().flat_map(|role| visitor.orgs_with(role)).map(|org| org.0).collect();
    let sees_all = visitor.holds(Role::AuthoritySafety);
    let (mut open, changed, sampled, ending) = app.read::<_, Failure>(|tx| {
        let open = store::queue(tx, &scope, Part::Open)?;
        let changed = store::queue(tx, &scope, Part::ChangedSince)?;
        let sampled = store::queue(tx, &scope, Part::Sampled)?;
        Ok((open, changed, sampled, ending(tx, today, |org| sees_all || own.contains(&org))?))
    })?;
    // What I can sign first; then what nobody rated, then the worst, then what is due.
    open.sort_by_key(|line| (!line.is_my_signature, line.unrated == 0 && line.hazards > 0, std::cmp::Reverse(line.residual.unwrap_or(0)), line.due_at));
    let (after, before): (Vec<QueueLine>, Vec<QueueLine>) = open.into_iter().partition(|line| line.kind == Kind::Emergency && line.started_at.is_some());
    let overdue = before.iter().filter(|line| line.due_at.is_some_and(|due| due < now)).count();
    let table = |caption: &str, lines: &[QueueLine]| Table::new(caption, &HEADS, lines.iter().map(|line| row(line, now)).collect());
    let mut sections = vec![
        Section::new("waiting", "Waits for a safety officer").table(table("Changes that wait for a safety officer", &before), "No hazards wait."),
        Section::new("after", "Emergencies to look at afterwards")
            .table(table("Emergencies that nobody looked at yet", &after), "No emergency waits for its clinical review."),
        Section::new("changed", "Signed by you, and changed since")
            .table(table("Changes altered since you signed", &changed), "Nothing that you signed has changed."),
        Section::new("sampled", "Screenings to look at again")
            .table(table("Screenings without a yes that are looked at again", &sampled), "No screening is waiting. One in ten is chosen."),
    ];
    let rows = ending.iter().map(|ending| ending_row(ending, today)).collect();
    sections.push(Section::new("registrations", "Registrations that end").table(
        Table::new("Registrations that end within 60 days, or have ended", &["Officer", "Registration", "Ends", "Deputy"], rows),
        "None ends within 60 days.",
    ));
    let view = ListPage {
        shell: visitor.shell(&app, "Clinical safety", Place::Clinical),
        lede: lede(before.len() + after.len(), overdue),
        actions: vec![Link::new("Agreed statements", "/clinical/statements"), Link::new("Clinical register", "/reports/clinical")],
        sections,
        ..ListPage::default()
    };
    Ok(page(&view))
}

const HEADS: [&str; 5] = ["Change", "What waits", "Hazards", "Starts", "Due"];

fn lede(open: usize, overdue: usize) -> String {
    let waits = match open {
        0 => "No change waits for a safety officer.".to_owned(),
        1 => "1 change waits for a safety officer.".to_owned(),
        n => format!("{n} changes wait for a safety officer."),
    };
    match overdue {
        0 => waits,
        1 => format!("{waits} 1 is overdue; silence never counts as a yes."),
        n => format!("{waits} {n} are overdue; silence never counts as a yes."),
    }
}

fn row(line: &QueueLine, now: Timestamp) -> Row {
    let zone = calendar::london();
    let moment = |at| words::moment_phrase(at, now, &zone);
    let head = Cell::link(&line.reference, &format!("/changes/{}#clinical", line.reference)).small(&line.title);
    let due = match line.due_at {
        Some(due) if due < now => Cell::tag("Overdue", "red").and(&moment(due)),
        Some(due) => Cell::text(&moment(due)),
        None => Cell::text(""),
    };
    let starts = line.started_at.map(|at| format!("began {}", moment(at))).or(line.window_start.map(moment)).unwrap_or_default();
    Row::new(head, vec![waits(line), hazards(line), Cell::text(&starts), due])
}

/// What is to be done next.
fn waits(line: &QueueLine) -> Cell {
    let care = if line.direct_care { "Direct care" } else { "" };
    let cell = match line.state.as_str() {
        _ if line.is_my_signature => Cell::tag("Your signature", "red"),
        _ if line.appeal_open => Cell::tag("Appeal", "red"),
        "NOT_ASSESSED" => Cell::tag("Screen", "yellow"),
        "QUERY" => Cell::tag("Answer awaited", "grey"),
        "STOPPED" => Cell::tag("Stop to settle", "red"),
        "UNDER_REVIEW" if line.unrated > 0 => Cell::tag("Rate", "yellow"),
        "UNDER_REVIEW" if line.hazards == 0 => Cell::tag("Record hazards", "yellow"),
        "UNDER_REVIEW" if line.escalated => Cell::tag("Escalated", "red"),
        "UNDER_REVIEW" => Cell::tag("Decide", "yellow"),
        "NOT_REQUIRED" => Cell::tag("Look again", "yellow"),
        _ if line.changed_since > 0 => Cell::tag("Changed", "yellow").and(&words::counted(line.changed_since, "change")),
        _ => Cell::text(""),
    };
    cell.small(care)
}

fn hazards(line: &QueueLine) -> Cell {
    if line.hazards == 0 {
        return Cell::text("None recorded");
    }
    let counted = words::counted(line.hazards, "hazard");
    if line.unrated > 0 {
        return Cell::tag(&format!("{} not rated", line.unrated), "yellow").and(&counted);
    }
    match line.residual.and_then(|rating| u8::try_from(rating).ok()) {
        Some(rating) => Cell::tag(&format!("{rating} of 5"), super::change::rating_colour(rating)).and(&counted).small(acceptability(rating)),
        None => Cell::text(&counted),
    }
}

fn ending(tx: &mut dyn Tx, today: Date, is_mine: impl Fn(i64) -> bool) -> Result<Vec<Ending>, StoreError> {
    let before = today.saturating_add(jiff::SignedDuration::from_hours(24 * (WARNED_DAYS[0] + 1)));
    let mut found = vec![];
    for row in directory::clinicians_ending(tx, before)?.into_iter().filter(|row| is_mine(row.org_id)) {
        let name = |person: Option<accounts::Person>| person.map(|p| p.name).unwrap_or_default();
        let deputy = row.deputy_id.map(|id| accounts::person(tx, id)).transpose()?.flatten();
        found.push(Ending {
            person: name(accounts::person(tx, row.person_id)?),
            org: directory::organisation(tx, row.org_id)?.map(|org| org.name).unwrap_or_default(),
            deputy: name(deputy),
            row,
        });
    }
    Ok(found)
}

fn ending_row(ending: &Ending, today: Date) -> Row {
    let left = words::days_between(today, ending.row.expires_on);
    let ends = local::date_words(ending.row.expires_on);
    let state = match left {
        left if left < 0 => Cell::tag("Ended: signs nothing", "red").and(&ends),
        0 => Cell::tag("Ends today", "red").and(&ends),
        left => Cell::tag(&format!("{} left", words::counted(left, "day")), if left <= 7 { "red" } else { "yellow" }).and(&ends),
    };
    let deputy = if ending.deputy.is_empty() { "None named" } else { &ending.deputy };
    Row::new(
        Cell::text(&ending.person).small(&ending.org),
        vec![Cell::text(&format!("{} {}", ending.row.body, last_three(&ending.row.number))), state, Cell::text(deputy)],
    )
}

/// A registration number as it is shown: its last three.
pub(super) fn last_three(number: &str) -> String {
    let chars: Vec<char> = number.chars().collect();
    format!("…{}", chars[chars.len().saturating_sub(3)..].iter().collect::<String>())
}
