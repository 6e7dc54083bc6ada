//! Freezes, maintenance windows and what happens elsewhere: declared, told with their dates and what they catch,
//! ended; and a change that is let through a freeze (C036, C066 to C071, C081).

use axum::http::StatusCode;
use signalbox_store::{StoreError, gather};

use crate::changes;
use crate::planned::Estate;
use crate::world::{Client, Reply, on_each_engine};

/// What every form of the three lists takes, with what differs.
fn form<'f>(starts: [&'f str; 2], ends: [&'f str; 2], more: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let times = [("starts_at-date", starts[0]), ("starts_at-time", starts[1]), ("ends_at-date", ends[0]), ("ends_at-time", ends[1])];
    times.into_iter().chain(more.iter().copied()).collect()
}

/// Sends a new one, and gives its own page.
async fn declared(client: &mut Client<'_>, list: &str, fields: &[(&str, &str)]) -> (String, Reply) {
    assert_eq!(client.get(&format!("/setup/{list}/new")).await.status, StatusCode::OK);
    let sent = client.post(&format!("/setup/{list}"), fields).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let path = sent.location().to_owned();
    let page = client.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    (path, page)
}

#[test]
fn c071_a_maintenance_window_recurs_keeps_its_clock_and_is_ended() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        let mut ann = world.sign_in("ann@authority.example").await;
        let own = [
            ("title", "Imaging, first Sunday"),
            ("repeats", "monthly_day"),
            ("which", "1"),
            ("which_day", "SU"),
            ("except", "2027-02-07"),
            ("scope", "service"),
            ("of", "PACS"),
            ("up_to", "degraded"),
            ("agreed_by", "Imaging board"),
        ];
        let (path, page) = declared(&mut ann, "maintenance-windows", &form(["2026-12-06", "01:00"], ["2026-12-06", "05:00"], &own)).await;
        let text = page.text();
        assert!(text.contains("Every month on the first Sunday, from 01:00 to 05:00, but not on Sunday 7 February 2027"), "{text}");
        assert!(text.contains("FREQ=MONTHLY;BYDAY=1SU") && text.contains("on the clock of Europe/London") && text.contains("PACS imaging (PACS)"), "{text}");
        for line in [
            "Sunday 6 December 2026, 01:00 to 05:00 GMT",
            "Sunday 3 January 2027, 01:00 to 05:00 GMT",
            "Sunday 7 March 2027, 01:00 to 05:00 GMT",
            "Sunday 4 April 2027, 01:00 to 05:00 BST",
            "Sunday 2 May 2027, 01:00 to 05:00 BST",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(!text.contains("6 June 2027"), "five are shown");
        assert!(ann.get("/setup/maintenance-windows").await.text().contains("Sunday 6 December 2026, 01:00 to 05:00 GMT"));
        ann.get(&path).await;
        assert_eq!(ann.post(&format!("{path}/end"), &[]).await.location(), "/setup/maintenance-windows");
        assert!(ann.get("/setup/maintenance-windows").await.text().contains("Ended Tuesday 17 November 2026 at 12:00"));
        assert!(ann.get(&path).await.text().contains("Ended Tuesday 17 November 2026 at 12:00 GMT."));
    });
}

#[test]
fn what_is_wrong_with_a_recurrence_is_said_beside_its_field() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        let mut ann = world.sign_in("ann@authority.example").await;
        ann.get("/setup/external-entries/new").await;
        let own = [("title", "Strike"), ("scope", "all"), ("of", ""), ("what", "event"), ("source", "The union")];
        for (more, said) in [
            (vec![("repeats", "rule"), ("rule", "FREQ=HOURLY")], "Choose DAILY or less often: nothing repeats hourly."),
            (vec![("repeats", "rule"), ("rule", "FREQ=DAILY;BYSETPOS=1")], "Take “BYSETPOS” out of the rule."),
            (vec![("repeats", "rule"), ("rule", "FREQ=DAILY;COUNT=0")], "Mend “COUNT=0” in the rule"),
            (vec![("repeats", "rule"), ("rule", "")], "Enter the rule, or choose how it repeats above."),
            (vec![("repeats", ""), ("rule", "FREQ=DAILY")], "Choose “By a rule of your own”, or take the rule out."),
            (vec![("repeats", "daily"), ("until", "2026-11-30")], "Enter a last day that is not before the first."),
            (vec![("repeats", "daily"), ("until", "2026-12-01"), ("except", "2026-12-01")], "as they stand, it never happens."),
            (vec![("zone", "Mars/Olympus")], "Enter the name of a time zone, such as Europe/London."),
            (vec![("except", "Christmas")], "Enter days such as 2026-12-25"),
        ] {
            let fields = form(["2026-12-01", "08:00"], ["2026-12-01", "20:00"], &[&own[..], &more].concat());
            let reply = ann.post("/setup/external-entries", &fields).await;
            assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{more:?}");
            assert!(reply.text().contains(said), "{said}: {}", reply.text());
            assert_eq!(reply.field("title").as_deref(), Some("Strike"), "what was typed is kept");
        }
    });
}

#[test]
fn its_author_is_warned_when_no_date_is_left_or_nothing_matches() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        let mut ann = world.sign_in("ann@authority.example").await;
        let own = [("title", "Old strike"), ("scope", "all"), ("what", "event"), ("source", "The union")];
        let (_, page) = declared(&mut ann, "external-entries", &form(["2026-11-01", "08:00"], ["2026-11-01", "20:00"], &own)).await;
        assert!(page.text().contains("It has no date left, so it does nothing any more.") && page.text().contains("No date is left."), "{}", page.text());
        // Riverside has no site, no service and no item.
        let own = [("title", "Move"), ("scope", "organisation"), ("of", "RIVERSIDE"), ("reason", "They move."), ("hardness", "soft")];
        let (_, page) = declared(&mut ann, "freezes", &form(["2026-12-01", "08:00"], ["2026-12-01", "20:00"], &own)).await;
        assert!(page.text().contains("It matches nothing: no site, service or item belongs to"), "{}", page.text());
        let own = [("title", "Move"), ("scope", "site"), ("of", "NORTHBROOK/NB"), ("reason", "They move."), ("hardness", "soft")];
        let (_, page) = declared(&mut ann, "freezes", &form(["2026-12-01", "08:00"], ["2026-12-01", "20:00"], &own)).await;
        assert!(!page.text().contains("matches nothing") && page.text().contains("Northbrook General (NB)"), "{}", page.text());
    });
}

#[test]
fn c069_a_freeze_lists_everything_it_catches_on_each_of_its_dates() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        estate.outage(&world, "First night", "2026-12-08T20:00:00Z", "2026-12-08T21:00:00Z", &[]);
        estate.outage(&world, "Second week", "2026-12-15T20:00:00Z", "2026-12-15T21:00:00Z", &[]);
        estate.outage(&world, "Another day", "2026-12-16T20:00:00Z", "2026-12-16T21:00:00Z", &[]);
        let mut ann = world.sign_in("ann@authority.example").await;
        let own = [
            ("title", "Tuesdays"),
            ("repeats", "weekly"),
            ("weekdays", "TU"),
            ("until", "2026-12-31"),
            ("scope", "service"),
            ("of", "PACS"),
            ("reason", "Clinics run late."),
            ("hardness", "hard"),
        ];
        let (_, page) = declared(&mut ann, "freezes", &form(["2026-12-01", "18:00"], ["2026-12-01", "23:00"], &own)).await;
        let text = page.text();
        assert!(text.contains("First night") && text.contains("Second week") && !text.contains("Another day"), "{text}");
        assert!(text.contains("NB-PACS-N2"), "with what of it is caught: {text}");
        // Each date stands on the schedule by itself, and catches what lies in it.
        let schedule = ann.get("/schedule?view=table&from=2026-12-07&days=14").await;
        assert!(schedule.text().contains("2 freezes."), "{}", schedule.text());
        assert!(schedule.text().contains("First night is inside the freeze Tuesdays."), "{}", schedule.text());
        let found = world.app.read::<_, StoreError>(|tx| {
            gather::freezes(
                tx,
                signalbox_core::schedule::Span { from: "2026-12-01T00:00:00Z".parse().unwrap(), until: "2027-01-31T00:00:00Z".parse().unwrap() },
            )
        });
        assert_eq!(found.unwrap().len(), 5, "the Tuesdays of December");
        let today = ann.get("/").await.text();
        assert!(today.contains("The next, Tuesdays, starts 1 December 18:00"), "{today}");
    });
}

#[test]
fn x14_a_trust_declares_its_own_freeze_for_a_day_and_its_own_maintenance_windows() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let freeze = |more: &[(&'static str, &'static str)]| {
            let own = [("title", "Full"), ("scope", "site"), ("of", "NB"), ("reason", "The emergency department is full."), ("hardness", "hard")];
            form(["2026-12-01", "08:00"], ["2026-12-01", "20:00"], &[&own[..], more].concat())
        };
        ruth.get("/setup/freezes/new").await;
        let again = ruth.post("/setup/freezes", &freeze(&[("repeats", "weekly")])).await;
        assert!(again.text().contains("A trust’s own freeze does not repeat (X14)."), "{}", again.text());
        declared(&mut ruth, "freezes", &freeze(&[])).await;
        let own = |of: &'static str| [("title", "Switchgear"), ("repeats", "weekly"), ("scope", "item"), ("of", of), ("agreed_by", "Estates")];
        let times = (["2026-12-01", "22:00"], ["2026-12-02", "02:00"]);
        let (path, _) = declared(&mut ruth, "maintenance-windows", &form(times.0, times.1, &own("NB-PACS-N2"))).await;
        // What is run for everybody is not hers, and what happens elsewhere is not hers to say.
        let service = [("title", "X"), ("scope", "service"), ("of", "PACS"), ("agreed_by", "Me")];
        let refused = ruth.post("/setup/maintenance-windows", &form(times.0, times.1, &service)).await;
        assert!(refused.text().contains("We don’t know this code."), "{}", refused.text());
        assert_eq!(ruth.get("/setup/external-entries").await.status, StatusCode::FORBIDDEN);
        // Another trust's coordinator has neither of them.
        let riverside = world.app.db.read(|tx| signalbox_store::directory::organisation_by_code(tx, "RIVERSIDE")).unwrap().unwrap().id;
        world.person("cy@riverside.example", "Cy Frame", &[(riverside, signalbox_core::actor::Role::Coordinator)]);
        let mut cy = world.sign_in("cy@riverside.example").await;
        assert_eq!(cy.get(&path).await.status, StatusCode::NOT_FOUND);
        assert!(!cy.get("/setup/maintenance-windows").await.text().contains("Switchgear"));
    });
}

#[test]
fn c036_what_happens_elsewhere_is_put_into_the_calendar_and_cancelled() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        let mut ann = world.sign_in("ann@authority.example").await;
        let own =
            [("title", "Spine maintenance"), ("scope", "all"), ("what", "outage"), ("source", "National service desk"), ("url", "https://status.example/2217")];
        let (path, page) = declared(&mut ann, "external-entries", &form(["2026-12-08", "21:00"], ["2026-12-09", "03:00"], &own)).await;
        let text = page.text();
        assert!(text.contains("Tuesday 8 December 2026, 21:00 to Wednesday 9 December 2026, 03:00 GMT") && text.contains("A service is away"), "{text}");
        let within = || {
            let span = signalbox_core::schedule::Span { from: "2026-12-08T00:00:00Z".parse().unwrap(), until: "2026-12-10T00:00:00Z".parse().unwrap() };
            world.app.read::<_, StoreError>(|tx| gather::externals(tx, span)).unwrap()
        };
        assert_eq!(within().iter().map(|one| (one.title.as_str(), one.is_outage)).collect::<Vec<_>>(), [("Spine maintenance", true)]);
        // Whoever reads the schedule reads of it, in every view.
        let mut una = world.sign_in("una@riverside.example").await;
        let line = "A service is away: Spine maintenance, Tuesday 8 December 2026, 21:00 to Wednesday 9 December 2026, 03:00 GMT.";
        for view in ["view=table&from=2026-12-08&days=1", "view=month&from=2026-12-01", "view=timeline&from=2026-12-07"] {
            assert!(una.get(&format!("/schedule?{view}")).await.text().contains(line), "{view}");
        }
        assert!(!una.get("/schedule?view=table&from=2026-12-10&days=1").await.text().contains("Spine maintenance"));
        ann.get(&path).await;
        assert_eq!(ann.post(&format!("{path}/end"), &[]).await.location(), "/setup/external-entries");
        assert!(within().is_empty());
        assert!(!una.get("/schedule?view=table&from=2026-12-08&days=1").await.text().contains("Spine maintenance"));
    });
}

/// The id at the end of an address.
fn id_of(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

#[test]
fn c070_one_change_is_let_through_a_freeze_by_an_act_in_its_record() {
    on_each_engine(|world| async move {
        // A normal change from 19 January 2027, 22:00, that waits for its decision.
        let furnished = changes::furnish(&world);
        let sent = changes::draft(&world, &furnished, "Archive node firmware");
        let reference = &sent.reference;
        let mut joy = world.sign_in(changes::JOY).await;
        changes::send(&mut joy, reference).await;
        changes::assess(&world, reference).await;
        let mut ann = world.sign_in(changes::GRACE).await;
        let own = [("title", "Winter freeze"), ("scope", "all"), ("reason", "Bed pressure."), ("hardness", "hard")];
        let (path, _) = declared(&mut ann, "freezes", &form(["2027-01-19", "18:00"], ["2027-01-20", "08:00"], &own)).await;
        let act = format!("/changes/{reference}/acts");
        let mut priya = world.sign_in(changes::PRIYA).await;
        let barred = priya.get(&format!("{act}/approve")).await;
        assert!(barred.status == StatusCode::FORBIDDEN && barred.text().contains("Its window lies in a freeze “Winter freeze”"), "{}", barred.text());
        assert_eq!(priya.get(&format!("{act}/except_freeze")).await.status, StatusCode::FORBIDDEN, "not the supplier’s to grant");

        let schedule = "/schedule?view=table&from=2027-01-19&days=1";
        assert!(ann.get(schedule).await.text().contains("Archive node firmware is inside the freeze Winter freeze."));

        let page = ann.get(&format!("{act}/except_freeze")).await;
        assert!(page.text().contains("From which freeze?") && page.text().contains("Winter freeze, until"), "{}", page.text());
        let freeze = id_of(&path);
        let typed = [("freeze", freeze.as_str()), ("until-date", "2027-01-20"), ("until-time", "08:00"), ("reason", "The array fails before Christmas.")];
        changes::taken(&mut ann, reference, "except_freeze", &typed).await;
        let record = priya.get(&format!("/changes/{reference}")).await.text();
        assert!(
            record.contains("Excepted from a freeze until Wednesday 20 January 2027, 08:00") && record.contains("The array fails before Christmas."),
            "{record}"
        );
        let id = sent.id;
        let now = world.now();
        let held = world.app.read::<_, StoreError>(move |tx| gather::exceptions(tx, id, now)).unwrap();
        assert_eq!(held.into_iter().map(|id| id.to_string()).collect::<Vec<_>>(), [freeze]);
        changes::taken(&mut priya, reference, "approve", &[]).await;
        let now_free = ann.get(schedule).await.text();
        assert!(now_free.contains("Archive node firmware") && !now_free.contains("is inside the freeze"), "{now_free}");
        // The same events make the same rows again.
        let findings = world.app.read::<_, StoreError>(|tx| signalbox_store::log::verify(tx, None, &mut |_, _| {})).unwrap();
        assert!(findings.is_empty(), "{findings:?}");
        let differ = world.app.read::<_, StoreError>(|tx| signalbox_store::project::differences(tx, |_| {})).unwrap();
        assert!(differ.is_empty(), "{differ:?}");
    });
}
