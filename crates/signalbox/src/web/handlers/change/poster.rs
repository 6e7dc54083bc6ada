//! `/changes/{ref}/poster/{site}`: the ward notice, one printed side for one site. It says what staff notice and what they do;
//! it names no equipment and nobody who does the work.

use axum::extract::{Path, State};
use axum::response::Response;
use signalbox_core::calendar::local;
use signalbox_core::change::{Change, Stage};
use signalbox_core::form::Answer;
use signalbox_store::queries::Named;
use signalbox_store::queries::names::Names;
use signalbox_store::scope::Scope;

use super::{Seen, departments};
use crate::app::Shared;
use crate::web::pages::poster::PosterPage;
use crate::web::parts::Section;
use crate::web::problem::Failure;
use crate::web::qr;
use crate::web::tell::page;
use crate::web::ui::Link;
use crate::web::visitor::Visitor;
use crate::words::sentence_case;

/// What fits on the side beside all else, in characters.
const NOTICE_MAX: usize = 500;
const MEANWHILE_MAX: usize = 700;

/// Whether there is anything to hang up: the work has a time and is not over.
fn is_due(change: &Change) -> bool {
    change.window().is_some() && change.stage.holds_window() && !matches!(change.stage, Stage::Implemented | Stage::Review | Stage::Closed)
}

fn href(seen: &Seen, site: &Named) -> String {
    format!("{}/poster/{}", seen.address(), site.code.to_lowercase())
}

/// The panel of the record: a notice for each site.
pub(super) fn section(seen: &Seen) -> Option<Section> {
    if !is_due(seen.change()) || seen.page.sites.is_empty() {
        return None;
    }
    let section = Section::new("posters", "Ward notices").words("One printed side for each site, to hang up where people work.");
    Some(seen.page.sites.values().fold(section, |section, site| section.link(&site.name, &href(seen, site))))
}

/// How care carries on, a line for each department; who was told there is nobody's business on a wall.
fn cover(seen: &Seen) -> String {
    let covered =
        departments::known(seen).into_iter().filter_map(|one| one.cover.map(|text| format!("{}: {}", departments::name(seen, &one), seen.said(text))));
    covered.collect::<Vec<_>>().join("\n")
}

/// What was answered in free words; empty where nothing was.
fn answered(seen: &Seen, id: &str) -> String {
    let answer = seen.change().content.as_ref().and_then(|content| content.answers.get(id));
    match answer {
        Some(Answer::Text(text)) => seen.said(text).trim().to_owned(),
        Some(Answer::List(texts)) => texts.iter().map(|text| seen.said(text)).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

fn cut(words: String, most: usize) -> String {
    if words.chars().count() <= most { words } else { words.chars().take(most).chain("… (the rest stands on the page of the change)".chars()).collect() }
}

/// The side.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path((reference, site)): Path<(String, String)>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    let change = seen.change();
    let site = seen.page.sites.values().find(|one| one.code.eq_ignore_ascii_case(&site)).ok_or(Failure::NotFound)?;
    let window = change.window().ok_or(Failure::NotFound)?;
    let zone = &seen.situation.zone;
    let services: Vec<&str> = seen.page.services.values().map(|service| service.name.as_str()).collect();
    let what = if services.is_empty() { seen.title() } else { services.join(", ") };
    // The line for this site's own organisation comes before what is said to everybody.
    let (owner, names) =
        app.read::<_, Failure>(|tx| Ok((signalbox_store::directory::site(tx, site.id)?.map(|row| row.org_id), app.names.of(tx, &Scope::of(&seen.actor))?)))?;
    let code = owner.and_then(|org| seen.page.orgs.get(&org)).map(|org| org.code.clone()).unwrap_or_default();
    let own: Vec<String> = change.content.iter().flat_map(|content| content.own_notice(&code)).map(|text| seen.said(text)).collect();
    let mut notice = if own.is_empty() { answered(&seen, "people_notice") } else { own.join("\n") };
    if notice.is_empty() {
        notice = format!("{what} may not be there between these times.");
    }
    let covered = [cover(&seen), answered(&seen, "continuity")].into_iter().find(|words| !words.is_empty());
    let meanwhile = covered.unwrap_or_else(|| "Go on by your own procedure for when the system is down. Ask the person in charge where it lies.".to_owned());
    let is_off = matches!(change.stage, Stage::Cancelled | Stage::Withdrawn | Stage::Expired | Stage::Rejected);
    let kind = sentence_case(change.kind.words());
    let team = &app.config.team;
    let tonight = app.config.base.link(&format!("/tonight/{}", Names::value(&names.sites, site)));
    let latest = signalbox_core::carry::latest_end(change).filter(|latest| *latest > window.end);
    let view = PosterPage {
        shell: seen.shell(&app, &visitor, &format!("{}: ward notice for {}", change.reference, site.name)),
        change: Link::new(&change.reference, &seen.address()),
        kind: match (is_off, change.stage.is_firm() || change.stage.is_after_start()) {
            (true, _) => format!("CANCELLED: {kind}"),
            (false, true) => kind,
            (false, false) => format!("{kind}, not agreed yet"),
        },
        heading: format!("{what}: {}", site.name),
        from: local::moment_words(window.start, zone),
        to: local::moment_words(window.end, zone),
        latest: latest.map(|latest| format!("If it goes wrong, all is back by {} at the latest.", local::moment_words(latest, zone))).unwrap_or_default(),
        notice: cut(notice, NOTICE_MAX),
        meanwhile: cut(meanwhile, MEANWHILE_MAX),
        ring: format!("Ring {} on {} and say “{}, {}”.", team.name, team.telephone, change.reference, site.name),
        code: qr::code(&tonight, &format!("Code for telephones: opens the page of tonight at {}, {tonight}", site.name))?,
        foot: format!("{}. Take it down when the work is over.", change.reference),
    };
    Ok(page(&view))
}
