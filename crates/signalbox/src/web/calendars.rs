//! Declaring what holds for stretches of time: freezes, maintenance windows, what happens elsewhere. Pages and API
//! collect texts; who may declare what, and whether it means anything, is decided here for both.

use signalbox_core::actor::{Actor, OrgKind, Role};
use signalbox_core::ids::{ItemId, OrgId, ServiceId, SiteId};
use signalbox_core::refusal::Violation;
use signalbox_core::schedule::recurrence::{Recurrence, Typed};
use signalbox_core::schedule::{Extent, Node};
use signalbox_store::directory::{self, Declared, ExternalTerms, FreezeTerms, MaintenanceTerms, Terms};
use signalbox_store::{StoreError, Tx};

use crate::app::App;
use crate::web::problem::{Failure, Fault};
use crate::words;

/// A trust may declare its own freeze for a day at most (X14).
const OWN_HOURS: i64 = 24;

/// What it holds for, as people choose it: code and words.
pub const SCOPES: [(&str, &str); 5] = [
    ("all", "Everybody and everything"),
    ("organisation", "One organisation"),
    ("site", "One site"),
    ("service", "One service and what depends on it"),
    ("item", "One item and what depends on it"),
];

/// What one of the three kinds asks of whoever declares it.
pub trait Kind: Terms {
    /// The rule and the sentence for those who may not.
    const WHO: (&'static str, &'static str);
    /// Whether a trust's coordinator declares its own.
    const IS_FOR_TRUSTS: bool;

    /// What else is wrong with it, where a trust declares its own.
    fn limit(_: &Recurrence) -> Option<Fault> {
        None
    }
}

impl Kind for FreezeTerms {
    const WHO: (&'static str, &'static str) =
        ("X14", "Administrators and the authority’s change manager declare freezes; a trust’s coordinator its own, for a day.");
    const IS_FOR_TRUSTS: bool = true;

    fn limit(when: &Recurrence) -> Option<Fault> {
        if when.rule().is_some() {
            return Some(Fault::of("rule", "own-repeats", "A trust’s own freeze does not repeat (X14). Ask the authority for one that does."));
        }
        let is_long = when.envelope().length().as_secs() > OWN_HOURS * 3_600;
        is_long.then(|| Fault::of("ends", "too-long", "A trust’s own freeze lasts 24 hours at most (X14). Ask the authority for a longer one."))
    }
}

impl Kind for MaintenanceTerms {
    const WHO: (&'static str, &'static str) =
        ("C071", "Administrators and the authority’s change manager agree maintenance windows; a trust’s coordinator those of its own.");
    const IS_FOR_TRUSTS: bool = true;
}

impl Kind for ExternalTerms {
    const WHO: (&'static str, &'static str) = ("C036", "Administrators and the authority’s change manager put into the calendar what happens elsewhere.");
    const IS_FOR_TRUSTS: bool = false;
}

/// Who declares for everybody.
pub fn declares_all(actor: &Actor) -> bool {
    actor.holds(Role::Administrator) || actor.holds(Role::AuthorityManager)
}

/// The trusts for which somebody declares what is theirs.
fn own(actor: &Actor) -> Vec<OrgId> {
    actor.memberships().iter().filter(|m| m.role == Role::Coordinator && m.org_kind == OrgKind::Trust).map(|m| m.org).collect()
}

/// Whether they declare anything of this kind.
pub fn admit<D: Kind>(actor: &Actor) -> Result<(), Failure> {
    if declares_all(actor) || (D::IS_FOR_TRUSTS && !own(actor).is_empty()) {
        return Ok(());
    }
    Err(Failure::denied(D::WHO.0, D::WHO.1))
}

/// Whether what holds for this is theirs to declare and to end.
pub fn is_theirs<D: Kind>(tx: &mut dyn Tx, actor: &Actor, extent: Extent) -> Result<bool, StoreError> {
    if declares_all(actor) {
        return Ok(true);
    }
    let own = own(actor);
    Ok(D::IS_FOR_TRUSTS && directory::owner_of(tx, extent)?.is_some_and(|owner| own.contains(&owner)))
}

/// What was typed of something new.
#[derive(Clone, Debug, Default)]
pub struct New<'t> {
    pub title: &'t str,
    /// One of [`SCOPES`].
    pub scope: &'t str,
    /// The code of what it holds for.
    pub of: &'t str,
    pub when: Typed<'t>,
}

/// Declares it, and gives its id. `faults` are those that the caller found already; all are told at once.
///
/// # Errors
/// [`Failure::Denied`] for those who may not, [`Failure::Invalid`] with every fault by the fields `title`, `of`, `zone`,
/// `starts`, `ends`, `rule` and `except`.
pub fn declare<D: Kind>(app: &App, actor: &Actor, new: &New, own: Option<D>, mut faults: Vec<Fault>) -> Result<i64, Failure> {
    admit::<D>(actor)?;
    let extent = app.read::<_, Failure>(|tx| extent::<D>(tx, actor, new.scope, new.of))?;
    let is_told = |faults: &[Fault], field: &str| faults.iter().any(|fault| fault.field.as_deref() == Some(field));
    if extent.is_none() && !is_told(&faults, "scope") {
        faults.push(Fault::of("of", "unknown-value", "We don’t know this code."));
    }
    let when = match Recurrence::read(&new.when) {
        Ok(when) => Some(when),
        Err(violations) => {
            // What is missing was told as missing.
            let more: Vec<Fault> = violations.iter().map(fault).filter(|one| !one.field.as_deref().is_some_and(|field| is_told(&faults, field))).collect();
            faults.extend(more);
            None
        }
    };
    if let Some(limit) = when.as_ref().filter(|_| !declares_all(actor)).and_then(D::limit) {
        faults.push(limit);
    }
    let (Some(extent), Some(when), Some(own), true) = (extent, when, own, faults.is_empty()) else { return Err(Failure::Invalid(faults)) };
    let act = app.act(actor.person(), app.clock.now());
    let id = app.ids.mint(act.at);
    let row = Declared { id, title: new.title.to_owned(), extent, when, declared_by: act.by, created_at: act.at, ended_at: None, own };
    app.attempt(move |tx| directory::declare(tx, &act, &row))?;
    Ok(id)
}

/// What is wrong with the time, in the words of the pages.
pub(super) fn fault(violation: &Violation) -> Fault {
    let detail = match (violation.code, violation.field.as_deref()) {
        ("not-a-time", Some("starts" | "ends")) => "Enter a date and a time, such as 24 December 2026, 18:00.".into(),
        ("end-before-start", _) => "It ends after it starts.".into(),
        ("not-a-date", _) => "Enter days such as 2026-12-25, with commas between.".into(),
        _ => words::fault(violation),
    };
    Fault::from_violation(violation, detail)
}

/// What the words and the code name, if it is theirs. What is another's reads like what does not exist (S02).
fn extent<D: Kind>(tx: &mut dyn Tx, actor: &Actor, scope: &str, of: &str) -> Result<Option<Extent>, StoreError> {
    let known: Vec<Extent> = match scope {
        "all" => vec![Extent::Everything],
        "organisation" => directory::organisation_by_code(tx, of)?.map(|org| Extent::Organisation(OrgId(org.id))).into_iter().collect(),
        "site" => sites(tx, of)?,
        "service" => directory::service_by_code(tx, of)?.map(|found| Extent::Node(Node::Service(ServiceId(found.id)))).into_iter().collect(),
        "item" => directory::item_by_code(tx, of)?.map(|found| Extent::Node(Node::Item(ItemId(found.id)))).into_iter().collect(),
        _ => vec![],
    };
    let mut theirs = vec![];
    for extent in known {
        if is_theirs::<D>(tx, actor, extent)? {
            theirs.push(extent);
        }
    }
    // Two organisations may use one code for their sites; which is meant nobody can tell.
    Ok(Some(theirs).filter(|theirs| theirs.len() == 1).and_then(|theirs| theirs.first().copied()))
}

/// The sites with this code; `NORTHBROOK/NB-GEN` is the one of that organisation.
fn sites(tx: &mut dyn Tx, of: &str) -> Result<Vec<Extent>, StoreError> {
    let Some((org, code)) = of.split_once('/') else {
        return Ok(directory::sites_by_code(tx, of)?.into_iter().map(Extent::Site).collect());
    };
    let Some(org) = directory::organisation_by_code(tx, org)? else { return Ok(vec![]) };
    Ok(directory::site_by_code(tx, org.id, code)?.map(|site| Extent::Site(SiteId(site.id))).into_iter().collect())
}

/// What something holds for, in words: `Everybody and everything`, `Northbrook General (NB-GEN)`.
pub fn extent_words(tx: &mut dyn Tx, extent: Extent) -> Result<String, StoreError> {
    let (scope, _) = directory::extent_columns(extent);
    let words = SCOPES.iter().find(|(code, _)| *code == scope).map_or("", |(_, words)| words);
    Ok(directory::extent_named(tx, extent)?.map_or_else(|| words.to_owned(), |named| format!("{} ({})", named.name, named.code)))
}

/// The item, site, service or organisation of this code, if whoever asks puts into the calendar what happens there.
pub fn named(tx: &mut dyn Tx, actor: &Actor, code: &str) -> Result<Option<Extent>, StoreError> {
    for scope in ["item", "site", "service", "organisation"] {
        if let Some(found) = extent::<ExternalTerms>(tx, actor, scope, code)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
