//! Between a page's form and the core: what was typed under the names that the core reads, and the core's fields as
//! parts of a page, filled with what was typed. Every form on changes is drawn and read here and nowhere else.
//!
//! HTML names a date and a time `NAME-date`, `NAME-time` and, on the night when clocks go back, `NAME-fold`; the core
//! reads `NAME.date`, `NAME.time`, `NAME.fold`.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use signalbox_core::actor::{Actor, OrgKind, Role};
use signalbox_core::calendar::local::{self, LocalTimeFault};
use signalbox_core::decide::fields::Field as Asked;
use signalbox_core::form::Raw;
use signalbox_core::form::format::Format;
use signalbox_core::form::rows::{ROWS_MAX, cell_name, cell_of};
use signalbox_core::process::{AnswerKind, Column, Required};
use signalbox_store::drafts::FileMeta;
use signalbox_store::page::Page;
use signalbox_store::queries::names;
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx, directory};
use std::collections::BTreeMap;

use super::form::Form;
use super::problem::{Failure, Fault};
use super::ui::{Choice, Control, Field, RowOf};

/// What a form carries beside answers: tokens, what the person saw, which button was pressed.
const UNSEEN: &[&str] = &[super::csrf::FIELD, "idempotency_key", "next", "version", "rev", "autosave", MORE_ROWS];
/// The button that saves and shows more empty rows.
pub const MORE_ROWS: &str = "more_rows";
/// Empty rows after those that are filled in, and the least that a table shows.
const ROWS_BLANK: usize = 2;
const ROWS_LEAST: usize = 3;
/// The parts of a moment, as HTML and as the core name them.
const PARTS: &[(&str, &str)] = &[("-date", ".date"), ("-time", ".time"), ("-fold", ".fold")];
/// More things to choose from than this are typed by their codes, one a line.
pub(super) const TICKED_MAX: usize = 40;
/// The most organisations of which one is picked from a list.
const PICKED_MAX: usize = 60;
/// More codes than this make a list to pull down instead of radio buttons.
const RADIOS_MAX: usize = 8;
/// The most sites, services or items that a form offers; more are found by typing.
const OFFERED_MAX: u16 = 500;

/// What was typed, under the names that the core reads. Buttons are named in `besides` and left out.
pub fn raw_besides(form: &Form, besides: &[&str]) -> Raw {
    let mut raw = Raw::new();
    for (name, value) in form.fields() {
        if UNSEEN.contains(&name.as_str()) || besides.contains(&name.as_str()) {
            continue;
        }
        raw.entry(core_name(name)).or_default().push(value.clone());
    }
    raw
}

/// What was typed, under the names that the core reads.
pub fn raw(form: &Form) -> Raw {
    raw_besides(form, &[])
}

/// The name under which the core reads an input.
pub fn core_name(name: &str) -> String {
    let part = PARTS.iter().find_map(|(html, core)| name.strip_suffix(html).map(|stem| format!("{stem}{core}")));
    part.unwrap_or_else(|| name.to_owned())
}

/// What a form may offer to choose from, and where its clocks stand.
#[derive(Clone, Debug)]
pub struct Options {
    pub items: Vec<Choice>,
    pub services: Vec<Choice>,
    pub sites: Vec<Choice>,
    /// Everybody may name any organisation: they are the register that all share.
    pub organisations: Vec<Choice>,
    pub files: Vec<Choice>,
    /// For single fields that are otherwise one line or one code: owners of a condition, implementers.
    pub by_field: BTreeMap<String, Vec<Choice>>,
    pub zone: TimeZone,
}

impl Options {
    /// Nothing to choose from.
    pub fn none(zone: TimeZone) -> Options {
        Options { items: vec![], services: vec![], sites: vec![], organisations: vec![], files: vec![], by_field: BTreeMap::new(), zone }
    }

    /// What the actor may name: the same sight as when the codes are looked up on sending (`gather`).
    ///
    /// # Errors
    /// The store's.
    pub fn read(tx: &mut dyn Tx, actor: &Actor, zone: TimeZone) -> Result<Options, StoreError> {
        let mut options = Options::none(zone);
        let page = Page { limit: OFFERED_MAX, ..Page::default() };
        // A supplier and the provider work at every site that they serve.
        let is_wide = Scope::of(actor).sees_all() || actor.is_of(OrgKind::Supplier) || actor.is_of(OrgKind::Network);
        let own = |org: i64| actor.memberships().iter().any(|m| m.role != Role::GroupMember && m.org.0 == org);
        options.organisations = names::organisations(tx)?.iter().map(|org| Choice::new(&org.code, &org.name)).collect();
        for org in directory::organisations(tx, None, &page)?.items.iter().filter(|org| is_wide || own(org.id)) {
            let sites = directory::sites(tx, org.id, &page)?.items;
            options.sites.extend(sites.iter().map(|site| Choice::new(&site.code, &format!("{}, {}", site.name, org.name))));
            let items = directory::items(tx, directory::Viewer::All, Some(org.id), &page)?.items;
            options.items.extend(items.iter().map(|item| Choice::new(&item.code, &item.code).hint(&item.name)));
        }
        for service in directory::services(tx, None, &page)?.items {
            let users = directory::service_orgs(tx, service.id)?;
            if is_wide || own(service.owner_org) || users.is_empty() || users.iter().any(|org| own(*org)) {
                options.services.push(Choice::new(&service.code, &service.name));
            }
        }
        Ok(options)
    }

    /// The files that hang on the change.
    pub fn with_files(mut self, files: &[FileMeta]) -> Options {
        self.files = files.iter().map(|file| Choice::new(&file.id.to_string(), &file.name)).collect();
        self
    }

    /// Choices for one field.
    pub fn with(mut self, field: &str, choices: Vec<Choice>) -> Options {
        self.by_field.insert(field.to_owned(), choices);
        self
    }
}

/// The core's fields as parts of a page, filled as typed, each with its faults. `label` gives the words of a field
/// that no document words.
pub fn fields(asked: &[Asked], raw: &Raw, faults: &[Fault], options: &Options, label: impl Fn(&str) -> String) -> Vec<Field> {
    let drawing = Drawing { raw, faults, options };
    let mut drawn: Vec<Field> = vec![];
    let mut group = "";
    for field in asked {
        let mut parts = drawing.field(field, &label);
        let own = field.question.as_ref().map_or("", |question| question.group.as_str());
        if let Some(first) = parts.first_mut().filter(|_| own != group) {
            first.heading = own.to_owned();
        }
        group = own;
        drawn.extend(parts);
    }
    drawn
}

/// Refuses what the page does not ask (S31): each field stands under its own name, a moment under those of its parts.
///
/// # Errors
/// A fault for each name that is none of them.
pub fn only(form: &Form, fields: &[&str]) -> Result<(), Failure> {
    let is_part = |id: &str, name: &str| name.strip_prefix(id).is_some_and(|rest| rest.is_empty() || PARTS.iter().any(|(html, _)| *html == rest));
    let known: Vec<&str> = form.fields().iter().map(|(name, _)| name.as_str()).filter(|name| fields.iter().any(|id| is_part(id, name))).collect();
    form.only(&known).map(drop)
}

/// Whether any field is a table to which rows can be added.
pub fn has_rows(drawn: &[Field]) -> bool {
    drawn.iter().any(|field| matches!(field.control, Control::Rows { .. }))
}

/// The lines of the summary that belong to no field drawn.
pub fn loose_faults(drawn: &[Field], faults: &[Fault]) -> Vec<super::ui::Fault> {
    let cells = |field: &Field| match &field.control {
        Control::Rows { rows } => rows.iter().flat_map(|row| &row.cells).map(|cell| cell.name.clone()).collect(),
        _ => vec![],
    };
    let is_drawn = |name: &str| drawn.iter().any(|field| belongs(name, &field.name) || cells(field).iter().any(|cell| cell == name));
    let loose = faults.iter().filter(|fault| !fault.field.as_deref().is_some_and(is_drawn));
    loose.map(|fault| super::ui::Fault { message: fault.detail.clone(), target: String::new() }).collect()
}

struct Drawing<'a> {
    raw: &'a Raw,
    faults: &'a [Fault],
    options: &'a Options,
}

impl Drawing<'_> {
    fn field(&self, asked: &Asked, label: &impl Fn(&str) -> String) -> Vec<Field> {
        let id = asked.id.as_str();
        let words = asked.question.as_ref().map_or_else(|| label(id), |question| question.text.clone());
        let mut drawn = match &asked.kind {
            AnswerKind::Window => {
                let (start, end) = (format!("{id}.start"), format!("{id}.end"));
                let mut both = self.moment(&start, &part(&words, "start"));
                both.extend(self.moment(&end, &part(&words, "end")));
                both
            }
            AnswerKind::Moment { .. } => self.moment(id, &words),
            AnswerKind::PersonAndPhone => {
                let (name, phone) = (format!("{id}.name"), format!("{id}.phone"));
                let typed = [self.typed(&name), self.typed(&phone)];
                vec![
                    Field::text(&name, &part(&words, "name"), &typed[0]).width("w20"),
                    Field::input("tel", &phone, &part(&words, "telephone"), &typed[1]).width("w20"),
                ]
            }
            AnswerKind::Rows { columns, .. } => vec![self.rows(id, &words, columns)],
            kind => vec![self.single(id, &words, kind)],
        };
        let guidance = asked.question.as_ref().map(|question| question.guidance.as_str()).filter(|words| !words.is_empty());
        if let (Some(first), Some(guidance)) = (drawn.first_mut(), guidance) {
            *first = first.clone().hint(guidance);
        }
        let is_needed = match &asked.question {
            Some(question) => matches!(question.required, Required::Submit { .. }) && question.asked_when.is_none(),
            None => asked.required,
        };
        drawn.into_iter().map(|field| self.finish(field, id, is_needed)).collect()
    }

    /// The field's own faults; those of the whole answer stand at its first part.
    fn finish(&self, mut field: Field, id: &str, is_needed: bool) -> Field {
        let is_first = field.name == id || field.name == format!("{id}.start") || field.name == format!("{id}.name");
        let is_own = |fault: &&Fault| fault.field.as_deref().is_some_and(|name| belongs(name, &field.name) || (is_first && name == id));
        let own: Vec<&str> = self.faults.iter().filter(is_own).map(|fault| fault.detail.as_str()).collect();
        if !own.is_empty() {
            field.error = Some(own.join(" "));
        }
        field.optional = !is_needed;
        field
    }

    fn typed(&self, name: &str) -> String {
        self.raw.get(name).and_then(|values| values.first()).cloned().unwrap_or_default()
    }

    fn all_typed(&self, name: &str) -> Vec<&str> {
        self.raw.get(name).into_iter().flatten().map(String::as_str).collect()
    }

    /// Codes may have been typed one a line.
    fn entries(&self, name: &str) -> Vec<&str> {
        let lines = self.all_typed(name).into_iter().flat_map(|value| value.split(['\n', ';']));
        lines.map(str::trim).filter(|entry| !entry.is_empty()).collect()
    }

    fn single(&self, id: &str, label: &str, kind: &AnswerKind) -> Field {
        if let Some(choices) = self.options.by_field.get(id) {
            return self.select(id, label, choices.clone());
        }
        match kind {
            AnswerKind::Line { .. } if id.ends_with("phone") => Field::input("tel", id, label, &self.typed(id)).width("w20"),
            AnswerKind::Line { max_chars } if *max_chars <= 64 => Field::text(id, label, &self.typed(id)).width(width_of(*max_chars)),
            AnswerKind::Line { .. } => Field::text(id, label, &self.typed(id)),
            AnswerKind::Prose => Field::textarea(id, label, &self.typed(id)),
            AnswerKind::List => Field::textarea(id, label, &self.all_typed(id).join("\n")).hint("One a line."),
            AnswerKind::YesNo => self.radios(id, label, vec![Choice::new("yes", "Yes"), Choice::new("no", "No")]),
            AnswerKind::Choice(codes) | AnswerKind::Reason(codes) if codes.len() > RADIOS_MAX => self.select(id, label, choices_of(id, codes)),
            AnswerKind::Choice(codes) | AnswerKind::Reason(codes) => self.radios(id, label, choices_of(id, codes)),
            AnswerKind::Choices(codes) => self.checks(id, label, choices_of(id, codes)),
            AnswerKind::Number { min, max } if max - min < RADIOS_MAX as i64 => {
                self.radios(id, label, (*min..=*max).map(|n| Choice::new(&n.to_string(), &n.to_string())).collect())
            }
            AnswerKind::Number { .. } => Field::input("number", id, label, &self.typed(id)).width("w5"),
            AnswerKind::Date => Field::input("date", id, label, &self.typed(id)).width("w10"),
            AnswerKind::Items => self.things(id, label, &self.options.items),
            AnswerKind::Services => self.things(id, label, &self.options.services),
            AnswerKind::Sites => self.things(id, label, &self.options.sites),
            AnswerKind::Organisation => self.organisation(id, label),
            AnswerKind::Files => self.checks(id, label, self.options.files.clone()),
            AnswerKind::Done => self.radios(id, label, vec![Choice::new("yes", "Yes, it is done"), Choice::new("no", "Not yet")]),
            AnswerKind::Format(Format::Phone) => Field::input("tel", id, label, &self.typed(id)).width("w20"),
            AnswerKind::Format(format) => {
                let hint = format!("Such as {}.", format.example());
                Field::text(id, label, &self.typed(id)).width(width_of(format.most_chars())).hint(&hint)
            }
            AnswerKind::Window | AnswerKind::Moment { .. } | AnswerKind::PersonAndPhone | AnswerKind::Rows { .. } => Field::text(id, label, &self.typed(id)),
        }
    }

    /// A table: the rows that are filled in, and some that are not.
    fn rows(&self, id: &str, label: &str, columns: &[Column]) -> Field {
        let said = |values: &Vec<String>| values.iter().any(|value| !value.trim().is_empty());
        let filled = self.raw.iter().filter(|(_, values)| said(values)).filter_map(|(name, _)| cell_of(id, name)).map(|(row, _)| row).max().unwrap_or(0);
        let count = (filled + ROWS_BLANK).clamp(ROWS_LEAST, ROWS_MAX);
        let row = |number: usize| RowOf { legend: format!("Row {number}"), cells: columns.iter().map(|column| self.cell(id, number, column)).collect() };
        Field::table(id, label, (1..=count).map(row).collect())
    }

    /// Long lists of buttons would hide the row, so a choice is a list to pull down.
    fn cell(&self, id: &str, row: usize, column: &Column) -> Field {
        let name = cell_name(id, row, &column.id);
        let mut field = match &column.answer {
            AnswerKind::Choice(codes) => self.select(&name, &column.text, choices_of(&column.id, codes)),
            AnswerKind::YesNo => self.select(&name, &column.text, vec![Choice::new("yes", "Yes"), Choice::new("no", "No")]),
            AnswerKind::Date => Field::input("date", &name, &column.text, &self.typed(&name)),
            AnswerKind::Number { .. } => Field::input("number", &name, &column.text, &self.typed(&name)),
            AnswerKind::Organisation => self.organisation(&name, &column.text),
            _ => Field::text(&name, &column.text, &self.typed(&name)),
        };
        if row == 1 && !column.guidance.is_empty() {
            field.hint = Some(column.guidance.clone());
        }
        let own: Vec<&str> = self.faults.iter().filter(|fault| fault.field.as_deref() == Some(&name)).map(|fault| fault.detail.as_str()).collect();
        field.error = (!own.is_empty()).then(|| own.join(" "));
        field.optional = !column.required;
        field
    }

    fn radios(&self, id: &str, label: &str, choices: Vec<Choice>) -> Field {
        Field::radios(id, label, Choice::choose(choices, &self.all_typed(id)))
    }

    fn select(&self, id: &str, label: &str, mut choices: Vec<Choice>) -> Field {
        choices.insert(0, Choice::new("", "Choose"));
        Field::select(id, label, Choice::choose(keep_typed(choices, &self.all_typed(id)), &self.all_typed(id)))
    }

    fn checks(&self, id: &str, label: &str, choices: Vec<Choice>) -> Field {
        let entries = self.entries(id);
        Field::checks(id, label, Choice::choose(keep_typed(choices, &entries), &entries))
    }

    /// One of a few is picked; of many the code is typed.
    fn organisation(&self, id: &str, label: &str) -> Field {
        let choices = &self.options.organisations;
        if choices.is_empty() || choices.len() > PICKED_MAX {
            return Field::text(id, label, &self.typed(id)).width("w10").hint("The organisation’s code.");
        }
        self.select(id, label, choices.clone())
    }

    /// A few are ticked; of many the codes are typed.
    fn things(&self, id: &str, label: &str, choices: &[Choice]) -> Field {
        if choices.is_empty() || choices.len() > TICKED_MAX {
            return Field::textarea(id, label, &self.entries(id).join("\n")).hint("Codes, one a line.");
        }
        self.checks(id, label, choices.to_vec())
    }

    /// Date and time, and which of two where clocks go back over them (spec 7.4).
    fn moment(&self, id: &str, label: &str) -> Vec<Field> {
        let (mut date, mut time) = (self.typed(&format!("{id}.date")), self.typed(&format!("{id}.time")));
        // A program may have sent an instant; people see it by their own clocks.
        if let Ok(at) = self.typed(id).parse::<Timestamp>() {
            let wall = local::wall(at, &self.options.zone);
            (date, time) = (wall.date().to_string(), local::clock(wall.time()));
        }
        let mut drawn = vec![Field::date_time(id, label, &date, &time)];
        if let (Ok(day), Some(clock)) = (date.parse::<Date>(), local::parse_time(&time))
            && let Err(LocalTimeFault::Fold { first, second }) = local::resolve(day, clock, &self.options.zone, None)
        {
            let choices = vec![Choice::new("first", &first.label), Choice::new("second", &second.label)];
            let chosen = self.typed(&format!("{id}.fold"));
            drawn.push(Field::radios(&format!("{id}-fold"), "This time occurs twice that night: which one is meant?", Choice::choose(choices, &[&chosen])));
        }
        drawn
    }
}

/// A width for so many characters.
fn width_of(most_chars: usize) -> &'static str {
    match most_chars {
        0..=5 => "w5",
        6..=12 => "w10",
        13..=64 => "w20",
        _ => "",
    }
}

/// The label of a part of an answer: `From when to when? Start`.
fn part(words: &str, of: &str) -> String {
    if words.ends_with('?') { format!("{words} {}", crate::words::sentence_case(of)) } else { format!("{words}: {of}") }
}

/// Whether a fault named so stands at the input of this name.
fn belongs(fault: &str, input: &str) -> bool {
    let input = core_name(input);
    fault == input || fault.strip_prefix(input.as_str()).is_some_and(|rest| matches!(rest, ".date" | ".time" | ".fold"))
}

/// What was typed and is not offered stays on the page, so that nothing typed is lost.
fn keep_typed(mut choices: Vec<Choice>, typed: &[&str]) -> Vec<Choice> {
    for value in typed {
        if !value.is_empty() && !choices.iter().any(|choice| choice.value == *value) {
            choices.push(Choice::new(value, value));
        }
    }
    choices
}

fn choices_of(field: &str, codes: &[String]) -> Vec<Choice> {
    codes.iter().map(|code| Choice::new(code, &crate::words::option_label(field, code))).collect()
}

/// A code as people read it: `backed_out` is "Backed out" (the words of documents are their codes).
pub fn in_words(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Every control's typed content, for the page that shows two versions side by side.
pub fn shown(field: &Field) -> String {
    let chosen = |choices: &[Choice]| choices.iter().filter(|c| c.chosen && !c.value.is_empty()).map(|c| c.label.clone()).collect::<Vec<_>>().join(", ");
    match &field.control {
        Control::Input { kind: "date", value, .. } => in_full(value),
        Control::Input { value, .. } | Control::TextArea { value, .. } => value.clone(),
        Control::Select { choices } | Control::Radios { choices } | Control::Checks { choices } => chosen(choices),
        Control::Rows { rows } => {
            let cell = |cell: &Field| Some(shown(cell)).filter(|value| !value.is_empty());
            let lines = rows.iter().map(|row| row.cells.iter().filter_map(cell).collect::<Vec<_>>().join(" · "));
            lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
        }
        Control::DateTime { date, time } => [in_full(date), time.clone()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "),
    }
}

/// A date as people read it; what is no date, as it was typed.
fn in_full(typed: &str) -> String {
    typed.parse::<Date>().map_or_else(|_| typed.to_owned(), local::date_words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(id: &str, kind: AnswerKind) -> Asked {
        Asked { id: id.into(), kind, required: true, question: None }
    }

    fn draw(asked: Asked, raw: &Raw, faults: &[Fault]) -> Vec<Field> {
        fields(&[asked], raw, faults, &Options::none(TimeZone::get("Europe/London").unwrap()), in_words)
    }

    #[test]
    fn what_html_names_apart_the_core_reads_under_one_name() {
        let form = Form::parse(b"csrf=x&idempotency_key=k&version=4&window.start-date=2026-12-01&window.start-time=21%3A00&title=A&title=B").unwrap();
        let raw = raw(&form);
        assert_eq!(raw.keys().collect::<Vec<_>>(), ["title", "window.start.date", "window.start.time"]);
        assert_eq!(raw["title"], ["A", "B"]);
        let mut without = raw.clone();
        without.remove("title");
        assert_eq!(raw_besides(&form, &["title"]), without);
    }

    #[test]
    fn a_window_is_two_moments_with_their_own_faults() {
        let form = Form::of([("window.start-date", "2026-12-01"), ("window.start-time", "25:00")]);
        let faults = [Fault::of("window.start.time", "not-a-time", "Give a time"), Fault::of("window.end", "time-missing", "Give an end")];
        let drawn = draw(asked("window", AnswerKind::Window), &raw(&form), &faults);
        assert_eq!(drawn.iter().map(shown).collect::<Vec<_>>(), ["Tuesday 1 December 2026, 25:00", ""]);
        assert_eq!(drawn[0].error.as_deref(), Some("Give a time"));
        assert_eq!(drawn[1].error.as_deref(), Some("Give an end"));
        assert!(loose_faults(&drawn, &faults).is_empty());
    }

    #[test]
    fn a_time_that_occurs_twice_is_asked_about() {
        let form = Form::of([("at-date", "2026-10-25"), ("at-time", "01:30")]);
        let drawn = draw(asked("at", AnswerKind::Moment { after: None }), &raw(&form), &[]);
        assert_eq!(drawn.len(), 2);
        assert_eq!(core_name(&drawn[1].name), "at.fold");
    }

    #[test]
    fn what_is_typed_but_not_offered_stays() {
        let mut options = Options::none(TimeZone::UTC);
        options.services = vec![Choice::new("PACS", "PACS imaging")];
        let raw = raw(&Form::of([("services", "PACS"), ("services", "GONE")]));
        let drawn = fields(&[asked("services", AnswerKind::Services)], &raw, &[], &options, in_words);
        assert_eq!(shown(&drawn[0]), "PACS imaging, GONE");
        assert!(!drawn[0].optional);
    }

    #[test]
    fn a_fault_of_no_field_is_said_all_the_same() {
        let faults = [Fault::whole("nothing-to-do", "Nothing to do"), Fault::of("colour", "unknown-field", "No such field")];
        let drawn = draw(asked("words", AnswerKind::Prose), &Raw::new(), &faults);
        assert_eq!(loose_faults(&drawn, &faults).len(), 2);
    }
}
