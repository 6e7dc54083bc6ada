//! Clashes on the schedule, Today and in the API (BR-19a, 19d, 19f; S16): told to whoever may read one side, and the
//! other side named only to those who may read that too.

use axum::http::StatusCode;
use jiff::SignedDuration;
use signalbox_store::accounts::person_by_email;
use signalbox_store::directory::{self, Item, OnDifference};

use crate::api::program::token;
use crate::planned::Estate;
use crate::world::{World, on_each_engine};

/// Three pieces of work on one device in one evening: one open, one among parties, one restricted for security.
fn evening(world: &World, estate: &Estate, day: &str) {
    let at = |time: &str| format!("{day}T{time}:00Z");
    estate.outage(world, "Open switchgear canary", &at("20:00"), &at("22:00"), &[]);
    estate.outage(world, "Parties generator canary", &at("21:00"), &at("23:00"), &[("confidentiality", "parties_only")]);
    estate.outage(world, "Secret firewall canary", &at("19:00"), &at("21:30"), &[("confidentiality", "security_restricted")]);
}

const TABLE: &str = "/schedule?view=table&from=2026-12-08&days=1";

#[test]
fn a_clash_is_told_and_its_other_side_named_only_to_those_who_may_read_it() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        evening(&world, &estate, "2026-12-08");
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let table = ruth.get(TABLE).await;
        assert!(table.text().contains("3 entries, 3 clashes"), "each pair once: {}", table.text());
        assert!(table.text().contains("Clash on Tuesday 8 December") && table.text().contains("touch NB-PACS-N2 at the same time."), "{}", table.text());
        assert_eq!(table.body.matches("class=\"hit\"").count(), 3, "every one of them is marked");

        // A member of the group reads the first, and of the second only its times; the third is not there for her.
        let mut una = world.sign_in("una@riverside.example").await;
        let table = una.get(TABLE).await;
        assert!(table.text().contains("2 entries, 1 clash,"), "{}", table.text());
        assert_eq!(table.body.matches("class=\"hit\"").count(), 1, "restricted work is not marked: that would say what it touches");
        for view in [TABLE, "/schedule?from=2026-12-01", "/schedule?view=timeline&from=2026-12-07", "/"] {
            let seen = una.get(view).await;
            assert!(!seen.body.contains("generator canary") && !seen.body.contains("firewall canary"), "{view}: {}", seen.body);
            assert!(!seen.body.contains("ON-2026-000002") && !seen.body.contains("ON-2026-000003"), "{view}");
        }
        for view in ["/schedule?from=2026-12-01", "/schedule?view=timeline&from=2026-12-07"] {
            assert!(una.get(view).await.text().contains(", with a clash"), "{view}");
            assert_eq!(una.get(view).await.body.matches("ev--clash").count(), 1, "{view}");
        }

        // The filter, in each view and in the file.
        let only = una.get(&format!("{TABLE}&clash=yes")).await.text();
        assert!(only.contains("1 entry, 1 clash,") && only.contains("Open switchgear canary"), "{only}");
        assert_eq!(una.get(&format!("/schedule.csv?{}&clash=yes", &TABLE[10..])).await.body.lines().count(), 2);
        assert_eq!(ruth.get(&format!("/schedule.csv?{}&clash=yes", &TABLE[10..])).await.body.lines().count(), 4);
        assert!(una.get(&format!("{TABLE}&clash=perhaps")).await.text().contains("that was dropped"));
        assert!(una.get("/schedule?view=table&from=2026-12-09&days=1&clash=yes").await.text().contains("Nothing planned"));
    });
}

#[test]
fn br_19h_work_beside_a_national_outage_is_said_on_the_lists_too() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let work = estate.outage(&world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        assert!(ruth.get(TABLE).await.text().contains("1 entry, 0 clashes"));
        crate::availability::declare_outage(&world, "21:00", "23:00").await;
        let table = ruth.get(TABLE).await;
        assert!(table.text().contains("1 entry, 1 clash"), "{}", table.text());
        assert!(table.text().contains("Switchgear and National image exchange happen at the same time."), "{}", table.text());
        assert_eq!(table.body.matches("class=\"hit\"").count(), 1);
        let asked = "/api/v1/schedule?from=2026-12-01T00:00:00Z&to=2027-01-01T00:00:00Z&clash=true";
        let ruth_id = world.app.db.read(|tx| person_by_email(tx, "ruth@northbrook.example")).unwrap().unwrap().id;
        let found = token(&world, ruth_id).get(asked).await.json();
        let told = &found["items"][0]["detail"]["clashes"][0];
        assert_eq!((&told["rule"], &told["with"]), (&"BR-19h".into(), &"National image exchange".into()), "{found}");
        // Nothing to settle with anybody: it can only move.
        let page = ruth.get(&format!("/changes/{}/clashes", work.reference)).await;
        assert!(page.text().contains("National image exchange") && !page.text().contains("the owners of both"), "{}", page.text());
    });
}

#[test]
fn a_day_that_is_too_full_says_how_many_of_what_it_hides_clash() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        for (start, end) in [("00:00", "01:00"), ("04:00", "05:00"), ("08:00", "09:00"), ("12:00", "13:00"), ("18:00", "19:00"), ("18:30", "19:30")] {
            estate.outage(&world, "Switchgear", &format!("2026-12-08T{start}:00Z"), &format!("2026-12-08T{end}:00Z"), &[]);
        }
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let month = ruth.get("/schedule?from=2026-12-01").await.text();
        assert!(month.contains("2 more, 2 with a clash"), "{month}");
    });
}

#[test]
fn today_tells_of_tonights_clashes_and_of_those_that_come() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        evening(&world, &estate, "2026-11-17");
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let today = ruth.get("/").await.text();
        assert!(today.contains("Clash: ON-2026-000001 Open switchgear canary and ON-2026-000002 Parties generator canary touch NB-PACS-N2"), "{today}");
        let mut una = world.sign_in("una@riverside.example").await;
        let today = una.get("/").await;
        assert!(!today.body.contains("generator canary") && !today.body.contains("firewall canary"), "{}", today.text());
        world.advance(SignedDuration::from_hours(-48));
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let coming = ruth.get("/").await.text();
        assert!(coming.contains("Clash: ON-2026-000003 Secret firewall canary") || coming.contains("Clash: ON-2026-000002"), "{coming}");
    });
}

#[test]
fn dependent_work_close_together_and_work_in_a_freeze_are_told_too() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        // A second device under the same service.
        let found = world.app.db.read(|tx| directory::item_by_code(tx, "NB-PACS-N2")).unwrap().unwrap();
        let (id, act) = (world.app.ids.mint(world.now()), world.app.act(None, world.now()));
        let second = Item { id, code: "NB-PACS-N3".into(), name: "Second node".into(), ..found };
        world.app.attempt(move |tx| directory::upsert_item(tx, &act, &second, OnDifference::Report)).unwrap();
        estate.outage(&world, "First", "2026-12-08T20:00:00Z", "2026-12-08T21:00:00Z", &[]);
        // The first holds until 22:00. Half an hour later is close (BR-19d), a minute past the hour is not.
        estate.outage(&world, "Close", "2026-12-08T22:30:00Z", "2026-12-08T23:00:00Z", &[("items", "NB-PACS-N3")]);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let close = ruth.get(TABLE).await.text();
        assert!(close.contains("2 entries, 1 clash") && close.contains("within an hour of each other."), "{close}");
        estate.outage(&world, "Alone", "2026-12-15T22:01:00Z", "2026-12-15T23:00:00Z", &[]);
        estate.outage(&world, "Later", "2026-12-16T01:01:00Z", "2026-12-16T02:00:00Z", &[("items", "NB-PACS-N3")]);
        let apart = ruth.get("/schedule?view=table&from=2026-12-15&days=2").await.text();
        assert!(apart.contains("2 entries, 0 clashes"), "{apart}");

        let mut nora = world.sign_in("nora@riverside.example").await;
        nora.get("/setup/freezes/new").await;
        let freeze = [
            ("title", "Winter freeze"),
            ("starts_at-date", "2026-12-15"),
            ("starts_at-time", "22:30"),
            ("ends_at-date", "2026-12-16"),
            ("ends_at-time", "01:01"),
            ("reason", "Bed pressure."),
            ("scope", "all"),
            ("of", ""),
            ("hardness", "hard"),
        ];
        assert_eq!(nora.post("/setup/freezes", &freeze).await.status, StatusCode::SEE_OTHER);
        let frozen = ruth.get("/schedule?view=table&from=2026-12-15&days=2").await;
        assert!(frozen.text().contains("2 entries, 1 clash, 1 freeze."), "a freeze that ends as work begins is no clash: {}", frozen.text());
        assert!(frozen.text().contains("Alone is inside the freeze Winter freeze."), "{}", frozen.text());
    });
}

#[test]
fn the_api_tells_the_same_clashes() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        evening(&world, &estate, "2026-12-08");
        let program = |email: &str| {
            let person = world.app.db.read(|tx| person_by_email(tx, email)).unwrap().unwrap();
            token(&world, person.id)
        };
        let span = "/api/v1/schedule?from=2026-12-08T00:00:00Z&to=2026-12-09T12:00:00Z";
        let own = program("ruth@northbrook.example").get(span).await.json();
        let clashes = |listed: &serde_json::Value, n: usize| listed["items"][n]["detail"]["clashes"].clone();
        assert_eq!(own["items"].as_array().unwrap().len(), 3);
        assert_eq!((0..3).map(|n| clashes(&own, n).as_array().unwrap().len()).collect::<Vec<_>>(), [2, 2, 2]);
        assert_eq!(clashes(&own, 1)[0]["rule"], "BR-19a");
        let other = program("una@riverside.example");
        let seen = other.get(span).await;
        let listed = seen.json();
        let expected = serde_json::json!([{"rule": "BR-19a", "is_hard": true, "reference": null, "with": "Restricted work"}]);
        assert_eq!((listed["items"].as_array().unwrap().len(), clashes(&listed, 0)), (2, expected));
        assert!(listed["items"][1]["detail"].is_null() && !seen.body.contains("generator") && !seen.body.contains("firewall"), "{}", seen.body);
        let only = other.get(&format!("{span}&clash=true")).await.json();
        assert_eq!(only["items"].as_array().unwrap().len(), 1);
        assert_eq!(other.get(&format!("{span}&clash=perhaps")).await.status, StatusCode::BAD_REQUEST);
    });
}

/// Ways out on the page of a clash, by the value that is posted.
fn ways(body: &str) -> Vec<String> {
    body.split("name=\"way\"").skip(1).map(|rest| rest.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()).collect()
}

/// A clash of two open outages: who opens its page finds all that explains it.
fn two(world: &World, estate: &Estate) -> [(i64, String); 2] {
    let first = estate.outage(world, "Switchgear", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
    let second = estate.outage(world, "Generator", "2026-12-08T21:00:00Z", "2026-12-08T23:00:00Z", &[]);
    [(first.id, first.reference), (second.id, second.reference)]
}

#[test]
fn c085_an_owner_settles_a_clash_by_moving_one_of_the_two() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let [(_, first), (_, second)] = two(&world, &estate);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let path = format!("/changes/{second}/clashes");
        let page = ruth.get(&path).await;
        let text = page.text();
        assert!(
            text.contains("The same equipment at the same time as") && text.contains("The other holds") && text.contains("All that is caught NB-PACS-N2"),
            "{text}"
        );
        assert!(
            text.contains("has to move, unless the authority rules otherwise") && text.contains("The authority’s change manager may rule on it."),
            "{text}"
        );
        let all = ways(&page.body);
        assert_eq!(all.iter().filter(|way| way.starts_with("this ")).count(), 3, "{all:?}");
        assert_eq!(all.iter().filter(|way| way.starts_with("other ")).count(), 3, "{all:?}");
        assert!(!all.contains(&"both".to_owned()), "ruling is the authority's: {all:?}");
        // From the schedule it is one click.
        assert!(ruth.get(TABLE).await.body.contains("/clashes\""));

        let hidden: Vec<(&str, String)> = ["version", "other_version", "clash", "idempotency_key"].map(|name| (name, page.field(name).unwrap())).into();
        let with = |more: &[(&'static str, &'static str)]| -> Vec<(&'static str, String)> {
            let kept = hidden.iter().map(|(name, value)| (*name, value.clone()));
            kept.chain(more.iter().map(|(name, value)| (*name, (*value).to_owned()))).collect()
        };
        let refs = |fields: &[(&'static str, String)]| fields.to_vec();
        let bare = with(&[]);
        let bare: Vec<(&str, &str)> = bare.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let again = ruth.post(&path, &bare).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(again.text().contains("Choose what becomes of it.") && again.text().contains("Say why."), "{}", again.text());
        let mut whole = refs(&with(&[("reason", "The generator can wait.")]));
        whole.push(("way", all.iter().find(|way| way.starts_with("other ")).unwrap().clone()));
        let whole: Vec<(&str, &str)> = whole.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let settled = ruth.post(&path, &whole).await;
        assert_eq!(settled.status, StatusCode::SEE_OTHER, "{}", settled.text());
        let page = ruth.get(&path).await.text();
        assert!(page.contains("Nothing stands in its way.") && page.contains(&format!("{first} is moved. Both sides are told.")), "{page}");
        assert!(ruth.get(&format!("/changes/{first}/clashes")).await.text().contains("Nothing stands in its way."));
        // It went through the one way to move a change: with its reason in the record.
        assert!(ruth.get(&format!("/changes/{first}")).await.text().contains("The generator can wait."));
    });
}

#[test]
fn scenario_13_the_authority_lets_both_go_on_until_one_of_them_moves() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let [(first_id, first), (second_id, second)] = two(&world, &estate);
        let mut ann = world.sign_in("ann@authority.example").await;
        let path = format!("/changes/{second}/clashes");
        let page = ann.get(&path).await;
        assert!(["both", "together", "this_moves", "other_moves"].iter().all(|way| ways(&page.body).contains(&(*way).to_owned())), "{}", page.text());
        let hidden = ["version", "other_version", "clash", "idempotency_key"].map(|name| (name, page.field(name).unwrap()));
        let mut fields: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.extend([("way", "together"), ("reason", "One engineer does both at once.")]);
        world.step_worker();
        let done = ann.post(&path, &fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        // Both sides hear of it, each about their own change.
        let told = world.step_worker();
        let settled = |reference: &str| told.iter().any(|mail| mail.subject.starts_with("Clash settled") && mail.subject.contains(reference));
        assert!(settled(&first) && settled(&second), "{:?}", told.iter().map(|mail| &mail.subject).collect::<Vec<_>>());

        // Seen from either side it is settled, and stands in the way of neither.
        let hard = |id: i64| {
            let row = world.app.db.read(|tx| Ok(world.app.look(tx, &signalbox_core::actor::Actor::System, id)?.unwrap().facts.clashes)).unwrap();
            row.iter().map(|clash| (clash.refuses(), clash.settled)).collect::<Vec<_>>()
        };
        let together = Some(signalbox_core::decide::clash::Way::Together);
        assert_eq!((hard(first_id), hard(second_id)), (vec![(false, together)], vec![(false, together)]));
        assert!(ann.get(&format!("/changes/{first}/clashes")).await.text().contains("Ruled by the authority"));
        world.app.db.read(|tx| signalbox_store::log::verify(tx, None, &mut |_, _| ()).map(|found| assert!(found.is_empty(), "{found:?}"))).unwrap();

        // A quarter of an hour later it is another pair of windows, on which nobody ruled.
        let mut raw = signalbox_core::form::Raw::new();
        for (name, value) in [("window.start", "2026-12-08T21:15:00Z"), ("window.end", "2026-12-08T23:00:00Z"), ("reason", "The engineer comes later")] {
            raw.insert(name.into(), vec![value.into()]);
        }
        let priya = world
            .app
            .db
            .read(|tx| {
                let id = person_by_email(tx, "ruth@northbrook.example")?.unwrap().id;
                Ok(signalbox_store::accounts::actor(tx, id)?.unwrap().to_core())
            })
            .unwrap();
        world.app.take(&priya, second_id, signalbox_core::act::Act::Reschedule, raw, signalbox::run::Expect::default()).unwrap();
        assert_eq!((hard(first_id), hard(second_id)), (vec![(true, None)], vec![(true, None)]));
    });
}

#[test]
fn c085_both_owners_are_told_once_when_a_clash_comes_about() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let mut known = None;
        let tend = |known: &mut Option<i64>| signalbox::worker::clashes::tend(&world.app, known).unwrap();
        assert_eq!(tend(&mut known), 0);
        let [(_, first), (_, second)] = two(&world, &estate);
        world.step_worker();
        assert_eq!(tend(&mut known), 1, "one pair");
        let told = world.step_worker();
        let about = |told: &[signalbox::accounts::letters::Mail], reference: &str, to: &str| {
            told.iter().filter(|mail| mail.subject.starts_with("Clash:") && mail.subject.contains(reference) && mail.to == to).count()
        };
        for (reference, other) in [(&first, &second), (&second, &first)] {
            assert_eq!(about(&told, reference, "ruth@northbrook.example"), 1, "{told:?}");
            let mail = told.iter().find(|mail| mail.subject.contains(reference.as_str())).unwrap();
            assert!(mail.text.contains(&format!("The same equipment at the same time as {other}")) && mail.text.contains("/clashes"), "{}", mail.text);
        }
        // Looked at again, by this node or by one that knows nothing yet, nobody is told twice.
        assert_eq!(tend(&mut known), 0);
        assert_eq!(tend(&mut None), 0);
        assert!(world.step_worker().is_empty());
        // A freeze that is declared over it is told to its owners; a lifted one is no news.
        let freeze = crate::planned::freeze(
            &world,
            "Winter freeze",
            signalbox_core::schedule::Extent::Everything,
            ("2026-12-08T20:00:00Z", "2026-12-08T20:30:00Z"),
            true,
        );
        assert!(freeze > 0);
        assert_eq!(tend(&mut known), 1);
        let told = world.step_worker();
        assert!(told.iter().any(|mail| mail.subject.contains(&first) && mail.text.contains("A freeze: Winter freeze")), "{told:?}");
    });
}

#[test]
fn c035_a_change_that_has_to_follow_another_is_not_planned_before_it() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let first = estate.outage(&world, "Archive", "2026-12-15T20:00:00Z", "2026-12-15T22:00:00Z", &[]);
        let second = estate.outage(&world, "Viewer", "2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z", &[]);
        let hidden = estate.outage(&world, "Secret", "2026-12-22T20:00:00Z", "2026-12-22T22:00:00Z", &[("confidentiality", "security_restricted")]);
        let mut ruth = world.sign_in("ruth@northbrook.example").await;
        let path = format!("/changes/{}/acts/follow", second.reference);
        let send = |after: String, version: String| [("version", version), ("after", after)];
        let say = |after: &str, version: &str| send(after.to_owned(), version.to_owned());
        let version = ruth.get(&path).await.field("version").unwrap();
        for (after, words) in
            [("RFC-2026-000999", "RFC-2026-000999"), (second.reference.as_str(), "A change cannot follow itself."), ("", "That is what stands there already.")]
        {
            let fields = say(after, &version);
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let told = ruth.post(&path, &fields).await;
            assert!(told.status == StatusCode::UNPROCESSABLE_ENTITY && told.text().contains(words), "{after}: {}", told.text());
        }
        let fields = say(&format!("{}\n{}", first.reference.to_lowercase(), hidden.reference), &version);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(ruth.post(&path, &fields).await.status, StatusCode::SEE_OTHER);
        // It begins a week before what it has to follow ends: both sides are told so, and it is hard.
        let clashes = ruth.get(&format!("/changes/{}/clashes", second.reference)).await.text();
        assert!(clashes.contains(&format!("In the wrong order with {}", first.reference)) && clashes.contains("2 in the way"), "{clashes}");
        assert!(ruth.get(&format!("/changes/{}/clashes", first.reference)).await.text().contains(&format!("In the wrong order with {}", second.reference)));
        let impact = ruth.get(&format!("/changes/{}/impact", second.reference)).await.text();
        assert!(impact.contains("It is not scheduled before these are over.") && impact.contains(&first.reference), "{impact}");
        // The other cannot be said to come after it as well.
        let back = format!("/changes/{}/acts/follow", first.reference);
        let version = ruth.get(&back).await.field("version").unwrap();
        let fields = say(&second.reference, &version);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert!(ruth.post(&back, &fields).await.text().contains("Two changes cannot each come first."));
        // Una reads the open change, and of what it follows only what is open to her.
        let mut una = world.sign_in("una@riverside.example").await;
        let seen = una.get(&format!("/changes/{}", second.reference)).await;
        assert!(!seen.body.contains(&hidden.reference), "{}", seen.text());
        // Free times begin once both are over.
        let times = ruth.get(&format!("/changes/{}/free-times?from=2026-12-08&days=30", second.reference)).await;
        assert!(times.text().contains("In the wrong order with"), "{}", times.text());
        let start = times.body.split("acts/reschedule?start=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        assert!(start.parse::<jiff::Timestamp>().unwrap() >= "2026-12-22T23:00:00Z".parse().unwrap(), "{start}");
        assert!(world.app.db.read(|tx| signalbox_store::log::verify(tx, None, &mut |_, _| ())).unwrap().is_empty());
    });
}
