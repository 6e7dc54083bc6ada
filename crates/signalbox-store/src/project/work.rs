//! The rows of carrying out and learning.

use super::{Table, all_values};
use crate::sql::statements;
use crate::{StoreError, Tx, Value};
use jiff::Timestamp;
use signalbox_core::carry;
use signalbox_core::change::Change;
use signalbox_core::decide::catalogue;
use signalbox_core::decide::clash::Ruled;
use signalbox_core::learn::{self, Worked};

statements! {
    PUT_WORK = "insert into change_work(change_id, steps, steps_open, planned_minutes, spent_minutes, last_safe, last_safe_passed, extended_until, go_due, went)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    GET_WORK = "select change_id, steps, steps_open, planned_minutes, spent_minutes, last_safe, last_safe_passed, extended_until, go_due, went
        from change_work where change_id = $1";
    DROP_WORK = "delete from change_work where change_id = $1";
    PUT_LEARNT = "insert into change_learnt(change_id, asked, worked, with_issues, did_not, disputes, disputes_open, upheld, incidents, worst, looked,
        cause, benefit, near_misses, actions, actions_open, informed, promised, first_outcome, score)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
    GET_LEARNT = "select change_id, asked, worked, with_issues, did_not, disputes, disputes_open, upheld, incidents, worst, looked,
        cause, benefit, near_misses, actions, actions_open, informed, promised, first_outcome, score from change_learnt where change_id = $1";
    DROP_LEARNT = "delete from change_learnt where change_id = $1";
    PUT_RETURN = "insert into change_returns(change_id, version, revision, kind, code, org_id, at, again_revision, again_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    GET_RETURNS = "select change_id, version, revision, kind, code, org_id, at, again_revision, again_at
        from change_returns where change_id = $1 order by version";
    DROP_RETURNS = "delete from change_returns where change_id = $1";
    PUT_INCIDENT = "insert into change_incidents(change_id, incident_id, grade, linked_at, linked_by) values ($1, $2, $3, $4, $5)";
    GET_INCIDENTS = "select change_id, incident_id, grade, linked_at, linked_by from change_incidents where change_id = $1 order by incident_id";
    PUT_ENTRY = "insert into change_entries(change_id, entry, sent_at, suspended_at, suspended_because) values ($1, $2, $3, $4, $5)";
    GET_ENTRY = "select change_id, entry, sent_at, suspended_at, suspended_because from change_entries where change_id = $1";
    DROP_ENTRY = "delete from change_entries where change_id = $1";
    PUT_EXCEPTION = "insert into freeze_exceptions(change_id, freeze_id, text_id, granted_at, granted_by, expires_at) values ($1, $2, $3, $4, $5, $6)";
    GET_EXCEPTIONS = "select change_id, freeze_id, text_id, granted_at, granted_by, expires_at from freeze_exceptions where change_id = $1 order by freeze_id";
    DROP_EXCEPTIONS = "delete from freeze_exceptions where change_id = $1";
    PUT_AFTER = "insert into change_after(change_id, after_id, reference) values ($1, $2, $3)";
    GET_AFTER = "select change_id, after_id, reference from change_after where change_id = $1 order by after_id";
    DROP_AFTER = "delete from change_after where change_id = $1";
    PUT_CLOSURE = "insert into change_closure(change_id, graph, things, digest) values ($1, $2, $3, $4)";
    GET_CLOSURE = "select change_id, graph, things, digest from change_closure where change_id = $1";
    DROP_CLOSURE = "delete from change_closure where change_id = $1";
    PUT_RULING = "insert into clash_rulings(change_id, other_id, rule, way, text_id, own_from, own_until, other_from, other_until, ruled_at, ruled_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    GET_RULINGS = "select change_id, other_id, rule, way, text_id, own_from, own_until, other_from, other_until, ruled_at, ruled_by
        from clash_rulings where change_id = $1 order by other_id, rule";
    DROP_RULINGS = "delete from clash_rulings where change_id = $1";
    DROP_INCIDENTS = "delete from change_incidents where change_id = $1";
}

/// The rows of these tables, in the order of their statements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    pub work: Vec<Vec<Value>>,
    pub learnt: Vec<Vec<Value>>,
    pub returns: Vec<Vec<Value>>,
    pub incidents: Vec<Vec<Value>>,
    pub entries: Vec<Vec<Value>>,
    pub exceptions: Vec<Vec<Value>>,
    pub rulings: Vec<Vec<Value>>,
    pub closures: Vec<Vec<Value>>,
    pub after: Vec<Vec<Value>>,
}

fn micros(at: Option<Timestamp>) -> Value {
    at.map(Timestamp::as_microsecond).into()
}

fn count(n: usize) -> Value {
    (n as i64).into()
}

/// The rows that a change makes; most tables hold none for one that only waits.
pub(super) fn rows(change: &Change) -> Carried {
    let id = change.id.0;
    let returns = change.learnt.turned_back.iter().map(|t| {
        let (again, at) = (t.again.map(|(revision, _)| i64::from(revision)), t.again.map(|(_, at)| at));
        let by = t.by.map(|org| org.0);
        vec![
            id.into(),
            t.version.into(),
            i64::from(t.revision).into(),
            t.kind.into(),
            t.code.as_str().into(),
            by.into(),
            t.at.as_microsecond().into(),
            again.into(),
            micros(at),
        ]
    });
    let incidents =
        change.learnt.incidents.iter().map(|(incident, (grade, by, at))| {
            vec![id.into(), (*incident).into(), grade.code().into(), at.as_microsecond().into(), by.person.map(|p| p.0).into()]
        });
    Carried {
        work: work(change).into_iter().collect(),
        learnt: learnt(change).into_iter().collect(),
        returns: returns.collect(),
        incidents: incidents.collect(),
        entries: entry(change).into_iter().collect(),
        exceptions: exceptions(change),
        after: after(change),
        rulings: rulings(change),
        closures: closure(change).into_iter().collect(),
    }
}

/// One for each freeze; 0 is the one that the process document declares.
fn exceptions(change: &Change) -> Vec<Vec<Value>> {
    let mut rows: Vec<(i64, Vec<Value>)> = vec![];
    for one in &change.excepted {
        let (freeze, by) = (one.excepted.freeze.unwrap_or_default(), one.by.person.map(|person| person.0));
        let (at, until) = (one.at.as_microsecond(), one.excepted.until.as_microsecond());
        rows.push((freeze, vec![change.id.0.into(), freeze.into(), one.excepted.reason.text.0.into(), at.into(), by.into(), until.into()]));
    }
    rows.sort_by_key(|(freeze, _)| *freeze);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn closure(change: &Change) -> Option<Vec<Value>> {
    let closure = change.live_approvals().filter_map(|approval| approval.closure.as_ref()).last()?;
    Some(vec![change.id.0.into(), closure.graph.into(), count(closure.count), closure.digest.as_str().into()])
}

fn after(change: &Change) -> Vec<Vec<Value>> {
    let mut all: Vec<_> = change.after.iter().collect();
    all.sort_by_key(|one| one.change);
    all.into_iter().map(|one| vec![change.id.0.into(), one.change.0.into(), one.reference.as_str().into()]).collect()
}

fn rulings(change: &Change) -> Vec<Vec<Value>> {
    let row = |one: &Ruled| {
        let (settled, at) = (&one.settled, |moment: Timestamp| Value::from(moment.as_microsecond()));
        vec![
            change.id.0.into(),
            settled.other.0.into(),
            settled.rule.as_str().into(),
            settled.way.code().into(),
            settled.reason.text.0.into(),
            at(settled.own.0),
            at(settled.own.1),
            at(settled.others.0),
            at(settled.others.1),
            at(one.at),
            one.by.person.map(|person| person.0).into(),
        ]
    };
    let mut all: Vec<&Ruled> = change.settled.iter().collect();
    all.sort_by_key(|one| (one.settled.other, one.settled.rule.clone()));
    all.into_iter().map(row).collect()
}

fn entry(change: &Change) -> Option<Vec<Value>> {
    let (entry, sent_at) = (catalogue::asked_for(change)?, change.receipts.first()?.at);
    let last = change.learnt.suspended.last();
    let because = last.map(|one| one.because.clone());
    Some(vec![change.id.0.into(), entry.into(), sent_at.as_microsecond().into(), micros(last.map(|one| one.at)), because.into()])
}

fn work(change: &Change) -> Option<Vec<Value>> {
    let carry = &change.carry;
    if carry.steps.is_empty() && carry.checkpoint.is_none() && change.work.started.is_none() {
        return None;
    }
    let (planned, spent) = carry.effort();
    let went = carry.checkpoint.as_ref().and_then(|c| c.decided.as_ref()).map(|(_, told)| i64::from(told.go));
    Some(vec![
        change.id.0.into(),
        count(carry.steps.len()),
        count(carry::open_steps(change).len()),
        planned.into(),
        spent.into(),
        micros(carry::last_safe(change)),
        micros(carry.last_safe_passed),
        micros(carry.extensions.last().map(|(_, extension)| extension.until)),
        micros(carry::checkpoint_at(change)),
        went.into(),
    ])
}

fn learnt(change: &Change) -> Option<Vec<Value>> {
    let learnt = &change.learnt;
    let outcome = change.outcome.or(change.work.proposed)?;
    let said = |worked: Worked| count(learnt.confirmations.values().filter(|(said, ..)| said.worked == worked).count());
    let upheld = learnt.disputes.iter().filter(|d| d.answer.as_ref().is_some_and(|(.., answer)| answer.upheld)).count();
    let minutes_over = match (change.window(), &change.work.finished) {
        (Some(window), Some(told)) => (told.happened_at.as_second() - window.end.as_second()) / 60,
        _ => 0,
    };
    let findings = learnt.findings.as_ref();
    let text = |code: Option<&str>| Value::from(code.map(str::to_owned));
    Some(vec![
        change.id.0.into(),
        count(learn::asked_whether_it_worked(change).len()),
        said(Worked::Yes),
        said(Worked::WithIssues),
        said(Worked::No),
        count(learnt.disputes.len()),
        count(learnt.open_disputes().count()),
        count(upheld),
        count(learnt.incidents.len()),
        text(learnt.worst().map(|grade| grade.code())),
        learnt.looked.map(i64::from).into(),
        text(findings.map(|f| f.cause.code())),
        text(findings.map(|f| f.benefit.code())),
        count(learnt.near_misses.len()),
        count(learnt.actions.len()),
        count(learnt.actions.iter().filter(|a| a.done.is_none()).count()),
        learnt.survey.as_ref().map(|(survey, _)| i64::from(survey.informed)).into(),
        learnt.survey.as_ref().map(|(survey, _)| i64::from(survey.promised)).into(),
        text(learnt.first_outcome.map(|o| o.code())),
        learn::score(outcome, learnt.worst(), minutes_over, upheld > 0).map(i64::from).into(),
    ])
}

impl Carried {
    /// These tables, always in the same order.
    pub(super) fn tables(&self) -> [Table<'_>; 9] {
        [
            (DROP_WORK, PUT_WORK, &self.work),
            (DROP_LEARNT, PUT_LEARNT, &self.learnt),
            (DROP_RETURNS, PUT_RETURN, &self.returns),
            (DROP_INCIDENTS, PUT_INCIDENT, &self.incidents),
            (DROP_ENTRY, PUT_ENTRY, &self.entries),
            (DROP_EXCEPTIONS, PUT_EXCEPTION, &self.exceptions),
            (DROP_RULINGS, PUT_RULING, &self.rulings),
            (DROP_CLOSURE, PUT_CLOSURE, &self.closures),
            (DROP_AFTER, PUT_AFTER, &self.after),
        ]
    }
}

/// Reads them, for `verify`.
pub(super) fn read(tx: &mut dyn Tx, key: &[Value]) -> Result<Carried, StoreError> {
    Ok(Carried {
        work: tx.all(GET_WORK, key, |row| all_values(row, 10, &[]))?,
        learnt: tx.all(GET_LEARNT, key, |row| all_values(row, 20, &[9, 11, 12, 18]))?,
        returns: tx.all(GET_RETURNS, key, |row| all_values(row, 9, &[3, 4]))?,
        incidents: tx.all(GET_INCIDENTS, key, |row| all_values(row, 5, &[2]))?,
        entries: tx.all(GET_ENTRY, key, |row| all_values(row, 5, &[1, 4]))?,
        exceptions: tx.all(GET_EXCEPTIONS, key, |row| all_values(row, 6, &[]))?,
        rulings: tx.all(GET_RULINGS, key, |row| all_values(row, 11, &[2, 3]))?,
        after: tx.all(GET_AFTER, key, |row| all_values(row, 3, &[2]))?,
        closures: tx.all(GET_CLOSURE, key, |row| all_values(row, 4, &[3]))?,
    })
}

/// The tables in which two sets of rows differ.
pub(super) fn tables_that_differ(a: &Carried, b: &Carried) -> Vec<&'static str> {
    let tables = [
        ("change_work", a.work == b.work),
        ("change_learnt", a.learnt == b.learnt),
        ("change_returns", a.returns == b.returns),
        ("change_incidents", a.incidents == b.incidents),
        ("change_entries", a.entries == b.entries),
        ("freeze_exceptions", a.exceptions == b.exceptions),
        ("clash_rulings", a.rulings == b.rulings),
        ("change_closure", a.closures == b.closures),
        ("change_after", a.after == b.after),
    ];
    tables.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
}
