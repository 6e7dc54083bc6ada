//! BR-17: the provider says no, by the link of a letter, by the button or by the API; and how that is settled.

use super::*;
use crate::api::program::token;
use crate::changes::{take as press, taken};
use axum::http::Method;

const NO: &str = "Another customer’s work is on that ring until Friday.";

/// The provider refuses by the link of a letter.
async fn refuse(world: &World, letter: &Envelope) {
    let path = link(letter);
    let mut anybody = world.stranger();
    let shown = anybody.get(&path).await.text();
    assert!(shown.contains("Refuse: it cannot be done at that time") && shown.contains("Nothing has been answered yet."), "{shown}");
    let bare = anybody.post(&path, &[("answer", "refuse"), ("their_reference", "MER-9"), ("reason", " ")]).await;
    assert!(bare.status == StatusCode::UNPROCESSABLE_ENTITY && bare.text().contains("Enter why it can not be done."), "{}", bare.text());
    assert_eq!(bare.field("their_reference").as_deref(), Some("MER-9"), "nothing typed is lost");
    let done = anybody.post(&path, &[("answer", "refuse"), ("their_reference", ""), ("reason", NO)]).await;
    assert!(done.status == StatusCode::OK && done.text().contains("is refused"), "{}", done.text());
    assert!(anybody.get(&path).await.text().contains("is refused"), "the address is used up");
}

fn bars(world: &World, who: &Actor, id: i64, act: Act, fields: &[(&str, &str)]) -> Vec<String> {
    match world.app.take(who, id, act, raw(fields), Expect::default()) {
        Err(Stop::Refused(Refusal::Denied(bars))) => bars.iter().map(|bar| bar.code.to_owned()).collect(),
        other => panic!("{other:?}"),
    }
}

const SCHEDULE: (Act, &[(&str, &str)]) = (Act::Schedule, &[("implementer", "eng@halden.example")]);

#[test]
fn br_17_a_refusal_by_letter_goes_back_to_the_change_manager_until_another_time_is_acknowledged() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let id = sent(&world, &cast, "Switchgear maintenance", &TOUCHED);
        world.post();
        assessed(&world, &cast, id);
        take(&world, &cast.priya, id, Act::RecordTold, &[("proof", "Rang at 14:05, nobody answers mail.")]);
        scheduled(&world, &cast, id);
        let confirmed = only(&world);
        world.post();

        refuse(&world, &confirmed).await;
        let change = load(&world, id).change;
        let Network::Refused { by, .. } = &change.network else { panic!("{:?}", change.network) };
        assert_eq!((change.stage, by.role), (Stage::Approved, Some(Role::NetworkDesk)), "back to whoever schedules it");
        let letters = world.post();
        let told: Vec<&str> =
            letters.iter().filter(|l| l.subject.contains("Refused by the network provider") && l.text.contains(NO)).map(|l| l.to.as_str()).collect();
        for who in [PRIYA, "joy@northbrook.example", "desk@halden.example"] {
            assert!(told.contains(&who), "{who} is told, with the reason: {told:?} of {letters:#?}");
        }
        let again = notices(letters.clone()).remove(0);
        assert!(notice(&again).0["X-MAINTNOTE-STATUS"] == "TENTATIVE" && again.text.contains("You refused this work"), "{}", again.text);

        // It stands on the page, and in the work of whoever has to settle it.
        let mut priya = world.sign_in(PRIYA).await;
        let page = priya.get("/changes/ON-2026-000001").await.text();
        assert!(page.contains("Refused") && page.contains(NO) && page.contains("Network provider refused the notice"), "{page}");
        assert!(priya.get("/").await.text().contains("Settle the refusal of ON-2026-000001"));
        let page = priya.get("/changes/ON-2026-000001/network").await.text();
        assert!(page.contains("Refused") && page.contains(NO), "{page}");
        let bar = priya.get("/changes/ON-2026-000001").await.text();
        assert!(bar.contains("The network provider refused the notice."), "{bar}");
        assert_eq!(bars(&world, &cast.priya, id, SCHEDULE.0, SCHEDULE.1), ["provider-refused"]);
        assert_eq!(bars(&world, &cast.priya, id, Act::RecordTold, &[("proof", "Rang them again.")]), ["provider-refused"]);

        // Another time is asked about anew, and counts once it is acknowledged.
        let moved = [
            ("window.start", "2026-12-08T06:00:00Z"),
            ("window.end", "2026-12-08T09:00:00Z"),
            ("contingency_end", "2026-12-08T10:00:00Z"),
            ("reason", "Their work."),
        ];
        take(&world, &cast.priya, id, Act::Reschedule, &moved);
        let second = only(&world);
        assert!(!second.text.contains("You refused") && matches!(load(&world, id).change.network, Network::Sent { .. }), "{}", second.text);
        let questions: Vec<String> = (1..=8).map(|n| format!("q{n}")).collect();
        take(&world, &cast.priya, id, Act::Screen, &questions.iter().map(|q| (q.as_str(), "no")).collect::<Vec<_>>());
        take(&world, &cast.priya, id, Act::Approve, &[("words", "Fine with us.")]);
        assert_eq!(bars(&world, &cast.priya, id, SCHEDULE.0, SCHEDULE.1), ["provider-not-acknowledged"]);
        acknowledge(&world, &second, "MER-78").await;
        take(&world, &cast.priya, id, SCHEDULE.0, SCHEDULE.1);
        assert_eq!(load(&world, id).change.stage, Stage::Scheduled);
        assert!(!priya.get("/").await.text().contains("Settle the refusal"));
        world.app.write::<_, StoreError>(|tx| project::rebuild(tx, |_| ())).unwrap();
        assert_eq!(world.app.read::<_, StoreError>(|tx| project::differences(tx, |_| ())).unwrap(), Vec::<String>::new());
    });
}

#[test]
fn br_17_the_authority_settles_a_refusal_and_what_has_begun_is_not_refused() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let meridian = org_of(&world, "MERIDIAN");
        world.person("rob@meridian.example", "Rob Tate", &[(meridian, Role::NetworkDesk)]);
        let id = sent(&world, &cast, "Switchgear maintenance", &TOUCHED);
        let letters = notices(world.post());
        assert_eq!(letters.len(), 2, "one to each at the desk");
        assessed(&world, &cast, id);
        take(&world, &cast.priya, id, Act::Approve, &[("words", "Fine with us.")]);
        world.advance(SignedDuration::from_mins(1));
        // A colleague has the same letter open.
        let (other, mut colleague) = (link(&letters[1]), world.stranger());
        assert!(colleague.get(&other).await.text().contains("Nothing has been answered yet."));
        refuse(&world, &letters[0]).await;
        // Who has not heard of it takes nothing back by an old letter.
        let sent = colleague.post(&other, &[("answer", "acknowledge"), ("their_reference", "MER-5")]).await;
        assert!(sent.status == StatusCode::OK && sent.text().contains("Somebody at your desk has refused it"), "{}", sent.text());
        assert!(colleague.get(&other).await.text().contains("was refused"));
        assert!(matches!(load(&world, id).change.network, Network::Refused { .. }));
        // The program does not say again what was refused, and nobody is chased.
        world.clock.set(at("2026-11-24T17:00:01Z"));
        assert!(notices(world.post()).is_empty());

        let ann = actor(&world, ANN);
        let Err(Stop::Refused(Refusal::Invalid(_))) = world.app.take(&ann, id, Act::RecordTold, raw(&[("proof", "")]), Expect::default()) else {
            panic!("a word without a reason")
        };
        take(&world, &ann, id, Act::RecordTold, &[("proof", "The fire service asks for it that night; told their duty manager.")]);
        take(&world, &cast.priya, id, SCHEDULE.0, SCHEDULE.1);
        let page = world.sign_in(PRIYA).await.get("/changes/ON-2026-000001").await.text();
        assert!(page.contains("The fire service asks for it") && page.contains(NO), "both words stay on the record: {page}");

        let confirmed = only_to(&world, NOC);
        world.clock.set(at("2026-12-01T06:01:00Z"));
        world.post();
        take(&world, &actor(&world, "eng@halden.example"), id, Act::Start, &[]);
        for letter in [&confirmed, &only_to(&world, NOC)] {
            let path = link(letter);
            let mut anybody = world.stranger();
            let shown = anybody.get(&path).await.text();
            assert!(!shown.contains("Refuse: it cannot be done"), "X1: {shown}");
            let sent = anybody.post(&path, &[("answer", "refuse"), ("their_reference", "LATE"), ("reason", NO)]).await;
            assert!(sent.text().contains("is acknowledged"), "it says that it has read it: {}", sent.text());
        }
        assert_eq!(load(&world, id).change.stage, Stage::Implementing);
    });
}

fn only_to(world: &World, who: &str) -> Envelope {
    let mut found: Vec<Envelope> = notices(world.post()).into_iter().filter(|letter| letter.to == who).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn br_17_the_button_and_the_api_refuse_too_with_a_reason() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let id = sent(&world, &cast, "Switchgear maintenance", &TOUCHED);
        world.post();
        let mut nina = world.sign_in(NOC).await;
        let form = nina.get("/changes/ON-2026-000001/acts/refuse_notice").await;
        assert!(form.status == StatusCode::OK && form.text().contains("Refuse the notice"), "{}", form.text());
        let bare = press(&mut nina, "ON-2026-000001", "refuse_notice", &[("reason", "")]).await;
        assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", bare.text());
        taken(&mut nina, "ON-2026-000001", "refuse_notice", &[("reason", NO)]).await;
        let change = load(&world, id).change;
        assert!(matches!(change.network, Network::Refused { .. }) && change.stage == Stage::Submitted);
        // It may take that back itself; and says no once more by a program.
        take(&world, &actor(&world, NOC), id, Act::Acknowledge, &[]);
        let person = world.app.read::<_, StoreError>(|tx| accounts::person_by_email(tx, NOC)).unwrap().unwrap();
        let program = token(&world, person.id);
        let path = "/api/v1/changes/ON-2026-000001/acts/refuse_notice";
        let tag = program.get("/api/v1/changes/ON-2026-000001").await.header("etag").to_owned();
        let refused = program.send(Method::POST, path, &[("if-match", &tag)], Some(json!({}))).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
        let said = program.send(Method::POST, path, &[("if-match", &tag)], Some(json!({"reason": NO}))).await;
        assert!(said.status.is_success(), "{} {}", said.status, said.body);
        assert!(matches!(load(&world, id).change.network, Network::Refused { .. }));
        // Nobody says no for the provider.
        assert_eq!(bars(&world, &cast.priya, id, Act::RefuseNotice, &[("reason", NO)]), ["role"]);
    });
}
