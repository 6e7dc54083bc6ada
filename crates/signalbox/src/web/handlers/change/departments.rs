//! On the record: the departments that lose something, how care carries on there, and who was told (spec 4.6).

use signalbox_core::act::Act;
use signalbox_core::departments::{self, Department, Standing};

use super::{Seen, who};
use crate::web::parts::{Cell, Row, Section, Table};
use crate::words;

/// The departments of the change with what is known of each.
pub(super) fn known(seen: &Seen) -> Vec<Department<'_>> {
    departments::of(seen.change(), |text| seen.page.loaded.prose.get(&text.text.0).map(String::as_str))
}

/// What a department is called.
pub(super) fn name(seen: &Seen, department: &Department) -> String {
    let area = words::option_label("area", department.area);
    department.name.map_or(area.clone(), |name| format!("{area}: {}", seen.said(name)))
}

/// The panel, where any is named or one may be told.
pub(super) fn section(seen: &Seen) -> Option<Section> {
    let all = known(seen);
    let tells = seen.offers().into_iter().any(|offer| offer.act == Act::TellDepartment && offer.is_open());
    if all.is_empty() && !tells {
        return None;
    }
    let left = all.iter().filter(|one| one.standing() == Standing::NotTold).count();
    let sentence = match (all.len(), left) {
        (0, _) => "No department is named yet.".to_owned(),
        (_, 0) => "Every department that is named was told.".to_owned(),
        (n, left) => format!("{} of {} not told yet.", left, words::counted(n as i64, "department")),
    };
    let rows = all.iter().map(|one| row(seen, one)).collect();
    let section = Section::new("departments", "Departments").words(&sentence);
    let section = if all.is_empty() { section } else { section.table(Table::new("Departments", &["Department", "How care carries on", "Told"], rows), "") };
    Some(if tells { section.link(words::act_title(Act::TellDepartment), &format!("{}/acts/{}", seen.address(), Act::TellDepartment.code())) } else { section })
}

fn row(seen: &Seen, department: &Department) -> Row {
    let standing = match department.standing() {
        Standing::NotTold => Cell::tag("Not told", "yellow"),
        Standing::Told => Cell::tag("Told", "blue"),
        Standing::Confirmed => Cell::tag("Told and covered", "green"),
    };
    let first = department.told.map(|text| seen.said(text));
    let since = department.since.iter().map(|(one, by)| {
        let behalf = one.told.on_behalf_of.as_ref().map_or(String::new(), |name| format!(" for {}", seen.said(name)));
        format!("{}, {}, by {}{behalf}", seen.said(&one.who), seen.moment(one.told.happened_at), who(seen, by))
    });
    let told: Vec<String> = first.into_iter().chain(since).collect();
    let cover = department.cover.map(|text| seen.said(text)).unwrap_or_else(|| "Not said.".into());
    Row::new(Cell::text(&name(seen, department)), vec![Cell::text(&cover), standing.small(&told.join("\n"))])
}
