//! Boards, cover and decisions by letter through HTTP: scenario 44, the links of letters (S10, S34, S36, S42), a meeting
//! from its papers to its minutes, and races on votes and approvals (R5, S35).

use axum::http::StatusCode;
use jiff::SignedDuration;
use signalbox::accounts::letters::Mail;
use signalbox::run::{Expect, NewDraft, Stop};
use signalbox::worker::boards::tend;
use signalbox_core::act::Act;
use signalbox_core::actor::{Actor, Role};
use signalbox_core::change::{Change, Kind, Stage};
use signalbox_core::form::Raw;
use signalbox_core::ids::OrgId;
use signalbox_store::{StoreError, accounts, project, rota};

use crate::mail::{ANN, Cast, JOY, PRIYA, assessed, cast, raw, sent, take};
use crate::world::{BASE, Client, World, on_each_engine};

const TOM: &str = "tom@halden.example";

fn change(world: &World, id: i64) -> Change {
    world.app.read::<_, StoreError>(|tx| project::load(tx, id)).unwrap().unwrap().change
}

fn person(world: &World, email: &str) -> i64 {
    world.app.read::<_, StoreError>(|tx| accounts::person_by_email(tx, email)).unwrap().unwrap().id
}

/// Who acts now, with what they hold for others.
fn acting(world: &World, email: &str) -> Actor {
    let (id, now) = (person(world, email), world.now());
    world.app.read::<_, StoreError>(|tx| rota::actor_at(tx, id, now)).unwrap().unwrap().to_core()
}

async fn hands_over(world: &World, from: &str, to: &str) -> String {
    let mut client = world.sign_in(from).await;
    client.get("/cover").await;
    let fields =
        [("what", "move"), ("delegate", to), ("starts-date", "2026-11-17"), ("starts-time", "08:00"), ("ends-date", "2026-11-24"), ("ends-time", "18:00")];
    let reply = client.post("/cover", &fields).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
    client.get("/cover").await.text()
}

#[test]
fn scenario_44_through_http_the_requester_is_the_delegate_of_the_only_approver() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        // Joy raises for her trust, and works for the supplier too.
        world.grant(person(&world, JOY), cast.halden, Role::Requester);
        let id = normal(&world, &cast, "0", ["0"; 6]);
        let reference = change(&world, id).reference;
        let address = format!("/decide/{reference}");

        let mut ann = world.sign_in(ANN).await;
        assert!(ann.get(&address).await.text().contains("Approving is not possible now"), "the supplier decides this");
        let said = hands_over(&world, PRIYA, JOY).await;
        assert!(said.contains("Joy Adeyemi") && said.contains("Supplier change manager"), "{said}");

        // Who raised it may not decide it for somebody else either, and is told who is asked instead.
        let mut joy = world.sign_in(JOY).await;
        let page = joy.get(&address).await.text();
        assert!(page.contains("SD-10") && page.contains("next in the chain"), "{page}");
        let version = change(&world, id).version.to_string();
        let refused = joy.post(&address, &[("decision", "approve"), ("version", &version)]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text());
        assert_eq!(change(&world, id).stage, Stage::AwaitingApproval);

        // The next in the chain is asked by letter as it comes due, and decides.
        world.step_worker();
        world.clock.set("2026-11-24T09:00:00Z".parse().unwrap());
        tend(&world.app).unwrap();
        let letters = world.step_worker();
        let asked: Vec<&str> = letters.iter().filter(|m| m.subject.contains(&reference)).map(|m| m.to.as_str()).collect();
        assert!(asked.contains(&ANN) && !asked.contains(&JOY), "{asked:?}");
        let mut ann = world.sign_in(ANN).await;
        let page = ann.get(&address).await;
        assert!(page.text().contains("Your decision, as authority change manager"), "{}", page.text());
        let seen = page.field("seen").unwrap();
        let reply = ann.post(&address, &[("decision", "approve"), ("version", &version), ("seen", &seen)]).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
        assert_eq!(change(&world, id).stage, Stage::Approved);
    });
}

#[test]
fn sd_10_the_record_names_both_and_a_delegation_ends_by_itself() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let id = sent(&world, &cast, "Switchgear maintenance", &[]);
        assessed(&world, &cast, id);
        hands_over(&world, PRIYA, TOM).await;
        let reference = change(&world, id).reference;
        let mut tom = world.sign_in(TOM).await;
        let page = tom.get(&format!("/decide/{reference}")).await;
        let (version, seen) = (page.field("version").unwrap(), page.field("seen").unwrap());
        let reply = tom.post(&format!("/decide/{reference}"), &[("decision", "approve"), ("version", &version), ("seen", &seen)]).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
        let record = tom.get(&format!("/changes/{reference}")).await.text();
        assert!(record.contains("Tom Achebe for Priya Nair"), "{record}");
        // A week later he is an assessor again.
        assert!(acting(&world, TOM).holds(Role::SupplierManager));
        world.advance(SignedDuration::from_hours(24 * 8));
        assert!(!acting(&world, TOM).holds(Role::SupplierManager));
    });
}

#[test]
fn s34_nobody_of_another_organisation_stands_in() {
    on_each_engine(|world| async move {
        let _ = cast(&world);
        let mut priya = world.sign_in(PRIYA).await;
        priya.get("/cover").await;
        let fields = [
            ("what", "move"),
            ("delegate", "sam@riverside.example"),
            ("starts-date", "2026-11-17"),
            ("starts-time", "08:00"),
            ("ends-date", "2026-11-24"),
            ("ends-time", "18:00"),
        ];
        let reply = priya.post("/cover", &fields).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", reply.text());
        assert!(reply.text().contains("qualified for none of your roles"), "{}", reply.text());
        assert!(!acting(&world, "sam@riverside.example").holds(Role::SupplierManager));
    });
}

/// The address in a letter that decides.
fn decision_link(letters: &[Mail], to: &str) -> String {
    let letter = letters.iter().find(|m| m.to == to && m.text.contains("/d/")).unwrap_or_else(|| panic!("no letter to {to}: {letters:?}"));
    let at = letter.text.find(&format!("{BASE}/d/")).unwrap();
    letter.text[at + BASE.len()..].split_whitespace().next().unwrap().to_owned()
}

/// A change that waits for Priya, and the address in her letter.
fn asked(world: &World, cast: &Cast) -> (i64, String) {
    let id = sent(world, cast, "Switchgear maintenance", &[]);
    world.step_worker();
    assessed(world, cast, id);
    (id, decision_link(&world.step_worker(), PRIYA))
}

async fn seen_at(client: &mut Client<'_>, link: &str) -> String {
    client.get(link).await.field("seen").unwrap_or_default()
}

#[test]
fn s42_a_letter_decides_by_two_presses_and_never_by_being_opened() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let (id, link) = asked(&world, &cast);
        // A mail scanner opens it, and presses what it finds, without choosing.
        let mut scanner = world.stranger();
        for _ in 0..3 {
            let page = scanner.get(&link).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text());
            assert!(!page.body.contains("checked"), "nothing is chosen beforehand");
        }
        let seen = seen_at(&mut scanner, &link).await;
        assert_eq!(scanner.post(&link, &[("seen", &seen)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        // Without a token of a page of ours nothing is taken at all.
        let bare = world.stranger().post_bare(&link, &[("decision", "approve"), ("confirm", "yes"), ("seen", &seen)]).await;
        assert_eq!(bare.status, StatusCode::FORBIDDEN);
        assert_eq!(change(&world, id).stage, Stage::AwaitingApproval);

        let mut phone = world.stranger();
        let seen = seen_at(&mut phone, &link).await;
        let confirm = phone.post(&link, &[("decision", "approve"), ("seen", &seen)]).await;
        assert!(confirm.status == StatusCode::OK && confirm.text().contains("Nothing has been decided yet"), "{}", confirm.text());
        assert_eq!(change(&world, id).stage, Stage::AwaitingApproval, "one press decides nothing");
        let done = phone.post(&link, &[("decision", "approve"), ("confirm", "yes"), ("seen", &seen)]).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text());
        assert_eq!(change(&world, id).stage, Stage::Approved);
        assert_eq!(change(&world, id).approvals[0].by.person, cast.priya.person());
        assert!(done.text().contains("Undo my decision"), "{}", done.text());

        // It is used up, but for ten minutes it takes the decision back.
        let again = phone.post(&link, &[("decision", "reject"), ("reason_code", "not_needed"), ("words", "No"), ("confirm", "yes"), ("seen", &seen)]).await;
        assert!(again.text().contains("used up"), "{}", again.text());
        assert_eq!(change(&world, id).stage, Stage::Approved);
        let undone = phone.post(&link, &[("what", "undo")]).await;
        assert_eq!(undone.status, StatusCode::OK, "{}", undone.text());
        assert_eq!(change(&world, id).stage, Stage::AwaitingApproval);
    });
}

#[test]
fn an_undo_is_over_after_ten_minutes_and_a_link_after_a_week() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let (id, link) = asked(&world, &cast);
        let mut phone = world.stranger();
        let seen = seen_at(&mut phone, &link).await;
        phone.post(&link, &[("decision", "approve"), ("confirm", "yes"), ("seen", &seen)]).await;
        world.advance(SignedDuration::from_secs(601));
        phone.post(&link, &[("what", "undo")]).await;
        assert_eq!(change(&world, id).stage, Stage::Approved, "eleven minutes are too late");
    });
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let (_, link) = asked(&world, &cast);
        assert_eq!(world.stranger().get(&link).await.status, StatusCode::OK);
        world.advance(SignedDuration::from_hours(24 * 7));
        assert_eq!(world.stranger().get(&link).await.status, StatusCode::NOT_FOUND);
        let other = format!("/d/{}", "ab".repeat(32));
        assert_eq!(world.stranger().get(&other).await.status, StatusCode::NOT_FOUND);
    });
}

#[test]
fn s36_a_letter_decides_on_what_it_asked_about_and_shows_what_changed() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let (id, link) = asked(&world, &cast);
        let mut phone = world.stranger();
        let seen = seen_at(&mut phone, &link).await;
        take(&world, &cast.priya, id, Act::Amend, &[("backout", "The old switchgear stays in place.")]);
        for fields in [vec![], vec![("decision", "approve"), ("confirm", "yes"), ("seen", seen.as_str())]] {
            let reply = if fields.is_empty() { phone.get(&link).await } else { phone.post(&link, &fields).await };
            assert_eq!(reply.status, StatusCode::CONFLICT);
            assert!(reply.text().contains("has changed since the letter") && reply.text().contains("The old switchgear stays in place."), "{}", reply.text());
        }
        assert_eq!(change(&world, id).stage, Stage::AwaitingApproval);
    });
}

#[test]
fn s49_a_letter_is_worth_what_its_person_may_do_now() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let (id, link) = asked(&world, &cast);
        let (priya, act) = (person(&world, PRIYA), world.app.act(None, world.now()));
        world.app.attempt(move |tx| accounts::disable_person(tx, &act, priya)).unwrap();
        assert_eq!(world.stranger().get(&link).await.status, StatusCode::NOT_FOUND);
        assert_eq!(change(&world, id).stage, Stage::AwaitingApproval);
    });
}

#[test]
fn c051_the_password_is_asked_again_where_the_person_wants_it() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let mut priya = world.sign_in(PRIYA).await;
        priya.get("/cover").await;
        priya.post("/cover", &[("what", "recheck"), ("which", "yes")]).await;
        let (id, link) = asked(&world, &cast);
        let mut phone = world.stranger();
        let seen = seen_at(&mut phone, &link).await;
        let fields = |password: &'static str, seen: &str| {
            [("decision", "approve".to_owned()), ("confirm", "yes".into()), ("seen", seen.to_owned()), ("password", password.into())]
        };
        for (password, stage) in [("", Stage::AwaitingApproval), ("guess", Stage::AwaitingApproval), (crate::world::PASSWORD, Stage::Approved)] {
            let typed = fields(password, &seen);
            let typed: Vec<(&str, &str)> = typed.iter().map(|(n, v)| (*n, v.as_str())).collect();
            phone.post(&link, &typed).await;
            assert_eq!(change(&world, id).stage, stage, "{password:?}");
        }
    });
}

/// A normal change by Northbrook that a board decides: significant, and imaging is shared.
fn for_the_board(world: &World, cast: &Cast) -> i64 {
    normal(world, cast, "50", ["3", "2", "2", "1", "1", "2"])
}

/// A normal change that waits for its decision, with this many users and these answers about its risk.
fn normal(world: &World, cast: &Cast, users: &str, risks: [&str; 6]) -> i64 {
    let draft = NewDraft { kind: Kind::Normal, org: OrgId(cast.northbrook), on_behalf_of: None, copied_from: None, raw: Raw::new() };
    let id = world.app.raise(&cast.joy, draft, Expect::default()).unwrap().id;
    let process = world.app.documents.of_kind(Kind::Normal).unwrap();
    let filled = crate::run::fill(&process.questions);
    // Four weeks on, which is before the freeze at the turn of the year.
    let start = (world.now() + SignedDuration::from_hours(24 * 28)).to_string();
    let end = (world.now() + SignedDuration::from_hours(24 * 28 + 2)).to_string();
    let mut typed: Vec<(&str, &str)> = vec![("window.start", &start), ("window.end", &end), ("contingency_end", &end), ("users_affected", users)];
    let given: Vec<&str> = typed.iter().map(|(name, _)| *name).collect();
    typed.extend(filled.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(|(name, _)| !given.contains(name)));
    take(world, &cast.joy, id, Act::Submit, &typed);
    let named: Vec<String> = (1..=6).map(|n| format!("risk_{n}")).collect();
    let answers: Vec<(&str, &str)> = named.iter().map(String::as_str).zip(risks).collect();
    take(world, &cast.priya, id, Act::Accept, &answers);
    let questions: Vec<String> = (1..=8).map(|n| format!("q{n}")).collect();
    take(world, &cast.priya, id, Act::Screen, &questions.iter().map(|q| (q.as_str(), "no")).collect::<Vec<_>>());
    for who in [&cast.tom, &cast.priya, &cast.joy] {
        while change(world, id).stage == Stage::Assessing {
            let Some(situation) = world.app.read::<_, StoreError>(|tx| world.app.look(tx, who, id)).unwrap() else { break };
            let open = signalbox_core::decide::assess::open_for(&situation.context(who, world.now()), &situation.loaded.change);
            let Some((kind, _)) = open.first() else { break };
            take(world, who, id, Act::Assess, &[("assessment", kind.code()), ("objects", "no"), ("finding", "Fine.")]);
        }
    }
    assert_eq!(change(world, id).stage, Stage::AwaitingApproval);
    id
}

/// The board, with its chair, the supplier, and a trust that is not the raiser's.
async fn set_up_board(_world: &World, ann: &mut Client<'_>) -> String {
    ann.get("/boards").await;
    let fields = [
        ("name", "Change advisory board"),
        ("kind", "cab"),
        ("categories", "significant"),
        ("categories", "major"),
        ("weekday", "4"),
        ("at", "10:00"),
        ("minutes", "60"),
        ("cutoff_days", "2"),
        ("place", "Room 4"),
    ];
    let reply = ann.post("/boards", &fields).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
    let board = reply.location().to_owned();
    for (email, org, seat) in [(ANN, "AUTHORITY", "chair"), (PRIYA, "HALDEN", "member"), ("sam@riverside.example", "RIVERSIDE", "member")] {
        ann.get(&board).await;
        let reply = ann.post(&board, &[("what", "seat"), ("email", email), ("for", org), ("seat", seat)]).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{email}: {}", reply.text());
    }
    board
}

/// The planned meetings of all boards, soonest first.
fn meetings(world: &World) -> Vec<signalbox_store::boards::MeetingRow> {
    let now = world.now();
    world
        .app
        .read::<_, StoreError>(|tx| {
            let board = signalbox_store::boards::boards(tx)?.remove(0);
            signalbox_store::boards::meetings_after(tx, board.id, now - SignedDuration::from_hours(24), 20)
        })
        .unwrap()
}

#[test]
fn a_meeting_from_its_papers_to_its_minutes() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let mut ann = world.sign_in(ANN).await;
        set_up_board(&world, &mut ann).await;
        let id = for_the_board(&world, &cast);
        let reference = change(&world, id).reference;

        // Thursday 26 November at 10:00; the papers close on Tuesday at noon (BR-20a).
        tend(&world.app).unwrap();
        let meeting = meetings(&world).into_iter().find(|m| m.starts_at.to_string() == "2026-11-26T10:00:00Z").expect("the weekly rule");
        assert_eq!(meeting.cutoff_at.to_string(), "2026-11-24T12:00:00Z");
        let address = format!("/meetings/{}", meeting.id);
        let decide = format!("/decide/{reference}");
        let version = change(&world, id).version.to_string();
        // The board has not met: the chair cannot decide by herself.
        let early = ann.get(&decide).await.text();
        assert!(early.contains("It waits to be heard by: Change advisory board"), "{early}");

        world.clock.set("2026-11-24T12:00:00Z".parse().unwrap());
        world.step_worker();
        tend(&world.app).unwrap();
        let letters = world.step_worker();
        let invited: Vec<&Mail> = letters.iter().filter(|m| m.subject.starts_with("Meeting")).collect();
        assert_eq!(invited.len(), 3, "{letters:?}");
        let sam = invited.iter().find(|m| m.to == "sam@riverside.example").unwrap();
        assert!(!sam.text.contains(&reference) && sam.text.contains("An item for other members"), "C059: {}", sam.text);
        assert!(invited.iter().find(|m| m.to == PRIYA).unwrap().text.contains(&reference));
        tend(&world.app).unwrap();
        assert!(world.step_worker().iter().all(|m| !m.subject.starts_with("Meeting")), "nobody is invited twice");

        // Members answer and vote; each sees only its part.
        let mut priya = world.sign_in(PRIYA).await;
        priya.get(&address).await;
        assert_eq!(priya.post(&address, &[("what", "reply"), ("comes", "yes")]).await.status, StatusCode::SEE_OTHER);
        let mut sams = world.sign_in("sam@riverside.example").await;
        let sees = sams.get(&address).await.text();
        assert!(!sees.contains(&reference) && sees.contains("An item for other members"), "{sees}");
        let vote = format!("/changes/{reference}/acts/vote");
        let page = priya.get(&vote).await;
        let reply = priya.post(&vote, &[("vote", "for"), ("words", "We have the people."), ("version", &page.field("version").unwrap_or_default())]).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());

        // The meeting: only the chair runs it.
        world.clock.set("2026-11-26T10:00:00Z".parse().unwrap());
        let (mut ann, mut sams) = (world.sign_in(ANN).await, world.sign_in("sam@riverside.example").await);
        assert_eq!(sams.post(&address, &[("what", "open")]).await.status, StatusCode::FORBIDDEN);
        ann.get(&address).await;
        assert_eq!(ann.post(&address, &[("what", "open")]).await.status, StatusCode::SEE_OTHER);
        let short = ann.get(&address).await.text();
        assert!(short.contains("No quorum for every item yet"), "{short}");
        ann.post(&address, &[("what", "item"), ("reference", &reference)]).await;
        let refused = ann.post(&address, &[("what", "decide"), ("reference", &reference), ("decision", "approve"), ("version", &version)]).await;
        assert_ne!(refused.status, StatusCode::SEE_OTHER, "no quorum, no decision");
        let here: Vec<String> = [ANN, PRIYA, "sam@riverside.example"].iter().map(|e| person(&world, e).to_string()).collect();
        let mut fields = vec![("what", "present")];
        fields.extend(here.iter().map(|p| ("present", p.as_str())));
        ann.post(&address, &fields).await;
        let now = ann.get(&address).await;
        assert!(now.text().contains(&format!("Now: {reference}")) && now.text().contains("1 vote for, 0 against"), "{}", now.text());
        ann.post(&address, &[("what", "minute"), ("reference", &reference), ("minutes", "The trust asked about the fallback.")]).await;
        let version = change(&world, id).version.to_string();
        let done = ann.post(&address, &[("what", "decide"), ("reference", &reference), ("decision", "approve"), ("version", &version)]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
        assert_eq!(change(&world, id).stage, Stage::Approved);
        world.advance(SignedDuration::from_mins(20));
        ann.post(&address, &[("what", "close")]).await;

        let minutes = ann.get(&format!("{address}/minutes")).await.text();
        for said in ["Ann Okafor (chair)", "The trust asked about the fallback.", "20 minutes", "1 vote for, 0 against"] {
            assert!(minutes.contains(said), "{said}: {minutes}");
        }
        let file = ann.get(&format!("{address}/minutes.txt")).await;
        assert!(file.header("content-type").starts_with("text/plain") && file.body.contains("The trust asked about the fallback."));
        let theirs = sams.get(&format!("{address}/minutes.txt")).await;
        assert!(!theirs.body.contains("fallback") && !theirs.body.contains(&reference), "C059: {}", theirs.body);
        let calendar = ann.get(&format!("{address}/calendar.ics")).await;
        assert!(calendar.body.contains("DTSTART;TZID=Europe/London:20261126T100000\r\n"), "{}", calendar.body);
        let record = ann.get(&format!("/changes/{reference}")).await.text();
        assert!(record.contains("the board voted 1 for and 0 against"), "{record}");
    });
}

#[test]
fn a_weekly_meeting_keeps_its_local_time_over_a_change_of_clocks() {
    on_each_engine(|world| async move {
        cast(&world);
        world.clock.set("2027-03-15T09:00:00Z".parse().unwrap());
        let mut ann = world.sign_in(ANN).await;
        set_up_board(&world, &mut ann).await;
        let starts: Vec<String> = meetings(&world).iter().take(3).map(|m| m.starts_at.to_string()).collect();
        assert_eq!(starts, ["2027-03-18T10:00:00Z", "2027-03-25T10:00:00Z", "2027-04-01T09:00:00Z"]);
        // One is cancelled, and is not made again.
        let first = meetings(&world)[0].id;
        ann.get(&format!("/meetings/{first}")).await;
        ann.post(&format!("/meetings/{first}"), &[("what", "cancel")]).await;
        tend(&world.app).unwrap();
        let states: Vec<&str> = meetings(&world).iter().take(2).map(|m| m.state.code()).collect();
        assert_eq!(states, ["cancelled", "planned"]);
    });
}

#[test]
fn boards_are_nobody_elses_concern() {
    on_each_engine(|world| async move {
        cast(&world);
        let mut ann = world.sign_in(ANN).await;
        let board = set_up_board(&world, &mut ann).await;
        let mut joy = world.sign_in(JOY).await;
        assert_eq!(joy.get(&board).await.status, StatusCode::NOT_FOUND);
        let meeting = format!("/meetings/{}", meetings(&world)[0].id);
        for path in [meeting.clone(), format!("{meeting}/minutes"), format!("{meeting}/minutes.txt"), format!("{meeting}/calendar.ics")] {
            assert_eq!(joy.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(joy.post("/boards", &[("name", "Mine")]).await.status, StatusCode::FORBIDDEN);
        assert!(!joy.get("/").await.body.contains("href=\"/boards\""));
        assert!(world.sign_in("sam@riverside.example").await.get("/").await.body.contains("href=\"/boards\""));
    });
}

#[test]
fn x2_a_day_without_a_holder_is_told_to_the_authority_once_a_night() {
    on_each_engine(|world| async move {
        cast(&world);
        world.step_worker();
        let mut joy = world.sign_in(JOY).await;
        joy.get("/cover").await;
        let away = [("what", "away"), ("starts-date", "2026-11-18"), ("starts-time", "08:00"), ("ends-date", "2026-11-20"), ("ends-time", "18:00")];
        assert_eq!(joy.post("/cover", &away).await.status, StatusCode::SEE_OTHER);
        let warned = joy.get("/cover").await.text();
        assert!(warned.contains("nobody stands in for you as trust coordinator"), "{warned}");
        let page = joy.get("/on-call").await.text();
        assert!(page.contains("Nobody is trust coordinator from Wednesday 18 November to Friday 20 November"), "{page}");
        tend(&world.app).unwrap();
        let letters = world.step_worker();
        let told = letters.iter().find(|m| m.to == ANN && m.subject.starts_with("Nobody holds")).expect("a letter");
        assert!(told.text.contains("Nobody is trust coordinator from Wednesday 18 November to Friday 20 November"), "{}", told.text);
        tend(&world.app).unwrap();
        assert!(world.step_worker().is_empty(), "once a night");
    });
}

#[test]
fn x7_the_rota_says_who_is_on_call_now_with_a_number() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let mut priya = world.sign_in(PRIYA).await;
        priya.get("/on-call").await;
        let turn = [
            ("what", "add"),
            ("organisation", "HALDEN"),
            ("person", TOM),
            ("role", "OCM"),
            ("rank", "1"),
            ("days", "1"),
            ("days", "2"),
            ("from", "17:00"),
            ("until", "08:00"),
        ];
        let reply = priya.post("/on-call", &turn).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
        assert!(!acting(&world, TOM).holds(Role::OnCall), "it is noon");
        for (at, is_on) in [("2026-11-17T17:00:00Z", true), ("2026-11-18T07:59:00Z", true), ("2026-11-18T08:00:00Z", false), ("2026-11-18T18:00:00Z", false)] {
            world.clock.set(at.parse().unwrap());
            assert_eq!(acting(&world, TOM).holds_in(Role::OnCall, OrgId(cast.halden)), is_on, "{at}");
        }
        world.clock.set("2026-11-17T20:00:00Z".parse().unwrap());
        let mut sam = world.sign_in("sam@riverside.example").await;
        let page = sam.get("/on-call").await.text();
        assert!(page.contains("1 person is on call now") && page.contains("Tom Achebe"), "{page}");
        // Nobody puts a turn on another's rota.
        assert_eq!(sam.post("/on-call", &turn).await.status, StatusCode::FORBIDDEN);
    });
}

#[test]
fn c047_a_reminder_comes_before_a_decision_is_due_and_the_authority_hears_when_nobody_answers() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let id = sent(&world, &cast, "Switchgear maintenance", &[]);
        assessed(&world, &cast, id);
        world.step_worker();
        let mut told: Vec<(String, String)> = vec![];
        for day in 18..=27 {
            world.clock.set(format!("2026-11-{day}T17:30:00Z").parse().unwrap());
            tend(&world.app).unwrap();
            told.extend(world.step_worker().into_iter().filter(|m| m.subject.contains("Switchgear")).map(|m| (m.to, m.subject)));
        }
        let (first, last) = (told.first().expect("a reminder"), told.last().unwrap());
        assert!(first.0 == PRIYA && first.1.starts_with("Reminder"), "{told:?}");
        assert!(last.0 == ANN && last.1.starts_with("No answer yet"), "{told:?}");
        assert_eq!(change(&world, id).stage, Stage::AwaitingApproval, "silence approves nothing");
    });
}

/// R5 and S35: 64 at once, of one person and of several; each person counts once.
#[test]
fn r5_sixty_four_votes_at_once_count_once_for_each_person() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        let mut ann = world.sign_in(ANN).await;
        set_up_board(&world, &mut ann).await;
        let id = for_the_board(&world, &cast);
        tend(&world.app).unwrap();
        let voters = [acting(&world, PRIYA), acting(&world, ANN)];
        let app = &world.app;
        std::thread::scope(|scope| {
            for n in 0..64 {
                let voter = &voters[n % 2];
                scope.spawn(move || {
                    let _ = app.take(voter, id, Act::Vote, raw(&[("vote", if n % 3 == 0 { "against" } else { "for" })]), Expect::default());
                });
            }
        });
        let votes = change(&world, id).board.votes;
        let mut people: Vec<_> = votes.iter().filter_map(|v| v.by.person).collect();
        people.sort_unstable();
        people.dedup();
        assert_eq!((votes.len(), people.len()), (2, 2));
    });
}

/// R5 and S36: an edit races an approval; no approval stands for a content that its giver did not see.
#[test]
fn r5_an_edit_racing_an_approval_never_leaves_it_standing_for_other_words() {
    on_each_engine(|world| async move {
        let cast = cast(&world);
        for round in 0..6 {
            let day = |hour: i32| format!("2026-12-{:02}T{hour:02}:00:00Z", 1 + 2 * round);
            let (start, end, latest) = (day(6), day(9), day(10));
            // Each on a night of its own, so that none is in another's way.
            let window = [("window.start", start.as_str()), ("window.end", &end), ("contingency_end", &latest)];
            let id = sent(&world, &cast, "Switchgear maintenance", &window);
            assessed(&world, &cast, id);
            let seen = change(&world, id).content.unwrap().hash;
            let app = &world.app;
            let words = format!("Another way back, {round}.");
            std::thread::scope(|scope| {
                let (priya, seen, words) = (&cast.priya, &seen, &words);
                scope.spawn(move || {
                    let _ = app.take(priya, id, Act::Approve, raw(&[("seen", seen)]), Expect::default());
                });
                scope.spawn(move || {
                    let done: Result<_, Stop> = app.take(priya, id, Act::Amend, raw(&[("backout", words)]), Expect::default());
                    done.unwrap();
                });
            });
            let after = change(&world, id);
            let hash = after.content.as_ref().unwrap().hash.clone();
            assert!(after.live_approvals().all(|a| a.content == hash && a.content == seen) || after.live_approvals().count() == 0, "round {round}");
            assert_eq!(after.stage, Stage::AwaitingApproval, "the edit voids it, or comes first and the approval is refused");
        }
    });
}
