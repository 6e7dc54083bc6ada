//! The clinical risk rejection form (spec 8.5): as a page, for print, and as a file for people and for programs.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use signalbox_core::clinical::{FormHazard, Rated, Rating, Rejected, RejectionForm, Resubmit, Signature, form_ref};
use signalbox_core::text::Text;

use super::super::change::{Seen, who};
use super::last_three;
use crate::app::Shared;
use crate::web::pages::record::FilePage;
use crate::web::parts::{Cell, Fact, ListPage, Row, Section, Table};
use crate::web::problem::Failure;
use crate::web::tell::page;
use crate::web::ui::Link;
use crate::web::visitor::Visitor;
use crate::words;

/// Whom a form goes to (spec 8.5).
const DISTRIBUTION: &str = "Whoever raised it, the trust’s coordinator, the change managers of supplier and authority, every safety officer, and each affected trust. \
                            The public schedule shows the title only.";

fn find<'s>(seen: &'s Seen, number: &str) -> Result<(u32, &'s Rejected), Failure> {
    let number: u32 = number.parse().map_err(|_| Failure::NotFound)?;
    let at = usize::try_from(number).ok().and_then(|n| n.checked_sub(1)).ok_or(Failure::NotFound)?;
    seen.change().safety.rejections.get(at).map(|rejected| (number, rejected)).ok_or(Failure::NotFound)
}

/// The form as a page.
pub async fn show(State(app): State<Shared>, visitor: Visitor, Path((reference, number)): Path<(String, String)>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    let (number, rejected) = find(&seen, &number)?;
    let title = title(&seen, number, rejected);
    let here = format!("{}/clinical-form/{number}", seen.address());
    Ok(page(&ListPage {
        shell: seen.shell(&app, &visitor, &title),
        lede: seen.title(),
        actions: vec![Link::new("As a file", &format!("{here}/file")), Link::new("As JSON", &format!("{here}/json"))],
        sections: sections(&seen, number, rejected),
        ..ListPage::default()
    }))
}

/// The form as one file that needs nothing else.
pub async fn file(State(app): State<Shared>, visitor: Visitor, Path((reference, number)): Path<(String, String)>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    let (number, rejected) = find(&seen, &number)?;
    let view = FilePage { title: title(&seen, number, rejected), lede: seen.title(), sections: sections(&seen, number, rejected), data: String::new() };
    let html = askama::Template::render(&view).map_err(|fault| Failure::bug(&fault))?;
    download(&format!("{}.html", form_ref(&seen.change().reference, number)), "text/html; charset=utf-8", html)
}

/// The form for programs.
pub async fn data(State(app): State<Shared>, visitor: Visitor, Path((reference, number)): Path<(String, String)>) -> Result<Response, Failure> {
    let seen = Seen::read(&app, &visitor, &reference)?;
    let (number, rejected) = find(&seen, &number)?;
    let text = serde_json::to_string_pretty(&as_json(&seen, number, rejected)).map_err(|fault| Failure::bug(&fault))?;
    download(&format!("{}.json", form_ref(&seen.change().reference, number)), "application/json", format!("{text}\n"))
}

/// A file that no browser opens within the site.
pub(super) fn download(name: &str, kind: &'static str, body: String) -> Result<Response, Failure> {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")).map_err(|fault| Failure::bug(&fault))?;
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

fn title(seen: &Seen, number: u32, rejected: &Rejected) -> String {
    let is_stop = rejected.form.as_ref().is_some_and(|form| form.is_stop);
    let what = if is_stop { "Stop for patient safety" } else { "Clinical risk rejection" };
    format!("{what} {}", form_ref(&seen.change().reference, number))
}

/// The form, section by section.
pub(super) fn sections(seen: &Seen, number: u32, rejected: &Rejected) -> Vec<Section> {
    let change = seen.change();
    let Some(form) = &rejected.form else {
        return vec![
            Section::new("form", "The rejection").words("It was recorded before this form was asked for. Its words are in the history of the change."),
        ];
    };
    let said = |text: &Option<Text>| text.as_ref().map(|text| seen.said(text)).unwrap_or_default();
    let mut facts = vec![
        Fact::new("Form", &form_ref(&change.reference, number)),
        Fact::new("Change", &format!("{}, revision {}", change.reference, form.revision)),
        Fact::new("Signed", &seen.exact(rejected.at)),
        Fact::new("Decision", if form.is_stop { "Stop work" } else { "Rejected" }).tag(if form.is_stop { "Stopped" } else { "Rejected" }, "red"),
        Fact::new("Ground", &words::sentence_case(form.ground.words())),
    ];
    facts.extend(form.rung.as_ref().map(|text| Fact::new("Rung", &seen.said(text))));
    let mut all = vec![Section::new("form", "The form").facts(facts)];
    if !form.is_stop {
        let documents = form.documents.iter().map(|text| seen.said(text)).chain(form.files.iter().map(|(file, sha)| file_words(seen, file.0, sha)));
        all.push(Section::new("scope", "What was reviewed").facts(vec![
            Fact::new("Scope", &said(&form.scope)),
            Fact::new("Documents", &documents.collect::<Vec<_>>().join("\n")),
            Fact::new("Answers, by their hash", &form.content),
        ]));
    }
    all.extend(form.hazards.iter().map(|hazard| hazard_section(seen, hazard)));
    if let Some((rating, text)) = &form.not_changing {
        all.push(Section::new("balance", "The balance").facts(vec![
            Fact::new("Risk of not changing", &format!("{}\n{}", words::rating_words(rating), seen.said(text))),
            Fact::new("Alternatives considered", &said(&form.alternatives)),
        ]));
    }
    all.push(resubmission(seen, form));
    let optional = [("Immediate actions", &form.immediate), ("Consulted", &form.consulted)];
    let mut more: Vec<Fact> = optional.into_iter().filter(|(_, text)| text.is_some()).map(|(label, text)| Fact::new(label, &said(text))).collect();
    more.extend([
        Fact::new("Signed by", &signatory(seen, rejected, form.signature.as_ref())),
        Fact::new("No conflict", "The signatory did not raise the change, will not carry it out and declared no interest in it."),
        Fact::new("Distribution", DISTRIBUTION),
        Fact::new(
            "Appeal",
            "To the authority’s safety officer within 10 working days. Otherwise the decision is final for this revision; only a new revision and a new clinical decision lift it.",
        ),
    ]);
    all.push(Section::new("signature", "Signature").facts(more));
    all
}

fn file_words(seen: &Seen, id: i64, sha: &str) -> String {
    let name = seen.page.files.iter().find(|file| file.id == id).map_or("a document", |file| file.name.as_str());
    format!("{name}, SHA-256 {sha}")
}

fn signatory(seen: &Seen, rejected: &Rejected, signature: Option<&Signature>) -> String {
    let role = rejected.by.role.map(|role| format!("\n{}", words::sentence_case(role.words()))).unwrap_or_default();
    let registration = signature.map(|s| format!("\n{} {}, in force until {}", s.body, last_three(&seen.said(&s.number)), s.expires_on)).unwrap_or_default();
    format!("{}{role}{registration}", who(seen, &rejected.by))
}

fn hazard_section(seen: &Seen, hazard: &FormHazard) -> Section {
    let words_ = &hazard.words;
    let mut facts: Vec<Fact> = [("Causes", &words_.causes), ("Effect on care", &words_.effect), ("Existing controls", &words_.existing)]
        .into_iter()
        .filter_map(|(label, text)| text.as_ref().map(|text| Fact::new(label, &seen.said(text))))
        .collect();
    if let Some(Rated { initial, controls, residual, why }) = &hazard.rated {
        facts.push(Fact::new("Before controls", &format!("{} (matrix {})", words::rating_words(initial), initial.matrix)));
        if !controls.is_empty() {
            let controls: Vec<String> = controls.iter().map(|c| format!("{} ({})", seen.said(&c.what), c.state.words())).collect();
            facts.push(Fact::new("Controls proposed", &controls.join("\n")));
        }
        facts.push(Fact::new("After controls", &words::rating_words(residual)));
        facts.push(Fact::new("Why it cannot be accepted", &seen.said(why)));
    }
    Section::new(&format!("hazard-{}", hazard.number), &format!("H{}: {}", hazard.number, seen.said(&words_.name))).facts(facts)
}

fn resubmission(seen: &Seen, form: &RejectionForm) -> Section {
    let section = Section::new("again", "Before it is sent again");
    if form.is_stop {
        return section.words("The hazards above are answered, by number.");
    }
    if form.resubmit.is_empty() {
        return section.words("It will not be accepted in any form.");
    }
    let row = |condition: &Resubmit| {
        Row::new(Cell::text(&seen.said(&condition.what)), vec![Cell::text(&seen.said(&condition.evidence)), Cell::text(&seen.said(&condition.judge))])
    };
    section.table(Table::new("Conditions for sending it again", &["Condition", "Shown by", "Judged by"], form.resubmit.iter().map(row).collect()), "")
}

pub(super) fn rating_json(rating: &Rating) -> Value {
    json!({"harm": rating.harm.code(), "patients": rating.patients.code(), "likelihood": rating.likelihood.code(), "severity": rating.severity.code(),
        "rating": rating.rating, "matrix": rating.matrix})
}

/// The form for programs, every field of spec 8.5.
pub(super) fn as_json(seen: &Seen, number: u32, rejected: &Rejected) -> Value {
    let change = seen.change();
    let Some(form) = &rejected.form else { return json!({"form_ref": form_ref(&change.reference, number), "signed_at": rejected.at.to_string()}) };
    let said = |text: &Option<Text>| text.as_ref().map(|text| seen.said(text));
    let hazard = |hazard: &FormHazard| {
        let rated = hazard.rated.as_ref();
        json!({"id": format!("H{}", hazard.number), "name": seen.said(&hazard.words.name), "causes": said(&hazard.words.causes),
            "effect_on_care": said(&hazard.words.effect), "existing_controls": said(&hazard.words.existing),
            "initial": rated.map(|r| rating_json(&r.initial)), "residual": rated.map(|r| rating_json(&r.residual)),
            "controls": rated.map(|r| r.controls.iter().map(|c| json!({"what": seen.said(&c.what), "state": c.state.code()})).collect::<Vec<_>>()),
            "why_unacceptable": rated.map(|r| seen.said(&r.why))})
    };
    json!({
        "form_ref": form_ref(&change.reference, number),
        "change": change.reference,
        "revision": form.revision,
        "signed_at": rejected.at.to_string(),
        "decision": if form.is_stop { "stop_work" } else { "rejected" },
        "ground": form.ground.code(),
        "scope_reviewed": said(&form.scope),
        "documents_reviewed": form.documents.iter().map(|text| seen.said(text)).collect::<Vec<_>>(),
        "files_reviewed": form.files.iter().map(|(file, sha)| json!({"id": file.0.to_string(), "sha256": sha})).collect::<Vec<_>>(),
        "content_hash": form.content,
        "hazards": form.hazards.iter().map(hazard).collect::<Vec<_>>(),
        "risk_of_not_changing": form.not_changing.as_ref().map(|(rating, text)| json!({"rating": rating_json(rating), "words": seen.said(text)})),
        "alternatives_considered": said(&form.alternatives),
        "conditions_for_resubmission": form.resubmit.iter()
            .map(|c| json!({"what": seen.said(&c.what), "evidence": seen.said(&c.evidence), "judge": seen.said(&c.judge)})).collect::<Vec<_>>(),
        "accepted_in_any_form": form.is_stop || !form.resubmit.is_empty(),
        "immediate_actions": said(&form.immediate),
        "consulted": said(&form.consulted),
        "rung": said(&form.rung),
        "signatory": {"name": seen.names.person(rejected.by.person), "organisation": rejected.by.org.map(|org| seen.names.org(org)),
            "role": rejected.by.role.map(|role| role.code()),
            "registration": form.signature.as_ref().map(|s| format!("{} {}", s.body, last_three(&seen.said(&s.number)))), "no_conflict": true},
        "distribution": DISTRIBUTION,
    })
}
