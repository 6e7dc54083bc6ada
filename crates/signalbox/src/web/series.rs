//! Work that comes again: stating its rule and changing it. Pages and API collect texts; who may, and whether it means
//! anything, is decided here for both.

use jiff::civil::Date;
use signalbox_core::actor::Actor;
use signalbox_core::change::Kind;
use signalbox_core::form::WINDOW_MAX_DAYS;
use signalbox_core::ids::OrgId;
use signalbox_core::refusal::Violation;
use signalbox_core::schedule::recurrence::{Recurrence, Typed};
use signalbox_core::schedule::series::{self as rules, LEAD_DAYS};
use signalbox_store::directory::{self, Act, Answer, Series};
use signalbox_store::queries::sight;
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx, accounts, project, rota};

use crate::app::App;
use crate::run::PLANNED;
use crate::web::problem::{Failure, Fault};
use crate::words;

/// What was typed of a series.
#[derive(Clone, Debug, Default)]
pub struct New<'t> {
    pub title: &'t str,
    /// The address of whoever owns it.
    pub owner: &'t str,
    /// How many days before its start an occurrence is made.
    pub lead_days: &'t str,
    pub when: Typed<'t>,
}

/// What is done to a series without changing its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Pause,
    Resume,
    End,
    /// One occurrence is left out, by its day.
    Skip(Date),
}

/// A change that may come again, and for which organisation.
pub struct Template {
    pub id: i64,
    pub kind: Kind,
    pub org: OrgId,
}

/// The change of this reference as a template, for somebody who sees it and may raise such a change.
///
/// # Errors
/// [`Failure::NotFound`] for a change that they do not see, [`Failure::Denied`] where they may not raise such a change or
/// it is none that is planned.
pub fn template(app: &App, actor: &Actor, reference: &str) -> Result<Template, Failure> {
    let found = app.read::<_, Failure>(|tx| {
        let Some(id) = sight::by_reference(tx, &Scope::of(actor), reference)? else { return Ok(None) };
        let Some(loaded) = project::load(tx, id)? else { return Ok(None) };
        let (kind, raiser) = (loaded.change.kind, loaded.change.org);
        // Its own organisation where they raise for it, else their own, as with a copy.
        let mut orgs: Vec<OrgId> = actor.memberships().iter().map(|membership| membership.org).collect();
        orgs.sort_by_key(|org| *org != raiser);
        for org in orgs {
            let is_active = directory::organisation(tx, org.0)?.is_some_and(|org| org.is_active);
            if is_active && app.drafts(tx, actor, kind, org)? {
                return Ok(Some((id, kind, Some(org))));
            }
        }
        Ok(Some((id, kind, None)))
    })?;
    let (id, kind, org) = found.ok_or(Failure::NotFound)?;
    if !PLANNED.contains(&kind) {
        return Err(Failure::denied("not-planned", "Only work that is planned comes again. This is an emergency, or a record of what was done already."));
    }
    let org = org.ok_or_else(|| Failure::denied("may-not-raise", format!("None of your roles may raise a {}.", kind.words())))?;
    Ok(Template { id, kind, org })
}

/// The series of this id as these eyes see it, and whether they may change it: whoever raises such changes for its
/// organisation.
///
/// # Errors
/// [`Failure::NotFound`].
pub fn find(app: &App, actor: &Actor, id: i64) -> Result<(Series, Kind, bool), Failure> {
    let found = app.read::<_, Failure>(|tx| {
        let Some(series) = directory::series_seen(tx, &Scope::of(actor), id)? else { return Ok(None) };
        let Some(kind) = project::load(tx, series.template)?.map(|loaded| loaded.change.kind) else { return Ok(None) };
        let may = app.drafts(tx, actor, kind, OrgId(series.org_id))?;
        Ok(Some((series, kind, may)))
    })?;
    found.ok_or(Failure::NotFound)
}

/// The series for somebody who may change it.
///
/// # Errors
/// [`Failure::NotFound`], [`Failure::Denied`], or a conflict where it has ended.
pub fn changeable(app: &App, actor: &Actor, id: i64) -> Result<(Series, Kind), Failure> {
    let (series, kind, may) = find(app, actor, id)?;
    if !may {
        return Err(Failure::denied("series-role", "Whoever raises such changes for its organisation may change this."));
    }
    if series.ended_at.is_some() {
        return Err(Failure::conflict("ended", "This has ended. State a new rule on the change that it copied."));
    }
    Ok((series, kind))
}

/// States a rule, and gives its id. `faults` are those that the caller found already; all are told at once.
///
/// # Errors
/// Those of [`template`], and [`Failure::Invalid`] with every fault by the fields `title`, `owner`, `lead_days`, `zone`,
/// `starts`, `ends`, `rule` and `except`.
pub fn state(app: &App, actor: &Actor, reference: &str, new: &New, faults: Vec<Fault>) -> Result<i64, Failure> {
    let template = template(app, actor, reference)?;
    let (when, lead_days, owner_id) = read(app, &template, None, new, faults)?;
    let act = app.act(actor.person(), app.clock.now());
    let row = Series {
        id: app.ids.mint(act.at),
        org_id: template.org.0,
        template: template.id,
        title: new.title.trim().to_owned(),
        when,
        lead_days,
        owner_id,
        created_by: act.by,
        created_at: act.at,
        counts_from: act.at,
        paused_at: None,
        ended_at: None,
        version: 1,
    };
    let id = row.id;
    app.attempt(move |tx| directory::state_series(tx, &act, &row))?;
    Ok(id)
}

/// Changes what was stated; what was made by it stays as it is.
///
/// # Errors
/// As [`state`]; a conflict where it is not as it was seen.
pub fn change(app: &App, actor: &Actor, id: i64, version: Option<i64>, new: &New, faults: Vec<Fault>) -> Result<(), Failure> {
    let (series, kind) = changeable(app, actor, id)?;
    let template = Template { id: series.template, kind, org: OrgId(series.org_id) };
    let (when, lead_days, owner_id) = read(app, &template, Some(id), new, faults)?;
    let version = version.unwrap_or(series.version);
    let row = Series { title: new.title.trim().to_owned(), when, lead_days, owner_id, version, ..series };
    save(app, actor, "SeriesChanged", row)
}

/// Pauses, resumes or ends it, or leaves one occurrence out.
///
/// # Errors
/// As [`change`]. A deed that is done already does nothing.
pub fn take(app: &App, actor: &Actor, id: i64, version: Option<i64>, deed: Deed) -> Result<(), Failure> {
    let (mut series, _) = changeable(app, actor, id)?;
    let now = app.clock.now();
    series.version = version.unwrap_or(series.version);
    let event = match deed {
        Deed::Pause if series.paused_at.is_some() => return Ok(()),
        Deed::Resume if series.paused_at.is_none() => return Ok(()),
        Deed::Pause => {
            series.paused_at = Some(now);
            "SeriesPaused"
        }
        Deed::Resume => {
            // What lay in the pause was not missed.
            (series.paused_at, series.counts_from) = (None, now);
            "SeriesResumed"
        }
        Deed::End => {
            series.ended_at = Some(now);
            "SeriesEnded"
        }
        Deed::Skip(day) => {
            if !skippable(app, &series)?.iter().any(|one| one.day == day) {
                let detail = "Choose one of the next dates for which no change is made yet. A change that is made is cancelled on its own page.";
                return Err(Failure::invalid(Fault::of("day", "not-ahead", detail)));
            }
            series.when = without(&series.when, day)?;
            "OccurrenceLeftOut"
        }
    };
    save(app, actor, event, series)
}

/// How many of the next dates may be left out by their day.
const SKIPPABLE: usize = 12;

/// The next dates for which no change is made yet.
pub fn skippable(app: &App, series: &Series) -> Result<Vec<rules::Occurrence>, Failure> {
    let now = app.clock.now();
    let today = series.when.zone().to_datetime(now).date();
    let settled = app.read::<_, Failure>(|tx| directory::days_settled(tx, series.id, today))?;
    let coming = rules::ahead(&series.when, now, SKIPPABLE + settled.len());
    Ok(coming.into_iter().filter(|one| !settled.contains(&one.day)).take(SKIPPABLE).collect())
}

/// The same recurrence without the occurrence of a day.
fn without(when: &Recurrence, day: Date) -> Result<Recurrence, Failure> {
    let (starts, ends) = when.on_the_clock();
    let wall = |moment: jiff::civil::DateTime| moment.strftime("%Y-%m-%dT%H:%M").to_string();
    let except: Vec<String> = when.except().chain([day]).map(|day| day.to_string()).collect();
    let rule = when.rule().map(|rule| rule.text().to_owned()).unwrap_or_default();
    let typed = Typed { zone: when.zone_name(), starts: &wall(starts), ends: &wall(ends), rule: &rule, except: &except.join(" ") };
    // Without its last date it never happens: then it is ended, not emptied.
    Recurrence::read(&typed).map_err(|_| Failure::invalid(Fault::of("day", "last-date", "This is its last date. End the rule instead.")))
}

fn save(app: &App, actor: &Actor, event: &'static str, row: Series) -> Result<(), Failure> {
    let act: Act = app.act(actor.person(), app.clock.now());
    let is_saved = app.attempt(move |tx| -> Answer<bool> { directory::save_series(tx, &act, event, &row) })?;
    if is_saved { Ok(()) } else { Err(Failure::conflict("stale", "Somebody changed this after you read it. Read it again, then decide.")) }
}

/// Everything that was typed, or every fault of it.
fn read(app: &App, template: &Template, own: Option<i64>, new: &New, mut faults: Vec<Fault>) -> Result<(Recurrence, i64, i64), Failure> {
    let is_told = |faults: &[Fault], field: &str| faults.iter().any(|fault| fault.field.as_deref() == Some(field));
    let mut tell = |violation: Violation| {
        let field = violation.field.clone().unwrap_or_default();
        if !is_told(&faults, &field) {
            faults.push(crate::web::calendars::fault(&violation));
        }
    };
    if new.title.trim().is_empty() {
        tell(Violation::of("title", "answer-missing"));
    }
    let lead_days = new.lead_days.trim().parse().ok().filter(|days| LEAD_DAYS.contains(days));
    if lead_days.is_none() {
        tell(Violation::of("lead_days", "number-out-of-range").with(LEAD_DAYS.start()).with(LEAD_DAYS.end()));
    }
    let when = match Recurrence::read(&new.when) {
        Ok(when) => Some(when),
        Err(violations) => {
            violations.into_iter().for_each(&mut tell);
            None
        }
    };
    if let Some(when) = &when {
        let (starts, ends) = when.on_the_clock();
        if when.rule().is_none() {
            tell(Violation::of("rule", "rule-missing"));
        } else if starts.duration_until(ends).as_hours() > WINDOW_MAX_DAYS * 24 {
            tell(Violation::of("ends", "window-too-long").with(WINDOW_MAX_DAYS));
        } else if is_known(app, template, when, own)? {
            tell(Violation::of("rule", "rule-known"));
        } else if rules::ahead(when, app.clock.now(), 1).is_empty() {
            tell(Violation::of("rule", "over-already"));
        }
    }
    let owner = app.read::<_, Failure>(|tx| owner(app, tx, template, new.owner.trim()))?;
    if owner.is_none() {
        tell(Violation::of("owner", "not-an-owner").with(new.owner.trim()));
    }
    match (when, lead_days, owner) {
        (Some(when), Some(lead_days), Some(owner)) if faults.is_empty() => Ok((when, lead_days, owner)),
        _ => Err(Failure::Invalid(faults)),
    }
}

/// Whether the change comes again by this very rule already, as it does where a form was sent twice.
fn is_known(app: &App, template: &Template, when: &Recurrence, own: Option<i64>) -> Result<bool, Failure> {
    let known = app.read::<_, Failure>(|tx| directory::series_of_template(tx, template.id))?;
    Ok(known.iter().any(|one| Some(one.id) != own && one.when == *when))
}

/// The person of this address, where they may raise the changes of this series. Somebody who may not reads like nobody (S02).
fn owner(app: &App, tx: &mut dyn Tx, template: &Template, email: &str) -> Result<Option<i64>, StoreError> {
    let Some(person) = accounts::person_by_email(tx, email)? else { return Ok(None) };
    let Some(row) = rota::actor_at(tx, person.id, app.clock.now())? else { return Ok(None) };
    let actor = row.to_core();
    let may = sight::is_visible(tx, &Scope::of(&actor), template.id)? && app.drafts(tx, &actor, template.kind, template.org)?;
    Ok(may.then_some(person.id))
}

/// How it stands, in a word or two.
pub fn state_words(series: &Series, has_dates: bool) -> String {
    match (series.ended_at, series.paused_at) {
        (Some(at), _) => format!("Ended {}", crate::web::visitor::moment(at)),
        (None, Some(at)) => format!("Paused since {}", crate::web::visitor::moment(at)),
        (None, None) if has_dates => "Going".into(),
        (None, None) => "Every date is made".into(),
    }
}

/// When it comes again, as it is said on pages: `Every month on the first Tuesday, from 06:00 to 08:00`.
pub fn when_words(series: &Series) -> String {
    words::recurring::repeats(&series.when)
}
