//! `/changes/{ref}/run`: the page of the work for a bridge call. Whoever may read the change looks; whoever may act presses.
//! Each press carries its key, so that it may be pressed again when the signal comes back.

use axum::extract::{Path, State};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::act::Act;
use signalbox_core::calendar::local;
use signalbox_core::carry::{self, Plan, Progress, WorkStep};
use signalbox_core::change::{Change, Stage};
use signalbox_core::event::Event;

use super::{Seen, find};
use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::pages::run::{Clock, LogLine, Press, RunPage, RunStep, Served};
use crate::web::parts::{Cell, Row, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::stage::stage_tag;
use crate::web::tell::{done, page};
use crate::web::typed;
use crate::web::ui::{Link, Tag};
use crate::web::visitor::Visitor;
use crate::words;

/// The acts that are one press here; every other has a page of its own.
const PRESSES: &[Act] = &[Act::Start, Act::RecordStep, Act::Restore, Act::DecideGo, Act::Say];
/// How many lines of the log stand on the page.
const LOG_MAX: usize = 15;
/// The last safe moment is warned of from here on.
const WARN: SignedDuration = SignedDuration::from_mins(30);

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    Ok(page(&draw(&app, &visitor, &seen)))
}

/// One press.
pub async fn press(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>, form: Form) -> Result<Response, Failure> {
    // A change that they may not see says no more than that.
    let (actor, id) = (visitor.actor()?, find(&app, &visitor, &reference)?);
    form.only(&["act", "version", "number", "result", "back", "go", "words"])?;
    let Some(act) = Act::from_code(form.text("act")).filter(|act| PRESSES.contains(act)) else {
        return Err(Failure::Invalid(vec![Fault::whole("act-unknown", "Say what happened: press one of the buttons of the page.")]));
    };
    let path = format!("/changes/{}/run", reference.to_ascii_uppercase());
    let raw = typed::raw_besides(&form, &["act"]);
    let mut expect = super::expect(&form, &path, &raw);
    // Facts overwrite nothing; the go and the no-go are said of what was seen.
    if act != Act::DecideGo {
        expect.version = None;
    }
    match app.take(&actor, id, act, raw.clone(), expect) {
        Ok(_) => Ok(done(&app, &path, &format!("{}: recorded.", words::act_title(act)))),
        Err(stop) => super::tell(&app, &visitor, &reference, act, &form, &raw, &path, stop),
    }
}

fn draw(app: &App, visitor: &Visitor, seen: &Seen) -> RunPage {
    let change = seen.change();
    let current = carry::current(change);
    let next = current.and_then(|step| following(change, step));
    let drawing = Drawing { app, seen, open: seen.offers().into_iter().filter(|offer| offer.is_open()).map(|offer| offer.act).collect() };
    RunPage {
        shell: seen.shell(app, visitor, &format!("{}: the work", change.reference)),
        reference: change.reference.clone(),
        title: seen.title(),
        tag: stage_tag(change.stage),
        sentence: drawing.sentence(),
        warnings: drawing.warnings(),
        clocks: drawing.clocks(),
        now: current.map(|step| drawing.step(step)),
        next: next.map(|step| drawing.step(step)),
        presses: drawing.presses(current),
        more: drawing.more(),
        services: drawing.services(),
        plans: drawing.plans(),
        say: drawing.may(Act::Say).then(|| drawing.press(Act::Say, "Add the line", &[], true)),
        log: drawing.log(),
        record: super::record_link(seen),
    }
}

/// The step after this one: of the same plan if there is one.
fn following<'c>(change: &'c Change, step: &WorkStep) -> Option<&'c WorkStep> {
    let open = carry::recordable(change);
    let after = |other: &&WorkStep| other.planned.number != step.planned.number;
    open.iter().copied().filter(after).find(|other| other.planned.plan == step.planned.plan).or_else(|| open.iter().copied().find(after))
}

struct Drawing<'d> {
    app: &'d App,
    seen: &'d Seen,
    open: Vec<Act>,
}

impl Drawing<'_> {
    fn change(&self) -> &Change {
        self.seen.change()
    }

    fn may(&self, act: Act) -> bool {
        self.open.contains(&act)
    }

    fn time(&self, at: Timestamp) -> String {
        local::time_words(at, &self.seen.situation.zone)
    }

    fn press(&self, act: Act, label: &str, fields: &[(&str, &str)], is_quiet: bool) -> Press {
        let mut hidden = vec![("act".to_owned(), act.code().to_owned())];
        hidden.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Press { action: format!("{}/run", self.seen.address()), key: self.app.ids.token().to_hex(), hidden, words: label.to_owned(), is_quiet }
    }

    fn sentence(&self) -> String {
        let change = self.change();
        let told = |at: Timestamp| format!("{} gone", minutes_words(self.seen.now.duration_since(at)));
        match (&change.work.started, &change.work.backing_out, &change.work.finished) {
            (_, _, Some(ended)) => format!("The work ended at {}.", self.time(ended.happened_at)),
            (_, Some(back), _) => format!("Going back since {}, {}.", self.time(back.happened_at), told(back.happened_at)),
            (Some(started), ..) => format!("In progress since {}, {}.", self.time(started.happened_at), told(started.happened_at)),
            _ => change.window().map_or("It has no window yet.".to_owned(), |window| match window.start.duration_since(self.seen.now) {
                left if left.is_positive() => format!("It starts in {}.", minutes_words(left)),
                late => format!("It was to start {} ago, and nobody has said that it began.", minutes_words(late.abs())),
            }),
        }
    }

    fn warnings(&self) -> Vec<String> {
        let (change, now) = (self.change(), self.seen.now);
        let mut all = vec![];
        let runs = change.stage == Stage::Implementing;
        if let Some(at) = carry::last_safe(change).filter(|_| runs) {
            if at <= now {
                all.push(format!("The last safe moment to go back was {}. Going back now ends after the latest end.", self.time(at)));
            } else if at.duration_since(now) <= WARN {
                all.push(format!("Last safe moment to go back: {}, in {}.", self.time(at), minutes_words(at.duration_since(now))));
            }
        }
        if let Some(failed) = change.carry.steps.iter().rev().find(|step| step.progress == Progress::Failed).filter(|_| runs) {
            all.push(format!("Step {} failed. Decide whether to go back.", failed.planned.number));
        }
        if let Some(checkpoint) = change.carry.checkpoint.as_ref().filter(|_| change.work.started.is_none()) {
            let who = self.seen.names.person(Some(checkpoint.planned.decider));
            match &checkpoint.decided {
                None => all.push(format!(
                    "Go or no-go is not decided yet: {who} decides{}.",
                    carry::checkpoint_at(change).map_or(String::new(), |at| format!(" by {}", self.time(at)))
                )),
                Some((_, told)) if !told.go => all.push("The decision is no-go.".into()),
                _ => {}
            }
        }
        if change.work.overran {
            all.push("The latest end has passed, and nobody has said that the work has ended.".into());
        }
        all
    }

    fn clocks(&self) -> Vec<Clock> {
        let (change, now) = (self.change(), self.seen.now);
        let away = |at: Timestamp| {
            let left = at.duration_since(now);
            if left.is_positive() { format!("in {}", minutes_words(left)) } else { format!("{} ago", minutes_words(left.abs())) }
        };
        let mut clocks = vec![Clock { label: "Now", at: self.time(now), note: String::new(), mood: "" }];
        let Some(window) = change.window() else { return clocks };
        let runs = change.work.finished.is_none();
        let over = |at: Timestamp, mood| if runs && at <= now { mood } else { "" };
        let end = change.work.expected_end.unwrap_or(window.end);
        clocks.push(Clock { label: "Start", at: self.time(window.start), note: away(window.start), mood: "" });
        let label = if change.work.expected_end.is_some() { "Expected end" } else { "Planned end" };
        clocks.push(Clock { label, at: self.time(end), note: away(end), mood: over(end, "warn") });
        if let Some(at) = carry::last_safe(change).filter(|_| change.work.backing_out.is_none()) {
            clocks.push(Clock { label: "Last safe to go back", at: self.time(at), note: away(at), mood: over(at, "bad") });
        }
        if let Some(at) = carry::latest_end(change) {
            clocks.push(Clock { label: "All back by", at: self.time(at), note: away(at), mood: over(at, "bad") });
        }
        clocks
    }

    fn step(&self, step: &WorkStep) -> RunStep {
        let planned = &step.planned;
        let at = carry::planned_start(self.change(), planned.number).map_or(String::new(), |at| format!(", planned {}", self.time(at)));
        let who = planned.person.map_or_else(
            || self.seen.names.org(planned.owner),
            |person| format!("{}, {}", self.seen.names.person(Some(person)), self.seen.names.org(planned.owner)),
        );
        let verify =
            planned.verify.as_ref().map_or(String::new(), |words| format!(" Seen to have worked when: {}.", self.seen.said(words).trim_end_matches('.')));
        let under_way = step.started_at.map_or(String::new(), |at| format!(" Under way since {}.", self.time(at)));
        RunStep {
            heading: format!("Step {}, {}", planned.number, planned.plan.words()),
            what: self.seen.said(&planned.what),
            note: format!("{who}{at}, {}.{under_way}{verify}", words::counted(planned.minutes, "minute")),
        }
    }

    fn presses(&self, current: Option<&WorkStep>) -> Vec<Press> {
        let change = self.change();
        let version = change.version.to_string();
        let mut all = vec![];
        if self.may(Act::DecideGo) && change.work.started.is_none() && change.carry.checkpoint.as_ref().is_some_and(|c| c.decided.is_none()) {
            all.push(self.press(Act::DecideGo, "Go", &[("go", "yes"), ("version", &version)], false));
        }
        if self.may(Act::Start) && change.work.started.is_none() && change.stage.is_firm() {
            all.push(self.press(Act::Start, "Work has started", &[], false));
        }
        if let Some(step) = current.filter(|_| self.may(Act::RecordStep)) {
            let number = step.planned.number.to_string();
            if step.progress == Progress::Open {
                all.push(self.press(Act::RecordStep, &format!("Step {number} begins"), &[("number", &number), ("result", "started")], true));
            }
            all.push(self.press(Act::RecordStep, &format!("Step {number} is done"), &[("number", &number), ("result", "done")], false));
        }
        all
    }

    fn more(&self) -> Vec<Link> {
        let change = self.change();
        let wanted: &[(Act, &str)] = &[
            (Act::RecordStep, "A step failed, or is left out"),
            (Act::BackOut, "Go back: begin the back-out"),
            (Act::RunningLate, "Say that it runs late"),
            (Act::Extend, "Agree more time with the site and the manager on call"),
            (Act::DecideGo, "Decide go or no-go, with words"),
            (Act::Finish, "End the work"),
            (Act::ConfirmWorked, "Say whether it worked for you"),
            (Act::Close, "Confirm the outcome and close"),
        ];
        let fits = |act: Act| match act {
            Act::DecideGo => change.work.started.is_none(),
            Act::Finish => change.work.started.is_some(),
            _ => true,
        };
        let link = |(act, label): &(Act, &str)| Link::new(label, &format!("{}/acts/{}", self.seen.address(), act.code()));
        wanted.iter().filter(|(act, _)| self.may(*act) && fits(*act)).map(link).collect()
    }

    fn services(&self) -> Vec<Served> {
        let change = self.change();
        let runs = change.work.started.is_some();
        let named = change.content.iter().flat_map(|content| &content.header.services);
        let served = named.filter_map(|id| {
            let service = self.seen.page.services.get(&id.0)?;
            let back = change.work.restored.iter().find(|(restored, _)| restored == id);
            let tag = match back {
                Some((_, at)) => Tag::new(&format!("Back at {}", self.time(*at)), "green"),
                None if runs => Tag::new("Not back yet", "orange"),
                None => Tag::new("Not touched yet", "grey"),
            };
            let press = (back.is_none() && runs && self.may(Act::Restore))
                .then(|| self.press(Act::Restore, &format!("{} is back", service.name), &[("back", &service.code)], true));
            Some(Served { name: service.name.clone(), tag, press })
        });
        served.collect()
    }

    fn plans(&self) -> Vec<Table> {
        let plans = [(Plan::Implement, "The work"), (Plan::Test, "Tests"), (Plan::Communicate, "Messages"), (Plan::BackOut, "The way back")];
        let tables = plans.into_iter().map(|(plan, heading)| {
            let rows = self.change().carry.of(plan).map(|step| self.row(step)).collect();
            Table::new(heading, &["Step", "Planned", "Who", "How it stands"], rows)
        });
        tables.filter(|table| !table.rows.is_empty()).collect()
    }

    fn row(&self, step: &WorkStep) -> Row {
        let planned = &step.planned;
        let what = Cell::text(&format!("{}. {}", planned.number, self.seen.said(&planned.what)));
        let at = carry::planned_start(self.change(), planned.number).map(|at| self.time(at)).unwrap_or_default();
        let who = planned.person.map_or_else(|| self.seen.names.org(planned.owner), |person| self.seen.names.person(Some(person)));
        let colour = match step.progress {
            Progress::Done => "green",
            Progress::Failed => "red",
            Progress::Started => "orange",
            Progress::Open => "blue",
            Progress::Skipped | Progress::Overtaken => "grey",
        };
        let since = match (step.started_at, step.ended_at) {
            (_, Some(at)) => self.time(at),
            (Some(at), None) => format!("since {}", self.time(at)),
            _ => String::new(),
        };
        let state = Cell::tag(&words::sentence_case(step.progress.words()), colour).small(&since);
        Row::new(what, vec![Cell::text(&at).small(&words::counted(planned.minutes, "minute")), Cell::text(&who), state])
    }

    /// What happened since the work came near, latest first.
    fn log(&self) -> Vec<LogLine> {
        let of_the_night = |event: &&signalbox_core::event::Recorded| {
            matches!(
                event.event,
                Event::Started { .. }
                    | Event::RanLate { .. }
                    | Event::Restored { .. }
                    | Event::BackOutBegun { .. }
                    | Event::Finished { .. }
                    | Event::Stopped { .. }
                    | Event::Overran
                    | Event::LastSafePassed
                    | Event::StepStarted(_)
                    | Event::StepDone(_)
                    | Event::StepSkipped(_)
                    | Event::StepFailed(_)
                    | Event::GoDecided(_)
                    | Event::Extended(_)
                    | Event::Said { .. }
            )
        };
        let events = self.seen.page.loaded.events.iter().rev().filter(of_the_night).take(LOG_MAX);
        let line = |recorded: &signalbox_core::event::Recorded| {
            let told = words::event_line(recorded, &self.seen.names, &self.seen.page.loaded.prose);
            let what = if told.by.is_empty() { told.what } else { format!("{}, {}", told.what, told.by) };
            LogLine { at: self.seen.moment(recorded.at), what, said: told.words.unwrap_or_default() }
        };
        events.map(line).collect()
    }
}

/// `41 minutes`, `2 hours 5 minutes`.
fn minutes_words(length: SignedDuration) -> String {
    let minutes = length.as_mins();
    match (minutes / 60, minutes % 60) {
        (0, minutes) => words::counted(minutes, "minute"),
        (hours, 0) if hours < 48 => words::counted(hours, "hour"),
        (hours, minutes) if hours < 48 => format!("{} {}", words::counted(hours, "hour"), words::counted(minutes, "minute")),
        (hours, _) => words::counted(hours / 24, "day"),
    }
}
