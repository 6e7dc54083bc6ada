//! Larger parts that many pages share: facts, tables, forms, notes. Their macros are in `templates/change_macros.html`.
//!
//! Everything in them is already decided and already words: a template shows, it does not choose.

use super::layout::Shell;
use super::ui::{ClockDay, Fault, Field, Link, Paging, Tag};
use askama::Template;

/// One line of a summary list.
#[derive(Clone, Debug, Default)]
pub struct Fact {
    pub label: String,
    /// Line breaks are kept.
    pub value: String,
    pub tag: Option<Tag>,
    /// "Change", "See the record": stands after the value.
    pub link: Option<Link>,
}

impl Fact {
    pub fn new(label: &str, value: &str) -> Fact {
        Fact { label: label.into(), value: value.into(), tag: None, link: None }
    }

    pub fn tag(mut self, label: &str, colour: &'static str) -> Fact {
        self.tag = Some(Tag::new(label, colour));
        self
    }

    pub fn link(mut self, label: &str, href: &str) -> Fact {
        self.link = Some(Link::new(label, href));
        self
    }
}

/// One cell of a table: at most a tag, then text (a link where there is an address), then small print.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    pub tag: Option<Tag>,
    pub text: String,
    pub href: String,
    pub small: String,
}

impl Cell {
    pub fn text(text: &str) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }

    pub fn link(text: &str, href: &str) -> Cell {
        Cell { text: text.into(), href: href.into(), ..Cell::default() }
    }

    pub fn tag(label: &str, colour: &'static str) -> Cell {
        Cell { tag: Some(Tag::new(label, colour)), ..Cell::default() }
    }

    pub fn and(mut self, text: &str) -> Cell {
        self.text = text.into();
        self
    }

    pub fn small(mut self, small: &str) -> Cell {
        self.small = small.into();
        self
    }
}

/// A row: its first cell is its heading.
#[derive(Clone, Debug, Default)]
pub struct Row {
    pub head: Cell,
    pub cells: Vec<Cell>,
    /// An address within the page, or empty.
    pub id: String,
}

impl Row {
    pub fn new(head: Cell, cells: Vec<Cell>) -> Row {
        Row { head, cells, id: String::new() }
    }
}

/// A table that phones show as labelled blocks.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Says what the table holds; read out before it, not drawn.
    pub caption: String,
    pub heads: Vec<String>,
    pub rows: Vec<Row>,
}

impl Table {
    pub fn new(caption: &str, heads: &[&str], rows: Vec<Row>) -> Table {
        Table { caption: caption.into(), heads: heads.iter().map(|head| (*head).to_owned()).collect(), rows }
    }

    /// The heading of a column, for the blocks on phones. Askama hands over a number or a reference to one.
    pub fn head(&self, column: impl std::borrow::Borrow<usize>) -> &str {
        self.heads.get(*column.borrow()).map_or("", String::as_str)
    }
}

/// A panel of a page: a heading, words, facts, a table, links, in that order, each only if there is one.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Also its address within the page.
    pub id: String,
    pub heading: String,
    pub words: Vec<String>,
    pub facts: Vec<Fact>,
    pub table: Option<Table>,
    /// Stands where the table would, when it has no rows: who owes it, and by when (ux 2.3).
    pub empty: String,
    pub links: Vec<Link>,
}

impl Section {
    pub fn new(id: &str, heading: &str) -> Section {
        Section { id: id.into(), heading: heading.into(), ..Section::default() }
    }

    pub fn words(mut self, words: &str) -> Section {
        self.words.push(words.into());
        self
    }

    pub fn facts(mut self, facts: Vec<Fact>) -> Section {
        self.facts = facts;
        self
    }

    pub fn table(mut self, table: Table, empty: &str) -> Section {
        self.table = Some(table);
        self.empty = empty.into();
        self
    }

    pub fn link(mut self, label: &str, href: &str) -> Section {
        self.links.push(Link::new(label, href));
        self
    }

    /// Whether the panel is a table and nothing else, so that it may run to the edges.
    pub fn is_flush(&self) -> bool {
        self.words.is_empty() && self.facts.is_empty() && self.links.is_empty() && self.has_rows()
    }

    pub fn has_rows(&self) -> bool {
        self.table.as_ref().is_some_and(|table| !table.rows.is_empty())
    }
}

/// A further button of a form: what it posts, and its words.
#[derive(Clone, Debug, Default)]
pub struct Button {
    pub name: String,
    pub label: String,
}

/// A form that posts. Its token comes from the shell, its idempotency key from the handler.
#[derive(Clone, Debug, Default)]
pub struct Form {
    pub action: String,
    pub key: String,
    /// The version that the person saw, and whatever else travels unseen.
    pub hidden: Vec<(String, String)>,
    pub fields: Vec<Field>,
    pub button: String,
    /// Drawn as a quiet button: not the main act of its page.
    pub is_quiet: bool,
    /// Whether it saves itself every 20 seconds (ux 5).
    pub saves_itself: bool,
    pub more: Vec<Button>,
}

impl Form {
    pub fn new(action: &str, button: &str, fields: Vec<Field>) -> Form {
        Form { action: action.into(), button: button.into(), fields, ..Form::default() }
    }

    pub fn key(mut self, key: &str) -> Form {
        self.key = key.into();
        self
    }

    pub fn hide(mut self, name: &str, value: &str) -> Form {
        self.hidden.push((name.into(), value.into()));
        self
    }

    pub fn quiet(mut self) -> Form {
        self.is_quiet = true;
        self
    }

    pub fn autosave(mut self) -> Form {
        self.saves_itself = true;
        self
    }

    pub fn more(mut self, name: &str, label: &str) -> Form {
        self.more.push(Button { name: name.into(), label: label.into() });
        self
    }

    /// Files travel only in a multipart form.
    pub fn has_files(&self) -> bool {
        use super::ui::Control;
        self.fields.iter().any(|field| matches!(field.control, Control::Input { kind: "file", .. }))
    }

    pub fn faults(&self) -> Vec<Fault> {
        super::ui::faults_of(&self.fields)
    }
}

/// The notice clock with what it means (spec 6.5, X4): used on a change, in raising and on outages.
#[derive(Clone, Debug, Default)]
pub struct Notice {
    /// "Notice: 14 days, on time"
    pub heading: String,
    pub tag: Tag,
    /// ok, warn or alert: the edge of the panel.
    pub mood: &'static str,
    pub words: Vec<String>,
    pub days: Vec<ClockDay>,
    /// What the tiles count, read out before them.
    pub clock_label: String,
    pub facts: Vec<Fact>,
}

/// Two pieces of work that cannot both happen as planned (spec 6.7).
#[derive(Clone, Debug, Default)]
pub struct Clash {
    pub heading: String,
    pub is_hard: bool,
    /// Empty when the reader may not see the other change (settled 8).
    pub other: Option<Link>,
    pub words: String,
    /// The rule and the way it was found.
    pub rule: String,
    pub ways_out: Vec<Link>,
}

/// A filter row above a list. Its form is a GET, so that every view is an address.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    pub action: String,
    pub fields: Vec<Field>,
    /// A sentence for each filter that was not understood and left out (settled 18).
    pub dropped: Vec<String>,
    /// The list without filters, or empty when none is set.
    pub clear: String,
}

/// A page that is a list, or a few.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "list_page.html")]
pub struct ListPage {
    pub shell: Shell,
    /// How many, and of what: every list says so (ux 7).
    pub lede: String,
    pub actions: Vec<Link>,
    pub filters: Option<Filters>,
    pub notice: Vec<Notice>,
    pub sections: Vec<Section>,
    pub paging: Option<Paging>,
}

/// A page that is one form, with what it is about beside it.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "form_page.html")]
pub struct FormPage {
    pub shell: Shell,
    pub lede: String,
    pub faults: Vec<Fault>,
    /// What the form is about, before it.
    pub facts: Vec<Fact>,
    /// Words to read before filling in: what follows from this.
    pub warning: Vec<String>,
    pub form: Form,
    /// What is too wide to stand beside the form.
    pub below: Vec<Section>,
    pub side: Vec<Section>,
}

/// A page that only says what happened and where to go next.
#[derive(Template, Clone, Debug, Default)]
#[template(path = "told.html")]
pub struct ToldPage {
    pub shell: Shell,
    pub lede: String,
    pub words: Vec<String>,
    pub links: Vec<Link>,
}
