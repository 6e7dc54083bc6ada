//! Fills the fields of any act, validly or not, from what `decide::fields::of_act` says of them.

use super::{chance::Chance, values};
use crate::act::Act;
use crate::actor::{Actor, Role, Stamp};
use crate::calendar::local;
use crate::change::{Change, Stage};
use crate::decide::fields::{self, Field};
use crate::form::rows::cell_name;
use crate::form::{Answer, Raw};
use crate::process::{AnswerKind, Column, Process, Question, Required};
use crate::rule::Rule;
use crate::samples::Case;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Begins every free text that a walk types; no event may hold it (settled 20).
pub const CANARY: &str = "canary";

/// Fields typed for an act such that nothing in them is at fault.
pub fn valid(case: &Case, actor: &Actor, stamp: &Stamp, act: Act, chance: &mut Chance) -> Raw {
    let facts = case.shared_facts(None, &Raw::new());
    let fields = fields::of_act(&case.context(actor, &facts), &case.change, act);
    let mut raw = Raw::new();
    match act {
        Act::Propose | Act::Submit => document(case, actor, &fields, chance, &mut raw),
        Act::Amend => amendment(case, &fields, chance, &mut raw),
        _ => {
            for field in &fields {
                if field.required || (is_free(field) && chance.percent(40)) {
                    put(case, field, chance, &mut raw);
                }
            }
        }
    }
    settle(case, stamp, act, chance, &mut raw);
    raw
}

/// Optional fields that any value fits; the others are typed by `settle`.
fn is_free(field: &Field) -> bool {
    matches!(
        field.id.as_str(),
        "words" | "on_behalf_of" | "by_phone" | "their_reference" | "phone" | "promise_times" | "fields" | "supplier_side" | "reason" | "not_back"
    )
}

/// What the kind of a field does not say: values that have to fit the change.
fn settle(case: &Case, stamp: &Stamp, act: Act, chance: &mut Chance, raw: &mut Raw) {
    let change = &case.change;
    match act {
        Act::Approve if chance.percent(40) => set(raw, "seen", change.content.as_ref().map_or("", |c| c.hash.as_str())),
        Act::Approve if chance.percent(60) => condition(case, chance, raw),
        Act::Schedule => set(raw, "implementer", implementer(case, chance).as_deref().unwrap_or("nobody@example.org")),
        Act::Hold => set(raw, "review_on", &day(case, chance.between(0, 20))),
        // Said once, and then taken back.
        Act::Follow => set(raw, "after", if change.after.is_empty() { crate::samples::OTHER_CHANGE.1 } else { "" }),
        // Some run out before they are needed.
        Act::ExceptFreeze => {
            set(raw, "until", &case.now.checked_add(SignedDuration::from_hours(chance.between(1, 24 * 60))).unwrap_or(case.now).to_string());
        }
        Act::MeetCondition => {
            let mine = |org| case.world.people.iter().any(|p| p.actor.person() == stamp.person && p.actor.belongs_to(org));
            let manager = matches!(stamp.role, Some(Role::SupplierManager | Role::AuthorityManager));
            let open: Vec<u32> = change.conditions.iter().filter(|c| c.met.is_none() && (manager || mine(c.condition.owner))).map(|c| c.number).collect();
            set(raw, "number", &chance.pick(&open).map_or("1".to_owned(), u32::to_string));
        }
        Act::Restate => {
            let facts = case.shared_facts(None, &Raw::new());
            let allowed = crate::decide::close::allowed(&case.context(&Actor::System, &facts), change);
            let others: Vec<&str> = allowed.iter().filter(|o| Some(**o) != change.outcome).map(|o| o.code()).collect();
            set(raw, "outcome", chance.pick(&others).copied().unwrap_or(""));
        }
        Act::Plan => plan(case, stamp, chance, raw),
        Act::RecordStep if raw.get("result").and_then(|v| v.first()).is_some_and(|r| r == "skipped" || r == "failed") => set(raw, "words", &words(chance)),
        Act::DecideGo | Act::ConfirmWorked => set(raw, "words", &words(chance)),
        Act::Extend => {
            let was = crate::carry::latest_end(change).unwrap_or(case.now).max(case.now);
            set(raw, "until", &was.checked_add(SignedDuration::from_mins(chance.between(5, 90))).unwrap_or(was).to_string());
        }
        Act::Review if change.stage == crate::change::Stage::Review && chance.percent(50) => action(case, chance, raw),
        Act::FinishAction => {
            let mine = |org| case.world.people.iter().any(|p| p.actor.person() == stamp.person && p.actor.belongs_to(org));
            let manager = matches!(stamp.role, Some(Role::SupplierManager | Role::AuthorityManager));
            let open = change.learnt.actions.iter().filter(|a| a.done.is_none() && (manager || mine(a.action.owner)));
            let open: Vec<u32> = open.map(|a| a.action.number).collect();
            set(raw, "number", &chance.pick(&open).map_or("1".to_owned(), u32::to_string));
        }
        Act::LinkIncident | Act::UnlinkIncident => {
            let links = act == Act::LinkIncident;
            let known = case.world.directory().incidents.iter().filter(|i| change.learnt.incidents.contains_key(&i.id) != links);
            let known: Vec<&str> = known.map(|i| i.reference.as_str()).collect();
            set(raw, "incident", chance.pick(&known).copied().unwrap_or("INC-0"));
        }
        Act::SettleNotice => {
            let authority = stamp.role == Some(Role::AuthorityManager);
            let codes: Vec<&str> = fields::CONSEQUENCES.iter().copied().filter(|c| authority || *c != "excluded").collect();
            set(raw, "consequence", chance.pick(&codes).copied().unwrap_or(""));
        }
        Act::RecordVerbal | Act::ConfirmVerbal | Act::Ratify | Act::GiveVerdict => super::urgent::settle(case, act, chance, raw),
        Act::Screen | Act::Rate | Act::Clear | Act::RejectClinically | Act::ReviewScreening | Act::Overrule | Act::Attach => {
            super::safety::settle(case, act, chance, raw)
        }
        Act::Close => set(raw, "words", &words(chance)),
        Act::Finish | Act::Restore if chance.percent(50) => {
            raw.insert("back".to_owned(), service_codes(case));
        }
        Act::Finish => set(raw, "not_back", &words(chance)),
        Act::Reschedule => reschedule(case, chance, raw),
        money if money.is_money() => super::money::settle(case, money, chance, raw),
        _ => {}
    }
    // To say no to it is to say no to the approval.
    if raw.contains_key("no_way_back_accepted") {
        set(raw, "no_way_back_accepted", "yes");
    }
    settle_times(case, act, chance, raw);
}

/// When it happened, and what every act has in common.
fn settle_times(case: &Case, act: Act, chance: &mut Chance, raw: &mut Raw) {
    // Most work succeeds; what does not is reviewed before it is closed.
    if act == Act::Finish && chance.percent(50) {
        set(raw, "outcome", "successful");
    }
    if matches!(
        act,
        Act::Start | Act::RunningLate | Act::Restore | Act::BackOut | Act::Finish | Act::TellDepartment | Act::RecordStep | Act::Extend | Act::DecideGo
    ) && chance.percent(50)
    {
        let ago = case.now.checked_sub(SignedDuration::from_mins(chance.between(0, 120))).unwrap_or(case.now);
        set(raw, "happened_at", &ago.to_string());
    }
    // A change may name sites only; then every service of it, none, is back.
    if raw.get("back").is_some_and(Vec::is_empty) {
        raw.remove("back");
    }
}

pub(super) fn set(raw: &mut Raw, id: &str, value: &str) {
    raw.insert(id.to_owned(), vec![value.to_owned()]);
}

/// Free text with the canary in it; the number makes it new each time.
pub fn words(chance: &mut Chance) -> String {
    format!("{CANARY} {:x} sings", chance.next())
}

pub(super) fn day(case: &Case, days_ahead: i64) -> String {
    let today = case.world.zone.to_datetime(case.now).date();
    today.checked_add(days_ahead.days()).unwrap_or(today).to_string()
}

fn service_codes(case: &Case) -> Vec<String> {
    let named = case.change.content.iter().flat_map(|c| &c.header.services);
    named.filter_map(|id| case.world.directory().services.iter().find(|s| s.id == *id)).map(|s| s.code.clone()).collect()
}

/// Somebody of a party who did not approve.
fn implementer(case: &Case, chance: &mut Chance) -> Option<String> {
    let orgs = case.change.orgs();
    let fits = |p: &&crate::samples::Player| {
        p.actor.memberships().iter().any(|m| orgs.contains(&m.org))
            && !case.change.live_approvals().any(|a| p.actor.person().is_some_and(|person| a.by.concerns(person)))
    };
    let people: Vec<&crate::samples::Player> = case.world.people.iter().filter(fits).collect();
    // Often somebody who approves other work, so that a change decided again tells whether they may approve this one.
    let managers: Vec<&crate::samples::Player> = people.iter().filter(|p| p.actor.holds(Role::SupplierManager)).copied().collect();
    let among = if !managers.is_empty() && chance.percent(50) { &managers } else { &people };
    chance.pick(among).map(|p| p.email.clone())
}

pub(super) fn condition(case: &Case, chance: &mut Chance, raw: &mut Raw) {
    let orgs: Vec<_> = case.change.orgs().into_iter().collect();
    let Some(owner) = chance.pick(&orgs) else { return };
    set(raw, "condition_1", &words(chance));
    set(raw, "condition_1_owner", case.world.org_code(*owner));
    set(raw, "condition_1_due", &day(case, chance.between(1, 30)));
}

/// One to three steps, now and then with a go or no-go, or another step taken out.
fn plan(case: &Case, stamp: &Stamp, chance: &mut Chance, raw: &mut Raw) {
    raw.clear();
    let steps: Vec<String> = (0..chance.between(1, 3)).map(|_| words(chance)).collect();
    set(raw, "steps", &steps.join("\n"));
    let plans = crate::carry::Plan::ALL;
    set(raw, "plan", chance.pick(plans).map_or("implement", |plan| plan.code()));
    set(raw, "minutes", &chance.between(5, 30).to_string());
    let own = |p: &&crate::samples::Player| stamp.org.is_some_and(|org| p.actor.belongs_to(org));
    let people: Vec<&crate::samples::Player> = case.world.people.iter().filter(own).collect();
    if let Some(person) = chance.pick(&people).filter(|_| chance.percent(60)) {
        set(raw, "decider", &person.email);
    }
    let open: Vec<u32> = case.change.carry.steps.iter().filter(|s| s.progress == crate::carry::Progress::Open).map(|s| s.planned.number).collect();
    if let Some(number) = chance.pick(&open).filter(|_| case.change.work.started.is_none() && chance.percent(30)) {
        set(raw, "take_out", &number.to_string());
    }
}

fn action(case: &Case, chance: &mut Chance, raw: &mut Raw) {
    let orgs: Vec<_> = case.change.orgs().into_iter().collect();
    let Some(owner) = chance.pick(&orgs) else { return };
    set(raw, "action_1", &words(chance));
    set(raw, "action_1_owner", case.world.org_code(*owner));
    set(raw, "action_1_due", &day(case, chance.between(1, 30)));
}

fn reschedule(case: &Case, chance: &mut Chance, raw: &mut Raw) {
    // X10: the same night and no longer.
    if let Some(window) = case.change.window().filter(|_| matches!(case.change.stage, Stage::Approved | Stage::Scheduled) && chance.percent(40)) {
        let earlier = |at: Timestamp| at.checked_sub(SignedDuration::from_mins(75)).unwrap_or(at).to_string();
        raw.retain(|id, _| !id.starts_with("window.") && id != "contingency_end");
        set(raw, "window.start", &earlier(window.start));
        set(raw, "window.end", &earlier(window.end));
        return;
    }
    if let Some(window) = case.change.window().filter(|w| chance.percent(40) && w.end.as_second() - w.start.as_second() > 1_800) {
        let start = window.start.checked_add(SignedDuration::from_mins(20)).unwrap_or(window.start);
        raw.retain(|id, _| !id.starts_with("window."));
        set(raw, "window.start", &start.to_string());
        set(raw, "window.end", &window.end.to_string());
    }
    // The very same window is no move.
    if typed_end(case, raw) == case.change.window().map(|w| w.end) {
        set(raw, "contingency_end", &case.change.window().map_or(case.now, |w| w.contingency_end + SignedDuration::from_mins(7)).to_string());
    }
}

/// The answers of a document, so that it can be sent: what submitting requires, and most of the rest.
fn document(case: &Case, actor: &Actor, fields: &[Field], chance: &mut Chance, raw: &mut Raw) {
    for field in fields {
        let required = field.required || field.question.as_ref().is_some_and(|q| matches!(q.required, Required::Submit { .. }));
        if required || (field.id != "contingency_end" && chance.percent(60)) {
            put(case, field, chance, raw);
        }
    }
    // Half of what comes again comes for the window it had (X4).
    if let Some(window) = case.change.window().filter(|_| chance.percent(50)) {
        raw.retain(|id, _| !id.starts_with("window.") && !id.starts_with("contingency_end"));
        set(raw, "window.start", &window.start.to_string());
        set(raw, "window.end", &window.end.to_string());
        if case.process.question("contingency_end").is_some() {
            set(raw, "contingency_end", &window.contingency_end.to_string());
        }
    } else {
        latest_end(case, chance, raw);
    }
    request(case.process, actor, chance, raw);
    fitting(case, chance, raw);
    super::urgent::sending(case, actor, chance, raw);
}

/// The latest end lies after the end, wherever that was put.
fn latest_end(case: &Case, chance: &mut Chance, raw: &mut Raw) {
    raw.retain(|id, _| !id.starts_with("contingency_end"));
    let Some(question) = case.process.question("contingency_end") else { return };
    let required = matches!(question.required, Required::Submit { .. });
    let Some(window) = typed_end(case, raw).filter(|_| required || chance.percent(60)) else { return };
    let latest = window.checked_add(SignedDuration::from_mins(chance.between(0, 240))).unwrap_or(window);
    set(raw, "contingency_end", &latest.to_string());
}

fn typed_end(case: &Case, raw: &Raw) -> Option<Timestamp> {
    let typed = |id: &str| raw.get(id).and_then(|v| v.first());
    if let Some(instant) = typed("window.end") {
        return instant.parse().ok();
    }
    let (date, time) = (typed("window.end.date")?.parse().ok()?, local::parse_time(typed("window.end.time")?)?);
    local::resolve(date, time, &case.world.zone, None).ok()
}

/// An entry of the catalogue that the actor may ask for, with the answers that fit it.
fn request(process: &Process, actor: &Actor, chance: &mut Chance, raw: &mut Raw) {
    let entries: Vec<_> = process.catalogue.iter().filter(|entry| actor.memberships().iter().any(|m| entry.is_for(m))).collect();
    let Some(entry) = chance.pick(&entries) else { return };
    set(raw, "model", &entry.id);
    for test in &entry.eligible_when {
        if let Some(value) = test.values.first() {
            set(raw, &test.subject, value);
        }
    }
}

/// One or two answers added or changed, and often everything that is still owed.
fn amendment(case: &Case, fields: &[Field], chance: &mut Chance, raw: &mut Raw) {
    let owes = chance.percent(60);
    let answered = |id: &str| case.change.content.as_ref().is_some_and(|c| c.answers.contains_key(id));
    for field in fields.iter().filter(|f| f.id != "contingency_end") {
        let owed = field.question.as_ref().is_some_and(|q| matches!(q.required, Required::Approve | Required::Start | Required::Close));
        if (owes && owed && !answered(&field.id)) || chance.percent(2) {
            put(case, field, chance, raw);
        }
    }
    if let Some(window) = case.change.window().filter(|_| owes && !answered("contingency_end") && fields.iter().any(|f| f.id == "contingency_end")) {
        set(raw, "contingency_end", &window.end.to_string());
    }
    // A request stays the one it was.
    raw.retain(|id, _| {
        case.process.catalogue.is_empty() || !case.process.catalogue.iter().any(|e| e.eligible_when.iter().any(|t| &t.subject == id)) && id != "model"
    });
    if fields.iter().any(|f| f.id == "title") {
        set(raw, "title", &words(chance));
    } else {
        anew(case, fields, chance, raw);
    }
    leave_names(case, raw);
    fitting(case, chance, raw);
}

/// After the work the title stands; what is asked for closing is answered otherwise than before.
fn anew(case: &Case, fields: &[Field], chance: &mut Chance, raw: &mut Raw) {
    let given = |id: &str| case.change.content.as_ref().and_then(|c| c.answers.get(id));
    for field in fields.iter().filter(|f| f.question.as_ref().is_some_and(|q| q.required == Required::Close)) {
        match (&field.kind, given(&field.id)) {
            (AnswerKind::Choices(codes), Some(Answer::Choices(chosen))) => {
                let other = codes.iter().find(|code| chosen.as_slice() != [(*code).clone()]);
                raw.insert(field.id.clone(), other.into_iter().cloned().collect());
            }
            _ => put(case, field, chance, raw),
        }
    }
}

/// While somebody else has the name, an answer that touches it would be refused.
fn leave_names(case: &Case, raw: &mut Raw) {
    if !case.modalities.is_empty() {
        raw.retain(|id, _| !["ae_title", "ip", "replaces_ae", "replaces_off_at", "live_from", "pacs_action"].contains(&id.split('.').next().unwrap_or(id)));
    }
}

/// A value of the field's kind.
fn put(case: &Case, field: &Field, chance: &mut Chance, raw: &mut Raw) {
    let id = field.id.as_str();
    let directory = case.world.directory();
    let some = |codes: Vec<String>, chance: &mut Chance| -> Vec<String> {
        let first = chance.below(codes.len());
        codes.iter().enumerate().filter(|(n, _)| *n == first || chance.percent(20)).map(|(_, code)| code.clone()).collect()
    };
    let value = match &field.kind {
        AnswerKind::Line { max_chars } if *max_chars < 40 => format!("{CANARY} {:x}", chance.next() & 0xFFF),
        AnswerKind::Line { .. } | AnswerKind::Prose => words(chance),
        AnswerKind::YesNo => if chance.percent(60) { "no" } else { "yes" }.to_owned(),
        AnswerKind::Choice(codes) | AnswerKind::Reason(codes) => chance.pick(codes).cloned().unwrap_or_default(),
        AnswerKind::Choices(codes) => {
            raw.insert(id.to_owned(), some(codes.clone(), chance));
            return;
        }
        AnswerKind::Number { min, max } => chance.between(*min, (*max).min(min + if *max > 100 { 200 } else { 3 })).to_string(),
        AnswerKind::Window => return window(case, id, chance, raw),
        AnswerKind::Moment { .. } => case.now.checked_add(SignedDuration::from_mins(chance.between(1, 600))).unwrap_or(case.now).to_string(),
        AnswerKind::Date => day(case, chance.between(0, 20)),
        AnswerKind::Items => {
            raw.insert(id.to_owned(), some(directory.items.iter().map(|i| i.code.clone()).collect(), chance));
            return;
        }
        AnswerKind::Services => {
            raw.insert(id.to_owned(), some(directory.services.iter().map(|s| s.code.clone()).collect(), chance));
            return;
        }
        AnswerKind::Sites => some(directory.sites.iter().map(|s| s.code.clone()).collect(), chance).join("\n"),
        AnswerKind::Organisation => chance.pick(&directory.orgs).map(|org| org.code.clone()).unwrap_or_default(),
        AnswerKind::PersonAndPhone => {
            set(raw, &format!("{id}.name"), &words(chance));
            return set(raw, &format!("{id}.phone"), "020 7946 0117");
        }
        AnswerKind::List => format!("{}\n{}", words(chance), words(chance)),
        AnswerKind::Files => "1".to_owned(),
        AnswerKind::Format(format) => values::of(*format, chance),
        AnswerKind::Done => "yes".to_owned(),
        AnswerKind::Rows { columns, .. } => return rows(case, id, columns, chance, raw),
    };
    set(raw, id, &value);
}

/// One to three rows with every cell filled: what a cell needs may depend on another.
fn rows(case: &Case, id: &str, columns: &[Column], chance: &mut Chance, raw: &mut Raw) {
    for row in 1..=chance.between(1, 3) as usize {
        for column in columns {
            let name = cell_name(id, row, &column.id);
            match column.answer {
                // Later than any window.
                AnswerKind::Date => set(raw, &name, &day(case, 400)),
                _ => put(case, &Field { id: name, kind: column.answer.clone(), required: column.required, question: None }, chance, raw),
            }
        }
    }
}

/// What depends on other answers: why a test that was planned did not pass, and room for going back.
fn fitting(case: &Case, chance: &mut Chance, raw: &mut Raw) {
    let knows = |id: &str| case.process.question(id).is_some();
    if raw.contains_key("tests_passed") || (raw.contains_key("test_plan") && knows("tests_not_passed")) {
        set(raw, "tests_not_passed", &words(chance));
    }
    let is_over = matches!(case.change.stage, Stage::Implemented | Stage::Review);
    if is_over || !case.process.steps.iter().any(|s| s.needs.contains(&Rule::WayBackFits)) {
        return;
    }
    let minutes = |id: &str| raw.get(id).and_then(|v| v.first()).and_then(|v| v.parse::<i64>().ok());
    let answers = case.change.content.as_ref().map(|c| &c.answers);
    let before = match answers.and_then(|a| a.get("backout_minutes")) {
        Some(Answer::Number(n)) => *n,
        _ => 0,
    };
    let needed = minutes("backout_minutes").unwrap_or(0).max(before);
    let end = typed_end(case, raw).or_else(|| case.change.window().map(|w| w.end));
    let latest = |id: &str| raw.get(id).and_then(|v| v.first()).and_then(|v| v.parse::<Timestamp>().ok());
    let Some(end) = end else { return };
    let room = end.checked_add(SignedDuration::from_mins(needed)).unwrap_or(end);
    let has = latest("contingency_end").or_else(|| case.change.window().filter(|_| typed_end(case, raw).is_none()).map(|w| w.contingency_end));
    if has.is_none_or(|at| at < room) && (raw.contains_key("contingency_end") || needed > 0) {
        set(raw, "contingency_end", &room.to_string());
    }
}

/// A window up to six weeks ahead, seldom one that is past, as instants or as wall time. No hour in which clocks change.
fn window(case: &Case, id: &str, chance: &mut Chance, raw: &mut Raw) {
    let first_day = if chance.percent(8) { -2 } else { 4 };
    let date = day(case, chance.between(first_day, 42));
    let (from, hours) = (chance.between(4, 12), chance.between(1, 9));
    let (start, end) = (format!("{from:02}:00"), format!("{:02}:30", from + hours));
    if chance.percent(50) {
        set(raw, &format!("{id}.start.date"), &date);
        set(raw, &format!("{id}.start.time"), &start);
        set(raw, &format!("{id}.end.date"), &date);
        set(raw, &format!("{id}.end.time"), &end);
        return;
    }
    for (part, time) in [("start", start), ("end", end)] {
        let instant = date.parse().ok().zip(local::parse_time(&time)).and_then(|(d, t)| local::resolve(d, t, &case.world.zone, None).ok());
        set(raw, &format!("{id}.{part}"), &instant.unwrap_or(case.now).to_string());
    }
}

/// The same fields with something wrong in them, or sometimes not: nobody promises what comes of it.
pub fn spoil(raw: &mut Raw, chance: &mut Chance) {
    let ids: Vec<String> = raw.keys().cloned().collect();
    let id = chance.pick(&ids).cloned().unwrap_or_else(|| "words".to_owned());
    match chance.below(7) {
        0 => drop(raw.remove(&id)),
        1 => set(raw, &id, ""),
        2 => set(raw, &id, &"x".repeat(25_000)),
        3 => set(raw, &id, "9434765919"),
        4 => set(raw, &id, "\u{0}\u{7}\u{202e} nonsense; ; ;\n\n"),
        5 => set(raw, "stage", "APPROVED"),
        _ => set(raw, &id, "9999-12-31T23:59:59Z"),
    }
}

/// Whether the document asks for an answer that is not there, so that a willing person would add it.
pub fn owed(process: &Process, change: &Change) -> bool {
    let answers = change.content.as_ref().map(|c| &c.answers);
    let is_over = matches!(change.stage, Stage::Implemented | Stage::Review);
    let is_due = |q: &Question| matches!(q.required, Required::Approve | Required::Start) || (is_over && q.required == Required::Close);
    process.questions.iter().any(|q| is_due(q) && answers.is_none_or(|a| !a.contains_key(&q.id)))
}

/// Everything that is owed, for the willing.
pub fn everything_owed(case: &Case, chance: &mut Chance) -> Raw {
    let mut raw = Raw::new();
    let answers = case.change.content.as_ref().map(|c| c.answers.clone()).unwrap_or_default();
    for field in fields::of_document(case.process) {
        let wanted = field.question.as_ref().is_some_and(|q| matches!(q.required, Required::Approve | Required::Start | Required::Close));
        if wanted && !answers.contains_key(&field.id) && field.id != "contingency_end" {
            put(case, &field, chance, &mut raw);
        }
    }
    if case.process.question("contingency_end").is_some() && !matches!(answers.get("contingency_end"), Some(Answer::Moment { .. })) {
        set(&mut raw, "contingency_end", &case.change.window().map_or(case.now, |w| w.end).to_string());
    }
    leave_names(case, &mut raw);
    fitting(case, chance, &mut raw);
    super::urgent::ask_officer(case, chance, &mut raw);
    raw
}
