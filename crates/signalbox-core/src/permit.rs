//! May this actor do this to this change now? One question, asked by the page that draws the button and by the
//! command that is refused. It looks at stage, role, separation of duty and gates, never at what was typed.

use crate::act::Act;
use crate::actor::{Actor, Membership, OrgKind, Role, Stamp};
use crate::change::{Change, Clinical, Network, Stage};
use crate::decide::Context;
use crate::form::Answer;
use crate::process::{Required, Step, Who};
use crate::refusal::{Bar, Refusal};
use crate::rule::Rule;
use jiff::ToSpan;

/// The step that the act takes and the membership it is taken under, or everything that stands in the way.
///
/// # Errors
/// [`Refusal::WrongStage`] when the document has no such step from here, [`Refusal::Denied`] with every bar.
pub fn permit<'p>(ctx: &Context<'p>, change: &Change, act: Act) -> Result<(&'p Step, Stamp), Refusal> {
    let step = ctx.process.steps.iter().find(|s| s.act == act && s.from == change.stage).ok_or(Refusal::WrongStage(change.stage))?;
    let mut stamps = stamps(ctx, change, &step.who);
    stamps.retain(|stamp| !is_the_raisers(act, stamp) || stamp.org == Some(change.org));
    let Some(first) = stamps.first() else {
        let who = step.who.iter().map(|w| crate::process::dictionary::who_words(*w)).collect::<Vec<_>>().join("; ");
        return Err(Refusal::Denied(vec![Bar::new("role").with(who)]));
    };
    // A person with several hats acts under the first that nothing bars.
    let mut bars = vec![];
    for stamp in &stamps {
        let found = bars_against(ctx, change, step, stamp);
        if found.is_empty() {
            return Ok((step, stamp.clone()));
        }
        if stamp == first {
            bars = found;
        }
    }
    Err(Refusal::Denied(bars))
}

fn bars_against(ctx: &Context, change: &Change, step: &Step, stamp: &Stamp) -> Vec<Bar> {
    let mut bars: Vec<Bar> = if step.act.is_fact() { vec![] } else { step.needs.iter().filter_map(|rule| shut(rule, ctx, change, step, stamp)).collect() };
    bars.extend(of_act(ctx, change, step.act, stamp));
    bars
}

/// Sending and taking back are the raising organisation's own (spec 3.2): nobody else sends its draft or withdraws its
/// change. What a network provider may change or cancel is its own work.
fn is_the_raisers(act: Act, stamp: &Stamp) -> bool {
    match act {
        Act::Propose | Act::SendBack | Act::Submit | Act::Withdraw => stamp.person.is_some(),
        Act::Amend | Act::Reschedule | Act::Cancel => stamp.role == Some(Role::NetworkDesk),
        _ => false,
    }
}

/// The memberships under which the actor may take a step for these people.
pub fn stamps(ctx: &Context, change: &Change, who: &[Who]) -> Vec<Stamp> {
    let mut stamps = vec![];
    for who in who {
        match (who, ctx.actor) {
            (Who::System, Actor::System) => stamps.push(Stamp::SYSTEM),
            (_, Actor::System) | (Who::System, _) => {}
            (who, Actor::Person { id, memberships }) => {
                let fitting = memberships.iter().filter(|m| fits(ctx, who, m, change, *id));
                stamps.extend(fitting.map(|m| Stamp { person: Some(*id), org: Some(m.org), role: Some(m.role) }));
            }
        }
    }
    stamps.dedup();
    stamps
}

/// Whether a membership is the one meant, on its side of the change.
fn fits(ctx: &Context, who: &Who, m: &Membership, change: &Change, person: crate::ids::PersonId) -> bool {
    let parties = change.parties();
    let raiser_side = m.org == change.org;
    // Where no supplier runs what is touched, as with a trust's own service, any supplier's people may help.
    let runs_none = !parties.runs.iter().any(|org| ctx.facts.kind_of(*org) == Some(OrgKind::Supplier));
    let runs = m.org_kind == OrgKind::Supplier && (runs_none || parties.runs.contains(&m.org) || raiser_side);
    // Whoever was asked for a view may give it, even if an answer since says that they are not touched any more.
    let affected = parties.affected.contains(&m.org) || change.assessments.keys().any(|(_, org)| *org == Some(m.org));
    let service = m.service.is_none_or(|s| change.content.as_ref().is_some_and(|c| c.header.services.contains(&s)));
    match who {
        Who::System => false,
        // Drafts are the raising organisation's alone (settled 8).
        Who::Anyone => is_working_role(m.role) && (raiser_side || !change.stage.is_draft()),
        Who::SafetyOfficer => match m.role {
            Role::TrustSafety => affected || raiser_side,
            Role::SupplierSafety => runs,
            Role::AuthoritySafety => true,
            _ => false,
        },
        Who::Affected(role) => m.role == *role && affected && service,
        Who::Role(Role::Requester) => raiser_side && (m.role == Role::Requester || change.raised_by.person == Some(person)) && is_working_role(m.role),
        Who::Role(role) if m.role != *role => false,
        Who::Role(role) => match role {
            Role::Coordinator | Role::Finance | Role::ServiceOwner | Role::TrustSafety => raiser_side || (affected && *role != Role::Coordinator),
            Role::SupplierManager | Role::Assessor | Role::Commercial | Role::SupplierSafety => runs && service,
            Role::Implementer => runs || raiser_side || affected || change.implementer.is_some_and(|(_, org)| org == m.org),
            _ => true,
        },
    }
}

/// Readers read; they hold no step of a change.
fn is_working_role(role: Role) -> bool {
    !matches!(role, Role::GroupMember | Role::Auditor | Role::Administrator)
}

/// The bar that a gate puts up, if it is shut.
fn shut(rule: &Rule, ctx: &Context, change: &Change, step: &Step, stamp: &Stamp) -> Option<Bar> {
    let person = stamp.person;
    match rule {
        Rule::AnswersComplete if !asks_the_document(step.act) => answers_due(ctx, change, step.act),
        Rule::AssessmentsDone => {
            let owed: Vec<&str> = change.assessments.values().filter(|a| is_owed(ctx, a)).map(|a| a.asked.kind.words()).collect();
            (!owed.is_empty()).then(|| Bar::new("assessments-owed").with(owed.join(", ")))
        }
        Rule::ClinicalAccepted => match &change.clinical {
            Clinical::NotRequired { .. } | Clinical::Accepted { .. } => None,
            Clinical::NotAssessed => Some(Bar::new("clinical-not-screened")),
            Clinical::UnderReview { .. } => Some(Bar::new("clinical-under-review")),
            Clinical::Rejected { .. } | Clinical::Stopped { .. } => Some(Bar::new("clinical-rejected")),
        },
        Rule::FourEyes => is_own_work(change, person).then(|| Bar::new("four-eyes")),
        // Whichever hat: who belongs to the raising organisation is not independent of it (X2, X17).
        Rule::OtherOrganisation => (stamp.org == Some(change.org) || ctx.actor.belongs_to(change.org)).then(|| Bar::new("own-organisation")),
        Rule::NoHardClash => ctx.facts.clashes.iter().find(|c| c.hard && c.rule != "BR-19f").map(|c| Bar::new("hard-clash").with(&c.with).with(&c.shared)),
        Rule::NotInFreeze => ctx.facts.clashes.iter().find(|c| c.hard && c.rule == "BR-19f").map(|c| Bar::new("freeze").with(&c.with).with(c.until)),
        Rule::ProviderTold => match &change.network {
            Network::NotNeeded | Network::Acknowledged { .. } | Network::Told { .. } => None,
            Network::Needed => Some(Bar::new("provider-not-told").with("NEEDED").with(0)),
            Network::Sent { at, .. } => Some(Bar::new("provider-not-acknowledged").with("SENT").with(whole_days(*at, ctx.now))),
        },
        Rule::OutcomeByAnother => did_the_work(change, person).then(|| Bar::new("outcome-by-another")),
        Rule::ReviewDone => {
            (!review_reasons(ctx, change).is_empty() && change.review.is_none()).then(|| Bar::new("review-due").with(review_reasons(ctx, change).join(", ")))
        }
        Rule::ConditionsMet => {
            let open = change.conditions.iter().filter(|c| c.met.is_none()).count();
            (open > 0).then(|| Bar::new("conditions-open").with(open))
        }
        // What is typed now decides when it is sent: a fault of its fields, not a bar.
        Rule::RequestEligible if !asks_the_document(step.act) => crate::decide::catalogue::ineligible(ctx, change),
        Rule::SecondTry => second_try(ctx, change),
        // Nothing is chargeable yet: the track stays at NOT_CHARGEABLE (settled 1).
        Rule::ChargeAgreed => None,
        _ => None,
    }
}

fn whole_days(from: jiff::Timestamp, until: jiff::Timestamp) -> i64 {
    (until.as_second() - from.as_second()).max(0) / 86_400
}

/// Acts whose fields are the document's questions: a missing answer is a fault of a field, not a bar.
pub(crate) fn asks_the_document(act: Act) -> bool {
    matches!(act, Act::Propose | Act::Submit | Act::Amend)
}

/// Questions that must be answered by now and are not.
fn answers_due(ctx: &Context, change: &Change, act: Act) -> Option<Bar> {
    let due = match act {
        // A start is never refused (X1), so what it needs is asked for when it is scheduled.
        Act::Start | Act::Schedule => Required::Start,
        Act::Close => Required::Close,
        _ => Required::Approve,
    };
    let content = change.content.as_ref()?;
    let subject = |name: &str| crate::decide::subject(ctx, change, name);
    let missing = ctx.process.questions.iter().filter(|q| {
        let wanted =
            q.required == due || (due != Required::Approve && q.required == Required::Approve) || (due == Required::Close && q.required == Required::Start);
        wanted && q.asked_when.as_ref().is_none_or(|c| c.holds(&subject)) && !content.answers.contains_key(&q.id)
    });
    let missing: Vec<&str> = missing.map(|q| q.id.as_str()).collect();
    (!missing.is_empty()).then(|| Bar::new("answers-due").with(missing.join(", ")))
}

/// Still to be given, and silence does not stand for it.
fn is_owed(ctx: &Context, assessment: &crate::change::Assessment) -> bool {
    assessment.given.is_none() && !(assessment.asked.silence_counts && assessment.asked.due_at < ctx.now)
}

/// SD-1 and SD-2: raised, sent or will carry it out.
fn is_own_work(change: &Change, person: Option<crate::ids::PersonId>) -> bool {
    let Some(person) = person else { return false };
    change.raised_by.person == Some(person) || change.submitted_by.contains(&person) || change.implementer.is_some_and(|(who, _)| who == person)
}

/// SD-6: implemented it, in any part.
fn did_the_work(change: &Change, person: Option<crate::ids::PersonId>) -> bool {
    let Some(person) = person else { return false };
    let stamps = [&change.work.started_by, &change.work.finished_by];
    change.implementer.is_some_and(|(who, _)| who == person) || stamps.into_iter().flatten().any(|s| s.person == Some(person))
}

/// T34, BR-23: once, within 30 days.
fn second_try(ctx: &Context, change: &Change) -> Option<Bar> {
    if change.stage != Stage::Rejected {
        return None;
    }
    let last = change.refusals.last()?;
    let until = last.at.checked_add((30 * 24).hours()).unwrap_or(last.at);
    if change.refusals.len() > 1 { Some(Bar::new("refused-twice")) } else { (ctx.now > until).then(|| Bar::new("too-late-to-send-again")) }
}

/// Why a review is due, in the words of the document's table `review needed` (BR-33). Empty: none is.
pub fn review_reasons(ctx: &Context, change: &Change) -> Vec<String> {
    let Some(table) = ctx.process.tables.get("review needed") else { return vec![] };
    let hits = table.evaluate(|name| crate::decide::given::fact(ctx, change, name));
    let due = hits.iter().filter(|hit| hit.get("review") == Some("yes"));
    due.map(|hit| hit.get("because").unwrap_or("the process asks for it").to_owned()).collect()
}

/// What bars an act by its nature, whatever the document says.
fn of_act(ctx: &Context, change: &Change, act: Act, stamp: &Stamp) -> Option<Bar> {
    let person = stamp.person;
    match act {
        Act::Approve => approver(ctx, change, stamp),
        Act::Assess => crate::decide::assess::open_for(ctx, change).is_empty().then(|| Bar::new("no-assessment-of-yours")),
        Act::Screen if matches!(change.clinical, Clinical::Rejected { .. } | Clinical::Stopped { .. }) => Some(Bar::new("clinical-rejected")),
        Act::Screen if matches!(change.clinical, Clinical::Accepted { .. } | Clinical::NotRequired { .. }) => Some(Bar::new("already-screened")),
        // Who answered yes cannot think better of it: a safety officer accepts or rejects.
        Act::Screen if matches!(change.clinical, Clinical::UnderReview { .. }) => Some(Bar::new("clinical-under-review")),
        // X8: direct care is screened by a safety officer.
        Act::Screen if change.parties().direct_care && !stamp.role.is_some_and(Role::is_safety_officer) => Some(Bar::new("direct-care-needs-officer")),
        Act::Clear | Act::RejectClinically | Act::Stop if !stamp.role.is_some_and(Role::is_safety_officer) => Some(Bar::new("role").with("safety officer")),
        // SD-5; a screen that answers no to all is a decision too.
        Act::Screen | Act::Clear | Act::RejectClinically if is_own_work(change, person) => Some(Bar::new("clinical-own-work")),
        Act::Clear if !matches!(change.clinical, Clinical::UnderReview { .. }) => Some(Bar::new("nothing-under-review")),
        Act::Acknowledge if !matches!(change.network, Network::Needed | Network::Sent { .. } | Network::Told { .. }) => Some(Bar::new("network-not-needed")),
        Act::TellNetwork | Act::RecordTold if matches!(change.network, Network::NotNeeded) => Some(Bar::new("network-not-needed")),
        Act::TellNetwork if matches!(change.network, Network::Acknowledged { .. }) => Some(Bar::new("network-acknowledged")),
        Act::SettleNotice if change.notice().is_none_or(|n| !n.verdict.is_late()) => Some(Bar::new("notice-on-time")),
        Act::MeetCondition if !change.conditions.iter().any(|c| may_meet(ctx, stamp, c)) => Some(Bar::new("no-open-condition")),
        Act::Complete if change.asked_more.is_some() => Some(Bar::new("questions-open")),
        Act::Restate => restate(ctx, change),
        Act::Review if change.stage == Stage::Review && did_the_work(change, person) => Some(Bar::new("review-by-another")),
        Act::Review if change.stage == Stage::Implemented && review_reasons(ctx, change).is_empty() && change.review.is_some() => Some(Bar::new("review-done")),
        Act::BackOut if change.work.started.is_none() => Some(Bar::new("not-started")),
        _ => None,
    }
}

/// A promise is kept by its owner, or recorded by a change manager.
pub(crate) fn may_meet(ctx: &Context, stamp: &Stamp, condition: &crate::change::Condition) -> bool {
    let manager = matches!(stamp.role, Some(Role::SupplierManager | Role::AuthorityManager));
    condition.met.is_none() && (manager || ctx.actor.belongs_to(condition.condition.owner))
}

/// The approver that the document's table asks for.
fn approver(ctx: &Context, change: &Change, stamp: &Stamp) -> Option<Bar> {
    let (_, outputs) = crate::decide::ruling::rule_on(ctx, change, "approver")?;
    let words = outputs.get("approver")?;
    let allowed = words.split([';', ',']).filter_map(Role::from_words).any(|role| stamp.role == Some(role));
    (!allowed).then(|| Bar::new("approver").with(words))
}

/// T29: once, within 30 days of closing.
fn restate(ctx: &Context, change: &Change) -> Option<Bar> {
    let closed = change.closed_at?;
    let until = closed.checked_add((30 * 24).hours()).unwrap_or(closed);
    if change.restated {
        return Some(Bar::new("restated-already"));
    }
    (ctx.now > until).then(|| Bar::new("too-late-to-restate"))
}

/// The words of an answer that a condition may test.
pub(crate) fn answer_code(answer: &Answer) -> Option<String> {
    match answer {
        Answer::Choice(code) => Some(code.clone()),
        Answer::Yes(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Answer::Number(n) => Some(n.to_string()),
        Answer::Choices(codes) => Some(codes.join(";")),
        _ => None,
    }
}
