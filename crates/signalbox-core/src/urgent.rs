//! Emergencies, and work found out afterwards (spec 4.3, 4.4, 5.7): what was said by phone, who looked at it a second
//! time, what paper is still owed, and the verdict.

use crate::act::Act;
use crate::actor::{OrgKind, Role, Stamp};
use crate::change::{Change, Clinical, Kind, Outcome, Stage};
use crate::decide::Context;
use crate::event::{Event, Recorded, Ruling};
use crate::form::Answer;
use crate::ids::{ChangeId, OrgId, PersonId};
use crate::permit::{did_the_work, is_own_work};
use crate::refusal::Bar;
use crate::text::Text;
use crate::words::vocabulary;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

vocabulary! {
    /// What is owed once work has begun or is about to, before the paper was there.
    Paper {
        Confirmation = "confirmation", "confirmation";
        Ratification = "ratification", "ratification";
        ClinicalReview = "clinical_review", "clinical review";
        Record = "full_record", "full record";
        Verdict = "verdict", "verdict";
    }
}

vocabulary! {
    /// The verdict of BR-24.
    Judgement {
        Regularised = "regularised", "regularised";
        WithAction = "regularised_with_action", "regularised with action";
        Unauthorised = "unauthorised", "unauthorised";
    }
}

/// A yes by phone (spec 4.3): who, how, when, and who heard it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerbalYes {
    pub approver: PersonId,
    pub org: OrgId,
    pub role: Role,
    pub channel: String,
    pub said_at: Timestamp,
    pub witness: Text,
}

/// A verdict, with what the table proposed and the row that did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    pub verdict: Judgement,
    pub proposed: Judgement,
    pub ruling: Ruling,
    pub emergency_true: bool,
    pub authority_agreed: bool,
    pub reason: Option<Text>,
    pub action: Option<Text>,
}

/// Something owed, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    pub paper: Paper,
    pub asked_at: Timestamp,
    pub due_at: Timestamp,
    pub done: Option<(Stamp, Timestamp)>,
}

/// The urgent side of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Urgent {
    pub verbal: Option<(VerbalYes, Timestamp)>,
    /// What the person said to it: whether they had agreed, and when they said so.
    pub answered: Option<(bool, Stamp, Timestamp)>,
    /// Asked for, and due.
    pub asked: BTreeMap<Paper, (Timestamp, Timestamp)>,
    /// Whether a second person agreed, and who.
    pub ratified: Option<(bool, Stamp, Timestamp)>,
    pub record: Option<(Stamp, Timestamp)>,
    pub verdict: Option<(Judged, Stamp, Timestamp)>,
    pub converted_from: Option<Kind>,
    pub retrospective_of: Option<ChangeId>,
}

/// Folds an event of this side in.
pub fn fold(change: &mut Change, recorded: &Recorded) {
    let (by, at) = (recorded.by.clone(), recorded.at);
    let urgent = &mut change.urgent;
    match &recorded.event {
        Event::VerballyApproved(yes) => {
            let stamp = Stamp { person: Some(yes.approver), org: Some(yes.org), role: Some(yes.role), for_person: None };
            urgent.verbal = Some(((**yes).clone(), at));
            urgent.answered = None;
            urgent.asked.remove(&Paper::Confirmation);
            let (content, window) = change.content.as_ref().map(|c| (c.hash.clone(), c.header.window)).unwrap_or_default();
            change.approvals.push(crate::change::Approval { by: stamp, at: yes.said_at, content, window, words: None, void: None, closure: None });
            change.stage = Stage::Approved;
        }
        Event::VerbalConfirmed { .. } => urgent.answered = Some((true, by, at)),
        Event::VerbalDenied { .. } => {
            urgent.answered = Some((false, by, at));
            let who = urgent.verbal.as_ref().map(|(yes, _)| yes.approver);
            for approval in change.approvals.iter_mut().filter(|a| a.void.is_none() && a.by.person == who) {
                approval.void = Some(at);
            }
            if matches!(change.stage, Stage::Approved | Stage::Scheduled) && change.live_approvals().next().is_none() {
                change.stage = Stage::Submitted;
                change.urgent.asked.remove(&Paper::Ratification);
            }
        }
        Event::Ratified { .. } => urgent.ratified = Some((true, by, at)),
        Event::RatificationRefused(judged) => {
            urgent.ratified = Some((false, by.clone(), at));
            urgent.verdict = Some(((**judged).clone(), by, at));
        }
        Event::VerdictGiven(judged) => urgent.verdict = Some(((**judged).clone(), by, at)),
        Event::PaperworkAsked { paper, due_at } => {
            urgent.asked.insert(*paper, (at, *due_at));
        }
        Event::RecordCompleted => urgent.record = Some((by, at)),
        Event::Converted { from, to } => {
            urgent.converted_from = Some(*from);
            change.kind = *to;
        }
        _ => {}
    }
}

/// What was said of one content is not said of another: a new revision, or one changed after the yes, begins anew.
pub fn begin_again(change: &mut Change) {
    let urgent = &mut change.urgent;
    (urgent.verbal, urgent.answered, urgent.ratified) = (None, None, None);
    urgent.asked.retain(|paper, _| !matches!(paper, Paper::Confirmation | Paper::Ratification));
}

/// What is owed and what was given, in the order of the vocabulary.
pub fn papers(change: &Change) -> Vec<Owed> {
    let urgent = &change.urgent;
    let given = |paper: Paper| match paper {
        Paper::Confirmation => urgent.answered.as_ref().map(|(_, by, at)| (by.clone(), *at)),
        Paper::Ratification => urgent.ratified.as_ref().map(|(_, by, at)| (by.clone(), *at)),
        Paper::ClinicalReview => clinical_answer(change),
        Paper::Record => urgent.record.clone(),
        Paper::Verdict => urgent.verdict.as_ref().map(|(_, by, at)| (by.clone(), *at)),
    };
    // An approval that is void needs no second look; work judged as found out afterwards gets a verdict instead.
    let falls_away = |paper: Paper| match paper {
        Paper::Confirmation => urgent.verbal.is_none(),
        Paper::Ratification => change.kind != Kind::Emergency || change.live_approvals().next().is_none(),
        Paper::Verdict => change.kind != Kind::Retrospective,
        _ => false,
    };
    let owed = urgent.asked.iter().map(|(paper, (asked_at, due_at))| Owed { paper: *paper, asked_at: *asked_at, due_at: *due_at, done: given(*paper) });
    owed.filter(|owed| owed.done.is_some() || !(falls_away(owed.paper) || change.stage.is_final())).collect()
}

/// Who answered the clinical question, whatever they said.
fn clinical_answer(change: &Change) -> Option<(Stamp, Timestamp)> {
    match &change.clinical {
        Clinical::NotRequired { by, at } | Clinical::Accepted { by, at, .. } | Clinical::Rejected { by, at, .. } | Clinical::Stopped { by, at, .. } => {
            Some((by.clone(), *at))
        }
        _ => None,
    }
}

fn choice<'c>(change: &'c Change, id: &str) -> Option<&'c str> {
    match crate::decide::answer(change, id) {
        Some(Answer::Choice(code)) => Some(code),
        _ => None,
    }
}

fn moment(change: &Change, id: &str) -> Option<Timestamp> {
    match crate::decide::answer(change, id) {
        Some(Answer::Moment { at, .. }) => Some(*at),
        _ => None,
    }
}

/// Between two tries to reach a safety officer (CR-6).
const BETWEEN_TRIES_SECONDS: i64 = 15 * 60;

/// CR-6: agreed, or not to be reached in two tries fifteen minutes apart.
pub fn officer_not_asked(change: &Change) -> Option<Bar> {
    match choice(change, "clinical_contact") {
        Some("agrees" | "agrees_with_conditions") => None,
        Some("unreachable") => {
            let apart = moment(change, "first_try").zip(moment(change, "second_try")).map(|(a, b)| b.as_second() - a.as_second());
            (apart.unwrap_or(0) < BETWEEN_TRIES_SECONDS).then(|| Bar::new("officer-tried-once"))
        }
        Some("disagrees") => Some(Bar::new("officer-disagrees")),
        _ => Some(Bar::new("officer-not-asked")),
    }
}

/// Whether anybody had approved by this second (spec 5.7).
pub fn is_approved_by(change: &Change, at_second: i64) -> bool {
    change.live_approvals().any(|a| a.at.as_second() <= at_second)
}

/// T32: what still keeps an emergency open.
pub fn unratified(change: &Change) -> Option<Bar> {
    if change.kind != Kind::Emergency || change.live_approvals().next().is_none() {
        return None;
    }
    if change.urgent.verbal.is_some() && change.urgent.answered.is_none() {
        return Some(Bar::new("verbal-unconfirmed"));
    }
    change.urgent.ratified.is_none().then(|| Bar::new("unratified"))
}

/// Work that nobody approved beforehand waits for its verdict (spec 4.4).
pub fn verdict_due(change: &Change) -> bool {
    change.kind == Kind::Retrospective && change.urgent.verdict.is_none()
}

/// What bars the acts of this side by their nature.
pub fn bars(ctx: &Context, change: &Change, act: Act, stamp: &Stamp) -> Option<Bar> {
    let (urgent, person) = (&change.urgent, stamp.person);
    match act {
        Act::ConfirmVerbal => {
            let asked = urgent.verbal.as_ref().map(|(yes, _)| yes.approver);
            match (asked, &urgent.answered) {
                (None, _) => Some(Bar::new("nothing-said-by-phone")),
                (_, Some(_)) => Some(Bar::new("verbal-answered")),
                (asked, _) => (asked != person).then(|| Bar::new("not-your-word")),
            }
        }
        Act::Ratify if urgent.ratified.is_some() => Some(Bar::new("ratified-already")),
        Act::Ratify if change.kind != Kind::Emergency || change.live_approvals().next().is_none() => Some(Bar::new("nothing-to-ratify")),
        Act::Ratify if change.live_approvals().any(|a| a.by.shares_a_person_with(stamp)) => Some(Bar::new("ratify-by-another")),
        Act::Ratify if is_own_work(change, stamp) || did_the_work(change, stamp) => Some(Bar::new("four-eyes")),
        // X17: an organisation never both raises and alone approves.
        Act::Ratify => {
            let alone = change.live_approvals().all(|a| a.by.org.map(|org| change.heir_of(org)) == Some(change.org)) && ctx.actor.belongs_to(change.org);
            alone.then(|| Bar::new("own-organisation"))
        }
        Act::GiveVerdict if change.kind != Kind::Retrospective => Some(Bar::new("no-verdict-due")),
        Act::GiveVerdict if urgent.verdict.is_some() => Some(Bar::new("verdict-given")),
        Act::GiveVerdict if did_the_work(change, stamp) => Some(Bar::new("four-eyes")),
        // No supplier and no trust judges its own work; the authority, whose process it is, judges its own by another person.
        Act::GiveVerdict => {
            let own = ctx.actor.belongs_to(change.org) && ctx.facts.kind_of(change.org) != Some(OrgKind::Authority);
            own.then(|| Bar::new("own-organisation"))
        }
        _ => None,
    }
}

/// The outcomes that the closing may state: what was unauthorised stays so (BR-24e, f).
pub fn closing_outcomes(change: &Change) -> Vec<&'static str> {
    let unauthorised = change.urgent.verdict.as_ref().is_some_and(|(judged, ..)| judged.verdict == Judgement::Unauthorised);
    if unauthorised { vec![Outcome::Unauthorised.code()] } else { Outcome::OF_WORK.iter().map(|o| o.code()).collect() }
}
