//! Hazards of a change, by number: what could go wrong, its cause, its effect on care, and how it is rated.

use super::matrix::Rating;
use crate::actor::Stamp;
use crate::ids::OrgId;
use crate::text::Text;
use crate::words::vocabulary;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

vocabulary! {
    /// How far a control is.
    ControlState {
        Verified = "verified", "in place and verified";
        Scheduled = "scheduled", "scheduled before the start";
    }
}

/// What a hazard is, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HazardWords {
    pub name: Text,
    pub causes: Option<Text>,
    /// On the way a patient takes through care.
    pub effect: Option<Text>,
    /// Controls that are there already.
    pub existing: Option<Text>,
}

/// A control that lowers the rating: verified, or scheduled with an owner and a day before the start (CR-2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    pub what: Text,
    pub state: ControlState,
    pub owner: Option<OrgId>,
    pub due: Option<Date>,
}

/// A rating before and after controls, and why it can or cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rated {
    pub initial: Rating,
    pub controls: Vec<Control>,
    pub residual: Rating,
    pub why: Text,
}

impl Rated {
    /// Whether what lowers the rating is verified, or scheduled not after this day. A rating that nothing lowers
    /// needs no control.
    pub fn has_its_controls(&self, start: Option<Date>) -> bool {
        let is_set = |control: &Control| control.state == ControlState::Verified || control.due.is_some_and(|due| start.is_none_or(|start| due <= start));
        (self.residual.rating >= self.initial.rating || !self.controls.is_empty()) && self.controls.iter().all(is_set)
    }
}

/// A hazard of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hazard {
    /// From 1, never used again: H1, H2.
    pub number: u32,
    pub words: HazardWords,
    pub by: Stamp,
    pub at: Timestamp,
    /// Of this revision, with who rated it.
    pub rated: Option<Rated>,
    pub rated_by: Option<(Stamp, Timestamp)>,
    /// As it was rated before the change was sent again or altered.
    pub before: Option<Rated>,
    /// What the raiser answered to it, by revision.
    pub answers: Vec<(u32, Text)>,
}

impl Hazard {
    /// `H2`.
    pub fn name(&self) -> String {
        format!("H{}", self.number)
    }
}
