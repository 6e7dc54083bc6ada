//! `/reports`: better or worse, or just noise? Each report is a sentence, its figures, and the same as CSV.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::svg;
use crate::web::ui::{Choice, Link, Paging, Stat, Tag};

#[derive(Template)]
#[template(path = "reports.html")]
pub struct ReportsPage {
    pub shell: Shell,
    pub reports: Vec<ReportLink>,
}

pub struct ReportLink {
    pub link: Link,
    /// What it answers.
    pub question: String,
    /// Its sentence as it stands now.
    pub sentence: String,
    pub csv_href: String,
}

/// The filter row of a report.
pub struct Filters {
    pub action: String,
    pub selects: Vec<Select>,
    pub csv_href: String,
    /// A sentence per filter that was dropped.
    pub dropped: Vec<String>,
}

pub struct Select {
    pub name: &'static str,
    pub label: &'static str,
    pub choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "report_success.html")]
pub struct SuccessPage {
    pub shell: Shell,
    /// "12 weeks to Sunday 15 November 2026, all organisations."
    pub span: String,
    pub sentence: String,
    pub more: String,
    pub filters: Filters,
    pub stats: Vec<Stat>,
    pub figures: Vec<FigureRow>,
    pub score_formula: &'static str,
    /// What counts, and its points.
    pub score_table: Vec<(String, String)>,
    pub chart: svg::Xmr,
    /// How to read this chart: one paragraph per signal, or why there are no limits yet.
    pub reading: Vec<String>,
    pub weeks: Vec<WeekRow>,
    /// How the limits were worked out.
    pub sums: String,
    pub by_service: Vec<RateRow>,
    pub by_kind: Vec<RateRow>,
    pub by_organisation: Vec<RateRow>,
    pub causes: Vec<CountRow>,
    /// "1 review is still open."
    pub open_reviews: String,
    pub open_reviews_href: String,
}

/// A figure beside the outcomes, and what has to be known of it.
pub struct FigureRow {
    pub name: String,
    pub figure: String,
    pub note: String,
}

pub struct WeekRow {
    pub week: String,
    pub all: u64,
    pub rate: String,
    pub moved: String,
    pub signal: String,
}

pub struct RateRow {
    pub name: String,
    pub href: String,
    pub all: u64,
    pub worked: u64,
    pub rate: String,
}

impl RateRow {
    pub fn failed(&self) -> u64 {
        self.all.saturating_sub(self.worked)
    }
}

pub struct CountRow {
    pub name: String,
    pub href: String,
    pub count: u64,
}

impl SuccessPage {
    pub fn picture(&self) -> String {
        svg::xmr(&self.chart)
    }
}

/// Bars of failures, drawn against the largest of the table.
pub fn failure_bar(rows: &[RateRow], row: &RateRow) -> String {
    svg::bar(row.failed(), rows.iter().map(RateRow::failed).max().unwrap_or(0), true)
}

pub fn count_bar(rows: &[CountRow], row: &CountRow) -> String {
    svg::bar(row.count, rows.iter().map(|row| row.count).max().unwrap_or(0), false)
}

/// Changes that trusts raised, and where they stand.
#[derive(Template)]
#[template(path = "report_trust_raised.html")]
pub struct TrustRaisedPage {
    pub shell: Shell,
    pub span: String,
    pub sentence: String,
    pub filters: Filters,
    pub stats: Vec<Stat>,
    pub organisations: Vec<TrustRow>,
    pub rows: Vec<RaisedRow>,
    pub paging: Paging,
}

pub struct TrustRow {
    pub name: String,
    pub href: String,
    pub raised: u64,
    pub open: u64,
    pub approved: u64,
    pub rejected: u64,
    pub closed: u64,
    /// Days from submission to decision, half of them faster.
    pub median_days: String,
}

pub struct RaisedRow {
    pub reference: String,
    pub href: String,
    pub title: String,
    pub organisation: String,
    pub kind: String,
    pub raised: String,
    pub tag: Tag,
    pub waits_for: String,
}

/// The forward schedule of change as a report: what is approved or asked for, by week.
#[derive(Template)]
#[template(path = "report_forward.html")]
pub struct ForwardPage {
    pub shell: Shell,
    pub span: String,
    pub sentence: String,
    pub filters: Filters,
    pub stats: Vec<Stat>,
    pub weeks: Vec<ForwardWeek>,
    pub paging: Paging,
}

pub struct ForwardWeek {
    /// "Week of 16 November: 6 entries"
    pub heading: String,
    pub rows: Vec<ForwardRow>,
}

pub struct ForwardRow {
    pub reference: String,
    pub href: String,
    pub starts: String,
    pub ends: String,
    pub title: String,
    pub touches: String,
    pub organisation: String,
    pub tag: Tag,
    /// "on time", "late, reason given", or empty
    pub notice: String,
}
