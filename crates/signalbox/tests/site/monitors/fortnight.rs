//! A fortnight in the real future with two hundred outages, some amended, moved or cancelled, at real peers: every silence,
//! downtime and notice is what the schedule says. And live: twenty alarms in windows of about a minute, half of them of
//! declared things, through the end of both monitors and of Signalbox without a word.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use signalbox::config::{Config, Silences};
use signalbox::deliver::Envelope;
use signalbox::deliver::mail::Smtp;
use signalbox::worker::monitors::tend;
use signalbox_core::act::Act;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::change::Stage;
use signalbox_store::{Target, project};

use super::real::{ALERTMANAGER, ICINGA, Running, alertmanager_with, curl, free_port, icinga, is_here, prepare_icinga, until};
use super::{CANARY, add_item, set_up};
use crate::command_line::Server;
use crate::harness::{TempDir, for_each_target};
use crate::mail::{arrived, smtp_sink};
use crate::network::{account, acknowledge, keep, notice, notices};
use crate::planned::Estate;
use crate::world::{World, runtime, settings};

/// A reply is waited for as long as a loaded machine may need.
fn open(target: &Target) -> World {
    let silences = Silences { lead: SignedDuration::from_hours(24 * 20), patience: Duration::from_secs(10) };
    World::open_with(target, Config { silences, ..settings() })
}

/// Numbers that look like chance and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// What is to be quiet: a thing, from, until.
type Quiet = BTreeSet<(String, i64, i64)>;

fn circuit(n: u64) -> String {
    format!("NB-ETH-{n}")
}

fn device(n: u64) -> String {
    format!("NB-F-{n:02}")
}

const DEVICES: u64 = 40;

/// A quarter of an hour before the start to the latest end, of everything listed that is still to be done.
fn wanted(world: &World, outages: &[(i64, Vec<String>)]) -> Quiet {
    let mut all = Quiet::new();
    for (id, devices) in outages {
        let change = world.app.db.read(|tx| project::load(tx, *id)).unwrap().expect("a change").change;
        if change.stage.holds_window() && !change.stage.is_before_approval() {
            let window = change.window().expect("a window");
            let (from, until) = ((window.start - SignedDuration::from_mins(15)).as_second(), window.contingency_end.as_second());
            all.extend(devices.iter().map(|device| (device.clone(), from, until)));
        }
    }
    all
}

/// Every notice by its identity, in the order in which it was told; the number rises, and nothing is told twice.
#[derive(Default)]
struct Told(BTreeMap<String, Vec<(u32, String, String, String)>>);

impl Told {
    async fn take(&mut self, world: &World, letters: Vec<Envelope>) {
        for letter in notices(letters) {
            let (lines, _) = notice(&letter);
            let sequence: u32 = lines["SEQUENCE"].parse().unwrap();
            let versions = self.0.entry(lines["UID"].clone()).or_default();
            assert_eq!(sequence as usize, versions.len() + 1, "a version each, in order: {lines:?}");
            versions.push((sequence, lines["X-MAINTNOTE-STATUS"].clone(), lines["DTSTART"].clone(), lines["DTEND"].clone()));
            let reference = lines["X-MAINTNOTE-MAINTENANCE-ID"].clone();
            keep(world, &format!("fortnight-{reference}-{sequence:02}"), &letter);
            if lines["X-MAINTNOTE-STATUS"] == "TENTATIVE" {
                acknowledge(world, &letter, &format!("MER-{reference}")).await;
            }
        }
    }
}

/// Brings a moved outage as far as it was.
fn agreed_again(world: &World, estate: &Estate, id: i64) {
    loop {
        let stage = world.app.db.read(|tx| project::load(tx, id)).unwrap().unwrap().change.stage;
        match stage {
            Stage::Submitted | Stage::Assessing => estate.assess(world, id),
            Stage::AwaitingApproval => estate.approve(world, id),
            Stage::Approved => estate.place(world, id),
            Stage::Scheduled => return,
            other => panic!("moved to {other:?}"),
        }
    }
}

fn stamp(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[test]
fn c122_c126_a_fortnight_of_outages_is_at_real_peers_to_the_second() {
    if !is_here(ALERTMANAGER) || !is_here(ICINGA) {
        return;
    }
    for_each_target(|target| {
        // The rules are the same on both; what a database may do otherwise shows in a few.
        let count: u64 = if matches!(target, Target::Sqlite(_)) { 200 } else { 40 };
        runtime().block_on(fortnight(open(target), count));
    });
}

async fn fortnight(world: World, count: u64) {
    // Letters go through a mail server: what is read below is what arrived.
    let (server, letters) = smtp_sink();
    let smtp = Smtp::new(&format!("smtp://{server}"), "signalbox@example.org").unwrap();
    let post = || -> Vec<Envelope> {
        while signalbox::worker::step(&world.app, &smtp).unwrap() > 0 {}
        std::mem::take(&mut *letters.lock().unwrap()).iter().map(|raw| arrived(raw)).collect()
    };
    let now = Timestamp::from_second(Timestamp::now().as_second().div_euclid(60) * 60).unwrap();
    world.clock.set(now - SignedDuration::from_hours(24 * 15));
    let estate = Estate::furnish(&world);
    let meridian = world.organisation("meridian", OrgKind::Network);
    world.person("noc@meridian.example", "Nina Noc", &[(meridian, Role::NetworkDesk)]);
    let circuits: Vec<String> = (0..8).map(circuit).collect();
    account(&world, estate.trust, meridian, "HSCN-0042", &circuits.iter().map(String::as_str).collect::<Vec<_>>());
    (0..DEVICES).for_each(|n| _ = add_item(&world, &estate, &device(n)));

    // One after another, so that none stands in the way of another: an hour and a half for each.
    let (mut chance, mut outages, mut told) = (Chance(20261129), vec![], Told::default());
    for n in 0..count {
        let start = now + SignedDuration::from_hours(26) + SignedDuration::from_mins(90 * n as i64);
        let end = start + SignedDuration::from_mins(5 + chance.below(15) as i64);
        let mut devices = vec![device(chance.below(DEVICES)), device(chance.below(DEVICES))];
        devices.dedup();
        let (items, line) = (devices.join("\n"), circuit(chance.below(8)));
        let more = [("items", items.as_str()), ("network_affected", "yes"), ("circuits", line.as_str())];
        let id = estate.outage(&world, &format!("Switchgear {n}"), &start.to_string(), &end.to_string(), &more).id;
        told.take(&world, post()).await;
        estate.assess(&world, id);
        estate.schedule(&world, id);
        outages.push((id, devices));
    }
    told.take(&world, post()).await;
    world.clock.set(Timestamp::now());

    let (folder, port, icinga_port) = (TempDir::new(), free_port(), free_port());
    let mut alerts = alertmanager_with(folder.path(), port, None);
    let address = format!("http://127.0.0.1:{port}");
    set_up(&world, "Alerts", "alertmanager", &address, None, &[]).await;
    let checks = TempDir::new();
    let names: Vec<String> = (0..DEVICES).map(device).collect();
    prepare_icinga(checks.path(), icinga_port, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let authority = checks.path().join("data/certs/ca.crt");
    let base = format!("https://localhost:{icinga_port}");
    let ask = |path: &str| curl(&["-f", "--cacert", authority.to_str().unwrap(), "-u", "watcher:watcher", &format!("{base}{path}")]);
    let _checks = icinga(checks.path(), &ask);
    let pem = fs::read_to_string(&authority).unwrap();
    set_up(&world, "Checks", "icinga", &base, Some(CANARY), &[("authority", &pem)]).await;

    let silences = || -> Quiet {
        let all = curl(&["-f", &format!("{address}/api/v2/silences")]).unwrap();
        let live = all.as_array().unwrap().iter().filter(|one| one["status"]["state"] != "expired");
        let at = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap();
        let mut found = Quiet::new();
        for one in live {
            assert_eq!(at(&one["endsAt"]).subsec_nanosecond(), 0, "to the second");
            let name = one["matchers"][0]["value"].as_str().unwrap().to_owned();
            assert!(found.insert((name, at(&one["startsAt"]).as_second(), at(&one["endsAt"]).as_second())), "each once: {one}");
        }
        found
    };
    let downtimes = || -> Quiet {
        let all = ask("/v1/objects/downtimes").unwrap();
        let all = all["results"].as_array().unwrap();
        let of = |one: &Value| {
            let attrs = &one["attrs"];
            let second = |name: &str| attrs[name].as_f64().unwrap() as i64;
            (attrs["host_name"].as_str().unwrap().to_owned(), second("start_time"), second("end_time"))
        };
        let found: Quiet = all.iter().map(of).collect();
        assert_eq!(found.len(), all.len(), "each once");
        found
    };
    let agree = async |what: &str| {
        // A round may be over before everything is told: the next goes on. Beyond the turn of a monitor that is well.
        for _ in 0..6 {
            world.clock.set(world.now().max(Timestamp::now()) + SignedDuration::from_secs(31));
            tend(&world.app).await.unwrap();
            if silences().len() == wanted(&world, &outages).len() && downtimes().len() == silences().len() {
                break;
            }
        }
        let wanted = wanted(&world, &outages);
        for (peer, there) in [("silences", silences()), ("downtimes", downtimes())] {
            let (lacking, left_over): (Vec<_>, Vec<_>) = (wanted.difference(&there).collect(), there.difference(&wanted).collect());
            assert!(lacking.is_empty() && left_over.is_empty(), "{peer} {what}: lacking {lacking:?}, left over {left_over:?}");
        }
    };
    agree("of the plan").await;

    // A fifth is amended or moved by some minutes, a tenth cancelled.
    let (mut moved, mut cancelled) = (BTreeSet::new(), BTreeSet::new());
    for (n, (id, _)) in outages.iter().enumerate() {
        let window = world.app.db.read(|tx| project::load(tx, *id)).unwrap().unwrap().change.window().unwrap();
        match chance.below(10) {
            0 => {
                estate.ruth(&world, *id, Act::Cancel, &[("reason", "The contractor is ill.")]);
                cancelled.insert(n);
            }
            1 | 2 => {
                let later = |at: Timestamp| (at + SignedDuration::from_mins(1 + n as i64 % 5)).to_string();
                let fields = [
                    ("window.start", later(window.start)),
                    ("window.end", later(window.end)),
                    ("contingency_end", later(window.contingency_end)),
                    ("reason", "Parts come later.".to_owned()),
                ];
                let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                estate.ruth(&world, *id, Act::Reschedule, &fields);
                moved.insert(n);
                told.take(&world, post()).await;
                // Most are agreed again for the new time; what is not silences nothing.
                if n % 4 != 0 {
                    agreed_again(&world, &estate, *id);
                }
            }
            _ => {}
        }
        told.take(&world, post()).await;
    }
    assert!(moved.len() as u64 > count / 10 && cancelled.len() as u64 > count / 40, "{} moved, {} cancelled", moved.len(), cancelled.len());
    agree("after moves and cancellations").await;

    // The monitor is killed and has forgotten everything: it is told again.
    alerts.kill();
    fs::remove_dir_all(folder.path().join("data")).unwrap();
    let _alerts: Running = alertmanager_with(folder.path(), port, None);
    assert!(silences().is_empty());
    agree("after the monitor lost them").await;

    // The last that the provider read is how it stands.
    assert_eq!(told.0.len() as u64, count, "a notice each");
    for (n, (id, _)) in outages.iter().enumerate() {
        let change = world.app.db.read(|tx| project::load(tx, *id)).unwrap().unwrap().change;
        let window = change.window().unwrap();
        let versions = &told.0[&format!("{}-net@change.example.org", change.reference)];
        let (_, status, start, end) = versions.last().unwrap();
        assert_eq!(versions[0].1, "TENTATIVE");
        let is_cancelled = cancelled.contains(&n);
        assert_eq!(status == "CANCELLED", is_cancelled, "{}: {versions:?}", change.reference);
        assert_eq!((start, end), (&stamp(window.start), &stamp(window.contingency_end)), "{}", change.reference);
        assert!(versions.len() > if moved.contains(&n) || is_cancelled { 2 } else { 1 }, "{}: {versions:?}", change.reference);
    }
}

/// Somebody with a pager: whatever an alarm manager sends is kept by what it is about.
fn pager() -> (u16, Arc<Mutex<BTreeSet<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let paged: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let kept = Arc::clone(&paged);
    thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(socket);
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                    break;
                }
                if let Some((_, value)) = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
                    length = value.trim().parse().unwrap_or(0);
                }
            }
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_ok() {
                let call: Value = serde_json::from_slice(&body).unwrap_or_default();
                let alerts = call["alerts"].as_array().cloned().unwrap_or_default();
                let firing = alerts.iter().filter(|alert| alert["status"] == "firing");
                kept.lock().unwrap().extend(firing.filter_map(|alert| Some(alert["labels"]["instance"].as_str()?.to_owned())));
            }
            let _ = reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    (port, paged)
}

#[test]
fn c122_of_ten_declared_and_ten_undeclared_alarms_exactly_the_undeclared_page_somebody() {
    if !is_here(ALERTMANAGER) || !is_here(ICINGA) {
        return;
    }
    for_each_target(|target| {
        let (declared, undeclared): (Vec<String>, Vec<String>) = ((0..10).map(device).collect(), (10..20).map(device).collect());
        let (folder, port, (pager_port, paged)) = (TempDir::new(), free_port(), pager());
        let address = format!("http://127.0.0.1:{port}");
        let mut alerts = alertmanager_with(folder.path(), port, Some(pager_port));
        let (checks_folder, checks_port) = (TempDir::new(), free_port());
        let names: Vec<&str> = declared.iter().chain(&undeclared).map(String::as_str).collect();
        prepare_icinga(checks_folder.path(), checks_port, &names);
        let authority = checks_folder.path().join("data/certs/ca.crt");
        let base = format!("https://localhost:{checks_port}");
        let ask = |path: &str| curl(&["-f", "--cacert", authority.to_str().unwrap(), "-u", "watcher:watcher", &format!("{base}{path}")]);
        let mut checks = icinga(checks_folder.path(), &ask);
        let pem = fs::read_to_string(&authority).unwrap();
        // Agreed a fortnight ago: five windows of a minute, one after another, of two things each. The first begins soon.
        let first = Timestamp::from_second(Timestamp::now().as_second() + 30).unwrap();
        let windows: Vec<(Timestamp, Timestamp)> = (0..5).map(|n| (first + SignedDuration::from_mins(n), first + SignedDuration::from_mins(n + 1))).collect();
        runtime().block_on(async {
            let world = open(target);
            world.clock.set(first - SignedDuration::from_hours(24 * 15));
            let estate = Estate::furnish(&world);
            (0..20).for_each(|n| _ = add_item(&world, &estate, &device(n)));
            for (n, (start, end)) in windows.iter().enumerate() {
                let (items, until) = (format!("{}\n{}", declared[2 * n], declared[2 * n + 1]), end.to_string());
                let more = [("items", items.as_str()), ("contingency_end", until.as_str())];
                let id = estate.outage(&world, "Switchgear", &start.to_string(), &until, &more).id;
                estate.assess(&world, id);
                estate.schedule(&world, id);
            }
            set_up(&world, "Alerts", "alertmanager", &address, None, &[]).await;
            set_up(&world, "Checks", "icinga", &base, Some(CANARY), &[("authority", &pem)]).await;
        });
        // The downtimes that Icinga has, by thing: until when, to the second.
        let downtimes = || -> BTreeMap<String, i64> {
            let all = ask("/v1/objects/downtimes").unwrap_or_default();
            let all = all["results"].as_array().cloned().unwrap_or_default();
            all.iter().map(|one| (one["attrs"]["host_name"].as_str().unwrap().to_owned(), one["attrs"]["end_time"].as_f64().unwrap() as i64)).collect()
        };
        let live = || -> BTreeMap<String, Timestamp> {
            let all = curl(&["-f", &format!("{address}/api/v2/silences")]).unwrap_or_default();
            let live = all.as_array().into_iter().flatten().filter(|one| one["status"]["state"] != "expired");
            live.map(|one| (one["matchers"][0]["value"].as_str().unwrap().to_owned(), one["endsAt"].as_str().unwrap().parse().unwrap())).collect()
        };
        let all_quiet = || declared.iter().all(|device| live().contains_key(device)).then_some(());
        let ring = || {
            let all: Vec<Value> =
                declared.iter().chain(&undeclared).map(|device| serde_json::json!({"labels": {"alertname": "Down", "instance": device}})).collect();
            curl(&["-f", "-H", "Content-Type: application/json", "-d", &Value::from(all).to_string(), &format!("{address}/api/v2/alerts")]).expect("taken");
        };
        let pages_exactly_the_undeclared = |what: &str| {
            paged.lock().unwrap().clear();
            ring();
            until("the pages", || (paged.lock().unwrap().len() >= 10).then_some(()));
            // What should not come has had its time to come.
            thread::sleep(Duration::from_secs(3));
            assert_eq!(*paged.lock().unwrap(), undeclared.iter().cloned().collect(), "{what}");
        };
        // The program itself, in real time.
        let mut server = Server::start(target);
        until("the silences", all_quiet);
        for (n, device) in declared.iter().enumerate() {
            assert_eq!(live()[device], windows[n / 2].1, "{device}: to the second");
        }
        pages_exactly_the_undeclared("at first");
        // Signalbox is killed: what the monitor was told stays so, and nothing is told twice by the next.
        server.process.kill().unwrap();
        server.process.wait().unwrap();
        assert_eq!(live().len(), 10);
        server = Server::start(target);
        // Icinga is killed in the middle of a window, and begins again with what it had written down: the rest of the windows
        // is in it, to the second, and nothing else.
        until("the downtimes", || declared.iter().any(|device| downtimes().contains_key(device)).then_some(()));
        checks.kill_all();
        let _checks = icinga(checks_folder.path(), &ask);
        let in_downtime = |device: &String, until: Timestamp| downtimes().get(device) == Some(&until.as_second());
        let open_still = || {
            declared
                .iter()
                .enumerate()
                .map(|(n, device)| (device, windows[n / 2].1))
                .filter(|(_, until)| *until > Timestamp::now() + SignedDuration::from_secs(5))
                .collect::<Vec<_>>()
        };
        until("the downtimes again", || open_still().iter().all(|(device, until)| in_downtime(device, *until)).then_some(()));
        assert!(undeclared.iter().all(|device| !downtimes().contains_key(device)), "{:?}", downtimes());
        // The monitor is killed with all that it knew, in the middle of a window; it is told again.
        alerts.kill();
        let _ = fs::remove_dir_all(folder.path().join("data"));
        let _alerts = alertmanager_with(folder.path(), port, Some(pager_port));
        let still = || -> Vec<String> {
            let now = Timestamp::now() + SignedDuration::from_secs(5);
            declared.iter().enumerate().filter(|(n, _)| windows[n / 2].1 > now).map(|(_, device)| device.clone()).collect()
        };
        until("the silences again", || still().iter().all(|device| live().contains_key(device)).then_some(()));
        let quiet = still();
        assert!(!quiet.is_empty(), "the last windows are still open");
        paged.lock().unwrap().clear();
        ring();
        until("the pages", || undeclared.iter().all(|device| paged.lock().unwrap().contains(device)).then_some(()));
        thread::sleep(Duration::from_secs(3));
        let heard = paged.lock().unwrap().clone();
        // What was over meanwhile pages again, as it should: nobody announced anything for then.
        let (now, is_declared) = (Timestamp::now(), |device: &String| declared.iter().position(|one| one == device));
        for device in &heard {
            assert!(is_declared(device).is_none_or(|n| windows[n / 2].1 <= now), "{device} was declared");
        }
        drop(server);
    });
}
