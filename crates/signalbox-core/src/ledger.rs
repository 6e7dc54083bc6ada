//! What false call-outs cost and who answers for them (spec 10.5): a table of verdicts, and a ledger whose rows are only
//! ever added. What was found to be wrong is taken back by a row of its own, so that the sum of all rows is what is owed.

use crate::calendar::{Calendar, Verdict as Notice};
use crate::charge::money;
use crate::words::vocabulary;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

vocabulary! {
    /// What was found at the site, or by asking.
    Finding {
        PlannedWork = "planned_work", "planned work";
        NoFault = "no_fault_found", "no fault found";
        NoAccess = "no_access", "no access, or nobody to restore";
        SiteEquipment = "customer_kit", "the site’s own equipment";
        SupplierFault = "supplier_fault", "a fault of the supplier";
        CarrierFault = "carrier_fault", "a fault of the network provider";
        ForceMajeure = "force_majeure", "weather, or what nobody could help";
        Unknown = "unknown", "unknown";
    }
}

vocabulary! {
    /// How a case stands.
    Standing {
        NotChargeable = "not_chargeable", "not chargeable";
        /// Waits for the organisation that it is proposed to; its silence agrees to nothing (X9).
        Proposed = "proposed", "proposed";
        Agreed = "agreed", "agreed";
        Disputed = "disputed", "disputed";
        /// The authority decided that it is owed.
        Upheld = "upheld", "upheld";
        /// The authority decided that it is not.
        Waived = "waived", "waived";
        /// It was entered by mistake.
        Reversed = "reversed", "taken back";
    }
}

vocabulary! {
    /// What is done to a case after it was entered.
    Deed {
        Agree = "agree", "agree";
        Dispute = "dispute", "dispute";
        Uphold = "uphold", "uphold";
        Waive = "waive", "waive";
        Reverse = "reverse", "take back";
    }
}

/// How long the organisation has to answer, in working days (spec 10.5).
pub const ANSWER_DAYS: i64 = 10;
/// DL-4: a notice that came this long before somebody was sent could have been seen.
const SEEN_BEFORE: SignedDuration = SignedDuration::from_mins(60);

/// A call-out, or the desk’s time alone, as it is entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    pub finding: Finding,
    pub desk_minutes: i64,
    /// Somebody was sent.
    pub dispatched_at: Option<Timestamp>,
    /// They were called back.
    pub stood_down_at: Option<Timestamp>,
    pub arrived_at: Option<Timestamp>,
    pub left_at: Option<Timestamp>,
    /// DL-8: two checks failed on the site’s side.
    pub checks_failed: bool,
    /// DL-9: they came outside the appointment.
    pub outside_appointment: bool,
}

impl Visit {
    /// The fields that cannot be as they are, each with a code.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = vec![];
        if !(0..=10_000).contains(&self.desk_minutes) {
            faults.push(("desk_minutes", "number-out-of-range"));
        }
        let sent = self.dispatched_at;
        let order = [("stood_down_at", self.stood_down_at, sent), ("arrived_at", self.arrived_at, sent), ("left_at", self.left_at, self.arrived_at)];
        for (field, later, earlier) in order {
            match (later, earlier) {
                (Some(_), None) => faults.push((field, "nothing-before-it")),
                (Some(later), Some(earlier)) if later < earlier => faults.push((field, "before-the-one-before")),
                _ => {}
            }
        }
        if self.left_at.zip(self.arrived_at).is_some_and(|(left, came)| left.duration_since(came) > SignedDuration::from_hours(72)) {
            faults.push(("left_at", "longer-than-a-visit"));
        }
        faults
    }

    /// Called back before anybody set out, or never sent.
    fn never_went(&self) -> bool {
        self.arrived_at.is_none() && (self.dispatched_at.is_none() || self.stood_down_at.is_some())
    }

    /// Whole hours begun at the site; a visit without times counts as one.
    fn hours(&self) -> i64 {
        let stay = self.arrived_at.zip(self.left_at).map_or(0, |(came, left)| left.duration_since(came).as_secs());
        (stay + 3_599).div_euclid(3_600).max(1)
    }
}

/// What was known of a notice when somebody was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub verdict: Notice,
    pub received_at: Timestamp,
    /// The notice lists what rang.
    pub is_listed: bool,
}

/// What is proposed to be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    Nothing,
    /// The desk’s time.
    Desk,
    /// DL-5: half of the visit and the desk’s time.
    Half,
    Full,
}

/// The verdict of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    pub rule: &'static str,
    pub share: Share,
    /// DL-3: the desk should not have sent anybody. It is counted, not charged.
    pub is_desks_own: bool,
}

impl Judged {
    fn new(rule: &'static str, share: Share) -> Judged {
        Judged { rule, share, is_desks_own: false }
    }

    /// How the case begins.
    pub fn standing(self) -> Standing {
        if self.share == Share::Nothing { Standing::NotChargeable } else { Standing::Proposed }
    }
}

/// DL-1 to DL-9. `known` is what had been announced by then; `None` where nothing had.
pub fn judge(visit: &Visit, known: Option<Known>) -> Judged {
    if visit.outside_appointment {
        return Judged::new("DL-9", Share::Nothing);
    }
    match visit.finding {
        Finding::CarrierFault | Finding::SupplierFault | Finding::ForceMajeure => Judged::new("DL-7", Share::Nothing),
        Finding::NoAccess => Judged::new("DL-6", Share::Full),
        Finding::NoFault | Finding::Unknown | Finding::SiteEquipment => Judged::new("DL-8", if visit.checks_failed { Share::Full } else { Share::Nothing }),
        Finding::PlannedWork => planned(visit, known),
    }
}

fn planned(visit: &Visit, known: Option<Known>) -> Judged {
    let unannounced = || if visit.never_went() { Judged::new("DL-2", Share::Desk) } else { Judged::new("DL-1", Share::Full) };
    let Some(known) = known.filter(|known| known.verdict != Notice::AfterTheFact) else { return unannounced() };
    if !known.is_listed {
        return Judged::new("DL-5", if visit.never_went() { Share::Desk } else { Share::Half });
    }
    if known.verdict == Notice::OnTime {
        return Judged { is_desks_own: visit.dispatched_at.is_some(), ..Judged::new("DL-3", Share::Nothing) };
    }
    let could_be_seen = visit.dispatched_at.is_none_or(|sent| sent.duration_since(known.received_at) > SEEN_BEFORE);
    Judged::new("DL-4", if could_be_seen { Share::Nothing } else { Share::Full })
}

/// What an hour costs, in whole pence without tax; from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    pub desk_hour: i64,
    pub first_hour: i64,
    pub further_hour: i64,
    /// Tax in hundredths of a per cent.
    pub vat: i64,
}

/// What a share comes to: net and tax, in whole pence.
pub fn price(share: Share, visit: &Visit, rates: Rates) -> (i64, i64) {
    let desk = money::part(rates.desk_hour, visit.desk_minutes, 60);
    let whole = desk + if visit.never_went() { 0 } else { rates.first_hour + (visit.hours() - 1) * rates.further_hour };
    let net = match share {
        Share::Nothing => 0,
        Share::Desk => desk,
        Share::Half => money::part(whole, 1, 2),
        Share::Full => whole,
    };
    (net, money::vat(net, rates.vat))
}

/// By when the organisation answers.
pub fn answer_due(at: Timestamp, calendar: &Calendar, zone: &TimeZone) -> Timestamp {
    calendar.due_at(at, ANSWER_DAYS, zone)
}

/// Who asks to do something to a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asking {
    /// Answers for the organisation that it is proposed to: its coordinator or finance approver.
    pub answers: bool,
    /// The authority’s change manager.
    pub decides: bool,
    /// Belongs to the organisation that entered it, and may enter one.
    pub entered: bool,
}

/// What may be done to a case that stands so. The authority decides what is disputed, and what nobody answered in time;
/// silence alone agrees to nothing (X9). It may take back nothing that it decided itself but by another row.
pub fn open(standing: Standing, is_overdue: bool, asking: Asking) -> Vec<Deed> {
    let mut deeds = vec![];
    if standing == Standing::Proposed && asking.answers {
        deeds.extend([Deed::Agree, Deed::Dispute]);
    }
    if asking.decides && (standing == Standing::Disputed || (standing == Standing::Proposed && is_overdue)) {
        deeds.push(Deed::Uphold);
    }
    if asking.decides && matches!(standing, Standing::Disputed | Standing::Proposed | Standing::Agreed | Standing::Upheld) {
        deeds.push(Deed::Waive);
    }
    if asking.entered && matches!(standing, Standing::NotChargeable | Standing::Proposed) {
        deeds.push(Deed::Reverse);
    }
    deeds
}

/// How a case stands after a deed.
pub fn after(deed: Deed) -> Standing {
    match deed {
        Deed::Agree => Standing::Agreed,
        Deed::Dispute => Standing::Disputed,
        Deed::Uphold => Standing::Upheld,
        Deed::Waive => Standing::Waived,
        Deed::Reverse => Standing::Reversed,
    }
}

/// Whether a deed takes back what the rows before it come to.
pub fn takes_back(deed: Deed) -> bool {
    matches!(deed, Deed::Waive | Deed::Reverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-12-01T{time}:00Z").parse().unwrap()
    }

    fn visit(finding: Finding) -> Visit {
        Visit {
            finding,
            desk_minutes: 30,
            dispatched_at: Some(at("03:00")),
            stood_down_at: None,
            arrived_at: Some(at("04:00")),
            left_at: Some(at("05:01")),
            checks_failed: false,
            outside_appointment: false,
        }
    }

    const RATES: Rates = Rates { desk_hour: 4_000, first_hour: 17_500, further_hour: 9_000, vat: 2_000 };

    fn known(verdict: Notice, received: &str, is_listed: bool) -> Option<Known> {
        Some(Known { verdict, received_at: at(received), is_listed })
    }

    #[test]
    fn every_row_of_the_table_of_call_outs() {
        let planned = visit(Finding::PlannedWork);
        let never = Visit { arrived_at: None, left_at: None, stood_down_at: Some(at("03:10")), ..planned.clone() };
        let rows: [(&Visit, Option<Known>, &str, Share); 12] = [
            (&planned, None, "DL-1", Share::Full),
            (&planned, known(Notice::AfterTheFact, "02:00", true), "DL-1", Share::Full),
            (&never, None, "DL-2", Share::Desk),
            (&planned, known(Notice::OnTime, "00:00", true), "DL-3", Share::Nothing),
            (&planned, known(Notice::Late, "01:59", true), "DL-4", Share::Nothing),
            (&planned, known(Notice::VeryLate, "02:00", true), "DL-4", Share::Full),
            (&planned, known(Notice::OnTime, "00:00", false), "DL-5", Share::Half),
            (&visit(Finding::NoAccess), None, "DL-6", Share::Full),
            (&visit(Finding::CarrierFault), None, "DL-7", Share::Nothing),
            (&visit(Finding::NoFault), None, "DL-8", Share::Nothing),
            (&Visit { checks_failed: true, ..visit(Finding::Unknown) }, None, "DL-8", Share::Full),
            (&Visit { outside_appointment: true, ..planned.clone() }, None, "DL-9", Share::Nothing),
        ];
        for (visit, known, rule, share) in rows {
            let judged = judge(visit, known);
            assert_eq!((judged.rule, judged.share), (rule, share), "{visit:?} {known:?}");
        }
        assert!(judge(&planned, known(Notice::OnTime, "00:00", true)).is_desks_own, "DL-3: a flag on the desk");
    }

    #[test]
    fn a_visit_costs_the_desk_and_each_hour_begun() {
        let planned = visit(Finding::PlannedWork);
        assert_eq!(price(Share::Full, &planned, RATES), (28_500, 5_700), "20 for the desk, 175 and 90 for an hour and a minute");
        assert_eq!(price(Share::Half, &planned, RATES), (14_250, 2_850));
        assert_eq!(price(Share::Desk, &planned, RATES), (2_000, 400));
        assert_eq!(price(Share::Nothing, &planned, RATES), (0, 0));
        let sixty = Visit { left_at: Some(at("05:00")), ..planned };
        assert_eq!(price(Share::Full, &sixty, RATES).0, 19_500);
    }

    #[test]
    fn silence_agrees_to_nothing_and_each_party_has_its_part() {
        let answers = Asking { answers: true, ..Asking::default() };
        let decides = Asking { decides: true, ..Asking::default() };
        assert_eq!(open(Standing::Proposed, false, answers), [Deed::Agree, Deed::Dispute]);
        assert_eq!(open(Standing::Disputed, false, answers), []);
        assert_eq!(open(Standing::Proposed, false, decides), [Deed::Waive]);
        assert_eq!(open(Standing::Proposed, true, decides), [Deed::Uphold, Deed::Waive], "overdue, it goes to the authority");
        assert_eq!(open(Standing::Disputed, false, decides), [Deed::Uphold, Deed::Waive]);
        assert_eq!(open(Standing::Waived, true, Asking { answers: true, decides: true, entered: true }), []);
        assert_eq!(open(Standing::NotChargeable, false, Asking { entered: true, ..answers }), [Deed::Reverse]);
    }

    #[test]
    fn what_cannot_have_been_is_named() {
        let wrong = Visit { dispatched_at: None, left_at: Some(at("03:30")), desk_minutes: -1, ..visit(Finding::Unknown) };
        assert_eq!(wrong.faults(), [("desk_minutes", "number-out-of-range"), ("arrived_at", "nothing-before-it"), ("left_at", "before-the-one-before")]);
        assert_eq!(visit(Finding::Unknown).faults(), []);
    }
}
