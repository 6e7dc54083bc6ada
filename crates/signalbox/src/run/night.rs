//! A night that was written down on paper and is keyed in afterwards: several facts at once, all of them or none.

use signalbox_core::act::Act;
use signalbox_core::actor::Actor;
use signalbox_core::form::Raw;
use signalbox_core::refusal::{Refusal, Violation};

use super::{Done, Expect, Hand, Stop, finish, replayed};
use crate::app::App;

/// One fact of the night.
#[derive(Clone, Debug)]
pub struct Fact {
    pub act: Act,
    pub raw: Raw,
    /// The field of the form that says when it happened.
    pub at: String,
}

impl App {
    /// Records them in their order. What is wrong with any of them is told of all, by the fields of the form.
    ///
    /// # Errors
    /// [`Stop`].
    pub fn record_night(&self, actor: &Actor, id: i64, facts: Vec<Fact>, expect: Expect) -> Result<Option<Done>, Stop> {
        let (actor, seat, now) = (actor.clone(), self.seat(), self.clock.now());
        let mints: Vec<_> = facts.iter().map(|_| self.mint()).collect();
        self.run(move |tx| {
            let mut hand = Hand::lock(tx, &seat, &actor, now)?;
            if let Some(done) = replayed(hand.tx, &actor, expect.key.as_ref())? {
                return Ok(done.map(Some));
            }
            let (mut last, mut faults): (Option<Done>, Vec<Violation>) = (None, vec![]);
            for (fact, mint) in facts.iter().zip(mints.clone()) {
                match hand.take(id, fact.act, &fact.raw, &Expect::default(), mint)? {
                    Ok(done) => last = Some(done),
                    Err(Stop::Refused(Refusal::Invalid(own))) => faults.extend(own.into_iter().map(|fault| by_the_form(fault, &fact.at))),
                    // What follows may be refused only because of the fault before it.
                    Err(_) if !faults.is_empty() => break,
                    Err(stop) => return Ok(Err(stop)),
                }
            }
            if !faults.is_empty() {
                return Ok(Err(Stop::Refused(Refusal::Invalid(faults))));
            }
            let Some(last) = last else { return Ok(Ok(None)) };
            Ok(finish(hand.tx, &actor, expect.key.as_ref(), last, now)?.map(Some))
        })
    }
}

fn by_the_form(mut fault: Violation, at: &str) -> Violation {
    if fault.field.as_deref().is_some_and(|field| field.starts_with("happened_at")) {
        fault.field = Some(at.to_owned());
    }
    fault
}
