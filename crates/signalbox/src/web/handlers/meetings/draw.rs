//! Drawing a meeting.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use signalbox_core::board::{Choice as Vote, Hearing};
use signalbox_core::calendar::{self, local};
use signalbox_core::change::{Change, Stage};
use signalbox_core::form::Answer;
use signalbox_store::queries::agenda::{Paper, PaperLine};

use super::Seen;
use crate::app::App;
use crate::web::form::Form;
use crate::web::handlers::boards::papers_words;
use crate::web::handlers::{filled, summary};
use crate::web::layout::Place;
use crate::web::pages::blocks::{Block, Folded};
use crate::web::pages::meeting::{Item, MeetingPage, Now};
use crate::web::parts::{self, Cell, Fact, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::page_with;
use crate::web::ui::{Choice, Field, Link, Tag};
use crate::web::visitor::Visitor;
use crate::words;

pub(super) fn draw(app: &App, visitor: &Visitor, seen: &Seen, form: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let (zone, now) = (calendar::london(), app.clock.now());
    let day = local::day_words(local::wall(seen.meeting.starts_at, &zone).date());
    let mut shell = visitor.shell(app, &format!("{}, {day}", seen.board.name), Place::Boards);
    shell.crumbs = vec![("Boards".into(), "/boards".into()), (seen.board.name.clone(), format!("/boards/{}", seen.board.id))];
    let decide_fields = filled(decide_fields(seen), form, faults);
    let current = seen.current().and_then(|paper| draw_current(app, seen, paper, decide_fields.clone(), &zone, now));
    let items: Vec<Item> = seen.to_discuss().enumerate().map(|(n, paper)| item(app, seen, n, paper, &zone)).collect();
    let mut actions = vec![Link::new("Minutes", &format!("/meetings/{}/minutes", seen.meeting.id))];
    if seen.meeting.state == Hearing::Planned {
        actions.push(Link::new("Put it in my calendar", &format!("/meetings/{}/calendar.ics", seen.meeting.id)));
    }
    let view = MeetingPage {
        shell,
        lede: lede(seen, &zone),
        faults: summary(&decide_fields, faults),
        actions,
        warning: warnings(seen),
        current,
        items,
        empty: "Nothing waits for this meeting.".into(),
        blocks: blocks(seen),
        side: side(app, seen, &zone),
    };
    Ok(page_with(if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }, &view))
}

fn lede(seen: &Seen, zone: &TimeZone) -> String {
    let discussed = seen.to_discuss().count() as i64;
    let listed = seen.papers.len() as i64 - discussed;
    let papers = format!("{} to discuss, {listed} listed only.", words::counted(discussed, "item"));
    let when = local::describe_window(seen.meeting.starts_at, seen.meeting.ends_at, zone);
    match (seen.meeting.state, seen.meeting.until) {
        (Hearing::Cancelled, _) => "This meeting is cancelled.".into(),
        (Hearing::Held, _) => format!("Held. {papers}"),
        (_, Some(until)) => format!("Answers in writing until {}. {papers}", local::moment_words(until, zone)),
        (Hearing::Live, _) => format!("In session since {}. {papers}", local::time_words(seen.meeting.opened_at.unwrap_or(seen.meeting.starts_at), zone)),
        _ => format!("{}. {papers} Papers: {}.", when.sentence(), papers_words(&seen.meeting, zone).to_lowercase()),
    }
}

/// Quorum, said once for the meeting: by the item that lacks most.
fn warnings(seen: &Seen) -> Vec<String> {
    if seen.meeting.state != Hearing::Live {
        return vec![];
    }
    let mut missing: Vec<&str> = seen.to_discuss().filter_map(|p| p.shown.as_ref()).flat_map(|line| seen.lacking(line)).collect();
    missing.sort_unstable();
    missing.dedup();
    if missing.is_empty() {
        return vec![];
    }
    let missing: Vec<String> = missing.into_iter().map(str::to_owned).collect();
    vec![format!("No quorum for every item yet. Missing: {}.", words::listed(&missing))]
}

fn stage_tag(stage: &str) -> Tag {
    match Stage::from_code(stage) {
        Some(Stage::AwaitingApproval) => Tag::new("To decide", "yellow"),
        Some(Stage::Approved | Stage::Scheduled) => Tag::new("Approved", "green"),
        Some(Stage::Rejected) => Tag::new("Refused", "red"),
        Some(stage) => Tag::new(stage.words(), "grey"),
        None => Tag::new(stage, "grey"),
    }
}

fn item(app: &App, seen: &Seen, n: usize, paper: &Paper, zone: &TimeZone) -> Item {
    let is_current = seen.meeting.current_item == Some(paper.item.change_id);
    let Some(line) = &paper.shown else {
        return Item { number: n + 1, title: "An item for other members".into(), is_current, ..Item::default() };
    };
    let mut tags = vec![stage_tag(&line.stage)];
    tags.extend(line.category.as_ref().map(|c| Tag::new(&words::sentence_case(c), if c == "major" { "red" } else { "blue" })));
    let mut said = vec![item_words(line, zone)];
    said.extend((!line.change.board.votes.is_empty()).then(|| votes_words(&line.change)));
    if !paper.item.minutes.is_empty() {
        said.push(format!("Minutes: {}", paper.item.minutes));
    }
    let may_call = seen.is_chair && seen.meeting.state == Hearing::Live && seen.meeting.until.is_none() && !is_current;
    let form = may_call.then(|| {
        let form = parts::Form::new(&format!("/meetings/{}", seen.meeting.id), &format!("Discuss item {} now", n + 1), vec![]).quiet();
        form.hide("what", "item").hide("reference", &line.reference).key(&app.ids.token().to_hex())
    });
    Item {
        number: n + 1,
        title: format!("{} {}", line.reference, line.title),
        href: format!("/changes/{}", line.reference),
        tags,
        words: said,
        is_current,
        form,
    }
}

/// `Raised by Northbrook. Risk 8 of 18, impact level 2. Tuesday 1 December, 22:00 to 02:00.`
fn item_words(line: &PaperLine, zone: &TimeZone) -> String {
    let risk = line.risk.map_or(String::new(), |risk| format!(" Risk {risk} of 18, impact level {}.", line.impact.unwrap_or(4)));
    let when = line.start.zip(line.end).map_or(String::new(), |(start, end)| format!(" {}.", local::describe_window(start, end, zone).sentence()));
    format!("Raised by {}.{risk}{when}", line.raised_by)
}

fn count(change: &Change, choice: Vote) -> usize {
    let hash = change.content.as_ref().map_or("", |c| c.hash.as_str());
    change.board.on(hash).filter(|v| v.vote.choice == choice).count()
}

fn votes_words(change: &Change) -> String {
    let silent = match count(change, Vote::Abstain) {
        0 => String::new(),
        n => format!(", {n} without a view"),
    };
    format!("{}{silent}.", words::boards::tally(count(change, Vote::For), count(change, Vote::Against)))
}

fn draw_current(app: &App, seen: &Seen, paper: &Paper, decide_fields: Vec<Field>, zone: &TimeZone, now: Timestamp) -> Option<Now> {
    let since = seen.meeting.item_since?;
    let minutes = now.duration_since(since).as_mins();
    let number = seen.to_discuss().position(|p| p.item.change_id == paper.item.change_id).map_or(0, |n| n + 1);
    let mut view = Now {
        heading: "an item for other members".into(),
        place: format!("Item {number} of {}", seen.to_discuss().count()),
        since: since.to_string(),
        since_words: format!("{}, {}", local::time_words(since, zone), words::counted(minutes, "minute")),
        ..Now::default()
    };
    let Some(line) = &paper.shown else { return Some(view) };
    view.heading = format!("{} {}", line.reference, line.title);
    view.facts = vec![Fact::new("In short", &item_words(line, zone))];
    view.facts.extend(["people_notice", "what", "backout", "continuity"].iter().filter_map(|id| {
        let label = [("people_notice", "What people notice"), ("what", "What is done"), ("backout", "How to go back"), ("continuity", "How care carries on")];
        let label = label.iter().find(|(name, _)| name == id)?.1;
        Some(Fact::new(label, &answer_words(line, id)?))
    }));
    view.facts.push(Fact::new("Votes", &votes_words(&line.change)));
    let lacking: Vec<String> = seen.lacking(line).into_iter().map(str::to_owned).collect();
    let quorum = if lacking.is_empty() {
        Fact::new("Quorum", "").tag("Met", "green")
    } else {
        Fact::new("Quorum", &format!("Missing: {}", words::listed(&lacking))).tag("Short", "red")
    };
    view.facts.push(quorum);
    let (board, meeting) = seen.facts();
    let deemed: Vec<String> =
        signalbox_core::board::deemed(&line.change, &board, &meeting).iter().map(|org| seen.orgs.get(&org.0).cloned().unwrap_or_default()).collect();
    if !deemed.is_empty() {
        view.facts.push(Fact::new("No word from", &format!("{}: deemed no objection once it is decided", words::listed(&deemed))));
    }
    view.votes = vote_table(seen, line);
    view.links.push(Link::new("The whole record", &format!("/changes/{}", line.reference)));
    if seen.seat.as_ref().is_some_and(|s| s.seat != signalbox_core::board::Seat::Observer) && line.stage == Stage::AwaitingApproval.code() {
        view.links.push(Link::new("Vote", &format!("/changes/{}/acts/vote", line.reference)));
    }
    if seen.is_chair {
        view.forms = chair_forms(app, seen, paper, line, decide_fields);
    }
    Some(view)
}

fn answer_words(line: &PaperLine, id: &str) -> Option<String> {
    match line.change.content.as_ref()?.answers.get(id)? {
        Answer::Text(text) => line.prose.get(&text.text.0).cloned(),
        _ => None,
    }
}

fn vote_table(seen: &Seen, line: &PaperLine) -> Option<Table> {
    let hash = line.change.content.as_ref().map_or("", |c| c.hash.as_str());
    let rows: Vec<Row> = line
        .change
        .board
        .on(hash)
        .map(|v| {
            let who = v.by.person.map_or(String::new(), |p| seen.name(p.0));
            let who = v.by.for_person.map_or(who.clone(), |p| format!("{who} for {}", seen.name(p.0)));
            let said = v.vote.words.as_ref().and_then(|t| line.prose.get(&t.text.0)).cloned().unwrap_or_default();
            let (label, colour) = match v.vote.choice {
                Vote::For => ("For", "green"),
                Vote::Against => ("Against", "red"),
                Vote::Abstain => ("No view", "grey"),
            };
            Row::new(Cell::text(&who).small(v.vote.seat.words()), vec![Cell::tag(label, colour).and(&said)])
        })
        .collect();
    (!rows.is_empty()).then(|| Table::new("Votes on this item", &["Who", "Vote"], rows))
}

fn decide_fields(seen: &Seen) -> Vec<Field> {
    if !seen.is_chair {
        return vec![];
    }
    let ways = vec![Choice::new("approve", "Approve"), Choice::new("ask_more", "Ask for more"), Choice::new("reject", "Refuse")];
    let reasons = signalbox_core::decide::fields::REJECT_REASONS.iter().map(|code| Choice::new(code, &words::option_label("reason_code", code)));
    vec![
        Field::radios("decision", "What does the board decide?", ways),
        Field::textarea("words", "Words", "").hint("Needed to ask for more and to refuse.").rows(2).optional(),
        Field::select("reason_code", "Why it is refused", std::iter::once(Choice::new("", "Choose")).chain(reasons).collect()).optional(),
    ]
}

fn chair_forms(app: &App, seen: &Seen, paper: &Paper, line: &PaperLine, decide_fields: Vec<Field>) -> Vec<Folded> {
    let address = format!("/meetings/{}", seen.meeting.id);
    let start = |what: &str, button: &str, fields: Vec<Field>| {
        parts::Form::new(&address, button, fields).hide("what", what).hide("reference", &line.reference).key(&app.ids.token().to_hex())
    };
    let mut forms = vec![];
    if line.stage == Stage::AwaitingApproval.code() {
        let hash = line.change.content.as_ref().map_or("", |c| c.hash.as_str());
        let form = start("decide", "Record the decision", decide_fields).hide("seen", hash).hide("version", &line.change.version.to_string());
        forms.push(Folded::new("Decision", form));
    }
    let minutes = Field::textarea("minutes", "Minutes of this item", &paper.item.minutes).rows(3).optional();
    forms.push(Folded::new("Minutes", start("minute", "Save the minutes", vec![minutes]).quiet()));
    let next = seen.to_discuss().skip_while(|p| p.item.change_id != paper.item.change_id).nth(1).and_then(|p| p.shown.as_ref());
    if let Some(next) = next {
        let form = parts::Form::new(&address, &format!("Go on to {}", next.reference), vec![]);
        forms.push(Folded::new("Next item", form.hide("what", "item").hide("reference", &next.reference).key(&app.ids.token().to_hex())));
    }
    forms
}

/// Listed only, and the minutes of the whole.
fn blocks(seen: &Seen) -> Vec<Block> {
    let zone = calendar::london();
    let consent = seen.papers.iter().filter(|p| p.item.is_consent);
    let rows = consent.map(|paper| match &paper.shown {
        Some(line) => Row::new(
            Cell::link(&line.reference, &format!("/changes/{}", line.reference)).small(&line.title),
            vec![Cell { tag: Some(stage_tag(&line.stage)), ..Cell::default() }, Cell::text(&item_words(line, &zone))],
        ),
        None => Row::new(Cell::text("An item for other members"), vec![Cell::default(), Cell::default()]),
    });
    let table = Table::new("Listed, not discussed", &["Change", "Stage", "In short"], rows.collect());
    let section = Section::new("consent", "Listed, not discussed").table(table, "No minor change and no service request is listed.");
    let mut all = vec![Block::new(section)];
    if !seen.meeting.minutes.is_empty() {
        all.push(Block::new(Section::new("minutes", "Minutes of the meeting").words(&seen.meeting.minutes)));
    }
    all
}

fn side(app: &App, seen: &Seen, zone: &TimeZone) -> Vec<Block> {
    let address = format!("/meetings/{}", seen.meeting.id);
    let start = |what: &str, button: &str, fields: Vec<Field>| parts::Form::new(&address, button, fields).hide("what", what).key(&app.ids.token().to_hex());
    let rows = seen.seats.iter().map(|seat| {
        let state = match (seen.is_present(seat.person_id), seen.reply(seat.person_id)) {
            (true, _) => Cell::tag("Here", "green"),
            (_, "yes") => Cell::tag("Comes", "blue"),
            (_, "no") => Cell::tag("Does not come", "red"),
            _ => Cell::text("No answer yet"),
        };
        Row::new(
            Cell::text(&seen.name(seat.person_id)).small(seen.orgs.get(&seat.org_id).map_or("", String::as_str)),
            vec![Cell::text(&words::sentence_case(seat.seat.words())), state],
        )
    });
    let mut people = Block::new(
        Section::new("people", "Who is there").table(Table::new("Who is there", &["Who", "Seat", "State"], rows.collect()), "Nobody sits on this board."),
    );
    if seen.is_open() && seen.seat.is_some() && seen.meeting.state == Hearing::Planned {
        let choices = vec![Choice::new("yes", "I come"), Choice::new("no", "I do not come")];
        people = people.form("Do you come?", start("reply", "Answer", vec![Field::radios("comes", "Do you come?", choices)]));
    }
    if seen.is_open() && seen.is_chair {
        let choices = seen.seats.iter().map(|s| Choice::new(&s.person_id.to_string(), &seen.name(s.person_id)).chosen(seen.is_present(s.person_id)));
        let here = Field::checks("present", "Tick everybody who is there", choices.collect());
        people = people.form("Note who is there", start("present", "Save", vec![here]).quiet());
    }
    let mut about = Block::new(Section::new("about", "About this meeting").facts(vec![
        Fact::new("When", &local::describe_window(seen.meeting.starts_at, seen.meeting.ends_at, zone).sentence()),
        Fact::new("Where", if seen.meeting.place.is_empty() { "Not said" } else { &seen.meeting.place }),
        Fact::new("Papers", &papers_words(&seen.meeting, zone)),
    ]));
    if seen.is_chair {
        about = run_forms(about, seen, &start);
    }
    vec![people, about]
}

fn run_forms(mut block: Block, seen: &Seen, start: &dyn Fn(&str, &str, Vec<Field>) -> parts::Form) -> Block {
    let reference = || Field::text("reference", "Its reference", "").width("w20");
    match seen.meeting.state {
        Hearing::Planned => {
            block = block.form("Open the meeting", start("open", "Open the meeting", vec![]));
            if seen.meeting.locked_at.is_none() {
                block = block.form("Fix the papers now", start("lock", "Fix the papers", vec![]).quiet());
            }
            let fields = vec![Field::date_time("starts", "New beginning", "", ""), Field::text("place", "Where?", &seen.meeting.place).optional()];
            block = block.form("Add an item by hand", start("add", "Add it", vec![reference()]).quiet());
            block = block.form("Move this meeting", start("move", "Move it", fields).quiet());
            block.form("Cancel this meeting", start("cancel", "Cancel it", vec![]).quiet())
        }
        Hearing::Live => {
            let minutes = Field::textarea("minutes", "Minutes of the meeting as a whole", &seen.meeting.minutes).rows(4).optional().id("all-minutes");
            block = block.form("Minutes of the meeting", start("minutes", "Save the minutes", vec![minutes]).quiet());
            block = block.form("Add an item by hand", start("add", "Add it", vec![reference()]).quiet());
            block.form("Close the meeting", start("close", "Close the meeting", vec![]))
        }
        Hearing::Held => {
            let minutes = Field::textarea("minutes", "Minutes of the meeting as a whole", &seen.meeting.minutes).rows(4).optional().id("all-minutes");
            block.form("Mend the minutes", start("minutes", "Save the minutes", vec![minutes]).quiet())
        }
        Hearing::Cancelled => block,
    }
}
