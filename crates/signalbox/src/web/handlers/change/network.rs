//! `/changes/{ref}/network`: what the network provider was told of a change, version by version, the answers for the
//! provider's own form, and how it was acknowledged or chased (spec 10.3, X6).

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, OrgKind, Role};
use signalbox_core::calendar::{self, local};
use signalbox_core::carry;
use signalbox_core::change::Network;
use signalbox_core::ids::OrgId;
use signalbox_core::maintnote::Chase;
use signalbox_store::directory::{self, NetworkAccount, Node};
use signalbox_store::{StoreError, Tx, accounts, network};

use super::{Seen, sections};
use crate::app::{App, Shared};
use crate::network_notice::{Told, moment};
use crate::web::handlers::id;
use crate::web::parts::{Cell, Fact, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::Link;
use crate::web::visitor::Visitor;
use crate::words::{self, sentence_case};

const UNSAID: &str = "Not said.";

/// Whether these eyes may read what went to this account: whoever holds it, whoever provides it, and those who serve
/// everybody. Other trusts that the change concerns do not learn the numbers of its accounts.
fn may_read(actor: &Actor, account: Option<&NetworkAccount>) -> bool {
    let serves = [OrgKind::Authority, OrgKind::Supplier].into_iter().any(|kind| actor.is_of(kind)) || actor.holds(Role::Auditor);
    let is_own = |account: &NetworkAccount| actor.belongs_to(OrgId(account.org_id)) || actor.belongs_to(OrgId(account.provider_id));
    serves || account.is_none_or(is_own)
}

fn told(app: &App, seen: &Seen) -> Result<Vec<Told>, Failure> {
    let all = app.read::<_, Failure>(|tx| Told::all(tx, &seen.situation.loaded))?;
    Ok(all.into_iter().filter(|told| may_read(&seen.actor, told.account.as_ref())).collect())
}

/// One version, for those who may read it.
fn one(app: &App, seen: &Seen, part: &str, sequence: &str) -> Result<Told, Failure> {
    let (part, sequence) = (id(part)?, id(sequence)?);
    let is_asked = |told: &Told| (i64::from(told.version().part), i64::from(told.version().sequence)) == (part, sequence);
    told(app, seen)?.into_iter().find(is_asked).ok_or(Failure::NotFound)
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(reference): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    let told = told(&app, &seen)?;
    let chases = app.read::<_, Failure>(|tx| network::chases(tx, seen.change().id.0))?;
    let names = app.read::<_, Failure>(|tx| names(tx, &told))?;
    let form = app.read::<_, Failure>(|tx| answers(tx, &seen, told.last()))?;
    let state = sections::network(&seen).unwrap_or_else(|| Section::new("network", "Network provider").words("No line of a network provider is touched."));
    let offers = seen
        .offers()
        .into_iter()
        .filter(|offer| [Act::TellNetwork, Act::Acknowledge, Act::RefuseNotice, Act::RecordTold].contains(&offer.act) && offer.is_open());
    let acts = offers.map(|offer| Link::new(words::act_title(offer.act), &format!("{}/acts/{}", seen.address(), offer.act.code()))).collect();
    Ok(page(&ListPage {
        shell: seen.shell(&app, &visitor, &format!("{}: network provider", seen.change().reference)),
        lede: lede(&told),
        actions: acts,
        sections: vec![
            Section { links: vec![], ..state },
            versions(&seen, &told, &names),
            chased(&seen, &chases),
            Section::new("answers", "For the provider’s own form").words("In the order in which providers ask. Select a line to copy it.").facts(form),
        ],
        ..ListPage::default()
    }))
}

fn lede(told: &[Told]) -> String {
    match told.last() {
        None => "No notice has been written for the provider.".into(),
        Some(_) if told.len() == 1 => "1 notice was written for the provider.".into(),
        Some(_) => format!("{} versions of the notice were written for the provider.", told.len()),
    }
}

/// The names of those who answered.
fn names(tx: &mut dyn Tx, told: &[Told]) -> Result<Vec<(i64, String)>, StoreError> {
    let mut people: Vec<i64> = told.iter().flat_map(|told| [told.sent.acknowledged, told.sent.refused]).flatten().map(|(_, person)| person).collect();
    people.sort_unstable();
    people.dedup();
    Ok(accounts::names(tx, &people)?.into_iter().collect())
}

fn address(seen: &Seen, told: &Told) -> String {
    format!("{}/network/{}/{}", seen.address(), told.version().part, told.version().sequence)
}

fn versions(seen: &Seen, told: &[Told], names: &[(i64, String)]) -> Section {
    let is_latest = |one: &Told| told.iter().all(|other| other.version().part != one.version().part || other.version().sequence <= one.version().sequence);
    let row = |told: &Told| {
        let version = told.version();
        let colour = if version.status.is_open() { "blue" } else { "grey" };
        let account = told.account.as_ref().map_or("Without an account".to_owned(), |account| format!("Account {}", account.number));
        let mailed = told.sent.mailed_at.map_or("not sent by mail".to_owned(), |at| format!("sent {}", seen.moment(at)));
        let posted = match told.sent.posted_at {
            Some(at) => format!("; taken by their system {}", seen.moment(at)),
            None if told.sent.post_trouble.is_empty() => String::new(),
            None => format!("; not taken by their system: {}", told.sent.post_trouble),
        };
        let who = |person: i64| names.iter().find(|(id, _)| *id == person).map(|(_, name)| name.as_str()).unwrap_or_default();
        let answer = match (told.sent.refused, told.sent.acknowledged) {
            (Some((at, person)), _) => Cell::tag("Refused", "red").small(&format!("{}, {}", who(person), seen.moment(at))),
            (None, Some((at, person))) => {
                Cell::tag("Acknowledged", "green").small(format!("{}, {} {}", who(person), seen.moment(at), told.sent.their_reference).trim_end())
            }
            // By an act on the record, and not by the link of the notice: it is about what was told last.
            (None, None) if is_latest(told) => match &seen.change().network {
                Network::Acknowledged { at, .. } if *at >= told.sent.written_at => Cell::tag("Acknowledged", "green").small(&seen.moment(*at)),
                Network::Refused { at, .. } if *at >= told.sent.written_at => Cell::tag("Refused", "red").small(&seen.moment(*at)),
                Network::Told { at, .. } if *at >= told.sent.written_at => Cell::tag("Told in person", "grey").small(&seen.moment(*at)),
                _ => Cell::text("–"),
            },
            (None, None) => Cell::text("–"),
        };
        Row::new(
            Cell::link(&format!("Notice {}", version.sequence), &address(seen, told)).small(&account),
            vec![
                Cell::tag(&sentence_case(version.status.words()), colour),
                Cell::text(&format!("{} to {}", moment(version.start), moment(version.end))).small(&words::counted(version.objects.len() as i64, "circuit")),
                Cell::text(&seen.moment(told.sent.written_at)).small(&format!("{mailed}{posted}")),
                answer,
                Cell::link("Calendar file", &format!("{}/notice.ics", address(seen, told))),
            ],
        )
    };
    let rows = told.iter().rev().map(row).collect();
    let heads = ["Version", "Status", "From start to latest end", "Written", "Answer", "For programs"];
    Section::new("versions", "What was told")
        .table(Table::new("Versions of the notice, the latest first", &heads, rows), "Nothing yet. It is written once the change is sent.")
}

fn chased(seen: &Seen, chases: &[(Timestamp, Chase, Timestamp)]) -> Section {
    let row = |(told_at, chase, at): &(Timestamp, Chase, Timestamp)| {
        let who = match chase {
            Chase::Mail => "The provider, by mail once more",
            Chase::Ring => "The supplier’s change manager, to ring them",
            Chase::Supervisor => "The authority’s change manager, as supervisor",
        };
        Row::new(Cell::text(who), vec![Cell::text(&seen.moment(*at)), Cell::text(&seen.moment(*told_at))])
    };
    let table = Table::new("Who was asked, in order", &["Who was asked", "When", "Provider told"], chases.iter().map(row).collect());
    Section::new("chased", "Asked again").table(table, "Nobody had to be asked again. Silence of the provider never holds the work up.")
}

/// The answers in the order of a provider's form (spec 10.3).
fn answers(tx: &mut dyn Tx, seen: &Seen, told: Option<&Told>) -> Result<Vec<Fact>, StoreError> {
    let change = seen.change();
    let Some(content) = &change.content else { return Ok(vec![]) };
    let said = |id: &str| content.answers.get(id).and_then(|answer| sections::answer_words(seen, answer)).unwrap_or_else(|| UNSAID.to_owned());
    let mut facts = vec![Fact::new("Reference", &change.reference)];
    facts.push(Fact::new("Date of the notice", &told.map_or(UNSAID.to_owned(), |told| moment(told.sent.written_at))));
    if let (Some(window), Some(end)) = (change.window(), carry::latest_end(change)) {
        facts.extend([
            Fact::new("Start, UK local time", &moment(window.start)),
            Fact::new("End, UK local time", &moment(window.end)),
            Fact::new("Latest end, UK local time", &moment(end)),
            Fact::new("Expected duration", &local::duration_words(window.end.duration_since(window.start))),
        ]);
    }
    let services: Vec<&str> = seen.page.services.values().map(|service| service.name.as_str()).collect();
    facts.push(Fact::new("Services hit", &if services.is_empty() { UNSAID.to_owned() } else { services.join("\n") }));
    facts.push(Fact::new("Description", &seen.title()));
    facts.push(Fact::new("Reason", &said("outage_type")));
    let circuits: Vec<String> = told.map(|told| told.version().objects.clone()).unwrap_or_default();
    facts.push(Fact::new("Circuits", &if circuits.is_empty() { said("circuits") } else { circuits.join("\n") }));
    let mut sites: Vec<i64> = content.header.sites.iter().map(|site| site.0).chain(seen.page.items.values().filter_map(|line| line.site_id)).collect();
    sites.sort_unstable();
    sites.dedup();
    let mut named = vec![];
    for id in sites {
        named.extend(directory::site(tx, id)?.map(|site| format!("{} ({})", site.name, site.ods_code.unwrap_or(site.code))));
    }
    facts.push(Fact::new("Sites, with their codes", &if named.is_empty() { UNSAID.to_owned() } else { named.join("\n") }));
    facts.push(Fact::new("Contact on site", &said("contact_on_site")));
    facts.push(Fact::new("Is access for an engineer needed?", &said("supplier_actions")));
    facts.push(Fact::new("Is another route live?", &other_route(tx, seen)?));
    Ok(facts)
}

/// What the register knows to stand in for the circuits and devices that are touched.
fn other_route(tx: &mut dyn Tx, seen: &Seen) -> Result<String, StoreError> {
    let mut pairs = vec![];
    for id in seen.page.items.keys() {
        let node = Node::Item(*id);
        for edge in directory::dependencies_of(tx, node)?.into_iter().chain(directory::dependents_of(tx, node)?).filter(|edge| edge.kind == "redundant_pair") {
            let other = if edge.from == node { edge.to } else { edge.from };
            if let Node::Item(other) = other {
                pairs.extend(directory::item(tx, other)?.filter(|item| item.is_of_network() && !seen.page.items.contains_key(&item.id)).map(|item| item.code));
            }
        }
    }
    Ok(if pairs.is_empty() { "None is known.".into() } else { format!("By the register: {}", pairs.join(", ")) })
}

/// One version on paper.
pub async fn version(
    State(app): State<Shared>,
    visitor: Visitor,
    Path((reference, part, sequence)): Path<(String, String, String)>,
) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    let told = one(&app, &seen, &part, &sequence)?;
    let mut shell = seen.shell(&app, &visitor, &format!("{}: notice {}", told.reference, told.version().sequence));
    shell.crumbs.push(("Network provider".into(), format!("{}/network", seen.address())));
    let facts = told.facts().into_iter().map(|(label, value)| Fact::new(label, &value)).collect();
    let written = format!("Written {}. Times are UK local time.", local::moment_words(told.sent.written_at, &calendar::london()));
    Ok(page(&ListPage {
        shell,
        lede: told.sentence().into(),
        actions: vec![Link::new("Calendar file", &format!("{}/notice.ics", address(&seen, &told)))],
        sections: vec![Section::new("notice", "Notice of work").facts(facts).words(&written)],
        ..ListPage::default()
    }))
}

/// One version for programs.
pub async fn file(State(app): State<Shared>, visitor: Visitor, Path((reference, part, sequence)): Path<(String, String, String)>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    let told = one(&app, &seen, &part, &sequence)?;
    let name = format!("attachment; filename=\"{}\"", told.file_name());
    let text = told.to_calendar(&app.config.base, &app.config.team);
    Ok(([(header::CONTENT_TYPE, "text/calendar; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)], text).into_response())
}
