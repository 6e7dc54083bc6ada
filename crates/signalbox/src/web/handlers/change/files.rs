//! Documents that hang on a change. They go out as downloads only, whatever they are (S68, S69), and only to those
//! who may see the change at that moment (S07).

use axum::extract::{Multipart, Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use signalbox_core::act::Act;
use signalbox_core::clinical::fields::PURPOSES;
use signalbox_core::form::Raw;
use signalbox_core::refusal::Refusal;
use signalbox_store::drafts;

use super::{Seen, draw_act, expect, find, stopped, summary, told};
use crate::app::{App, Shared};
use crate::run::{NewAttachment, Stop, clean_name};
use crate::web::form::Form;
use crate::web::parts;
use crate::web::problem::{Failure, Fault};
use crate::web::tell::done;
use crate::web::ui::{self, Choice, Field};
use crate::web::visitor::Visitor;
use crate::words;

/// The largest file (settled 21).
const FILE_MAX_BYTES: usize = 10 << 20;

/// The form that adds a document.
pub(super) fn form(app: &App, seen: &Seen, typed: Option<(&Raw, &[Fault])>) -> (parts::Form, Vec<ui::Fault>) {
    let faults = typed.map_or(&[][..], |(_, faults)| faults);
    let own = faults.iter().find(|fault| fault.field.as_deref() == Some("file")).map(|fault| fault.detail.clone());
    let hint = format!("{} Up to 10 MB.", words::field_hint(Act::Attach, "file"));
    let field = Field::input("file", "file", &words::field_label("file"), "").hint(&hint).error(own);
    let choices = PURPOSES.iter().map(|code| Choice::new(code, &words::option_label("purpose", code)));
    let choices = std::iter::once(Choice::new("", "Not said")).chain(choices).collect();
    let purpose = Field::select("purpose", &words::field_label("purpose"), choices).hint(words::field_hint(Act::Attach, "purpose")).optional();
    let form = parts::Form::new(&format!("{}/files", seen.address()), words::act_button(Act::Attach, seen.change().stage), vec![field, purpose]);
    let form = form.key(&app.ids.token().to_hex()).quiet();
    let faults = summary(&form.fields, faults);
    (form, faults)
}

/// Takes a document in: its bytes and the event that binds them go into one transaction.
pub async fn upload(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(reference): Path<String>,
    form: Form,
    parts: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Result<Response, Failure> {
    let id = find(&app, &visitor, &reference)?;
    form.only(&["purpose"])?;
    let purpose = Some(form.text("purpose").to_owned()).filter(|code| !code.is_empty());
    let mut parts = parts.map_err(|_| Failure::invalid(Fault::of("file", "file-missing", "Choose a file.")))?;
    let mut taken = None;
    while let Some(part) = parts.next_field().await.map_err(|_| Failure::bad_request("body", "The form can’t be read."))? {
        let Some(name) = part.file_name().map(clean_name) else { continue };
        if part.name() != Some("file") || taken.is_some() {
            return Err(Failure::invalid(Fault::of("file", "too-many", "Add one document at a time.")));
        }
        let content = part.bytes().await.map_err(|_| Failure::bad_request("body", "The form can’t be read."))?;
        taken = Some((name, content));
    }
    let fault = match &taken {
        Some((_, content)) if content.len() > FILE_MAX_BYTES => return Err(Failure::TooLarge),
        Some((_, content)) if !content.is_empty() => None,
        _ => Some(Fault::of("file", "file-missing", "Choose a file that is not empty.")),
    };
    let (Some((name, content)), None) = (taken, &fault) else {
        let seen = Seen::read(&app, &visitor, &reference)?;
        return draw_act(&app, &visitor, &seen, Act::Attach, Some((&Raw::new(), &fault.into_iter().collect::<Vec<_>>())));
    };
    let attachment = NewAttachment { purpose, ..NewAttachment::new(name, content.to_vec()) };
    let raw = Raw::from([("file".to_owned(), vec![attachment.sha256.clone(), attachment.name.clone()])]);
    let expect = expect(&form, &format!("/changes/{}/files", reference.to_ascii_uppercase()), &raw);
    match app.attach(&visitor.actor()?, id, attachment, expect) {
        Ok(taken) => Ok(done(&app, &format!("/changes/{}#documents", taken.reference), &told(Act::Attach))),
        Err(Stop::Refused(Refusal::Invalid(violations))) => {
            let seen = Seen::read(&app, &visitor, &reference)?;
            let faults: Vec<Fault> = seen.faults(&violations).into_iter().map(|fault| Fault { field: Some("file".into()), ..fault }).collect();
            draw_act(&app, &visitor, &seen, Act::Attach, Some((&Raw::new(), &faults)))
        }
        Err(stop) => Err(stopped(stop)),
    }
}

/// Gives a document out.
pub async fn download(State(app): State<Shared>, visitor: Visitor, Path((reference, file)): Path<(String, String)>) -> Result<Response, Failure> {
    let (id, file) = (find(&app, &visitor, &reference)?, crate::web::handlers::id(&file)?);
    let found = app.read::<_, Failure>(|tx| drafts::file(tx, id, file))?;
    let (name, _, content) = found.ok_or(Failure::NotFound)?;
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    let disposition = HeaderValue::try_from(disposition(&name)).map_err(|fault| Failure::bug(&fault))?;
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

/// RFC 6266: a plain name for old readers, the real one in UTF-8 (RFC 8187).
fn disposition(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || " ._-()".contains(c) { c } else { '_' }).collect();
    let mut exact = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) { exact.push(char::from(byte)) } else { exact.push_str(&format!("%{byte:02X}")) }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::NAME_MAX_CHARS;

    #[test]
    fn s68_a_name_is_only_a_name() {
        assert_eq!(clean_name("../../etc/passwd"), "passwd");
        assert_eq!(clean_name("C:\\plans\\plan.pdf"), "plan.pdf");
        assert_eq!(clean_name("a\u{202e}fdp.exe"), "afdp.exe");
        assert_eq!(clean_name("a\r\nb\0.txt"), "ab.txt");
        assert_eq!(clean_name(".."), "document");
        assert_eq!(clean_name(&"é".repeat(300)).chars().count(), NAME_MAX_CHARS);
    }

    #[test]
    fn s68_a_header_holds_any_name() {
        assert_eq!(disposition("plan.pdf"), "attachment; filename=\"plan.pdf\"; filename*=UTF-8''plan.pdf");
        assert_eq!(disposition("\"é;.txt"), "attachment; filename=\"___.txt\"; filename*=UTF-8''%22%C3%A9%3B.txt");
        assert!(HeaderValue::try_from(disposition("日本語 \"><img>.txt")).is_ok());
    }
}
