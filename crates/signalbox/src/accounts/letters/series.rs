//! Letters about work that comes again: an occurrence was made, or nobody is there to own it.

use signalbox_core::change::Confidentiality;
use signalbox_store::directory::{self, Series};
use signalbox_store::queries::sight;
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx, accounts as store, project, rota};

use super::{Mail, letter};
use crate::app::App;
use crate::web::problem::Failure;
use crate::words::recurring as words;

/// What it is called where that may leave by mail: what is restricted stays where its readers sign in.
fn name(tx: &mut dyn Tx, series: &Series) -> Result<String, StoreError> {
    let content = project::load(tx, series.template)?.and_then(|loaded| loaded.change.content);
    let is_restricted = content.is_some_and(|content| content.header.confidentiality == Confidentiality::SecurityRestricted);
    Ok(if is_restricted { "Work that comes again".to_owned() } else { series.title.clone() })
}

/// To the owner: a draft is there to be checked and sent.
pub(super) fn made(app: &App, series: i64, change: i64, person: i64) -> Result<Vec<Mail>, Failure> {
    let found = app.read::<_, Failure>(|tx| {
        let Some(row) = rota::actor_at(tx, person, app.clock.now())? else { return Ok(None) };
        let scope = Scope::of(&row.to_core());
        let Some(series) = directory::series_seen(tx, &scope, series)? else { return Ok(None) };
        let is_seen = sight::is_visible(tx, &scope, change)?;
        let Some(occurrence) = directory::occurrence_of(tx, change)?.filter(|_| is_seen) else { return Ok(None) };
        let what = name(tx, &series)?;
        let reference = project::load(tx, change)?.map(|loaded| loaded.change.reference).unwrap_or_default();
        Ok(Some((row.person, series, occurrence, reference, what)))
    })?;
    let Some((person, series, one, reference, what)) = found else { return Ok(vec![]) };
    let text = format!(
        "Hello {name},\n\n{what} comes again: {when}. {reference} is made for it as a draft, with the answers of last time. Nothing is sent by itself: check it, \
         and send it.\n\n{link}\n\nThe rule by which it comes again: {rule}\n\nYou get this because you own it.\n",
        name = person.name,
        when = words::occurrence(one.occurrence.span, series.when.zone()),
        link = app.config.base.link(&format!("/changes/{reference}/edit/what")),
        rule = app.config.base.link(&format!("/series/{}", series.id)),
    );
    Ok(vec![letter(app, &person.email, &format!("A draft to check: {reference} {what}"), &text)])
}

/// To those who answer for the organisation: an occurrence is due, and its owner has left or may not raise it.
pub(super) fn waits(app: &App, series: i64, day: &str, person: i64) -> Result<Vec<Mail>, Failure> {
    let found = app.read::<_, Failure>(|tx| {
        let Some(row) = rota::actor_at(tx, person, app.clock.now())? else { return Ok(None) };
        let Some(series) = directory::series_seen(tx, &Scope::of(&row.to_core()), series)?.filter(Series::is_going) else { return Ok(None) };
        let owner = store::person(tx, series.owner_id)?.map(|person| person.name).filter(|name| !name.is_empty());
        let what = name(tx, &series)?;
        Ok(Some((row.person, series, owner, what)))
    })?;
    let Some((person, series, owner, what)) = found else { return Ok(vec![]) };
    let day = day.parse().map_or_else(|_| day.to_owned(), signalbox_core::calendar::local::date_words);
    let text = format!(
        "Hello {name},\n\n{what} comes again on {day}, but no draft was made: {owner}, who owns it, has left or may not raise it any more. Name another owner, \
         or end the rule:\n\n{link}\n",
        name = person.name,
        owner = owner.unwrap_or_else(|| "the person".into()),
        link = app.config.base.link(&format!("/series/{}", series.id)),
    );
    Ok(vec![letter(app, &person.email, &format!("Nobody owns it: {what}"), &text)])
}
