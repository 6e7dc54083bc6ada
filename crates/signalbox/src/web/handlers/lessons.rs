//! "From changes like this one": what earlier work on the same things leaves for a draft (C103).

use signalbox_core::calendar::{self, local};
use signalbox_core::change::Outcome;
use signalbox_core::report::Ratio;
use signalbox_store::project;
use signalbox_store::queries::lessons::{self, Likeness};
use signalbox_store::scope::Scope;

use crate::app::App;
use crate::web::parts::{Fact, Section};
use crate::web::problem::Failure;
use crate::words;

/// How many are told of. The share counts more.
const TOLD: usize = 5;

/// The panel; none where nobody did the like, or the reader sees none of it.
pub(super) fn panel(app: &App, scope: &Scope, like: &Likeness) -> Result<Option<Section>, Failure> {
    let found = app.read::<_, Failure>(|tx| {
        let Some((by, past)) = lessons::like(tx, scope, like)? else { return Ok(None) };
        let mut told = vec![];
        for one in past.iter().take(TOLD) {
            let loaded = project::load(tx, one.id)?;
            let lines = loaded.map(|loaded| words::learning::lessons(&loaded.change, &loaded.prose)).unwrap_or_default();
            told.push((one.clone(), lines));
        }
        let well = past.iter().filter(|one| one.outcome == Outcome::Successful).count();
        Ok(Some((by, Ratio { part: well as u64, whole: past.len() as u64 }, told)))
    })?;
    let Some((by, share, told)) = found else { return Ok(None) };
    let zone = calendar::london();
    let facts = told.into_iter().map(|(past, lines)| {
        let ended = local::date_words(calendar::local_date(past.ended_at, &zone));
        let value = [vec![past.title, ended], lines].concat().join("\n");
        let colour = if past.outcome == Outcome::Successful { "green" } else { "yellow" };
        let fact = Fact::new(&past.reference, &value).tag(&words::option_label("outcome", past.outcome.code()), colour);
        fact.link("Read it", &format!("/changes/{}", past.reference))
    });
    let section = Section::new("lessons", "From changes like this one").words(&words::learning::like_share(by, share));
    Ok(Some(section.facts(facts.collect())))
}
