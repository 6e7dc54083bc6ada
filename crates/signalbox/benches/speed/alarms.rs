//! Alarms: how long one takes to be read against the record, how many a second a monitor may tell, and what a storm of
//! them does to people who read pages.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use signalbox::clock::{IdSource, Token};
use signalbox::web::guard::BEARER_MARK;
use signalbox_core::ids::OrgId;
use signalbox_store::Db;
use signalbox_store::accounts::{self, ApiToken};
use signalbox_store::alarms::{self, Told};
use signalbox_store::directory::Act;
use signalbox_store::queries::alarms::{self as queries, AlarmFilter};
use signalbox_store::schedule::Schedule;
use signalbox_store::scope::Scope;

use crate::Site;
use crate::bulk::{Chance, World};
use crate::figures::{Figures, Times};
use crate::http::Client;
use crate::server::{Server, sign_in};

const READINGS: usize = 20_000;
const CLIENTS: usize = 8;
/// How many alarms a monitor tells in one call, as monitors that group them do.
const TOGETHER: usize = 100;
const TOLD_FOR: Duration = Duration::from_secs(6);
/// The storm: so many alarms a minute, for so long.
const STORM_A_MINUTE: usize = 50_000;
const STORM: Duration = Duration::from_secs(20);
const STORM_CALL: usize = 20;

pub fn measure(site: &Site, figures: &mut Figures) {
    let (engine, changes) = (site.engine, site.world.estate.scale.changes);
    let db = site.open();
    readings(site, &db, figures);
    let (cookie, bearer) = (sign_in(&db, site.world.estate.person(OrgId(1), 0)), token(&db, site.world.estate.person(OrgId(1), 0)));
    drop(db);
    let server = Server::start(site);
    let bare = rate(&server, &bearer, |client, _| client.get("/healthz"), 1);
    let ones = told(site, &server, &bearer, "one", 1);
    let groups = told(site, &server, &bearer, "group", TOGETHER);
    figures.put("alarms-bare", "8 clients: the barest page, a second", bare).on(engine, changes);
    figures.put("alarms-one", "8 clients: alarms a second, one to a call", ones).on(engine, changes);
    figures.put("alarms", "8 clients: alarms a second, 100 to a call", groups).on(engine, changes).at_least(5_000.0);
    figures.put("alarms-ratio", "Alarms in calls of 100 for one barest page", groups / bare).on(engine, changes);
    storm(site, &server, &cookie, &bearer, figures);
}

/// Something that rings: half of the time what work of this week lists, in the middle of it.
fn ringing(world: &World, chance: &mut Chance) -> (usize, Timestamp) {
    let estate = &world.estate;
    if chance.in_hundred(50) {
        return (chance.below(estate.items.len()), estate.now);
    }
    // Changes come in the order of their windows, a tenth of them ahead at most.
    let changes = estate.scale.changes;
    let soon = world_now(world);
    let work = world.planned((soon + chance.below(changes / 200 + 1)).min(changes - 1));
    let middle = work.window.start.saturating_add(SignedDuration::from_mins(20)).unwrap_or(estate.now);
    (*chance.pick(&work.items), middle)
}

/// The first change that begins now or later.
fn world_now(world: &World) -> usize {
    let (mut low, mut high) = (0, world.estate.scale.changes);
    while low < high {
        let middle = (low + high) / 2;
        if world.planned(middle).window.start < world.estate.now { low = middle + 1 } else { high = middle }
    }
    low
}

fn readings(site: &Site, db: &Db, figures: &mut Figures) {
    let (engine, changes, world) = (site.engine, site.world.estate.scale.changes, site.world);
    let schedule = Schedule::default();
    let (mut chance, mut times, mut answered) = (Chance::of(9, 1), Times::default(), 0);
    for n in 0..READINGS {
        let (item, at) = ringing(world, &mut chance);
        let item = &world.estate.items[item];
        let told = Told {
            id: 0,
            org_id: 1,
            source: "bench".into(),
            source_alarm: n.to_string(),
            object: item.code.clone(),
            item: Some(item.id.0),
            site: item.site.map(|site| site.0),
            kind: "down".into(),
            is_safety: false,
            raised_at: at,
            cleared_at: None,
        };
        let began = Instant::now();
        let reading = db.read(|tx| alarms::read(tx, &schedule, world.estate.now, &told, false)).expect("a reading");
        // The first makes the index.
        if n > 0 {
            times.add(began.elapsed());
        }
        answered += usize::from(black_box(reading).change.is_some());
    }
    assert!(answered > READINGS / 10, "most alarms of planned work are answered for: {answered}");
    figures.put("alarm50", "One alarm read in the process, p50 µs", times.percentile(50) * 1_000.0).on(engine, changes);
    figures.put("alarm99", "One alarm read in the process, p99 µs", times.percentile(99) * 1_000.0).on(engine, changes).at_most(1_000.0);
}

fn token(db: &Db, person_id: i64) -> String {
    let (ids, now): (IdSource, Timestamp) = (IdSource::new(), Timestamp::now());
    let token: Token = ids.token();
    let issued = ApiToken { id: ids.mint(now), person_id, name: "bench".into(), created_at: now, last_used_at: None, expires_at: None, revoked_at: None };
    let (act, hash) = (Act { event_id: ids.mint(now), by: Some(person_id), at: now }, token.hash());
    db.write(move |tx| accounts::issue_token(tx, &act, &issued, &hash)).expect("a token").expect("nothing forbids it");
    format!("{BEARER_MARK}{}", token.to_hex())
}

/// One call with so many alarms, each under a number of its own.
fn body(world: &World, chance: &mut Chance, source: &str, first: usize, count: usize) -> String {
    let estate = &world.estate;
    let alarms: Vec<String> = (first..first + count)
        .map(|n| {
            let (item, at) = ringing(world, chance);
            format!(r#"{{"id":"{n}","item":"{}","kind":"down","severity":"critical","raised_at":"{at}"}}"#, estate.items[item].code)
        })
        .collect();
    format!(r#"{{"organisation":"{}","source":"{source}","alarms":[{}]}}"#, estate.orgs[0].code, alarms.join(","))
}

/// Alarms a second, `count` of them to a call.
fn told(site: &Site, server: &Server, bearer: &str, source: &str, count: usize) -> f64 {
    let next = AtomicUsize::new(0);
    // A database that is kept knows those of an earlier run.
    let source = format!("{source}-{}", Timestamp::now().as_second());
    // Made before, so that the clients do not wait for themselves.
    let bodies: Vec<String> = {
        let mut chance = Chance::of(9, 2);
        (0..if count == 1 { 20_000 } else { 2_000 }).map(|n| body(site.world, &mut chance, &source, n * count, count)).collect()
    };
    rate(
        server,
        bearer,
        |client, _| {
            let n = next.fetch_add(1, Ordering::Relaxed);
            bodies.get(n).map_or(Ok(0), |body| client.post("/api/v1/alarms", body))
        },
        count,
    )
}

/// How much is done a second by all clients, where each answer does `each`; 0 is the end of what there is to do.
fn rate(server: &Server, bearer: &str, ask: impl Fn(&mut Client, usize) -> std::io::Result<u16> + Sync, each: usize) -> f64 {
    let (count, is_over, began) = (AtomicUsize::new(0), AtomicBool::new(false), Instant::now());
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..CLIENTS)
            .map(|n| {
                let (count, is_over, ask) = (&count, &is_over, &ask);
                scope.spawn(move || {
                    let mut client = Client::with_token(&server.address, bearer).expect("a connection");
                    while !is_over.load(Ordering::Relaxed) {
                        let status = ask(&mut client, n).expect("an answer");
                        if status == 0 {
                            break;
                        }
                        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&client.body));
                        count.fetch_add(each, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        while began.elapsed() < TOLD_FOR && !all.iter().all(|one| one.is_finished()) {
            std::thread::sleep(Duration::from_millis(20));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    count.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

/// Fifty thousand alarms a minute while somebody reads lists; then each is looked for.
fn storm(site: &Site, server: &Server, cookie: &str, bearer: &str, figures: &mut Figures) {
    let (engine, changes) = (site.engine, site.world.estate.scale.changes);
    let mut reader = Client::connect(&server.address, cookie, "gzip").expect("a connection");
    let mut read_for = |span: Duration| {
        let (mut times, began) = (Times::default(), Instant::now());
        while began.elapsed() < span {
            let one = Instant::now();
            assert_eq!(reader.get("/changes").expect("a page"), 200);
            times.add(one.elapsed());
            std::thread::sleep(Duration::from_millis(10));
        }
        times
    };
    let mut quiet = read_for(Duration::from_secs(5));
    let source = format!("storm-{}", Timestamp::now().as_second());
    let calls = STORM_A_MINUTE * STORM.as_secs() as usize / 60 / STORM_CALL;
    let (pause, began) = (STORM / calls as u32, Instant::now());
    let (mut loud, took) = std::thread::scope(|scope| {
        let teller = scope.spawn(|| {
            let (mut client, mut chance) = (Client::with_token(&server.address, bearer).expect("a connection"), Chance::of(9, 3));
            for n in 0..calls {
                let body = body(site.world, &mut chance, &source, n * STORM_CALL, STORM_CALL);
                assert_eq!(client.post("/api/v1/alarms", &body).expect("an answer"), 200);
                let due = pause * (n as u32 + 1);
                std::thread::sleep(due.saturating_sub(began.elapsed()));
            }
            began.elapsed()
        });
        let loud = read_for(STORM);
        (loud, teller.join().expect("the storm is over"))
    });
    let db = site.open();
    let filter = AlarmFilter { with_folded: true, ..AlarmFilter::default() };
    let kept = db.read(|tx| queries::list(tx, &Scope::of_the_authority(), &filter, 10_000_000)).expect("alarms");
    let kept = kept.iter().filter(|line| line.source == source).count();
    assert_eq!(kept, calls * STORM_CALL, "none is lost");
    let minute = calls as f64 * STORM_CALL as f64 * 60.0 / took.as_secs_f64();
    figures.put("storm-alarms", "A storm: alarms a minute, all kept", minute).on(engine, changes).at_least(STORM_A_MINUTE as f64 * 0.98);
    figures.put("storm-quiet", "A list page before it, p50 ms", quiet.percentile(50)).on(engine, changes);
    figures.put("storm-loud", "The same in it, p50 ms", loud.percentile(50)).on(engine, changes);
    figures.put("storm-slower", "Slower by", loud.percentile(50) / quiet.percentile(50)).on(engine, changes).at_most(2.0);
}
