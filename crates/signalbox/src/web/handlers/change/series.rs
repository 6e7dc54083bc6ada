//! On the record: by which rule this change was made, how it went last time, and by which rules it comes again (C079).

use jiff::civil::Date;
use signalbox_core::schedule::series as rules;
use signalbox_store::directory::{self, Series, Settled};
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

/// How far from the same day of the year before a time still counts as last year's: half a month.
const NEAR_DAYS: i32 = 15;
/// How many times are looked through for it: two years of weeks.
const LOOKED: i64 = 110;

/// The links to what was made before and a year before, and what came of each.
fn last_time(tx: &mut dyn Tx, scope: &Scope, series: &Series, day: Date, section: Section) -> Result<Section, StoreError> {
    let all = directory::occurrences_before(tx, series.id, day, LOOKED)?;
    let Some(before) = all.iter().find(|one| one.change_id.is_some()) else { return Ok(section.words("This is the first time.")) };
    let section = came(tx, scope, "Last time", before.change_id, section)?;
    let year_ago = day.checked_sub(jiff::Span::new().years(1)).unwrap_or(day);
    let distance = |one: &&Settled| (one.occurrence.day - year_ago).get_days().abs();
    let near = all.iter().filter(|one| distance(one) <= NEAR_DAYS).min_by_key(distance);
    match near.filter(|one| one.occurrence.day != before.occurrence.day) {
        Some(one) => came(tx, scope, "Last year", one.change_id, section),
        None => Ok(section),
    }
}

/// A link to a change with what came of it, where these eyes may see it.
fn came(tx: &mut dyn Tx, scope: &Scope, when: &str, id: Option<i64>, section: Section) -> Result<Section, StoreError> {
    let Some(id) = id else { return Ok(section.words(&format!("{when}: missed, its start had passed before it could be made."))) };
    if !sight::is_visible(tx, scope, id)? {
        return Ok(section);
    }
    let Some(change) = project::load(tx, id)?.map(|loaded| loaded.change) else { return Ok(section) };
    let came = change.outcome.map_or_else(|| change.stage.words().to_owned(), |outcome| words::option_label("outcome", outcome.code()));
    Ok(section.link(&format!("{when}: {}, {}", change.reference, lower(&came)), &format!("/changes/{}", change.reference)))
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
