//! The planned outages that the demonstration follows to the last link: a comms room that goes off tonight, a cooler that is
//! changed right now, a generator that is tested every four weeks, and what the network provider answers to three notices.

use jiff::{SignedDuration, Timestamp};
use signalbox_core::act::Act;
use signalbox_core::change::{Kind, Outcome};

use super::local;
use super::special::{decided, until_assessed};
use super::stories::{Deed, Story};

const NORTHBROOK: usize = 0;
const RIVERSIDE: usize = 1;
const ST_CRISPINS: usize = 2;
const EASTMARSH: usize = 3;
const LABS: usize = 1;
const INTEGRATION: usize = 3;
const SIGN_IN: usize = 4;

const RUTH: &str = "ruth.ellery@northbrook.example";
const ROB: &str = "rob.tate@meridian.example";
const PRIYA: &str = "priya.nair@halden.example";
const JOY: &str = "joy.adeyemi@riverside.example";

type Extra = &'static [(&'static str, &'static str)];

const COMMS_ROOM: Extra = &[
    ("outage_type", "comms_room"),
    ("services", "NB-LABS;NB-INT;NB-SIGN"),
    ("items", "NB-LIS-1;NB-GW-1;NB-ID-1"),
    ("order.1.what", "Integration gateway"),
    ("order.1.minutes", "10"),
    ("order.1.back", "5"),
    ("order.1.good", "A test letter reaches the test practice"),
    ("order.2.what", "Results server"),
    ("order.2.minutes", "10"),
    ("order.2.back", "4"),
    ("order.2.good", "A result of today opens on ward 4"),
    ("order.3.what", "Sign-in server"),
    ("order.3.minutes", "15"),
    ("order.3.back", "3"),
    ("order.3.good", "Somebody of the ward signs in"),
    ("order.4.what", "Network cabinet with the site link"),
    ("order.4.minutes", "5"),
    ("order.4.back", "2"),
    ("order.4.good", "Meridian sees the line"),
    ("order.5.what", "Mains at board B, plant room"),
    ("order.5.minutes", "2"),
    ("order.5.back", "1"),
    ("order.5.good", "All three lamps at the board are lit"),
    ("who_shuts_down.name", "Femi Cole, estates"),
    ("who_shuts_down.phone", "020 7946 0171"),
    ("who_restores.name", "Femi Cole, estates"),
    ("who_restores.phone", "020 7946 0171"),
    ("contact_on_site.name", "Femi Cole, estates"),
    ("contact_on_site.phone", "020 7946 0171"),
    ("departments.1.area", "imaging"),
    ("departments.1.cover", "Scans go on; reports are dictated and typed in afterwards."),
    ("departments.1.told", "Dana Frost, superintendent, by telephone"),
    ("departments.2.area", "emergency_department"),
    ("departments.2.cover", "Results by telephone from the laboratory; the runner is on shift."),
    ("departments.2.told", "The nurse in charge, at the bed meeting"),
    ("departments.3.area", "pathology"),
    ("departments.3.cover", "Urgent results are telephoned and written in the book."),
    ("departments.4.area", "wards"),
    ("departments.4.name", "Wards 1 to 9"),
    ("departments.4.cover", "Requests on paper, results by telephone."),
    ("restore_test", "Femi Cole looks at the board, the desk signs in and opens a result, Meridian sees the line."),
    ("ups_minutes", "20"),
    ("generator", "no"),
    ("why", "safety"),
    ("people_notice", "No results on screen and no new sign-in while the room is off."),
];

const COOLER: Extra = &[
    ("outage_type", "cooling"),
    ("order.1.what", "Results server"),
    ("order.1.minutes", "10"),
    ("order.1.good", "A result of today opens on ward 2"),
    ("order.2.what", "Cooler 2 in the data room"),
    ("order.2.minutes", "5"),
    ("order.2.good", "The room is below 24 degrees for ten minutes"),
    ("contact_on_site.name", "Len Brook, estates"),
    ("contact_on_site.phone", "020 7946 0141"),
    ("departments.1.area", "pathology"),
    ("departments.1.cover", "Urgent results are telephoned and written in the book."),
    ("departments.1.told", "The duty biomedical scientist, by telephone"),
    ("people_notice", "Results of Riverside are not on screen while the cooler is changed."),
];

const GENERATOR: Extra = &[
    ("outage_type", "generator_test"),
    ("contact_on_site.name", "Petra Lowe, estates"),
    ("contact_on_site.phone", "020 7946 0182"),
    ("ups_minutes", "30"),
    ("generator", "yes"),
    ("why", "legal"),
    ("people_notice", "A short flicker at the start and at the end."),
];

const REFUSED: Extra =
    &[("reason", "Our ring to St Crispin’s is cut open for splicing that night, so your line is the only way in. Any night from the day after is fine.")];

/// The stories, whose past deeds have been done by `now`.
pub(super) fn stories(now: Timestamp) -> Vec<Story> {
    vec![comms_room(now), cooler(now), generator(now), refused(now), unanswered(now), sent_today(now)]
}

fn outage(trust: usize, kit: usize, title: &str, extra: Extra, start: Timestamp, minutes: i64) -> Story {
    Story {
        kind: Kind::PlannedOutage,
        raiser: trust,
        trusts: vec![trust],
        kit,
        model: "",
        title: title.to_owned(),
        what: "",
        notice: "What runs in the room is away meanwhile.",
        start,
        end: start + SignedDuration::from_mins(minutes),
        minutes_off: minutes,
        network: false,
        extra: extra.to_vec(),
        is_paid: false,
        deeds: vec![],
    }
}

fn ago(at: Timestamp, days: i64) -> Timestamp {
    at - SignedDuration::from_hours(24 * days)
}

/// Tonight at Northbrook: the order of switching off, the departments, what the public is told, and Meridian's answer.
fn comms_room(now: Timestamp) -> Story {
    let mut story = outage(NORTHBROOK, INTEGRATION, "Comms room power-down, Northbrook General", COMMS_ROOM, local(now, 0, 22, 0), 180);
    story.network = true;
    story.deeds = decided(&story, 28);
    let told = |area: &'static [(&'static str, &'static str)]| Deed::By(RUTH, Act::TellDepartment, area);
    let title = "Northbrook General: test results late on one evening";
    let words = "From 22:00 to about 01:00 new test results do not appear. Wards and the emergency department get urgent results by telephone, as they always \
        can. No appointment is cancelled, and there is nothing you need to do.";
    story.deeds.extend([
        (ago(story.start, 26), Deed::By("sam.okoro@northbrook.example", Act::TellNetwork, &[("way", "email")])),
        (ago(story.start, 25), Deed::By(ROB, Act::Acknowledge, &[("their_reference", "MER-56102")])),
        (story.start - SignedDuration::from_hours(24 * 28 - 35), Deed::AcceptRisk),
        (ago(story.start, 6), Deed::Publish(title, words)),
        (ago(story.start, 3), told(&[("area", "pathology"), ("who_there", "Ines Duarte, duty biomedical scientist"), ("knows", "yes")])),
        (ago(story.start, 2), told(&[("area", "imaging"), ("who_there", "Dana Frost, superintendent"), ("knows", "yes")])),
    ]);
    story.deeds.extend([
        (story.start + SignedDuration::from_mins(4), Deed::Start),
        (story.end, Deed::End(Outcome::Successful, "All back in the order of the sheet. The results server took four minutes longer than last year.")),
    ]);
    story
}

/// Begun 50 minutes ago at Riverside, and not back yet.
fn cooler(now: Timestamp) -> Story {
    let mut story = outage(RIVERSIDE, LABS, "Cooler change in the data room, Riverside Infirmary", COOLER, beside_now(now, -50), 120);
    story.deeds = decided(&story, 24);
    let title = "Riverside Infirmary: test results late today";
    let words = "New test results appear about two hours late. Urgent ones are telephoned to the wards. No appointment is cancelled.";
    let told: Extra = &[("area", "pathology"), ("who_there", "Sunil Rao, duty biomedical scientist"), ("knows", "yes")];
    story.deeds.extend([
        (story.start - SignedDuration::from_hours(24 * 24 - 35), Deed::AcceptRisk),
        (ago(story.start, 5), Deed::Publish(title, words)),
        (ago(story.start, 1), Deed::By(JOY, Act::TellDepartment, told)),
        (story.start + SignedDuration::from_mins(3), Deed::By("len.brook@riverside.example", Act::Start, &[])),
    ]);
    story
}

/// Some minutes from now, on a wall clock that shows full five minutes.
pub(super) fn beside_now(now: Timestamp, minutes: i64) -> Timestamp {
    let step = 5 * 60;
    let full = Timestamp::from_second(now.as_second().div_euclid(step) * step).unwrap_or(now);
    full + SignedDuration::from_mins(minutes)
}

/// Every four weeks at Eastmarsh: one notice of all dates. The first date went wrong in a small way, the second did not.
fn generator(now: Timestamp) -> Story {
    let mut story = outage(EASTMARSH, SIGN_IN, "Generator test, Eastmarsh Clinic", GENERATOR, local(now, -60, 7, 0), 60);
    story.deeds = decided(&story, 14);
    let hours = SignedDuration::from_hours;
    story.deeds.extend([
        (story.start + SignedDuration::from_mins(2), Deed::Start),
        (story.end, Deed::End(Outcome::Successful, "The generator took over in eight seconds. Nothing went off.")),
        (story.end + hours(8), Deed::Close),
        (story.end + hours(26), Deed::Repeat("FREQ=WEEKLY;INTERVAL=4")),
    ]);
    let of = |date: usize, deed: Deed| Deed::OfDate(date, Box::new(deed));
    // All of them are decided soon after they came, a year ahead, as one notice is meant to do.
    for date in 0..13 {
        let received = story.end + hours(40 + date as i64);
        story.deeds.push((received, of(date, Deed::Accept)));
        story.deeds.push((received + hours(8), of(date, Deed::Screen)));
        for later in [24, 25, 26] {
            story.deeds.push((received + hours(later), of(date, Deed::Assess)));
        }
        story.deeds.push((received + hours(48), of(date, Deed::Approve { condition: false })));
        story.deeds.push((received + hours(49), of(date, Deed::Schedule)));
    }
    let ends = [
        (Outcome::SuccessfulWithIssues, "The generator took over after forty seconds. The sign-in server restarted on its own; its battery is on order."),
        (Outcome::Successful, "With the new battery: eight seconds, and nothing went off."),
    ];
    for (date, (outcome, words)) in ends.into_iter().enumerate() {
        let start = local(now, 28 * (date as i64 + 1) - 60, 7, 0);
        story.deeds.push((start + SignedDuration::from_mins(1), of(date, Deed::Start)));
        story.deeds.push((start + SignedDuration::from_mins(55), of(date, Deed::End(outcome, words))));
        story.deeds.push((start + hours(9), of(date, Deed::Close)));
    }
    story
}

/// Meridian says no to a night at St Crispin's, and why.
fn refused(now: Timestamp) -> Story {
    let mut story =
        outage(ST_CRISPINS, INTEGRATION, "Move of the network cabinet, St Crispin’s Hospital", &[("outage_type", "network")], local(now, 8, 20, 0), 120);
    story.network = true;
    story.deeds = until_assessed(&story, 13);
    story.deeds.extend([
        (local(now, -2, 10, 5), Deed::By(PRIYA, Act::TellNetwork, &[("way", "email")])),
        (local(now, -1, 9, 40), Deed::By(ROB, Act::RefuseNotice, REFUSED)),
    ]);
    story
}

/// Meridian was told yesterday of work at Eastmarsh in two days, and has not said a word.
fn unanswered(now: Timestamp) -> Story {
    let mut story = outage(EASTMARSH, INTEGRATION, "Rewiring of the link cabinet, Eastmarsh Clinic", &[("outage_type", "network")], local(now, 2, 20, 0), 90);
    story.network = true;
    let mut deeds = decided(&story, 16);
    // Nothing is scheduled while the provider is silent; after three days its silence no longer holds it up (X6).
    deeds.retain(|(_, deed)| *deed != Deed::Schedule);
    deeds.push((local(now, -1, 9, 15), Deed::By(PRIYA, Act::TellNetwork, &[("way", "phone")])));
    story.deeds = deeds;
    story
}

/// Sent this morning: the letter to Meridian, with its link, is the first that leaves.
fn sent_today(now: Timestamp) -> Story {
    let title = "Battery change in the server room, Eastmarsh Clinic";
    let mut story = outage(EASTMARSH, SIGN_IN, title, &[("outage_type", "mains_power")], local(now, 13, 20, 0), 90);
    story.network = true;
    story.deeds = vec![(beside_now(now, -200), Deed::Raise), (beside_now(now, -180), Deed::Send)];
    story
}
