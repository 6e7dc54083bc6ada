//! The row of an emergency, or of work found out afterwards, in the register (spec 12, R-9).

use crate::Value;
use crate::sql::statements;
use jiff::Timestamp;
use signalbox_core::change::Change;
use signalbox_core::form::Answer;
use signalbox_core::urgent::{Paper, papers};

statements! {
    PUT = "insert into urgent_changes(change_id, reason, raised_at, work_start, first_approver, first_approved_at, verbal, confirmed_at, confirmed,
        ratify_due, ratified_by, ratified_at, ratified, record_due, record_at, contact, verdict, verdict_due, verdict_at, reviewed_at, converted_from,
        retrospective_of) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)";
    GET = "select change_id, reason, raised_at, work_start, first_approver, first_approved_at, verbal, confirmed_at, confirmed,
        ratify_due, ratified_by, ratified_at, ratified, record_due, record_at, contact, verdict, verdict_due, verdict_at, reviewed_at, converted_from,
        retrospective_of from urgent_changes where change_id = $1";
    DROP = "delete from urgent_changes where change_id = $1";
}

/// How many columns the table has, and which of them are text.
pub(crate) const COLUMNS: usize = 22;
pub(crate) const TEXTS: &[usize] = &[1, 15, 16, 20];
pub(crate) const WRITE: &str = PUT;
pub(crate) const READ: &str = GET;
pub(crate) const FORGET: &str = DROP;

/// The row of a change; none for an ordinary one.
pub fn rows(change: &Change) -> Vec<Vec<Value>> {
    if !change.kind.is_recorded_late() {
        return vec![];
    }
    let micros = |at: Option<Timestamp>| Value::from(at.map(Timestamp::as_microsecond));
    let text = |code: Option<&str>| Value::from(code.map(str::to_owned));
    let choice = |id: &str| match change.content.as_ref().and_then(|c| c.answers.get(id)) {
        Some(Answer::Choice(code)) => Some(code.as_str()),
        _ => None,
    };
    let papers = papers(change);
    let due = |paper: Paper| papers.iter().find(|owed| owed.paper == paper).map(|owed| owed.due_at);
    let urgent = &change.urgent;
    let first = change.approvals.iter().min_by_key(|a| a.at);
    let (ratified, verdict, answered) = (urgent.ratified.as_ref(), urgent.verdict.as_ref(), urgent.answered.as_ref());
    vec![vec![
        change.id.0.into(),
        text(choice("emergency_reason").or_else(|| choice("why_no_approval"))),
        change.raised_at.as_microsecond().into(),
        micros(change.work.started.as_ref().map(|told| told.happened_at)),
        first.and_then(|a| a.by.person).map(|p| p.0).into(),
        micros(first.map(|a| a.at)),
        urgent.verbal.is_some().into(),
        micros(answered.map(|(_, _, at)| *at)),
        answered.map(|(agreed, ..)| i64::from(*agreed)).into(),
        micros(due(Paper::Ratification)),
        ratified.and_then(|(_, by, _)| by.person).map(|p| p.0).into(),
        micros(ratified.map(|(_, _, at)| *at)),
        ratified.map(|(agreed, ..)| i64::from(*agreed)).into(),
        micros(due(Paper::Record)),
        micros(urgent.record.as_ref().map(|(_, at)| *at)),
        text(choice("clinical_contact")),
        text(verdict.map(|(judged, ..)| judged.verdict.code())),
        micros(due(Paper::Verdict)),
        micros(verdict.map(|(_, _, at)| *at)),
        micros(change.review.as_ref().map(|(_, at, _)| *at)),
        text(urgent.converted_from.map(|kind| kind.code())),
        urgent.retrospective_of.map(|id| id.0).into(),
    ]]
}
