//! Pages that say what they say to everybody: health, status, accessibility, keyboard.

use axum::extract::State;
use axum::response::Response;

use crate::app::Shared;
use crate::web::layout::Place;
use crate::web::pages::status::{AccessibilityPage, KeysPage, StatusPage, StatusRow};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::Tag;
use crate::web::visitor::Visitor;

/// For a load balancer: that we answer, and nothing else about us (S30).
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether it works, in words.
pub async fn status(State(app): State<Shared>, visitor: Visitor) -> Response {
    let store = match app.read::<_, Failure>(|tx| signalbox_store::outbox::dead_letters(tx, 1)) {
        Ok(dead) if dead.is_empty() => ("green", "Works", String::new()),
        Ok(_) => ("yellow", "Letters wait", "Some mail could not be delivered; the change team has been told.".into()),
        Err(_) => ("red", "Away", "The record can’t be read just now.".into()),
    };
    let (colour, word, note) = store;
    let sentence = if colour == "red" { "Signalbox has trouble." } else { "Signalbox works." };
    let parts = vec![StatusRow { name: "The record and its mail".into(), tag: Tag::new(word, colour), note }];
    page(&StatusPage {
        shell: visitor.shell(&app, "Status", Place::Elsewhere),
        sentence: sentence.into(),
        parts,
        // Strangers learn no version (S19).
        version: if visitor.is_known() { env!("CARGO_PKG_VERSION").into() } else { String::new() },
    })
}

/// What was done so that everybody can use it.
pub async fn accessibility(State(app): State<Shared>, visitor: Visitor) -> Response {
    page(&AccessibilityPage { shell: visitor.shell(&app, "Accessibility", Place::Elsewhere) })
}

/// Keys that move.
pub async fn keys(State(app): State<Shared>, visitor: Visitor) -> Response {
    page(&KeysPage { shell: visitor.shell(&app, "Keyboard shortcuts", Place::Elsewhere) })
}
