//! What waits for a person is written about: at once, then once a working day while anything waits. And what waited for an
//! account's domain is read again once it is set.

use super::*;
use crate::planned::at;

const SUBJECT: &str = "from carriers";

/// Who is written to about the queue now, and what stands in the letter.
fn letters(world: &World) -> (Vec<String>, String) {
    let mails: Vec<_> = world.step_worker().into_iter().filter(|mail| mail.subject.contains(SUBJECT)).collect();
    let mut to: Vec<String> = mails.iter().map(|mail| mail.to.clone()).collect();
    to.sort();
    (to, mails.first().map(|mail| format!("{}\n{}", mail.subject, mail.text)).unwrap_or_default())
}

#[test]
fn c127_whoever_may_confirm_is_written_to_at_once_and_then_once_a_working_day() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        lines(&world, &estate);
        let both = ["ann@authority.example", "nora@riverside.example"].map(str::to_owned);
        // A Friday evening: nothing waits for Monday.
        world.clock.set(at("2026-11-20T18:30:00Z"));
        let ann = program(&world);
        let strange = |n: u32| Note { sequence: n, account: "SOMEBODY", ..NOTE }.mail(&format!("w{n}"));
        assert_eq!(state(&send(&ann, "message/rfc822", strange(1)).await), "waiting");
        let (to, text) = letters(&world);
        assert_eq!(to, both, "the authority’s change manager and an administrator, and nobody else");
        for words in ["1 notice from carriers waits", "meridian.example, MW-7, from Tuesday 8 December 2026 at 20:30", "/setup/carrier-notices"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        // The same again, and others on the weekend, wait for one letter on Monday morning.
        assert_eq!(send(&ann, "message/rfc822", strange(1)).await.status, StatusCode::OK);
        world.clock.set(at("2026-11-21T10:00:00Z"));
        send(&program(&world), "message/rfc822", strange(2)).await;
        send(&program(&world), "message/rfc822", strange(3)).await;
        assert!(letters(&world).0.is_empty());
        world.clock.set(at("2026-11-23T08:59:00Z"));
        assert!(letters(&world).0.is_empty());
        world.clock.set(at("2026-11-23T09:00:00Z"));
        let (to, text) = letters(&world);
        assert!(to == both && text.contains("3 notices from carriers wait"), "{to:?}: {text}");
        assert!(letters(&world).0.is_empty(), "once a day");
        // What speaks for itself is no reason to write, and nothing is said twice on a day.
        assert_eq!(state(&send(&program(&world), "message/rfc822", NOTE.mail("e")).await), "entry");
        assert!(letters(&world).0.is_empty());
        world.clock.set(at("2026-11-24T09:00:00Z"));
        assert_eq!(letters(&world).0, both);
        // All are put aside: the next morning is quiet, and the next that waits is the first again.
        let mut ann = world.sign_in("ann@authority.example").await;
        for kept in world.app.read::<_, StoreError>(|tx| signalbox_store::carriers::notices(tx, signalbox_core::carrier::Standing::Waiting)).unwrap() {
            let path = format!("{QUEUE}/{}", kept.id);
            ann.get(&path).await;
            assert_eq!(ann.post(&path, &[("act", "refuse"), ("why", "Not ours")]).await.status, StatusCode::SEE_OTHER);
        }
        world.clock.set(at("2026-11-25T09:00:00Z"));
        assert!(letters(&world).0.is_empty());
        send(&program(&world), "message/rfc822", strange(4)).await;
        assert_eq!(letters(&world).0, both);
    });
}

#[test]
fn c127_what_waited_for_a_domain_is_read_again_once_it_is_set() {
    on_each_engine(|world| async move {
        let estate = Estate::furnish(&world);
        lines(&world, &estate);
        let account = world.app.read::<_, StoreError>(directory::network_accounts).unwrap().remove(0);
        let path = format!("/setup/network-accounts/{}", account.id);
        let mut nora = world.sign_in("nora@riverside.example").await;
        let (org, provider) = (account.org_id.to_string(), account.provider_id.to_string());
        let mut set = async |senders: &str| {
            let seen = nora.get(&path).await.field("seen").unwrap();
            let circuits = "NB-ETH-1\nNB-ETH-2";
            let fields = [("org", org.as_str()), ("provider", &provider), ("number", "NB-0042"), ("circuits", circuits), ("senders", senders), ("seen", &seen)];
            assert_eq!(nora.post(&path, &fields).await.status, StatusCode::SEE_OTHER);
        };
        set("").await;
        let ann = program(&world);
        let first = send(&ann, "message/rfc822", NOTE.mail("a")).await;
        let moved = Note { sequence: 2, start: "20261209T200000Z", end: "20261209T220000Z", ..NOTE };
        let moved = send(&ann, "message/rfc822", moved.mail("b")).await;
        let foreign = Note { sequence: 3, status: "CANCELLED", ..NOTE }.mail("c").replace("noc@meridian.example>", "noc@elsewhere.example>");
        let foreign = send(&ann, "message/rfc822", foreign).await;
        let all = [&first, &moved, &foreign];
        assert!(all.iter().all(|reply| state(reply) == "waiting") && standing(&world).is_empty());
        let standings = |world: &World| {
            let state = |reply: &&Reply| {
                let id = reply.json()["id"].as_str().unwrap().parse().unwrap();
                let kept = world.app.read::<_, StoreError>(|tx| signalbox_store::carriers::notice(tx, id)).unwrap().unwrap();
                (kept.state.code(), kept.understood.faults.iter().map(|fault| fault.doubt.code()).collect::<Vec<_>>())
            };
            all.iter().map(state).collect::<Vec<_>>()
        };
        // A domain that is not theirs leaves all waiting, and says why now.
        set("other.example").await;
        assert_eq!(
            standings(&world),
            vec![("waiting", vec!["sender_elsewhere"]), ("waiting", vec!["sender_elsewhere"]), ("waiting", vec!["sender_elsewhere", "unannounced"])]
        );
        set("meridian.example").await;
        assert_eq!(standings(&world)[..2], [("entry", vec![]), ("entry", vec![])], "in the order in which they came");
        assert_eq!(standings(&world)[2], ("waiting", vec!["sender_elsewhere"]), "whoever else wrote still waits");
        let now = standing(&world);
        assert_eq!((now.len(), now[0].1.as_str()), (1, "2026-12-09T20:00:00Z"), "the later version stands");
        // One by one, on its own page; what was decided is not read again.
        let mut ann = world.sign_in("ann@authority.example").await;
        let one = format!("{QUEUE}/{}", foreign.json()["id"].as_str().unwrap());
        ann.get(&one).await;
        assert_eq!(ann.post(&one, &[("act", "again")]).await.status, StatusCode::SEE_OTHER);
        assert!(ann.get(&one).await.text().contains("it does not come from a domain from which notices of this account come"));
        set("meridian.example\nelsewhere.example").await;
        assert_eq!((standings(&world)[2].0, standing(&world)), ("entry", vec![]), "its cancellation is genuine now");
        assert_eq!(ann.post(&one, &[("act", "again")]).await.status, StatusCode::CONFLICT);
        let findings = world.app.db.read(|tx| signalbox_store::log::verify(tx, None, &mut |_, _| ()));
        assert_eq!(findings, Ok(vec![]), "the chain holds");
    });
}
