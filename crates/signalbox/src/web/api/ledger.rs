//! The ledger of false call-outs (spec 10.5). The rules are those of the pages; rows are only added, and what is taken back is
//! a row of its own.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State as Held};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use signalbox_core::actor::Actor;
use signalbox_core::ledger::{self as rules, Deed, Standing};
use signalbox_core::refusal::Violation;
use signalbox_core::{calendar, form};
use signalbox_store::queries::ledger::{self as queries, CaseFilter, CaseLine, Entry};
use signalbox_store::queries::{Named as Known, alarms};
use signalbox_store::scope::Scope;
use utoipa::ToSchema;

use super::ask::{self, Asked, Sent};
use super::calendars::Body;
use super::changes;
use super::shapes::{CallOutState, DeedCode, FindingCode, Listing, Named, VerdictCode, at};
use crate::app::{App, Shared};
use crate::run::ledger::Posted;
use crate::web::form::Query;
use crate::web::ledger::{self as shared, ROWS_MAX};
use crate::web::problem::{Failure, Fault};
use crate::web::visitor::Visitor;
use crate::words;

/// A false call-out, or the desk's time alone. Sums are whole pence, those of its rows added up.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CallOut)]
pub struct CallOutShape {
    pub id: String,
    /// The number of its first row.
    pub number: i64,
    /// Who entered it.
    #[schema(required)]
    pub organisation: Option<Named>,
    /// Whom it is proposed to.
    #[schema(required)]
    pub liable: Option<Named>,
    /// The id of the alarm that it is about.
    #[schema(required)]
    pub alarm: Option<String>,
    /// The change, where you may see it.
    #[schema(required)]
    pub change: Option<String>,
    #[schema(required)]
    pub site: Option<Named>,
    pub finding: FindingCode,
    pub desk_minutes: i64,
    /// A call sign or a firm; empty where nobody was sent.
    pub engineer: String,
    #[schema(required, format = DateTime)]
    pub dispatched_at: Option<String>,
    #[schema(required, format = DateTime)]
    pub stood_down_at: Option<String>,
    #[schema(required, format = DateTime)]
    pub arrived_at: Option<String>,
    #[schema(required, format = DateTime)]
    pub left_at: Option<String>,
    /// Two checks failed on the site's side.
    pub checks_failed: bool,
    /// They came outside the appointment.
    pub outside_appointment: bool,
    /// What had been announced by then; null where nothing had.
    #[schema(required)]
    pub announced: Option<AnnouncedShape>,
    /// The row of the table of verdicts, such as DL-1.
    pub rule: String,
    /// The same in words.
    pub words: String,
    /// The desk should not have sent anybody. It is counted, not charged.
    pub is_desks_own: bool,
    pub state: CallOutState,
    #[schema(format = DateTime)]
    pub entered_at: String,
    /// By when it is answered, where an answer was asked for. Silence agrees to nothing.
    #[schema(required, format = DateTime)]
    pub answer_due: Option<String>,
    /// Without tax.
    pub net_pence: i64,
    pub vat_pence: i64,
}

/// What was known of a notice when somebody was sent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Announced)]
pub struct AnnouncedShape {
    pub verdict: VerdictCode,
    #[schema(format = DateTime)]
    pub received_at: String,
    /// The notice lists what rang.
    pub is_listed: bool,
}

/// A row of the ledger.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LedgerRow)]
pub struct RowShape {
    /// Without a gap through the whole ledger.
    pub number: i64,
    /// The id of its call-out.
    pub call_out: String,
    #[schema(format = DateTime)]
    pub at: String,
    /// How the call-out stood from then on.
    pub state: CallOutState,
    /// Negative where it takes back what stood before.
    pub net_pence: i64,
    pub vat_pence: i64,
    /// What was said with it.
    pub words: String,
    /// Who wrote it; empty for somebody who has left.
    pub by: String,
}

/// A call-out with its rows, and what you may do to it now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallOutWithRows {
    pub call_out: CallOutShape,
    /// In the order in which they were added.
    pub rows: Vec<RowShape>,
    pub deeds: Vec<DeedCode>,
}

/// What was written down.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CallOutReceipt)]
pub struct ReceiptShape {
    /// The id of the call-out.
    pub id: String,
    /// The number of the row.
    pub row: i64,
    pub state: CallOutState,
    pub rule: String,
}

/// A call-out to be entered.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"alarm": "184467", "liable": "NORTHBROOK", "finding": "planned_work", "desk_minutes": 30, "engineer": "Field 7",
    "dispatched_at": "2026-11-20T03:15:00Z", "arrived_at": "2026-11-20T04:00:00Z", "left_at": "2026-11-20T05:01:00Z",
    "words": "The engineer found the electrician at the board"}))]
#[expect(dead_code, reason = "the shape of a body, which is read field by field so that every fault is told at once")]
pub struct NewCallOut {
    /// The id of the alarm that it is about, if any; one alarm has one call-out. It tells the change and what was announced.
    #[schema(max_length = 20)]
    alarm: Option<String>,
    /// The code of the organisation that it is proposed to.
    #[schema(min_length = 1, max_length = 500)]
    liable: String,
    /// The code of the site; with that of its organisation where it is not the only one: NORTHBROOK/NB.
    #[schema(max_length = 500)]
    site: Option<String>,
    finding: FindingCode,
    /// The reference of the change, where there is no alarm.
    #[schema(max_length = 40)]
    change: Option<String>,
    #[schema(minimum = 0, maximum = 10000)]
    desk_minutes: i64,
    /// A call sign or a firm.
    #[schema(max_length = 500)]
    engineer: Option<String>,
    #[schema(format = DateTime)]
    dispatched_at: Option<String>,
    /// They were called back.
    #[schema(format = DateTime)]
    stood_down_at: Option<String>,
    #[schema(format = DateTime)]
    arrived_at: Option<String>,
    #[schema(format = DateTime)]
    left_at: Option<String>,
    /// Two checks failed on the site's side; no where nobody says.
    checks_failed: Option<bool>,
    /// They came outside the appointment; no where nobody says.
    outside_appointment: Option<bool>,
    /// The evidence: who was rung, what they said, what was seen.
    #[schema(min_length = 1, max_length = 500)]
    words: String,
}

const FIELDS: [&str; 14] = [
    "alarm",
    "liable",
    "site",
    "finding",
    "change",
    "desk_minutes",
    "engineer",
    "dispatched_at",
    "stood_down_at",
    "arrived_at",
    "left_at",
    "checks_failed",
    "outside_appointment",
    "words",
];

/// Why something is done to a call-out.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"words": "We rang the desk on Thursday"}))]
#[expect(dead_code, reason = "the shape of a body, which is read field by field so that every fault is told at once")]
pub struct WhyShape {
    /// The other side reads it, and it stays in the ledger. To agree needs none.
    #[schema(max_length = 500)]
    words: Option<String>,
}

/// What a month comes to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LedgerStatement)]
pub struct StatementShape {
    /// Such as 2026-11, on the clock of Europe/London.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub month: String,
    #[schema(format = DateTime)]
    pub from: String,
    #[schema(format = DateTime)]
    pub until: String,
    /// By the code of the organisation.
    pub organisations: Vec<OfOrganisation>,
    /// The control total: every row of the month that you see, reversals among them.
    pub net_pence: i64,
    pub vat_pence: i64,
}

/// What a month comes to for one organisation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatementOfOrganisation)]
pub struct OfOrganisation {
    pub organisation: Named,
    /// How many call-outs of the month are proposed to it.
    pub call_outs: i64,
    /// What those come to that it agreed to, or that the authority upheld.
    pub owed_net_pence: i64,
    /// What those come to that are not decided yet.
    pub open_net_pence: i64,
    /// The rows of the month, those on older call-outs among them.
    pub rows: Vec<RowShape>,
    /// The rows added up.
    pub net_pence: i64,
    pub vat_pence: i64,
}

/// The month of a filter.
fn month(asked: &Asked) -> Result<Option<(Timestamp, Timestamp)>, Failure> {
    Ok(asked.code("month", shared::first_of)?.map(|first| shared::month(first, &calendar::london())))
}

/// Call-outs that you may see, latest first.
#[utoipa::path(get, path = "/api/v1/call-outs", tag = "call-outs", operation_id = "listCallOuts",
    params(
        ask::Paging,
        ("organisation" = Option<String>, Query, description = "The code of the organisation that they are proposed to.", max_length = 500),
        ("month" = Option<String>, Query, description = "Entered in this month, such as 2026-11.", pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$"),
        ("state" = Option<CallOutState>, Query, description = "Only those that stand so now."),
    ),
    responses((status = 200, description = "A page of call-outs.", body = Listing<CallOutShape>)))]
pub async fn list(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<Listing<CallOutShape>>, Failure> {
    let asked = Asked::of(query, &["limit", "cursor", "organisation", "month", "state"])?;
    let paging = asked.paging()?;
    let after = paging.after(|cursor| {
        let (entered, id) = cursor.split_once('.')?;
        Some((ask::number(entered)?, ask::number(id)?))
    })?;
    let (from, until) = month(&asked)?.unzip();
    let mut filter = CaseFilter { from, until, standing: asked.code("state", CallOutState::read)?, after, liable: None };
    let named = changes::Named::read(&asked)?;
    let (actor, limit) = (visitor.actor()?, usize::from(paging.limit));
    let mut lines = app.read::<_, Failure>(|tx| {
        (filter.liable, ..) = named.find(&app, tx, &actor)?;
        queries::list(tx, &Scope::of(&actor), &filter, i64::from(paging.limit) + 1)
    })?;
    let has_more = lines.len() > limit;
    lines.truncate(limit);
    let next_cursor = lines.last().filter(|_| has_more).map(|line| format!("{}.{}", line.entered_at.as_microsecond(), line.id));
    Ok(Json(Listing { items: lines.into_iter().map(shape).collect(), next_cursor }))
}

/// A call-out with its rows.
#[utoipa::path(get, path = "/api/v1/call-outs/{id}", tag = "call-outs", operation_id = "readCallOut",
    params(("id" = String, Path, description = "The id of the call-out.", max_length = 20)),
    responses((status = 200, description = "The call-out.", body = CallOutWithRows)))]
pub async fn read(Held(app): Held<Shared>, visitor: Visitor, Path(id): Path<String>, query: Query) -> Result<Json<CallOutWithRows>, Failure> {
    Asked::of(query, &[])?;
    let (actor, now) = (visitor.actor()?, app.clock.now());
    let (case, rows) = shared::seen(&app, &actor, ask::number(&id).ok_or(Failure::NotFound)?)?;
    let deeds = rules::open(case.standing, case.due_at.is_some_and(|due| due < now), shared::asking(&actor, &case));
    Ok(Json(CallOutWithRows { call_out: shape(case), rows: rows.into_iter().map(row).collect(), deeds: deeds.into_iter().map(DeedCode::of).collect() }))
}

/// Enters a call-out. The table of verdicts says whether anything is proposed, and how much.
#[utoipa::path(post, path = "/api/v1/call-outs", tag = "call-outs", operation_id = "enterCallOut",
    params(("Idempotency-Key" = Option<String>, Header, description = "Your own name for this deed: sent again, it is not done twice.", min_length = 1, max_length = 200, pattern = "^[!-~]+$")),
    request_body = NewCallOut,
    responses((status = 201, description = "It is entered.", body = ReceiptShape, headers(("Location" = String, description = "Where it is.")))))]
pub async fn enter(Held(app): Held<Shared>, visitor: Visitor, sent: Sent) -> Result<Response, Failure> {
    let actor = visitor.actor()?;
    let org = shared::admit(&actor)?;
    let key = sent.expect().key;
    let posted = match app.posted_before(&actor, key.as_ref())? {
        Some(before) => before,
        None => {
            let mut faults = sent.strange(&FIELDS);
            let typed = typed(&app, &actor, &sent.fields, &mut faults)?;
            shared::enter(&app, &actor, org, typed, faults, key)?
        }
    };
    let place = [(header::LOCATION, format!("/api/v1/call-outs/{}", posted.case))];
    Ok((StatusCode::CREATED, place, Json(receipt(posted))).into_response())
}

/// A body as what was typed. What is another's reads like what does not exist (S02).
fn typed(app: &App, actor: &Actor, fields: &Map<String, Value>, faults: &mut Vec<Fault>) -> Result<shared::Typed, Failure> {
    let scope = Scope::of(actor);
    let mut body = Body { fields, faults: std::mem::take(faults) };
    let (alarm, liable, site) = (body.line("alarm", false, 20), body.line("liable", true, 500), body.line("site", false, 500));
    let (finding, change, engineer) = (body.line("finding", true, 40), body.line("change", false, 40), body.line("engineer", false, 500));
    let (checks_failed, outside_appointment) = (body.yes("checks_failed", false), body.yes("outside_appointment", false));
    let words = body.line("words", true, 500);
    let [dispatched_at, stood_down_at, arrived_at, left_at] = ["dispatched_at", "stood_down_at", "arrived_at", "left_at"].map(|name| moment(&mut body, name));
    let (names, at_site) = app.read::<_, Failure>(|tx| Ok((app.names.of(tx, &scope)?, changes::Named::of_site(&site).find(app, tx, actor)?.2)))?;
    let found = match ask::number(&alarm) {
        Some(id) => app.read::<_, Failure>(|tx| alarms::by_id(tx, &scope, id))?,
        None => None,
    };
    let by_code = |all: &[Known], code: &str| all.iter().find(|one| one.code == code).map(|one| one.id);
    let liable_id = by_code(&names.organisations, &liable);
    let site_id = at_site.filter(|id| names.sites.iter().any(|one| one.id == *id));
    let kind = FindingCode::read(&finding);
    let unknown = [
        ("alarm", &alarm, found.is_none(), "unknown-value"),
        ("liable", &liable, liable_id.is_none(), "unknown-value"),
        ("site", &site, site_id.is_none(), "unknown-value"),
        ("finding", &finding, kind.is_none(), "unknown-choice"),
    ];
    for (name, typed, _, code) in unknown.into_iter().filter(|(_, typed, is_unknown, _)| *is_unknown && !typed.is_empty()) {
        body.faults.push(super::fault(&Violation::of(name, code).with(typed.as_str())));
    }
    *faults = body.faults;
    Ok(shared::Typed {
        alarm: found,
        liable: liable_id,
        site: site_id,
        finding: kind,
        change,
        desk_minutes: fields.get("desk_minutes").and_then(Value::as_i64),
        engineer,
        dispatched_at,
        stood_down_at,
        arrived_at,
        left_at,
        checks_failed,
        outside_appointment,
        words,
    })
}

fn moment(body: &mut Body, name: &str) -> Option<Timestamp> {
    let text = body.line(name, false, 100);
    if text.is_empty() {
        return None;
    }
    let read = text.parse().ok().map(form::micros);
    if read.is_none() {
        body.faults.push(Fault::of(name, "not-a-moment", "This is a time in RFC 3339, such as 2026-11-17T22:04:00Z."));
    }
    read
}

/// Agrees to a call-out, disputes it, decides that it is owed or not, or takes it back; each adds a row.
#[utoipa::path(post, path = "/api/v1/call-outs/{id}/acts/{act}", tag = "call-outs", operation_id = "answerCallOut",
    params(
        ("id" = String, Path, description = "The id of the call-out.", max_length = 20),
        ("act" = DeedCode, Path, description = "What you do: whom it is proposed to agrees or disputes, the authority upholds or waives, whoever entered it reverses it."),
        ("Idempotency-Key" = Option<String>, Header, description = "Your own name for this deed: sent again, it is not done twice.", min_length = 1, max_length = 200, pattern = "^[!-~]+$"),
    ),
    request_body = WhyShape,
    responses((status = 200, description = "Done.", body = ReceiptShape)))]
pub async fn answer(Held(app): Held<Shared>, visitor: Visitor, Path((id, deed)): Path<(String, String)>, sent: Sent) -> Result<Json<ReceiptShape>, Failure> {
    let actor = visitor.actor()?;
    let (id, deed) = ask::number(&id).zip(Deed::from_code(&deed)).ok_or(Failure::NotFound)?;
    let (case, _) = shared::seen(&app, &actor, id)?;
    shared::party(&actor, &case)?;
    let key = sent.expect().key;
    if let Some(before) = app.posted_before(&actor, key.as_ref())? {
        return Ok(Json(receipt(before)));
    }
    let mut body = Body { fields: &sent.fields, faults: sent.strange(&["words"]) };
    let words = body.line("words", false, 500);
    Ok(Json(receipt(shared::answer(&app, &actor, &case, Some(deed), &words, body.faults, key)?)))
}

/// What a month comes to, for each organisation that you may see.
#[utoipa::path(get, path = "/api/v1/call-outs/statement", tag = "call-outs", operation_id = "readLedgerStatement",
    params(
        ("month" = Option<String>, Query, description = "Such as 2026-11; this month where nobody says.", pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$"),
        ("organisation" = Option<String>, Query, description = "Only what is proposed to the organisation of this code.", max_length = 500),
    ),
    responses((status = 200, description = "The statement.", body = StatementShape)))]
pub async fn statement(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<StatementShape>, Failure> {
    let asked = Asked::of(query, &["month", "organisation"])?;
    let (actor, zone) = (visitor.actor()?, calendar::london());
    let this = calendar::local_date(app.clock.now(), &zone).first_of_month();
    let first = asked.code("month", shared::first_of)?.unwrap_or(this);
    let (from, until) = shared::month(first, &zone);
    let named = changes::Named::read(&asked)?;
    let scope = Scope::of(&actor);
    let (cases, rows) = app.read::<_, Failure>(|tx| {
        let (liable, ..) = named.find(&app, tx, &actor)?;
        let filter = CaseFilter { from: Some(from), until: Some(until), liable, ..CaseFilter::default() };
        let rows = queries::entries(tx, &scope, None, Some((from, until)), ROWS_MAX)?;
        Ok((queries::list(tx, &scope, &filter, ROWS_MAX)?, rows.into_iter().filter(|row| liable.is_none_or(|org| org == row.liable.id)).collect::<Vec<_>>()))
    })?;
    let organisations = by_organisation(&cases, rows);
    Ok(Json(StatementShape {
        month: first.strftime("%Y-%m").to_string(),
        from: from.to_string(),
        until: until.to_string(),
        net_pence: organisations.iter().map(|one| one.net_pence).sum(),
        vat_pence: organisations.iter().map(|one| one.vat_pence).sum(),
        organisations,
    }))
}

fn by_organisation(cases: &[CaseLine], rows: Vec<Entry>) -> Vec<OfOrganisation> {
    let empty = |org: &Known| OfOrganisation {
        organisation: Named::from(org),
        call_outs: 0,
        owed_net_pence: 0,
        open_net_pence: 0,
        rows: vec![],
        net_pence: 0,
        vat_pence: 0,
    };
    let mut all: BTreeMap<(String, i64), OfOrganisation> = BTreeMap::new();
    for case in cases {
        let Some(org) = &case.liable else { continue };
        let one = all.entry((org.code.clone(), org.id)).or_insert_with(|| empty(org));
        one.call_outs += 1;
        match case.standing {
            Standing::Agreed | Standing::Upheld => one.owed_net_pence += case.net,
            Standing::Proposed | Standing::Disputed => one.open_net_pence += case.net,
            Standing::NotChargeable | Standing::Waived | Standing::Reversed => {}
        }
    }
    for entry in rows {
        let one = all.entry((entry.liable.code.clone(), entry.liable.id)).or_insert_with(|| empty(&entry.liable));
        one.net_pence += entry.net;
        one.vat_pence += entry.vat;
        one.rows.push(row(entry));
    }
    all.into_values().collect()
}

fn shape(case: CaseLine) -> CallOutShape {
    let visit = &case.visit;
    CallOutShape {
        id: case.id.to_string(),
        number: case.number,
        organisation: case.org.as_ref().map(Named::from),
        liable: case.liable.as_ref().map(Named::from),
        alarm: case.alarm.map(|id| id.to_string()),
        change: case.change,
        site: case.site.as_ref().map(Named::from),
        finding: FindingCode::of(visit.finding),
        desk_minutes: visit.desk_minutes,
        engineer: case.engineer,
        dispatched_at: at(visit.dispatched_at),
        stood_down_at: at(visit.stood_down_at),
        arrived_at: at(visit.arrived_at),
        left_at: at(visit.left_at),
        checks_failed: visit.checks_failed,
        outside_appointment: visit.outside_appointment,
        announced: case.known.map(|known| AnnouncedShape {
            verdict: VerdictCode::of(known.verdict),
            received_at: known.received_at.to_string(),
            is_listed: known.is_listed,
        }),
        words: words::ledger::rule(&case.rule, case.is_desks_own),
        rule: case.rule,
        is_desks_own: case.is_desks_own,
        state: CallOutState::of(case.standing),
        entered_at: case.entered_at.to_string(),
        answer_due: at(case.due_at),
        net_pence: case.net,
        vat_pence: case.vat,
    }
}

fn row(entry: Entry) -> RowShape {
    RowShape {
        number: entry.number,
        call_out: entry.case.to_string(),
        at: entry.at.to_string(),
        state: CallOutState::of(entry.standing),
        net_pence: entry.net,
        vat_pence: entry.vat,
        words: entry.words,
        by: entry.by.unwrap_or_default(),
    }
}

fn receipt(posted: Posted) -> ReceiptShape {
    ReceiptShape { id: posted.case.to_string(), row: posted.entry, state: CallOutState::of(posted.standing), rule: posted.rule }
}
