//! Organisations, sites, services, items and dependencies, on both engines.

use jiff::Timestamp;
use signalbox_core::actor::OrgKind;
use signalbox_store::directory::*;
use signalbox_store::page::Page;
use signalbox_store::{Db, StoreError, Tx};

use crate::harness::for_each_engine;

/// 9 November 2026, 9 o'clock, and so many seconds.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_794_214_800 + seconds).expect("a time")
}

/// A write by nobody in particular, whose event has this id.
pub fn act(event_id: i64) -> Act {
    Act { event_id, by: None, at: at(event_id) }
}

/// A write that must work.
pub fn write<T: Send + 'static>(db: &Db, f: impl FnMut(&mut dyn Tx) -> Answer<T> + Send + 'static) -> T {
    db.write(f).expect("the store works").expect("not refused")
}

/// A write that must be refused.
pub fn refusal<T: Send + std::fmt::Debug + 'static>(db: &Db, f: impl FnMut(&mut dyn Tx) -> Answer<T> + Send + 'static) -> Refused {
    db.write(f).expect("the store works").expect_err("refused")
}

pub fn read<T: Send>(db: &Db, f: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send) -> T {
    db.read(f).expect("the store works")
}

/// The events of the directory, oldest first: subject, type, payload.
pub fn directory_events(db: &Db) -> Vec<(i64, String, String)> {
    read(db, |tx| {
        tx.all("select change_id, type, payload from events where stream = 'directory' order by seq", &[], |row| Ok((row.int(0)?, row.text(1)?, row.text(2)?)))
    })
}

fn kinds_of_events(db: &Db) -> Vec<String> {
    directory_events(db).into_iter().map(|(_, kind, _)| kind).collect()
}

pub const NORTH: i64 = 1;
pub const SOUTH: i64 = 2;
pub const SUPPLIER: i64 = 3;
pub const AUTHORITY: i64 = 4;

/// Two trusts, a supplier and the authority.
pub fn add_organisations(db: &Db) {
    let all = [
        (NORTH, "NORTH", "North Trust", OrgKind::Trust, Some("north.example")),
        (SOUTH, "SOUTH", "South Trust", OrgKind::Trust, Some("south.example")),
        (SUPPLIER, "SUP", "Ågren Systems", OrgKind::Supplier, None),
        (AUTHORITY, "AUTH", "The Authority", OrgKind::Authority, None),
    ];
    for (id, code, name, kind, domain) in all {
        write(db, move |tx| {
            let mut org = Organisation::new(id, code, name, kind);
            org.email_domain = domain.map(str::to_owned);
            upsert_organisation(tx, &act(900 + id), &org, OnDifference::Report)
        });
    }
}

fn item_of(id: i64, code: &str, org_id: i64) -> Item {
    Item { id, code: code.into(), name: format!("Thing {code}"), item_type: "server".into(), org_id, site_id: None, watched_by: None, services: vec![] }
}

#[test]
fn a_row_is_added_left_reported_or_updated() {
    for_each_engine(|db| {
        let org = Organisation::new(7, "RX1", "Northport", OrgKind::Trust);
        let same = org.clone();
        let outcome = write(&db, move |tx| upsert_organisation(tx, &act(1), &same, OnDifference::Report));
        assert_eq!(outcome, Upserted::Added(7));

        // The importer does not know the id yet: the code finds it.
        let again = Organisation { id: 8, ..org.clone() };
        let outcome = write(&db, move |tx| upsert_organisation(tx, &act(2), &again, OnDifference::Update));
        assert_eq!(outcome, Upserted::Unchanged(7));
        assert_eq!(kinds_of_events(&db), ["OrganisationSaved"]);

        let other = Organisation { id: 8, name: "Northport NHS".into(), ..org.clone() };
        let same = other.clone();
        let outcome = write(&db, move |tx| upsert_organisation(tx, &act(3), &same, OnDifference::Report));
        assert_eq!(outcome, Upserted::Differs(7));
        assert_eq!(read(&db, |tx| organisation(tx, 7)), Some(org));
        let outcome = write(&db, move |tx| upsert_organisation(tx, &act(4), &other, OnDifference::Update));
        assert_eq!(outcome, Upserted::Updated(7));
        let stored = read(&db, |tx| organisation_by_code(tx, "RX1")).expect("it is there");
        assert_eq!((stored.id, stored.name.as_str()), (7, "Northport NHS"));
        assert_eq!(kinds_of_events(&db), ["OrganisationSaved", "OrganisationSaved"]);
    });
}

#[test]
fn a_faulty_organisation_is_refused_by_field() {
    for_each_engine(|db| {
        type Spoil = fn(&mut Organisation);
        let cases: [(&str, Spoil); 4] = [
            ("code", |o| o.code = " ".into()),
            ("name", |o| o.name = String::new()),
            ("calendar", |o| o.calendar = "wales".into()),
            ("zone", |o| o.zone = "Europe/Nowhere".into()),
        ];
        for (field, spoil) in cases {
            let outcome = refusal(&db, move |tx| {
                let mut org = Organisation::new(1, "A", "A", OrgKind::Trust);
                spoil(&mut org);
                upsert_organisation(tx, &act(1), &org, OnDifference::Report)
            });
            assert_eq!(outcome, Refused::Invalid(field));
        }
        add_organisations(&db);
        let taken = refusal(&db, |tx| {
            let org = Organisation::new(NORTH, "SOUTH", "North Trust", OrgKind::Trust);
            save_organisation(tx, &act(2), &org)
        });
        assert_eq!(taken, Refused::Taken("code"));
    });
}

#[test]
fn a_domain_finds_one_active_organisation_or_none() {
    for_each_engine(|db| {
        add_organisations(&db);
        let found = read(&db, |tx| organisation_by_domain(tx, "North.Example"));
        assert_eq!(found.map(|o| o.id), Some(NORTH));
        assert_eq!(read(&db, |tx| organisation_by_domain(tx, "example")), None);
        // The supplier's mail comes from the same domain: then nobody can say.
        write(&db, |tx| {
            let mut org = organisation(tx, SUPPLIER)?.expect("the supplier");
            org.email_domain = Some("NORTH.example ".into());
            save_organisation(tx, &act(1), &org)
        });
        assert_eq!(read(&db, |tx| organisation_by_domain(tx, "north.example")), None);
        write(&db, |tx| {
            let mut org = organisation(tx, SUPPLIER)?.expect("the supplier");
            org.is_active = false;
            save_organisation(tx, &act(2), &org)
        });
        let found = read(&db, |tx| organisation_by_domain(tx, "north.example"));
        assert_eq!(found.map(|o| o.id), Some(NORTH));
    });
}

#[test]
fn lists_are_sorted_filtered_and_paged() {
    for_each_engine(|db| {
        add_organisations(&db);
        let names = |page: &Page, kind| -> (Vec<String>, Page) {
            let listed = read(&db, |tx| organisations(tx, kind, page));
            let after = Page { after: listed.next, ..page.clone() };
            (listed.items.into_iter().map(|o| o.name).collect(), after)
        };
        let (first, next) = names(&Page { limit: 3, ..Page::default() }, None);
        assert_eq!(first, ["North Trust", "South Trust", "The Authority"]);
        let (second, end) = names(&next, None);
        assert_eq!(second, ["Ågren Systems"]);
        assert_eq!(end.after, None);
        let filter = |text: &str| Page { filter: text.into(), ..Page::default() };
        assert_eq!(names(&filter("ågREN"), None).0, ["Ågren Systems"]);
        assert_eq!(names(&filter("south"), None).0, ["South Trust"]);
        // Signs that mean something to LIKE mean themselves.
        for text in ["%", "_", "\\", "no%th"] {
            assert!(names(&filter(text), None).0.is_empty(), "{text}");
        }
        let trusts = names(&Page::default(), Some(OrgKind::Trust)).0;
        assert_eq!(trusts, ["North Trust", "South Trust"]);
    });
}

#[test]
fn a_site_code_counts_within_its_organisation() {
    for_each_engine(|db| {
        add_organisations(&db);
        let site_of = |id, org_id| Site { id, org_id, code: "MAIN".into(), name: "Main building".into(), ods_code: None };
        for (id, org) in [(11, NORTH), (12, SOUTH)] {
            let row = site_of(id, org);
            let outcome = write(&db, move |tx| upsert_site(tx, &act(id), &row, OnDifference::Report));
            assert_eq!(outcome, Upserted::Added(id));
        }
        let row = site_of(13, 99);
        let outcome = refusal(&db, move |tx| upsert_site(tx, &act(13), &row, OnDifference::Report));
        assert_eq!(outcome, Refused::Unknown("organisation"));
        let moved = site_of(12, NORTH);
        assert_eq!(refusal(&db, move |tx| save_site(tx, &act(14), &moved)), Refused::Taken("code"));
        let listed = read(&db, |tx| sites(tx, SOUTH, &Page::default()));
        assert_eq!(listed.items, [site_of(12, SOUTH)]);
        assert_eq!(read(&db, |tx| site_by_code(tx, NORTH, "MAIN")).map(|s| s.id), Some(11));
    });
}

#[test]
fn a_service_knows_who_runs_and_who_uses_it() {
    for_each_engine(|db| {
        add_organisations(&db);
        let mut row = Service::new(21, "PACS", "Imaging", SUPPLIER);
        row.is_direct_care = true;
        row.users_count = 4_000;
        row.patient_facing = "indirect".into();
        let same = row.clone();
        write(&db, move |tx| upsert_service(tx, &act(1), &same, OnDifference::Report));
        assert_eq!(read(&db, |tx| service_by_code(tx, "PACS")), Some(row));
        assert!(write(&db, |tx| set_service_orgs(tx, &act(2), 21, &[SOUTH, NORTH, SOUTH])));
        assert!(!write(&db, |tx| set_service_orgs(tx, &act(3), 21, &[NORTH, SOUTH])));
        assert!(write(&db, |tx| set_service_orgs(tx, &act(4), 21, &[SOUTH])));
        assert_eq!(read(&db, |tx| service_orgs(tx, 21)), [SOUTH]);
        let refused = refusal(&db, |tx| set_service_orgs(tx, &act(5), 21, &[77]));
        assert_eq!(refused, Refused::Unknown("organisation"));
        for (org, count) in [(NORTH, 0), (SOUTH, 1), (SUPPLIER, 1)] {
            let listed = read(&db, |tx| services(tx, Some(org), &Page::default()));
            assert_eq!(listed.items.len(), count, "organisation {org}");
        }
        let wrong = refusal(&db, |tx| {
            let mut row = Service::new(22, "X", "X", SUPPLIER);
            row.patient_facing = "sometimes".into();
            upsert_service(tx, &act(6), &row, OnDifference::Report)
        });
        assert_eq!(wrong, Refused::Invalid("patient_facing"));
    });
}

#[test]
fn an_item_keeps_its_services_and_is_compared_with_them() {
    for_each_engine(|db| {
        add_organisations(&db);
        for (id, code) in [(21, "PACS"), (22, "MAIL")] {
            write(&db, move |tx| {
                let row = Service::new(id, code, code, SUPPLIER);
                upsert_service(tx, &act(id), &row, OnDifference::Report)
            });
        }
        let row = Item { services: vec![22, 21], ..item_of(31, "SRV-1", NORTH) };
        let same = row.clone();
        let put = |row: Item, event, mode| write(&db, move |tx| upsert_item(tx, &act(event), &row, mode));
        assert_eq!(put(same.clone(), 1, OnDifference::Report), Upserted::Added(31));
        assert_eq!(put(same, 2, OnDifference::Report), Upserted::Unchanged(31));
        let fewer = Item { services: vec![22], ..row.clone() };
        assert_eq!(put(fewer.clone(), 3, OnDifference::Report), Upserted::Differs(31));
        assert_eq!(read(&db, |tx| item(tx, 31)).map(|i| i.services), Some(vec![21, 22]));
        assert_eq!(put(fewer.clone(), 4, OnDifference::Update), Upserted::Updated(31));
        assert_eq!(read(&db, |tx| item_by_code(tx, "SRV-1")), Some(fewer));
        let elsewhere = Item { site_id: Some(5), ..item_of(32, "SRV-2", NORTH) };
        let refused = refusal(&db, move |tx| upsert_item(tx, &act(5), &elsewhere, OnDifference::Report));
        assert_eq!(refused, Refused::Unknown("site"));
    });
}

#[test]
fn a_redundant_pair_stands_once_and_other_edges_have_a_direction() {
    for_each_engine(|db| {
        add_organisations(&db);
        for (id, code) in [(31, "A"), (32, "B")] {
            write(&db, move |tx| upsert_item(tx, &act(id), &item_of(id, code, NORTH), OnDifference::Report));
        }
        write(&db, |tx| {
            let row = Service::new(21, "PACS", "Imaging", SUPPLIER);
            upsert_service(tx, &act(21), &row, OnDifference::Report)
        });
        let edge = |from, to, kind: &str| Dependency { from, to, kind: kind.into() };
        let (a, b, pacs) = (Node::Item(31), Node::Item(32), Node::Service(21));
        let add = |event, edge: Dependency| write(&db, move |tx| add_dependency(tx, &act(event), &edge));
        assert!(add(1, edge(b, a, "redundant_pair")));
        assert!(!add(2, edge(a, b, "redundant_pair")));
        assert!(add(3, edge(pacs, a, "hard")));
        assert!(add(4, edge(a, b, "power")));
        assert!(add(5, edge(b, a, "power")));
        assert_eq!(read(&db, dependencies).len(), 4);
        let on_a = read(&db, |tx| dependents_of(tx, a));
        assert_eq!(on_a, [edge(b, a, "power"), edge(pacs, a, "hard")]);
        assert_eq!(read(&db, |tx| dependencies_of(tx, pacs)), [edge(pacs, a, "hard")]);
        let refused = |edge: Dependency| refusal(&db, move |tx| add_dependency(tx, &act(9), &edge));
        assert_eq!(refused(edge(a, a, "hard")), Refused::Invalid("to"));
        assert_eq!(refused(edge(a, b, "loose")), Refused::Invalid("kind"));
        assert_eq!(refused(edge(a, Node::Service(31), "hard")), Refused::Unknown("to"));
        // Taken away from either end.
        let (one, other) = (edge(a, b, "redundant_pair"), edge(b, a, "redundant_pair"));
        assert!(db.write(move |tx| remove_dependency(tx, &act(6), &one)).expect("removed"));
        assert!(!db.write(move |tx| remove_dependency(tx, &act(7), &other)).expect("gone"));
    });
}

#[test]
fn a_code_means_an_item_or_a_service_but_not_both() {
    for_each_engine(|db| {
        add_organisations(&db);
        write(&db, |tx| upsert_item(tx, &act(1), &item_of(31, "PACS", NORTH), OnDifference::Report));
        let node = |code: &'static str| read(&db, move |tx| node_by_code(tx, code));
        assert_eq!(node("PACS"), Ok(Node::Item(31)));
        assert_eq!(node("pacs"), Err(Refused::Unknown("code")));
        write(&db, |tx| {
            let row = Service::new(31, "PACS", "Imaging", SUPPLIER);
            upsert_service(tx, &act(2), &row, OnDifference::Report)
        });
        assert_eq!(node("PACS"), Err(Refused::Ambiguous("code")));
    });
}
