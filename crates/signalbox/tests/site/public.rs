//! Public notices (C128): opened by the authority, told by themselves as the change goes on, followed by mail with a way in
//! that proves the address and a way out in each letter. Nothing of a change that was not published is anywhere.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use jiff::SignedDuration;
use signalbox::deliver::Envelope;
use signalbox::worker;
use signalbox_core::act::Act;
use signalbox_store::directory::{self, OnDifference};

use crate::planned::{Estate, at};
use crate::world::{BASE, Client, World, on_each_engine};

const READER: &str = "reader@elsewhere.example";

/// An outage on Tuesday 1 December, 20:00 to 22:00, agreed; what people notice is answered.
fn agreed(world: &World, estate: &Estate) -> (i64, String) {
    let done = estate.outage(
        world,
        "CANARY switchgear",
        "2026-12-01T20:00:00Z",
        "2026-12-01T22:00:00Z",
        &[("people_notice", "Pictures cannot be opened."), ("contact_on_site.name", "Sam Okoro"), ("contact_on_site.phone", "020 7946 0158")],
    );
    estate.assess(world, done.id);
    estate.schedule(world, done.id);
    (done.id, done.reference)
}

/// Screens it anew: a move that is not small asks for that.
fn screen(world: &World, estate: &Estate, id: i64) {
    let questions: Vec<String> = (1..=8).map(|n| format!("q{n}")).collect();
    estate.priya(world, id, Act::Screen, &questions.iter().map(|question| (question.as_str(), "no")).collect::<Vec<_>>());
}

async fn open_pacs(ann: &mut Client<'_>) {
    ann.get("/setup/public-notices").await;
    assert_eq!(ann.post("/setup/public-notices", &[("services", "PACS")]).await.status, StatusCode::SEE_OTHER);
}

const WORDING: [(&str, &str); 4] =
    [("title", "Imaging not available at Northbrook"), ("words", "Pictures cannot be opened. Use the paper forms."), ("services", "PACS"), ("sites", "NB")];

async fn publish(ann: &mut Client<'_>, reference: &str) -> String {
    let path = format!("/changes/{reference}/public-notice");
    ann.get(&path).await;
    let published = ann.post(&path, &WORDING).await;
    assert_eq!(published.status, StatusCode::SEE_OTHER, "{}", published.text());
    let record = ann.get(&format!("/changes/{reference}")).await;
    let found = record.body.split("href=\"").find_map(|rest| rest.strip_prefix("/status/").and_then(|rest| rest.split('"').next()));
    format!("/status/{}", found.expect("a link to the notice"))
}

/// What goes to subscribers, after the notices have caught up.
fn letters(world: &World) -> Vec<Envelope> {
    worker::public::tend(&world.app).unwrap();
    world.post().into_iter().filter(|letter| letter.to.ends_with("elsewhere.example")).collect()
}

fn path_in(letter: &Envelope, part: &str) -> String {
    let begin = letter.text.find(&format!("{BASE}{part}")).unwrap_or_else(|| panic!("no {part} in {}", letter.text)) + BASE.len();
    letter.text[begin..].split_whitespace().next().unwrap().to_owned()
}

/// Asks for letters and confirms; the letter that proved the address.
async fn follow(world: &World, email: &str, service: &str) -> Envelope {
    let mut reader = world.stranger();
    reader.get("/status/subscribe").await;
    let asked = reader.post("/status/subscribe", &[("email", email), ("service", service), ("site", "")]).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text());
    let letter = world.post().into_iter().find(|letter| letter.to == email).expect("a letter that asks");
    let path = path_in(&letter, "/status/confirm/");
    assert_eq!(reader.get(&path).await.status, StatusCode::OK);
    assert_eq!(reader.post(&path, &[]).await.status, StatusCode::OK);
    letter
}

#[test]
fn c128_a_notice_is_opened_by_the_authority_in_words_that_it_has_read() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let (_, reference) = agreed(&world, &estate);
        let path = format!("/changes/{reference}/public-notice");
        world.clock.set(at("2026-11-20T09:00:00Z"));
        let mut ann = world.sign_in("ann@authority.example").await;
        // Nothing is open yet: the form says so, and nothing goes out.
        assert!(ann.get(&path).await.text().contains("None of its services is open to public notices."));
        assert_eq!(ann.post(&path, &WORDING).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        open_pacs(&mut ann).await;
        let form = ann.get(&path).await;
        assert!(form.body.contains("Planned work: PACS imaging at Northbrook General") && form.body.contains("Pictures cannot be opened."), "{}", form.text());
        // Equipment, people and addresses are told apart from words, each at its field; what was typed stays.
        for (field, typed) in [
            ("title", "Archive node off"),
            ("words", "nb-pacs-n2 is off"),
            ("words", "Ask Sam Okoro"),
            ("words", "Ring 020 7946 0158"),
            ("words", "Write to a@b.example"),
        ] {
            let mut sent = WORDING.to_vec();
            sent.retain(|(name, _)| *name != field);
            sent.push((field, typed));
            let refused = ann.post(&path, &sent).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
            assert!(refused.body.contains(typed) && refused.body.contains(&format!("id=\"{field}-error\"")), "{typed}: {}", refused.text());
        }
        let notice = publish(&mut ann, &reference).await;
        let mut anybody = world.stranger();
        let page = anybody.get(&notice).await;
        for there in ["Imaging not available at Northbrook", "Use the paper forms.", "PACS imaging", "Northbrook General", "Planned"] {
            assert!(page.text().contains(there), "{there}: {}", page.text());
        }
        // Reworded, then withdrawn, then opened again.
        let mut sent = WORDING.to_vec();
        sent[1].1 = "Pictures can be opened from two o’clock.";
        ann.get(&path).await;
        assert_eq!(ann.post(&path, &sent).await.status, StatusCode::SEE_OTHER);
        assert!(anybody.get(&notice).await.text().contains("from two o’clock"));
        assert_eq!(ann.post(&path, &[("withdraw", "yes")]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(anybody.get(&notice).await.status, StatusCode::NOT_FOUND);
        assert!(!anybody.get("/status").await.text().contains("Imaging not available"));
        assert_eq!(publish(&mut ann, &reference).await, notice);
        assert!(anybody.get("/status").await.text().contains("Imaging not available"));
        // A service that is closed again shows nothing more.
        ann.get("/setup/public-notices").await;
        assert_eq!(ann.post("/setup/public-notices", &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(anybody.get(&notice).await.status, StatusCode::NOT_FOUND);
        // Nobody else opens one.
        for email in ["ruth@northbrook.example", "priya@halden.example", "dee@halden.example"] {
            let mut other = world.sign_in(email).await;
            assert_eq!(other.post(&path, &WORDING).await.status, StatusCode::FORBIDDEN, "{email}");
            assert_eq!(other.post("/setup/public-notices", &[("services", "PACS")]).await.status, StatusCode::FORBIDDEN, "{email}");
        }
    });
}

#[test]
fn c128_its_updates_follow_the_change_by_themselves() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let (id, reference) = agreed(&world, &estate);
        let mut ann = world.sign_in("ann@authority.example").await;
        open_pacs(&mut ann).await;
        follow(&world, READER, "PACS").await;
        let notice = publish(&mut ann, &reference).await;
        let subjects = |letters: &[Envelope]| letters.iter().map(|letter| letter.subject.split(':').next().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(subjects(&letters(&world)), ["Planned"]);
        assert!(letters(&world).is_empty(), "once");
        let to = |start: &'static str, end: &'static str| {
            [("window.start", start), ("window.end", end), ("contingency_end", end), ("reason", "The fitter comes later.")]
        };
        estate.priya(&world, id, Act::Reschedule, &to("2026-12-08T20:00:00Z", "2026-12-08T22:00:00Z"));
        let moved = letters(&world);
        assert_eq!(subjects(&moved), ["Moved"]);
        assert!(moved[0].text.contains("not agreed yet"), "{}", moved[0].text);
        screen(&world, &estate, id);
        estate.schedule(&world, id);
        assert_eq!(subjects(&letters(&world)), ["Planned"], "the new time is agreed");
        // Reminders: a day and an hour ahead of the new start, none of the old one, each once.
        for (when, due) in [
            ("2026-11-30T20:00:00Z", false),
            ("2026-12-01T19:00:00Z", false),
            ("2026-12-07T20:00:00Z", true),
            ("2026-12-08T18:59:59Z", false),
            ("2026-12-08T19:00:00Z", true),
            ("2026-12-08T19:30:00Z", false),
        ] {
            world.clock.set(at(when));
            let found = letters(&world);
            assert_eq!(subjects(&found), vec!["Reminder"; usize::from(due)], "{when}");
        }
        world.clock.set(at("2026-12-08T20:05:00Z"));
        estate.priya(&world, id, Act::Start, &[]);
        assert_eq!(subjects(&letters(&world)), ["In progress"]);
        world.clock.set(at("2026-12-08T21:50:00Z"));
        estate.priya(&world, id, Act::RunningLate, &[("expected_end", "2026-12-08T23:00:00Z")]);
        let late = letters(&world);
        assert_eq!(subjects(&late), ["Taking longer"]);
        assert!(late[0].text.contains("23:00"), "{}", late[0].text);
        let mut anybody = world.stranger();
        assert!(anybody.get("/status").await.text().contains("1 piece of work is in progress."));
        world.clock.set(at("2026-12-08T22:40:00Z"));
        estate.priya(&world, id, Act::Finish, &[("outcome", "successful"), ("back", "PACS")]);
        assert_eq!(subjects(&letters(&world)), ["Over"]);
        // Page, feed and JSON tell the same, in order; a week later only the notice itself is left.
        let page = anybody.get(&notice).await.text();
        let kinds = ["planned", "moved", "planned", "started", "extended", "restored"];
        let data = anybody.get("/status.json").await.json();
        let told: Vec<&str> = data["notices"][0]["updates"].as_array().unwrap().iter().map(|update| update["kind"].as_str().unwrap()).collect();
        assert_eq!(told, kinds);
        assert_eq!((data["services"][0]["code"].as_str(), data["services"][0]["state"].as_str()), (Some("PACS"), Some("no_work")));
        for update in data["notices"][0]["updates"].as_array().unwrap() {
            assert!(page.contains(update["words"].as_str().unwrap()), "{update}: {page}");
        }
        let atom = anybody.get("/status.atom").await;
        assert_eq!(atom.header("content-type"), "application/atom+xml; charset=utf-8");
        assert_eq!(atom.body.matches("<entry>").count(), kinds.len());
        world.advance(SignedDuration::from_hours(24 * 8));
        assert!(!anybody.get("/status").await.text().contains("Imaging not available"));
        assert_eq!(anybody.get(&notice).await.status, StatusCode::OK);
    });
}

#[test]
fn c128_what_is_cancelled_or_becomes_confidential_is_told_and_reminds_nobody() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let (id, reference) = agreed(&world, &estate);
        let mut ann = world.sign_in("ann@authority.example").await;
        open_pacs(&mut ann).await;
        follow(&world, READER, "").await;
        publish(&mut ann, &reference).await;
        letters(&world);
        // The reminder is written and not yet posted when the work is cancelled.
        world.clock.set(at("2026-11-30T20:00:00Z"));
        worker::public::tend(&world.app).unwrap();
        estate.ruth(&world, id, Act::Cancel, &[("reason", "The part is not there.")]);
        let told = letters(&world);
        assert_eq!(told.iter().map(|letter| letter.subject.as_str()).collect::<Vec<_>>(), ["Cancelled: Imaging not available at Northbrook"]);
        assert!(!told[0].text.contains("The part"), "no reason of anybody’s");
        for when in ["2026-12-01T19:00:00Z", "2026-12-01T20:00:00Z"] {
            world.clock.set(at(when));
            assert!(letters(&world).is_empty(), "{when}");
        }
        assert!(world.stranger().get("/status").await.text().contains("Cancelled"));
        // A second change, whose answers become restricted after it was published.
        world.clock.set(at("2026-12-02T12:00:00Z"));
        let other = estate.outage(&world, "CANARY riser", "2027-01-12T20:00:00Z", "2027-01-12T22:00:00Z", &[]);
        estate.assess(&world, other.id);
        estate.schedule(&world, other.id);
        let mut ann = world.sign_in("ann@authority.example").await;
        let second = publish(&mut ann, &other.reference).await;
        letters(&world);
        estate.ruth(&world, other.id, Act::Amend, &[("confidentiality", "security_restricted")]);
        let told = letters(&world);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].subject.starts_with("Withdrawn: ") && !told[0].text.contains("Pictures"), "{told:?}");
        assert_eq!(world.stranger().get(&second).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn c128_an_address_is_proved_first_and_each_letter_has_the_way_out() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let (_, reference) = agreed(&world, &estate);
        world.post();
        let mut ann = world.sign_in("ann@authority.example").await;
        open_pacs(&mut ann).await;
        // The same answer for an address that is known and for one that is not, and for one that never confirms.
        let mut reader = world.stranger();
        reader.get("/status/subscribe").await;
        let ask = |email: &'static str| [("email", email), ("service", "PACS"), ("site", "")];
        let first = reader.post("/status/subscribe", &ask(READER)).await;
        let asking = world.post();
        assert_eq!(asking.len(), 1);
        let path = path_in(&asking[0], "/status/confirm/");
        assert_eq!(reader.post(&path, &[]).await.status, StatusCode::OK);
        assert_eq!(reader.post(&path, &[]).await.status, StatusCode::NOT_FOUND, "the link works once");
        let again = reader.post("/status/subscribe", &ask(READER)).await;
        let unknown = reader.post("/status/subscribe", &ask("never@elsewhere.example")).await;
        assert_eq!((first.text(), first.status), (again.text(), again.status));
        assert_eq!((first.text(), first.status), (unknown.text(), unknown.status));
        let both = world.post();
        assert_eq!(both.len(), 2, "each gets a letter");
        // Faults at their fields; rates are limited for an address.
        let wrong = reader.post("/status/subscribe", &[("email", "nobody"), ("service", "NOPE"), ("site", "")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.body.contains("id=\"email-error\"") && wrong.body.contains("id=\"service-error\"") && wrong.body.contains("nobody"));
        assert_eq!(reader.post("/status/subscribe", &ask(READER)).await.status, StatusCode::OK);
        assert_eq!(reader.post("/status/subscribe", &ask(READER)).await.status, StatusCode::TOO_MANY_REQUESTS);
        world.post();
        // A link that is two days old opens nothing.
        let late = path_in(both.iter().find(|letter| letter.to.starts_with("never")).unwrap(), "/status/confirm/");
        world.advance(SignedDuration::from_hours(48));
        assert_eq!(reader.get(&late).await.status, StatusCode::NOT_FOUND);
        // A wish twice, for the service and for everything, is one letter.
        follow(&world, READER, "").await;
        let mut ann = world.sign_in("ann@authority.example").await;
        publish(&mut ann, &reference).await;
        let told = letters(&world);
        assert_eq!(told.iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(), [READER], "confirmed, and once: {told:?}");
        let leave = path_in(&told[0], "/status/leave/");
        assert_eq!(told[0].unsubscribe.as_deref(), Some(format!("{BASE}{leave}").as_str()));
        // Looking leaves nothing; a changed address is none; a mail program leaves with one press and no form of ours.
        assert_eq!(world.stranger().get(&leave).await.status, StatusCode::OK);
        let altered = format!("{}0{}", &leave[..leave.len() - 2], &leave[leave.len() - 1..]);
        let altered = if altered == leave { format!("{}1{}", &leave[..leave.len() - 2], &leave[leave.len() - 1..]) } else { altered };
        assert_eq!(world.stranger().get(&altered).await.status, StatusCode::NOT_FOUND);
        let press = |path: &str| {
            let request = world.stranger().request(Method::POST, path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            request.body(Body::from("List-Unsubscribe=One-Click")).unwrap()
        };
        assert_eq!(world.send(press(&altered)).await.status, StatusCode::NOT_FOUND);
        assert_eq!(world.send(press(&leave)).await.status, StatusCode::OK);
        assert_eq!(world.send(press(&leave)).await.status, StatusCode::OK, "twice is the same");
        // The address is forgotten with its other wish: nothing more goes there, whatever comes.
        ann.get(&format!("/changes/{reference}/public-notice")).await;
        assert_eq!(ann.post(&format!("/changes/{reference}/public-notice"), &[("withdraw", "yes")]).await.status, StatusCode::SEE_OTHER);
        publish(&mut ann, &reference).await;
        assert!(letters(&world).is_empty(), "nobody is left");
    });
}

#[test]
fn c128_nothing_of_what_was_not_published_is_anywhere_and_the_pages_may_be_kept() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        let (_, reference) = agreed(&world, &estate);
        let hidden = estate.outage(&world, "CANARY riser", "2026-12-03T20:00:00Z", "2026-12-03T22:00:00Z", &[]);
        estate.assess(&world, hidden.id);
        estate.schedule(&world, hidden.id);
        let mut ann = world.sign_in("ann@authority.example").await;
        open_pacs(&mut ann).await;
        let notice = publish(&mut ann, &reference).await;
        world.post();
        let mut anybody = world.stranger();
        let mut priya = world.sign_in("priya@halden.example").await;
        for path in ["/status", "/status.json", "/status.atom", notice.as_str()] {
            let reply = anybody.get(path).await;
            assert_eq!(reply.status, StatusCode::OK, "{path}");
            for secret in ["CANARY", hidden.reference.as_str(), reference.as_str(), "NB-PACS-N2", "Archive node", "Okoro", "Ruth", "3 December", "2026-12-03"] {
                assert!(!reply.body.contains(secret), "{path} tells {secret}");
            }
            assert_eq!((reply.header("cache-control"), reply.header("set-cookie")), ("public, max-age=60", ""), "{path}");
            // The same for who has signed in, and for who has it already.
            assert_eq!(priya.get(path).await.body, reply.body, "{path}");
            let request = anybody.request(Method::GET, path).header(header::IF_NONE_MATCH, reply.header("etag")).body(Body::empty()).unwrap();
            assert_eq!(world.send(request).await.status, StatusCode::NOT_MODIFIED, "{path}");
        }
        for path in ["/status/1", "/status/0", "/status/x", &format!("/status/{}", hidden.id)] {
            assert_eq!(anybody.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        // A service that nobody opened has no name there.
        let (id, act) = (world.app.ids.mint(world.now()), world.app.act(None, world.now()));
        let halden = world.app.db.read(|tx| directory::organisation_by_code(tx, "HALDEN")).unwrap().unwrap().id;
        let secret = directory::Service::new(id, "LABS", "Pathology results", halden);
        world.app.attempt(move |tx| directory::upsert_service(tx, &act, &secret, OnDifference::Report)).unwrap();
        for path in ["/status", "/status.json", "/status/subscribe"] {
            assert!(!anybody.get(path).await.body.contains("Pathology"), "{path}");
        }
    });
}
