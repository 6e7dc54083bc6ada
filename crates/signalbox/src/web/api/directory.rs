//! Who and what there is, as far as the reader may name it; the process documents; oneself.

use axum::Json;
use axum::extract::{Path, State as Held};
use serde::Serialize;
use signalbox_core::actor::OrgKind;
use signalbox_store::directory::{self, Viewer};
use signalbox_store::page::{Cursor, Page};
use utoipa::ToSchema;

use super::ask::{self, Asked, Paging};
use super::shapes::{KindCode, Listing, Named, OrgKindCode, RoleCode};
use crate::app::{App, Shared};
use crate::web::form::Query;
use crate::web::problem::Failure;
use crate::web::visitor::Visitor;

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    pub id: String,
    pub code: String,
    pub name: String,
    pub kind: OrgKindCode,
    #[schema(required)]
    pub ods_code: Option<String>,
    pub is_active: bool,
}

/// A site.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Site {
    pub id: String,
    pub code: String,
    pub name: String,
    /// The code of the organisation that runs it.
    pub organisation: String,
}

/// A service that organisations share.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    pub id: String,
    pub code: String,
    pub name: String,
    /// The code of the organisation that runs it.
    pub owner: String,
    pub is_direct_care: bool,
    pub is_always_on: bool,
}

/// A configuration item.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub id: String,
    pub code: String,
    pub name: String,
    /// Such as circuit or server.
    #[serde(rename = "type")]
    pub item_type: String,
    /// The code of the organisation whose it is.
    pub organisation: String,
    #[schema(required)]
    pub site: Option<Named>,
}

/// The sort text of a list may hold anything, so it travels in hexadecimal.
fn write(cursor: Cursor) -> String {
    format!("{}.{}", signalbox_core::text::hex(cursor.sort.as_bytes()), cursor.id)
}

fn read(text: &str) -> Option<Cursor> {
    let (sort, id) = text.split_once('.')?;
    Some(Cursor { sort: ask::unhexed(sort)?, id: ask::number(id)? })
}

fn page(asked: &Asked, paging: &Paging) -> Result<Page, Failure> {
    let filter = asked.words("q")?.unwrap_or_default().to_owned();
    Ok(Page { after: paging.after(read)?, filter, limit: paging.limit })
}

/// Organisations, by name.
#[utoipa::path(get, path = "/api/v1/organisations", tag = "directory", operation_id = "listOrganisations",
    params(
        ("kind" = Option<OrgKindCode>, Query, description = "Only this kind."),
        ("q" = Option<String>, Query, description = "Part of the code or the name.", max_length = 500),
        Paging,
    ),
    responses((status = 200, description = "A page of organisations.", body = Listing<Organisation>)))]
pub async fn organisations(Held(app): Held<Shared>, query: Query) -> Result<Json<Listing<Organisation>>, Failure> {
    let asked = Asked::of(query, &["kind", "q", "limit", "cursor"])?;
    let kind = asked.code("kind", OrgKindCode::read)?;
    let wanted = page(&asked, &asked.paging()?)?;
    let found = app.read::<_, Failure>(|tx| directory::organisations(tx, kind, &wanted))?;
    let items = found.items.into_iter().map(|org| Organisation {
        id: org.id.to_string(),
        code: org.code,
        name: org.name,
        kind: OrgKindCode::of(org.kind),
        ods_code: org.ods_code,
        is_active: org.is_active,
    });
    Ok(Json(Listing { items: items.collect(), next_cursor: found.next.map(write) }))
}

/// Sites of an organisation, by name, as far as you may name them.
#[utoipa::path(get, path = "/api/v1/sites", tag = "directory", operation_id = "listSites",
    params(
        ("organisation" = String, Query, description = "The code of the organisation.", max_length = 500),
        ("q" = Option<String>, Query, description = "Part of the code or the name.", max_length = 500),
        Paging,
    ),
    responses((status = 200, description = "A page of sites.", body = Listing<Site>)))]
pub async fn sites(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<Listing<Site>>, Failure> {
    let asked = Asked::of(query, &["organisation", "q", "limit", "cursor"])?;
    let code = asked.one("organisation")?.ok_or_else(|| Failure::bad_request("missing-filter", "“organisation” is needed: the code of one."))?.to_owned();
    let wanted = page(&asked, &asked.paging()?)?;
    let (row, actor) = (visitor.row()?, visitor.actor()?);
    // Whoever serves many sites names any of them; a trust names its own (S02).
    let serves = actor.is_of(OrgKind::Supplier) || actor.is_of(OrgKind::Network) || row.viewer() == Viewer::All;
    let found = app.read::<_, Failure>(|tx| {
        let org = directory::organisation_by_code(tx, &code)?;
        match org.filter(|org| serves || actor.belongs_to(signalbox_core::ids::OrgId(org.id))) {
            Some(org) => directory::sites(tx, org.id, &wanted).map(Some),
            None => Ok(None),
        }
    })?;
    let Some(found) = found else { return Ok(Json(Listing { items: vec![], next_cursor: None })) };
    let items = found.items.into_iter().map(|site| Site { id: site.id.to_string(), code: site.code, name: site.name, organisation: code.clone() });
    Ok(Json(Listing { items: items.collect(), next_cursor: found.next.map(write) }))
}

/// Services, by name, as far as you may name them. A page may hold fewer than `limit`.
#[utoipa::path(get, path = "/api/v1/services", tag = "directory", operation_id = "listServices",
    params(("q" = Option<String>, Query, description = "Part of the code or the name.", max_length = 500), Paging),
    responses((status = 200, description = "A page of services.", body = Listing<Service>)))]
pub async fn services(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<Listing<Service>>, Failure> {
    let asked = Asked::of(query, &["q", "limit", "cursor"])?;
    let wanted = page(&asked, &asked.paging()?)?;
    let (row, actor) = (visitor.row()?, visitor.actor()?);
    let serves = actor.is_of(OrgKind::Supplier) || actor.is_of(OrgKind::Network) || row.viewer() == Viewer::All;
    let (items, next) = app.read::<_, Failure>(|tx| {
        let found = directory::services(tx, None, &wanted)?;
        let mut items = vec![];
        for service in found.items {
            let users = directory::service_orgs(tx, service.id)?;
            let is_own = |org: i64| actor.belongs_to(signalbox_core::ids::OrgId(org));
            if serves || users.is_empty() || is_own(service.owner_org) || users.into_iter().any(is_own) {
                let owner = directory::organisation(tx, service.owner_org)?.map(|org| org.code).unwrap_or_default();
                items.push(Service {
                    id: service.id.to_string(),
                    code: service.code,
                    name: service.name,
                    owner,
                    is_direct_care: service.is_direct_care,
                    is_always_on: service.is_always_on,
                });
            }
        }
        Ok((items, found.next))
    })?;
    Ok(Json(Listing { items, next_cursor: next.map(write) }))
}

/// Items, by name, as far as you may see them.
#[utoipa::path(get, path = "/api/v1/items", tag = "directory", operation_id = "listItems",
    params(
        ("organisation" = Option<String>, Query, description = "The code of the organisation whose they are.", max_length = 500),
        ("q" = Option<String>, Query, description = "Part of the code or the name.", max_length = 500),
        Paging,
    ),
    responses((status = 200, description = "A page of items.", body = Listing<Item>)))]
pub async fn items(Held(app): Held<Shared>, visitor: Visitor, query: Query) -> Result<Json<Listing<Item>>, Failure> {
    let asked = Asked::of(query, &["organisation", "q", "limit", "cursor"])?;
    let code = asked.one("organisation")?.map(str::to_owned);
    let wanted = page(&asked, &asked.paging()?)?;
    let viewer = visitor.row()?.viewer();
    let (items, next) = app.read::<_, Failure>(|tx| {
        let org = match &code {
            None => None,
            // No organisation has the id -1: what is not known finds nothing.
            Some(code) => Some(directory::organisation_by_code(tx, code)?.map_or(-1, |org| org.id)),
        };
        let found = directory::items(tx, viewer, org, &wanted)?;
        let mut items = vec![];
        for item in found.items {
            let site = item.site_id.map(|site| directory::site(tx, site)).transpose()?.flatten();
            items.push(Item {
                id: item.id.to_string(),
                code: item.code,
                name: item.name,
                item_type: item.item_type,
                organisation: directory::organisation(tx, item.org_id)?.map(|org| org.code).unwrap_or_default(),
                site: site.map(|site| Named { id: site.id.to_string(), code: site.code, name: site.name }),
            });
        }
        Ok((items, found.next))
    })?;
    Ok(Json(Listing { items, next_cursor: next.map(write) }))
}

/// Who the token acts as.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Me {
    pub id: String,
    pub name: String,
    pub email: String,
    pub memberships: Vec<MembershipShape>,
}

/// A role in an organisation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Membership)]
pub struct MembershipShape {
    /// The code of the organisation.
    pub organisation: String,
    pub kind: OrgKindCode,
    pub role: RoleCode,
    /// The role counts for the service of this code only.
    #[schema(required)]
    pub service: Option<String>,
}

/// Who the token acts as, and what they hold.
#[utoipa::path(get, path = "/api/v1/me", tag = "directory", operation_id = "readMe",
    responses((status = 200, description = "You.", body = Me)))]
pub async fn me(visitor: Visitor, query: Query) -> Result<Json<Me>, Failure> {
    Asked::of(query, &[])?;
    let row = visitor.row()?;
    let memberships = row.memberships.iter().map(|m| MembershipShape {
        organisation: m.org_code.clone(),
        kind: OrgKindCode::of(m.org_kind),
        role: RoleCode::of(m.role),
        service: m.service_code.clone(),
    });
    Ok(Json(Me { id: row.person.id.to_string(), name: row.person.name.clone(), email: row.person.email.clone(), memberships: memberships.collect() }))
}

/// A process document in short.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessLine {
    pub id: String,
    pub title: String,
    pub version: u32,
    pub kind: KindCode,
    /// What references begin with.
    pub prefix: String,
    pub hash: String,
    /// From when it counts; nothing for one that came with the program.
    #[schema(required, format = DateTime)]
    pub in_force_from: Option<String>,
}

/// The process documents in force.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Processes {
    pub items: Vec<ProcessLine>,
}

/// A process document: its text, its questions and its steps.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessShape {
    pub id: String,
    pub title: String,
    pub version: u32,
    pub kind: KindCode,
    pub prefix: String,
    pub hash: String,
    /// From when it counts; nothing for one that came with the program.
    #[schema(required, format = DateTime)]
    pub in_force_from: Option<String>,
    /// The Markdown as it was written.
    pub source: String,
    pub questions: Vec<QuestionShape>,
    pub steps: Vec<StepShape>,
}

/// A question of a document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Question)]
pub struct QuestionShape {
    pub id: String,
    pub words: String,
    pub guidance: String,
    /// In which condition it is asked, in the words of the document; empty where it always is.
    pub asked_when: String,
}

/// A step of a document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Step)]
pub struct StepShape {
    pub act: String,
    pub from: super::shapes::State,
    #[schema(required)]
    pub to: Option<super::shapes::State>,
    /// Who may take it, in the words of the document.
    pub who: Vec<String>,
}

fn line(app: &App, process: &signalbox_core::process::Process) -> ProcessLine {
    ProcessLine {
        id: process.id.clone(),
        title: process.title.clone(),
        version: process.version,
        kind: KindCode::of(process.kind),
        prefix: process.prefix.clone(),
        hash: process.hash.clone(),
        in_force_from: app.documents.adopted(&process.id).map(|adopted| adopted.from.to_string()),
    }
}

/// The process documents that new changes begin under.
#[utoipa::path(get, path = "/api/v1/processes", tag = "processes", operation_id = "listProcesses",
    responses((status = 200, description = "Those in force.", body = Processes)))]
pub async fn processes(Held(app): Held<Shared>, query: Query) -> Result<Json<Processes>, Failure> {
    Asked::of(query, &[])?;
    Ok(Json(Processes { items: app.documents.all().iter().map(|process| line(&app, process)).collect() }))
}

/// A process document.
#[utoipa::path(get, path = "/api/v1/processes/{id}", tag = "processes", operation_id = "readProcess",
    params(("id" = String, Path, description = "The id of the document, such as planned-outage.", max_length = 100)),
    responses((status = 200, description = "The document in force.", body = ProcessShape)))]
pub async fn process(Held(app): Held<Shared>, Path(id): Path<String>, query: Query) -> Result<Json<ProcessShape>, Failure> {
    Asked::of(query, &[])?;
    let process = app.documents.all().into_iter().find(|process| process.id == id).ok_or(Failure::NotFound)?;
    let questions = process.questions.iter().map(|q| QuestionShape {
        id: q.id.clone(),
        words: q.text.clone(),
        guidance: q.guidance.clone(),
        asked_when: q.asked_when.as_ref().map(|c| c.words.clone()).unwrap_or_default(),
    });
    let steps = process.steps.iter().map(|step| StepShape {
        act: step.act.code().into(),
        from: super::shapes::State::of(step.from),
        to: step.to.map(super::shapes::State::of),
        who: step.who.iter().map(|who| signalbox_core::process::dictionary::who_words(*who).to_string()).collect(),
    });
    let ProcessLine { id, title, version, kind, prefix, hash, in_force_from } = line(&app, &process);
    Ok(Json(ProcessShape {
        id,
        title,
        version,
        kind,
        prefix,
        hash,
        in_force_from,
        source: process.source.clone(),
        questions: questions.collect(),
        steps: steps.collect(),
    }))
}
