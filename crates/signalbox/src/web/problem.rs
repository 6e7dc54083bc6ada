//! Every way in which a request is not done, and how it is told: a page to people, `application/problem+json`
//! (RFC 9457) to programs.
//!
//! A handler returns a [`Failure`]; it travels in the response's extensions to the guard, which knows who asked and
//! whether they read HTML or JSON.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use signalbox_core::refusal::Violation;
use signalbox_store::StoreError;
use signalbox_store::directory::Refused;
use utoipa::ToSchema;

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// 400: the request can't be read, or asks for a filter that does not exist (settled 18).
    BadRequest { code: &'static str, detail: String },
    /// 401: nobody has signed in. Pages send the visitor to the sign-in page instead.
    SignIn,
    /// 403: a rule stands in the way; its sentence names it.
    Denied { rule: String, detail: String },
    /// 403: the form did not come from a page of ours (S42).
    Forged,
    /// 404: not there, or not to be seen by this visitor, which must look the same (S28).
    NotFound,
    /// 405.
    WrongMethod,
    /// 408: the body did not arrive in time.
    TooSlow,
    /// 409: lost a race, or the act does not exist from this stage. `versions` is shown when both are known.
    Conflict { code: &'static str, detail: String, versions: Option<Versions> },
    /// 412: `If-Match` names an older version (settled 18).
    Stale { expected: i64, found: i64 },
    /// 413.
    TooLarge,
    /// 415: a body in a form that we do not read.
    WrongMedia,
    /// 421: a host that is not ours (S54).
    Misdirected,
    /// 422: every fault at once.
    Invalid(Vec<Fault>),
    /// 428: this needs `If-Match`.
    NeedsVersion,
    /// 429: come back in so many seconds.
    TooMany { retry_after_seconds: u64 },
    /// 503: the store is busy or away; the page keeps the form.
    Unavailable { retry_after_seconds: u64 },
    /// 500: a fault of ours. The visitor is told the number under which the log holds the rest (S65).
    Bug { correlation: String },
}

/// One thing wrong with what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field's name, nested ones with dots; `None` for the whole.
    pub field: Option<String>,
    pub code: &'static str,
    /// A sentence for people.
    pub detail: String,
}

/// What the visitor sent and what stands now, field by field: (label, sent, now).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    pub rows: Vec<(String, String, String)>,
}

impl Fault {
    /// A fault of a field.
    pub fn of(field: &str, code: &'static str, detail: impl Into<String>) -> Fault {
        Fault { field: Some(field.to_owned()), code, detail: detail.into() }
    }

    /// A fault of the whole.
    pub fn whole(code: &'static str, detail: impl Into<String>) -> Fault {
        Fault { field: None, code, detail: detail.into() }
    }

    /// A violation of a rule of the core, with the sentence chosen for it.
    pub fn from_violation(violation: &Violation, detail: impl Into<String>) -> Fault {
        Fault { field: violation.field.clone(), code: violation.code, detail: detail.into() }
    }
}

impl Failure {
    /// One fault.
    pub fn invalid(fault: Fault) -> Failure {
        Failure::Invalid(vec![fault])
    }

    /// A request that can't be read.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Failure {
        Failure::BadRequest { code, detail: detail.into() }
    }

    /// A rule that stands in the way.
    pub fn denied(rule: impl Into<String>, detail: impl Into<String>) -> Failure {
        Failure::Denied { rule: rule.into(), detail: detail.into() }
    }

    /// A lost race, or an act that does not exist from this stage.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Failure {
        Failure::Conflict { code, detail: detail.into(), versions: None }
    }

    /// A fault of ours: logged in full under a fresh number, of which alone the visitor learns.
    pub fn bug(what: &dyn std::fmt::Display) -> Failure {
        let correlation = crate::clock::correlation();
        tracing::error!(correlation, "{what}");
        Failure::Bug { correlation }
    }

    /// The status it is told with.
    pub fn status(&self) -> StatusCode {
        self.told().0
    }

    /// A stable code for programs.
    pub fn code(&self) -> &str {
        match self {
            Failure::BadRequest { code, .. } | Failure::Conflict { code, .. } => code,
            Failure::Denied { rule, .. } => rule,
            _ => self.told().1,
        }
    }

    /// The same for every failure of its kind (RFC 9457, 3.1.3).
    pub fn title(&self) -> &'static str {
        self.told().2
    }

    /// Status, code and title in one table.
    fn told(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Failure::BadRequest { .. } => (S::BAD_REQUEST, "bad-request", "We can’t read this request"),
            Failure::SignIn => (S::UNAUTHORIZED, "sign-in", "Sign in first"),
            Failure::Denied { .. } => (S::FORBIDDEN, "denied", "You can’t do this"),
            Failure::Forged => (S::FORBIDDEN, "not-our-form", "This form is out of date"),
            Failure::NotFound => (S::NOT_FOUND, "not-found", "Page not found"),
            Failure::WrongMethod => (S::METHOD_NOT_ALLOWED, "wrong-method", "This address can’t be used like that"),
            Failure::TooSlow => (S::REQUEST_TIMEOUT, "too-slow", "The request took too long to arrive"),
            Failure::Conflict { .. } => (S::CONFLICT, "conflict", "Somebody was faster"),
            Failure::Stale { .. } => (S::PRECONDITION_FAILED, "stale", "This has changed since you read it"),
            Failure::TooLarge => (S::PAYLOAD_TOO_LARGE, "too-large", "This is too large"),
            Failure::WrongMedia => (S::UNSUPPORTED_MEDIA_TYPE, "wrong-media", "We can’t read this kind of content"),
            Failure::Misdirected => (S::MISDIRECTED_REQUEST, "wrong-host", "This is not the address of this server"),
            Failure::Invalid(_) => (S::UNPROCESSABLE_ENTITY, "invalid", "There is a problem"),
            Failure::NeedsVersion => (S::PRECONDITION_REQUIRED, "needs-version", "Say which version you have seen"),
            Failure::TooMany { .. } => (S::TOO_MANY_REQUESTS, "too-many", "Too many tries"),
            Failure::Unavailable { .. } => (S::SERVICE_UNAVAILABLE, "unavailable", "Signalbox can’t save at the moment"),
            Failure::Bug { .. } => (S::INTERNAL_SERVER_ERROR, "bug", "Something went wrong here"),
        }
    }

    /// What happened this time, and what to do.
    pub fn detail(&self) -> String {
        match self {
            Failure::BadRequest { detail, .. } | Failure::Denied { detail, .. } | Failure::Conflict { detail, .. } => detail.clone(),
            Failure::SignIn => "Sign in, or send a bearer token that is still valid.".into(),
            Failure::Forged => "Nothing was changed. You may have signed out, or signed in again, since the page was \
                                opened. Open it again and send it from there."
                .into(),
            Failure::NotFound => "It does not exist, or it is not open to you. Check the address, or use Find.".into(),
            Failure::WrongMethod => "Open the page and use the button on it.".into(),
            Failure::TooSlow => "Nothing was changed. Send it again.".into(),
            Failure::Stale { expected, found } => {
                format!("You named version {expected}; it is at version {found} now. Read it again, then decide.")
            }
            Failure::TooLarge => "A form may hold 1 MB, a file 10 MB. Nothing was changed.".into(),
            Failure::WrongMedia => "Forms are sent as application/x-www-form-urlencoded, the API takes application/json.".into(),
            Failure::Misdirected => "Use the address that your organisation was given.".into(),
            Failure::Invalid(faults) => match faults.as_slice() {
                [fault] => fault.detail.clone(),
                _ => format!("{} things need another look.", faults.len()),
            },
            Failure::NeedsVersion => "Send If-Match with the ETag of the version that you have read.".into(),
            Failure::TooMany { retry_after_seconds } => format!("Try again in {}.", in_words(*retry_after_seconds)),
            Failure::Unavailable { retry_after_seconds } => {
                format!("Nothing you typed is lost. Try again in {}.", in_words(*retry_after_seconds))
            }
            Failure::Bug { correlation } => format!("It is our fault, and it is written down under {correlation}. Quote that if you ring the change team."),
        }
    }

    /// Seconds after which it is worth trying again.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Failure::TooMany { retry_after_seconds } | Failure::Unavailable { retry_after_seconds } => Some(*retry_after_seconds),
            _ => None,
        }
    }

    /// The faults of the fields, where there are any.
    pub fn faults(&self) -> &[Fault] {
        match self {
            Failure::Invalid(faults) => faults,
            _ => &[],
        }
    }

    /// As RFC 9457 wants it.
    pub fn to_json(&self) -> Response {
        let body = Problem {
            kind: format!("urn:signalbox:problem:{}", self.code()),
            title: self.title(),
            status: self.status().as_u16(),
            detail: self.detail(),
            errors: self.faults().iter().map(ProblemError::of).collect(),
        };
        // Strings and numbers always serialise.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status(), [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        self.add_headers(&mut response);
        response
    }

    /// `Retry-After` and `WWW-Authenticate`, which belong to the status whoever reads the body.
    pub fn add_headers(&self, response: &mut Response) {
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_seconds() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if *self == Failure::SignIn {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"signalbox\""));
        }
    }
}

impl IntoResponse for Failure {
    /// Bare: the guard gives it a body.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        match error {
            StoreError::Busy | StoreError::Serialisation(_) => Failure::Unavailable { retry_after_seconds: 1 },
            StoreError::Unavailable(_) | StoreError::Full | StoreError::Uncertain(_) | StoreError::Locked => {
                tracing::warn!("{error}");
                Failure::Unavailable { retry_after_seconds: 10 }
            }
            StoreError::Conflict { expected, found } => Failure::Stale { expected, found },
            StoreError::Missing => Failure::NotFound,
            _ => Failure::bug(&error),
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Failure {
        match refused {
            // The same for a row that is not there and one that is another's (S02).
            Refused::Unknown(field) => Failure::invalid(Fault::of(field, "unknown-value", "We don’t know this one.")),
            Refused::Taken(field) => Failure::invalid(Fault::of(field, "taken", "Another one has this already.")),
            Refused::Invalid(field) => Failure::invalid(Fault::of(field, "invalid", "This can’t be right.")),
            Refused::Ambiguous(field) => {
                let detail = "This code is both an item and a service. Rename one of them.";
                Failure::invalid(Fault::of(field, "ambiguous", detail))
            }
            Refused::SelfGrant => Failure::denied("SD-9", "Nobody gives a role to themselves. Ask another administrator."),
            Refused::WrongOrder => Failure::conflict("wrong-order", "Somebody else has taken this step, or the one before it is still open."),
            Refused::NotYours => Failure::denied("not-yours", "This is decided by somebody else."),
            Refused::DeadLink => Failure::NotFound,
        }
    }
}

/// A failure as RFC 9457 wants it. `errors` names every fault of what was sent.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"type": "urn:signalbox:problem:invalid", "title": "There is a problem", "status": 422, "detail": "Choose one.",
    "errors": [{"pointer": "#/answers/outage_type", "field": "answers.outage_type", "code": "choose-one", "detail": "Choose one."}]}))]
pub struct Problem {
    /// A stable name of the kind of failure.
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ProblemError>,
}

/// One fault.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProblemError {
    /// A JSON pointer into what was sent, as a fragment.
    pointer: String,
    /// The same with dots.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    code: &'static str,
    detail: String,
}

impl ProblemError {
    fn of(fault: &Fault) -> ProblemError {
        // A JSON pointer in a fragment (RFC 6901, 6): `~` and `/` are escaped.
        // Rows of a table count from 1 for people, and from 0 in a pointer.
        let part = |part: &str| part.parse::<usize>().map_or_else(|_| part.replace('~', "~0").replace('/', "~1"), |row| row.saturating_sub(1).to_string());
        let pointer = fault.field.as_deref().map_or("#".to_owned(), |field| format!("#/{}", field.split('.').map(part).collect::<Vec<_>>().join("/")));
        ProblemError { pointer, field: fault.field.clone(), code: fault.code, detail: fault.detail.clone() }
    }
}

fn in_words(seconds: u64) -> String {
    match seconds {
        0..=1 => "a second".into(),
        2..=99 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_names_the_place_in_the_json() {
        let pointer = |field: &str| ProblemError::of(&Fault::of(field, "x", "y")).pointer;
        assert_eq!(pointer("window.start"), "#/window/start");
        assert_eq!(pointer("a/b~c"), "#/a~1b~0c");
        assert_eq!(pointer("answers.rules.2.source"), "#/answers/rules/1/source");
        assert_eq!(ProblemError::of(&Fault::whole("x", "y")).pointer, "#");
    }

    #[test]
    fn waiting_times_are_said_in_words() {
        assert_eq!(in_words(1), "a second");
        assert_eq!(in_words(30), "30 seconds");
        assert_eq!(in_words(900), "15 minutes");
        assert_eq!(in_words(901), "16 minutes");
    }
}
