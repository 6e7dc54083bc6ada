//! One table of a proposal, cell by cell, for those who know the process and not Markdown.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use signalbox_core::govern::Deed;
use signalbox_core::process::edit::{Edit, Grid, edit, grids};

use super::{Seen, halted, text};
use crate::app::{App, Shared};
use crate::run::govern::Halt;
use crate::web::form::Form;
use crate::web::pages::process::{TableCell, TablePage, TableRow};
use crate::web::problem::{Failure, Fault};
use crate::web::tell::page_with;
use crate::web::ui;
use crate::web::visitor::Visitor;

fn find(app: &App, visitor: &Visitor, id: &str, table: &str) -> Result<(Seen, usize, Grid), Failure> {
    let seen = Seen::read_to_write(app, visitor, id)?;
    let bars = seen.bars(app, Deed::Write);
    if !bars.is_empty() {
        return Err(halted(Halt::Barred(bars)));
    }
    let n = usize::try_from(super::super::id(table)?).map_err(|_| Failure::NotFound)?;
    let grid = grids(&seen.proposal.source).into_iter().nth(n).ok_or(Failure::NotFound)?;
    Ok((seen, n, grid))
}

/// The table as a form.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path((id, table)): Path<(String, String)>) -> Result<Response, Failure> {
    let (seen, n, grid) = find(&app, &visitor, &id, &table)?;
    draw(&app, &visitor, &seen, n, &grid, &Form::default(), &[])
}

fn draw(app: &App, visitor: &Visitor, seen: &Seen, n: usize, grid: &Grid, typed: &Form, faults: &[Fault]) -> Result<Response, Failure> {
    let shown = |name: &str, stored: &str| if typed.has(name) { typed.raw(name).to_owned() } else { stored.to_owned() };
    let cell = |name: String, row: &str, column: &str, stored: &str| {
        let value = shown(&name, stored);
        let rows = (value.chars().count() / 40 + 1).clamp(1, 8) as u8;
        TableCell { label: format!("{row}, {column}"), column: column.to_owned(), rows, value, name }
    };
    let mut rows: Vec<TableRow> = vec![];
    for (r, row) in grid.rows.iter().enumerate() {
        let name = format!("Row {}", r + 1);
        let cells = grid.columns.iter().enumerate().map(|(c, column)| cell(format!("cell-{r}-{c}"), &name, column, &row.cells[c]));
        let (cells, drop) = (cells.collect(), format!("drop-{r}"));
        rows.push(TableRow { id: format!("row-{}", r + 1), cells, line: row.line.to_string(), is_dropped: typed.has(&drop), drop, name });
    }
    let cells = grid.columns.iter().enumerate().map(|(c, column)| cell(format!("new-{c}"), "New row", column, "")).collect();
    rows.push(TableRow { name: "New row".into(), id: "row-new".into(), cells, ..TableRow::default() });
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let summary = faults.iter().map(|fault| ui::Fault { message: fault.detail.clone(), target: fault.field.clone().unwrap_or_default() });
    Ok(page_with(
        status,
        &TablePage {
            shell: seen.shell(app, visitor, &format!("Change the table: {}", grid.heading)),
            lede: "Change what you want; everything else in the document stays as it is. A row is added by filling in the last one.".into(),
            faults: summary.collect(),
            action: format!("{}/tables/{n}", seen.path()),
            rev: seen.proposal.rev,
            caption: grid.heading.clone(),
            columns: grid.columns.clone(),
            rows,
        },
    ))
}

/// Writes the cells back.
pub async fn save(State(app): State<Shared>, visitor: Visitor, Path((id, table)): Path<(String, String)>, form: Form) -> Result<Response, Failure> {
    let (seen, n, grid) = find(&app, &visitor, &id, &table)?;
    let mut names = vec!["rev".to_owned()];
    let mut wanted = Edit::default();
    for r in 0..grid.rows.len() {
        for c in 0..grid.columns.len() {
            let name = format!("cell-{r}-{c}");
            if form.has(&name) {
                wanted.cells.push((r, c, form.text(&name).to_owned()));
            }
            names.push(name);
        }
        let drop = format!("drop-{r}");
        if form.has(&drop) {
            wanted.drop.push(r);
        }
        names.push(drop);
    }
    let new: Vec<String> = (0..grid.columns.len()).map(|c| format!("new-{c}")).collect();
    wanted.add.push(new.iter().map(|name| form.text(name).to_owned()).collect());
    names.extend(new);
    form.only(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
    let Some(source) = edit(&seen.proposal.source, n, &wanted) else {
        let faults = [Fault::of("cell-0-0", "cell", "A cell holds a character that can’t be shown, or more than 4,000 of them.")];
        return draw(&app, &visitor, &seen, n, &grid, &form, &faults);
    };
    // The table was drawn from one revision; over another, the cells might be others'.
    text::keep(&app, &visitor, &seen, form.text("rev"), source, seen.proposal.why.clone(), "The table is saved. Check it when it is right.")
}
