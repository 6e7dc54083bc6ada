//! Beside the window of a draft: times that are free, and when the services are busiest with patients.

use signalbox_core::change::Kind;
use signalbox_core::clinical::hours::ClinicHours;
use signalbox_store::directory;

use super::{SLOT, Writing};
use crate::app::App;
use crate::web::free_times;
use crate::web::handlers::free_times as free;
use crate::web::parts::{Fact, Section};
use crate::web::problem::{Failure, Fault};
use crate::web::ui::Field;

/// Times that are free, where the window typed is not (ux F5).
pub(super) fn slots(app: &App, writing: &Writing, faults: &[Fault]) -> Result<Option<Field>, Failure> {
    let planned = !matches!(writing.change().kind, Kind::Emergency | Kind::Retrospective);
    let (Some(window), Some(kept)) = (writing.preview.change.window(), writing.window_words()) else { return Ok(None) };
    if !planned || !writing.situation.facts.clashes.iter().any(|clash| clash.hard) {
        return Ok(None);
    }
    let reach = free_times::Reach::near(window, app.clock.now(), free::TIMES_IN_A_STEP);
    let found = app.read::<_, Failure>(|tx| free_times::look(app, tx, &writing.actor, &writing.situation, &writing.preview.change, reach))?;
    let mut field = found.filter(|search| !search.found.slots.is_empty()).map(|search| free::field(&search, &kept));
    if let (Some(field), Some(fault)) = (&mut field, faults.iter().find(|fault| fault.field.as_deref() == Some(SLOT))) {
        field.error = Some(fault.detail.clone());
    }
    Ok(field)
}

/// When the services are busiest with patients, and how much of it the window takes (C142).
pub(super) fn clinic_hours(app: &App, writing: &Writing) -> Result<Option<Section>, Failure> {
    let services = &writing.situation.facts.services;
    let found = app.read::<_, Failure>(|tx| {
        let mut found = vec![];
        for service in services {
            let name = directory::service(tx, service.id.0)?.map(|s| s.name).unwrap_or_default();
            found.push((name, directory::clinic_hours(tx, service.id.0)?));
        }
        Ok(found)
    })?;
    let mut section = Section::new("clinic-hours", "Clinic hours");
    for (name, hours) in found.into_iter().filter(|(_, hours)| !hours.is_empty()) {
        let Ok(parsed) = ClinicHours::parse(&hours) else { continue };
        let fact = Fact::new(&name, &hours);
        let minutes = writing.window().map_or(0, |(start, end)| parsed.minutes_within(start, end, &writing.situation.zone));
        section.facts.push(match minutes {
            0 => fact,
            minutes => fact.tag(&format!("Your window takes {minutes} minutes of them"), "yellow"),
        });
    }
    Ok((!section.facts.is_empty()).then_some(section))
}
