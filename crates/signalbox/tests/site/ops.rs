//! The board of the operations desk: X1 and X5, and the first half of scenario 35.

use axum::http::StatusCode;
use signalbox_core::change::Stage;
use signalbox_store::project;

use crate::planned::{Estate, at};
use crate::world::{Client, World, on_each_engine};

/// One outage of NB-PACS-N2 on the evening of 1 December, 20:00 to 22:00, all back by 23:00.
fn evening(world: &World, estate: &Estate) -> i64 {
    estate
        .outage(
            world,
            "Switchgear",
            "2026-12-01T20:00:00Z",
            "2026-12-01T22:00:00Z",
            &[("contact_on_site.name", "Sam Okoro"), ("contact_on_site.phone", "020 7946 0158")],
        )
        .id
}

fn stage(world: &World, id: i64) -> (Stage, Vec<String>) {
    let change = world.app.db.read(|tx| Ok(project::load(tx, id)?.expect("a change").change)).expect("a read");
    (change.stage, change.work.deviations.into_iter().collect())
}

async fn ask(desk: &mut Client<'_>, device: &str, date: &str, time: &str) -> String {
    desk.get(&format!("/ops?device={device}&date={date}&time={time}")).await.text()
}

#[test]
fn an_alarm_is_answered_in_words_from_the_record() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let id = evening(&world, &estate);
        world.clock.set(at("2026-12-01T19:50:00Z"));
        let mut desk = world.sign_in("dee@halden.example").await;
        // Received and not decided: the site is rung first.
        let undecided = ask(&mut desk, "NB-PACS-N2", "2026-12-01", "19:50").await;
        assert!(undecided.contains("Matches ON-2026-000001") && undecided.contains("Ring Sam Okoro, 020 7946 0158 first."), "{undecided}");
        world.clock.set(at("2026-11-18T09:00:00Z"));
        estate.assess(&world, id);
        estate.schedule(&world, id);
        world.clock.set(at("2026-12-01T19:50:00Z"));
        let mut desk = world.sign_in("dee@halden.example").await;
        let matched = ask(&mut desk, "nb-pacs-n2", "2026-12-01", "19:50").await;
        assert!(matched.contains("Matches ON-2026-000001 until 23:00") && matched.contains("if it is worse or longer"), "{matched}");
        for (device, date, time) in [
            ("NB-PACS-N9", "2026-12-01", "20:10"),
            ("NB-PACS-N2", "2026-12-01", "19:44"),
            ("NB-PACS-N2", "2026-12-01", "23:01"),
            ("NB-PACS-N2", "2026-12-02", "20:10"),
        ] {
            let none = ask(&mut desk, device, date, time).await;
            assert!(none.contains("No match. Treat as real."), "{device} {date} {time}: {none}");
        }
        // Nobody has said that it started, and half an hour has gone (X5).
        let late = ask(&mut desk, "NB-PACS-N2", "2026-12-01", "20:30").await;
        assert!(late.contains("Ring the site now, then dispatch") && !late.to_lowercase().contains("do not send"), "{late}");
        let odd = desk.get("/ops?device=NB-PACS-N2&date=2026-02-31&time=20:00").await;
        assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(odd.body.contains("value=\"NB-PACS-N2\""), "what was typed is kept");
    });
}

#[test]
fn scenario_16_an_alarm_a_little_before_the_window_is_expected() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let outage = estate.outage(&world, "Switchgear", "2026-12-08T06:00:00Z", "2026-12-08T08:00:00Z", &[]);
        estate.assess(&world, outage.id);
        estate.schedule(&world, outage.id);
        world.clock.set(at("2026-12-08T05:50:00Z"));
        let mut desk = world.sign_in("dee@halden.example").await;
        let expected = ask(&mut desk, "NB-PACS-N2", "2026-12-08", "05:50").await;
        assert!(expected.contains(&format!("Matches {}", outage.reference)) && !expected.contains("dispatch"), "nobody is sent: {expected}");
        // A quarter of an hour of lead, and not a minute more.
        assert!(ask(&mut desk, "NB-PACS-N2", "2026-12-08", "05:45").await.contains("Matches"));
        assert!(ask(&mut desk, "NB-PACS-N2", "2026-12-08", "05:44").await.contains("No match. Treat as real."));
    });
}

#[test]
fn x1_the_desk_records_by_phone_on_behalf_of_the_site() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let id = evening(&world, &estate);
        estate.assess(&world, id);
        estate.schedule(&world, id);
        world.clock.set(at("2026-12-01T20:10:00Z"));
        let mut desk = world.sign_in("dee@halden.example").await;
        let board = desk.get("/ops").await;
        assert!(board.text().contains("Started") && board.text().contains("Ring: Sam Okoro, 020 7946 0158"), "{}", board.text());
        // A time to come is a fault of its field, and what was typed is kept.
        let told = [("act", "start"), ("on_behalf_of", "Sam Okoro, Northbrook"), ("by_phone", "yes"), ("happened_at-date", "2026-12-01"), ("version", "1")];
        let wrong = desk.post("/ops/ON-2026-000001", &[&told[..], &[("happened_at-time", "21:10")]].concat()).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.body);
        assert!(wrong.body.contains("Sam Okoro, Northbrook") && wrong.body.contains("id=\"w-on-2026-000001-happened_at-error\""), "{}", wrong.body);
        let right = desk.post("/ops/ON-2026-000001", &[&told[..], &[("happened_at-time", "20:04")]].concat()).await;
        assert_eq!((right.status, right.location()), (StatusCode::SEE_OTHER, "/ops"), "{}", right.body);
        let change = world.app.db.read(|tx| Ok(project::load(tx, id)?.expect("a change"))).expect("a read");
        let started = change.change.work.started.clone().expect("a start");
        assert_eq!((started.happened_at, started.by_phone), (at("2026-12-01T20:04:00Z"), true));
        assert_eq!(change.prose[&started.on_behalf_of.expect("somebody").text.0], "Sam Okoro, Northbrook");
        let board = desk.get("/ops").await;
        assert!(
            board.text().contains("Recorded on behalf of Sam Okoro, Northbrook") && board.text().contains("1 piece of work is running."),
            "{}",
            board.text()
        );
        // Back at 21:00: the cover is cut fifteen minutes later (settled 10).
        world.clock.set(at("2026-12-01T21:05:00Z"));
        desk.get("/ops").await;
        let back = [("act", "restore"), ("on_behalf_of", ""), ("happened_at-date", "2026-12-01"), ("happened_at-time", "21:00")];
        assert_eq!(desk.post("/ops/ON-2026-000001", &back).await.status, StatusCode::SEE_OTHER);
        assert!(ask(&mut desk, "NB-PACS-N2", "2026-12-01", "21:15").await.contains("Matches"));
        assert!(ask(&mut desk, "NB-PACS-N2", "2026-12-01", "21:16").await.contains("No match. Treat as real."));
    });
}

#[test]
fn down_longer_than_one_and_a_half_times_what_was_stated() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let id = evening(&world, &estate);
        estate.assess(&world, id);
        estate.schedule(&world, id);
        world.clock.set(at("2026-12-01T20:00:00Z"));
        let mut desk = world.sign_in("dee@halden.example").await;
        desk.get("/ops").await;
        // It went off early, so that three hours are over before the cover is.
        let early = [("act", "start"), ("happened_at-date", "2026-12-01"), ("happened_at-time", "19:46")];
        assert_eq!(desk.post("/ops/ON-2026-000001", &early).await.status, StatusCode::SEE_OTHER);
        assert!(ask(&mut desk, "NB-PACS-N2", "2026-12-01", "22:46").await.contains("Matches ON-2026-000001 until 23:00"));
        assert!(ask(&mut desk, "NB-PACS-N2", "2026-12-01", "22:47").await.contains("Ring the site now, then dispatch"));
    });
}

#[test]
fn strangers_and_others_record_nothing() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let id = evening(&world, &estate);
        let mut una = world.sign_in("una@riverside.example").await;
        assert!(!una.get("/ops").await.body.contains("ON-2026-000001"));
        let told = [("act", "start"), ("happened_at-date", "2026-11-17"), ("happened_at-time", "11:00")];
        assert_eq!(una.post("/ops/ON-2026-000001", &told).await.status, StatusCode::NOT_FOUND);
        let mut desk = world.sign_in("dee@halden.example").await;
        assert_eq!(desk.post("/ops/ON-2026-000001", &[("act", "start"), ("stage", "CLOSED")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(stage(&world, id).0, Stage::Submitted);
        let menu = desk.get("/ops").await.body;
        assert!(menu.find("href=\"/ops\"") < menu.find("href=\"/schedule\""), "the board stands first for the desk");
        assert!(!una.get("/").await.body.contains("href=\"/ops\""));
    });
}

#[test]
fn scenario_35_work_before_approval() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let id = evening(&world, &estate);
        estate.assess(&world, id);
        assert_eq!(stage(&world, id).0, Stage::AwaitingApproval);
        world.clock.set(at("2026-12-01T20:05:00Z"));
        let told = [("act", "start"), ("on_behalf_of", "Sam Okoro"), ("by_phone", "yes"), ("happened_at-date", "2026-12-01"), ("happened_at-time", "20:00")];
        // The implementer isn't offered it, and is refused.
        let mut len = world.sign_in("len@halden.example").await;
        assert!(!len.get("/ops").await.body.contains("value=\"start\""));
        let refused = len.post("/ops/ON-2026-000001", &told).await;
        assert!([StatusCode::FORBIDDEN, StatusCode::CONFLICT].contains(&refused.status), "{}", refused.status);
        assert_eq!(stage(&world, id).0, Stage::AwaitingApproval);
        // What happened is a fact all the same: the desk records it, and it is marked.
        let mut desk = world.sign_in("dee@halden.example").await;
        assert!(desk.get("/ops").await.body.contains("value=\"start\""));
        assert_eq!(desk.post("/ops/ON-2026-000001", &told).await.status, StatusCode::SEE_OTHER);
        let (stage, deviations) = stage(&world, id);
        assert_eq!(stage, Stage::Implementing);
        assert!(deviations.contains(&"unapproved".to_owned()), "{deviations:?}");
    });
}

#[test]
fn x5_the_board_and_the_api_turn_by_the_clock_alone() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let id = evening(&world, &estate);
        estate.assess(&world, id);
        estate.schedule(&world, id);
        let dee = world.app.db.read(|tx| signalbox_store::accounts::person_by_email(tx, "dee@halden.example")).unwrap().unwrap();
        let program = crate::api::program::token(&world, dee.id);
        let means = |moment: &'static str| {
            let program = &program;
            async move {
                let answer = program.get(&format!("/api/v1/expected?item=NB-PACS-N2&at={moment}")).await.json();
                (answer["matches"][0]["means"].as_str().unwrap_or("nothing").to_owned(), answer["words"].as_str().unwrap().to_owned())
            }
        };
        // Silent before its time, covered from a quarter before, escalated from half an hour after, until the end.
        for (moment, meaning) in [
            ("2026-12-01T19:44:59Z", "nothing"),
            ("2026-12-01T19:45:00Z", "matches"),
            ("2026-12-01T20:29:59Z", "matches"),
            ("2026-12-01T20:30:00Z", "not_started"),
            ("2026-12-01T23:00:00Z", "not_started"),
            ("2026-12-01T23:00:01Z", "nothing"),
        ] {
            assert_eq!(means(moment).await.0, meaning, "{moment}");
        }
        assert!(means("2026-12-01T20:30:00Z").await.1.contains("not known to have started. Ring northbrook trust now, then dispatch."));
        let escalated = "Ring the site now about 1 piece of work.";
        for (moment, is_escalated) in [("2026-12-01T20:29:59Z", false), ("2026-12-01T20:30:00Z", true), ("2026-12-02T10:59:59Z", true)] {
            world.clock.set(at(moment));
            let mut desk = world.sign_in("dee@halden.example").await;
            let board = desk.get("/ops").await.text();
            assert!(board.contains("ON-2026-000001") && board.contains(escalated) == is_escalated, "{moment}: {board}");
        }
        world.clock.set(at("2026-12-02T11:00:00Z"));
        let mut desk = world.sign_in("dee@halden.example").await;
        assert!(!desk.get("/ops").await.body.contains("ON-2026-000001"), "half a day after its end it is somebody else’s question");

        // It began late and nobody has said that it is back: three hours for the two that were stated.
        world.clock.set(at("2026-12-01T20:40:00Z"));
        let mut desk = world.sign_in("dee@halden.example").await;
        desk.get("/ops").await;
        let told = [("act", "start"), ("happened_at-date", "2026-12-01"), ("happened_at-time", "20:00")];
        assert_eq!(desk.post("/ops/ON-2026-000001", &told).await.status, StatusCode::SEE_OTHER);
        assert_eq!(means("2026-12-01T22:59:59Z").await.0, "matches");
        for (moment, is_escalated) in [("2026-12-01T23:00:00Z", false), ("2026-12-01T23:00:01Z", true)] {
            world.clock.set(at(moment));
            let mut desk = world.sign_in("dee@halden.example").await;
            assert_eq!(desk.get("/ops").await.text().contains(escalated), is_escalated, "{moment}");
        }
    });
}
