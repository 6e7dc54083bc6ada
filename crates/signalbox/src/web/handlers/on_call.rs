//! `/on-call`: who is on call now, with a number; the rota of one's own organisations; and the days on which nobody is.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::calendar::{self, local};
use signalbox_core::ids::OrgId;
use signalbox_store::accounts::{self, Person};
use signalbox_store::directory::{self, Organisation};
use signalbox_store::page::Page;
use signalbox_store::rota::{self, Turn};
use signalbox_store::{StoreError, Tx};

use super::{filled, summary};
use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::layout::Place;
use crate::web::pages::blocks::{Block, BlocksPage};
use crate::web::parts::{self, Cell, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page_with};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;
use crate::words;

const DAYS: [(&str, &str); 7] = [("1", "Monday"), ("2", "Tuesday"), ("3", "Wednesday"), ("4", "Thursday"), ("5", "Friday"), ("6", "Saturday"), ("7", "Sunday")];
/// How far ahead gaps are looked for (X2).
pub const GAP_DAYS: i64 = 14;

/// The organisations whose rota this visitor keeps: a coordinator's or manager's own, an administrator's all.
fn kept(tx: &mut dyn Tx, visitor: &Visitor) -> Result<Vec<Organisation>, StoreError> {
    if visitor.holds(Role::Administrator) {
        return Ok(directory::organisations(tx, None, &Page { limit: 500, ..Page::default() })?.items);
    }
    let roles = [Role::Coordinator, Role::SupplierManager, Role::AuthorityManager, Role::NetworkDesk];
    let mut orgs: Vec<OrgId> = roles.into_iter().flat_map(|role| visitor.orgs_with(role)).collect();
    orgs.sort_unstable();
    orgs.dedup();
    let mut found = vec![];
    for org in orgs {
        found.extend(directory::organisation(tx, org.0)?);
    }
    Ok(found)
}

/// A person whom a rota names, and their number.
struct Known {
    turn: Turn,
    person: Option<Person>,
}

fn known(tx: &mut dyn Tx, turns: Vec<Turn>) -> Result<Vec<Known>, StoreError> {
    turns.into_iter().map(|turn| Ok(Known { person: accounts::person(tx, turn.person_id)?, turn })).collect()
}

/// An organisation with its turns, the days without anybody, and who may be put down.
type Kept = (Organisation, Vec<Known>, Vec<rota::Gap>, Vec<Person>);

/// What the page shows.
struct Shown {
    now: Vec<(Organisation, Vec<Known>)>,
    kept: Vec<Kept>,
}

fn read(app: &App, visitor: &Visitor) -> Result<Shown, Failure> {
    let at = app.clock.now();
    app.read::<_, Failure>(|tx| {
        let mut now = vec![];
        for org in rota::orgs_with_rotas(tx)? {
            let Some(org) = directory::organisation(tx, org)?.filter(|org| org.is_active) else { continue };
            let on = rota::on_call(tx, org.id, at)?;
            now.push((org, known(tx, on)?));
        }
        now.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        let mut keeps = vec![];
        for org in kept(tx, visitor)?.into_iter().take(20) {
            let turns = rota::turns(tx, org.id)?;
            let turns = known(tx, turns)?;
            let gaps = gaps_of(tx, &org, at)?;
            let people = accounts::people(
                tx,
                visitor.row().map_or(directory::Viewer::Person(0), |row| row.viewer()),
                Some(org.id),
                &Page { limit: 200, ..Page::default() },
            );
            keeps.push((org, turns, gaps, people?.items));
        }
        Ok(Shown { now, kept: keeps })
    })
}

/// Every day of the coming fortnight on which a role that is needed, or is on the rota, has nobody.
pub fn gaps_of(tx: &mut dyn Tx, org: &Organisation, at: Timestamp) -> Result<Vec<rota::Gap>, StoreError> {
    let mut roles: Vec<Role> = rota::needed_of(org.kind).to_vec();
    roles.extend(rota::turns(tx, org.id)?.iter().map(|t| t.role).filter(|role| role.is_by_rota()));
    roles.sort_unstable();
    roles.dedup();
    let mut found = vec![];
    for role in roles {
        found.extend(rota::gaps(tx, org.id, role, at, GAP_DAYS)?);
    }
    Ok(found)
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    draw(&app, &visitor, &Form::default(), &[])
}

fn draw(app: &App, visitor: &Visitor, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let shown = read(app, visitor)?;
    let count: usize = shown.now.iter().map(|(_, on)| on.iter().filter(|k| k.turn.rank == 1).count()).sum();
    let lede = match count {
        0 => "Nobody is on call now by any rota.".to_owned(),
        1 => "1 person is on call now.".to_owned(),
        n => format!("{n} people are on call now."),
    };
    let rows = shown.now.iter().flat_map(|(org, on)| on.iter().map(|k| on_call_row(org, k)).collect::<Vec<_>>());
    let table = Table::new("Who is on call now", &["Who", "Ring", "For", "Organisation"], rows.collect());
    let mut blocks = vec![Block::new(Section::new("now", "On call now").table(table, "No rota covers this moment."))];
    let mut all = vec![];
    for (org, turns, gaps, people) in &shown.kept {
        let is_this = form.raw("organisation") == org.code;
        let fields = if is_this { filled(turn_fields(org, people), form, faults) } else { turn_fields(org, people) };
        all.extend(fields.iter().filter(|f| f.error.is_some()).cloned());
        blocks.push(rota_block(org, turns, fields));
        blocks.extend(gap_block(org, gaps));
    }
    let mut shell = visitor.shell(app, "Who is on call", Place::OnCall);
    shell.crumbs = vec![];
    let view = BlocksPage {
        shell,
        lede,
        faults: summary(&all, faults),
        actions: vec![crate::web::ui::Link::new("When I am away, and who stands in for me", "/cover")],
        blocks,
        ..BlocksPage::default()
    };
    Ok(page_with(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &view))
}

fn on_call_row(org: &Organisation, known: &Known) -> Row {
    let (name, phone) = known.person.as_ref().map_or(("Somebody erased", ""), |p| (p.name.as_str(), p.phone.as_str()));
    let dial: String = phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    let ring = if dial.is_empty() { Cell::text("No number is known") } else { Cell::link(phone, &format!("tel:{dial}")) };
    let rank = if known.turn.rank == 1 { Cell::tag("First", "green") } else { Cell::tag("Deputy", "blue") };
    Row::new(Cell::text(name), vec![ring, rank.and(&words::sentence_case(known.turn.role.words())), Cell::text(&org.name)])
}

fn rota_block(org: &Organisation, turns: &[Known], fields: Vec<Field>) -> Block {
    let zone = calendar::zone(&org.zone).unwrap_or_else(calendar::london);
    let rows = turns.iter().map(|k| {
        let name = k.person.as_ref().map_or("Somebody erased", |p| p.name.as_str());
        let rank = if k.turn.rank == 1 { "first" } else { "deputy" };
        Row::new(Cell::text(name), vec![Cell::text(&words::sentence_case(k.turn.role.words())).small(rank), Cell::text(&turn_words(&k.turn, &zone))])
    });
    let id = format!("rota-{}", org.id);
    let table = Table::new(&format!("Rota of {}", org.name), &["Who", "For", "When"], rows.collect());
    let section = Section::new(&id, &format!("Rota of {}", org.name)).table(table, "No turn is on it yet.");
    let add = parts::Form::new("/on-call", "Add this turn", fields).hide("organisation", &org.code).hide("what", "add");
    let mut block = Block::new(section).form("Add a turn", add);
    if !turns.is_empty() {
        let turn = |k: &Known| {
            let name = k.person.as_ref().map_or("Somebody erased", |p| p.name.as_str());
            Choice::new(&k.turn.id.to_string(), &format!("{name}, {}, {}", k.turn.role.words(), turn_words(&k.turn, &zone)))
        };
        let choices = std::iter::once(Choice::new("", "Choose")).chain(turns.iter().map(turn)).collect();
        let mut which = Field::select("turn", "Which turn?", choices);
        which.id = format!("turn-{}", org.id);
        let end = parts::Form::new("/on-call", "Take it off", vec![which]).quiet().hide("organisation", &org.code).hide("what", "end");
        block = block.form("Take a turn off", end);
    }
    block
}

fn gap_block(org: &Organisation, gaps: &[rota::Gap]) -> Option<Block> {
    let zone = calendar::zone(&org.zone).unwrap_or_else(calendar::london);
    let section = Section::new(&format!("gaps-{}", org.id), &format!("The next {GAP_DAYS} days at {}", org.name));
    if gaps.is_empty() {
        return Some(Block::new(section.words("Every role that is needed has somebody, or somebody who stands in, on every day.")));
    }
    Some(Block::new(gaps.iter().fold(section, |section, gap| section.words(&gap_words(gap, &zone)))))
}

/// `Nobody is trust coordinator from Monday 30 November to Wednesday 2 December 2026.`
pub fn gap_words(gap: &rota::Gap, zone: &TimeZone) -> String {
    let day = |at: Timestamp| local::day_words(local::wall(at, zone).date());
    let last = gap.until - jiff::SignedDuration::from_hours(24);
    let when = if last <= gap.from { format!("on {}", day(gap.from)) } else { format!("from {} to {}", day(gap.from), day(last)) };
    format!("Nobody is {} {when}.", gap.role.words())
}

/// `Monday to Friday, 17:00 to 08:00`, or the dates.
fn turn_words(turn: &Turn, zone: &TimeZone) -> String {
    let time = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let Some(days) = &turn.weekdays else {
        let end = turn.ends_at.unwrap_or(turn.starts_at);
        return local::describe_window(turn.starts_at, end, zone).sentence();
    };
    let named: Vec<&str> = DAYS.iter().filter(|(code, _)| days.contains(code)).map(|(_, name)| *name).collect();
    let days = match days.as_str() {
        "1234567" => "Every day".to_owned(),
        "12345" => "Monday to Friday".to_owned(),
        _ => named.join(", "),
    };
    let hours = if turn.from_minute == turn.until_minute { "all day".to_owned() } else { format!("{} to {}", time(turn.from_minute), time(turn.until_minute)) };
    let until = turn.ends_at.map_or(String::new(), |end| format!(", until {}", local::moment_words(end, zone)));
    format!("{days}, {hours}{until}")
}

fn turn_fields(org: &Organisation, people: &[Person]) -> Vec<Field> {
    let mut roles = vec![Role::OnCall, Role::OnCallSafety];
    roles.extend(match org.kind {
        OrgKind::Trust => vec![Role::Coordinator, Role::TrustSafety],
        OrgKind::Supplier => vec![Role::SupplierManager, Role::SupplierSafety, Role::Desk],
        OrgKind::Authority => vec![Role::AuthorityManager, Role::AuthoritySafety],
        OrgKind::Network => vec![Role::NetworkDesk],
    });
    let choose = |all: Vec<Choice>| std::iter::once(Choice::new("", "Choose")).chain(all).collect::<Vec<_>>();
    let people = people.iter().map(|p| Choice::new(&p.email, &p.name)).collect();
    let roles = roles.iter().map(|r| Choice::new(r.code(), &words::sentence_case(r.words()))).collect();
    let mut fields = vec![
        Field::select("person", "Who?", choose(people)),
        Field::select("role", "For what?", choose(roles)),
        Field::radios("rank", "In which place?", vec![Choice::new("1", "First to be rung"), Choice::new("2", "Deputy")]),
        Field::checks("days", "On which days, every week?", DAYS.iter().map(|(code, name)| Choice::new(code, name)).collect())
            .hint("Tick none for a turn with dates.")
            .optional(),
        Field::input("time", "from", "From", "").hint("Local time. The same as until: all day. Later than until: over night.").width("w5").optional(),
        Field::input("time", "until", "Until", "").width("w5").optional(),
        Field::date_time("starts", "Or from", "", "").optional(),
        Field::date_time("ends", "To", "", "").optional(),
    ];
    for field in &mut fields {
        field.id = format!("{}-{}", field.name, org.id);
    }
    fields
}

/// A wall time that somebody typed in two fields; the first of two, the next where there is none.
pub fn typed_moment(form: &Form, field: &str, zone: &TimeZone) -> Option<Timestamp> {
    let date = form.text(&format!("{field}-date")).parse::<Date>().ok()?;
    let time = form.text(&format!("{field}-time")).parse::<Time>().ok()?;
    zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible().ok()
}

fn minute(typed: &str) -> Option<i64> {
    let time = typed.parse::<Time>().ok()?;
    Some(i64::from(time.hour()) * 60 + i64::from(time.minute()))
}

/// Changes the rota.
pub async fn change(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    form.only(&["what", "organisation", "turn", "person", "role", "rank", "days", "from", "until", "starts-date", "starts-time", "ends-date", "ends-time"])?;
    let code = form.text("organisation").to_owned();
    let org = app.read::<_, Failure>(|tx| Ok(kept(tx, &visitor)?.into_iter().find(|org| org.code == code)))?;
    let Some(org) = org else {
        let detail = "A coordinator or change manager keeps the rota of their own organisation.";
        return Err(Failure::denied("X2", detail));
    };
    let act = app.act(Some(visitor.person()?), app.clock.now());
    if form.text("what") == "end" {
        let id = form.text("turn").parse::<i64>().unwrap_or(0);
        let is_theirs = app.read::<_, Failure>(|tx| Ok(rota::turn(tx, id)?.is_some_and(|turn| turn.org_id == org.id)))?;
        if !is_theirs {
            return Err(Failure::invalid(Fault::of("turn", "choose-one", "Choose which turn.")));
        }
        app.attempt(move |tx| rota::end_turn(tx, &act, id))?;
        return Ok(done(&app, "/on-call", "The turn is off the rota."));
    }
    let turn = match typed_turn(&app, &org, &form) {
        Ok(turn) => turn,
        Err(faults) => return draw(&app, &visitor, &form, &faults),
    };
    match app.attempt(move |tx| rota::add_turn(tx, &act, &turn)) {
        Ok(_) => Ok(done(&app, "/on-call", "The turn is on the rota.")),
        Err(Failure::Invalid(faults)) => {
            let faults: Vec<Fault> = faults.into_iter().map(in_words).collect();
            draw(&app, &visitor, &form, &faults)
        }
        Err(failure) => Err(failure),
    }
}

fn in_words(fault: Fault) -> Fault {
    match fault.field.as_deref() {
        Some("person") => Fault::of("person", "not-eligible", "Choose somebody of this organisation who holds the role. On call is for anybody of it."),
        Some("ends_at") => Fault::of("ends", "before-start", "It ends after it starts."),
        _ => fault,
    }
}

fn typed_turn(app: &App, org: &Organisation, form: &Form) -> Result<Turn, Vec<Fault>> {
    let zone = calendar::zone(&org.zone).unwrap_or_else(calendar::london);
    let mut faults = vec![];
    let email = form.text("person").to_lowercase();
    let person = app.read::<_, Failure>(|tx| accounts::person_by_email(tx, &email)).ok().flatten();
    if person.is_none() {
        faults.push(Fault::of("person", "choose-one", "Choose who."));
    }
    let role = Role::from_code(form.text("role"));
    if role.is_none() {
        faults.push(Fault::of("role", "choose-one", "Choose for what."));
    }
    let rank = match form.text("rank") {
        "1" => 1,
        "2" => 2,
        _ => {
            faults.push(Fault::of("rank", "choose-one", "Choose first or deputy."));
            1
        }
    };
    let days: String = DAYS.iter().filter(|(code, _)| form.all("days").any(|d| d == *code)).map(|(code, _)| *code).collect();
    let (from, until) = (minute(form.text("from")), minute(form.text("until")));
    let (starts, ends) = (typed_moment(form, "starts", &zone), typed_moment(form, "ends", &zone));
    if days.is_empty() && (starts.is_none() || ends.is_none()) {
        faults.push(Fault::of("days", "answer-missing", "Tick the days of every week, or give dates from and to."));
    }
    if !days.is_empty() && (from.is_none() || until.is_none()) {
        faults.push(Fault::of("from", "not-a-time", "Give the times of the turn, such as 17:00 and 08:00."));
    }
    match (person, role, faults.is_empty()) {
        (Some(person), Some(role), true) => {
            let now = app.clock.now();
            Ok(Turn {
                id: app.ids.mint(now),
                org_id: org.id,
                role,
                person_id: person.id,
                rank,
                weekdays: (!days.is_empty()).then_some(days),
                from_minute: from.unwrap_or(0),
                until_minute: until.unwrap_or(0),
                starts_at: starts.unwrap_or(now),
                ends_at: ends,
            })
        }
        _ => Err(faults),
    }
}
