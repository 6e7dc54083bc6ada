//! Search finds what is asked and nothing of others (S04), the same on both databases.

use signalbox_core::actor::{Actor, Role};
use signalbox_core::change::{Confidentiality, Parties, Stage};
use signalbox_core::ids::OrgId;
use signalbox_store::queries::found::Finder;
use signalbox_store::queries::list::{self, Count, ListFilter};
use signalbox_store::scope::Scope;

use crate::harness::for_each_engine;
use crate::world::*;

const NONE: [i64; 0] = [];

fn found(world: &World, actor: &Actor, q: &str) -> Vec<i64> {
    let (scope, filter) = (Scope::of(actor), ListFilter { q: Some(q.to_owned()), ..ListFilter::default() });
    world.read(|tx| {
        let page = list::list(tx, &scope, &filter, None, 500)?;
        assert_eq!(list::count(tx, &scope, &filter)?, Count::Exactly(page.rows.len() as i64), "{q}");
        let common = Finder::of(tx, &scope, &filter)?.supposing_common();
        assert_eq!(list::page(tx, &scope, &common, None, 500)?, page, "{q}, as a common word");
        Ok(page.rows.iter().map(|r| r.id).collect())
    })
}

#[test]
fn references_words_and_beginnings_are_found_newest_first() {
    for_each_engine(|db| {
        let world = World::on(db);
        let tell = |title: &str| world.tell(Told { title: title.into(), ..told(NORTH, Stage::Submitted) });
        let first = tell("Replace core switch 07 in O'Neill Ward, phase one");
        let second = tell("Core-switch firmware: REPLACE");
        let third = tell(&format!("Follows RFC-{first}"));
        let me = world.person(&[(NORTH, Role::Requester)]);
        let find = |q: &str| found(&world, &me, q);
        assert_eq!(find("replace core"), [second, first]);
        assert_eq!(find("CORE SWI"), [second, first], "the last word may be a beginning");
        assert_eq!(find("swi core"), NONE, "the others are whole");
        assert_eq!(find("o'neill"), [first]);
        assert_eq!(find(&format!("rfc-2026-{first:06}")), [first]);
        assert_eq!(find(&format!("RFC-2026-{first}")), [first]);
        assert_eq!(find(&format!("rfc-{first}")), [first], "in short");
        assert_eq!(find(&format!("S-{second}")), [second], "the reference of another system");
        assert_eq!(find("RFC-2026-999999"), NONE);
        assert_eq!(find("   "), [third, second, first], "nothing typed narrows nothing");
        for signs in ["!", "\"", "'", "*", ":*", "&|!", "\\", "--", "%", "NEAR(", "'; drop table changes; --", "\u{0}", "a\u{0}b", "$1", "{}"] {
            find(signs);
        }
        assert_eq!(find("!"), NONE, "signs alone find nothing");
        assert_eq!(find("replace OR firmware"), NONE, "operators are words");
        assert_eq!(find(&"core ".repeat(2000)), [second, first]);
    });
}

#[test]
fn s04_no_search_list_or_count_tells_of_others() {
    for_each_engine(|db| {
        let world = World::on(db);
        let canaries =
            [(NORTH, "canarynorth"), (SOUTH, "canarysouth"), (SUPPLIER, "canarysupplier"), (AUTHORITY, "canaryauthority"), (PROVIDER, "canaryprovider")];
        for (org, word) in canaries {
            // Somebody runs it, so that no supplier is asked about what is not theirs.
            let parties = Parties { runs: [OrgId(org)].into(), ..Parties::default() };
            for stage in [Stage::Draft, Stage::Submitted, Stage::Closed] {
                for confidentiality in Confidentiality::ALL {
                    world.tell(Told { title: format!("{word} {word}x"), confidentiality: *confidentiality, parties: parties.clone(), ..told(org, stage) });
                }
            }
        }
        let readers = [(NORTH, Role::Requester), (SOUTH, Role::Coordinator), (SUPPLIER, Role::SupplierManager), (PROVIDER, Role::NetworkDesk)];
        for (reader, role) in readers {
            let me = world.person(&[(reader, role)]);
            let scope = Scope::of(&me);
            for (org, word) in canaries {
                let own = org == reader;
                for q in [word, &word[..9], &format!("{word}x")] {
                    let titles = found(&world, &me, q).len();
                    // A requester and the provider's desk read no restricted ones; one begins of a word fits all canaries.
                    let wanted = match (own, q.len() < 10) {
                        (false, false) => 0,
                        _ if matches!(role, Role::Requester | Role::NetworkDesk) => 6,
                        _ => 9,
                    };
                    if own || q.len() >= 10 {
                        assert_eq!(titles, wanted, "{role:?} of {reader} looks for {q}");
                    }
                }
                let filter = ListFilter { organisation: Some(org), ..ListFilter::default() };
                let others = world.read(|tx| list::count(tx, &scope, &filter));
                assert_eq!(others != Count::Exactly(0), own, "{role:?} of {reader} counts {org}");
            }
            let filter = ListFilter::default();
            let mut leaked = vec![];
            world.read(|tx| {
                list::each(tx, &scope, &filter, |row| {
                    if row.org.id != reader {
                        leaked.push(row.title);
                    }
                    Ok(())
                })
            });
            assert_eq!(leaked, Vec::<String>::new(), "{role:?} of {reader}");
        }
    });
}
