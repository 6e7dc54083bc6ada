//! The API under `/api/v1`: the same acts as the pages, as JSON. Routes are registered and described in one place, so
//! that the description can't lag behind (a test compares them all the same).
//!
//! Only a bearer token opens it. A cookie travels by itself, so it opens nothing here (S42).

pub mod acts;
pub mod alarms;
mod answers;
pub mod ask;
pub mod calendars;
pub mod carriers;
pub mod changes;
pub mod deployments;
pub mod directory;
pub mod document;
pub mod files;
pub mod gate;
pub mod incidents;
pub mod ledger;
pub mod lists;
pub mod series;
pub mod shapes;
pub mod silences;
pub mod slots;
pub mod whole;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use signalbox_core::refusal::{Refusal, Violation};
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::Shared;
use crate::run::Stop;
use crate::web::problem::{Failure, Fault};
use crate::web::visitor::{Door, Visitor};
use crate::words;

/// Every route of the API, each with its description.
fn all() -> OpenApiRouter<Shared> {
    let behind_the_door = OpenApiRouter::with_openapi(document::Top::openapi())
        .routes(routes!(changes::list, changes::create))
        .routes(routes!(changes::read, changes::save))
        .routes(routes!(acts::offers))
        .routes(routes!(acts::show, acts::take))
        .routes(routes!(acts::history))
        .routes(routes!(alarms::list, alarms::tell))
        .routes(routes!(alarms::tell_alertmanager))
        .routes(routes!(alarms::read))
        .routes(routes!(alarms::find))
        .routes(routes!(deployments::record))
        .routes(routes!(files::list, files::attach))
        .routes(routes!(files::read))
        .routes(routes!(incidents::list, incidents::report))
        .routes(routes!(incidents::read))
        .routes(routes!(ledger::list, ledger::enter))
        .routes(routes!(ledger::statement))
        .routes(routes!(ledger::read))
        .routes(routes!(ledger::answer))
        .routes(routes!(lists::schedule))
        .routes(routes!(lists::duties))
        .routes(routes!(lists::expected))
        .routes(routes!(calendars::freezes, calendars::declare_freeze))
        .routes(routes!(calendars::maintenance, calendars::agree_maintenance))
        .routes(routes!(calendars::externals, calendars::add_external))
        .routes(routes!(carriers::receive))
        .routes(routes!(series::list, series::create))
        .routes(routes!(series::read, series::change))
        .routes(routes!(gate::ask))
        .routes(routes!(silences::of_change))
        .routes(routes!(silences::list))
        .routes(routes!(slots::find))
        .routes(routes!(directory::organisations))
        .routes(routes!(directory::sites))
        .routes(routes!(directory::services))
        .routes(routes!(directory::items))
        .routes(routes!(directory::me))
        .routes(routes!(directory::processes))
        .routes(routes!(directory::process))
        .route_layer(from_fn(only_tokens));
    behind_the_door.routes(routes!(document::show))
}

/// The routes, to be put behind the guard.
pub fn router() -> Router<Shared> {
    all().split_for_parts().0
}

/// The description of all of them.
pub fn described() -> serde_json::Value {
    let mut document = all().split_for_parts().1;
    document::complete(&mut document);
    // A description of plain values always serialises.
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document::without_null(&mut document);
    document
}

async fn only_tokens(visitor: Visitor, request: Request, next: Next) -> Response {
    if visitor.door() == Door::Bearer { next.run(request).await } else { Failure::SignIn.into_response() }
}

/// Why a command did nothing, as it is told. Without `If-Match` a lost race is a conflict (settled 18).
pub fn told(stop: Stop, is_matched: bool) -> Failure {
    match stop {
        Stop::Unseen => Failure::NotFound,
        Stop::Refused(refusal) => refused(&refusal),
        Stop::Stale { expected, found } if is_matched => Failure::Stale { expected, found },
        Stop::Stale { .. } => Failure::conflict("lost-race", "Somebody was faster. Read it again, then decide."),
        Stop::KeyReused => Failure::invalid(Fault::whole("key-reused", "This Idempotency-Key was used for another request. Make a new one.")),
        Stop::Store(fault) => Failure::from(fault),
    }
}

/// The core's refusal, as it is told.
pub fn refused(refusal: &Refusal) -> Failure {
    match refusal {
        Refusal::Denied(bars) => {
            let rule = bars.first().map_or("denied", |bar| bar.code);
            Failure::denied(rule, bars.iter().map(|bar| words::bar(bar).sentence).collect::<Vec<_>>().join(" "))
        }
        Refusal::WrongStage(stage) => Failure::conflict("wrong-stage", format!("This is not done at this stage, “{}”.", stage.words())),
        Refusal::Invalid(faults) => Failure::Invalid(faults.iter().map(fault).collect()),
    }
}

/// A fault with its sentence.
pub fn fault(violation: &Violation) -> Fault {
    Fault::from_violation(violation, words::fault(violation))
}
