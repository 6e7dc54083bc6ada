//! The web: every route on one screen, then what stands before them.

pub mod api;
pub mod assets;
pub mod calendars;
pub mod carriers;
pub mod cookies;
pub mod csrf;
pub mod csv;
pub mod form;
pub mod free_times;
pub mod guard;
pub mod handlers;
pub mod headers;
pub mod layout;
pub mod ledger;
pub mod next;
pub mod pages;
pub mod panels;
pub mod parts;
pub mod problem;
pub mod qr;
pub mod samples;
pub mod series;
pub mod stage;
pub mod svg;
pub mod tell;
pub mod timeline;
pub mod typed;
pub mod ui;
pub mod visitor;

use std::any::Any;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Method;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::{CompressionLayer, CompressionLevel};

use crate::app::Shared;
use signalbox_store::directory::{ExternalTerms, FreezeTerms, MaintenanceTerms};

use handlers::{
    availability, boards, by_mail, change, changes, clashes, clinical, cover, decide, demo, dev, draft, feeds, impact, incidents, join, me, meetings, members,
    network_link, on_call, ops, outages, paper, password, plain, process, promises, proposals, public, raise, reports, requests, schedule, session, setup,
    subscriptions, today, tonight, urgent,
};
use problem::Failure;
use visitor::Visitor;

/// One route: what the router is built from, and what the tests go through.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    /// What people call it.
    pub name: &'static str,
    pub who: Who,
    handler: fn() -> MethodRouter<Shared>,
}

/// Who may come in. What they may do inside is asked of the core, or of the store for the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever asks.
    Anyone,
    /// Whoever has signed in.
    Member,
}

use Who::{Anyone, Member};

/// Every page and form.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    route(Method::GET,  "/",                          "today",                   Anyone, || get(today::show)),
    route(Method::GET,  "/schedule",                  "schedule",                Member, || get(schedule::show)),
    route(Method::GET,  "/schedule.csv",              "schedule as CSV",         Member, || get(schedule::csv)),
    route(Method::GET,  "/schedule/availability",     "availability of services", Member, || get(availability::show)),
    route(Method::GET,  "/schedule/availability.csv", "the same as CSV",         Member, || get(availability::file)),
    route(Method::GET,  "/ops",                       "operations board",        Member, || get(ops::show)),
    route(Method::POST, "/ops/{ref}",                 "record what was told",    Member, || post(ops::record)),
    route(Method::GET,  "/handover",                  "shift handover",          Member, || get(ops::handover::show)),
    route(Method::POST, "/handover",                  "leave a shift",           Member, || post(ops::handover::leave)),
    route(Method::GET,  "/handover/{id}",             "an earlier handover",     Member, || get(ops::handover::one)),
    route(Method::POST, "/handover/{id}/take",        "take over a shift",       Member, || post(ops::handover::take)),
    route(Method::GET,  "/tonight",                   "choose a site",           Anyone, || get(tonight::choose)),
    route(Method::GET,  "/tonight/{site}",            "tonight at a site",       Anyone, || get(tonight::show)),
    route(Method::GET,  "/reports",                   "reports",                 Member, || get(reports::list)),
    route(Method::GET,  "/reports/success",           "success and failure",     Member, || get(reports::success::show)),
    route(Method::GET,  "/reports/success.csv",       "the same as CSV",         Member, || get(reports::success::csv)),
    route(Method::GET,  "/reports/trust-raised",      "changes raised by trusts", Member, || get(reports::raised::show)),
    route(Method::GET,  "/reports/trust-raised.csv",  "the same as CSV",         Member, || get(reports::raised::csv)),
    route(Method::GET,  "/reports/urgent",            "emergencies and late records", Member, || get(reports::urgent::show)),
    route(Method::GET,  "/reports/urgent.csv",        "the same as CSV",         Member, || get(reports::urgent::csv)),
    route(Method::GET,  "/reports/returns",           "rejections and returns",  Member, || get(reports::returns::show)),
    route(Method::GET,  "/reports/returns.csv",       "the same as CSV",         Member, || get(reports::returns::csv)),
    route(Method::GET,  "/reports/notice",            "notice and availability", Member, || get(reports::notice::show)),
    route(Method::GET,  "/reports/notice.csv",        "the same as CSV",         Member, || get(reports::notice::csv)),
    route(Method::GET,  "/reports/schedule",          "forward schedule of change", Member, || get(reports::forward::show)),
    route(Method::GET,  "/reports/schedule.csv",      "the same as CSV",         Member, || get(reports::forward::csv)),
    route(Method::GET,  "/reports/charges",           "charge pipeline",         Member, || get(reports::charges::show)),
    route(Method::GET,  "/reports/charges.csv",       "the same as CSV",         Member, || get(reports::charges::csv)),
    route(Method::GET,  "/reports/money-review",      "monthly review of money", Member, || get(reports::charges::review)),
    route(Method::GET,  "/reports/invoices.csv",      "invoices as CSV",         Member, || get(reports::charges::invoices)),
    route(Method::GET,  "/reports/clinical",          "clinical register",       Member, || get(reports::clinical::show)),
    route(Method::GET,  "/reports/clinical.csv",      "the same as CSV",         Member, || get(reports::clinical::csv)),
    route(Method::GET,  "/reports/requests",          "request models",          Member, || get(reports::requests::show)),
    route(Method::GET,  "/reports/requests.csv",      "the same as CSV",         Member, || get(reports::requests::csv)),
    route(Method::GET,  "/reports/requests/{entry}",  "a request model",         Member, || get(reports::requests::entry)),
    route(Method::GET,  "/reports/requests/{entry}/look", "look at a model again", Member, || get(reports::requests::show_look)),
    route(Method::POST, "/reports/requests/{entry}/look", "let a model be asked for again", Member, || post(reports::requests::look)),
    route(Method::GET,  "/reports/requests/propose/{ref}", "propose a model",     Member, || get(reports::requests::propose::show)),
    route(Method::POST, "/reports/requests/propose/{ref}", "begin its proposal",  Member, || post(reports::requests::propose::begin)),
    route(Method::GET,  "/process",                   "how it works",            Anyone, || get(process::list)),
    route(Method::GET,  "/process/{id}",              "a process document",      Anyone, || get(process::show)),
    route(Method::GET,  "/process/{id}/versions/{hash}", "a version of a document", Anyone, || get(process::version)),
    route(Method::POST, "/process/{id}/proposals",    "propose a change of a document", Member, || post(proposals::begin)),
    route(Method::GET,  "/proposals/{id}",            "a proposed version",      Member, || get(proposals::show)),
    route(Method::GET,  "/proposals/{id}/text",       "the text of a proposal",  Member, || get(proposals::text)),
    route(Method::POST, "/proposals/{id}/text",       "save the text",           Member, || post(proposals::save_text)),
    route(Method::POST, "/proposals/{id}/upload",     "take the text from a file", Member, || post(proposals::upload).layer(DefaultBodyLimit::disable())),
    route(Method::GET,  "/proposals/{id}/tables/{table}", "a table of a proposal", Member, || get(proposals::table)),
    route(Method::POST, "/proposals/{id}/tables/{table}", "save a table",        Member, || post(proposals::save_table)),
    route(Method::GET,  "/proposals/{id}/compare",    "what a proposal changes", Member, || get(proposals::compare)),
    route(Method::GET,  "/proposals/{id}/rehearse",   "rehearse a proposal",     Member, || get(proposals::rehearse)),
    route(Method::GET,  "/proposals/{id}/rehearse.csv", "the same as CSV",       Member, || get(proposals::rehearse_csv)),
    route(Method::GET,  "/proposals/{id}/for-you",    "what changes for you",    Member, || get(proposals::for_you)),
    route(Method::POST, "/proposals/{id}/answer",     "answer a proposal",       Member, || post(proposals::answer)),
    route(Method::POST, "/proposals/{id}/check",      "check a proposal",        Member, || post(proposals::check)),
    route(Method::POST, "/proposals/{id}/publish",    "ask about a proposal",    Member, || post(proposals::publish)),
    route(Method::POST, "/proposals/{id}/reply",      "answer an objection",     Member, || post(proposals::reply)),
    route(Method::POST, "/proposals/{id}/adopt",      "adopt a proposal",        Member, || post(proposals::adopt)),
    route(Method::POST, "/proposals/{id}/withdraw",   "withdraw a proposal",     Member, || post(proposals::withdraw)),
    route(Method::GET,  "/process/{id}/form",         "its form on paper",       Anyone, || get(paper::empty)),
    route(Method::GET,  "/api",                       "how to use the API",      Anyone, || get(process::api)),
    route(Method::GET,  "/sign-in",                   "sign in",                 Anyone, || get(session::show)),
    route(Method::POST, "/sign-in",                   "sign in",                 Anyone, || post(session::enter)),
    route(Method::GET,  "/demo",                      "demonstration",           Anyone, || get(demo::show)),
    route(Method::POST, "/demo",                      "demonstration",           Anyone, || post(demo::enter)),
    route(Method::POST, "/sign-out",                  "sign out",                Anyone, || post(session::leave)),
    route(Method::POST, "/sign-out-everywhere",       "sign out everywhere",     Member, || post(session::leave_everywhere)),
    route(Method::GET,  "/password",                  "forgotten password",      Anyone, || get(password::ask)),
    route(Method::POST, "/password",                  "forgotten password",      Anyone, || post(password::send)),
    route(Method::GET,  "/password/{token}",          "set a password",          Anyone, || get(password::show)),
    route(Method::POST, "/password/{token}",          "set a password",          Anyone, || post(password::set)),
    route(Method::GET,  "/join",                      "ask to join",             Anyone, || get(join::show)),
    route(Method::POST, "/join",                      "ask to join",             Anyone, || post(join::ask)),
    route(Method::GET,  "/join/confirm/{token}",      "confirm an address",      Anyone, || get(join::show_confirm)),
    route(Method::POST, "/join/confirm/{token}",      "confirm an address",      Anyone, || post(join::confirm)),
    route(Method::GET,  "/me",                        "my details",              Member, || get(me::show)),
    route(Method::POST, "/me/tokens",                 "make a token",            Member, || post(me::make_token)),
    route(Method::POST, "/me/tokens/{id}/revoke",     "revoke a token",          Member, || post(me::revoke_token)),
    route(Method::GET,  "/me/subscriptions",          "what a member follows",   Member, || get(subscriptions::show)),
    route(Method::POST, "/me/subscriptions",          "follow or stop",          Member, || post(subscriptions::change)),
    route(Method::GET,  "/me/feeds",                  "calendar subscriptions",  Member, || get(feeds::show)),
    route(Method::POST, "/me/feeds",                  "make a subscription",     Member, || post(feeds::make)),
    route(Method::POST, "/me/feeds/{id}/revoke",      "revoke a subscription",   Member, || post(feeds::revoke)),
    route(Method::GET,  "/feeds/{token}/schedule.ics", "the schedule for a calendar", Anyone, || get(feeds::calendar)),
    route(Method::GET,  "/feeds/{token}/schedule.atom", "what changed on it",    Anyone, || get(feeds::news)),
    route(Method::GET,  "/feeds/{token}/schedule.json", "the same as JSON",      Anyone, || get(feeds::data)),
    route(Method::GET,  "/feeds/{token}/freezes.ics", "freezes for a calendar",  Anyone, || get(feeds::freezes)),
    route(Method::GET,  "/members",                   "members",                 Member, || get(members::show)),
    route(Method::GET,  "/members/requests/{id}",     "a request to join",       Member, || get(members::show_request)),
    route(Method::POST, "/members/requests/{id}",     "answer a request",        Member, || post(members::answer)),
    route(Method::GET,  "/members/{id}",              "a member",                Member, || get(members::show_member)),
    route(Method::POST, "/members/{id}/end",          "end a membership",        Member, || post(members::end)),
    route(Method::POST, "/members/{id}/confirm",      "confirm a membership",    Member, || post(members::confirm)),
    route(Method::GET,  "/setup",                      "set-up",                 Member, || get(setup::show)),
    route(Method::GET,  "/setup/organisations",        "organisations",          Member, || get(setup::list::<setup::Organisations>)),
    route(Method::GET,  "/setup/organisations/new",    "add an organisation",    Member, || get(setup::show_new::<setup::Organisations>)),
    route(Method::POST, "/setup/organisations",        "add an organisation",    Member, || post(setup::create::<setup::Organisations>)),
    route(Method::GET,  "/setup/organisations/{id}",   "change an organisation", Member, || get(setup::show_old::<setup::Organisations>)),
    route(Method::POST, "/setup/organisations/{id}",   "change an organisation", Member, || post(setup::change::<setup::Organisations>)),
    route(Method::GET,  "/setup/sites",                "sites",                  Member, || get(setup::list::<setup::Sites>)),
    route(Method::GET,  "/setup/sites/new",            "add a site",             Member, || get(setup::show_new::<setup::Sites>)),
    route(Method::POST, "/setup/sites",                "add a site",             Member, || post(setup::create::<setup::Sites>)),
    route(Method::GET,  "/setup/sites/{id}",           "change a site",          Member, || get(setup::show_old::<setup::Sites>)),
    route(Method::POST, "/setup/sites/{id}",           "change a site",          Member, || post(setup::change::<setup::Sites>)),
    route(Method::GET,  "/setup/services",             "services",               Member, || get(setup::list::<setup::Services>)),
    route(Method::GET,  "/setup/services/new",         "add a service",          Member, || get(setup::show_new::<setup::Services>)),
    route(Method::POST, "/setup/services",             "add a service",          Member, || post(setup::create::<setup::Services>)),
    route(Method::GET,  "/setup/services/{id}",        "change a service",       Member, || get(setup::show_old::<setup::Services>)),
    route(Method::POST, "/setup/services/{id}",        "change a service",       Member, || post(setup::change::<setup::Services>)),
    route(Method::GET,  "/setup/items",                "items",                  Member, || get(setup::list::<setup::Items>)),
    route(Method::GET,  "/setup/items/new",            "add an item",            Member, || get(setup::show_new::<setup::Items>)),
    route(Method::POST, "/setup/items",                "add an item",            Member, || post(setup::create::<setup::Items>)),
    route(Method::GET,  "/setup/items/{id}",           "change an item",         Member, || get(setup::show_old::<setup::Items>)),
    route(Method::POST, "/setup/items/{id}",           "change an item",         Member, || post(setup::change::<setup::Items>)),
    route(Method::GET,  "/setup/dependencies",         "dependencies",           Member, || get(setup::list::<setup::Dependencies>)),
    route(Method::GET,  "/setup/dependencies/new",     "add a dependency",       Member, || get(setup::show_new::<setup::Dependencies>)),
    route(Method::POST, "/setup/dependencies",         "add a dependency",       Member, || post(setup::create::<setup::Dependencies>)),
    route(Method::GET,  "/setup/people",               "people and roles",       Member, || get(setup::list::<setup::People>)),
    route(Method::GET,  "/setup/people/new",           "add a person",           Member, || get(setup::show_new::<setup::People>)),
    route(Method::POST, "/setup/people",               "add a person",           Member, || post(setup::create::<setup::People>)),
    route(Method::GET,  "/setup/people/{id}",          "a person",               Member, || get(setup::people::show)),
    route(Method::GET,  "/setup/people/{id}/details",  "change a person",        Member, || get(setup::show_old::<setup::People>)),
    route(Method::POST, "/setup/people/{id}",          "change a person",        Member, || post(setup::change::<setup::People>)),
    route(Method::GET,  "/setup/people/{id}/roles",    "give a role",            Member, || get(setup::people::show_roles)),
    route(Method::POST, "/setup/people/{id}/roles",    "give a role",            Member, || post(setup::people::grant)),
    route(Method::GET,  "/setup/people/{id}/state",    "let in or shut out",     Member, || get(setup::people::show_state)),
    route(Method::POST, "/setup/people/{id}/state",    "let in or shut out",     Member, || post(setup::people::set_state)),
    route(Method::GET,  "/setup/roles/{id}",           "a role",                 Member, || get(setup::people::show_role)),
    route(Method::POST, "/setup/roles/{id}/end",       "end a role",             Member, || post(setup::people::end_role)),
    route(Method::GET,  "/setup/safety-officers",      "safety officers",        Member, || get(setup::list::<setup::SafetyOfficers>)),
    route(Method::GET,  "/setup/safety-officers/new",  "add a registration",     Member, || get(setup::show_new::<setup::SafetyOfficers>)),
    route(Method::POST, "/setup/safety-officers",      "add a registration",     Member, || post(setup::create::<setup::SafetyOfficers>)),
    route(Method::GET,  "/setup/safety-officers/{id}", "change a registration",  Member, || get(setup::show_old::<setup::SafetyOfficers>)),
    route(Method::POST, "/setup/safety-officers/{id}", "change a registration",  Member, || post(setup::change::<setup::SafetyOfficers>)),
    route(Method::GET,  "/setup/freezes", "freezes", Member, || get(setup::list::<setup::Freezes>)),
    route(Method::GET,  "/setup/freezes/new", "add a freeze", Member, || get(setup::show_new::<setup::Freezes>)),
    route(Method::POST, "/setup/freezes", "add a freeze", Member, || post(setup::calendars::create::<FreezeTerms>)),
    route(Method::GET,  "/setup/freezes/{id}", "a freeze", Member, || get(setup::calendars::show::<FreezeTerms>)),
    route(Method::POST, "/setup/freezes/{id}/end", "lift a freeze", Member, || post(setup::calendars::end::<FreezeTerms>)),
    route(Method::GET,  "/setup/maintenance-windows", "maintenance windows", Member, || get(setup::list::<setup::MaintenanceWindows>)),
    route(Method::GET,  "/setup/maintenance-windows/new", "add a maintenance window", Member, || get(setup::show_new::<setup::MaintenanceWindows>)),
    route(Method::POST, "/setup/maintenance-windows", "add a maintenance window", Member, || post(setup::calendars::create::<MaintenanceTerms>)),
    route(Method::GET,  "/setup/maintenance-windows/{id}", "a maintenance window", Member, || get(setup::calendars::show::<MaintenanceTerms>)),
    route(Method::POST, "/setup/maintenance-windows/{id}/end", "end a maintenance window", Member, || post(setup::calendars::end::<MaintenanceTerms>)),
    route(Method::GET,  "/setup/external-entries", "external entries", Member, || get(setup::list::<setup::ExternalEntries>)),
    route(Method::GET,  "/setup/external-entries/new", "add an external entry", Member, || get(setup::show_new::<setup::ExternalEntries>)),
    route(Method::POST, "/setup/external-entries", "add an external entry", Member, || post(setup::calendars::create::<ExternalTerms>)),
    route(Method::GET,  "/setup/external-entries/{id}", "an external entry", Member, || get(setup::calendars::show::<ExternalTerms>)),
    route(Method::POST, "/setup/external-entries/{id}/end", "cancel an external entry", Member, || post(setup::calendars::end::<ExternalTerms>)),
    route(Method::GET,  "/setup/carrier-notices",      "notices from carriers",  Member, || get(setup::carriers::list)),
    route(Method::GET,  "/setup/carrier-notices/new",  "add a carrier's notice", Member, || get(setup::carriers::show_new)),
    route(Method::POST, "/setup/carrier-notices",      "add a carrier's notice", Member, || post(setup::carriers::create).layer(DefaultBodyLimit::disable())),
    route(Method::GET,  "/setup/carrier-notices/{id}", "a carrier's notice",     Member, || get(setup::carriers::show)),
    route(Method::POST, "/setup/carrier-notices/{id}", "confirm a carrier's notice", Member, || post(setup::carriers::decide)),
    route(Method::GET,  "/setup/carrier-notices/{id}/file", "the same as it came", Member, || get(setup::carriers::file)),
    route(Method::GET,  "/setup/network-accounts",     "network accounts",       Member, || get(setup::list::<setup::NetworkAccounts>)),
    route(Method::GET,  "/setup/network-accounts/new", "add a network account",  Member, || get(setup::show_new::<setup::NetworkAccounts>)),
    route(Method::POST, "/setup/network-accounts",     "add a network account",  Member, || post(setup::create::<setup::NetworkAccounts>)),
    route(Method::GET,  "/setup/network-accounts/{id}", "change a network account", Member, || get(setup::show_old::<setup::NetworkAccounts>)),
    route(Method::POST, "/setup/network-accounts/{id}", "change a network account", Member, || post(setup::change::<setup::NetworkAccounts>)),
    route(Method::GET,  "/setup/rates",                "rate card",              Member, || get(setup::list::<setup::Rates>)),
    route(Method::GET,  "/setup/rates/new",            "add a price",            Member, || get(setup::show_new::<setup::Rates>)),
    route(Method::POST, "/setup/rates",                "add a price",            Member, || post(setup::create::<setup::Rates>)),
    route(Method::GET,  "/setup/rates/{id}",           "end a price",            Member, || get(setup::show_old::<setup::Rates>)),
    route(Method::POST, "/setup/rates/{id}",           "end a price",            Member, || post(setup::change::<setup::Rates>)),
    route(Method::GET,  "/setup/monitors",             "monitors",               Member, || get(setup::list::<setup::Monitors>)),
    route(Method::GET,  "/setup/monitors/new",         "add a monitor",          Member, || get(setup::show_new::<setup::Monitors>)),
    route(Method::POST, "/setup/monitors",             "add a monitor",          Member, || post(setup::create::<setup::Monitors>)),
    route(Method::GET,  "/setup/monitors/{id}",        "a monitor",              Member, || get(setup::monitors::show)),
    route(Method::GET,  "/setup/monitors/{id}/details", "change a monitor",      Member, || get(setup::show_old::<setup::Monitors>)),
    route(Method::POST, "/setup/monitors/{id}",        "change a monitor",       Member, || post(setup::change::<setup::Monitors>)),
    route(Method::POST, "/setup/monitors/{id}/credential", "set what opens a monitor", Member, || post(setup::monitors::set_credential)),
    route(Method::POST, "/setup/monitors/{id}/test",   "ask a monitor",          Member, || post(setup::monitors::test)),
    route(Method::GET,  "/setup/limits",               "spending limits",        Member, || get(setup::limits::show)),
    route(Method::GET,  "/setup/limits/{id}",          "limits of a trust",      Member, || get(setup::limits::show_one)),
    route(Method::POST, "/setup/limits/{id}",          "limits of a trust",      Member, || post(setup::limits::save)),
    route(Method::GET,  "/setup/public-notices",       "services open to public notices", Member, || get(setup::public::show)),
    route(Method::POST, "/setup/public-notices",       "services open to public notices", Member, || post(setup::public::save)),
    route(Method::GET,  "/setup/mergers",              "mergers",                Member, || get(setup::mergers::list)),
    route(Method::GET,  "/setup/mergers/new",          "merge organisations",    Member, || get(setup::mergers::show_new)),
    route(Method::POST, "/setup/mergers",              "merge organisations",    Member, || post(setup::mergers::create)),
    route(Method::GET,  "/setup/mergers/{id}",         "a merger",               Member, || get(setup::mergers::show)),
    route(Method::POST, "/setup/mergers/{id}/take-back", "take a merger back",   Member, || post(setup::mergers::take_back)),
    route(Method::GET,  "/changes",                   "changes",                 Member, || get(changes::show)),
    route(Method::GET,  "/changes.csv",               "changes as CSV",          Member, || get(changes::download)),
    route(Method::GET,  "/changes/{ref}",             "a change",                Member, || get(change::show)),
    route(Method::GET,  "/changes/{ref}/run-sheet",   "its run sheet on paper",  Member, || get(change::run_sheet::show)),
    route(Method::GET,  "/changes/{ref}/run-sheet/enter", "key in a run sheet",  Member, || get(change::run_sheet::show_enter)),
    route(Method::POST, "/changes/{ref}/run-sheet/enter", "key in a run sheet",  Member, || post(change::run_sheet::enter)),
    route(Method::GET,  "/changes/{ref}/form",        "its form on paper",       Member, || get(paper::filled)),
    route(Method::GET,  "/changes/{ref}/acts/{act}",  "an act on a change",      Member, || get(change::show_act)),
    route(Method::POST, "/changes/{ref}/acts/{act}",  "an act on a change",      Member, || post(change::take)),
    route(Method::GET,  "/changes/{ref}/clashes",     "clashes of a change",     Member, || get(clashes::show)),
    route(Method::POST, "/changes/{ref}/clashes",     "settle a clash",          Member, || post(clashes::settle)),
    route(Method::GET,  "/changes/{ref}/public-notice", "a public notice of a change", Member, || get(change::public::show)),
    route(Method::POST, "/changes/{ref}/public-notice", "publish a public notice", Member, || post(change::public::save)),
    route(Method::GET,  "/changes/{ref}/poster/{site}", "a ward notice",          Member, || get(change::poster::show)),
    route(Method::GET,  "/changes/{ref}/impact",      "what a change touches",   Member, || get(impact::show)),
    route(Method::GET,  "/changes/{ref}/network",     "what the network provider was told", Member, || get(change::network::show)),
    route(Method::GET,  "/changes/{ref}/network/{part}/{sequence}", "a notice to the provider", Member, || get(change::network::version)),
    route(Method::GET,  "/changes/{ref}/network/{part}/{sequence}/notice.ics", "the same for programs", Member, || get(change::network::file)),
    route(Method::GET,  "/changes/{ref}/free-times",  "free times for a change", Member, || get(handlers::free_times::show)),
    route(Method::GET,  "/changes/{ref}/quotes",      "quotes of a change",      Member, || get(change::money::show)),
    route(Method::GET,  "/changes/{ref}/quotes.csv",  "quotes as CSV",           Member, || get(change::money::download)),
    route(Method::GET,  "/changes/{ref}/run",         "the work of a change",    Member, || get(change::run::show)),
    route(Method::POST, "/changes/{ref}/run",         "press on the night",      Member, || post(change::run::press)),
    route(Method::POST, "/changes/{ref}/messages",    "a message on a change",   Member, || post(change::say)),
    route(Method::POST, "/changes/{ref}/files",       "a document of a change",  Member, || post(change::upload).layer(DefaultBodyLimit::disable())),
    route(Method::GET,  "/changes/{ref}/files/{id}",  "a document of a change",  Member, || get(change::download)),
    route(Method::POST, "/changes/{ref}/watch",       "watch a change",          Member, || post(change::watch)),
    route(Method::POST, "/changes/{ref}/unwatch",     "stop watching a change",  Member, || post(change::unwatch)),
    route(Method::GET,  "/changes/{ref}/clinical-form/{number}",      "a clinical rejection form",      Member, || get(clinical::form::show)),
    route(Method::GET,  "/changes/{ref}/clinical-form/{number}/file", "the form as a file",             Member, || get(clinical::form::file)),
    route(Method::GET,  "/changes/{ref}/clinical-form/{number}/json", "the form as JSON",               Member, || get(clinical::form::data)),
    route(Method::GET,  "/changes/{ref}/safety-record", "the safety record, signed", Member, || get(clinical::export::record)),
    route(Method::GET,  "/signing-key",               "the key of this site",    Anyone, || get(clinical::export::key)),
    route(Method::GET,  "/clinical",                  "clinical safety",         Member, || get(clinical::show)),
    route(Method::GET,  "/clinical/statements",       "agreed statements",       Member, || get(clinical::statements::list)),
    route(Method::GET,  "/clinical/statements/new",   "agree a statement",       Member, || get(clinical::statements::show_new)),
    route(Method::POST, "/clinical/statements",       "agree a statement",       Member, || post(clinical::statements::agree)),
    route(Method::GET,  "/clinical/statements/{id}",  "an agreed statement",     Member, || get(clinical::statements::show)),
    route(Method::POST, "/clinical/statements/{id}/end", "end a statement",      Member, || post(clinical::statements::end)),
    route(Method::GET,  "/decide/{ref}",              "a decision",              Member, || get(decide::show)),
    route(Method::POST, "/decide/{ref}",              "a decision",              Member, || post(decide::take)),
    route(Method::GET,  "/d/{token}",                 "a decision by letter",    Anyone, || get(by_mail::show)),
    route(Method::POST, "/d/{token}",                 "a decision by letter",    Anyone, || post(by_mail::take)),
    route(Method::GET,  "/n/{token}",                 "answer by letter",        Anyone, || get(network_link::show)),
    route(Method::POST, "/n/{token}",                 "answer by letter",        Anyone, || post(network_link::answer)),
    route(Method::GET,  "/on-call",                   "who is on call",          Member, || get(on_call::show)),
    route(Method::POST, "/on-call",                   "change a rota",           Member, || post(on_call::change)),
    route(Method::GET,  "/cover",                     "away and cover",          Member, || get(cover::show)),
    route(Method::POST, "/cover",                     "change away and cover",   Member, || post(cover::change)),
    route(Method::GET,  "/boards",                    "boards",                  Member, || get(boards::list)),
    route(Method::POST, "/boards",                    "set up a board",          Member, || post(boards::create)),
    route(Method::GET,  "/boards/{id}",               "a board",                 Member, || get(boards::show)),
    route(Method::POST, "/boards/{id}",               "change a board",          Member, || post(boards::change)),
    route(Method::GET,  "/meetings/{id}",             "a meeting",               Member, || get(meetings::show)),
    route(Method::POST, "/meetings/{id}",             "run a meeting",           Member, || post(meetings::change)),
    route(Method::GET,  "/meetings/{id}/minutes",     "minutes",                 Member, || get(meetings::minutes_page)),
    route(Method::GET,  "/meetings/{id}/minutes.txt", "minutes as a file",       Member, || get(meetings::minutes_file)),
    route(Method::GET,  "/meetings/{id}/calendar.ics", "a meeting for a calendar", Member, || get(meetings::calendar_file)),
    route(Method::GET,  "/alarms",                    "alarms",                  Member, || get(handlers::alarms::show)),
    route(Method::GET,  "/alarms/{id}",               "an alarm",                Member, || get(handlers::alarms::one)),
    route(Method::POST, "/alarms/{id}",               "what an alarm was",       Member, || post(handlers::alarms::find)),
    route(Method::GET,  "/alarms/{id}/record",        "unannounced work",        Member, || get(handlers::alarms::show_record)),
    route(Method::POST, "/alarms/{id}/record",        "begin the record of unannounced work", Member, || post(handlers::alarms::record)),
    route(Method::GET,  "/ledger",                    "call-outs",               Member, || get(handlers::ledger::show)),
    route(Method::GET,  "/ledger.csv",                "rows of the ledger",      Member, || get(handlers::ledger::download)),
    route(Method::GET,  "/ledger/new",                "enter a call-out",        Member, || get(handlers::ledger::begin)),
    route(Method::POST, "/ledger/new",                "enter a call-out",        Member, || post(handlers::ledger::enter)),
    route(Method::GET,  "/ledger/rates",              "what a call-out costs",   Member, || get(handlers::ledger::rates)),
    route(Method::POST, "/ledger/rates",              "what a call-out costs",   Member, || post(handlers::ledger::set_rates)),
    route(Method::GET,  "/ledger/{id}",               "a call-out",              Member, || get(handlers::ledger::one)),
    route(Method::POST, "/ledger/{id}",               "answer a call-out",       Member, || post(handlers::ledger::act)),
    route(Method::GET,  "/incidents",                 "incidents",               Member, || get(incidents::show)),
    route(Method::GET,  "/incidents/{id}/raise",      "a change from an incident", Member, || get(incidents::choose)),
    route(Method::POST, "/incidents/{id}/raise",      "begin it",               Member, || post(incidents::begin)),
    route(Method::GET,  "/promises",                  "promises",                Member, || get(promises::show)),
    route(Method::GET,  "/changes/new",                "what to raise",          Member, || get(raise::show)),
    route(Method::POST, "/changes/new",                "begin a draft",          Member, || post(raise::begin)),
    route(Method::GET,  "/changes/{ref}/done-already", "work that was done already", Member, || get(urgent::show_done)),
    route(Method::POST, "/changes/{ref}/done-already", "record work done already", Member, || post(urgent::record_done)),
    route(Method::POST, "/changes/{ref}/copy",         "copy a change",          Member, || post(raise::copy)),
    route(Method::GET,  "/changes/{ref}/edit/{step}",  "a step of a draft",      Member, || get(draft::show)),
    route(Method::POST, "/changes/{ref}/edit/{step}",  "save a step of a draft", Member, || post(draft::save)),
    route(Method::POST, "/changes/{ref}/send",         "send a draft",           Member, || post(draft::send)),
    route(Method::GET,  "/requests/new",               "service requests",       Member, || get(requests::show)),
    route(Method::GET,  "/requests/new/{entry}",       "a service request",      Member, || get(requests::show_entry)),
    route(Method::POST, "/requests/new/{entry}",       "ask for a request",      Member, || post(requests::ask)),
    route(Method::GET,  "/outages",                    "planned outages",        Member, || get(outages::show)),
    route(Method::GET,  "/outages/tell",               "tell of an outage without an account", Anyone, || get(outages::tell::show)),
    route(Method::POST, "/outages/tell",               "tell of an outage without an account", Anyone, || post(outages::tell::tell)),
    route(Method::GET,  "/outages/tell/confirm/{token}", "confirm an address for an outage", Anyone, || get(outages::tell::show_confirm)),
    route(Method::POST, "/outages/tell/confirm/{token}", "confirm an address for an outage", Anyone, || post(outages::tell::confirm)),
    route(Method::GET,  "/outages/told/{id}",          "an outage that was told",  Member, || get(outages::tell::show_told)),
    route(Method::POST, "/outages/told/{id}",          "answer an outage that was told", Member, || post(outages::tell::answer)),
    route(Method::GET,  "/outages/new",                "raise an outage",        Member, || get(raise::show_outage)),
    route(Method::GET,  "/series",                     "work that comes again",  Member, || get(handlers::series::list)),
    route(Method::GET,  "/series/{id}",                "a rule of work",         Member, || get(handlers::series::show)),
    route(Method::POST, "/series/{id}",                "pause, end or leave out", Member, || post(handlers::series::take)),
    route(Method::GET,  "/series/{id}/edit",           "change a rule of work",  Member, || get(handlers::series::show_edit)),
    route(Method::POST, "/series/{id}/edit",           "change a rule of work",  Member, || post(handlers::series::edit)),
    route(Method::GET,  "/changes/{ref}/recur",        "let a change come again", Member, || get(handlers::series::show_new)),
    route(Method::POST, "/changes/{ref}/recur",        "let a change come again", Member, || post(handlers::series::create)),
    route(Method::GET,  "/status",                    "status of services",      Anyone, || get(public::show)),
    route(Method::GET,  "/status.json",               "the same as JSON",        Anyone, || get(public::data)),
    route(Method::GET,  "/status.atom",               "the same as news",        Anyone, || get(public::news)),
    route(Method::GET,  "/status/site",               "status of this site",     Anyone, || get(plain::status)),
    route(Method::GET,  "/status/subscribe",          "public notices by mail",  Anyone, || get(public::follow::show)),
    route(Method::POST, "/status/subscribe",          "public notices by mail",  Anyone, || post(public::follow::ask)),
    route(Method::GET,  "/status/confirm/{token}",    "confirm an address for notices", Anyone, || get(public::follow::show_confirm)),
    route(Method::POST, "/status/confirm/{token}",    "confirm an address for notices", Anyone, || post(public::follow::confirm)),
    route(Method::GET,  "/status/leave/{token}",      "get no more notices",     Anyone, || get(public::follow::show_leave)),
    route(Method::POST, "/status/leave/{token}",      "get no more notices",     Anyone, || post(public::follow::leave)),
    route(Method::GET,  "/status/{id}",               "a public notice",         Anyone, || get(public::one)),
    route(Method::GET,  "/accessibility",             "accessibility",           Anyone, || get(plain::accessibility)),
    route(Method::GET,  "/keys",                      "keyboard shortcuts",      Anyone, || get(plain::keys)),
    route(Method::GET,  "/dev/mail",                  "mail sent in the demo",   Anyone, || get(dev::mails)),
    route(Method::GET,  "/dev/mail/{id}",             "a mail sent in the demo", Anyone, || get(dev::mail)),
    route(Method::GET,  "/assets/{hash}/{name}",      "a stylesheet or script",  Anyone, || get(assets::serve)),
    route(Method::GET,  "/healthz",                   "whether we answer",       Anyone, || get(plain::healthz)),
];

const fn route(method: Method, path: &'static str, name: &'static str, who: Who, handler: fn() -> MethodRouter<Shared>) -> Route {
    Route { method, path, name, who, handler }
}

/// The whole site, with the guard before it. What is for the demonstration only has no address anywhere else, by
/// whatever method it is asked for (settled 26).
pub fn router(app: Shared) -> Router {
    let is_of_demo = |path: &str| path == "/demo" || path.starts_with("/dev/");
    let routes = ROUTES.iter().filter(|route| app.config.is_demo || !is_of_demo(route.path));
    let routes = routes.fold(Router::new(), |router, route| router.route(route.path, door(route)));
    routes
        .merge(api::router())
        .fallback(|| async { Failure::NotFound })
        .method_not_allowed_fallback(|| async { Failure::WrongMethod })
        .layer(CatchPanicLayer::custom(say_panic))
        .layer(from_fn_with_state(app.clone(), guard::stand))
        // The better levels take longer than the page itself, to save one or two of its ten kilobytes.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .with_state(app)
}

/// A route with its doorkeeper, so that no page can forget to ask who comes.
fn door(route: &Route) -> MethodRouter<Shared> {
    match route.who {
        Who::Anyone => (route.handler)(),
        Who::Member => (route.handler)().route_layer(from_fn(only_members)),
    }
}

async fn only_members(visitor: Visitor, request: axum::extract::Request, next: Next) -> Response {
    if visitor.is_known() { next.run(request).await } else { Failure::SignIn.into_response() }
}

/// A panic is a fault of ours; what it says goes to the log only (S65).
fn say_panic(panic: Box<dyn Any + Send>) -> Response {
    let words = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let words = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    Failure::bug(&format_args!("a handler panicked: {words}")).into_response()
}
