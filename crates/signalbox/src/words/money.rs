//! Money in words: what happened, what fields and buttons are called, what is wrong and what stands in the way.

use signalbox_core::act::Act;
use signalbox_core::calendar::local;
use signalbox_core::charge::money::pounds;
use signalbox_core::charge::{BillOf, Chargeable, Decision, Ground, MoneyEvent, Report, fields};
use signalbox_core::refusal::{Bar, Violation};
use signalbox_core::text::Text;
use signalbox_store::project::Prose;

use super::lines::Tone;
use super::{Why, read_param, said, sentence_case};

/// An event of the charge track: what happened, what was said with it, and how it is marked.
pub fn line(event: &MoneyEvent, prose: &Prose) -> (String, Option<String>, Tone) {
    let text = |t: &Text| Some(said(prose, t));
    let some = |t: &Option<Text>| t.as_ref().map(|t| said(prose, t));
    let all = |texts: &[Text]| Some(texts.iter().map(|t| said(prose, t)).collect::<Vec<_>>().join("\n"));
    match event {
        MoneyEvent::ChargeProposed { decision } => (format!("By the rules: {}", decided(decision)), None, Tone::Plain),
        MoneyEvent::ChargeDecided { decision } => (sentence_case(&decided(decision)), some(&decision.reason), Tone::Plain),
        MoneyEvent::ChargeContested { reason } => ("Charge contested; the authority settles it".into(), text(reason), Tone::Bad),
        MoneyEvent::ChargeSettled { chargeable, reason } => {
            let what = if *chargeable == Chargeable::Yes { "there is something to pay" } else { "there is nothing to pay" };
            (format!("Charge settled: {what}"), text(reason), Tone::Plain)
        }
        MoneyEvent::FeeOffered { amount, what, valid_to } => {
            let until = local::day_words(*valid_to);
            (format!("Assessment fee of {} without tax stated, to be answered by {until}", pounds(amount.net_pence)), text(what), Tone::Plain)
        }
        MoneyEvent::FeeAnswered { of, accepted, words } => {
            let fee = sentence_case(of.words());
            (format!("{fee}: {}", if *accepted { "accepted" } else { "declined" }), some(words), if *accepted { Tone::Good } else { Tone::Bad })
        }
        MoneyEvent::ImpactBegun { due_at } => {
            let due = local::day_words(local::wall(*due_at, &signalbox_core::calendar::london()).date());
            (format!("Impact assessment begun, due {due}"), None, Tone::Plain)
        }
        MoneyEvent::ImpactReported { report } => ("Impact assessment reported".into(), Some(report_words(report, prose)), Tone::Plain),
        MoneyEvent::Quoted { terms } => {
            let (net, until) = (pounds(terms.net_pence()), local::day_words(terms.valid_to));
            (format!("Quote version {}: {net} without tax, valid to the end of {until}", terms.version), some(&terms.assumptions), Tone::Plain)
        }
        MoneyEvent::QuoteExtended { version, valid_to } => {
            (format!("Quote version {version} extended to the end of {}", local::day_words(*valid_to)), None, Tone::Plain)
        }
        MoneyEvent::QuoteAccepted { version, order, conditions, .. } => {
            let ordered = order.as_ref().map_or("; the order is still to come".to_owned(), |o| format!(", with an order over {}", pounds(o.value_pence)));
            (format!("Quote version {version} accepted{ordered}"), some(conditions), Tone::Good)
        }
        MoneyEvent::QuoteDeclined { version, reason } => (format!("Quote version {version} declined"), text(reason), Tone::Bad),
        MoneyEvent::QuoteLapsed { version } => (format!("Quote version {version} lapsed"), None, Tone::Bad),
        MoneyEvent::QuoteSuperseded { version } => (format!("Quote version {version} is void: what it was for has changed"), None, Tone::Bad),
        MoneyEvent::OrderGiven { order, .. } => (format!("Order given over {}", pounds(order.value_pence)), text(&order.number), Tone::Good),
        MoneyEvent::OrderWithdrawn { reason, .. } => ("Order withdrawn".into(), text(reason), Tone::Bad),
        MoneyEvent::OrderAwaited => ("The approval is subject to an order".into(), None, Tone::Plain),
        MoneyEvent::WorkAuthorised { version } => (format!("Work authorised under quote version {version}"), None, Tone::Good),
        MoneyEvent::ApprovalLapsed => ("The approval ran out while it waited; it is decided again".into(), None, Tone::Bad),
        MoneyEvent::RiskAccepted { letter } => (format!("Goes ahead at risk, up to {}", pounds(letter.cap_pence)), text(&letter.words), Tone::Plain),
        MoneyEvent::CostBooked { kind, net_pence, what, .. } => (format!("{} booked for {}", pounds(*net_pence), kind.words()), text(what), Tone::Plain),
        MoneyEvent::Delivered { criteria, words } => {
            let parts: Vec<String> = [all(criteria), some(words)].into_iter().flatten().collect();
            ("Delivered; the trust is asked to accept it".into(), Some(parts.join("\n")), Tone::Plain)
        }
        MoneyEvent::DeliveryAccepted { words } => ("Delivery accepted".into(), some(words), Tone::Good),
        MoneyEvent::DeliveryDisputed { snags } => ("Delivery disputed".into(), all(snags), Tone::Bad),
        MoneyEvent::AbortFeeProposed { amount } => {
            (format!("Cancelled late: the stated fee of {} without tax is asked for", pounds(amount.net_pence)), None, Tone::Plain)
        }
        MoneyEvent::Invoiced { number, bill } => {
            let (gross, due) = (pounds(bill.amount.gross_pence()), local::day_words(bill.due));
            (format!("Invoice {number} for {}: {gross} with tax, due {due}", bill.of.words()), text(&bill.reference), Tone::Plain)
        }
        MoneyEvent::InvoiceDisputed { number, reason } => (format!("Invoice {number} disputed"), text(reason), Tone::Bad),
        MoneyEvent::InvoiceUpheld { number, reason } => (format!("Invoice {number} upheld"), text(reason), Tone::Plain),
        MoneyEvent::InvoiceCredited { number, amount, reason } => {
            (format!("Credit note on invoice {number}: {} with tax", pounds(amount.gross_pence())), text(reason), Tone::Plain)
        }
        MoneyEvent::InvoicePaid { number, on, reference } => (format!("Invoice {number} paid on {}", local::day_words(*on)), some(reference), Tone::Good),
    }
}

/// Whether there is something to pay, and why.
pub fn decided(decision: &Decision) -> String {
    let what = match decision.chargeable {
        Chargeable::Yes => "there is something to pay",
        Chargeable::No => "there is nothing to pay",
        Chargeable::Unknown => "it is not known whether there is something to pay",
    };
    match (decision.because.as_str(), decision.ground) {
        ("decided" | "", None) => what.to_owned(),
        ("decided" | "", Some(ground)) => format!("{what}: {}", ground.words()),
        (because, _) => format!("{what}, because {because}"),
    }
}

fn report_words(report: &Report, prose: &Prose) -> String {
    let part = |label: &str, text: &Text| format!("{label}: {}", said(prose, text));
    let mut parts = vec![part("Scope", &report.scope), part("Effect on the service", &report.effect), part("Effort", &report.effort)];
    parts.push(format!("Once {}, each year {} ({})", pounds(report.once_pence), pounds(report.yearly_pence), report.confidence.words()));
    parts.join("\n")
}

/// The subject of a letter about the event.
pub fn subject(event: &MoneyEvent) -> &'static str {
    match event {
        MoneyEvent::ChargeProposed { .. } | MoneyEvent::ChargeDecided { .. } => "Charge",
        MoneyEvent::ChargeContested { .. } => "Charge contested",
        MoneyEvent::ChargeSettled { .. } => "Charge settled",
        MoneyEvent::FeeOffered { .. } => "Fee to answer",
        MoneyEvent::FeeAnswered { .. } => "Fee answered",
        MoneyEvent::ImpactBegun { .. } => "Impact assessment begun",
        MoneyEvent::ImpactReported { .. } => "Impact assessment",
        MoneyEvent::Quoted { .. } => "Quote",
        MoneyEvent::QuoteExtended { .. } => "Quote extended",
        MoneyEvent::QuoteAccepted { .. } => "Quote accepted",
        MoneyEvent::QuoteDeclined { .. } => "Quote declined",
        MoneyEvent::QuoteLapsed { .. } => "Quote lapsed",
        MoneyEvent::QuoteSuperseded { .. } => "New quote needed",
        MoneyEvent::OrderGiven { .. } => "Order given",
        MoneyEvent::OrderWithdrawn { .. } => "Order withdrawn",
        MoneyEvent::OrderAwaited => "Order awaited",
        MoneyEvent::WorkAuthorised { .. } => "Work authorised",
        MoneyEvent::ApprovalLapsed => "Decision asked again",
        MoneyEvent::RiskAccepted { .. } => "At risk",
        MoneyEvent::CostBooked { .. } => "Cost booked",
        MoneyEvent::Delivered { .. } => "Delivered",
        MoneyEvent::DeliveryAccepted { .. } => "Delivery accepted",
        MoneyEvent::DeliveryDisputed { .. } => "Delivery disputed",
        MoneyEvent::AbortFeeProposed { .. } => "Fee to answer",
        MoneyEvent::Invoiced { .. } => "Invoice",
        MoneyEvent::InvoiceDisputed { .. } => "Invoice disputed",
        MoneyEvent::InvoiceUpheld { .. } => "Invoice upheld",
        MoneyEvent::InvoiceCredited { .. } => "Credit note",
        MoneyEvent::InvoicePaid { .. } => "Invoice paid",
    }
}

/// What a field is called; `None` where it is none of money.
pub fn field_label(id: &str) -> Option<String> {
    if let Some((n, part)) = line_part(id) {
        let words = match part {
            "kind" => "kind",
            "what" => "what it is for",
            "quantity" => "quantity",
            "unit" => "unit",
            "price" => "price of one, in pounds",
            "vat" => "tax",
            "recurs" => "how often",
            _ => "price from the rate card",
        };
        return Some(format!("Line {n}: {words}"));
    }
    let words = match id {
        "ground" => "Which ground is there for a charge, or against it?",
        "chargeable" => "Is there something to pay?",
        "fee_for" => "What is the fee for?",
        "net" => "Amount without tax, in pounds",
        "vat" => "Rate of tax",
        "valid_to" => "Valid to the end of which day?",
        "accepted" => "Do you accept it?",
        "report_scope" => "What is in scope?",
        "report_effect" => "What does it do to the service?",
        "report_other_services" => "What does it do to other services?",
        "report_contract" => "What does it do to the contract and the service levels?",
        "report_risk" => "Which risks are there?",
        "report_effort" => "How many days of which grade?",
        "report_plan" => "What is the plan?",
        "report_dependencies" => "What does it depend on?",
        "report_once" => "Cost once, without tax, in pounds",
        "report_yearly" => "Cost each year, without tax, in pounds",
        "report_confidence" => "How sure is the cost?",
        "report_valid_to" => "Until when does the assessment hold?",
        "report_approver" => "Who approved the assessment?",
        "abort_fee" => "Fee for cancelling late, without tax, in pounds",
        "assumptions" => "Assumptions",
        "quote_version" => "The version you accept",
        "order_number" => "Number of the purchase order",
        "order_value" => "Value of the purchase order, in pounds",
        "order_date" => "Date of the purchase order",
        "conditions" => "Conditions",
        "cap" => "Up to which amount, without tax, in pounds?",
        "letter" => "The words of the letter",
        "cost_kind" => "What kind of cost?",
        "cost_for" => "What was it for?",
        "spent_on" => "On which day?",
        "criteria" => "What was agreed and is now delivered? One thing a line.",
        "snags" => "What is wrong? One thing a line.",
        "invoice_for" => "What is it for?",
        "invoice_number" => "Your invoice number",
        "invoice_date" => "Date of the invoice",
        "due" => "Due on",
        "invoice" => "Which invoice?",
        "upheld" => "Does the invoice stand?",
        "paid_on" => "On which day was it paid?",
        "paid_reference" => "Reference of the payment",
        _ => return None,
    };
    Some(words.to_owned())
}

/// The number and the part of a quote's line.
fn line_part(id: &str) -> Option<(usize, &str)> {
    let (n, part) = id.strip_prefix("line_")?.split_once('_')?;
    let n = n.parse::<usize>().ok().filter(|n| (1..=fields::LINES).contains(n))?;
    fields::LINE_PARTS.contains(&part).then_some((n, part))
}

/// What helps to fill in a field; empty where the label says enough, or it is none of money.
pub fn field_hint(act: Act, id: &str) -> &'static str {
    match (act, id) {
        (Act::SetCharge, "reason") => "Needed if you decide otherwise than the process proposes.",
        (Act::SetCharge, "ground") => "Leave it empty if none of these is so.",
        (Act::ContestCharge, "reason") => "The authority reads this and settles it.",
        (Act::Quote, "valid_to") => "Leave it empty for 30 days from today. It can be extended once.",
        (Act::Quote, "abort_fee") => "Asked for if the trust cancels less than two working days before the start.",
        (Act::ExtendQuote, "valid_to") => "Later than now. This can be done once.",
        (Act::AcceptQuote, "order_number") => "You may accept now and order later; work waits for the order.",
        (Act::AcceptQuote | Act::GiveOrder, "order_value") => "An order below the quote is kept and counts as too small.",
        (Act::ProceedAtRisk, "cap") => "Nothing above this can be booked. The quote follows within 5 working days.",
        (Act::Invoice, "net") => "Leave it empty for all that is still to be invoiced.",
        (Act::Invoice, "vat") => "Needed with an amount.",
        (Act::Invoice, "due") => "Leave it empty for 30 days after its date.",
        (Act::CreditInvoice, "net") => "Leave it empty to credit all of it.",
        (Act::SettleInvoice, "upheld") => "If it does not stand, all that is left of it is credited.",
        (Act::OfferFee, "valid_to") => "The fee is due if it is accepted and the assessment has begun, even if the change is withdrawn then.",
        _ => "",
    }
}

/// The words of a code; `None` where the field is none of money.
pub fn option_label(field: &str, code: &str) -> Option<String> {
    use signalbox_core::charge::{Confidence, LineKind, Recurs};
    let part = line_part(field).map(|(_, part)| part);
    let words = match (part.unwrap_or(field), code) {
        ("ground", code) => Ground::from_code(code)?.words(),
        ("kind", code) if part.is_some() => LineKind::from_code(code)?.words(),
        ("cost_kind", code) => LineKind::from_code(code)?.words(),
        ("recurs", code) => Recurs::from_code(code)?.words(),
        ("report_confidence", code) => Confidence::from_code(code)?.words(),
        ("invoice_for", code) => BillOf::from_code(code)?.words(),
        ("vat", code) => return Some(format!("{code} %")),
        _ => return None,
    };
    Some(sentence_case(words))
}

/// The words on the button of an act, and at the head of its page.
pub fn act_words(act: Act) -> (&'static str, &'static str) {
    match act {
        Act::SetCharge => ("Save this", "Say whether it is chargeable"),
        Act::ContestCharge => ("Contest it", "Contest the charge"),
        Act::SettleCharge => ("Settle it", "Settle the charge"),
        Act::OfferFee => ("State the fee", "State an assessment fee"),
        Act::AnswerFee => ("Send the answer", "Answer the fee"),
        Act::BeginImpact => ("The assessment begins", "Begin the impact assessment"),
        Act::ReportImpact => ("Send the report", "Report the impact assessment"),
        Act::Quote => ("Issue the quote", "Issue a quote"),
        Act::ExtendQuote => ("Extend it", "Extend the quote"),
        Act::AcceptQuote => ("Accept the quote", "Accept the quote"),
        Act::DeclineQuote => ("Decline the quote", "Decline the quote"),
        Act::GiveOrder => ("Give the order", "Give the purchase order"),
        Act::WithdrawOrder => ("Withdraw the order", "Withdraw the purchase order"),
        Act::ProceedAtRisk => ("Sign the letter", "Go ahead at risk"),
        Act::BookCost => ("Book it", "Book a cost"),
        Act::Deliver => ("It is delivered", "Say that it is delivered"),
        Act::AcceptDelivery => ("Accept the delivery", "Accept the delivery"),
        Act::DisputeDelivery => ("Dispute the delivery", "Dispute the delivery"),
        Act::Invoice => ("Send the invoice", "Send an invoice"),
        Act::DisputeInvoice => ("Dispute the invoice", "Dispute an invoice"),
        Act::SettleInvoice => ("Settle it", "Settle a disputed invoice"),
        Act::CreditInvoice => ("Give the credit note", "Give a credit note"),
        Act::PayInvoice => ("Record the payment", "Record a payment"),
        _ => ("Save", "Save"),
    }
}

/// The sentence for a fault of money; `None` where it is none.
pub fn fault(violation: &Violation) -> Option<String> {
    let param = |n: usize| violation.params.get(n).map_or(String::new(), |p| read_param(p));
    Some(match violation.code {
        "amount-missing" => "Enter an amount in pounds, such as 1,250.00.".into(),
        "not-an-amount" => "Enter an amount in pounds and pence, such as 1,250.00.".into(),
        "amount-zero" => "Enter an amount above nothing.".into(),
        "not-a-quantity" => "Enter a quantity above nothing, with two decimal places at most, such as 2.5.".into(),
        "date-in-future" => format!("Enter a day that has come: {} or earlier.", param(0)),
        "charge-trust-only" => "Choose no: only what a trust raised is charged for.".into(),
        "differs-from-table" => format!("Say why you decide otherwise than the process proposes ({}).", param(0)),
        "above-limit" => format!("Enter an amount within your limit of {}.", param(0)),
        "above-accepted" => format!(
            "Book no more than {}: that is what is left of the limit of {}. Above it, a new version of the quote is accepted first.",
            param(0),
            param(1)
        ),
        "below-booked" => format!("Quote at least what was spent: {} is booked already.", param(0)),
        "lines-missing" => "Enter at least one line.".into(),
        "rate-unknown" => "Choose a price of the rate card that holds today, or type one.".into(),
        "not-later" => format!("Enter a day after {}, up to which it is valid now.", param(0)),
        "quote-changed" => format!("Read the quote again: version {} is out now.", param(0)),
        "order-too-small" => format!("Give an order over at least {}: the work is under way.", param(0)),
        "no-such-invoice" => format!("Choose another invoice: {} is none that this can be done to.", param(0)),
        "due-before-date" => "Enter a day that is not before the date of the invoice.".into(),
        "above-billable" => format!("Invoice no more than {}: that is all that is left to invoice.", param(0)),
        "above-invoice" => format!("Credit no more than {}, which is what is left of the invoice.", param(0)),
        _ => return None,
    })
}

/// What bars an act of money, or an act for the sake of money, and who can change it; `None` where it is none of these.
pub fn bar(bar: &Bar) -> Option<Why> {
    let param = |n: usize| bar.params.get(n).map_or(String::new(), |p| read_param(p));
    let why = |sentence: &str, who: &str| Some(Why { rule: rule(bar.code).to_owned(), sentence: sentence.to_owned(), who_can_change: who.to_owned() });
    match bar.code {
        "money-state" => why(&format!("This is not done while the charge stands at “{}”.", param(0)), ""),
        "charge-open" => why("What is to be paid is not agreed yet.", "The supplier and the trust that raised it."),
        "charge-undecided" => why("Nobody has decided yet whether there is something to pay.", "The supplier's change manager."),
        "charge-contested" => why("The charge is contested and not settled yet.", "The authority's change manager settles it."),
        "charge-settled" => why("The authority has settled it.", ""),
        "not-quoted" => why("There is something to pay, and no quote is out yet.", "The supplier's commercial people issue a quote."),
        "quote-not-accepted" => why("The quote is not accepted yet.", "The trust's finance approver accepts it."),
        "quote-declined" => why("The quote was declined.", "The supplier's commercial people issue a new version."),
        "quote-lapsed" => why("The quote has lapsed.", "The supplier's commercial people issue a new version."),
        "quote-superseded" => why("The quote was for something else: the change was altered since.", "The supplier's commercial people issue a new version."),
        "order-short" => why("PO short: no order covers the quote yet.", "The trust's finance approver gives the order."),
        "order-enough" => why("The order covers the quote already.", ""),
        "no-order" => why("No order was given.", ""),
        "work-authorised" => why("The work is authorised under this order, so it stays.", ""),
        "no-open-quote" => why("No quote waits for an answer.", "The supplier's commercial people issue a quote."),
        "extended-already" => why("The quote was extended once already.", "The supplier's commercial people issue a new version."),
        "no-spending-limit" => why("Nobody has said how much you may agree to.", "An administrator or your coordinator sets your limit under Set-up."),
        "above-spending-limit" => why(&format!("{} is above your limit of {}.", param(0), param(1)), "A finance approver with a higher limit."),
        "second-person" => {
            why(&format!("Above {} without tax, whoever asked for the change does not accept its quote.", param(0)), "Another finance approver.")
        }
        "no-fee" => why("No fee waits for an answer.", ""),
        "fee-lapsed" => why("The fee was to be answered earlier.", "The supplier's commercial people state it again."),
        "impact-not-reported" => why("The impact assessment is not reported yet.", "The supplier's commercial people or change manager."),
        "not-in-dispute-yet" => why(&format!("The authority is asked once the parties have not agreed for 30 working days, from {} on.", param(0)), ""),
        "nothing-to-settle" => why("Nothing is contested.", ""),
        "not-an-emergency" => why("Only an emergency goes ahead before its price is known.", ""),
        "work-not-authorised" => {
            why("The work is not authorised yet, so nothing can be booked.", "It is once the change is approved and an order covers the quote.")
        }
        "nothing-left" => why(&format!("All of the limit of {} is spent.", param(0)), "A new version of the quote is accepted first."),
        "nothing-to-invoice" => why("There is nothing to invoice yet.", "The trust accepts the delivery first."),
        "no-open-invoice" => why("No invoice is open.", ""),
        "no-disputed-invoice" => why("No invoice is disputed.", ""),
        _ => None,
    }
}

/// The rule behind a bar of money.
fn rule(code: &str) -> &'static str {
    match code {
        "charge-open" | "charge-undecided" | "not-quoted" | "quote-not-accepted" | "quote-declined" | "order-short" => {
            "There is nothing to pay, or the quote is accepted and ordered, before work is scheduled."
        }
        "quote-lapsed" | "extended-already" | "no-open-quote" => "A quote is valid to the end of its last day, and is extended once at the most before that.",
        "quote-superseded" => "A quote is for one revision of the change; another scope needs a new version.",
        "order-enough" | "no-order" | "work-authorised" => "An order is withdrawn only before work is authorised under it.",
        "no-spending-limit" | "above-spending-limit" => "A finance approver agrees within their own limit.",
        "second-person" => "Above 1,000 pounds without tax, a second person accepts the quote.",
        "work-not-authorised" | "nothing-left" => "Nothing is booked above what was accepted.",
        "no-fee" | "fee-lapsed" => "A fee is stated and accepted beforehand.",
        "not-an-emergency" => "Only what cannot wait goes ahead before its price is agreed.",
        "charge-contested" | "charge-settled" | "nothing-to-settle" | "not-in-dispute-yet" => {
            "The supplier or the trust may contest a charge, and the authority settles it."
        }
        "nothing-to-invoice" | "no-open-invoice" | "no-disputed-invoice" => "What is delivered and accepted is invoiced, and what was agreed is paid.",
        _ => "Each step of the charge has its place on the way from a quote to its payment.",
    }
}
