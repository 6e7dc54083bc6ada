//! What rang for nothing, and what it cost: an alarm is found to be something, a call-out is entered and answered (spec
//! 10.4, 10.5). Each is written down together with the letter that tells of it, whoever asks for it.

use signalbox_core::alarm::Class;
use signalbox_core::ids::PersonId;
use signalbox_core::ledger::{Asking, Deed, Judged, Standing};
use signalbox_store::ledger::NewCase;
use signalbox_store::{StoreError, alarms, ledger};

use crate::accounts::letters::Letter;
use crate::app::App;
use crate::web::problem::Failure;

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

    /// Enters a call-out. The organisation to which it is proposed is told.
    ///
    /// # Errors
    /// The alarm has a call-out already, or nobody has set what one costs; and the store's.
    pub fn enter_call_out(&self, by: Option<PersonId>, case: NewCase, words: String) -> Result<Judged, Failure> {
        let (act, ids) = (self.act(by, self.clock.now()), self.ids.clone());
        self.attempt(move |tx| {
            let judged = ledger::enter(tx, &act, &case, &words)?;
            if judged.as_ref().is_ok_and(|judged| judged.standing() == Standing::Proposed) {
                Letter::CallOut { case: case.id, org: case.liable_org }.ask(tx, &ids, act.at)?;
            }
            Ok(judged)
        })
    }

    /// Answers a call-out, decides on it or takes it back, and tells `org`, the other side.
    ///
    /// # Errors
    /// It may not be done as the call-out stands now; and the store's.
    pub fn act_on_call_out(&self, by: Option<PersonId>, case: i64, asking: Asking, deed: (Deed, String), org: i64) -> Result<Standing, Failure> {
        let (act, ids) = (self.act(by, self.clock.now()), self.ids.clone());
        self.attempt(move |tx| {
            let done = ledger::deed(tx, &act, case, asking, deed.0, &deed.1)?;
            if done.is_ok() {
                Letter::CallOut { case, org }.ask(tx, &ids, act.at)?;
            }
            Ok(done)
        })
    }
}
