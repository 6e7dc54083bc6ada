//! What is said of call-outs: the rule behind a verdict, what had been announced, what may be done.

use jiff::Timestamp;
use signalbox_core::calendar::Verdict;
use signalbox_core::ledger::{Deed, Known};

/// The row of the table in a sentence (spec 10.5).
pub fn rule(code: &str, is_desks_own: bool) -> String {
    let why = match code {
        "DL-1" => "Planned work that nobody had announced, and somebody went: the whole visit is proposed.",
        "DL-2" => "Planned work that nobody had announced; nobody had set out yet: the desk’s time is proposed.",
        "DL-3" => "It had been announced in time and listed what rang: nothing is charged.",
        "DL-4" => "It had been announced late. Nothing is charged where that could be seen an hour before somebody was sent.",
        "DL-5" => "It had been announced without what rang: half of the visit is proposed.",
        "DL-6" => "Nobody gave access, or nobody was there to restore: the visit is proposed.",
        "DL-7" => "A fault of the supplier or the network provider, or what nobody could help: nothing is charged.",
        "DL-8" => "No fault was found, or nobody knows the cause: it is proposed only where two checks failed on the site’s side.",
        _ => "They came outside the appointment: nothing is charged.",
    };
    let flag = if is_desks_own { " The desk should not have sent anybody, which is counted in its report." } else { "" };
    format!("{code}: {why}{flag}")
}

/// What had been announced when somebody was sent.
pub fn known(known: Option<Known>, moment: impl Fn(Timestamp) -> String) -> String {
    match known {
        None => "Nothing".into(),
        Some(known) => {
            let verdict = match known.verdict {
                Verdict::OnTime => "in time",
                Verdict::AfterTheFact => "after the start",
                _ => "late",
            };
            let listed = if known.is_listed { "" } else { ", without what rang" };
            format!("{}, {verdict}{listed}", moment(known.received_at))
        }
    }
}

/// What is done, as a choice.
pub fn deed(deed: Deed) -> &'static str {
    match deed {
        Deed::Agree => "Agree to it",
        Deed::Dispute => "Dispute it",
        Deed::Uphold => "Decide that it is owed",
        Deed::Waive => "Decide that it is not owed",
        Deed::Reverse => "Take it back: it was entered by mistake",
    }
}

/// What is wrong with a time or a number of a visit.
pub fn fault(code: &str) -> &'static str {
    match code {
        "number-out-of-range" => "Give a number from 0 to 10,000.",
        "nothing-before-it" => "Nobody can arrive, leave or be called back who was not sent: give the time before this one too.",
        "longer-than-a-visit" => "A visit lasts three days at most. Look at the days again.",
        _ => "This comes after the time before it.",
    }
}
