//! What an alarm was found to be, and call-outs (spec 10.4, 10.5): entering one, and what is done to it. Each is one transaction with the letter that follows from it,
//! and happens once for a key. Pages and API take the same way.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use signalbox_core::actor::Actor;
use signalbox_core::alarm::Class;
use signalbox_core::ids::PersonId;
use signalbox_core::ledger::{Asking, Deed, Standing};
use signalbox_store::directory::Answer;
use signalbox_store::ledger::{self as store, NewCase};
use signalbox_store::queries::ledger::CaseLine;
use signalbox_store::{StoreError, Tx, alarms, log};

use super::{Key, Stop, finish, replayed};
use crate::accounts::letters::Letter;
use crate::app::App;
use crate::web::api::told;
use crate::web::problem::Failure;

/// What was written down; all that an answer needs, so that the same key can be given the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    pub case: i64,
    /// The number of the row in the ledger.
    pub entry: i64,
    pub standing: Standing,
    /// The row of the table of verdicts, such as DL-1.
    pub rule: String,
}

impl App {
    /// Records what somebody found an alarm to be. Where it came from work that nobody had announced, whoever that belongs
    /// to is told.
    ///
    /// # Errors
    /// The store's.
    pub fn find_alarm(&self, by: Option<PersonId>, alarm: i64, class: Class, why: String) -> Result<(), StoreError> {
        let (act, ids) = (self.act(by, self.clock.now()), self.ids.clone());
        self.write(move |tx| {
            alarms::find(tx, &act, alarm, class, &why)?;
            if class == Class::Unannounced { Letter::Unannounced { alarm }.ask(tx, &ids, act.at) } else { Ok(()) }
        })
    }

    /// What this key did before, if it did anything.
    ///
    /// # Errors
    /// [`Failure::Invalid`] where it was used for another request, and the store's.
    pub fn posted_before(&self, actor: &Actor, key: Option<&Key>) -> Result<Option<Posted>, Failure> {
        let before = self.read::<_, Failure>(|tx| replayed::<Posted>(tx, actor, key))?;
        before.transpose().map_err(|stop| told(stop, false))
    }

    /// Enters a call-out, and asks whoever it is proposed to.
    ///
    /// # Errors
    /// [`Failure::Invalid`] where its alarm has one already or nobody has set what a call-out costs, and the store's.
    pub fn enter_call_out(&self, actor: &Actor, case: NewCase, words: String, key: Option<Key>) -> Result<Posted, Failure> {
        let now = self.clock.now();
        let (ids, act) = (self.ids.clone(), self.act(actor.person(), now));
        self.once(actor, key, move |tx| {
            let (judged, entry) = match store::enter(tx, &act, &case, &words)? {
                Ok(entered) => entered,
                Err(why) => return Ok(Err(why)),
            };
            if judged.standing() == Standing::Proposed {
                Letter::CallOut { case: case.id, org: case.liable_org }.ask(tx, &ids, now)?;
            }
            Ok(Ok(Posted { case: case.id, entry, standing: judged.standing(), rule: judged.rule.to_owned() }))
        })
    }

    /// Answers a call-out, decides on it or takes it back, and tells the other side.
    ///
    /// # Errors
    /// [`Failure::Conflict`] where that may not be done as it stands now, and the store's.
    pub fn answer_call_out(&self, actor: &Actor, case: &CaseLine, asking: Asking, deed: Deed, words: String, key: Option<Key>) -> Result<Posted, Failure> {
        let now = self.clock.now();
        let (ids, act) = (self.ids.clone(), self.act(actor.person(), now));
        let to = if matches!(deed, Deed::Agree | Deed::Dispute) { &case.org } else { &case.liable };
        let (to, id, rule) = (to.as_ref().map_or(0, |org| org.id), case.id, case.rule.clone());
        self.once(actor, key, move |tx| {
            let (standing, entry) = match store::deed(tx, &act, id, asking, deed, &words)? {
                Ok(done) => done,
                Err(why) => return Ok(Err(why)),
            };
            Letter::CallOut { case: id, org: to }.ask(tx, &ids, now)?;
            Ok(Ok(Posted { case: id, entry, standing, rule: rule.clone() }))
        })
    }

    /// A write that may be refused, at most once for a key: sent again, its answer is the one of before.
    fn once<T>(&self, actor: &Actor, key: Option<Key>, mut f: impl FnMut(&mut dyn Tx) -> Answer<T> + Send + 'static) -> Result<T, Failure>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let (actor, now) = (actor.clone(), self.clock.now());
        let answer = self.attempt(move |tx| -> Result<Result<Result<T, Stop>, _>, StoreError> {
            log::lock_head(tx)?;
            if let Some(before) = replayed(tx, &actor, key.as_ref())? {
                return Ok(Ok(before));
            }
            match f(tx)? {
                Ok(done) => Ok(Ok(finish(tx, &actor, key.as_ref(), done, now)?)),
                Err(why) => Ok(Err(why)),
            }
        })?;
        answer.map_err(|stop| told(stop, false))
    }
}
