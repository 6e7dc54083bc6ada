//! `/boards`: the boards one sits on or keeps, their seats and their meetings (spec 6.8, C053 to C059).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Time;
use signalbox_core::actor::Role;
use signalbox_core::board::{Hearing, Seat};
use signalbox_core::calendar::{self, local};
use signalbox_core::change::Kind;
use signalbox_store::boards::{self, BoardRow, BoardScope, MeetingRow, SeatRow};
use signalbox_store::directory::{self, Viewer};
use signalbox_store::{StoreError, Tx, accounts};

use super::on_call::typed_moment;
use super::{filled, summary};
use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::layout::Place;
use crate::web::pages::blocks::{Block, BlocksPage};
use crate::web::parts::{self, Cell, Fact, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page_with};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;
use crate::words;

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const KINDS: [(&str, &str); 3] = [("cab", "Change advisory board"), ("tab", "Technical board"), ("ecab", "Emergency board")];
const CATEGORIES: [&str; 3] = ["minor", "significant", "major"];
/// How many meetings a board's page shows each way.
const SOME: i64 = 8;

/// Whether this visitor keeps boards: sets them up, gives seats, calls meetings.
pub fn keeps(visitor: &Visitor) -> bool {
    visitor.holds(Role::AuthorityManager)
}

/// Whether somebody may look at every board: the authority's people and auditors.
fn sees_all(visitor: &Visitor) -> bool {
    visitor.row().is_ok_and(|row| row.viewer() == Viewer::All)
}

/// The seats of this visitor, for whomever they stand in too.
pub fn my_seats(tx: &mut dyn Tx, visitor: &Visitor) -> Result<Vec<SeatRow>, StoreError> {
    let Ok(row) = visitor.row() else { return Ok(vec![]) };
    let mut found = boards::seats_of(tx, row.person.id)?;
    for covered in row.memberships.iter().filter_map(|m| m.cover.as_ref()) {
        found.extend(boards::seats_of(tx, covered.person.0)?);
    }
    found.dedup_by_key(|seat| seat.id);
    Ok(found)
}

/// The board, if it is any concern of this visitor.
pub fn find(app: &App, visitor: &Visitor, id: i64) -> Result<(BoardRow, Vec<SeatRow>), Failure> {
    let found = app.read::<_, Failure>(|tx| {
        let mine = my_seats(tx, visitor)?.iter().any(|seat| seat.board_id == id);
        let board = if mine || sees_all(visitor) { boards::board(tx, id)? } else { None };
        Ok(match board {
            Some(board) => Some((board, boards::seats(tx, id)?)),
            None => None,
        })
    })?;
    found.ok_or(Failure::NotFound)
}

/// The boards.
pub async fn list(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    draw_list(&app, &visitor, &Form::default(), &[])
}

fn draw_list(app: &App, visitor: &Visitor, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let (zone, now) = (calendar::london(), app.clock.now());
    let found = app.read::<_, Failure>(|tx| {
        let mine = my_seats(tx, visitor)?;
        let mut found = vec![];
        for board in boards::boards(tx)?.into_iter().filter(|b| sees_all(visitor) || mine.iter().any(|s| s.board_id == b.id)) {
            let next = boards::meetings_after(tx, board.id, now - jiff::SignedDuration::from_hours(4), SOME)?;
            let next = next.into_iter().find(|m| matches!(m.state, Hearing::Planned | Hearing::Live));
            let seat = mine.iter().find(|s| s.board_id == board.id).map(|s| s.seat);
            found.push((board, next, seat));
        }
        Ok(found)
    })?;
    let rows = found.iter().map(|(board, next, seat)| {
        let next = next.as_ref().map_or(Cell::text("None is planned"), |m| meeting_cell(m, &zone));
        let seat = seat.map_or("You look on", |seat| seat.words());
        Row::new(Cell::link(&board.name, &format!("/boards/{}", board.id)).small(kind_words(&board.kind)), vec![next, Cell::text(&words::sentence_case(seat))])
    });
    let table = Table::new("Boards", &["Board", "Next meeting", "Your seat"], rows.collect());
    let mut block = Block::new(Section::new("boards", "Boards").table(table, "You sit on no board."));
    let fields = filled(board_fields(None), form, faults);
    if keeps(visitor) {
        block = block.form("Set up a board", parts::Form::new("/boards", "Set up this board", fields.clone()));
    }
    let view = BlocksPage {
        shell: visitor.shell(app, "Boards", Place::Boards),
        lede: match found.len() {
            0 => "No board is any concern of yours.".into(),
            1 => "One board.".into(),
            n => format!("{n} boards."),
        },
        faults: summary(&fields, faults),
        blocks: vec![block],
        ..BlocksPage::default()
    };
    Ok(page_with(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &view))
}

/// What a kind of board is called.
pub fn kind_words(kind: &str) -> &'static str {
    KINDS.iter().find(|(code, _)| *code == kind).map_or("Board", |(_, words)| words)
}

/// A meeting in a cell: when, with a link.
fn meeting_cell(meeting: &MeetingRow, zone: &jiff::tz::TimeZone) -> Cell {
    let when = local::moment_words(meeting.starts_at, zone);
    let cell = Cell::link(&when, &format!("/meetings/{}", meeting.id));
    match (meeting.state, meeting.until) {
        (Hearing::Live, None) => Cell { tag: Some(crate::web::ui::Tag::new("In session", "green")), ..cell },
        (Hearing::Held, _) => Cell { tag: Some(crate::web::ui::Tag::new("Held", "grey")), ..cell },
        (Hearing::Cancelled, _) => Cell { tag: Some(crate::web::ui::Tag::new("Cancelled", "red")), ..cell },
        (_, Some(until)) => cell.small(&format!("in writing until {}", local::moment_words(until, zone))),
        _ => cell,
    }
}

fn board_fields(board: Option<&BoardRow>) -> Vec<Field> {
    let time = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let pick = |code: &str, is: bool, words: &str| Choice::new(code, words).chosen(is);
    let kinds = KINDS.iter().map(|(code, words)| pick(code, board.is_some_and(|b| b.kind == *code), words)).collect();
    let days = WEEKDAYS.iter().enumerate().map(|(n, day)| pick(&(n + 1).to_string(), board.is_some_and(|b| b.weekday == Some(n as i64 + 1)), day));
    let days = std::iter::once(Choice::new("", "None: meetings are called one by one")).chain(days).collect();
    let scope = board.map(|b| b.scope.clone()).unwrap_or_default();
    let of_kind = Kind::ALL.iter().map(|k| pick(k.code(), scope.kinds.iter().any(|c| c == k.code()), &words::kind_title(*k))).collect();
    let of_category = CATEGORIES.iter().map(|c| pick(c, scope.categories.iter().any(|s| s == c), &words::sentence_case(c))).collect();
    vec![
        Field::text("name", "What is it called?", board.map_or("", |b| b.name.as_str())),
        Field::radios("kind", "What sort of board is it?", kinds),
        Field::checks("kinds", "Which kinds of change?", of_kind).hint("Tick none for all.").optional(),
        Field::checks("categories", "Which categories?", of_category).hint("Tick none for all.").optional(),
        Field::textarea("services", "Only these services", "").hint("Their codes, one a line. Empty: all.").rows(2).optional(),
        Field::textarea("orgs", "Only what touches these organisations", "").hint("Their codes, one a line. Empty: all.").rows(2).optional(),
        Field::select("weekday", "On which day every week?", days).optional(),
        Field::input("time", "at", "At", &board.map_or("10:00".into(), |b| time(b.at_minute)))
            .width("w5")
            .hint("Local time, the same before and after a change of clocks."),
        Field::input("number", "minutes", "For how many minutes?", &board.map_or("60".into(), |b| b.minutes.to_string())).width("w4"),
        Field::input(
            "number",
            "cutoff_days",
            "The papers close how many working days before, at noon?",
            &board.map_or("2".into(), |b| b.cutoff_days.to_string()),
        )
        .width("w4"),
        Field::text("place", "Where?", board.map_or("", |b| b.place.as_str())).hint("A room, or the address of a call.").optional(),
    ]
}

const BOARD_FIELDS: [&str; 12] = ["what", "name", "kind", "kinds", "categories", "services", "orgs", "weekday", "at", "minutes", "cutoff_days", "place"];

/// Sets a board up.
pub async fn create(State(app): State<Shared>, visitor: Visitor, form: Form) -> Result<Response, Failure> {
    form.only(&BOARD_FIELDS)?;
    must_keep(&visitor)?;
    match save(&app, &visitor, None, &form) {
        Ok(id) => Ok(done(&app, &format!("/boards/{id}"), "The board is set up. Give it a chair and members.")),
        Err(Failure::Invalid(faults)) => draw_list(&app, &visitor, &form, &faults),
        Err(failure) => Err(failure),
    }
}

fn must_keep(visitor: &Visitor) -> Result<(), Failure> {
    if keeps(visitor) { Ok(()) } else { Err(Failure::denied("X17", "The authority chairs: its change manager keeps the boards.")) }
}

fn save(app: &App, visitor: &Visitor, existing: Option<&BoardRow>, form: &Form) -> Result<i64, Failure> {
    let mut faults = vec![];
    if form.text("name").is_empty() {
        faults.push(Fault::of("name", "answer-missing", "Say what it is called."));
    }
    if !KINDS.iter().any(|(code, _)| *code == form.text("kind")) {
        faults.push(Fault::of("kind", "choose-one", "Choose what sort of board it is."));
    }
    let at = form.text("at").parse::<Time>().ok().map(|t| i64::from(t.hour()) * 60 + i64::from(t.minute()));
    if at.is_none() {
        faults.push(Fault::of("at", "not-a-time", "Give a time, such as 10:00."));
    }
    let number = |name: &str| form.text(name).parse::<i64>().ok();
    let (minutes, cutoff_days) = (number("minutes"), number("cutoff_days"));
    if !minutes.is_some_and(|n| (5..=600).contains(&n)) {
        faults.push(Fault::of("minutes", "out-of-range", "Give a number of minutes from 5 to 600."));
    }
    if !cutoff_days.is_some_and(|n| (0..=20).contains(&n)) {
        faults.push(Fault::of("cutoff_days", "out-of-range", "Give a number of working days from 0 to 20."));
    }
    let (services, orgs) = app.read::<_, Failure>(|tx| {
        let (mut services, mut orgs) = (vec![], vec![]);
        for code in form.text("services").split_whitespace() {
            match directory::service_by_code(tx, code)? {
                Some(service) => services.push(service.id),
                None => faults.push(Fault::of("services", "unknown-value", format!("No service has the code {code}."))),
            }
        }
        for code in form.text("orgs").split_whitespace() {
            match directory::organisation_by_code(tx, code)? {
                Some(org) => orgs.push(org.id),
                None => faults.push(Fault::of("orgs", "unknown-value", format!("No organisation has the code {code}."))),
            }
        }
        Ok((services, orgs))
    })?;
    let org = visitor.orgs_with(Role::AuthorityManager).first().map(|org| org.0);
    let (Some(at), Some(minutes), Some(cutoff_days), Some(org), true) = (at, minutes, cutoff_days, org, faults.is_empty()) else {
        return Err(Failure::Invalid(faults));
    };
    let codes = |name: &str, known: &dyn Fn(&str) -> bool| form.all(name).filter(|code| known(code)).map(str::to_owned).collect();
    let act = app.act(Some(visitor.person()?), app.clock.now());
    let row = BoardRow {
        id: existing.map_or_else(|| app.ids.mint(act.at), |board| board.id),
        org_id: existing.map_or(org, |board| board.org_id),
        name: form.text("name").into(),
        kind: form.text("kind").into(),
        scope: BoardScope {
            kinds: codes("kinds", &|code| Kind::from_code(code).is_some()),
            categories: codes("categories", &|code| CATEGORIES.contains(&code)),
            services,
            orgs,
        },
        weekday: number("weekday").filter(|day| (1..=7).contains(day)),
        at_minute: at,
        minutes,
        cutoff_days,
        cutoff_minute: 720,
        place: form.text("place").into(),
    };
    let id = app.attempt(move |tx| boards::save_board(tx, &act, &row))?;
    crate::worker::boards::tend(app)?;
    Ok(id)
}

/// One board.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    draw(&app, &visitor, super::id(&id)?, &Form::default(), &[])
}

fn draw(app: &App, visitor: &Visitor, id: i64, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let (board, seats) = find(app, visitor, id)?;
    let (zone, now) = (calendar::london(), app.clock.now());
    let earlier = now - jiff::SignedDuration::from_hours(4);
    let (next, past, names, services, orgs) = app.read::<_, Failure>(|tx| {
        let ids: Vec<i64> = seats.iter().map(|s| s.person_id).collect();
        let (mut services, mut orgs) = (vec![], std::collections::BTreeMap::new());
        for id in &board.scope.services {
            services.extend(directory::service(tx, *id)?.map(|s| s.name));
        }
        for id in board.scope.orgs.iter().copied().chain(seats.iter().map(|s| s.org_id)) {
            if let Some(org) = directory::organisation(tx, id)? {
                orgs.insert(id, org.name);
            }
        }
        let names = if ids.is_empty() { Default::default() } else { accounts::names(tx, &ids)? };
        Ok((boards::meetings_after(tx, id, earlier, SOME)?, boards::meetings_before(tx, id, earlier, SOME)?, names, services, orgs))
    })?;
    let address = format!("/boards/{id}");
    let typed = |what: &str, fields: Vec<Field>| if form.text("what") == what { filled(fields, form, faults) } else { fields };
    let seat_fields = typed("seat", seat_fields());
    let call_fields = typed("call", call_fields());
    let save_fields = typed(
        "save",
        board_fields(Some(&board))
            .into_iter()
            .map(|f| {
                let id = format!("board-{}", f.name);
                f.id(&id)
            })
            .collect(),
    );
    let all: Vec<Field> = seat_fields.iter().chain(&call_fields).chain(&save_fields).cloned().collect();
    let start = |what: &str, button: &str, fields| parts::Form::new(&address, button, fields).hide("what", what);
    let meetings = |caption: &str, all: &[MeetingRow]| {
        let row = |m: &MeetingRow| Row::new(meeting_cell(m, &zone), vec![Cell::text(&papers_words(m, &zone)), Cell::text(&m.place)]);
        Table::new(caption, &["When", "Papers", "Where"], all.iter().map(row).collect())
    };
    let mut next_block = Block::new(Section::new("next", "Meetings to come").table(meetings("Meetings to come", &next), "None is planned."));
    let seat_rows = seats.iter().map(|seat| {
        let name = names.get(&seat.person_id).cloned().unwrap_or_default();
        Row::new(Cell::text(&name), vec![Cell::text(&words::sentence_case(seat.seat.words())), Cell::text(orgs.get(&seat.org_id).map_or("", String::as_str))])
    });
    let seat_table = Table::new("Members", &["Who", "Seat", "For"], seat_rows.collect());
    let mut seat_block = Block::new(Section::new("seats", "Who sits on it").table(seat_table, "Nobody yet."));
    let mut facts = vec![Fact::new("Decides on", &scope_words(&board.scope, &services, &orgs)), Fact::new("Meets", &rule_words(&board))];
    facts.push(Fact::new("Quorum", "The chair, the supplier, a trust, and for what faces patients a safety officer or one’s written view"));
    facts.push(Fact::new("Decision", "The board advises and the chair decides. A safety officer’s no is binding."));
    let mut about = Block::new(Section::new("about", "What it is for").facts(facts));
    if keeps(visitor) {
        next_block = next_block.form("Call a meeting, or ask for answers in writing", start("call", "Call it", call_fields));
        seat_block = seat_block.form("Give somebody a seat", start("seat", "Give this seat", seat_fields));
        let choices =
            seats.iter().map(|s| Choice::new(&s.id.to_string(), &format!("{}, {}", names.get(&s.person_id).cloned().unwrap_or_default(), s.seat.words())));
        let choices: Vec<Choice> = std::iter::once(Choice::new("", "Choose")).chain(choices).collect();
        if choices.len() > 1 {
            seat_block = seat_block.form("End a seat", start("end_seat", "End this seat", vec![Field::select("which", "Whose seat?", choices)]).quiet());
        }
        about = about.form("Change what it is for", start("save", "Save", save_fields));
    }
    let past = Block::new(Section::new("past", "Meetings held").table(meetings("Meetings held", &past), "None yet."));
    let mut shell = visitor.shell(app, &board.name, Place::Boards);
    shell.crumbs = vec![("Boards".into(), "/boards".into())];
    let lede = match next.iter().find(|m| matches!(m.state, Hearing::Planned | Hearing::Live)) {
        Some(m) if m.state == Hearing::Live => format!("In session since {}.", local::time_words(m.opened_at.unwrap_or(m.starts_at), &zone)),
        Some(m) => format!("Meets next on {}.", local::moment_words(m.starts_at, &zone)),
        None => "No meeting is planned.".into(),
    };
    let view =
        BlocksPage { shell, lede, faults: summary(&all, faults), blocks: vec![next_block, past], side: vec![about, seat_block], ..BlocksPage::default() };
    Ok(page_with(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &view))
}

/// Whether the papers may still change.
pub fn papers_words(meeting: &MeetingRow, zone: &jiff::tz::TimeZone) -> String {
    match (meeting.state, meeting.locked_at) {
        (Hearing::Cancelled, _) => "None".into(),
        (_, Some(_)) => "Fixed".into(),
        (Hearing::Planned, None) => format!("Open until {}", local::moment_words(meeting.cutoff_at, zone)),
        _ => String::new(),
    }
}

fn scope_words(scope: &BoardScope, services: &[String], orgs: &std::collections::BTreeMap<i64, String>) -> String {
    let kinds: Vec<String> = scope.kinds.iter().filter_map(|c| Kind::from_code(c)).map(|k| k.words().to_owned()).collect();
    let named: Vec<String> = scope.orgs.iter().filter_map(|id| orgs.get(id).cloned()).collect();
    let part = |all: &[String], any: &str, of: &str| if all.is_empty() { any.to_owned() } else { format!("{of}{}", words::listed(all)) };
    let parts =
        [part(&kinds, "every kind of change", ""), part(&scope.categories, "", "category "), part(services, "", "services "), part(&named, "", "touching ")];
    words::sentence_case(&parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("; "))
}

fn rule_words(board: &BoardRow) -> String {
    let Some(day) = board.weekday.and_then(|d| WEEKDAYS.get(d as usize - 1)) else { return "When a meeting is called".into() };
    let days = words::counted(board.cutoff_days, "working day");
    format!(
        "Every {day} at {:02}:{:02}, for {}. Papers close {days} before at 12:00.",
        board.at_minute / 60,
        board.at_minute % 60,
        words::counted(board.minutes, "minute")
    )
}

fn seat_fields() -> Vec<Field> {
    let seats = Seat::ALL.iter().map(|s| Choice::new(s.code(), &words::sentence_case(s.words()))).collect();
    vec![
        Field::input("email", "email", "Whose? Their work e-mail", "").width("w20"),
        Field::text("for", "For which organisation? Its code", "").width("w10"),
        Field::radios("seat", "Which seat?", seats),
    ]
}

fn call_fields() -> Vec<Field> {
    vec![
        Field::date_time("starts", "From", "", ""),
        Field::date_time("until", "Answers in writing until", "", "").hint("Leave it empty for a meeting.").optional(),
    ]
}

const FIELDS: [&str; 20] = [
    "what",
    "email",
    "for",
    "seat",
    "which",
    "starts-date",
    "starts-time",
    "until-date",
    "until-time",
    "name",
    "kind",
    "kinds",
    "categories",
    "services",
    "orgs",
    "weekday",
    "at",
    "minutes",
    "cutoff_days",
    "place",
];

/// Changes a board: its seats, its meetings, or itself.
pub async fn change(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&FIELDS)?;
    let id = super::id(&id)?;
    let (board, _) = find(&app, &visitor, id)?;
    must_keep(&visitor)?;
    let act = app.act(Some(visitor.person()?), app.clock.now());
    let outcome = match form.text("what") {
        "save" => save(&app, &visitor, Some(&board), &form).map(|_| "Saved."),
        "seat" => give_seat(&app, act, id, &form),
        "end_seat" => {
            let which = form.text("which").parse::<i64>().unwrap_or(0);
            app.attempt(move |tx| boards::end_seat(tx, &act, id, which)).map(|_| "The seat has ended.")
        }
        "call" => call(&app, act, &board, &form),
        _ => return Err(Failure::bad_request("what", "The form does not say what it is for.")),
    };
    match outcome {
        Ok(said) => Ok(done(&app, &format!("/boards/{id}"), said)),
        Err(Failure::Invalid(faults)) => draw(&app, &visitor, id, &form, &faults.into_iter().map(in_words).collect::<Vec<_>>()),
        Err(failure) => Err(failure),
    }
}

fn in_words(fault: Fault) -> Fault {
    match fault.field.as_deref() {
        Some("person") => Fault::of("email", "not-eligible", "They have no role in that organisation. A safety officer’s seat is for a safety officer."),
        Some("starts_at") => Fault::of("starts", "in-the-past", "It starts after now."),
        _ => fault,
    }
}

fn give_seat(app: &App, act: directory::Act, board_id: i64, form: &Form) -> Result<&'static str, Failure> {
    let (email, code) = (form.text("email").to_lowercase(), form.text("for").to_owned());
    let (person, org) = app.read::<_, Failure>(|tx| Ok((accounts::person_by_email(tx, &email)?, directory::organisation_by_code(tx, &code)?)))?;
    let seat = Seat::from_code(form.text("seat"));
    let mut faults = vec![];
    if person.is_none() {
        faults.push(Fault::of("email", "unknown-value", "Nobody here has this address."));
    }
    if org.is_none() {
        faults.push(Fault::of("for", "unknown-value", "No organisation has this code."));
    }
    if seat.is_none() {
        faults.push(Fault::of("seat", "choose-one", "Choose which seat."));
    }
    let (Some(person), Some(org), Some(seat)) = (person, org, seat) else { return Err(Failure::Invalid(faults)) };
    let row = SeatRow { id: app.ids.mint(act.at), board_id, person_id: person.id, org_id: org.id, org_kind: org.kind, seat };
    app.attempt(move |tx| boards::add_seat(tx, &act, &row)).map(|_| "The seat is given.")
}

fn call(app: &App, act: directory::Act, board: &BoardRow, form: &Form) -> Result<&'static str, Failure> {
    let zone = calendar::london();
    let Some(starts) = typed_moment(form, "starts", &zone) else {
        return Err(Failure::invalid(Fault::of("starts", "not-a-time", "Give a date and a time, such as 1 December 2026, 10:00.")));
    };
    let until: Option<Timestamp> = typed_moment(form, "until", &zone);
    if until.is_some_and(|until| until <= starts) {
        return Err(Failure::invalid(Fault::of("until", "before-start", "The deadline comes after the beginning.")));
    }
    let (meeting, board_id) = (app.ids.mint(act.at), board.id);
    app.attempt(move |tx| boards::call_meeting(tx, &act, meeting, board_id, starts, until))?;
    crate::worker::boards::tend(app)?;
    Ok(if until.is_some() { "Members are asked to answer in writing." } else { "The meeting is called." })
}
