//! The web: every route on one screen, then what stands before them.

pub mod assets;
pub mod csrf;
pub mod form;
pub mod headers;
pub mod layout;
pub mod pages;
pub mod parts;
pub mod problem;
pub mod samples;
pub mod svg;
pub mod timeline;
pub mod ui;

use axum::Router;
use axum::http::Method;
use axum::routing::{MethodRouter, get};

use crate::app::Shared;

/// One route: what the router is built from, and what the tests go through.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    /// What people call it.
    pub name: &'static str,
    pub who: Who,
    handler: fn() -> MethodRouter<Shared>,
}

/// Who may come in. What they may do inside is asked of the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever asks.
    Anyone,
    /// Whoever has signed in.
    Member,
}

/// Every page and form.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    route(Method::GET, "/assets/{hash}/{name}", "a stylesheet or script", Who::Anyone, || get(assets::serve)),
    route(Method::GET, "/healthz",              "whether we answer",      Who::Anyone, || get(healthz)),
];

const fn route(
    method: Method,
    path: &'static str,
    name: &'static str,
    who: Who,
    handler: fn() -> MethodRouter<Shared>,
) -> Route {
    Route { method, path, name, who, handler }
}

/// The whole site.
pub fn router(app: Shared) -> Router {
    let routes = ROUTES.iter().fold(Router::new(), |router, route| router.route(route.path, (route.handler)()));
    routes.with_state(app)
}

/// For a load balancer: that we answer, and nothing else about us (S30).
async fn healthz() -> &'static str {
    "ok\n"
}
