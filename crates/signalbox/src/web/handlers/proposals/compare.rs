//! What a proposal changes: in words, and line by line.

use axum::extract::{Path, State};
use axum::response::Response;
use signalbox_core::process::compare::lines::{Side, diff, near_changes};
use signalbox_core::process::compare::{self, Difference, Part};

use super::Seen;
use crate::app::{App, Shared};
use crate::web::pages::process::ProposalPage;
use crate::web::parts::{Cell, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::Link;
use crate::web::visitor::Visitor;
use crate::words::{counted, sentence_case};

/// Lines that stay, shown around each that changes.
const AROUND: usize = 3;
/// The most lines of a comparison on a page.
const LINES_MAX: usize = 1_500;

/// Everything that is different from the version in force, or the number of faults that keep it from being read.
pub(super) fn differences(app: &App, seen: &Seen) -> Result<Vec<Difference>, usize> {
    let with = seen.with.as_ref().map_err(Vec::len)?;
    let (before, after) = (before(app, seen), with.by_id(&seen.proposal.document));
    Ok(before.zip(after).map(|(before, after)| compare::compare(&before, after)).unwrap_or_default())
}

/// The version that this one is compared with: the one that it was written from.
fn before(app: &App, seen: &Seen) -> Option<std::sync::Arc<signalbox_core::process::Process>> {
    let pinned = app.read::<_, Failure>(|tx| app.documents.pinned(tx, &seen.proposal.base_hash)).ok();
    pinned.or_else(|| app.documents.in_force().by_id(&seen.proposal.document).cloned())
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &id)?;
    let mut sections = vec![];
    let lede = match differences(&app, &seen) {
        Ok(all) => {
            sections.extend(in_words(&all));
            sections.extend(heirs(&app, &seen, &all));
            format!("{} from the version that it was written from.", counted(all.len() as i64, "difference"))
        }
        Err(faults) => format!("{} in the text; it can be compared in words once they are put right.", counted(faults as i64, "fault")),
    };
    let was = before(&app, &seen).map(|process| process.source.clone()).unwrap_or_default();
    sections.push(lines(&was, &seen.proposal.source));
    Ok(page(&ProposalPage {
        shell: seen.shell(&app, &visitor, "What it changes"),
        lede,
        actions: vec![Link::new("Rehearse it", &format!("{}/rehearse", seen.path()))],
        before: sections,
        ..ProposalPage::default()
    }))
}

/// The differences, a table for each part of the document.
pub(super) fn in_words(all: &[Difference]) -> Vec<Section> {
    let of = |part: &Part| {
        let rows: Vec<Row> = all.iter().filter(|one| one.part == *part).map(row).collect();
        let heading = sentence_case(part.words());
        let table = Table::new(&heading, &["Mark", "What changes", "Whom it concerns"], rows);
        Section::new(&format!("part-{}", part.code()), &heading).table(table, "")
    };
    Part::ALL.iter().map(of).filter(Section::has_rows).collect()
}

fn row(one: &Difference) -> Row {
    use signalbox_core::process::compare::Mark;
    let colour = match one.mark {
        Mark::Added => "green",
        Mark::Removed => "red",
        Mark::Changed => "blue",
    };
    let whom: Vec<&str> = one.concerns.iter().map(|kind| kind.words()).collect();
    let whom = if whom.len() == signalbox_core::actor::OrgKind::ALL.len() { "everybody".to_owned() } else { whom.join(", ") };
    Row::new(Cell::tag(&sentence_case(one.mark.words()), colour), vec![Cell::text(&one.words), Cell::text(&whom)])
}

/// What follows for documents that are based on this one: only what does not stand above already.
fn heirs(app: &App, seen: &Seen, own: &[Difference]) -> Option<Section> {
    let with = seen.with.as_ref().ok()?;
    let in_force = app.documents.in_force();
    let mut rows = vec![];
    for after in with.iter().filter(|process| process.id != seen.proposal.document) {
        let Some(before) = in_force.by_id(&after.id).filter(|before| before.hash != after.hash) else { continue };
        let all = compare::compare(before, after);
        let others: Vec<&Difference> = all.iter().filter(|one| !own.iter().any(|known| known.words == one.words)).collect();
        let same = all.len() - others.len();
        let words = if same > 0 {
            format!("{} of the above.", sentence_case(&counted(same as i64, "difference")))
        } else {
            "Nothing but the text it is based on.".into()
        };
        rows.push(Row::new(Cell::link(&after.title, &format!("/process/{}", after.id)), vec![Cell::text(&words)]));
        rows.extend(others.iter().map(|one| Row::new(Cell::text(&after.title), vec![Cell::text(&one.words)])));
    }
    let section = Section::new("heirs", "Documents that are based on it");
    (!rows.is_empty())
        .then(|| section.words("They change with it, from the same day on.").table(Table::new("What follows", &["Document", "What changes"], rows), ""))
}

/// The texts line by line.
pub(super) fn lines(was: &str, is: &str) -> Section {
    let all = near_changes(&diff(was, is), AROUND);
    let rows = all.iter().take(LINES_MAX).map(|line| match line {
        None => Row::new(Cell::text("…"), vec![Cell::text(""), Cell::text(""), Cell::text("lines that stay")]),
        Some(line) => {
            let mark = match line.side {
                Side::Both => Cell::text("stays"),
                Side::Before => Cell::tag("−", "red").and("out"),
                Side::After => Cell::tag("+", "green").and("in"),
            };
            let number = |n: Option<usize>| Cell::text(&n.map(|n| n.to_string()).unwrap_or_default());
            Row::new(mark, vec![number(line.before), number(line.after), Cell::text(&line.text)])
        }
    });
    let is_same = all.iter().flatten().all(|line| line.side == Side::Both);
    let rows = if is_same { vec![] } else { rows.collect() };
    let table = Table::new("Each line that goes or comes, with those around it", &["Mark", "Line before", "Line after", "Text"], rows);
    Section::new("lines", "Line by line").table(table, "No line is different.")
}
