//! Files of a change.

use axum::Json;
use axum::extract::{FromRequest, Multipart, Path, Request, State as Held};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};
use signalbox_store::drafts;
use utoipa::ToSchema;

use super::ask::{self, Asked, Conditions};
use super::changes::{Receipt, id_of};
use super::told;
use super::whole::FileShape;
use crate::app::Shared;
use crate::run::{NewAttachment, clean_name};
use crate::web::form::Query;
use crate::web::problem::{Failure, Fault};
use crate::web::visitor::Visitor;

/// The most that a file may hold.
const FILE_BYTES: usize = 10 << 20;

/// The files of a change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Files {
    pub items: Vec<FileShape>,
}

/// A form with one file.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "the shape of a body, which is read part by part")]
pub struct Upload {
    /// At most 10 MB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What it is: `plan`, `downtime_procedure`, `test_result`, `administrative` or `other`.
    purpose: Option<String>,
}

/// The files of a change.
#[utoipa::path(get, path = "/api/v1/changes/{ref}/files", tag = "files", operation_id = "listFiles",
    params(("ref" = String, Path, description = "The reference, such as ON-2026-000123.", max_length = 40)),
    responses((status = 200, description = "The files, without their content.", body = Files)))]
pub async fn list(Held(app): Held<Shared>, visitor: Visitor, Path(reference): Path<String>, query: Query) -> Result<Json<Files>, Failure> {
    Asked::of(query, &[])?;
    let actor = visitor.actor()?;
    let files = app.read::<_, Failure>(|tx| match id_of(tx, &actor, &reference)? {
        Some(id) => drafts::files(tx, id).map(Some),
        None => Ok(None),
    })?;
    let files = files.ok_or(Failure::NotFound)?.into_iter();
    Ok(Json(Files { items: files.map(|f| FileShape { id: f.id.to_string(), name: f.name, bytes: f.bytes, sha256: f.sha256 }).collect() }))
}

/// The content of a file. It comes as an attachment that no browser opens by itself.
#[utoipa::path(get, path = "/api/v1/changes/{ref}/files/{id}", tag = "files", operation_id = "readFile",
    params(
        ("ref" = String, Path, description = "The reference, such as ON-2026-000123.", max_length = 40),
        ("id" = String, Path, description = "The id of the file.", max_length = 20),
    ),
    responses((status = 200, description = "The bytes.", content_type = "application/octet-stream", body = Vec<u8>)))]
pub async fn read(Held(app): Held<Shared>, visitor: Visitor, Path((reference, id)): Path<(String, String)>, query: Query) -> Result<Response, Failure> {
    Asked::of(query, &[])?;
    let actor = visitor.actor()?;
    let file = ask::number(&id).ok_or(Failure::NotFound)?;
    let found = app.read::<_, Failure>(|tx| match id_of(tx, &actor, &reference)? {
        Some(change) => drafts::file(tx, change, file),
        None => Ok(None),
    })?;
    let (name, _, content) = found.ok_or(Failure::NotFound)?;
    let encoded: String = form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20");
    // RFC 6266, 4.3: the name in its encoded form, so that nothing in it is read as a header.
    let disposition = HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{encoded}"));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static("application/octet-stream");
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], content).into_response())
}

/// Attaches a file.
#[utoipa::path(post, path = "/api/v1/changes/{ref}/files", tag = "files", operation_id = "attachFile",
    params(
        ("ref" = String, Path, description = "The reference, such as ON-2026-000123.", max_length = 40),
        ("Idempotency-Key" = Option<String>, Header, description = "Your own name for this deed: sent again, it is not done twice.", min_length = 1, max_length = 200, pattern = "^[!-~]+$"),
    ),
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses((status = 201, description = "Attached.", body = Receipt, headers(("ETag" = String, description = "The new version.")))))]
pub async fn attach(Held(app): Held<Shared>, visitor: Visitor, Path(reference): Path<String>, request: Request) -> Result<Response, Failure> {
    let actor = visitor.actor()?;
    let headers = Conditions::read(request.headers())?;
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let id = app.read::<_, Failure>(|tx| id_of(tx, &actor, &reference))?.ok_or(Failure::NotFound)?;
    let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !media.to_ascii_lowercase().starts_with("multipart/form-data") {
        return Err(Failure::WrongMedia);
    }
    let (name, content, purpose) = upload(request).await?;
    let said = purpose.as_deref().unwrap_or("");
    let hash = Sha256::new().chain_update(name.as_bytes()).chain_update([0]).chain_update(said).chain_update([0]).chain_update(&content).finalize();
    let expect = headers.expect(&ask::request_hash(&method, &path, &hash));
    let done = app.attach(&actor, id, NewAttachment { purpose, ..NewAttachment::new(name, content) }, expect).map_err(|stop| told(stop, headers.is_matched))?;
    Ok(Receipt::of(done, StatusCode::CREATED))
}

/// The name and the bytes of the one file in the form.
async fn upload(request: Request) -> Result<(String, Vec<u8>, Option<String>), Failure> {
    let broken = || Failure::bad_request("body", "The form can’t be read.");
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| broken())?;
    let (mut file, mut purpose) = (None, None);
    while let Some(part) = parts.next_field().await.map_err(|_| broken())? {
        let field = part.name().unwrap_or("").to_owned();
        if field == "purpose" && purpose.is_none() {
            let code = part.text().await.map_err(|_| broken())?;
            if !signalbox_core::clinical::fields::PURPOSES.contains(&code.as_str()) {
                return Err(Failure::invalid(Fault::of("purpose", "unknown-choice", "Choose one of the purposes that are listed.")));
            }
            purpose = Some(code);
            continue;
        }
        if field != "file" || file.is_some() {
            return Err(Failure::invalid(Fault::of(&field.replace('\0', ""), "unknown-field", "The form holds one file, under the name “file”.")));
        }
        let name = clean_name(part.file_name().unwrap_or(""));
        let content = part.bytes().await.map_err(|_| Failure::TooLarge)?;
        file = Some((name, content.to_vec()));
    }
    match file {
        None => Err(Failure::invalid(Fault::of("file", "answer-missing", "Choose a file."))),
        Some((_, content)) if content.len() > FILE_BYTES => Err(Failure::TooLarge),
        Some((_, content)) if content.is_empty() => Err(Failure::invalid(Fault::of("file", "empty-file", "This file is empty."))),
        Some((name, content)) => Ok((name, content, purpose)),
    }
}
