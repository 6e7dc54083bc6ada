//! The shipped decision tables against what the program decided by itself before, case by case; and what is kept of a
//! decision.

use crate::harness::*;
use crate::oracle::{self, ImpactFacts};
use signalbox_core::act::Act;
use signalbox_core::change::{Change, Consequence, Stage, Window};
use signalbox_core::decide::material::Changed;
use signalbox_core::decide::{classify, freeze};
use signalbox_core::event::{Event, Ruling};
use signalbox_core::form::{Answer, Raw};
use signalbox_core::ids::{ItemId, ServiceId, SiteId};
use signalbox_core::process::Processes;
use signalbox_core::process::facts::Value;
use signalbox_core::process::load::SHIPPED;
use signalbox_core::process::table::Table;
use signalbox_core::risk::Care;
use signalbox_core::samples::*;

fn table(name: &str) -> Table {
    document("end-to-end").tables[name].clone()
}

/// Every bound of spec 6.2 from both sides, in every combination: 3 x 5 x 3 x 5 x 2 x 6 cases.
#[test]
fn the_impact_table_says_what_the_program_said() {
    let impact = table("impact level");
    let mut cases = 0;
    for organisations in [0, 1, 2, 4, 5, 40] {
        for users_without_service in [0, 10, 11, 100, 101, 1000, 1001] {
            for care in [Care::None, Care::Indirect, Care::Direct] {
                for (minutes, in_hours) in [(0, true), (1, true), (14, true), (15, true), (60, true), (61, true), (1, false), (600, false)] {
                    for reversible_minutes in [None, Some(0), Some(1), Some(60), Some(61), Some(240), Some(241)] {
                        let (outage_service_minutes, outage_other_minutes) = if in_hours { (minutes, 0) } else { (0, minutes) };
                        let facts = ImpactFacts {
                            organisations,
                            is_national_service: false,
                            users_without_service,
                            care,
                            outage_service_minutes,
                            outage_other_minutes,
                            is_always_on: false,
                            reversible_minutes,
                        };
                        let fact = |name: &str| {
                            Some(match name {
                                "affected_trusts" => Value::from(i64::from(organisations)),
                                "national_service" => Value::from(false),
                                "users_affected" => Value::from(i64::from(users_without_service)),
                                "patient_facing" => Value::from(care.code()),
                                "loses_service" => Value::from(users_without_service > 0 || minutes > 0),
                                "outage_in_service_hours" => Value::from(i64::from(outage_service_minutes)),
                                "outage_at_other_hours" => Value::from(i64::from(outage_other_minutes)),
                                "reversible" => Value::from(reversible_minutes.is_some()),
                                "minutes_to_go_back" => Value::from(i64::from(reversible_minutes.unwrap_or(0))),
                                _ => return None,
                            })
                        };
                        let said: u8 = impact.decide(fact).unwrap().get("level").unwrap().parse().unwrap();
                        assert_eq!(said, oracle::impact(&facts), "{facts:?}");
                        cases += 1;
                    }
                }
            }
        }
    }
    assert_eq!(cases, 6 * 7 * 3 * 8 * 7);
}

#[test]
fn the_risk_and_category_tables_say_what_the_program_said() {
    let (risk, category) = (table("risk band"), table("category"));
    for score in 0..=18u8 {
        let band = risk.decide(|name| (name == "risk_score").then(|| Value::from(i64::from(score)))).unwrap().get("risk").unwrap().to_owned();
        assert_eq!(band, oracle::risk_band(score).code(), "{score}");
        for impact in 1..=4u8 {
            let fact = |name: &str| Some(if name == "impact" { Value::from(i64::from(impact)) } else { Value::from(band.as_str()) });
            assert_eq!(category.decide(fact).unwrap().get("category"), Some(oracle::category(score, impact).code()), "{score} {impact}");
        }
    }
}

/// C017: each question has a weight; the score stays out of 18, and equal weights give the plain sum.
#[test]
fn answers_count_by_their_weight_and_the_score_is_out_of_eighteen() {
    let all: Vec<[u8; 6]> = (0..4096u32).map(|n| std::array::from_fn(|at| ((n >> (2 * at)) & 3) as u8)).collect();
    for answers in &all {
        let sum: i64 = answers.iter().map(|a| i64::from(*a)).sum();
        assert_eq!(classify::score(&[1; 6], answers), sum);
        assert_eq!(classify::score(&[2; 6], answers), sum);
        let weighed = classify::score(&[3, 1, 0, 1, 1, 1], answers);
        assert!((0..=18).contains(&weighed));
    }
    assert_eq!(classify::score(&[3, 1, 0, 1, 1, 1], &[3, 0, 3, 0, 0, 0]), 8, "9 of 21 is 7.7 of 18");
    assert_eq!(classify::score(&[1, 0], &[3, 0]), 18);
    assert_eq!(classify::score(&[0, 0], &[3, 3]), 0);
}

/// BR-31 for every sort of answer, before and after an approval, against the rule as it was.
#[test]
fn the_material_change_table_says_what_the_program_said() {
    let (world, process) = (World::new(), document("planned-outage"));
    let mut before = notice(&world, &process, "2026-11-02T09:00", "2026-12-08T06:00", "2026-12-08T08:00");
    let plain = before.change.clone();
    before.does("manager", Act::Accept, PROMISE).assessed().with_downtime_procedure().does("manager", Act::Approve, &[]);
    let window = plain.window();
    let text = |n: i64| Answer::Text(signalbox_core::text::Text { text: signalbox_core::ids::TextId(n), digest: n.to_string() });
    let moment = |wall: &str| Answer::Moment { at: at(wall), zone: "Europe/London".into() };
    let items = |ids: &[i64]| Answer::Items(ids.iter().map(|id| ItemId(*id)).collect());
    let answers: Vec<(&str, Vec<Answer>)> = vec![
        ("items", vec![items(&[1]), items(&[1, 2]), items(&[2])]),
        ("services", vec![Answer::Services(vec![ServiceId(1)]), Answer::Services(vec![ServiceId(1), ServiceId(2)])]),
        ("sites", vec![Answer::Sites(vec![SiteId(1)]), Answer::Sites(vec![SiteId(2)])]),
        ("contingency_end", vec![moment("2026-12-08T08:00"), moment("2026-12-08T07:59"), moment("2026-12-08T09:00")]),
        ("outage_minutes", vec![Answer::Number(0), Answer::Number(5), Answer::Number(6)]),
        ("degraded_minutes", vec![Answer::Number(0), Answer::Number(5)]),
        ("backout_minutes", vec![Answer::Number(0), Answer::Number(5)]),
        ("what", vec![text(1), text(2)]),
        ("backout", vec![text(1), text(2)]),
        (
            "supplier_actions",
            vec![Answer::List(vec![]), Answer::List(vec![signalbox_core::text::Text { text: signalbox_core::ids::TextId(3), digest: "3".into() }])],
        ),
        ("outage_type", vec![Answer::Choice("server".into()), Answer::Choice("cooling".into())]),
        ("network_affected", vec![Answer::Choice("no".into()), Answer::Choice("yes".into())]),
        ("circuits", vec![Answer::List(vec![])]),
        ("reversible", vec![Answer::Yes(true), Answer::Yes(false)]),
        ("title", vec![text(1), text(2)]),
        ("patient_facing", vec![Answer::Choice("none".into()), Answer::Choice("direct".into())]),
    ];
    let facts = before.facts_for(None, &Raw::new());
    let actor = &world.person("manager").actor;
    let ctx = before.context(actor, &facts);
    let mut cases = 0;
    for (change, is_approved) in [(&plain, false), (&before.change, true)] {
        for (id, all) in &answers {
            for old in std::iter::once(None).chain(all.iter().map(Some)) {
                for new in all.iter().filter(|new| Some(*new) != old) {
                    let (said, ruling) = Changed::answer(id, old, new, window).judge(&ctx, change);
                    assert_eq!(said, oracle::is_material(id, old, new, window, is_approved), "{id} {old:?} -> {new:?}, approved {is_approved}: {ruling:?}");
                    cases += 1;
                }
            }
        }
    }
    assert!(cases > 100, "{cases}");
}

/// The same for every move of the window by a quarter of an hour, longer and shorter, over midnight too.
#[test]
fn the_material_change_table_keeps_the_tolerance_of_the_window() {
    let (world, process) = (World::new(), document("end-to-end"));
    let case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    let facts = case.facts_for(None, &Raw::new());
    let ctx = case.context(&world.person("coordinator").actor, &facts);
    for start in ["2026-12-08T00:30", "2026-12-08T23:30", "2026-12-08T09:00"] {
        let minutes = |n: i64| jiff::SignedDuration::from_mins(n);
        let before = Window { start: at(start), end: at(start) + minutes(120), contingency_end: at(start) + minutes(180) };
        for moved in -6..=6 {
            for longer in -2..=2 {
                for later in -1..=1 {
                    let (start, end) = (before.start + minutes(moved * 15), before.end + minutes(moved * 15 + longer * 15));
                    let after = Window { start, end, contingency_end: before.contingency_end + minutes(later * 15) };
                    let (said, _) = Changed::window(&ctx, before, after).judge(&ctx, &case.change);
                    assert_eq!(!said, oracle::is_within_tolerance(before, after, &world.zone), "{start} {moved} {longer} {later}");
                }
            }
        }
    }
}

/// BR-16: as the program had it; BR-16c is new, and asks only for an outage at a site with a circuit.
#[test]
fn the_network_table_says_what_the_program_said() {
    let network = table("network question");
    for line in ["", "yes", "no", "unsure"] {
        for (circuit, part, site) in [(false, false, false), (true, false, false), (false, true, false), (true, true, true), (false, false, true)] {
            for kind in ["normal", "planned_outage"] {
                let fact = |name: &str| match name {
                    "line_affected" => (!line.is_empty()).then(|| Value::from(line)),
                    "circuit_listed" => Some(Value::from(circuit)),
                    "network_part" => Some(Value::from(part)),
                    "circuits_at_the_site" => Some(Value::from(site)),
                    _ => Some(Value::from(kind)),
                };
                let said = network.decide(fact).unwrap().get("result").unwrap().to_owned();
                let tells = matches!(line, "yes" | "unsure") || circuit || part;
                let expected = if tells {
                    "tell"
                } else if line == "no" && site && kind == "planned_outage" {
                    "confirm"
                } else {
                    "nothing"
                };
                assert_eq!(said, expected, "{line} {circuit} {part} {site} {kind}");
            }
        }
    }
}

/// BR-25 in its words.
#[test]
fn chargeable_is_what_a_trust_raises_on_a_ground() {
    let chargeable = table("chargeable");
    let said = |raiser: &str, ground: &str, work: bool, late: bool, hint: &str| {
        let fact = |name: &str| {
            Some(match name {
                "raised_by" => Value::from(raiser),
                "charge_ground" => Value::from(ground),
                "supplier_work" => Value::from(work),
                "out_of_hours" => Value::from(late),
                _ => Value::from(hint),
            })
        };
        chargeable.decide(fact).unwrap().get("chargeable").unwrap().to_owned()
    };
    for ground in ["none", "outside_scope", "rework", "legal_duty"] {
        assert_eq!(said("supplier", ground, true, true, "yes"), "no");
    }
    for ground in ["supplier_fault", "authority_funded", "price_zero", "legal_duty"] {
        assert_eq!(said("trust", ground, true, true, "yes"), "no", "{ground}");
    }
    for ground in ["outside_scope", "rework"] {
        assert_eq!(said("trust", ground, false, false, "no"), "yes", "{ground}");
    }
    assert_eq!(said("trust", "none", true, true, "no"), "yes");
    assert_eq!(said("trust", "none", true, false, "no"), "no");
    assert_eq!(said("trust", "none", false, true, "do_not_know"), "unsure");
}

fn find<'c>(change: &'c Change, table: &str) -> Vec<&'c Ruling> {
    change.rulings.iter().map(|ruled| &ruled.ruling).filter(|ruling| ruling.table == table).collect()
}

fn said(ruling: &Ruling) -> String {
    ruling.answers.iter().map(|(name, word)| format!("{name} {word}")).collect::<Vec<_>>().join("; ")
}

/// Point 2 of issue 3: every decision with its row and what went in.
#[test]
fn every_decision_is_kept_with_its_row_and_its_inputs() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    case.sends("coordinator", Act::Submit, &asked(&process, normal("ROTA", "SRV-2", "2026-12-08T09:00", "2026-12-08T12:00")));
    assert_eq!(find(&case.change, "notice asked for").len(), 1);
    assert_eq!(said(find(&case.change, "notice verdict")[0]), "verdict on_time; consequence protected; defective no");
    assert_eq!(said(find(&case.change, "network question")[0]), "result nothing; because no line is touched");
    case.does("manager", Act::Accept, LOW_RISK);
    let impact = find(&case.change, "impact level")[0];
    assert_eq!(impact.row, 17, "{impact:?}");
    assert_eq!(said(impact), "level 3; because going back takes time");
    assert!(impact.inputs.contains(&("minutes to go back".to_owned(), "10".to_owned())), "{impact:?}");
    assert_eq!(impact.also, [(18, "4".to_owned())]);
    assert_eq!((find(&case.change, "risk band")[0].row, find(&case.change, "category")[0].row), (1, 4));
    assert!(find(&case.change, "assessments").iter().any(|r| said(r) == "assessment technical"));
    assert_eq!(said(find(&case.change, "chargeable")[0]), "chargeable no; because no ground for a charge is known");
    case.assessed().does("manager", Act::Approve, &[]);
    assert_eq!(said(find(&case.change, "approver")[0]), "approver supplier change manager");
    case.does("manager", Act::Schedule, &[("implementer", "implementer@example.org")]);
    assert_eq!(said(find(&case.change, "gap before start")[0]), "gap 1; count working days");
    case.by_then("2026-12-08T09:00").does("implementer", Act::Start, &[]);
    case.by_then("2026-12-08T10:00").does("implementer", Act::Finish, &[("outcome", "successful"), ("not_back", "Nothing was off")]);
    case.does("manager", Act::Close, &[("outcome", "successful")]);
    assert_eq!(said(find(&case.change, "closure")[0]), "allowed yes; because the record allows it");
    // What was kept is in the log, and the log tells it again.
    let again = signalbox_core::apply::replay(&case.log).unwrap();
    assert_eq!(again.rulings, case.change.rulings);
}

/// X11: two working days between approval and start where users are touched; less is explained, not refused.
#[test]
fn x11_a_start_too_soon_after_the_approval_is_explained() {
    let (world, process) = (World::new(), document("planned-outage"));
    let mut case = notice(&world, &process, "2026-11-02T09:00", "2026-12-08T06:00", "2026-12-08T08:00");
    case.does("manager", Act::Accept, PROMISE).assessed().with_downtime_procedure();
    let schedule = |case: &mut Case, when: &str, reason: Option<&str>| {
        let mut at_that_time = case.clone();
        at_that_time.by_then(when).does("manager", Act::Approve, &[]);
        let mut fields = raw(&[("implementer", "implementer@example.org")]);
        fields.extend(reason.map(|words| ("gap_reason".to_owned(), vec![words.to_owned()])));
        at_that_time.try_act(&world.person("manager").actor, Act::Schedule, &fields).map_err(|refusal| codes(&refusal))
    };
    // Tuesday 8 December: Friday the 4th leaves Monday and Tuesday.
    assert!(schedule(&mut case, "2026-12-04T12:00", None).is_ok());
    assert_eq!(schedule(&mut case, "2026-12-07T12:00", None).unwrap_err(), ["gap_reason: answer-missing"]);
    let events = schedule(&mut case, "2026-12-07T12:00", Some("The ward asked for the earlier night")).unwrap().events;
    assert!(matches!(&events[0].event, Event::Scheduled { short_gap: Some(_), .. }), "{events:?}");
    assert_eq!(events[0].rulings.iter().map(|r| r.table.as_str()).collect::<Vec<_>>(), ["gap before start"]);
}

/// BR-14: imposed by others, or safety, with a file that shows it: a waiver is proposed. Without a file it is not.
#[test]
fn br_14_a_waiver_is_proposed_where_a_file_shows_the_reason() {
    let (world, process) = (World::new(), document("planned-outage"));
    let sent = |reason: &str, file: Option<&str>| {
        let mut case = draft(&world, &process, "coordinator", TRUST, "2026-12-03T09:00");
        let mut fields = asked(&process, outage("2026-12-08T06:00", "2026-12-08T08:00"));
        fields.insert("late_reason".into(), vec![reason.into()]);
        fields.extend(file.map(|file| ("attachments".to_owned(), vec![file.to_owned()])));
        case.sends("coordinator", Act::Submit, &fields);
        case.change.consequence.unwrap()
    };
    assert_eq!(sent("utility_imposed", Some("1")), Consequence::WaiverProposed);
    assert_eq!(sent("safety", Some("1")), Consequence::WaiverProposed);
    assert_eq!(sent("utility_imposed", None), Consequence::AtRisk);
    assert_eq!(sent("planning_error", Some("1")), Consequence::AtRisk);
}

/// BR-15: returned too late to be void, for an answer that the notice needed: it stands, for what it lists.
#[test]
fn br_15_a_notice_that_lists_the_wrong_things_is_defective() {
    let (world, process) = (World::new(), document("planned-outage"));
    let returned = |when: &str, named: &str| {
        let mut case = notice(&world, &process, "2026-11-02T09:00", "2026-12-08T06:00", "2026-12-08T08:00");
        case.by_then(when).does("manager", Act::Return, &[("defects", "Wrong gateway"), ("fields", named)]);
        case.change.notice().map(|given| given.defective)
    };
    assert_eq!(returned("2026-11-05T09:00", "items"), Some(true));
    assert_eq!(returned("2026-11-05T09:00", "title"), Some(false));
    assert_eq!(returned("2026-11-02T10:00", "items"), None, "in time, so the receipt is void");
}

/// BR-32: the turn of the year, from its first minute to its last; a window that only ends in it counts too.
#[test]
fn br_32_the_turn_of_the_year_is_frozen() {
    let (world, process) = (World::new(), document("end-to-end"));
    let frozen = |start: &str, end: &str| {
        let mut case = draft(&world, &process, "coordinator", TRUST, "2026-10-02T09:00");
        case.sends("coordinator", Act::Submit, &asked(&process, normal("ROTA", "SRV-2", start, end)));
        let facts = case.facts_for(None, &Raw::new());
        freeze::frozen(&case.context(&world.person("manager").actor, &facts), &case.change).map(|found| found.until)
    };
    assert_eq!(frozen("2026-12-17T20:00", "2026-12-17T23:30"), None);
    assert_eq!(frozen("2026-12-17T22:00", "2026-12-18T00:30"), Some(at("2027-01-03T00:00")));
    assert_eq!(frozen("2027-01-02T22:00", "2027-01-02T23:00"), Some(at("2027-01-03T00:00")));
    assert_eq!(frozen("2027-01-03T00:00", "2027-01-03T02:00"), None);
}

/// Spec 6.12: the record rules outcomes out, and says why.
#[test]
fn an_outcome_that_the_record_contradicts_does_not_close_a_change() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    case.sends("coordinator", Act::Submit, &asked(&process, normal("ROTA", "SRV-2", "2026-12-08T09:00", "2026-12-08T12:00")));
    case.does("manager", Act::Accept, LOW_RISK).assessed().does("manager", Act::Approve, &[]);
    case.does("manager", Act::Schedule, &[("implementer", "implementer@example.org")]);
    case.by_then("2026-12-08T09:00").does("implementer", Act::Start, &[]);
    case.by_then("2026-12-08T12:31").does("implementer", Act::Finish, &[("outcome", "successful"), ("not_back", "Nothing was off")]);
    case.does("manager", Act::Review, &[]).does("authority", Act::Review, &[("words", "A slow copy"), ("cause", "people"), ("benefit", "came")]);
    for outcome in ["successful", "not_implemented"] {
        assert_eq!(case.refuses("authority", Act::Close, &raw(&[("outcome", outcome), ("words", "So it was")])), ["outcome: outcome-not-allowed"], "{outcome}");
    }
    case.does("authority", Act::Close, &[("outcome", "successful_with_issues"), ("words", "It ran over")]);
    assert_eq!(case.change.stage, Stage::Closed);
}

/// Spec 6.3: no way back at a high impact is accepted in so many words.
#[test]
fn no_way_back_at_a_high_impact_is_accepted_by_name() {
    let (world, process) = (World::new(), document("end-to-end"));
    let mut case = draft(&world, &process, "coordinator", TRUST, "2026-11-02T09:00");
    let mut fields = asked(&process, normal("ROTA", "SRV-2", "2027-03-02T09:00", "2027-03-02T12:00"));
    fields.insert("users_affected".into(), vec!["500".into()]);
    case.sends("coordinator", Act::Submit, &fields);
    let none: Vec<(&str, &str)> = LOW_RISK.iter().map(|(id, answer)| (*id, if *id == "risk_4" { "3" } else { *answer })).collect();
    case.does("manager", Act::Accept, &none).assessed();
    case.does("coordinator", Act::Amend, &[("continuity", "On paper")]);
    assert_eq!(case.refuses("authority", Act::Approve, &Raw::new()), ["no_way_back_accepted: no-way-back-not-accepted"]);
    case.does("authority", Act::Approve, &[("no_way_back_accepted", "yes")]);
}

/// A document from before the tables stood in documents still says what the program said then.
#[test]
fn a_document_from_before_the_tables_keeps_its_decisions() {
    let text = SHIPPED.iter().find(|(file, _)| *file == "end-to-end.md").unwrap().1;
    let cut = |text: &str, from: &str| {
        let start = text.find(from).unwrap();
        let rest = &text[start + 3..];
        format!("{}{}", &text[..start], &rest[rest.find("\n## ").unwrap() + 1..])
    };
    let mut old = text.to_owned();
    for heading in [
        "## Risk questions",
        "## Decide: impact level",
        "## Decide: risk band",
        "## Decide: category",
        "## Decide: network question",
        "## Decide: material change",
    ] {
        old = cut(&old, heading);
    }
    assert!(Processes::shipped_with(&[("end-to-end.md", &old)]).is_err(), "it would not be adopted now");
    let revived = signalbox_core::process::load::revive(&old, &[]).unwrap();
    let shipped = document("end-to-end");
    assert_ne!(revived.hash, shipped.hash);
    for name in ["impact level", "risk band", "category", "network question", "material change"] {
        assert_eq!(revived.tables[name], shipped.tables[name]);
    }
    assert_eq!(revived.risk_questions, shipped.risk_questions);
}
