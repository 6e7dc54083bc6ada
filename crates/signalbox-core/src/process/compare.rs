//! What one version of a document changes against another, in words, and whom it concerns. Differences are told by
//! what they mean (a row, a step, a question), never by how the text moved; [`lines`] has the text itself.

pub mod lines;
mod prose;
mod tables;

use super::{AnswerKind, Audience, CatalogueEntry, Process, Question, Required, Step, Timer, TimerAct, TimerWhen, Who, dictionary};
use crate::actor::{OrgKind, Role};
use crate::rule::Rule;
use crate::words::vocabulary;
use std::collections::BTreeSet;

vocabulary! {
    /// The part of a document that a difference stands in.
    Part {
        Front = "front", "the document as a whole";
        Steps = "steps", "steps";
        Questions = "questions", "questions";
        Assessments = "assessments", "assessments";
        Tables = "tables", "decision tables";
        Timers = "timers", "timers";
        Catalogue = "catalogue", "catalogue";
        Prose = "prose", "text for the reader";
    }
}

vocabulary! {
    /// What happened to it.
    Mark {
        Added = "added", "new";
        Removed = "removed", "gone";
        Changed = "changed", "changed";
    }
}

/// One thing that is different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub part: Part,
    pub mark: Mark,
    /// A sentence for people.
    pub words: String,
    /// The kinds of organisation whose people do, answer or hear something else.
    pub concerns: BTreeSet<OrgKind>,
}

/// Everything that is different, in the order of the parts.
pub fn compare(before: &Process, after: &Process) -> Vec<Difference> {
    let mut found = Found(vec![]);
    front(&mut found, before, after);
    steps(&mut found, before, after);
    questions(&mut found, before, after);
    risk_questions(&mut found, before, after);
    assessments(&mut found, before, after);
    tables::compare(&mut found, before, after);
    timers(&mut found, before, after);
    catalogue(&mut found, before, after);
    prose::compare(&mut found, before, after);
    found.0
}

/// The differences that concern one kind of organisation.
pub fn for_kind(all: &[Difference], kind: OrgKind) -> Vec<Difference> {
    all.iter().filter(|difference| difference.concerns.contains(&kind)).cloned().collect()
}

struct Found(Vec<Difference>);

impl Found {
    fn add(&mut self, part: Part, mark: Mark, concerns: BTreeSet<OrgKind>, words: String) {
        self.0.push(Difference { part, mark, words, concerns });
    }
}

/// Everybody.
fn all() -> BTreeSet<OrgKind> {
    OrgKind::ALL.iter().copied().collect()
}

/// The kinds whose people may hold what is named.
fn of_who(who: &[Who]) -> BTreeSet<OrgKind> {
    who.iter()
        .flat_map(|who| match who {
            Who::Role(Role::Desk) => BTreeSet::from([OrgKind::Supplier]),
            Who::Role(Role::Implementer) => BTreeSet::from([OrgKind::Trust, OrgKind::Supplier]),
            Who::Role(role) => role.org_kind().map_or_else(all, |kind| BTreeSet::from([kind])),
            Who::Affected(_) => BTreeSet::from([OrgKind::Trust]),
            Who::SafetyOfficer => BTreeSet::from([OrgKind::Trust, OrgKind::Supplier, OrgKind::Authority]),
            Who::Anyone => all(),
            Who::System => BTreeSet::new(),
        })
        .collect()
}

fn of_audience(tells: &[Audience]) -> BTreeSet<OrgKind> {
    tells
        .iter()
        .flat_map(|audience| match audience {
            Audience::Role(role) => of_who(&[Who::Role(*role)]),
            Audience::AffectedTrusts | Audience::OnSite => BTreeSet::from([OrgKind::Trust]),
            Audience::NetworkProvider => BTreeSet::from([OrgKind::Network]),
            Audience::SafetyOfficers => of_who(&[Who::SafetyOfficer]),
            Audience::Assessors => BTreeSet::from([OrgKind::Trust, OrgKind::Supplier]),
            Audience::Raiser | Audience::Subscribers | Audience::Decider => all(),
        })
        .collect()
}

/// The kinds whose people send changes of this document, and so answer its questions.
fn senders(process: &Process) -> BTreeSet<OrgKind> {
    use crate::act::Act;
    let sends = process.steps.iter().filter(|step| matches!(step.act, Act::Propose | Act::Submit));
    sends.flat_map(|step| of_who(&step.who)).collect()
}

/// "a, b and c".
fn listed(words: &[String]) -> String {
    match words {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn quoted(words: &str) -> String {
    format!("“{words}”")
}

fn front(found: &mut Found, before: &Process, after: &Process) {
    let mut tell = |what: &str, was: &str, is: &str| {
        if was != is {
            found.add(Part::Front, Mark::Changed, all(), format!("{what} is {} instead of {}.", quoted(is), quoted(was)));
        }
    };
    tell("The title", &before.title, &after.title);
    tell("The owner", &before.owner, &after.owner);
    tell("The date of review", &before.review_by, &after.review_by);
    tell("What numbers begin with", &before.prefix, &after.prefix);
    tell("The kind of change", before.kind.words(), after.kind.words());
    tell("The document that it is based on", before.based_on.as_deref().unwrap_or("none"), after.based_on.as_deref().unwrap_or("none"));
}

fn step_name(step: &Step) -> String {
    format!("{} from {}", quoted(step.act.words()), step.from.words())
}

fn who_words(who: &[Who]) -> Vec<String> {
    who.iter().map(|who| dictionary::who_words(*who)).collect()
}

fn tells_words(tells: &[Audience]) -> Vec<String> {
    tells.iter().map(|audience| dictionary::audience_words(*audience)).collect()
}

fn needs_words(needs: &[Rule]) -> Vec<String> {
    needs.iter().map(Rule::words).map(|words| quoted(&words)).collect()
}

fn without<T: PartialEq + Clone>(these: &[T], those: &[T]) -> Vec<T> {
    these.iter().filter(|one| !those.contains(one)).cloned().collect()
}

fn steps(found: &mut Found, before: &Process, after: &Process) {
    for was in before.steps.iter().filter(|was| after.step(was.act, was.from).is_none()) {
        let words = format!("{} is no longer possible; {} could do it.", step_name(was), listed(&who_words(&was.who)));
        found.add(Part::Steps, Mark::Removed, of_who(&was.who), words);
    }
    for is in &after.steps {
        match before.step(is.act, is.from) {
            None => {
                let words = format!("{} is new, for {}.", step_name(is), listed(&who_words(&is.who)));
                found.add(Part::Steps, Mark::Added, of_who(&is.who), words);
            }
            Some(was) => step(found, was, is),
        }
    }
}

fn step(found: &mut Found, was: &Step, is: &Step) {
    let both: BTreeSet<OrgKind> = of_who(&was.who).union(&of_who(&is.who)).copied().collect();
    let name = step_name(is);
    let mut tell = |concerns: &BTreeSet<OrgKind>, words: String| found.add(Part::Steps, Mark::Changed, concerns.clone(), words);
    let (more, fewer) = (without(&is.needs, &was.needs), without(&was.needs, &is.needs));
    if !more.is_empty() {
        tell(&both, format!("{name} now also needs: {}.", listed(&needs_words(&more))));
    }
    if !fewer.is_empty() {
        tell(&both, format!("{name} no longer needs: {}.", listed(&needs_words(&fewer))));
    }
    let (more, fewer) = (without(&is.who, &was.who), without(&was.who, &is.who));
    if !more.is_empty() {
        tell(&of_who(&more), format!("{name} may now also be done by {}.", listed(&who_words(&more))));
    }
    if !fewer.is_empty() {
        tell(&of_who(&fewer), format!("{name} may no longer be done by {}.", listed(&who_words(&fewer))));
    }
    let (more, fewer) = (without(&is.tells, &was.tells), without(&was.tells, &is.tells));
    if !more.is_empty() {
        tell(&of_audience(&more), format!("After {name}, {} hear of it too.", listed(&tells_words(&more))));
    }
    if !fewer.is_empty() {
        tell(&of_audience(&fewer), format!("After {name}, {} no longer hear of it.", listed(&tells_words(&fewer))));
    }
}

fn required_words(required: Required) -> &'static str {
    match required {
        Required::Optional => "optional",
        Required::Submit { for_notice: false } => "needed to send",
        Required::Submit { for_notice: true } => "needed to send, and for the notice to count",
        Required::Approve => "needed before approval",
        Required::Start => "needed before the start",
        Required::Close => "needed before closing",
    }
}

fn answer_words(answer: &AnswerKind) -> String {
    let choices = |list: &[String]| listed(&list.iter().map(|one| one.replace('_', " ")).collect::<Vec<_>>());
    match answer {
        AnswerKind::Line { max_chars } => format!("one line of at most {max_chars} characters"),
        AnswerKind::Prose => "several lines".to_owned(),
        AnswerKind::YesNo => "yes or no".to_owned(),
        AnswerKind::Choice(list) | AnswerKind::Reason(list) => format!("one of {}", choices(list)),
        AnswerKind::Choices(list) => format!("any of {}", choices(list)),
        AnswerKind::Number { min, max } => format!("a number from {min} to {max}"),
        other => {
            let debug = format!("{other:?}");
            debug.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default().to_ascii_lowercase()
        }
    }
}

fn questions(found: &mut Found, before: &Process, after: &Process) {
    let concerns: BTreeSet<OrgKind> = senders(before).union(&senders(after)).copied().collect();
    for was in before.questions.iter().filter(|was| after.question(&was.id).is_none()) {
        found.add(Part::Questions, Mark::Removed, concerns.clone(), format!("{} is no longer asked.", quoted(&was.text)));
    }
    for is in &after.questions {
        match before.question(&is.id) {
            None => {
                let when = is.asked_when.as_ref().map_or_else(String::new, |when| format!(", asked when {}", when.words));
                let words = format!("A new question: {} ({}{when}).", quoted(&is.text), required_words(is.required));
                found.add(Part::Questions, Mark::Added, concerns.clone(), words);
            }
            Some(was) => {
                for words in question(was, is) {
                    found.add(Part::Questions, Mark::Changed, concerns.clone(), words);
                }
            }
        }
    }
}

fn question(was: &Question, is: &Question) -> Vec<String> {
    let mut all = vec![];
    let name = quoted(&is.text);
    if was.text != is.text {
        all.push(format!("{} is asked in these words: {name}.", quoted(&was.text)));
    }
    if was.required != is.required {
        all.push(format!("{name} is {} instead of {}.", required_words(is.required), required_words(was.required)));
    }
    let asked = |question: &Question| question.asked_when.as_ref().map_or_else(|| "always".to_owned(), |when| format!("when {}", when.words));
    if asked(was) != asked(is) {
        all.push(format!("{name} is asked {} instead of {}.", asked(is), asked(was)));
    }
    if was.answer != is.answer {
        all.push(format!("The answer to {name} is {} instead of {}.", answer_words(&is.answer), answer_words(&was.answer)));
    }
    if was.guidance != is.guidance {
        all.push(match is.guidance.as_str() {
            "" => format!("{name} has no guidance any more."),
            guidance => format!("The guidance of {name} is now: {}", quoted(guidance)),
        });
    }
    if was.page != is.page {
        all.push(format!("{name} stands on another page of the form."));
    }
    all
}

fn risk_questions(found: &mut Found, before: &Process, after: &Process) {
    let concerns = || BTreeSet::from([OrgKind::Supplier, OrgKind::Authority]);
    for was in before.risk_questions.iter().filter(|was| !after.risk_questions.iter().any(|is| is.id == was.id)) {
        found.add(Part::Questions, Mark::Removed, concerns(), format!("About risk, {} is no longer asked.", quoted(&was.text)));
    }
    for is in &after.risk_questions {
        match before.risk_questions.iter().find(|was| was.id == is.id) {
            None => {
                found.add(Part::Questions, Mark::Added, concerns(), format!("A new question about risk: {}, counted {} times.", quoted(&is.text), is.weight))
            }
            Some(was) => {
                if was.weight != is.weight {
                    let words = format!("About risk, {} counts {} times instead of {}.", quoted(&is.text), is.weight, was.weight);
                    found.add(Part::Questions, Mark::Changed, concerns(), words);
                }
                if (&was.text, &was.answers) != (&is.text, &is.answers) {
                    found.add(Part::Questions, Mark::Changed, concerns(), format!("About risk, {} is asked or answered in other words.", quoted(&is.text)));
                }
            }
        }
    }
}

fn assessments(found: &mut Found, before: &Process, after: &Process) {
    for was in before.assessments.iter().filter(|was| !after.assessments.iter().any(|is| is.kind == was.kind)) {
        found.add(Part::Assessments, Mark::Removed, of_who(&was.who), format!("The {} assessment is no longer asked for.", was.kind.words()));
    }
    for is in &after.assessments {
        let name = format!("The {} assessment", is.kind.words());
        let Some(was) = before.assessments.iter().find(|was| was.kind == is.kind) else {
            let words = format!("{name} is new: {} give it within {}.", listed(&who_words(&is.who)), is.due);
            found.add(Part::Assessments, Mark::Added, of_who(&is.who), words);
            continue;
        };
        let both: BTreeSet<OrgKind> = of_who(&was.who).union(&of_who(&is.who)).copied().collect();
        let mut tell = |words: String| found.add(Part::Assessments, Mark::Changed, both.clone(), words);
        if was.who != is.who {
            tell(format!("{name} is given by {} instead of {}.", listed(&who_words(&is.who)), listed(&who_words(&was.who))));
        }
        let when = |row: &super::AssessmentRow| row.when.as_ref().map_or_else(|| "always".to_owned(), |when| format!("when {}", when.words));
        if when(was) != when(is) {
            tell(format!("{name} is asked for {} instead of {}.", when(is), when(was)));
        }
        if was.due != is.due {
            tell(format!("{name} is due within {} instead of {}.", is.due, was.due));
        }
        if was.silence_counts != is.silence_counts {
            let words = if is.silence_counts { "Silence now counts as no objection in" } else { "Silence no longer counts as no objection in" };
            tell(format!("{words} the {} assessment.", is.kind.words()));
        }
    }
}

fn when_words(when: &TimerWhen) -> String {
    match when {
        TimerWhen::WorkingDaysBeforeStart(days) => format!("{days} working days before the start"),
        TimerWhen::MinutesBeforeStart(minutes) => format!("{minutes} minutes before the start"),
        TimerWhen::NotStarted { minutes } => format!("{minutes} minutes after a start that nobody recorded"),
        TimerWhen::NotFinished => "when the latest end has passed and the work is not finished".to_owned(),
        TimerWhen::LastSafe { minutes_before: 0 } => "at the last safe moment to go back".to_owned(),
        TimerWhen::LastSafe { minutes_before } => format!("{minutes_before} minutes before the last safe moment to go back"),
        TimerWhen::GoDue => "when the go or no-go is due".to_owned(),
        TimerWhen::Idle { working_days } => format!("after {working_days} working days in which nobody touched it"),
        TimerWhen::WorkingDaysIn { stage, days } => format!("after {days} working days in {}", quoted(stage.words())),
        TimerWhen::DaysIn { stage, days } => format!("after {days} days in {}", quoted(stage.words())),
        TimerWhen::PaperDue(paper) => format!("when the {} is due and not there", paper.words()),
    }
}

fn then_words(then: TimerAct) -> &'static str {
    match then {
        TimerAct::Remind => "people are reminded",
        TimerAct::Overrun => "the overrun is recorded",
        TimerAct::AskOutcome => "the outcome is asked for",
        TimerAct::Expire => "the change expires",
        TimerAct::LastSafe => "the record is marked",
        TimerAct::AskGo => "the go or no-go is asked for",
        TimerAct::ProposeExpiry => "it is proposed to end the change",
        TimerAct::RemindQuote | TimerAct::LapseQuote | TimerAct::LapseApproval => "the charge track acts",
        TimerAct::EscalateClinical => "the clinical question goes up",
        TimerAct::ChaseNetwork => "the network track acts",
        TimerAct::ProtectNotice => "nothing follows from late notice",
    }
}

fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}

fn timers(found: &mut Found, before: &Process, after: &Process) {
    let same = |a: &Timer, b: &Timer| a.when == b.when;
    let tell = |timer: &Timer| format!("{}, {}", when_words(&timer.when), then_words(timer.then));
    for was in before.timers.iter().filter(|was| !after.timers.iter().any(|is| same(was, is))) {
        found.add(Part::Timers, Mark::Removed, of_audience(&was.tells), format!("No longer: {}.", tell(was)));
    }
    for is in &after.timers {
        match before.timers.iter().find(|was| same(was, is)) {
            None => found.add(Part::Timers, Mark::Added, of_audience(&is.tells), format!("{}.", sentence(&tell(is)))),
            Some(was) if was.then != is.then || !(without(&was.tells, &is.tells).is_empty() && without(&is.tells, &was.tells).is_empty()) => {
                let words =
                    format!("{}, and {} are told, instead of {}.", sentence(&tell(is)), listed(&tells_words(&is.tells)), listed(&tells_words(&was.tells)));
                let both = of_audience(&was.tells).union(&of_audience(&is.tells)).copied().collect();
                found.add(Part::Timers, Mark::Changed, both, words);
            }
            Some(_) => {}
        }
    }
}

fn catalogue(found: &mut Found, before: &Process, after: &Process) {
    let whose = |entry: &CatalogueEntry| if entry.for_kinds.is_empty() { all() } else { entry.for_kinds.iter().copied().collect() };
    for was in before.catalogue.iter().filter(|was| !after.catalogue.iter().any(|is| is.id == was.id)) {
        found.add(Part::Catalogue, Mark::Removed, whose(was), format!("{} can no longer be asked for.", quoted(&was.title)));
    }
    for is in &after.catalogue {
        let Some(was) = before.catalogue.iter().find(|was| was.id == is.id) else {
            found.add(Part::Catalogue, Mark::Added, whose(is), format!("{} can now be asked for, {} ahead.", quoted(&is.title), is.lead));
            continue;
        };
        let both: BTreeSet<OrgKind> = whose(was).union(&whose(is)).copied().collect();
        let mut tell = |words: String| found.add(Part::Catalogue, Mark::Changed, both.clone(), words);
        let name = quoted(&is.title);
        if was.lead != is.lead {
            tell(format!("{name} is asked for {} ahead instead of {}.", is.lead, was.lead));
        }
        if was.eligible_when != is.eligible_when {
            tell(format!("Another set of answers makes {name} possible."));
        }
        if was.for_kinds != is.for_kinds {
            tell(format!("{name} is for other organisations than before."));
        }
        if was.for_roles != is.for_roles {
            tell(format!("{name} is for people of other roles than before."));
        }
        if was.cap != is.cap {
            tell(match is.cap {
                Some(cap) => format!("{name} can be asked for at most {cap}."),
                None => format!("{name} can be asked for as often as anybody likes."),
            });
        }
        if (was.done_within, &was.owner, &was.screened_by) != (is.done_within, &is.owner, &is.screened_by) {
            tell(format!("{name} has another owner, another promise or another clinical statement."));
        }
        if (&was.title, &was.description, &was.procedure) != (&is.title, &is.description, &is.procedure) {
            tell(format!("{name} is described in other words."));
        }
        if (&was.authorised_by, &was.expires) != (&is.authorised_by, &is.expires) {
            tell(format!("{name} is authorised by {} until {}.", is.authorised_by, is.expires));
        }
    }
}
