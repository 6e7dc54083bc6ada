//! What a submit costs: through the one write path, against bare commits to the same database in the same run.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use signalbox::app::{App, Shared};
use signalbox::clock::{Clock, IdSource};
use signalbox::config::{BaseUrl, Config, MailRoute, Team};
use signalbox::run::{Expect, NewDraft};
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, OrgKind, Stamp};
use signalbox_core::apply::apply;
use signalbox_core::calendar::london;
use signalbox_core::change::{Kind, Stage, Window};
use signalbox_core::decide::Decision;
use signalbox_core::event::{Event, Recorded};
use signalbox_core::form::Raw;
use signalbox_core::ids::{EventId, Mint};
use signalbox_core::schedule::Span;
use signalbox_core::text::NewText;
use signalbox_store::append::{self, Commit};
use signalbox_store::schedule::Schedule;
use signalbox_store::{Db, Target, accounts, log, project};

use crate::Site;
use crate::bulk::Chance;
use crate::figures::{Figures, Times};

/// Submits one by one, and bare commits.
const ONES: usize = 400;
/// Submits with so many waiting at once.
const AT_ONCE: usize = 64;
const TOGETHER: usize = 1_600;
const MOVES: usize = 200;

pub fn measure(site: &Site, figures: &mut Figures) {
    let (engine, changes) = (site.engine, site.world.estate.scale.changes);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    let app = app(site.open());
    app.keep_documents().expect("the documents");
    let (actor, drafts) = drafts(site, &app, ONES + TOGETHER);
    let (ones, together) = drafts.split_at(ONES);

    let bare_before = bare_rate(site);
    let began = Instant::now();
    ones.iter().for_each(|id| submit(&app, &actor, *id));
    let one_by_one = ONES as f64 / began.elapsed().as_secs_f64();
    let (next, began) = (AtomicUsize::new(0), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(id) = together.get(next.fetch_add(1, Ordering::Relaxed)) {
                    submit(&app, &actor, *id);
                }
            });
        }
    });
    let at_once = TOGETHER as f64 / began.elapsed().as_secs_f64();
    let bare = (bare_before + bare_rate(site)) / 2.0;
    figures.put("bare", "Bare single-row commits a second", bare).on(engine, changes);
    figures.put("ones", "Submits one by one, a second", one_by_one).on(engine, changes);
    figures.put("ones-ratio", "The same for one bare commit", one_by_one / bare).on(engine, changes).at_least(0.5);
    figures.put("at-once", "Submits with 64 at once, a second", at_once).on(engine, changes);
    figures.put("at-once-ratio", "The same for one bare commit", at_once / bare).on(engine, changes).at_least(2.0);
}

fn app(db: Db) -> Shared {
    let team = Team { name: "Change team".into(), email: "change@example.org".into(), telephone: String::new(), hours: String::new() };
    let config = Config {
        base: BaseUrl::parse("https://change.example.org").expect("an address"),
        is_base_named: true,
        proxy: None,
        processes: None,
        static_copy: None,
        silences: Default::default(),
        mail: MailRoute::Kept,
        mail_checked_by: None,
        team,
        is_demo: false,
    };
    App::new(db, Clock::system(), IdSource::new(), config)
}

/// Drafts of a supplier's change manager, complete but for sending them.
fn drafts(site: &Site, app: &App, count: usize) -> (Actor, Vec<i64>) {
    let estate = &site.world.estate;
    let org = estate.orgs.iter().find(|org| org.kind == OrgKind::Supplier).map(|org| org.id).expect("a supplier");
    let actor = app.db.read(|tx| accounts::actor(tx, estate.person(org, 0))).expect("a read").expect("a manager").to_core();
    let carriers: Vec<_> = estate.items.iter().filter(|item| !item.services.is_empty()).collect();
    let mut chance = Chance::of(9, 1);
    let draft = |_| {
        let item = *chance.pick(&carriers);
        let raw = answers(&item.code, &estate.service(item.services[0]).code, 30 + chance.below(100) as i64);
        let draft = NewDraft { kind: Kind::Normal, org, on_behalf_of: None, copied_from: None, raw };
        app.raise(&actor, draft, Expect::default()).expect("a draft").id
    };
    let ids = (0..count).map(draft).collect();
    (actor, ids)
}

/// A form that has been filled in.
fn answers(item: &str, service: &str, days: i64) -> Raw {
    let day = london().to_datetime(Timestamp::now() + SignedDuration::from_hours(24 * days)).date().to_string();
    let all = [
        ("title", "Move the results server to the new storage"),
        ("items", item),
        ("services", service),
        ("window.start.date", &day),
        ("window.start.time", "20:00"),
        ("window.end.date", &day),
        ("window.end.time", "22:00"),
        ("contingency_end.date", &day),
        ("contingency_end.time", "23:00"),
        ("contact_on_site.name", "The duty manager"),
        ("contact_on_site.phone", "020 7946 0158"),
        ("what", "Two nodes are moved, one after the other."),
        ("why", "improvement"),
        ("why_words", "The present state has failed twice this year."),
        ("proof", "Twenty named records are opened and compared."),
        ("test_evidence", "Tried in the test system last week; all passed."),
        ("reversible", "yes"),
        ("backout_minutes", "35"),
        ("security_flag", "no"),
        ("network_affected", "no"),
        ("continuity", "Wards keep to the paper fallback meanwhile."),
        ("people_notice", "Slower access for half an hour."),
        ("users_affected", "40"),
        ("patient_facing", "indirect"),
        ("degraded_minutes", "30"),
        ("charge_hint", "no"),
        ("backout", "Put the old version back; the last point to decide is half an hour before the end."),
        ("outage_minutes", "0"),
    ];
    all.into_iter().map(|(name, value)| (name.to_owned(), vec![value.to_owned()])).collect::<BTreeMap<_, _>>()
}

fn submit(app: &App, actor: &Actor, id: i64) {
    let done = app.take(actor, id, Act::Submit, Raw::new(), Expect::default()).unwrap_or_else(|stop| panic!("{stop:?}"));
    assert_eq!(done.stage, Stage::Submitted.code());
}

/// Single-row commits a second, by the driver itself, as durable as ours.
fn bare_rate(site: &Site) -> f64 {
    const TABLE: &str = "create table if not exists bare_commits(n BIGINT not null, words TEXT not null)";
    const INSERT: &str = "insert into bare_commits(n, words) values ($1, 'one row of no meaning')";
    let took: Duration = match &site.target {
        Target::Sqlite(folder) => {
            let connection = rusqlite::Connection::open(folder.join("signalbox.sqlite")).expect("the file");
            connection.execute_batch("pragma synchronous = full; pragma busy_timeout = 5000").expect("settings");
            connection.execute(TABLE, []).expect("a table");
            let mut insert = connection.prepare(INSERT).expect("a statement");
            let began = Instant::now();
            (0..ONES).for_each(|n| _ = insert.execute([n as i64]).expect("a row"));
            began.elapsed()
        }
        Target::Postgres(url) => {
            let mut client = postgres::Client::connect(url, postgres::NoTls).expect("the server answers");
            client.batch_execute(TABLE).expect("a table");
            let insert = client.prepare(INSERT).expect("a statement");
            let began = Instant::now();
            (0..ONES).for_each(|n| _ = client.execute(&insert, &[&(n as i64)]).expect("a row"));
            began.elapsed()
        }
    };
    ONES as f64 / took.as_secs_f64()
}

/// One change moved by an event, and what the next read of it costs: the index takes in what came since, and answers.
pub fn moved(site: &Site, db: &Db, schedule: &Schedule, figures: &mut Figures) {
    let (world, now) = (site.world, site.world.estate.now);
    let changes = world.estate.scale.changes;
    let open: Vec<usize> = (0..changes).rev().take(changes / 10).filter(|n| world.planned(*n).stage == Stage::Scheduled).collect();
    let (mut chance, mut times) = (Chance::of(9, 2), Times::default());
    let ids = IdSource::new();
    for _ in 0..MOVES {
        let planned = world.planned(*chance.pick(&open));
        let start = now + SignedDuration::from_hours(24 + chance.below(150 * 24) as i64);
        let window = Window { start, end: start + SignedDuration::from_hours(2), contingency_end: start + SignedDuration::from_hours(3) };
        let mint = Mint::new(ids.mint_block(Timestamp::now(), Mint::BLOCK), [7; 16]);
        reschedule(db, planned.id.0, window, mint);
        let wanted = Span { from: window.start, until: window.contingency_end };
        let began = Instant::now();
        let found = db.read(|tx| {
            schedule.ask(tx, now, |index, marks| {
                let work = index.work(planned.id);
                (work.as_ref().map(|work| index.check_with(marks, work)), work.map(|work| work.span))
            })
        });
        let (clashes, span) = found.expect("an answer");
        times.add(began.elapsed());
        black_box(clashes);
        assert_eq!(span, Some(wanted), "the next read is right");
    }
    figures.put("moved", "One change moved: the next read and check of it, p99 ms", times.percentile(99)).on(site.engine, changes);
}

fn reschedule(db: &Db, id: i64, window: Window, mint: Mint) {
    let write = move |tx: &mut dyn signalbox_store::Tx| {
        let mut mint = mint.clone();
        let mut head = log::lock_head(tx)?;
        let loaded = project::load(tx, id)?.expect("it is there");
        let change = loaded.change;
        let mut content = change.content.clone().expect("it was sent");
        content.header.window = Some(window);
        let words = NewText::mint(&mut mint, "The engineer is ill.");
        let event = Event::Rescheduled { content: Box::new(content), reason: words.reference(), within_tolerance: true, small: false, notice: None };
        let at = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).expect("a time");
        let recorded = Recorded { id: EventId(mint.id()), change: change.id, version: change.version + 1, at, by: Stamp::SYSTEM, event, rulings: vec![] };
        let after = apply(Some(change.clone()), &recorded);
        let decision = Decision { events: vec![recorded], texts: vec![words] };
        let commit = Commit { before: Some(&change), decision: &decision, after: &after, prose: &loaded.prose, drops_timers: false, tasks: &[] };
        append::commit(tx, &mut head, commit)
    };
    db.write(write).expect("it is moved");
}
