//! Today and the schedule in its three views.

use super::{SERVICES, WEEKDAYS, WORK, entry, instant, link};
use crate::web::layout::{Place, Shell};
use crate::web::pages::schedule::*;
use crate::web::pages::today::{Figure, News, NewsLine, NightNote, TodayPage, Waiting};
use crate::web::timeline::{Head, Lane, Scale, Timeline};
use crate::web::ui::{Choice, Entry, Link, Paging, Tag};
use jiff::Timestamp;

fn lanes(scale: Scale, now: Option<Timestamp>) -> Vec<Lane> {
    let mut lanes = Vec::new();
    for (service, name) in SERVICES.iter().enumerate() {
        let work: Vec<_> = WORK.iter().filter(|work| work.5 == service).map(|work| (instant(work.2), instant(work.3), entry(work))).collect();
        let (bars, _) = scale.pack(work);
        let freeze = (service == 0)
            .then(|| scale.ground("Month-end freeze", ", Friday 27 November 18:00 to Tuesday 1 December 08:00", instant("27T18:00"), instant("30T23:00")));
        lanes.push(Lane {
            name: (*name).into(),
            note: "Halden · 4 sites".into(),
            count: if bars.is_empty() { "nothing planned".into() } else { format!("entries: {}", bars.len()) },
            grounds: freeze.flatten().into_iter().collect(),
            now: now.and_then(|now| scale.column_of(now)),
            bars,
            more: None,
        });
    }
    lanes
}

fn fortnight() -> Timeline {
    let heads = (0..14).map(|day| Head {
        label: if day == 0 { "Mon 16 Nov".into() } else { format!("{} {}", WEEKDAYS[day % 7].1, 16 + day) },
        class: if day == 1 {
            "today"
        } else if day % 7 > 4 {
            "we"
        } else {
            ""
        },
    });
    Timeline {
        label: "Timeline by service, scrolls sideways".into(),
        corner: "Service".into(),
        is_night: false,
        heads: heads.collect(),
        lanes: lanes(Scale::fortnight(instant("16T00:00")), Some(instant("17T17:20"))),
    }
}

pub fn night() -> Timeline {
    let heads = (0..14).map(|hour| Head { label: format!("{:02}:00", (18 + hour) % 24), class: "" });
    Timeline {
        label: "Tonight hour by hour, scrolls sideways".into(),
        corner: "17 to 18 Nov".into(),
        is_night: true,
        heads: heads.collect(),
        lanes: lanes(Scale::night(instant("17T18:00")), None).into_iter().filter(|lane| !lane.bars.is_empty()).collect(),
    }
}

pub fn today() -> TodayPage {
    let waiting = |due: &str, late, label: &str, why: &str, tag| Waiting {
        due: due.into(),
        is_late: late,
        link: Link::new(label, "/changes/RFC-2026-001836"),
        why: why.into(),
        tag,
    };
    TodayPage {
        shell: Shell { flash: Some("RFC-2026-001831 is approved. The raiser has been told.".into()), demo: true, ..Shell::sample("Today", Place::Today) },
        day: "Tuesday 17 November".into(),
        sentence: "3 pieces of work tonight, all at Northbrook. 1 clash needs settling before 19:00.".into(),
        more: "4 things wait for you; 1 is overdue. No freeze is running. The next, month-end, starts Friday 27 November at 18:00.".into(),
        waiting: vec![
            waiting(
                "2 days late",
                true,
                "Answer for RFC-2026-001836 Interface engine 4.2",
                "Technical assessment, asked of you on 9 November.",
                Tag::new("Assessment", "blue"),
            ),
            waiting(
                "by 19:00 today",
                false,
                "Settle the clash between RFC-2026-001842 and NPN-2026-000112",
                "Router work takes the Northbrook link down for 2 hours inside the firmware window.",
                Tag::new("Clash", "red"),
            ),
            waiting(
                "by 12:00 Wed",
                false,
                "Decide RFC-2026-001844 Quarterly release 12.3",
                "All assessments are in, 1 condition. You are the last of 4 to decide.",
                Tag::new("Your approval", "yellow"),
            ),
            waiting(
                "by Fri 20 Nov",
                false,
                "Write up RFC-2026-001791 Results database patch",
                "Backed out on 5 November. The review is the only thing left open.",
                Tag::new("Review", "grey"),
            ),
        ],
        waiting_all: Some(Link::new("All 4, with what you promised", "/promises")),
        night: night(),
        night_links: vec![Link::new("Tonight at Northbrook", "/tonight/northbrook")],
        night_notes: vec![NightNote {
            when: "23:00 to 01:00".into(),
            text: "the Northbrook link is down while RFC-2026-001842 is copying firmware over it.".into(),
            link: Link::new("2 ways out", "/changes/RFC-2026-001842#clashes"),
        }],
        news: Some(News {
            heading: "Since you last looked, yesterday 17:41".into(),
            lines: vec![
                NewsLine {
                    when: "16:48".into(),
                    link: Link::new("NPN-2026-000112 moved to tonight", "/notices/NPN-2026-000112"),
                    text: "Meridian brought it forward a day. 14 people were told of the clash.".into(),
                },
                NewsLine {
                    when: "08:05".into(),
                    link: Link::new("RFC-2026-001805 Maternity summary 2.4 worked", "/changes/RFC-2026-001805"),
                    text: "Finished 12 minutes early at all 4 sites.".into(),
                },
            ],
            all: Some(Link::new("All changes", "/changes")),
        }),
        figure: Some(Figure {
            heading: "Last 28 days".into(),
            figure: "96.4%".into(),
            of: "of 83 changes worked first time".into(),
            reading: "3 did not: 2 backed out, 1 caused an incident. Ordinary for us: weeks usually fall between 87 and 100%.".into(),
            report: Link::new("Success and failure", "/reports/success"),
        }),
        coming: WORK
            .iter()
            .skip(5)
            .take(5)
            .map(|work| NewsLine { when: format!("Nov {}", &work.2[..2]), link: link(work.0, work.1), text: format!("{}, {}", &work.2[3..], work.6) })
            .collect(),
    }
}

pub fn today_quiet() -> TodayPage {
    TodayPage {
        shell: Shell::sample("Today", Place::Today),
        sentence: "Nothing tonight.".into(),
        more: "Nothing waits for you.".into(),
        waiting: vec![],
        waiting_all: None,
        night: Timeline::default(),
        night_notes: vec![],
        news: None,
        figure: None,
        coming: vec![],
        ..today()
    }
}

fn schedule(view: usize, heading: &str, body: Body) -> SchedulePage {
    let any = |label: &str| vec![Choice::new("", label).chosen(true), Choice::new("northbrook", "Northbrook"), Choice::new("riverside", "Riverside")];
    let views = ["Month", "Timeline", "Table"];
    SchedulePage {
        shell: Shell::sample("Schedule", Place::Schedule),
        heading: heading.into(),
        views: views
            .iter()
            .enumerate()
            .map(|(at, label)| ViewLink { link: Link::new(label, &format!("/schedule?view={}", label.to_lowercase())), current: at == view })
            .collect(),
        earlier: Link::new("Earlier", "/schedule?from=2026-10-01"),
        later: Link::new("Later", "/schedule?from=2026-12-01"),
        today: Link::new("Today", "/schedule"),
        csv_href: "/schedule.csv".into(),
        feeds_href: "/me/feeds".into(),
        filters: vec![
            Filter { name: "site", label: "Site", choices: any("All sites I can see (4)") },
            Filter { name: "service", label: "Service", choices: any("All services") },
            Filter { name: "organisation", label: "Organisation", choices: any("All organisations") },
            Filter { name: "kind", label: "Kind", choices: any("All kinds") },
            Filter { name: "state", label: "State", choices: any("Everything but drafts") },
            Filter { name: "clash", label: "Clashes", choices: any("Show all") },
        ],
        kept: vec![("view".into(), views[view].to_lowercase())],
        clear_href: None,
        status: "15 entries, 2 clashes, 1 freeze.".into(),
        dropped: vec![],
        body,
        empty: None,
        clashes: vec![ClashNote {
            heading: "Clash tonight at Northbrook".into(),
            first: link("RFC-2026-001842", "Archive node firmware"),
            text: "needs the Northbrook link.".into(),
            second: link("NPN-2026-000112", "Edge router card swap"),
            after: "takes that link down from 23:00 to 01:00.".into(),
            why: Link::new("See why, and 2 ways out", "/changes/RFC-2026-001842#clashes"),
        }],
        elsewhere: vec!["A service is away: Spine maintenance, Tuesday 8 December 2026, 21:00 to Wednesday 9 December 2026, 03:00 GMT.".into()],
    }
}

fn november(days: impl Fn(i8) -> (Vec<Entry>, Option<Link>)) -> Month {
    let week = |first: i8| Week {
        days: (0..7i8)
            .map(|at| {
                let number = first + at;
                let (number, month, is_off) = if number < 1 {
                    (number + 31, "October", true)
                } else if number > 30 {
                    (number - 30, "December", true)
                } else {
                    (number, "November", false)
                };
                let (entries, more) = if is_off { (vec![], None) } else { days(number) };
                let weekday = WEEKDAYS[usize::try_from(at).unwrap_or(0)];
                let freezes =
                    if !is_off && number >= 27 { vec![Freeze { label: "Month-end freeze".into(), is_named: number == 27 || at == 0 }] } else { vec![] };
                Day {
                    number,
                    weekday: weekday.0,
                    short: weekday.1,
                    month,
                    href: format!("/schedule?view=table&from=2026-11-{number:02}"),
                    is_off,
                    is_weekend: at > 4,
                    is_today: !is_off && number == 17,
                    freezes,
                    entries,
                    more,
                }
            })
            .collect(),
    };
    Month { caption: "Changes, outages and freezes in November 2026".into(), weeks: [-6, 2, 9, 16, 23, 30].into_iter().map(week).collect() }
}

pub fn schedule_month() -> SchedulePage {
    let month = november(|day| {
        let on_day: Vec<Entry> = WORK.iter().filter(|work| work.2.starts_with(&format!("{day:02}T"))).map(entry).collect();
        let more = (day == 24).then(|| Link::new("36 more", "/schedule?view=table&from=2026-11-24"));
        (if day == 24 { on_day.iter().cycle().take(4).cloned().collect() } else { on_day }, more)
    });
    schedule(0, "November 2026", Body::Month(month))
}

pub fn schedule_timeline() -> SchedulePage {
    SchedulePage {
        dropped: vec!["No site is called “moon”; that filter was dropped.".into()],
        clear_href: Some("/schedule?view=timeline".into()),
        ..schedule(1, "16 to 29 November 2026", Body::Timeline(fortnight()))
    }
}

pub fn schedule_table() -> SchedulePage {
    let rows = WORK.iter().map(|work| {
        let entry = entry(work);
        Row {
            reference: if entry.reference.is_empty() { "Restricted".into() } else { entry.reference },
            href: entry.href,
            starts: format!("{} Nov, {}", &work.2[..2], &work.2[3..]),
            starts_iso: format!("2026-11-{}:00Z", work.2),
            ends: format!("{}{}", &work.3[3..], if work.2[..2] == work.3[..2] { "" } else { " next day" }),
            ends_iso: format!("2026-11-{}:00Z", work.3),
            title: work.1.into(),
            service: SERVICES[work.5].into(),
            site: work.6.into(),
            organisation: "Halden".into(),
            tag: Tag::new(work.4.label(), work.4.colour()),
            clash: work.7.then(|| Link::new("RFC-2026-001842", "/changes/RFC-2026-001842#clashes")),
        }
    });
    let paging = Paging { showing: "Showing 15.".into(), first: "/schedule?view=table".into(), next: "/schedule?view=table&cursor=x".into() };
    schedule(
        2,
        "From 16 November 2026",
        Body::Table(Table { caption: "Planned work from 16 November 2026, soonest first".into(), rows: rows.collect(), paging }),
    )
}

pub fn schedule_empty() -> SchedulePage {
    SchedulePage {
        status: "0 entries, 0 clashes, 1 freeze.".into(),
        empty: Some(Empty {
            sentence: "Nothing planned at Riverside this month. 1 freeze.".into(),
            widen: Some(Link::new("Show all sites", "/schedule?view=month")),
        }),
        clashes: vec![],
        ..schedule(0, "November 2026", Body::Month(november(|_| (vec![], None))))
    }
}
