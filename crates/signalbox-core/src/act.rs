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
        /// A hazard to patients is recorded (spec 8.5).
        Hazard = "hazard", "record a hazard";
        /// A safety officer rates a hazard by the matrix (spec 8.1).
        Rate = "rate", "rate a hazard";
        /// A safety officer asks before deciding, twice at most (CR-5).
        Query = "query", "ask about clinical risk";
        /// The raiser answers the safety officer.
        AnswerQuery = "answer_query", "answer the safety officer";
        /// A rating that cannot be accepted goes to the authority's safety officer, with what the change is good for (CR-4).
        Escalate = "escalate", "escalate the clinical risk";
        /// A safety officer accepts the clinical risk.
        Clear = "clear", "accept the clinical risk";
        /// A further signature under an acceptance (CR-3).
        Countersign = "countersign", "countersign the clinical risk";
        /// A safety officer looks again at eight times no (spec 8.3).
        ReviewScreening = "review_screening", "look again at the screening";
        /// A safety officer says why no downtime procedure is needed.
        WaiveDowntime = "waive_downtime", "say why no downtime procedure is needed";
        /// T11: a safety officer rejects on clinical grounds.
        RejectClinically = "reject_clinically", "reject on clinical grounds";
        /// The raiser takes a rejection to the authority's safety officer (spec 8.5).
        Appeal = "appeal", "appeal against the rejection";
        /// The authority's safety officer lets the rejection stand.
        Uphold = "uphold", "uphold the rejection";
        /// The authority's safety officer overrules it, with an assessment of their own (spec 8.6).
        Overrule = "overrule", "overrule the rejection";
        /// T10: every assessment is in.
        Complete = "complete", "complete the assessment";
        /// T14: approved, for one content and one window.
        Approve = "approve", "approve";
        /// T16: refused, with a reason.
        Reject = "reject", "refuse";
        /// T15: the board asks for more.
        AskMore = "ask_more", "ask for more";
        /// A board member's advice (BR-20c).
        Vote = "vote", "vote";
        /// The approval is taken back, until the start (SD-11).
        TakeBack = "take_back", "take the decision back";
        /// X10: a small move keeps its approvals.
        Reaffirm = "reaffirm", "re-affirm after a small move";
        /// T17: waits for something outside.
        Hold = "hold", "put on hold";
        /// T17: goes on from where it was held.
        Resume = "resume", "take off hold";
        /// T18: resources confirmed, notices sent.
        Schedule = "schedule", "schedule";
        /// T19, T35: the window moves.
        Reschedule = "reschedule", "move the window";
        /// C070: a freeze does not hold for this change, until a time, for a reason.
        ExceptFreeze = "except_freeze", "except from a freeze";
        /// C035: which other changes have to be over before this one begins.
        Follow = "follow", "say what it has to follow";
        /// Spec 6.7: the authority rules which of two changes that clash has to move, or that none does.
        SettleClash = "settle_clash", "rule on a clash";
        /// A question of the document is answered or changed after submission.
        Amend = "amend", "add or change answers";
        /// T21: stopped after approval.
        Cancel = "cancel", "cancel";
        /// T30: stopped by the raiser before approval.
        Withdraw = "withdraw", "withdraw";
        /// A safety officer stops accepted work (spec 5.3, X8).
        Stop = "stop", "stop for patient safety";
        /// Officer and implementer choose how stopped work goes on (X8).
        SettleStop = "settle_stop", "choose after a stop";
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
        /// BR-17: the network provider says no, with a reason.
        RefuseNotice = "refuse_notice", "refuse the notice";
        /// X6: told by phone or through the provider's own form, with the proof.
        RecordTold = "record_told", "record that the provider was told";
        /// BR-13b to BR-14: what late notice leads to is decided.
        SettleNotice = "settle_notice", "settle the consequence of late notice";
        /// What late notice leads to is disputed; then the authority decides (spec 5.5, 6.5).
        DisputeNotice = "dispute_notice", "dispute the consequence of late notice";
        /// A promise attached to an approval is kept.
        MeetCondition = "meet_condition", "record that a condition is met";
        /// A yes by phone is written down (spec 4.3, X7).
        RecordVerbal = "record_verbal", "record a yes by phone";
        /// The person who said yes by phone says so here, or that they did not.
        ConfirmVerbal = "confirm_verbal", "confirm what was said";
        /// SD-8: a second person looks at the emergency afterwards.
        Ratify = "ratify", "ratify";
        /// BR-24: what is to be said of work that nobody approved beforehand.
        GiveVerdict = "give_verdict", "give the verdict";
        /// The steps of the work, who does them and how to go back (spec 4.2).
        Plan = "plan", "plan the work";
        /// A step was begun, done, left out or failed.
        RecordStep = "record_step", "record a step";
        /// The go or no-go before the work, by the person named for it (T20).
        DecideGo = "decide_go", "go or no-go";
        /// More time, agreed with the site and the manager on call (T26).
        Extend = "extend", "extend under control";
        /// X12: an organisation that was touched says whether it worked.
        ConfirmWorked = "confirm_worked", "say whether it worked";
        /// The outcome on record is disputed.
        Dispute = "dispute", "dispute the outcome";
        /// A change manager answers the dispute.
        AnswerDispute = "answer_dispute", "answer the dispute";
        /// An action of the review is done.
        FinishAction = "finish_action", "record that an action is done";
        /// Somebody in a department was told of the work (spec 4.6).
        TellDepartment = "tell_department", "record that a department was told";
        /// Something almost went wrong; told without blame.
        RecordNearMiss = "record_near_miss", "record a near miss";
        /// The two questions to whoever raised it.
        Survey = "survey", "say how it went for you";
        /// An incident that the change is thought to have caused.
        LinkIncident = "link_incident", "link an incident";
        /// It was not of this change after all.
        UnlinkIncident = "unlink_incident", "take an incident off";
        /// A message in the conversation.
        Say = "say", "add a message";
        /// A file is attached.
        Attach = "attach", "attach a file";
        /// BR-25: whether there is something to pay is set.
        SetCharge = "set_charge", "say whether it is chargeable";
        /// C131: the supplier contests it, or the trust appeals to the authority.
        ContestCharge = "contest_charge", "contest the charge";
        /// The authority settles it.
        SettleCharge = "settle_charge", "settle the charge";
        /// BR-27: a fee for the impact assessment is stated.
        OfferFee = "offer_fee", "offer an assessment fee";
        /// The fee is accepted or declined.
        AnswerFee = "answer_fee", "answer the fee";
        /// The impact assessment begins.
        BeginImpact = "begin_impact", "begin the impact assessment";
        /// The impact assessment is reported.
        ReportImpact = "report_impact", "report the impact assessment";
        /// A version of the quote is issued.
        Quote = "quote", "issue a quote";
        /// BR-26: once, before it lapses.
        ExtendQuote = "extend_quote", "extend the quote";
        /// The quote is accepted, with an order or before one.
        AcceptQuote = "accept_quote", "accept the quote";
        DeclineQuote = "decline_quote", "decline the quote";
        /// The purchase order is given.
        GiveOrder = "give_order", "give the purchase order";
        /// The purchase order is taken back, before work is authorised.
        WithdrawOrder = "withdraw_order", "withdraw the purchase order";
        /// A letter with a cap, where the price cannot be waited for.
        ProceedAtRisk = "proceed_at_risk", "proceed at risk";
        /// BR-29: something was spent, within the limit.
        BookCost = "book_cost", "book a cost";
        Deliver = "deliver", "say that it is delivered";
        AcceptDelivery = "accept_delivery", "accept the delivery";
        DisputeDelivery = "dispute_delivery", "dispute the delivery";
        Invoice = "invoice", "send an invoice";
        DisputeInvoice = "dispute_invoice", "dispute an invoice";
        /// The authority upholds it or has it credited.
        SettleInvoice = "settle_invoice", "settle a disputed invoice";
        CreditInvoice = "credit_invoice", "give a credit note";
        PayInvoice = "pay_invoice", "record a payment";
        /// T7, T13: timed out.
        Expire = "expire", "let it expire";
    }
}

impl Act {
    /// X1: what has happened may always be recorded by those who may record it; a departure from the rules is
    /// marked, never a reason to refuse.
    pub fn is_fact(self) -> bool {
        matches!(
            self,
            Act::Start
                | Act::RunningLate
                | Act::Restore
                | Act::Finish
                | Act::RecordTold
                | Act::RecordStep
                | Act::ConfirmWorked
                | Act::TellDepartment
                | Act::RecordNearMiss
                | Act::Say
                | Act::Attach
        )
    }

    /// Whether it belongs to the charge track, so that only those who see money take it or read of it.
    pub fn is_money(self) -> bool {
        self >= Act::SetCharge && self <= Act::PayInvoice
    }
}
