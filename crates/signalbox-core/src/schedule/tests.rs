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
        stage_rank: 1,
        is_outage: false,
        passes_freezes: false,
    }
}
fn depends(from: Node, to: Node, kind: DependencyKind) -> Dependency {
    Dependency { from, to, kind }
}
fn freeze(extent: Extent, from: i64, until: i64, is_hard: bool) -> Freeze {
    Freeze { id: 1, title: "Month end".to_owned(), extent, span: Span { from: minute(from), until: minute(until) }, is_hard, from_level: Level::NoImpact }
}
fn rules(clashes: &[Clash]) -> Vec<(&'static str, &'static str)> {
    clashes.iter().map(|clash| (clash.rule.code(), clash.severity.code())).collect()
}

#[test]
fn scenario_15_touching_windows() {
    let index = ScheduleIndex::build([work(1, &[item(1)], 240, 300)], &[], vec![]);
    let clashes = index.check(&work(2, &[item(1)], 300, 360));
    assert_eq!(rules(&clashes), [("BR-19d", "soft")]);
    assert_eq!((clashes[0].span.length().as_mins(), clashes[0].overlaps), (0, false));
    assert_eq!(rules(&index.check(&work(2, &[item(1)], 180, 240))), [("BR-19d", "soft")]);
}

#[test]
fn the_same_item_at_the_same_time_is_hard_and_explained() {
    let mut first = work(1, &[item(1), item(2)], 240, 300);
    first.stage_rank = 3;
    let index = ScheduleIndex::build([first], &[], vec![]);
    let clashes = index.check(&work(2, &[item(2), item(3)], 299, 360));
    assert_eq!(rules(&clashes), [("BR-19a", "hard")]);
    assert_eq!(clashes[0].path, [item(2)]);
    assert_eq!((clashes[0].span.from, clashes[0].span.until), (minute(299), minute(300)));
    assert_eq!(clashes[0].with, ClashWith::Work { change: ChangeId(1), reference: "RFC-2026-000001".into(), other_stays: true });
}

#[test]
fn of_two_that_clash_exactly_one_has_to_move() {
    let (one, two) = (work(1, &[item(1)], 0, 60), work(2, &[item(1)], 30, 90));
    let index = ScheduleIndex::build([one.clone(), two.clone()], &[], vec![]);
    let stays = |proposal: &PlannedWork| match &index.check(proposal)[0].with {
        ClashWith::Work { other_stays, .. } => *other_stays,
        ClashWith::Freeze { .. } => panic!("no freeze is known"),
    };
    assert_eq!((stays(&one), stays(&two)), (false, true), "of equal stages the older change stays");
}

#[test]
fn work_within_an_hour_on_dependent_things_is_soft_up_to_the_minute() {
    let index = ScheduleIndex::build([work(1, &[item(1)], 240, 300)], &[depends(service(9), item(1), DependencyKind::Hard)], vec![]);
    for (from, until, expected) in [(300, 310, 1), (360, 370, 1), (361, 370, 0), (170, 180, 1), (170, 179, 0), (250, 260, 1)] {
        let clashes = index.check(&work(2, &[service(9)], from, until));
        assert_eq!(clashes.len(), expected, "{from} to {until}");
        assert!(clashes.iter().all(|clash| clash.rule == ClashRule::BackToBack && clash.path == [item(1), service(9)]));
    }
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
    let with = |scope, is_hard| ScheduleIndex::build([], &dependencies, vec![freeze(scope, 100, 200, is_hard)]);
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
    let index = ScheduleIndex::build([work(1, &[item(1)], 100, 200)], &[], vec![freeze(Extent::Everything, 0, 500, false)]);
    assert_eq!(rules(&index.check(&work(2, &[item(1)], 150, 160))), [("BR-19a", "hard"), ("BR-19f", "soft")]);
}

#[test]
fn windows_longer_than_a_fortnight_are_found_too() {
    let fortnight = 14 * 24 * 60;
    let index = ScheduleIndex::build([work(1, &[item(1)], 0, 3 * fortnight), work(3, &[item(1)], 0, fortnight)], &[], vec![]);
    assert_eq!(rules(&index.check(&work(2, &[item(1)], 2 * fortnight, 2 * fortnight + 60))), [("BR-19a", "hard")]);
    assert_eq!(index.check(&work(2, &[item(1)], fortnight - 1, fortnight + 60)).len(), 2);
}

#[test]
fn moved_and_removed_work_is_forgotten_where_it_was() {
    let mut index = ScheduleIndex::build([work(1, &[item(1)], 0, 60)], &[], vec![]);
    index.insert(work(1, &[item(1)], 600, 660));
    assert_eq!((index.len(), index.check(&work(2, &[item(1)], 0, 60)).len()), (1, 0));
    assert_eq!(index.check(&work(2, &[item(1)], 600, 660)).len(), 1);
    assert!(index.remove(ChangeId(1)).is_some() && index.remove(ChangeId(1)).is_none() && index.is_empty());
    assert_eq!(index.check(&work(2, &[item(1)], 600, 660)), []);
}

// The oracle: the same questions answered minute by minute and by a closure matrix, with several items for each
// proposal, which is where an index with shared marks goes wrong (architecture 5).

struct Chance(u64);
impl Chance {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as i64) % bound
    }
}

const NODES: i64 = 14;

fn node(number: i64) -> Node {
    if number % 3 == 0 { service(number) } else { item(number) }
}

/// `reach[a][b]`: b suffers when a goes down.
fn closure(dependencies: &[Dependency]) -> BTreeSet<(Node, Node)> {
    let mut firm: BTreeSet<(Node, Node)> = (0..NODES).map(|number| (node(number), node(number))).collect();
    loop {
        let more: Vec<(Node, Node)> = firm
            .iter()
            .flat_map(|(a, b)| dependencies.iter().filter(|d| d.kind.is_firm() && d.to == *b).map(|d| (*a, d.from)))
            .filter(|pair| !firm.contains(pair))
            .collect();
        if more.is_empty() {
            break;
        }
        firm.extend(more);
    }
    let loose: Vec<_> = firm.iter().flat_map(|(a, b)| dependencies.iter().filter(|d| d.kind.is_loose() && d.to == *b).map(|d| (*a, d.from))).collect();
    firm.into_iter().chain(loose).collect()
}

/// Every minute of three days around the fixed evening, and whether the work, widened on both sides, holds it.
fn minutes(work: &PlannedWork, widened: i64) -> Vec<bool> {
    let from = work.span.from.duration_since(minute(0)).as_mins() - widened;
    let until = work.span.until.duration_since(minute(0)).as_mins() + widened;
    (-1440..2880).map(|minute| from <= minute && minute < until).collect()
}

fn share_a_minute(a: &[bool], b: &[bool]) -> bool {
    a.iter().zip(b).any(|(a, b)| *a && *b)
}

fn naive(proposal: &PlannedWork, others: &[PlannedWork], reach: &BTreeSet<(Node, Node)>) -> BTreeSet<(i64, &'static str, bool)> {
    // Sixty free minutes between them are near, sixty-one are far.
    let (mine, around) = (minutes(proposal, 0), minutes(proposal, 61));
    let mut found = BTreeSet::new();
    for other in others.iter().filter(|other| other.change != proposal.change) {
        let theirs = minutes(other, 0);
        let (overlaps, near) = (share_a_minute(&mine, &theirs), share_a_minute(&around, &theirs));
        let same_item = proposal.nodes.iter().any(|a| matches!(a, Node::Item(_)) && other.nodes.contains(a));
        let related = proposal.nodes.iter().any(|a| other.nodes.iter().any(|b| reach.contains(&(*a, *b)) || reach.contains(&(*b, *a))));
        if same_item && overlaps {
            found.insert((other.change.0, "BR-19a", true));
        } else if related && near {
            found.insert((other.change.0, "BR-19d", overlaps));
        }
    }
    found
}

fn is_a_way(path: &[Node], dependencies: &[Dependency]) -> bool {
    let firm = |a: Node, b: Node| dependencies.iter().any(|d| d.to == a && d.from == b && d.kind.is_firm());
    let loose = |a: Node, b: Node| dependencies.iter().any(|d| d.to == a && d.from == b && d.kind.is_loose());
    let steps = path.len().saturating_sub(1);
    path.windows(2).enumerate().all(|(step, pair)| firm(pair[0], pair[1]) || (step + 1 == steps && loose(pair[0], pair[1])))
}

#[test]
fn every_answer_equals_the_naive_one() {
    let (mut asked, mut hard, mut soft) = (0, 0, 0);
    for seed in 0..100 {
        let mut chance = Chance(seed);
        let dependencies: Vec<Dependency> = (0..chance.below(26))
            .map(|_| depends(node(chance.below(NODES)), node(chance.below(NODES)), DependencyKind::ALL[chance.below(6) as usize]))
            .collect();
        let reach = closure(&dependencies);
        let random_work = |chance: &mut Chance, change: i64| {
            let nodes: Vec<Node> = (0..1 + chance.below(4)).map(|_| node(chance.below(NODES))).collect();
            let from = chance.below(60) * 15 + chance.below(2);
            work(change, &nodes, from, from + 1 + chance.below(12) * 15)
        };
        let mut others: Vec<PlannedWork> = (0..12).map(|change| random_work(&mut chance, change)).collect();
        let mut index = ScheduleIndex::build(others.clone(), &dependencies, vec![]);
        // Some move after the index was built.
        for change in [2, 5] {
            others[change] = random_work(&mut chance, change as i64);
            index.insert(others[change].clone());
        }
        index.remove(ChangeId(7));
        others.remove(7);
        for _ in 0..8 {
            let change = 6 + chance.below(20);
            let proposal = random_work(&mut chance, change);
            let clashes = index.check(&proposal);
            let answer: BTreeSet<(i64, &'static str, bool)> = clashes
                .iter()
                .map(|clash| match &clash.with {
                    ClashWith::Work { change, .. } => (change.0, clash.rule.code(), clash.overlaps),
                    ClashWith::Freeze { .. } => panic!("no freeze is known"),
                })
                .collect();
            assert_eq!(answer, naive(&proposal, &others, &reach), "seed {seed}: {proposal:?}");
            for clash in &clashes {
                assert!(is_a_way(&clash.path, &dependencies), "seed {seed}: {:?}", clash.path);
                assert!(proposal.nodes.contains(&clash.path[0]) || proposal.nodes.contains(clash.path.last().unwrap()));
            }
            asked += 1;
            hard += clashes.iter().filter(|clash| clash.is_hard()).count();
            soft += clashes.iter().filter(|clash| !clash.is_hard()).count();
        }
    }
    assert!(asked == 800 && hard > 300 && soft > 300, "the oracle met too little: {asked} {hard} {soft}");
}
