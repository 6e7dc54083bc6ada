//! What cannot work, though every word is known.

use super::decisions::{DECISIONS, Decision, may_ask};
use super::facts::{self, FACTS, Type, code_of};
use super::graph::{self, AFTER_APPROVAL, ENDS};
use super::table::{Flaw, Policy, Table};
use super::{AnswerKind, Condition, Fault, Process, Step, Test, TimerAct, TimerWhen, cells, dictionary};
use crate::act::Act;
use crate::change::{Kind, Stage};
use crate::rule::Rule;

/// Every fault of a document as a whole.
pub fn check(process: &Process) -> Vec<Fault> {
    let mut checking = Checking { process, faults: vec![] };
    checking.questions();
    checking.steps();
    checking.stages();
    checking.approvals();
    checking.rules();
    checking.assessments();
    checking.timers();
    checking.catalogue();
    checking.decisions();
    checking.faults
}

/// What a rule waits for: without any of these acts a step that needs it could never be taken.
const WAITS_FOR: &[(Rule, &[Act])] = &[
    (Rule::AssessmentsDone, &[Act::Assess]),
    (Rule::ClinicalAccepted, &[Act::Screen]),
    (Rule::DowntimeAttached, &[Act::Attach, Act::WaiveDowntime]),
    (Rule::ProviderTold, &[Act::TellNetwork, Act::RecordTold]),
    (Rule::ReviewDone, &[Act::Review]),
    (Rule::ConditionsMet, &[Act::MeetCondition]),
    (Rule::Ratified, &[Act::Ratify]),
    (Rule::VerdictGiven, &[Act::GiveVerdict]),
    (Rule::ClinicallyReviewed, &[Act::Screen]),
    (Rule::TasksDone, &[Act::RecordStep]),
];

fn has(process: &Process, act: Act) -> bool {
    process.steps.iter().any(|step| step.act == act)
}

fn key(step: &Step) -> String {
    format!("step {} {}", step.act.code(), step.from.code())
}

struct Checking<'a> {
    process: &'a Process,
    faults: Vec<Fault>,
}

impl Checking<'_> {
    fn fault(&mut self, key: &str, code: &'static str, message: String) {
        self.faults.push(Fault::at(&self.process.place(key), code, message));
    }

    fn questions(&mut self) {
        for id in ["title", "window"] {
            if self.process.question(id).is_none() {
                self.fault("", "question-needed", format!("No question has the id {id}; every change needs it."));
            }
        }
        for question in &self.process.questions {
            let key = format!("question {}", question.id);
            if let AnswerKind::Moment { after: Some(after) } = &question.answer
                && !self.process.question(after).is_some_and(|q| matches!(q.answer, AnswerKind::Window | AnswerKind::Moment { .. } | AnswerKind::Date))
            {
                self.fault(&key, "question-unknown", format!("The answer to {} must be after {after}, which no question asks.", question.id));
            }
            if let Some(condition) = &question.asked_when {
                if condition.any.iter().flatten().any(|test| test.subject == question.id) {
                    self.fault(&key, "question-never-asked", format!("{} is asked only after it is answered, so never.", question.id));
                }
                self.condition(&key, condition);
            }
        }
    }

    fn condition(&mut self, key: &str, condition: &Condition) {
        for test in condition.any.iter().flatten() {
            self.test(key, test);
        }
    }

    /// A test must name something that is known, and values that it can have.
    fn test(&mut self, key: &str, test: &Test) {
        let subject = &test.subject;
        let values: Vec<String> = match (self.process.question(subject).map(|q| &q.answer), facts::find(subject)) {
            (Some(AnswerKind::Choice(list) | AnswerKind::Choices(list) | AnswerKind::Reason(list)), _) => list.clone(),
            (Some(AnswerKind::YesNo), _) => vec!["yes".to_owned(), "no".to_owned()],
            (Some(AnswerKind::Number { min, max }), _) | (None, Some(facts::Fact { kind: Type::Number(min, max), .. })) => {
                for value in &test.values {
                    if !value.parse::<i64>().is_ok_and(|n| (*min..=*max).contains(&n)) {
                        self.fault(key, "value-unknown", format!("{subject} is a number from {min} to {max}, never {value}."));
                    }
                }
                return;
            }
            (None, Some(facts::Fact { kind: Type::Words(list), .. })) => list.iter().map(|w| (*w).to_owned()).collect(),
            (Some(_), _) | (None, Some(_)) => {
                return self.fault(key, "value-unknown", format!("{subject} cannot be tested: its answer is not one of a list."));
            }
            (None, None) => {
                let known: Vec<&str> = self.process.questions.iter().map(|q| q.id.as_str()).chain(FACTS.iter().map(|f| f.code)).collect();
                return self.fault(
                    key,
                    "fact-unknown",
                    format!("{subject} is neither a question of this document nor a fact that the program knows.{}", dictionary::meant(subject, &known)),
                );
            }
        };
        for value in test.values.iter().filter(|value| !values.contains(value)) {
            self.fault(key, "value-unknown", format!("{subject} is never {value}; it is one of {}.", values.join(", ")));
        }
    }

    /// Each step must say what its act does.
    fn steps(&mut self) {
        for step in &self.process.steps {
            let meant = graph::leads_to(self.process.kind, step.act, step.from);
            if step.to != meant {
                let says = step.to.map_or("leaves the change where it is", Stage::code);
                let does = meant.map_or("leaves the change where it is".to_owned(), |to| format!("leads to {}", to.code()));
                self.fault(&key(step), "to-impossible", format!("From {}, {} {does}; this row says {says}.", step.from.code(), step.act.code()));
            }
        }
    }

    fn stages(&mut self) {
        let reached = graph::reachable(self.process, Stage::Draft, |_| true);
        let mut said = vec![];
        for step in &self.process.steps {
            if !reached.contains(&step.from) && !said.contains(&step.from) {
                said.push(step.from);
                self.fault(&key(step), "stage-unreachable", format!("No step leads to {}, from which this one starts.", step.from.code()));
            }
        }
        for stage in reached.iter().copied().filter(|stage| !ENDS.contains(stage)) {
            let onward = graph::reachable(self.process, stage, |_| true);
            if !onward.iter().any(|next| ENDS.contains(next)) {
                let entry = self.process.steps.iter().find(|step| step.to == Some(stage) && step.from != stage).map_or(String::new(), key);
                self.fault(&entry, "dead-end", format!("A change that comes to {} can never end.", stage.code()));
            }
        }
        // It could still be withdrawn from there, but what is held is meant to go on.
        for step in self.process.steps.iter().filter(|step| step.act == Act::Hold) {
            if !has(self.process, Act::Resume) {
                self.fault(&key(step), "dead-end", format!("A change that is held from {} can never be resumed.", step.from.code()));
            }
        }
        if !reached.contains(&Stage::Closed) {
            let last = self.process.steps.iter().find(|step| step.act == Act::Close).map_or(String::new(), key);
            self.fault(&last, "close-unreachable", "No change of this kind can ever be closed.".to_owned());
        }
    }

    /// No way leads past approval, and nobody approves or closes alone what is their own.
    fn approvals(&mut self) {
        let unapproved = graph::reachable(self.process, Stage::Draft, |step| !graph::is_approval(step) && !step.act.is_fact());
        for step in self.process.steps.iter().filter(|step| unapproved.contains(&step.from) && !graph::is_approval(step)) {
            // X1: that work has begun unapproved is recorded and marked; no rule can be made against what is so.
            if step.act.is_fact() {
                continue;
            }
            if let Some(to) = step.to.filter(|to| AFTER_APPROVAL.contains(to) && !AFTER_APPROVAL.contains(&step.from)) {
                self.fault(
                    &key(step),
                    "approval-passed-by",
                    format!("{} takes a change from {} to {} though nobody has approved it.", step.act.code(), step.from.code(), to.code()),
                );
            }
        }
        for step in self.process.steps.iter().filter(|step| step.act == Act::Approve) {
            if !step.needs.iter().any(|rule| matches!(rule, Rule::FourEyes | Rule::OtherOrganisation)) {
                self.fault(
                    &key(step),
                    "approval-alone",
                    "The approval needs neither four eyes nor other organisation, so anybody could approve their own change.".to_owned(),
                );
            }
        }
        self.looked_at_afterwards();
        // SD-6 holds always (settled 5).
        for step in self.process.steps.iter().filter(|step| step.act == Act::Close) {
            if !step.needs.contains(&Rule::OutcomeByAnother) {
                self.fault(&key(step), "close-alone", "The closing does not need outcome by another, so whoever did the work could confirm it.".to_owned());
            }
        }
    }

    /// SD-8 and BR-24: what was done first is looked at before it is closed.
    fn looked_at_afterwards(&mut self) {
        let (rule, why) = match self.process.kind {
            Kind::Emergency => (Rule::Ratified, "one person alone could approve and close an emergency"),
            Kind::Retrospective => (Rule::VerdictGiven, "work that nobody approved could be closed without a verdict"),
            _ => return,
        };
        for step in self.process.steps.iter().filter(|step| step.act == Act::Close && !step.needs.contains(&rule)) {
            self.fault(&key(step), "approval-alone", format!("The closing does not need {}, so {why}.", rule.words()));
        }
    }

    fn rules(&mut self) {
        for step in &self.process.steps {
            for (rule, acts) in WAITS_FOR {
                if step.needs.contains(rule) && !acts.iter().any(|act| has(self.process, *act)) {
                    self.fault(
                        &key(step),
                        "rule-never-met",
                        format!("{} waits for {}, but no step lets anybody {}.", step.act.code(), rule.words(), acts[0].words()),
                    );
                }
            }
            if step.needs.contains(&Rule::LateNoticeExplained) && self.process.question("late_reason").is_none() {
                self.fault(&key(step), "rule-never-met", "late notice explained needs the question late_reason.".to_owned());
            }
        }
    }

    fn assessments(&mut self) {
        let may_assess = |who| self.process.steps.iter().any(|step| step.act == Act::Assess && step.who.contains(who));
        let mut faults = vec![];
        for row in &self.process.assessments {
            let key = format!("assessment {}", row.kind.code());
            if row.who.is_empty() {
                faults.push((key.clone(), "who-missing", format!("Nobody gives the {} assessment.", row.kind.words())));
            }
            for who in row.who.iter().filter(|who| !may_assess(*who)) {
                faults.push((
                    key.clone(),
                    "assessor-cannot",
                    format!("The {} assessment is asked of the {}, who may not take the step assess.", row.kind.words(), dictionary::who_words(*who)),
                ));
            }
        }
        for (key, code, message) in faults {
            self.fault(&key, code, message);
        }
        for row in &self.process.assessments {
            let key = format!("assessment {}", row.kind.code());
            if let Some(condition) = &row.when {
                self.condition(&key, condition);
            }
            if !self.process.steps.iter().any(|step| step.needs.contains(&Rule::AssessmentsDone)) {
                self.fault(&key, "assessment-ignored", format!("The {} assessment is asked for, but no step needs assessments done.", row.kind.words()));
            }
        }
    }

    fn timers(&mut self) {
        let reached = graph::reachable(self.process, Stage::Draft, |_| true);
        let places = &self.process.places;
        let key_of = |when: &TimerWhen| {
            places.keys().find(|k| k.strip_prefix("timer ").and_then(|w| cells::timer_when(w).ok()).as_ref() == Some(when)).cloned().unwrap_or_default()
        };
        for timer in &self.process.timers {
            let key = key_of(&timer.when);
            let (TimerWhen::WorkingDaysIn { stage, .. } | TimerWhen::DaysIn { stage, .. }) = &timer.when else {
                let wrong = match timer.when {
                    TimerWhen::LastSafe { .. } => !matches!(timer.then, TimerAct::LastSafe | TimerAct::Remind),
                    TimerWhen::GoDue => !matches!(timer.then, TimerAct::AskGo | TimerAct::Remind),
                    TimerWhen::Idle { .. } => !matches!(timer.then, TimerAct::ProposeExpiry | TimerAct::Remind),
                    _ => matches!(timer.then, TimerAct::LastSafe | TimerAct::AskGo | TimerAct::ProposeExpiry),
                };
                if wrong {
                    self.fault(&key, "timer-wrong", "What this timer does does not fit its time.".to_owned());
                }
                if timer.then == TimerAct::Expire {
                    self.fault(&key, "timer-wrong", "Only days in a stage can let a change expire.".to_owned());
                }
                continue;
            };
            if !reached.contains(stage) {
                self.fault(&key, "stage-unreachable", format!("No change of this kind comes to {}, so this timer never runs.", stage.code()));
            } else if timer.then == TimerAct::Expire && self.process.step(Act::Expire, *stage).is_none() {
                self.fault(&key, "timer-wrong", format!("The timer lets a change expire in {}, but there is no step expire from there.", stage.code()));
            }
        }
    }

    fn catalogue(&mut self) {
        let is_request = self.process.kind == Kind::ServiceRequest;
        if is_request && self.process.catalogue.is_empty() {
            self.fault("", "catalogue-empty", "A document for service requests has a Catalogue.".to_owned());
        }
        for entry in &self.process.catalogue {
            let key = format!("catalogue {}", entry.id);
            if !is_request {
                self.fault(&key, "catalogue-misplaced", "Only service requests are asked for by a Catalogue.".to_owned());
            }
            if code_of(&entry.id) != entry.id || entry.id.contains('-') || entry.id.is_empty() {
                self.fault(&key, "id-wrong", format!("The id {:?} is not lower-case letters, digits and underscores.", entry.id));
            }
            if entry.procedure.is_empty() || entry.authorised_by.is_empty() || entry.title.is_empty() {
                self.fault(&key, "catalogue-incomplete", format!("{} lacks its title, its procedure or who authorised it.", entry.id));
            }
            for test in &entry.eligible_when {
                self.test(&key, test);
            }
        }
        for step in self.process.steps.iter().filter(|step| step.act == Act::Accept && is_request) {
            if !step.needs.contains(&Rule::RequestEligible) {
                self.fault(&key(step), "approval-passed-by", "A request is accepted without request eligible, so nothing has authorised it.".to_owned());
            }
        }
    }

    fn decisions(&mut self) {
        for decision in DECISIONS.iter().filter(|d| (d.needed)(self.process) && !self.process.tables.contains_key(d.name)) {
            self.fault("", "table-missing", format!("There is no table Decide: {}.", decision.name));
        }
        if self.process.risk_questions.iter().all(|row| row.weight == 0) && self.process.steps.iter().any(|step| step.needs.contains(&Rule::Classified)) {
            self.fault("", "risk-questions-missing", "Nothing is asked about risk: no row of Risk questions has a weight.".to_owned());
        }
        for (name, table) in &self.process.tables {
            let key = format!("table {name}");
            match DECISIONS.iter().find(|d| d.name == name) {
                None => {
                    let known: Vec<&str> = DECISIONS.iter().map(|d| d.name).collect();
                    self.fault(&key, "table-unknown", format!("Nothing asks for the decision {name}; the decisions are {}.", known.join(", ")));
                }
                Some(decision) => {
                    self.outputs(table, decision);
                    self.inputs(table, decision);
                }
            }
            for flaw in table.flaws() {
                self.flaw(table, flaw);
            }
        }
    }

    /// Which facts the decision may build upon, and how many answers it takes.
    fn inputs(&mut self, table: &Table, decision: &Decision) {
        let key = format!("table {}", table.name);
        for input in table.inputs.iter().filter(|input| !may_ask(decision.name, input.code)) {
            let message = format!("{} asks for {}, which is decided by it or after it.", table.name, input.words);
            self.fault(&key, "fact-circular", message);
        }
        if table.policy == Policy::Collect && !decision.many {
            self.fault(&key, "policy-wrong", format!("{} wants one answer; write unique, first or worst.", table.name));
        }
        let is_ordered = decision.outputs.iter().find(|column| Some(column.name) == table.outputs.first().map(String::as_str));
        if table.policy == Policy::Worst
            && is_ordered.is_some_and(|column| table.rows.iter().all(|row| column.kind.rank(row.outputs.first().map_or("", String::as_str)).is_none()))
        {
            self.fault(&key, "policy-wrong", format!("{}: its first answer has no order, so none is the worst; write unique or first.", table.name));
        }
    }

    fn flaw(&mut self, table: &Table, flaw: Flaw) {
        let name = &table.name;
        let above = if table.policy == Policy::Worst { "graver rows, or rows above it, take every case" } else { "rows above it take every case" };
        match flaw {
            Flaw::Gap { case } => self.fault(&format!("table {name}"), "table-gap", format!("{name}: no row answers: {case}.")),
            Flaw::Overlap { rows: (a, b), case } => {
                self.fault(&format!("table {name} row {b}"), "table-overlap", format!("{name}: rows {} and {} both answer: {case}.", a + 1, b + 1))
            }
            Flaw::Unreached { row } => {
                self.fault(&format!("table {name} row {row}"), "table-row-unreached", format!("{name}: row {} never answers; {above}.", row + 1))
            }
            Flaw::TooWide => self.fault(&format!("table {name}"), "table-too-wide", format!("{name} asks too much at once to be checked.")),
        }
    }

    fn outputs(&mut self, table: &Table, decision: &Decision) {
        for column in decision.outputs.iter().filter(|column| !column.optional && !table.outputs.iter().any(|o| o == column.name)) {
            self.fault(&format!("table {}", table.name), "column-missing", format!("{} has no column → {}.", table.name, column.name));
        }
        for (at, output) in table.outputs.iter().enumerate() {
            let Some(column) = decision.outputs.iter().find(|column| column.name == output) else {
                self.fault(&format!("table {}", table.name), "column-unknown", format!("Nothing reads the column → {output} of {}.", table.name));
                continue;
            };
            for (number, row) in table.rows.iter().enumerate() {
                let cell = row.outputs.get(at).map_or("", String::as_str);
                if let Err(why) = column.kind.check(self.process, cell) {
                    self.fault(&format!("table {} row {number}", table.name), "output-wrong", format!("{}: {why}", table.name));
                }
            }
        }
    }
}
