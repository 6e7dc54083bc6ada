//! what trusts asked for, and where it stands.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use signalbox_core::calendar::{self, Calendar, Division};
use signalbox_core::change::Stage;
use signalbox_store::queries::reports::{self as store, RaisedRow};

use super::Wanted;
use crate::app::Shared;
use crate::web::csv;
use crate::web::form::Query;
use crate::web::handlers::entries::wall_cell;
use crate::web::handlers::schedule::reader;
use crate::web::layout::Place;
use crate::web::pages::reports::{RaisedRow as Drawn, TrustRaisedPage, TrustRow};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::{Paging, Stat, Tag};
use crate::web::visitor::Visitor;
use crate::words::{counted, mergers, sentence_case};

/// The page shows the first of them; the file holds all.
const ROWS_MAX: usize = 200;

#[derive(Default)]
struct Trust {
    raised: u64,
    open: u64,
    approved: u64,
    rejected: u64,
    closed: u64,
    days: Vec<f64>,
}

impl Trust {
    fn add(&mut self, row: &RaisedRow) {
        self.raised += 1;
        self.open += u64::from(!row.stage.is_final());
        let is_approved = row.stage.is_firm() || matches!(row.stage, Stage::Implemented | Stage::Review) || (row.stage == Stage::Closed);
        self.approved += u64::from(is_approved);
        self.rejected += u64::from(matches!(row.stage, Stage::Rejected | Stage::ClinRejected));
        self.closed += u64::from(row.stage.is_final());
        // Where a change stands refused, its stage began with the decision.
        let is_refused = matches!(row.stage, Stage::Rejected | Stage::ClinRejected);
        let decided_at = row.approved_at.or(is_refused.then_some(row.stage_since));
        if let (Some(received), Some(decided)) = (row.received_at, decided_at) {
            self.days.push(decided.duration_since(received).as_secs().max(0) as f64 / 86_400.0);
        }
    }
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now, zone) = (reader(&visitor)?, app.clock.now(), calendar::london());
    let (wanted, names, rows, trusts) = app.read::<_, Failure>(|tx| {
        let names = app.names.of(tx, &scope)?;
        let wanted = Wanted::read(&query, &names, now, &zone);
        let (mut rows, mut trusts) = (vec![], BTreeMap::<(String, String), Trust>::new());
        store::each_raised(tx, &scope, &wanted.filter, wanted.open_only, |row| {
            trusts.entry((row.org.name.clone(), row.org.code.clone())).or_default().add(&row);
            rows.push(row);
            Ok(())
        })?;
        Ok((wanted, names, rows, trusts))
    })?;
    let sum = |of: fn(&Trust) -> u64| trusts.values().map(of).sum::<u64>();
    let (raised, open) = (sum(|t| t.raised), sum(|t| t.open));
    let mut shell = visitor.shell(&app, "Changes raised by trusts", Place::Reports);
    shell.crumbs = vec![("Reports".into(), "/reports".into())];
    let stat = |label: &str, figure: u64, note: String, href: &str| Stat { label: label.into(), figure: figure.to_string(), note, href: href.into() };
    let shown = rows.len().min(ROWS_MAX);
    let view = TrustRaisedPage {
        shell,
        span: format!("{}.", wanted.span_words()),
        sentence: format!("{raised} raised, {open} still open{}.", oldest(&rows, now)),
        filters: wanted.filters("/reports/trust-raised", &names, true),
        stats: vec![
            stat("Raised", raised, format!("by {}", counted(trusts.len() as i64, "trust")), ""),
            stat("Open", open, "List those open".into(), "/reports/trust-raised?open=yes"),
            stat("Approved or beyond", sum(|t| t.approved), String::new(), ""),
            stat("Refused", sum(|t| t.rejected), String::new(), ""),
        ],
        organisations: trusts.iter().map(|((name, code), trust)| trust_row(name, code, trust)).collect(),
        rows: rows.iter().take(ROWS_MAX).map(|row| drawn(row, &zone)).collect(),
        paging: Paging {
            showing: if shown < rows.len() { format!("Showing {shown} of {}; the CSV holds all.", rows.len()) } else { format!("Showing {shown}.") },
            ..Paging::default()
        },
    };
    Ok(page(&view))
}

fn oldest(rows: &[RaisedRow], now: Timestamp) -> String {
    let open = rows.iter().filter(|row| !row.stage.is_final()).filter_map(|row| row.received_at).min();
    open.map(|received| format!("; the oldest has waited {}", counted(now.duration_since(received).as_hours() / 24, "day"))).unwrap_or_default()
}

fn trust_row(name: &str, code: &str, trust: &Trust) -> TrustRow {
    TrustRow {
        name: name.into(),
        href: format!("/reports/trust-raised?organisation={}", code.to_lowercase()),
        raised: trust.raised,
        open: trust.open,
        approved: trust.approved,
        rejected: trust.rejected,
        closed: trust.closed,
        median_days: signalbox_core::report::median(&trust.days).map_or("none yet".into(), |days| format!("{days:.0}")),
    }
}

fn drawn(row: &RaisedRow, zone: &jiff::tz::TimeZone) -> Drawn {
    let colour = if row.stage.is_final() {
        "green"
    } else if row.stage.is_before_approval() {
        "yellow"
    } else {
        "blue"
    };
    Drawn {
        reference: row.reference.clone(),
        href: if row.party { format!("/changes/{}", row.reference) } else { String::new() },
        title: row.title.clone(),
        organisation: row.raised_as.as_ref().map_or(row.org.name.clone(), |raiser| mergers::raised_as(&row.org.name, &raiser.name)),
        kind: sentence_case(row.kind.words()),
        raised: row.received_at.map(|at| calendar::local_date(at, zone).strftime("%-d %b %Y").to_string()).unwrap_or_default(),
        tag: Tag::new(row.stage.words(), colour),
        waits_for: waits_for(row, zone),
    }
}

fn waits_for(row: &RaisedRow, zone: &jiff::tz::TimeZone) -> String {
    let Some(owed) = &row.waiting_on else { return waits_for_time(row, zone) };
    let who = owed.org.as_ref().map(|org| org.name.clone()).or_else(|| owed.role.map(|role| sentence_case(role.words()))).unwrap_or_default();
    let what = if owed.about.is_empty() || owed.about == owed.kind { owed.kind.clone() } else { format!("{}, {}", owed.kind, owed.about) };
    let due = owed.due_at.map(|at| format!(", by {}", day(at, zone))).unwrap_or_default();
    if who.is_empty() { sentence_case(&format!("{what}{due}")) } else { format!("{who}: {what}{due}") }
}

/// What is next where nobody owes anything.
fn waits_for_time(row: &RaisedRow, zone: &jiff::tz::TimeZone) -> String {
    match (row.stage, row.window) {
        (stage, _) if stage.is_final() => "Nothing".into(),
        (Stage::Approved, _) => "A date with names".into(),
        (Stage::Scheduled, Some(window)) => format!("Its start, {}", day(window.start, zone)),
        (Stage::Implementing | Stage::BackingOut, Some(window)) => format!("The end of the work, {}", day(window.end, zone)),
        (Stage::Implemented | Stage::Review, _) => "Its closing".into(),
        _ => String::new(),
    }
}

fn day(at: Timestamp, zone: &jiff::tz::TimeZone) -> String {
    calendar::local_date(at, zone).strftime("%-d %b").to_string()
}

/// The columns of R-3. Those of money are filled for who sees the money of the change, and empty for others.
const HEADS: &[&str] = &[
    "rfc_ref",
    "trust",
    "title",
    "kind",
    "submitted_at",
    "age_wd",
    "state",
    "days_in_state",
    "waiting_on",
    "next_due",
    "category",
    "chargeable",
    "charge_state",
    "clinical_state",
    "target_window",
    "notice_verdict",
    "revision",
    "supplier_ref",
    "raised_as",
];

/// The same rows as a file.
pub async fn csv(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now, zone) = (reader(&visitor)?, app.clock.now(), calendar::london());
    let names = app.read::<_, Failure>(|tx| app.names.of(tx, &scope))?;
    let wanted = Wanted::read(&query, &names, now, &zone);
    Ok(csv::download(&app, "raised-by-trusts.csv", HEADS, move |tx, rows| {
        let (zone, calendar) = (calendar::london(), Calendar::shipped(Division::EnglandAndWales));
        let day = |at: Timestamp| calendar::local_date(at, &zone);
        let charges = signalbox_store::queries::charges::lines(tx, &scope)?;
        store::each_raised(tx, &scope, &wanted.filter, wanted.open_only, |row| {
            let end = if row.stage.is_final() { row.stage_since } else { now };
            let waits = row.waiting_on.as_ref();
            let on = waits.map(|owed| owed.org.as_ref().map(|org| org.code.clone()).or(owed.role.map(|role| role.code().to_owned())).unwrap_or_default());
            rows.row(&[
                row.reference.clone(),
                row.org.code.clone(),
                row.title.clone(),
                row.kind.code().to_owned(),
                row.received_at.map(|at| wall_cell(at, &zone)).unwrap_or_default(),
                row.received_at.map(|at| calendar.working_days_between(day(at), day(end)).to_string()).unwrap_or_default(),
                row.stage.code().to_lowercase(),
                (now.duration_since(row.stage_since).as_hours() / 24).max(0).to_string(),
                on.unwrap_or_default(),
                waits.and_then(|owed| owed.due_at).map(|at| wall_cell(at, &zone)).unwrap_or_default(),
                row.category.clone().unwrap_or_default(),
                charges.get(&row.id).map(|charge| charge.chargeable.clone()).unwrap_or_default(),
                charges.get(&row.id).map(|charge| charge.state.code().to_lowercase()).unwrap_or_default(),
                row.clinical.to_lowercase(),
                row.window.map(|w| format!("{} to {}", wall_cell(w.start, &zone), wall_cell(w.end, &zone))).unwrap_or_default(),
                row.notice.as_ref().map(|notice| notice.verdict.code().to_owned()).unwrap_or_default(),
                row.revision.to_string(),
                row.source_ref.clone().unwrap_or_default(),
                row.raised_as.as_ref().map(|raiser| raiser.code.clone()).unwrap_or_default(),
            ])
        })
    }))
}
