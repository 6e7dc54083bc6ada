//! What may be decided on the ratings, and whose signature it needs: the document's table `clinical decision` (CR-1 to
//! CR-5) says.

use crate::act::Act;
use crate::change::Change;
use crate::decide::{Context, ruling};
use crate::event::Ruling;
use crate::process::facts::code_of;
use crate::words::vocabulary;

vocabulary! {
    /// What the table allows.
    Decides {
        Accept = "accept", "accept";
        WithConditions = "accept_with_conditions", "accept with conditions";
        ByException = "accept_by_exception", "accept by exception";
        Reject = "reject", "reject or escalate";
        Query = "query", "ask for more";
    }
}

vocabulary! {
    /// Whose signature it needs.
    Signing {
        One = "one_officer", "one officer";
        BothSides = "both_sides", "both sides";
        Exception = "authority_and_medical_director", "the authority's officer and a medical director";
    }
}

/// The table whose answer this is.
pub const TABLE: &str = "clinical decision";

/// What may be decided now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    pub decides: Decides,
    pub signing: Signing,
    /// `None` where the change began under a document without the table.
    pub ruling: Option<Ruling>,
}

/// Whether hazards are rated in this document. In an emergency an officer's word, by phone or afterwards, is enough (CR-6).
pub fn rates(ctx: &Context) -> bool {
    ctx.process.steps.iter().any(|step| step.act == Act::Rate)
}

/// Asks the document. A change under an older document without the table is decided as CR-1 to CR-4 say.
pub fn allowed(ctx: &Context, change: &Change) -> Allowed {
    if !rates(ctx) {
        return Allowed { decides: Decides::Accept, signing: Signing::One, ruling: None };
    }
    let Some((ruling, outputs)) = ruling::rule_on(ctx, change, TABLE) else { return without_a_table(change) };
    let word = |name: &str| outputs.get(name).map(|cell| code_of(cell)).unwrap_or_default();
    Allowed {
        decides: Decides::from_code(&word("decision")).unwrap_or(Decides::Reject),
        signing: Signing::from_code(&word("signature")).unwrap_or(Signing::BothSides),
        ruling: Some(ruling),
    }
}

fn without_a_table(change: &Change) -> Allowed {
    let (decides, signing) = match change.safety.worst_residual() {
        // Before hazards were recorded an officer's word was enough.
        None | Some(1 | 2) => (Decides::Accept, Signing::One),
        Some(3) => (Decides::WithConditions, Signing::BothSides),
        Some(_) => (Decides::Reject, Signing::One),
    };
    Allowed { decides, signing, ruling: None }
}
