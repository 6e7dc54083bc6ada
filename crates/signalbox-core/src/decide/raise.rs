//! A draft is begun, or history is brought in from elsewhere.

use super::{Context, Decision, content, notice};
use crate::act::Act;
use crate::actor::{Actor, Role, Stamp};
use crate::change::{Change, Confidentiality, Content, Header, Kind, Outcome, Stage, Window};
use crate::event::{Event, Recorded};
use crate::form::{Answer, Answers, WINDOW_MAX_DAYS};
use crate::ids::{ChangeId, EventId, ItemId, Mint, OrgId, SiteId};
use crate::process::{Process, Who};
use crate::refusal::{Bar, Refusal};
use crate::text::NewText;
use jiff::Timestamp;

/// A new draft. The reference was taken in the transaction that will store it (settled 7).
#[derive(Clone, Debug)]
pub struct Raise {
    pub id: ChangeId,
    pub reference: String,
    /// The organisation it is raised for; the actor must be able to send or propose there.
    pub org: OrgId,
    pub on_behalf_of: Option<String>,
    pub copied_from: Option<ChangeId>,
    pub retrospective_of: Option<ChangeId>,
    pub mint: Mint,
}

/// Begins a draft.
///
/// # Errors
/// [`Refusal::Denied`] when the actor has no role in the organisation that drafts this kind of change.
pub fn raise(ctx: &Context, raise: Raise) -> Result<Decision, Refusal> {
    let Some(stamp) = drafting_stamp(ctx, raise.org) else {
        return Err(Refusal::Denied(vec![Bar::new("may-not-raise").with(ctx.process.kind.words())]));
    };
    let Raise { id, reference, org, on_behalf_of, copied_from, retrospective_of, mut mint } = raise;
    let mut texts = vec![];
    let on_behalf_of = on_behalf_of.filter(|name| !name.trim().is_empty()).map(|name| {
        let text = NewText::mint(&mut mint, name.trim());
        let reference = text.reference();
        texts.push(text);
        reference
    });
    let event = Event::Raised { reference, kind: ctx.process.kind, process: ctx.process.hash.clone(), org, on_behalf_of, copied_from, retrospective_of };
    let recorded = Recorded { id: EventId(mint.id()), change: id, version: 1, at: ctx.now, by: stamp, event, rulings: vec![] };
    Ok(Decision { events: vec![recorded], texts })
}

/// The membership under which the actor may draft for the organisation: any role that may propose or send a draft
/// of this kind (spec 3.2).
pub fn drafting_stamp(ctx: &Context, org: OrgId) -> Option<Stamp> {
    stamp_for(ctx.process, ctx.actor, org)
}

/// Whether the actor may draft a change of a process in the name of an organisation.
pub fn drafts(process: &Process, actor: &Actor, org: OrgId) -> bool {
    stamp_for(process, actor, org).is_some()
}

fn stamp_for(process: &Process, actor: &Actor, org: OrgId) -> Option<Stamp> {
    let Actor::Person { id, memberships } = actor else { return None };
    let steps = process.steps.iter().filter(|s| s.from == Stage::Draft && matches!(s.act, Act::Propose | Act::Submit));
    let roles: Vec<Role> = steps.flat_map(|s| &s.who).filter_map(|w| if let Who::Role(role) = w { Some(*role) } else { None }).collect();
    let fitting = memberships.iter().find(|m| m.org == org && roles.contains(&m.role));
    fitting.map(|m| m.stamp(*id))
}

/// One row of history (settled 15), already checked against the directory.
#[derive(Clone, Debug)]
pub struct Import {
    pub id: ChangeId,
    /// 1, or the next one where a row is written again.
    pub version: i64,
    pub reference: String,
    pub kind: Kind,
    pub org: OrgId,
    pub source_ref: String,
    /// Cut at 120 characters; the whole text goes to `reason` where it was longer.
    pub title: String,
    pub items: Vec<ItemId>,
    pub sites: Vec<SiteId>,
    pub window: Window,
    pub received_at: Timestamp,
    pub stage: Stage,
    pub outcome: Option<Outcome>,
    pub reason: Option<String>,
    pub mint: Mint,
}

/// History as one event, marked as imported, its notice judged as any other's. No task follows from it.
pub fn import(ctx: &Context, row: Import) -> Decision {
    let mut mint = row.mint;
    let mut texts = vec![];
    let mut keep = |words: &str| {
        let text = NewText::mint(&mut mint, words);
        let reference = text.reference();
        texts.push(text);
        reference
    };
    let title = keep(&row.title);
    let reason = row.reason.as_deref().filter(|r| !r.is_empty()).map(&mut keep);
    let mut answers = Answers::new();
    answers.insert("title".into(), Answer::Text(title.clone()));
    answers.insert("items".into(), Answer::Items(row.items.clone()));
    answers.insert("window".into(), Answer::Window { start: row.window.start, end: row.window.end, zone: ctx.zone_name.to_owned() });
    let services = ctx.facts.items.iter().filter(|i| row.items.contains(&i.id)).flat_map(|i| i.services.clone());
    let mut services: Vec<_> = services.collect();
    services.sort_unstable();
    services.dedup();
    let parties = content::parties(ctx, &row.items, &services, &row.sites);
    let header = Header { title, window: Some(row.window), items: row.items, services, sites: row.sites, confidentiality: Confidentiality::Open };
    let content = Content { hash: content::hash(&answers), answers, header, parties };
    let long = row.window.end.as_microsecond() - row.window.start.as_microsecond() > WINDOW_MAX_DAYS * 86_400_000_000;
    let mut event = Event::Imported {
        reference: row.reference,
        kind: row.kind,
        process: ctx.process.hash.clone(),
        org: row.org,
        source_ref: row.source_ref,
        content: Box::new(content),
        stage: row.stage,
        outcome: row.outcome,
        notice: None,
        reason,
        long,
    };
    let recorded = |event: &Event, id: i64| Recorded {
        id: EventId(id),
        change: row.id,
        version: row.version,
        at: ctx.now,
        by: Stamp::SYSTEM,
        event: event.clone(),
        rulings: vec![],
    };
    let change: Change = crate::apply::apply(None, &recorded(&event, 0));
    if let Event::Imported { notice, .. } = &mut event {
        *notice = notice::judge(ctx, &change, row.received_at);
    }
    let id = mint.id();
    Decision { events: vec![recorded(&event, id)], texts }
}
