//! Organisations that become one.

use signalbox_core::calendar::local;
use signalbox_core::change::Change;
use signalbox_core::event::Event;
use signalbox_core::refusal::Violation;
use signalbox_store::directory::{Merger, Moved};

use super::{Names, counted, listed, read_param};

/// `Northbrook Hospital Trust and Eastmarsh Trust are now Two Rivers Trust`
pub fn merged(ended: &[String], successor: &str) -> String {
    format!("{} {} now {successor}", listed(ended), if ended.len() == 1 { "is" } else { "are" })
}

/// The line of the move in the history of a change.
pub(super) fn event_line(event: &Event, names: &Names) -> Option<String> {
    let Event::OrganisationSucceeded(succession) = event else { return None };
    let ended: Vec<String> = succession.predecessors.iter().map(|org| names.org(*org)).collect();
    Some(format!("{}; what was open moved there", merged(&ended, &names.org(succession.successor))))
}

/// Whose change it is: `Two Rivers Trust`, or `Two Rivers Trust, raised as Northbrook Hospital Trust`.
pub fn holder(change: &Change, names: &Names) -> String {
    let holds = names.org(change.org);
    change.raised_as.map_or(holds.clone(), |raiser| raised_as(&holds, &names.org(raiser)))
}

/// `Two Rivers Trust, raised as Northbrook Hospital Trust`
pub fn raised_as(holder: &str, raiser: &str) -> String {
    format!("{holder}, raised as {raiser}")
}

/// `Northbrook Hospital Trust and Eastmarsh Trust into Two Rivers Trust`
pub fn merging(ended: &[String], successor: &str) -> String {
    format!("{} into {successor}", listed(ended))
}

/// What somebody has to know before they press.
pub fn warning(ended: &[String], successor: &str) -> Vec<String> {
    let (ended, takes) = (listed(ended), if ended.len() == 1 { "takes" } else { "take" });
    vec![
        format!("{ended} {takes} no part any more. Everything open is {successor}’s, and says as whose it was raised. What is closed stays as it is."),
        format!("Approvals and answers given stay valid. People keep their roles, in {successor}; each is confirmed again by its coordinator."),
        "It cannot be undone once it has happened.".into(),
    ]
}

/// How a plan stands.
pub fn state(merger: &Merger) -> &'static str {
    match (merger.taken_back_at, merger.done_at) {
        (Some(_), _) => "taken back",
        (_, Some(_)) => "done",
        _ => "planned",
    }
}

/// `1 April 2026`
pub fn day(merger: &Merger) -> String {
    local::date_words(merger.day)
}

/// What moves, a line each; what there is none of is left out.
pub fn moves(moved: &Moved) -> Vec<(&'static str, String)> {
    let many = |number: i64, one: &str, more: &str| format!("{number} {}", if number == 1 { one } else { more });
    let lines = [
        ("Open changes", moved.changes, counted(moved.changes, "change")),
        ("People", moved.people, format!("{}, in {}", many(moved.people, "person", "people"), counted(moved.memberships, "role"))),
        ("Sites", moved.sites, counted(moved.sites, "site")),
        ("Services", moved.services, counted(moved.services, "service")),
        ("Equipment", moved.items, counted(moved.items, "item")),
        ("Freezes", moved.freezes, counted(moved.freezes, "freeze")),
        ("On call and cover", moved.turns, many(moved.turns, "entry", "entries")),
        ("Boards", moved.seats, counted(moved.seats, "seat")),
        ("Safety officers", moved.officers, counted(moved.officers, "registration")),
        ("Incidents", moved.incidents, counted(moved.incidents, "incident")),
        ("Requests to join", moved.requests, counted(moved.requests, "request")),
    ];
    lines.into_iter().filter(|(_, number, _)| *number > 0).map(|(label, _, words)| (label, words)).collect()
}

/// What is wrong with a plan.
pub(super) fn fault(violation: &Violation) -> Option<String> {
    let param = |n: usize| violation.params.get(n).map_or(String::new(), |p| read_param(p));
    Some(match violation.code {
        "nobody-merges" => "Choose at least one organisation that ends.".into(),
        "merged-before" => format!("Choose another: {} has merged already.", param(0)),
        "merges-already" => format!("{} is planned to merge on {}. Take that back first.", param(0), param(1)),
        "receives-others" => format!("Others are planned to merge into {} on {}. Take that back first, or plan this one after that day.", param(0), param(1)),
        "unlike-kinds" if violation.field.as_deref() == Some("successor") => {
            format!("Choose organisations of one kind: {} is a {}, and {} is a {}.", param(0), param(1), param(2), param(3))
        }
        "unlike-kinds" => format!("Choose organisations of one kind: {} is a {}, {} is a {}.", param(0), param(1), param(2), param(3)),
        "merges-into-itself" => format!("Choose another: {} cannot end and go on. Where it takes the others over, leave it out of those that end.", param(0)),
        "merger-too-early" => format!("Enter a day from {} on. What happened before that can’t be recorded as a merger any more.", param(0)),
        "merger-too-late" => format!("Enter a day until {}.", param(0)),
        "taken" => "Enter another code: another organisation has this one.".into(),
        _ => return None,
    })
}
