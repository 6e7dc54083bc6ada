//! History: one `Imported` event for each row, through the one write path, its notice judged as any other's.

use std::collections::BTreeMap;

use jiff::Timestamp;
use signalbox_core::change::{Kind as ChangeKind, Outcome, Stage, Window};
use signalbox_core::form::micros;
use signalbox_core::ids::{ItemId, OrgId};
use signalbox_store::{StoreError, Tx, directory, project, queries};

use super::{Bad, Cells, Manner, Report, Unreadable, good};
use crate::app::App;
use crate::run::{ImportRow, Stop};

/// Titles are cut here; the whole text is kept as the reason (settled 15).
const TITLE_MAX_CHARS: usize = 120;

pub(super) fn import(
    app: &App,
    rows: Vec<Cells>,
    mut bad: Vec<Bad>,
    manner: Manner,
    progress: impl Fn(u64, u64) + Send + Sync + 'static,
) -> Result<Report, Unreadable> {
    let mut report = Report { is_taken: true, ..Report::default() };
    let (mut good, mut seen) = (vec![], BTreeMap::new());
    app.read::<_, StoreError>(|tx| {
        let mut known = Known::default();
        for row in &rows {
            match resolve(tx, row, &mut known)? {
                Err(fault) => bad.push(fault),
                Ok(resolved) => match seen.insert((resolved.org, resolved.source_ref.clone()), row.line) {
                    Some(line) => bad.push(row.bad("source_ref", format!("stands on line {line} too"))),
                    None => match compare(tx, &resolved, manner)? {
                        Fate::Same => report.unchanged += 1,
                        Fate::Differs => bad.push(row.bad("source_ref", "is there already with other values; --update writes the new ones")),
                        Fate::New => {
                            report.added += 1;
                            good.push(resolved);
                        }
                        Fate::Changed(id) => {
                            report.updated += 1;
                            good.push(ImportRow { existing: Some(id), ..resolved });
                        }
                    },
                },
            }
        }
        Ok(())
    })?;
    bad.sort_by_key(|b| b.line);
    report.bad = bad;
    if !report.bad.is_empty() && !manner.skip_bad {
        return Ok(Report { is_taken: false, ..report });
    }
    let total = good.len() as u64;
    match app.import(good, move |done| progress(done, total)) {
        Ok(_) => Ok(report),
        Err(Stop::Store(fault)) => Err(Unreadable::Store(fault)),
        Err(stop) => Err(Unreadable::File(format!("{stop:?}"))),
    }
}

/// Codes looked up before.
#[derive(Default)]
struct Known {
    /// With whether another stands for it.
    orgs: BTreeMap<String, Option<(i64, bool)>>,
    items: BTreeMap<String, Option<i64>>,
}

fn resolve(tx: &mut dyn Tx, row: &Cells, known: &mut Known) -> Result<Result<ImportRow, Bad>, StoreError> {
    let source_ref = good!(row.needed("source_ref")).to_owned();
    let kind = good!(ChangeKind::from_code(row.get("kind")).ok_or_else(|| row.bad("kind", "is not a kind of change")));
    let title = good!(row.needed("title"));
    let code = good!(row.needed("organisation"));
    if !known.orgs.contains_key(code) {
        let found = directory::organisation_by_code(tx, code)?.map(|o| (o.id, o.merged_into.is_some()));
        known.orgs.insert(code.to_owned(), found);
    }
    let (org, has_merged) =
        good!(known.orgs.get(code).copied().flatten().ok_or_else(|| row.bad("organisation", format!("no organisation has the code {code}"))));
    let mut items = vec![];
    for code in row.list("items") {
        if !known.items.contains_key(code) {
            let found = directory::item_by_code(tx, code)?.map(|i| i.id);
            known.items.insert(code.to_owned(), found);
        }
        let found = known.items.get(code).copied().flatten();
        items.push(ItemId(good!(found.ok_or_else(|| row.bad("items", format!("no item has the code {code}"))))));
    }
    items.sort_unstable();
    items.dedup();
    let time = |column: &str| -> Result<Timestamp, Bad> {
        let cell = row.needed(column)?;
        cell.parse::<Timestamp>().map(micros).map_err(|_| row.bad(column, "is not a time such as 2026-11-17T22:00:00Z"))
    };
    let (start, end, received_at) = (good!(time("window_start")), good!(time("window_end")), good!(time("received_at")));
    if end <= start {
        return Ok(Err(row.bad("window_end", "is not after window_start")));
    }
    let stage = good!(Stage::from_code(&row.get("state").to_ascii_uppercase()).ok_or_else(|| row.bad("state", "is not a state")));
    if has_merged && !stage.is_final() {
        return Ok(Err(row.bad("organisation", format!("{code} has merged; only what is over is still its own"))));
    }
    let outcome = good!(outcome(row, stage));
    let is_long = title.chars().count() > TITLE_MAX_CHARS;
    let cut = if is_long { title.chars().take(TITLE_MAX_CHARS - 1).collect::<String>().trim_end().to_owned() + "…" } else { title.to_owned() };
    let reason = [row.get("reason"), if is_long { title } else { "" }].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n");
    Ok(Ok(ImportRow {
        existing: None,
        kind,
        org: OrgId(org),
        source_ref,
        title: cut,
        items,
        window: Window { start, end, contingency_end: end },
        received_at,
        stage,
        outcome,
        reason: Some(reason).filter(|r| !r.is_empty()),
    }))
}

/// An outcome stands if and only if the change is closed (settled 12).
fn outcome(row: &Cells, stage: Stage) -> Result<Option<Outcome>, Bad> {
    match (row.get("outcome"), stage) {
        ("", Stage::Closed) => Err(row.bad("outcome", "is needed for a closed change")),
        ("", _) => Ok(None),
        (code, Stage::Closed) => Outcome::from_code(&code.to_ascii_lowercase()).map(Some).ok_or_else(|| row.bad("outcome", "is not an outcome")),
        _ => Err(row.bad("outcome", "is only for closed changes")),
    }
}

enum Fate {
    New,
    Same,
    Differs,
    Changed(i64),
}

/// What is there under this reference already, and whether it says the same.
fn compare(tx: &mut dyn Tx, row: &ImportRow, manner: Manner) -> Result<Fate, StoreError> {
    let Some(id) = queries::sight::by_source_of(tx, row.org.0, &row.source_ref)? else { return Ok(Fate::New) };
    let Some(loaded) = project::load(tx, id)? else { return Ok(Fate::New) };
    let change = &loaded.change;
    let header = change.content.as_ref().map(|c| &c.header);
    let title = header.and_then(|h| loaded.prose.get(&h.title.text.0));
    let reason = loaded.events.iter().rev().find_map(|e| match &e.event {
        signalbox_core::event::Event::Imported { reason, .. } => Some(reason.as_ref().and_then(|r| loaded.prose.get(&r.text.0)).cloned()),
        _ => None,
    });
    let same = change.kind == row.kind
        && title == Some(&row.title)
        && header.is_some_and(|h| h.items == row.items)
        && change.window() == Some(row.window)
        && change.receipt().map(|r| r.at) == Some(row.received_at)
        && (change.stage, change.outcome) == (row.stage, row.outcome)
        && reason.flatten() == row.reason;
    Ok(match (same, manner.update) {
        (true, _) => Fate::Same,
        (false, true) => Fate::Changed(id),
        (false, false) => Fate::Differs,
    })
}
