//! The reports.

use super::{SERVICES, WORK, entry};
use crate::web::layout::{Place, Shell};
use crate::web::pages::reports::*;
use crate::web::svg::{Limits, Point, Signal, Xmr};
use crate::web::ui::{Choice, Link, Paging, Stat, Tag};

fn filters(action: &str) -> Filters {
    let choices = || vec![Choice::new("", "All").chosen(true), Choice::new("pacs", "PACS imaging")];
    Filters {
        action: action.into(),
        selects: vec![
            Select { name: "period", label: "Period", choices: vec![Choice::new("12w", "Last 12 weeks").chosen(true), Choice::new("52w", "Last 52 weeks")] },
            Select { name: "service", label: "Service", choices: choices() },
            Select { name: "organisation", label: "Raised by", choices: choices() },
        ],
        csv_href: format!("{action}.csv"),
        dropped: vec![],
    }
}

fn stat(label: &str, figure: &str, note: &str) -> Stat {
    Stat { label: label.into(), figure: figure.into(), note: note.into(), href: "/changes?state=closed".into() }
}

pub fn reports() -> ReportsPage {
    let one = |label: &str, path: &str, question: &str, sentence: &str| ReportLink {
        link: Link::new(label, path),
        question: question.into(),
        sentence: sentence.into(),
        csv_href: format!("{path}.csv"),
    };
    ReportsPage {
        shell: Shell::sample("Reports", Place::Reports),
        reports: vec![
            one(
                "Success and failure",
                "/reports/success",
                "Do changes work first time, and is that better or worse?",
                "Last 12 weeks: 241 of 251 worked first time. Doing better than before, and it looks lasting.",
            ),
            one(
                "Changes raised by trusts",
                "/reports/trust-raised",
                "What did trusts ask for, and where does it stand?",
                "31 raised in the last 12 weeks, 9 still open.",
            ),
            one("Forward schedule of change", "/reports/schedule", "What is coming, week by week?", "22 pieces of work in the next 4 weeks, 2 with a clash."),
        ],
    }
}

pub fn report_success(weeks: usize) -> SuccessPage {
    let values =
        [92.0, 88.0, 95.0, 90.0, 93.0, 89.0, 96.0, 91.0, 94.0, 90.0, 92.0, 81.0, 93.0, 95.0, 96.0, 97.0, 95.0, 98.0, 96.0, 97.0, 95.0, 96.0, 98.0, 97.0];
    let signal = |at: usize, value: f64| {
        if weeks < 12 {
            Signal::None
        } else if value < 85.0 {
            Signal::Outside
        } else if at >= 13 {
            Signal::Run
        } else {
            Signal::None
        }
    };
    let points: Vec<Point> = values
        .iter()
        .take(weeks)
        .enumerate()
        .map(|(at, value)| Point { label: format!("week {}", at + 1), value: *value, signal: signal(at, *value), is_small: false })
        .collect();
    let rate = |name: &str, all, worked| RateRow {
        name: name.into(),
        href: "/changes?service=x".into(),
        all,
        worked,
        rate: format!("{:.1}%", 100.0 * worked as f64 / all as f64),
    };
    SuccessPage {
        shell: Shell { crumbs: vec![("Reports".into(), "/reports".into())], ..Shell::sample("Success and failure", Place::Reports) },
        span: "12 weeks to Sunday 15 November 2026, all organisations.".into(),
        sentence: if weeks < 12 { "Too few weeks to tell better from worse.".into() } else { "Doing better than before, and it looks lasting:".into() },
        more: if weeks < 12 { String::new() } else { "11 weeks in a row above the long-run mean.".into() },
        filters: filters("/reports/success"),
        stats: vec![
            stat("Changes finished", "251", "up 9 on the 12 weeks before"),
            stat("Worked first time", "241", "96.0%"),
            stat("Backed out", "7", "all inside their window"),
            stat("Caused an incident", "3", "longest 1 hour 50"),
        ],
        figures: [
            ("Success score", "95.8 of 100", "The formula stands below."),
            ("Led to an incident", "1.2%", "Nobody has looked after 14 of them, which is not the same as none."),
            ("Began on time", "97.2%", "Of those whose times are known."),
            ("Reviews overdue", "1", "Today, whenever the work was."),
        ]
        .into_iter()
        .map(|(name, figure, note)| FigureRow { name: name.into(), figure: figure.into(), note: note.into() })
        .collect(),
        score_formula: crate::words::learning::SCORE_FORMULA,
        score_table: crate::words::learning::score_table(),
        weeks: points
            .iter()
            .enumerate()
            .map(|(at, point)| WeekRow {
                week: point.label.clone(),
                all: 21,
                rate: format!("{}%", point.value),
                moved: if at == 0 { String::new() } else { format!("{:.0}", (point.value - points[at - 1].value).abs()) },
                signal: String::new(),
            })
            .collect(),
        chart: Xmr {
            title: "One week below the usual range, then 11 weeks above the mean".into(),
            description: format!("{weeks} weekly points, from 81 to 98 percent."),
            points,
            limits: (weeks >= 12).then_some(Limits { mean: 93.2, lower: 86.1, upper: 100.0, range_upper: 8.7 }),
            range_label: "Change from the week before, in points".into(),
        },
        reading: if weeks < 12 {
            vec!["Fewer than 12 weeks: the dots are shown without limits, because limits from so few mean nothing.".into()]
        } else {
            vec![
                "Points inside the band are ordinary ups and downs. Week 12 stands outside it.".into(),
                "The last 11 weeks all lie above the mean: something has changed for the better.".into(),
            ]
        },
        sums: "Limits: mean 93.2, plus or minus 2.66 times the mean moving range 2.65; upper limit cut at 100%.".into(),
        by_service: vec![rate("Patient administration", 71, 69), rate("PACS imaging", 58, 56), rate("Pathology results", 39, 36)],
        by_kind: vec![rate("Normal change", 140, 133), rate("Service request", 80, 79), rate("Planned outage", 31, 29)],
        by_organisation: vec![rate("Halden", 180, 173), rate("Northbrook", 40, 39), rate("Riverside", 31, 29)],
        causes: [("Testing missed it", 4), ("Back-out window too short", 2), ("Clash not seen", 1)]
            .into_iter()
            .map(|(name, count)| CountRow { name: name.into(), href: String::new(), count })
            .collect(),
        open_reviews: "1 review is still open.".into(),
        open_reviews_href: "/changes?state=review".into(),
    }
}

pub fn report_trust_raised() -> TrustRaisedPage {
    let trust = |name: &str, raised, open| TrustRow {
        name: name.into(),
        href: "/changes?organisation=nbk".into(),
        raised,
        open,
        approved: 4,
        rejected: 1,
        closed: raised - open,
        median_days: "6".into(),
    };
    TrustRaisedPage {
        shell: Shell { crumbs: vec![("Reports".into(), "/reports".into())], ..Shell::sample("Changes raised by trusts", Place::Reports) },
        span: "12 weeks to Sunday 15 November 2026.".into(),
        sentence: "31 raised, 9 still open; the oldest has waited 24 days.".into(),
        filters: filters("/reports/trust-raised"),
        stats: vec![stat("Raised", "31", "by 4 trusts"), stat("Open", "9", "3 wait for the trust"), stat("Approved", "20", "65%"), stat("Rejected", "2", "6%")],
        organisations: vec![trust("Northbrook", 12, 4), trust("Riverside", 9, 3), trust("St Crispin’s", 6, 2)],
        rows: WORK
            .iter()
            .take(6)
            .map(|work| RaisedRow {
                reference: work.0.into(),
                href: format!("/changes/{}", work.0),
                title: work.1.into(),
                organisation: work.6.into(),
                kind: "Normal change".into(),
                raised: "2 Nov 2026".into(),
                tag: Tag::new("Assessing", "blue"),
                waits_for: "Halden, technical assessment, by 20 Nov".into(),
            })
            .collect(),
        paging: Paging { showing: "Showing 6 of 31.".into(), first: String::new(), next: "/reports/trust-raised?cursor=x".into() },
    }
}

pub fn report_forward() -> ForwardPage {
    let rows = |days: std::ops::Range<&str>| {
        WORK.iter()
            .filter(|work| days.contains(&work.2))
            .map(|work| ForwardRow {
                reference: if work.0.is_empty() { "Restricted".into() } else { work.0.into() },
                href: entry(work).href,
                starts: format!("{} Nov, {}", &work.2[..2], &work.2[3..]),
                ends: work.3[3..].into(),
                title: work.1.into(),
                touches: format!("{}, {}", SERVICES[work.5], work.6),
                organisation: "Halden".into(),
                tag: Tag::new(work.4.label(), work.4.colour()),
                notice: "On time, 15 days".into(),
            })
            .collect::<Vec<_>>()
    };
    ForwardPage {
        shell: Shell { crumbs: vec![("Reports".into(), "/reports".into())], ..Shell::sample("Forward schedule", Place::Reports) },
        span: "16 November to 13 December 2026, all organisations.".into(),
        sentence: "15 pieces of work in 4 weeks, 2 with a clash.".into(),
        filters: filters("/reports/schedule"),
        stats: vec![
            stat("Pieces of work", "15", "11 approved"),
            stat("With a clash", "2", "1 tonight"),
            stat("Short notice", "1", "1 reason given"),
            stat("Restricted", "1", "times only"),
        ],
        weeks: vec![
            ForwardWeek { heading: "Week of 16 November: 11 entries".into(), rows: rows("16T".."23T") },
            ForwardWeek { heading: "Week of 23 November: 4 entries".into(), rows: rows("23T".."30T") },
        ],
        paging: Paging { showing: "Showing 15.".into(), ..Paging::default() },
    }
}
