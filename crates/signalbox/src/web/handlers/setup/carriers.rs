//! What carriers tell of their own works: the queue of notices that a person is asked about, and each with what it says
//! beside what was understood.

use axum::extract::{Multipart, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use signalbox_core::calendar::london;
use signalbox_core::carrier::{self, Doubt, Found, Standing, Understood};
use signalbox_core::maintnote::Impact;
use signalbox_core::schedule::Span;
use signalbox_store::carriers::{self as store, Kept, Work};
use signalbox_store::directory::ExternalEntry;

use super::{check, names};
use crate::app::{App, Shared};
use crate::received;
use crate::web::carriers as rules;
use crate::web::form::Form;
use crate::web::handlers::{filled, id, summary};
use crate::web::layout::Place;
use crate::web::parts::{self, Cell, Fact, FormPage, ListPage, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page, page_with};
use crate::web::ui::{Choice, Field, Link};
use crate::web::visitor::{Visitor, moment};
use crate::words;

/// Where they are.
pub const PATH: &str = "/setup/carrier-notices";
/// The line on the page of all lists.
pub const LINE: (&str, &str) = ("Notices from carriers", "What network providers tell of their own works, and what waits to be confirmed");

/// So many lines of a notice are shown; the rest is in the file.
const SHOWN_LINES: usize = 250;
const SHOWN_CHARACTERS: usize = 500;

/// Whether this visitor looks after them.
pub fn admit(visitor: &Visitor) -> Result<(), Failure> {
    rules::admit(&visitor.actor()?)
}

fn heading(state: Standing) -> (&'static str, &'static str) {
    match state {
        Standing::Waiting => ("Waiting to be confirmed", "Nothing waits."),
        Standing::Entry => ("On the schedule by themselves", "None came that spoke for itself."),
        Standing::Confirmed => ("Confirmed", "None was confirmed."),
        Standing::Older => ("Came after a later version", "None came late."),
        Standing::Refused => ("Put aside", "None was put aside."),
    }
}

fn name(kept: &Kept) -> String {
    let number = kept.understood.maintenance_id.value.clone().unwrap_or_else(|| "No number".into());
    format!("{}, {number}", kept.understood.provider.value.as_deref().unwrap_or("Unknown carrier"))
}

fn window(understood: &Understood) -> String {
    match (understood.start.value, understood.end.value) {
        (Some(from), Some(until)) if from < until => words::recurring::occurrence(Span { from, until }, &london()),
        _ => "Not said".into(),
    }
}

/// The queue first, then what became of the rest.
pub async fn list(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    admit(&visitor)?;
    let mut sections = vec![];
    let mut waiting = 0;
    for state in Standing::ALL.iter().copied() {
        let kept = app.read::<_, Failure>(|tx| store::notices(tx, state))?;
        if state == Standing::Waiting {
            waiting = kept.len();
        }
        let rows = kept.iter().map(|kept| {
            let status = kept.understood.status.value.map_or("nothing", carrier::State::words);
            let link = Cell::link(&name(kept), &format!("{PATH}/{}", kept.id)).small(&kept.subject);
            Row::new(link, vec![Cell::text(&words::sentence_case(status)), Cell::text(&window(&kept.understood)), Cell::text(&moment(kept.received_at))])
        });
        let (heading, empty) = heading(state);
        let table = Table::new(heading, &["Notice", "It says", "When", "Received"], rows.collect());
        sections.push(Section::new(state.code(), heading).table(table, empty));
    }
    let mut shell = visitor.shell(&app, LINE.0, Place::Elsewhere);
    shell.crumbs.push(("Set-up".into(), "/setup".into()));
    let actions = vec![Link::new("Add: a notice", &format!("{PATH}/new"))];
    Ok(page(&ListPage { shell, lede: format!("{} to be confirmed.", words::counted(waiting as i64, "notice")), actions, sections, ..ListPage::default() }))
}

fn shell(app: &App, visitor: &Visitor, title: &str) -> crate::web::layout::Shell {
    let mut shell = visitor.shell(app, title, Place::Elsewhere);
    shell.crumbs = vec![("Set-up".into(), "/setup".into()), (LINE.0.into(), PATH.into())];
    shell
}

fn draw_new(app: &App, visitor: &Visitor, form: &Form, faults: &[Fault]) -> Response {
    let fields = vec![
        Field::input("file", "file", "The mail or calendar, as a file", "")
            .hint("Saved from your mail program with all its headers: .eml or .ics, 1 MB at most.")
            .optional(),
        Field::textarea("text", "Or its text", "").hint("The source of the mail, headers first; or the text of the calendar.").rows(12).optional(),
    ];
    let fields = filled(fields, form, faults);
    let faults = summary(&fields, faults);
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let form = parts::Form::new(PATH, "Take it in", fields);
    page_with(status, &FormPage { shell: shell(app, visitor, "Add: a notice from a carrier"), faults, form, ..FormPage::default() })
}

/// The form that takes one in.
pub async fn show_new(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    admit(&visitor)?;
    Ok(draw_new(&app, &visitor, &Form::default(), &[]))
}

/// Takes one in, and leads to it.
pub async fn create(
    State(app): State<Shared>,
    visitor: Visitor,
    form: Form,
    parts: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Result<Response, Failure> {
    admit(&visitor)?;
    form.only(&["text"])?;
    let mut content: Vec<u8> = vec![];
    if let Ok(mut parts) = parts {
        while let Some(part) = parts.next_field().await.map_err(|_| Failure::bad_request("body", "The form can’t be read."))? {
            if part.file_name().is_some() && part.name() == Some("file") && content.is_empty() {
                content = part.bytes().await.map_err(|_| Failure::bad_request("body", "The form can’t be read."))?.to_vec();
            }
        }
    }
    if content.is_empty() {
        content = form.raw("text").as_bytes().to_vec();
    }
    if content.trim_ascii().is_empty() {
        return Ok(draw_new(&app, &visitor, &form, &[Fault::of("text", "missing", "Choose a file, or enter the text.")]));
    }
    let (kept, is_new) = rules::receive(&app, &visitor.actor()?, &content, false)?;
    let words = match (is_new, kept.state) {
        (false, _) => "This notice was here before.",
        (true, Standing::Entry) => "It speaks for itself: the schedule says what it says.",
        (true, Standing::Older) => "A later version was here before it. It changes nothing.",
        (true, _) => "It is kept. Look at what was understood, then confirm it.",
    };
    Ok(done(&app, &format!("{PATH}/{}", kept.id), words))
}

/// A notice, the work that it is about, and the entries that stand for it.
struct Seen {
    kept: Kept,
    work: Option<Work>,
    entries: Vec<ExternalEntry>,
    raw: Vec<u8>,
    typed: Form,
}

fn find(app: &App, visitor: &Visitor, path: &str) -> Result<Seen, Failure> {
    admit(visitor)?;
    let id = id(path)?;
    let found = app.read::<_, Failure>(|tx| {
        let Some(kept) = store::notice(tx, id)? else { return Ok(None) };
        let work = match (kept.work_id, &kept.understood.provider.value, &kept.understood.maintenance_id.value) {
            (Some(work), _, _) => store::work(tx, work)?,
            (None, Some(provider), Some(number)) => store::work_of(tx, provider, number)?,
            _ => None,
        };
        let entries = work.as_ref().map(|work| store::entries(tx, work.id)).transpose()?.unwrap_or_default();
        let raw = store::raw(tx, id)?.unwrap_or_default();
        let typed = rules::typed(tx, &kept.understood)?;
        Ok(Some(Seen { kept, work, entries, raw, typed }))
    })?;
    found.ok_or(Failure::NotFound)
}

fn fields() -> Vec<Field> {
    let choose = || std::iter::once(Choice::new("", "Choose"));
    let states = carrier::State::ALL.iter().map(|state| Choice::new(state.code(), &words::sentence_case(state.words())));
    let impacts = Impact::ALL.iter().map(|impact| Choice::new(impact.code(), &words::sentence_case(impact.words())));
    let acts = vec![
        Choice::new("confirm", "Confirm it as it stands below"),
        Choice::new("refuse", "Put it aside: it does not concern us, or says nothing"),
        Choice::new("again", "Read it again by the accounts, domains and circuits that are set up now"),
    ];
    vec![
        Field::radios("act", "What is to happen?", acts),
        Field::text("why", "Why is it put aside?", "").hint("Only where it is.").optional(),
        Field::text("provider", "Carrier", "").hint("As it stood in earlier notices about the same work."),
        Field::text("number", "The carrier’s number of the work", ""),
        Field::select("status", "How far is it?", choose().chain(states).collect()),
        Field::date_time("starts_at", "From", "", "").hint("On the clock of Europe/London."),
        Field::date_time("ends_at", "Until", "", "").hint("On the clock of Europe/London."),
        Field::select("impact", "What does it do to the line?", choose().chain(impacts).collect()),
        Field::text("title", "What is it called on the schedule?", ""),
        Field::textarea("places", "What does it concern?", "")
            .hint("Codes of sites, items or services, one a line; of a site also as NORTHBROOK/NB-GEN. Left empty, the notice is kept and nothing stands on the schedule.")
            .rows(4)
            .optional(),
    ]
}

fn draw(app: &App, visitor: &Visitor, seen: &Seen, form: &Form, faults: &[Fault]) -> Response {
    let kept = &seen.kept;
    let mut facts = vec![
        Fact::new("From", if kept.sender.is_empty() { "Nobody is named" } else { &kept.sender }),
        Fact::new("Subject", if kept.subject.is_empty() { "None" } else { &kept.subject }),
        Fact::new("Received", &moment(kept.received_at)),
        Fact::new("State", heading(kept.state).0),
    ];
    if let Some(at) = kept.decided_at {
        facts.push(Fact::new("Decided", &moment(at)));
    }
    if !kept.decided_words.is_empty() {
        facts.push(Fact::new("Why", &kept.decided_words));
    }
    facts.extend(kept.understood.unread.iter().map(|name| Fact::new("Nobody has read", name)));
    let mut below = vec![understood(&kept.understood), circuits(&kept.understood)];
    below.extend(seen.work.as_ref().map(|work| on_schedule(work, &seen.entries)));
    let side = vec![original(kept.id, &seen.raw)];
    let is_waiting = kept.state == Standing::Waiting;
    let fields = filled(fields(), form, faults);
    let shown = if is_waiting { summary(&fields, faults) } else { vec![] };
    let form = if is_waiting { parts::Form::new(&format!("{PATH}/{}", kept.id), "Save", fields) } else { parts::Form::default() };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let warning = if is_waiting { questions(&kept.understood) } else { vec![] };
    page_with(status, &FormPage { shell: shell(app, visitor, &name(kept)), facts, warning, faults: shown, form, below, side, ..FormPage::default() })
}

/// What a person is asked, a sentence each.
fn questions(understood: &Understood) -> Vec<String> {
    let mut found: Vec<String> = understood.faults.iter().map(|fault| format!("{}: {}.", fault.property, fault.doubt)).collect();
    let mut ask = |label: &str, doubt: Option<Doubt>| found.extend(doubt.map(|doubt| format!("{label}: {}.", doubt)));
    ask("Carrier", understood.provider.doubt);
    ask("Number", understood.maintenance_id.doubt);
    ask("Status", understood.status.doubt);
    ask("Start", understood.start.doubt);
    ask("End", understood.end.doubt);
    if understood.objects.is_empty() {
        found.push("Circuits: the notice names none that we could read.".into());
    }
    found
}

fn understood(understood: &Understood) -> Section {
    fn row<T>(label: &str, found: &Found<T>, value: impl Fn(&T) -> String) -> Row {
        let value = found.value.as_ref().map_or_else(|| "Open".into(), value);
        let doubt = found.doubt.map(|doubt| words::sentence_case(doubt.words())).unwrap_or_default();
        Row::new(Cell::text(label), vec![Cell::text(&value), Cell::text(&found.words), Cell::text(&doubt)])
    }
    let at = |at: &jiff::Timestamp| moment(*at);
    let rows = vec![
        row("Carrier", &understood.provider, String::clone),
        row("Account", &understood.account, String::clone),
        row("Number", &understood.maintenance_id, String::clone),
        row("Status", &understood.status, |state| words::sentence_case(state.words())),
        row("Start", &understood.start, at),
        row("End", &understood.end, at),
        row("What it is", &understood.summary, String::clone),
    ];
    Section::new("understood", "What was understood").table(Table::new("What was understood", &["What", "Understood", "In these words", "To ask"], rows), "")
}

fn circuits(understood: &Understood) -> Section {
    let rows = understood.objects.iter().map(|object| {
        let said = if object.words.is_empty() { "Nothing is said, so the worst is taken" } else { object.words.as_str() };
        Row::new(Cell::text(&object.reference), vec![Cell::text(&words::sentence_case(object.impact.words())), Cell::text(said)])
    });
    let table = Table::new("Circuits", &["Circuit", "What it suffers", "In these words"], rows.collect());
    Section::new("circuits", "Circuits").table(table, "None that we could read.")
}

fn on_schedule(work: &Work, entries: &[ExternalEntry]) -> Section {
    let rows = entries.iter().map(|entry| {
        let state = entry.ended_at.map_or_else(|| "Stands".to_owned(), |at| format!("Ended {}", moment(at)));
        let when = words::recurring::occurrence(entry.when.envelope(), entry.when.zone());
        Row::new(Cell::link(&entry.title, &format!("/setup/external-entries/{}", entry.id)), vec![Cell::text(&when), Cell::text(&state)])
    });
    let table = Table::new("Entries of the schedule", &["Entry", "When", "State"], rows.collect());
    let facts = vec![Fact::new("Work", &format!("{}, {}", work.provider, work.number)), Fact::new("Status", &words::sentence_case(work.status.words()))];
    Section::new("schedule", "On the schedule").facts(facts).table(table, "No entry stands for it: no place of it is known.")
}

/// The words as they came; never its markup.
fn original(id: i64, raw: &[u8]) -> Section {
    let mut section = Section::new("original", "What it says").link("The notice as it came, as a file", &format!("{PATH}/{id}/file"));
    let arrived = received::open(raw, false);
    let texts = arrived.notice.parts.iter().filter_map(|part| part.text.as_deref());
    let lines = texts.flat_map(str::lines).map(|line| line.replace('\t', " · ")).filter(|line| !line.trim().is_empty());
    for line in lines.take(SHOWN_LINES) {
        section = section.words(&line.chars().take(SHOWN_CHARACTERS).collect::<String>());
    }
    section
}

/// One notice.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let seen = find(&app, &visitor, &id)?;
    Ok(draw(&app, &visitor, &seen, &seen.typed, &[]))
}

/// Confirms it with what was typed, or puts it aside.
pub async fn decide(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    let seen = find(&app, &visitor, &id)?;
    let all = fields();
    form.only(&names(&all).iter().map(String::as_str).collect::<Vec<_>>())?;
    let actor = visitor.actor()?;
    if form.text("act") == "again" {
        let words = match rules::read_again(&app, &actor, seen.kept.id)? {
            Standing::Waiting => "It was read again and still waits; the questions say why.",
            Standing::Older => "A later version was here before it. It changes nothing.",
            _ => "It speaks for itself now: the schedule says what it says.",
        };
        return Ok(done(&app, &format!("{PATH}/{}", seen.kept.id), words));
    }
    let is_refused = form.text("act") == "refuse";
    let asked: Vec<Field> = all.into_iter().filter(|field| !is_refused || ["act", "why"].contains(&field.name.as_str())).collect();
    let mut faults = check(&asked, &form);
    if is_refused && form.text("why").is_empty() {
        faults.push(Fault::of("why", "missing", "Enter why it is put aside."));
    }
    if !faults.is_empty() {
        return Ok(draw(&app, &visitor, &seen, &form, &faults));
    }
    let taken = if is_refused { rules::refuse(&app, &actor, &seen.kept, form.text("why")) } else { rules::confirm(&app, &actor, &seen.kept, &form) };
    match taken {
        Ok(()) => Ok(done(&app, &format!("{PATH}/{}", seen.kept.id), if is_refused { "It is put aside." } else { "It is confirmed." })),
        Err(Failure::Invalid(faults)) => Ok(draw(&app, &visitor, &seen, &form, &faults)),
        Err(failure) => Err(failure),
    }
}

/// The notice as it came, which no browser opens by itself.
pub async fn file(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let seen = find(&app, &visitor, &id)?;
    let mut response = seen.raw.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"notice.eml\""));
    Ok(response)
}
