//! Letters about outages that people without an account told: is this your address, somebody waits for you, what became of it.

use signalbox_core::actor::Role;
use signalbox_store::told::{self as store, Told};
use signalbox_store::{accounts, project};

use super::{Mail, letter};
use crate::app::App;
use crate::run::govern::speakers;
use crate::web::problem::Failure;
use crate::web::visitor::moment;

fn what(told: &Told) -> String {
    let words = &told.words;
    format!("{}\n{}\n{} to {}", words.what, words.place, moment(words.start), moment(words.end))
}

/// To who told it: is this your address?
pub(super) fn confirm(app: &App, id: i64) -> Result<Vec<Mail>, Failure> {
    let token = app.ids.token();
    let found = app.write::<_, Failure>(move |tx| {
        let found = store::get(tx, id)?.filter(|told| told.confirmed_at.is_none());
        if found.is_some() {
            store::set_token(tx, id, &token.hash())?;
        }
        Ok(found)
    })?;
    let Some(told) = found else { return Ok(vec![]) };
    let link = app.config.base.link(&format!("/outages/tell/confirm/{}", token.to_hex()));
    let text = format!(
        "Hello {},\n\nyou told us of a planned outage. Confirm that this is your address, and it is passed on:\n\n{link}\n\n{}\n\n\
         The link works for 2 days. If it was not you, leave this letter alone: nothing happens without the link.\n",
        told.words.name,
        what(&told)
    );
    Ok(vec![letter(app, &told.words.email, "Confirm what you told", &text)])
}

/// To those who answer for the organisation, or the authority where the address belongs to none.
pub(super) fn waits(app: &App, id: i64) -> Result<Vec<Mail>, Failure> {
    let found = app.read::<_, Failure>(|tx| {
        let Some(told) = store::get(tx, id)?.filter(Told::is_waiting) else { return Ok(None) };
        let holders = match told.org_id {
            Some(org) => speakers(tx, org)?,
            None => accounts::eligible_holders(tx, Role::AuthorityManager, None, None)?,
        };
        let mut to = vec![];
        for holder in holders {
            to.extend(accounts::person(tx, holder)?.map(|person| person.email).filter(|email| !email.is_empty()));
        }
        Ok(Some((told, to)))
    })?;
    let Some((told, to)) = found else { return Ok(vec![]) };
    let text = format!(
        "{} ({}) told us of a planned outage and has no account. Nobody knows of it before you send a notice:\n\n{}\n\n{}\n",
        told.words.name,
        told.words.telephone,
        what(&told),
        app.config.base.link(&format!("/outages/told/{}", told.id))
    );
    Ok(to.iter().map(|to| letter(app, to, "An outage was told that has no notice yet", &text)).collect())
}

/// To who told it: what became of it.
pub(super) fn answered(app: &App, id: i64) -> Result<Vec<Mail>, Failure> {
    let found = app.read::<_, Failure>(|tx| {
        let Some(told) = store::get(tx, id)?.filter(|told| told.settled_at.is_some()) else { return Ok(None) };
        let reference = told.change_id.map(|id| project::load(tx, id)).transpose()?.flatten().map(|loaded| loaded.change.reference);
        Ok(Some((told, reference)))
    })?;
    let Some((told, reference)) = found else { return Ok(vec![]) };
    let answer = match reference {
        Some(reference) => format!("A notice is being made of it under the number {reference}. It counts once it is sent. Name this number if you ring."),
        None => format!("No notice was made of it:\n\n{}", told.reason),
    };
    let text = format!("Hello {},\n\nyou told us of a planned outage.\n\n{answer}\n\n{}\n", told.words.name, what(&told));
    Ok(vec![letter(app, &told.words.email, "The outage that you told us of", &text)])
}
