//! Money through the site: scenarios 37, 39 and 40 by forms, the form of a quote without a script, who sees money and
//! who does not, limits and the rate card, letters, and the reports that add up.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use signalbox_core::actor::Role;
use signalbox_store::{StoreError, accounts};

use crate::api::program::token;
use crate::planned::Estate;
use crate::world::{Client, Reply, World, on_each_engine};

const FIN: &str = "fin@northbrook.example";
const RUTH: &str = "ruth@northbrook.example";
const CORA: &str = "cora@halden.example";
const PRIYA: &str = "priya@halden.example";
const ANN: &str = "ann@authority.example";

/// Northbrook with a finance approver who may agree to 10,000 pounds, Halden with somebody who quotes, and an auditor.
async fn furnish(world: &World) -> Estate {
    let estate = Estate::furnish(world);
    let org = |code: &str| world.app.db.read(|tx| signalbox_store::directory::organisation_by_code(tx, code)).unwrap().unwrap().id;
    let (halden, authority) = (org("HALDEN"), org("AUTHORITY"));
    let fin = world.person(FIN, "Fin Holt", &[(estate.trust, Role::Finance)]);
    world.person(CORA, "Cora Marsh", &[(halden, Role::Commercial)]);
    world.person("odd@authority.example", "Odd Linden", &[(authority, Role::Auditor)]);
    world.person("rex@northbrook.example", "Rex Ode", &[(estate.trust, Role::Requester)]);
    world.person("otto@riverside.example", "Otto Fen", &[(estate.other, Role::Coordinator), (estate.other, Role::Finance)]);
    let mut nora = world.sign_in("nora@riverside.example").await;
    let address = format!("/setup/limits/{}", estate.trust);
    nora.get(&address).await;
    let saved = nora.post(&address, &[(&format!("limit_{fin}"), "10,000.00"), ("basis", "net")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    estate
}

/// An act by its form, with the version that the form shows. What the form answers if it is not there.
async fn take(client: &mut Client<'_>, reference: &str, act: &str, fields: &[(&str, &str)]) -> Reply {
    let address = format!("/changes/{reference}/acts/{act}");
    let form = client.get(&address).await;
    if form.status != StatusCode::OK {
        return form;
    }
    let version = form.field("version").unwrap();
    let mut fields = fields.to_vec();
    fields.push(("version", &version));
    client.post(&address, &fields).await
}

async fn done(client: &mut Client<'_>, reference: &str, act: &str, fields: &[(&str, &str)]) {
    let reply = take(client, reference, act, fields).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{act}: {}", reply.text());
}

fn line<'a>(what: &'a str, price: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("line_1_kind", "labour"), ("line_1_what", what), ("line_1_unit", "job"), ("line_1_price", price), ("line_1_vat", "20")]
}

fn order<'a>(value: &'a str, day: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("order_number", "PO-7781"), ("order_value", value), ("order_date", day)]
}

/// A change of Northbrook that is accepted and found chargeable; its reference and id.
async fn chargeable(world: &World, estate: &Estate, start: &str, end: &str) -> (String, i64) {
    let sent =
        estate.outage(world, "Second channel", start, end, &[("charge_hint", "yes"), ("charge_ground", "none"), ("network_affected", "no"), ("circuits", "")]);
    estate.assess(world, sent.id);
    let mut priya = world.sign_in(PRIYA).await;
    done(&mut priya, &sent.reference, "set_charge", &[("chargeable", "yes"), ("ground", "outside_scope")]).await;
    (sent.reference, sent.id)
}

fn stage(world: &World, id: i64) -> String {
    world.app.read::<_, StoreError>(|tx| tx.one(&format!("select stage from changes where id = {id}"), &[], |row| row.text(0))).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn scenario_37_a_quote_expires_on_the_clock_change_day() {
    on_each_engine(|world| async move {
        world.clock.set(at("2026-02-26T09:00:00Z"));
        let estate = furnish(&world).await;
        let (reference, _) = chargeable(&world, &estate, "2026-05-05T20:00:00Z", "2026-05-05T22:00:00Z").await;
        world.clock.set(at("2026-02-27T09:00:00Z"));
        let mut cora = world.sign_in(CORA).await;
        done(&mut cora, &reference, "quote", &line("Engineer", "800.00")).await;
        let page = cora.get(&format!("/changes/{reference}/quotes")).await.text();
        assert!(page.contains("Valid to the end of Sunday 29 March"), "{page}");
        // 23:59:59 British summer time on the day on which the clocks went forward.
        world.clock.set(at("2026-03-29T22:59:59Z"));
        let mut fin = world.sign_in(FIN).await;
        assert_eq!(fin.get(&format!("/changes/{reference}/acts/accept_quote")).await.status, StatusCode::OK);
        // Midnight.
        world.clock.set(at("2026-03-29T23:00:00Z"));
        let mut fin = world.sign_in(FIN).await;
        let late = take(&mut fin, &reference, "accept_quote", &[]).await;
        assert!(late.status == StatusCode::FORBIDDEN && late.text().contains("The quote has lapsed."), "{}: {}", late.status, late.text());
        let letters = world.step_worker();
        assert!(letters.iter().any(|mail| mail.to == FIN && mail.subject.starts_with("Quote lapsed")), "{letters:?}");
        let mut cora = world.sign_in(CORA).await;
        done(&mut cora, &reference, "quote", &line("Engineer", "820.00")).await;
        assert!(cora.get(&format!("/changes/{reference}/quotes")).await.text().contains("Version 2"));
        // In time it would have been accepted.
        world.clock.set(at("2026-04-28T22:59:59Z"));
        let mut fin = world.sign_in(FIN).await;
        done(&mut fin, &reference, "accept_quote", &[]).await;
    });
}

#[test]
fn scenario_39_an_approval_before_the_order() {
    on_each_engine(|world| async move {
        let estate = furnish(&world).await;
        let (reference, id) = chargeable(&world, &estate, "2027-03-02T20:00:00Z", "2027-03-02T22:00:00Z").await;
        let mut cora = world.sign_in(CORA).await;
        done(&mut cora, &reference, "quote", &line("Engineer", "800.00")).await;
        assert_eq!(stage(&world, id), "AWAITING_APPROVAL");
        let mut priya = world.sign_in(PRIYA).await;
        done(&mut priya, &reference, "approve", &[]).await;
        assert_eq!(stage(&world, id), "APPROVED");
        let record = priya.get(&format!("/changes/{reference}")).await.text();
        assert!(record.contains("The approval is subject to an order"), "{record}");
        let schedule = [("implementer", "len@halden.example")];
        let blocked = take(&mut priya, &reference, "schedule", &schedule).await;
        assert!(blocked.text().contains("The quote is not accepted yet."), "{}", blocked.text());
        let mut fin = world.sign_in(FIN).await;
        done(&mut fin, &reference, "accept_quote", &order("799.99", "2026-11-17")).await;
        let blocked = take(&mut priya, &reference, "schedule", &schedule).await;
        assert!(blocked.text().contains("PO short"), "{}", blocked.text());
        done(&mut fin, &reference, "give_order", &order("800.00", "2026-11-17")).await;
        done(&mut priya, &reference, "schedule", &schedule).await;

        // Another one, for which nobody orders.
        let (reference, id) = chargeable(&world, &estate, "2027-04-06T19:00:00Z", "2027-04-06T21:00:00Z").await;
        done(&mut cora, &reference, "quote", &line("Engineer", "800.00")).await;
        done(&mut priya, &reference, "approve", &[]).await;
        world.step_worker();
        // 30 days from 17 November: to the end of 17 December.
        world.clock.set(at("2026-12-18T00:00:00Z"));
        world.step_worker();
        assert_eq!(stage(&world, id), "APPROVED", "the approval stands for now");
        world.advance(SignedDuration::from_hours(24 * 27));
        world.step_worker();
        assert_eq!(stage(&world, id), "APPROVED", "20 working days over Christmas are longer");
        world.advance(SignedDuration::from_hours(24 * 8));
        let letters = world.step_worker();
        assert_eq!(stage(&world, id), "AWAITING_APPROVAL");
        assert!(letters.iter().any(|mail| mail.to == ANN && mail.subject.starts_with("Decision asked again")), "{letters:?}");
    });
}

#[test]
fn scenario_40_an_overrun_of_cost() {
    on_each_engine(|world| async move {
        let estate = furnish(&world).await;
        let (reference, _) = chargeable(&world, &estate, "2027-03-02T20:00:00Z", "2027-03-02T22:00:00Z").await;
        let (mut cora, mut fin, mut priya) = (world.sign_in(CORA).await, world.sign_in(FIN).await, world.sign_in(PRIYA).await);
        done(&mut cora, &reference, "quote", &line("Engineer", "8,000.00")).await;
        done(&mut fin, &reference, "accept_quote", &order("8,000.00", "2026-11-17")).await;
        done(&mut priya, &reference, "approve", &[]).await;
        done(&mut priya, &reference, "schedule", &[("implementer", "len@halden.example")]).await;
        let cost = |net: &'static str| [("cost_kind", "labour"), ("cost_for", "Days"), ("net", net), ("spent_on", "2026-11-17")];
        done(&mut cora, &reference, "book_cost", &cost("8,450.00")).await;
        let record = priya.get(&format!("/changes/{reference}")).await.text();
        assert!(record.contains("Limit £8,500.00, of which the supplier bears up to £500.00 Booked £8,450.00 Left £50.00"), "{record}");
        let above = take(&mut cora, &reference, "book_cost", &cost("150.00")).await;
        assert_eq!(above.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(above.text().contains("Book no more than £50.00: that is what is left of the limit of £8,500.00."), "{}", above.text());
        assert_eq!(above.field("net").as_deref(), Some("150.00"), "what was typed is kept");
        done(&mut cora, &reference, "quote", &line("Engineer", "9,000.00")).await;
        assert_eq!(take(&mut cora, &reference, "book_cost", &cost("150.00")).await.status, StatusCode::UNPROCESSABLE_ENTITY, "offered is not accepted");
        done(&mut fin, &reference, "accept_quote", &order("9,000.00", "2026-11-17")).await;
        done(&mut cora, &reference, "book_cost", &cost("150.00")).await;
        let quotes = priya.get(&format!("/changes/{reference}/quotes")).await.text();
        assert!(quotes.contains("What changed") && quotes.contains("£1,000.00 more") && quotes.contains("£8,600.00"), "{quotes}");
        // R-8 has both versions; the accepted one with its variance.
        let pipeline = priya.get("/reports/charges.csv").await.body;
        let rows: Vec<&str> = pipeline.lines().collect();
        assert_eq!(rows.len(), 3, "{pipeline}");
        assert!(rows.iter().any(|row| row.contains("/Q2,2,9000.00,1800.00,10800.00,2026-11-17,2026-12-17,,accepted,PO-7781,2026-11-17")), "{pipeline}");
        assert!(rows.iter().any(|row| row.contains("/Q1,1,8000.00") && row.contains(",superseded,")), "{pipeline}");
    });
}

#[test]
fn a_quote_is_written_without_a_script() {
    on_each_engine(|world| async move {
        let estate = furnish(&world).await;
        let (reference, _) = chargeable(&world, &estate, "2027-03-02T20:00:00Z", "2027-03-02T22:00:00Z").await;
        let mut cora = world.sign_in(CORA).await;
        // A price of the card, from April on; another from the same day is refused.
        let price =
            [("kind", "labour"), ("label", "Engineer"), ("unit", "day"), ("price", "650.00"), ("vat", "20"), ("from_day", "2026-04-01"), ("to_day", "")];
        cora.get("/setup/rates/new").await;
        assert_eq!(cora.post("/setup/rates", &price).await.status, StatusCode::SEE_OTHER);
        let twice = cora.post("/setup/rates", &price).await;
        assert!(
            twice.status == StatusCode::UNPROCESSABLE_ENTITY && twice.text().contains("has a price from 1 Apr 2026 without end already"),
            "{}",
            twice.text()
        );
        assert_eq!(twice.field("price").as_deref(), Some("650.00"));

        let address = format!("/changes/{reference}/acts/quote");
        let form = cora.get(&address).await;
        assert!(form.text().contains("Engineer, £650.00 a day") && !form.body.contains("line_4_what"), "{}", form.text());
        let page = scraper::Html::parse_document(&form.body);
        let option = scraper::Selector::parse("select[name='line_1_rate'] option[value]:not([value=''])").unwrap();
        let rate = page.select(&option).next().unwrap().value().attr("value").unwrap().to_owned();
        let version = form.field("version").unwrap();
        let typed = [
            ("line_1_rate", rate.as_str()),
            ("line_1_quantity", "2.5"),
            ("line_2_kind", "travel"),
            ("line_2_what", "Visit"),
            ("line_2_unit", "visit"),
            ("line_2_price", "84.55"),
            ("line_2_vat", "5"),
            ("rows", "3"),
            ("version", version.as_str()),
        ];
        let again = cora.post(&address, &[&typed[..], &[("add_row", "yes")]].concat()).await;
        assert_eq!(again.status, StatusCode::OK);
        assert!(again.body.contains("line_4_what") && !again.body.contains("line_5_what"), "a row more");
        assert!(again.text().contains("£1,709.55") && again.text().contains("£329.23") && again.text().contains("£2,038.78"), "{}", again.text());
        assert_eq!(again.field("line_2_price").as_deref(), Some("84.55"), "everything typed is kept");
        // Every fault at once, beside its field.
        let wrong = cora.post(&address, &[("line_1_what", "X"), ("line_1_price", "ten"), ("version", &version), ("rows", "4")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.text().contains("There are 4 things to put right"), "{}", wrong.text());
        let issued = cora.post(&address, &typed).await;
        assert_eq!(issued.status, StatusCode::SEE_OTHER, "{}", issued.text());
        let csv = cora.get(&format!("/changes/{reference}/quotes.csv")).await.body;
        assert!(
            csv.contains(",Engineer,2.5,day,650.00,1625.00,20,325.00,1950.00,once,") && csv.contains(",Visit,1,visit,84.55,84.55,5,4.23,88.78,once,"),
            "{csv}"
        );
    });
}

/// A word and an amount that stand in the quote and nowhere else.
const WORD: &str = "zanzibarite";
const AMOUNT: &str = "4,321.09";
const PLAIN: &str = "4321.09";

#[test]
fn who_sees_money_by_every_door() {
    on_each_engine(|world| async move {
        let estate = furnish(&world).await;
        let (reference, _) = chargeable(&world, &estate, "2027-03-02T20:00:00Z", "2027-03-02T22:00:00Z").await;
        world.step_worker();
        let mut cora = world.sign_in(CORA).await;
        let mut fields = line(WORD, AMOUNT);
        fields.push(("assumptions", "zanzibarite is in stock"));
        done(&mut cora, &reference, "quote", &fields).await;
        let mut fin = world.sign_in(FIN).await;
        done(&mut fin, &reference, "accept_quote", &[("order_number", "ZANZ-1"), ("order_value", AMOUNT), ("order_date", "2026-11-17")]).await;
        let letters = world.step_worker();
        let told: Vec<&str> = letters.iter().filter(|mail| mail.text.contains(AMOUNT)).map(|mail| mail.to.as_str()).collect();
        assert!(told.contains(&FIN) && told.contains(&RUTH) && told.contains(&PRIYA), "{told:?}");
        let may = [RUTH, FIN, PRIYA, CORA, ANN, "odd@authority.example"];
        for mail in letters.iter().filter(|mail| !may.contains(&mail.to.as_str())) {
            assert!(!mail.text.to_lowercase().contains("zanz") && !mail.text.contains(AMOUNT), "{}: {}", mail.to, mail.text);
        }
        let doors = [
            format!("/changes/{reference}"),
            format!("/changes/{reference}/quotes"),
            format!("/changes/{reference}/quotes.csv"),
            format!("/changes?q={WORD}"),
            format!("/changes/{reference}?show=decisions"),
            "/changes.csv".to_owned(),
            "/promises".to_owned(),
            "/reports".to_owned(),
            "/reports/charges".to_owned(),
            "/reports/charges.csv".to_owned(),
            "/reports/money-review".to_owned(),
            "/reports/invoices.csv".to_owned(),
            "/reports/trust-raised".to_owned(),
            "/reports/trust-raised.csv".to_owned(),
            "/".to_owned(),
        ];
        let api = [format!("/api/v1/changes/{reference}"), format!("/api/v1/changes/{reference}/history"), format!("/api/v1/changes/{reference}/offers")];
        let found = |body: &str| {
            body.to_lowercase().contains(WORD) || body.contains(AMOUNT) || body.contains(PLAIN) || body.contains("432109") || body.contains("ZANZ-1")
        };
        for email in may {
            let mut somebody = world.sign_in(email).await;
            for door in [&doors[1], &doors[2], &doors[0], &doors[9]] {
                let reply = somebody.get(door).await;
                assert!(reply.status == StatusCode::OK && found(&reply.body), "{email} {door}: {} {}", reply.status, reply.text());
            }
            let person = world.app.db.read(|tx| accounts::person_by_email(tx, email)).unwrap().unwrap();
            let history = token(&world, person.id).get(&api[1]).await;
            assert!(found(&history.body), "{email}: {}", history.body);
        }
        let others = [
            "rex@northbrook.example",
            "otto@riverside.example",
            "una@riverside.example",
            "tom@halden.example",
            "len@halden.example",
            "dee@halden.example",
            "nora@riverside.example",
        ];
        for email in others {
            let mut somebody = world.sign_in(email).await;
            for door in &doors {
                let reply = somebody.get(door).await;
                assert!(
                    !found(
                        &reply
                            .body
                            .replace(&format!("?q={WORD}"), "")
                            .replace(&format!("value=\"{WORD}\""), "")
                            .replace(&format!("“{WORD}”"), "")
                            .replace(&format!("q={WORD}"), "")
                    ),
                    "{email} {door}: {}",
                    reply.text()
                );
                // Otto sees the money of his own trust, so the reports are there for him, without this.
                let is_report = door.contains("/reports/charges") || door.contains("invoices") || door.contains("money-review");
                let is_money = door.contains("/quotes") || (is_report && email != "otto@riverside.example");
                assert!(!is_money || reply.status == StatusCode::NOT_FOUND, "{email} {door}: {}", reply.status);
            }
            let person = world.app.db.read(|tx| accounts::person_by_email(tx, email)).unwrap().unwrap();
            let program = token(&world, person.id);
            for door in &api {
                assert!(!found(&program.get(door).await.body), "{email} {door}");
            }
        }
    });
}

#[test]
fn invoices_add_up_and_what_nobody_agreed_is_reviewed() {
    on_each_engine(|world| async move {
        let estate = furnish(&world).await;
        let (open, _) = chargeable(&world, &estate, "2027-03-09T20:00:00Z", "2027-03-09T22:00:00Z").await;
        let (reference, _) = chargeable(&world, &estate, "2027-03-02T20:00:00Z", "2027-03-02T22:00:00Z").await;
        let (mut cora, mut fin, mut ruth) = (world.sign_in(CORA).await, world.sign_in(FIN).await, world.sign_in(RUTH).await);
        let mut priya = world.sign_in(PRIYA).await;
        let fee = [("fee_for", "A survey"), ("net", "450.00"), ("vat", "20"), ("valid_to", "2026-11-30")];
        done(&mut cora, &reference, "offer_fee", &fee).await;
        let owed = fin.get("/promises").await.text();
        assert!(owed.contains("Answer the fee"), "{owed}");
        done(&mut fin, &reference, "answer_fee", &[("accepted", "yes")]).await;
        done(&mut cora, &reference, "begin_impact", &[]).await;
        done(&mut ruth, &reference, "withdraw", &[]).await;
        let bill = [("invoice_for", "impact_fee"), ("invoice_number", "H-1"), ("invoice_date", "2026-11-17")];
        done(&mut cora, &reference, "invoice", &bill).await;
        done(&mut fin, &reference, "dispute_invoice", &[("invoice", "1"), ("reason", "It took a day")]).await;
        done(&mut cora, &reference, "credit_invoice", &[("invoice", "1"), ("net", "100.00"), ("reason", "A day less")]).await;
        let csv = priya.get("/reports/invoices.csv").await.body;
        let total = csv.lines().last().unwrap();
        assert_eq!(total, "TOTAL,,1,,,,,,450.00,90.00,540.00,100.00,20.00,420.00,,,", "{csv}");
        done(&mut cora, &reference, "pay_invoice", &[("invoice", "1"), ("paid_on", "2026-11-17")]).await;
        let csv = priya.get("/reports/invoices.csv").await.body;
        assert!(csv.lines().last().unwrap().ends_with(",100.00,20.00,0.00,,,"), "{csv}");
        // The other one is still to be quoted: nobody's silence decides it.
        let mut ann = world.sign_in(ANN).await;
        let review = ann.get("/reports/money-review").await.text();
        assert!(review.contains(&open) && review.contains("To be quoted") && !review.contains(&reference), "{review}");
    });
}

#[test]
fn nobody_sets_their_own_limit_and_without_one_agrees_to_nothing() {
    on_each_engine(|world| async move {
        let estate = furnish(&world).await;
        let both = world.person("bea@northbrook.example", "Bea Lund", &[(estate.trust, Role::Finance), (estate.trust, Role::Coordinator)]);
        let mut bea = world.sign_in("bea@northbrook.example").await;
        let address = format!("/setup/limits/{}", estate.trust);
        bea.get(&address).await;
        let own = bea.post(&address, &[(&format!("limit_{both}"), "5000"), ("basis", "net")]).await;
        assert!(own.status == StatusCode::UNPROCESSABLE_ENTITY && own.text().contains("nobody sets their own limit"), "{}", own.text());
        assert_eq!(bea.get(&format!("/setup/limits/{}", estate.other)).await.status, StatusCode::NOT_FOUND);
        let (reference, _) = chargeable(&world, &estate, "2027-03-02T20:00:00Z", "2027-03-02T22:00:00Z").await;
        let mut cora = world.sign_in(CORA).await;
        done(&mut cora, &reference, "quote", &line("Engineer", "10,000.01")).await;
        let none = take(&mut bea, &reference, "accept_quote", &[]).await;
        assert!(none.text().contains("Nobody has said how much you may agree to."), "{}", none.text());
        let mut fin = world.sign_in(FIN).await;
        let above = take(&mut fin, &reference, "accept_quote", &[]).await;
        assert!(above.text().contains("£10,000.01 is above your limit of £10,000.00."), "{}", above.text());
    });
}
