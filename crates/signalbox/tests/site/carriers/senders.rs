//! A notice is held to the domains of its account: whoever invents a sender, or writes before any domain is set, puts
//! nothing on the schedule.

use super::*;
use crate::harness::for_each_target;
use crate::world::{runtime, settings};

/// What is asked about a notice, as the API and the page say it.
fn asked(reply: &Reply) -> Vec<String> {
    let one = |asked: &Value| format!("{} {}", asked["field"].as_str().unwrap(), asked["code"].as_str().unwrap());
    reply.json()["questions"].as_array().unwrap().iter().map(one).collect()
}

async fn shown(world: &World, reply: &Reply) -> String {
    let mut ann = world.sign_in("ann@authority.example").await;
    ann.get(&format!("{QUEUE}/{}", reply.json()["id"].as_str().unwrap())).await.text()
}

fn from(sender: &str, id: &str, note: &Note) -> String {
    note.mail(id).replace("From: Meridian NOC <noc@meridian.example>", sender)
}

#[test]
fn c127_the_first_notice_of_a_work_is_held_to_the_domains_of_its_account() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        lines(&world, &estate);
        let ann = program(&world);
        // Everything in it is right but who wrote it.
        for (n, sender) in [
            "From: noc@elsewhere.example",
            "From: Meridian NOC <noc@meridian.example.elsewhere.example>",
            "From: Meridian NOC <noc@not-meridian.example>",
            "From: noc@notices.meridian.example",
            "From: \"noc@meridian.example\" <noc@elsewhere.example>",
            "Reply-To: noc@meridian.example",
            "From: noc@meridian.example, noc@elsewhere.example",
            "From: noc@elsewhere.example\r\nFrom: noc@meridian.example",
            "From: noc@meridian.example\r\nFrom: noc@elsewhere.example",
        ]
        .into_iter()
        .enumerate()
        {
            let reply = send(&ann, "message/rfc822", from(sender, &format!("f{n}"), &NOTE)).await;
            assert_eq!((state(&reply).as_str(), standing(&world)), ("waiting", vec![]), "{sender}: {}", reply.body);
            assert_eq!(asked(&reply), ["From sender_elsewhere"], "{sender}");
            let page = shown(&world, &reply).await;
            assert!(page.contains("From: it does not come from a domain from which notices of this account come."), "{sender}: {page}");
        }
        // A calendar by itself is its organizer's.
        let forged = NOTE.calendar().replace("ORGANIZER:mailto:noc@meridian.example", "ORGANIZER:mailto:noc@elsewhere.example");
        assert_eq!(asked(&send(&ann, "text/calendar", forged).await), ["From sender_elsewhere"]);
        assert_eq!(standing(&world), []);
        let genuine = send(&ann, "message/rfc822", from("From: NOC@Meridian.EXAMPLE", "g", &NOTE)).await;
        assert_eq!((state(&genuine).as_str(), standing(&world).len()), ("entry", 1), "{}", genuine.body);
    });
}

#[test]
fn c127_where_no_domain_is_set_a_person_is_asked_and_an_administrator_sets_it() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        lines(&world, &estate);
        let account = world.app.read::<_, StoreError>(directory::network_accounts).unwrap().remove(0);
        let path = format!("/setup/network-accounts/{}", account.id);
        let authority = world.organisation("authority-2", OrgKind::Authority);
        world.person("ada@authority.example", "Ada Byrne", &[(authority, Role::Administrator)]);
        let mut ada = world.sign_in("ada@authority.example").await;
        let (org, provider) = (account.org_id.to_string(), account.provider_id.to_string());
        let mut set = async |senders: &str| {
            let seen = ada.get(&path).await.field("seen").unwrap();
            let circuits = "NB-ETH-1\nNB-ETH-2";
            let fields = [("org", org.as_str()), ("provider", &provider), ("number", "NB-0042"), ("circuits", circuits), ("senders", senders), ("seen", &seen)];
            ada.post(&path, &fields).await
        };
        assert_eq!(set("").await.status, StatusCode::SEE_OTHER);
        let ann = program(&world);
        let reply = send(&ann, "message/rfc822", NOTE.mail("a")).await;
        assert_eq!((state(&reply).as_str(), asked(&reply)), ("waiting", vec!["From sender_unset".into()]), "{}", reply.body);
        assert!(
            shown(&world, &reply).await.contains("From: nobody has set from which domains notices of this account come; that is done under Network accounts.")
        );
        for wrong in ["meridian", "noc@meridian.example", "meridian..example", "*.meridian.example", "-m.example", "a b.example"] {
            let refused = set(wrong).await;
            assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text().contains("Enter a domain such as meridian.example"), "{wrong}");
        }
        assert_eq!(set(" @Meridian.example\r\n\r\nworks.meridian.example\nmeridian.example").await.status, StatusCode::SEE_OTHER);
        let account = world.app.read::<_, StoreError>(directory::network_accounts).unwrap().remove(0);
        assert_eq!(account.senders, ["meridian.example", "works.meridian.example"]);
        assert!(ada.get(&path).await.text().contains("works.meridian.example"), "it stands in the form");
        // Of two domains of one account either may go on with what the other began.
        assert_eq!(state(&send(&program(&world), "message/rfc822", Note { sequence: 2, ..NOTE }.mail("b")).await), "entry");
        let moved = from("From: noc@works.meridian.example", "c", &Note { sequence: 3, start: "20261209T200000Z", end: "20261209T220000Z", ..NOTE });
        let moved = send(&program(&world), "message/rfc822", moved).await;
        assert_eq!((state(&moved).as_str(), standing(&world)[0].1.as_str()), ("entry", "2026-12-09T20:00:00Z"), "{}", moved.body);
    });
}

#[test]
fn c127_a_sender_that_the_mail_server_does_not_vouch_for_is_asked_about() {
    for_each_target(|target| {
        runtime().block_on(async {
            let world = World::open_with(target, signalbox::config::Config { mail_checked_by: Some("mx.change.example".into()), ..settings() });
            let estate = Estate::furnish(&world);
            lines(&world, &estate);
            let ann = program(&world);
            let forged = [
                "",
                "Authentication-Results: mx.change.example;\r\n dmarc=fail header.from=meridian.example\r\n",
                "Authentication-Results: mx.forger.example; dmarc=pass header.from=meridian.example\r\n",
                "Authentication-Results: mx.change.example; dmarc=none\r\nAuthentication-Results: mx.change.example; dmarc=pass header.from=meridian.example\r\n",
            ];
            for (n, results) in forged.into_iter().enumerate() {
                let reply = send(&ann, "message/rfc822", format!("{results}{}", Note { sequence: n as u32 + 1, ..NOTE }.mail(&format!("f{n}")))).await;
                assert_eq!((state(&reply).as_str(), asked(&reply)), ("waiting", vec!["From sender_unproved".into()]), "{results}: {}", reply.body);
                assert!(shown(&world, &reply).await.contains("From: the mail server does not say that it really comes from the domain it names."));
            }
            assert_eq!(standing(&world), []);
            let good = "Authentication-Results: mx.change.example;\r\n spf=pass smtp.mailfrom=meridian.example;\r\n dmarc=pass (p=reject) header.from=meridian.example\r\n";
            let reply = send(&ann, "message/rfc822", format!("{good}{}", Note { sequence: 7, ..NOTE }.mail("g"))).await;
            assert_eq!((state(&reply).as_str(), standing(&world).len()), ("entry", 1), "{}", reply.body);
        });
    });
}

#[test]
fn c127_each_reason_why_a_note_waits_is_named() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        lines(&world, &estate);
        let ann = program(&world);
        let ask = async |note: Note<'static>| asked(&send(&ann, "text/calendar", note.calendar()).await);
        assert_eq!(ask(Note { account: "SOMEBODY", ..NOTE }).await, ["X-MAINTNOTE-ACCOUNT account_unknown"]);
        assert_eq!(ask(Note { objects: &["NB-ETH-1", "NB-ETH-99"], ..NOTE }).await, ["X-MAINTNOTE-OBJECT-ID circuit_unknown"]);
        assert_eq!(ask(Note { status: "CANCELLED", ..NOTE }).await, ["X-MAINTNOTE-STATUS unannounced"]);
        assert_eq!(ask(NOTE).await, Vec::<String>::new());
        assert_eq!(ask(Note { impact: "DEGRADED", ..NOTE }).await, ["SEQUENCE reworded"]);
    });
}
