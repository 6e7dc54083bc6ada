//! The schedule in its three views, Today, Tonight and How it works, through HTTP (settled 8 and 29, S16).

use axum::http::StatusCode;
use signalbox_core::change::Outcome;

use crate::planned::Estate;
use crate::world::{World, on_each_engine};

/// The same night as three people see it: one open notice, one among parties, one restricted for security.
fn plan(world: &World, estate: &Estate) {
    estate.outage(world, "Open switchgear canary", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
    estate.outage(world, "Parties generator canary", "2026-12-08T21:00:00Z", "2026-12-08T23:00:00Z", &[("confidentiality", "parties_only")]);
    estate.outage(world, "Secret firewall canary", "2026-12-08T19:00:00Z", "2026-12-08T21:30:00Z", &[("confidentiality", "security_restricted")]);
}

const VIEWS: [&str; 4] = [
    "/schedule?from=2026-12-01",
    "/schedule?view=timeline&from=2026-12-07",
    "/schedule?view=table&from=2026-12-08&days=1",
    "/schedule.csv?view=table&from=2026-12-08&days=1",
];

#[test]
fn each_sees_of_the_schedule_what_is_theirs_to_see() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        plan(&world, &estate);
        let mut member = world.sign_in("una@riverside.example").await;
        let mut party = world.sign_in("ruth@northbrook.example").await;
        for view in VIEWS {
            let (seen, own) = (member.get(view).await, party.get(view).await);
            assert_eq!(seen.status, StatusCode::OK, "{view}: {}", seen.body);
            assert!(seen.body.contains("Open switchgear canary"), "{view}: {}", seen.body);
            assert!(seen.body.contains("Restricted work"), "{view}");
            assert!(!seen.body.contains("generator canary") && !seen.body.contains("firewall canary"), "{view}: {}", seen.body);
            assert!(!seen.body.contains("ON-2026-000002") && !seen.body.contains("ON-2026-000003"), "{view}");
            // Readable is not open: no link to a page that would answer 404.
            assert!(!seen.body.contains("/changes/ON-2026-000001"), "{view}");
            assert!(own.body.contains("Open switchgear canary") && own.body.contains("Parties generator canary"), "{view}");
            assert!(view.contains(".csv") || own.body.contains("/changes/ON-2026-000001"), "{view}");
        }
        // A filter on what it is about leaves restricted work out: trying filters tells nothing (S04, S16).
        for filter in ["site=nb", "service=pacs", "organisation=northbrook", "kind=planned_outage"] {
            let seen = member.get(&format!("/schedule?view=table&from=2026-12-08&days=1&{filter}")).await;
            assert!(seen.body.contains("Open switchgear canary") && seen.text().contains("1 entry, 1 clash,"), "{filter}: {}", seen.text());
            assert!(!seen.body.contains(">Restricted<"), "{filter}: no row of it");
        }
    });
}

#[test]
fn membership_of_the_group_opens_schedule_and_reports() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let pages = ["/schedule", "/schedule.csv", "/reports", "/reports/success", "/reports/trust-raised.csv", "/reports/schedule"];
        let mut stranger = world.stranger();
        let mut nora = world.sign_in("nora@riverside.example").await;
        for page in pages {
            assert!(stranger.get(page).await.location().starts_with("/sign-in?next="), "{page}");
            let refused = nora.get(page).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{page}");
            assert!(refused.text().contains("Service Management group") && refused.text().contains("/join"), "{}", refused.text());
        }
        let person = world.app.db.read(|tx| signalbox_store::accounts::person_by_email(tx, "nora@riverside.example")).unwrap().unwrap();
        world.grant(person.id, estate.other, signalbox_core::actor::Role::GroupMember);
        for page in pages {
            assert_eq!(nora.get(page).await.status, StatusCode::OK, "{page}");
        }
    });
}

#[test]
fn a_full_day_shows_four_entries_and_leads_to_the_rest() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let titles: Vec<String> = (0..40).map(|n| format!("Work {n:02}")).collect();
        let rows: Vec<(&str, &str, Outcome)> = titles.iter().map(|title| (title.as_str(), "2022-03-24T09:00:00Z", Outcome::Successful)).collect();
        estate.history(&world, &rows);
        let mut ann = world.sign_in("ann@authority.example").await;
        let month = ann.get("/schedule?from=2022-03-01").await;
        let shown = titles.iter().filter(|title| month.body.contains(title.as_str())).count();
        assert_eq!(shown, 4);
        assert!(month.text().contains("36 more on Thursday 24 March"), "{}", month.text());
        let rest = "/schedule?view=table&amp;from=2022-03-24&amp;days=1";
        assert!(month.body.contains(rest) || month.body.contains(&rest.replace("&amp;", "&#38;")), "the day's table");
        let day = ann.get("/schedule?view=table&from=2022-03-24&days=1").await;
        assert!(titles.iter().all(|title| day.body.contains(title.as_str())));
        let file = ann.get("/schedule.csv?from=2022-03-01").await;
        assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
        assert_eq!(file.body.lines().count(), 41, "print and CSV hold all (settled 29)");
    });
}

#[test]
fn what_is_not_understood_is_dropped_and_said() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        let mut ann = world.sign_in("ann@authority.example").await;
        let reply = ann.get("/schedule?view=table&site=moon&colour=red&state=firm").await;
        assert_eq!(reply.status, StatusCode::OK);
        assert!(reply.text().contains("No site is called “moon”") && reply.text().contains("no filter “colour”"), "{}", reply.text());
        assert!(reply.text().contains("Clear filters"), "the good one is kept");
        assert!(reply.text().contains("Nothing planned"));
    });
}

#[test]
fn today_says_what_is_on_and_what_waits() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let mut stranger = world.stranger();
        let front = stranger.get("/").await;
        assert!(front.text().contains("Ask to join") && front.text().contains("How it works"), "{}", front.text());
        estate.outage(&world, "Open switchgear canary", "2026-11-17T20:00:00Z", "2026-11-17T22:00:00Z", &[]);
        let mut priya = world.sign_in("priya@halden.example").await;
        let today = priya.get("/").await;
        assert!(today.text().contains("1 piece of work tonight, at Northbrook General."), "{}", today.text());
        assert!(today.text().contains("ON-2026-000001"), "{}", today.text());
        assert!(today.text().contains("by Ruth Ellery"), "what others did, and who: {}", today.text());
        let mut una = world.sign_in("una@riverside.example").await;
        let other = una.get("/").await;
        assert!(other.text().contains("Nothing waits for you."), "{}", other.text());
    });
}

#[test]
fn tonight_is_open_to_strangers_only_where_it_was_opened() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let sent = estate.outage(&world, "Open switchgear canary", "2026-11-17T20:00:00Z", "2026-11-17T22:00:00Z", &[]);
        estate.assess(&world, sent.id);
        estate.schedule(&world, sent.id);
        let mut stranger = world.stranger();
        for site in ["nb", "nowhere"] {
            assert_eq!(stranger.get(&format!("/tonight/{site}")).await.status, StatusCode::NOT_FOUND, "{site}");
        }
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let own = ruth.get("/tonight/northbrook-general").await;
        assert!(own.text().contains("1 piece of work.") && own.text().contains("say “Northbrook General, tonight”"), "{}", own.text());
        assert_eq!(ruth.get("/tonight/northbroke").await.status, StatusCode::NOT_FOUND);
        open_tonight(&world, estate.trust);
        let seen = stranger.get("/tonight/nb").await;
        assert_eq!(seen.status, StatusCode::OK);
        assert!(seen.text().contains("Open switchgear canary"), "{}", seen.text());
        assert!(!seen.body.contains("/changes/") && !seen.body.contains("020 7946 0158"), "no page and no number of a person");
    });
}

fn open_tonight(world: &World, org: i64) {
    let act = world.app.act(None, world.now());
    world
        .app
        .attempt(move |tx| {
            let found = signalbox_store::directory::organisation(tx, org)?.expect("an organisation");
            let open = signalbox_store::directory::Organisation { is_open_tonight: true, ..found };
            signalbox_store::directory::save_organisation(tx, &act, &open)
        })
        .unwrap();
}

#[test]
fn how_it_works_is_open_to_everybody() {
    on_each_engine(|world| async move {
        let mut stranger = world.stranger();
        assert!(stranger.get("/process").await.text().contains("8 documents in force"));
        let page = stranger.get("/process/planned-outage").await;
        assert!(page.text().contains("Moves in words") && page.body.contains("<svg") && !page.body.contains(" style="), "{}", page.text());
        assert!(page.body.contains("id=\"stage-submitted\""));
        let diagram = stranger.get("/process/planned-outage.mmd").await;
        assert!(diagram.body.starts_with("stateDiagram-v2") && diagram.header("content-type").starts_with("text/plain"));
        assert_eq!(stranger.get("/process/nothing").await.status, StatusCode::NOT_FOUND);
        assert!(stranger.get("/api").await.body.contains("https://change.example.org/api/v1/changes"));
    });
}
