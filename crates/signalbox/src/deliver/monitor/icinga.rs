//! Icinga 2, by version 1 of its API: one fixed downtime for each item, which is a host (`HOST`) or a service
//! (`HOST!SERVICE`). The services of a host that is down are quiet by Icinga's own rule and get no downtime here.

use axum::http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use signalbox_core::silence::{Held, Key, Wanted};

use super::http::{Answer, Http};
use super::{Fault, Ours, reference_of};

#[derive(Deserialize)]
struct Results<T> {
    results: Vec<T>,
}

#[derive(Deserialize)]
struct Object {
    name: String,
    attrs: Downtime,
}

#[derive(Deserialize)]
struct Downtime {
    comment: String,
    host_name: String,
    service_name: String,
    /// Seconds since 1970.
    start_time: f64,
    end_time: f64,
}

#[derive(Deserialize)]
struct Done {
    code: f64,
    status: String,
    #[serde(default)]
    name: String,
}

/// It says 404 where its filter finds nothing, in words of its own: another 404 is a wrong address.
fn is_nothing_found(answer: &Answer) -> bool {
    let said = || answer.json().ok()?.get("status").and_then(Value::as_str).map(|said| said.starts_with("No objects found"));
    answer.status == StatusCode::NOT_FOUND && said().unwrap_or_default()
}

fn moment(seconds: f64) -> Result<Timestamp, Fault> {
    // A float to an integer saturates; what is out of range is refused below.
    Timestamp::from_second(seconds.round() as i64).map_err(|_| Fault::unanswered("It named a time that is none."))
}

pub(super) async fn held(http: &Http, ours: &Ours) -> Result<Vec<Held>, Fault> {
    let body = json!({"filter": "downtime.author == author", "filter_vars": {"author": ours.creator()},
        "attrs": ["comment", "host_name", "service_name", "start_time", "end_time"]});
    let asked = [("x-http-method-override", "GET".to_owned())];
    let answer = http.ask(Method::POST, "/v1/objects/downtimes", &asked, Some(body.to_string())).await?;
    if is_nothing_found(&answer) {
        return Ok(vec![]);
    }
    if answer.status != StatusCode::OK {
        return Err(Fault { is_answer: false, ..answer.fault() });
    }
    let found: Results<Object> =
        serde_json::from_value(answer.json()?).map_err(|fault| Fault::unanswered(format!("Its list of downtimes can’t be read: {fault}.")))?;
    let held = |object: Object| {
        let Downtime { comment, host_name, service_name, start_time, end_time } = object.attrs;
        let name = if service_name.is_empty() { host_name } else { format!("{host_name}!{service_name}") };
        Ok(Held { id: object.name, key: Key { reference: reference_of(&comment), name }, from: moment(start_time)?, until: moment(end_time)? })
    };
    found.results.into_iter().map(held).collect()
}

pub(super) async fn make(http: &Http, ours: &Ours, wanted: &Wanted) -> Result<String, Fault> {
    // Names travel as variables, so that none can be read as part of the filter.
    let (kind, filter, vars) = match wanted.key.name.split_once('!') {
        Some((host, service)) => ("Service", "host.name == h && service.name == s", json!({"h": host, "s": service})),
        None => ("Host", "host.name == h", json!({"h": wanted.key.name})),
    };
    let body = json!({"type": kind, "filter": filter, "filter_vars": vars, "author": ours.creator(), "comment": ours.comment(wanted),
        "start_time": wanted.from.as_second(), "end_time": wanted.until.as_second(), "fixed": true});
    let answer = http.ask(Method::POST, "/v1/actions/schedule-downtime", &[], Some(body.to_string())).await?;
    if is_nothing_found(&answer) {
        return Err(Fault::answered(format!("It knows nothing called “{}”.", wanted.key.name)));
    }
    if !answer.status.is_success() {
        return Err(answer.fault());
    }
    let done: Results<Done> = serde_json::from_value(answer.json()?).map_err(|_| Fault::unanswered("It said yes in a way that can’t be read."))?;
    match done.results.into_iter().next() {
        Some(done) if done.code < 300.0 => Ok(done.name),
        Some(done) => Err(Fault::answered(format!("It said {}.", done.status))),
        None => Err(Fault::answered(format!("It knows nothing called “{}”.", wanted.key.name))),
    }
}

pub(super) async fn remove(http: &Http, held: &Held) -> Result<(), Fault> {
    let body = json!({"type": "Downtime", "filter": "downtime.__name == n", "filter_vars": {"n": held.id}});
    let answer = http.ask(Method::POST, "/v1/actions/remove-downtime", &[], Some(body.to_string())).await?;
    if answer.status.is_success() || is_nothing_found(&answer) { Ok(()) } else { Err(answer.fault()) }
}

pub(super) async fn test(http: &Http) -> Result<String, Fault> {
    let answer = http.ask(Method::GET, "/v1/status/IcingaApplication", &[], None).await?;
    if answer.status != StatusCode::OK {
        return Err(answer.fault());
    }
    let version = answer.json()?.pointer("/results/0/status/icingaapplication/app/version").and_then(Value::as_str).map(str::to_owned);
    version.map(|version| format!("Icinga {version}")).ok_or_else(|| Fault::unanswered("Something answered that is no Icinga 2."))
}
