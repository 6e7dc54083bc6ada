//! Monitors on loopback that keep state as the real ones do, and that can be made to misbehave.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use http_body_util::channel::Channel;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

/// How a peer behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Sound,
    /// It says no, and repeats what it was shown.
    Refuses,
    Hangs,
    /// An answer that never ends, a byte at a time.
    Trickles,
    Rubbish,
    /// It leads to where nobody wants to be led.
    Leads,
    /// It says yes and keeps nothing.
    Forgets,
}

/// Something that a peer keeps quiet about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub id: String,
    pub name: String,
    pub by: String,
    pub comment: String,
    pub from: Timestamp,
    pub until: Timestamp,
}

pub struct Inside {
    pub mood: Mood,
    pub kept: Vec<Kept>,
    /// Every request: method, path, body.
    pub asked: Vec<(String, String, String)>,
    /// The headers of the last one.
    pub headers: HeaderMap,
    made: usize,
    /// What Icinga knows.
    pub hosts: Vec<String>,
}

/// A peer that answers at an address.
#[derive(Clone)]
pub struct Peer {
    pub address: String,
    inside: Arc<Mutex<Inside>>,
}

impl Peer {
    pub fn look<T>(&self, f: impl FnOnce(&mut Inside) -> T) -> T {
        f(&mut self.inside.lock().unwrap())
    }

    pub fn set(&self, mood: Mood) {
        self.look(|inside| inside.mood = mood);
    }

    /// What it keeps quiet about: name, from, until.
    pub fn kept(&self) -> Vec<(String, String, String)> {
        let mut kept: Vec<_> = self.look(|inside| inside.kept.iter().map(|one| (one.name.clone(), one.from.to_string(), one.until.to_string())).collect());
        kept.sort();
        kept
    }

    async fn begin(answer: fn(&mut Inside, &Method, &str, &str) -> Response) -> Peer {
        let inside = Inside {
            mood: Mood::Sound,
            kept: vec![],
            asked: vec![],
            headers: HeaderMap::new(),
            made: 0,
            hosts: ["NB-PACS-N2", "NB-PACS-N9"].map(str::to_owned).to_vec(),
        };
        let inside = Arc::new(Mutex::new(inside));
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let handler = move |State(inside): State<Arc<Mutex<Inside>>>, method: Method, uri: Uri, headers: HeaderMap, body: String| async move {
            serve(&inside, answer, method, &uri, headers, &body).await
        };
        let router = Router::new().fallback(handler).with_state(inside.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Peer { address, inside }
    }

    /// An address that leads to this peer; while `garbles`, whoever calls there gets bytes that are no answer.
    pub async fn behind(&self, garbles: &Arc<AtomicBool>) -> String {
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let (address, real) = (format!("http://{}", listener.local_addr().unwrap()), self.address.trim_start_matches("http://").to_owned());
        let garbles = Arc::clone(garbles);
        tokio::spawn(async move {
            while let Ok((mut caller, _)) = listener.accept().await {
                let (garbles, real) = (garbles.load(Ordering::SeqCst), real.clone());
                tokio::spawn(async move {
                    if garbles {
                        return caller.write_all(&[b'<'; 4_000]).await;
                    }
                    let mut peer = tokio::net::TcpStream::connect(real).await?;
                    tokio::io::copy_bidirectional(&mut caller, &mut peer).await.map(drop)
                });
            }
        });
        address
    }

    pub async fn alertmanager() -> Peer {
        Peer::begin(alertmanager).await
    }

    pub async fn icinga() -> Peer {
        Peer::begin(icinga).await
    }

    pub async fn listener() -> Peer {
        Peer::begin(listener).await
    }
}

async fn serve(
    inside: &Mutex<Inside>,
    answer: fn(&mut Inside, &Method, &str, &str) -> Response,
    method: Method,
    uri: &Uri,
    headers: HeaderMap,
    body: &str,
) -> Response {
    let mood = {
        let mut inside = inside.lock().unwrap();
        inside.asked.push((method.to_string(), uri.path().to_owned(), body.to_owned()));
        inside.headers = headers.clone();
        inside.mood
    };
    match mood {
        Mood::Sound | Mood::Forgets => answer(&mut inside.lock().unwrap(), &method, uri.path(), body),
        Mood::Refuses => (StatusCode::FORBIDDEN, format!("no: {headers:?}")).into_response(),
        Mood::Hangs => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            StatusCode::OK.into_response()
        }
        Mood::Trickles => {
            let (mut sender, body) = Channel::<axum::body::Bytes>::new(1);
            tokio::spawn(async move {
                while sender.send_data(" ".into()).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await
                }
            });
            Response::new(Body::new(body))
        }
        Mood::Rubbish => "<html>It works!</html>".into_response(),
        Mood::Leads => (StatusCode::FOUND, [("location", "http://169.254.169.254/latest")]).into_response(),
    }
}

fn keep(inside: &mut Inside, name: &str, by: &Value, comment: &Value, from: Timestamp, until: Timestamp) -> String {
    inside.made += 1;
    let id = format!("kept-{}", inside.made);
    if inside.mood != Mood::Forgets {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        inside.kept.push(Kept { id: id.clone(), name: name.to_owned(), by: text(by), comment: text(comment), from, until });
    }
    id
}

fn drop_it(inside: &mut Inside, id: &str) -> bool {
    let before = inside.kept.len();
    inside.kept.retain(|one| one.id != id);
    inside.kept.len() < before
}

fn alertmanager(inside: &mut Inside, method: &Method, path: &str, body: &str) -> Response {
    match (method.as_str(), path) {
        ("GET", "/api/v2/status") => axum::Json(json!({"versionInfo": {"version": "0.25.0"}})).into_response(),
        ("GET", "/api/v2/silences") => {
            let silence = |one: &Kept| {
                json!({"id": one.id, "status": {"state": "active"}, "updatedAt": one.from.to_string(), "comment": one.comment, "createdBy": one.by,
                    "startsAt": one.from.to_string(), "endsAt": one.until.to_string(),
                    "matchers": [{"name": "instance", "value": one.name, "isRegex": false, "isEqual": true}]})
            };
            axum::Json(inside.kept.iter().map(silence).collect::<Vec<_>>()).into_response()
        }
        ("POST", "/api/v2/silences") => {
            let told: Value = serde_json::from_str(body).unwrap();
            let [matcher] = told["matchers"].as_array().unwrap().as_slice() else { panic!("{told}") };
            assert_eq!((&matcher["isRegex"], &matcher["isEqual"], &matcher["name"]), (&json!(false), &json!(true), &json!("instance")));
            let at = |name: &str| told[name].as_str().unwrap().parse().unwrap();
            let id = keep(inside, matcher["value"].as_str().unwrap(), &told["createdBy"], &told["comment"], at("startsAt"), at("endsAt"));
            axum::Json(json!({"silenceID": id})).into_response()
        }
        ("DELETE", path) if drop_it(inside, path.strip_prefix("/api/v2/silence/").unwrap()) => StatusCode::OK.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn icinga(inside: &mut Inside, method: &Method, path: &str, body: &str) -> Response {
    let told: Value = serde_json::from_str(body).unwrap_or_default();
    let results = |all: Vec<Value>| axum::Json(json!({"results": all})).into_response();
    match (method.as_str(), path) {
        ("GET", "/v1/status/IcingaApplication") => results(vec![json!({"status": {"icingaapplication": {"app": {"version": "r2.13.6-1"}}}})]),
        ("POST", "/v1/objects/downtimes") => {
            assert_eq!(inside.headers["x-http-method-override"], "GET");
            let author = told["filter_vars"]["author"].as_str().unwrap();
            let downtime = |one: &Kept| {
                let (host, service) = one.name.split_once('!').unwrap_or((&one.name, ""));
                json!({"name": one.id, "type": "Downtime", "attrs": {"comment": one.comment, "host_name": host, "service_name": service,
                    "start_time": one.from.as_second(), "end_time": one.until.as_second()}})
            };
            results(inside.kept.iter().filter(|one| one.by == author).map(downtime).collect())
        }
        ("POST", "/v1/actions/schedule-downtime") => {
            let vars = &told["filter_vars"];
            let host = vars["h"].as_str().unwrap().to_owned();
            if !inside.hosts.contains(&host) {
                return results(vec![]);
            }
            let name = vars["s"].as_str().map_or(host.clone(), |service| format!("{host}!{service}"));
            assert_eq!((&told["fixed"], told["type"] == "Service"), (&json!(true), name.contains('!')));
            let at = |name: &str| Timestamp::from_second(told[name].as_i64().unwrap()).unwrap();
            let id = keep(inside, &name, &told["author"], &told["comment"], at("start_time"), at("end_time"));
            results(vec![json!({"code": 200, "legacy_id": 1, "name": id, "status": "Successfully scheduled downtime."})])
        }
        ("POST", "/v1/actions/remove-downtime") => {
            let gone = drop_it(inside, told["filter_vars"]["n"].as_str().unwrap());
            results(gone.then(|| json!({"code": 200, "status": "Successfully removed downtime."})).into_iter().collect())
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn listener(inside: &mut Inside, _: &Method, _: &str, body: &str) -> Response {
    let told: Value = serde_json::from_str(body).unwrap();
    let data = &told["data"];
    match told["type"].as_str().unwrap() {
        "silence.set" => {
            let at = |name: &str| data[name].as_str().unwrap().parse().unwrap();
            let one = Kept {
                id: data["id"].as_str().unwrap().into(),
                name: data["name"].as_str().unwrap().into(),
                by: data["creator"].as_str().unwrap().into(),
                comment: data["comment"].as_str().unwrap().into(),
                from: at("from"),
                until: at("until"),
            };
            // Told again, it is the same.
            inside.kept.retain(|kept| kept.id != one.id);
            inside.kept.push(one);
        }
        "silence.removed" => {
            drop_it(inside, data["id"].as_str().unwrap());
        }
        other => assert!(["silence.test", "network.notice"].contains(&other), "{other}"),
    }
    StatusCode::NO_CONTENT.into_response()
}
