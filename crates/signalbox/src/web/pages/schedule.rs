//! `/schedule`: one schedule for everybody, as month, timeline and table. The address is the view.

use askama::Template;

use crate::web::layout::Shell;
use crate::web::timeline::Timeline;
use crate::web::ui::{Choice, Entry, Link, Paging, Tag};

#[derive(Template)]
#[template(path = "schedule.html")]
pub struct SchedulePage {
    pub shell: Shell,
    /// "November 2026", "16 to 29 November 2026"
    pub heading: String,
    pub views: Vec<ViewLink>,
    pub earlier: Link,
    pub later: Link,
    pub today: Link,
    pub csv_href: String,
    /// Where the same view becomes a calendar subscription.
    pub feeds_href: String,
    pub filters: Vec<Filter>,
    /// What the filter form keeps without showing: view, from.
    pub kept: Vec<(String, String)>,
    /// Leads to the same view without filters; None when none is set.
    pub clear_href: Option<String>,
    /// "22 entries, 2 clashes, 2 freezes."
    pub status: String,
    /// A sentence per filter that was not understood and has been dropped (settled 18).
    pub dropped: Vec<String>,
    pub body: Body,
    /// What to say and offer when nothing is planned.
    pub empty: Option<Empty>,
    pub clashes: Vec<ClashNote>,
    /// What happens elsewhere meanwhile, a sentence each.
    pub elsewhere: Vec<String>,
}

pub struct ViewLink {
    pub link: Link,
    pub current: bool,
}

/// A choice in the one filter row.
pub struct Filter {
    pub name: &'static str,
    pub label: &'static str,
    pub choices: Vec<Choice>,
}

pub struct Empty {
    pub sentence: String,
    pub widen: Option<Link>,
}

pub struct ClashNote {
    pub heading: String,
    pub first: Link,
    pub text: String,
    pub second: Link,
    pub after: String,
    pub why: Link,
}

pub enum Body {
    Month(Month),
    Timeline(Timeline),
    Table(Table),
}

pub struct Month {
    /// "Changes, outages and freezes in November 2026"
    pub caption: String,
    pub weeks: Vec<Week>,
}

pub struct Week {
    pub days: Vec<Day>,
}

impl Week {
    /// A week with nothing in it is drawn low.
    pub fn is_thin(&self) -> bool {
        self.days.iter().all(|day| day.entries.is_empty())
    }
}

#[derive(Default)]
pub struct Day {
    pub number: i8,
    pub weekday: &'static str,
    /// "Mon"
    pub short: &'static str,
    pub month: &'static str,
    /// Leads to that day.
    pub href: String,
    /// Belongs to the month before or after.
    pub is_off: bool,
    pub is_weekend: bool,
    pub is_today: bool,
    pub freezes: Vec<Freeze>,
    /// The first 4 (settled 29).
    pub entries: Vec<Entry>,
    /// "36 more"
    pub more: Option<Link>,
}

pub struct Freeze {
    pub label: String,
    /// The label is shown on its first day and on Mondays; on others it is there for those who listen.
    pub is_named: bool,
}

impl Day {
    pub fn class(&self) -> String {
        let is_empty = self.entries.is_empty() && self.freezes.is_empty();
        let words = [(self.is_off, "off"), (self.is_weekend, "we"), (self.is_today, "today"), (is_empty, "none")];
        words.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word).collect::<Vec<_>>().join(" ")
    }
}

pub struct Table {
    pub caption: String,
    pub rows: Vec<Row>,
    pub paging: Paging,
}

pub struct Row {
    pub reference: String,
    /// Empty where the reader may see only that something happens.
    pub href: String,
    /// "Tue 17 Nov, 22:00" and the same for machines.
    pub starts: String,
    pub starts_iso: String,
    pub ends: String,
    pub ends_iso: String,
    pub title: String,
    pub service: String,
    pub site: String,
    pub organisation: String,
    pub tag: Tag,
    pub clash: Option<Link>,
}
