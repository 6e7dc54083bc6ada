//! Settled 24: a word that stands in every field of one organisation appears in no list, count, search, file, API
//! answer, letter or error of another. Two trusts, each with a supplier of its own, put their words everywhere; then
//! each person asks at every door there is, and the word of the other must not be there. That the owner finds it
//! through the same doors proves that the doors would show it.
//!
//! What is shared on purpose: the register of organisations, by code and name; sites, services and items by name to
//! those who serve them (scope.rs); and titles of open changes on the schedule and in reports (settled 8).

mod writer;

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Method, StatusCode};
use signalbox::web::ROUTES;
use signalbox_core::act::Act;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::change::Kind;
use signalbox_store::accounts;
use signalbox_store::queries::schedule::ScheduleFilter;

use crate::api::program::{described, token};
use crate::world::{Client, World, on_each_engine};
use writer::{Writer, open, place, word};

const TRUSTS: [&str; 2] = ["acorn", "beech"];

/// Somebody who looks, by browser and by program.
struct Viewer<'w> {
    email: String,
    browser: Client<'w>,
    program: Option<Client<'w>>,
    /// Words that are not for these eyes anywhere.
    hidden: Vec<String>,
    /// Words of titles that are shown on the schedule and in reports, and nowhere else.
    titles: Vec<String>,
    /// The organisation whose words they do see.
    own: Option<&'static str>,
    /// The secret of a subscription of theirs to the whole schedule.
    feed: Option<String>,
}

/// What stands for a secret in the addresses that everybody asks at.
const NO_SECRET: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What came back: the status, and the body without what is new each time.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    status: StatusCode,
    text: String,
}

impl Viewer<'_> {
    async fn ask(&self, path: &str) -> Said {
        let client = if path.starts_with("/api/") { self.program.as_ref().unwrap_or(&self.browser) } else { &self.browser };
        let own = self.feed.as_deref().filter(|_| path.starts_with("/feeds/"));
        let reply = client.look(&Method::GET, &path.replace(NO_SECRET, own.unwrap_or(NO_SECRET))).await;
        let headers: Vec<String> = ["location", "content-disposition"].into_iter().map(|name| reply.header(name).to_lowercase()).collect();
        Said { status: reply.status, text: masked(&format!("{} {}", headers.join(" "), reply.body.to_lowercase())) }
    }
}

/// Without secrets, keys and ids, which differ from one answer to the next.
pub fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_hexdigit() {
            run.push(c);
            continue;
        }
        out.push_str(if run.len() >= 16 { "#" } else { &run });
        run.clear();
        out.push(c);
    }
    out
}

/// Everything that the addresses of routes may name.
struct Known {
    references: Vec<String>,
    /// The ids in each table.
    ids: BTreeMap<&'static str, Vec<String>>,
}

/// Whose ids stand in a route's address.
const TABLES: [(&str, &str, &str); 9] = [
    ("/files/", "files", "select id from files order by id"),
    ("/members/requests", "registrations", "select id from registrations order by id"),
    ("/members", "memberships", "select id from memberships order by id"),
    ("/setup/roles", "memberships", "select id from memberships order by id"),
    ("/setup/organisations", "organisations", "select id from organisations order by id"),
    ("/setup/sites", "sites", "select id from sites order by id"),
    ("/setup/services", "services", "select id from services order by id"),
    ("/setup/items", "items", "select id from items order by id"),
    ("/setup/people", "people", "select id from people order by id"),
];

fn known(world: &World) -> Known {
    let references = world.app.db.read(|tx| tx.all("select reference from changes order by id", &[], |row| row.text(0))).unwrap();
    let ids = TABLES.map(|(_, table, sql)| (table, world.app.db.read(move |tx| tx.all(sql, &[], |row| row.int(0))).unwrap()));
    Known { references, ids: ids.into_iter().map(|(table, ids)| (table, ids.iter().take(10).map(ToString::to_string).collect())).collect() }
}

/// References as they will be given out, so that the same addresses are asked before and after.
fn to_come(known: &Known) -> Vec<String> {
    let mut all: BTreeSet<String> = known.references.iter().cloned().collect();
    for prefix in ["RFC", "ON", "SR"] {
        all.extend((1..=4).map(|n| format!("{prefix}-2026-{n:06}")));
    }
    all.into_iter().collect()
}

/// Every GET address of the pages and of the API, with everything known in its places and with every filter.
fn doors(known: &Known) -> Vec<String> {
    let described = described()["paths"].as_object().unwrap();
    let of_api = described.iter().filter(|(_, item)| item.get("get").is_some()).map(|(path, _)| path.as_str());
    let pages = ROUTES.iter().filter(|route| route.method == Method::GET).map(|route| route.path);
    let references = to_come(known);
    let mut doors = BTreeSet::new();
    for path in pages.chain(of_api) {
        let mut filled = vec![path.to_owned()];
        let mut put = |place: &str, values: &[String]| {
            if path.contains(place) {
                filled = filled.iter().flat_map(|one| values.iter().map(move |value| one.replace(place, value))).collect();
            }
        };
        put("{ref}", &references);
        let acts = if path.starts_with("/api") { &["approve"][..] } else { &["approve", "amend"] };
        put("{act}", &acts.iter().map(|act| Act::from_code(act).unwrap().code().to_owned()).collect::<Vec<_>>());
        let ids = TABLES.iter().find(|(part, _, _)| path.contains(part)).map_or(vec!["1".to_owned()], |(_, table, _)| known.ids[table].clone());
        put("{id}", if path.contains("{ref}") { &ids[..ids.len().min(1)] } else { &ids });
        put("{step}", &["what".into()]);
        put("{entry}", &["modality_swap".into()]);
        put("{site}", &TRUSTS.map(|code| format!("{code}-s")));
        put("{token}", &[NO_SECRET.to_owned()]);
        put("{hash}", &["0".into()]);
        put("{name}", &["x.css".into()]);
        doors.extend(filled);
    }
    for code in TRUSTS {
        let upper = code.to_uppercase();
        for list in ["/changes", "/changes.csv", "/api/v1/changes"] {
            for filter in ["organisation", "service", "site", "item"] {
                let value = match filter {
                    "organisation" => upper.clone(),
                    "service" => format!("{upper}-PACS"),
                    "site" => format!("{upper}-S"),
                    _ => format!("{upper}-NODE"),
                };
                doors.insert(format!("{list}?{filter}={value}"));
            }
        }
        for more in ["view=table&from=2026-11-01&days=60", "view=timeline&from=2026-11-23", "view=month&from=2026-12-01"] {
            doors.extend([format!("/schedule?{more}"), format!("/schedule?{more}&organisation={code}"), format!("/schedule?{more}&site={code}-s")]);
        }
        for list in ["/schedule.csv", "/reports/success", "/reports/success.csv", "/reports/trust-raised", "/reports/trust-raised.csv", "/reports/schedule"] {
            doors.extend([format!("{list}?from=2026-11-01&to=2026-12-31&days=60"), format!("{list}?from=2026-11-01&days=60&organisation={code}")]);
        }
        let span = "from=2026-11-01T00:00:00Z&to=2026-12-31T00:00:00Z";
        doors.extend([
            format!("/api/v1/schedule?{span}"),
            format!("/api/v1/schedule?{span}&organisation={upper}"),
            format!("/api/v1/schedule?{span}&site={upper}-S"),
            format!("/api/v1/sites?organisation={upper}"),
            format!("/api/v1/items?organisation={upper}"),
            format!("/api/v1/duties?organisation={upper}"),
            format!("/api/v1/expected?item={upper}-NODE&at=2026-11-23T19:30:00Z"),
            format!("/promises?of={upper}"),
            format!("/ops?device={upper}-NODE&date=2026-11-23&time=19:30"),
            format!("/tonight/{code}-s?date=2026-11-23"),
            format!("/tonight?site={code}-s&date=2026-11-23"),
            format!("/setup/people?q={code}"),
        ]);
    }
    doors.into_iter().collect()
}

/// Which route an address belongs to.
fn route_of(path: &str) -> String {
    let bare = path.split('?').next().unwrap();
    let is_place = |part: &str| part.bytes().all(|b| b.is_ascii_digit()) || part.contains("-2026-") || part.len() == 64;
    bare.split('/').map(|part| if !part.is_empty() && is_place(part) { "*" } else { part }).collect::<Vec<_>>().join("/")
}

/// Where titles of open changes may be read by members (settled 8).
fn is_shared(path: &str) -> bool {
    let route = route_of(path);
    route == "/" || ["/schedule", "/feeds/", "/reports/", "/api/v1/schedule", "/tonight"].iter().any(|start| route.starts_with(start))
}

async fn viewer<'w>(world: &'w World, email: String, hides: &[&str], places: &[&str], own: Option<&'static str>) -> Viewer<'w> {
    let browser = world.sign_in(&email).await;
    let asked = email.clone();
    let id = world.app.db.read(|tx| accounts::person_by_email(tx, &asked)).unwrap().expect("a person").id;
    let program = world.program(&token(world, id).token);
    let feed = Some(subscribed(world, id));
    let hidden = hides.iter().map(|code| word(code)).chain(places.iter().map(|code| place(code))).collect();
    Viewer { email, browser, program: Some(program), hidden, titles: hides.iter().map(|code| open(code)).collect(), own, feed }
}

/// The secret of a new subscription of this person to everything.
fn subscribed(world: &World, person_id: i64) -> String {
    let (now, secret, act) = (world.now(), world.app.ids.token(), world.app.act(None, world.now()));
    let feed =
        accounts::Feed { id: world.app.ids.mint(now), person_id, name: "All".into(), filter: ScheduleFilter::default(), created_at: now, last_read_at: None };
    world.app.attempt(move |tx| accounts::make_feed(tx, &act, &feed, &secret.hash())).unwrap();
    secret.to_hex()
}

/// Everybody who is to see less than all, each signed in anew.
async fn viewers(world: &World) -> Vec<Viewer<'_>> {
    let of = |who: &str, code: &str, at: &str| format!("{who}.{}@{at}.example", word(code));
    let mut viewers = vec![
        viewer(world, of("coordinator", "acorn", "acorn"), &["beech"], &["beech"], Some("acorn")).await,
        viewer(world, of("coordinator", "beech", "beech"), &["acorn"], &["acorn"], Some("beech")).await,
        // Suppliers and the provider know the estate by name, and nothing of what others do there.
        viewer(world, of("manager", "acorn", "halden"), &["beech"], &[], Some("acorn")).await,
        viewer(world, of("manager", "beech", "birch"), &["acorn"], &[], Some("beech")).await,
        viewer(world, "desk@merlin.example".into(), &TRUSTS, &[], None).await,
        viewer(world, "coordinator@cedar.example".into(), &TRUSTS, &TRUSTS, None).await,
        viewer(world, "reader@cedar.example".into(), &TRUSTS, &TRUSTS, None).await,
    ];
    let hidden = TRUSTS.iter().flat_map(|code| [word(code), place(code), open(code)]).collect();
    viewers.push(Viewer { email: "a stranger".into(), browser: world.stranger(), program: None, hidden, titles: vec![], own: None, feed: None });
    viewers
}

fn furnish(world: &World) -> [(&'static str, i64, &'static str, i64); 2] {
    let halden = world.organisation("halden", OrgKind::Supplier);
    let birch = world.organisation("birch", OrgKind::Supplier);
    let merlin = world.organisation("merlin", OrgKind::Network);
    let cedar = world.organisation("cedar", OrgKind::Trust);
    world.person("desk@merlin.example", "Dee Oakes", &[(merlin, Role::NetworkDesk)]);
    world.person("coordinator@cedar.example", "Cora Reed", &[(cedar, Role::Coordinator)]);
    world.person("reader@cedar.example", "Una Moss", &[(cedar, Role::GroupMember)]);
    let trusts = TRUSTS.map(|code| world.organisation(code, OrgKind::Trust));
    [("acorn", trusts[0], "halden", halden), ("beech", trusts[1], "birch", birch)]
}

/// Letters hold no word that their reader may not see.
fn letters_keep_to_themselves(world: &World) -> usize {
    let letters = world.post();
    for letter in &letters {
        let all = format!("{} {} {}", letter.to, letter.subject, letter.text).to_lowercase();
        for (code, domains) in [("acorn", ["acorn", "halden"]), ("beech", ["beech", "birch"])] {
            let is_own = domains.iter().any(|domain| letter.to.ends_with(&format!("@{domain}.example"))) || letter.to.ends_with("@authority.example");
            let holds = [word(code), place(code), open(code)].iter().any(|word| all.contains(word));
            assert!(is_own || !holds, "a letter to {} holds a word of {code}: {}", letter.to, letter.text);
        }
    }
    letters.len()
}

#[test]
fn settled_24_no_word_of_one_organisation_reaches_another() {
    on_each_engine(|world| async move {
        let orgs = furnish(&world);
        let authority = world.organisation("authority", OrgKind::Authority);
        let ann = world.person("ann@authority.example", "Ann Okafor", &[(authority, Role::AuthorityManager)]);
        world.person("ada@authority.example", "Ada Lane", &[(authority, Role::Administrator)]);
        let mut writers: Vec<Writer> = orgs.iter().map(|(code, org, s, supplier)| Writer::new(&world, code, *org, (*s, *supplier), &[ann])).collect();
        world.person("plain@acorn.example", "Pat Plain", &[(orgs[0].1, Role::Coordinator)]);
        // Everything at once, and the outage first, so that its night is the first.
        let (mut worked, mut letters) = (vec![], 0);
        for writer in &mut writers {
            let outage = writer.sent(Kind::PlannedOutage, "parties_only");
            writer.decided(outage);
            worked.push(outage);
            let refused = writer.sent(Kind::Normal, "parties_only");
            writer.refused(refused);
            let cancelled = writer.sent(Kind::Normal, "parties_only");
            writer.decided(cancelled);
            writer.take(cancelled, Act::Cancel, &[]);
            let withdrawn = writer.sent(Kind::Normal, "security_restricted");
            writer.take(withdrawn, Act::Withdraw, &[]);
            writer.draft(Kind::Normal, "open");
            writer.draft(Kind::ServiceRequest, "open");
            writer.imported("2026-11-03T20:00:00Z".parse().unwrap());
            letters += letters_keep_to_themselves(&world);
            writer.asks_to_join().await;
        }
        world.clock.set("2026-11-23T19:05:00Z".parse::<jiff::Timestamp>().unwrap());
        for (writer, outage) in writers.iter().zip(worked) {
            writer.done(outage);
        }
        letters += letters_keep_to_themselves(&world);
        assert!(letters > 20, "{letters} letters went out");

        let known = known(&world);
        assert!(known.references.len() >= 14, "{:?}", known.references);
        let doors = doors(&known);
        let mut faults = vec![];
        let mut seen = BTreeSet::new();
        for viewer in viewers(&world).await {
            for path in &doors {
                let said = viewer.ask(path).await;
                assert!(said.status.as_u16() < 500, "{} {path}: {}", viewer.email, said.text);
                for word in &viewer.hidden {
                    if said.text.contains(word.as_str()) {
                        faults.push(format!("{} finds {word} at {path}", viewer.email));
                    }
                }
                for title in viewer.titles.iter().filter(|title| said.text.contains(title.as_str()) && !is_shared(path)) {
                    faults.push(format!("{} finds the title {title} at {path}", viewer.email));
                }
            }
        }
        assert!(faults.is_empty(), "{} leaks:\n{}", faults.len(), faults.join("\n"));
        // The owner finds the word behind each of these doors, so a leak through it would have been found.
        let ann_sees = viewer(&world, "ann@authority.example".into(), &[], &[], Some("acorn")).await;
        let ada_sees = viewer(&world, "ada@authority.example".into(), &[], &[], Some("acorn")).await;
        let plain_sees = viewer(&world, "plain@acorn.example".into(), &[], &[], Some("acorn")).await;
        // Nobody of these has the word in the name that stands at the head of each page.
        for viewer in [ann_sees, ada_sees, plain_sees] {
            for path in &doors {
                let text = viewer.ask(path).await.text;
                if text.contains(&word("acorn")) || text.contains(&place("acorn")) {
                    seen.insert(route_of(path));
                }
            }
        }
        for door in DOORS {
            assert!(seen.contains(*door), "the owner finds nothing at {door}; doors that show it: {seen:#?}");
        }
    });
}

/// Doors through which the words of an organisation are seen by somebody who may.
const DOORS: &[&str] = &[
    "/changes",
    "/changes.csv",
    "/changes/*",
    "/changes/*/files/*",
    "/decide/*",
    "/schedule",
    "/schedule.csv",
    "/feeds/*/schedule.ics",
    "/feeds/*/schedule.atom",
    "/feeds/*/schedule.json",
    "/reports/trust-raised",
    "/reports/trust-raised.csv",
    "/reports/schedule",
    "/members/requests/*",
    "/setup/people",
    "/setup/sites",
    "/setup/services",
    "/setup/items",
    "/api/v1/changes",
    "/api/v1/changes/*",
    "/api/v1/changes/*/history",
    "/api/v1/changes/*/files",
    "/api/v1/schedule",
    "/api/v1/duties",
    "/api/v1/sites",
    "/api/v1/services",
    "/api/v1/items",
];

#[test]
fn s04_a_search_for_another_s_word_is_a_search_for_nothing() {
    on_each_engine(|world| async move {
        let orgs = furnish(&world);
        let authority = world.organisation("authority", OrgKind::Authority);
        let ann = world.person("ann@authority.example", "Ann Okafor", &[(authority, Role::AuthorityManager)]);
        let mut writers: Vec<Writer> = orgs.iter().map(|(code, org, s, supplier)| Writer::new(&world, code, *org, (*s, *supplier), &[ann])).collect();
        for writer in &mut writers {
            writer.sent(Kind::Normal, "parties_only");
            writer.sent(Kind::PlannedOutage, "open");
            writer.draft(Kind::Normal, "open");
        }
        for viewer in viewers(&world).await.iter().filter(|viewer| viewer.program.is_some()) {
            for code in TRUSTS.into_iter().filter(|code| viewer.own != Some(*code)) {
                let nothing = "x".repeat(code.len());
                for form in ["zq?", "zq?*", "\"ZQ? what\"", "zq?.txt", "%zp?%", "?-node"] {
                    for list in ["/changes", "/api/v1/changes", "/api/v1/items"] {
                        let path = |name: &str| {
                            let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", &form.replace('?', name)).finish();
                            format!("{list}?{query}")
                        };
                        // Suppliers and the provider find items by name, as they may.
                        if list.ends_with("items") && !viewer.hidden.contains(&place(code)) {
                            continue;
                        }
                        let (found, none) = (viewer.ask(&path(code)).await, viewer.ask(&path(&nothing)).await);
                        assert_eq!(found.text.replace(code, "?"), none.text.replace(&nothing, "?").replace(code, "?"), "{} at {}", viewer.email, path(code));
                    }
                }
            }
            if let Some(own) = viewer.own {
                let found = viewer.ask(&format!("/api/v1/changes?q=zq{own}")).await;
                assert!(found.text.contains(&word(own)), "{} does not find their own", viewer.email);
            }
        }
    });
}

#[test]
fn settled_24_no_count_and_no_sum_moves_for_another() {
    on_each_engine(|world| async move {
        let orgs = furnish(&world);
        let authority = world.organisation("authority", OrgKind::Authority);
        let ann = world.person("ann@authority.example", "Ann Okafor", &[(authority, Role::AuthorityManager)]);
        let mut writers: Vec<Writer> = orgs.iter().map(|(code, org, s, supplier)| Writer::new(&world, code, *org, (*s, *supplier), &[ann])).collect();
        // Acorn has its world before Beech does anything that Acorn may not know of.
        let outage = writers[0].sent(Kind::PlannedOutage, "open");
        writers[0].decided(outage);
        let known = known(&world);
        // Pages of single changes are asked for above; here it is about lists, counts and sums.
        let doors: Vec<String> = doors(&known).into_iter().filter(|path| !path.contains("-2026-0")).collect();
        let viewers = viewers(&world).await;
        let is_asked = |viewer: &&Viewer| ["coordinator.zqacorn@acorn.example", "reader@cedar.example", "desk@merlin.example"].contains(&viewer.email.as_str());
        let others: Vec<&Viewer> = viewers.iter().filter(is_asked).collect();
        assert_eq!(others.len(), 3);
        let mut before = BTreeMap::new();
        for viewer in &others {
            for path in &doors {
                before.insert((viewer.email.clone(), path.clone()), viewer.ask(path).await);
            }
        }
        let secret = writers[1].sent(Kind::PlannedOutage, "security_restricted");
        writers[1].decided(secret);
        writers[1].sent(Kind::Normal, "security_restricted");
        writers[1].draft(Kind::Normal, "open");
        writers[1].draft(Kind::PlannedOutage, "parties_only");
        writers[1].asks_to_join().await;
        for viewer in &others {
            for path in &doors {
                let after = viewer.ask(path).await;
                assert_eq!(before[&(viewer.email.clone(), path.clone())], after, "{} at {path}", viewer.email);
            }
        }
        let beech = viewers.iter().find(|viewer| viewer.own == Some("beech")).unwrap();
        assert!(beech.ask("/api/v1/changes").await.text.matches("zqbeech").count() > 3, "Beech itself sees it all");
    });
}
