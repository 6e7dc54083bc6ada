use super::*;
use crate::ids::{ItemId, ServiceId};

fn item(id: i64) -> Node {
    Node::Item(ItemId(id))
}
fn service(id: i64) -> Node {
    Node::Service(ServiceId(id))
}
/// Minutes after a fixed Tuesday evening.
fn minute(minute: i64) -> Timestamp {
    "2026-11-17T18:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}
fn work(change: i64, nodes: &[Node], from: i64, until: i64) -> PlannedWork {
    PlannedWork {
        change: ChangeId(change),
        reference: format!("RFC-2026-{change:06}"),
        nodes: nodes.iter().copied().collect(),
        sites: BTreeSet::new(),
        organisations: BTreeSet::new(),
        span: Span { from: minute(from), until: minute(until) },
        people: BTreeSet::new(),
        after: BTreeSet::new(),
        stage_rank: 1,
        level: Level::Degraded,
        passes_freezes: false,
        excepted: BTreeSet::new(),
    }
}
fn depends(from: Node, to: Node, kind: DependencyKind) -> Dependency {
    Dependency { from, to, kind }
}
fn freeze(extent: Extent, from: i64, until: i64, is_hard: bool) -> Freeze {
    Freeze { id: 1, title: "Month end".to_owned(), extent, span: Span { from: minute(from), until: minute(until) }, is_hard, from_level: Level::NoImpact }
}
fn frozen(freeze: Freeze) -> Calendars {
    Calendars { freezes: vec![freeze], ..Calendars::default() }
}
fn rules(clashes: &[Clash]) -> Vec<(&'static str, &'static str)> {
    clashes.iter().map(|clash| (clash.rule.code(), clash.severity.code())).collect()
}

#[test]
fn scenario_15_touching_windows() {
    let index = ScheduleIndex::build([work(1, &[item(1)], 240, 300)], &[], Calendars::default());
    let clashes = index.check(&work(2, &[item(1)], 300, 360));
    assert_eq!(rules(&clashes), [("BR-19d", "soft")]);
    assert_eq!((clashes[0].span.length().as_mins(), clashes[0].overlaps), (0, false));
    assert_eq!(rules(&index.check(&work(2, &[item(1)], 180, 240))), [("BR-19d", "soft")]);
}

#[test]
fn the_same_item_at_the_same_time_is_hard_and_explained() {
    let mut first = work(1, &[item(1), item(2)], 240, 300);
    first.stage_rank = 3;
    let index = ScheduleIndex::build([first], &[], Calendars::default());
    let clashes = index.check(&work(2, &[item(2), item(3)], 299, 360));
    assert_eq!(rules(&clashes), [("BR-19a", "hard")]);
    assert_eq!(clashes[0].path, [item(2)]);
    assert_eq!((clashes[0].span.from, clashes[0].span.until), (minute(299), minute(300)));
    assert_eq!(clashes[0].with, ClashWith::Work { change: ChangeId(1), reference: "RFC-2026-000001".into(), other_stays: true });
}

#[test]
fn of_two_that_clash_exactly_one_has_to_move() {
    let (one, two) = (work(1, &[item(1)], 0, 60), work(2, &[item(1)], 30, 90));
    let index = ScheduleIndex::build([one.clone(), two.clone()], &[], Calendars::default());
    let stays = |proposal: &PlannedWork| match &index.check(proposal)[0].with {
        ClashWith::Work { other_stays, .. } => *other_stays,
        ClashWith::Calendar { .. } => panic!("no freeze is known"),
    };
    assert_eq!((stays(&one), stays(&two)), (false, true), "of equal stages the older change stays");
}

#[test]
fn work_within_an_hour_on_dependent_things_is_soft_up_to_the_minute() {
    let index = ScheduleIndex::build([work(1, &[item(1)], 240, 300)], &[depends(service(9), item(1), DependencyKind::Hard)], Calendars::default());
    for (from, until, expected) in [(300, 310, 1), (360, 370, 1), (361, 370, 0), (170, 180, 1), (170, 179, 0)] {
        let clashes = index.check(&work(2, &[service(9)], from, until));
        assert_eq!(clashes.len(), expected, "{from} to {until}");
        assert!(clashes.iter().all(|clash| clash.rule == ClashRule::BackToBack && clash.path == [item(1)]));
    }
    // Work that names no item touches everything that its services run on.
    assert_eq!(rules(&index.check(&work(2, &[service(9)], 250, 260))), [("BR-19a", "hard")]);
    assert_eq!(index.check(&work(2, &[service(8)], 250, 260)), []);
    assert_eq!(index.check(&work(1, &[item(1)], 250, 260)), [], "its own window is no clash");
}

#[test]
fn firm_dependencies_carry_on_and_loose_ones_stop() {
    use DependencyKind::{ClinicalFallback, Hard, Network, Power, RedundantPair, Soft};
    let graph = Graph::new(&[
        depends(item(2), item(1), Power),
        depends(item(3), item(2), Network),
        depends(service(4), item(3), Hard),
        depends(service(5), service(4), Soft),
        depends(service(6), service(5), Hard),
        depends(service(7), service(4), ClinicalFallback),
        depends(item(8), item(1), RedundantPair),
        depends(item(1), item(1), Hard),
    ]);
    let affected = graph.affected(&[item(1)].into());
    let found: Vec<(Node, bool)> = affected.iter().map(|(node, affected)| (*node, affected.is_loose)).collect();
    assert_eq!(found, [(item(1), false), (item(2), false), (item(3), false), (service(4), false), (service(5), true), (service(7), true)]);
    assert_eq!(affected[&service(5)].path, [item(1), item(2), item(3), service(4), service(5)]);
    let needed: Vec<Node> = graph.needed(&[service(5)].into()).into_keys().collect();
    assert_eq!(needed, [item(1), item(2), item(3), service(4), service(5)]);
    assert_eq!(graph.needed(&[service(6)].into()).into_keys().collect::<Vec<_>>(), [service(5), service(6)]);
}

#[test]
fn a_ring_of_dependencies_is_walked_once() {
    let graph = Graph::new(&[depends(item(1), item(2), DependencyKind::Hard), depends(item(2), item(1), DependencyKind::Hard)]);
    assert_eq!(graph.affected(&[item(1)].into()).len(), 2);
}

#[test]
fn freezes_refuse_or_warn_by_their_scope() {
    let dependencies = [depends(service(9), item(1), DependencyKind::Hard)];
    let with = |scope, is_hard| ScheduleIndex::build([], &dependencies, frozen(freeze(scope, 100, 200, is_hard)));
    let mut proposal = work(2, &[item(1)], 150, 160);
    proposal.sites.insert(SiteId(5));
    proposal.organisations.insert(OrgId(6));
    for (scope, hit) in [
        (Extent::Everything, true),
        (Extent::Site(SiteId(5)), true),
        (Extent::Site(SiteId(6)), false),
        (Extent::Organisation(OrgId(6)), true),
        (Extent::Organisation(OrgId(5)), false),
        (Extent::Node(service(9)), true),
        (Extent::Node(item(1)), true),
        (Extent::Node(item(2)), false),
    ] {
        assert_eq!(with(scope, true).check(&proposal).len(), usize::from(hit), "{scope:?}");
    }
    assert_eq!(rules(&with(Extent::Everything, true).check(&proposal)), [("BR-19f", "hard")]);
    assert_eq!(rules(&with(Extent::Everything, false).check(&proposal)), [("BR-19f", "soft")]);
    assert_eq!(with(Extent::Everything, true).check(&work(2, &[], 200, 210)), [], "half-open at its end");
    assert_eq!(with(Extent::Everything, true).check(&work(2, &[], 90, 100)), [], "half-open at its start");
    proposal.passes_freezes = true;
    assert_eq!(with(Extent::Everything, true).check(&proposal), []);
}

#[test]
fn hard_clashes_come_first() {
    let index = ScheduleIndex::build([work(1, &[item(1)], 100, 200)], &[], frozen(freeze(Extent::Everything, 0, 500, false)));
    assert_eq!(rules(&index.check(&work(2, &[item(1)], 150, 160))), [("BR-19a", "hard"), ("BR-19f", "soft")]);
}

#[test]
fn windows_longer_than_a_fortnight_are_found_too() {
    let fortnight = 14 * 24 * 60;
    let index = ScheduleIndex::build([work(1, &[item(1)], 0, 3 * fortnight), work(3, &[item(1)], 0, fortnight)], &[], Calendars::default());
    assert_eq!(rules(&index.check(&work(2, &[item(1)], 2 * fortnight, 2 * fortnight + 60))), [("BR-19a", "hard")]);
    assert_eq!(index.check(&work(2, &[item(1)], fortnight - 1, fortnight + 60)).len(), 2);
}

#[test]
fn moved_and_removed_work_is_forgotten_where_it_was() {
    let mut index = ScheduleIndex::build([work(1, &[item(1)], 0, 60)], &[], Calendars::default());
    index.insert(work(1, &[item(1)], 600, 660));
    assert_eq!((index.len(), index.check(&work(2, &[item(1)], 0, 60)).len()), (1, 0));
    assert_eq!(index.check(&work(2, &[item(1)], 600, 660)).len(), 1);
    assert!(index.remove(ChangeId(1)) && !index.remove(ChangeId(1)) && index.is_empty());
    assert_eq!(index.check(&work(2, &[item(1)], 600, 660)), []);
}

/// Spec 14: the site's switch goes down 22:00 to 23:00, and the gateway behind it 22:30 to 23:30.
#[test]
fn scenario_13_overlapping_dependent_services() {
    let gateway_needs_switch = [depends(item(2), item(1), DependencyKind::Network)];
    let outage = |work: PlannedWork| PlannedWork { level: Level::Outage, ..work };
    let index = ScheduleIndex::build([outage(work(1, &[item(1)], 240, 300))], &gateway_needs_switch, Calendars::default());
    let clashes = index.check(&outage(work(2, &[item(2)], 270, 330)));
    assert_eq!(rules(&clashes), [("BR-19b", "hard")]);
    assert_eq!((&clashes[0].path[..], &clashes[0].caught[..]), (&[item(1), item(2)][..], &[item(1)][..]));
    assert!(matches!(&clashes[0].with, ClashWith::Work { reference, .. } if reference == "RFC-2026-000001"));
    assert_eq!(rules(&index.check(&work(2, &[item(2)], 270, 330))), [("BR-19b", "hard")], "one outage is enough");
    let quiet = ScheduleIndex::build([work(1, &[item(1)], 240, 300)], &gateway_needs_switch, Calendars::default());
    assert_eq!(rules(&quiet.check(&work(2, &[item(2)], 270, 330))), [("BR-19b", "soft")]);
}

#[test]
fn two_sites_of_one_service_are_not_each_others_parts() {
    let dependencies = [depends(service(9), item(1), DependencyKind::Hard), depends(service(9), item(2), DependencyKind::Hard)];
    let outage = |work: PlannedWork| PlannedWork { level: Level::Outage, ..work };
    let index = ScheduleIndex::build([outage(work(1, &[item(1), service(9)], 240, 300))], &dependencies, Calendars::default());
    assert_eq!(rules(&index.check(&outage(work(2, &[item(2), service(9)], 240, 300)))), [("BR-19b", "soft")]);
}
