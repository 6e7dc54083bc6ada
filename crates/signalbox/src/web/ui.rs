//! The parts that pages are made of. Each has a macro of the same name in `templates/macros.html`.

/// A state or kind: a word in a coloured box. The colour never stands alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tag {
    pub label: String,
    /// The end of the class `nhsuk-tag--…`: green, red, blue, yellow, grey, purple, aqua-green, orange, white, pink.
    pub colour: &'static str,
}

impl Tag {
    pub fn new(label: &str, colour: &'static str) -> Tag {
        Tag { label: label.into(), colour }
    }
}

/// A link with its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    pub label: String,
    pub href: String,
}

impl Link {
    pub fn new(label: &str, href: &str) -> Link {
        Link { label: label.into(), href: href.into() }
    }
}

/// A form field with its label, hint and fault.
#[derive(Clone, Debug)]
pub struct Field {
    /// What it is posted as.
    pub name: String,
    /// The id of the control, and what the error summary links to; the name unless a page has it twice.
    pub id: String,
    pub label: String,
    pub hint: Option<String>,
    pub error: Option<String>,
    pub optional: bool,
    /// A heading that stands before it; empty where it needs none.
    pub heading: String,
    pub control: Control,
}

#[derive(Clone, Debug)]
pub enum Control {
    Input {
        /// text, email, tel, password, number, date, time, datetime-local, search, file
        kind: &'static str,
        value: String,
        /// w2, w4, w5, w10, w20 or empty for the full width
        width: &'static str,
        autocomplete: &'static str,
    },
    TextArea {
        value: String,
        rows: u8,
    },
    Select {
        choices: Vec<Choice>,
    },
    Radios {
        choices: Vec<Choice>,
    },
    Checks {
        choices: Vec<Choice>,
    },
    /// A table of answers, a group of single controls for each row.
    Rows {
        rows: Vec<RowOf>,
    },
    /// A date and a time side by side, posted as `NAME` + `-date` and `NAME` + `-time`.
    DateTime {
        date: String,
        time: String,
    },
}

/// A row of a table of answers: inputs and selects with labels of their own.
#[derive(Clone, Debug)]
pub struct RowOf {
    pub legend: String,
    pub cells: Vec<Field>,
}

/// One option of a select, radio or check group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub hint: Option<String>,
    pub chosen: bool,
}

impl Choice {
    pub fn new(value: &str, label: &str) -> Choice {
        Choice { value: value.into(), label: label.into(), hint: None, chosen: false }
    }

    pub fn hint(mut self, hint: &str) -> Choice {
        self.hint = Some(hint.into());
        self
    }

    pub fn chosen(mut self, chosen: bool) -> Choice {
        self.chosen = chosen;
        self
    }

    /// Marks the choices whose values were given.
    pub fn choose(choices: Vec<Choice>, given: &[&str]) -> Vec<Choice> {
        choices
            .into_iter()
            .map(|choice| {
                let chosen = given.contains(&choice.value.as_str());
                choice.chosen(chosen)
            })
            .collect()
    }
}

impl Field {
    fn with(name: &str, label: &str, control: Control) -> Field {
        Field { name: name.into(), id: name.into(), label: label.into(), hint: None, error: None, optional: false, heading: String::new(), control }
    }

    /// A one-line input of any kind that HTML knows.
    pub fn input(kind: &'static str, name: &str, label: &str, value: &str) -> Field {
        Field::with(name, label, Control::Input { kind, value: value.into(), width: "", autocomplete: "" })
    }

    pub fn text(name: &str, label: &str, value: &str) -> Field {
        Field::input("text", name, label, value)
    }

    pub fn textarea(name: &str, label: &str, value: &str) -> Field {
        Field::with(name, label, Control::TextArea { value: value.into(), rows: 4 })
    }

    pub fn select(name: &str, label: &str, choices: Vec<Choice>) -> Field {
        Field::with(name, label, Control::Select { choices })
    }

    pub fn radios(name: &str, label: &str, choices: Vec<Choice>) -> Field {
        Field::with(name, label, Control::Radios { choices })
    }

    pub fn checks(name: &str, label: &str, choices: Vec<Choice>) -> Field {
        Field::with(name, label, Control::Checks { choices })
    }

    pub fn date_time(name: &str, label: &str, date: &str, time: &str) -> Field {
        Field::with(name, label, Control::DateTime { date: date.into(), time: time.into() })
    }

    pub fn table(name: &str, label: &str, rows: Vec<RowOf>) -> Field {
        Field::with(name, label, Control::Rows { rows })
    }

    pub fn hint(mut self, hint: &str) -> Field {
        self.hint = Some(hint.into());
        self
    }

    pub fn error(mut self, error: Option<String>) -> Field {
        self.error = error;
        self
    }

    /// Gives the control an id other than its name, for a form that stands on a page more than once.
    pub fn id(mut self, id: &str) -> Field {
        self.id = id.into();
        self
    }

    pub fn optional(mut self) -> Field {
        self.optional = true;
        self
    }

    pub fn width(mut self, wide: &'static str) -> Field {
        if let Control::Input { width, .. } = &mut self.control {
            *width = wide;
        }
        self
    }

    pub fn autocomplete(mut self, token: &'static str) -> Field {
        if let Control::Input { autocomplete, .. } = &mut self.control {
            *autocomplete = token;
        }
        self
    }

    pub fn rows(mut self, lines: u8) -> Field {
        if let Control::TextArea { rows, .. } = &mut self.control {
            *rows = lines;
        }
        self
    }

    /// What `aria-describedby` names: the ids of hint and fault, where there are any.
    pub fn described_by(&self) -> String {
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.id));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.id));
        [hint, error].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The id that a fault's link leads to: the first control of a group, or the control itself.
    pub fn target(&self) -> String {
        match &self.control {
            Control::Radios { .. } | Control::Checks { .. } => format!("{}-1", self.id),
            Control::DateTime { .. } => format!("{}-date", self.id),
            Control::Rows { rows } => rows.first().and_then(|row| row.cells.first()).map_or_else(String::new, |cell| cell.id.clone()),
            _ => self.id.clone(),
        }
    }
}

/// One line of the error summary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    pub message: String,
    /// The id of the control at fault, or empty for a fault of the whole form.
    pub target: String,
}

/// The summary for the fields that carry a fault, in page order.
pub fn faults_of<'a>(fields: impl IntoIterator<Item = &'a Field>) -> Vec<Fault> {
    let mut faults = vec![];
    for field in fields {
        faults.extend(field.error.clone().map(|message| Fault { message, target: field.target() }));
        if let Control::Rows { rows } = &field.control {
            for row in rows {
                let of_cell = |cell: &Field| {
                    cell.error.as_ref().map(|message| Fault { message: format!("{}, {}: {message}", row.legend, cell.label), target: cell.id.clone() })
                };
                faults.extend(row.cells.iter().filter_map(of_cell));
            }
        }
    }
    faults
}

/// What a schedule entry looks like; each look has a word, a colour and most a glyph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    #[default]
    Approved,
    Awaiting,
    Request,
    Done,
    Failed,
    Outage,
    Network,
    Emergency,
    Cancelled,
    Restricted,
}

impl Look {
    /// The end of the classes `ev--…` and `k-…`.
    pub fn class(self) -> &'static str {
        match self {
            Look::Approved => "approved",
            Look::Awaiting => "await",
            Look::Request => "std",
            Look::Done => "done",
            Look::Failed => "failed",
            Look::Outage => "outage",
            Look::Network => "net",
            Look::Emergency => "emerg",
            Look::Cancelled => "cancelled",
            Look::Restricted => "restricted",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Look::Approved => "Approved",
            Look::Awaiting => "Awaiting decision",
            Look::Request => "Service request",
            Look::Done => "Done",
            Look::Failed => "Backed out",
            Look::Outage => "Planned outage",
            Look::Network => "Network work",
            Look::Emergency => "Emergency",
            Look::Cancelled => "Cancelled",
            Look::Restricted => "Restricted work",
        }
    }

    /// The glyph's name in `ui::glyph`, or empty.
    pub fn glyph(self) -> &'static str {
        match self {
            Look::Done => "ok",
            Look::Failed => "x",
            Look::Outage => "power",
            Look::Network => "net",
            _ => "",
        }
    }

    pub fn colour(self) -> &'static str {
        match self {
            Look::Approved => "blue",
            Look::Awaiting => "yellow",
            Look::Request | Look::Cancelled | Look::Restricted => "grey",
            Look::Done => "green",
            Look::Failed | Look::Emergency => "red",
            Look::Outage => "purple",
            Look::Network => "aqua-green",
        }
    }

    pub const ALL: [Look; 10] = [
        Look::Approved,
        Look::Awaiting,
        Look::Request,
        Look::Done,
        Look::Failed,
        Look::Emergency,
        Look::Outage,
        Look::Network,
        Look::Cancelled,
        Look::Restricted,
    ];
}

/// One piece of work on the schedule. `aria` is the rest of the sentence for those who do not see the bar:
/// site, times, state, clash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    pub reference: String,
    pub title: String,
    /// Empty where the reader may see only that something happens (settled 8).
    pub href: String,
    /// "22:00", for the month view.
    pub at: String,
    pub look: Look,
    pub clashes: bool,
    pub aria: String,
}

impl Entry {
    /// The reference without its year, as people say it and as search finds it (settled 7): RFC-1842.
    pub fn short(&self) -> String {
        match self.reference.split('-').collect::<Vec<_>>()[..] {
            [prefix, _year, number] => match number.parse::<u32>() {
                Ok(number) => format!("{prefix}-{number:04}"),
                Err(_) => self.reference.clone(),
            },
            _ => self.reference.clone(),
        }
    }

    pub fn glyph(&self) -> &'static str {
        if self.clashes { "warn" } else { self.look.glyph() }
    }
}

/// A stage of a change on the stage line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    pub label: String,
    /// "10 Nov, CAB"
    pub note: String,
    pub reach: Reach,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    Done,
    Current,
    #[default]
    Ahead,
}

impl Reach {
    pub fn class(self) -> &'static str {
        match self {
            Reach::Done => "done",
            Reach::Current => "cur",
            Reach::Ahead => "",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Reach::Done => "done",
            Reach::Current => "now",
            Reach::Ahead => "to come",
        }
    }
}

/// A tile of the notice clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClockDay {
    /// "Mon 16", or "…" for a gap
    pub label: String,
    /// The number or word in the tile: "1", "raised", "start"
    pub mark: String,
    pub kind: ClockKind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockKind {
    Received,
    #[default]
    Counted,
    Missing,
    Start,
    Gap,
}

impl ClockKind {
    pub fn class(self) -> &'static str {
        match self {
            ClockKind::Received => "ok",
            ClockKind::Counted => "in",
            ClockKind::Missing => "miss",
            ClockKind::Start => "ev0",
            ClockKind::Gap => "gap",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            ClockKind::Received => "received",
            ClockKind::Counted => "counted",
            ClockKind::Missing => "missing",
            ClockKind::Start => "work starts",
            ClockKind::Gap => "days not counted",
        }
    }
}

/// A figure of the stat strip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    pub label: String,
    pub figure: String,
    pub note: String,
    /// The list behind the figure, or empty.
    pub href: String,
}

/// Where a keyset list goes on. Empty addresses are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paging {
    /// "Showing 50 changes."
    pub showing: String,
    pub first: String,
    pub next: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_shown_as_people_say_it() {
        let short = |reference: &str| Entry { reference: reference.into(), ..Entry::default() }.short();
        assert_eq!(short("RFC-2026-001842"), "RFC-1842");
        assert_eq!(short("ON-2026-000012"), "ON-0012");
        assert_eq!(short("RFC-2026-123456"), "RFC-123456");
        assert_eq!(short("Restricted work"), "Restricted work");
    }

    #[test]
    fn a_fault_leads_to_the_first_control_of_its_field() {
        let choices = vec![Choice::new("a", "A")];
        let fields = [
            Field::text("title", "Title", "").error(Some("Give a title".into())),
            Field::radios("kind", "Kind", choices).error(Some("Choose a kind".into())),
            Field::text("note", "Note", ""),
        ];
        let targets: Vec<String> = faults_of(&fields).into_iter().map(|fault| fault.target).collect();
        assert_eq!(targets, ["title", "kind-1"]);
        assert_eq!(fields[0].clone().hint("Short").described_by(), "title-hint title-error");
    }
}
