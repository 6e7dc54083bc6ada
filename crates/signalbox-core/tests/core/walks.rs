//! Random walks over the shipped documents (settled 22). `signalbox walk --seed N --walks M` repeats a run.

use signalbox_core::act::Act;
use signalbox_core::change::Stage;
use signalbox_core::process::{Process, Processes};
use signalbox_core::rule::Rule;
use signalbox_core::walk::{self, Report};

const SEED: u64 = 20_261_122;
/// Ten thousand in all: enough for each step of each document to be taken often.
const WALKS_A_DOCUMENT: usize = 1_250;

fn shipped() -> Vec<Process> {
    let processes = Processes::shipped().unwrap();
    processes.iter().map(|p| (**p).clone()).collect()
}

/// Half of the walks on each of two threads, the second with the next seed.
fn walk(processes: &[Process], walks: usize) -> Report {
    let half = |seed| walk::run(&processes.iter().collect::<Vec<_>>(), seed, walks / 2);
    let (mut report, other) = std::thread::scope(|threads| {
        let second = threads.spawn(|| half(SEED + 1));
        (half(SEED), second.join().unwrap())
    });
    report.walks += other.walks;
    report.steps += other.steps;
    report.refused += other.refused;
    report.faults.extend(other.faults);
    for (step, times) in other.taken {
        *report.taken.entry(step).or_default() += times;
    }
    for (stage, times) in other.ended {
        *report.ended.entry(stage).or_default() += times;
    }
    let walks = walks / 2;
    println!(
        "{walks} walks of seeds {SEED} and one more: {} acts, {} refusals; again with: signalbox walk --seed {SEED} --walks {walks}",
        report.steps, report.refused
    );
    report
}

fn told(report: &Report) -> String {
    let mut lines = String::new();
    for fault in report.faults.iter().take(4) {
        lines += &format!("walk {}: {}\n", fault.walk, fault.what);
        lines.extend(fault.story.iter().map(|line| format!("    {line}\n")));
    }
    lines
}

/// Steps that the walks need not come to: money after a change has ended, for which a price has to be agreed, ordered,
/// delivered and invoiced first (`charging.rs` takes each of them), a verdict between two acts of the same people, and what
/// late notice leads to once the work is planned: it is disputed once, mostly long before (`consequence.rs`).
fn is_seldom_come_to(act: Act, from: Stage) -> bool {
    let after_the_end = matches!(from, Stage::Closed | Stage::Cancelled | Stage::Withdrawn);
    let of_late_notice = match act {
        Act::DisputeNotice => !from.is_before_approval(),
        Act::SettleNotice => matches!(from, Stage::Implementing | Stage::Review | Stage::Closed),
        _ => false,
    };
    (act.is_money() && after_the_end) || (act == Act::GiveVerdict && from == Stage::Implemented) || of_late_notice
}

#[test]
fn the_walks_break_no_rule_and_take_every_step() {
    let documents = shipped();
    let report = walk(&documents, WALKS_A_DOCUMENT * documents.len());
    for ((document, act, from), times) in &report.taken {
        println!("{document:>16} {:>18} {:<18} {times}", act.code(), from.code());
    }
    println!("ended: {:?}", report.ended);
    assert!(report.faults.is_empty(), "{}", told(&report));
    let never: Vec<_> = report.rarer_than(1).into_iter().filter(|((_, act, from), _)| !is_seldom_come_to(*act, *from)).collect();
    assert!(never.is_empty(), "steps never taken: {never:?}");
}

/// The kinds that people approve, with a rule taken out of every step that needs it.
fn without(rule: Rule) -> Vec<Process> {
    let mut processes: Vec<Process> = shipped().into_iter().filter(|p| p.catalogue.is_empty()).collect();
    for step in processes.iter_mut().flat_map(|p| &mut p.steps) {
        step.needs.retain(|needed| *needed != rule);
    }
    processes
}

fn must_fail(report: &Report, because: &str) {
    assert!(report.faults.iter().any(|f| f.what.contains(because)), "the walk did not see that a rule was gone: {}", told(report));
}

#[test]
fn a_walk_fails_without_four_eyes() {
    must_fail(&walk(&without(Rule::FourEyes), 1_000), "SD-1");
}

#[test]
fn a_walk_fails_without_the_other_organisation() {
    must_fail(&walk(&without(Rule::OtherOrganisation), 1_000), "X2");
}

#[test]
fn a_walk_fails_without_the_clinical_veto() {
    must_fail(&walk(&without(Rule::ClinicalAccepted), 1_000), "silence was taken for a clinical yes");
}

#[test]
fn a_walk_fails_where_whoever_did_the_work_may_close_it() {
    must_fail(&walk(&without(Rule::OutcomeByAnother), 1_000), "SD-6");
}

#[test]
fn a_walk_sees_a_dead_end() {
    let mut processes = shipped();
    for process in &mut processes {
        process.steps.retain(|step| step.act != Act::Close);
    }
    must_fail(&walk(&processes, 50), "dead end");
}

#[test]
fn the_same_seed_walks_the_same_way() {
    let (one, two) = (walk(&shipped(), 30), walk(&shipped(), 30));
    assert_eq!((one.steps, one.refused, one.taken, one.ended), (two.steps, two.refused, two.taken, two.ended));
}
