//! The rows and sums of the reports (spec 12).

use signalbox_core::actor::{Actor, Role};
use signalbox_core::calendar::{Verdict, london};
use signalbox_core::change::{Kind, Outcome, Stage, Window};
use signalbox_core::ids::ServiceId;
use signalbox_store::queries::reports::{self, RaisedRow, ReportFilter, Summary};
use signalbox_store::scope::Scope;

use crate::harness::for_each_engine;
use crate::world::*;

fn between(from: &str, until: &str) -> ReportFilter {
    let at = |day: &str| format!("{day}T00:00:00Z").parse().expect("a time");
    ReportFilter { from: at(from), until: at(until), organisation: None, service: None, kinds: vec![] }
}

fn at(start: &str, end: &str) -> Window {
    let (start, end) = (start.parse().expect("a time"), end.parse().expect("a time"));
    Window { start, end, contingency_end: end }
}

fn summary(world: &World, actor: &Actor, filter: &ReportFilter) -> Summary {
    let mut rows = 0;
    let summary = world.read(|tx| {
        reports::each_success(tx, &Scope::of(actor), filter, |_| {
            rows += 1;
            Ok(())
        })?;
        reports::summary(tx, &Scope::of(actor), filter, &london())
    });
    let counted: u64 = summary.by_kind.values().flat_map(|by| by.values()).sum();
    assert_eq!((rows, counted), (counted, summary.by_category.values().flat_map(|by| by.values()).sum()), "the head sums the rows");
    summary
}

#[test]
fn scenario_49_three_of_four_in_the_month_in_which_the_work_ended() {
    for_each_engine(|db| {
        let world = World::on(db);
        let outcomes = [Outcome::Successful, Outcome::Successful, Outcome::Failed, Outcome::Successful, Outcome::NotImplemented];
        for (n, outcome) in outcomes.into_iter().enumerate() {
            world.import(&format!("A-{n}"), NORTH, SERVER, at("2026-03-10T20:00:00Z", "2026-03-10T22:00:00Z"), hours(-7000), outcome);
        }
        // It ended at half past midnight in London, which was still June by UTC.
        world.import("B", SOUTH, EXCHANGE, at("2026-06-30T20:00:00Z", "2026-06-30T23:30:00Z"), hours(-7000), Outcome::BackedOut);
        let member = world.person(&[(SOUTH, Role::GroupMember)]);
        let all = summary(&world, &member, &between("2026-01-01", "2027-01-01"));
        assert_eq!(all.months.keys().map(ToString::to_string).collect::<Vec<_>>(), ["2026-03-01", "2026-07-01"]);
        let march = all.months.values().next().expect("a month");
        assert_eq!(march.success().words(), "3 of 4, n too small for a percentage");
        assert_eq!((all.attempted.attempted(), all.attempted.backed_out), (5, 1));
        assert_eq!(all.by_kind[&Kind::PlannedOutage][&Outcome::NotImplemented], 1, "counted as an outcome, not as an attempt");
        let narrow = |change: &dyn Fn(&mut ReportFilter)| {
            let mut filter = between("2026-01-01", "2027-01-01");
            change(&mut filter);
            summary(&world, &member, &filter).attempted.attempted()
        };
        assert_eq!(narrow(&|f| f.organisation = Some(SOUTH)), 5, "the south uses the imaging of the north's server too");
        assert_eq!(narrow(&|f| f.service = Some(PHONES)), 1);
        assert_eq!(narrow(&|f| f.kinds = vec![Kind::Normal]), 0);
        assert_eq!(narrow(&|f| f.from = "2026-06-30T23:30:00Z".parse().expect("a time")), 1, "the first moment counts");
        assert_eq!(narrow(&|f| f.until = "2026-06-30T23:30:00Z".parse().expect("a time")), 4, "the last does not");
    });
}

#[test]
fn changes_raised_by_trusts_stand_by_trust_oldest_first() {
    for_each_engine(|db| {
        let world = World::on(db);
        let south = world.tell(told(SOUTH, Stage::Submitted));
        let north = world.tell(told(NORTH, Stage::Returned));
        let later = world.tell(Told { services: vec![ServiceId(IMAGING)], ..told(NORTH, Stage::Approved) });
        let closed = world.tell(told(NORTH, Stage::Closed));
        world.tell(told(SUPPLIER, Stage::Submitted));
        world.tell(Told { beginning: Beginning::Raised, ..told(NORTH, Stage::Draft) });
        let member = world.person(&[(SOUTH, Role::GroupMember)]);
        let rows = |filter: &ReportFilter, open_only: bool| {
            let mut rows: Vec<RaisedRow> = vec![];
            world.read(|tx| {
                reports::each_raised(tx, &Scope::of(&member), filter, open_only, |row| {
                    rows.push(row);
                    Ok(())
                })
            });
            rows
        };
        let year = between("2026-01-01", "2027-01-01");
        let ids = |rows: &[RaisedRow]| rows.iter().map(|r| r.id).collect::<Vec<_>>();
        assert_eq!(ids(&rows(&year, false)), [north, later, closed, south]);
        let open = rows(&year, true);
        assert_eq!(ids(&open), [north, later, south]);
        let owed = open[0].waiting_on.clone().expect("an answer is owed");
        assert_eq!((owed.kind.as_str(), owed.org.map(|o| o.code), owed.role), ("answer", Some("NORTH".to_owned()), None));
        let owed = open[2].waiting_on.clone().expect("it is to be checked");
        assert_eq!((owed.kind.as_str(), owed.org, owed.role), ("acceptance", None, Some(Role::SupplierManager)));
        assert_eq!(ids(&rows(&ReportFilter { organisation: Some(SOUTH), ..year.clone() }, false)), [south]);
        assert_eq!(ids(&rows(&ReportFilter { service: Some(IMAGING), ..year }, false)), [later]);
        assert_eq!(ids(&rows(&between("2025-01-01", "2026-01-01"), false)), Vec::<i64>::new());
    });
}

#[test]
fn notice_is_listed_by_its_window_and_counted_by_verdict() {
    for_each_engine(|db| {
        let world = World::on(db);
        let window = at("2026-06-02T08:00:00Z", "2026-06-02T09:00:00Z");
        for (source, received, org, item) in [
            ("in-time", "2026-05-15T09:00:00Z", NORTH, BENCH),
            ("late", "2026-05-26T09:00:00Z", NORTH, BENCH),
            ("after", "2026-06-02T08:00:00Z", SOUTH, EXCHANGE),
        ] {
            world.import(source, org, item, window, received.parse().expect("a time"), Outcome::Successful);
        }
        world.tell(told(NORTH, Stage::Submitted));
        let member = world.person(&[(SUPPLIER, Role::GroupMember)]);
        let (scope, filter) = (Scope::of(&member), between("2026-06-01", "2026-07-01"));
        let mut days = vec![];
        let counts = world.read(|tx| {
            reports::each_notice(tx, &scope, &filter, |row| {
                days.push((row.notice.days, row.notice.asked, row.sites));
                Ok(())
            })?;
            reports::verdicts(tx, &scope, &filter)
        });
        assert_eq!(days, [(18, 10, "NGH".to_owned()), (7, 10, "NGH".to_owned()), (0, 10, "SGH".to_owned())]);
        assert_eq!(counts["NORTH"], [(Verdict::OnTime, 1), (Verdict::Late, 1)].into());
        assert_eq!(counts["SOUTH"], [(Verdict::AfterTheFact, 1)].into());
        let none = world.read(|tx| reports::verdicts(tx, &scope, &between("2026-07-01", "2026-08-01")));
        assert!(none.is_empty());
        assert!(world.read(|tx| reports::verdicts(tx, &Scope::visitor(), &filter)).is_empty());
    });
}
