//! What this actor may do now, and why not the rest.

use crate::act::Act;
use crate::actor::Stamp;
use crate::change::Change;
use crate::decide::Context;
use crate::permit::permit;
use crate::refusal::Refusal;

/// An act, offered or barred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub act: Act,
    /// The membership it would be taken under, or why not.
    pub verdict: Result<Stamp, Refusal>,
}

impl Offer {
    /// Whether `decide` would accept the act with every field validly filled.
    pub fn is_open(&self) -> bool {
        self.verdict.is_ok()
    }
}

/// Every act that the document knows for this kind of change, in the order of the vocabulary. Acts of the system
/// alone are left out.
pub fn offers(ctx: &Context, change: &Change) -> Vec<Offer> {
    let known = |act: &Act| ctx.process.steps.iter().any(|s| s.act == *act && s.who.iter().any(|w| *w != crate::process::Who::System));
    let acts = Act::ALL.iter().copied().filter(known);
    acts.map(|act| Offer { act, verdict: permit(ctx, change, act).map(|(_, stamp)| stamp) }).collect()
}
