//! `/proposals/{id}`: one proposed version of a process document, from its first word to the day from which it counts.

mod compare;
mod consult;
mod rehearse;
mod tables;
mod text;

use std::collections::{BTreeMap, HashMap};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use signalbox_core::actor::Actor;
use signalbox_core::govern::{self, Deed, State as Standing};
use signalbox_core::ids::OrgId;
use signalbox_core::process::edit::{Grid, grids};
use signalbox_core::process::{Fault as TextFault, Processes};
use signalbox_core::refusal::Bar;
use signalbox_store::documents::proposals::{self as store, Asked, Proposal};
use signalbox_store::{StoreError, Tx, accounts, directory};

pub use compare::show as compare;
pub use consult::{answer, for_you};
pub use rehearse::{csv as rehearse_csv, show as rehearse};
pub use tables::{save as save_table, show as table};
pub use text::{save as save_text, show as text, upload};

use crate::app::{App, Shared};
use crate::run::govern::{Halt, end_of};
use crate::web::form::Form;
use crate::web::layout::{Place, Shell};
use crate::web::pages::process::{Block, ProposalPage};
use crate::web::parts::{self, Cell, Row, Section, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::{done, page_with};
use crate::web::ui::{self, Field, Link, Reach, Stage};
use crate::web::visitor::{Visitor, moment};
use crate::words::{bar, counted};

/// The longest reason or reply, in characters.
const WORDS_MAX: usize = 4_000;

/// A proposal as this visitor sees it.
pub struct Seen {
    pub proposal: Proposal,
    pub actor: Actor,
    pub people: HashMap<i64, String>,
    pub orgs: BTreeMap<i64, String>,
    /// The documents with this text among them, or its faults.
    pub with: Result<Processes, Vec<TextFault>>,
}

impl Seen {
    /// Unseen is not there.
    pub fn read(app: &App, visitor: &Visitor, id: &str) -> Result<Seen, Failure> {
        let (id, actor) = (super::id(id)?, visitor.actor()?);
        let found = app.read::<_, Failure>(|tx| read(tx, id))?;
        let (proposal, people, orgs) = found.filter(|(proposal, ..)| govern::may_read(&actor, &proposal.to_core())).ok_or(Failure::NotFound)?;
        let with = app.with_text(&proposal.document, &proposal.source);
        Ok(Seen { proposal, actor, people, orgs, with })
    }

    /// The same for those who write documents.
    pub fn read_to_write(app: &App, visitor: &Visitor, id: &str) -> Result<Seen, Failure> {
        let seen = Seen::read(app, visitor, id)?;
        if govern::may_write(&seen.actor) { Ok(seen) } else { Err(Failure::NotFound) }
    }

    pub fn path(&self) -> String {
        format!("/proposals/{}", self.proposal.id)
    }

    pub fn name(&self) -> String {
        format!("{}, version {}", self.proposal.title, self.proposal.version)
    }

    pub fn person(&self, id: i64) -> String {
        self.people.get(&id).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| "somebody who has left".into())
    }

    pub fn org(&self, id: OrgId) -> String {
        self.orgs.get(&id.0).cloned().unwrap_or_else(|| "an organisation".into())
    }

    /// What stands in the way of a deed now.
    pub fn bars(&self, app: &App, deed: Deed) -> Vec<Bar> {
        govern::bars(&self.actor, Some(&self.proposal.to_core()), deed, app.clock.now())
    }

    pub fn shell(&self, app: &App, visitor: &Visitor, title: &str) -> Shell {
        let mut shell = visitor.shell(app, title, Place::Process);
        shell.crumbs = vec![("How it works".into(), "/process".into()), (self.proposal.title.clone(), format!("/process/{}", self.proposal.document))];
        if title != self.name() {
            shell.crumbs.push((format!("Version {}", self.proposal.version), self.path()));
        }
        shell
    }

    fn asked(&self, org: OrgId) -> Option<&Asked> {
        self.proposal.answers.iter().find(|asked| asked.org == org)
    }
}

type Found = (Proposal, HashMap<i64, String>, BTreeMap<i64, String>);

fn read(tx: &mut dyn Tx, id: i64) -> Result<Option<Found>, StoreError> {
    let Some(proposal) = store::proposal(tx, id)? else { return Ok(None) };
    let mut ids: Vec<i64> = proposal.hands.iter().map(|person| person.0).collect();
    ids.extend([proposal.author, proposal.saved_by]);
    ids.extend([proposal.published, proposal.adopted, proposal.withdrawn].iter().flatten().map(|(person, _)| *person));
    ids.extend(proposal.answers.iter().flat_map(|asked| [asked.by, asked.replied]).flatten().map(|(person, _)| person));
    ids.sort_unstable();
    ids.dedup();
    let people = accounts::names(tx, &ids)?;
    let mut orgs = BTreeMap::new();
    for asked in &proposal.answers {
        orgs.extend(directory::organisation(tx, asked.org.0)?.map(|org| (org.id, org.name)));
    }
    Ok(Some((proposal, people, orgs)))
}

/// What a halt is told as, where its page has no place for it.
pub fn halted(halt: Halt) -> Failure {
    match halt {
        Halt::Unseen => Failure::NotFound,
        Halt::Barred(bars) => {
            let first = bars.first().cloned().unwrap_or_else(|| Bar::new("process-role"));
            let sentences: Vec<String> = bars.iter().map(|one| bar(one).sentence).collect();
            Failure::denied(first.code, sentences.join(" "))
        }
        Halt::Faulty(faults) => {
            Failure::Invalid(faults.iter().map(|fault| Fault::of("source", fault.code, format!("Line {}: {}", fault.line, fault.message))).collect())
        }
        Halt::Stale(_) => Failure::conflict("lost-race", "Somebody else saved this text at the same moment. Nothing of yours was saved yet."),
        Halt::Store(fault) => fault.into(),
    }
}

/// Begins a proposal from the text in force.
pub async fn begin(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    let proposal = app.propose(&visitor.actor()?, &id).map_err(halted)?;
    Ok(done(&app, &format!("/proposals/{proposal}"), "A copy of the text is ready to be changed."))
}

/// How far it is, and what comes next.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &id)?;
    if !govern::may_write(&seen.actor) && !seen.actor.holds(signalbox_core::actor::Role::Auditor) {
        return consult::page_for_you(&app, &visitor, &seen, &Form::default(), &[]);
    }
    draw(&app, &visitor, &seen, &Form::default(), &[])
}

fn draw(app: &App, visitor: &Visitor, seen: &Seen, typed: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let (path, proposal) = (seen.path(), &seen.proposal);
    let blocks = blocks(app, seen, typed, faults);
    let mut shown: Vec<ui::Fault> = blocks.iter().filter_map(|block| block.form.as_ref()).flat_map(parts::Form::faults).collect();
    if let (Err(found), Standing::Draft | Standing::Checked) = (&seen.with, proposal.state) {
        shown.extend(found.iter().map(|fault| ui::Fault { message: format!("{}: {}", line_of(proposal, fault), fault.message), target: String::new() }));
    }
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(page_with(
        status,
        &ProposalPage {
            shell: seen.shell(app, visitor, &seen.name()),
            lede: lede(seen),
            faults: shown,
            actions: vec![
                Link::new("Compare", &format!("{path}/compare")),
                Link::new("Rehearse", &format!("{path}/rehearse")),
                Link::new("What changes for whom", &format!("{path}/for-you")),
            ],
            stages: stages(seen),
            before: std::iter::once(what_changes(app, seen)).chain(about(seen)).collect(),
            blocks,
            ..ProposalPage::default()
        },
    ))
}

/// "Line 45", or the name of another document whose line it is.
pub fn line_of(proposal: &Proposal, fault: &TextFault) -> String {
    if fault.file == format!("{}.md", proposal.document) { format!("Line {}", fault.line) } else { format!("{}, line {}", fault.file, fault.line) }
}

fn lede(seen: &Seen) -> String {
    let proposal = &seen.proposal;
    match proposal.state {
        Standing::Draft => {
            format!("Being written; last saved by {} {}. Check it when the text is right.", seen.person(proposal.saved_by), moment(proposal.saved_at))
        }
        Standing::Checked => "Checked, and nothing is wrong with it. Compare and rehearse it, then ask every trust and supplier.".into(),
        Standing::Consultation => {
            let until = proposal.due_at.map(moment).unwrap_or_default();
            format!("Every trust and supplier is asked; they can object until {until}.")
        }
        Standing::Adopted => {
            let (by, at) = proposal.adopted.unwrap_or((0, proposal.saved_at));
            let from = proposal.from_at.map(moment).unwrap_or_default();
            format!("Adopted by {} {}. It counts from {from}.", seen.person(by), moment(at))
        }
        Standing::Withdrawn => "Withdrawn. It goes no further.".into(),
    }
}

fn stages(seen: &Seen) -> Vec<Stage> {
    let at = match seen.proposal.state {
        Standing::Draft => 0,
        Standing::Checked => 1,
        Standing::Consultation => 2,
        Standing::Adopted => 4,
        Standing::Withdrawn => return vec![],
    };
    let reach = |n: usize| {
        if n < at {
            Reach::Done
        } else if n == at {
            Reach::Current
        } else {
            Reach::Ahead
        }
    };
    let stage = |n: usize, label: &str, note: &str| Stage { label: label.into(), note: note.into(), reach: reach(n) };
    vec![stage(0, "Write", "and check"), stage(1, "Compare", "and rehearse"), stage(2, "Consult", "10 working days"), stage(3, "Adopt", "by another person")]
}

/// The differences in short; all of them stand on the page that compares.
fn what_changes(app: &App, seen: &Seen) -> Section {
    let section = Section::new("changes", "What it changes");
    match compare::differences(app, seen) {
        Err(faults) => section.words(&format!("{} in the text. Until they are put right, nothing can be compared.", counted(faults as i64, "fault"))),
        Ok(all) if all.is_empty() => section.words("Nothing yet: the text is the one in force."),
        Ok(all) => {
            let rows = all.iter().take(8).map(|one| Row::new(Cell::text(one.part.words()), vec![Cell::text(&one.words)])).collect();
            let section = section.table(Table::new("The first differences", &["Where", "What changes"], rows), "");
            section.link(&format!("All of it: {}, and line by line", counted(all.len() as i64, "difference")), &format!("{}/compare", seen.path()))
        }
    }
}

fn blocks(app: &App, seen: &Seen, typed: &Form, faults: &[Fault]) -> Vec<Block> {
    let (path, proposal) = (seen.path(), &seen.proposal);
    let mut all = vec![];
    let is_open = |deed| seen.bars(app, deed).is_empty();
    if is_open(Deed::Write) {
        all.push(Block {
            id: "check".into(),
            heading: "Check the text".into(),
            words: vec!["Every table is read as the program will read it: unknown words, stages that cannot be reached or left, ways round an approval, questions that are never asked, gaps in decision tables.".into()],
            form: Some(parts::Form::new(&format!("{path}/check"), "Check it", vec![])),
        });
    }
    all.extend(publish_block(app, seen, typed, faults));
    for asked in proposal.answers.iter().filter(|asked| asked.is_open()) {
        if !is_open(Deed::Reply) {
            continue;
        }
        let (name, org) = (format!("reply-{}", asked.org), seen.org(asked.org));
        let field = Field::textarea("words", "Your answer", typed.raw("words")).id(&name).hint("It is sent to them and stays on this page.");
        let own = faults.iter().find(|fault| fault.field.as_deref() == Some(name.as_str())).map(|fault| fault.detail.clone());
        all.push(Block {
            id: format!("answer-{}", asked.org),
            heading: format!("Answer {org}"),
            words: vec![format!("They object: {}", asked.words)],
            form: Some(parts::Form::new(&format!("{path}/reply"), "Send the answer", vec![field.error(own)]).hide("org", &asked.org.to_string())),
        });
    }
    all.extend(adopt_block(app, seen, typed, faults));
    if is_open(Deed::Withdraw) {
        all.push(Block {
            id: "withdraw".into(),
            heading: "Withdraw it".into(),
            words: vec!["The text stays readable here and goes no further.".into()],
            form: Some(parts::Form::new(&format!("{path}/withdraw"), "Withdraw", vec![]).quiet()),
        });
    }
    all
}

fn error_of(faults: &[Fault], field: &str) -> Option<String> {
    faults.iter().find(|fault| fault.field.as_deref() == Some(field)).map(|fault| fault.detail.clone())
}

fn publish_block(app: &App, seen: &Seen, typed: &Form, faults: &[Fault]) -> Option<Block> {
    if seen.proposal.state != Standing::Checked || !seen.bars(app, Deed::Publish).is_empty() {
        return None;
    }
    let until = Field::input("date", "until", "Last day to object, if safety needs it sooner", typed.raw("until")).width("w10").optional();
    let until = until.hint("Leave it empty to give the usual 10 working days.").error(error_of(faults, "until"));
    let because = Field::textarea("because", "Why it cannot wait for 10 working days", typed.raw("because")).optional();
    let because = because.hint("Only for safety. Everybody who is asked reads it.").error(error_of(faults, "because"));
    Some(Block {
        id: "publish".into(),
        heading: "Ask every trust and supplier".into(),
        words: vec!["Their coordinators and change managers are written to, see what changes for them, and have 10 working days to object. The text cannot be changed any more.".into()],
        form: Some(parts::Form::new(&format!("{}/publish", seen.path()), "Ask them", vec![until, because])),
    })
}

fn adopt_block(app: &App, seen: &Seen, typed: &Form, faults: &[Fault]) -> Option<Block> {
    if seen.proposal.state != Standing::Consultation {
        return None;
    }
    let bars = seen.bars(app, Deed::Adopt);
    let words: Vec<String> = bars.iter().map(|one| bar(one).sentence).collect();
    let form = bars.is_empty().then(|| {
        let from = Field::input("date", "from", "From which day does it count?", typed.raw("from")).width("w10");
        let from = from.hint("From the beginning of that day. Changes that are under way keep the version they began under.").error(error_of(faults, "from"));
        parts::Form::new(&format!("{}/adopt", seen.path()), "Adopt it", vec![from])
    });
    let words = if bars.is_empty() { vec!["The time to object is over, and no objection is open.".into()] } else { words };
    Some(Block { id: "adopt".into(), heading: "Adopt it".into(), words, form })
}

/// How to change it, what it is for, and what was said to it.
fn about(seen: &Seen) -> Vec<Section> {
    let (path, proposal) = (seen.path(), &seen.proposal);
    let mut all = vec![];
    if matches!(proposal.state, Standing::Draft | Standing::Checked) {
        let live: Vec<(usize, Grid)> = grids(&proposal.source).into_iter().enumerate().filter(|(_, grid)| grid.is_live()).collect();
        let rows = live.iter().map(|(n, grid)| {
            let link = Cell::link(&grid.heading, &format!("{path}/tables/{n}"));
            Row::new(link, vec![Cell::text(&grid.rows.len().to_string()), Cell::text(&grid.line.to_string())])
        });
        let table = Table::new("Tables that the program runs", &["Table", "Rows", "Line"], rows.collect());
        let section = Section::new("write", "Change it").words("Change a table cell by cell, or the whole text.");
        all.push(
            section.table(table, "The text has no table that the program runs.").link("Change the whole text, or take it from a file", &format!("{path}/text")),
        );
    }
    if !proposal.why.is_empty() {
        all.push(Section::new("why", "What it is for").words(&proposal.why));
    }
    if !proposal.answers.is_empty() {
        all.push(answers(seen));
    }
    all
}

/// Who was asked and what they said.
fn answers(seen: &Seen) -> Section {
    let proposal = &seen.proposal;
    let rows = proposal.answers.iter().map(|asked| {
        let said = match asked.answer {
            Some(govern::Answer::Acknowledged) => Cell::tag("Acknowledged", "green"),
            Some(govern::Answer::Objected) => Cell::tag("Objects", "red"),
            None => Cell::text("Nothing yet"),
        };
        let who = asked.by.map_or(String::new(), |(by, at)| format!("{}, {}", seen.person(by), moment(at)));
        let reply = asked.replied.map_or(String::new(), |(by, at)| format!("{}, {}", seen.person(by), moment(at)));
        Row::new(Cell::text(&seen.org(asked.org)), vec![said, Cell::text(&asked.words).small(&who), Cell::text(&asked.reply).small(&reply)])
    });
    let count = |answer| proposal.answers.iter().filter(|asked| asked.answer == Some(answer)).count();
    let (acknowledged, objected) = (count(govern::Answer::Acknowledged), count(govern::Answer::Objected));
    let words =
        format!("{} asked: {acknowledged} acknowledged, {}.", counted(proposal.answers.len() as i64, "organisation"), counted(objected as i64, "objection"));
    let mut section = Section::new("answers", "The consultation").words(&words);
    if !proposal.shortened.is_empty() {
        section = section.words(&format!("The time is shorter than 10 working days, because: {}", proposal.shortened));
    }
    section.table(Table::new("Who was asked, and what they said", &["Organisation", "Answer", "Words", "The authority’s answer"], rows.collect()), "")
}

/// Checks the text; without a fault it may be published.
pub async fn check(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    let seen = Seen::read_to_write(&app, &visitor, &id)?;
    match app.check_proposal(&seen.actor, seen.proposal.id) {
        Ok(()) => Ok(done(&app, &seen.path(), "Nothing is wrong with the text.")),
        Err(Halt::Faulty(_)) => text::draw(&app, &visitor, &seen, None),
        Err(halt) => Err(halted(halt)),
    }
}

fn words_of(form: &Form, name: &str, field: &str, faults: &mut Vec<Fault>) -> String {
    let words = form.text(name).replace("\r\n", "\n");
    if words.chars().count() > WORDS_MAX {
        faults.push(Fault::of(field, "too-long", format!("Shorten this to {WORDS_MAX} characters.")));
    }
    if words.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        faults.push(Fault::of(field, "control-character", "This contains a character that can’t be shown."));
    }
    words
}

/// Asks every trust and supplier.
pub async fn publish(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&["until", "because"])?;
    let seen = Seen::read_to_write(&app, &visitor, &id)?;
    let mut faults = vec![];
    let because = words_of(&form, "because", "because", &mut faults);
    let (now, zone) = (app.clock.now(), app.read::<_, Failure>(crate::run::govern::authority_zone)?);
    let until = form.text("until");
    let mut due: Option<Timestamp> = None;
    if !until.is_empty() {
        match until.parse::<Date>().ok().and_then(|day| end_of(day, &zone)).filter(|due| *due > now) {
            Some(at) if because.is_empty() => {
                due = Some(at);
                faults.push(Fault::of("because", "missing", "Say why it cannot wait: fewer days are given for safety only."));
            }
            at @ Some(_) => due = at,
            None => faults.push(Fault::of("until", "not-a-date", "Enter a day that is still to come.")),
        }
    }
    if !faults.is_empty() {
        return draw(&app, &visitor, &seen, &form, &faults);
    }
    let because = if due.is_some() { because } else { String::new() };
    app.publish_proposal(&seen.actor, seen.proposal.id, due, because).map_err(halted)?;
    Ok(done(&app, &seen.path(), "Every trust and supplier is asked."))
}

/// Answers an objection.
pub async fn reply(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&["org", "words"])?;
    let seen = Seen::read_to_write(&app, &visitor, &id)?;
    let org = OrgId(super::id(form.text("org"))?);
    seen.asked(org).ok_or(Failure::NotFound)?;
    let (mut faults, field) = (vec![], format!("reply-{org}"));
    let words = words_of(&form, "words", &field, &mut faults);
    if words.is_empty() {
        faults.push(Fault::of(&field, "missing", "Write the answer that they are to read."));
    }
    if !faults.is_empty() {
        return draw(&app, &visitor, &seen, &form, &faults);
    }
    app.reply_to_objection(&seen.actor, seen.proposal.id, org, words).map_err(halted)?;
    Ok(done(&app, &seen.path(), "The answer is on its way."))
}

/// Adopts it from a day.
pub async fn adopt(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&["from"])?;
    let seen = Seen::read_to_write(&app, &visitor, &id)?;
    let bars = seen.bars(&app, Deed::Adopt);
    if !bars.is_empty() {
        return Err(halted(Halt::Barred(bars)));
    }
    let zone = app.read::<_, Failure>(crate::run::govern::authority_zone)?;
    let today = zone.to_datetime(app.clock.now()).date();
    let Some(from) = form.text("from").parse::<Date>().ok().filter(|from| *from >= today) else {
        let fault = Fault::of("from", "not-a-date", "Enter today or a day that is still to come.");
        return draw(&app, &visitor, &seen, &form, &[fault]);
    };
    app.adopt_proposal(&seen.actor, seen.proposal.id, from).map_err(halted)?;
    Ok(done(&app, &seen.path(), "It is adopted."))
}

/// It goes no further.
pub async fn withdraw(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>, form: Form) -> Result<Response, Failure> {
    form.only(&[])?;
    let seen = Seen::read_to_write(&app, &visitor, &id)?;
    app.withdraw_proposal(&seen.actor, seen.proposal.id).map_err(halted)?;
    Ok(done(&app, &seen.path(), "It is withdrawn."))
}
