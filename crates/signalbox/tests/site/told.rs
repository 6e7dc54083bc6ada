//! Whoever has no account tells of a planned outage: the address is proved, a coordinator makes the notice or says why not.

use axum::http::StatusCode;
use jiff::SignedDuration;
use signalbox::deliver::Envelope;
use signalbox::worker;
use signalbox_core::actor::Role;
use signalbox_store::{drafts, project};

use crate::planned::Estate;
use crate::world::{BASE, Reply, World, on_each_engine};

const IDA: &str = "ida.brand@northbrook.example";

fn words<'w>(more: &[(&'w str, &'w str)]) -> Vec<(&'w str, &'w str)> {
    let usual = [
        ("what", "Generator test, main building"),
        ("outage_type", "generator_test"),
        ("place", "Northbrook General, plant room A"),
        ("starts-date", "2026-12-08"),
        ("starts-time", "06:00"),
        ("ends-date", "2026-12-08"),
        ("ends-time", "08:00"),
        ("lost", "Ten seconds without light"),
        ("name", "Ida Brand"),
        ("email", IDA),
        ("telephone", "020 7946 0161"),
    ];
    let own = usual.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    own.chain(more).copied().collect()
}

async fn tell(world: &World, more: &[(&str, &str)]) -> Reply {
    let mut ida = world.stranger();
    ida.get("/outages/tell").await;
    ida.post("/outages/tell", &words(more)).await
}

fn path_in(letter: &Envelope, start: &str) -> String {
    let link = letter.text.lines().find_map(|line| line.trim().strip_prefix(BASE)).unwrap_or_else(|| panic!("{}", letter.text));
    assert!(link.starts_with(start), "{link}");
    link.to_owned()
}

/// Tells it and proves the address; the letters to those who answer for it.
async fn told(world: &World, more: &[(&str, &str)]) -> Vec<Envelope> {
    let sent = tell(world, more).await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.text());
    let letter = world.post().pop().expect("a link");
    let path = path_in(&letter, "/outages/tell/confirm/");
    let mut ida = world.stranger();
    let page = ida.get(&path).await;
    assert!(page.text().contains("Generator test, main building"), "{}", page.text());
    assert_eq!(ida.post(&path, &[]).await.status, StatusCode::OK);
    assert_eq!(ida.post(&path, &[]).await.status, StatusCode::NOT_FOUND, "the link works once");
    world.post()
}

#[test]
fn an_outage_told_without_an_account_becomes_a_notice_by_its_coordinator() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        // Nobody hears of it before the address is proved.
        let sent = tell(&world, &[]).await;
        assert_eq!(sent.status, StatusCode::OK, "{}", sent.text());
        let letters = world.post();
        assert_eq!(letters.iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(), [IDA]);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        assert!(!ruth.get("/outages").await.text().contains("Generator test, main building"));
        let path = path_in(&letters[0], "/outages/tell/confirm/");
        let mut ida = world.stranger();
        ida.get(&path).await;
        assert_eq!(ida.post(&path, &[]).await.status, StatusCode::OK);
        let asked = world.post();
        assert_eq!(asked.iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(), ["ruth@northbrook.example"]);
        let place = path_in(&asked[0], "/outages/told/");
        // Her list leads to it, another trust's does not, and its page is not there for them.
        assert!(ruth.get("/outages").await.body.contains(&place));
        world.person("cy@riverside.example", "Cy Moss", &[(estate.other, Role::Coordinator)]);
        let mut cy = world.sign_in("cy@riverside.example").await;
        assert!(!cy.get("/outages").await.body.contains(&place));
        assert_eq!(cy.get(&place).await.status, StatusCode::NOT_FOUND);
        assert_eq!(cy.post(&place, &[("deed", "begin")]).await.status, StatusCode::NOT_FOUND);
        let page = ruth.get(&place).await.text();
        assert!(page.contains("Ida Brand, 020 7946 0161") && page.contains("Ten seconds without light"), "{page}");
        let begun = ruth.post(&place, &[("deed", "begin")]).await;
        assert_eq!(begun.location(), "/changes/ON-2026-000001/edit/what", "{}", begun.text());
        let id = world.app.db.read(|tx| tx.one("select id from changes where reference = 'ON-2026-000001'", &[], |row| row.int(0))).expect("a change");
        let (loaded, draft) =
            world.app.db.read(|tx| Ok((project::load(tx, id)?.expect("a change"), drafts::draft(tx, id)?.expect("a draft")))).expect("a read");
        let behalf = loaded.change.on_behalf_of.as_ref().and_then(|text| loaded.prose.get(&text.text.0)).cloned();
        assert_eq!(behalf.as_deref(), Some("Ida Brand"));
        for (field, value) in [
            ("title", "Generator test, main building"),
            ("outage_type", "generator_test"),
            ("window.start", "2026-12-08T06:00:00Z"),
            ("window.end", "2026-12-08T08:00:00Z"),
            ("people_notice", "Ten seconds without light"),
            ("who_shuts_down.phone", "020 7946 0161"),
        ] {
            assert_eq!(draft.raw.get(field).and_then(|typed| typed.first()).map(String::as_str), Some(value), "{field}");
        }
        // Whoever told it reads the number; it is answered once.
        let answer = world.post();
        assert!(answer.iter().any(|letter| letter.to == IDA && letter.text.contains("ON-2026-000001")), "{answer:?}");
        assert_eq!(ruth.post(&place, &[("deed", "begin")]).await.status, StatusCode::CONFLICT);
        assert!(ruth.get(&place).await.text().contains("A notice was made of it"));
        // A month later the names and numbers are gone.
        world.advance(SignedDuration::from_hours(24 * 31));
        worker::sweep(&world.app).expect("a sweep");
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        assert_eq!(ruth.get(&place).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn what_was_told_is_answered_without_a_notice_with_a_reason() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        let asked = told(&world, &[]).await;
        let place = path_in(&asked[0], "/outages/told/");
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        ruth.get(&place).await;
        assert_eq!(ruth.post(&place, &[("deed", "decline"), ("reason", " ")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(ruth.post(&place, &[("deed", "decline"), ("reason", "It is in ON-2026-000007 already.")]).await.status, StatusCode::SEE_OTHER);
        let answer = world.post();
        assert!(answer.iter().any(|letter| letter.to == IDA && letter.text.contains("It is in ON-2026-000007 already.")), "{answer:?}");
        assert!(!ruth.get("/outages").await.body.contains(&place));
        // An address of no organisation here goes to the authority, which makes no notice in somebody's name.
        let asked = told(&world, &[("email", "someone@unknown.example")]).await;
        assert_eq!(asked.iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(), ["ann@authority.example"]);
        let place = path_in(&asked[0], "/outages/told/");
        assert_eq!(ruth.get(&place).await.status, StatusCode::NOT_FOUND);
        let mut ann = world.sign_in("ann@authority.example").await;
        let page = ann.get(&place).await.text();
        assert!(page.contains("belongs to no organisation here") && !page.contains("Begin the notice from it"), "{page}");
        assert_eq!(ann.post(&place, &[("deed", "begin")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    });
}

#[test]
fn every_fault_of_what_is_told_is_named_at_once_and_the_answer_gives_nothing_away() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        let wrong =
            [("what", ""), ("email", "nobody"), ("telephone", "none"), ("starts-time", "25:70"), ("ends-date", "2026-11-01"), ("outage_type", "moonlight")];
        let back = tell(&world, &wrong).await;
        assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
        let text = back.text();
        for said in ["Answer this question.", "Enter an address such as name@example.org.", "Enter a time"] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert_eq!((back.field("name").as_deref(), back.field("ends-date").as_deref()), (Some("Ida Brand"), Some("2026-11-01")), "nothing typed is lost");
        assert!(tell(&world, &[("ends-time", "05:00")]).await.text().contains("later than the start"));
        assert!(tell(&world, &[("starts-date", "2026-11-01"), ("ends-date", "2026-11-01")]).await.text().contains("still to come"));
        assert_eq!(tell(&world, &[("org_id", "1")]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "no field of the table");
        assert!(world.post().is_empty(), "no letter for any of it");
        // The same answer for an address that is known and for one that is not; a few an hour, no more.
        let known = tell(&world, &[]).await.text();
        assert_eq!(known, tell(&world, &[("email", "someone@unknown.example")]).await.text());
        let mut last = StatusCode::OK;
        for _ in 0..12 {
            last = tell(&world, &[]).await.status;
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
        // A link that is two days old opens nothing, and what nobody confirmed is forgotten.
        let late = path_in(&world.post()[0], "/outages/tell/confirm/");
        world.advance(SignedDuration::from_hours(48));
        assert_eq!(world.stranger().get(&late).await.status, StatusCode::NOT_FOUND);
        world.advance(SignedDuration::from_hours(24 * 31));
        worker::sweep(&world.app).expect("a sweep");
        let left = world.app.db.read(|tx| tx.one("select count(*) from told_outages", &[], |row| row.int(0))).expect("a count");
        assert_eq!(left, 0);
    });
}
