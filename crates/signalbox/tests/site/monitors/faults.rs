//! A signed webhook that fails for the whole of a window, by itself: no outage waits for it or is lost, the page says what is
//! not in force, and everything catches up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::harness::for_each_target;

/// Each way of failing, and the words for it. `None`: what answers does not speak HTTP at all.
const WAYS: [(Option<Mood>, &str); 5] = [
    (Some(Mood::Refuses), "It answered 403"),
    (Some(Mood::Hangs), "did not answer within"),
    (Some(Mood::Trickles), "did not answer within"),
    (Some(Mood::Leads), "leads elsewhere, which is not followed"),
    (None, "It broke off"),
];

#[test]
fn c121_a_webhook_that_fails_for_a_whole_window_blocks_no_outage_and_catches_up() {
    for (mood, words) in WAYS {
        for_each_target(|target| runtime().block_on(whole_window(open(target), mood, words)));
    }
}

async fn whole_window(world: World, mood: Option<Mood>, words: &str) {
    let estate = Estate::furnish(&world);
    let (pager, good, garbles) = (Peer::listener().await, Peer::alertmanager().await, Arc::new(AtomicBool::new(false)));
    set_up(&world, "Pager", "webhook", &pager.behind(&garbles).await, Some(WEBHOOK_KEY), &[]).await;
    set_up(&world, "Good", "alertmanager", &good.address, None, &[]).await;
    let fail = |is_ill: bool| {
        pager.set(mood.filter(|_| is_ill).unwrap_or(Mood::Sound));
        garbles.store(is_ill && mood.is_none(), Ordering::SeqCst);
    };
    let round = async |moment: &str| {
        world.clock.set(at(moment));
        let began = std::time::Instant::now();
        tend(&world.app).await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(20), "{mood:?} held the round up for {:?}", began.elapsed());
    };
    let letters = || world.step_worker().into_iter().filter(|mail| mail.subject.starts_with("Alarms are not silenced")).count();
    fail(true);
    let id = agreed(&world, &estate);
    world.step_worker();
    let whole = one("NB-PACS-N2", "01T19:45:00", "01T23:00:00");
    for moment in ["2026-11-30T19:45:00Z", "2026-12-01T08:00:00Z", "2026-12-01T19:45:00Z"] {
        round(moment).await;
        assert_eq!((good.kept(), pager.kept()), (whole.clone(), vec![]), "{mood:?} {moment}");
    }
    let shown = page(&world).await;
    assert!(shown.contains("Not in force") && shown.contains(words), "{mood:?}: {shown}");
    assert_eq!(letters(), 1, "the desk is told, once");
    // The outage goes its way meanwhile.
    let mut len = world.sign_in("len@halden.example").await;
    world.clock.set(at("2026-12-01T20:00:00Z"));
    taken(&mut len, "ON-2026-000001", "start", &[]).await;
    assert_eq!(stage(&world, id), Stage::Implementing);
    for moment in ["2026-12-01T20:03:00Z", "2026-12-01T21:00:00Z", "2026-12-01T21:59:00Z"] {
        round(moment).await;
        assert!(page(&world).await.contains("Not in force"), "{mood:?} {moment}");
    }
    let board = world.sign_in("dee@halden.example").await.get("/ops").await.text();
    assert!(board.contains("Not silenced at its monitor: NB-PACS-N2"), "{board}");
    assert_eq!(letters(), 0, "{mood:?}: not again and again");
    // Well again while the work still runs: it is told all of it.
    fail(false);
    round("2026-12-01T22:02:00Z").await;
    assert_eq!(pager.kept(), whole, "{mood:?}");
    assert!(!page(&world).await.contains("Not in force"));
    // All is back at ten past, and it fails to hear that it should end early: it is told so afterwards.
    fail(true);
    world.clock.set(at("2026-12-01T22:10:00Z"));
    taken(&mut len, "ON-2026-000001", "finish", &[("outcome", "successful"), ("back", "PACS")]).await;
    assert!(matches!(stage(&world, id), Stage::Implemented | Stage::Review));
    for moment in ["2026-12-01T22:11:00Z", "2026-12-01T22:20:00Z", "2026-12-01T22:30:00Z"] {
        round(moment).await;
        assert_eq!(pager.kept(), whole, "{mood:?}: it still has the old hours");
    }
    fail(false);
    round("2026-12-01T22:40:00Z").await;
    assert_eq!((pager.kept(), good.kept().iter().filter(|one| one.2.as_str() > "2026-12-01T22:40:00Z").count()), (vec![], 0), "{mood:?}: nothing is left over");
}
