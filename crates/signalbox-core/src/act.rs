//! Everything that may be done to a change. Acts are a closed vocabulary with meaning in code; a process document
//! chooses which of them occur, from which stage, by whom and under what conditions.

use crate::words::vocabulary;

vocabulary! {
    /// An act. The code stands in addresses (`/acts/ask_more`) and in the Act column of documents.
    Act {
        /// T1: the draft is handed to the organisation's coordinator.
        Propose = "propose", "send to your coordinator";
        /// T4: the coordinator hands it back.
        SendBack = "send_back", "hand back to the author";
        /// T2, T3, T6, T12, T34: received; the notice clock starts.
        Submit = "submit", "send";
        /// T5: incomplete, with a list of what is missing.
        Return = "return", "return for more";
        /// T8, T9: complete; assessment (or, for a service request, the schedule) begins.
        Accept = "accept", "accept";
        /// One assessment of spec 6.4 is given.
        Assess = "assess", "give an assessment";
        /// The eight questions of spec 8.3 are answered.
        Screen = "screen", "screen for clinical risk";
        /// A safety officer accepts the clinical risk.
        Clear = "clear", "accept the clinical risk";
        /// T11: a safety officer rejects on clinical grounds.
        RejectClinically = "reject_clinically", "reject on clinical grounds";
        /// T10: every assessment is in.
        Complete = "complete", "complete the assessment";
        /// T14: approved, for one content and one window.
        Approve = "approve", "approve";
        /// T16: refused, with a reason.
        Reject = "reject", "refuse";
        /// T15: the board asks for more.
        AskMore = "ask_more", "ask for more";
        /// T17: waits for something outside.
        Hold = "hold", "put on hold";
        /// T17: goes on from where it was held.
        Resume = "resume", "take off hold";
        /// T18: resources confirmed, notices sent.
        Schedule = "schedule", "schedule";
        /// T19, T35: the window moves.
        Reschedule = "reschedule", "move the window";
        /// A question of the document is answered or changed after submission.
        Amend = "amend", "add or change answers";
        /// T21: stopped after approval.
        Cancel = "cancel", "cancel";
        /// T30: stopped by the raiser before approval.
        Withdraw = "withdraw", "withdraw";
        /// A safety officer stops accepted work (spec 5.3, X8).
        Stop = "stop", "stop for patient safety";
        /// T20, X1: work has started.
        Start = "start", "started";
        /// X1: work runs late; a new expected end.
        RunningLate = "running_late", "running late";
        /// X1: one or all services are back.
        Restore = "restore", "back";
        /// T23, T25: work has ended; the implementer proposes the outcome.
        Finish = "finish", "finished";
        /// T24: the back-out begins.
        BackOut = "back_out", "back out";
        /// T27: a post-implementation review is open.
        Review = "review", "open the review";
        /// T28: closed with an outcome confirmed by another person.
        Close = "close", "close";
        /// T29: the outcome is restated.
        Restate = "restate", "restate the outcome";
        /// The network provider is told (spec 5.6).
        TellNetwork = "tell_network", "tell the network provider";
        /// The network provider acknowledges.
        Acknowledge = "acknowledge", "acknowledge the notice";
        /// X6: told by phone or through the provider's own form, with the proof.
        RecordTold = "record_told", "record that the provider was told";
        /// BR-13b to BR-14: what late notice leads to is decided.
        SettleNotice = "settle_notice", "settle the consequence of late notice";
        /// A promise attached to an approval is kept.
        MeetCondition = "meet_condition", "record that a condition is met";
        /// A message in the conversation.
        Say = "say", "add a message";
        /// A file is attached.
        Attach = "attach", "attach a file";
        /// T7, T13: timed out.
        Expire = "expire", "let it expire";
    }
}

impl Act {
    /// X1: what has happened may always be recorded by those who may record it; a departure from the rules is
    /// marked, never a reason to refuse.
    pub fn is_fact(self) -> bool {
        matches!(self, Act::Start | Act::RunningLate | Act::Restore | Act::Finish | Act::RecordTold | Act::Say | Act::Attach)
    }
}
