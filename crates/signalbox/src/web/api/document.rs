//! The API's description (OpenAPI 3.1): what the handlers say of themselves, and what holds for all of them.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Response as Described, ResponseBuilder, Type};

use crate::web::problem::{Problem, ProblemError};

/// What stands at the top of the description.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Signalbox", description = "IT change management for services that many organisations share. The API allows what the pages allow, for the same reasons.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    security(("bearer" = [])),
    tags(
        (name = "changes", description = "Changes: lists, one change, drafts, history."),
        (name = "acts", description = "What may be done, and doing it."),
        (name = "files", description = "Files of a change."),
        (name = "alarms", description = "Alarms as monitors and desks tell them, and whether announced work answers for them."),
        (name = "silences", description = "What monitors keep quiet about, by their own word."),
        (name = "incidents", description = "What other systems tell of, and the changes that it may have come from."),
        (name = "call-outs", description = "The ledger of false call-outs: what they cost, who answers for them, and what was decided."),
        (name = "schedule", description = "The forward schedule, what is owed, whether an alarm is expected, whether something may change now."),
        (name = "directory", description = "Who and what there is."),
        (name = "processes", description = "The process documents."),
        (name = "description", description = "This description.")
    )
)]
pub struct Top;

/// Failures: name, status, what it means, and whether only writes can fail like that.
const PROBLEMS: [(&str, &str, &str, When); 16] = [
    ("BadRequest", "400", "The request can’t be read, or asks for a filter that does not exist.", When::Always),
    ("Unauthorised", "401", "No token, or not a live one.", When::Always),
    ("Denied", "403", "Seen but not allowed; the rule is named.", When::Always),
    ("NotFound", "404", "Not there, or not for you.", When::Always),
    ("WrongMethod", "405", "This address can’t be used like that.", When::Always),
    ("TooSlow", "408", "The body did not arrive in time.", When::Writing),
    ("Conflict", "409", "Not at this stage, or somebody was faster: read again, decide again.", When::Writing),
    ("Stale", "412", "If-Match names an older version.", When::Writing),
    ("TooLarge", "413", "The body is too large.", When::Writing),
    ("WrongMedia", "415", "The body is in a form that we do not read.", When::Writing),
    ("WrongHost", "421", "This is not the address of this server.", When::Always),
    ("Invalid", "422", "Every fault of what was sent, at once.", When::Writing),
    ("NeedsVersion", "428", "This needs If-Match.", When::Writing),
    ("TooMany", "429", "Too fast: Retry-After says when.", When::Always),
    ("Bug", "500", "A fault of ours; the detail holds the number under which it is written down.", When::Always),
    ("Unavailable", "503", "Not now: Retry-After says when.", When::Always),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    Writing,
}

/// Adds what holds for every operation: how to sign in, and how a failure is told.
pub fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("sb_ and 64 hexadecimal digits");
    let token = token.description(Some("A token from `signalbox token`, or from the page about yourself. It acts as that person.")).build();
    components.security_schemes.insert("bearer".into(), SecurityScheme::Http(token).into());
    let mut schemas = vec![];
    <Problem as ToSchema>::schemas(&mut schemas);
    schemas.push((Problem::name().into_owned(), <Problem as utoipa::PartialSchema>::schema()));
    schemas.push((ProblemError::name().into_owned(), <ProblemError as utoipa::PartialSchema>::schema()));
    components.schemas.extend(schemas);
    for (name, status, words, _) in PROBLEMS {
        components.responses.insert(name.into(), RefOr::T(problem(status, words)));
    }
    for item in document.paths.paths.values_mut() {
        let writing = [&mut item.post, &mut item.patch, &mut item.put, &mut item.delete];
        writing.into_iter().flatten().for_each(|operation| add_problems(operation, true));
        item.get.iter_mut().for_each(|operation| add_problems(operation, false));
    }
}

/// What stands in an address or a header is there or is not: it is never null. An empty filter asks for nothing that
/// could be answered, but for words that somebody typed.
pub fn without_null(document: &mut Value) {
    let operations = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    let operations = operations.filter_map(Value::as_object_mut).flat_map(|item| item.values_mut());
    let parameters = operations.filter_map(|operation| operation.get_mut("parameters")?.as_array_mut()).flatten();
    for parameter in parameters {
        let is_filter = parameter["in"] == "query" && parameter["name"] != "q";
        let schema = &mut parameter["schema"];
        for several in ["type", "oneOf"] {
            let Some(all) = schema.get(several).and_then(Value::as_array) else { continue };
            let mut rest = all.iter().filter(|one| **one != "null" && one["type"] != "null");
            if let (Some(one), None) = (rest.next().cloned(), rest.next()) {
                if several == "type" { schema["type"] = one } else { *schema = one }
            }
        }
        if is_filter && schema["type"] == "string" {
            schema["minLength"] = 1.into();
        }
    }
}

fn add_problems(operation: &mut Operation, is_writing: bool) {
    for (name, status, _, when) in PROBLEMS {
        if is_writing || when == When::Always {
            operation.responses.responses.insert(status.into(), RefOr::Ref(Ref::from_response_name(name)));
        }
    }
}

fn problem(status: &str, words: &str) -> Described {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name()))).build();
    let response = ResponseBuilder::new().description(words).content("application/problem+json", content);
    let text = |words: &str| HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String))).description(Some(words)).build();
    match status {
        "401" => response.header("WWW-Authenticate", text("Bearer, and the realm.")).build(),
        "429" | "503" => response.header("Retry-After", text("Seconds.")).build(),
        _ => response.build(),
    }
}

/// This description.
#[utoipa::path(get, path = "/api/openapi.json", tag = "description", operation_id = "readDescription", security(()),
    responses((status = 200, description = "OpenAPI 3.1.", content_type = "application/json", body = serde_json::Map<String, serde_json::Value>)))]
pub async fn show() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text()).into_response()
}

/// The description as JSON, made once.
fn text() -> &'static str {
    static TEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    TEXT.get_or_init(|| super::described().to_string())
}
