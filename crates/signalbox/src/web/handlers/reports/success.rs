//! do changes work first time, and is that better or worse?

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use jiff::civil::Date;
use signalbox_core::calendar;
use signalbox_core::change::Kind;
use signalbox_core::learn::RootCause;
use signalbox_core::report::figures::Figures;
use signalbox_core::report::xmr::{self, Better, Chart, Options, Special};
use signalbox_core::report::{Outcomes, SMALL};
use signalbox_store::queries::list::{self, ListFilter};
use signalbox_store::queries::reports::{self as store, Overdue, SuccessRow};

use super::Wanted;
use crate::app::Shared;
use crate::web::csv;
use crate::web::form::Query;
use crate::web::handlers::entries::wall_cell;
use crate::web::handlers::schedule::reader;
use crate::web::layout::Place;
use crate::web::pages::reports::{CountRow, FigureRow, RateRow, SuccessPage, WeekRow};
use crate::web::problem::Failure;
use crate::web::svg::{Limits, Point, Signal, Xmr};
use crate::web::tell::page;
use crate::web::ui::Stat;
use crate::web::visitor::Visitor;
use crate::words::{self, counted, sentence_case};

/// With fewer points limits mean nothing, so none are drawn (spec 12.2).
const POINTS_FOR_LIMITS: usize = 12;

/// What the page is drawn from.
#[derive(Default)]
struct Sums {
    attempted: Outcomes,
    months: BTreeMap<Date, Outcomes>,
    services: BTreeMap<String, Outcomes>,
    kinds: BTreeMap<String, Outcomes>,
    organisations: BTreeMap<(String, String), Outcomes>,
    figures: Figures,
    causes: BTreeMap<RootCause, u64>,
}

impl Sums {
    fn add(&mut self, row: &SuccessRow) {
        let code = row.outcome.code();
        if !self.attempted.count(code) {
            return;
        }
        self.figures.count(&row.attempt());
        if let Some(cause) = row.cause.filter(|cause| *cause != RootCause::NothingWrong) {
            *self.causes.entry(cause).or_default() += 1;
        }
        let month = calendar::local_date(row.ended_at, &calendar::london()).first_of_month();
        self.months.entry(month).or_default().count(code);
        for service in row.services.split(';').filter(|service| !service.is_empty()) {
            self.services.entry(service.to_owned()).or_default().count(code);
        }
        self.kinds.entry(row.kind.code().to_owned()).or_default().count(code);
        self.organisations.entry((row.org.name.clone(), row.org.code.clone())).or_default().count(code);
    }
}

/// The page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now, zone) = (reader(&visitor)?, app.clock.now(), calendar::london());
    let (wanted, names, sums, reviews, overdue) = app.read::<_, Failure>(|tx| {
        let names = app.names.of(tx, &scope)?;
        let wanted = Wanted::read(&query, &names, now, &zone);
        let mut sums = Sums::default();
        store::each_success(tx, &scope, &wanted.filter, |row| {
            sums.add(&row);
            Ok(())
        })?;
        let review = ListFilter { stages: vec![signalbox_core::change::Stage::Review], ..ListFilter::default() };
        let reviews = list::count(tx, &scope, &review)?;
        let overdue = store::overdue(tx, &scope, &wanted.filter, now)?;
        Ok((wanted, names, sums, reviews, overdue))
    })?;
    let months = months(&wanted, &sums);
    let chart = chart(&months);
    let mut shell = visitor.shell(&app, "Success and failure", Place::Reports);
    shell.crumbs = vec![("Reports".into(), "/reports".into())];
    let service_name = |code: &str| names.services.iter().find(|s| s.code == code).map_or(code.to_owned(), |s| s.name.clone());
    let view = SuccessPage {
        shell,
        span: format!("{}.", wanted.span_words()),
        sentence: format!("Worked first time: {}.", sums.attempted.success().words()),
        more: String::new(),
        filters: wanted.filters("/reports/success", &names, false),
        stats: stats(&sums.attempted),
        figures: figures(&sums.figures, overdue),
        score_formula: words::learning::SCORE_FORMULA,
        score_table: words::learning::score_table(),
        reading: reading(&months, &chart),
        weeks: rows(&months, &chart),
        sums: sums_words(&chart),
        chart: drawn(&months, &chart),
        by_service: rates(sums.services.iter().map(|(code, o)| (service_name(code), format!("/changes?service={}", code.to_lowercase()), *o))),
        by_kind: rates(sums.kinds.iter().map(|(code, o)| {
            (signalbox_core::change::Kind::from_code(code).map_or(code.clone(), |kind| sentence_case(kind.words())), format!("/changes?kind={code}"), *o)
        })),
        by_organisation: rates(sums.organisations.iter().map(|((name, code), o)| (name.clone(), format!("/changes?organisation={}", code.to_lowercase()), *o))),
        causes: causes(&sums.causes),
        open_reviews: match reviews {
            list::Count::Exactly(1) => "1 review is still open.".into(),
            list::Count::Exactly(n) => format!("{n} reviews are still open."),
            list::Count::MoreThan(n) => format!("More than {n} reviews are still open."),
        },
        open_reviews_href: if reviews == list::Count::Exactly(0) { String::new() } else { "/changes?stage=REVIEW".into() },
    };
    Ok(page(&view))
}

/// The score, K7, K10 and K16.
fn figures(of: &Figures, overdue: Overdue) -> Vec<FigureRow> {
    let row = |name: &str, figure: String, note: String| FigureRow { name: name.into(), figure, note };
    vec![
        row("Success score", of.score.words(), "The formula stands below.".into()),
        row("Led to an incident", of.caused.words(), if of.caused.whole == 0 { String::new() } else { words::learning::unlooked(of.unlooked) }),
        row("Began on time", of.started.words(), "No later than 15 minutes after the start of the window, of those whose times are known.".into()),
        row("Ended in the window", of.ended.words(), "Of those whose times are known.".into()),
        row("Reviews overdue", overdue.reviews.to_string(), "Today, whenever the work was.".into()),
        row("Actions of reviews overdue", overdue.actions.to_string(), "Today, whenever the work was.".into()),
    ]
}

/// What reviews named, most often first.
fn causes(counts: &BTreeMap<RootCause, u64>) -> Vec<CountRow> {
    let mut rows: Vec<(RootCause, u64)> = counts.iter().map(|(cause, count)| (*cause, *count)).collect();
    rows.sort_by_key(|(cause, count)| (std::cmp::Reverse(*count), *cause));
    rows.into_iter().map(|(cause, count)| CountRow { name: sentence_case(cause.words()), href: String::new(), count }).collect()
}

/// Every month of the span in order; a month in which nothing ended is there without a figure.
fn months(wanted: &Wanted, sums: &Sums) -> Vec<(Date, Outcomes)> {
    let mut months = vec![];
    let mut month = wanted.from.first_of_month();
    while month <= wanted.until && months.len() < 600 {
        months.push((month, sums.months.get(&month).copied().unwrap_or_default()));
        let Ok(next) = month.checked_add(jiff::Span::new().months(1)) else { break };
        month = next;
    }
    // What lies before the first change is no gap, it is nothing.
    let first = months.iter().position(|(_, outcomes)| outcomes.attempted() > 0).unwrap_or(months.len());
    months.split_off(first)
}

/// Months of too few are drawn hollow and stay out of limits and signals (spec 12, R-4).
fn chart(months: &[(Date, Outcomes)]) -> Chart {
    let series: Vec<Option<f64>> = months.iter().map(|(_, o)| o.success().percent().filter(|_| o.attempted() >= SMALL)).collect();
    xmr::xmr(&series, &Options { better: Better::Up, ..Options::default() })
}

fn limits(chart: &Chart) -> Option<xmr::Limits> {
    if chart.points.len() < POINTS_FOR_LIMITS { None } else { chart.segments.first().copied().flatten() }
}

fn special(chart: &Chart, index: usize) -> Option<Special> {
    limits(chart)?;
    chart.points.iter().find(|point| point.index == index).and_then(|point| point.special)
}

fn drawn(months: &[(Date, Outcomes)], chart: &Chart) -> Xmr {
    let points: Vec<Point> = months
        .iter()
        .enumerate()
        .filter_map(|(index, (month, outcomes))| {
            let signal = match special(chart, index) {
                None => Signal::None,
                Some(Special::Outside) => Signal::Outside,
                Some(_) => Signal::Run,
            };
            Some(Point { label: month.strftime("%b %y").to_string(), value: outcomes.success().percent()?, signal, is_small: outcomes.attempted() < SMALL })
        })
        .collect();
    // A drawing holds limits to what a share can be; the sums do not.
    let limits = limits(chart).map(|l| Limits { mean: l.mean, lower: l.lower.max(0.0), upper: l.upper.min(100.0), range_upper: 3.267 * l.average_range });
    let title = match chart.points.iter().filter(|point| limits.is_some() && point.special.is_some()).count() {
        0 => "Share of changes that worked first time, month by month".to_owned(),
        n => format!("Share of changes that worked first time: {} out of the ordinary", counted(n as i64, "month")),
    };
    let description = points
        .iter()
        .map(|p| format!("{}: {:.1} percent{}", p.label, p.value, if p.is_small { ", of too few for a percentage" } else { "" }))
        .collect::<Vec<_>>()
        .join("; ");
    Xmr { title, description, points, limits, range_label: "Change from the month before, in points".into() }
}

fn reading(months: &[(Date, Outcomes)], chart: &Chart) -> Vec<String> {
    let mut words = vec![];
    let small: Vec<String> = months
        .iter()
        .filter(|(_, o)| (1..SMALL).contains(&o.attempted()))
        .map(|(month, o)| format!("{}: {}", month.strftime("%B %Y"), o.success().words()))
        .collect();
    if months.is_empty() {
        return vec!["No change was finished in this time.".into()];
    }
    match limits(chart) {
        None => words.push(format!(
            "Fewer than {POINTS_FOR_LIMITS} months with enough changes: the dots are shown without limits, because limits from so few mean nothing."
        )),
        Some(limits) => {
            words.push(format!("Points between {:.0} and {:.0} percent are ordinary ups and downs.", limits.lower.max(0.0), limits.upper.min(100.0)))
        }
    }
    let said = months
        .iter()
        .enumerate()
        .filter_map(|(index, (month, _))| special(chart, index).map(|why| format!("{}: {}.", month.strftime("%B %Y"), why_words(why))));
    words.extend(said);
    if !small.is_empty() {
        words.push(format!("Hollow markers stand for fewer than {SMALL} changes. {}.", small.join(". ")));
    }
    words
}

fn why_words(why: Special) -> &'static str {
    match why {
        Special::Outside => "outside the usual range",
        Special::Trend => "one of seven that rise or fall without a stop",
        Special::TwoOfThree => "one of two in three near the edge of the usual range",
        Special::Shift => "one of seven on the same side of the mean",
    }
}

fn rows(months: &[(Date, Outcomes)], chart: &Chart) -> Vec<WeekRow> {
    let value = |index: usize| chart.points.iter().find(|point| point.index == index).map(|point| point.value);
    months
        .iter()
        .enumerate()
        .map(|(index, (month, outcomes))| {
            let before = index.checked_sub(1).and_then(value);
            WeekRow {
                week: month.strftime("%B %Y").to_string(),
                all: outcomes.attempted(),
                rate: short_rate(outcomes),
                moved: value(index).zip(before).map(|(now, before)| format!("{:.1}", (now - before).abs())).unwrap_or_default(),
                signal: special(chart, index).map(|why| sentence_case(why_words(why))).unwrap_or_default(),
            }
        })
        .collect()
}

fn sums_words(chart: &Chart) -> String {
    match limits(chart) {
        Some(l) => {
            format!("Limits: mean {:.1}, plus or minus 2.66 times the mean moving range {:.1}. Drawn between 0 and 100 percent.", l.mean, l.average_range)
        }
        None => "No limits are drawn yet.".into(),
    }
}

fn stats(all: &Outcomes) -> Vec<Stat> {
    let stat = |label: &str, figure: String, note: String, href: &str| Stat { label: label.into(), figure, note, href: href.into() };
    let share = all.success();
    let is_small = all.attempted() < SMALL;
    vec![
        stat("Changes finished", all.attempted().to_string(), "that were attempted".into(), "/changes?stage=CLOSED"),
        stat("Worked first time", all.successful.to_string(), share.words(), "/changes?outcome=successful"),
        stat(
            "Backed out",
            all.backed_out.to_string(),
            if is_small { format!("of {} attempted", all.attempted()) } else { all.backed_out().words() },
            "/changes?outcome=backed_out",
        ),
        stat("Failed or in part", (all.failed + all.partial).to_string(), format!("{} more with issues", all.with_issues), "/changes?outcome=failed"),
    ]
}

/// A rate in a narrow column. The sentence at the head of the page says in full why small numbers have no percentage.
fn short_rate(outcomes: &Outcomes) -> String {
    let ratio = outcomes.success();
    if outcomes.attempted() < SMALL { format!("{} of {}", ratio.part, ratio.whole) } else { ratio.words() }
}

fn rates(rows: impl Iterator<Item = (String, String, Outcomes)>) -> Vec<RateRow> {
    rows.map(|(name, href, outcomes)| RateRow { name, href, all: outcomes.attempted(), worked: outcomes.successful, rate: short_rate(&outcomes) }).collect()
}

/// The columns of R-2. Where nobody looked for incidents their cell is empty, which does not say that there were none (X12).
/// The action is the one that is due first of those still open.
const HEADS: &[&str] = &[
    "rfc_ref",
    "title",
    "kind",
    "category",
    "service",
    "trust",
    "implementer_org",
    "planned_start",
    "actual_start",
    "planned_end",
    "actual_end",
    "overrun_min",
    "closure_code",
    "restated",
    "outage_planned_min",
    "outage_actual_min",
    "incidents_caused",
    "pir_ref",
    "root_cause_code",
    "action_owner",
    "action_due",
    "imported",
    "score",
    "started_on_time",
    "ended_in_window",
];

/// The same rows as a file.
pub async fn csv(State(app): State<Shared>, visitor: Visitor, Query(query): Query) -> Result<Response, Failure> {
    let (scope, now, zone) = (reader(&visitor)?, app.clock.now(), calendar::london());
    let names = app.read::<_, Failure>(|tx| app.names.of(tx, &scope))?;
    let filter = Wanted::read(&query, &names, now, &zone).filter;
    Ok(csv::download(&app, "success-and-failure.csv", HEADS, move |tx, rows| {
        let zone = calendar::london();
        let at = |at: Option<jiff::Timestamp>| at.map(|at| wall_cell(at, &zone)).unwrap_or_default();
        let yes = |holds: bool| if holds { "yes" } else { "no" }.to_owned();
        let minutes = |lasted: Option<jiff::SignedDuration>| lasted.map(|lasted| lasted.as_mins().to_string()).unwrap_or_default();
        store::each_success(tx, &scope, &filter, |row| {
            // Other kinds do not say how much of their window a service is off.
            let outage = (row.kind == Kind::PlannedOutage).then_some(());
            rows.row(&[
                row.reference.clone(),
                row.title.clone(),
                row.kind.code().to_owned(),
                row.category.clone().unwrap_or_default(),
                row.services.clone(),
                row.org.code.clone(),
                row.implementer_org.as_ref().map(|org| org.code.clone()).unwrap_or_default(),
                at(row.window.map(|w| w.start)),
                at(row.started_at),
                at(row.window.map(|w| w.end)),
                at(row.finished_at),
                row.overrun_minutes().map(|m| m.to_string()).unwrap_or_default(),
                row.outcome.code().to_owned(),
                yes(row.restated),
                minutes(outage.and(row.window).map(|w| w.end.duration_since(w.start))),
                minutes(outage.and(row.started_at).zip(row.finished_at).map(|(from, until)| until.duration_since(from))),
                row.attempt().incidents_known().map(|n| n.to_string()).unwrap_or_default(),
                if row.has_review { row.reference.clone() } else { String::new() },
                row.cause.map_or(String::new(), |cause| cause.code().to_owned()),
                row.action_owner.clone().unwrap_or_default(),
                row.action_due.map(|due| calendar::local_date(due, &zone).to_string()).unwrap_or_default(),
                yes(row.imported),
                row.score.map(|score| score.to_string()).unwrap_or_default(),
                row.attempt().started_on_time().map(yes).unwrap_or_default(),
                row.attempt().ended_in_window().map(yes).unwrap_or_default(),
            ])
        })
    }))
}
