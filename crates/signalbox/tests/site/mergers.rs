//! Organisations that become one (spec 14, scenario 42).

use axum::http::StatusCode;
use jiff::SignedDuration;
use signalbox_core::actor::{OrgKind, Role};
use signalbox_core::change::{Outcome, Stage};
use signalbox_store::{StoreError, directory, log, project};

use crate::planned::{Estate, at};
use crate::world::{Client, Reply, World, on_each_engine};

const ADA: &str = "ada@authority.example";
const ANN: &str = "ann@authority.example";
const RUTH: &str = "ruth@northbrook.example";
const RORY: &str = "rory@riverside.example";
const UNA: &str = "una@riverside.example";
const CORA: &str = "cora@halden.example";
const SAM: &str = "sam@eastside.example";

/// Northbrook is A, Riverside is B; Eastside has nothing to do with it.
struct Cast {
    estate: Estate,
    eastside: i64,
}

fn cast(world: &World) -> Cast {
    let estate = Estate::furnish(world);
    let id = |code: &str| {
        let code = code.to_owned();
        world.app.read::<_, StoreError>(move |tx| Ok(directory::organisation_by_code(tx, &code)?.unwrap().id)).unwrap()
    };
    let eastside = world.organisation("eastside", OrgKind::Trust);
    world.person(SAM, "Sam Okoro", &[(eastside, Role::Coordinator)]);
    world.person(RORY, "Rory Vane", &[(estate.other, Role::Coordinator)]);
    world.person(ADA, "Ada Byrne", &[(id("AUTHORITY"), Role::Administrator)]);
    world.person(CORA, "Cora Lund", &[(id("HALDEN"), Role::SupplierManager), (estate.other, Role::Requester)]);
    Cast { eastside, estate }
}

/// What an administrator types.
struct Typed {
    ends: Vec<String>,
    more: Vec<(&'static str, String)>,
}

impl Typed {
    fn new(ends: &[i64], successor: &str, day: &str) -> Typed {
        let more = vec![("successor", successor.to_owned()), ("day", day.to_owned()), ("reason", "The establishment order of 2027".to_owned())];
        Typed { ends: ends.iter().map(i64::to_string).collect(), more }
    }

    /// A and B into a trust that is set up with the plan.
    fn into_rivers(cast: &Cast, day: &str) -> Typed {
        let mut typed = Typed::new(&[cast.estate.trust, cast.estate.other], "new", day);
        typed.more.extend([
            ("code", "RIVERS".into()),
            ("name", "Two Rivers Trust".into()),
            ("ods_code", "R2R".into()),
            ("email_domain", "rivers.example".into()),
        ]);
        typed
    }

    async fn send(&self, client: &mut Client<'_>, sure: bool) -> Reply {
        let names = ["code", "name", "ods_code", "email_domain"].into_iter().filter(|name| !self.more.iter().any(|(known, _)| known == name));
        let mut fields: Vec<(&str, &str)> = self.ends.iter().map(|org| ("predecessors", org.as_str())).collect();
        fields.extend(self.more.iter().map(|(name, value)| (*name, value.as_str())));
        fields.extend(names.map(|name| (name, "")));
        if sure {
            fields.push(("sure", "yes"));
        }
        client.get("/setup/mergers/new").await;
        client.post("/setup/mergers", &fields).await
    }
}

/// Presses twice; the page of the merger.
async fn merge(world: &World, typed: &Typed) -> String {
    let mut ada = world.sign_in(ADA).await;
    let shown = typed.send(&mut ada, false).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text());
    let done = typed.send(&mut ada, true).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    done.location().to_owned()
}

async fn text(world: &World, email: &str, path: &str) -> String {
    let reply = world.sign_in(email).await.get(path).await;
    assert_eq!(reply.status, StatusCode::OK, "{email} {path}: {}", reply.text());
    reply.text()
}

async fn status(world: &World, email: &str, path: &str) -> StatusCode {
    world.sign_in(email).await.get(path).await.status
}

/// The chain holds, and the rows are what the events make of them.
fn is_sound(world: &World) {
    assert_eq!(world.app.read::<_, StoreError>(|tx| log::verify(tx, None, &mut |_, _| {})).unwrap(), vec![]);
    assert_eq!(world.app.read::<_, StoreError>(|tx| project::differences(tx, |_| {})).unwrap(), Vec::<String>::new());
}

#[test]
fn scenario_42_two_trusts_become_one() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        // Approved, waiting for its decision, and over long before: all of Northbrook.
        let approved = cast.estate.outage(&world, "Generator test", "2027-04-06T20:00:00Z", "2027-04-06T22:00:00Z", &[]);
        cast.estate.assess(&world, approved.id);
        cast.estate.approve(&world, approved.id);
        let waiting = cast.estate.outage(&world, "Switchgear", "2027-05-06T20:00:00Z", "2027-05-06T22:00:00Z", &[]);
        cast.estate.assess(&world, waiting.id);
        cast.estate.history(&world, &[("Long over", "2026-11-02T09:00:00Z", Outcome::Successful)]);
        let over = reference_of(&world, "Long over");
        let path = |reference: &str| format!("/changes/{reference}");
        let given = |page: &str| page.contains("Approved") && page.contains("Priya Nair, halden supplier");
        let decision = format!("/changes/{}/acts/approve", waiting.reference);
        assert_eq!(status(&world, RORY, &path(&approved.reference)).await, StatusCode::NOT_FOUND);
        assert_eq!(status(&world, CORA, &decision).await, StatusCode::OK, "Riverside’s is another organisation than Northbrook");

        // Shown first, then planned for 1 April; until then nothing moves.
        let typed = Typed::into_rivers(&cast, "2027-04-01");
        let shown = typed.send(&mut world.sign_in(ADA).await, false).await.text();
        for words in ["northbrook trust and riverside trust", "Two Rivers Trust", "2 changes", "1 site", "1 item", "Plan this merger"] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        let merger = merge(&world, &typed).await;
        assert!(text(&world, ADA, &merger).await.contains("Take this merger back"));
        world.step_worker();
        assert!(text(&world, RUTH, &path(&approved.reference)).await.contains("raised by northbrook trust"));
        world.app.clock.advance(at("2027-03-31T22:59:00Z").duration_since(world.now()));
        world.step_worker();
        assert_eq!(status(&world, RORY, &path(&approved.reference)).await, StatusCode::NOT_FOUND, "a minute before midnight in London");
        world.advance(SignedDuration::from_mins(2));
        let letters = world.step_worker();
        let asked: Vec<&str> =
            letters.iter().filter(|mail| mail.subject.contains("Confirm who works for Two Rivers Trust")).map(|mail| mail.to.as_str()).collect();
        assert_eq!(asked, [RUTH, RORY], "{letters:?}");

        // Both trusts' people see what is open, under its new name and the old one; a third trust sees nothing.
        for who in [RUTH, RORY] {
            let page = text(&world, who, &path(&approved.reference)).await;
            assert!(page.contains("now of Two Rivers Trust, raised as northbrook trust"), "{page}");
            assert!(page.contains("northbrook trust and riverside trust are now Two Rivers Trust; what was open moved there"), "{page}");
            assert!(given(&page), "the approval stands, by whom it was given: {page}");
            assert_eq!(status(&world, who, &path(&waiting.reference)).await, StatusCode::OK);
        }
        assert_eq!(status(&world, SAM, &path(&approved.reference)).await, StatusCode::NOT_FOUND);
        // What was over stays as it was, and can be read by those who stand for it now.
        let page = text(&world, RORY, &path(&over)).await;
        assert!(page.contains("northbrook trust") && !page.contains("raised as"), "{page}");

        // The approval carries on; a new one is not independent by anybody of either.
        let stage = |id: i64| world.app.read::<_, StoreError>(move |tx| Ok(project::load(tx, id)?.unwrap().change)).unwrap();
        let change = stage(approved.id);
        assert_eq!((change.live_approvals().count(), change.content.as_ref().map(|c| &c.hash)), (1, change.live_approvals().next().map(|a| &a.content)));
        cast.estate.place(&world, approved.id);
        assert_eq!(stage(approved.id).stage, Stage::Scheduled);
        let barred = world.sign_in(CORA).await.get(&decision).await;
        assert_eq!(barred.status, StatusCode::FORBIDDEN, "{}", barred.text());

        // Reports: the successor has both, each predecessor its own.
        let rows = |csv: &str| csv.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        let mut ann = world.sign_in(ANN).await;
        for (of, number) in [("rivers", 3), ("northbrook", 3), ("riverside", 0), ("eastside", 0)] {
            let raised = rows(&ann.get(&format!("/reports/trust-raised.csv?period=24m&organisation={of}")).await.body);
            assert_eq!(raised.len(), number, "{of}: {raised:?}");
            let ended = rows(&ann.get(&format!("/reports/success.csv?period=24m&organisation={of}")).await.body);
            assert_eq!(ended.len(), number.min(1), "{of}: {ended:?}");
        }
        let raised = ann.get("/reports/trust-raised.csv?period=24m&organisation=rivers").await.body;
        assert!(raised.lines().next().unwrap().ends_with("raised_as"));
        assert_eq!(raised.lines().filter(|line| line.contains(",RIVERS,") && line.ends_with(",NORTHBROOK")).count(), 2, "{raised}");
        assert!(text(&world, ANN, "/reports/trust-raised?period=24m&organisation=rivers").await.contains("Two Rivers Trust, raised as northbrook trust"));

        // The register has moved, and nothing new comes to those that ended.
        for words in ["northbrook trust", "riverside trust"] {
            assert!(!text(&world, ADA, "/setup/sites/new").await.contains(words), "{words}");
        }
        assert!(text(&world, ADA, "/setup/organisations").await.contains("merged"));
        assert!(text(&world, ADA, "/setup/sites").await.contains("Northbrook General NB Two Rivers Trust"));
        let closed = world.sign_in(ADA).await.get(&format!("/setup/organisations/{}", cast.estate.trust)).await;
        assert!(!closed.body.contains("value=\"active\" checked"), "it takes no part");
        is_sound(&world);
        let changes = world.app.write::<_, StoreError>(|tx| project::rebuild(tx, |_| {})).unwrap();
        assert_eq!(changes, 3);
        is_sound(&world);
    });
}

fn reference_of(world: &World, title: &'static str) -> String {
    let sql = format!("select reference from changes where title = '{title}'");
    world.app.read::<_, StoreError>(|tx| tx.one(&sql, &[], |row| row.text(0))).unwrap()
}

#[test]
fn every_fault_of_a_merger_is_told_at_once() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let mut ada = world.sign_in(ADA).await;
        // Nothing is written by what is refused.
        let mut refused = async |typed: Typed, sure: bool, words: &[&str]| {
            let reply = typed.send(&mut ada, sure).await;
            assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", reply.text());
            for words in words {
                assert!(reply.text().contains(words), "{words}: {}", reply.text());
            }
            assert_eq!(world.app.read::<_, StoreError>(directory::mergers).unwrap().len(), usize::from(sure));
        };
        let supplier = world.app.read::<_, StoreError>(|tx| Ok(directory::organisation_by_code(tx, "HALDEN")?.unwrap().id)).unwrap();
        let (north, river, east) = (cast.estate.trust, cast.estate.other, cast.eastside.to_string());
        refused(
            Typed::new(&[], "", ""),
            false,
            &["Choose at least one organisation that ends.", "Choose: organisation that stands for them.", "Enter: first day."],
        )
        .await;
        let unlike = [
            "northbrook trust is a trust, halden supplier is a supplier",
            "northbrook trust cannot end and go on",
            "Enter a day from Saturday 17 October 2026 on",
        ];
        refused(Typed::new(&[north, supplier], &north.to_string(), "2026-10-16"), false, &unlike).await;
        refused(
            Typed::new(&[north], &supplier.to_string(), "2028-11-18"),
            false,
            &["halden supplier is a supplier, and northbrook trust is a trust", "Enter a day until Friday 17 November 2028"],
        )
        .await;
        let mut taken = Typed::into_rivers(&cast, "2027-04-31");
        taken.more.retain(|(name, _)| !["code", "name"].contains(name));
        refused(taken, false, &["Enter a code for the new organisation.", "Enter the name of the new organisation.", "Enter a day that exists."]).await;
        let mut taken = Typed::into_rivers(&cast, "2027-04-01");
        taken.more.retain(|(name, _)| *name != "code");
        taken.more.push(("code", "EASTSIDE".into()));
        refused(taken, false, &["Enter another code: another organisation has this one."]).await;
        // What is planned is not planned again, by either end.
        merge(&world, &Typed::new(&[north], &east, "2027-04-01")).await;
        refused(Typed::new(&[north], &river.to_string(), "2027-05-01"), true, &["northbrook trust is planned to merge on Thursday 1 April 2027."]).await;
        refused(
            Typed::new(&[cast.eastside], &river.to_string(), "2027-05-01"),
            true,
            &["Others are planned to merge into eastside trust on Thursday 1 April 2027."],
        )
        .await;
        refused(Typed::new(&[river], &north.to_string(), "2027-05-01"), true, &["northbrook trust is planned to merge on"]).await;
        // Nobody else gets here.
        for who in [RUTH, ANN] {
            assert_eq!(status(&world, who, "/setup/mergers/new").await, StatusCode::FORBIDDEN);
            let reply = Typed::new(&[river], &east, "2026-11-17").send(&mut world.sign_in(who).await, true).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN);
        }
    });
}

#[test]
fn a_merger_is_taken_back_before_its_day_and_never_after() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let sent = cast.estate.outage(&world, "Generator test", "2027-04-06T20:00:00Z", "2027-04-06T22:00:00Z", &[]);
        let merger = merge(&world, &Typed::new(&[cast.estate.trust], &cast.eastside.to_string(), "2027-04-01")).await;
        let mut ada = world.sign_in(ADA).await;
        ada.get(&merger).await;
        assert_eq!(ada.post(&format!("{merger}/take-back"), &[]).await.location(), "/setup/mergers");
        assert!(text(&world, ADA, "/setup/mergers").await.contains("taken back"));
        world.app.clock.advance(at("2027-04-02T09:00:00Z").duration_since(world.now()));
        world.step_worker();
        assert!(text(&world, RUTH, &format!("/changes/{}", sent.reference)).await.contains("raised by northbrook trust"));
        // Planned again, for a day that has come: at once, and then for good.
        let merger = merge(&world, &Typed::new(&[cast.estate.trust], &cast.eastside.to_string(), "2027-04-01")).await;
        assert!(text(&world, SAM, &format!("/changes/{}", sent.reference)).await.contains("now of eastside trust, raised as northbrook trust"));
        let mut ada = world.sign_in(ADA).await;
        assert!(ada.get(&merger).await.text().contains("Done"));
        assert_eq!(ada.post(&format!("{merger}/take-back"), &[]).await.status, StatusCode::CONFLICT);
        // The worker finds nothing left to do.
        world.step_worker();
        is_sound(&world);
        // An organisation that merged is not brought back by set-up.
        let page = ada.get(&format!("/setup/organisations/{}", cast.estate.trust)).await;
        let seen = page.field("seen").unwrap();
        let typed = [
            ("seen", seen.as_str()),
            ("code", "NORTHBROOK"),
            ("name", "northbrook trust"),
            ("kind", "trust"),
            ("ods_code", ""),
            ("email_domain", "northbrook.example"),
            ("zone", "Europe/London"),
            ("calendar", "england-and-wales"),
            ("flags", "active"),
        ];
        let back = ada.post(&format!("/setup/organisations/{}", cast.estate.trust), &typed).await;
        assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", back.text());
    });
}

#[test]
fn people_who_came_with_a_merger_are_confirmed_again() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let owen = world.person("owen@riverside.example", "Owen Prit", &[(cast.estate.other, Role::Requester)]);
        merge(&world, &Typed::into_rivers(&cast, "2026-11-17")).await;
        let held = |person: i64, role: Role| {
            let all = world.app.read::<_, StoreError>(move |tx| signalbox_store::accounts::memberships(tx, person)).unwrap();
            all.into_iter().find(|m| m.ended_at.is_none() && m.role == role).map(|m| (m.id, m.org_code))
        };
        let person = |email: &'static str| {
            let found = world.app.read::<_, StoreError>(|tx| signalbox_store::accounts::person_by_email(tx, email)).unwrap();
            found.unwrap().id
        };
        // The roles count at once, and wait for a word of somebody else.
        let (owens, code) = held(owen, Role::Requester).unwrap();
        assert_eq!(code, "RIVERS");
        let (ruths, _) = held(person(RUTH), Role::Coordinator).unwrap();
        let mut ruth = world.sign_in(RUTH).await;
        let page = ruth.get("/members").await;
        assert!(page.text().contains("To confirm again") && page.text().contains("Owen Prit") && page.text().contains("Una Moss"), "{}", page.text());
        ruth.get(&format!("/members/{owens}")).await;
        assert_eq!(ruth.post(&format!("/members/{owens}/confirm"), &[("answer", "")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(ruth.post(&format!("/members/{ruths}/confirm"), &[("answer", "yes")]).await.status, StatusCode::FORBIDDEN, "not her own");
        assert_eq!(ruth.post(&format!("/members/{owens}/confirm"), &[("answer", "yes")]).await.location(), "/members");
        assert!(!ruth.get("/members").await.body.contains(&format!("/members/{owens}\"")));
        assert_eq!(ruth.post(&format!("/members/{owens}/confirm"), &[("answer", "no")]).await.status, StatusCode::NOT_FOUND, "it was said");
        // A leaver of the group is out at once.
        let (unas, _) = held(person(UNA), Role::GroupMember).unwrap();
        assert_eq!(status(&world, UNA, "/schedule").await, StatusCode::OK);
        assert_eq!(ruth.post(&format!("/members/{unas}/confirm"), &[("answer", "no")]).await.location(), "/members");
        assert_eq!(status(&world, UNA, "/schedule").await, StatusCode::FORBIDDEN);
        // The authority answers where a coordinator may not; a coordinator of elsewhere finds nothing.
        assert_eq!(status(&world, SAM, &format!("/members/{ruths}")).await, StatusCode::NOT_FOUND);
        let mut ann = world.sign_in(ANN).await;
        ann.get(&format!("/members/{ruths}")).await;
        assert_eq!(ann.post(&format!("/members/{ruths}/confirm"), &[("answer", "yes")]).await.location(), "/members");
        // What nobody has answered after five working days is told to the authority, once.
        assert!(world.step_worker().iter().all(|mail| mail.to != ANN));
        world.advance(SignedDuration::from_hours(8 * 24));
        let reminded: Vec<String> = world.step_worker().into_iter().filter(|mail| mail.to == ANN).map(|mail| mail.text).collect();
        assert_eq!(reminded.len(), 1, "{reminded:?}");
        assert!(reminded[0].contains("northbrook trust and riverside trust are now Two Rivers Trust. 3 memberships came along"), "{reminded:?}");
        // Somebody new whose address still has the old name is asked about where it leads now.
        let org = world.app.read::<_, StoreError>(|tx| directory::organisation_by_domain(tx, "riverside.example")).unwrap();
        assert_eq!(org.map(|org| org.code), Some("RIVERS".to_owned()));
    });
}
