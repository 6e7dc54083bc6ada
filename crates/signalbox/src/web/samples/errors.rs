//! What is shown when something is in the way.

use super::link;
use crate::web::layout::{Place, Shell};
use crate::web::pages::errors::{ConflictPage, Difference, ErrorPage, InvalidPage, Resend, Rule, UnavailablePage};
use crate::web::ui::{Fault, Link};

fn error(title: &str, sentences: &[&str]) -> ErrorPage {
    ErrorPage {
        shell: Shell::sample(title, Place::Elsewhere),
        heading: title.into(),
        sentences: sentences.iter().map(|words| (*words).into()).collect(),
        rule: None,
        onward: vec![Link::new("Go to Today", "/")],
        request_id: "req-01J9".into(),
    }
}

pub fn error_denied() -> ErrorPage {
    ErrorPage {
        rule: Some(Rule { name: "Separation of duty, SD-6".into(), sentence: "Whoever carried a change out may not confirm its outcome.".into() }),
        ..error("You may not do this", &["You carried out RFC-2026-001805, so somebody else must confirm how it went."])
    }
}

pub fn error_not_found() -> ErrorPage {
    error("Nothing here", &["There is nothing at this address, or it is not open to you."])
}

pub fn error_too_large() -> ErrorPage {
    error("That file is too large", &["A file may be up to 20 MB. This one was larger, and nothing was saved."])
}

pub fn error_too_often() -> ErrorPage {
    error("Too many tries", &["Wait 60 seconds, then try again."])
}

fn resend(words: &str) -> Resend {
    Resend {
        action: "/changes/RFC-2026-001847/edit".into(),
        fields: vec![
            ("csrf".into(), "sample-token".into()),
            ("title".into(), "Connect CT scanner 3".into()),
            ("why".into(), "The old scanner <is> worn out.".into()),
        ],
        words: words.into(),
    }
}

pub fn error_conflict() -> ConflictPage {
    ConflictPage {
        shell: Shell::sample("Somebody changed this while you did", Place::Changes),
        what: link("RFC-2026-001847", "Connect CT scanner 3"),
        changed_by: "Tom Achebe, Halden storage, today 16:48".into(),
        differences: vec![
            Difference { field: "Title".into(), theirs: "Connect CT scanner 3, Northbrook".into(), yours: "Connect CT scanner 3".into() },
            Difference { field: "Starts".into(), theirs: "Tuesday 24 November, 20:30".into(), yours: "Wednesday 25 November, 20:30".into() },
        ],
        keep_mine: resend("Save mine over theirs"),
    }
}

pub fn error_invalid() -> InvalidPage {
    InvalidPage {
        shell: Shell::sample("Not saved", Place::Changes),
        heading: "Not saved".into(),
        faults: vec![Fault { message: "Give a reason for the late notice".into(), target: String::new() }],
        resend: resend("Try again"),
    }
}

pub fn error_unavailable() -> UnavailablePage {
    UnavailablePage { shell: Shell::sample("Cannot save just now", Place::Changes), retry_after_seconds: 5, resend: Some(resend("Try again")) }
}
