//! May this actor do this to this change now? One question, asked by the page that draws the button and by the
//! command that is refused. It looks at stage, role, separation of duty and gates, never at what was typed.

use crate::act::Act;
use crate::actor::{Actor, Membership, OrgKind, Role, Stamp};
use crate::change::{Change, Clinical, Network, Outcome, Parties, Stage};
use crate::decide::Context;
use crate::form::Answer;
use crate::modality;
use crate::process::{AnswerKind, Required, Step, Who};
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
    // Nobody settles what they may not read.
    stamps.retain(|stamp| !act.is_money() || crate::charge::sight::stamp_sees(change, stamp));
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
        Act::Propose | Act::SendBack | Act::Submit | Act::Withdraw | Act::Appeal => stamp.person.is_some(),
        Act::Amend | Act::Reschedule | Act::Cancel => stamp.role == Some(Role::NetworkDesk),
        _ => false,
    }
}

/// The memberships under which the actor may take a step for these people.
pub fn stamps(ctx: &Context, change: &Change, who: &[Who]) -> Vec<Stamp> {
    let nobody = Parties::default();
    let parties = change.parties_known().unwrap_or(&nobody);
    let mut stamps = vec![];
    for who in who {
        match (who, ctx.actor) {
            (Who::System, Actor::System) => stamps.push(Stamp::SYSTEM),
            (_, Actor::System) | (Who::System, _) => {}
            (who, Actor::Person { id, memberships }) => {
                let fitting = memberships.iter().filter(|m| fits(ctx, who, m, change, parties, *id));
                stamps.extend(fitting.map(|m| m.stamp(*id)));
            }
        }
    }
    stamps.dedup();
    stamps
}

/// Whether a membership is the one meant, on its side of the change.
fn fits(ctx: &Context, who: &Who, m: &Membership, change: &Change, parties: &Parties, person: crate::ids::PersonId) -> bool {
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
    match rule {
        Rule::AnswersComplete if !asks_the_document(step.act) => answers_due(ctx, change, step.act),
        Rule::AssessmentsDone => {
            let owed: Vec<&str> = change.assessments.values().filter(|a| is_owed(ctx, a)).map(|a| a.asked.kind.words()).collect();
            (!owed.is_empty()).then(|| Bar::new("assessments-owed").with(owed.join(", ")))
        }
        Rule::ClinicalAccepted => match &change.clinical {
            Clinical::Accepted { basis: Some(basis), .. } if basis.until.is_some_and(|until| until < ctx.zone.to_datetime(ctx.now).date()) => {
                Some(Bar::new("clinical-acceptance-ended").with(basis.until.unwrap_or_default()))
            }
            Clinical::NotRequired { .. } | Clinical::Accepted { .. } => None,
            Clinical::NotAssessed => Some(Bar::new("clinical-not-screened")),
            Clinical::UnderReview { .. } => Some(Bar::new("clinical-under-review")),
            Clinical::Query { .. } => Some(Bar::new("clinical-queried")),
            Clinical::AwaitingSignature(_) => Some(Bar::new("signature-open")),
            Clinical::Rejected { .. } | Clinical::Stopped { .. } => Some(Bar::new("clinical-rejected")),
        },
        Rule::FourEyes => is_own_work(change, stamp).then(|| crate::cover::own_work_bar(stamp)),
        Rule::OtherOrganisation => crate::cover::is_of_raiser(ctx, change, stamp).then(|| Bar::new("own-organisation")),
        Rule::BoardDecided => crate::board::undecided(ctx, change),
        Rule::NoHardClash => ctx.facts.clashes.iter().find(|c| c.refuses()).map(|c| Bar::new("hard-clash").with(&c.with).with(&c.shared)),
        Rule::NotInFreeze => {
            let found = crate::decide::freeze::in_the_way(ctx, change);
            found.first().map(|freeze| Bar::new("freeze").with(&freeze.title).with(freeze.until))
        }
        Rule::ProviderTold => match &change.network {
            Network::NotNeeded | Network::Acknowledged { .. } | Network::Told { .. } => None,
            Network::Needed => Some(Bar::new("provider-not-told").with("NEEDED").with(0)),
            Network::Refused { .. } => Some(Bar::new("provider-refused")),
            Network::Sent { at, .. } => Some(Bar::new("provider-not-acknowledged").with("SENT").with(whole_days(*at, ctx.now))),
        },
        Rule::OutcomeByAnother => did_the_work(change, stamp).then(|| Bar::new("outcome-by-another")),
        Rule::ReviewDone => {
            (!review_reasons(ctx, change).is_empty() && change.review.is_none()).then(|| Bar::new("review-due").with(review_reasons(ctx, change).join(", ")))
        }
        Rule::ConditionsMet => {
            let open = change.conditions.iter().filter(|c| c.met.is_none()).count();
            (open > 0).then(|| Bar::new("conditions-open").with(open))
        }
        Rule::TasksDone => {
            let open: Vec<String> = crate::carry::open_steps(change).iter().map(|step| step.planned.number.to_string()).collect();
            (!open.is_empty()).then(|| Bar::new("steps-open").with(open.join(", ")))
        }
        // What is typed now decides when it is sent: a fault of its fields, not a bar.
        Rule::RequestEligible if !asks_the_document(step.act) => crate::decide::catalogue::ineligible(ctx, change),
        Rule::SecondTry => second_try(ctx, change),
        Rule::NationalApproval => {
            let is_empty = crate::decide::answer(change, "national_approval_ref").is_none();
            is_empty.then(|| Bar::new("national-approval-missing"))
        }
        Rule::AeTitleFree if !asks_the_document(step.act) => title_taken(ctx, change),
        Rule::OfficerAsked => crate::urgent::officer_not_asked(change),
        Rule::Ratified => crate::urgent::unratified(change),
        Rule::VerdictGiven => crate::urgent::verdict_due(change).then(|| Bar::new("verdict-due")),
        Rule::ClinicallyReviewed => match &change.clinical {
            Clinical::NotAssessed => Some(Bar::new("clinical-not-screened")),
            Clinical::UnderReview { .. } => Some(Bar::new("clinical-under-review")),
            Clinical::Query { .. } => Some(Bar::new("clinical-queried")),
            Clinical::AwaitingSignature(_) => Some(Bar::new("signature-open")),
            _ => None,
        },
        Rule::DowntimeAttached => {
            (crate::clinical::needs_downtime(change) && !crate::clinical::has_downtime(change)).then(|| Bar::new("downtime-procedure-missing"))
        }
        Rule::ChargeAgreed => crate::charge::bars::agreed(ctx, change, step.act),
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
        // What was to be done before the work and was not can't be done after it.
        let wanted = wanted && !(due == Required::Close && q.required == Required::Start && q.answer == AnswerKind::Done);
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
pub(crate) fn is_own_work(change: &Change, stamp: &Stamp) -> bool {
    stamp
        .people()
        .any(|person| change.raised_by.concerns(person) || change.submitted_by.contains(&person) || change.implementer.is_some_and(|(who, _)| who == person))
}

/// SD-6: implemented it, in any part.
pub(crate) fn did_the_work(change: &Change, stamp: &Stamp) -> bool {
    let took_part = [&change.work.started_by, &change.work.finished_by];
    let steps = change.carry.steps.iter().filter_map(|step| step.by.as_ref()).filter(|by| by.role == Some(Role::Implementer));
    stamp.people().any(|person| change.implementer.is_some_and(|(who, _)| who == person))
        || took_part.into_iter().flatten().chain(steps).any(|other| other.shares_a_person_with(stamp))
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
    match act {
        Act::Approve => approver(ctx, change, stamp),
        Act::Vote => crate::board::vote_bar(ctx, change, stamp),
        Act::TakeBack => crate::board::take_back_bar(ctx, change, stamp),
        Act::Reaffirm => crate::board::reaffirm_bar(ctx, change, stamp),
        Act::Assess => crate::decide::assess::open_for(ctx, change).is_empty().then(|| Bar::new("no-assessment-of-yours")),
        Act::Acknowledge if matches!(change.network, Network::NotNeeded | Network::Acknowledged { .. }) => Some(Bar::new("network-not-needed")),
        Act::TellNetwork | Act::RecordTold | Act::RefuseNotice if matches!(change.network, Network::NotNeeded) => Some(Bar::new("network-not-needed")),
        // To tell it the same once more settles no refusal; the authority's word does.
        Act::TellNetwork | Act::RefuseNotice if matches!(change.network, Network::Refused { .. }) => Some(Bar::new("provider-refused")),
        Act::RecordTold if matches!(change.network, Network::Refused { .. }) && stamp.role != Some(Role::AuthorityManager) => {
            Some(Bar::new("provider-refused"))
        }
        Act::TellNetwork if matches!(change.network, Network::Acknowledged { .. }) => Some(Bar::new("network-acknowledged")),
        Act::SettleNotice | Act::DisputeNotice => crate::consequence::bar(change, act, stamp),
        Act::MeetCondition if !change.conditions.iter().any(|c| may_meet(ctx, stamp, c)) => Some(Bar::new("no-open-condition")),
        Act::ExceptFreeze if crate::decide::freeze::in_the_way(ctx, change).is_empty() => Some(Bar::new("no-freeze-in-the-way")),
        Act::SettleClash if crate::decide::clash::open(ctx).is_empty() => Some(Bar::new("no-clash-to-settle")),
        Act::Complete if change.asked_more.is_some() => Some(Bar::new("questions-open")),
        Act::ConfirmVerbal | Act::Ratify | Act::GiveVerdict => crate::urgent::bars(ctx, change, act, stamp),
        Act::Restate => restate(ctx, change),
        Act::Review if change.stage == Stage::Review && did_the_work(change, stamp) => Some(Bar::new("review-by-another")),
        Act::Review if change.stage == Stage::Implemented && review_reasons(ctx, change).is_empty() && change.review.is_some() => Some(Bar::new("review-done")),
        Act::RecordStep if crate::carry::recordable(change).is_empty() => Some(Bar::new("no-open-step")),
        Act::DecideGo => go(change, stamp),
        Act::Extend if change.window().is_none() => Some(Bar::new("no-window")),
        Act::ConfirmWorked if !stamp.org.is_some_and(|org| crate::learn::asked_whether_it_worked(change).contains(&org)) => {
            Some(Bar::new("not-asked-whether-it-worked"))
        }
        Act::Dispute if !matches!(change.outcome, Some(Outcome::Successful | Outcome::SuccessfulWithIssues)) => Some(Bar::new("nothing-to-dispute")),
        Act::Dispute if change.learnt.open_disputes().next().is_some() => Some(Bar::new("disputed-already")),
        Act::AnswerDispute if change.learnt.open_disputes().next().is_none() => Some(Bar::new("no-open-dispute")),
        Act::AnswerDispute if did_the_work(change, stamp) => Some(Bar::new("outcome-by-another")),
        Act::AnswerDispute if change.learnt.open_disputes().any(|d| d.by.shares_a_person_with(stamp)) => Some(Bar::new("own-dispute")),
        Act::FinishAction if !change.learnt.actions.iter().any(|a| may_finish(ctx, stamp, a)) => Some(Bar::new("no-open-action")),
        Act::Survey if change.raised_by.person != stamp.person => Some(Bar::new("not-the-requester")),
        Act::Survey if change.learnt.survey.is_some() => Some(Bar::new("survey-given")),
        Act::UnlinkIncident if change.learnt.incidents.is_empty() => Some(Bar::new("no-incident-linked")),
        Act::BackOut if change.work.started.is_none() => Some(Bar::new("not-started")),
        money if money.is_money() => crate::charge::bars::of_act(ctx, change, money, stamp),
        act => crate::clinical::bars::of_act(ctx, change, act, stamp),
    }
}

/// A promise is kept by its owner, or recorded by a change manager.
pub(crate) fn may_meet(ctx: &Context, stamp: &Stamp, condition: &crate::change::Condition) -> bool {
    let manager = matches!(stamp.role, Some(Role::SupplierManager | Role::AuthorityManager));
    condition.met.is_none() && (manager || ctx.actor.belongs_to(condition.condition.owner))
}

/// Another device answers to the title, or has the address (spec 4.8).
fn title_taken(ctx: &Context, change: &Change) -> Option<Bar> {
    let content = change.content.as_ref()?;
    let own = modality::claims(change.kind, content);
    let clash = modality::clashes(&own, &content.header.services, &ctx.facts.modalities).into_iter().next()?;
    Some(match clash {
        modality::Clash::BothLive { ae_title } => Bar::new("modality-both-live").with(ae_title),
        modality::Clash::Title { ae_title, site } => Bar::new("ae-title-taken").with(ae_title).with(site),
        modality::Clash::Address { ip, ae_title, site } => Bar::new("ip-taken").with(ip).with(ae_title).with(site),
    })
}

/// The go or no-go is that of the person named for it; a change manager may record it for them.
fn go(change: &Change, stamp: &Stamp) -> Option<Bar> {
    let Some(checkpoint) = &change.carry.checkpoint else { return Some(Bar::new("no-checkpoint")) };
    let manager = matches!(stamp.role, Some(Role::SupplierManager | Role::AuthorityManager));
    (!manager && stamp.person != Some(checkpoint.planned.decider)).then(|| Bar::new("not-the-decider"))
}

/// An action is finished by its owner, or recorded by a change manager.
pub(crate) fn may_finish(ctx: &Context, stamp: &Stamp, action: &crate::learn::Action) -> bool {
    let manager = matches!(stamp.role, Some(Role::SupplierManager | Role::AuthorityManager));
    action.done.is_none() && (manager || ctx.actor.belongs_to(action.action.owner))
}

/// The approver that the document's table asks for.
fn approver(ctx: &Context, change: &Change, stamp: &Stamp) -> Option<Bar> {
    let outputs = crate::decide::ruling::said(ctx, change, "approver", |_| None)?;
    let words = outputs.get("approver")?;
    let roles: Vec<Role> = words.split([';', ',']).filter_map(crate::board::role_of).collect();
    // SD-10: where nobody of a role can decide, the next in the chain is asked.
    let is_next = |role: &Role| crate::cover::next_in_chain(*role) == stamp.role && crate::cover::is_vacant(ctx, change, *role);
    let allowed = roles.iter().any(|role| stamp.role == Some(*role) || is_next(role));
    (!allowed).then(|| Bar::new("approver").with(words))
}

/// T29: once, within 30 days of closing.
fn restate(ctx: &Context, change: &Change) -> Option<Bar> {
    let closed = change.closed_at?;
    let until = closed.checked_add((30 * 24).hours()).unwrap_or(closed);
    if change.outcome == Some(crate::change::Outcome::Unauthorised) {
        return Some(Bar::new("verdict-stands"));
    }
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
