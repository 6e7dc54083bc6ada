//! Roles: who may give them, where they fit, who holds them.

use signalbox_core::actor::Role;
use signalbox_store::accounts::*;
use signalbox_store::directory::*;

use crate::accounts::{ANN, COORDINATOR, MANAGER, add_people, by, grant};
use crate::directory::{NORTH, SOUTH, SUPPLIER, act, directory_events, read, refusal, write};
use crate::harness::for_each_engine;

#[test]
fn nobody_gives_a_role_to_themselves() {
    // SD-9
    for_each_engine(|db| {
        add_people(&db);
        grant(&db, 70, ANN, NORTH, Role::Administrator);
        let new = NewMembership { id: 71, person_id: ANN, org_id: NORTH, role: Role::Coordinator, service_id: None };
        let refused = refusal(&db, move |tx| grant_role(tx, &by(ANN, 1), &new));
        assert_eq!(refused, Refused::SelfGrant);
        assert_eq!(write(&db, move |tx| grant_role(tx, &by(MANAGER, 2), &new)), 71);
        let stored = read(&db, |tx| membership(tx, 71)).expect("the role");
        assert_eq!((stored.granted_by, stored.org_code.as_str()), (Some(MANAGER), "NORTH"));
    });
}

#[test]
fn a_role_fits_its_organisation_and_is_held_once() {
    for_each_engine(|db| {
        add_people(&db);
        let new = |id, org_id, role, service_id| NewMembership { id, person_id: ANN, org_id, role, service_id };
        let refused = |new| refusal(&db, move |tx| grant_role(tx, &act(1), &new));
        assert_eq!(refused(new(71, NORTH, Role::SupplierManager, None)), Refused::Invalid("role"));
        assert_eq!(refused(new(71, 9, Role::Requester, None)), Refused::Unknown("organisation"));
        assert_eq!(refused(new(71, NORTH, Role::Requester, Some(9))), Refused::Unknown("service"));
        let events = directory_events(&db).len();
        assert_eq!(grant(&db, 72, ANN, NORTH, Role::Requester), 61, "the live one answers");
        assert_eq!(directory_events(&db).len(), events);
        write(&db, |tx| {
            let row = Service::new(21, "PACS", "Imaging", SUPPLIER);
            upsert_service(tx, &act(2), &row, OnDifference::Report)
        });
        // The same role for one service is another one.
        let narrow = new(73, NORTH, Role::Requester, Some(21));
        assert_eq!(write(&db, move |tx| grant_role(tx, &act(3), &narrow)), 73);
        assert!(write(&db, |tx| end_role(tx, &act(4), 61)));
        assert!(!write(&db, |tx| end_role(tx, &act(5), 61)));
        assert_eq!(grant(&db, 74, ANN, NORTH, Role::Requester), 74, "given anew after it ended");
        let all = read(&db, |tx| memberships(tx, ANN));
        assert_eq!(all.iter().map(|m| m.id).collect::<Vec<_>>(), [61, 73, 74]);
        assert_eq!(all[1].service_code.as_deref(), Some("PACS"));
        let live = read(&db, |tx| actor(tx, ANN)).expect("Ann");
        assert_eq!(live.memberships.iter().map(|m| m.id).collect::<Vec<_>>(), [73, 74]);
        assert_eq!(live.to_core().memberships().len(), 2);
    });
}

#[test]
fn holders_are_active_people_with_a_live_role() {
    for_each_engine(|db| {
        add_people(&db);
        grant(&db, 71, ANN, NORTH, Role::Coordinator);
        let holders = || read(&db, |tx| eligible_holders(tx, Role::Coordinator, Some(NORTH), None));
        assert_eq!(holders(), [ANN, COORDINATOR]);
        write(&db, |tx| disable_person(tx, &act(1), ANN));
        assert_eq!(holders(), [COORDINATOR]);
        let south = read(&db, |tx| eligible_holders(tx, Role::Coordinator, Some(SOUTH), None));
        assert!(south.is_empty());
        write(&db, |tx| end_role(tx, &act(2), 63));
        assert!(holders().is_empty());
        assert!(read(&db, |tx| eligible_holders(tx, Role::Coordinator, None, None)).is_empty());
    });
}
