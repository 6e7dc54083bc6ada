//! What happens behind each address: a form in, a call to the store or the core, a page or another address out.

pub mod alarms;
pub mod availability;
pub mod boards;
pub mod by_mail;
pub mod change;
pub mod changes;
pub mod clashes;
pub mod clinical;
pub mod cover;
pub mod decide;
pub mod demo;
pub mod dev;
pub mod draft;
pub mod entries;
pub mod feeds;
pub mod free_times;
pub mod impact;
pub mod incidents;
pub mod join;
pub mod ledger;
mod lessons;
pub mod me;
pub mod meetings;
pub mod members;
pub mod network_link;
pub mod on_call;
pub mod ops;
pub mod outages;
pub mod paper;
pub mod password;
pub mod plain;
pub mod process;
pub mod promises;
pub mod proposals;
pub mod public;
pub mod raise;
pub mod reports;
pub mod requests;
pub mod schedule;
pub mod series;
pub mod session;
pub mod setup;
pub mod subscriptions;
pub mod today;
pub mod tonight;
pub mod urgent;

use super::form::Form;
use super::problem::{Failure, Fault};
use super::ui::{self, Control, Field};

/// The number in an address. Anything else is not there (S28).
pub(super) fn id(text: &str) -> Result<i64, Failure> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten().ok_or(Failure::NotFound)
}

/// A form's fields as they were typed, each with its fault.
pub(super) fn filled(fields: Vec<Field>, form: &Form, faults: &[Fault]) -> Vec<Field> {
    fields.into_iter().map(|field| fill(field, form, faults)).collect()
}

fn fill(mut field: Field, form: &Form, faults: &[Fault]) -> Field {
    let typed = form.raw(&field.name).to_owned();
    match &mut field.control {
        // A password is typed again: it must not travel back.
        Control::Input { kind: "password", .. } => {}
        _ if form.is_empty() => {}
        Control::Input { value, .. } | Control::TextArea { value, .. } => *value = typed,
        Control::Select { choices } | Control::Radios { choices } | Control::Checks { choices } => {
            let given: Vec<&str> = form.all(&field.name).collect();
            for choice in choices {
                choice.chosen = given.contains(&choice.value.as_str());
            }
        }
        // Tables of answers are drawn by `typed`, which fills them itself.
        Control::Rows { .. } => {}
        Control::DateTime { date, time } => {
            *date = form.raw(&format!("{}-date", field.name)).to_owned();
            *time = form.raw(&format!("{}-time", field.name)).to_owned();
        }
    }
    let own = faults.iter().find(|fault| fault.field.as_deref() == Some(field.name.as_str()));
    field.error = own.map(|fault| fault.detail.clone());
    field
}

/// The summary above a form: its fields' faults, then those that belong to no field on it.
pub(super) fn summary(fields: &[Field], faults: &[Fault]) -> Vec<ui::Fault> {
    let has_field = |fault: &Fault| fields.iter().any(|field| fault.field.as_deref() == Some(field.name.as_str()));
    let others = faults.iter().filter(|fault| !has_field(fault));
    let others = others.map(|fault| ui::Fault { message: fault.detail.clone(), target: String::new() });
    ui::faults_of(fields).into_iter().chain(others).collect()
}
