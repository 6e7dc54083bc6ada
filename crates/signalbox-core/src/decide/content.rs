//! Reading the answers of a document into the content that approvals bind to.

use super::material::Changed;
use super::{Context, Taking, consistent, fields, given};
use crate::actor::OrgKind;
use crate::change::{Change, Confidentiality, Content, Header, Parties, Window};
use crate::event::Event;
use crate::form::{Answer, Answers, Form, Raw, micros};
use crate::ids::{ItemId, OrgId, ServiceId, SiteId};
use crate::process::{AnswerKind, Question, Required};
use crate::refusal::Violation;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Reads every question that is asked. Conditions look at what was typed, then at facts.
pub(super) fn read_answers(t: &mut Taking, raw: &Raw) -> Answers {
    let mut answers = Answers::new();
    for question in &t.ctx.process.questions {
        // The reason for late notice depends on the notice, which is judged once the window is read.
        if is_about_lateness(&question.id) || !is_asked(t.ctx, t.change, question, &answers, raw) {
            continue;
        }
        let required = matches!(question.required, Required::Submit { .. });
        if let Some(answer) = t.form.answer(&question.id, &question.answer, required) {
            answers.insert(question.id.clone(), answer);
        }
    }
    answers
}

/// Whether the question is asked, given the answers so far and what else was typed.
pub(super) fn is_asked(ctx: &Context, change: &Change, question: &Question, answers: &Answers, raw: &Raw) -> bool {
    question.asked_when.as_ref().is_none_or(|condition| {
        let so_far = provisional(change, answers);
        condition.holds(&|name: &str| given::subject(ctx, &so_far, name).or_else(|| typed_code(raw, name)))
    })
}

pub(super) fn is_about_lateness(id: &str) -> bool {
    matches!(id, "late_reason" | "late_words")
}

/// The change as it would be with these answers, so that conditions and facts can be asked of it.
pub(super) fn provisional(change: &Change, answers: &Answers) -> Change {
    let mut after = change.clone();
    match &mut after.content {
        Some(content) => content.answers.extend(answers.clone()),
        None => {
            let nothing = crate::text::Text { text: crate::ids::TextId(0), digest: String::new() };
            let header = Header { title: nothing, window: None, items: vec![], services: vec![], sites: vec![], confidentiality: Confidentiality::Open };
            after.content = Some(Content { answers: answers.clone(), header, parties: Parties::default(), hash: String::new() });
        }
    }
    after
}

fn typed_code(raw: &Raw, name: &str) -> Option<String> {
    raw.get(name).and_then(|v| v.first()).map(|v| v.trim().to_ascii_lowercase()).filter(|v| !v.is_empty())
}

/// The content that these answers make. Faults are left in the form.
pub(super) fn make(t: &mut Taking, mut answers: Answers) -> Option<Content> {
    let Some(Answer::Text(title)) = answers.get("title").cloned() else {
        return None;
    };
    let window = match window_of(&answers) {
        Ok(window) => window,
        Err(fault) => {
            t.form.faults.push(fault);
            return None;
        }
    };
    crate::firewall::with_usual_expiry(&mut answers, consistent::start_date(t, window));
    let confidentiality = match answers.get("confidentiality") {
        Some(Answer::Choice(code)) => Confidentiality::from_code(code).unwrap_or(Confidentiality::Open),
        _ => Confidentiality::Open,
    };
    let (items, services, sites) = named(t.ctx, &answers);
    if services.is_empty() && items.is_empty() && sites.is_empty() {
        t.form.faults.push(Violation::of("items", "nothing-named"));
        return None;
    }
    let mut parties = parties(t.ctx, &items, &services, &sites);
    parties.affected.extend(noticing(t.ctx, &answers));
    let header = Header { title, window, items, services, sites, confidentiality };
    let hash = hash(&answers);
    let content = Content { answers, header, parties, hash };
    let unfit = consistent::faults(t, &content);
    t.form.faults.extend(unfit);
    Some(content)
}

/// When the work is to be done.
fn window_of(answers: &Answers) -> Result<Option<Window>, Violation> {
    let Some(Answer::Window { start, end, .. }) = answers.get("window") else { return Ok(None) };
    let latest = match answers.get("contingency_end") {
        Some(Answer::Moment { at, .. }) => *at,
        _ => *end,
    };
    if latest < *end {
        Err(Violation::of("contingency_end", "before-window-end"))
    } else {
        Ok(Some(Window { start: *start, end: *end, contingency_end: latest }))
    }
}

/// What is touched: as named, with the services and sites of the items.
fn named(ctx: &Context, answers: &Answers) -> (Vec<ItemId>, Vec<ServiceId>, Vec<SiteId>) {
    let items = if let Some(Answer::Items(items)) = answers.get("items") { items.clone() } else { vec![] };
    let mut services = if let Some(Answer::Services(services)) = answers.get("services") { services.clone() } else { vec![] };
    let mut sites = if let Some(Answer::Sites(sites)) = answers.get("sites") { sites.clone() } else { vec![] };
    for item in ctx.facts.items.iter().filter(|i| items.contains(&i.id)) {
        services.extend(item.services.iter().filter(|s| !services.contains(s)).copied().collect::<Vec<_>>());
        sites.extend(item.site.filter(|s| !sites.contains(s)));
    }
    (items, services, sites)
}

/// The content as far as it can be read yet, with no faults raised: for judging the notice while somebody types.
pub(super) fn rough(ctx: &Context, answers: &Answers) -> Content {
    let (items, services, sites) = named(ctx, answers);
    let mut parties = parties(ctx, &items, &services, &sites);
    parties.affected.extend(noticing(ctx, answers));
    let title = crate::text::Text { text: crate::ids::TextId(0), digest: String::new() };
    let window = window_of(answers).unwrap_or(None);
    Content {
        answers: answers.clone(),
        header: Header { title, window, items, services, sites, confidentiality: Confidentiality::Open },
        parties,
        hash: String::new(),
    }
}

/// SHA-256 over the canonical JSON of the answers: keys in order, no spaces.
pub fn hash(answers: &Answers) -> String {
    // Answers hold maps with string keys and plain values only, which always serialise.
    let json = serde_json::to_vec(answers).unwrap_or_default();
    crate::text::hex(&Sha256::digest(json))
}

/// Who is concerned: owners and users of what is named and of what depends on it (spec 10.2).
pub(super) fn parties(ctx: &Context, items: &[ItemId], services: &[ServiceId], sites: &[SiteId]) -> Parties {
    let reach = &ctx.facts.reach;
    let mut parties = Parties {
        runs: reach.runs.clone(),
        affected: reach.orgs.clone(),
        derived_services: reach.services.iter().filter(|s| !services.contains(s)).copied().collect(),
        direct_care: reach.direct_care,
        always_on: reach.always_on,
        network: reach.network,
    };
    for service in ctx.facts.services.iter().filter(|s| services.contains(&s.id)) {
        parties.runs.insert(service.owner);
        parties.affected.extend(service.users.iter().copied());
        parties.direct_care |= service.direct_care;
        parties.always_on |= service.always_on;
        parties.network |= service.is_network;
    }
    for item in ctx.facts.items.iter().filter(|i| items.contains(&i.id)) {
        parties.affected.insert(item.org);
        parties.network |= item.is_network;
    }
    parties.affected.extend(ctx.facts.sites.iter().filter(|s| sites.contains(&s.id)).map(|s| s.org));
    parties.affected.retain(|org| is_trust(ctx, *org));
    parties
}

fn is_trust(ctx: &Context, org: OrgId) -> bool {
    ctx.facts.kind_of(org).is_none_or(|kind| kind == OrgKind::Trust)
}

/// The trusts of which the answers say what they will notice: whoever is told that has a stake (C034).
fn noticing(ctx: &Context, answers: &Answers) -> Vec<OrgId> {
    let codes = ctx.process.questions.iter().flat_map(|question| organisations_in(question, answers));
    codes.filter_map(|code| ctx.facts.org_by_code(code)).map(|org| org.id).filter(|org| is_trust(ctx, *org)).collect()
}

/// The codes of the organisations that a question's answer names.
fn organisations_in<'a>(question: &Question, answers: &'a Answers) -> Vec<&'a str> {
    let code = |answer: &'a Answer| if let Answer::Value(code) = answer { Some(code.as_str()) } else { None };
    match (&question.answer, answers.get(&question.id)) {
        (AnswerKind::Organisation, Some(answer)) => code(answer).into_iter().collect(),
        (AnswerKind::Rows { columns, .. }, Some(Answer::Rows(rows))) => {
            let named = columns.iter().filter(|column| column.answer == AnswerKind::Organisation);
            named.flat_map(|column| rows.iter().filter_map(|cells| cells.get(&column.id)).filter_map(code)).collect()
        }
        _ => vec![],
    }
}

/// Answers added or changed after submission (SD-11, BR-31).
pub(super) fn amend(t: &mut Taking) -> Option<Vec<Event>> {
    let before = t.change.content.clone()?;
    let mut answers = before.answers.clone();
    let mut touched = BTreeMap::new();
    for question in fields::amendable(t.ctx.process, t.change) {
        if let Some(answer) = t.form.answer(&question.id, &question.answer, false) {
            touched.insert(question.id.clone(), answer);
        }
    }
    touched.retain(|id, answer| before.answers.get(id) != Some(answer));
    if touched.is_empty() {
        t.form.faults.push(Violation::whole("nothing-changed"));
        return None;
    }
    // What is answered after the work describes it; it asks nobody to decide again.
    let has_begun = t.change.stage.is_after_start() && t.change.kind.is_recorded_late();
    let mut material = vec![];
    for (id, answer) in touched.iter().filter(|_| !has_begun && !fields::is_after_work(t.change.stage)) {
        let (is_material, ruling) = Changed::answer(id, before.answers.get(id), answer, before.header.window).judge(t.ctx, t.change);
        // One of each row is enough; what matters is every row that makes it material.
        if is_material || !t.rulings.iter().any(|kept| ruling.as_ref().is_some_and(|new| new.table == kept.table && new.row == kept.row)) {
            t.rulings.extend(ruling);
        }
        if is_material {
            material.push(id.clone());
        }
    }
    answers.extend(touched);
    let content = make(t, answers)?;
    let mut after = t.change.clone();
    after.content = Some(content.clone());
    let network_needed = given::touches_network(t.ctx, &after);
    t.keep(super::ruling::rule_on(t.ctx, &after, "network question"));
    Some(vec![Event::Amended { content: Box::new(content), material, network_needed }])
}

/// The window typed, before anything is decided: for the facts about clashes. Faults are found later.
pub(super) fn typed_window(raw: &Raw, zone: &TimeZone) -> Option<Window> {
    let facts = crate::facts::Facts::default();
    let mut mint = crate::ids::Mint::new(0, [0; 16]);
    let mut form = Form::new(raw, &facts, "", zone.clone(), &mut mint, None);
    let (start, end) = form.window("window", false)?;
    let latest: Timestamp = form.moment("contingency_end", false).unwrap_or(end).max(end);
    Some(Window { start: micros(start), end: micros(end), contingency_end: micros(latest) })
}

/// A moment typed, before anything is decided. Faults are found later.
pub(super) fn typed_moment(raw: &Raw, field: &str, zone: &TimeZone) -> Option<Timestamp> {
    let facts = crate::facts::Facts::default();
    let mut mint = crate::ids::Mint::new(0, [0; 16]);
    Form::new(raw, &facts, "", zone.clone(), &mut mint, None).moment(field, false)
}
