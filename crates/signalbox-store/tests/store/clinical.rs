//! Registrations, agreed statements, clinic hours, forms that were begun, and the site's key, on both engines.

use signalbox_core::form::Raw;
use signalbox_store::accounts::{Person, upsert_person};
use signalbox_store::directory::*;
use signalbox_store::page::Page;
use signalbox_store::{clinical, keys};

use crate::directory::{NORTH, SUPPLIER, act, add_organisations, at, directory_events, read, refusal, write};
use crate::harness::for_each_engine;

const IAN: i64 = 51;
const HELEN: i64 = 52;

fn officer(id: i64, person_id: i64, org_id: i64, expires_on: &str) -> Clinician {
    Clinician {
        id,
        person_id,
        org_id,
        body: "GMC".into(),
        number: "7012345".into(),
        checked_on: "2026-11-01".parse().unwrap(),
        expires_on: expires_on.parse().unwrap(),
        trained_on: None,
        letter: "File 41".into(),
        deputy_id: None,
        ended_at: None,
    }
}

#[test]
fn a_registration_is_kept_with_its_end_and_its_number_stays_out_of_the_log() {
    for_each_engine(|db| {
        add_organisations(&db);
        for (id, email, name) in [(IAN, "ian@north.example", "Dr Ian Moss"), (HELEN, "helen@sup.example", "Dr Helen Sato")] {
            write(&db, move |tx| upsert_person(tx, &act(id), &Person::new(id, email, name), OnDifference::Report));
        }
        assert!(write(&db, |tx| save_clinician(tx, &act(60), &officer(61, IAN, NORTH, "2027-01-31"))));
        assert!(!write(&db, |tx| save_clinician(tx, &act(60), &officer(61, IAN, NORTH, "2027-01-31"))), "the same again writes nothing");
        write(&db, |tx| save_clinician(tx, &act(62), &officer(63, HELEN, SUPPLIER, "2027-03-31")));
        // One registration of a person for an organisation counts; nobody vouches for themselves.
        assert_eq!(refusal(&db, |tx| save_clinician(tx, &act(64), &officer(65, IAN, NORTH, "2028-01-31"))), Refused::Taken("person"));
        let by_self = Act { by: Some(IAN), ..act(66) };
        assert_eq!(refusal(&db, move |tx| save_clinician(tx, &by_self, &officer(61, IAN, NORTH, "2030-01-31"))), Refused::SelfGrant);
        assert_eq!(refusal(&db, |tx| save_clinician(tx, &act(67), &officer(68, 999, NORTH, "2028-01-31"))), Refused::Unknown("person"));
        assert_eq!(refusal(&db, |tx| save_clinician(tx, &act(67), &officer(61, IAN, NORTH, "2026-10-31"))), Refused::Invalid("expires_on"));
        let wrong = Clinician { body: "RSPCA".into(), ..officer(61, IAN, NORTH, "2027-01-31") };
        assert_eq!(refusal(&db, move |tx| save_clinician(tx, &act(67), &wrong)), Refused::Invalid("body"));
        let ending = |before: &str| read(&db, |tx| clinicians_ending(tx, before.parse().unwrap())).into_iter().map(|row| row.id).collect::<Vec<_>>();
        assert_eq!((ending("2027-01-31"), ending("2027-02-01"), ending("2027-12-31")), (vec![], vec![61], vec![61, 63]));
        assert_eq!(read(&db, |tx| clinicians(tx, Some(NORTH), &Page::default())).items.len(), 1);
        let events = directory_events(&db);
        assert!(events.iter().any(|(subject, kind, _)| *subject == 61 && kind == "ClinicianSaved"));
        assert!(events.iter().all(|(_, _, payload)| !payload.contains("7012345") && !payload.contains("Moss")), "{events:?}");
        // Ended, another may be kept.
        let ended = Clinician { ended_at: Some(at(70)), ..officer(61, IAN, NORTH, "2027-01-31") };
        write(&db, move |tx| save_clinician(tx, &act(70), &ended));
        write(&db, |tx| save_clinician(tx, &act(71), &officer(72, IAN, NORTH, "2028-01-31")));
        assert_eq!(read(&db, |tx| clinicians_of(tx, IAN)).len(), 1);
    });
}

#[test]
fn a_statement_names_its_services_until_it_ends() {
    for_each_engine(|db| {
        add_organisations(&db);
        write(&db, |tx| save_service(tx, &act(80), &Service { is_direct_care: true, ..Service::new(81, "PACS", "PACS imaging", SUPPLIER) }));
        let statement = |code: &str, services: Vec<i64>| Statement {
            id: 82,
            code: code.into(),
            words: "Firmware of one node".into(),
            services,
            agreed_by: HELEN,
            agreed_at: at(82),
            expires_on: "2027-11-01".parse().unwrap(),
            ended_at: None,
        };
        let (good, spaced, unknown) = (statement("NODE", vec![81]), statement("NO DE", vec![81]), statement("NODE", vec![999]));
        assert_eq!(refusal(&db, move |tx| agree_statement(tx, &act(83), &spaced)), Refused::Invalid("code"));
        assert_eq!(refusal(&db, move |tx| agree_statement(tx, &act(83), &unknown)), Refused::Unknown("services"));
        let again = good.clone();
        write(&db, move |tx| agree_statement(tx, &act(83), &good));
        assert_eq!(refusal(&db, move |tx| agree_statement(tx, &act(84), &again)), Refused::Taken("code"));
        assert_eq!(read(&db, agreed_statements)[0].services, [81]);
        assert!(write(&db, |tx| end_statement(tx, &act(85), 82)) && !write(&db, |tx| end_statement(tx, &act(86), 82)));
        assert!(read(&db, agreed_statements)[0].ended_at.is_some());
        assert_eq!(refusal(&db, |tx| set_clinic_hours(tx, &act(87), 81, "sometimes")), Refused::Invalid("hours"));
        assert!(write(&db, |tx| set_clinic_hours(tx, &act(88), 81, "Mon-Fri 08:00-18:00")));
        assert_eq!(read(&db, |tx| clinic_hours(tx, 81)), "Mon-Fri 08:00-18:00");
    });
}

#[test]
fn what_was_begun_is_each_persons_own_and_the_key_is_made_once() {
    for_each_engine(|db| {
        let typed = Raw::from([("scope".to_owned(), vec!["Wards".to_owned()])]);
        let kept = typed.clone();
        db.write(move |tx| clinical::save_act_draft(tx, 1, IAN, "reject_clinically", &kept, at(1))).unwrap();
        assert_eq!(read(&db, |tx| clinical::act_draft(tx, 1, IAN, "reject_clinically")), Some((typed, at(1))));
        assert_eq!(read(&db, |tx| clinical::act_draft(tx, 1, HELEN, "reject_clinically")), None);
        db.write(|tx| clinical::drop_act_draft(tx, 1, IAN, "reject_clinically")).unwrap();
        assert_eq!(read(&db, |tx| clinical::act_draft(tx, 1, IAN, "reject_clinically")), None);
        let first = db.write(|tx| keys::keep_site_key(tx, "aa", "bb", at(1))).unwrap();
        assert_eq!(db.write(|tx| keys::keep_site_key(tx, "cc", "dd", at(2))).unwrap(), first);
        assert_eq!(read(&db, keys::site_key), Some(("aa".to_owned(), "bb".to_owned())));
    });
}
