//! "Rehearsal equals a real replay on a copied database, row by row": the demonstration's past is rehearsed under other
//! documents; then a copy of its database, without its changes, is put under those documents for real, every act is
//! done again through the one write path with the clock moved, and each change is compared.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use signalbox::app::{App, Shared};
use signalbox::clock::{Clock, IdSource};
use signalbox::demo;
use signalbox::run::{Done, Expect, NewAttachment, NewDraft, Stop};
use signalbox_core::act::Act;
use signalbox_core::actor::Actor;
use signalbox_core::change::{AssessmentKind, Change};
use signalbox_core::decide::fields;
use signalbox_core::event::{Event, Recorded};
use signalbox_core::form::Raw;
use signalbox_core::ids::{ChangeId, TextId};
use signalbox_core::process::Processes;
use signalbox_core::process::load::SHIPPED;
use signalbox_core::refusal::Refusal;
use signalbox_core::rehearse::commands::{self, What};
use signalbox_core::rehearse::turns::{Row, Turn, sums};
use signalbox_core::rehearse::{Course, stand_in};
use signalbox_store::queries::past;
use signalbox_store::{Db, StoreError, Target, accounts, project};

use crate::harness::{TempDir, for_each_target};
use crate::world::settings;

const NOW: &str = "2026-11-17T12:00:00Z";
const CHANGES: usize = 45;

/// Three weeks' notice of outages, another approver for them, and a new question.
fn candidate() -> Processes {
    let text = |name: &str| SHIPPED.iter().find(|(file, _)| *file == name).unwrap().1;
    let swap = |text: &str, was: &str, is: &str| {
        assert!(text.contains(was), "the shipped document no longer says {was}");
        text.replacen(was, is, 1)
    };
    let outage = swap(text("planned-outage.md"), "| trust, supplier | yes, no | 10 | days |", "| trust, supplier | yes, no | 21 | days |");
    let outage = swap(&outage, "| trust, network | supplier change manager; authority change manager |", "| trust, network | authority change manager |");
    let row = "| title | What is going to happen, in one line? |";
    let outage = swap(&outage, row, &format!("| keys | Who holds the keys? | text | submit | | | what |\n{row}"));
    Processes::shipped_with(&[("planned-outage.md", &outage)]).unwrap_or_else(|faults| panic!("{faults:?}"))
}

struct Past {
    events: Vec<(Recorded, BTreeMap<TextId, String>)>,
}

impl Past {
    fn read(app: &App, now: Timestamp) -> Past {
        let mut events = vec![];
        app.db
            .read(|tx| past::events(tx, Timestamp::MIN, now, |batch, words| events.extend(batch.iter().map(|recorded| (recorded.clone(), words.clone())))))
            .unwrap();
        Past { events }
    }
}

/// The copy as it was before anything was raised: the demonstration's board is set up when its past is over.
fn empty_of_changes(db: &Db) {
    const TABLES: [&str; 57] = [
        "public_reminders",
        "public_updates",
        "public_notice_sites",
        "public_notice_services",
        "public_notices",
        "told_outages",
        "ledger",
        "visits",
        "alarms",
        "silences",
        "network_chases",
        "network_links",
        "network_notices",
        "series_occurrences",
        "series",
        "deployments",
        "change_notices",
        "change_after",
        "change_closure",
        "clash_told",
        "clash_rulings",
        "freeze_exceptions",
        "change_entries",
        "act_drafts",
        "one_time_links",
        "attendance",
        "agenda",
        "decision_links",
        "meetings",
        "board_seats",
        "boards",
        "change_modalities",
        "urgent_changes",
        "change_work",
        "change_learnt",
        "change_returns",
        "change_incidents",
        "charges",
        "charge_quotes",
        "charge_invoices",
        "clinical",
        "clinical_seats",
        "clinical_decisions",
        "hazards",
        "changes",
        "change_orgs",
        "change_people",
        "change_sites",
        "change_services",
        "change_items",
        "change_words",
        "duties",
        "drafts",
        "watchers",
        "files",
        "texts",
        "tasks",
    ];
    db.write(|tx| {
        for table in TABLES {
            tx.exec(&format!("delete from {table}"), &[])?;
        }
        tx.exec("delete from events where stream = 'change'", &[])?;
        tx.exec("delete from counters", &[])
    })
    .unwrap();
}

/// How a change went when it was really done again.
#[derive(Default)]
struct Went {
    id: i64,
    truth: commands::Truth,
    refused: Vec<(Timestamp, Act)>,
    /// Why, in the same order; said where a row differs.
    why: Vec<Stop>,
    missed: BTreeSet<(Act, String)>,
    could_not_be_raised: bool,
}

fn actor(app: &App, recorded: &Recorded) -> Actor {
    let Some(person) = recorded.by.person else { return Actor::System };
    app.db.read(|tx| accounts::actor(tx, person.0)).unwrap().unwrap().to_core()
}

/// Does every act again, in the order of time.
fn replay(app: &Shared, clock: &Clock, past: &Past) -> BTreeMap<ChangeId, Went> {
    let estate = app.db.read(|tx| past::estate(tx)).unwrap();
    let mut all: BTreeMap<ChangeId, Went> = BTreeMap::new();
    for (recorded, words) in &past.events {
        clock.set(recorded.at);
        if let Event::Raised { kind, org, .. } = &recorded.event {
            let new = NewDraft { kind: *kind, org: *org, on_behalf_of: None, copied_from: None, raw: Raw::new() };
            let went = match app.raise(&actor(app, recorded), new, Expect::default()) {
                Ok(done) => Went { id: done.id, ..Went::default() },
                Err(_) => Went { could_not_be_raised: true, ..Went::default() },
            };
            all.insert(recorded.change, went);
            continue;
        }
        let Some(went) = all.get_mut(&recorded.change).filter(|went| !went.could_not_be_raised) else { continue };
        let what = commands::of(recorded, &went.truth, words, &estate);
        went.truth.note(&recorded.event);
        match what {
            What::Do(act, raw) => act_again(app, recorded, went, act, raw),
            What::Ring(then) => drop(app.time_out(went.id, then).unwrap()),
            What::Keep if matches!(recorded.event, Event::Attached { .. }) => attach_again(app, recorded, went, words),
            What::Keep | What::Nothing => {}
        }
    }
    all
}

/// A document of the same name and purpose; the bytes of the one before are not needed for any rule.
fn attach_again(app: &Shared, recorded: &Recorded, went: &mut Went, words: &BTreeMap<TextId, String>) {
    let Event::Attached { name, purpose, .. } = &recorded.event else { return };
    let name = words.get(&name.text).cloned().unwrap_or_else(|| "document".into());
    let new = NewAttachment { purpose: purpose.clone(), ..NewAttachment::new(name, b"%PDF-1.7".to_vec()) };
    if let Err(why) = app.attach(&actor(app, recorded), went.id, new, Expect::default()) {
        went.refused.push((recorded.at, Act::Attach));
        went.why.push(why);
    }
}

fn act_again(app: &Shared, recorded: &Recorded, went: &mut Went, act: Act, mut raw: Raw) {
    let who = actor(app, recorded);
    let mut last: Result<Done, Stop> = Err(Stop::Unseen);
    for _ in 0..4 {
        let situation = app.read::<_, StoreError>(|tx| app.look(tx, &Actor::System, went.id)).unwrap().unwrap();
        let change = &situation.loaded.change;
        let known = fields::of_act(&situation.context(&who, app.clock.now()), change, act);
        raw.retain(|name, _| fields::is_known(&known, name));
        last = app.take(&who, went.id, act, raw.clone(), Expect::default());
        let Err(Stop::Refused(Refusal::Invalid(faults))) = &last else { break };
        // A person reads the fault and answers as well as can be.
        let mut is_mended = false;
        for fault in faults {
            let field = fault.field.as_deref().and_then(|name| known.iter().find(|f| fields::is_known(std::slice::from_ref(f), name)));
            let Some(field) = field else { continue };
            let end = raw_end(&raw).or(change.window().map(|window| window.end));
            let filled = stand_in(&field.id, &field.kind, end, app.clock.now());
            if filled.iter().all(|(name, value)| raw.get(name) == Some(value)) {
                continue;
            }
            is_mended = true;
            went.missed.insert((act, field.id.clone()));
            raw.retain(|name, _| name != &field.id && !name.starts_with(&format!("{}.", field.id)));
            raw.extend(filled);
        }
        if !is_mended {
            break;
        }
    }
    if let Err(why) = last
        && act != Act::Restore
        && recorded.by.person.is_some()
    {
        went.refused.push((recorded.at, act));
        went.why.push(why);
    }
}

fn raw_end(raw: &Raw) -> Option<Timestamp> {
    let date = raw.get("window.end.date")?.first()?;
    let time = raw.get("window.end.time")?.first()?;
    format!("{date}T{time}").parse::<jiff::civil::DateTime>().ok()?.in_tz("Europe/London").ok().map(|at| at.timestamp())
}

/// What is compared of a change, in one line for each.
fn of_replay(app: &App, went: &Went) -> String {
    if went.could_not_be_raised {
        return "not raised".into();
    }
    let loaded = app.db.read(|tx| project::load(tx, went.id)).unwrap().unwrap();
    let (change, mut assessments): (&Change, BTreeSet<AssessmentKind>) = (&loaded.change, BTreeSet::new());
    for recorded in &loaded.events {
        if let Event::Accepted { asked, .. } = &recorded.event {
            assessments = asked.iter().map(|one| one.kind).collect();
        }
    }
    let notice = change.notice().map(|n| (n.verdict, n.days, n.asked, change.consequence));
    let approved = change.live_approvals().last().map(|approval| approval.by.clone());
    line(
        &change.reference,
        &format!(
            "{:?} {notice:?} {:?} {approved:?} {assessments:?} {:?}",
            change.stage,
            change.classification.as_ref().map(|c| (&c.category, c.impact)),
            change.outcome
        ),
        &went.refused,
        &went.missed,
    )
}

fn of_rehearsal(course: &Course) -> String {
    let Some(stage) = course.stage else { return "not raised".into() };
    let notice = course.notice.as_ref().map(|n| (n.verdict, n.days, n.asked, Some(n.consequence)));
    let class = course.category.as_ref().zip(course.impact);
    let missed = course.missed.iter().map(|missed| (missed.act, missed.field.clone())).collect();
    let refused: Vec<_> = course.refused.iter().map(|refused| (refused.at, refused.act)).collect();
    line(
        &course.reference,
        &format!("{stage:?} {notice:?} {class:?} {:?} {:?} {:?}", course.approved_by, course.assessments, course.outcome),
        &refused,
        &missed,
    )
}

fn line(reference: &str, rest: &str, refused: &[(Timestamp, Act)], missed: &BTreeSet<(Act, String)>) -> String {
    format!("{reference} {rest} refused {refused:?} missed {missed:?}")
}

fn copy_of(target: &Target, folder: &TempDir) -> Target {
    match target {
        Target::Sqlite(from) => {
            for file in std::fs::read_dir(from).unwrap().flatten().filter(|file| file.path().is_file()) {
                std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
            }
            Target::Sqlite(folder.path().to_owned())
        }
        Target::Postgres(url) => Target::Postgres(url.clone()),
    }
}

#[test]
fn a_rehearsal_equals_a_real_replay_on_a_copied_database_row_by_row() {
    for_each_target(|target| {
        let now: Timestamp = NOW.parse().unwrap();
        let folder = TempDir::new();
        let db = Db::open(target).unwrap();
        demo::make_of(&db, &settings(), now, 1, CHANGES).unwrap_or_else(|fault| panic!("{fault:?}"));
        let app = App::new(db, Clock::held_at(now), IdSource::seeded(2), settings());
        let rehearsed = tokio_read(|| app.rehearse(&Actor::System, &candidate(), now - jiff::SignedDuration::from_hours(24 * 365))).unwrap();
        // Whoever writes the process knows what it would do to all that the authority sees, without a name; nobody else
        // counts what they may not open.
        let of = |email: &str| tokio_read(|| app.rehearse(&person(&app, email), &candidate(), now - jiff::SignedDuration::from_hours(24 * 365))).unwrap();
        let (writer, manager, trust) = (of("ada.byrne@authority.example"), of("margaret.osei@authority.example"), of("owen.pritchard@eastmarsh.example"));
        assert!(writer.rows.is_empty() && writer.titles.is_empty() && writer.sums.otherwise > 0, "{:?}", writer.sums);
        assert_eq!((writer.sums, &writer.ways), (sums(&manager.rows), &manager.ways), "the demonstration restricts nothing");
        assert!(writer.ways.keys().all(|way| !way.contains("RFC-")) && !writer.ways.is_empty(), "{:?}", writer.ways);
        assert!(trust.rows.len() < manager.rows.len() && trust.sums == sums(&trust.rows), "{:?}", trust.sums);
        let past = Past::read(&app, now);
        drop(app);

        // The real thing: on a copy where there is one to be had, else in the same database once it has been read.
        let copy = copy_of(target, &folder);
        let db = Db::open(&copy).unwrap();
        empty_of_changes(&db);
        let clock = Clock::held_at(now);
        let app = App::under(db, clock.clone(), IdSource::seeded(3), settings(), candidate());
        let went = tokio_read(|| replay(&app, &clock, &past));

        let mut wrong = vec![];
        for row in &rehearsed.rows {
            let (is, really) = (of_rehearsal(&row.is), of_replay(&app, &went[&row.is.change]));
            if is != really {
                let whys: Vec<_> = row.is.refused.iter().map(|refused| &refused.why).collect();
                wrong.push(format!("rehearsed {is} for {whys:?}\nreally    {really} for {:?}", went[&row.is.change].why));
            }
        }
        assert!(rehearsed.rows.len() > 25, "{} rows", rehearsed.rows.len());
        assert!(wrong.is_empty(), "{} of {} rows differ:\n{}", wrong.len(), rehearsed.rows.len(), wrong.join("\n"));
        let sums = sums(&rehearsed.rows);
        assert!(sums.notice > 0 && sums.refused > 0 && sums.missed > 0 && sums.otherwise < rehearsed.rows.len(), "nothing to see: {sums:?}");
        // Under the documents that they ran under, nothing went otherwise and nothing was refused.
        let odd: Vec<&Row> = rehearsed.rows.iter().filter(|row| !row.was.refused.is_empty() || !row.was.missed.is_empty() || row.was.register_moved).collect();
        assert!(odd.is_empty(), "{odd:?}");
        assert!(rehearsed.rows.iter().flat_map(|row| &row.turns).any(|turn| matches!(turn, Turn::Approver { .. })));
    });
}

fn person(app: &App, email: &str) -> Actor {
    let found = app.db.read(|tx| {
        let person = accounts::person_by_email(tx, email)?.unwrap();
        accounts::actor(tx, person.id)
    });
    found.unwrap().unwrap().to_core()
}

/// The app blocks, as it may only inside a runtime of several threads.
fn tokio_read<T>(f: impl FnOnce() -> T) -> T {
    let runtime = crate::world::runtime();
    let _inside = runtime.enter();
    runtime.block_on(async { tokio::task::block_in_place(f) })
}
