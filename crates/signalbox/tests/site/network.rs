//! What network providers are told of changes: notices that machines read, by mail to the desk of each account's
//! provider, acknowledged by a link and chased where nobody does. What the tests get is kept under `target/maintnote`,
//! where the parser that carriers' customers use reads it (tools/maintnote.sh).

mod refusals;
mod webhooks;

use std::collections::BTreeMap;

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use signalbox::deliver::Envelope;
use signalbox::run::{Expect, Stop};
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, OrgKind, Role};
use signalbox_core::change::{Network, Stage};
use signalbox_core::refusal::Refusal;
use signalbox_store::directory::{self, NetworkAccount};
use signalbox_store::project::Loaded;
use signalbox_store::{Dialect, StoreError, accounts, network, project};

use crate::browser::target_dir;
use crate::mail::{ANN, Cast, PRIYA, cast, raw, sent, take};
use crate::world::{BASE, World, on_each_engine};

const NOC: &str = "noc@meridian.example";
const CIRCUITS: (&str, &str) = ("circuits", "NB-ETH-1\nNB-ETH-2");
const TOUCHED: [(&str, &str); 2] = [("network_affected", "yes"), CIRCUITS];

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn actor(world: &World, email: &str) -> Actor {
    let found = world.app.read::<_, StoreError>(|tx| {
        let person = accounts::person_by_email(tx, email)?.unwrap();
        accounts::actor(tx, person.id)
    });
    found.unwrap().unwrap().to_core()
}

fn load(world: &World, id: i64) -> Loaded {
    world.app.read::<_, StoreError>(|tx| project::load(tx, id)).unwrap().unwrap()
}

/// The one event of a notice, its lines by name; objects stand in a list of their own.
pub fn notice(letter: &Envelope) -> (BTreeMap<String, String>, Vec<String>) {
    let text = letter.calendar.as_ref().unwrap_or_else(|| panic!("no file: {letter:?}")).text.replace("\r\n ", "");
    assert!(!text.contains("METHOD") && text.matches("BEGIN:VEVENT").count() == 1, "{text}");
    let lines: Vec<(String, String)> = text.lines().filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let objects = lines.iter().filter(|(name, _)| name == "X-MAINTNOTE-OBJECT-ID").map(|(_, value)| value.clone()).collect();
    (lines.into_iter().collect(), objects)
}

/// The letters with notices among these.
pub fn notices(letters: Vec<Envelope>) -> Vec<Envelope> {
    letters.into_iter().filter(|letter| letter.calendar.is_some()).collect()
}

/// The only notice that went out now.
fn only(world: &World) -> Envelope {
    let mut found = notices(world.post());
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// Keeps a file with what the parser should read in it.
pub fn keep(world: &World, name: &str, letter: &Envelope) {
    let folder = target_dir().join("maintnote");
    std::fs::create_dir_all(&folder).unwrap();
    let engine = match world.app.db.dialect() {
        Dialect::Sqlite => "sqlite",
        Dialect::Postgres => "postgres",
    };
    let (lines, mut objects) = notice(letter);
    objects.sort();
    let stamp = |name: &str| -> i64 {
        let written = &lines[name];
        let spelt = format!("{}-{}-{}T{}:{}:{}Z", &written[..4], &written[4..6], &written[6..8], &written[9..11], &written[11..13], &written[13..15]);
        at(&spelt).as_second()
    };
    let wanted = json!({
        "uid": lines["UID"], "sequence": lines["SEQUENCE"].parse::<i64>().unwrap(), "status": lines["X-MAINTNOTE-STATUS"],
        "start": stamp("DTSTART"), "end": stamp("DTEND"), "maintenance_id": lines["X-MAINTNOTE-MAINTENANCE-ID"],
        "provider": lines["X-MAINTNOTE-PROVIDER"], "account": lines["X-MAINTNOTE-ACCOUNT"].replace("\\;", ";"), "circuits": objects, "impact": lines["X-MAINTNOTE-IMPACT"],
    });
    std::fs::write(folder.join(format!("{name}-{engine}.ics")), &letter.calendar.as_ref().unwrap().text).unwrap();
    std::fs::write(folder.join(format!("{name}-{engine}.json")), wanted.to_string()).unwrap();
}

/// The path of the link in a letter that acknowledges.
fn link(letter: &Envelope) -> String {
    let begin = letter.text.find(&format!("{BASE}/n/")).unwrap_or_else(|| panic!("no link: {}", letter.text)) + BASE.len();
    letter.text[begin..].split_whitespace().next().unwrap().to_owned()
}

pub fn account(world: &World, org: i64, provider: i64, number: &str, circuits: &[&str]) -> i64 {
    let (id, act) = (world.app.ids.mint(world.now()), world.app.act(None, world.now()));
    let circuits = circuits.iter().map(|circuit| (*circuit).to_owned()).collect();
    let account = NetworkAccount { id, org_id: org, provider_id: provider, number: number.into(), circuits, senders: vec![], webhook: String::new() };
    world.app.attempt(move |tx| directory::save_network_account(tx, &act, &account)).unwrap();
    id
}

fn org_of(world: &World, code: &str) -> i64 {
    world.app.read::<_, StoreError>(|tx| directory::organisation_by_code(tx, code)).unwrap().unwrap().id
}

pub async fn acknowledge(world: &World, letter: &Envelope, reference: &str) {
    let path = link(letter);
    let mut anybody = world.stranger();
    let shown = anybody.get(&path).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text());
    let done = anybody.post(&path, &[("their_reference", reference)]).await;
    assert!(done.status == StatusCode::OK && done.text().contains("is acknowledged"), "{}", done.text());
}

/// Brings a sent outage as far as a decision. Where a line is touched the provider has its say too.
fn assessed(world: &World, cast: &Cast, id: i64) {
    take(world, &cast.priya, id, Act::Accept, &[("take_down_by", "Tom"), ("restore_by", "Tom"), ("promise_phone", "020 7946 0117")]);
    let questions: Vec<String> = (1..=8).map(|n| format!("q{n}")).collect();
    take(world, &cast.priya, id, Act::Screen, &questions.iter().map(|q| (q.as_str(), "no")).collect::<Vec<_>>());
    let nina = actor(world, NOC);
    for who in [&cast.tom, &cast.priya, &cast.joy, &nina] {
        while load(world, id).change.stage == Stage::Assessing {
            let Some(situation) = world.app.read::<_, StoreError>(|tx| world.app.look(tx, who, id)).unwrap() else { break };
            let open = signalbox_core::decide::assess::open_for(&situation.context(who, world.now()), &situation.loaded.change);
            let Some((kind, _)) = open.first() else { break };
            take(world, who, id, Act::Assess, &[("assessment", kind.code()), ("objects", "no"), ("finding", "Fine.")]);
        }
    }
    assert_eq!(load(world, id).change.stage, Stage::AwaitingApproval);
}

fn scheduled(world: &World, cast: &Cast, id: i64) {
    take(world, &cast.priya, id, Act::Approve, &[("words", "Fine with us.")]);
    take(world, &cast.priya, id, Act::Schedule, &[("implementer", "eng@halden.example")]);
}

/// C126: received, amended, acknowledged, scheduled, begun, extended, all back: one identity, and a number that rises.
#[test]
fn a_notice_goes_through_every_status_under_one_identity() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let (meridian, eng) = (org_of(&world, "MERIDIAN"), actor(&world, "eng@halden.example"));
        account(&world, cast.northbrook, meridian, "HSCN-0042", &["nb-eth-1", "NB-ETH-2", "NB-ETH-3"]);
        let id = sent(&world, &cast, "Switchgear maintenance", &TOUCHED);
        let mut told: Vec<Envelope> = vec![];

        let first = only(&world);
        assert!(first.to == NOC && first.subject == "Notice of work ON-2026-000001: tentative", "{first:?}");
        let (lines, objects) = notice(&first);
        for (name, value) in [
            ("UID", "ON-2026-000001-net@change.example.org"),
            ("SEQUENCE", "1"),
            ("DTSTART", "20261201T060000Z"),
            ("DTEND", "20261201T100000Z"),
            ("SUMMARY", "Switchgear maintenance"),
            ("ORGANIZER;CN=\"Change team\"", "mailto:change@authority.example"),
            ("X-MAINTNOTE-PROVIDER", "northbrook.example"),
            ("X-MAINTNOTE-ACCOUNT", "HSCN-0042"),
            ("X-MAINTNOTE-MAINTENANCE-ID", "ON-2026-000001"),
            ("X-MAINTNOTE-IMPACT", "OUTAGE"),
            ("X-MAINTNOTE-STATUS", "TENTATIVE"),
        ] {
            assert_eq!(lines.get(name).map(String::as_str), Some(value), "{name} in {lines:?}");
        }
        assert_eq!(objects, ["NB-ETH-1", "NB-ETH-2"]);
        // Told by mail is told.
        assert!(matches!(&load(&world, id).change.network, Network::Sent { way, .. } if way == "email"));
        told.push(first);

        let more = [("circuits", "NB-ETH-1\nNB-ETH-2\nNB-ETH-3")];
        take(&world, &cast.priya, id, Act::Amend, &more);
        told.push(only(&world));
        acknowledge(&world, told.last().unwrap(), "MER-77").await;
        let Network::Acknowledged { by, .. } = load(&world, id).change.network else { panic!("not acknowledged") };
        assert_eq!(by.role, Some(Role::NetworkDesk));
        assert!(notices(world.post()).is_empty(), "an acknowledgement is no news to who gave it");

        assessed(&world, &cast, id);
        scheduled(&world, &cast, id);
        told.push(only(&world));
        world.clock.set(at("2026-12-01T06:01:00Z"));
        assert!(notices(world.post()).is_empty(), "reminders are no news");
        take(&world, &eng, id, Act::Start, &[]);
        told.push(only(&world));
        world.clock.set(at("2026-12-01T08:00:00Z"));
        let more = [("until", "2026-12-01T11:30:00Z"), ("reason", "It takes longer."), ("site_agreed", "Len Brook"), ("on_call_agreed", "Priya Nair")];
        take(&world, &eng, id, Act::Extend, &more);
        told.push(only(&world));
        world.clock.set(at("2026-12-01T09:00:00Z"));
        take(&world, &eng, id, Act::Restore, &[("back", "PACS")]);
        told.push(only(&world));
        take(&world, &eng, id, Act::Finish, &[("outcome", "successful")]);
        assert!(notices(world.post()).is_empty(), "it was completed already");

        let read: Vec<BTreeMap<String, String>> = told.iter().map(|letter| notice(letter).0).collect();
        let of = |name: &str| read.iter().map(|lines| lines[name].as_str()).collect::<Vec<_>>();
        assert_eq!(of("X-MAINTNOTE-STATUS"), ["TENTATIVE", "TENTATIVE", "CONFIRMED", "IN-PROCESS", "IN-PROCESS", "COMPLETED"]);
        assert_eq!(of("SEQUENCE"), ["1", "2", "3", "4", "5", "6"]);
        assert!(of("UID").iter().all(|uid| *uid == "ON-2026-000001-net@change.example.org"));
        assert_eq!(of("DTEND")[3..], ["20261201T100000Z", "20261201T113000Z", "20261201T113000Z"], "with what it was extended by");
        told.iter().enumerate().for_each(|(n, letter)| keep(&world, &format!("story-{}", n + 1), letter));

        // The page tells all of it, and each version again as it was sent.
        let mut priya = world.sign_in(PRIYA).await;
        let page = priya.get("/changes/ON-2026-000001/network").await.text();
        for words in ["6 versions of the notice", "Acknowledged", "MER-77", "HSCN-0042", "Is another route live?", "NB-ETH-3", "Northbrook (NB)", "Len Brook"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        for (n, letter) in told.iter().enumerate() {
            let file = priya.get(&format!("/changes/ON-2026-000001/network/1/{}/notice.ics", n + 1)).await;
            assert_eq!(file.body, letter.calendar.as_ref().unwrap().text);
            let paper = priya.get(&format!("/changes/ON-2026-000001/network/1/{}", n + 1)).await;
            assert!(paper.text().contains("Latest end") && paper.status == StatusCode::OK, "{}", paper.text());
        }
        assert_eq!(priya.get("/changes/ON-2026-000001/network/1/7").await.status, StatusCode::NOT_FOUND);
        assert!(priya.get("/changes/ON-2026-000001").await.body.contains("/changes/ON-2026-000001/network\""));
        let mut sam = world.sign_in("sam@riverside.example").await;
        assert_eq!(sam.get("/changes/ON-2026-000001/network").await.status, StatusCode::NOT_FOUND);

        // What was told is no projection: made again or compared, it stays as it was.
        let before = world.app.read::<_, StoreError>(|tx| network::notices(tx, id)).unwrap();
        world.app.write::<_, StoreError>(|tx| project::rebuild(tx, |_| ())).unwrap();
        assert_eq!(world.app.read::<_, StoreError>(|tx| network::notices(tx, id)).unwrap(), before);
        assert_eq!(world.app.read::<_, StoreError>(|tx| project::differences(tx, |_| ())).unwrap(), Vec::<String>::new());
    });
}

/// Scenario 11, as X6 has it: until somebody answers for the telling, scheduling is refused with the state of the notice,
/// and the silence is chased by mail, by telephone and by a supervisor. It never blocks: at any time the proof that the
/// provider was told lets the work go on.
#[test]
fn scenario_11_forgot_the_carrier() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let id = sent(&world, &cast, "Switchgear maintenance", &TOUCHED);
        let first = only(&world);
        assessed(&world, &cast, id);
        take(&world, &cast.priya, id, Act::Approve, &[("words", "Fine with us.")]);
        world.post();

        // Told on Tuesday 17 November at noon: two working days later, three, four.
        world.clock.set(at("2026-11-19T17:00:01Z"));
        let schedule = world.app.take(&cast.priya, id, Act::Schedule, raw(&[("implementer", "eng@halden.example")]), Expect::default());
        let Err(Stop::Refused(Refusal::Denied(bars))) = schedule else { panic!("{schedule:?}") };
        assert_eq!((bars[0].code, bars[0].params.as_slice()), ("provider-not-acknowledged", ["SENT".to_owned(), "2".to_owned()].as_slice()));
        let again = only(&world);
        assert!(again.to == NOC && again.subject.starts_with("Not acknowledged yet: Notice of work ON-2026-000001"), "{again:?}");
        assert_eq!(again.calendar, first.calendar, "the same version");
        assert_ne!(link(&again), link(&first));
        let today = async || world.sign_in(PRIYA).await.get("/").await.text();
        assert!(!today().await.contains("Ring the provider about"));

        let asked = |letters: &[Envelope], subject: &str| letters.iter().filter(|l| l.subject.starts_with(subject)).map(|l| l.to.clone()).collect::<Vec<_>>();
        world.clock.set(at("2026-11-20T17:00:01Z"));
        let letters = world.post();
        assert_eq!(asked(&letters, "Ring the network provider: ON-2026-000001"), [PRIYA]);
        assert!(notices(letters).is_empty());
        assert!(today().await.contains("Ring the provider about ON-2026-000001"));
        world.clock.set(at("2026-11-23T17:00:01Z"));
        assert_eq!(asked(&world.post(), "Network provider silent: ON-2026-000001"), [ANN]);

        take(&world, &cast.priya, id, Act::RecordTold, &[("proof", "Spoke to Jo at their desk, 17:20.")]);
        take(&world, &cast.priya, id, Act::Schedule, &[("implementer", "eng@halden.example")]);
        assert_eq!(load(&world, id).change.stage, Stage::Scheduled);
        let confirmed = only(&world);
        assert_eq!(notice(&confirmed).0["X-MAINTNOTE-STATUS"], "CONFIRMED");
        let page = world.sign_in(PRIYA).await.get("/changes/ON-2026-000001/network").await.text();
        for words in ["The provider, by mail once more", "to ring them", "as supervisor", "Spoke to Jo"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(!today().await.contains("Ring the provider about"));
        world.clock.set(at("2026-11-27T17:00:00Z"));
        assert!(asked(&world.post(), "Network provider silent").is_empty(), "each is asked once");
        // Late is better than never: the letter of the first day has an address that still works.
        acknowledge(&world, &first, "").await;
        assert!(matches!(load(&world, id).change.network, Network::Acknowledged { .. }));
    });
}

/// Scenario 22: the carrier hears of it under the same identity.
#[test]
fn scenario_22_cancelled_at_the_last_hour_reaches_the_carrier() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let id = sent(&world, &cast, "Switchgear maintenance", &TOUCHED);
        let first = only(&world);
        acknowledge(&world, &first, "MER-1").await;
        assessed(&world, &cast, id);
        scheduled(&world, &cast, id);
        let confirmed = only(&world);
        world.clock.set(at("2026-12-01T04:00:00Z"));
        world.post();
        take(&world, &cast.joy, id, Act::Cancel, &[("reason", "The theatre list runs over.")]);
        let cancelled = only(&world);
        let [one, two, three] = [&first, &confirmed, &cancelled].map(|letter| notice(letter).0);
        assert!(one["UID"] == three["UID"] && two["UID"] == three["UID"]);
        assert_eq!([&one, &two, &three].map(|lines| lines["SEQUENCE"].as_str()), ["1", "2", "3"]);
        assert_eq!((three["X-MAINTNOTE-STATUS"].as_str(), three["STATUS"].as_str()), ("CANCELLED", "CANCELLED"));
        assert!(cancelled.text.contains("will not be done") && !cancelled.text.contains("/n/"), "nothing is asked any more: {}", cancelled.text);
        keep(&world, "cancelled", &cancelled);
        // The letter of before asks for nothing that is still so.
        let old = world.stranger().get(&link(&first)).await.text();
        assert!(old.contains("is acknowledged"), "{old}");
    });
}

#[test]
fn a_withdrawn_notice_is_cancelled_and_a_moved_one_is_asked_again() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let id = sent(&world, &cast, "Switchgear maintenance", &TOUCHED);
        let first = only(&world);
        acknowledge(&world, &first, "").await;
        let moved = [
            ("window.start", "2026-12-08T06:00:00Z"),
            ("window.end", "2026-12-08T09:00:00Z"),
            ("contingency_end", "2026-12-08T10:00:00Z"),
            ("reason", "Parts."),
        ];
        take(&world, &cast.priya, id, Act::Reschedule, &moved);
        let second = only(&world);
        assert_eq!(notice(&second).0["DTSTART"], "20261208T060000Z");
        assert!(second.text.contains("Told before: ") && second.text.contains("1 December 2026"), "{}", second.text);
        assert!(matches!(load(&world, id).change.network, Network::Sent { .. }), "told anew, and not acknowledged");
        acknowledge(&world, &second, "MER-2").await;
        take(&world, &cast.joy, id, Act::Withdraw, &[]);
        let third = only(&world);
        assert_eq!((notice(&third).0["X-MAINTNOTE-STATUS"].as_str(), notice(&third).0["SEQUENCE"].as_str()), ("CANCELLED", "3"));
        assert_eq!(notice(&third).1, ["NB-ETH-1", "NB-ETH-2"], "of what it was told before");
        assert!(notices(world.post()).is_empty());
    });
}

#[test]
fn one_notice_goes_to_each_account_with_only_its_own_objects() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let (meridian, other) = (org_of(&world, "MERIDIAN"), world.organisation("skylark", OrgKind::Network));
        world.person("noc@skylark.example", "Ola Reed", &[(other, Role::NetworkDesk)]);
        account(&world, cast.northbrook, meridian, "HSCN-0042", &["NB-ETH-1"]);
        account(&world, cast.northbrook, other, "S;7", &["NB-ETH-2"]);
        let id = sent(&world, &cast, "Switchgear maintenance", &[("network_affected", "yes"), ("circuits", "nb-eth-1\nNB-ETH-2\nNB-ETH-9")]);
        let letters = notices(world.post());
        let read: Vec<(&str, BTreeMap<String, String>, Vec<String>)> =
            letters.iter().map(|letter| (letter.to.as_str(), notice(letter).0, notice(letter).1)).collect();
        let to = |who: &str, account: &str| {
            let found: Vec<_> = read.iter().filter(|(to, lines, _)| *to == who && lines["X-MAINTNOTE-ACCOUNT"] == account).collect();
            assert_eq!(found.len(), 1, "{who} {account}: {read:?}");
            found[0].2.join(" ")
        };
        assert_eq!(to(NOC, "HSCN-0042"), "nb-eth-1");
        assert_eq!(to("noc@skylark.example", "S\\;7"), "NB-ETH-2");
        // Of the third nobody knows whose it is: each provider is asked to look.
        assert_eq!(to(NOC, "UNKNOWN"), "NB-ETH-9");
        assert_eq!(to("noc@skylark.example", "UNKNOWN"), "NB-ETH-9");
        assert_eq!(letters.len(), 4);
        let uids: std::collections::BTreeSet<&str> = read.iter().map(|(_, lines, _)| lines["UID"].as_str()).collect();
        assert_eq!(uids.len(), 3, "three notices with an identity each");
        letters.iter().enumerate().for_each(|(n, letter)| keep(&world, &format!("account-{}", n + 1), letter));
        for letter in &letters {
            let whole = format!("{}{}", letter.text, letter.calendar.as_ref().unwrap().text);
            let circuits = ["nb-eth-1", "NB-ETH-2", "NB-ETH-9"].iter().filter(|circuit| whole.contains(**circuit)).count();
            assert_eq!(circuits, 1, "{whole}");
        }
        // One account's word does not speak for the other.
        let of = |who: &str, object: &str| letters.iter().find(|letter| letter.to == who && notice(letter).1 == [object]).unwrap();
        acknowledge(&world, of(NOC, "nb-eth-1"), "M-1").await;
        acknowledge(&world, of(NOC, "NB-ETH-9"), "M-2").await;
        assert!(matches!(load(&world, id).change.network, Network::Sent { .. }));
        acknowledge(&world, of("noc@skylark.example", "NB-ETH-2"), "S-1").await;
        assert!(matches!(load(&world, id).change.network, Network::Acknowledged { .. }));
        // A provider reads its own accounts on the page.
        let mut nina = world.sign_in(NOC).await;
        let page = nina.get("/changes/ON-2026-000001/network").await.text();
        assert!(page.contains("HSCN-0042") && !page.contains("S;7"), "{page}");
    });
}

#[test]
fn a_notice_acknowledged_by_an_act_says_so_beside_its_latest_version() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let id = sent(&world, &cast, "Switchgear maintenance", &TOUCHED);
        only(&world);
        let address = format!("/changes/{}/network", load(&world, id).change.reference);
        let mut noc = world.sign_in(NOC).await;
        assert!(!noc.get(&address).await.text().contains("Acknowledged"));
        take(&world, &actor(&world, NOC), id, Act::Acknowledge, &[]);
        let told = noc.get(&address).await.body;
        let rows: Vec<&str> = told.split("<tr").filter(|row| row.contains("notice.ics")).collect();
        assert!(rows.first().is_some_and(|row| row.contains("Acknowledged")), "{told}");
        assert_eq!(rows.iter().filter(|row| row.contains("Acknowledged")).count(), 1, "{told}");
    });
}

#[test]
fn the_link_of_a_notice_acknowledges_once_and_nothing_else() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let one = sent(&world, &cast, "Switchgear maintenance", &TOUCHED);
        let letter = only(&world);
        let other = sent(&world, &cast, "Generator test", &[("network_affected", "yes"), CIRCUITS, ("late_reason", "other")]);
        let of_other = only(&world);
        let mut anybody = world.stranger();
        for wrong in
            [format!("/n/{}", "ab".repeat(32)), "/n/nothing".to_owned(), link(&letter).replace("/n/", "/d/"), link(&letter).replace("/n/", "/password/")]
        {
            assert_eq!(anybody.get(&wrong).await.status, StatusCode::NOT_FOUND, "{wrong}");
        }
        let path = link(&letter);
        let page = anybody.get(&path).await;
        assert!(page.text().contains("Nothing has been answered yet") && page.text().contains("NB-ETH-1"), "{}", page.text());
        assert!(matches!(load(&world, one).change.network, Network::Sent { .. }), "to open it is not to press");
        let long = anybody.post(&path, &[("their_reference", &"x".repeat(121))]).await;
        assert_eq!(long.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(long.body.contains(&"x".repeat(121)), "nothing typed is lost");
        assert_eq!(anybody.post(&path, &[("their_reference", "M-1"), ("change", &other.to_string())]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        acknowledge(&world, &letter, "M-1").await;
        assert!(matches!(load(&world, one).change.network, Network::Acknowledged { .. }));
        assert!(matches!(load(&world, other).change.network, Network::Sent { .. }), "of its own change only");
        // Used up: it says so, whatever is pressed.
        let used = anybody.post(&path, &[("their_reference", "M-9")]).await;
        assert!(used.status == StatusCode::OK && used.text().contains("This address is used up"), "{}", used.text());
        assert!(!load(&world, one).prose.values().any(|words| words == "M-9"));
        // Moved since the letter: what was told is not acknowledged for what is planned.
        let moved = [
            ("window.start", "2026-12-09T06:00:00Z"),
            ("window.end", "2026-12-09T09:00:00Z"),
            ("contingency_end", "2026-12-09T10:00:00Z"),
            ("reason", "Parts."),
        ];
        take(&world, &cast.priya, other, Act::Reschedule, &moved);
        let stale = anybody.post(&link(&of_other), &[("their_reference", "")]).await;
        assert!(stale.text().contains("has changed since the letter") && stale.text().contains("Nothing was acknowledged"), "{}", stale.text());
        // Only the hash is kept, and it runs out.
        let secret = path.trim_start_matches("/n/").to_owned();
        let kept: Vec<Vec<u8>> = world.app.db.read(|tx| tx.all("select token_hash from network_links", &[], |row| row.bytes(0))).unwrap();
        assert!(kept.iter().all(|hash| signalbox_core::text::hex(hash) != secret));
        world.advance(SignedDuration::from_hours(24 * 60));
        assert_eq!(anybody.get(&path).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn of_a_restricted_change_a_provider_reads_times_and_circuits_only() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let restricted = [("confidentiality", "security_restricted"), TOUCHED[0], TOUCHED[1], ("people_notice", "CANARY notice")];
        let id = sent(&world, &cast, "CANARY title", &restricted);
        let letter = only(&world);
        let whole = format!("{}{}{}", letter.subject, letter.text, letter.calendar.as_ref().unwrap().text);
        for hidden in ["CANARY", "Words enough", "Len Brook", "northbrook", "Northbrook", "PACS", "Joy"] {
            assert!(!whole.contains(hidden), "{hidden}: {whole}");
        }
        let (lines, objects) = notice(&letter);
        assert_eq!(
            (lines["SUMMARY"].as_str(), lines["DTSTART"].as_str(), lines["X-MAINTNOTE-PROVIDER"].as_str()),
            ("Restricted work", "20261201T060000Z", "change.example.org")
        );
        assert_eq!(objects, ["NB-ETH-1", "NB-ETH-2"]);
        let page = world.stranger().get(&link(&letter)).await.text();
        assert!(!page.contains("CANARY") && page.contains("Restricted work"), "{page}");
        // Who may not read the change may say that its notice arrived.
        let mut nina = world.sign_in(NOC).await;
        assert_eq!(nina.get("/changes/ON-2026-000001/network").await.status, StatusCode::NOT_FOUND);
        acknowledge(&world, &letter, "M-1").await;
        assert!(matches!(load(&world, id).change.network, Network::Acknowledged { .. }));
        keep(&world, "restricted", &letter);
    });
}

#[test]
fn accounts_with_a_provider_are_set_up_by_administrators() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let meridian = org_of(&world, "MERIDIAN");
        let authority = org_of(&world, "AUTHORITY");
        world.person("ada@authority.example", "Ada Byrne", &[(authority, Role::Administrator)]);
        let mut ada = world.sign_in("ada@authority.example").await;
        let (org, provider) = (cast.northbrook.to_string(), meridian.to_string());
        ada.get("/setup/network-accounts/new").await;
        let new = [("org", org.as_str()), ("provider", provider.as_str()), ("number", "HSCN-0042"), ("circuits", "NB-ETH-1\r\n nb-eth-1 \r\nNB-ETH-2")];
        let saved = ada.post("/setup/network-accounts", &new).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
        assert!(ada.get("/setup/network-accounts").await.text().contains("2 circuits"));
        let second = [("org", org.as_str()), ("provider", provider.as_str()), ("number", "HSCN-0043"), ("circuits", "NB-ETH-3\nnb-eth-2")];
        let refused = ada.post("/setup/network-accounts", &second).await;
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text().contains("another account already: nb-eth-2"), "{}", refused.text());
        let same = [("org", org.as_str()), ("provider", provider.as_str()), ("number", "HSCN-0042"), ("circuits", "")];
        assert!(ada.post("/setup/network-accounts", &same).await.text().contains("Another one has this already"));
        let wrong = [("org", org.as_str()), ("provider", org.as_str()), ("number", "1"), ("circuits", "")];
        assert_eq!(ada.post("/setup/network-accounts", &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let account = world.app.read::<_, StoreError>(directory::network_accounts).unwrap().remove(0);
        let path = format!("/setup/network-accounts/{}", account.id);
        let seen = ada.get(&path).await.field("seen").unwrap();
        let fewer = [("org", org.as_str()), ("provider", provider.as_str()), ("number", "HSCN-0042"), ("circuits", "NB-ETH-2"), ("seen", &seen)];
        assert_eq!(ada.post(&path, &fewer).await.status, StatusCode::SEE_OTHER);
        assert_eq!(world.app.read::<_, StoreError>(directory::network_accounts).unwrap()[0].circuits, ["NB-ETH-2"]);
        let kinds: Vec<String> = world
            .app
            .db
            .read(|tx| tx.all("select type from events where stream = 'directory' and type like 'NetworkAccount%' order by seq", &[], |row| row.text(0)))
            .unwrap();
        assert_eq!(kinds, ["NetworkAccountAdded", "NetworkAccountChanged"]);
        let mut joy = world.sign_in("joy@northbrook.example").await;
        assert_eq!(joy.get("/setup/network-accounts").await.status, StatusCode::FORBIDDEN);
    });
}

/// Work that touches no line, and work whose record was written afterwards, is no notice.
#[test]
fn nothing_is_told_where_no_line_is_touched() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let id = sent(&world, &cast, "Switchgear maintenance", &[]);
        assert!(notices(world.post()).is_empty());
        assert!(!world.app.read::<_, StoreError>(|tx| network::has_notice(tx, id)).unwrap());
        let page = world.sign_in(PRIYA).await.get("/changes/ON-2026-000001/network").await.text();
        assert!(page.contains("No notice has been written"), "{page}");
        // Unsure is told, and where no circuit is known the site stands for its own.
        sent(&world, &cast, "Generator test", &[("network_affected", "unsure"), ("late_reason", "other")]);
        let letter = only(&world);
        assert_eq!(notice(&letter).1, ["NB"]);
        assert_eq!(notice(&letter).0["X-MAINTNOTE-ACCOUNT"], "UNKNOWN");
        keep(&world, "no-account", &letter);
    });
}
