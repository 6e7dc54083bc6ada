//! The willing cast: everybody co-operates, so that any change can be brought to its end. Where they cannot, the
//! document or the core has a dead end.

use super::chance::Chance;
use super::fill;
use super::money;
use crate::act::Act;
use crate::actor::Actor;
use crate::board::{Choice, Seat};
use crate::change::{Change, Clinical, Kind, Stage};
use crate::form::Raw;
use crate::process::Who;
use crate::refusal::Refusal;
use crate::samples::Case;
use std::collections::BTreeMap;

/// More acts than any change needs to end.
const PATIENCE: usize = 160;
/// Windows tried before a freeze is given up on.
const TRIES: usize = 30;

/// What willing people try, in this order, at each stage.
pub fn next_acts(stage: Stage) -> &'static [Act] {
    match stage {
        Stage::Draft => &[Act::Submit, Act::Propose],
        Stage::LocalAuth | Stage::Returned | Stage::ClinRejected => &[Act::Submit],
        Stage::Submitted => &[Act::Accept, Act::Approve, Act::Amend, Act::Review, Act::Return],
        Stage::Assessing => &[Act::AnswerQuery, Act::Countersign, Act::Clear, Act::Screen, Act::Hazard, Act::Rate, Act::WaiveDowntime, Act::Assess, Act::Amend],
        Stage::AwaitingApproval => {
            &[Act::AnswerQuery, Act::Countersign, Act::Clear, Act::Screen, Act::WaiveDowntime, Act::Approve, Act::Reaffirm, Act::Hazard, Act::Rate, Act::Amend]
        }
        Stage::OnHold => &[Act::Resume],
        Stage::Rejected => &[Act::Submit],
        Stage::Approved => &[Act::Schedule, Act::Amend, Act::RecordTold],
        Stage::Scheduled => &[Act::Start],
        Stage::Implementing | Stage::BackingOut => &[Act::Finish],
        Stage::Implemented => &[Act::Close, Act::MeetCondition, Act::RecordStep, Act::Review, Act::Amend],
        Stage::Review => &[
            Act::Close,
            Act::MeetCondition,
            Act::RecordStep,
            Act::ConfirmVerbal,
            Act::Ratify,
            Act::GiveVerdict,
            Act::Clear,
            Act::Screen,
            Act::Amend,
            Act::Review,
        ],
        Stage::Closed | Stage::Cancelled | Stage::Withdrawn | Stage::Expired => &[],
    }
}

/// The acts that wait until this one was taken.
pub fn prepares(act: Act) -> &'static [Act] {
    match act {
        Act::Plan => &[Act::RecordStep, Act::DecideGo],
        Act::LinkIncident => &[Act::UnlinkIncident],
        Act::Review => &[Act::FinishAction],
        Act::Dispute => &[Act::AnswerDispute],
        Act::Stop => &[Act::SettleStop],
        _ => &[],
    }
}

/// Brings the change to its end, closed if that can be; where it stopped, if it cannot.
pub fn conclude(mut case: Case, chance: &mut Chance) -> Result<Stage, String> {
    let begun = case.log.len();
    for _ in 0..PATIENCE {
        if case.change.stage.is_final() {
            return Ok(case.change.stage);
        }
        // What stands in the way is moved by other people: a clash ends, a freeze is waived.
        case.clashes.clear();
        case.modalities.clear();
        (case.entry.suspended, case.entry.looked_at) = (None, Some(case.now));
        case.board = Some(case.world.board(case.now));
        let stage = case.change.stage;
        let paid = money::way_on(&case.change).iter().any(|act| anyone(&mut case, *act, chance));
        let acted = paid || next_acts(stage).iter().any(|act| anyone(&mut case, *act, chance));
        // A freeze that the document declares is not waived: the window goes elsewhere.
        let acted = acted || thaws(&mut case, chance);
        let acted = acted || thinks_better(&mut case);
        let given_up = !acted && may_give_up(&case.change) && anyone(&mut case, Act::Withdraw, chance);
        if !acted && !given_up {
            return Err(format!("no way on from {} after {}: {}", stage.code(), last(&case), bars(&case)));
        }
    }
    Err(format!("no end after {PATIENCE} acts, at {} after {:?}: {}", case.change.stage.code(), counted(&case, begun), bars(&case)))
}

/// How often what happened since then.
fn counted(case: &Case, begun: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for recorded in &case.log[begun..] {
        *counts.entry(recorded.event.kind()).or_default() += 1;
    }
    counts
}

/// Tries windows until one lies outside every freeze.
fn thaws(case: &mut Case, chance: &mut Chance) -> bool {
    let mut moved = false;
    for _ in 0..TRIES {
        if !is_frozen(case) {
            break;
        }
        moved |= anyone(case, Act::Reschedule, chance);
    }
    moved
}

/// A safety officer who advised against it is content with it now.
fn thinks_better(case: &mut Case) -> bool {
    let content = case.change.content.as_ref().map_or("", |c| c.hash.as_str());
    let against = |v: &crate::board::Vote| v.vote.seat == Seat::Safety && v.vote.choice == Choice::Against;
    let officers: Vec<_> = case.change.board.on(content).filter(|v| against(v)).filter_map(|v| v.by.person).collect();
    let in_favour = Raw::from([("vote".to_owned(), vec![Choice::For.code().to_owned()])]);
    let voters = case.who_may(Act::Vote);
    voters.iter().any(|(player, stamp)| stamp.people().any(|p| officers.contains(&p)) && case.act(&player.actor, Act::Vote, &in_favour).is_ok())
}

fn is_frozen(case: &Case) -> bool {
    let facts = case.shared_facts(None, &Default::default());
    crate::decide::freeze::frozen(&case.context(&crate::actor::Actor::System, &facts), &case.change).is_some()
}

/// The last events.
fn last(case: &Case) -> String {
    case.log.iter().rev().take(6).map(|r| r.event.kind()).collect::<Vec<_>>().join(", ")
}

/// What stands in whose way, but for roles.
fn bars(case: &Case) -> String {
    let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for act in money::way_on(&case.change).iter().chain(next_acts(case.change.stage)) {
        for player in &case.world.people {
            let what = match case.may(&player.actor, *act) {
                Err(Refusal::Denied(bars)) if bars.iter().all(|b| b.code != "role") => bars.iter().map(|b| format!("{} {:?}", b.code, b.params)).collect(),
                Ok(_) => vec!["open".to_owned()],
                _ => continue,
            };
            found.entry(format!("{}: {}", act.code(), what.join(" and "))).or_default().push(player.name);
        }
    }
    // What the program would do by itself, once nothing stood in its way.
    let by_itself = case.process.steps.iter().filter(|step| step.from == case.change.stage && step.who.contains(&Who::System));
    for step in by_itself {
        if let Err(Refusal::Denied(bars)) = case.may(&Actor::System, step.act) {
            let what: String = bars.iter().map(|bar| format!(" {} {:?}", bar.code, bar.params)).collect();
            found.entry(format!("{}:{what}", step.act.code())).or_default().push("the program");
        }
    }
    found.iter().map(|(what, whose)| format!("\n        {what} ({})", whose.join(", "))).collect()
}

/// A second refusal ends a change (BR-23), and so does a stop of a service request: what is left is to withdraw it.
/// Everything else the willing bring to a close.
fn may_give_up(change: &Change) -> bool {
    change.stage == Stage::Rejected || (change.kind == Kind::ServiceRequest && change.stage == Stage::ClinRejected)
}

/// What may be done for ever and leads nowhere: another hazard, another rating of what is settled, a provider told once more.
pub(super) fn is_idle(change: &Change, act: Act) -> bool {
    let open = crate::clinical::is_open(change) && change.clinical != Clinical::NotAssessed;
    match act {
        Act::Hazard => !open || !change.safety.hazards.is_empty(),
        Act::Rate => !open,
        Act::RecordTold => matches!(change.network, crate::change::Network::Told { .. }),
        _ => false,
    }
}

/// The act by whoever may.
fn anyone(case: &mut Case, act: Act, chance: &mut Chance) -> bool {
    let owed = fill::owed(case.process, &case.change) || (case.change.stage == Stage::Submitted && super::urgent::owes_contact(case));
    if (act == Act::Amend && !owed) || is_idle(&case.change, act) {
        return false;
    }
    for (player, stamp) in case.who_may(act) {
        let raw = match act {
            Act::Amend => fill::everything_owed(case, chance),
            _ => fill::valid(case, &player.actor, &stamp, act, chance),
        };
        if !matches!(case.act(&player.actor, act, &raw), Err(Refusal::Invalid(_) | Refusal::Denied(_) | Refusal::WrongStage(_))) {
            return true;
        }
    }
    false
}
