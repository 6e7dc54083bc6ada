//! Which assessments a change needs (spec 6.4, X9) and how early it has to be told (spec 6.1, X11).

use super::{Care, Category, Impact};
use crate::calendar::{Basis, Notice};
use crate::change::AssessmentKind;
use crate::words::vocabulary;

/// The clinical screening of every change is due so many working days after receipt.
pub const SCREENING_DAYS: i64 = 2;

/// A full clinical review, asked for by any yes at the screening, is due after so many. Silence never counts.
pub const CLINICAL_REVIEW_DAYS: i64 = 5;

/// What the need for assessments is worked out from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssessmentFacts {
    /// None for a standard change: its model was assessed once for all.
    pub category: Option<Category>,
    /// The impact level.
    pub impact: Impact,
    /// The nearest to a patient of all services touched.
    pub care: Care,
    /// A service is taken away.
    pub is_outage: bool,
    /// The supplier has to do something.
    pub needs_supplier: bool,
    /// Flagged for security, a firewall, or any flow to the outside.
    pub touches_security: bool,
    /// Organisations that are affected beside the raiser.
    pub has_affected_organisations: bool,
    /// A circuit or the wide-area network is touched.
    pub touches_network: bool,
    /// Somebody may have to pay, or nobody knows.
    pub may_be_charged: bool,
    /// A full impact assessment is asked of the supplier.
    pub needs_full_impact_assessment: bool,
}

/// One assessment that is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Assessment {
    /// Which.
    pub kind: AssessmentKind,
    /// Due so many working days after it is asked for, before the cap of X4.
    pub due_working_days: i64,
    /// Whether silence past the due time may be taken as "no objection".
    pub silence_counts: bool,
}

/// The assessments that a change needs, in the order of the table, beside the clinical track that every change has.
/// The affected trusts' view is one row here and one task for each trust.
pub fn assessments_needed(facts: &AssessmentFacts) -> Vec<Assessment> {
    use AssessmentKind::{Affected, Commercial, Continuity, Network, Resources, Security, Technical};
    let technical_days = if facts.category == Some(Category::Minor) { 3 } else { 5 };
    let commercial_days = if facts.needs_full_impact_assessment { 10 } else { 5 };
    // X9: silence never counts where direct care or impact 1 or 2 is touched.
    let silence = !facts.impact.is_high() && !matches!(facts.care, Care::Direct | Care::DirectCritical);
    let table = [
        (Technical, facts.category.is_some(), technical_days, false),
        (Resources, facts.needs_supplier, 3, false),
        (Continuity, facts.is_outage || facts.impact.is_high(), 3, false),
        (Security, facts.touches_security, 5, false),
        (Affected, facts.has_affected_organisations, 5, silence),
        (Network, facts.touches_network, 5, silence),
        (Commercial, facts.may_be_charged, commercial_days, false),
    ];
    table
        .into_iter()
        .filter(|(_, is_needed, ..)| *is_needed)
        .map(|(kind, _, due_working_days, silence_counts)| Assessment { kind, due_working_days, silence_counts })
        .collect()
}

vocabulary! {
    /// A row of the table of lead times (spec 6.1).
    LeadRule {
        /// BR-1, where the model states none.
        Standard = "standard", "standard change";
        /// BR-2.
        Minor = "minor", "minor change";
        /// BR-3.
        SignificantUnseen = "significant_unseen", "significant change without user impact";
        /// BR-4.
        SignificantFelt = "significant_felt", "significant change with user impact";
        /// BR-5.
        Major = "major", "major change";
        /// BR-6.
        Urgent = "urgent", "urgent change";
        /// BR-7.
        Emergency = "emergency", "emergency";
        /// BR-8.
        Outage = "outage", "planned outage";
        /// BR-9.
        Firewall = "firewall", "firewall or network change";
        /// BR-10.
        Modality = "modality", "imaging modality";
        /// BR-10, a new type of modality or TLS.
        NewModality = "new_modality", "new type of imaging modality";
        /// BR-11.
        National = "national", "national service";
        /// The network provider's notice.
        NetworkNotice = "network_notice", "notice to the network provider";
    }
}

/// How early, and how long between yes and start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LeadTime {
    /// From complete receipt to the start.
    pub notice: Notice,
    /// Clear working days from approval to the start.
    pub approval_gap_days: i64,
    /// Boards that have to see it.
    pub boards: u8,
}

/// The shipped default of a row; a process document may state its own.
pub fn lead_time(rule: LeadRule) -> LeadTime {
    let (amount, approval_gap_days, boards) = match rule {
        LeadRule::Standard | LeadRule::Urgent => (1, 0, 0),
        LeadRule::Minor => (3, 1, 0),
        LeadRule::SignificantUnseen => (5, 2, 1),
        // X11 shortens the gap for significant user impact from 5 to 2.
        LeadRule::SignificantFelt => (10, 2, 1),
        LeadRule::Major => (20, 10, 2),
        LeadRule::Emergency => (0, 0, 0),
        LeadRule::Outage => (10, 2, 0),
        LeadRule::Firewall => (10, 2, 0),
        LeadRule::Modality => (15, 5, 0),
        LeadRule::NewModality => (25, 5, 0),
        LeadRule::National => (20, 5, 1),
        LeadRule::NetworkNotice => (5, 0, 0),
    };
    let basis = match rule {
        LeadRule::Outage => Basis::Days, // X4
        LeadRule::NetworkNotice => Basis::WorkingDays,
        _ => Basis::ClearWorkingDays,
    };
    LeadTime { notice: Notice { amount, basis }, approval_gap_days, boards }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: AssessmentFacts = AssessmentFacts {
        category: Some(Category::Minor),
        impact: Impact::MINOR,
        care: Care::None,
        is_outage: false,
        needs_supplier: false,
        touches_security: false,
        has_affected_organisations: false,
        touches_network: false,
        may_be_charged: false,
        needs_full_impact_assessment: false,
    };

    fn needed(facts: AssessmentFacts) -> Vec<(&'static str, i64, bool)> {
        assessments_needed(&facts).into_iter().map(|need| (need.kind.code(), need.due_working_days, need.silence_counts)).collect()
    }

    #[test]
    fn all_but_a_standard_change_is_looked_at_technically() {
        assert_eq!(needed(PLAIN), [("technical", 3, false)]);
        assert_eq!(needed(AssessmentFacts { category: None, ..PLAIN }), []);
        assert_eq!(needed(AssessmentFacts { category: Some(Category::Major), ..PLAIN }), [("technical", 5, false)]);
    }

    #[test]
    fn every_row_comes_with_its_fact() {
        let all = AssessmentFacts {
            category: Some(Category::Significant),
            is_outage: true,
            needs_supplier: true,
            touches_security: true,
            has_affected_organisations: true,
            touches_network: true,
            may_be_charged: true,
            needs_full_impact_assessment: true,
            ..PLAIN
        };
        assert_eq!(
            needed(all),
            [
                ("technical", 5, false),
                ("resources", 3, false),
                ("continuity", 3, false),
                ("security", 5, false),
                ("affected", 5, true),
                ("network", 5, true),
                ("commercial", 10, false),
            ]
        );
        assert_eq!(needed(AssessmentFacts { may_be_charged: true, ..PLAIN }).last(), Some(&("commercial", 5, false)));
    }

    #[test]
    fn silence_never_counts_for_direct_care_or_high_impact() {
        for facts in [
            AssessmentFacts { impact: Impact::SIGNIFICANT, ..PLAIN },
            AssessmentFacts { care: Care::Direct, ..PLAIN },
            AssessmentFacts { care: Care::DirectCritical, ..PLAIN },
        ] {
            let facts = AssessmentFacts { has_affected_organisations: true, touches_network: true, ..facts };
            assert!(assessments_needed(&facts).iter().all(|need| !need.silence_counts));
        }
        assert!(needed(AssessmentFacts { impact: Impact::SIGNIFICANT, ..PLAIN }).contains(&("continuity", 3, false)));
    }

    #[test]
    fn lead_times_are_those_of_the_table_and_its_corrections() {
        let printed = |rule| {
            let LeadTime { notice, approval_gap_days, boards } = lead_time(rule);
            format!("{notice}, {approval_gap_days}, {boards}")
        };
        assert_eq!(printed(LeadRule::Outage), "10 days, 2, 0");
        assert_eq!(printed(LeadRule::Minor), "3 clear working days, 1, 0");
        assert_eq!(printed(LeadRule::SignificantFelt), "10 clear working days, 2, 1");
        assert_eq!(printed(LeadRule::Major), "20 clear working days, 10, 2");
        assert_eq!(printed(LeadRule::NetworkNotice), "5 working days, 0, 0");
        assert_eq!(printed(LeadRule::Standard), "1 clear working day, 0, 0");
    }
}
