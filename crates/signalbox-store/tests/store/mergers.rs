//! Mergers in the store: what the register holds moves, rows are what the events make, and eyes follow (scenario 42).

use signalbox_core::actor::{Actor, Role};
use signalbox_core::change::{Confidentiality, Outcome, Stage};
use signalbox_core::event::Event;
use signalbox_core::ids::EventId;
use signalbox_store::directory::{self, Act, Merger, Moved};
use signalbox_store::project::{self, Loaded};
use signalbox_store::queries::list::{self, ListFilter};
use signalbox_store::queries::sight;
use signalbox_store::scope::Scope;
use signalbox_store::{accounts, log, values};

use crate::harness::for_each_engine;
use crate::world::*;

/// The north ends and the south stands for it.
fn plan(world: &World) -> Merger {
    let merger = Merger {
        id: world.id(),
        predecessors: [NORTH].into(),
        successor: SOUTH,
        day: "2026-11-09".parse().expect("a day"),
        reason: "An order".into(),
        planned_by: None,
        planned_at: now(),
        taken_back_at: None,
        done_at: None,
        moved: None,
    };
    let (act, planned) = (act(world), merger.clone());
    world.write(move |tx| directory::plan_merger(tx, &act, &planned));
    merger
}

fn act(world: &World) -> Act {
    Act { event_id: world.id(), by: None, at: now() }
}

fn carry_out(world: &World, merger: &Merger, changes: &[i64]) -> Moved {
    for id in changes {
        let id = *id;
        let Loaded { change, prose, events, .. } = world.read(|tx| project::load(tx, id)).expect("a change");
        let last = events.last().expect("an event");
        let recorded = signalbox_core::event::Recorded {
            id: EventId(world.id()),
            version: change.version + 1,
            event: Event::OrganisationSucceeded(Box::new(merger.succession())),
            by: signalbox_core::actor::Stamp::SYSTEM,
            ..last.clone()
        };
        let after = signalbox_core::apply::apply(Some(change.clone()), &recorded);
        world.commit(Some(change), signalbox_core::decide::Decision { events: vec![recorded], texts: vec![] }, after, prose);
    }
    let (act, merger, count) = (act(world), merger.clone(), changes.len() as i64);
    let mut next = world.id() + 1_000_000;
    world.write(move |tx| {
        directory::carry_out_merger(tx, &act, &merger, count, &mut || {
            next += 1;
            next
        })
    })
}

fn sees(world: &World, actor: &Actor, id: i64) -> bool {
    let person = actor.person().expect("somebody").0;
    let actor = world.read(|tx| accounts::actor(tx, person)).expect("somebody").to_core();
    world.read(|tx| sight::is_visible(tx, &Scope::of(&actor), id))
}

fn is_sound(world: &World) {
    assert_eq!(world.read(|tx| log::verify(tx, None, &mut |_, _| {})), vec![]);
    assert_eq!(world.read(|tx| project::differences(tx, |_| {})), Vec::<String>::new());
}

#[test]
fn rows_after_a_merger_are_what_the_events_make() {
    for_each_engine(|db| {
        let world = World::on(db);
        let north = world.person(&[(NORTH, Role::Coordinator), (NORTH, Role::GroupMember)]);
        let south = world.person(&[(SOUTH, Role::Coordinator)]);
        let both = world.person(&[(NORTH, Role::Requester), (SOUTH, Role::Requester)]);
        let stranger = world.person(&[(PROVIDER, Role::NetworkDesk)]);
        let history = |n: &str, org| world.import(n, org, BENCH, window(-900, 3), hours(-2000), Outcome::Successful);
        let over = history("OSG-1", NORTH);
        let open = world.tell(told(NORTH, Stage::Submitted));
        let twin = world.tell(told(SOUTH, Stage::Submitted));
        let restricted = world.tell(Told { confidentiality: Confidentiality::SecurityRestricted, ..told(NORTH, Stage::Submitted) });
        for id in [over, open, restricted] {
            assert!(sees(&world, &north, id) && !sees(&world, &south, id), "before: {id}");
        }
        let merger = plan(&world);
        let found = {
            let merger = merger.clone();
            world.read(move |tx| directory::changes_of_merger(tx, &merger, now()))
        };
        assert!(found.contains(&open) && found.contains(&restricted) && !found.contains(&over) && !found.contains(&twin), "{found:?}");
        let moved = carry_out(&world, &merger, &[open, restricted]);
        assert_eq!((moved.changes, moved.people, moved.memberships, moved.sites, moved.items), (2, 2, 3, 1, 2));
        is_sound(&world);
        for id in [over, open, restricted, twin] {
            assert!(sees(&world, &north, id) && sees(&world, &south, id), "after: {id}");
            assert!(!sees(&world, &stranger, id));
        }
        let by = |org: i64| {
            let filter = ListFilter { organisation: Some(org), ..ListFilter::default() };
            let mut ids: Vec<i64> = world.read(|tx| list::list(tx, &Scope::of(&Actor::System), &filter, None, 50)).rows.into_iter().map(|row| row.id).collect();
            ids.sort_unstable();
            ids
        };
        let mut all = vec![over, open, restricted, twin];
        all.sort_unstable();
        assert_eq!(by(SOUTH), all, "the successor shows both");
        assert_eq!(
            by(NORTH),
            {
                let mut own = vec![over, open, restricted];
                own.sort_unstable();
                own
            },
            "as whose it was raised"
        );
        // A rebuild says the same, and so does a damaged row that is made again.
        world.write(|tx| tx.exec("update changes set raised_as = null", &[]));
        assert!(!world.read(|tx| project::differences(tx, |_| {})).is_empty());
        world.write(|tx| project::rebuild(tx, |_| {}));
        is_sound(&world);
        // People: the same roles, to be confirmed again unless they held them there already.
        let roles = |actor: &Actor| {
            let person = actor.person().expect("somebody").0;
            let held = world.read(|tx| accounts::actor(tx, person)).expect("somebody").memberships;
            held.into_iter().map(|m| (m.org_id, m.role)).collect::<Vec<_>>()
        };
        assert_eq!(roles(&north), [(SOUTH, Role::Coordinator), (SOUTH, Role::GroupMember)]);
        assert_eq!(roles(&both), [(SOUTH, Role::Requester)]);
        assert_eq!(world.read(|tx| directory::to_confirm(tx, directory::Viewer::All, 10)).len(), 2);
        let south_id = south.person().expect("somebody").0;
        assert_eq!(world.read(|tx| directory::to_confirm(tx, directory::Viewer::Person(south_id), 10)).len(), 2);
        let stranger_id = stranger.person().expect("somebody").0;
        assert_eq!(world.read(|tx| directory::to_confirm(tx, directory::Viewer::Person(stranger_id), 10)).len(), 0);
        let ended = world.read(|tx| directory::organisation(tx, NORTH)).expect("the north");
        assert_eq!((ended.is_active, ended.merged_into), (false, Some(SOUTH)));
        let done = world.read(|tx| directory::merger(tx, merger.id)).expect("the merger");
        assert_eq!((done.moved, done.is_planned()), (Some(moved), false));
    });
}

#[test]
fn sites_that_share_a_code_are_told_apart_and_earlier_mergers_follow() {
    for_each_engine(|db| {
        let world = World::on(db);
        world.write(|tx| {
            tx.exec("update sites set code = 'MAIN', found_by = 'main'", &[])?;
            // Limits of one person in both, and a board that decides for the north.
            tx.exec("insert into people(id, email, name, phone, job, state, created_at, found_by) values (70, 'f@example.org', 'F', '', '', 'active', 0, 'f')", &[])?;
            for (org, pence) in [(NORTH, 5_000), (SOUTH, 9_000)] {
                tx.exec("insert into spending_limits(person_id, org_id, limit_pence, set_at) values (70, $1, $2, 0)", values![org, pence])?;
            }
            tx.exec("insert into orders_with_tax(org_id) values ($1)", values![NORTH])?;
            tx.exec("update organisations set merged_into = $1, active = 0 where id = $2", values![NORTH, GONE])?;
            tx.exec(
                "insert into boards(id, org_id, name, kind, scope_kinds, scope_categories, scope_services, scope_orgs, at_minute, minutes, cutoff_days, cutoff_minute, place, created_at)
                values (71, $1, 'Board', 'cab', '', '', '', $2, 0, 60, 1, 0, '', 0)",
                values![AUTHORITY, format!("{NORTH};{SOUTH}")],
            )?;
            Ok(())
        });
        let merger = plan(&world);
        carry_out(&world, &merger, &[]);
        let site = |id: i64| world.read(move |tx| directory::site(tx, id)).map(|site| (site.org_id, site.code));
        assert_eq!(site(NORTH_SITE), Some((SOUTH, "NORTH-MAIN".into())));
        assert_eq!(site(SOUTH_SITE), Some((SOUTH, "MAIN".into())));
        let gone = world.read(|tx| directory::organisation(tx, GONE)).expect("gone");
        assert_eq!(gone.merged_into, Some(SOUTH), "what had merged into the north is the south’s now");
        assert_eq!(world.read(|tx| directory::spending_limit(tx, 70, SOUTH)), Some(5_000), "the lower");
        assert!(world.read(|tx| directory::orders_cover_tax(tx, SOUTH)));
        let board = world.read(signalbox_store::boards::boards).pop().expect("a board");
        assert_eq!(board.scope.orgs, [SOUTH]);
        // Nothing new comes to it.
        let site = directory::Site { id: 72, org_id: NORTH, code: "NEW".into(), name: "New".into(), ods_code: None };
        let refused = {
            let act = act(&world);
            world.write(move |tx| directory::save_site(tx, &act, &site))
        };
        assert_eq!(refused, Err(directory::Refused::Unknown("organisation")));
        let new = accounts::NewMembership { id: 73, person_id: 70, org_id: NORTH, role: Role::Requester, service_id: None };
        let refused = {
            let act = act(&world);
            world.write(move |tx| accounts::grant_role(tx, &act, &new))
        };
        assert_eq!(refused, Err(directory::Refused::Unknown("organisation")));
    });
}

/// Accounts with the network provider, monitors, outages that wait for a coordinator and call-outs that wait for an answer.
#[test]
fn what_belongs_to_outages_follows_a_merger() {
    for_each_engine(|db| {
        let world = World::on(db);
        world.write(|tx| {
            tx.exec("insert into network_accounts (id, org_id, provider_id, number) values (80, $1, $2, 'N-1')", values![NORTH, PROVIDER])?;
            tx.exec(
                "insert into monitors (id, name, kind, address, label, template, authority, due_at, failures, words) values (81, 'M', 'webhook', '', '', '', '', 0, 0, '')",
                &[],
            )?;
            tx.exec("insert into monitor_orgs (monitor_id, org_id) values (81, $1), (81, $2)", values![NORTH, SOUTH])?;
            tx.exec(
                "insert into monitors (id, name, kind, address, label, template, authority, due_at, failures, words) values (82, 'N', 'webhook', '', '', '', '', 0, 0, '')",
                &[],
            )?;
            tx.exec("insert into monitor_orgs (monitor_id, org_id) values (82, $1)", values![NORTH])?;
            for (id, settled) in [(83, None), (84, Some(1))] {
                tx.exec(
                    "insert into told_outages (id, org_id, name, email, telephone, place, outage_type, what, lost, starts_at, ends_at, told_at, confirmed_at, settled_at, reason)
                    values ($1, $2, 'E', 'e@example.org', '', 'Roof', 'power', 'Switchgear', '', 1, 2, 0, 0, $3, '')",
                    values![id, NORTH, settled],
                )?;
            }
            tx.exec("insert into ledger_rates (id, valid_from, desk_hour, first_hour, further_hour, vat, set_at) values (86, 0, 1, 1, 1, 0, 0)", &[])?;
            tx.exec(
                "insert into visits (id, org_id, liable_org, finding, desk_minutes, engineer, checks_failed, outside_appointment, rule, is_desks_own, rate_id,
                    standing, entered_at, due_at) values (85, $1, $2, 'planned_work', 10, '', 0, 0, 'DL-1', 0, 86, 'proposed', 0, 9)",
                values![PROVIDER, NORTH],
            )?;
            tx.exec("insert into ledger (entry_no, visit_id, kind, net_pence, vat_pence, words, at) values (1, 85, 'proposed', 0, 0, '', 0)", &[])
        });
        let south = world.person(&[(SOUTH, Role::Coordinator)]);
        let merger = plan(&world);
        carry_out(&world, &merger, &[]);
        assert_eq!(world.read(|tx| directory::network_account(tx, 80)).map(|account| account.org_id), Some(SOUTH));
        for monitor in [81, 82] {
            assert_eq!(world.read(move |tx| signalbox_store::monitors::monitor(tx, monitor)).expect("a monitor").orgs, [SOUTH].into());
        }
        let told = |id| world.read(move |tx| signalbox_store::told::get(tx, id)).expect("an outage").org_id;
        assert_eq!((told(83), told(84)), (Some(SOUTH), Some(NORTH)), "what waits moves; what is over stays as it was");
        let case = world.read(|tx| signalbox_store::queries::ledger::by_id(tx, &Scope::of(&south), 85)).expect("the south answers for it");
        let liable = case.liable.expect("somebody");
        assert_eq!((liable.id, liable.name.as_str()), (SOUTH, world.read(|tx| directory::organisation(tx, NORTH)).expect("the north").name.as_str()));
    });
}

#[test]
fn a_reference_of_ones_own_stays_whose_it_was() {
    for_each_engine(|db| {
        let world = World::on(db);
        let history = |org| world.import("OSG-1", org, BENCH, window(-900, 3), hours(-2000), Outcome::Successful);
        let (north, south) = (history(NORTH), history(SOUTH));
        let merger = plan(&world);
        carry_out(&world, &merger, &[north]);
        let named = |org: i64| world.read(move |tx| sight::by_source_of(tx, org, "OSG-1"));
        assert_eq!((named(NORTH), named(SOUTH)), (Some(north), Some(south)));
        is_sound(&world);
    });
}
