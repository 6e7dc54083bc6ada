//! Who may do what when: a file per kind of change, role by stage by act, reviewed as a difference. A tick, or the code
//! of what stands in the way. And every code that the core refuses with, so that the edge can have a sentence for each.

use crate::expected::compare;
use crate::harness::*;
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, Membership, OrgKind, Role};
use signalbox_core::change::{Kind, Stage};
use signalbox_core::facts::ClashFact;
use signalbox_core::ids::OrgId;
use signalbox_core::process::{Process, TimerAct, Who};
use signalbox_core::samples::*;
use std::collections::BTreeSet;
use std::fmt::Write;

const ROLES: &[(&str, OrgId, OrgKind, Role)] = &[
    ("REQ", TRUST, OrgKind::Trust, Role::Requester),
    ("TCC", TRUST, OrgKind::Trust, Role::Coordinator),
    ("TSO", TRUST, OrgKind::Trust, Role::ServiceOwner),
    ("TFIN", TRUST, OrgKind::Trust, Role::Finance),
    ("TCSO", TRUST, OrgKind::Trust, Role::TrustSafety),
    ("TCC of an affected trust", OTHER_TRUST, OrgKind::Trust, Role::Coordinator),
    ("TSO of an affected trust", OTHER_TRUST, OrgKind::Trust, Role::ServiceOwner),
    ("SCM", SUPPLIER, OrgKind::Supplier, Role::SupplierManager),
    ("SASS", SUPPLIER, OrgKind::Supplier, Role::Assessor),
    ("SIMP", SUPPLIER, OrgKind::Supplier, Role::Implementer),
    ("SCOM", SUPPLIER, OrgKind::Supplier, Role::Commercial),
    ("SCSO", SUPPLIER, OrgKind::Supplier, Role::SupplierSafety),
    ("SDSK", SUPPLIER, OrgKind::Supplier, Role::Desk),
    ("SCM of another supplier", OTHER_SUPPLIER, OrgKind::Supplier, Role::SupplierManager),
    ("ACM", AUTHORITY, OrgKind::Authority, Role::AuthorityManager),
    ("ACSO", AUTHORITY, OrgKind::Authority, Role::AuthoritySafety),
    ("CABM", AUTHORITY, OrgKind::Authority, Role::BoardMember),
    ("NNOC", NETWORK, OrgKind::Network, Role::NetworkDesk),
    ("SMG", OTHER_TRUST, OrgKind::Trust, Role::GroupMember),
    ("AUD", AUTHORITY, OrgKind::Authority, Role::Auditor),
    ("ADM", AUTHORITY, OrgKind::Authority, Role::Administrator),
];

/// Somebody new with this one role, who has had nothing to do with the change.
fn stranger(org: OrgId, org_kind: OrgKind, role: Role) -> Actor {
    Actor::Person { id: NEWCOMER, memberships: vec![Membership { org, org_kind, role, service: None, cover: None }] }
}

/// A change of this kind as it comes to a stage, the imaging service touched; `None` where this kind never does.
fn come_to<'w>(world: &'w World, process: &'w Process, stage: Stage) -> Option<Case<'w>> {
    if !process.steps.iter().any(|s| s.from == stage) {
        return None;
    }
    let (start, end) = ("2027-03-02T09:00", "2027-03-02T11:00");
    let fields = match process.id.as_str() {
        "planned-outage" => outage(start, end),
        "service-request" => request(start, end),
        id => crate::kinds::fields(id, start, end).unwrap_or_else(|| normal("PACS", "GW-1", start, end)),
    };
    let fields = asked(process, fields);
    let is_request = process.id == "service-request";
    let mut case = draft(world, process, "requester", TRUST, "2026-11-02T09:00");
    if stage == Stage::Draft {
        return Some(case);
    }
    if stage == Stage::LocalAuth {
        case.sends("requester", Act::Propose, &fields);
        return Some(case);
    }
    if stage == Stage::Withdrawn {
        case.does("requester", Act::Withdraw, &[]);
        return Some(case);
    }
    if process.kind.is_recorded_late() {
        return come_to_late(case, stage);
    }
    // A request is accepted as it is sent, unless something is in its way.
    let early = [Stage::Submitted, Stage::Returned, Stage::OnHold, Stage::Expired].contains(&stage);
    if is_request && early {
        let (from, until) = (case.now, case.now);
        case.clashes.push(ClashFact {
            rule: "BR-19a".into(),
            hard: true,
            with: "RFC-2026-000009".into(),
            shared: "GW-1".into(),
            from,
            until,
            freeze: None,
            other: None,
            settled: None,
            caught: vec![],
        });
    }
    case.sends("coordinator", Act::Submit, &fields);
    case.clashes.clear();
    match stage {
        Stage::OnHold => case.does("manager", Act::Hold, &[("reason", "Awaiting parts"), ("review_on", "2026-11-09")]),
        Stage::Returned | Stage::Expired => case.does("manager", Act::Return, &[("defects", "No circuit")]),
        _ => &mut case,
    };
    if stage == Stage::Expired {
        case.by_then("2027-01-29T09:00").time_out(TimerAct::Expire).unwrap();
    }
    if early {
        return Some(case);
    }
    if !is_request {
        let accepting = if process.id == "planned-outage" { PROMISE } else { LOW_RISK };
        case.does("manager", Act::Accept, accepting);
        decide(&mut case, stage);
    } else if stage == Stage::ClinRejected {
        case.does("supplier-officer", Act::Stop, &[("reason", "The ward needs it"), ("rung", "B. Okafor, 020 7946 0200")]);
    }
    if case.change.stage != stage {
        work(&mut case, stage);
    }
    (case.change.stage == stage).then_some(case)
}

/// The same for what is recorded late.
fn come_to_late<'w>(mut case: Case<'w>, stage: Stage) -> Option<Case<'w>> {
    let process = case.process;
    if case.process.kind == Kind::Retrospective {
        case.by_then("2026-11-28T09:00").sends("requester", Act::Submit, &crate::urgent::found(process, "audit"));
        if stage != Stage::Submitted {
            case.does("manager", Act::Review, &[]);
        }
        if stage == Stage::Closed {
            case.does("authority", Act::GiveVerdict, &[("was_emergency", "yes"), ("authority_agreed", "yes"), ("action", "Tell the team")]);
            case.does("authority-officer", Act::Screen, crate::urgent::NO).does(
                "authority",
                Act::Review,
                &[("words", "Told"), ("cause", "people"), ("benefit", "came")],
            );
            case.does("authority", Act::Close, &[("outcome", "successful")]);
        }
        return (case.change.stage == stage).then_some(case);
    }
    case.by_then("2026-11-28T02:10").sends("requester", Act::Submit, &crate::urgent::night(process, "PACS"));
    match stage {
        Stage::Submitted => return Some(case),
        Stage::ClinRejected | Stage::Expired => {
            let form = rejection(&case);
            case.sends("supplier-officer", Act::RejectClinically, &form)
        }
        Stage::Rejected => case.does("manager", Act::Reject, &[("reason_code", "not_needed"), ("reason", "It can wait")]),
        _ => case.does("manager", Act::Approve, &[]),
    };
    if stage == Stage::Expired {
        case.by_then("2027-02-01T09:00").time_out(TimerAct::Expire).unwrap();
    }
    if !matches!(stage, Stage::Approved | Stage::Cancelled) && case.change.stage == Stage::Approved {
        case.does("manager", Act::Schedule, &[("implementer", "implementer@example.org")]);
    }
    if stage == Stage::Closed {
        case.does("authority", Act::Ratify, &[("agreed", "yes")]).does("authority-officer", Act::Screen, crate::urgent::NO);
        work(&mut case, Stage::Review);
        case.does("authority", Act::Review, &[("words", "Watched now"), ("cause", "people"), ("benefit", "came")]).sends(
            "desk",
            Act::Amend,
            &crate::urgent::rest_of_the_record(),
        );
        case.does("authority", Act::Close, &[("outcome", "successful_with_issues"), ("words", "It took longer")]);
    } else if case.change.stage != stage && !matches!(stage, Stage::ClinRejected | Stage::Rejected | Stage::Expired) {
        work(&mut case, stage);
    }
    (case.change.stage == stage).then_some(case)
}

/// From assessing to the stage, as far as deciding leads there.
fn decide(case: &mut Case, stage: Stage) {
    if stage == Stage::ClinRejected {
        let form = rejection(case);
        case.sends("supplier-officer", Act::RejectClinically, &form);
    }
    if matches!(stage, Stage::Assessing | Stage::ClinRejected) {
        return;
    }
    case.assessed();
    // How care carries on is asked once it is known whom it touches.
    if case.process.question("continuity").is_some() {
        case.does("coordinator", Act::Amend, &[("continuity", "On paper")]);
    }
    if stage == Stage::AwaitingApproval {
        return;
    }
    case.assessed().with_downtime_procedure();
    let approver = ["authority", "manager"].into_iter().find(|who| case.may(&case.world.person(who).actor, Act::Approve).is_ok());
    let approver = approver.unwrap_or_else(|| panic!("nobody approves: {:?}", case.may(&case.world.person("authority").actor, Act::Approve)));
    if stage == Stage::Rejected {
        case.does(approver, Act::Reject, &[("reason_code", "not_needed"), ("reason", "Not now")]);
        return;
    }
    case.does(approver, Act::Approve, &[]);
    if !matches!(stage, Stage::Approved | Stage::Cancelled) {
        case.does("manager", Act::Schedule, &[("implementer", "implementer@example.org")]);
    }
}

/// From approved or scheduled to the stage.
fn work(case: &mut Case, stage: Stage) {
    if stage == Stage::Cancelled {
        case.does("coordinator", Act::Cancel, &[("reason", "Too few staff")]);
    }
    if matches!(stage, Stage::Approved | Stage::Scheduled | Stage::Cancelled) {
        return;
    }
    case.by_then("2027-03-02T09:00").does("implementer", Act::Start, &[]);
    if stage == Stage::BackingOut {
        case.does("implementer", Act::BackOut, &[("reason", "It does not start")]);
    }
    if matches!(stage, Stage::Implementing | Stage::BackingOut) {
        return;
    }
    case.does("implementer", Act::Finish, &[("outcome", "successful"), ("not_back", "Nothing was off")]);
    match stage {
        Stage::Review => case.does("manager", Act::Review, &[]),
        Stage::Closed => {
            let closing = crate::kinds::closing(&case.process.id);
            if !closing.is_empty() {
                case.sends("coordinator", Act::Amend, &closing);
            }
            case.does("manager", Act::Close, &[("outcome", "successful")])
        }
        _ => case,
    };
}

fn matrix(process: &Process) -> String {
    let world = World::new();
    let mut file = format!("{}: who may do what when. x: may; else the code of what stands in the way.\n", process.id);
    let _ = writeln!(
        file,
        "The change was raised by a requester of a trust and touches a service of direct care that another trust uses; each column is somebody\nwho has had nothing to do with it."
    );
    for stage in Stage::ALL {
        let Some(case) = come_to(&world, process, *stage) else {
            assert!(!process.steps.iter().any(|s| s.from == *stage), "{}: nothing was brought to {}", process.id, stage.code());
            continue;
        };
        let _ = writeln!(file, "\n{}", stage.code());
        let facts = case.facts_for(None, &Default::default());
        for act in Act::ALL {
            if !process.steps.iter().any(|s| s.act == *act && s.from == *stage && s.who.iter().any(|w| *w != Who::System)) {
                continue;
            }
            let mut by_answer: Vec<(String, Vec<&str>)> = vec![];
            for (name, org, kind, role) in ROLES {
                let answer = match case.may_by(&facts, &stranger(*org, *kind, *role), *act) {
                    Ok(_) => "x".to_owned(),
                    Err(refusal) => codes(&refusal).join("+"),
                };
                match by_answer.iter_mut().find(|(a, _)| *a == answer) {
                    Some((_, names)) => names.push(name),
                    None => by_answer.push((answer, vec![name])),
                }
            }
            by_answer.sort_by_key(|(answer, _)| (answer != "x", answer == "role", answer.clone()));
            let line = by_answer.iter().filter(|(answer, _)| answer != "role").map(|(answer, names)| format!("{answer}: {}", names.join(", ")));
            let _ = writeln!(file, "  {:<18} {}", act.code(), line.collect::<Vec<_>>().join(" | "));
        }
    }
    file
}

#[test]
fn the_permission_matrix_of_every_kind() {
    for id in ["end-to-end", "firewall-network", "national-service", "pacs-modality", "planned-outage", "service-request", "emergency", "retrospective"] {
        let process = document(id);
        compare(&format!("matrix-{}.txt", process.kind.code()), &matrix(&process));
    }
}

/// The spec's table 3.2, whatever the documents say: who reads only, only reads.
#[test]
fn readers_auditors_and_administrators_may_do_nothing() {
    let world = World::new();
    for id in ["end-to-end", "planned-outage", "service-request", "emergency", "retrospective"] {
        let process = document(id);
        for case in Stage::ALL.iter().filter_map(|stage| come_to(&world, &process, *stage)) {
            for (_, org, kind, role) in ROLES.iter().filter(|(.., role)| matches!(role, Role::GroupMember | Role::Auditor | Role::Administrator)) {
                let offers = case.offers(&stranger(*org, *kind, *role));
                assert!(offers.iter().all(|o| !o.is_open()), "{role:?} at {:?}: {:?}", case.change.stage, offers.iter().find(|o| o.is_open()));
            }
        }
    }
}

/// The string literals in the arguments that follow this call, the last one of each.
fn codes_after(source: &str, call: &str) -> Vec<String> {
    source
        .match_indices(call)
        .filter_map(|(at, _)| {
            let mut depth = 1;
            let rest = &source[at + call.len()..];
            let end = rest
                .char_indices()
                .find(|(_, c)| {
                    depth += match c {
                        '(' => 1,
                        ')' => -1,
                        _ => 0,
                    };
                    depth == 0
                })?
                .0;
            let arguments = &rest[..end];
            let last = arguments.rfind('"')?;
            let first = arguments[..last].rfind('"')?;
            Some(arguments[first + 1..last].to_owned())
        })
        .collect()
}

fn sources(folder: &std::path::Path, found: &mut Vec<String>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(std::fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_code_of_a_refusal_is_listed() {
    let mut texts = vec![];
    sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
    let all = |calls: &[&str]| -> BTreeSet<String> {
        texts
            .iter()
            .flat_map(|t| calls.iter().flat_map(|c| codes_after(t, c)))
            .filter(|c| c.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
            .collect()
    };
    let bars = all(&["Bar::new("]);
    let faults = all(&["Violation::of(", "Violation::whole("]);
    let marks = all(&["found.push(", "deviations.push("]);
    assert!(bars.len() > 20 && faults.len() > 25 && marks.contains("unapproved"), "{bars:?} {faults:?} {marks:?}");
    let list = |name: &str, codes: &BTreeSet<String>| format!("{name}\n{}\n", codes.iter().map(|c| format!("  {c}\n")).collect::<String>());
    compare("codes.txt", &(list("bars", &bars) + &list("faults", &faults) + &list("marks", &marks)));
}
