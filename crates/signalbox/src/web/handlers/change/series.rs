//! On the record: by which rule this change was made, how it went last time, and by which rules it comes again (C079).

use signalbox_core::schedule::series as rules;
use signalbox_store::directory::{self, Series};
use signalbox_store::queries::sight;
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx, project};

use super::{Seen, record};
use crate::app::App;
use crate::run::PLANNED;
use crate::web::parts::Section;
use crate::web::problem::Failure;
use crate::web::series::when_words;
use crate::web::ui::Link;
use crate::words;

/// The panels, as far as these eyes may see the series.
pub(super) fn sections(app: &App, seen: &Seen) -> Result<Vec<Section>, Failure> {
    let (scope, id) = (Scope::of(&seen.actor), seen.change().id.0);
    app.read(|tx| {
        let mut found = vec![];
        if let Some(own) = directory::occurrence_of(tx, id)?
            && let Some(series) = directory::series_seen(tx, &scope, own.series_id)?
        {
            let next = rules::ahead(&series.when, own.occurrence.span.from.max(seen.now), 1).into_iter().next();
            let next = next.filter(|_| series.is_going()).map(|one| format!(", next on {}", words::recurring::occurrence(one.span, series.when.zone())));
            let words = format!("Made from the rule of {}: {}{}.", series.title, lower(&when_words(&series)), next.unwrap_or_default());
            let section = Section::new("series", "It comes again").words(&words);
            found.push(last_time(tx, &scope, &series, own.occurrence.day, section)?.link("The rule, and every time so far", &address(&series)));
        }
        let copies = directory::series_of_template(tx, id)?;
        if !copies.is_empty() {
            let section = Section::new("copied", "It comes again by a rule");
            found.push(copies.iter().fold(section, |section, series| {
                section.words(&format!("{}: {}.", series.title, lower(&when_words(series)))).link(&series.title, &address(series))
            }));
        }
        Ok(found)
    })
}

/// The link to what was made before, and what came of it.
fn last_time(tx: &mut dyn Tx, scope: &Scope, series: &Series, day: jiff::civil::Date, section: Section) -> Result<Section, StoreError> {
    let before = directory::occurrence_before(tx, series.id, day)?.and_then(|one| one.change_id);
    let Some(id) = before else { return Ok(section.words("This is the first time.")) };
    if !sight::is_visible(tx, scope, id)? {
        return Ok(section);
    }
    let Some(change) = project::load(tx, id)?.map(|loaded| loaded.change) else { return Ok(section) };
    let came = change.outcome.map_or_else(|| change.stage.words().to_owned(), |outcome| words::option_label("outcome", outcome.code()));
    Ok(section.link(&format!("Last time: {}, {}", change.reference, lower(&came)), &format!("/changes/{}", change.reference)))
}

fn address(series: &Series) -> String {
    format!("/series/{}", series.id)
}

fn lower(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// The way to a rule, for those who may copy this change.
pub(super) fn link(app: &App, seen: &Seen) -> Result<Option<Link>, Failure> {
    let may = PLANNED.contains(&seen.change().kind) && record::may_copy(app, seen)?;
    Ok(may.then(|| Link::new("Let this come again by a rule", &format!("{}/recur", seen.address()))))
}
