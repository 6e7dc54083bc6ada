//! Puts the record together: where it stands, what to do, what is known, what was said.

use jiff::SignedDuration;
use signalbox_core::act::Act;
use signalbox_core::apply::apply;
use signalbox_core::calendar::local;
use signalbox_core::change::{Confidentiality, Stage};
use signalbox_core::charge;
use signalbox_core::offers::Offer as Offered;
use signalbox_core::permit;
use signalbox_core::refusal::Refusal;

use super::super::raise;
use super::{Seen, files, forms, history, sections};
use crate::app::App;
use crate::web::form;
use crate::web::pages::change::{ActPanel, Attachment, ChangePage, NotNow, Offer};
use crate::web::panels;
use crate::web::parts::{Clash, Form};
use crate::web::problem::Failure;
use crate::web::stage::stage_tag;
use crate::web::ui::{Field, Link, Reach, Stage as Step, Tag};
use crate::web::visitor::Visitor;
use crate::words;

/// The stages of a change that goes well, in order.
const WAY: &[Stage] = &[
    Stage::Draft,
    Stage::Submitted,
    Stage::Assessing,
    Stage::AwaitingApproval,
    Stage::Approved,
    Stage::Scheduled,
    Stage::Implementing,
    Stage::Implemented,
    Stage::Closed,
];

/// The acts that wait for somebody, the most pressing first: one of them stands on the page as a form.
const MAIN: &[Act] = &[
    Act::Accept,
    Act::SetCharge,
    Act::SettleCharge,
    Act::AnswerFee,
    Act::AcceptQuote,
    Act::GiveOrder,
    Act::Assess,
    Act::Overrule,
    Act::AnswerQuery,
    Act::SettleStop,
    Act::Screen,
    Act::Countersign,
    Act::Clear,
    Act::ConfirmVerbal,
    Act::Approve,
    Act::Ratify,
    Act::GiveVerdict,
    Act::Schedule,
    Act::Acknowledge,
    Act::Start,
    Act::Finish,
    Act::Close,
    Act::Review,
    Act::Resume,
    Act::SettleNotice,
    Act::MeetCondition,
    Act::AcceptDelivery,
];

/// How long before its start work is asked about.
const NEAR: SignedDuration = SignedDuration::from_hours(12);

/// Acts whose place on the page is elsewhere: the conversation, the documents.
const ELSEWHERE: &[Act] = &[Act::Say, Act::Attach];

/// The acts ahead that are worth explaining to whoever may take them once it is time.
const AHEAD: &[Act] = &[Act::Approve, Act::Schedule, Act::Start, Act::Finish, Act::Close];

/// The page.
pub(super) fn draw(app: &App, visitor: &Visitor, seen: &Seen, query: &form::Form) -> Result<ChangePage, Failure> {
    let (change, offers) = (seen.change(), seen.offers());
    let open: Vec<Act> = offers.iter().filter(|offer| offer.is_open()).map(|offer| offer.act).collect();
    let main = MAIN.iter().copied().find(|act| open.contains(act) && is_due(seen, *act));
    let mut shell = visitor.shell(app, &format!("{} {}", change.reference, seen.title()), crate::web::layout::Place::Changes);
    shell.crumbs = vec![("Changes".into(), "/changes".into())];
    let history = history::read(seen, query);
    let may = |act| open.contains(&act);
    Ok(ChangePage {
        shell,
        reference: change.reference.clone(),
        title: seen.title(),
        tags: tags(seen),
        lede: words::change_sentence(change, seen.now, &seen.names),
        stages: stages(seen),
        faults: vec![],
        act: main.map(|act| panel(app, seen, act)).transpose()?,
        offers: others(seen, &open, main),
        not_now: not_now(seen, &offers),
        why_not: why_not(seen, &offers),
        clashes: clashes(seen, &open),
        no_clash: format!("No clash found, looked at {}.", seen.moment(seen.now)),
        notice: sections::notice(seen),
        sections: sections::all(seen)
            .into_iter()
            .chain(super::work::near(app, seen)?)
            .chain(super::silences::section(app, seen)?)
            .chain(super::series::sections(app, seen)?)
            .chain(super::public::section(seen, super::public::of(app, seen)?.as_ref()))
            .chain(super::poster::section(seen))
            .collect(),
        views: history.views,
        entries: history.entries,
        older: history.older,
        message: may(Act::Say).then(|| message(app, seen)),
        attachments: attachments(seen),
        upload: may(Act::Attach).then(|| files::form(app, seen, None).0),
        watchers: watchers(seen),
        watch: Some(watch(seen)),
        copy: may_copy(app, seen)?.then(|| Form::new(&format!("{}/copy", seen.address()), "Copy this change", vec![]).key(&app.ids.token().to_hex()).quiet()),
        links: links(seen).into_iter().chain(super::series::link(app, seen)?).collect(),
    })
}

fn tags(seen: &Seen) -> Vec<Tag> {
    let change = seen.change();
    let mut tags = vec![Tag::new(&words::kind_title(change.kind), "grey"), stage_tag(change.stage)];
    match change.content.as_ref().map(|content| content.header.confidentiality) {
        Some(Confidentiality::PartiesOnly) => tags.push(Tag::new("Parties only", "orange")),
        Some(Confidentiality::SecurityRestricted) => tags.push(Tag::new("Security restricted", "red")),
        _ => {}
    }
    if let Some(notice) = change.notice().filter(|notice| notice.verdict.is_late()) {
        tags.push(Tag::new(&words::sentence_case(notice.verdict.words()), "yellow"));
    }
    if change.stage.holds_window() && seen.situation.facts.clashes.iter().any(|clash| clash.hard) {
        tags.push(Tag::new("Clash", "red"));
    }
    tags.extend(change.outcome.map(|outcome| Tag::new(&words::option_label("outcome", outcome.code()), if outcome.is_attempted() { "green" } else { "grey" })));
    tags
}

/// What happened may be recorded at any time (X1), but nobody is asked to start work that is not near, or to end work
/// that has not begun and is not over.
fn is_due(seen: &Seen, act: Act) -> bool {
    let change = seen.change();
    let window = change.window();
    match act {
        Act::Start => change.stage.is_firm() && window.is_some_and(|window| window.start <= seen.now + NEAR),
        Act::SetCharge => change.money.state() == charge::State::Undetermined && change.money.is_begun(),
        Act::Finish => matches!(change.stage, Stage::Implementing | Stage::BackingOut) || window.is_some_and(|window| window.end <= seen.now),
        _ => true,
    }
}

/// The stage line: where it went, where it is, what is to come for a change of this kind.
fn stages(seen: &Seen) -> Vec<Step> {
    let change = seen.change();
    let mut entered: Vec<(Stage, jiff::Timestamp)> = vec![];
    let mut folded = None;
    for recorded in &seen.page.loaded.events {
        let after = apply(folded, recorded);
        if entered.last().is_none_or(|(stage, _)| *stage != after.stage) {
            entered.retain(|(stage, _)| *stage != after.stage);
            entered.push((after.stage, recorded.at));
        }
        folded = Some(after);
    }
    let steps = &seen.situation.process.steps;
    let exists = |stage: &Stage| steps.iter().any(|step| step.from == *stage || step.to == Some(*stage));
    let was = |stage: &Stage| entered.iter().any(|(visited, _)| visited == stage);
    let mut line: Vec<Stage> = WAY.iter().copied().filter(|stage| exists(stage) || was(stage)).collect();
    if !line.contains(&change.stage) {
        // A way round stands after the furthest stage that was reached before it.
        let at = line.iter().rposition(&was).map_or(0, |at| at + 1);
        line.insert(at, change.stage);
    }
    let current = line.iter().position(|stage| *stage == change.stage).unwrap_or(0);
    if change.stage.is_final() {
        line.truncate(current + 1);
        line.retain(was);
    }
    let current = line.iter().position(|stage| *stage == change.stage).unwrap_or(0);
    let note = |stage: Stage, at: usize| match entered.iter().find(|(visited, _)| *visited == stage) {
        Some((_, moment)) if at <= current => local::wall(*moment, &seen.situation.zone).date().strftime("%-d %b").to_string(),
        _ => String::new(),
    };
    let reach = |at: usize| match at.cmp(&current) {
        std::cmp::Ordering::Less => Reach::Done,
        std::cmp::Ordering::Equal => Reach::Current,
        std::cmp::Ordering::Greater => Reach::Ahead,
    };
    line.into_iter().enumerate().map(|(at, stage)| Step { label: stage.words().into(), note: note(stage, at), reach: reach(at) }).collect()
}

/// The act that waits, with its form in place.
fn panel(app: &App, seen: &Seen, act: Act) -> Result<ActPanel, Failure> {
    let (mut form, _) = forms::of_act(app, seen, act, None)?;
    let mut said = String::new();
    if act == Act::Approve {
        // Plain approval is one button; words and conditions have the page of the decision.
        form.fields.clear();
        said = "Your approval holds for this content and this window. To set a condition, ask or refuse, use “Decide something else”.".into();
    }
    // The page has other forms with fields of the same names.
    form.fields = form
        .fields
        .into_iter()
        .map(|field| {
            let id = format!("act-{}", field.name);
            field.id(&id)
        })
        .collect();
    Ok(ActPanel { heading: words::act_title(act).into(), mood: "alert", words: said, form })
}

fn others(seen: &Seen, open: &[Act], main: Option<Act>) -> Vec<Offer> {
    let address = seen.address();
    let mut offers = vec![];
    if open.contains(&Act::Approve) || open.contains(&Act::Reject) {
        offers.push(Offer { link: Link::new("Decide something else", &format!("/decide/{}", seen.change().reference)), note: String::new() });
    }
    // A change that is sent is written in steps, and sent from the last of them.
    let sends = [Act::Submit, Act::Propose].into_iter().find(|act| open.contains(act));
    if sends.is_some() {
        offers.push(Offer { link: Link::new("Write on it, step by step", &format!("{address}/edit/what")), note: String::new() });
    }
    let href = |act: Act| if sends == Some(act) { format!("{address}/edit/check") } else { format!("{address}/acts/{}", act.code()) };
    let rest = open.iter().filter(|act| Some(**act) != main && !ELSEWHERE.contains(act));
    offers.extend(rest.map(|act| Offer { link: Link::new(words::act_title(*act), &href(*act)), note: String::new() }));
    offers
}

/// What stands in the way of the rest, and who can change that.
fn not_now(seen: &Seen, offers: &[Offered]) -> Vec<NotNow> {
    let (change, process) = (seen.change(), &seen.situation.process);
    let ctx = seen.situation.context(&seen.actor, seen.now);
    let would_be_theirs = |act: Act| process.steps.iter().any(|step| step.act == act && !permit::stamps(&ctx, change, &step.who).is_empty());
    let mut all = vec![];
    for offer in offers {
        let Err(refusal) = &offer.verdict else { continue };
        let is_worth_saying = match refusal {
            Refusal::WrongStage(_) => AHEAD.contains(&offer.act) && !change.stage.is_final() && would_be_theirs(offer.act),
            _ if offer.act.is_money() => charge_is_worth_saying(refusal) && would_be_theirs(offer.act),
            _ => true,
        };
        if is_worth_saying {
            all.push(reasons(offer.act, refusal, seen));
        }
    }
    all
}

/// Every act of the document that this person is not offered, of this stage and of others: the rule, the fact, and who
/// can change it (C197).
fn why_not(seen: &Seen, offers: &[Offered]) -> Vec<NotNow> {
    offers.iter().filter_map(|offer| offer.verdict.as_ref().err().map(|refusal| reasons(offer.act, refusal, seen))).collect()
}

fn reasons(act: Act, refusal: &Refusal, seen: &Seen) -> NotNow {
    let whys = words::act_why_not(refusal, act, &seen.situation.process, seen.change());
    let all = |part: &dyn Fn(&words::Why) -> &String| {
        let mut said: Vec<&str> = vec![];
        for words in whys.iter().map(|why| part(why).as_str()) {
            if !said.contains(&words) {
                said.push(words);
            }
        }
        said.join(" ")
    };
    NotNow { act: words::act_title(act).into(), rule: all(&|why| &why.rule), reason: all(&|why| &why.sentence), who: all(&|why| &why.who_can_change) }
}

/// Of money, only what somebody could wonder about: a limit, a lapse, a sum that is spent.
fn charge_is_worth_saying(refusal: &Refusal) -> bool {
    const WORTH: &[&str] = &["above-spending-limit", "no-spending-limit", "second-person", "quote-lapsed", "nothing-left", "fee-lapsed", "not-in-dispute-yet"];
    matches!(refusal, Refusal::Denied(bars) if bars.iter().any(|bar| WORTH.contains(&bar.code)))
}

fn clashes(seen: &Seen, open: &[Act]) -> Vec<Clash> {
    if !seen.change().stage.holds_window() {
        return vec![];
    }
    let moves = open.contains(&Act::Reschedule).then(|| Link::new("Move this change", &format!("{}/acts/reschedule", seen.address())));
    let settle = Link::new("See why, and the ways out", &format!("{}/clashes", seen.address()));
    let free = Link::new("Free times", &format!("{}/free-times", seen.address()));
    let ways_out: Vec<Link> = moves.into_iter().chain([settle, free]).collect();
    seen.situation.facts.clashes.iter().map(|clash| panels::clash(clash, &seen.situation.zone, ways_out.clone())).collect()
}

fn message(app: &App, seen: &Seen) -> Form {
    let field = Field::textarea("words", "Add to the conversation", "").id("message").hint(words::field_hint(Act::Say, "words"));
    Form::new(&format!("{}/messages", seen.address()), "Post the message", vec![field]).key(&app.ids.token().to_hex()).quiet()
}

fn attachments(seen: &Seen) -> Vec<Attachment> {
    let link = |file: &signalbox_store::drafts::FileMeta| Link::new(&file.name, &format!("{}/files/{}", seen.address(), file.id));
    seen.page.files.iter().map(|file| Attachment { link: link(file), note: sections::size_words(file.bytes) }).collect()
}

fn watchers(seen: &Seen) -> String {
    let people = match seen.page.watchers {
        0 => "Nobody watches.".to_owned(),
        1 => "1 person watches.".to_owned(),
        n => format!("{n} people watch."),
    };
    if seen.page.am_watching { format!("{people} You are one of them.") } else { people }
}

fn watch(seen: &Seen) -> Form {
    let (way, label) = if seen.page.am_watching { ("unwatch", "Stop watching") } else { ("watch", "Watch this change") };
    Form::new(&format!("{}/{way}", seen.address()), label, vec![]).quiet()
}

/// Whether this person may raise one of this kind; a copy begins as a draft of theirs.
pub(super) fn may_copy(app: &App, seen: &Seen) -> Result<bool, Failure> {
    let Some(process) = app.documents.of_kind(seen.change().kind).filter(|_| raise::KINDS.contains(&seen.change().kind)) else { return Ok(false) };
    Ok(!raise::organisations(app, &seen.actor, &process)?.is_empty())
}

fn links(seen: &Seen) -> Vec<Link> {
    let has = |path: &str| crate::web::ROUTES.iter().any(|route| route.path == path);
    let process = &seen.situation.process;
    let how = has("/process/{id}").then(|| Link::new(&format!("How this works: {}", process.title), &format!("/process/{}", process.id)));
    let pinned = Link::new(&format!("The text that it keeps: version {}", process.version), &format!("/process/{}/versions/{}", process.id, process.hash));
    let impact = Link::new("What it touches, and what depends on that", &format!("{}/impact", seen.address()));
    let paper = Link::new("As a form to print", &format!("{}/form", seen.address()));
    let sheet = super::run_sheet::links(seen);
    std::iter::once(impact).chain(how).chain([pinned, paper]).chain(sheet).chain(super::super::urgent::link(seen)).collect()
}
