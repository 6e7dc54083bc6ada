//! A deployment that records itself (C182): a request of the catalogue that is raised, sent, begun and, where it is over,
//! ended. Each is the act that a person would take, and all of them stand in one transaction: a deployment that one of
//! them refuses leaves nothing behind.

use jiff::Timestamp;
use signalbox_core::act::Act;
use signalbox_core::actor::Actor;
use signalbox_core::catalogue;
use signalbox_core::change::{Kind, Outcome, Stage};
use signalbox_core::form::Raw;
use signalbox_core::ids::OrgId;
use signalbox_core::offers::offers;
use signalbox_core::refusal::{Refusal, Violation};
use signalbox_store::{StoreError, deployments};

use super::seat::Place;
use super::{Done, Expect, Hand, NewDraft, Situation, Stop};
use crate::app::App;
use crate::words;

/// What a pipeline tells of one of its deployments.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The organisation that asks.
    pub org: OrgId,
    /// The pipeline's own name for it, one within the organisation.
    pub id: String,
    /// The entry of the catalogue that it is.
    pub entry: String,
    /// What is answered to the questions of the entry.
    pub answers: Raw,
    pub version: Option<String>,
    pub link: Option<String>,
    /// Now, where nobody says.
    pub started_at: Option<Timestamp>,
    /// When it should be over; asked for only where it is not.
    pub expected_end: Option<Timestamp>,
    pub end: Option<End>,
}

/// How it ended.
#[derive(Clone, Debug)]
pub struct End {
    pub at: Timestamp,
    /// The fields of the act `finish`: outcome, words, back, not_back.
    pub fields: Raw,
}

/// What came of telling it.
pub struct Recorded {
    pub done: Done,
    /// Whether it was told for the first time.
    pub is_new: bool,
}

impl App {
    /// Records a deployment, or its end where its start was told before. Told again word for word it does nothing; the
    /// fields of a refusal are those of the call.
    ///
    /// # Errors
    /// [`Stop`].
    pub fn deploy(&self, actor: &Actor, deployment: Deployment) -> Result<Recorded, Stop> {
        let (seat, now, actor) = (self.seat(), self.clock.now(), actor.clone());
        let (id, mints) = (self.ids.mint(now), [self.mint(), self.mint(), self.mint(), self.mint()]);
        self.run(move |tx| {
            let mut hand = Hand::lock(tx, &seat, &actor, now)?;
            let [raise, send, start, end] = mints.clone();
            if let Some(known) = deployments::find(hand.tx, deployment.org.0, &deployment.id)? {
                let recorded = go_on(&mut hand, known, &deployment, end)?;
                return Ok(recorded.map(|done| Recorded { done, is_new: false }));
            }
            let draft = match draft(&mut hand, &deployment)? {
                Ok(draft) => draft,
                Err(stop) => return Ok(Err(stop)),
            };
            let mut done = match hand.raise(&draft, None, id, raise)? {
                Ok(done) => done,
                Err(stop) => return Ok(Err(stop)),
            };
            deployments::put(hand.tx, deployment.org.0, &deployment.id, id)?;
            for (act, fields, mint) in [(Act::Submit, Raw::new(), send), (Act::Start, started(&deployment), start)] {
                match hand.take(id, act, &fields, &Expect::default(), mint)? {
                    Ok(next) => done = after(done, next),
                    Err(stop) => return Ok(Err(in_the_call(stop, act))),
                }
                if let Some(stop) = not_let_in(&mut hand, act, id, &done)? {
                    return Ok(Err(stop));
                }
            }
            let ended = go_on(&mut hand, id, &deployment, end)?;
            Ok(ended.map(|next| Recorded { done: after(done, next), is_new: true }))
        })
    }
}

/// The request that the deployment is, with what it says of itself where the document asks for it.
fn draft(hand: &mut Hand, deployment: &Deployment) -> Result<Result<NewDraft, Stop>, StoreError> {
    let process = hand.seat.documents.of_kind(Kind::ServiceRequest);
    let started_at = deployment.started_at.unwrap_or(hand.now);
    let Some(ends_at) = deployment.end.as_ref().map(|end| end.at).or(deployment.expected_end) else {
        return Ok(Err(invalid(Violation::of("expected_end", "answer-missing"))));
    };
    let zone = Place::of(hand.tx, deployment.org.0)?.zone;
    let mut raw = Raw::new();
    if let Some(process) = process {
        if let Some(entry) = process.catalogue.iter().find(|entry| entry.id == deployment.entry) {
            raw = catalogue::beforehand(&process, entry);
            raw.insert("title".into(), vec![words::deployments::title(&entry.title, deployment.version.as_deref())]);
        }
        raw.insert("model".into(), vec![deployment.entry.clone()]);
        raw.insert("wanted".into(), vec![zone.to_datetime(started_at).date().to_string()]);
        raw.insert("window.start".into(), vec![started_at.to_string()]);
        raw.insert("window.end".into(), vec![ends_at.to_string()]);
        raw.retain(|name, _| process.question(name.split('.').next().unwrap_or(name)).is_some());
        raw.extend(deployment.answers.clone());
        if process.question("fulfilment").is_some() {
            let told = raw.get("fulfilment").and_then(|typed| typed.first()).cloned();
            let own = words::deployments::told(&deployment.id, deployment.version.as_deref(), deployment.link.as_deref());
            raw.insert("fulfilment".into(), vec![told.into_iter().chain([own]).collect::<Vec<_>>().join("\n\n")]);
        }
    }
    Ok(Ok(NewDraft { kind: Kind::ServiceRequest, org: deployment.org, on_behalf_of: None, copied_from: None, raw }))
}

fn started(deployment: &Deployment) -> Raw {
    deployment.started_at.map(|at| ("happened_at".to_owned(), vec![at.to_string()])).into_iter().collect()
}

/// A request that was sent is let in by the system at once, or something stands in the way: then the work may not begin.
fn not_let_in(hand: &mut Hand, act: Act, id: i64, done: &Done) -> Result<Option<Stop>, StoreError> {
    if act != Act::Submit || done.stage == Stage::Scheduled.code() {
        return Ok(None);
    }
    let Some(situation) = hand.look(id)? else { return Ok(Some(Stop::Unseen)) };
    let all = offers(&situation.context(&Actor::System, hand.now), &situation.loaded.change);
    let why = all.into_iter().find(|offer| offer.act == Act::Accept).and_then(|offer| offer.verdict.err());
    Ok(Some(Stop::Refused(why.unwrap_or(Refusal::WrongStage(situation.loaded.change.stage)))))
}

/// Ends what was begun, where the end is told. What was told before has to be what is told now.
fn go_on(hand: &mut Hand, id: i64, deployment: &Deployment, mint: signalbox_core::ids::Mint) -> Result<Result<Done, Stop>, StoreError> {
    let Some(situation) = hand.look(id)? else { return Ok(Err(Stop::Unseen)) };
    let work = &situation.loaded.change.work;
    let started_at = work.started.as_ref().map(|told| told.happened_at);
    if let (Some(told), Some(known)) = (deployment.started_at, started_at)
        && told != known
    {
        return Ok(Err(invalid(Violation::of("started_at", "deployment-differs").with(known))));
    }
    let Some(end) = &deployment.end else { return Ok(Ok(nothing(&situation))) };
    if started_at.is_some_and(|started_at| end.at < started_at) {
        return Ok(Err(invalid(Violation::of("ended_at", "end-before-start"))));
    }
    if let Some(finished) = &work.finished {
        let outcome = end.fields.get("outcome").and_then(|typed| typed.first()).and_then(|code| Outcome::from_code(code));
        let differs = [("ended_at", finished.happened_at != end.at), ("outcome", work.proposed != outcome)];
        let faults: Vec<Violation> =
            differs.iter().filter(|(_, differs)| *differs).map(|(field, _)| Violation::of(field, "deployment-differs").with(finished.happened_at)).collect();
        return Ok(if faults.is_empty() { Ok(nothing(&situation)) } else { Err(Stop::Refused(Refusal::Invalid(faults))) });
    }
    let mut fields = end.fields.clone();
    fields.insert("happened_at".into(), vec![end.at.to_string()]);
    let went_well = fields.get("outcome").is_some_and(|typed| typed.iter().any(|code| code == Outcome::Successful.code()));
    // What went well is back; of anything else somebody has to say so.
    if went_well && !fields.contains_key("back") && !fields.contains_key("not_back") {
        fields.insert("back".into(), services(&situation));
    }
    let taken = hand.take(id, Act::Finish, &fields, &Expect::default(), mint)?;
    Ok(taken.map_err(|stop| in_the_call(stop, Act::Finish)))
}

/// The codes of the services that the change names.
fn services(situation: &Situation) -> Vec<String> {
    let named = situation.loaded.change.content.as_ref().map(|content| content.header.services.clone()).unwrap_or_default();
    situation.facts.services.iter().filter(|service| named.contains(&service.id)).map(|service| service.code.clone()).collect()
}

/// As it stands, with nothing done.
fn nothing(situation: &Situation) -> Done {
    let change = &situation.loaded.change;
    Done { id: change.id.0, reference: change.reference.clone(), version: change.version, rev: 0, stage: change.stage.code().to_owned(), events: vec![] }
}

/// Two acts as one answer.
fn after(before: Done, next: Done) -> Done {
    Done { events: before.events.into_iter().chain(next.events).collect(), ..next }
}

fn invalid(fault: Violation) -> Stop {
    Stop::Refused(Refusal::Invalid(vec![fault]))
}

/// The same refusal by the fields of the call.
fn in_the_call(stop: Stop, act: Act) -> Stop {
    let Stop::Refused(Refusal::Invalid(mut faults)) = stop else { return stop };
    for fault in &mut faults {
        fault.field = fault.field.take().map(|field| match (act, field.as_str()) {
            (Act::Start, "happened_at") => "started_at".to_owned(),
            (Act::Finish, "happened_at") => "ended_at".to_owned(),
            (Act::Submit, "model") => "entry".to_owned(),
            (Act::Submit, _) => format!("answers.{field}"),
            _ => field,
        });
    }
    Stop::Refused(Refusal::Invalid(faults))
}
