//! The ledger of false call-outs (spec 10.5): entered by a desk, judged by the table, answered by who it is proposed to,
//! decided by the authority. Rows are only ever added.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;
use signalbox::run::Expect;
use signalbox_core::act::Act;
use signalbox_core::actor::Role;
use signalbox_core::change::Kind;
use signalbox_core::form::Raw;
use signalbox_store::queries::sight;
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, accounts};

use crate::alarms::{program, rings};
use crate::planned::{Estate, at};
use crate::run::fill;
use crate::world::{Client, Reply, World, on_each_engine};

/// What a call-out costs, and a finance approver who answers for Northbrook.
async fn rates(world: &World) {
    let mut ann = world.sign_in("ann@authority.example").await;
    let set = [("from", "2026-11-01"), ("desk_hour", "40"), ("first_hour", "175"), ("further_hour", "90.00"), ("vat", "20")];
    assert_eq!(ann.post("/ledger/rates", &set).await.status, StatusCode::SEE_OTHER);
    let again = ann.post("/ledger/rates", &set).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "one price for a day");
    let mut dee = world.sign_in("dee@halden.example").await;
    assert_eq!(dee.post("/ledger/rates", &set).await.status, StatusCode::FORBIDDEN);
}

/// A night's visit from four to a minute past five, with what is said over it.
async fn enter(dee: &mut Client<'_>, estate: &Estate, more: &[(&str, &str)]) -> Reply {
    let liable = estate.trust.to_string();
    let mut all = vec![
        ("liable", liable.as_str()),
        ("finding", "planned_work"),
        ("desk_minutes", "30"),
        ("engineer", "Field 7"),
        ("dispatched_at-date", "2026-11-20"),
        ("dispatched_at-time", "03:15"),
        ("arrived_at-date", "2026-11-20"),
        ("arrived_at-time", "04:00"),
        ("left_at-date", "2026-11-20"),
        ("left_at-time", "05:01"),
        ("words", "The engineer found the electrician at the board"),
    ];
    for (name, value) in more {
        all.retain(|(known, _)| known != name);
        all.push((name, value));
    }
    dee.post("/ledger/new", &all).await
}

async fn rows(client: &mut Client<'_>) -> Vec<String> {
    client.get("/ledger.csv?month=2026-11").await.body.lines().skip(1).map(str::to_owned).collect()
}

/// The trust is told that its work was found unannounced, begins the record with what the alarm tells, and sends it: among
/// notices it stands as given after the fact.
async fn record_afterwards(world: &World, alarm: &str) {
    let path = format!("/alarms/{alarm}/record");
    let told = world.step_worker();
    assert!(told.iter().any(|mail| mail.to.starts_with("ruth@") && mail.subject == "Work at Northbrook General was not announced"), "{told:#?}");
    let mut dee = world.sign_in("dee@halden.example").await;
    let mut una = world.sign_in("una@riverside.example").await;
    assert_eq!(una.get(&path).await.status, StatusCode::NOT_FOUND, "an alarm of others");
    assert_eq!(una.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
    let mut ruth = world.sign_in("ruth@northbrook.example").await;
    assert!(ruth.get(&format!("/alarms/{alarm}")).await.body.contains(&format!("href=\"{path}\"")));
    assert!(ruth.get(&path).await.text().contains("Planned electrical work"));
    let begun = ruth.post(&path, &[]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
    let reference = begun.location().split('/').nth(2).unwrap().to_owned();
    let when = ruth.get(&format!("/changes/{reference}/edit/when")).await;
    assert!(when.body.contains("Dee Oakes") && when.body.contains("2026-11-20"), "{}", when.text());
    let page = ruth.get(&format!("/alarms/{alarm}")).await;
    assert!(page.body.contains(&format!("/changes/{reference}")) && !page.body.contains(&path));
    assert_eq!(ruth.post(&path, &[]).await.status, StatusCode::FORBIDDEN, "it is begun once");
    assert!(dee.get(&format!("/alarms/{alarm}")).await.text().contains("It has been begun."), "a draft is its own organisation's");
    let process = world.app.documents.of_kind(Kind::Retrospective).unwrap();
    let mut raw = Raw::new();
    for (name, value) in fill(&process.questions) {
        raw.entry(name).or_default().push(value);
    }
    let (id, ruth) = world
        .app
        .read::<_, StoreError>(|tx| {
            let person = accounts::person_by_email(tx, "ruth@northbrook.example")?.unwrap();
            let actor = accounts::actor(tx, person.id)?.unwrap().to_core();
            let id = sight::by_reference(tx, &Scope::of(&actor), &reference)?.unwrap();
            Ok((id, actor))
        })
        .unwrap();
    for (name, value) in [
        ("window.start", "2026-11-20T03:00:00Z"),
        ("window.end", "2026-11-20T04:30:00Z"),
        ("items", "NB-PACS-N2"),
        ("how_found", "alarm"),
        ("discovered_at", "2026-11-20T05:30:00Z"),
    ] {
        raw.insert(name.to_owned(), vec![value.to_owned()]);
    }
    world.app.take(&ruth, id, Act::Submit, raw, Expect::default()).unwrap_or_else(|stop| panic!("{stop:?}"));
    let report = dee.get("/reports/notice.csv").await;
    assert_eq!(report.status, StatusCode::OK, "{}", report.text());
    let row = report.body.lines().find(|line| line.contains(&reference)).unwrap_or_else(|| panic!("{}", report.body));
    assert!(row.contains("after_the_fact"), "{row}");
}

#[test]
fn scenario_19_no_notice_at_all_is_proposed_to_the_trust_which_has_ten_working_days() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        rates(&world).await;
        world.clock.set(at("2026-11-20T06:00:00Z"));
        let desk = program(&world, "dee@halden.example");
        let alarm = rings(&desk, "1", json!({"raised_at": "2026-11-20T03:00:00Z"})).await;
        assert_eq!(alarm["rule"], "AL-8");
        let id = alarm["id"].as_str().unwrap();
        let mut dee = world.sign_in("dee@halden.example").await;
        let found = dee.post(&format!("/alarms/{id}"), &[("class", "unannounced"), ("why", "Planned electrical work")]).await;
        assert_eq!(found.status, StatusCode::SEE_OTHER);
        record_afterwards(&world, id).await;
        assert!(dee.get(&format!("/ledger/new?alarm={id}")).await.text().contains("NB-PACS-N2, Planned, not announced"));
        let entered = enter(&mut dee, &estate, &[("alarm", id)]).await;
        assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.text());
        let case = entered.location().to_owned();
        let page = dee.get(&case).await.text();
        // 20 for the desk, 175 and 90 for an hour and a minute; ten working days from Friday.
        for words in ["Proposed", "DL-1", "£285.00", "£57.00", "answers by 4 December 17:00", "Announced Nothing"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert_eq!(enter(&mut dee, &estate, &[("alarm", id)]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "one alarm, one call-out");
        // The trust is written to, and disputes it; nobody else may answer, and nobody decides meanwhile.
        let mails = world.step_worker();
        assert!(mails.iter().any(|mail| mail.to.starts_with("ruth@") && mail.text.contains("Silence agrees to nothing")), "{mails:#?}");
        assert!(!dee.get(&case).await.body.contains("value=\"agree\""));
        let mut ann = world.sign_in("ann@authority.example").await;
        let early = ann.post(&case, &[("deed", "uphold"), ("words", "It is owed")]).await;
        assert_eq!(early.status, StatusCode::CONFLICT);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        assert_eq!(ruth.post(&case, &[("deed", "dispute")]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "a dispute has a reason");
        assert_eq!(ruth.post(&case, &[("deed", "dispute"), ("words", "We rang the desk on Thursday")]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(ann.post(&case, &[("deed", "waive"), ("words", "The call is in the log")]).await.status, StatusCode::SEE_OTHER);
        let rows = rows(&mut ann).await;
        assert_eq!(rows.len(), 3, "{rows:#?}");
        let sums: Vec<&str> = rows.iter().map(|row| row.split(',').nth(4).unwrap()).collect();
        assert_eq!(sums, ["285.00", "0.00", "-285.00"], "what is waived is taken back by a row of its own");
        let numbers: Vec<&str> = rows.iter().map(|row| row.split(',').next().unwrap()).collect();
        assert_eq!(numbers, ["1", "2", "3"], "without a gap");
        assert!(ann.get("/ledger?month=2026-11").await.text().contains("come to £0.00 without tax"));
    });
}

#[test]
fn scenario_21_a_desk_that_sends_somebody_all_the_same_pays_itself() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        rates(&world).await;
        let id = estate.outage(&world, "Switchgear", "2026-12-01T20:00:00Z", "2026-12-01T22:00:00Z", &[]).id;
        estate.assess(&world, id);
        estate.schedule(&world, id);
        world.clock.set(at("2026-12-01T21:30:00Z"));
        let desk = program(&world, "dee@halden.example");
        let alarm = rings(&desk, "1", json!({"raised_at": "2026-12-01T20:05:00Z"})).await;
        assert_eq!(alarm["class"], "expected");
        let mut dee = world.sign_in("dee@halden.example").await;
        let times = [
            ("alarm", alarm["id"].as_str().unwrap()),
            ("dispatched_at-date", "2026-12-01"),
            ("dispatched_at-time", "20:10"),
            ("arrived_at-date", "2026-12-01"),
            ("arrived_at-time", "20:40"),
            ("left_at-date", "2026-12-01"),
            ("left_at-time", "21:00"),
        ];
        let entered = enter(&mut dee, &estate, &times).await;
        assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.text());
        let page = dee.get(entered.location()).await.text();
        for words in ["Not chargeable", "DL-3", "The desk should not have sent anybody", "£0.00", "ON-2026-000001"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(!world.step_worker().iter().any(|mail| mail.subject.starts_with("Call-out")), "nobody is asked for anything");
    });
}

#[test]
fn nobody_else_sees_a_call_out_and_silence_leaves_it_to_the_authority() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        rates(&world).await;
        world.person("cy@riverside.example", "Cy Rowe", &[(estate.other, Role::Coordinator)]);
        world.clock.set(at("2026-11-20T06:00:00Z"));
        let mut dee = world.sign_in("dee@halden.example").await;
        let case = enter(&mut dee, &estate, &[]).await.location().to_owned();
        let mut cy = world.sign_in("cy@riverside.example").await;
        assert_eq!(cy.get(&case).await.status, StatusCode::NOT_FOUND);
        assert_eq!(cy.post(&case, &[("deed", "agree")]).await.status, StatusCode::NOT_FOUND);
        // Who sees it for their organisation and answers for nothing is told so before any fault of what they typed.
        world.person("fay@northbrook.example", "Fay Cole", &[(estate.trust, Role::Requester)]);
        let mut fay = world.sign_in("fay@northbrook.example").await;
        assert_eq!(fay.get(&case).await.status, StatusCode::OK);
        assert_eq!(fay.post(&case, &[]).await.status, StatusCode::FORBIDDEN);
        assert!(rows(&mut cy).await.is_empty() && cy.get("/ledger?month=2026-11").await.text().contains("0 call-outs"));
        // Fifteen days on nobody has answered: it is still only proposed, and the authority may uphold it now.
        world.advance(SignedDuration::from_hours(24 * 15));
        let mut ann = world.sign_in("ann@authority.example").await;
        assert!(ann.get(&case).await.body.contains("value=\"uphold\""));
        assert_eq!(ann.post(&case, &[("deed", "uphold"), ("words", "Nobody answered, and the visit is proved")]).await.status, StatusCode::SEE_OTHER);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let page = ruth.get(&case).await.text();
        assert!(page.contains("Upheld") && page.contains("£285.00"), "{page}");
        assert_eq!(ruth.post(&case, &[("deed", "dispute"), ("words", "Too late")]).await.status, StatusCode::CONFLICT);
    });
}

#[test]
fn every_fault_of_a_call_out_is_named_at_once_and_nothing_typed_is_lost() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        world.clock.set(at("2026-11-20T06:00:00Z"));
        let mut dee = world.sign_in("dee@halden.example").await;
        let wrong = [
            ("liable", ""),
            ("finding", ""),
            ("desk_minutes", "many"),
            ("left_at-time", "03:30"),
            ("engineer", "Field 9"),
            ("change", "ON-2026-000404"),
            ("words", ""),
        ];
        let refused = enter(&mut dee, &estate, &wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let page = refused.text();
        for words in [
            "Choose the organisation that answers for the site.",
            "Choose what was found.",
            "Give the minutes as a whole number",
            "This comes after the time before it.",
            "There is no change of this reference that you may see.",
            "Say what happened",
            "Nobody has said yet what a call-out costs.",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(refused.body.contains("Field 9"));
        let mut una = world.sign_in("una@riverside.example").await;
        assert_eq!(una.get("/ledger/new").await.status, StatusCode::FORBIDDEN);
    });
}
