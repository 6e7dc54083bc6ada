//! Rehearsal: the past under the same document is the past; under another it parts from it where the document does.

use crate::harness::{Play, asked, at, document, normal, outage};
use signalbox_core::act::Act;
use signalbox_core::calendar::Verdict;
use signalbox_core::change::{Change, Stage};
use signalbox_core::event::{Event, Recorded};
use signalbox_core::facts::OrgFact;
use signalbox_core::ids::ServiceId;
use signalbox_core::process::load::SHIPPED;
use signalbox_core::process::{Process, Processes};
use signalbox_core::refusal::{Bar, Refusal};
use signalbox_core::rehearse::estate::{Estate, Held, Known, Place, Rows};
use signalbox_core::rehearse::turns::{Row, Turn, rows, sums};
use signalbox_core::rehearse::{Course, Rehearsal};
use signalbox_core::rule::Rule;
use signalbox_core::samples::{Case, TRUST, World};
use signalbox_core::schedule::{Dependency, DependencyKind, Node};
use signalbox_core::walk;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The register of the small world.
fn estate(world: &World) -> Estate {
    let place = || Place { calendar: world.calendar.clone(), zone_name: world.zone_name.clone(), zone: world.zone.clone() };
    let known = |player: &signalbox_core::samples::Player| {
        let held = player.actor.memberships().iter().map(|m| Held { membership: m.clone(), from: jiff::Timestamp::MIN, until: None });
        // Anybody of the small world may be named to do the work.
        let works_for = player.actor.memberships().iter().map(|m| m.org).collect();
        (player.actor.person().unwrap(), Known { email: player.email.clone(), held: held.collect(), works_for })
    };
    let directory = world.directory();
    let runs_on = directory
        .items
        .iter()
        .flat_map(|item| item.services.iter().map(|service| Dependency { from: Node::Service(*service), to: Node::Item(item.id), kind: DependencyKind::Hard }));
    let board = Dependency { from: Node::Service(ServiceId(5)), to: Node::Service(ServiceId(1)), kind: DependencyKind::Hard };
    Estate::new(Rows {
        orgs: directory.orgs.iter().map(|org: &OrgFact| (org.clone(), place())).collect(),
        items: directory.items.clone(),
        services: directory.services.clone(),
        sites: directory.sites.clone(),
        people: world.people.iter().map(known).collect(),
        dependencies: runs_on.chain([board]).collect(),
        calendars: Default::default(),
        circuit_sites: Default::default(),
        looked_at: vec![],
        default_place: place(),
    })
}

fn rehearse(world: &World, logs: &[(&[Recorded], &BTreeMap<signalbox_core::ids::TextId, String>)], process: &Process) -> Vec<Course> {
    let estate = estate(world);
    let process = Arc::new(process.clone());
    let mut rehearsal = Rehearsal::new(&estate, Box::new(move |_, _| Some(process.clone())));
    for (log, words) in logs {
        for recorded in *log {
            rehearsal.take(recorded, words);
        }
    }
    rehearsal.courses()
}

fn compared(case: &Case, is: &Process) -> Row {
    let logs = [(case.log.as_slice(), &case.prose)];
    let (was, is) = (rehearse(case.world, &logs, case.process), rehearse(case.world, &logs, is));
    rows(was, is).remove(0)
}

fn same(course: &Course, change: &Change, log: &[Recorded]) -> Vec<String> {
    let mut faults = vec![];
    let mut differ = |what: &str, was: String, is: String| {
        if was != is {
            faults.push(format!("{what}: {was} became {is}"));
        }
    };
    differ("stage", format!("{:?}", Some(change.stage)), format!("{:?}", course.stage));
    differ(
        "verdict",
        format!("{:?}", change.notice().map(|n| (n.verdict, n.asked, n.days))),
        format!("{:?}", course.notice.as_ref().map(|n| (n.verdict, n.asked, n.days))),
    );
    differ("consequence", format!("{:?}", change.notice().and(change.consequence)), format!("{:?}", course.notice.as_ref().map(|n| n.consequence)));
    differ("category", format!("{:?}", change.classification.as_ref().map(|c| &c.category)), format!("{:?}", course.category.as_ref()));
    differ("approval", format!("{:?}", change.live_approvals().last().map(|a| &a.by)), format!("{:?}", course.approved_by.as_ref()));
    differ("outcome", format!("{:?}", change.outcome), format!("{:?}", course.outcome));
    let asked = log.iter().rev().find_map(|r| {
        if let Event::Accepted { asked, .. } = &r.event { Some(asked.iter().map(|a| a.kind).collect::<std::collections::BTreeSet<_>>()) } else { None }
    });
    differ("assessments", format!("{:?}", asked.unwrap_or_default()), format!("{:?}", course.assessments));
    differ("refusals", "[]".into(), format!("{:?}", course.refused));
    differ("missed", "{}".into(), format!("{:?}", course.missed));
    faults
}

#[test]
fn rehearsing_a_past_under_its_own_document_is_that_past() {
    let world = World::new();
    // Walks invent clashes that no other change causes, so nothing here waits for them; and others' uses of an entry of
    // the catalogue, so that its first three are told from later ones by nothing that is in the past.
    let row = "| not(not_implemented) | - | - | - | - | - | <= 3 | yes | it is one of the first three uses of its entry |\n";
    let (_, text) = SHIPPED.iter().find(|(name, _)| *name == "service-request.md").unwrap();
    assert!(text.contains(row));
    let without = Processes::shipped_with(&[("service-request.md", &text.replace(row, ""))]).unwrap();
    let mut shipped: Vec<Process> = without.iter().map(|process| process.as_ref().clone()).collect();
    for step in shipped.iter_mut().flat_map(|process| &mut process.steps) {
        step.needs.retain(|rule| !matches!(rule, Rule::NoHardClash | Rule::NotInFreeze));
    }
    let processes: Vec<&Process> = shipped.iter().collect();
    let stories = walk::stories(&world, &processes, 7, 200);
    let (mut wrong, mut acts, mut moved) = (vec![], 0, 0);
    for case in &stories {
        let course = rehearse(&world, &[(case.log.as_slice(), &case.prose)], case.process).remove(0);
        acts += case.log.len();
        let faults = same(&course, &case.change, &case.log);
        // The small world works out a few dependants otherwise than the register does.
        moved += usize::from(course.register_moved);
        if !faults.is_empty() && !course.register_moved {
            let told: Vec<String> = case.log.iter().map(|r| format!("{} {}", r.at, r.event.kind())).collect();
            wrong.push(format!("{} {faults:#?}\n{told:#?}", case.process.id));
        }
    }
    println!("{} changes, {acts} events", stories.len());
    assert!(stories.len() > 150 && acts > 1_000 && moved < stories.len() / 20, "{moved} of {} moved, {acts} events", stories.len());
    assert!(wrong.is_empty(), "{} of {} went otherwise:\n{}", wrong.len(), stories.len(), wrong[..wrong.len().min(3)].join("\n"));
}

fn changed(file: &str, slips: &[(&str, &str)]) -> Arc<Process> {
    let (_, text) = SHIPPED.iter().find(|(name, _)| *name == file).unwrap();
    let mut changed = (*text).to_owned();
    for (was, is) in slips {
        assert!(changed.contains(was), "{file} no longer says {was}");
        changed = changed.replace(was, is);
    }
    let processes = Processes::shipped_with(&[(file, &changed)]).unwrap_or_else(|faults| panic!("{faults:?}"));
    processes.by_id(file.trim_end_matches(".md")).unwrap().clone()
}

/// An outage sent fourteen days ahead, accepted, assessed and approved by the supplier.
fn approved<'w>(world: &'w World, process: &'w Process) -> Case<'w> {
    let mut case = Case::raise(world, process, world.person("coordinator"), TRUST, 1, at("2026-11-17T10:00")).unwrap();
    let fields = asked(process, outage("2026-12-01T02:00", "2026-12-01T05:00"));
    case.sends("coordinator", Act::Submit, &fields);
    case.does("manager", Act::Accept, &[("take_down_by", "Tom"), ("restore_by", "Tom"), ("promise_phone", "020 7946 0117")]);
    case.assessed().with_downtime_procedure();
    case.does("manager", Act::Approve, &[]);
    case
}

#[test]
fn more_days_make_a_notice_late_and_its_reason_a_question_that_was_missed() {
    let world = World::new();
    let shipped = document("planned-outage");
    let case = approved(&world, &shipped);
    let row = compared(&case, &changed("planned-outage.md", &[("| trust, supplier | yes, no | 10 | days |", "| trust, supplier | yes, no | 15 | days |")]));
    assert_eq!((row.was.notice.as_ref().unwrap().verdict, row.is.notice.as_ref().unwrap().verdict), (Verdict::OnTime, Verdict::Late));
    assert!(matches!(&row.turns[0], Turn::Missed(missed) if missed.field == "late_reason" && missed.act == Act::Submit), "{:?}", row.turns);
    assert!(row.turns.iter().any(|turn| matches!(turn, Turn::Notice { .. })), "{:?}", row.turns);
    assert_eq!((row.was.stage, row.is.stage), (Some(Stage::Approved), Some(Stage::Approved)));
    assert_eq!(sums(std::slice::from_ref(&row)).notice, 1);
}

#[test]
fn another_approver_leaves_it_undecided() {
    let world = World::new();
    let shipped = document("planned-outage");
    let case = approved(&world, &shipped);
    let slip = ("| trust, network | supplier change manager; authority change manager |", "| trust, network | authority change manager |");
    let row = compared(&case, &changed("planned-outage.md", &[slip]));
    assert_eq!((row.was.stage, row.is.stage), (Some(Stage::Approved), Some(Stage::AwaitingApproval)));
    assert!(row.turns.iter().any(|turn| matches!(turn, Turn::Approver { .. })), "{:?}", row.turns);
    let refused = row.turns.iter().find_map(|turn| if let Turn::Refused(refused) = turn { Some(refused) } else { None }).unwrap();
    assert_eq!(refused.act, Act::Approve);
    assert!(matches!(&refused.why, Refusal::Denied(bars) if !bars.is_empty()), "{refused:?}");
}

#[test]
fn a_question_that_nobody_asked_is_named_and_the_rest_goes_on() {
    let world = World::new();
    let shipped = document("planned-outage");
    let case = approved(&world, &shipped);
    let slip = ("| proof | | removed | | | | |", "| proof | | removed | | | | |\n| keys | Who holds the keys? | text | submit | | | what |");
    let row = compared(&case, &changed("planned-outage.md", &[slip]));
    assert_eq!(row.turns.len(), 1, "{:?}", row.turns);
    assert!(matches!(&row.turns[0], Turn::Missed(missed) if missed.field == "keys"));
    assert_eq!(row.is.stage, Some(Stage::Approved));
}

#[test]
fn a_gate_on_clashes_looks_at_the_changes_of_then() {
    let world = World::new();
    let shipped = document("planned-outage");
    let open = changed(
        "planned-outage.md",
        &[("other organisation; no hard clash; downtime procedure attached |", "other organisation; downtime procedure attached |")],
    );
    let first = approved(&world, &open);
    let mut second = first.clone();
    for recorded in &mut second.log {
        recorded.change = signalbox_core::ids::ChangeId(2);
    }
    let logs = [(first.log.as_slice(), &first.prose), (second.log.as_slice(), &second.prose)];
    let row = |found: Vec<Row>| found.into_iter().map(|row| row.turns).collect::<Vec<_>>();
    let turns = row(rows(rehearse(&world, &logs, &open), rehearse(&world, &logs, &shipped)));
    assert!(turns[0].is_empty(), "the first holds the equipment: {turns:?}");
    let refused = turns[1].iter().find_map(|turn| if let Turn::Refused(refused) = turn { Some(refused) } else { None }).unwrap();
    assert!(matches!(&refused.why, Refusal::Denied(bars) if bars.iter().any(|bar: &Bar| bar.code == "hard-clash")), "{refused:?}");
}

#[test]
fn a_category_and_its_assessments_are_worked_out_again() {
    let world = World::new();
    let shipped = document("end-to-end");
    let mut case = Case::raise(&world, &shipped, world.person("manager"), signalbox_core::samples::SUPPLIER, 2, at("2026-11-02T10:00")).unwrap();
    case.sends("manager", Act::Submit, &asked(&shipped, normal("ROTA", "SRV-2", "2026-12-01T02:00", "2026-12-01T05:00")));
    let risks: Vec<(String, &str)> = (1..=6).map(|n| (format!("risk_{n}"), "0")).collect();
    let risks: Vec<(&str, &str)> = risks.iter().map(|(id, value)| (id.as_str(), *value)).collect();
    case.does("manager-deputy", Act::Accept, &risks);
    // Nothing stored is believed: the verdict and the category in the log are falsified, and come out as they were.
    let mut forged = case.clone();
    for recorded in &mut forged.log {
        match &mut recorded.event {
            Event::Submitted { notice: Some(notice), .. } => (notice.verdict, notice.asked) = (Verdict::AfterTheFact, 999),
            Event::Accepted { classification: Some(class), asked, .. } => {
                (class.category, class.impact) = ("major".into(), 1);
                asked.clear();
            }
            _ => {}
        }
    }
    let row = compared(&forged, &shipped);
    assert!(row.turns.is_empty());
    assert_eq!(same(&row.is, &case.change, &case.log), Vec::<String>::new());
}

/// The same event of another change, some hours later.
fn moved(recorded: &Recorded, change: i64, hours: i64) -> Recorded {
    use signalbox_core::form::Answer;
    let later = |at: jiff::Timestamp| at + jiff::SignedDuration::from_hours(hours);
    let mut recorded = Recorded { change: signalbox_core::ids::ChangeId(change), at: later(recorded.at), ..recorded.clone() };
    if let Event::Submitted { content, .. } = &mut recorded.event {
        if let Some(window) = &mut content.header.window {
            (window.start, window.end, window.contingency_end) = (later(window.start), later(window.end), later(window.contingency_end));
        }
        for answer in content.answers.values_mut() {
            match answer {
                Answer::Window { start, end, .. } => (*start, *end) = (later(*start), later(*end)),
                Answer::Moment { at, .. } => *at = later(*at),
                _ => {}
            }
        }
    }
    recorded
}

/// The same outage, ten thousand times, one after the other, in a release build:
/// `SIGNALBOX_FULL=1 cargo test --release -p signalbox-core --test core -- --nocapture ten_thousand`. Otherwise a part of
/// them, untimed: no configuration says how far a build is optimised.
#[test]
#[expect(clippy::disallowed_methods, reason = "it measures, in a release build and where it is asked to")]
fn ten_thousand_changes_are_rehearsed_in_under_ten_seconds() {
    let world = World::new();
    let shipped = document("planned-outage");
    let case = approved(&world, &shipped);
    let later = changed("planned-outage.md", &[("| trust, supplier | yes, no | 10 | days |", "| trust, supplier | yes, no | 15 | days |")]);
    let full = std::env::var_os("SIGNALBOX_FULL").is_some();
    let count = if full { 10_000 } else { 2_000i64 };
    let events: Vec<Recorded> = (1..=count).flat_map(|n| case.log.iter().map(move |recorded| moved(recorded, n, n * 4))).collect();
    let estate = estate(&world);
    let (before, after) = (Arc::clone(&shipped), Arc::clone(&later));
    let begun = std::time::Instant::now();
    let mut was = Rehearsal::new(&estate, Box::new(move |_, _| Some(Arc::clone(&before))));
    let mut is = Rehearsal::new(&estate, Box::new(move |_, _| Some(Arc::clone(&after))));
    // A thread each, and in batches, as the program does it.
    for batch in events.chunks(2_000) {
        std::thread::scope(|threads| {
            threads.spawn(|| batch.iter().for_each(|recorded| was.take(recorded, &case.prose)));
            batch.iter().for_each(|recorded| is.take(recorded, &case.prose));
        });
    }
    let all = rows(was.courses(), is.courses());
    let took = begun.elapsed();
    println!("{} changes of {} events, under both documents: {} ms", all.len(), case.log.len(), took.as_millis());
    assert!(sums(&all).notice > all.len() * 9 / 10, "{:?}", sums(&all));
    assert!(!full || took.as_secs() < 10, "{took:?}");
}
