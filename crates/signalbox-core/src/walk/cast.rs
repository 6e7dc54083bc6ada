//! The willing cast: everybody co-operates, so that any change can be brought to its end. Where they cannot, the
//! document or the core has a dead end.

use super::chance::Chance;
use super::fill;
use crate::act::Act;
use crate::change::{Change, Kind, Stage};
use crate::refusal::Refusal;
use crate::samples::Case;

/// More acts than any change needs to end.
const PATIENCE: usize = 80;

/// What willing people try, in this order, at each stage.
pub fn next_acts(stage: Stage) -> &'static [Act] {
    match stage {
        Stage::Draft => &[Act::Submit, Act::Propose],
        Stage::LocalAuth | Stage::Returned | Stage::ClinRejected => &[Act::Submit],
        Stage::Submitted => &[Act::Accept, Act::Return],
        Stage::Assessing => &[Act::Clear, Act::Screen, Act::Assess, Act::Amend],
        Stage::AwaitingApproval => &[Act::Clear, Act::Screen, Act::Approve, Act::Amend],
        Stage::OnHold => &[Act::Resume],
        Stage::Rejected => &[Act::Submit],
        Stage::Approved => &[Act::Schedule, Act::Amend, Act::RecordTold],
        Stage::Scheduled => &[Act::Start],
        Stage::Implementing | Stage::BackingOut => &[Act::Finish],
        Stage::Implemented => &[Act::Close, Act::MeetCondition, Act::Review],
        Stage::Review => &[Act::Close, Act::MeetCondition, Act::Review],
        Stage::Closed | Stage::Cancelled | Stage::Withdrawn | Stage::Expired => &[],
    }
}

/// Brings the change to its end, closed if that can be; where it stopped, if it cannot.
pub fn conclude(mut case: Case, chance: &mut Chance) -> Result<Stage, String> {
    for _ in 0..PATIENCE {
        if case.change.stage.is_final() {
            return Ok(case.change.stage);
        }
        // What stands in the way is moved by other people: a clash ends, a freeze is waived.
        case.clashes.clear();
        let stage = case.change.stage;
        let acted = next_acts(stage).iter().any(|act| anyone(&mut case, *act, chance));
        let given_up = !acted && may_give_up(&case.change) && anyone(&mut case, Act::Withdraw, chance);
        if !acted && !given_up {
            return Err(format!("no way on from {} after {}: {}", stage.code(), last(&case), bars(&case)));
        }
    }
    Err(format!("no end after {PATIENCE} acts, at {} after {}: {}", case.change.stage.code(), last(&case), bars(&case)))
}

/// The last events.
fn last(case: &Case) -> String {
    case.log.iter().rev().take(6).map(|r| r.event.kind()).collect::<Vec<_>>().join(", ")
}

/// What stands in whose way, but for roles.
fn bars(case: &Case) -> String {
    let mut found = vec![];
    for act in next_acts(case.change.stage) {
        for player in &case.world.people {
            match case.may(&player.actor, *act) {
                Err(Refusal::Denied(bars)) if bars.iter().all(|b| b.code != "role") => found.push(format!("{} {}: {bars:?}", player.name, act.code())),
                Ok(_) => found.push(format!("{} {}: open", player.name, act.code())),
                _ => {}
            }
        }
    }
    found.join("; ")
}

/// A second refusal ends a change (BR-23), and so does a stop of a service request: what is left is to withdraw it.
/// Everything else the willing bring to a close.
fn may_give_up(change: &Change) -> bool {
    change.stage == Stage::Rejected || (change.kind == Kind::ServiceRequest && change.stage == Stage::ClinRejected)
}

/// The act by whoever may.
fn anyone(case: &mut Case, act: Act, chance: &mut Chance) -> bool {
    if act == Act::Amend && !fill::owed(case.process, &case.change) {
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
