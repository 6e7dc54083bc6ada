//! The papers of a meeting as one person sees them: each member only their part (C059).

use crate::boards::{AgendaRow, agenda};
use crate::page::opt_time;
use crate::queries::sight;
use crate::scope::Scope;
use crate::sql::statements;
use crate::{StoreError, Tx, project, values};
use jiff::Timestamp;
use signalbox_core::change::Change;
use std::collections::BTreeMap;

statements! {
    LINE = "select c.reference, c.title, c.kind, c.stage, c.category, c.risk, c.impact, c.window_start, c.window_end, o.name
        from changes c join organisations o on o.id = c.org_id where c.id = $1";
}

/// What of a change stands on the papers.
#[derive(Clone, Debug)]
pub struct PaperLine {
    pub reference: String,
    pub title: String,
    pub kind: String,
    pub stage: String,
    pub category: Option<String>,
    pub risk: Option<i64>,
    pub impact: Option<i64>,
    pub start: Option<Timestamp>,
    pub end: Option<Timestamp>,
    pub raised_by: String,
    pub change: Change,
    pub prose: BTreeMap<i64, String>,
}

/// An item, and what this person may see of it: nothing, where it is no concern of theirs.
#[derive(Clone, Debug)]
pub struct Paper {
    pub item: AgendaRow,
    pub shown: Option<PaperLine>,
}

/// The items of a meeting.
pub fn papers(tx: &mut dyn Tx, scope: &Scope, meeting: i64) -> Result<Vec<Paper>, StoreError> {
    let mut found = vec![];
    for item in agenda(tx, meeting)? {
        let shown = if sight::is_visible(tx, scope, item.change_id)? { line(tx, item.change_id)? } else { None };
        found.push(Paper { item, shown });
    }
    Ok(found)
}

fn line(tx: &mut dyn Tx, id: i64) -> Result<Option<PaperLine>, StoreError> {
    let Some(loaded) = project::load(tx, id)? else { return Ok(None) };
    tx.maybe_one(LINE, values![id], |row| {
        Ok(PaperLine {
            reference: row.text(0)?,
            title: row.text(1)?,
            kind: row.text(2)?,
            stage: row.text(3)?,
            category: row.opt_text(4)?,
            risk: row.opt_int(5)?,
            impact: row.opt_int(6)?,
            start: opt_time(row, 7)?,
            end: opt_time(row, 8)?,
            raised_by: row.text(9)?,
            change: loaded.change.clone(),
            prose: loaded.prose.clone(),
        })
    })
}
