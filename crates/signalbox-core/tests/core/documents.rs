//! Process documents: the shipped ones are sound, faulty ones are refused with line and cause.

use signalbox_core::act::Act;
use signalbox_core::change::{Kind, Stage};
use signalbox_core::process::{Processes, Required};

fn shipped() -> Processes {
    Processes::shipped().unwrap_or_else(|faults| panic!("{}", faults.iter().map(|f| format!("{f}\n")).collect::<String>()))
}

#[test]
fn the_shipped_documents_have_no_fault() {
    let processes = shipped();
    for kind in [Kind::Normal, Kind::ServiceRequest, Kind::PlannedOutage] {
        let process = processes.by_kind(kind).unwrap();
        assert_eq!(processes.by_hash(&process.hash), Some(process));
    }
    assert!(processes.by_kind(Kind::ServiceRequest).unwrap().catalogue.len() >= 5);
}

#[test]
fn a_normal_change_asks_nine_answers_to_be_sent() {
    let processes = shipped();
    let normal = processes.by_kind(Kind::Normal).unwrap();
    let nine: Vec<&str> = normal.questions.iter()
        .filter(|q| matches!(q.required, Required::Submit { .. }) && q.asked_when.is_none())
        .map(|q| q.id.as_str()).collect();
    assert_eq!(nine, ["title", "why", "people_notice", "services", "items", "window", "backout", "proof", "contact_on_site"]);
}

#[test]
fn a_document_inherits_what_it_does_not_state() {
    let processes = shipped();
    let (normal, outage) = (processes.by_kind(Kind::Normal).unwrap(), processes.by_kind(Kind::PlannedOutage).unwrap());
    assert_eq!(normal.step(Act::Hold, Stage::Submitted), outage.step(Act::Hold, Stage::Submitted));
    assert_ne!(normal.step(Act::Accept, Stage::Submitted), outage.step(Act::Accept, Stage::Submitted));
    assert_eq!(normal.tables["notice verdict"], outage.tables["notice verdict"]);
    assert_ne!(normal.tables["notice asked for"], outage.tables["notice asked for"]);
    assert!(outage.question("risk_novelty").is_none());
}
