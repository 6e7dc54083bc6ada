//! From draft to received: T1 to T6, T12 and T34.

use super::content;
use super::{Taking, catalogue, notice, urgent};
use crate::change::Change;
use crate::event::{Event, NoticeGiven};
use crate::refusal::Violation;
use crate::rule::Rule;

/// T1: the draft, complete, goes to the coordinator.
pub(super) fn propose(t: &mut Taking) -> Option<Vec<Event>> {
    let raw = t.form.raw();
    let answers = content::read_answers(t, raw);
    let content = content::make(t, answers)?;
    Some(vec![Event::Proposed { content: Box::new(content) }])
}

/// T4.
pub(super) fn send_back(t: &mut Taking) -> Option<Vec<Event>> {
    Some(vec![Event::SentBack { reason: t.form.text("reason", true)? }])
}

/// T2, T3, T6, T12, T34: the notice is received. Lateness is judged and explained, never refused (settled 2).
pub(super) fn submit(t: &mut Taking) -> Option<Vec<Event>> {
    let raw = t.form.raw();
    let answers = content::read_answers(t, raw);
    let ineligible = if t.needs(&Rule::RequestEligible) { catalogue::faults(t.ctx, &answers, t.change.id) } else { vec![] };
    t.form.faults.extend(ineligible);
    if t.needs(&Rule::AlreadyDone) {
        urgent::must_be_past(t, &answers);
    }
    let content = content::make(t, answers);
    let mut after: Change = t.change.clone();
    after.content = Some(content?);
    let received = received_at(t, &after);
    after.late_reason = None;
    let late = notice::judge(t.ctx, &after, received).is_some_and(|n| n.verdict.is_late());
    let (late_reason, late_words) = late_reason(t, late);
    // Why it is late may change what follows from it (BR-14).
    after.late_reason = late_reason.clone();
    after.classification = None;
    let judged = notice::judge(t.ctx, &after, received);
    t.rulings.extend(judged.iter().flat_map(|given| notice::rulings(t.ctx, &after, given)));
    t.keep(super::ruling::rule_on(t.ctx, &after, "network question"));
    let answers_to_hazards = super::clinical::answers_to_hazards(t)?;
    let content = after.content.clone()?;
    let network_needed = super::given::touches_network(t.ctx, &after);
    let revision = t.change.revision + 1;
    let mut events =
        vec![Event::Submitted { content: Box::new(content), revision, notice: judged, late_reason, late_words, network_needed, answers_to_hazards }];
    events.extend(urgent::said_before(t, &after));
    Some(events)
}

/// Why notice is short, where the document asks.
pub(super) fn late_reason(t: &mut Taking, late: bool) -> (Option<String>, Option<crate::text::Text>) {
    let question = t.ctx.process.questions.iter().find(|q| q.id == "late_reason");
    let Some(question) = question.filter(|_| late) else { return (None, None) };
    let required = t.needs(&Rule::LateNoticeExplained);
    let reason = match &question.answer {
        crate::process::AnswerKind::Reason(codes) | crate::process::AnswerKind::Choice(codes) => {
            let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
            let typed = t.form.typed("late_reason").is_some();
            let reason = t.form.choice("late_reason", &codes, false);
            if required && !typed {
                t.form.faults.push(Violation::of("late_reason", "late-reason-missing"));
            }
            reason
        }
        _ => None,
    };
    (reason, t.form.text("late_words", false))
}

/// X4: the same window with no more items keeps its first receipt after a return or a clinical rejection, unless a
/// defect that was needed for the notice made that receipt void.
pub(super) fn received_at(t: &Taking, after: &Change) -> jiff::Timestamp {
    let Some(receipt) = t.change.receipt() else { return t.ctx.now };
    let Some(content) = &after.content else { return t.ctx.now };
    let same_window = receipt.window == content.header.window && content.header.window.is_some();
    let no_more = content.header.items.iter().all(|i| receipt.items.contains(i));
    match &receipt.notice {
        Some(NoticeGiven { received_at, .. }) if same_window && no_more => *received_at,
        _ => t.ctx.now,
    }
}

/// T5: back to the raiser with what is missing. Only defects in answers marked "needed for notice" void the receipt,
/// and only within one working day (X4).
pub(super) fn send_for_more(t: &mut Taking) -> Option<Vec<Event>> {
    let defects = match t.form.answer("defects", &crate::process::AnswerKind::List, true) {
        Some(crate::form::Answer::List(defects)) => defects,
        _ => return None,
    };
    let supplier_side_only = t.form.yes_no("supplier_side", false).unwrap_or(false);
    let named: Vec<&str> = t.form.entries("fields");
    let for_notice = |id: &&str| {
        let question = t.ctx.process.questions.iter().find(|q| q.id == **id);
        question.is_some_and(|q| q.required == crate::process::Required::Submit { for_notice: true })
    };
    for id in named.iter().filter(|id| !t.ctx.process.questions.iter().any(|q| q.id == **id)) {
        t.form.faults.push(Violation::of("fields", "unknown-choice").with(id));
    }
    let received = t.change.receipts.last().map_or(t.ctx.now, |r| r.at);
    let in_time = t.ctx.now <= t.ctx.calendar.due_at(received, 1, t.ctx.zone);
    let voids_receipt = !supplier_side_only && in_time && named.iter().any(for_notice);
    // Too late to void it: the notice stands, but covers only what it listed (BR-15).
    let defective = !supplier_side_only && !voids_receipt && named.iter().any(for_notice);
    Some(vec![Event::Returned { defects, supplier_side_only, voids_receipt, defective }])
}
