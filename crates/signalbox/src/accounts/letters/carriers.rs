//! Letters about carriers' notices that wait to be confirmed: at once of the first, then on the morning of each working day
//! while any waits.

use std::collections::BTreeSet;

use jiff::Timestamp;
use signalbox_core::actor::Role;
use signalbox_core::calendar::{Calendar, Division, london};
use signalbox_core::carrier::{Standing, waiting};
use signalbox_store::carriers::{self as store, Kept};
use signalbox_store::{StoreError, Tx, accounts};

use super::{Letter, Mail, letter};
use crate::app::App;
use crate::clock::IdSource;
use crate::web::problem::Failure;
use crate::web::visitor::moment;
use crate::words::counted;

/// Notices that a letter names; the queue holds all.
const NAMED: usize = 20;
/// What a carrier wrote is cut after so many characters.
const WORDS_MAX: usize = 100;

fn calendar() -> Calendar {
    Calendar::shipped(Division::EnglandAndWales)
}

impl Letter {
    /// Asks for the letter about a notice that begins to wait, in the transaction that keeps it.
    ///
    /// # Errors
    /// The store's.
    pub fn carriers_wait(tx: &mut dyn Tx, ids: &IdSource, now: Timestamp, others_wait: bool) -> Result<(), StoreError> {
        let due = waiting::letter_due(others_wait, now, &calendar(), &london());
        if due == now { Letter::CarriersWait { day: None }.ask(tx, ids, now) } else { in_the_morning(tx, ids, now) }
    }
}

fn in_the_morning(tx: &mut dyn Tx, ids: &IdSource, now: Timestamp) -> Result<(), StoreError> {
    let (day, due) = waiting::next_morning(now, &calendar(), &london());
    Letter::CarriersWait { day: Some(day.to_string()) }.ask_for(tx, ids, now, due)
}

/// What waits now, to those who may confirm it. While anything does, there is another letter on the next working morning.
pub(super) fn wait(app: &App) -> Result<Vec<Mail>, Failure> {
    let (waiting, to) = app.read::<_, Failure>(|tx| {
        let mut holders: BTreeSet<i64> = BTreeSet::new();
        for role in [Role::AuthorityManager, Role::Administrator] {
            holders.extend(accounts::eligible_holders(tx, role, None, None)?);
        }
        let mut to = vec![];
        for holder in holders {
            to.extend(accounts::person(tx, holder)?.map(|person| person.email).filter(|email| !email.is_empty()));
        }
        Ok((store::notices(tx, Standing::Waiting)?, to))
    })?;
    if waiting.is_empty() {
        return Ok(vec![]);
    }
    let (ids, now) = (app.ids.clone(), app.clock.now());
    app.write::<_, Failure>(move |tx| in_the_morning(tx, &ids, now))?;
    let mut lines: Vec<String> = waiting.iter().take(NAMED).map(line).collect();
    if waiting.len() > NAMED {
        lines.push(format!("and {} more", waiting.len() - NAMED));
    }
    let (what, wait) = (counted(waiting.len() as i64, "notice"), if waiting.len() == 1 { "waits" } else { "wait" });
    let text = format!(
        "{what} of network providers about their own works {wait} to be confirmed. Nothing of it stands on the schedule before:\n\n{}\n\n{}\n\n\
         This letter comes again on the next working day while anything waits.\n",
        lines.join("\n"),
        app.config.base.link("/setup/carrier-notices"),
    );
    let subject = format!("{what} from carriers {wait} to be confirmed");
    Ok(to.iter().map(|to| letter(app, to, &subject, &text)).collect())
}

/// One notice, by what was understood of it.
fn line(kept: &Kept) -> String {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(WORDS_MAX).collect::<String>();
    let carrier = kept.understood.provider.value.as_deref().map_or_else(|| "Unknown carrier".into(), plain);
    let number = kept.understood.maintenance_id.value.as_deref().map_or_else(|| "no number".into(), plain);
    let from = kept.understood.start.value.map_or_else(|| "its start is open".into(), |at| format!("from {}", moment(at)));
    format!("- {carrier}, {number}, {from}; received {}", moment(kept.received_at))
}
