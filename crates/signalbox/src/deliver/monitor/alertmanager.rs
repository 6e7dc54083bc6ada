//! Prometheus Alertmanager, by version 2 of its API: one silence for each item, with one matcher that must be equal.

use axum::http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use signalbox_core::silence::{Held, Key, Wanted};

use super::http::Http;
use super::{Fault, Ours, reference_of};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Silence {
    id: String,
    status: Status,
    comment: String,
    created_by: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    matchers: Vec<Matcher>,
}

#[derive(Deserialize)]
struct Status {
    state: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Matcher {
    name: String,
    value: String,
    is_regex: bool,
    /// Not said by versions before 0.22, where it was always so.
    is_equal: Option<bool>,
}

impl Silence {
    fn into_held(self, label: &str) -> Held {
        let name = match self.matchers.as_slice() {
            [only] if only.name == label && !only.is_regex && only.is_equal != Some(false) => only.value.clone(),
            // Made under another label, or altered there: nothing that is wanted now.
            all => all.iter().map(|matcher| format!("{}={}", matcher.name, matcher.value)).collect::<Vec<_>>().join(", "),
        };
        Held { id: self.id, key: Key { reference: reference_of(&self.comment), name }, from: self.starts_at, until: self.ends_at }
    }
}

pub(super) async fn held(http: &Http, label: &str, ours: &Ours) -> Result<Vec<Held>, Fault> {
    let answer = http.ask(Method::GET, "/api/v2/silences", &[], None).await?;
    if answer.status != StatusCode::OK {
        return Err(Fault { is_answer: false, ..answer.fault() });
    }
    let all: Vec<Silence> =
        serde_json::from_value(answer.json()?).map_err(|fault| Fault::unanswered(format!("Its list of silences can’t be read: {fault}.")))?;
    let creator = ours.creator();
    let is_ours = |silence: &Silence| silence.created_by == creator && silence.status.state != "expired";
    Ok(all.into_iter().filter(is_ours).map(|silence| silence.into_held(label)).collect())
}

pub(super) async fn make(http: &Http, label: &str, ours: &Ours, wanted: &Wanted) -> Result<String, Fault> {
    let body = json!({
        "matchers": [{"name": label, "value": wanted.key.name, "isRegex": false, "isEqual": true}],
        "startsAt": wanted.from.to_string(), "endsAt": wanted.until.to_string(),
        "createdBy": ours.creator(), "comment": ours.comment(wanted),
    });
    let answer = http.ask(Method::POST, "/api/v2/silences", &[], Some(body.to_string())).await?;
    if !answer.status.is_success() {
        return Err(answer.fault());
    }
    let id = answer.json()?.get("silenceID").and_then(|id| id.as_str()).map(str::to_owned);
    id.ok_or_else(|| Fault::unanswered("It said yes and named no silence."))
}

pub(super) async fn remove(http: &Http, held: &Held) -> Result<(), Fault> {
    let is_plain = held.id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_plain {
        return Err(Fault::answered("It named a silence by what is no name."));
    }
    let answer = http.ask(Method::DELETE, &format!("/api/v2/silence/{}", held.id), &[], None).await?;
    if answer.status.is_success() || answer.status == StatusCode::NOT_FOUND { Ok(()) } else { Err(answer.fault()) }
}

pub(super) async fn test(http: &Http) -> Result<String, Fault> {
    let answer = http.ask(Method::GET, "/api/v2/status", &[], None).await?;
    if answer.status != StatusCode::OK {
        return Err(answer.fault());
    }
    let version = answer.json()?.pointer("/versionInfo/version").and_then(|version| version.as_str()).map(str::to_owned);
    version.map(|version| format!("Alertmanager {version}")).ok_or_else(|| Fault::unanswered("Something answered that is no Alertmanager."))
}
