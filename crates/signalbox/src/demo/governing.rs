//! A new version of the process on its way: proposed by the administrator, put to everybody, and answered by some.

use jiff::{SignedDuration, Timestamp};
use signalbox_core::actor::{Actor, Role};
use signalbox_core::govern::Answer;
use signalbox_core::ids::OrgId;
use signalbox_core::process::edit::{Edit, edit, grids};
use signalbox_store::documents::proposals;
use signalbox_store::{StoreError, directory};

use super::{Cast, Unmade};
use crate::app::Shared;
use crate::clock::Clock;
use crate::run::govern::Halt;

const WHY: &str = "In spring two outages became known when the clinics of those days were already booked. Fifteen days leave the wards a week to move people.";
const DAYS: &str = "15";

impl From<Halt> for Unmade {
    fn from(halt: Halt) -> Unmade {
        Unmade::Stopped(format!("{halt:?}"))
    }
}

/// Plays it over the days before `now`.
pub(super) fn play(app: &Shared, clock: &Clock, cast: &Cast, now: Timestamp) -> Result<(), Unmade> {
    let day = |days: i64| now - SignedDuration::from_hours(24 * days);
    let (Some(ada), Some(owen), Some(joy)) =
        (cast.get("ada.byrne@authority.example"), cast.get("owen.pritchard@eastmarsh.example"), cast.get("joy.adeyemi@riverside.example"))
    else {
        return Ok(());
    };
    clock.set(day(6));
    let id = app.propose(ada, "planned-outage")?;
    let Some(found) = app.read::<_, StoreError>(|tx| proposals::proposal(tx, id))? else { return Ok(()) };
    let Some(source) = told_earlier(&found.source) else { return Ok(()) };
    app.write_proposal(ada, id, found.rev, source, WHY.to_owned())?;
    app.check_proposal(ada, id)?;
    app.publish_proposal(ada, id, None, String::new())?;
    clock.set(day(4));
    answer(app, owen, id, "EM", Answer::Acknowledged, "")?;
    clock.set(day(2));
    answer(app, joy, id, "RI", Answer::Objected, "A generator test is fixed by its maker, often eleven days ahead. Keep the ten days for work on power.")?;
    clock.set(now);
    Ok(())
}

/// Outages are told fifteen days ahead, whoever takes the service away.
fn told_earlier(source: &str) -> Option<String> {
    let (n, grid) = grids(source).into_iter().enumerate().find(|(_, grid)| grid.heading.to_lowercase().contains("notice asked for"))?;
    let column = grid.columns.iter().position(|column| column.contains("Notice"))?;
    let cells = (0..grid.rows.len()).map(|row| (row, column, DAYS.to_owned())).collect();
    edit(source, n, &Edit { cells, ..Edit::default() })
}

fn answer(app: &Shared, actor: &Actor, id: i64, code: &str, answer: Answer, words: &str) -> Result<(), Unmade> {
    let org = app.read::<_, StoreError>(|tx| directory::organisation_by_code(tx, code))?;
    let Some(org) = org.filter(|org| actor.holds_in(Role::Coordinator, OrgId(org.id))) else { return Ok(()) };
    Ok(app.answer_proposal(actor, id, OrgId(org.id), answer, words.to_owned())?)
}
