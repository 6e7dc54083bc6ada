//! From what happened back to what was asked for: the act, and what was typed.

use super::estate::Estate;
use crate::act::Act;
use crate::change::Content;
use crate::event::{Event, NewCondition, Promise, Recorded, Told};
use crate::form::{Answer, Codes, Raw, typed_again};
use crate::ids::{ServiceId, TextId};
use crate::process::TimerAct;
use crate::text::Text;
use std::collections::{BTreeMap, BTreeSet};

/// What to do about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Decide this act again.
    Do(Act, Raw),
    /// A timer rang.
    Ring(TimerAct),
    /// No document decides about it; it happened.
    Keep,
    /// It follows from something else, or nothing follows from it.
    Nothing,
}

/// What happened in truth so far, as far as it says what was typed next.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// What was last sent, to see what an amendment amended.
    pub sent: Option<Content>,
    /// Services that were said to be back.
    pub back: Vec<ServiceId>,
    /// Controls of hazards. Those that were scheduled become conditions of an acceptance, which nobody typed.
    pub controls: BTreeSet<TextId>,
}

impl Truth {
    pub fn note(&mut self, event: &Event) {
        if let Some(content) = content(event) {
            self.sent = Some(content.clone());
        }
        match event {
            Event::Restored { services, .. } => self.back.extend(services),
            Event::HazardRated(rated) => self.controls.extend(rated.rated.controls.iter().map(|control| control.what.text)),
            _ => {}
        }
    }
}

/// The content that an event carries.
pub fn content(event: &Event) -> Option<&Content> {
    match event {
        Event::Proposed { content } | Event::Submitted { content, .. } | Event::Amended { content, .. } | Event::Rescheduled { content, .. } => Some(content),
        _ => None,
    }
}

/// Fields as they are typed.
pub(super) struct Typed<'a> {
    pub raw: Raw,
    pub words: &'a BTreeMap<TextId, String>,
}

impl Typed<'_> {
    pub fn put(&mut self, field: &str, value: impl ToString) -> &mut Self {
        self.raw.insert(field.to_owned(), vec![value.to_string()]);
        self
    }

    /// Words; those that were erased are stood in for.
    pub fn text(&mut self, field: &str, text: &Text) -> &mut Self {
        let words = self.words.get(&text.text).map_or("(erased)", String::as_str).to_owned();
        self.put(field, words)
    }

    pub fn maybe(&mut self, field: &str, text: &Option<Text>) -> &mut Self {
        if let Some(text) = text {
            self.text(field, text);
        }
        self
    }

    pub fn yes(&mut self, field: &str, yes: bool) -> &mut Self {
        self.put(field, if yes { "yes" } else { "no" })
    }

    fn told(&mut self, told: &Told, recorded: &Recorded) -> &mut Self {
        if told.happened_at != recorded.at {
            self.put("happened_at", told.happened_at);
        }
        self.maybe("on_behalf_of", &told.on_behalf_of).yes("by_phone", told.by_phone)
    }

    fn promise(&mut self, promise: &Promise) -> &mut Self {
        self.text("take_down_by", &promise.take_down_by).text("restore_by", &promise.restore_by).text("promise_phone", &promise.phone);
        self.maybe("promise_times", &promise.times)
    }

    pub fn conditions(&mut self, conditions: &[NewCondition], estate: &Estate) -> &mut Self {
        for (n, condition) in conditions.iter().enumerate() {
            let n = n + 1;
            self.text(&format!("condition_{n}"), &condition.what);
            self.put(&format!("condition_{n}_owner"), estate.org_code(condition.owner).unwrap_or_default());
            self.put(&format!("condition_{n}_due"), condition.due);
        }
        self
    }
}

/// The command behind an event.
pub fn of(recorded: &Recorded, truth: &Truth, words: &BTreeMap<TextId, String>, estate: &Estate) -> What {
    let (event, sent) = (&recorded.event, truth.sent.as_ref());
    if recorded.by.person.is_none() {
        return of_the_program(event);
    }
    let mut typed = Typed { raw: Raw::new(), words };
    let act = match event {
        Event::Proposed { .. } | Event::Submitted { .. } | Event::Amended { .. } | Event::Rescheduled { .. } => answers(&mut typed, event, sent, words, estate),
        Event::SentBack { .. } | Event::Returned { .. } | Event::Accepted { .. } | Event::Assessed { .. } => checking(&mut typed, event),
        Event::Started { .. }
        | Event::RanLate { .. }
        | Event::Restored { .. }
        | Event::BackOutBegun { .. }
        | Event::Finished { .. }
        | Event::DepartmentTold(_) => work(&mut typed, recorded, &truth.back, estate),
        // What is said of a yes when an emergency is sent comes with the sending; that it is judged otherwise, with the start.
        Event::VerballyApproved(_) if sent.is_some_and(|sent| sent.answers.get("said_yes") == Some(&Answer::Yes(true))) => return What::Nothing,
        Event::Converted { .. } => return What::Nothing,
        Event::VerballyApproved(_)
        | Event::VerbalConfirmed { .. }
        | Event::VerbalDenied { .. }
        | Event::Ratified { .. }
        | Event::RatificationRefused(_)
        | Event::VerdictGiven(_) => urgent(&mut typed, event, estate),
        Event::Said { .. } => return What::Nothing,
        // Whom a freeze lets through was decided about that freeze, not about the document; the calendar of then is gone.
        Event::FreezeExcepted(_) | Event::ClashSettled(_) | Event::Ordered { .. } => return What::Keep,
        // A stop names its danger itself when it is decided again.
        Event::HazardRecorded(hazard) if hazard.words.effect.is_none() => return What::Nothing,
        _ => deciding(&mut typed, event, estate).or_else(|| ending(&mut typed, event)).or_else(|| super::safety::act(&mut typed, event, truth, estate)),
    };
    act.map_or(What::Keep, |act| What::Do(act, typed.raw))
}

/// What the program did by itself follows from what people did, but for timers and letters.
fn of_the_program(event: &Event) -> What {
    match event {
        Event::Overran => What::Ring(TimerAct::Overrun),
        Event::ExpiredUnanswered => What::Ring(TimerAct::Expire),
        Event::LastSafePassed => What::Ring(TimerAct::LastSafe),
        Event::ExpiryProposed => What::Ring(TimerAct::ProposeExpiry),
        Event::NoticeProtected => What::Ring(TimerAct::ProtectNotice),
        Event::Accepted { .. } | Event::AssessmentCompleted | Event::PaperworkAsked { .. } | Event::RecordCompleted | Event::EntrySuspended { .. } => {
            What::Nothing
        }
        _ => What::Keep,
    }
}

fn answers(typed: &mut Typed, event: &Event, sent: Option<&Content>, words: &BTreeMap<TextId, String>, estate: &Estate) -> Option<Act> {
    let content = content(event)?;
    let header = &content.header;
    let codes = Codes {
        items: header.items.iter().filter_map(|id| Some((*id, estate.item_code(*id)?.to_owned()))).collect(),
        services: header.services.iter().filter_map(|id| Some((*id, estate.service_code(*id)?.to_owned()))).collect(),
        sites: header.sites.iter().filter_map(|id| Some((*id, estate.site_code(*id)?.to_owned()))).collect(),
    };
    let mut answers = content.answers.clone();
    let act = match event {
        Event::Proposed { .. } => Act::Propose,
        Event::Submitted { late_reason, late_words, answers_to_hazards, .. } => {
            for (number, text) in answers_to_hazards {
                typed.text(&format!("answer_h{number}"), text);
            }
            if let Some(reason) = late_reason {
                typed.put("late_reason", reason);
            }
            typed.maybe("late_words", late_words);
            Act::Submit
        }
        Event::Amended { .. } => {
            answers.retain(|id, answer| id != "window" && sent.is_none_or(|sent| sent.answers.get(id) != Some(answer)));
            Act::Amend
        }
        Event::Rescheduled { reason, .. } => {
            answers.retain(|id, _| matches!(id.as_str(), "window" | "contingency_end"));
            typed.text("reason", reason);
            Act::Reschedule
        }
        _ => return None,
    };
    typed.raw.extend(typed_again(&answers, words, &codes));
    Some(act)
}

fn checking(typed: &mut Typed, event: &Event) -> Option<Act> {
    match event {
        Event::SentBack { reason } => {
            typed.text("reason", reason);
            Some(Act::SendBack)
        }
        Event::Returned { defects, supplier_side_only, voids_receipt, defective } => {
            let lines: Vec<&str> = defects.iter().map(|text| typed.words.get(&text.text).map_or("(erased)", String::as_str)).collect();
            let lines = lines.join("\n");
            typed.put("defects", lines).yes("supplier_side", *supplier_side_only);
            // Which answers were named is not kept; that one of them was needed for the notice is.
            if *voids_receipt || *defective {
                typed.put("fields", "window");
            }
            Some(Act::Return)
        }
        Event::Accepted { classification, promise, .. } => {
            if let Some(class) = classification {
                for (n, answer) in class.risk_answers.iter().enumerate() {
                    typed.put(&format!("risk_{}", n + 1), answer);
                }
                // That it was lowered is what a person decided; to what, is all that is kept of it.
                if class.lowered_from.is_some() {
                    typed.put("category_lowered_to", &class.category).put("lowered_because", "(as then)");
                }
            }
            if let Some(promise) = promise {
                typed.promise(promise);
            }
            Some(Act::Accept)
        }
        Event::Assessed { kind, objects, finding, .. } => {
            typed.put("assessment", kind.code()).yes("objects", *objects).text("finding", finding);
            Some(Act::Assess)
        }
        _ => None,
    }
}

fn deciding(typed: &mut Typed, event: &Event, estate: &Estate) -> Option<Act> {
    match event {
        Event::Approved { words, conditions, .. } => {
            // Whoever approved what cannot be undone had to say so.
            typed.maybe("words", words).conditions(conditions, estate).yes("no_way_back_accepted", true);
            Some(Act::Approve)
        }
        Event::Rejected { reason_code, reason } => {
            typed.put("reason_code", reason_code).text("reason", reason);
            Some(Act::Reject)
        }
        Event::MoreAsked { questions } => {
            typed.text("questions", questions);
            Some(Act::AskMore)
        }
        Event::Held { reason, review_on } => {
            typed.text("reason", reason).put("review_on", review_on);
            Some(Act::Hold)
        }
        Event::Resumed => Some(Act::Resume),
        Event::Scheduled { implementer, phone, short_gap, .. } => {
            typed.put("implementer", estate.email(*implementer).unwrap_or_default()).maybe("phone", phone).maybe("gap_reason", short_gap);
            Some(Act::Schedule)
        }
        Event::ConditionMet { number, words } => {
            typed.put("number", number).maybe("words", words);
            Some(Act::MeetCondition)
        }
        Event::NetworkTold { way, reference } => {
            typed.put("way", way).maybe("their_reference", reference);
            Some(Act::TellNetwork)
        }
        Event::NetworkAcknowledged { reference } => {
            typed.maybe("their_reference", reference);
            Some(Act::Acknowledge)
        }
        Event::NetworkRefused { reason } => {
            typed.text("reason", reason);
            Some(Act::RefuseNotice)
        }
        Event::NetworkToldUnacknowledged { proof } => {
            typed.text("proof", proof);
            Some(Act::RecordTold)
        }
        Event::NoticeSettled { consequence, reason } => {
            typed.put("consequence", consequence.code()).text("reason", reason);
            Some(Act::SettleNotice)
        }
        Event::NoticeDisputed { reason } => {
            typed.text("reason", reason);
            Some(Act::DisputeNotice)
        }
        _ => None,
    }
}

fn work(typed: &mut Typed, recorded: &Recorded, back: &[ServiceId], estate: &Estate) -> Option<Act> {
    let codes = |services: &[ServiceId]| -> Vec<String> { services.iter().filter_map(|id| estate.service_code(*id)).map(str::to_owned).collect() };
    match &recorded.event {
        Event::Started { told } => {
            typed.told(told, recorded);
            Some(Act::Start)
        }
        Event::RanLate { told, expected_end, words } => {
            typed.told(told, recorded).put("expected_end", expected_end).maybe("words", words);
            Some(Act::RunningLate)
        }
        Event::Restored { told, services } => {
            typed.told(told, recorded).raw.insert("back".into(), codes(services));
            Some(Act::Restore)
        }
        Event::DepartmentTold(one) => {
            typed.told(&one.told, recorded).put("area", &one.area).maybe("department_name", &one.name).text("who_there", &one.who).yes("knows", one.confirmed);
            Some(Act::TellDepartment)
        }
        Event::BackOutBegun { told, reason } => {
            typed.told(told, recorded).text("reason", reason);
            Some(Act::BackOut)
        }
        Event::Finished { told, outcome, not_back, words, state_verified } => {
            typed.told(told, recorded).put("outcome", outcome.code()).maybe("not_back", not_back).maybe("words", words);
            typed.maybe("state_verified", state_verified);
            let back = codes(back);
            if !back.is_empty() {
                typed.raw.insert("back".into(), back);
            }
            Some(Act::Finish)
        }
        _ => None,
    }
}

fn urgent(typed: &mut Typed, event: &Event, estate: &Estate) -> Option<Act> {
    match event {
        Event::VerballyApproved(yes) => {
            typed.put("verbal_approver", estate.email(yes.approver).unwrap_or_default()).put("verbal_channel", &yes.channel);
            typed.put("verbal_at", yes.said_at).text("verbal_witness", &yes.witness);
            Some(Act::RecordVerbal)
        }
        Event::VerbalConfirmed { words } => {
            typed.yes("agreed", true).maybe("words", words);
            Some(Act::ConfirmVerbal)
        }
        Event::VerbalDenied { words } => {
            typed.yes("agreed", false).text("words", words);
            Some(Act::ConfirmVerbal)
        }
        Event::Ratified { words } => {
            typed.yes("agreed", true).maybe("reason", words);
            Some(Act::Ratify)
        }
        Event::RatificationRefused(judged) => {
            typed.yes("agreed", false).maybe("reason", &judged.reason).maybe("action", &judged.action);
            Some(Act::Ratify)
        }
        Event::VerdictGiven(judged) => {
            typed.yes("was_emergency", judged.emergency_true).yes("authority_agreed", judged.authority_agreed);
            typed.put("verdict", judged.verdict.code()).maybe("reason", &judged.reason).maybe("action", &judged.action);
            Some(Act::GiveVerdict)
        }
        _ => None,
    }
}

fn ending(typed: &mut Typed, event: &Event) -> Option<Act> {
    match event {
        Event::Cancelled { reason } => {
            typed.text("reason", reason);
            Some(Act::Cancel)
        }
        Event::Withdrawn { reason } => {
            typed.maybe("reason", reason);
            Some(Act::Withdraw)
        }
        Event::ReviewOpened { .. } => Some(Act::Review),
        Event::Reviewed { words, findings } => {
            typed.text("words", words);
            // A review of before its parts were asked for states neither.
            typed.put("cause", findings.as_ref().map_or("other", |found| found.cause.code()));
            typed.put("benefit", findings.as_ref().map_or("too_early", |found| found.benefit.code()));
            Some(Act::Review)
        }
        Event::Closed { outcome, words, looked } => {
            typed.put("outcome", outcome.code()).maybe("words", words);
            if let Some(looked) = looked {
                typed.yes("looked", *looked);
            }
            Some(Act::Close)
        }
        Event::Restated { outcome, reason, .. } => {
            typed.put("outcome", outcome.code()).text("reason", reason);
            Some(Act::Restate)
        }
        _ => None,
    }
}
