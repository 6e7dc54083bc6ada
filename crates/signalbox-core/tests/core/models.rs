//! Request models: what suspends an entry of the catalogue, what it is limited to, and what might become one (spec 4.5,
//! X13, BR-33, C107, C110, C111, C112, C115).

use crate::harness::{Play, asked, at, document, draft, request};
use signalbox_core::act::Act;
use signalbox_core::catalogue::{self, Cap, Done, Period, Tally};
use signalbox_core::change::{Outcome, Stage};
use signalbox_core::event::Event;
use signalbox_core::facts::UseFact;
use signalbox_core::form::Raw;
use signalbox_core::ids::ChangeId;
use signalbox_core::process::Process;
use signalbox_core::samples::{Case, TRUST, World, raw};

/// Another use, sent and ended on a day.
fn used(n: i64, day: &str, outcome: Outcome) -> UseFact {
    let at = at(&format!("{day}T10:00"));
    UseFact { change: ChangeId(1_000 + n), sent_at: at, called_off: false, ended: Some((outcome, at)), harm_at: None }
}

fn ask(process: &Process) -> Raw {
    let mut fields = asked(process, request("2026-11-09T09:00", "2026-11-09T10:00"));
    fields.extend(raw(&[("model", "firewall_pattern"), ("agreed_pattern", "yes")]));
    fields
}

/// A request that is sent and whose work failed.
fn failed<'w>(world: &'w World, process: &'w Process, past: &[UseFact]) -> Case<'w> {
    let mut case = draft(world, process, "requester", TRUST, "2026-11-02T09:00");
    case.entry.uses = past.to_vec();
    case.entry.earlier = past.len() as i64;
    case.sends("requester", Act::Submit, &ask(process));
    assert_eq!(case.change.stage, Stage::Scheduled);
    case.by_then("2026-11-09T09:00").does("desk", Act::Start, &[]);
    case.by_then("2026-11-09T09:30").does("desk", Act::Finish, &[("outcome", "failed"), ("back", "ROTA"), ("words", "Nothing got through")]);
    case
}

fn suspension(case: &Case) -> Option<String> {
    case.log.iter().find_map(|one| match &one.event {
        Event::EntrySuspended { entry, because } => Some(format!("{entry}: {because}")),
        _ => None,
    })
}

#[test]
fn x13_an_entry_suspends_itself_on_two_failures_of_more_than_two_in_a_hundred() {
    let (world, process) = (World::new(), document("service-request"));
    // One failure alone suspends nothing, however few uses there are.
    assert_eq!(suspension(&failed(&world, &process, &[])), None);
    // The second of two does, with the row that says so kept beside it.
    let case = failed(&world, &process, &[used(1, "2026-10-12", Outcome::BackedOut)]);
    assert_eq!(suspension(&case).as_deref(), Some("firewall_pattern: more than two in a hundred of its uses failed, and two or more"));
    let ruled = case.log.iter().find(|one| matches!(one.event, Event::EntrySuspended { .. })).unwrap();
    assert_eq!((ruled.rulings.len(), ruled.rulings[0].table.as_str()), (1, "entry suspended"));
    // Two of a hundred are two in a hundred and not more; two of ninety-nine are.
    let with = |well: i64| {
        let mut past: Vec<UseFact> = (1..=well).map(|n| used(n, "2026-10-12", Outcome::Successful)).collect();
        past.push(used(500, "2026-10-13", Outcome::Failed));
        suspension(&failed(&world, &process, &past)).is_some()
    };
    assert_eq!((with(98), with(97)), (false, true));
    // A failure of more than ninety days ago does not count, and neither does work that never began.
    assert_eq!(suspension(&failed(&world, &process, &[used(1, "2026-08-10", Outcome::Failed)])), None);
    assert_eq!(suspension(&failed(&world, &process, &[used(1, "2026-10-12", Outcome::NotImplemented)])), None);
}

#[test]
fn x13_harm_suspends_at_once_and_a_look_begins_the_count_anew() {
    let (world, process) = (World::new(), document("service-request"));
    let harmed = UseFact { harm_at: Some(at("2026-10-12T12:00")), ..used(1, "2026-10-12", Outcome::SuccessfulWithIssues) };
    let case = failed(&world, &process, std::slice::from_ref(&harmed));
    assert_eq!(suspension(&case).as_deref(), Some("firewall_pattern: a use of it led to a serious or clinical incident"));
    let mut looked = draft(&world, &process, "requester", TRUST, "2026-11-02T09:00");
    looked.entry.uses = vec![harmed];
    looked.entry.looked_at = Some(at("2026-10-20T09:00"));
    looked.sends("requester", Act::Submit, &ask(&process));
    looked.by_then("2026-11-09T09:00").does("desk", Act::Start, &[]);
    looked.by_then("2026-11-09T09:30").does("desk", Act::Finish, &[("outcome", "failed"), ("back", "ROTA"), ("words", "Nothing got through")]);
    assert_eq!(suspension(&looked), None);
}

#[test]
fn a_suspended_entry_is_refused_and_one_that_waits_is_not_accepted() {
    let (world, process) = (World::new(), document("service-request"));
    let mut case = draft(&world, &process, "requester", TRUST, "2026-11-02T09:00");
    case.entry.suspended = Some(at("2026-11-01T09:00"));
    assert_eq!(case.refuses("requester", Act::Submit, &ask(&process)), ["model: request-suspended"]);
    // Sent before, and held up by a clash: it is not accepted once the entry is suspended.
    case.entry.suspended = None;
    let clash = signalbox_core::facts::ClashFact {
        rule: "BR-19a".into(),
        hard: true,
        with: "RFC-2026-000009".into(),
        shared: "GW-1".into(),
        from: case.now,
        until: case.now,
        freeze: None,
        other: None,
        settled: None,
        caught: vec![],
    };
    case.clashes.push(clash);
    case.sends("requester", Act::Submit, &ask(&process));
    assert_eq!(case.change.stage, Stage::Submitted);
    case.clashes.clear();
    case.entry.suspended = Some(at("2026-11-02T10:00"));
    assert_eq!(case.refuses("manager", Act::Accept, &Raw::new()), ["request-suspended"]);
    case.entry.suspended = None;
    case.does("manager", Act::Accept, &[]);
    assert_eq!(case.change.stage, Stage::Scheduled);
}

#[test]
fn c115_a_limit_counts_local_days_and_leaves_out_what_was_called_off() {
    let (world, process) = (World::new(), document("service-request"));
    let mut case = draft(&world, &process, "requester", TRUST, "2026-11-02T09:00");
    let open = |n: i64, sent: &str| UseFact { change: ChangeId(1_000 + n), sent_at: at(sent), called_off: false, ended: None, harm_at: None };
    case.entry.uses = (1..=5).map(|n| open(n, "2026-11-02T00:00")).collect();
    assert_eq!(case.refuses("requester", Act::Submit, &ask(&process)), ["model: request-used-up"]);
    case.entry.uses[0].called_off = true;
    case.entry.uses[1].sent_at = at("2026-11-01T23:59");
    case.sends("requester", Act::Submit, &ask(&process));
    // What it used up itself does not stand in its own way when it is sent again.
    assert_eq!(case.change.stage, Stage::Scheduled);
}

#[test]
fn a_limit_is_read_and_its_stretches_begin_and_end_at_local_midnight() {
    assert_eq!(Cap::from_words("20 a month"), Some(Cap { uses: 20, per: Period::Month }));
    for words in ["", "0 a day", "5", "5 day", "five a day", "5 a year", "5 a day more"] {
        assert_eq!(Cap::from_words(words), None, "{words:?}");
    }
    let zone = jiff::tz::TimeZone::get("Europe/London").unwrap();
    // Sunday, 29 March 2026, is the night on which the clocks go forward; the day begins in GMT and the next one in BST.
    let now = at("2026-03-29T12:00");
    let began = |per: Period| Cap { uses: 1, per }.began(now, &zone);
    assert_eq!([Period::Day, Period::Week, Period::Month].map(began), [at("2026-03-29T00:00"), at("2026-03-23T00:00"), at("2026-03-01T00:00")]);
    let next = |per: Period| Cap { uses: 1, per }.next(now, &zone).to_string();
    assert_eq!([Period::Day, Period::Week, Period::Month].map(next), ["2026-03-30", "2026-03-30", "2026-04-01"]);
}

#[test]
fn br_33_the_first_three_uses_of_an_entry_are_reviewed() {
    let (world, process) = (World::new(), document("service-request"));
    let reasons = |earlier: i64| {
        let mut case = draft(&world, &process, "requester", TRUST, "2026-11-02T09:00");
        case.entry.earlier = earlier;
        case.sends("requester", Act::Submit, &ask(&process));
        case.by_then("2026-11-09T09:00").does("desk", Act::Start, &[]);
        case.by_then("2026-11-09T09:30").does("desk", Act::Finish, &[("outcome", "successful"), ("back", "ROTA")]);
        case.by_then("2026-11-09T11:00").does("manager", Act::Review, &[]);
        let Some(Event::ReviewOpened { because, .. }) = case.log.iter().map(|one| &one.event).find(|e| matches!(e, Event::ReviewOpened { .. })) else {
            panic!()
        };
        because.iter().any(|why| why.contains("first three"))
    };
    assert_eq!([0, 2, 3].map(reasons), [true, true, false]);
}

#[test]
fn c112_an_entry_may_be_for_a_role() {
    let text = signalbox_core::process::load::SHIPPED.iter().find(|(file, _)| *file == "service-request.md").unwrap().1;
    let narrow = text.replace("| 2 working days | | agreed_pattern is yes |", "| 2 working days | trust; trust coordinator | agreed_pattern is yes |");
    assert_ne!(text, narrow);
    let process = signalbox_core::process::Processes::shipped_with(&[("service-request.md", &narrow)]).unwrap().by_id("service-request").unwrap().clone();
    let world = World::new();
    let case = draft(&world, &process, "requester", TRUST, "2026-11-02T09:00");
    assert_eq!(case.refuses("requester", Act::Submit, &ask(&process)), ["model: request-not-yours"]);
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    case.sends("coordinator", Act::Submit, &ask(&process));
    assert_eq!(case.change.stage, Stage::Scheduled);
}

#[test]
fn the_stated_bound_is_the_exact_one() {
    let rounded = |failures, uses| (catalogue::highest_rate(failures, uses) * 10_000.0).round() / 100.0;
    // Without a failure it is 1 - 0.05^(1/n): 40 of 40 mean less than 7.2 %.
    assert_eq!(rounded(0, 40), 7.22);
    assert_eq!(rounded(0, 10), 25.89);
    assert_eq!(rounded(0, 299), 1.0);
    for n in [1, 10, 40, 100, 5_000] {
        let exact = 1.0 - 0.05_f64.powf(1.0 / n as f64);
        assert!((catalogue::highest_rate(0, n) - exact).abs() < 1e-9, "{n}");
    }
    // With failures: the rate at which so few of them have a chance of 5 %; one of two is 1 - p^2 = 0.05.
    assert!((catalogue::highest_rate(1, 2) - 0.95_f64.sqrt()).abs() < 1e-9);
    assert_eq!(rounded(1, 50), 9.14);
    assert_eq!((rounded(0, 0), rounded(3, 3)), (100.0, 100.0));
    assert_eq!(Tally { uses: 90, failures: 2, harm: 0 }.failures_in_a_thousand(), Some(23));
    assert_eq!(Tally { uses: 100, failures: 2, harm: 0 }.failures_in_a_thousand(), Some(20));
}

#[test]
fn c107_work_done_often_and_always_well_is_proposed() {
    let done = |n: usize, title: &str, services: &str| Done {
        reference: format!("RFC-2026-{n:06}"),
        title: title.replace('#', &n.to_string()),
        outcome: Outcome::Successful,
        services: services.to_owned(),
        impact: 4,
        incidents: 0,
        disputes: 0,
        party: true,
    };
    let mut all: Vec<Done> = (1..=12).map(|n| done(n, "Renew certificate of GW-#", "PACS")).collect();
    all.extend((21..=29).map(|n| done(n, "Renew certificate of GW-#", "ROTA")));
    all.extend((31..=44).map(|n| done(n, "Move the archive, part #", "PACS")));
    all[30].incidents = 1;
    let found = catalogue::candidates(&all);
    assert_eq!(found.len(), 1, "nine are too few, and one incident rules its kind out");
    assert_eq!((found[0].title.as_str(), found[0].services.as_str(), found[0].changes.len()), ("Renew certificate of GW-1", "PACS", 12));
    for spoil in [|one: &mut Done| one.outcome = Outcome::SuccessfulWithIssues, |one: &mut Done| one.disputes = 1, |one: &mut Done| one.impact = 2] {
        let mut spoilt = all.clone();
        spoil(&mut spoilt[3]);
        assert_eq!(catalogue::candidates(&spoilt), []);
    }
}
