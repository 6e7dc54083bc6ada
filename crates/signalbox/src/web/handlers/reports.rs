//! `/reports`: better or worse, or just noise? Each is a sentence, its figures and the same as CSV, of what the reader
//! may see and no more (S23).

pub mod charges;
pub mod clinical;
pub mod forward;
pub mod notice;
pub mod raised;
pub mod requests;
pub mod returns;
pub mod success;
pub mod urgent;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use signalbox_core::calendar::{self, local};
use signalbox_core::change::Kind;
use signalbox_store::queries::reports::{self as store, ReportFilter};
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx};

use super::entries::{begins, days_on, typed_date};
use super::schedule::{Names, choices, reader};
use crate::app::{App, Shared};
use crate::web::form::Form;
use crate::web::layout::{Place, Shell};
use crate::web::pages::reports::{Filters, ReportLink, ReportsPage, Select};
use crate::web::parts::{self, ListPage, Section};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::{Choice, Field, Link, Paging};
use crate::web::visitor::Visitor;
use crate::words::{counted, grouped, sentence_case};

/// What each report answers.
pub async fn list(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    let (scope, actor, now, zone) = (reader(&visitor)?, visitor.actor()?, app.clock.now(), calendar::london());
    let names = Names { sites: vec![], services: vec![], organisations: vec![] };
    let wanted = Wanted::read(&Form::default(), &names, now, &zone);
    let ahead = forward::span(None, now, &zone);
    let (outcomes, raised, open, coming, urgents, came_back, notices, decided) = app.read::<_, Failure>(|tx| {
        let outcomes = store::summary(tx, &scope, &wanted.filter, &zone)?.attempted;
        let (mut raised, mut open) = (0, 0);
        store::each_raised(tx, &scope, &wanted.filter, false, |row| {
            raised += 1;
            open += i64::from(!row.stage.is_final());
            Ok(())
        })?;
        let mut coming = 0;
        signalbox_store::queries::schedule::each(tx, &scope, ahead, &Default::default(), |_| {
            coming += 1;
            Ok(())
        })?;
        let mut urgents = vec![];
        signalbox_store::queries::urgent::each(tx, &scope, &wanted.filter, |row| {
            urgents.push(row);
            Ok(())
        })?;
        let mut came_back = vec![];
        signalbox_store::queries::returns::each(tx, &scope, &wanted.filter, |row| {
            came_back.push(row);
            Ok(())
        })?;
        let mut notices = vec![];
        store::each_notice(tx, &scope, &wanted.filter, |row| {
            notices.push(row);
            Ok(())
        })?;
        let decided = signalbox_store::queries::clinical::register(tx, &Scope::of(&actor), wanted.filter.from, wanted.filter.until)?.len() as i64;
        Ok((outcomes, raised, open, coming, urgents, came_back, notices, decided))
    })?;
    let report = |label: &str, path: &str, question: &str, sentence: String| ReportLink {
        link: Link::new(label, path),
        question: question.into(),
        sentence,
        csv_href: format!("{path}.csv"),
    };
    let mut reports = vec![
        report(
            "Success and failure",
            "/reports/success",
            "Do changes work first time, and is that better or worse?",
            format!("Last 12 months, worked first time: {}.", outcomes.success().words()),
        ),
        report(
            "Changes raised by trusts",
            "/reports/trust-raised",
            "What did trusts ask for, and where does it stand?",
            format!("{} in the last 12 months, {open} still open.", counted(raised, "change")),
        ),
        report("Emergencies and late records", "/reports/urgent", "Were the emergencies real, and did the paper follow?", urgent::sentence(&urgents, now)),
        report("Request models", "/reports/requests", "Which requests may be asked for, and how have they gone?", requests::sentence(&app, &scope)?),
        report("Rejections and returns", "/reports/returns", "What came back, why, and did it come again?", returns::sentence(&came_back)),
        report("Notice and availability", "/reports/notice", "Was notice given in time, and which minutes count?", notice::sentence(&notices)),
        report("Call-outs", "/ledger", "What did false alarms cost, and who answers for them?", "Month by month, with every row.".to_owned()),
        report(
            "Forward schedule of change",
            "/reports/schedule",
            "What is coming, week by week?",
            format!("{} from last week to 8 weeks ahead.", if coming == 1 { "1 entry".to_owned() } else { format!("{coming} entries") }),
        ),
        report(
            "Clinical register",
            "/reports/clinical",
            "Which clinical risks were accepted or rejected, by whom?",
            format!("{} in the last 12 months. It holds nothing about any patient.", counted(decided, "decision")),
        ),
    ];
    if !scope.money().is_blind() {
        let open = app.read::<_, Failure>(|tx| Ok(signalbox_store::queries::charges::open(tx, &scope)?.len()))?;
        let sentence = format!("{} for the monthly review.", counted(open as i64, "change"));
        reports.push(report("Charge pipeline", "/reports/charges", "What was quoted, agreed, spent and billed?", sentence));
    }
    Ok(page(&ReportsPage { shell: visitor.shell(&app, "Reports", Place::Reports), reports }))
}

/// The spans that a report may cover.
const PERIODS: [(&str, i32, &str); 4] = [("3m", 3, "Last 3 months"), ("12m", 12, "Last 12 months"), ("24m", 24, "Last 24 months"), ("60m", 60, "Last 5 years")];

/// The kinds that are built.
const KINDS: [Kind; 8] = [
    Kind::Normal,
    Kind::ServiceRequest,
    Kind::PlannedOutage,
    Kind::Emergency,
    Kind::Retrospective,
    Kind::FirewallNetwork,
    Kind::PacsModality,
    Kind::NationalService,
];

/// Rows of a report on one page; its file holds all.
const ROWS_MAX: usize = 50;

/// Which page of a report is wanted, and the address without that.
pub fn paged(query: &Form) -> (Form, usize) {
    let number = query.text("page").parse().ok().filter(|number| *number > 0).unwrap_or(1);
    (Form::of(query.fields().iter().filter(|(name, _)| name != "page").cloned()), number)
}

/// What an address asks of a report. What is not understood is dropped and said (settled 18).
pub struct Wanted {
    pub filter: ReportFilter,
    period: &'static str,
    pub until: Date,
    pub from: Date,
    pub open_only: bool,
    chosen: Vec<(&'static str, String)>,
    dropped: Vec<String>,
}

impl Wanted {
    /// Reads an address; the span ends with today, or with the day that `until` names.
    pub fn read(query: &Form, names: &Names, now: Timestamp, zone: &TimeZone) -> Wanted {
        let today = local::wall(now, zone).date();
        let filter = ReportFilter { from: now, until: now, organisation: None, service: None, kinds: vec![] };
        let mut wanted = Wanted { filter, period: PERIODS[1].0, until: today, from: today, open_only: false, chosen: vec![], dropped: vec![] };
        for (name, value) in query.fields() {
            if !value.trim().is_empty() {
                wanted.take(name, value.trim(), names);
            }
        }
        let months = PERIODS.iter().find(|(code, ..)| *code == wanted.period).map_or(12, |(_, months, _)| *months);
        // Whole months, so that the first point of a chart stands for as much as the others.
        wanted.from = wanted.until.first_of_month().checked_sub(jiff::Span::new().months(months - 1)).unwrap_or(wanted.until);
        wanted.filter.from = begins(wanted.from, zone);
        wanted.filter.until = begins(days_on(wanted.until, 1), zone);
        wanted
    }

    /// The same with the names to choose from, and every row of the report, as they stand at one moment.
    fn with_rows<R: Send>(
        app: &App,
        scope: &Scope,
        query: &Form,
        each: impl FnOnce(&mut dyn Tx, &ReportFilter, &mut Vec<R>) -> Result<(), StoreError> + Send,
    ) -> Result<(Wanted, Arc<Names>, Vec<R>), Failure> {
        app.read::<_, Failure>(|tx| {
            let names = app.names.of(tx, scope)?;
            let wanted = Wanted::read(query, &names, app.clock.now(), &calendar::london());
            let mut rows = vec![];
            each(tx, &wanted.filter, &mut rows)?;
            Ok((wanted, names, rows))
        })
    }

    fn take(&mut self, name: &str, value: &str, names: &Names) {
        match name {
            "period" => match PERIODS.iter().find(|(code, ..)| *code == value) {
                Some((code, ..)) => {
                    self.period = code;
                    self.chosen.push(("period", value.to_owned()));
                }
                None => self.dropped.push(format!("“{value}” is no period; the last 12 months are shown.")),
            },
            "until" => match typed_date(value) {
                Some(date) => {
                    self.until = date;
                    self.chosen.push(("until", date.to_string()));
                }
                None => self.dropped.push(format!("“{value}” is no date; that was dropped.")),
            },
            "service" => match Names::find(&names.services, value) {
                Some(one) => {
                    self.filter.service = Some(one.id);
                    self.chosen.push(("service", Names::value(&names.services, one)));
                }
                None => self.dropped.push(format!("No service is called “{value}”; that filter was dropped.")),
            },
            "organisation" => match Names::find(&names.organisations, value) {
                Some(one) => {
                    self.filter.organisation = Some(one.id);
                    self.chosen.push(("organisation", Names::value(&names.organisations, one)));
                }
                None => self.dropped.push(format!("No organisation is called “{value}”; that filter was dropped.")),
            },
            "kind" => match KINDS.into_iter().find(|kind| kind.code() == value) {
                Some(kind) => {
                    self.filter.kinds = vec![kind];
                    self.chosen.push(("kind", value.to_owned()));
                }
                None => self.dropped.push(format!("“{value}” is no kind of change; that filter was dropped.")),
            },
            "open" => {
                self.open_only = value == "yes";
                self.chosen.push(("open", value.to_owned()));
            }
            _ => self.dropped.push(format!("This report has no filter “{name}”; it was dropped.")),
        }
    }

    /// "1 December 2025 to 17 November 2026"
    pub fn span_words(&self) -> String {
        format!("{} to {}", self.from.strftime("%-d %B %Y"), self.until.strftime("%-d %B %Y"))
    }

    /// The rows of one page, and the way to the others. Sums are those of all rows; a page past the last is the last.
    pub fn page_of<'r, R>(&self, action: &str, rows: &'r [R], number: usize, what: &str) -> (&'r [R], Option<Paging>) {
        let pages = rows.len().div_ceil(ROWS_MAX).max(1);
        let number = number.min(pages);
        let first = (number - 1) * ROWS_MAX;
        let shown = &rows[first..rows.len().min(first + ROWS_MAX)];
        let mark = if self.query().is_empty() { "?" } else { "&" };
        let paging = (pages > 1).then(|| Paging {
            showing: format!(
                "Showing {} to {} of {}. The CSV holds all.",
                grouped(first as i64 + 1),
                grouped((first + shown.len()) as i64),
                counted(rows.len() as i64, what)
            ),
            first: if number > 1 { format!("{action}{}", self.query()) } else { String::new() },
            next: if number < pages { format!("{action}{}{mark}page={}", self.query(), number + 1) } else { String::new() },
        });
        (shown, paging)
    }

    /// The filters as they follow an address.
    pub fn query(&self) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.chosen).finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    /// A report as a list of sections: its span and sentence above, the filters, the same rows as a file.
    pub fn list_page(&self, mut shell: Shell, action: &str, names: &Names, sentence: &str, sections: Vec<Section>) -> ListPage {
        let filters = self.filters(action, names, false);
        let fields = filters.selects.into_iter().map(|one| Field::select(one.name, one.label, one.choices)).collect();
        shell.crumbs = vec![("Reports".into(), "/reports".into())];
        ListPage {
            shell,
            lede: format!("{}. {sentence}", self.span_words()),
            actions: vec![Link::new("CSV", &filters.csv_href)],
            filters: Some(parts::Filters { action: action.into(), fields, dropped: filters.dropped, clear: String::new() }),
            sections,
            ..ListPage::default()
        }
    }

    /// The filter row.
    pub fn filters(&self, action: &str, names: &Names, has_open: bool) -> Filters {
        let mut kinds = vec![Choice::new("", "All kinds").chosen(self.filter.kinds.is_empty())];
        kinds.extend(KINDS.iter().map(|kind| Choice::new(kind.code(), &sentence_case(kind.words())).chosen(self.filter.kinds.contains(kind))));
        let periods = PERIODS.iter().map(|(code, _, label)| Choice::new(code, label).chosen(*code == self.period)).collect();
        let mut selects = vec![
            Select { name: "period", label: "Period", choices: periods },
            Select { name: "service", label: "Service", choices: choices(&names.services, "All services", self.filter.service) },
            Select { name: "organisation", label: "Organisation", choices: choices(&names.organisations, "All organisations", self.filter.organisation) },
            Select { name: "kind", label: "Kind", choices: kinds },
        ];
        if has_open {
            let choices = vec![Choice::new("", "Open and closed").chosen(!self.open_only), Choice::new("yes", "Open only").chosen(self.open_only)];
            selects.push(Select { name: "open", label: "State", choices });
        }
        Filters { action: action.into(), selects, csv_href: format!("{action}.csv{}", self.query()), dropped: self.dropped.clone() }
    }
}
