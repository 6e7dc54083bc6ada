//! Who sees what (settled 8): every kind of person against every kind of change, judged by a plain reading of the rule
//! that shares nothing with the SQL.

use std::collections::BTreeSet;

use jiff::Timestamp;
use signalbox_core::actor::{Actor, OrgKind, Role, Stamp};
use signalbox_core::change::{AssessmentKind, Confidentiality, Parties, Stage};
use signalbox_core::event::{Asked, Event};
use signalbox_core::ids::{OrgId, PersonId};
use signalbox_store::queries::list::{self, ListFilter};
use signalbox_store::queries::schedule::{self, ScheduleFilter, Standing};
use signalbox_store::queries::{change, reports, sight};
use signalbox_store::scope::Scope;

use crate::harness::for_each_engine;
use crate::world::*;

/// What the oracle knows of a change.
struct Case {
    id: i64,
    name: String,
    raiser: i64,
    raised_by: Option<PersonId>,
    stakes: BTreeSet<i64>,
    runs: BTreeSet<i64>,
    confidentiality: Confidentiality,
    was_sent: bool,
    touches_network: bool,
    /// A security assessment is asked of assessors: of this organisation, or of any.
    security: Option<Option<i64>>,
    stage: Stage,
}

/// What the rule says that somebody may see.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
struct Sees {
    page: bool,
    schedule: bool,
    details: bool,
}

fn works_for(actor: &Actor, org: i64) -> bool {
    actor.memberships().iter().any(|m| m.org == OrgId(org) && !matches!(m.role, Role::GroupMember | Role::Administrator | Role::Auditor))
}

fn oracle(actor: &Actor, case: &Case) -> Sees {
    let works_in = |kind: OrgKind| ORGS.iter().any(|(org, _, k)| *k == kind && works_for(actor, *org));
    let is_authority = actor.memberships().iter().any(|m| m.org_kind == OrgKind::Authority && !matches!(m.role, Role::GroupMember | Role::Administrator));
    let has_stake = case.stakes.iter().any(|org| works_for(actor, *org));
    let is_asked = case.was_sent && ((works_in(OrgKind::Network) && case.touches_network) || (works_in(OrgKind::Supplier) && case.runs.is_empty()));
    let party = is_authority || actor.holds(Role::Auditor) || has_stake || is_asked;
    let in_time = case.was_sent || works_for(actor, case.raiser);
    let restricted = case.confidentiality == Confidentiality::SecurityRestricted;
    let manages = actor.holds(Role::AuthorityManager)
        || actor.holds_in(Role::Coordinator, OrgId(case.raiser))
        || actor.memberships().iter().any(|m| m.role == Role::SupplierManager && (case.stakes.contains(&m.org.0) || case.runs.is_empty()));
    let assesses = match case.security {
        None => false,
        Some(None) => actor.holds(Role::Assessor),
        Some(Some(org)) => actor.holds_in(Role::Assessor, OrgId(org)),
    };
    let raised = case.raised_by.is_some() && case.raised_by == actor.person();
    let page = in_time && party && (!restricted || manages || assesses || raised);
    let group = actor.memberships().iter().any(|m| m.role != Role::Administrator);
    Sees { page, schedule: page || (group && case.was_sent && !restricted), details: case.confidentiality == Confidentiality::Open || party }
}

fn people(world: &World) -> Vec<(String, Actor)> {
    let alone = |org: i64, role: Role| (format!("{} in {org}", role.code()), world.person(&[(org, role)]));
    let mut people: Vec<_> = vec![
        alone(NORTH, Role::Requester),
        alone(NORTH, Role::Coordinator),
        alone(NORTH, Role::GroupMember),
        alone(NORTH, Role::Administrator),
        alone(NORTH, Role::Auditor),
        alone(SOUTH, Role::Requester),
        alone(SOUTH, Role::Coordinator),
        alone(SOUTH, Role::GroupMember),
        alone(SUPPLIER, Role::SupplierManager),
        alone(SUPPLIER, Role::Assessor),
        alone(SUPPLIER, Role::Implementer),
        alone(SUPPLIER, Role::GroupMember),
        alone(OTHER_SUPPLIER, Role::SupplierManager),
        alone(OTHER_SUPPLIER, Role::Assessor),
        alone(AUTHORITY, Role::AuthorityManager),
        alone(AUTHORITY, Role::AuthoritySafety),
        alone(AUTHORITY, Role::GroupMember),
        alone(AUTHORITY, Role::Auditor),
        alone(AUTHORITY, Role::Administrator),
        alone(PROVIDER, Role::NetworkDesk),
        alone(GONE, Role::Coordinator),
    ];
    // A manager at one place and a mere colleague at another must not mix the two.
    people.push(("SCM in 6 and REQ in 1".into(), world.person(&[(OTHER_SUPPLIER, Role::SupplierManager), (NORTH, Role::Requester)])));
    people.push(("TCC in 2 and SMG in 1".into(), world.person(&[(SOUTH, Role::Coordinator), (NORTH, Role::GroupMember)])));
    people.push(("nobody".into(), world.person(&[])));
    people
}

fn cases(world: &World, raiser: PersonId) -> Vec<Case> {
    let mut cases = vec![];
    for confidentiality in Confidentiality::ALL {
        for stage in Stage::ALL {
            cases.push(standing(
                world,
                *confidentiality,
                *stage,
                raiser,
                Parties { runs: [OrgId(SUPPLIER)].into(), affected: [OrgId(SOUTH)].into(), ..Parties::default() },
            ));
        }
        cases.push(standing(world, *confidentiality, Stage::Scheduled, raiser, Parties::default()));
        cases.push(raised(world, "proposed", *confidentiality, raiser, |content| vec![Event::Proposed { content: Box::new(content) }]));
        cases.push(raised(world, "drawn back unsent", *confidentiality, raiser, |content| {
            vec![Event::Proposed { content: Box::new(content) }, Event::Withdrawn { reason: None }]
        }));
        for touches_network in [false, true] {
            let mut case = raised(world, "sent", *confidentiality, raiser, move |content| vec![sent(content, touches_network)]);
            (case.was_sent, case.touches_network, case.stage) = (true, touches_network, Stage::Submitted);
            cases.push(case);
        }
        for org in [None, Some(OTHER_SUPPLIER)] {
            let mut case = raised(world, "security assessed", *confidentiality, raiser, move |content| {
                let asked = Asked { kind: AssessmentKind::Security, org: org.map(OrgId), due_at: hours(100), silence_counts: false, ruling: None };
                vec![sent(content, false), Event::Accepted { classification: None, promise: None, asked: vec![asked], model: None, notice: None }]
            });
            (case.was_sent, case.security, case.stage) = (true, Some(org), Stage::Assessing);
            cases.push(case);
        }
    }
    cases
}

fn sent(content: signalbox_core::change::Content, network_needed: bool) -> Event {
    Event::Submitted { content: Box::new(content), revision: 1, notice: None, late_reason: None, late_words: None, network_needed, answers_to_hazards: vec![] }
}

fn stakes(parties: &Parties) -> BTreeSet<i64> {
    parties.runs.iter().chain(&parties.affected).map(|o| o.0).chain([NORTH]).collect()
}

fn standing(world: &World, confidentiality: Confidentiality, stage: Stage, raiser: PersonId, parties: Parties) -> Case {
    let by = Stamp { person: Some(raiser), org: Some(OrgId(NORTH)), role: Some(Role::Requester), for_person: None };
    let told = Told { confidentiality, by, parties: parties.clone(), ..told(NORTH, stage) };
    let id = world.tell(told);
    Case {
        id,
        name: format!("{} in {}, {} run it", confidentiality.code(), stage.code(), parties.runs.len()),
        raiser: NORTH,
        raised_by: Some(raiser),
        stakes: stakes(&parties),
        runs: parties.runs.iter().map(|o| o.0).collect(),
        confidentiality,
        was_sent: !matches!(stage, Stage::Draft | Stage::LocalAuth),
        touches_network: false,
        security: None,
        stage,
    }
}

fn raised(
    world: &World,
    name: &str,
    confidentiality: Confidentiality,
    raiser: PersonId,
    then: impl Fn(signalbox_core::change::Content) -> Vec<Event> + 'static,
) -> Case {
    let parties = Parties { runs: [OrgId(SUPPLIER), OrgId(OTHER_SUPPLIER)].into(), affected: [OrgId(SOUTH)].into(), ..Parties::default() };
    let by = Stamp { person: Some(raiser), org: Some(OrgId(NORTH)), role: Some(Role::Requester), for_person: None };
    let id =
        world.tell(Told { confidentiality, by, parties: parties.clone(), beginning: Beginning::Raised, then: Box::new(then), ..told(NORTH, Stage::Draft) });
    Case {
        id,
        name: format!("{} {name}", confidentiality.code()),
        raiser: NORTH,
        raised_by: Some(raiser),
        stakes: stakes(&parties),
        runs: parties.runs.iter().map(|o| o.0).collect(),
        confidentiality,
        was_sent: false,
        touches_network: false,
        security: None,
        stage: if name == "proposed" { Stage::LocalAuth } else { Stage::Withdrawn },
    }
}

fn asked() -> schedule::Asked {
    schedule::Asked { from: hours(0), until: hours(100), now: hours(1) }
}

#[test]
fn everybody_sees_what_the_rule_says_and_no_more() {
    for_each_engine(|db| {
        let world = World::on(db);
        let people = people(&world);
        let raiser = people[0].1.person().expect("a person");
        let cases = cases(&world, raiser);
        let mut faults = vec![];
        let mut seen = (0, 0);
        for (name, actor) in &people {
            let scope = Scope::of(actor);
            let (pages, entries) = world.read(|tx| {
                let listed = list::list(tx, &scope, &ListFilter::default(), None, 500)?;
                let entries = schedule::schedule(tx, &scope, asked(), &ScheduleFilter::default(), None, 500)?;
                Ok((listed.rows.iter().map(|r| r.id).collect::<BTreeSet<_>>(), entries.entries))
            });
            for case in &cases {
                let wanted = oracle(actor, case);
                let is_visible = world.read(|tx| sight::is_visible(tx, &scope, case.id));
                if pages.contains(&case.id) != wanted.page || is_visible != wanted.page {
                    faults.push(format!(
                        "{name} on {}: the page is seen: {is_visible}, listed: {}, the rule: {}",
                        case.name,
                        pages.contains(&case.id),
                        wanted.page
                    ));
                }
                let entry = entries.iter().find(|e| e.id == case.id);
                let is_scheduled = wanted.schedule && case.was_sent && Standing::of(case.stage).is_some();
                if entry.is_some() != is_scheduled
                    || entry.is_some_and(|e| e.detail.is_some() != wanted.details || e.detail.as_ref().is_some_and(|d| d.party != wanted.page))
                {
                    faults.push(format!("{name} on {}: the schedule says {entry:?}, the rule {wanted:?}", case.name));
                }
                seen.0 += u32::from(wanted.page);
                seen.1 += u32::from(!wanted.page);
            }
        }
        assert!(faults.is_empty(), "{} faults, such as:\n{}", faults.len(), faults.iter().take(20).cloned().collect::<Vec<_>>().join("\n"));
        assert!(seen.0 > 200 && seen.1 > 200, "the matrix is one-sided: {seen:?}");
    });
}

#[test]
fn the_program_sees_everything_and_a_visitor_nothing() {
    for_each_engine(|db| {
        let world = World::on(db);
        let raiser = world.person(&[(NORTH, Role::Requester)]).person().expect("a person");
        let cases = cases(&world, raiser);
        let count = |scope: &Scope| world.read(|tx| list::count(tx, scope, &ListFilter::default()));
        assert_eq!(count(&Scope::of(&Actor::System)), list::Count::Exactly(cases.len() as i64));
        assert_eq!(count(&Scope::visitor()), list::Count::Exactly(0));
        let entries = world.read(|tx| schedule::schedule(tx, &Scope::visitor(), asked(), &ScheduleFilter::default(), None, 500));
        assert_eq!(entries.entries, []);
    });
}

#[test]
fn a_right_that_ends_is_gone_at_once() {
    for_each_engine(|db| {
        let world = World::on(db);
        let actor = world.person(&[(SOUTH, Role::Coordinator)]);
        let id = world.tell(told(SOUTH, Stage::Scheduled));
        let reference = format!("RFC-2026-{id:06}");
        let scope = Scope::of(&actor);
        let is_seen = || {
            world.read(|tx| {
                let page = change::page(tx, &scope, &reference)?.is_some();
                assert_eq!(page, sight::by_reference(tx, &scope, &reference)?.is_some());
                Ok(page)
            })
        };
        assert!(is_seen());
        let person = scope.person();
        world.write(move |tx| tx.exec("update memberships set ended_at = 1 where person_id = $1", signalbox_store::values![person]));
        assert!(!is_seen(), "the scope was made before, the right is read now");
    });
}

#[test]
fn no_report_counts_what_it_does_not_list() {
    for_each_engine(|db| {
        let world = World::on(db);
        let by = Stamp::SYSTEM;
        for confidentiality in Confidentiality::ALL {
            let beginning = Beginning::Stands(Stage::Closed, Some(signalbox_core::change::Outcome::Failed));
            world.tell(Told { confidentiality: *confidentiality, by: by.clone(), beginning, ..told(NORTH, Stage::Closed) });
        }
        let filter = reports::ReportFilter { from: Timestamp::UNIX_EPOCH, until: hours(1000), organisation: None, service: None, kinds: vec![] };
        for (role, org, wanted) in [(Role::GroupMember, SOUTH, 1), (Role::Requester, NORTH, 2), (Role::AuthorityManager, AUTHORITY, 3)] {
            let scope = Scope::of(&world.person(&[(org, role)]));
            let mut rows = 0;
            let summary = world.read(|tx| {
                reports::each_success(tx, &scope, &filter, |_| {
                    rows += 1;
                    Ok(())
                })?;
                reports::summary(tx, &scope, &filter, &signalbox_core::calendar::london())
            });
            assert_eq!((rows, summary.attempted.attempted()), (wanted, wanted), "{role:?}");
        }
    });
}
