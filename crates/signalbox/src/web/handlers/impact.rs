//! `/changes/{ref}/impact`: what a change touches, what depends on that and what it needs, as a picture and as tables
//! that say the same (C030 to C032), and what came to depend on it since it was approved.

use axum::extract::{Path, State};
use axum::response::Response;
use signalbox_core::act::Act;
use signalbox_core::schedule::{DependencyKind, Node};
use signalbox_store::gather::{self, Impact, Reached, Side, Thing};
use signalbox_store::queries::sight;
use signalbox_store::scope::Scope;

use super::change::Seen;
use crate::app::{App, Shared};
use crate::web::pages::impact::ImpactPage;
use crate::web::parts::{Cell, Fact, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::svg::layers::{Layers, Line, Spot, draw};
use crate::web::tell::page;
use crate::web::visitor::Visitor;
use crate::words::{self, counted};

/// So many things a layer of the picture shows, and so many layers there are each way.
const IN_A_LAYER: usize = 8;
const LAYERS: usize = 2;

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    let impact = app.read::<_, Failure>(|tx| gather::impact(tx, &app.schedule, seen.now, &seen.actor, &seen.situation.facts))?;
    let title = format!("What {} touches", seen.change().reference);
    let view = ImpactPage {
        shell: seen.shell(&app, &visitor, &title),
        lede: lede(&impact),
        alerts: enlarged(&app, &seen, &impact)?.into_iter().collect(),
        picture: picture(&impact),
        sections: vec![
            touched(&seen, &impact),
            order(&app, &seen)?,
            table(&seen, "needed-by", "Is needed by", &impact.needed_by, "Nothing depends on what it touches."),
            table(&seen, "needs", "Needs", &impact.needs, "What it touches depends on nothing else."),
        ],
    };
    Ok(page(&view))
}

fn lede(impact: &Impact) -> String {
    let many = |side: &Side| counted((side.listed.len() + side.more) as i64, "thing");
    let down = impact.needed_by.listed.iter().filter(|one| !one.is_loose).count();
    let depends = match impact.needed_by.listed.len() {
        0 => "Nothing depends on that.".to_owned(),
        1 => format!("1 thing depends on that and {}.", if down == 1 { "goes down with it" } else { "works worse without it" }),
        _ => format!("{} depend on that: {down} go down with it, the rest work worse.", many(&impact.needed_by)),
    };
    format!("It touches {}. {depends} It needs {}.", counted(impact.touched.len() as i64, "thing"), many(&impact.needs))
}

/// What depends on it now and did not when it was approved (spec 10.2).
fn enlarged(app: &App, seen: &Seen, impact: &Impact) -> Result<Option<String>, Failure> {
    let approved = seen.change().live_approvals().filter_map(|approval| Some((approval.at, approval.closure.as_ref()?))).last();
    let Some((at, closure)) = approved else { return Ok(None) };
    let Some(more) = closure.enlarged(&impact.closure) else { return Ok(None) };
    let named = app.read::<_, Failure>(|tx| gather::things(tx, &seen.actor, &more.nodes))?;
    let named: Vec<&str> = named.iter().map(|thing| thing.code.as_str()).collect();
    let names = if named.is_empty() { String::new() } else { format!(": {}", named.join(", ")) };
    let verb = if more.count == 1 { "has" } else { "have" };
    let moment = seen.moment(at);
    Ok(Some(format!(
        "Since it was approved, {moment}, {} more {verb} come to depend on it{names}. Ask whether the approval still holds.",
        counted(more.count as i64, "thing")
    )))
}

fn owner(seen: &Seen, thing: &Thing) -> String {
    seen.names.org(signalbox_core::ids::OrgId(thing.org))
}

fn kind_of_thing(node: Node) -> &'static str {
    match node {
        Node::Item(_) => "item",
        Node::Service(_) => "service",
    }
}

fn touched(seen: &Seen, impact: &Impact) -> Section {
    let rows = impact
        .touched
        .iter()
        .map(|thing| Row::new(Cell::text(&thing.code).small(&thing.name), vec![Cell::text(kind_of_thing(thing.node)), Cell::text(&owner(seen, thing))]));
    let parties = seen.change().parties();
    let orgs: Vec<String> = parties.affected.iter().map(|org| seen.names.org(*org)).collect();
    let facts = if orgs.is_empty() { vec![] } else { vec![Fact::new("Organisations that it concerns", &orgs.join(", "))] };
    let table = Table::new("What the change touches", &["Thing", "What it is", "Whose"], rows.collect());
    Section::new("touched", "What it touches").facts(facts).table(table, "Nothing is named yet.")
}

/// What has to be over before it begins, as far as it is open to the reader (C035).
fn order(app: &App, seen: &Seen) -> Result<Section, Failure> {
    let scope = Scope::of(&seen.actor);
    let after = &seen.change().after;
    let is_open = app.read::<_, Failure>(|tx| after.iter().map(|one| sight::is_visible(tx, &scope, one.change.0)).collect::<Result<Vec<_>, _>>())?;
    let mut section = Section::new("order", "What has to be over before it begins");
    let hidden = is_open.iter().filter(|open| !**open).count() as i64;
    for (one, _) in after.iter().zip(&is_open).filter(|(_, open)| **open) {
        section = section.link(&one.reference, &format!("/changes/{}", one.reference));
    }
    section = match (after.len(), hidden) {
        (0, _) => section.words("No other change: it waits for nobody."),
        (_, 0) => section.words("It is not scheduled before these are over."),
        (_, hidden) => section.words(&format!(
            "It is not scheduled before these are over; {} not open to you.",
            if hidden == 1 { "1 of them is".to_owned() } else { format!("{hidden} of them are") }
        )),
    };
    let may_say = seen.offers().into_iter().any(|offer| offer.act == Act::Follow && offer.is_open());
    Ok(if may_say { section.link("Say what it has to follow", &format!("{}/acts/{}", seen.address(), Act::Follow.code())) } else { section })
}

fn table(seen: &Seen, id: &str, heading: &str, side: &Side, empty: &str) -> Section {
    let rows = side.listed.iter().map(|one| {
        let what = Cell::text(&one.thing.code).small(&one.thing.name);
        let happens = if one.is_loose { Cell::tag("Works worse", "yellow") } else { Cell::tag("Goes down", "red") };
        let happens = if id == "needs" { Cell::text(if one.is_loose { "works worse without it" } else { "does not work without it" }) } else { happens };
        Row::new(
            what,
            vec![Cell::text(kind_of_thing(one.thing.node)), happens, Cell::text(&way(one)).small(&kind_words(one.kind)), Cell::text(&owner(seen, &one.thing))],
        )
    });
    let effect = if id == "needs" { "What it means" } else { "What happens to it" };
    let table = Table::new(heading, &["Thing", "What it is", effect, "By which way", "Whose"], rows.collect());
    let mut section = Section::new(id, heading).table(table, empty);
    if side.more > 0 {
        section = section.words(&format!("The nearest {} are listed; there are {} more.", side.listed.len(), side.more));
    }
    if side.is_cut {
        section = section.words("Things of other organisations that are not open to you are not listed.");
    }
    section
}

fn way(one: &Reached) -> String {
    if one.way.is_empty() { "over something that is not open to you".into() } else { one.way.join(" › ") }
}

fn kind_words(kind: Option<DependencyKind>) -> String {
    kind.map_or("runs on it".into(), |kind| format!("{} dependency", words::sentence_case(kind.words()).to_lowercase()))
}

fn key(node: Node) -> String {
    match node {
        Node::Item(id) => format!("i{}", id.0),
        Node::Service(id) => format!("s{}", id.0),
    }
}

fn drawn(thing: &Thing, is_touched: bool) -> Spot {
    Spot { key: key(thing.node), label: thing.code.clone(), is_round: matches!(thing.node, Node::Service(_)), is_touched }
}

/// The nearest two layers each way; what does not fit is a box that says how many.
fn picture(impact: &Impact) -> String {
    if impact.needed_by.listed.is_empty() && impact.needs.listed.is_empty() {
        return String::new();
    }
    let layer = |side: &Side, steps: usize, heading: &str| {
        let of_layer: Vec<&Reached> = side.listed.iter().filter(|one| one.steps == steps).collect();
        let mut boxes: Vec<Spot> = of_layer.iter().take(IN_A_LAYER).map(|one| drawn(&one.thing, false)).collect();
        let more = of_layer.len().saturating_sub(IN_A_LAYER);
        boxes.extend((more > 0).then(|| Spot { key: format!("{heading}{steps}"), label: format!("and {more} more"), ..Spot::default() }));
        (heading.to_owned(), boxes)
    };
    let mut layers: Vec<(String, Vec<Spot>)> =
        (1..=LAYERS).rev().map(|steps| layer(&impact.needs, steps, if steps == 1 { "It needs" } else { "and these" })).collect();
    layers.push(("The change touches".into(), impact.touched.iter().take(IN_A_LAYER).map(|thing| drawn(thing, true)).collect()));
    layers.extend((1..=LAYERS).map(|steps| layer(&impact.needed_by, steps, if steps == 1 { "Needed by" } else { "and by" })));
    layers.retain(|(_, boxes)| !boxes.is_empty());
    let line = |one: &Reached| Some(Line { from: key(one.before?), to: key(one.thing.node), is_loose: one.is_loose });
    let lines = impact.needed_by.listed.iter().chain(&impact.needs.listed).filter_map(line).collect();
    let names = |side: &Side| side.listed.iter().take(IN_A_LAYER).map(|one| one.thing.code.as_str()).collect::<Vec<_>>().join(", ");
    let description = format!("Needed by: {}. Needs: {}.", names(&impact.needed_by), names(&impact.needs));
    let touched: Vec<&str> = impact.touched.iter().map(|thing| thing.code.as_str()).collect();
    draw(&Layers { title: format!("What hangs together with {}", touched.join(", ")), description, layers, lines })
}
