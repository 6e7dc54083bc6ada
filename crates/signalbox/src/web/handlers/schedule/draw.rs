//! The three views, drawn from the entries.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use signalbox_core::calendar::local;
use signalbox_core::ids::ServiceId;
use signalbox_core::schedule::grid::{dates_touched, month_days};
use signalbox_core::schedule::{Extent, External, Freeze, Node};
use signalbox_store::queries::Named;
use signalbox_store::queries::clashes::{Opposite, ScheduleClash};
use signalbox_store::queries::schedule::{Entry, SchedulePage};

use super::wanted::{Names, View, Wanted};
use crate::web::handlers::entries::{self, begins, days_on};
use crate::web::pages::schedule::{ClashNote, Day, Freeze as DayFreeze, Month, Row, Table, Week};
use crate::web::timeline::{Ground, Head, Lane, Scale, Timeline};
use crate::web::ui::{Link, Paging};
use crate::words::{counted, recurring};

/// A month's day shows its first 4 entries (settled 29).
const SHOWN_IN_A_DAY: usize = 4;
/// Work of a night that ends before this hour stands on the day of its start alone.
const NIGHT_ENDS_HOUR: i8 = 6;

const WEEKDAYS: [(&str, &str); 7] =
    [("Monday", "Mon"), ("Tuesday", "Tue"), ("Wednesday", "Wed"), ("Thursday", "Thu"), ("Friday", "Fri"), ("Saturday", "Sat"), ("Sunday", "Sun")];
const MONTHS: [&str; 12] = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// What the views are drawn from.
pub struct Drawing<'d> {
    pub wanted: &'d Wanted,
    pub found: &'d SchedulePage,
    /// Clashes of the entries that are shown, as far as the reader may know of them.
    pub clashes: Vec<ScheduleClash>,
    pub freezes: &'d [Freeze],
    pub names: &'d Names,
    pub today: Date,
    pub now: Timestamp,
    pub zone: &'d TimeZone,
}

/// At most this many clashes are told below the schedule; the entries are all marked.
const NOTES_MAX: usize = 6;

impl Drawing<'_> {
    fn is_clashing(&self, entry: &Entry) -> bool {
        self.clashes.iter().any(|clash| clash.change == entry.id)
    }

    /// The first that an entry clashes with; without an address where its page is not open to the reader.
    fn clash_of(&self, entry: &Entry) -> Option<Link> {
        self.clashes.iter().find(|clash| clash.change == entry.id).map(|clash| entries::opposite(clash, false))
    }

    /// The clashes in words, each pair once, for those who may open the page of one side.
    pub fn clash_notes(&self) -> Vec<ClashNote> {
        let note = |clash: &ScheduleClash| {
            let entry = self.found.entries.iter().find(|entry| entry.id == clash.change)?;
            let href = Some(entries::href(entry)).filter(|href| !href.is_empty())?;
            Some(ClashNote {
                heading: format!("Clash on {}", local::day_words(local::wall(entry.window.start, self.zone).date())),
                first: Link::new(&format!("{} {}", entries::reference(entry), entries::title(entry)), &href),
                text: if matches!(clash.with, Opposite::Freeze { .. }) { "is inside the freeze".into() } else { "and".into() },
                second: entries::opposite(clash, true),
                after: entries::how_they_clash(clash),
                why: Link::new("See why, and the ways out", &format!("{href}/clashes")),
            })
        };
        let mut told = BTreeSet::new();
        self.clashes.iter().filter(|clash| told.insert(clash.pair())).filter_map(note).take(NOTES_MAX).collect()
    }

    /// "22 entries, 2 clashes, 2 freezes."
    pub fn status(&self) -> String {
        let count = self.found.entries.len() as i64;
        let more = if self.found.next.is_some() { " on this page" } else { "" };
        let entries = if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") };
        let clashes = match self.clashes.iter().map(ScheduleClash::pair).collect::<BTreeSet<_>>().len() {
            1 => "1 clash".to_owned(),
            n => format!("{n} clashes"),
        };
        format!("{entries}{more}, {clashes}, {}.", counted(self.freezes.len() as i64, "freeze"))
    }

    /// "Nothing planned at Northbrook in November 2026."
    pub fn nothing(&self) -> String {
        let name = |all: &[Named], id: Option<i64>| all.iter().find(|one| Some(one.id) == id).map(|one| one.name.clone());
        let filter = &self.wanted.filter;
        let place = name(&self.names.sites, filter.site).or_else(|| name(&self.names.organisations, filter.organisation));
        let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
        let service = name(&self.names.services, filter.service).map(|service| format!(" for {service}")).unwrap_or_default();
        let freezes = match self.freezes.len() {
            0 => String::new(),
            n => format!(" {}.", counted(n as i64, "freeze")),
        };
        format!("Nothing planned{service}{place}: {}.{freezes}", self.wanted.heading())
    }

    pub fn month(&self) -> Month {
        let mut by_day: BTreeMap<Date, Vec<&Entry>> = BTreeMap::new();
        for entry in &self.found.entries {
            let (first, last) = self.days_of(entry);
            let mut day = first.max(self.wanted.span().0);
            while day <= last && day < self.wanted.span().1 {
                by_day.entry(day).or_default().push(entry);
                day = days_on(day, 1);
            }
        }
        let weeks = month_days(self.wanted.from.year(), self.wanted.from.month());
        let week = |days: [Date; 7]| Week { days: days.iter().map(|day| self.day(*day, by_day.get(day).map_or(&[], Vec::as_slice))).collect() };
        Month { caption: format!("Changes, outages and freezes in {}", self.wanted.heading()), weeks: weeks.into_iter().map(week).collect() }
    }

    /// First and last day on which an entry stands.
    fn days_of(&self, entry: &Entry) -> (Date, Date) {
        let (first, last) = dates_touched(entry.window.start, entry.ends(), self.zone);
        let ends_at_night = local::wall(entry.ends(), self.zone).time().hour() < NIGHT_ENDS_HOUR;
        let is_night = last > first && ends_at_night && local::wall(entry.ends(), self.zone).date() == last;
        (first, if is_night { days_on(last, -1).max(first) } else { last })
    }

    fn day(&self, date: Date, entries: &[&Entry]) -> Day {
        let at = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        let is_off = date.month() != self.wanted.from.month();
        let left = entries.len().saturating_sub(SHOWN_IN_A_DAY);
        let hidden = entries.iter().skip(SHOWN_IN_A_DAY).filter(|entry| self.is_clashing(entry)).count();
        let on_day = |freeze: &&Freeze| freeze.span.from < begins(days_on(date, 1), self.zone) && freeze.span.until > begins(date, self.zone);
        let freezes = self.freezes.iter().filter(on_day).map(|freeze| DayFreeze {
            label: freeze.title.clone(),
            is_named: date.weekday() == Weekday::Monday || local::wall(freeze.span.from, self.zone).date() == date,
        });
        Day {
            number: date.day(),
            weekday: WEEKDAYS[at].0,
            short: WEEKDAYS[at].1,
            month: MONTHS[usize::try_from(date.month() - 1).unwrap_or(0).min(11)],
            href: self.wanted.href_day(date),
            is_off,
            is_weekend: at > 4,
            is_today: date == self.today,
            freezes: freezes.collect(),
            entries: entries.iter().take(SHOWN_IN_A_DAY).map(|entry| entries::entry(entry, Some(date), self.is_clashing(entry), self.zone)).collect(),
            more: (left > 0).then(|| Link::new(&more_words(left, hidden), &self.wanted.href_day(date))),
        }
    }

    pub fn timeline(&self) -> Timeline {
        let (first, _) = self.wanted.span();
        let scale = Scale::fortnight(begins(first, self.zone));
        let heads = (0..14).map(|n| {
            let day = days_on(first, n);
            let label = if n == 0 || day.day() == 1 { day.strftime("%a %-d %b") } else { day.strftime("%a %-d") };
            let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            Head {
                label: label.to_string(),
                class: if day == self.today {
                    "today"
                } else if is_weekend {
                    "we"
                } else {
                    ""
                },
            }
        });
        let freezes: Vec<&Freeze> = self.freezes.iter().collect();
        let mut lanes = vec![];
        if !freezes.is_empty() {
            lanes.push(Lane {
                name: "Freezes".into(),
                count: counted(freezes.len() as i64, "freeze"),
                grounds: freezes.iter().filter_map(|freeze| ground(&scale, freeze, self.zone)).collect(),
                now: scale.column_of(self.now),
                ..Lane::default()
            });
        }
        lanes.extend(lanes_by_service(
            &self.found.entries,
            self.wanted.filter.service,
            &scale,
            self.zone,
            |entry| self.is_clashing(entry),
            |service| {
                let of_service = service.map(|id| Extent::Node(Node::Service(ServiceId(id))));
                let covers = |freeze: &&Freeze| freeze.extent == Extent::Everything || Some(freeze.extent) == of_service;
                let grounds = freezes.iter().copied().filter(covers).filter_map(|freeze| ground(&scale, freeze, self.zone)).collect();
                (grounds, scale.column_of(self.now), self.wanted.href_of(View::Table))
            },
        ));
        Timeline { label: "Timeline by service, scrolls sideways".into(), corner: "Service".into(), is_night: false, heads: heads.collect(), lanes }
    }

    pub fn table(&self) -> Table {
        let rows = self.found.entries.iter().map(|entry| {
            let detail = entry.detail.as_ref();
            Row {
                reference: detail.map_or("Restricted".into(), |d| d.reference.clone()),
                href: entries::href(entry),
                starts: entries::short_moment(entry.window.start, self.today.year(), self.zone),
                starts_iso: entry.window.start.to_string(),
                ends: entries::short_moment(entry.ends(), self.today.year(), self.zone),
                ends_iso: entry.ends().to_string(),
                title: entries::title(entry),
                service: detail.map(|d| entries::names(&d.services)).unwrap_or_default(),
                site: detail.map(|d| entries::names(&d.sites)).unwrap_or_default(),
                organisation: detail.map(|d| d.org.name.clone()).unwrap_or_default(),
                tag: entries::tag(entry),
                clash: self.clash_of(entry),
            }
        });
        let is_later_page = self.wanted.after.is_some();
        let paging = Paging {
            showing: format!("Showing {}.", self.found.entries.len()),
            first: if is_later_page { self.wanted.href_from(self.wanted.from) } else { String::new() },
            next: self.found.next.map(|after| self.wanted.href_after(after)).unwrap_or_default(),
        };
        Table { caption: format!("Planned work, {}, soonest first", self.wanted.heading()), rows: rows.collect(), paging }
    }
}

/// What is not shown of a day: no clash is out of sight without a word.
fn more_words(left: usize, clashing: usize) -> String {
    match clashing {
        0 => format!("{left} more"),
        n => format!("{left} more, {n} with a clash"),
    }
}

fn ground(scale: &Scale, freeze: &Freeze, zone: &TimeZone) -> Option<Ground> {
    let aria = format!(", {} to {}", local::moment_words(freeze.span.from, zone), local::moment_words(freeze.span.until, zone));
    scale.ground(&freeze.title, &aria, freeze.span.from, freeze.span.until)
}

/// At most so many lines of what happens elsewhere; a rule that comes every day would fill the page.
const ELSEWHERE_MAX: usize = 20;

/// What happens elsewhere, in words: `A service is away: Spine maintenance, Tuesday …`.
pub fn elsewhere(all: &[External], zone: &TimeZone) -> Vec<String> {
    let line = |one: &External| {
        let what = if one.is_outage { "A service is away: " } else { "" };
        format!("{what}{}, {}.", one.title, recurring::occurrence(one.span, zone))
    };
    let more = all.len().saturating_sub(ELSEWHERE_MAX);
    let rest = (more > 0).then(|| format!("And {more} more."));
    all.iter().take(ELSEWHERE_MAX).map(line).chain(rest).collect()
}

/// A lane by its place (ordinary, through something else, without a service, restricted), its name, and its service.
type LaneKey = (u8, String, Option<i64>);

/// The lanes in which an entry stands: that of each service it names, or its place where it names none. Where one
/// service is asked for, its own lane, and one for what reaches it through the things it needs (C075).
fn lanes_of(entry: &Entry, asked: Option<i64>) -> Vec<LaneKey> {
    let Some(detail) = &entry.detail else { return vec![(3, entries::RESTRICTED.into(), None)] };
    let by_name = |service: &Named| (0, service.name.clone(), Some(service.id));
    let Some(asked) = asked else {
        return if detail.services.is_empty() { vec![(2, entries::place(entry), None)] } else { detail.services.iter().map(by_name).collect() };
    };
    let is_asked = |service: &&Named| service.id == asked;
    let through = |service: &Named| (1, format!("{}, through what it needs", service.name), Some(service.id));
    let named = detail.services.iter().find(is_asked).map(by_name);
    named.or_else(|| detail.dependants.iter().find(is_asked).map(through)).into_iter().collect()
}

/// A lane for each service that somebody works on; work without one stands under its place. Restricted work comes
/// last. `asked` is the one service that is asked for. `around` gives what lies behind a lane, the column of now and where that leads which did not fit.
pub fn lanes_by_service(
    all: &[Entry],
    asked: Option<i64>,
    scale: &Scale,
    zone: &TimeZone,
    clashes: impl Fn(&Entry) -> bool,
    around: impl Fn(Option<i64>) -> (Vec<Ground>, Option<i64>, String),
) -> Vec<Lane> {
    let mut lanes: BTreeMap<LaneKey, Vec<&Entry>> = BTreeMap::new();
    for entry in all {
        for lane in lanes_of(entry, asked) {
            lanes.entry(lane).or_default().push(entry);
        }
    }
    let lane = |((_, name, service), work): (LaneKey, Vec<&Entry>)| {
        let (grounds, now, more_href) = around(service);
        let (bars, left) = scale.pack(work.iter().map(|entry| (entry.window.start, entry.ends(), entries::entry(entry, None, clashes(entry), zone))).collect());
        let count = if work.len() == 1 { "1 entry".to_owned() } else { format!("{} entries", work.len()) };
        let more = (left > 0).then(|| Link::new(&format!("{left} more"), &more_href));
        Lane { name, note: String::new(), count, grounds, now, bars, more }
    };
    lanes.into_iter().map(lane).collect()
}
