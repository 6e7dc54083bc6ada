//! The impact level: the worst row hit (spec 6.2), as X11 limits it.

use crate::words::vocabulary;

/// How bad it is, 1 (major) to 4 (minor).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Impact(u8);

impl Impact {
    /// Level 1: major.
    pub const MAJOR: Impact = Impact(1);
    /// Level 2: significant.
    pub const SIGNIFICANT: Impact = Impact(2);
    /// Level 3: moderate.
    pub const MODERATE: Impact = Impact(3);
    /// Level 4: minor.
    pub const MINOR: Impact = Impact(4);

    /// The level of this number.
    pub fn new(level: u8) -> Option<Impact> {
        (1..=4).contains(&level).then_some(Impact(level))
    }

    /// 1 to 4.
    pub fn level(self) -> u8 {
        self.0
    }

    /// Level 1 or 2: silence never counts (X9).
    pub fn is_high(self) -> bool {
        self.0 <= 2
    }

    /// What the level is called.
    pub fn words(self) -> &'static str {
        match self.0 {
            1 => "major",
            2 => "significant",
            3 => "moderate",
            _ => "minor",
        }
    }
}

impl TryFrom<u8> for Impact {
    type Error = &'static str;
    fn try_from(level: u8) -> Result<Impact, &'static str> {
        Impact::new(level).ok_or("impact-out-of-range")
    }
}

impl From<Impact> for u8 {
    fn from(impact: Impact) -> u8 {
        impact.0
    }
}

vocabulary! {
    /// How near to the patient a service is. A fact of the service, not an opinion of the change (X8).
    Care {
        /// Not at all.
        None = "none", "none";
        /// Care depends on it by a detour.
        Indirect = "indirect", "indirect";
        /// Used in direct care.
        Direct = "direct", "direct";
        /// Used in direct care in an emergency department, theatre, intensive care, maternity or imaging.
        DirectCritical = "direct_critical", "direct: emergency department, theatres, intensive care, maternity or imaging";
    }
}

vocabulary! {
    /// A column of the table of spec 6.2.
    ImpactRow {
        /// Organisations hit.
        Organisations = "organisations", "organisations hit";
        /// Users without service.
        Users = "users", "users without service";
        /// Patient-facing.
        Care = "care", "closeness to patients";
        /// Outage in service hours.
        Outage = "outage", "outage in service hours";
        /// Reversible.
        Reversibility = "reversibility", "time to go back";
    }
}

/// What the level is worked out from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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

/// A row that makes the impact what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RowHit {
    /// Which.
    pub row: ImpactRow,
    /// The level that it alone would give, before X11 limits it.
    pub level: Impact,
}

/// The impact level, and the rows that speak for it or worse.
pub fn impact(facts: &ImpactFacts) -> (Impact, Vec<RowHit>) {
    let rows = [
        (ImpactRow::Organisations, organisations(facts)),
        (ImpactRow::Users, users(facts)),
        (ImpactRow::Care, care(facts)),
        (ImpactRow::Outage, outage(facts)),
        (ImpactRow::Reversibility, reversibility(facts)),
    ];
    let worst_of_others = rows[..4].iter().map(|(_, level)| *level).min().unwrap_or(Impact::MINOR);
    let irreversible = reversibility(facts);
    // X11: that it cannot be undone makes bad things worse, but alone it is no more than moderate.
    let worst = if worst_of_others.is_high() { worst_of_others.min(irreversible) } else { worst_of_others.min(irreversible.max(Impact::MODERATE)) };
    // X11: level 1 needs loss of service and (five or more organisations or direct care).
    let level = if worst == Impact::MAJOR && !(facts.loses_service() && facts.is_wide_or_direct()) { Impact::SIGNIFICANT } else { worst };
    let hits = rows.into_iter().filter(|(_, hit)| *hit <= level).map(|(row, level)| RowHit { row, level }).collect();
    (level, hits)
}

fn organisations(facts: &ImpactFacts) -> Impact {
    // The table gives one organisation both 3 and 4: alone it says nothing, or level 4 could not occur.
    match facts.organisations {
        _ if facts.is_national_service => Impact::MAJOR,
        5.. => Impact::MAJOR,
        2..=4 => Impact::SIGNIFICANT,
        0..=1 => Impact::MINOR,
    }
}

fn users(facts: &ImpactFacts) -> Impact {
    match facts.users_without_service {
        1001.. => Impact::MAJOR,
        101..=1000 => Impact::SIGNIFICANT,
        11..=100 => Impact::MODERATE,
        0..=10 => Impact::MINOR,
    }
}

fn care(facts: &ImpactFacts) -> Impact {
    match facts.care {
        Care::DirectCritical => Impact::MAJOR,
        Care::Direct => Impact::SIGNIFICANT,
        Care::Indirect => Impact::MODERATE,
        Care::None => Impact::MINOR,
    }
}

fn outage(facts: &ImpactFacts) -> Impact {
    let (in_hours, other) = if facts.is_always_on {
        (facts.outage_service_minutes.saturating_add(facts.outage_other_minutes), 0)
    } else {
        (facts.outage_service_minutes, facts.outage_other_minutes)
    };
    match (in_hours, other) {
        (61.., _) => Impact::MAJOR,
        (15..=60, _) => Impact::SIGNIFICANT,
        (0, 0) => Impact::MINOR,
        _ => Impact::MODERATE,
    }
}

fn reversibility(facts: &ImpactFacts) -> Impact {
    match facts.reversible_minutes {
        None | Some(241..) => Impact::MAJOR,
        Some(61..=240) => Impact::SIGNIFICANT,
        Some(1..=60) => Impact::MODERATE,
        Some(0) => Impact::MINOR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: ImpactFacts = ImpactFacts {
        organisations: 1,
        is_national_service: false,
        users_without_service: 0,
        care: Care::None,
        outage_service_minutes: 0,
        outage_other_minutes: 0,
        is_always_on: false,
        reversible_minutes: Some(0),
    };

    fn level(facts: ImpactFacts) -> u8 {
        impact(&facts).0.level()
    }

    #[test]
    fn nothing_hit_is_minor() {
        assert_eq!(level(QUIET), 4);
        assert_eq!(level(ImpactFacts { users_without_service: 10, ..QUIET }), 4);
    }

    #[test]
    fn each_row_turns_at_its_bounds() {
        for (users, expected) in [(11, 3), (100, 3), (101, 2), (1000, 2)] {
            assert_eq!(level(ImpactFacts { users_without_service: users, ..QUIET }), expected, "{users} users");
        }
        for (organisations, expected) in [(0, 4), (1, 4), (2, 2), (4, 2)] {
            assert_eq!(level(ImpactFacts { organisations, ..QUIET }), expected, "{organisations} organisations");
        }
        for (minutes, expected) in [(1, 3), (14, 3), (15, 2), (60, 2)] {
            assert_eq!(level(ImpactFacts { outage_service_minutes: minutes, ..QUIET }), expected, "{minutes} minutes");
        }
        assert_eq!(level(ImpactFacts { outage_other_minutes: 600, ..QUIET }), 3);
        for (care, expected) in [(Care::Indirect, 3), (Care::Direct, 2)] {
            assert_eq!(level(ImpactFacts { care, ..QUIET }), expected, "{care:?}");
        }
        for (minutes, expected) in [(Some(0), 4), (Some(1), 3), (Some(60), 3)] {
            assert_eq!(level(ImpactFacts { reversible_minutes: minutes, ..QUIET }), expected, "{minutes:?}");
        }
    }

    #[test]
    fn level_1_needs_loss_of_service_and_five_organisations_or_direct_care() {
        // Wide, but nobody loses anything.
        assert_eq!(level(ImpactFacts { organisations: 5, ..QUIET }), 2);
        assert_eq!(level(ImpactFacts { organisations: 5, outage_other_minutes: 1, ..QUIET }), 1);
        assert_eq!(level(ImpactFacts { is_national_service: true, users_without_service: 1, ..QUIET }), 1);
        // A long outage of one trust's office system.
        let long = ImpactFacts { outage_service_minutes: 61, ..QUIET };
        assert_eq!(level(long), 2);
        assert_eq!(level(ImpactFacts { organisations: 4, users_without_service: 5000, ..long }), 2);
        assert_eq!(level(ImpactFacts { care: Care::Direct, ..long }), 1);
        // Critical care touched, not taken away.
        assert_eq!(level(ImpactFacts { care: Care::DirectCritical, ..QUIET }), 2);
        assert_eq!(level(ImpactFacts { care: Care::DirectCritical, users_without_service: 1, ..QUIET }), 1);
    }

    #[test]
    fn irreversibility_alone_is_moderate_and_with_others_counts_in_full() {
        assert_eq!(level(ImpactFacts { reversible_minutes: None, ..QUIET }), 3);
        assert_eq!(level(ImpactFacts { reversible_minutes: Some(241), care: Care::Indirect, ..QUIET }), 3);
        let outage_of_direct_care = ImpactFacts { care: Care::Direct, outage_service_minutes: 20, reversible_minutes: Some(240), ..QUIET };
        assert_eq!(level(outage_of_direct_care), 2);
        assert_eq!(level(ImpactFacts { reversible_minutes: None, ..outage_of_direct_care }), 1);
    }

    #[test]
    fn for_always_on_services_every_hour_is_a_service_hour() {
        let night = ImpactFacts { outage_other_minutes: 61, care: Care::Direct, ..QUIET };
        assert_eq!(level(night), 2);
        assert_eq!(level(ImpactFacts { is_always_on: true, ..night }), 1);
    }

    #[test]
    fn the_rows_that_made_it_are_named() {
        let facts = ImpactFacts { organisations: 3, users_without_service: 50, care: Care::Direct, ..QUIET };
        let (level, rows) = impact(&facts);
        assert_eq!(level, Impact::SIGNIFICANT);
        assert_eq!(rows.iter().map(|hit| hit.row).collect::<Vec<_>>(), [ImpactRow::Organisations, ImpactRow::Care]);
    }

    #[test]
    fn a_level_outside_1_to_4_cannot_be_read() {
        assert!(serde_json::from_str::<Impact>("0").is_err());
        assert_eq!(serde_json::from_str::<Impact>("3").unwrap(), Impact::MODERATE);
    }
}
