//! Subscriptions to the schedule (C078): a program reads them without signing in, and sees what their owner may see at that
//! moment. What the tests get is kept under `target/feeds`, where three libraries read it (tools/ical.sh).

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use signalbox_core::act::Act;
use signalbox_core::actor::Role;
use signalbox_core::ids::OrgId;
use signalbox_core::schedule::Extent;
use signalbox_store::accounts::{self, disable_person, enable_person, end_role};
use signalbox_store::{Dialect, StoreError};

use crate::browser::target_dir;
use crate::planned::{Estate, at, freeze};
use crate::world::{BASE, Client, Reply, World, on_each_engine};

const UNA: &str = "una@riverside.example";

/// Makes a subscription on its page; where its files are.
pub async fn subscribe(client: &mut Client<'_>, fields: &[(&str, &str)]) -> String {
    client.get("/me/feeds").await;
    let made = client.post("/me/feeds", fields).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text());
    let begin = made.body.find(&format!("{BASE}/feeds/")).unwrap_or_else(|| panic!("no address: {}", made.text())) + BASE.len();
    let address = &made.body[begin..begin + "/feeds/".len() + 64];
    assert!(made.body.contains(&format!("{address}/schedule.ics")), "{}", made.text());
    address.to_owned()
}

async fn read(world: &World, path: &str) -> Reply {
    let reply = world.stranger().get(path).await;
    assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
    reply
}

/// The events of a calendar, each as its lines by name; by title.
pub fn events(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let unfolded = text.replace("\r\n ", "");
    let parts = unfolded.split("BEGIN:VEVENT\r\n").skip(1).map(|part| part.split("END:VEVENT").next().unwrap());
    let lines = parts.map(|part| -> BTreeMap<String, String> {
        part.lines().filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    });
    lines.map(|event| (event["SUMMARY"].clone(), event)).collect()
}

fn sequence(event: &BTreeMap<String, String>) -> i64 {
    event["SEQUENCE"].parse().unwrap()
}

/// Keeps a calendar with what it should be read as.
fn keep(world: &World, name: &str, calendar: &str, entries: &Value) {
    let folder = target_dir().join("feeds");
    std::fs::create_dir_all(&folder).unwrap();
    let engine = match world.app.db.dialect() {
        Dialect::Sqlite => "sqlite",
        Dialect::Postgres => "postgres",
    };
    std::fs::write(folder.join(format!("{name}-{engine}.ics")), calendar).unwrap();
    std::fs::write(folder.join(format!("{name}-{engine}.json")), entries.to_string()).unwrap();
}

/// The entries of the same feed as JSON, as a calendar should be read.
fn as_read(json: &Value, calendar: &str) -> Value {
    let described = events(calendar);
    let entries = json["entries"].as_array().unwrap().iter().map(|entry| {
        let title = entry["title"].as_str().unwrap();
        let escaped = title.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,");
        let words = described[&escaped].get("DESCRIPTION").cloned().unwrap_or_default();
        let words = words.replace("\\n", "\n").replace("\\;", ";").replace("\\,", ",").replace("\\\\", "\\");
        json!({"uid": entry["uid"], "start": entry["start"], "end": entry["end"], "sequence": entry["sequence"], "status": entry["status"],
            "summary": title, "description": words})
    });
    entries.collect()
}

fn person(world: &World, email: &str) -> i64 {
    world.app.read::<_, StoreError>(|tx| accounts::person_by_email(tx, email)).unwrap().unwrap().id
}

#[test]
fn c078_a_calendar_reads_the_schedule_without_signing_in() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let sent = estate.outage(&world, "Open switchgear canary", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        estate.outage(&world, "Parties generator canary", "2026-12-08T21:00:00Z", "2026-12-08T23:00:00Z", &[("confidentiality", "parties_only")]);
        estate.outage(&world, "Secret firewall canary", "2026-12-08T19:00:00Z", "2026-12-08T21:30:00Z", &[("confidentiality", "security_restricted")]);
        let mut una = world.sign_in(UNA).await;
        let address = subscribe(&mut una, &[("name", "All that is planned")]).await;
        let calendar = read(&world, &format!("{address}/schedule.ics")).await;
        assert_eq!(calendar.header("content-type"), "text/calendar; charset=utf-8");
        assert!(calendar.body.contains("X-WR-CALNAME:All that is planned\r\n") && calendar.body.contains("BEGIN:VTIMEZONE\r\nTZID:Europe/London\r\n"));
        let found = events(&calendar.body);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["Open switchgear canary", "Restricted work"], "{}", calendar.body);
        let open = &found["Open switchgear canary"];
        assert_eq!((open["UID"].as_str(), open["STATUS"].as_str()), (format!("change-{}@signalbox", sent.id).as_str(), "TENTATIVE"));
        assert_eq!(open["DTSTART;TZID=Europe/London"], "20261208T200000");
        assert!(open["DESCRIPTION"].starts_with("ON-2026-000001: Planned outage.") && !open.contains_key("URL"), "not a party: {open:?}");
        let restricted = &found["Restricted work"];
        assert_eq!(restricted["DTEND;TZID=Europe/London"], "20261208T230000");
        assert!(["DESCRIPTION", "LOCATION", "URL", "CATEGORIES"].iter().all(|name| !restricted.contains_key(*name)), "{restricted:?}");

        // A party finds the way to its page.
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let own = subscribe(&mut ruth, &[("name", "Mine, all")]).await;
        let own = read(&world, &format!("{own}/schedule.ics")).await;
        assert_eq!(events(&own.body)["Open switchgear canary"]["URL"], format!("{BASE}/changes/ON-2026-000001"));
        assert_eq!(events(&own.body).len(), 3, "and what is restricted for others: {}", own.body);

        // The same as news and as JSON.
        let news = read(&world, &format!("{address}/schedule.atom")).await;
        assert_eq!(news.header("content-type"), "application/atom+xml; charset=utf-8");
        assert_eq!(news.body.matches("<entry>").count(), 2, "{}", news.body);
        assert!(
            news.body.contains("<title>Restricted work</title>") && !news.body.contains("generator canary") && !news.body.contains(&address),
            "{}",
            news.body
        );
        let data = read(&world, &format!("{address}/schedule.json")).await.json();
        assert_eq!((data["is_whole"].as_bool(), data["entries"].as_array().map(Vec::len)), (Some(true), Some(2)));
        let of = |title: &str| data["entries"].as_array().unwrap().iter().find(|entry| entry["title"] == title).unwrap().clone();
        assert_eq!(of("Open switchgear canary")["detail"]["reference"], "ON-2026-000001");
        assert!(of("Restricted work")["detail"].is_null());
        keep(&world, "schedule", &calendar.body, &as_read(&data, &calendar.body));

        // Its address is shown once, and nowhere kept; its page says when it was read.
        let page = una.get("/me/feeds").await;
        assert!(
            !page.body.contains(&address[7..]) && page.text().contains("Everything. Made Tuesday 17 November 2026 at 12:00 GMT. Last read"),
            "{}",
            page.text()
        );
        let secret = address.rsplit('/').next().unwrap().to_owned();
        let kept: Vec<Vec<u8>> = world.app.db.read(|tx| tx.all("select token_hash from feeds", &[], |row| row.bytes(0))).unwrap();
        assert!(kept.iter().all(|hash| signalbox_core::text::hex(hash) != secret), "only a hash");
    });
}

#[test]
fn c078_what_has_not_changed_is_not_sent_again() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let secret = estate.outage(&world, "Generator", "2026-12-08T21:00:00Z", "2026-12-08T23:00:00Z", &[("confidentiality", "parties_only")]);
        let mut una = world.sign_in(UNA).await;
        let address = subscribe(&mut una, &[("name", "All")]).await;
        for file in ["schedule.ics", "schedule.atom", "schedule.json", "freezes.ics"] {
            let path = format!("{address}/{file}");
            let first = read(&world, &path).await;
            assert_eq!(first.header("cache-control"), "private, no-cache");
            let tag = first.header("etag").to_owned();
            world.advance(SignedDuration::from_mins(20));
            for given in [tag.clone(), format!("\"other\", W/{tag}"), "*".into()] {
                let mut program = world.stranger();
                let request = program.request(Method::GET, &path).header(header::IF_NONE_MATCH, given).body(Body::empty()).unwrap();
                let again = program.ask(request).await;
                assert_eq!((again.status, again.body.as_str(), again.header("etag")), (StatusCode::NOT_MODIFIED, "", tag.as_str()), "{path}");
            }
            // What the parties do among themselves does not show in what others see of restricted work.
            estate.ruth(&world, secret.id, Act::Say, &[("words", "The contractor rang.")]);
            assert_eq!(read(&world, &path).await.header("etag"), tag, "{path}");
        }
    });
}

#[test]
fn c078_the_number_rises_and_the_status_follows_the_change() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let sent = estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        let mut una = world.sign_in(UNA).await;
        let address = format!("{}/schedule.ics", subscribe(&mut una, &[("name", "All")]).await);
        let event = |text: String, title: &str| events(&text)[title].clone();
        let asked = event(read(&world, &address).await.body, "Switchgear");
        estate.assess(&world, sent.id);
        estate.approve(&world, sent.id);
        let approved = event(read(&world, &address).await.body, "Switchgear");
        assert_eq!((asked["STATUS"].as_str(), approved["STATUS"].as_str()), ("TENTATIVE", "TENTATIVE"), "until it is scheduled");
        world.advance(SignedDuration::from_mins(5));
        estate.place(&world, sent.id);
        let placed = event(read(&world, &address).await.body, "Switchgear");
        assert_eq!((placed["STATUS"].as_str(), &placed["UID"]), ("CONFIRMED", &asked["UID"]));
        assert!(sequence(&asked) < sequence(&approved) && sequence(&approved) < sequence(&placed), "{asked:?} {approved:?} {placed:?}");
        assert!(placed["LAST-MODIFIED"] > asked["LAST-MODIFIED"] && placed["DTSTAMP"] == placed["LAST-MODIFIED"]);
        // Scenario 22: what was cancelled stays to be seen for 14 days.
        world.advance(SignedDuration::from_hours(1));
        estate.ruth(&world, sent.id, Act::Cancel, &[("reason", "The contractor is ill.")]);
        let cancelled = event(read(&world, &address).await.body, "Cancelled: Switchgear");
        assert_eq!(cancelled["STATUS"], "CANCELLED");
        assert!(sequence(&cancelled) > sequence(&placed));
        world.advance(SignedDuration::from_hours(24 * 13));
        assert_eq!(events(&read(&world, &address).await.body).len(), 1);
        world.advance(SignedDuration::from_hours(24 + 2));
        assert_eq!(events(&read(&world, &address).await.body).len(), 0);
    });
}

#[test]
fn c078_a_right_that_ends_ends_what_the_feed_shows() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        let mut una = world.sign_in(UNA).await;
        let address = format!("{}/schedule.ics", subscribe(&mut una, &[("name", "All")]).await);
        assert_eq!(events(&read(&world, &address).await.body).len(), 1);
        let id = person(&world, UNA);
        let held = world.app.read::<_, StoreError>(|tx| accounts::actor(tx, id)).unwrap().unwrap().memberships[0].id;
        let act = world.app.act(None, world.now());
        world.app.attempt(move |tx| end_role(tx, &act, held)).unwrap();
        // An empty calendar, so that what stood in it goes from the calendar of whoever reads it.
        assert_eq!(events(&read(&world, &address).await.body).len(), 0);
        assert_eq!(una.get("/me/feeds").await.status, StatusCode::FORBIDDEN);
        world.grant(id, estate.other, Role::GroupMember);
        assert_eq!(events(&read(&world, &address).await.body).len(), 1);
        // Somebody who left has no feed, and finds none when they come back.
        let act = world.app.act(None, world.now());
        world.app.attempt(move |tx| disable_person(tx, &act, id)).unwrap();
        assert_eq!(world.stranger().get(&address).await.status, StatusCode::NOT_FOUND);
        let act = world.app.act(None, world.now());
        world.app.attempt(move |tx| enable_person(tx, &act, id)).unwrap();
        assert_eq!(world.stranger().get(&address).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn c078_a_feed_is_revoked_by_its_owner_and_by_nobody_else() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        let mut una = world.sign_in(UNA).await;
        let address = format!("{}/schedule.ics", subscribe(&mut una, &[("name", "All")]).await);
        let id = world.app.db.read(|tx| tx.one("select id from feeds", &[], |row| row.int(0))).unwrap();
        let mut ann = world.sign_in("ann@authority.example").await;
        ann.get("/me/feeds").await;
        assert_eq!(ann.post(&format!("/me/feeds/{id}/revoke"), &[]).await.status, StatusCode::NOT_FOUND);
        read(&world, &address).await;
        una.get("/me/feeds").await;
        let done = una.post(&format!("/me/feeds/{id}/revoke"), &[]).await;
        assert_eq!(done.location(), "/me/feeds");
        assert!(una.get("/me/feeds").await.text().contains("Its addresses open nothing any more."));
        for path in [address.clone(), address.replace(".ics", ".json"), address.replace("schedule.ics", "freezes.ics"), address[..80].to_owned()] {
            assert_eq!(world.stranger().get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        // Who may not read the schedule makes no feed of it.
        let mut nora = world.sign_in("nora@riverside.example").await;
        assert_eq!(nora.get("/me/feeds").await.status, StatusCode::FORBIDDEN);
        assert_eq!(nora.post("/me/feeds", &[("name", "All")]).await.status, StatusCode::FORBIDDEN);
    });
}

#[test]
fn c078_a_feed_is_narrowed_and_then_tells_nothing_of_restricted_work() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        estate.outage(&world, "Generator", "2026-12-09T20:00:00Z", "2026-12-09T22:00:00Z", &[("confidentiality", "parties_only")]);
        let mut una = world.sign_in(UNA).await;
        // What the schedule was narrowed to is chosen in the form already.
        assert!(una.get("/schedule?view=table&site=nb&clash=yes").await.body.contains("/me/feeds?site=nb\""));
        assert!(una.get("/me/feeds?site=nb").await.body.contains("<option value=\"nb\" selected"));
        for (filter, count) in [("", 2), ("site=nb", 1), ("service=pacs", 1), ("organisation=northbrook", 1), ("kind=planned_outage", 1), ("kind=normal", 0)] {
            let mut fields = vec![("name", "Narrow")];
            fields.extend(filter.split_once('='));
            let address = subscribe(&mut una, &fields).await;
            let seen = read(&world, &format!("{address}/schedule.ics")).await;
            assert_eq!(events(&seen.body).len(), count, "{filter}: {}", seen.body);
        }
        let tentative = subscribe(&mut una, &[("name", "Not decided"), ("state", "tentative")]).await;
        assert_eq!(events(&read(&world, &format!("{tentative}/schedule.ics")).await.body).len(), 2);
        assert!(una.get("/me/feeds").await.text().contains("Only Northbrook General. Made"));
        for wrong in [[("name", ""), ("site", "nb")], [("name", "x"), ("site", "moon")], [("name", "x\u{7}"), ("kind", "normal")]] {
            let refused = una.post("/me/feeds", &wrong).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
            assert!(!refused.body.contains(&format!("{BASE}/feeds/")));
        }
        // So many, and no more.
        for n in 7..20 {
            subscribe(&mut una, &[("name", &format!("Number {n}"))]).await;
        }
        let refused = una.post("/me/feeds", &[("name", "One too many")]).await;
        assert!(refused.text().contains("You have 20 subscriptions."), "{}", refused.text());
    });
}

#[test]
fn c078_a_program_that_reads_too_often_is_told_when_to_come_back() {
    on_each_engine(|world| async move {
        Estate::furnish(&world);
        world.advance(SignedDuration::from_mins(30));
        let mut una = world.sign_in(UNA).await;
        let address = subscribe(&mut una, &[("name", "All")]).await;
        let path = format!("{address}/schedule.ics");
        for _ in 0..60 {
            read(&world, &path).await;
        }
        let refused = world.stranger().get(&path).await;
        assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "1800"));
        world.advance(SignedDuration::from_mins(30));
        read(&world, &path).await;
    });
}

/// Both nights on which the clocks change, in each way that work can lie over them.
const NIGHTS: [(&str, &str, &str); 9] = [
    ("Over the hour that comes twice", "2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z"),
    ("From its first time to its second", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
    ("Until its second time", "2026-10-24T22:00:00Z", "2026-10-25T01:15:00Z"),
    ("From its second time", "2026-10-25T01:45:00Z", "2026-10-25T04:00:00Z"),
    ("Up to the change", "2026-10-24T21:00:00Z", "2026-10-25T00:00:00Z"),
    ("From its end", "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z"),
    ("Over the hour that is left out", "2027-03-28T00:30:00Z", "2027-03-28T01:30:00Z"),
    ("Up to it, and from it", "2027-03-28T00:00:00Z", "2027-03-28T01:00:00Z"),
    (
        "In summer; a long title, with “quotes”, commas \\ and é, so that its line is folded in the middle of a word",
        "2027-07-01T21:00:00Z",
        "2027-07-02T01:00:00Z",
    ),
];

#[test]
fn c078_calendars_say_the_same_over_both_changes_of_the_clocks() {
    on_each_engine(|world| async move {
        world.clock.set(at("2026-10-12T09:00:00Z"));
        let estate = Estate::furnish(&world);
        for (title, start, end) in NIGHTS {
            estate.outage(&world, title, start, end, &[]);
        }
        let mut una = world.sign_in(UNA).await;
        let address = subscribe(&mut una, &[("name", "Nights; long ones, too")]).await;
        let calendar = read(&world, &format!("{address}/schedule.ics")).await.body;
        let data = read(&world, &format!("{address}/schedule.json")).await.json();
        let entries = as_read(&data, &calendar);
        for (title, start, end) in NIGHTS {
            let entry = entries.as_array().unwrap().iter().find(|entry| entry["summary"] == title).unwrap();
            assert_eq!((entry["start"].as_str(), entry["end"].as_str()), (Some(start), Some(end)), "{title}");
        }
        assert!(calendar.split("\r\n").all(|line| line.len() <= 75), "{calendar}");
        keep(&world, "nights", &calendar, &entries);
    });
}

#[test]
fn c078_freezes_are_free_and_busy_times() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        freeze(&world, "Christmas canary", Extent::Everything, ("2026-12-18T00:00:00Z", "2027-01-03T00:00:00Z"), true);
        freeze(&world, "Audit canary", Extent::Organisation(OrgId(estate.other)), ("2027-02-01T09:00:00Z", "2027-02-02T17:00:00Z"), false);
        let mut una = world.sign_in(UNA).await;
        let all = subscribe(&mut una, &[("name", "All")]).await;
        let text = read(&world, &format!("{all}/freezes.ics")).await.body.replace("\r\n ", "");
        assert!(text.contains("FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20261218T000000Z/20270103T000000Z\r\n"), "{text}");
        assert!(text.contains("FREEBUSY;FBTYPE=BUSY-TENTATIVE:20270201T090000Z/20270202T170000Z\r\n") && !text.contains("canary"), "{text}");
        let narrow = subscribe(&mut una, &[("name", "Northbrook"), ("organisation", "northbrook")]).await;
        assert!(!read(&world, &format!("{narrow}/freezes.ics")).await.body.contains("BUSY-TENTATIVE"), "another organisation's");
        let uid = text.lines().find_map(|line| line.strip_prefix("UID:")).unwrap();
        let line = |start: Timestamp, end: Timestamp, status: &str| json!({"uid": uid, "start": start, "end": end, "sequence": 0, "status": status, "summary": "", "description": ""});
        let expected = json!([
            line(at("2026-12-18T00:00:00Z"), at("2027-01-03T00:00:00Z"), "BUSY-UNAVAILABLE"),
            line(at("2027-02-01T09:00:00Z"), at("2027-02-02T17:00:00Z"), "BUSY-TENTATIVE"),
        ]);
        keep(&world, "freezes", &text, &expected);
    });
}
