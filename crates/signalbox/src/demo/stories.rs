//! What happened: some two hundred pieces of work around today, each a list of deeds with their times.

use jiff::{SignedDuration, Timestamp};
use signalbox_core::act::Act;
use signalbox_core::change::{Kind, Outcome};

use super::cast::{KITS, ORGS};
use super::{Chance, local};

/// One change.
pub(super) struct Story {
    pub kind: Kind,
    /// The organisation that raises it, in [`ORGS`].
    pub raiser: usize,
    /// The trusts whose equipment is touched.
    pub trusts: Vec<usize>,
    /// The service, in [`KITS`].
    pub kit: usize,
    /// The entry of the catalogue, for a service request.
    pub model: &'static str,
    pub title: String,
    pub what: &'static str,
    pub notice: &'static str,
    pub start: Timestamp,
    pub end: Timestamp,
    pub minutes_off: i64,
    pub network: bool,
    /// Answers that only its kind asks for.
    pub extra: Vec<(&'static str, &'static str)>,
    /// The trust expects to pay for it.
    pub is_paid: bool,
    pub deeds: Vec<(Timestamp, Deed)>,
}

/// Something that somebody does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Raise,
    Send,
    Return,
    Accept,
    Screen,
    Assess,
    Acknowledge,
    Approve {
        condition: bool,
    },
    Refuse,
    Schedule,
    Say(&'static str),
    Start,
    RunLate,
    Finish(Outcome),
    Close,
    Cancel,
    Withdraw,
    Pay(super::money::Payment),
    /// A quote that was not answered lapses.
    Lapse,
    /// What one of the cast does: who, what, and what they fill in.
    By(&'static str, Act, &'static [(&'static str, &'static str)]),
    /// The safety officer finds a hazard, rates it and accepts what is left of it.
    AcceptRisk,
    /// The work ends, in the words of whoever was there.
    End(Outcome, &'static str),
    /// The authority tells the public: the title and the words of its notice.
    Publish(&'static str, &'static str),
    /// It comes again by this rule, and all its dates are sent as one notice.
    Repeat(&'static str),
    /// A deed on one of those dates, counted from 0.
    OfDate(usize, Box<Deed>),
}

/// Title, what is done, what people notice, minutes off.
type Work = (&'static str, &'static str, &'static str, i64);

const NORMAL: &[Work] = &[
    (
        "Archive node firmware",
        "Controller firmware goes from 8.1.4 to 8.2.0, one node after the other.",
        "Slower fetch of images older than 90 days. Nothing stops.",
        0,
    ),
    (
        "Results database patch",
        "The quarterly patch is applied to the database, then the reports are run.",
        "Results are read-only for a quarter of an hour.",
        15,
    ),
    (
        "Interface engine 4.2",
        "The engine is upgraded in place; queued messages are sent afterwards.",
        "Letters and results arrive up to twenty minutes late.",
        20,
    ),
    ("Certificate chain renewal", "New certificates are put on every gateway and tried with each partner.", "Nobody should notice anything.", 0),
    ("Worklist rule for theatres", "A rule is added so that theatre lists sort by room.", "Theatre lists look different from the next morning.", 0),
    ("More storage for imaging", "Two shelves are added and the old volume is moved over night.", "Nothing stops; old images open a little slower.", 0),
    ("Maternity summary 2.4", "The summary page is replaced, with the form agreed in October.", "Five minutes without the record, twice.", 10),
    ("Password rules", "Longer passwords, and no more changes every ninety days.", "Everybody sees a new page at the next sign-in.", 0),
    ("Move of the print server", "The print server moves to new hardware with the same name.", "No printing for half an hour.", 30),
    ("Reference ranges update", "Laboratory reference ranges are brought up to the new standard.", "Some results show another range.", 0),
    ("Backup window change", "Backups start an hour later, after the night transfer.", "Nobody should notice anything.", 0),
    ("Gateway memory", "Memory is doubled; the gateway is restarted once.", "Messages wait for ten minutes.", 10),
];
const OUTAGES: &[Work] = &[
    (
        "Switchgear maintenance, plant room A",
        "The feed to the comms room is switched off while the switchgear is serviced.",
        "The equipment in the comms room is off.",
        120,
    ),
    ("Generator load test", "The building runs on its generator for an hour.", "A short flicker at the start and the end.", 5),
    ("Cooling repair in the data room", "Half the racks are switched off while a cooler is changed.", "Services on those racks are away.", 90),
    ("Battery change", "The batteries behind the racks are changed; power is off meanwhile.", "The racks are off for an hour.", 60),
    ("Comms room rewiring", "The cabinet is rewired and labelled.", "The site link drops twice for some minutes.", 30),
];
const REQUESTS: &[(&str, &str)] = &[
    ("printer_queue", "Printer queue for ward"),
    ("worklist_user", "Worklist access for a new registrar"),
    ("modality_swap", "Swap of the failed mobile unit"),
    ("firewall_pattern", "Rule to the agreed pattern for the new clinic"),
    ("certificate_renewal", "Certificate of the bookings interface"),
    ("gateway_restart", "Restart of the gateway in its window"),
];

/// Plans the stories, the earliest window first.
pub(super) fn plan(chance: &mut Chance, now: Timestamp, how_many: usize) -> Vec<Story> {
    let mut stories: Vec<Story> = (0..how_many).map(|n| story(chance, now, n, how_many)).collect();
    stories.extend(super::special::stories(now));
    stories.extend(super::money::stories(now));
    stories.extend(super::outages::stories(now));
    stories.sort_by_key(|s| s.start);
    stories
}

fn story(chance: &mut Chance, now: Timestamp, n: usize, how_many: usize) -> Story {
    // Windows spread evenly from 45 days ago to 40 days ahead, a few of them tonight.
    let day = if n % 40 == 7 { 0 } else { (n * 85 / how_many) as i64 - 45 };
    let trust = chance.below(4);
    let kit = chance.below(KITS.len());
    let (hour, minute) = *chance.pick(&[(6, 0), (7, 30), (18, 30), (20, 0), (21, 0), (22, 0), (22, 30), (23, 0)]);
    let start = local(now, day, hour, minute);
    let hours = [1, 2, 2, 3, 4][chance.below(5)];
    let end = start + SignedDuration::from_hours(hours);
    match chance.below(10) {
        0..=1 => request(chance, trust, kit, start),
        2..=4 => outage(chance, trust, kit, start, end),
        _ => normal(chance, trust, kit, start, end),
    }
}

fn normal(chance: &mut Chance, trust: usize, kit: usize, start: Timestamp, end: Timestamp) -> Story {
    let (title, what, notice, minutes_off) = *chance.pick(NORMAL);
    let raiser = [trust, trust, 4, 4, 4, 5][chance.below(6)];
    let trusts = if raiser >= 4 && chance.below(3) == 0 { vec![trust, (trust + 1) % 4, (trust + 2) % 4] } else { vec![trust] };
    let place = if trusts.len() == 1 { ORGS[trust].name } else { "three trusts" };
    let story = Story {
        kind: Kind::Normal,
        raiser,
        trusts,
        kit,
        model: "",
        title: format!("{title}, {place}"),
        what,
        notice,
        start,
        end,
        minutes_off,
        network: false,
        extra: vec![],
        is_paid: false,
        deeds: vec![],
    };
    let days = 12 + chance.below(14) as i64;
    with_deeds(chance, story, days)
}

fn outage(chance: &mut Chance, trust: usize, kit: usize, start: Timestamp, end: Timestamp) -> Story {
    let (title, what, notice, minutes_off) = *chance.pick(OUTAGES);
    let story = Story {
        kind: Kind::PlannedOutage,
        raiser: trust,
        trusts: vec![trust],
        kit,
        model: "",
        title: format!("{title}, {}", ORGS[trust].name),
        what,
        notice,
        start,
        end,
        minutes_off,
        network: chance.below(3) == 0,
        extra: vec![],
        is_paid: false,
        deeds: vec![],
    };
    // Most are in time; one in four is not.
    let days = if chance.below(4) == 0 { 2 + chance.below(8) as i64 } else { 10 + chance.below(15) as i64 };
    with_deeds(chance, story, days)
}

fn request(chance: &mut Chance, trust: usize, kit: usize, start: Timestamp) -> Story {
    let (model, title) = *chance.pick(REQUESTS);
    let story = Story {
        kind: Kind::ServiceRequest,
        raiser: trust,
        trusts: vec![trust],
        kit,
        model,
        title: format!("{title}, {}", ORGS[trust].name),
        what: "",
        notice: "",
        start,
        end: start + SignedDuration::from_hours(1),
        minutes_off: 0,
        network: false,
        extra: vec![],
        is_paid: false,
        deeds: vec![],
    };
    let days = 3 + chance.below(6) as i64;
    with_deeds(chance, story, days)
}

const REMARKS: &[&str] = &[
    "Night shift handover is 20:30, so not before that.",
    "Radiology has been told and is content.",
    "Can we have a name for the engineer on the night?",
    "The last time this took forty minutes longer than planned.",
];

/// The usual course, with its usual mishaps.
fn with_deeds(chance: &mut Chance, mut story: Story, notice_days: i64) -> Story {
    let (start, end) = (story.start, story.end);
    let sent = start - SignedDuration::from_hours(24 * notice_days) + SignedDuration::from_mins(chance.below(300) as i64);
    let span = start.as_second() - sent.as_second();
    let at = |percent: i64| sent + SignedDuration::from_secs(span * percent / 100);
    let mut deeds = vec![(sent - SignedDuration::from_hours(2), Deed::Raise), (sent, Deed::Send)];
    let fate = chance.below(20);
    if chance.below(3) == 0 {
        let remark: &'static str = REMARKS[chance.below(REMARKS.len())];
        deeds.push((at(12), Deed::Say(remark)));
    }
    match (story.kind, fate) {
        (Kind::ServiceRequest, _) => {}
        (_, 0) => deeds.extend([(at(4), Deed::Return), (at(7), Deed::Send)]),
        (_, 1) => {
            deeds.push((at(9), Deed::Withdraw));
            story.deeds = deeds;
            return story;
        }
        _ => {}
    }
    if story.kind != Kind::ServiceRequest {
        deeds.extend([(at(10), Deed::Accept), (at(14), Deed::Screen), (at(16), Deed::Acknowledge)]);
        deeds.extend([20, 30, 40].map(|percent| (at(percent), Deed::Assess)));
        if fate == 2 {
            deeds.push((at(55), Deed::Refuse));
            story.deeds = deeds;
            return story;
        }
        deeds.extend([(at(55), Deed::Approve { condition: fate % 4 == 3 }), (at(62), Deed::Schedule)]);
    }
    // What nobody could decide in time, because of a clash, is drawn back.
    deeds.push((start - SignedDuration::from_hours(2), Deed::Withdraw));
    if fate == 4 {
        deeds.push((start - SignedDuration::from_hours(3), Deed::Cancel));
        story.deeds = deeds;
        return story;
    }
    let outcome = match fate {
        5 => Outcome::BackedOut,
        6 => Outcome::Failed,
        7 | 8 => Outcome::SuccessfulWithIssues,
        9 => Outcome::NotImplemented,
        _ => Outcome::Successful,
    };
    let finished = if fate == 8 { end + SignedDuration::from_mins(40) } else { end - SignedDuration::from_mins(12) };
    if outcome != Outcome::NotImplemented {
        deeds.push((start + SignedDuration::from_mins(chance.below(10) as i64), Deed::Start));
    }
    if fate == 8 {
        deeds.push((end - SignedDuration::from_mins(15), Deed::RunLate));
    }
    deeds.extend([(finished, Deed::Finish(outcome)), (finished + SignedDuration::from_hours(14), Deed::Close)]);
    story.deeds = deeds;
    story
}
