//! Clinical safety through pages, mail and files: the scenarios of the specification under their numbers.

use axum::http::StatusCode;
use jiff::SignedDuration;
use signalbox::run::{Expect, NewDraft};
use signalbox::sign;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::change::Kind;
use signalbox_core::form::Raw;
use signalbox_core::ids::OrgId;
use signalbox_store::directory::{Item, OnDifference, Service, Site, set_service_orgs, upsert_item, upsert_service, upsert_site};
use signalbox_store::{StoreError, accounts};

use crate::changes::{RISKS, take, taken};
use crate::world::{Client, World, on_each_engine};

const JOY: &str = "joy@northbrook.example";
const IAN: &str = "ian@northbrook.example";
const PRIYA: &str = "priya@halden.example";
const TOM: &str = "tom@halden.example";
const HELEN: &str = "helen@halden.example";
const GRACE: &str = "grace@authority.example";
const PAUL: &str = "paul@authority.example";
const ADA: &str = "ada@authority.example";

struct Cast {
    trust: i64,
    supplier: i64,
    joy: i64,
    ian: i64,
    service: i64,
}

/// A trust and a supplier with a safety officer each, the authority with one, and a service of direct care.
fn furnish(world: &World) -> Cast {
    let trust = world.organisation("northbrook", OrgKind::Trust);
    let supplier = world.organisation("halden", OrgKind::Supplier);
    let authority = world.organisation("authority", OrgKind::Authority);
    let joy = world.person(JOY, "Joy Adeyemi", &[(trust, Role::Coordinator)]);
    let ian = world.person(IAN, "Dr Ian Moss", &[(trust, Role::TrustSafety)]);
    world.person(PRIYA, "Priya Nair", &[(supplier, Role::SupplierManager)]);
    world.person(TOM, "Tom Achebe", &[(supplier, Role::Assessor)]);
    world.person(HELEN, "Dr Helen Sato", &[(supplier, Role::SupplierSafety)]);
    world.person(GRACE, "Grace Adeleke", &[(authority, Role::AuthorityManager)]);
    world.person(PAUL, "Dr Paul Keane", &[(authority, Role::AuthoritySafety)]);
    world.person(ADA, "Ada Byrne", &[(authority, Role::Administrator)]);
    let (site, service, item) = (world.app.ids.mint(world.now()), world.app.ids.mint(world.now()), world.app.ids.mint(world.now()));
    let act = || world.app.act(None, world.now());
    let (a, b, c, d) = (act(), act(), act(), act());
    world
        .app
        .attempt(move |tx| {
            let site_row = Site { id: site, org_id: trust, code: "NB".into(), name: "Northbrook General".into(), ods_code: None };
            let service_row = Service { is_direct_care: true, ..Service::new(service, "PACS", "PACS imaging", supplier) };
            let item_row = Item {
                id: item,
                code: "NB-N2".into(),
                name: "Archive node N2".into(),
                item_type: "server".into(),
                org_id: trust,
                site_id: Some(site),
                watched_by: None,
                services: vec![service],
            };
            upsert_site(tx, &a, &site_row, OnDifference::Report)?.unwrap();
            upsert_service(tx, &b, &service_row, OnDifference::Report)?.unwrap();
            set_service_orgs(tx, &c, service, &[trust])?.unwrap();
            Ok(upsert_item(tx, &d, &item_row, OnDifference::Report)?.map(drop))
        })
        .unwrap();
    Cast { trust, supplier, joy, ian, service }
}

/// A draft of Joy's that can be sent.
fn draft(world: &World, cast: &Cast) -> String {
    let joy = cast.joy;
    let actor = world.app.read::<_, StoreError>(|tx| Ok(accounts::actor(tx, joy)?.unwrap().to_core())).unwrap();
    let typed: Raw = [
        ("title", "Archive node firmware"),
        ("why", "problem"),
        ("people_notice", "Older images take longer."),
        ("services", "PACS"),
        ("items", "NB-N2"),
        ("window.start.date", "2027-01-19"),
        ("window.start.time", "22:00"),
        ("window.end.date", "2027-01-20"),
        ("window.end.time", "02:00"),
        ("backout", "The old firmware."),
        ("proof", "Fetch 20 studies."),
        ("contact_on_site.name", "Len Brook"),
        ("contact_on_site.phone", "020 7946 0158"),
        ("contingency_end.date", "2027-01-20"),
        ("contingency_end.time", "03:00"),
        ("charge_hint", "no"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), vec![value.to_owned()]))
    .collect();
    let new = NewDraft { kind: Kind::Normal, org: OrgId(cast.trust), on_behalf_of: None, copied_from: None, raw: typed };
    world.app.raise(&actor, new, Expect::default()).unwrap().reference
}

/// Sent, accepted, and screened with a yes by the trust's officer.
async fn under_review(world: &World, cast: &Cast) -> String {
    let reference = draft(world, cast);
    let (mut joy, mut priya, mut ian) = (world.sign_in(JOY).await, world.sign_in(PRIYA).await, world.sign_in(IAN).await);
    taken(&mut joy, &reference, "submit", &[]).await;
    taken(&mut priya, &reference, "accept", &RISKS).await;
    taken(&mut ian, &reference, "screen", &screen("yes")).await;
    reference
}

fn screen(first: &'static str) -> [(&'static str, &'static str); 8] {
    [("q1", first), ("q2", "no"), ("q3", "no"), ("q4", "no"), ("q5", "no"), ("q6", "no"), ("q7", "no"), ("q8", "no")]
}

fn rating(which: &'static str, patients: &'static str) -> [(&'static str, &'static str); 5] {
    [("which", which), ("harm", "death"), ("patients", patients), ("likelihood", "low"), ("why", "Looked at with the lead radiographer.")]
}

const HAZARD: [(&str, &str); 2] = [("hazard", "Old images cannot be seen in theatre"), ("effect", "Surgery waits.")];

/// A whole form; it needs a hazard that is rated already.
const FORM: [(&str, &str); 12] = [
    ("ground", "hazard"),
    ("scope", "PACS at Northbrook, all patients with old images."),
    ("documents", "Safety case 2.1"),
    ("not_changing_harm", "inconvenience"),
    ("not_changing_patients", "many"),
    ("not_changing_likelihood", "low"),
    ("not_changing", "The old firmware works."),
    ("alternatives", "One node at a time."),
    ("resubmit_1", "There is a second viewer."),
    ("resubmit_1_evidence", "An image seen on it."),
    ("resubmit_1_judge", "The lead radiographer"),
    ("no_conflict", "yes"),
];

async fn text_of(client: &mut Client<'_>, path: &str) -> String {
    let reply = client.get(path).await;
    assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
    reply.text()
}

#[test]
fn scenario_25_a_rejection_is_answered_hazard_by_hazard() {
    on_each_engine(|world| async move {
        let cast = furnish(&world);
        let reference = under_review(&world, &cast).await;
        let (mut joy, mut ian) = (world.sign_in(JOY).await, world.sign_in(IAN).await);
        taken(&mut ian, &reference, "hazard", &HAZARD).await;
        taken(&mut joy, &reference, "hazard", &[("hazard", "The wrong patient"), ("effect", "Treated for another.")]).await;
        taken(&mut ian, &reference, "rate", &rating("H1", "many")).await;
        taken(&mut ian, &reference, "rate", &rating("H2", "one")).await;
        // Half a form says everything that is missing, and keeps what was typed.
        let reply = take(&mut ian, &reference, "reject_clinically", &FORM[..3]).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(reply.body.contains("all patients with old images.") && reply.text().contains("Answer this: What else was considered?"), "{}", reply.text());
        taken(&mut ian, &reference, "reject_clinically", &FORM).await;
        // Those whom the form goes to are told.
        let letters = world.step_worker();
        for to in [JOY, PRIYA, HELEN, PAUL, GRACE] {
            assert!(letters.iter().any(|l| l.to == to && l.subject.starts_with("Rejected on clinical risk")), "{to}");
        }
        let form = format!("/changes/{reference}/clinical-form/1");
        let page = text_of(&mut joy, &form).await;
        for part in [
            "H1: Old images cannot be seen in theatre",
            "4 of 5: death, more than one patient, likelihood low; severity catastrophic",
            "The lead radiographer",
            "GMC …345",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("7012345"), "only the last three of the number are shown");
        let json = joy.get(&format!("{form}/json")).await.json();
        assert_eq!((json["form_ref"].as_str(), json["hazards"].as_array().unwrap().len()), (Some(format!("{reference}-CR1").as_str()), 2));
        assert_eq!(joy.get(&format!("{form}/file")).await.header("content-disposition"), format!("attachment; filename=\"{reference}-CR1.html\""));
        // Revision 2 answers H1 only: refused, naming H2; nothing typed is lost.
        let reply = take(&mut joy, &reference, "submit", &[("answer_h1", "There is a second viewer now.")]).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(reply.text().contains("Answer H2: the rejection names it.") && reply.body.contains("There is a second viewer now."), "{}", reply.text());
        // The steps of the draft ask for the same, by the name of the hazard.
        let risk = text_of(&mut joy, &format!("/changes/{reference}/edit/risk")).await;
        assert!(risk.contains("Your answer to H2: The wrong patient"), "{risk}");
        assert!(text_of(&mut joy, &format!("/changes/{reference}/edit/check")).await.contains("Answer H2"));
        taken(&mut joy, &reference, "submit", &[("answer_h1", "There is a second viewer now."), ("answer_h2", "The name is read back.")]).await;
        let record = text_of(&mut joy, &format!("/changes/{reference}")).await;
        assert!(record.contains("A safety officer decides") && record.contains("Answer in revision 2: The name is read back."), "{record}");
        assert!(text_of(&mut joy, &form).await.contains("revision 1"), "the form of revision 1 stays attached");
    });
}

#[test]
fn scenario_27_a_lapsed_registration_signs_nothing_and_loses_no_word() {
    on_each_engine(|world| async move {
        let cast = furnish(&world);
        let reference = under_review(&world, &cast).await;
        let mut ian = world.sign_in(IAN).await;
        taken(&mut ian, &reference, "hazard", &HAZARD).await;
        taken(&mut ian, &reference, "rate", &rating("H1", "many")).await;
        let path = format!("/changes/{reference}/acts/reject_clinically");
        let page = ian.get(&path).await;
        let version = page.field("version").unwrap();
        world.step_worker();
        // It expired yesterday, while the form was open.
        world.register(cast.ian, cast.trust, "2026-11-16");
        let mut fields = vec![("version", version.as_str())];
        fields.extend(FORM);
        let reply = ian.post(&path, &fields).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN);
        assert!(reply.text().contains("Your registration on record ended on Monday 16 November 2026"), "{}", reply.text());
        assert!(reply.body.contains("all patients with old images."), "the draft text is kept on the page");
        let letters = world.step_worker();
        for to in [PAUL, JOY] {
            assert!(letters.iter().any(|l| l.to == to && l.subject == "A clinical signature was refused"), "{to}: {letters:?}");
        }
        let mut joy = world.sign_in(JOY).await;
        assert!(text_of(&mut joy, &format!("/changes/{reference}")).await.contains("A safety officer decides"), "nothing was signed");
        // A new registration, and the form is as it was left.
        world.register(cast.ian, cast.trust, "2027-11-16");
        let page = ian.get(&path).await;
        assert!(page.body.contains("all patients with old images.") && page.text().contains("As you left it"), "{}", page.text());
        taken(&mut ian, &reference, "reject_clinically", &FORM).await;
    });
}

#[test]
fn scenario_28_the_rating_is_shown_before_it_is_saved_and_limits_the_decision() {
    on_each_engine(|world| async move {
        let cast = furnish(&world);
        let reference = under_review(&world, &cast).await;
        let mut helen = world.sign_in(HELEN).await;
        taken(&mut helen, &reference, "hazard", &HAZARD).await;
        let mut asked = rating("H1", "many").to_vec();
        asked.push(("preview", "yes"));
        let reply = take(&mut helen, &reference, "rate", &asked).await;
        assert_eq!(reply.status, StatusCode::OK);
        let said = "4 of 5: death, more than one patient, likelihood low; severity catastrophic: unacceptable: it has to be eliminated or controlled.";
        assert!(reply.text().contains("This is rated 4") && reply.text().contains(said), "{}", reply.text());
        assert!(reply.text().contains("your rating"), "the cell of the matrix is marked in words");
        taken(&mut helen, &reference, "rate", &rating("H1", "many")).await;
        let refused = helen.get(&format!("/changes/{reference}/acts/clear")).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert!(refused.text().contains("After all controls the rating is 4, which cannot be accepted. Reject it, or escalate it with its benefits."));
        for act in ["reject_clinically", "escalate"] {
            assert_eq!(helen.get(&format!("/changes/{reference}/acts/{act}")).await.status, StatusCode::OK, "{act}");
        }
    });
}

#[test]
fn scenario_29_residual_three_waits_for_the_second_signature() {
    on_each_engine(|world| async move {
        let cast = furnish(&world);
        let reference = under_review(&world, &cast).await;
        let (mut helen, mut ian) = (world.sign_in(HELEN).await, world.sign_in(IAN).await);
        taken(&mut helen, &reference, "hazard", &HAZARD).await;
        taken(&mut helen, &reference, "rate", &rating("H1", "one")).await;
        let reply = take(&mut helen, &reference, "clear", &[("words", "Agreed.")]).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(reply.text().contains("Further reduction is impractical because"), "{}", reply.text());
        let limits = [("impractical", "There is one scanner."), ("until", "2027-02-28")];
        taken(&mut helen, &reference, "clear", &limits).await;
        let record = text_of(&mut ian, &format!("/changes/{reference}")).await;
        assert!(record.contains("Waits for a second signature") && record.contains("A safety officer of northbrook trust"), "{record}");
        let queue = text_of(&mut ian, "/clinical").await;
        assert!(queue.contains("Your signature"), "{queue}");
        assert_eq!(helen.get(&format!("/changes/{reference}/acts/countersign")).await.status, StatusCode::FORBIDDEN);
        taken(&mut ian, &reference, "countersign", &[]).await;
        let record = text_of(&mut ian, &format!("/changes/{reference}")).await;
        assert!(record.contains("Accepted with conditions") && record.contains("Accepted until Sunday 28 February 2027"), "{record}");
    });
}

#[test]
fn scenario_31_an_overdue_clinical_question_escalates_and_is_never_a_yes() {
    on_each_engine(|world| async move {
        let cast = furnish(&world);
        let reference = draft(&world, &cast);
        let (mut joy, mut priya, mut tom, mut helen) =
            (world.sign_in(JOY).await, world.sign_in(PRIYA).await, world.sign_in(TOM).await, world.sign_in(HELEN).await);
        taken(&mut joy, &reference, "submit", &[]).await;
        taken(&mut priya, &reference, "accept", &RISKS).await;
        for client in [&mut tom, &mut priya, &mut joy] {
            for kind in ["technical", "resources", "continuity", "affected", "security", "commercial"] {
                let page = client.get(&format!("/changes/{reference}/acts/assess")).await;
                if page.status == StatusCode::OK && page.body.contains(&format!("value=\"{kind}\"")) {
                    taken(client, &reference, "assess", &[("assessment", kind), ("objects", "no"), ("finding", "Nothing.")]).await;
                }
            }
        }
        world.step_worker();
        world.advance(SignedDuration::from_hours(24 * 9));
        let letters = world.step_worker();
        for to in [HELEN, IAN, PAUL, GRACE] {
            assert!(letters.iter().any(|l| l.to == to && l.subject.starts_with("Clinical decision overdue")), "{to}");
        }
        world.advance(SignedDuration::from_hours(24 * 20));
        world.step_worker();
        let mut helen_later = world.sign_in(HELEN).await;
        let queue = text_of(&mut helen_later, "/clinical").await;
        assert!(queue.contains("1 is overdue; silence never counts as a yes.") && queue.contains("Overdue"), "{queue}");
        let record = text_of(&mut helen_later, &format!("/changes/{reference}")).await;
        assert!(record.contains("Assessing") && record.contains("Not screened yet"), "{record}");
        helen.get("/clinical").await;
    });
}

#[test]
fn c143_the_safety_record_is_one_signed_file() {
    on_each_engine(|world| async move {
        let cast = furnish(&world);
        let reference = under_review(&world, &cast).await;
        let (mut ian, mut joy) = (world.sign_in(IAN).await, world.sign_in(JOY).await);
        taken(&mut ian, &reference, "hazard", &HAZARD).await;
        taken(&mut ian, &reference, "rate", &rating("H1", "many")).await;
        taken(&mut ian, &reference, "reject_clinically", &FORM).await;
        let file = joy.get(&format!("/changes/{reference}/safety-record")).await;
        assert_eq!(file.status, StatusCode::OK);
        for part in ["H1: Old images cannot be seen in theatre", "dcb-1", "clinically_rejected", "Safety record of"] {
            assert!(file.body.contains(part), "{part}");
        }
        let key = world.stranger().get("/signing-key").await.body;
        let key = key.trim();
        assert_eq!(sign::verify(file.body.as_bytes(), Some(key)), Ok(key.to_owned()));
        let mut altered = file.body.clone().into_bytes();
        let at = file.body.find("likelihood low").unwrap();
        altered[at] ^= 1;
        assert_eq!(sign::verify(&altered, Some(key)), Err(sign::Unsound::Altered));
        // The key stays the same.
        assert!(joy.get(&format!("/changes/{reference}/safety-record")).await.body.contains(key));
        assert_eq!(world.stranger().get(&format!("/changes/{reference}/safety-record")).await.status, StatusCode::SEE_OTHER);
    });
}

#[test]
fn registrations_are_kept_under_set_up_and_warned_of() {
    on_each_engine(|world| async move {
        let cast = furnish(&world);
        let mut ada = world.sign_in(ADA).await;
        let list = text_of(&mut ada, "/setup/safety-officers").await;
        assert!(list.contains("Dr Ian Moss") && list.contains("In force"), "{list}");
        let id = world.app.read::<_, StoreError>(|tx| Ok(signalbox_store::directory::clinicians_of(tx, cast.ian)?[0].id)).unwrap();
        let path = format!("/setup/safety-officers/{id}");
        let seen = ada.get(&path).await.field("seen").unwrap();
        let fields = |expires: &'static str, deputy: &'static str, seen: &str, org: &str| {
            [
                ("seen", seen.to_owned()),
                ("person", IAN.to_owned()),
                ("organisation", org.to_owned()),
                ("body", "GMC".to_owned()),
                ("number", "7012345".to_owned()),
                ("checked_on", "2026-11-17".to_owned()),
                ("expires_on", expires.to_owned()),
                ("trained_on", String::new()),
                ("letter", "File 41".to_owned()),
                ("deputy", deputy.to_owned()),
            ]
        };
        let org = cast.trust.to_string();
        let wrong = fields("soon", "nobody@x.example", &seen, &org);
        let wrong: Vec<(&str, &str)> = wrong.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = ada.post(&path, &wrong).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(reply.text().contains("Enter a day that exists") && reply.text().contains("Nobody has this e-mail address here."), "{}", reply.text());
        let right = fields("2027-02-15", HELEN, &seen, &org);
        let right: Vec<(&str, &str)> = right.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(ada.post(&path, &right).await.status, StatusCode::SEE_OTHER);
        // 60, 30 and 7 days before, and the morning after: to the officer, the deputy, the coordinator and the authority's officer.
        world.step_worker();
        let mut heard = vec![];
        for _ in 0..100 {
            world.advance(SignedDuration::from_hours(24));
            let letters = world.step_worker();
            let about: Vec<_> = letters.iter().filter(|l| l.subject.contains("registration")).collect();
            if let Some(first) = about.first() {
                let mut to: Vec<&str> = about.iter().map(|l| l.to.as_str()).collect();
                to.sort_unstable();
                assert_eq!(to, [HELEN, IAN, JOY, PAUL]);
                heard.push(first.subject.clone());
            }
        }
        assert_eq!(
            heard,
            [
                "A safety officer’s registration ends in 60 days",
                "A safety officer’s registration ends in 30 days",
                "A safety officer’s registration ends in 7 days",
                "A safety officer’s registration has ended"
            ]
        );
        let mut paul = world.sign_in(PAUL).await;
        let queue = text_of(&mut paul, "/clinical").await;
        assert!(queue.contains("Ended: signs nothing") && queue.contains("Dr Helen Sato"), "{queue}");
        let _ = cast.supplier;
    });
}

#[test]
fn the_queue_is_for_safety_officers_and_names_what_changed_since_they_signed() {
    on_each_engine(|world| async move {
        let cast = furnish(&world);
        let reference = under_review(&world, &cast).await;
        let (mut ian, mut joy, mut helen) = (world.sign_in(IAN).await, world.sign_in(JOY).await, world.sign_in(HELEN).await);
        assert_eq!(joy.get("/clinical").await.status, StatusCode::FORBIDDEN);
        assert!(!joy.get("/").await.body.contains("href=\"/clinical\"") && ian.get("/").await.body.contains("href=\"/clinical\""));
        assert!(text_of(&mut helen, "/clinical").await.contains("Record hazards"));
        taken(&mut joy, &reference, "hazard", &HAZARD).await;
        assert!(text_of(&mut helen, "/clinical").await.contains("1 not rated"));
        taken(&mut ian, &reference, "rate", &[("which", "H1"), ("harm", "upset"), ("patients", "one"), ("likelihood", "low"), ("why", "Read elsewhere.")])
            .await;
        taken(&mut ian, &reference, "clear", &[("words", "Images can be read at the scanner.")]).await;
        assert!(text_of(&mut ian, "/clinical").await.contains("Nothing that you signed has changed."));
        taken(&mut joy, &reference, "amend", &[("continuity", "On paper.")]).await;
        let queue = text_of(&mut ian, "/clinical").await;
        assert!(queue.contains("Signed by you, and changed since") && queue.contains("1 change"), "{queue}");
        let register = joy.get("/reports/clinical.csv").await;
        assert!(register.body.contains(&format!("{reference},{reference},1,1,1,1,accept,NORTHBROOK,0,2026-11-17")), "{}", register.body);
    });
}

#[test]
fn x8_an_officer_agrees_a_statement_and_routine_work_is_screened_by_it() {
    on_each_engine(|world| async move {
        let cast = furnish(&world);
        let reference = draft(&world, &cast);
        let (mut joy, mut priya, mut helen) = (world.sign_in(JOY).await, world.sign_in(PRIYA).await, world.sign_in(HELEN).await);
        taken(&mut joy, &reference, "submit", &[]).await;
        let refused = priya.get(&format!("/changes/{reference}/acts/screen")).await;
        assert!(refused.text().contains("A service of direct care is touched, so a safety officer screens it."));
        assert_eq!(priya.get("/clinical/statements").await.status, StatusCode::FORBIDDEN);
        let service = cast.service.to_string();
        helen.get("/clinical/statements/new").await;
        let fields = [("code", "node-firmware"), ("words", "Firmware of one archive node at a time; the other serves."), ("services", service.as_str())];
        let reply = helen.post("/clinical/statements", &[&fields[..], &[("expires_on", "2026-11-16")]].concat()).await;
        assert!(reply.status == StatusCode::UNPROCESSABLE_ENTITY && reply.text().contains("Enter a day that is not past."), "{}", reply.text());
        assert_eq!(helen.post("/clinical/statements", &[&fields[..], &[("expires_on", "2027-11-17")]].concat()).await.status, StatusCode::SEE_OTHER);
        taken(&mut priya, &reference, "screen", &screen("no")).await;
        let record = text_of(&mut joy, &format!("/changes/{reference}")).await;
        assert!(record.contains("under the agreed statement NODE-FIRMWARE"), "{record}");
    });
}

#[test]
fn c142_clinic_hours_are_shown_where_a_time_is_picked() {
    on_each_engine(|world| async move {
        let cast = furnish(&world);
        let reference = draft(&world, &cast);
        let mut ada = world.sign_in(ADA).await;
        let path = format!("/setup/services/{}", cast.service);
        let seen = ada.get(&path).await.field("seen").unwrap();
        let owner = cast.supplier.to_string();
        let fields = |hours: &'static str| {
            vec![
                ("seen", seen.as_str()),
                ("code", "PACS"),
                ("name", "PACS imaging"),
                ("owner", owner.as_str()),
                ("organisations", "NORTHBROOK"),
                ("users_count", "0"),
                ("patient_facing", "direct"),
                ("hours", hours),
                ("flags", "direct_care"),
            ]
        };
        let reply = ada.post(&path, &fields("all day")).await;
        assert!(
            reply.status == StatusCode::UNPROCESSABLE_ENTITY && reply.text().contains("Write days and times such as Mon-Fri 08:00-18:00"),
            "{}",
            reply.text()
        );
        assert_eq!(ada.post(&path, &fields("Mon-Fri 08:00-23:00")).await.status, StatusCode::SEE_OTHER);
        let mut joy = world.sign_in(JOY).await;
        let when = text_of(&mut joy, &format!("/changes/{reference}/edit/when")).await;
        assert!(when.contains("Clinic hours") && when.contains("Your window takes 60 minutes of them"), "{when}");
    });
}

#[test]
fn c140_the_downtime_procedure_comes_before_the_approval() {
    on_each_engine(|world| async move {
        let cast = furnish(&world);
        let reference = under_review(&world, &cast).await;
        let (mut ian, mut joy) = (world.sign_in(IAN).await, world.sign_in(JOY).await);
        let record = text_of(&mut joy, &format!("/changes/{reference}")).await;
        assert!(record.contains("Attached before approval, or a safety officer says why none is needed."), "{record}");
        taken(&mut ian, &reference, "waive_downtime", &[("reason", "Nothing goes off; the second node serves.")]).await;
        let record = text_of(&mut joy, &format!("/changes/{reference}")).await;
        assert!(record.contains("Nothing goes off; the second node serves."), "{record}");
    });
}
