//! What an address asks of the schedule. What is not understood is dropped and said (settled 18).

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use signalbox_core::calendar::local;
use signalbox_core::change::Kind;
use signalbox_core::schedule::grid::{monday_of, month_days};
use signalbox_store::queries::Named;
use signalbox_store::queries::clashes::ScheduleClash;
pub use signalbox_store::queries::names::Names;
use signalbox_store::queries::schedule::{After, Asked, ScheduleFilter, Standing};

use crate::web::form::Form;
use crate::web::handlers::entries::{begins, days_on, typed_date};
use crate::web::pages::schedule::Filter;
use crate::web::ui::Choice;

/// The three views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    Month,
    Timeline,
    Table,
}

impl View {
    pub const ALL: [View; 3] = [View::Month, View::Timeline, View::Table];

    pub fn code(self) -> &'static str {
        match self {
            View::Month => "month",
            View::Timeline => "timeline",
            View::Table => "table",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            View::Month => "Month",
            View::Timeline => "Timeline",
            View::Table => "Table",
        }
    }
}

/// A list of names as choices, after one that means all. Each stands in addresses as [`Names::value`] has it.
pub fn choices(all: &[Named], any: &str, chosen: Option<i64>) -> Vec<Choice> {
    // Told apart in one pass: lists hold a thousand names.
    let mut uses: HashMap<String, u32> = HashMap::with_capacity(all.len());
    let codes: Vec<String> = all.iter().map(|one| one.code.to_ascii_lowercase()).collect();
    codes.iter().for_each(|code| *uses.entry(code.clone()).or_default() += 1);
    let value = |(one, code): (&Named, &String)| if uses.get(code).is_some_and(|uses| *uses > 1) { one.id.to_string() } else { one.code.to_lowercase() };
    let mut choices = vec![Choice::new("", any).chosen(chosen.is_none())];
    choices.extend(all.iter().zip(&codes).map(|(one, code)| Choice::new(&value((one, code)), &one.name).chosen(chosen == Some(one.id))));
    choices
}

/// The kinds that are built (issue 2).
const KINDS: [Kind; 3] = [Kind::Normal, Kind::ServiceRequest, Kind::PlannedOutage];

/// How firm an entry is, as the filter says it.
pub fn standing_words(standing: Standing) -> &'static str {
    match standing {
        Standing::Tentative => "Not decided yet",
        Standing::Firm => "Approved or scheduled",
        Standing::Live => "In progress",
        Standing::Done => "Done",
        Standing::Cancelled => "Cancelled",
    }
}

/// A question to the schedule, read from an address.
pub struct Wanted {
    pub view: View,
    pub from: Date,
    /// Days that the table covers.
    pub days: i64,
    pub filter: ScheduleFilter,
    /// Only what clashes.
    pub clashing: bool,
    /// The filters as they stand in addresses.
    chosen: Vec<(&'static str, String)>,
    pub after: Option<After>,
    pub dropped: Vec<String>,
}

const TABLE_DAYS: i64 = 28;

impl Wanted {
    pub fn read(query: &Form, names: &Names, now: Timestamp, zone: &TimeZone) -> Wanted {
        let today = local::wall(now, zone).date();
        let mut wanted = Wanted {
            view: View::Month,
            from: today,
            days: TABLE_DAYS,
            filter: ScheduleFilter::default(),
            clashing: false,
            chosen: vec![],
            after: None,
            dropped: vec![],
        };
        for (name, value) in query.fields() {
            if !value.trim().is_empty() {
                wanted.take(name, value.trim(), names);
            }
        }
        if wanted.view == View::Month {
            wanted.from = wanted.from.first_of_month();
        } else if wanted.view == View::Timeline && !query.has("from") {
            wanted.from = monday_of(wanted.from);
        }
        wanted
    }

    fn take(&mut self, name: &str, value: &str, names: &Names) {
        let mut of = |all: &[Named], name: &'static str, what: &str| match Names::find(all, value) {
            Some(one) => {
                self.chosen.push((name, Names::value(all, one)));
                Some(one.id)
            }
            None => {
                self.dropped.push(format!("No {what} is called “{value}”; that filter was dropped."));
                None
            }
        };
        match name {
            "site" => self.filter.site = of(&names.sites, "site", "site"),
            "service" => self.filter.service = of(&names.services, "service", "service"),
            "organisation" => self.filter.organisation = of(&names.organisations, "organisation", "organisation"),
            "view" => match View::ALL.into_iter().find(|view| view.code() == value) {
                Some(view) => self.view = view,
                None => self.drop("view", value),
            },
            "from" => match typed_date(value) {
                Some(date) => self.from = date,
                None => self.drop("date", value),
            },
            "days" => match value.parse().ok().filter(|days| (1..=400).contains(days)) {
                Some(days) => self.days = days,
                None => self.drop("number of days", value),
            },
            "kind" => match KINDS.into_iter().find(|kind| kind.code() == value) {
                Some(kind) => {
                    self.filter.kinds = vec![kind];
                    self.chosen.push(("kind", value.to_owned()));
                }
                None => self.drop("kind", value),
            },
            "state" => match Standing::from_code(value) {
                Some(standing) => {
                    self.filter.standing = Some(standing);
                    self.chosen.push(("state", value.to_owned()));
                }
                None => self.drop("state", value),
            },
            "clash" if value == "yes" => {
                self.clashing = true;
                self.chosen.push(("clash", value.to_owned()));
            }
            "clash" => self.drop("choice about clashes", value),
            "cursor" => match read_cursor(value) {
                Some(after) => self.after = Some(after),
                None => self.drop("place in the list", value),
            },
            _ => self.dropped.push(format!("The schedule has no filter “{name}”; it was dropped.")),
        }
    }

    fn drop(&mut self, what: &str, value: &str) {
        self.dropped.push(format!("“{value}” is no {what}; that was dropped."));
    }

    /// First and last day, the last not included.
    pub fn span(&self) -> (Date, Date) {
        match self.view {
            View::Month => {
                let weeks = month_days(self.from.year(), self.from.month());
                let first = weeks.first().map_or(self.from, |week| week[0]);
                let last = weeks.last().map_or(self.from, |week| week[6]);
                (first, days_on(last, 1))
            }
            View::Timeline => (self.from, days_on(self.from, 14)),
            View::Table => (self.from, days_on(self.from, self.days)),
        }
    }

    pub fn asked(&self, now: Timestamp, zone: &TimeZone) -> Asked {
        let (first, until) = self.span();
        Asked { from: begins(first, zone), until: begins(until, zone), now }
    }

    pub fn heading(&self) -> String {
        let (first, until) = self.span();
        let last = days_on(until, -1);
        match self.view {
            View::Month => self.from.strftime("%B %Y").to_string(),
            _ if first == last => local::date_words(first),
            _ if first.month() == last.month() && first.year() == last.year() => format!("{} to {}", first.day(), last.strftime("%-d %B %Y")),
            _ => format!("{} to {}", first.strftime("%-d %B %Y"), last.strftime("%-d %B %Y")),
        }
    }

    /// Where the next or the former period begins.
    pub fn step(&self, by: i64) -> Date {
        match self.view {
            View::Month if by < 0 => days_on(self.from, -1).first_of_month(),
            View::Month => days_on(self.from.last_of_month(), 1),
            View::Timeline => days_on(self.from, 14 * by),
            View::Table => days_on(self.from, self.days * by),
        }
    }

    /// Leaves only what is told to clash, where that is wanted.
    pub fn narrow(&mut self, clashes: &[ScheduleClash]) {
        if self.clashing {
            self.filter.only = Some(clashes.iter().map(|clash| clash.change).collect::<BTreeSet<i64>>().into_iter().collect());
        }
    }

    pub fn is_filtered(&self) -> bool {
        !self.chosen.is_empty()
    }

    fn address(&self, path: &str, view: View, from: Date, days: i64, is_filtered: bool, cursor: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("view", view.code()).append_pair("from", &from.to_string());
        if view == View::Table && days != TABLE_DAYS {
            query.append_pair("days", &days.to_string());
        }
        if is_filtered {
            query.extend_pairs(&self.chosen);
        }
        if let Some(cursor) = cursor {
            query.append_pair("cursor", cursor);
        }
        format!("{path}?{}", query.finish())
    }

    pub fn href_of(&self, view: View) -> String {
        self.address("/schedule", view, self.from, TABLE_DAYS, true, None)
    }

    pub fn href_from(&self, from: Date) -> String {
        self.address("/schedule", self.view, from, self.days, true, None)
    }

    pub fn href_unfiltered(&self) -> String {
        self.address("/schedule", self.view, self.from, self.days, false, None)
    }

    /// The table of a single day, where a month's "36 more" leads (settled 29).
    pub fn href_day(&self, day: Date) -> String {
        self.address("/schedule", View::Table, day, 1, true, None)
    }

    pub fn href_after(&self, after: After) -> String {
        let cursor = format!("{}.{}", after.start_micros, after.id);
        self.address("/schedule", self.view, self.from, self.days, true, Some(&cursor))
    }

    pub fn csv_href(&self) -> String {
        self.address("/schedule.csv", self.view, self.from, self.days, true, None)
    }

    /// Where what is chosen becomes a calendar subscription; a clash is of the day and no part of one.
    pub fn feeds_href(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.chosen.iter().filter(|(name, _)| *name != "clash"));
        let query = query.finish();
        if query.is_empty() { "/me/feeds".into() } else { format!("/me/feeds?{query}") }
    }

    /// What the filter form keeps without showing.
    pub fn kept(&self) -> Vec<(String, String)> {
        let mut kept = vec![("view".to_owned(), self.view.code().to_owned()), ("from".to_owned(), self.from.to_string())];
        if self.view == View::Table && self.days != TABLE_DAYS {
            kept.push(("days".into(), self.days.to_string()));
        }
        kept
    }

    pub fn filters(&self, names: &Names) -> Vec<Filter> {
        let filter = &self.filter;
        let mut kinds = vec![Choice::new("", "All kinds").chosen(filter.kinds.is_empty())];
        kinds.extend(KINDS.iter().map(|kind| Choice::new(kind.code(), &crate::words::sentence_case(kind.words())).chosen(filter.kinds.contains(kind))));
        let mut states = vec![Choice::new("", "Everything but drafts").chosen(filter.standing.is_none())];
        states.extend(Standing::ALL.iter().map(|standing| Choice::new(standing.code(), standing_words(*standing)).chosen(filter.standing == Some(*standing))));
        let all_sites = format!("All sites ({})", names.sites.len());
        vec![
            Filter { name: "site", label: "Site", choices: choices(&names.sites, &all_sites, filter.site) },
            Filter { name: "service", label: "Service", choices: choices(&names.services, "All services", filter.service) },
            Filter { name: "organisation", label: "Organisation", choices: choices(&names.organisations, "All organisations", filter.organisation) },
            Filter { name: "kind", label: "Kind", choices: kinds },
            Filter { name: "state", label: "State", choices: states },
            Filter {
                name: "clash",
                label: "Clashes",
                choices: vec![
                    Choice::new("", "With and without a clash").chosen(!self.clashing),
                    Choice::new("yes", "Only with a clash").chosen(self.clashing),
                ],
            },
        ]
    }
}

fn read_cursor(text: &str) -> Option<After> {
    let (start, id) = text.split_once('.')?;
    Some(After { start_micros: start.parse().ok()?, id: id.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Wanted {
        let named = |id, code: &str, name: &str| Named { id, code: code.into(), name: name.into() };
        let names = Names {
            sites: vec![named(1, "NB", "Northbrook"), named(2, "MAIN", "Main, Riverside"), named(3, "MAIN", "Main, Eastmarsh")],
            services: vec![named(4, "PACS", "PACS imaging")],
            organisations: vec![],
        };
        let form = Form::parse(query.as_bytes()).unwrap();
        Wanted::read(&form, &names, "2026-11-17T12:00:00Z".parse().unwrap(), &signalbox_core::calendar::london())
    }

    #[test]
    fn an_address_is_read_and_written_again() {
        let wanted = read("view=timeline&from=2026-11-20&site=nb&service=PACS&state=firm");
        assert_eq!((wanted.filter.site, wanted.filter.service, wanted.filter.standing), (Some(1), Some(4), Some(Standing::Firm)));
        assert_eq!(wanted.href_from(wanted.from), "/schedule?view=timeline&from=2026-11-20&site=nb&service=pacs&state=firm");
        assert_eq!(wanted.heading(), "20 November 2026 to 3 December 2026");
        assert_eq!(read("site=3").href_of(View::Month), "/schedule?view=month&from=2026-11-01&site=3", "two sites share the code");
    }

    #[test]
    fn what_is_not_understood_is_dropped_and_said() {
        let wanted = read("view=pie&site=moon&colour=red&from=2026-02-31&kind=&state=odd");
        assert_eq!(wanted.dropped.len(), 5, "{:?}", wanted.dropped);
        assert!(wanted.dropped[1].contains("No site is called “moon”"));
        assert_eq!((wanted.view, wanted.is_filtered()), (View::Month, false));
    }

    #[test]
    fn a_month_begins_on_a_monday_and_a_step_leads_to_the_next() {
        let wanted = read("from=2026-11-17");
        assert_eq!(wanted.span(), ("2026-10-26".parse().unwrap(), "2026-12-07".parse().unwrap()));
        assert_eq!((wanted.step(-1).to_string(), wanted.step(1).to_string()), ("2026-10-01".into(), "2026-12-01".into()));
        assert_eq!(read("view=timeline").from.to_string(), "2026-11-16");
    }
}
