//! What the program decided by itself before documents did (spec 6.2, 6.3, BR-31, settled 3, BR-16): kept as the
//! oracle for the shipped tables, which have to say the same of every case.

use signalbox_core::change::Window;
use signalbox_core::form::Answer;
use signalbox_core::risk::{Care, Category, RiskBand};

/// What the level is worked out from.
#[derive(Clone, Copy, Debug)]
pub struct ImpactFacts {
    /// Organisations hit.
    pub organisations: u32,
    /// A national service is touched; it counts as five organisations or more.
    pub is_national_service: bool,
    /// Users without service.
    pub users_without_service: u32,
    /// The nearest to a patient of all services touched.
    pub care: Care,
    /// Minutes of outage inside service hours.
    pub outage_service_minutes: u32,
    /// Minutes of outage outside service hours.
    pub outage_other_minutes: u32,
    /// For these (emergency department, intensive care, theatres, maternity) every hour is a service hour (X11).
    pub is_always_on: bool,
    /// Minutes to be back where it began; none where there is no way back.
    pub reversible_minutes: Option<u32>,
}

impl ImpactFacts {
    fn loses_service(&self) -> bool {
        self.users_without_service > 0 || self.outage_service_minutes > 0 || self.outage_other_minutes > 0
    }

    fn is_wide_or_direct(&self) -> bool {
        self.organisations >= 5 || self.is_national_service || matches!(self.care, Care::Direct | Care::DirectCritical)
    }
}

/// The impact level: 1 to 4, 1 the gravest.
pub fn impact(facts: &ImpactFacts) -> u8 {
    let worst_of_others = [organisations(facts), users(facts), care(facts), outage(facts)].into_iter().min().unwrap_or(4);
    let irreversible = reversibility(facts);
    // X11: that it cannot be undone makes bad things worse, but alone it is no more than moderate.
    let worst = if worst_of_others <= 2 { worst_of_others.min(irreversible) } else { worst_of_others.min(irreversible.max(3)) };
    // X11: level 1 needs loss of service and (five or more organisations or direct care).
    if worst == 1 && !(facts.loses_service() && facts.is_wide_or_direct()) { 2 } else { worst }
}

fn organisations(facts: &ImpactFacts) -> u8 {
    // The table gives one organisation both 3 and 4: alone it says nothing, or level 4 could not occur.
    match facts.organisations {
        _ if facts.is_national_service => 1,
        5.. => 1,
        2..=4 => 2,
        0..=1 => 4,
    }
}

fn users(facts: &ImpactFacts) -> u8 {
    match facts.users_without_service {
        1001.. => 1,
        101..=1000 => 2,
        11..=100 => 3,
        0..=10 => 4,
    }
}

fn care(facts: &ImpactFacts) -> u8 {
    match facts.care {
        Care::DirectCritical => 1,
        Care::Direct => 2,
        Care::Indirect => 3,
        Care::None => 4,
    }
}

fn outage(facts: &ImpactFacts) -> u8 {
    let (in_hours, other) = if facts.is_always_on {
        (facts.outage_service_minutes.saturating_add(facts.outage_other_minutes), 0)
    } else {
        (facts.outage_service_minutes, facts.outage_other_minutes)
    };
    match (in_hours, other) {
        (61.., _) => 1,
        (15..=60, _) => 2,
        (0, 0) => 4,
        _ => 3,
    }
}

fn reversibility(facts: &ImpactFacts) -> u8 {
    match facts.reversible_minutes {
        None | Some(241..) => 1,
        Some(61..=240) => 2,
        Some(1..=60) => 3,
        Some(0) => 4,
    }
}

/// The band of a sum (spec 6.3).
pub fn risk_band(sum: u8) -> RiskBand {
    match sum {
        0..=4 => RiskBand::Low,
        5..=9 => RiskBand::Medium,
        10..=13 => RiskBand::High,
        _ => RiskBand::VeryHigh,
    }
}

/// The category matrix of spec 6.3.
pub fn category(sum: u8, impact: u8) -> Category {
    use Category::{Major, Minor, Significant};
    let row = match risk_band(sum) {
        RiskBand::Low => [Major, Significant, Minor, Minor],
        RiskBand::Medium => [Major, Significant, Significant, Minor],
        RiskBand::High => [Major, Major, Significant, Significant],
        RiskBand::VeryHigh => [Major; 4],
    };
    row[usize::from(impact - 1)]
}

/// Questions whose answer is the work itself: another answer is other work.
const CONTENT_IDS: &[&str] =
    &["what", "backout", "implementation_plan", "supplier_actions", "outage_type", "network_affected", "circuits", "reversible", "model"];

/// BR-31, for answers.
pub fn is_material(id: &str, before: Option<&Answer>, after: &Answer, window: Option<Window>, is_approved: bool) -> bool {
    match (id, before, after) {
        ("items" | "services" | "sites", None, _) => true,
        ("contingency_end", _, Answer::Moment { at, .. }) => (before.is_some() || is_approved) && window.is_none_or(|w| *at > w.contingency_end),
        ("outage_minutes" | "degraded_minutes" | "backout_minutes", None, Answer::Number(new)) => is_approved && *new > 0,
        (id, None, _) => is_approved && CONTENT_IDS.contains(&id),
        ("items", Some(Answer::Items(old)), Answer::Items(new)) => new.iter().any(|i| !old.contains(i)),
        ("services", Some(Answer::Services(old)), Answer::Services(new)) => new.iter().any(|s| !old.contains(s)),
        ("sites", Some(Answer::Sites(old)), Answer::Sites(new)) => new.iter().any(|s| !old.contains(s)),
        ("outage_minutes" | "degraded_minutes" | "backout_minutes", Some(Answer::Number(old)), Answer::Number(new)) => new > old,
        (id, _, _) => CONTENT_IDS.contains(&id),
    }
}

/// BR-31, for the window: not more than 60 minutes, not to another day, and no later end.
pub fn is_within_tolerance(before: Window, after: Window, zone: &jiff::tz::TimeZone) -> bool {
    let moved_minutes = (after.start.as_second() - before.start.as_second()).abs() / 60;
    let same_day = zone.to_datetime(before.start).date() == zone.to_datetime(after.start).date();
    moved_minutes <= 60 && same_day && after.end <= before.end && after.contingency_end <= before.contingency_end
}
