//! What a browser waits for: the program over loopback, one client and sixteen.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use signalbox_core::actor::{Actor, OrgKind};
use signalbox_core::calendar::london;
use signalbox_core::change::{Kind, Outcome, Stage};
use signalbox_core::ids::OrgId;
use signalbox_store::queries::list::{self, ListFilter};
use signalbox_store::scope::Scope;

use crate::Site;
use crate::bulk::{Chance, Estate};
use crate::figures::{Figures, Times};
use crate::http::Client;
use crate::server::{Server, sign_in};

/// Requests of each kind, after a few that are not counted, or as many as the time allows.
const REQUESTS: usize = 200;
const TIME_EACH: Duration = Duration::from_secs(8);
const WARM: usize = 10;
const CLIENTS: usize = 16;
const STORM: Duration = Duration::from_secs(6);

/// What is asked for again and again, each time about something else.
struct Page {
    code: &'static str,
    words: &'static str,
    /// In milliseconds, for half of the requests and for 99 of a hundred.
    goals: (Option<f64>, Option<f64>),
    path: Box<dyn Fn(&mut Chance) -> String>,
}

pub fn measure(site: &Site, figures: &mut Figures) {
    let (engine, estate, changes) = (site.engine, &site.world.estate, site.world.estate.scale.changes);
    let trust = estate.items[estate.items.len() / 2].org;
    let db = site.open();
    let authority = sign_in(&db, estate.person(OrgId(1), 0));
    let coordinator = sign_in(&db, estate.person(trust, 0));
    let references = references(site, &db);
    drop(db);

    // The first start may have to fetch the file from the disk.
    drop(Server::start(site));
    let server = Server::start(site);
    figures.put("start", "From the start until it answers, index made, seconds", server.took.as_secs_f64()).on(engine, changes).at_most(5.0);
    figures.put("memory", "Memory then, MB", server.resident_mb()).on(engine, changes).at_most(500.0);

    let all = pages(estate, engine, references);
    for (who, name, cookie) in [("", "the authority", &authority), ("-trust", "a trust", &coordinator)] {
        let mut client = Client::connect(&server.address, cookie, "gzip").expect("a connection");
        for page in &all {
            one_client(page, who, name, &mut client, site, figures);
        }
    }
    figures.put("memory-after", "Memory after all pages, MB", server.resident_mb()).on(engine, changes);
    csv(site, &server, &authority, figures);
    storm(site, &server, &authority, figures);
    figures.put("memory-end", "Memory at the end, MB", server.resident_mb()).on(engine, changes);
}

/// References of changes here and there.
fn references(site: &Site, db: &signalbox_store::Db) -> Vec<String> {
    let (mut chance, changes) = (Chance::of(6, 1), site.world.estate.scale.changes);
    let scope = Scope::of(&Actor::System);
    let one = |n: usize| {
        let after = site.world.planned(n).id.0 + 1;
        db.read(|tx| list::list(tx, &scope, &ListFilter::default(), Some(after), 1)).expect("a change").rows.remove(0).reference
    };
    // Half of them of the last year, which hold more than one event.
    (0..REQUESTS).map(|n| one(if n % 2 == 0 { chance.below(changes) } else { changes - 1 - chance.below(changes / 7) })).collect()
}

fn pages(estate: &Estate, engine: &'static str, references: Vec<String>) -> Vec<Page> {
    let now = estate.now;
    let codes = |kind: OrgKind| -> Vec<String> { estate.orgs.iter().filter(|org| org.kind == kind).map(|org| org.code.clone()).collect() };
    let trusts = codes(OrgKind::Trust);
    let services: Vec<String> = estate.services.iter().map(|service| service.code.clone()).collect();
    let sites: Vec<String> = estate.sites.iter().map(|site| site.code.clone()).collect();
    let page = |code, words, most: f64, path: Box<dyn Fn(&mut Chance) -> String>| Page { code, words, goals: (None, Some(most)), path };
    let day = move |n: i64| london().to_datetime(now.saturating_add(SignedDuration::from_hours(24 * n)).unwrap_or(now)).date();
    let org = {
        let trusts = trusts.clone();
        move |chance: &mut Chance| chance.pick(&trusts).clone()
    };
    let kind = |chance: &mut Chance| chance.pick(&[Kind::Normal, Kind::PlannedOutage, Kind::FirewallNetwork, Kind::NationalService, Kind::Emergency]).code();
    let stage =
        |chance: &mut Chance| chance.pick(&[Stage::Scheduled, Stage::Closed, Stage::Approved, Stage::Assessing, Stage::Returned, Stage::Cancelled]).code();
    let window = move |chance: &mut Chance| {
        let from = chance.below(1_200) as i64 - 1_100;
        format!("from={}&to={}", day(from), day(from + 1 + chance.below(30) as i64))
    };
    let on_postgres = engine == "PostgreSQL";
    let (org1, org2, org3, org4) = (org.clone(), org.clone(), org.clone(), org.clone());
    let sites2 = sites.clone();
    let mut all = vec![
        Page {
            code: "month",
            words: "A month of the schedule for one organisation",
            goals: (Some(3.0), Some(12.0)),
            path: Box::new(move |chance| format!("/schedule?view=month&organisation={}&from={}", org1(chance), day(chance.below(300) as i64 - 180))),
        },
        page("list", "Changes, no filter", 10.0, Box::new(|_| "/changes".into())),
        page("list-kind", "Changes of a kind", 10.0, Box::new(move |chance| format!("/changes?kind={}", kind(chance)))),
        page("list-stage", "Changes in a stage", 10.0, Box::new(move |chance| format!("/changes?stage={}", stage(chance)))),
        page("list-org", "Changes of an organisation", 10.0, Box::new(move |chance| format!("/changes?organisation={}", org2(chance)))),
        page("list-service", "Changes of a service", 10.0, Box::new(move |chance| format!("/changes?service={}", chance.pick(&services)))),
        page("list-site", "Changes at a site", 10.0, Box::new(move |chance| format!("/changes?site={}", chance.pick(&sites)))),
        page("list-window", "Changes with a window in some days", 10.0, Box::new(move |chance| format!("/changes?{}", window(chance)))),
        page(
            "list-outcome",
            "Changes with an outcome",
            10.0,
            Box::new(|chance| {
                format!("/changes?outcome={}", chance.pick(&[Outcome::Successful, Outcome::Failed, Outcome::BackedOut, Outcome::Duplicate]).code())
            }),
        ),
        page(
            "list-notice",
            "Changes with a verdict on their notice",
            10.0,
            Box::new(|chance| format!("/changes?notice={}", chance.pick(&["on_time", "late", "none"]))),
        ),
        page("list-mine", "Changes that I raised", 10.0, Box::new(|_| "/changes?mine=yes".into())),
        page(
            "list-org-stage",
            "Organisation and stage",
            10.0,
            Box::new(move |chance| format!("/changes?organisation={}&stage={}", org3(chance), stage(chance))),
        ),
        page("list-org-kind", "Organisation and kind", 10.0, Box::new(move |chance| format!("/changes?organisation={}&kind={}", org4(chance), kind(chance)))),
        page("list-site-window", "Site and window", 10.0, Box::new(move |chance| format!("/changes?site={}&{}", chance.pick(&sites2), window(chance)))),
        page("change", "A change’s page", 10.0, Box::new(move |chance| format!("/changes/{}", chance.pick(&references)))),
        page(
            "search-common",
            "Search, a common word",
            50.0,
            Box::new(|chance| format!("/changes?q={}", chance.pick(&["upgrade", "replace", "firmware", "server"]))),
        ),
        page("search-two", "Search, two common words", 50.0, Box::new(|chance| format!("/changes?q={}+replace", chance.pick(&["upgrade", "switch", "patch"])))),
        page("search-some", "Search, a word that few share", 50.0, Box::new(|chance| format!("/changes?q=ward{}", chance.below(2_000)))),
        page("search-rare", "Search, a rare word", 50.0, Box::new(|_| "/changes?q=quinquennial".into())),
        page("search-none", "Search, a word nobody wrote", 50.0, Box::new(|_| "/changes?q=xylophone".into())),
    ];
    let most = if on_postgres { 400.0 } else { 50.0 };
    all.push(page(
        "search-org",
        "Search, a common word in an organisation",
        most,
        Box::new(move |chance| format!("/changes?q=upgrade&organisation={}", org(chance))),
    ));
    all
}

fn one_client(page: &Page, who: &str, name: &str, client: &mut Client, site: &Site, figures: &mut Figures) {
    let (mut chance, mut times, mut bytes, all) = (Chance::of(7, 1), Times::default(), 0, Instant::now());
    for n in 0..WARM + REQUESTS {
        if n > WARM && all.elapsed() > TIME_EACH {
            break;
        }
        let path = (page.path)(&mut chance);
        let began = Instant::now();
        let status = client.get(&path).expect("an answer");
        if n >= WARM {
            times.add(began.elapsed());
        }
        bytes += client.body.len();
        // What a trust has no part in is not there for it.
        assert!(status == 200 || (status == 404 && page.code == "change" && !who.is_empty()), "{path}: {status}");
    }
    let changes = site.world.estate.scale.changes;
    if let Some(most) = page.goals.0 {
        figures
            .put(&format!("{}50{who}", page.code), &format!("{}, seen by {name}, p50 ms", page.words), times.percentile(50))
            .on(site.engine, changes)
            .at_most(most);
    }
    let p50 = times.percentile(50);
    let figure = figures.put(&format!("{}99{who}", page.code), &format!("{}, seen by {name}, p99 ms", page.words), times.percentile(99));
    figure.on(site.engine, changes);
    if let Some(most) = page.goals.1 {
        figure.at_most(most);
    }
    eprintln!("    p50 {p50:.2} ms, {} bytes each", bytes / (WARM + REQUESTS));
}

/// A year of changes as CSV: a hundred thousand of a million.
fn csv(site: &Site, server: &Server, cookie: &str, figures: &mut Figures) {
    let (engine, changes, now) = (site.engine, site.world.estate.scale.changes, site.world.estate.now);
    let day = |n: i64| london().to_datetime(now.saturating_add(SignedDuration::from_hours(24 * n)).unwrap_or(now)).date();
    let path = if changes > 100_000 { format!("/changes.csv?from={}&to={}", day(-465), day(-101)) } else { "/changes.csv".to_owned() };
    let mut client = Client::connect(&server.address, cookie, "identity").expect("a connection");
    let before = server.resident_mb();
    let (began, mut rows, mut most) = (Instant::now(), 0, before);
    let status = client.each_piece(&path, |piece| {
        let ends = piece.iter().filter(|byte| **byte == b'\n').count();
        if rows / 10_000 != (rows + ends) / 10_000 {
            most = server.resident_mb().max(most);
        }
        rows += ends;
    });
    assert_eq!(status.expect("a file"), 200);
    let seconds = began.elapsed().as_secs_f64();
    figures.put("csv-rows", "Rows of one CSV", rows as f64 - 1.0).on(engine, changes);
    figures.put("csv", "CSV, rows a second", rows as f64 / seconds).on(engine, changes).at_least(50_000.0);
    figures.put("csv-memory", "Memory that the CSV took, MB", most - before).on(engine, changes).at_most(16.0);
}

/// Sixteen clients at once, and the same with the barest page of the same server.
fn storm(site: &Site, server: &Server, cookie: &str, figures: &mut Figures) {
    let (engine, changes, estate) = (site.engine, site.world.estate.scale.changes, &site.world.estate);
    let lists: Vec<String> = estate.orgs.iter().filter(|org| org.kind == OrgKind::Trust).map(|org| format!("/changes?organisation={}", org.code)).collect();
    let bare = rate(server, cookie, "identity", &["/healthz".to_owned()]);
    let first = rate(server, cookie, "identity", &["/changes".to_owned()]);
    let filtered = rate(server, cookie, "identity", &lists);
    let packed = rate(server, cookie, "gzip", &lists);
    figures.put("storm-bare", "16 clients: the barest page, a second", bare).on(engine, changes);
    figures.put("storm", "16 clients: list pages a second", first).on(engine, changes).at_least(2_000.0);
    figures.put("storm-ratio", "16 clients: barest pages for one list page", bare / first).on(engine, changes);
    figures.put("storm-org", "16 clients: list pages of organisations a second", filtered).on(engine, changes);
    figures.put("storm-gzip", "16 clients: the same, compressed", packed).on(engine, changes);
}

/// How many answers a second sixteen clients get.
fn rate(server: &Server, cookie: &str, encoding: &str, paths: &[String]) -> f64 {
    let (count, is_over, began) = (AtomicU64::new(0), AtomicBool::new(false), Instant::now());
    std::thread::scope(|scope| {
        for n in 0..CLIENTS {
            let (count, is_over) = (&count, &is_over);
            scope.spawn(move || {
                let mut client = Client::connect(&server.address, cookie, encoding).expect("a connection");
                let mut chance = Chance::of(8, n as u64);
                while !is_over.load(Ordering::Relaxed) {
                    let path: &String = chance.pick(paths);
                    assert_eq!(client.get(path).expect("an answer"), 200);
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        std::thread::sleep(STORM);
        is_over.store(true, Ordering::Relaxed);
    });
    count.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}
