//! How available each service is going to be (C038): what counts, once, and only as far as the reader may read it.

use axum::http::StatusCode;
use signalbox_core::act::Act;

use crate::planned::{Estate, at};
use crate::world::{Client, World, on_each_engine};

const PAGE: &str = "/schedule/availability";

/// The row of the file for PACS in the week from this Monday, after its name.
async fn week(client: &mut Client<'_>, query: &str, monday: &str) -> String {
    let file = client.get(&format!("{PAGE}.csv{query}")).await;
    assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8"), "{}", file.body);
    let begin = format!("PACS,PACS imaging,{monday},");
    let row = file.body.lines().find_map(|line| line.strip_prefix(&begin));
    row.unwrap_or_else(|| panic!("no row for {monday}: {}", file.body)).to_owned()
}

async fn text(client: &mut Client<'_>, query: &str) -> String {
    let page = client.get(&format!("{PAGE}{query}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    page.text()
}

/// A national outage of imaging.
pub async fn declare_outage(world: &World, from: &str, until: &str) {
    let mut ann = world.sign_in("ann@authority.example").await;
    ann.get("/setup/external-entries/new").await;
    let fields = [
        ("title", "National image exchange"),
        ("starts_at-date", "2026-12-08"),
        ("starts_at-time", from),
        ("ends_at-date", "2026-12-08"),
        ("ends_at-time", until),
        ("scope", "service"),
        ("of", "PACS"),
        ("what", "outage"),
        ("source", "National service desk"),
    ];
    let sent = ann.post("/setup/external-entries", &fields).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
}

#[test]
fn c038_planned_time_away_counts_once_and_what_is_not_approved_stands_beside_it() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let nothing = text(&mut ruth, "").await;
        assert!(nothing.contains("16 November 2026 to 10 January 2027. Of 1 service, 0 have work planned on them."), "{nothing}");
        assert!(nothing.contains("Nothing is planned in these weeks that takes from a service"), "{nothing}");
        assert!(nothing.contains("What is counted, and what is not") && nothing.contains("Not counted are drafts"), "{nothing}");
        assert_eq!(week(&mut ruth, "", "2026-12-07").await, "10080,0,0,0,100.00,0,0,0,100.00");

        // Two hours, with an hour to go back, which counts for nothing.
        let first = estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]).id;
        let page = text(&mut ruth, "").await;
        assert!(page.contains("Of 1 service, 1 has work planned on it.") && page.contains("100% (if all is approved: 98.80%, 2 hours away)"), "{page}");
        assert_eq!(week(&mut ruth, "", "2026-12-07").await, "10080,0,0,0,100.00,120,0,0,98.80");
        estate.assess(&world, first);
        estate.approve(&world, first);
        assert!(text(&mut ruth, "").await.contains("98.80%, 2 hours away"));
        // An hour of it is away elsewhere too, and half an hour more.
        declare_outage(&world, "21:00", "22:30").await;
        assert_eq!(week(&mut ruth, "", "2026-12-07").await, "10080,150,0,0,98.51,150,0,0,98.51");
        // It is over in an hour and is called off the next week: what really happened counts, and what does not happen does not.
        let second = estate.outage(&world, "Generator", "2026-12-15T20:00:00Z", "2026-12-15T22:00:00Z", &[]);
        assert_eq!(week(&mut ruth, "", "2026-12-14").await, "10080,0,0,0,100.00,120,0,0,98.80");
        estate.ruth(&world, second.id, Act::Withdraw, &[("reason", "Not needed.")]);
        assert_eq!(week(&mut ruth, "", "2026-12-14").await, "10080,0,0,0,100.00,0,0,0,100.00");
        estate.place(&world, first);
        estate.carry_out(&world, first, "2026-12-08T20:10:00Z", "2026-12-08T20:50:00Z", "successful");
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        assert_eq!(week(&mut ruth, "", "2026-12-07").await, "10080,130,0,0,98.71,130,0,0,98.71", "40 minutes of work and 90 elsewhere");

        // The weeks in which the clocks change have an hour less or more.
        for (now, monday, minutes) in [("2027-03-10T12:00:00Z", "2027-03-22", "10020"), ("2027-10-10T12:00:00Z", "2027-10-25", "10140")] {
            world.clock.set(at(now));
            let mut ruth = world.sign_in("ruth@northbrook.example").await;
            assert!(week(&mut ruth, "", monday).await.starts_with(&format!("{minutes},0,0,0,100.00")), "{monday}");
        }
    });
}

#[test]
fn c038_work_that_somebody_may_not_read_counts_for_nothing_in_what_they_see() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        estate.outage(&world, "Open switchgear canary", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        estate.outage(&world, "Parties generator canary", "2026-12-09T20:00:00Z", "2026-12-09T22:00:00Z", &[("confidentiality", "parties_only")]);
        estate.outage(&world, "Secret firewall canary", "2026-12-10T20:00:00Z", "2026-12-10T22:00:00Z", &[("confidentiality", "security_restricted")]);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        assert_eq!(week(&mut ruth, "", "2026-12-07").await, "10080,0,0,0,100.00,360,0,0,96.42");
        // Of the second a member of the group sees only the times, of the third nothing.
        let mut una = world.sign_in("una@riverside.example").await;
        for query in ["", "?service=pacs", "?organisation=northbrook"] {
            assert_eq!(week(&mut una, query, "2026-12-07").await, "10080,0,0,0,100.00,120,0,0,98.80", "{query}");
            let page = text(&mut una, query).await;
            assert!(page.contains("100% (if all is approved: 98.80%, 2 hours away)") && !page.contains("96.42"), "{query}: {page}");
        }

        // With an organisation only what concerns it counts; what is no filter is left out and said.
        let other = text(&mut ruth, "?organisation=riverside").await;
        assert!(other.contains("Only work that concerns riverside trust is counted.") && other.contains("Nothing is planned in these weeks"), "{other}");
        let one = text(&mut ruth, "?organisation=riverside&service=pacs").await;
        assert!(one.contains("PACS imaging") && !one.contains("Nothing is planned in these weeks"), "a service that is asked for is told of: {one}");
        let odd = text(&mut ruth, "?service=nothing&site=nb").await;
        assert!(odd.contains("No service is called “nothing”") && odd.contains("has no filter “site”"), "{odd}");

        // The schedule leads here, and whom the schedule is closed to, this is too.
        assert!(ruth.get("/schedule").await.body.contains("href=\"/schedule/availability\""));
        let mut nora = world.sign_in("nora@riverside.example").await;
        for path in [PAGE.to_owned(), format!("{PAGE}.csv")] {
            assert_eq!(nora.get(&path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
    });
}
