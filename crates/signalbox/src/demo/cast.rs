//! The people and places of the demonstration.

use jiff::{SignedDuration, Timestamp};
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::calendar::{DEFAULT_ZONE, local, london};
use signalbox_core::charge::rates::{RateKind, Span};
use signalbox_core::ids::ServiceId;
use signalbox_core::schedule::recurrence::{Recurrence, Typed};
use signalbox_core::schedule::{self, Extent, Level};
use signalbox_store::accounts::{self, NewMembership, Person};
use signalbox_store::directory::{
    self, Clinician, Declared, Dependency, ExternalTerms, FreezeTerms, Item, MaintenanceTerms, NetworkAccount, Node, OnDifference, Organisation, Rate, Service,
    Site, Statement, Terms,
};
use signalbox_store::{StoreError, Tx};

use super::{Cast, Unmade};
use crate::app::App;

pub(super) struct Org {
    pub code: &'static str,
    pub name: &'static str,
    pub kind: OrgKind,
    pub domain: &'static str,
}

pub(super) const ORGS: &[Org] = &[
    Org { code: "NB", name: "Northbrook Hospitals", kind: OrgKind::Trust, domain: "northbrook.example" },
    Org { code: "RI", name: "Riverside Infirmary", kind: OrgKind::Trust, domain: "riverside.example" },
    Org { code: "SC", name: "St Crispin’s", kind: OrgKind::Trust, domain: "stcrispins.example" },
    Org { code: "EM", name: "Eastmarsh Community", kind: OrgKind::Trust, domain: "eastmarsh.example" },
    Org { code: "HALDEN", name: "Halden", kind: OrgKind::Supplier, domain: "halden.example" },
    Org { code: "AUTHORITY", name: "Shared Care Authority", kind: OrgKind::Authority, domain: "authority.example" },
    Org { code: "MERIDIAN", name: "Meridian", kind: OrgKind::Network, domain: "meridian.example" },
];

pub(super) struct Player {
    pub email: &'static str,
    pub name: &'static str,
    pub org: usize,
    pub roles: &'static [Role],
    pub does: &'static str,
}

const fn player(email: &'static str, name: &'static str, org: usize, roles: &'static [Role], does: &'static str) -> Player {
    Player { email, name, org, roles, does }
}

#[rustfmt::skip]
pub(super) const PEOPLE: &[Player] = &[
    player("sam.okoro@northbrook.example",     "Sam Okoro",       0, &[Role::Coordinator, Role::Requester], "coordinates changes at Northbrook"),
    player("ruth.ellery@northbrook.example",   "Ruth Ellery",     0, &[Role::Requester, Role::ServiceOwner], "asks for changes in radiology"),
    player("ian.moss@northbrook.example",      "Dr Ian Moss",     0, &[Role::TrustSafety], "is Northbrook’s clinical safety officer"),
    player("lily.chen@northbrook.example",     "Lily Chen",       0, &[Role::GroupMember], "reads the schedule and the reports"),
    player("clare.holt@northbrook.example",    "Clare Holt",      0, &[Role::Finance], "approves spending at Northbrook"),
    player("joy.adeyemi@riverside.example",    "Joy Adeyemi",     1, &[Role::Coordinator, Role::Requester], "coordinates changes at Riverside"),
    player("len.brook@riverside.example",      "Len Brook",       1, &[Role::Requester, Role::Implementer], "runs estates work at Riverside"),
    player("maya.lindqvist@stcrispins.example", "Maya Lindqvist", 2, &[Role::Coordinator, Role::Requester], "coordinates changes at St Crispin’s"),
    player("owen.pritchard@eastmarsh.example", "Owen Pritchard",  3, &[Role::Coordinator, Role::Requester], "coordinates changes at Eastmarsh"),
    player("priya.nair@halden.example",        "Priya Nair",      4, &[Role::SupplierManager], "manages changes at Halden"),
    player("greg.fenn@halden.example",         "Greg Fenn",       4, &[Role::SupplierManager], "manages changes at Halden"),
    player("tom.achebe@halden.example",        "Tom Achebe",      4, &[Role::Implementer, Role::Assessor], "looks after storage at Halden"),
    player("nadia.rahman@halden.example",      "Nadia Rahman",    4, &[Role::Implementer, Role::Assessor], "looks after interfaces at Halden"),
    player("yusuf.amin@halden.example",        "Yusuf Amin",      4, &[Role::Implementer], "looks after rooms and power at Halden"),
    player("helen.sato@halden.example",        "Dr Helen Sato",   4, &[Role::SupplierSafety], "is Halden’s clinical safety officer"),
    player("carl.dunne@halden.example",        "Carl Dunne",      4, &[Role::Desk], "answers alarms at Halden’s desk"),
    player("mina.kaur@halden.example",         "Mina Kaur",       4, &[Role::Desk], "answers alarms at Halden’s desk at night"),
    player("elsie.marsh@halden.example",       "Elsie Marsh",     4, &[Role::Commercial], "looks after contracts at Halden"),
    player("margaret.osei@authority.example",  "Margaret Osei",   5, &[Role::AuthorityManager], "chairs the change advisory board"),
    player("paul.keane@authority.example",     "Dr Paul Keane",   5, &[Role::AuthoritySafety], "is the authority’s clinical safety officer"),
    player("fay.linden@authority.example",     "Fay Linden",      5, &[Role::Auditor], "audits the record"),
    player("ada.byrne@authority.example",      "Ada Byrne",       5, &[Role::Administrator], "sets things up"),
    player("rob.tate@meridian.example",        "Rob Tate",        6, &[Role::NetworkDesk], "answers at Meridian’s operations centre"),
];

pub(super) fn org_name(org: usize) -> &'static str {
    ORGS[org].name
}

/// A service that Halden runs for each trust.
pub(super) struct Kit {
    /// The end of its code: `NB-PACS`.
    pub code: &'static str,
    pub name: &'static str,
    pub direct_care: bool,
    pub always_on: bool,
    pub items: &'static [(&'static str, &'static str, &'static str)],
}

pub(super) const KITS: &[Kit] = &[
    Kit {
        code: "PACS",
        name: "PACS imaging",
        direct_care: true,
        always_on: false,
        items: &[("PACS-N1", "Archive node 1", "server"), ("PACS-N2", "Archive node 2", "server"), ("CT-1", "CT scanner 1", "modality")],
    },
    Kit { code: "LABS", name: "Laboratory results", direct_care: true, always_on: false, items: &[("LIS-1", "Results server", "server")] },
    Kit { code: "MAT", name: "Maternity record", direct_care: true, always_on: true, items: &[("MAT-1", "Maternity server", "server")] },
    Kit { code: "INT", name: "Integration engine", direct_care: false, always_on: false, items: &[("GW-1", "Integration gateway", "interface")] },
    Kit {
        code: "SIGN",
        name: "Sign-in and admin",
        direct_care: false,
        always_on: false,
        items: &[("ID-1", "Sign-in server", "server"), ("PRINT-1", "Print server", "server")],
    },
];

const SITES: &[&str] = &["Northbrook General", "Riverside Infirmary", "St Crispin’s Hospital", "Eastmarsh Clinic"];

/// Writes the directory and answers who can act.
pub(super) fn furnish(app: &App) -> Result<Cast, Unmade> {
    let (ids, now) = (app.ids.clone(), app.clock.now());
    let made = app.write::<_, StoreError>(move |tx| {
        let mut mint = || ids.mint(now);
        furnish_in(tx, &mut mint, now)
    })?;
    Ok(made)
}

fn furnish_in(tx: &mut dyn Tx, mint: &mut dyn FnMut() -> i64, now: Timestamp) -> Result<Cast, StoreError> {
    let mut orgs = vec![];
    for org in ORGS {
        let row = Organisation {
            email_domain: Some(org.domain.to_owned()),
            is_open_tonight: org.kind == OrgKind::Trust,
            ..Organisation::new(mint(), org.code, org.name, org.kind)
        };
        sure(directory::upsert_organisation(tx, &act(mint, now), &row, OnDifference::Report))?;
        orgs.push(row.id);
    }
    let wan = Service::new(mint(), "WAN", "Wide-area network", orgs[6]);
    sure(directory::upsert_service(tx, &act(mint, now), &wan, OnDifference::Report))?;
    sure(directory::set_service_orgs(tx, &act(mint, now), wan.id, &orgs[..4]))?;
    for (n, site_name) in SITES.iter().enumerate() {
        let site = Site { id: mint(), org_id: orgs[n], code: ORGS[n].code.to_owned(), name: (*site_name).to_owned(), ods_code: None };
        sure(directory::upsert_site(tx, &act(mint, now), &site, OnDifference::Report))?;
        estate(tx, mint, now, n, &orgs, &site)?;
        account(tx, mint, now, n, &orgs)?;
    }
    let mut cast = Cast::new();
    for player in PEOPLE {
        let person =
            Person { phone: "020 7946 0100".to_owned(), job: player.does.to_owned(), created_at: now, ..Person::new(mint(), player.email, player.name) };
        sure(accounts::upsert_person(tx, &act(mint, now), &person, OnDifference::Report))?;
        for role in player.roles {
            let membership = NewMembership { id: mint(), person_id: person.id, org_id: orgs[player.org], role: *role, service_id: None };
            sure(accounts::grant_role(tx, &act(mint, now), &membership))?;
        }
        if player.roles.iter().any(|role| role.is_safety_officer()) {
            register(tx, mint, now, person.id, orgs[player.org])?;
        }
        if let Some(actor) = accounts::actor(tx, person.id)? {
            cast.insert(player.email, actor.to_core());
        }
    }
    money(tx, mint, now, &orgs, &cast)?;
    Ok(cast)
}

/// Each trust's account with Meridian, for its line.
fn account(tx: &mut dyn Tx, mint: &mut dyn FnMut() -> i64, now: Timestamp, n: usize, orgs: &[i64]) -> Result<(), StoreError> {
    let row = NetworkAccount {
        id: mint(),
        org_id: orgs[n],
        provider_id: orgs[6],
        number: format!("MER-204{}", n + 1),
        circuits: vec![format!("{}-LINK", ORGS[n].code)],
        senders: vec![ORGS[6].domain.to_owned()],
        webhook: String::new(),
    };
    sure(directory::save_network_account(tx, &act(mint, now), &row))
}

/// What Northbrook may spend, and what Halden charges: last year's prices and this year's.
fn money(tx: &mut dyn Tx, mint: &mut dyn FnMut() -> i64, now: Timestamp, orgs: &[i64], cast: &Cast) -> Result<(), StoreError> {
    if let Some(clare) = cast.get("clare.holt@northbrook.example").and_then(signalbox_core::actor::Actor::person) {
        sure(directory::set_spending_limit(tx, &act(mint, now), clare.0, orgs[0], 1_000_000))?;
    }
    let this_year = london().to_datetime(now).date().first_of_year();
    for (kind, label, unit, pence) in [
        (RateKind::Labour, "Engineer", "day", 65_000),
        (RateKind::Labour, "Senior engineer", "day", 82_000),
        (RateKind::OnCall, "Engineer, out of hours", "hour", 13_500),
        (RateKind::Travel, "Visit to a site", "visit", 8_450),
        (RateKind::Equipment, "Network card", "piece", 21_235),
    ] {
        let row = |id, unit_pence, span| Rate { id, org_id: orgs[4], kind, label: label.to_owned(), unit: unit.to_owned(), unit_pence, vat_rate: 2_000, span };
        let last = this_year.saturating_sub(jiff::Span::new().years(1));
        let before = row(mint(), pence * 96 / 100, Span { from: last, to: this_year.yesterday().ok() });
        sure(directory::add_rate(tx, &act(mint, now), &before))?;
        let since = row(mint(), pence, Span { from: this_year, to: None });
        sure(directory::add_rate(tx, &act(mint, now), &since))?;
    }
    Ok(())
}

/// Safety officers sign under a registration. That of Northbrook's ends soon, so that its warning shows.
fn register(tx: &mut dyn Tx, mint: &mut dyn FnMut() -> i64, now: Timestamp, person_id: i64, org_id: i64) -> Result<(), StoreError> {
    let today = signalbox_core::calendar::london().to_datetime(now).date();
    let in_days = |days: i64| today.saturating_add(SignedDuration::from_hours(24 * days));
    let is_first = directory::clinicians_ending(tx, in_days(1_000))?.is_empty();
    let row = Clinician {
        id: mint(),
        person_id,
        org_id,
        body: "GMC".to_owned(),
        number: format!("70{:05}", person_id.unsigned_abs() % 100_000),
        checked_on: today,
        expires_on: in_days(if is_first { 75 + 24 } else { 400 }),
        trained_on: Some(in_days(-120)),
        letter: "Board minutes, file 2026/41".to_owned(),
        deputy_id: None,
        ended_at: None,
    };
    sure(directory::save_clinician(tx, &act(mint, now), &row)).map(drop)
}

/// One trust's services, equipment and what hangs on what.
fn estate(tx: &mut dyn Tx, mint: &mut dyn FnMut() -> i64, now: Timestamp, n: usize, orgs: &[i64], site: &Site) -> Result<(), StoreError> {
    let prefix = ORGS[n].code;
    let item = |id: i64, end: &str, name: &str, sort: &str, services: Vec<i64>, watched_by: i64| Item {
        id,
        code: format!("{prefix}-{end}"),
        name: format!("{name}, {}", site.name),
        item_type: sort.to_owned(),
        org_id: orgs[n],
        site_id: Some(site.id),
        watched_by: Some(watched_by),
        services,
    };
    let link = item(mint(), "LINK", "Site link", "circuit", vec![], orgs[6]);
    sure(directory::upsert_item(tx, &act(mint, now), &link, OnDifference::Report))?;
    for kit in KITS {
        let service = Service {
            is_direct_care: kit.direct_care,
            is_always_on: kit.always_on,
            users_count: 400,
            patient_facing: if kit.direct_care { "direct" } else { "indirect" }.to_owned(),
            ..Service::new(mint(), &format!("{prefix}-{}", kit.code), &format!("{}, {}", kit.name, org_name(n)), orgs[4])
        };
        sure(directory::upsert_service(tx, &act(mint, now), &service, OnDifference::Report))?;
        sure(directory::set_service_orgs(tx, &act(mint, now), service.id, &[orgs[n]]))?;
        for (end, name, sort) in kit.items {
            let row = item(mint(), end, name, sort, vec![service.id], orgs[4]);
            sure(directory::upsert_item(tx, &act(mint, now), &row, OnDifference::Report))?;
        }
        let edge = Dependency { from: Node::Service(service.id), to: Node::Item(link.id), kind: "soft".to_owned() };
        sure(directory::add_dependency(tx, &act(mint, now), &edge))?;
    }
    Ok(())
}

/// A statement by which routine work on sign-in and integration needs no officer, and the hours of the busy services.
pub(super) fn agree(app: &App, now: Timestamp) -> Result<(), Unmade> {
    let (ids, at) = (app.ids.clone(), app.clock.now());
    app.write::<_, StoreError>(move |tx| {
        let mut mint = || ids.mint(at);
        let Some(helen) = accounts::person_by_email(tx, "helen.sato@halden.example")? else { return Ok(()) };
        let mut services = vec![];
        for org in ORGS.iter().filter(|org| org.kind == OrgKind::Trust) {
            let Some(pacs) = directory::service_by_code(tx, &format!("{}-PACS", org.code))? else { continue };
            sure(directory::set_clinic_hours(tx, &act(&mut mint, at), pacs.id, "Mon-Fri 08:00-18:00; Sat 09:00-13:00"))?;
            services.push(pacs.id);
        }
        let statement = Statement {
            id: mint(),
            code: "VIEWER-LIST".to_owned(),
            words: "A name is added to or taken from the list of viewers. Nothing that is shown of a patient changes.".to_owned(),
            services,
            agreed_by: helen.id,
            agreed_at: at,
            expires_on: signalbox_core::calendar::london().to_datetime(now).date().saturating_add(SignedDuration::from_hours(24 * 300)),
            ended_at: None,
        };
        sure(directory::agree_statement(tx, &act(&mut mint, at), &statement)).map(drop)
    })?;
    Ok(())
}

/// The freezes of the season, when imaging may be worked on, and a strike elsewhere.
pub(super) fn freeze(app: &App, now: Timestamp) -> Result<(), Unmade> {
    let (ids, at) = (app.ids.clone(), app.clock.now());
    app.write::<_, StoreError>(move |tx| {
        let mut mint = || ids.mint(at);
        let by = |days: i64, length: i64| {
            let from = super::local(now, days, 0, 0);
            Recurrence::once(schedule::Span { from, until: from + SignedDuration::from_hours(24 * length) }, DEFAULT_ZONE)
        };
        for (title, from, days, is_hard) in [("Month-end reporting", 9, 2, false), ("Winter freeze", 26, 16, true)] {
            let own = FreezeTerms { is_hard, from_level: Level::NoImpact, reason: "Agreed by the change advisory board.".to_owned() };
            put(tx, &mut mint, at, Extent::Everything, title, by(from, days), own)?;
        }
        // A window is for one service; the imaging of the first trust has a board that agreed one.
        let imaging = directory::service_by_code(tx, "NB-PACS")?.ok_or(StoreError::Missing)?;
        let imaging = Extent::Node(schedule::Node::Service(ServiceId(imaging.id)));
        let day = local::wall(super::local(now, 1, 0, 0), &london()).date();
        let (starts, ends) = (format!("{day}T01:00"), format!("{day}T05:00"));
        let typed = Typed { zone: DEFAULT_ZONE, starts: &starts, ends: &ends, rule: "FREQ=MONTHLY;BYDAY=1SU", except: "" };
        if let Ok(first_sunday) = Recurrence::read(&typed) {
            let own = MaintenanceTerms { up_to: Level::Outage, agreed_by: "Imaging board".to_owned(), reason: "The reading rooms are empty.".to_owned() };
            put(tx, &mut mint, at, imaging, "Imaging, first Sunday of the month", first_sunday, own)?;
        }
        let own = ExternalTerms { is_outage: false, source: "The union’s notice".to_owned(), url: None };
        put(tx, &mut mint, at, Extent::Everything, "Strike of resident doctors", by(14, 3), own)
    })?;
    Ok(())
}

fn put<D: Terms>(
    tx: &mut dyn Tx,
    mint: &mut dyn FnMut() -> i64,
    at: Timestamp,
    extent: Extent,
    title: &str,
    when: Recurrence,
    own: D,
) -> Result<(), StoreError> {
    let row = Declared { id: mint(), title: title.to_owned(), extent, when, declared_by: None, created_at: at, ended_at: None, own };
    sure(directory::declare(tx, &act(mint, at), &row)).map(|_| ())
}

fn act(mint: &mut dyn FnMut() -> i64, at: Timestamp) -> directory::Act {
    directory::Act { event_id: mint(), by: None, at }
}

/// The world is ours to make: a refusal is a fault of this file.
fn sure<T>(answer: directory::Answer<T>) -> Result<T, StoreError> {
    answer?.map_err(|refused| StoreError::Constraint(format!("{refused:?}")))
}
