//! A carrier's notice as it arrives: mail or calendar, taken apart for the core to read. Whoever wrote it is a stranger:
//! nothing in it is followed, fetched or shown as markup, and every measure of it is bounded.

use std::borrow::Cow;
use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};
use mail_parser::{HeaderName, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use signalbox_core::carrier::{self, Part, Received};

/// So many bytes one notice has at most, attachments and all.
pub const BYTES_MAX: usize = 1024 * 1024;
const PARTS_MAX: usize = 40;
const RESULTS_MAX: usize = 20;
/// Mail within mail, as when a notice is passed on.
const DEPTH_MAX: usize = 3;
/// So many characters of one part are read.
const TEXT_MAX: usize = 400_000;
/// Rows within cells.
const NESTED_MAX: usize = 40;
/// What is longer than this is no cell of a table but a page laid out in one.
const CELL_MAX: usize = 1_500;

/// A notice with what tells it from others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    pub notice: Received,
    /// As the mail says; empty where it does not.
    pub message_id: String,
    /// What mail servers found about its sender, the latest first; `None` of what is no mail.
    pub results: Option<Vec<String>>,
}

/// Takes a notice apart. `is_calendar`: it is a calendar and no mail.
pub fn open(raw: &[u8], is_calendar: bool) -> Arrived {
    if is_calendar || raw.trim_ascii_start().starts_with(b"BEGIN:VCALENDAR") {
        let text = bounded(&String::from_utf8_lossy(raw));
        let sender = carrier::organizer(&text).map(|address| line(&address)).unwrap_or_default();
        let part = Part { media: "text/calendar".into(), name: String::new(), text: Some(text) };
        return Arrived { notice: Received { sender, parts: vec![part], ..Received::default() }, ..Arrived::default() };
    }
    let Some(message) = MessageParser::default().parse(raw) else { return Arrived { results: Some(vec![]), ..Arrived::default() } };
    let results = message.headers_raw().filter(|(name, _)| name.eq_ignore_ascii_case("Authentication-Results"));
    let results = results.take(RESULTS_MAX).map(|(_, value)| value.chars().take(TEXT_MAX).collect()).collect();
    let mut parts = vec![];
    take(&message, &mut parts, 0);
    let notice = Received { sender: sender(&message), subject: message.subject().map(line).unwrap_or_default(), parts };
    Arrived { notice, message_id: message.message_id().map(line).unwrap_or_default(), results: Some(results) }
}

/// The one who wrote it. Of several nobody can say which was looked at by whoever checked the mail, so they are nobody.
fn sender(message: &Message) -> String {
    let headers = message.headers().iter().filter(|header| header.name == HeaderName::From).count();
    let mut named = message.from().into_iter().flat_map(|from| from.iter()).filter_map(|one| one.address());
    match (headers, named.next(), named.next()) {
        (1, Some(one), None) => line(one),
        _ => String::new(),
    }
}

fn line(text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(500).collect()
}

fn bounded(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(TEXT_MAX).collect()
}

fn take(message: &Message, parts: &mut Vec<Part>, depth: usize) {
    for part in &message.parts {
        if parts.len() >= PARTS_MAX {
            return;
        }
        match &part.body {
            PartType::Multipart(_) => {}
            PartType::Message(inner) if depth < DEPTH_MAX => take(inner, parts, depth + 1),
            _ => parts.extend(read(part)),
        }
    }
}

fn read(part: &MessagePart) -> Option<Part> {
    let name = line(part.attachment_name().unwrap_or_default());
    let media =
        part.content_type().map_or_else(|| "text/plain".to_owned(), |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("plain")).to_lowercase());
    // Pictures of letterheads say nothing that a person could confirm.
    if media.starts_with("image/") {
        return None;
    }
    let text = match &part.body {
        PartType::Html(html) => Some(text_of(html)),
        PartType::Text(text) => Some(Cow::Borrowed(text.as_ref())).map(|text| bounded(&text)),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) if media.starts_with("text/") || name.to_lowercase().ends_with(".csv") => {
            Some(bounded(&String::from_utf8_lossy(bytes)))
        }
        _ => None,
    };
    let name = if name.is_empty() && text.is_none() { media.clone() } else { name };
    Some(Part { media: if matches!(part.body, PartType::Html(_)) { "text/html".into() } else { media }, name, text })
}

/// The words of a page: a line for each block and each row, tabs between the cells of a row.
pub fn text_of(html: &str) -> String {
    let input = BufferQueue::default();
    let shortened: String = html.chars().take(2 * TEXT_MAX).collect();
    input.push_back(StrTendril::from(shortened.as_str()));
    let tokenizer = Tokenizer::new(Words::default(), Default::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    bounded(&tokenizer.sink.finish())
}

/// Text as it comes together: the page itself, then a row for each table that is open.
#[derive(Default)]
struct Words(RefCell<Page>);

#[derive(Default)]
struct Page {
    /// What is written so far: of the page, and of the cell that is open in each row.
    open: Vec<Row>,
    text: String,
    is_hidden: bool,
}

#[derive(Default)]
struct Row {
    cells: Vec<String>,
    /// What stood around the row.
    outer: String,
}

impl TokenSink for Words {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) if !page.is_hidden => page.write(&text),
            Token::TagToken(Tag { kind: TagKind::StartTag, name, .. }) => {
                page.begin(&name);
                if matches!(&*name, "style" | "script" | "title") {
                    page.is_hidden = true;
                    return TokenSinkResult::RawData(RawKind::Rawtext);
                }
            }
            Token::TagToken(Tag { kind: TagKind::EndTag, name, .. }) => page.end(&name),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Words {
    fn finish(&self) -> String {
        let mut page = self.0.borrow_mut();
        while !page.open.is_empty() {
            page.end_row();
        }
        std::mem::take(&mut page.text)
    }
}

impl Page {
    /// Line ends of the source are blanks.
    fn write(&mut self, text: &str) {
        self.text.extend(text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }));
    }

    fn begin(&mut self, name: &str) {
        match name {
            "tr" if self.open.len() < NESTED_MAX => {
                self.text.push('\n');
                let outer = std::mem::take(&mut self.text);
                self.open.push(Row { cells: vec![], outer });
            }
            "td" | "th" => self.end_cell(),
            "br" => self.text.push('\n'),
            name if is_block(name) => self.text.push('\n'),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "style" | "script" | "title" => self.is_hidden = false,
            "td" | "th" => {
                if let Some(row) = self.open.last_mut() {
                    row.cells.push(std::mem::take(&mut self.text));
                }
            }
            "tr" => self.end_row(),
            name if is_block(name) => self.text.push('\n'),
            _ => {}
        }
    }

    /// A cell that nobody closed ends where the next begins; blanks between cells are none.
    fn end_cell(&mut self) {
        let Some(row) = self.open.last_mut() else { return };
        let text = std::mem::take(&mut self.text);
        if !text.trim().is_empty() {
            row.cells.push(text);
        }
    }

    fn end_row(&mut self) {
        self.end_cell();
        let Some(row) = self.open.pop() else { return };
        let filled = row.cells.iter().filter(|cell| !cell.trim().is_empty()).count();
        let is_layout = filled < 2 || row.cells.iter().any(|cell| cell.contains('\t') || cell.len() > CELL_MAX);
        self.text = row.outer;
        if is_layout {
            for cell in row.cells.iter().filter(|cell| !cell.trim().is_empty()) {
                self.text.push('\n');
                self.text.push_str(cell);
            }
        } else {
            let cells: Vec<String> = row.cells.iter().map(|cell| cell.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            self.text.push_str(&cells.join("\t"));
        }
        self.text.push('\n');
    }
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div" | "li" | "ul" | "ol" | "table" | "tbody" | "blockquote" | "pre" | "hr" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "section" | "article"
    )
}
