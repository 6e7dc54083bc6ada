//! One assessment of spec 6.4 is given, by somebody whom the document asks.

use super::{Context, Taking};
use crate::change::{AssessmentKind, Change};
use crate::event::Event;
use crate::ids::OrgId;
use crate::permit::stamps;

/// The assessments still open that this actor may give.
pub fn open_for(ctx: &Context, change: &Change) -> Vec<(AssessmentKind, Option<OrgId>)> {
    // Where the approver asked for more, what was said may be said anew (T15).
    let open = change.assessments.iter().filter(|(_, a)| a.given.is_none() || change.asked_more.is_some());
    open.filter(|((kind, org), _)| !givers(ctx, change, *kind, *org).is_empty()).map(|(key, _)| *key).collect()
}

/// The memberships under which the actor may give it.
fn givers(ctx: &Context, change: &Change, kind: AssessmentKind, org: Option<OrgId>) -> Vec<crate::actor::Stamp> {
    let rows = ctx.process.assessments.iter().filter(|row| row.kind == kind);
    let all = rows.flat_map(|row| stamps(ctx, change, &row.who));
    all.filter(|stamp| org.is_none() || stamp.org == org).collect()
}

pub(super) fn assess(t: &mut Taking) -> Option<Vec<Event>> {
    let open = open_for(t.ctx, t.change);
    let codes: Vec<&str> = open.iter().map(|(kind, _)| kind.code()).collect();
    let kind = t.form.choice("assessment", &codes, true);
    let objects = t.form.yes_no("objects", true);
    let finding = t.form.text("finding", true);
    let kind = AssessmentKind::from_code(&kind?)?;
    let (_, org) = *open.iter().find(|(k, _)| *k == kind)?;
    // The hat that the document asks for counts, not the first one the actor wears.
    t.by(givers(t.ctx, t.change, kind, org).into_iter().next());
    Some(vec![Event::Assessed { kind, org, objects: objects?, finding: finding? }])
}
