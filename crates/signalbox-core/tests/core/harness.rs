//! Given a world and a change in it, when people act, then it is so: what scenarios and matrices share.

use jiff::Timestamp;
use signalbox_core::act::Act;
use signalbox_core::actor::Actor;
use signalbox_core::change::Stage;
use signalbox_core::decide::fields;
use signalbox_core::form::Raw;
use signalbox_core::ids::OrgId;
use signalbox_core::process::{AnswerKind, Process, Processes};
use signalbox_core::refusal::Refusal;
use signalbox_core::samples::{Case, TRUST, World, raw};
use std::sync::Arc;

/// A moment of London's wall time.
pub fn at(wall: &str) -> Timestamp {
    wall.parse::<jiff::civil::DateTime>().unwrap().in_tz("Europe/London").unwrap().timestamp()
}

pub fn document(id: &str) -> Arc<Process> {
    Processes::shipped().unwrap().by_id(id).unwrap().clone()
}

/// The planned-outage document with `10 clear working days`, as the scenarios of the specification have it.
pub fn strict_outage() -> Arc<Process> {
    let text = signalbox_core::process::load::SHIPPED.iter().find(|(file, _)| *file == "planned-outage.md").unwrap().1;
    let strict = text.replace("| 10 | days |", "| 10 | clear working days |");
    assert_ne!(text, strict);
    let processes = Processes::shipped_with(&[("planned-outage.md", &strict)]).unwrap();
    processes.by_id("planned-outage").unwrap().clone()
}

/// What a planned outage of the imaging gateway needs to be sent; `start` and `end` are wall time.
pub fn outage(start: &str, end: &str) -> Raw {
    let mut fields = window(start, end);
    fields.extend(raw(&[
        ("title", "Generator test"),
        ("outage_type", "mains power"),
        ("items", "GW-1"),
        ("network_affected", "no"),
        ("departments.1.area", "imaging"),
        ("departments.1.cover", "Films are read at the workstation"),
        ("departments.1.told", "The lead radiographer, day shift"),
        ("restore_test", "A test image is sent"),
        ("backout", "Power goes back on by noon"),
        ("contact_on_site.name", "A. Rahman"),
        ("contact_on_site.phone", "020 7946 0117"),
        ("outage_minutes", "10"),
        ("degraded_minutes", "0"),
        ("users_affected", "5"),
        ("patient_facing", "none"),
        ("why_words", "The test is due"),
        ("charge_hint", "no"),
    ]));
    fields
}

/// What a normal change of the rota needs to be sent and to be decided.
pub fn normal(service: &str, item: &str, start: &str, end: &str) -> Raw {
    let mut fields = window(start, end);
    fields.extend(raw(&[
        ("title", "Move the rota to new hardware"),
        ("why", "improvement"),
        ("people_notice", "Nothing"),
        ("services", service),
        ("items", item),
        ("backout", "The old server is switched on again"),
        ("proof", "The matron opens tomorrow's rota"),
        ("contact_on_site.name", "A. Rahman"),
        ("contact_on_site.phone", "020 7946 0117"),
        ("why_words", "The old server fails"),
        ("what", "Copy, switch, test"),
        ("outage_minutes", "0"),
        ("degraded_minutes", "0"),
        ("users_affected", "5"),
        ("patient_facing", "none"),
        ("reversible", "yes"),
        ("backout_minutes", "10"),
        ("test_evidence", "Done twice on the test system"),
        ("security_flag", "no"),
        ("network_affected", "no"),
        ("charge_hint", "no"),
    ]));
    fields
}

/// A request for a printer queue.
pub fn request(start: &str, end: &str) -> Raw {
    let mut fields = window(start, end);
    fields.extend(raw(&[
        ("model", "printer_queue"),
        ("title", "A queue for ward 4"),
        ("wanted", &start[..10]),
        ("services", "ROTA"),
        ("like_for_like", "not_applicable"),
        ("old_one_off", "not_applicable"),
        ("agreed_pattern", "not_applicable"),
        ("user_has_contract", "not_applicable"),
        ("contact_on_site.name", "A. Rahman"),
        ("contact_on_site.phone", "020 7946 0117"),
    ]));
    fields
}

fn window(start: &str, end: &str) -> Raw {
    let parts = |id: &str, wall: &str| raw(&[(&format!("{id}.date"), &wall[..10]), (&format!("{id}.time"), &wall[11..])]);
    let mut fields = parts("window.start", start);
    fields.extend(parts("window.end", end));
    fields
}

/// Only what the document asks: the samples above know questions that a document may have removed.
pub fn asked(process: &Process, fields: Raw) -> Raw {
    let is_asked = |id: &String| process.questions.iter().any(|q| id == &q.id || id.strip_prefix(q.id.as_str()).is_some_and(|rest| rest.starts_with('.')));
    let mut fields: Raw = fields.into_iter().filter(|(id, _)| is_asked(id)).collect();
    if process.question("contingency_end").is_some() {
        for part in ["date", "time"] {
            let end = fields[&format!("window.end.{part}")].clone();
            fields.entry(format!("contingency_end.{part}")).or_insert(end);
        }
    }
    fields
}

/// Acting in a case by name.
pub trait Play {
    /// It is accepted.
    fn does(&mut self, who: &str, act: Act, fields: &[(&str, &str)]) -> &mut Self;
    /// The same with fields at hand.
    fn sends(&mut self, who: &str, act: Act, fields: &Raw) -> &mut Self;
    /// It is refused; the codes, with the field before a fault.
    fn refuses(&self, who: &str, act: Act, fields: &Raw) -> Vec<String>;
    /// Everybody who owes an assessment gives it; a safety officer screens with eight times no.
    fn assessed(&mut self) -> &mut Self;
    /// The downtime procedure is attached, where one is needed.
    fn with_downtime_procedure(&mut self) -> &mut Self;
    /// The moment changes.
    fn by_then(&mut self, wall: &str) -> &mut Self;
}

impl Play for Case<'_> {
    fn does(&mut self, who: &str, act: Act, fields: &[(&str, &str)]) -> &mut Self {
        self.sends(who, act, &raw(fields))
    }

    fn sends(&mut self, who: &str, act: Act, fields: &Raw) -> &mut Self {
        let actor = actor(self, who);
        if let Err(refusal) = self.act(&actor, act, fields) {
            panic!("{who} may not {} at {}: {refusal:?}", act.code(), self.change.stage.code());
        }
        self
    }

    fn refuses(&self, who: &str, act: Act, fields: &Raw) -> Vec<String> {
        match self.try_act(&actor(self, who), act, fields) {
            Ok(decision) => panic!("{who} did {}: {:?}", act.code(), decision.events.iter().map(|e| e.event.kind()).collect::<Vec<_>>()),
            Err(refusal) => codes(&refusal),
        }
    }

    fn assessed(&mut self) -> &mut Self {
        let no: Vec<(String, String)> = (1..=8).map(|n| (format!("q{n}"), "no".to_owned())).collect();
        let no: Vec<(&str, &str)> = no.iter().map(|(q, a)| (q.as_str(), a.as_str())).collect();
        // The same answers sent again keep what was signed.
        if self.change.clinical == signalbox_core::change::Clinical::NotAssessed {
            self.does("authority-officer", Act::Screen, &no);
        }
        while self.change.stage == Stage::Assessing {
            let (player, _) = *self.who_may(Act::Assess).first().expect("an assessment is owed by nobody");
            let facts = self.facts_for(None, &Raw::new());
            let kinds = fields::of_act(&self.context(&player.actor, &facts), &self.change, Act::Assess);
            let AnswerKind::Choice(codes) = &kinds[0].kind else { panic!("the first field is not the assessment") };
            let code = codes[0].clone();
            self.does(player.name, Act::Assess, &[("assessment", &code), ("objects", "no"), ("finding", "Nothing against it")]);
        }
        self
    }

    fn with_downtime_procedure(&mut self) -> &mut Self {
        if signalbox_core::clinical::needs_downtime(&self.change) {
            self.does("coordinator", Act::Attach, &[("file", "1"), ("purpose", "downtime_procedure")]);
        }
        self
    }

    fn by_then(&mut self, wall: &str) -> &mut Self {
        self.now = at(wall);
        self
    }
}

/// The codes of a refusal.
pub fn codes(refusal: &Refusal) -> Vec<String> {
    match refusal {
        Refusal::Denied(bars) => bars.iter().map(|b| b.code.to_owned()).collect(),
        Refusal::WrongStage(_) => vec!["wrong-stage".to_owned()],
        Refusal::Invalid(faults) => faults.iter().map(|v| v.field.iter().map(|f| format!("{f}: ")).collect::<String>() + v.code).collect(),
    }
}

fn actor(case: &Case, who: &str) -> Actor {
    let player = case.world.person(who);
    assert_eq!(player.name, who, "nobody is called so");
    player.actor.clone()
}

/// A draft by this person for this organisation.
pub fn draft<'w>(world: &'w World, process: &'w Process, who: &str, org: OrgId, wall: &str) -> Case<'w> {
    // Number 1 of no prefix falls in the sample of one in twenty.
    Case::raise(world, process, world.person(who), org, 1, at(wall)).unwrap()
}

/// The answers to the six risk questions, all at their lowest.
pub const LOW_RISK: &[(&str, &str)] = &[("risk_1", "0"), ("risk_2", "0"), ("risk_3", "0"), ("risk_4", "0"), ("risk_5", "0"), ("risk_6", "0")];
/// What the supplier promises on accepting an outage.
pub const PROMISE: &[(&str, &str)] = &[("take_down_by", "B. Okafor"), ("restore_by", "B. Okafor"), ("promise_phone", "020 7946 0200")];

/// A notice of an outage, sent by the trust's only coordinator.
pub fn notice<'w>(world: &'w World, process: &'w Process, received: &str, start: &str, end: &str) -> Case<'w> {
    let mut case = draft(world, process, "coordinator", TRUST, received);
    case.sends("coordinator", Act::Submit, &late(asked(process, outage(start, end))));
    case
}

pub fn late(mut fields: Raw) -> Raw {
    fields.extend(raw(&[("late_reason", "utility_imposed"), ("late_words", "The distributor's letter")]));
    fields
}

/// A normal change of a service without direct care, as far as approved.
pub fn approved<'w>(world: &'w World, process: &'w Process) -> Case<'w> {
    let mut case = draft(world, process, "requester", TRUST, "2026-11-02T09:00");
    let fields = asked(process, normal("ROTA", "SRV-2", "2026-12-08T09:00", "2026-12-08T12:00"));
    case.sends("requester", Act::Propose, &fields).sends("coordinator", Act::Submit, &fields);
    case.does("manager", Act::Accept, LOW_RISK).assessed().does("manager", Act::Approve, &[]);
    case
}

pub fn scheduled<'w>(world: &'w World, process: &'w Process) -> Case<'w> {
    let mut case = approved(world, process);
    case.does("manager", Act::Schedule, &[("implementer", "implementer@example.org")]);
    case
}

pub fn closed<'w>(world: &'w World, process: &'w Process) -> Case<'w> {
    let mut case = scheduled(world, process);
    case.by_then("2026-12-08T09:00").does("implementer", Act::Start, &[]);
    case.by_then("2026-12-08T11:00").does("implementer", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
    case.does("manager", Act::Close, &[("outcome", "successful")]);
    case
}

/// A hazard, as anybody records it.
pub const HAZARD: &[(&str, &str)] = &[("hazard", "Films cannot be seen"), ("effect", "A fracture is found late")];
/// A rating of 1, which one officer accepts.
pub const LOW_RATING: &[(&str, &str)] =
    &[("which", "H1"), ("harm", "inconvenience"), ("patients", "one"), ("likelihood", "low"), ("why", "The films can be read at the scanner")];

/// A rejection form with everything that it asks; it names a hazard of its own where none was recorded.
pub fn rejection(case: &Case) -> Raw {
    let mut form = raw(&[
        ("ground", "hazard"),
        ("scope", "PACS at both hospitals, all patients with films"),
        ("documents", "Safety case 2.1\nHazard log 14"),
        ("not_changing_harm", "inconvenience"),
        ("not_changing_patients", "many"),
        ("not_changing_likelihood", "low"),
        ("not_changing", "The old gateway works"),
        ("alternatives", "One hospital at a time"),
        ("resubmit_1", "There is a second viewer"),
        ("resubmit_1_evidence", "A film seen on it in the ward"),
        ("resubmit_1_judge", "The lead radiographer"),
        ("no_conflict", "yes"),
    ]);
    if case.change.safety.hazards.is_empty() {
        form.extend(raw(&[("hazard", "No films"), ("effect", "Surgery waits"), ("harm", "death"), ("patients", "many"), ("likelihood", "low")]));
        form.extend(raw(&[("unacceptable", "Nothing covers it at night")]));
    }
    form
}

/// The same answers, and one to each hazard of the rejection.
pub fn answered(case: &Case, mut fields: Raw) -> Raw {
    for number in case.change.to_be_answered() {
        fields.insert(format!("answer_h{number}"), vec![format!("H{number} is covered now")]);
    }
    fields
}
