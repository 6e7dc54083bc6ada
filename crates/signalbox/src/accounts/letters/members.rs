//! The letter after a merger of organisations.

use signalbox_store::accounts as store;
use signalbox_store::directory::{self, Viewer};

use super::{Mail, letter};
use crate::app::App;
use crate::web::problem::Failure;
use crate::words::{counted, mergers};

/// More are not counted.
const COUNTED: i64 = 10_000;

/// How many wait for this person's word. Nothing once nobody does.
pub(super) fn confirm(app: &App, person: i64, merger: i64) -> Result<Vec<Mail>, Failure> {
    let found = app.read::<_, Failure>(|tx| {
        let (Some(known), Some(merger)) = (store::actor(tx, person)?, directory::merger(tx, merger)?) else { return Ok(None) };
        let viewer = if known.viewer() == Viewer::All { Viewer::All } else { Viewer::Person(person) };
        let waiting = directory::to_confirm(tx, viewer, COUNTED)?.len();
        let mut ended = vec![];
        for org in &merger.predecessors {
            ended.extend(directory::organisation(tx, *org)?.map(|org| org.name));
        }
        let successor = directory::organisation(tx, merger.successor)?.map(|org| org.name).unwrap_or_default();
        Ok((waiting > 0).then_some((known.person, waiting, ended, successor)))
    })?;
    let Some((person, waiting, ended, successor)) = found else { return Ok(vec![]) };
    let text = format!(
        "Hello {name},\n\n{merged}. {memberships} came along and count as before. Say of each that the person works for {successor}, or end it:\n\n{link}\n",
        name = person.name,
        merged = mergers::merged(&ended, &successor),
        memberships = counted(waiting as i64, "membership"),
        link = app.config.base.link("/members"),
    );
    Ok(vec![letter(app, &person.email, &format!("Confirm who works for {successor}"), &text)])
}
