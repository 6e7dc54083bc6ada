//! Changes that a trust pays for: one quoted twice, accepted and being worked on; one whose quote lapsed; one that is
//! billed; and one that nobody has decided.

use jiff::Timestamp;
use signalbox_core::act::Act;
use signalbox_core::calendar::london;
use signalbox_core::change::{Kind, Outcome};

use super::cast::ORGS;
use super::local;
use super::stories::{Deed, Story};

/// An act of money, its fields, and which of them is filled with the day on which it happens.
pub(super) type Payment = (Act, &'static [(&'static str, &'static str)], &'static str);

const SET: Payment = (Act::SetCharge, &[("chargeable", "yes"), ("ground", "outside_scope")], "");
const FIRST: Payment = (
    Act::Quote,
    &[
        ("line_1_kind", "labour"),
        ("line_1_what", "Interface engineer"),
        ("line_1_quantity", "6"),
        ("line_1_unit", "day"),
        ("line_1_price", "650.00"),
        ("line_1_vat", "20"),
        ("line_2_kind", "licence"),
        ("line_2_what", "Second channel"),
        ("line_2_unit", "year"),
        ("line_2_price", "1,200.00"),
        ("line_2_vat", "20"),
        ("line_2_recurs", "yearly"),
        ("abort_fee", "650.00"),
        ("assumptions", "The trust provides a test system for two weeks."),
    ],
    "",
);
const SECOND: Payment = (
    Act::Quote,
    &[
        ("line_1_kind", "labour"),
        ("line_1_what", "Interface engineer"),
        ("line_1_quantity", "5"),
        ("line_1_unit", "day"),
        ("line_1_price", "650.00"),
        ("line_1_vat", "20"),
        ("line_2_kind", "licence"),
        ("line_2_what", "Second channel"),
        ("line_2_unit", "year"),
        ("line_2_price", "1,200.00"),
        ("line_2_vat", "20"),
        ("line_2_recurs", "yearly"),
        ("line_3_kind", "travel"),
        ("line_3_what", "One day on site"),
        ("line_3_unit", "visit"),
        ("line_3_price", "84.50"),
        ("line_3_vat", "20"),
        ("abort_fee", "650.00"),
    ],
    "",
);
const ACCEPT: Payment = (Act::AcceptQuote, &[("order_number", "NB-PO-20417"), ("order_value", "4,534.50")], "order_date");
const COST: Payment = (Act::BookCost, &[("cost_kind", "labour"), ("cost_for", "Three days of the interface engineer"), ("net", "1,950.00")], "spent_on");
const CARD: Payment = (
    Act::Quote,
    &[
        ("line_1_kind", "equipment"),
        ("line_1_what", "Network card"),
        ("line_1_quantity", "4"),
        ("line_1_unit", "piece"),
        ("line_1_price", "212.35"),
        ("line_1_vat", "20"),
    ],
    "",
);
const ACCEPT_CARD: Payment = (Act::AcceptQuote, &[("order_number", "NB-PO-20388"), ("order_value", "849.40")], "order_date");
const DELIVER: Payment = (Act::Deliver, &[("criteria", "The cards are in and answer\nThe old ones are returned")], "");
const RECEIVE: Payment = (Act::AcceptDelivery, &[("words", "Seen on site.")], "");
const BILL: Payment = (Act::Invoice, &[("invoice_for", "work"), ("invoice_number", "H-88213")], "invoice_date");

/// The stories.
pub(super) fn stories(now: Timestamp) -> Vec<Story> {
    vec![
        paid(now, "Second channel for referrals", 12, &[(-19, SET), (-18, FIRST), (-12, SECOND), (-9, ACCEPT), (-2, COST)], true),
        paid(now, "Extra view for the night team", 20, &[(-40, SET), (-39, FIRST)], false),
        paid(now, "New cards in the imaging gateway", -6, &[(-30, SET), (-29, CARD), (-27, ACCEPT_CARD), (-5, DELIVER), (-4, RECEIVE), (-3, BILL)], true),
        paid(now, "Own letterhead for discharge letters", 26, &[], false),
    ]
}

/// A change of Northbrook that is paid for, so many days from today, with what is done about its money and when.
fn paid(now: Timestamp, title: &str, day: i64, payments: &[(i64, Payment)], is_decided: bool) -> Story {
    let (start, end) = (local(now, day, 20, 0), local(now, day, 22, 0));
    let first = payments.first().map_or(-5, |(day, _)| *day);
    let at = |day: i64, hour: i8| local(now, day, hour, 20);
    let mut deeds = vec![(at(first - 2, 9), Deed::Raise), (at(first - 2, 11), Deed::Send), (at(first - 1, 9), Deed::Accept)];
    deeds.extend(payments.iter().map(|(day, payment)| (at(*day, 10), Deed::Pay(*payment))));
    if is_decided {
        let agreed = payments.iter().find(|(_, (act, ..))| *act == Act::AcceptQuote).map_or(first, |(day, _)| *day);
        deeds.extend([(at(agreed, 12), Deed::Screen), (at(agreed, 13), Deed::Assess), (at(agreed + 1, 11), Deed::Approve { condition: false })]);
        deeds.push((at(agreed + 2, 11), Deed::Schedule));
        if day < 0 {
            deeds.extend([(start, Deed::Start), (end, Deed::Finish(Outcome::Successful)), (at(day + 2, 15), Deed::Close)]);
        }
    }
    if payments.len() == 2 {
        deeds.push((at(first + 32, 8), Deed::Lapse));
    }
    deeds.sort_by_key(|(at, _)| *at);
    Story {
        kind: Kind::Normal,
        raiser: 0,
        trusts: vec![0],
        kit: 0,
        model: "",
        title: format!("{title}, {}", ORGS[0].name),
        what: "What was agreed with the trust is built, tried with them and handed over.",
        notice: "Nothing stops while it is put in.",
        start,
        end,
        minutes_off: 0,
        network: false,
        extra: vec![],
        is_paid: true,
        deeds,
    }
}

/// The day of a moment, as a field takes it.
pub(super) fn day(at: Timestamp) -> String {
    london().to_datetime(at).date().to_string()
}
