//! One change as the log tells it: a main stage and side tracks (spec 5).

use crate::words::vocabulary;

vocabulary! {
    /// Kinds of change (spec 4, settled 12).
    Kind {
        Normal = "normal", "normal change";
        ServiceRequest = "service_request", "service request";
        PlannedOutage = "planned_outage", "planned outage";
        Emergency = "emergency", "emergency change";
        Retrospective = "retrospective", "retrospective change";
        FirewallNetwork = "firewall_network", "firewall or network change";
        PacsModality = "pacs_modality", "PACS modality change";
        NationalService = "national_service", "national service change";
    }
}

vocabulary! {
    /// The main stage (spec 5.1); the words are the labels of settled 11.
    Stage {
        Draft = "DRAFT", "Draft";
        LocalAuth = "LOCAL_AUTH", "Waiting for your trust";
        Submitted = "SUBMITTED", "Checking";
        Returned = "RETURNED", "More needed";
        Assessing = "ASSESSING", "Assessing";
        AwaitingApproval = "AWAITING_APPROVAL", "Deciding";
        OnHold = "ON_HOLD", "On hold";
        ClinRejected = "CLIN_REJECTED", "Rejected on clinical risk";
        Rejected = "REJECTED", "Refused";
        Approved = "APPROVED", "Approved";
        Scheduled = "SCHEDULED", "Scheduled";
        Implementing = "IMPLEMENTING", "In progress";
        BackingOut = "BACKING_OUT", "Backing out";
        Implemented = "IMPLEMENTED", "Carried out";
        Review = "REVIEW", "Review";
        Closed = "CLOSED", "Closed";
        Cancelled = "CANCELLED", "Cancelled";
        Withdrawn = "WITHDRAWN", "Withdrawn";
        Expired = "EXPIRED", "Expired";
    }
}

vocabulary! {
    /// Assessments of spec 6.4.
    AssessmentKind {
        Technical = "technical", "technical";
        Resources = "resources", "resources";
        Continuity = "continuity", "business continuity";
        Security = "security", "security";
        Affected = "affected", "affected trust";
        Network = "network", "network provider";
        Commercial = "commercial", "commercial";
    }
}
