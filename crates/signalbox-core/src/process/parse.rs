//! One document, with the one it is based on, into a [`Process`]. Every fault is gathered; what could be read is
//! kept, so that a fault in one row does not hide those of the next.

use super::facts;
use super::markdown::{Cell, Grid, Sheet, read};
use super::table::{Policy, Row, Table, UnaryTest, domain_words};
use super::{AssessmentRow, Fault, Place, Process, Question, RiskRow, Step, Timer, cells, decisions, dictionary};
use crate::act::Act;
use crate::calendar::Notice;
use crate::change::{Kind, Stage};
use crate::rule::{CATALOGUE, Rule};
use sha2::{Digest, Sha256};

mod catalogue;
mod tasks;

/// The word that drops an inherited row.
const REMOVED: &str = "removed";

/// The word that stands for all that the inherited row has in this cell.
const INHERITED: &str = "inherited";

/// The question whose answers are the entries of the catalogue.
const CATALOGUE_QUESTION: &str = "model";

/// What a document says of itself before it is read whole.
pub struct Front {
    pub id: Option<Cell>,
    pub based_on: Option<Cell>,
    pub sheet: Sheet,
}

/// Reads the outline of a source.
pub fn front(file: &str, source: &str) -> Front {
    let sheet = read(file, source);
    let find = |key: &str| sheet.front.iter().find(|(k, v)| k.text == key && !v.text.is_empty()).map(|(_, v)| v.clone());
    Front { id: find("id"), based_on: find("based on"), sheet }
}

/// Reads a document over the one it is based on.
pub fn parse(file: &str, source: &str, front: &Front, base: Option<&Process>, faults: &mut Vec<Fault>) -> Process {
    let mut reader = Reader { file, faults, process: begin(file, source, base) };
    reader.front(front, base);
    for grid in &front.sheet.grids {
        reader.grid(grid);
    }
    reader.offer_the_catalogue();
    reader.fill_rows(base);
    reader.process
}

fn begin(file: &str, source: &str, base: Option<&Process>) -> Process {
    let mut hash = Sha256::new().chain_update(source.as_bytes());
    if let Some(base) = base {
        hash.update(base.hash.as_bytes());
    }
    let blank = || Process {
        hash: String::new(),
        id: String::new(),
        title: String::new(),
        version: 0,
        kind: Kind::Normal,
        based_on: None,
        owner: String::new(),
        review_by: String::new(),
        prefix: String::new(),
        file: String::new(),
        source: String::new(),
        base_sources: vec![],
        steps: vec![],
        questions: vec![],
        assessments: vec![],
        timers: vec![],
        rows: Default::default(),
        tasks: vec![],
        catalogue: vec![],
        risk_questions: vec![],
        tables: Default::default(),
        places: Default::default(),
    };
    let mut process = base.cloned().unwrap_or_else(blank);
    process.base_sources = base.map_or(vec![], |b| std::iter::once(b.source.clone()).chain(b.base_sources.iter().cloned()).collect());
    process.hash = crate::text::hex(&hash.finalize());
    process.file = file.to_owned();
    process.source = source.to_owned();
    process
}

struct Reader<'a> {
    file: &'a str,
    faults: &'a mut Vec<Fault>,
    process: Process,
}

/// A row with its cells by column name.
struct Line<'a> {
    columns: &'a [Cell],
    cells: &'a [Cell],
}

impl<'a> Line<'a> {
    fn get(&self, column: &str) -> Option<&'a Cell> {
        let at = self.columns.iter().position(|c| facts::code_of(&c.text) == facts::code_of(column))?;
        self.cells.get(at)
    }

    /// The cell, unless it says nothing.
    fn said(&self, column: &str) -> Option<&'a Cell> {
        self.get(column).filter(|cell| !matches!(cell.text.as_str(), "" | "-"))
    }

    fn text(&self, column: &str) -> &'a str {
        self.get(column).map_or("", |cell| cell.text.as_str())
    }

    fn place(&self) -> Place {
        self.cells.first().map(|cell| cell.place.clone()).unwrap_or_default()
    }

    fn is_removed(&self, column: &str) -> bool {
        self.text(column).eq_ignore_ascii_case(REMOVED)
    }
}

impl Reader<'_> {
    fn fault(&mut self, place: &Place, code: &'static str, message: String) {
        self.faults.push(Fault::at(place, code, message));
    }

    /// The value, or its fault at this cell.
    fn take<T>(&mut self, cell: Option<&Cell>, code: &'static str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let cell = cell?;
        match read(&cell.text) {
            Ok(value) => Some(value),
            Err(message) => {
                self.fault(&cell.place, code, message);
                None
            }
        }
    }

    fn front(&mut self, front: &Front, base: Option<&Process>) {
        let top = Place { file: self.file.to_owned(), line: 1, column: 1 };
        if !front.sheet.has_front {
            self.fault(&top, "front-missing", "The document does not begin with its front matter between two lines of ---.".to_owned());
        }
        self.process.based_on = front.based_on.as_ref().map(|cell| cell.text.clone());
        let mut kind_words = None;
        let mut seen: Vec<&str> = vec![];
        for (key, value) in &front.sheet.front {
            if seen.contains(&key.text.as_str()) {
                self.fault(&key.place, "front-twice", format!("{} is given twice.", key.text));
            }
            seen.push(&key.text);
            match key.text.as_str() {
                "id" => self.process.id = value.text.clone(),
                "title" => self.process.title = value.text.clone(),
                "version" => match value.text.parse() {
                    Ok(version) => self.process.version = version,
                    Err(_) => self.fault(&value.place, "version-wrong", format!("The version {:?} is not a whole number.", value.text)),
                },
                "kind" => kind_words = Some(value),
                "based on" => {}
                "owner" => self.process.owner = value.text.clone(),
                "review by" => self.review_by(value),
                "reference" => self.prefix(value),
                _ => self.fault(
                    &key.place,
                    "front-unknown",
                    format!(
                        "{:?} is not a key of the front matter; the keys are id, title, version, kind, based on, owner, review by and reference.",
                        key.text
                    ),
                ),
            }
        }
        for key in ["id", "title", "version", "owner", "review by"] {
            if front.sheet.has_front && !front.sheet.front.iter().any(|(k, v)| k.text == key && !v.text.is_empty()) {
                self.fault(&top, "front-missing", format!("The front matter does not say {key}."));
            }
        }
        if self.process.prefix.is_empty() {
            self.fault(&top, "front-missing", "The front matter does not say reference, with which numbers begin.".to_owned());
        }
        self.kind(kind_words, &top, base);
    }

    fn review_by(&mut self, value: &Cell) {
        if value.text.parse::<jiff::civil::Date>().is_err() {
            self.fault(&value.place, "date-wrong", format!("{:?} is not a date; write 2027-11-01.", value.text));
        }
        self.process.review_by = value.text.clone();
    }

    fn prefix(&mut self, value: &Cell) {
        let fits = (2..=4).contains(&value.text.len()) && value.text.bytes().all(|b| b.is_ascii_uppercase());
        if !fits {
            self.fault(&value.place, "reference-wrong", format!("The reference {:?} is not two to four capital letters.", value.text));
        }
        self.process.prefix = value.text.clone();
    }

    /// The kind is named, or the id names it, or it is the base's.
    fn kind(&mut self, named: Option<&Cell>, top: &Place, base: Option<&Process>) {
        let by_id = Kind::from_code(&self.process.id.replace('-', "_"));
        let found = match named {
            Some(cell) => Kind::from_code(&facts::code_of(&cell.text)).or_else(|| Kind::from_words(&cell.text)),
            None => by_id.or(base.map(|b| b.kind)),
        };
        match (found, named) {
            (Some(kind), _) => self.process.kind = kind,
            (None, Some(cell)) => self.fault(&cell.place, "kind-unknown", format!("{:?} is not a kind of change.", cell.text)),
            (None, None) => self.fault(top, "front-missing", "The front matter does not say kind, and the id names none.".to_owned()),
        }
    }

    fn grid(&mut self, grid: &Grid) {
        let heading = grid.heading.text.clone();
        if let Some(name) = heading.strip_prefix("Decide:") {
            return self.decision(grid, name);
        }
        if let Some(name) = heading.strip_prefix("Rows:") {
            return self.rows(grid, name);
        }
        let (needed, known): (&[&str], &[&str]) = match heading.as_str() {
            "Steps" => (&["Act", "From", "To", "Who"], &["Needs", "Tells"]),
            "Questions" => (&["Id", "Question", "Answer", "Required"], &["Asked when", "Guidance", "Page"]),
            "Assessments" => (&["Assessment", "Who", "Due"], &["When", "Silence"]),
            "Timers" => (&["When", "Then"], &["Tells"]),
            "Risk questions" => (&["Id", "Question", "Weight", "0", "1", "2", "3"], &[]),
            "Tasks" => (&["Set", "Plan", "Step", "Owner", "Minutes"], &["Starts", "Verify"]),
            "Catalogue" => (
                &["Id", "Title", "Description", "Lead", "Procedure", "Authorised by", "Expires"],
                &["For", "Eligible when", "At most", "Done within", "Owner", "Screened by"],
            ),
            // Any other table is prose.
            _ => return,
        };
        if !self.columns(grid, needed, known) {
            return;
        }
        let mut keys: Vec<String> = vec![];
        for cells in &grid.rows {
            let line = Line { columns: &grid.columns, cells };
            match heading.as_str() {
                "Steps" => self.steps(&line, &mut keys),
                "Questions" => self.question(&line, &mut keys),
                "Assessments" => self.assessment(&line, &mut keys),
                "Timers" => self.timer(&line, &mut keys),
                "Risk questions" => self.risk_question(&line, &mut keys),
                "Tasks" => self.task(&line, &mut keys),
                _ => self.catalogue(&line, &mut keys),
            }
        }
    }

    /// Whether every needed column is there; a column that is not known is a fault too.
    fn columns(&mut self, grid: &Grid, needed: &[&str], known: &[&str]) -> bool {
        let same = |a: &str, b: &str| facts::code_of(a) == facts::code_of(b);
        for column in &grid.columns {
            if !needed.iter().chain(known).any(|name| same(name, &column.text)) {
                let list = [needed, known].concat().join(", ");
                self.fault(&column.place, "column-unknown", format!("{} has no column {:?}; its columns are {list}.", grid.heading.text, column.text));
            }
        }
        let mut complete = true;
        for name in needed.iter().filter(|name| !grid.columns.iter().any(|c| same(name, &c.text))) {
            complete = false;
            self.fault(&grid.heading.place, "column-missing", format!("{} has no column {name}.", grid.heading.text));
        }
        complete
    }

    /// Notes a row's key and place; a fault if this document has the key already.
    fn key(&mut self, key: String, place: &Place, keys: &mut Vec<String>, twice: &'static str) -> bool {
        if keys.contains(&key) {
            self.fault(place, twice, format!("There are two rows for {key}."));
            return false;
        }
        self.process.places.insert(key.clone(), place.clone());
        keys.push(key);
        true
    }

    fn nothing_to_remove(&mut self, place: &Place, what: String) {
        self.fault(place, "removed-nothing", format!("{what} is removed here, but the document that this one is based on has no such row."));
    }

    fn steps(&mut self, line: &Line, keys: &mut Vec<String>) {
        let act = self.take(line.get("Act"), "act-unknown", |w| {
            dictionary::act(w).ok_or_else(|| format!("{w:?} is not an act.{}", dictionary::meant(w, &codes(Act::ALL, Act::code))))
        });
        let mut stages = vec![];
        for name in line.text("From").split(',').map(str::trim) {
            let named = |_: &str| to_stage(name).and_then(|stage| stage.ok_or_else(|| "The step starts from no stage.".to_owned()));
            stages.extend(self.take(line.get("From"), "stage-unknown", named));
        }
        let removed = line.is_removed("To");
        let to = if removed { Some(None) } else { self.take(line.get("To"), "stage-unknown", to_stage) };
        let who = self.list(line.get("Who"), "role-unknown", "a role", &dictionary::who_known(), dictionary::who);
        let needs = self.list(line.get("Needs"), "rule-unknown", "a rule of the catalogue", &codes(CATALOGUE, |row| row.1), Rule::from_words);
        let tells = self.list(line.get("Tells"), "audience-unknown", "somebody who can be told", &dictionary::audience_known(), dictionary::audience);
        let (Some(act), Some(to)) = (act, to) else { return };
        if !removed && line.get("Who").is_none_or(|cell| cells::entries(&cell.text).next().is_none()) {
            self.fault(&line.place(), "who-missing", format!("Nobody may take the step {}.", act.code()));
        }
        for from in stages {
            if !self.key(format!("step {} {}", act.code(), from.code()), &line.place(), keys, "step-twice") {
                continue;
            }
            let at = self.process.steps.iter().position(|step| step.act == act && step.from == from);
            let mut step = Step { act, from, to: to.filter(|to| *to != from), who: who.clone(), needs: needs.clone(), tells: tells.clone() };
            self.inherit(&mut step, at, line);
            match (removed, at) {
                (true, Some(at)) => drop(self.process.steps.remove(at)),
                (true, None) => self.nothing_to_remove(&line.place(), format!("The step {} from {}", act.code(), from.code())),
                (false, Some(at)) => self.process.steps[at] = step,
                (false, None) => self.process.steps.push(step),
            }
        }
    }

    /// The entries of a cell, each looked up; what is not known is a fault.
    fn list<T>(&mut self, cell: Option<&Cell>, code: &'static str, what: &str, known: &[&str], find: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let mut found = vec![];
        if let Some(cell) = cell {
            for entry in cells::entries(&cell.text).filter(|entry| !entry.eq_ignore_ascii_case(INHERITED)) {
                match find(entry) {
                    Some(value) => found.push(value),
                    None => self.fault(&cell.place, code, format!("{entry:?} is not {what}.{}", dictionary::meant(entry, known))),
                }
            }
        }
        found
    }

    fn question(&mut self, line: &Line, keys: &mut Vec<String>) {
        let id = line.text("Id").to_owned();
        let place = line.place();
        if !is_id(&id) {
            return self.fault(&place, "id-wrong", format!("The id {id:?} is not lower-case letters, digits and underscores."));
        }
        if !self.key(format!("question {id}"), &place, keys, "question-twice") {
            return;
        }
        let at = self.process.questions.iter().position(|question| question.id == id);
        if line.is_removed("Answer") {
            match at {
                Some(at) => drop(self.process.questions.remove(at)),
                None => self.nothing_to_remove(&place, format!("The question {id}")),
            }
            return;
        }
        if line.text("Question").is_empty() {
            self.fault(&place, "question-empty", format!("The question {id} has no words."));
        }
        let answer = self.take(line.get("Answer"), "answer-unknown", cells::answer);
        let required = self.take(line.get("Required"), "required-unknown", cells::required);
        let asked_when = self.take(line.get("Asked when"), "condition-wrong", cells::condition).flatten();
        let (Some(answer), Some(required)) = (answer, required) else { return };
        let place = match line.get("Page").filter(|cell| !cell.text.is_empty()) {
            Some(cell) => self.take(Some(cell), "page-unknown", |w| {
                cells::page(w).ok_or_else(|| format!("{w:?} is not a page; write what, where, details, when or risk, and a heading after a colon if you like."))
            }),
            None => at.map(|at| (self.process.questions[at].page, self.process.questions[at].group.clone())),
        };
        let (page, group) = place.unwrap_or_else(|| (cells::usual_page(&answer), String::new()));
        let guidance = line.text("Guidance").to_owned();
        let question = Question { id, text: line.text("Question").to_owned(), answer, required, asked_when, guidance, page, group };
        match at {
            Some(at) => self.process.questions[at] = question,
            None => self.process.questions.push(question),
        }
    }

    fn assessment(&mut self, line: &Line, keys: &mut Vec<String>) {
        let named = |w: &str| dictionary::assessment(w).ok_or_else(|| format!("{w:?} is not an assessment."));
        let Some(kind) = self.take(line.get("Assessment"), "assessment-unknown", named) else { return };
        if !self.key(format!("assessment {}", kind.code()), &line.place(), keys, "assessment-twice") {
            return;
        }
        let at = self.process.assessments.iter().position(|row| row.kind == kind);
        if line.is_removed("Who") {
            match at {
                Some(at) => drop(self.process.assessments.remove(at)),
                None => self.nothing_to_remove(&line.place(), format!("The assessment {}", kind.code())),
            }
            return;
        }
        let who = self.list(line.get("Who"), "role-unknown", "a role", &dictionary::who_known(), dictionary::who);
        let when = self.take(line.get("When"), "condition-wrong", cells::condition).flatten();
        let due = self.take(line.get("Due"), "due-wrong", notice);
        let silence = self.take(line.get("Silence"), "silence-wrong", silence).unwrap_or(false);
        let Some(due) = due else { return };
        let row = AssessmentRow { kind, who, when, due, silence_counts: silence };
        match at {
            Some(at) => self.process.assessments[at] = row,
            None => self.process.assessments.push(row),
        }
    }

    fn timer(&mut self, line: &Line, keys: &mut Vec<String>) {
        let Some(when) = self.take(line.get("When"), "timer-wrong", cells::timer_when) else { return };
        if !self.key(format!("timer {}", line.text("When")), &line.place(), keys, "timer-twice") {
            return;
        }
        let at = self.process.timers.iter().position(|timer| timer.when == when);
        if line.is_removed("Then") {
            match at {
                Some(at) => drop(self.process.timers.remove(at)),
                None => self.nothing_to_remove(&line.place(), format!("The timer {}", line.text("When"))),
            }
            return;
        }
        let then = self.take(line.get("Then"), "timer-wrong", cells::timer_act);
        let tells = self.list(line.get("Tells"), "audience-unknown", "somebody who can be told", &dictionary::audience_known(), dictionary::audience);
        let Some(then) = then else { return };
        let timer = Timer { when, then, tells };
        match at {
            Some(at) => self.process.timers[at] = timer,
            None => self.process.timers.push(timer),
        }
    }

    fn risk_question(&mut self, line: &Line, keys: &mut Vec<String>) {
        let id = line.text("Id").to_owned();
        let place = line.place();
        if !is_id(&id) {
            return self.fault(&place, "id-wrong", format!("The id {id:?} is not lower-case letters, digits and underscores."));
        }
        if !self.key(format!("risk question {id}"), &place, keys, "question-twice") {
            return;
        }
        let at = self.process.risk_questions.iter().position(|row| row.id == id);
        if line.is_removed("Question") {
            match at {
                Some(at) => drop(self.process.risk_questions.remove(at)),
                None => self.nothing_to_remove(&place, format!("The risk question {id}")),
            }
            return;
        }
        let weight = self.take(line.get("Weight"), "weight-wrong", |w| {
            w.parse::<i64>().ok().filter(|n| (0..=10).contains(n)).ok_or_else(|| format!("The weight {w:?} is not a whole number from 0 to 10."))
        });
        let answers = ["0", "1", "2", "3"].map(|column| line.text(column).to_owned());
        if line.text("Question").is_empty() || answers.iter().any(String::is_empty) {
            self.fault(&place, "question-empty", format!("The risk question {id} lacks its words, or those of an answer."));
        }
        let Some(weight) = weight else { return };
        let row = RiskRow { id, text: line.text("Question").to_owned(), weight, answers };
        match at {
            Some(at) => self.process.risk_questions[at] = row,
            None => self.process.risk_questions.push(row),
        }
    }

    /// `Decide: NAME (policy)`; a table of a name that was inherited is replaced whole.
    fn decision(&mut self, grid: &Grid, heading: &str) {
        let place = &grid.heading.place;
        let split = heading.trim().strip_suffix(')').and_then(|h| h.rsplit_once('('));
        let policy = split.and_then(|(_, policy)| Policy::from_words(policy.trim()));
        let (Some((name, _)), Some(policy)) = (split, policy) else {
            return self.fault(place, "policy-unknown", format!("{:?} does not end in (unique), (first), (collect) or (worst).", grid.heading.text));
        };
        let name = name.trim().to_ascii_lowercase();
        let mut inputs = vec![];
        let mut outputs = vec![];
        for column in &grid.columns {
            match column.text.strip_prefix('→').or_else(|| column.text.strip_prefix("->")) {
                Some(output) => outputs.push(facts::code_of(output)),
                None if !outputs.is_empty() => {
                    self.fault(&column.place, "column-order", format!("{:?} asks after an answer; columns that ask go first.", column.text))
                }
                None => match facts::find(&column.text) {
                    Some(fact) => inputs.push(fact),
                    None => self.fault(
                        &column.place,
                        "fact-unknown",
                        format!(
                            "{:?} is not a fact that the program knows.{}",
                            column.text,
                            dictionary::meant(&column.text, &facts::FACTS.iter().map(|f| f.words).collect::<Vec<_>>())
                        ),
                    ),
                },
            }
        }
        if inputs.len() + outputs.len() < grid.columns.len() {
            return;
        }
        if outputs.is_empty() {
            return self.fault(place, "column-missing", format!("The table {name} has no answer; the heading of an answer begins with →."));
        }
        let mut rows = vec![];
        for (number, cells) in grid.rows.iter().enumerate() {
            let mut tests = vec![];
            for (fact, cell) in inputs.iter().zip(cells) {
                tests.extend(self.take(Some(cell), "test-wrong", |w| {
                    UnaryTest::parse(fact.kind, w).map_err(|why| format!("{}: {why} ({} is {})", fact.words, fact.words, domain_words(fact.kind)))
                }));
            }
            if let Some(first) = cells.first() {
                self.process.places.insert(format!("table {name} row {number}"), first.place.clone());
            }
            // A row that could not be read is a fault already; without it gaps would be reported that are none.
            if tests.len() < inputs.len() {
                return;
            }
            let said: Vec<String> = cells.iter().skip(inputs.len()).map(|cell| cell.text.clone()).collect();
            let kind = decisions::find(&name).and_then(|d| d.outputs.iter().find(|column| Some(column.name) == outputs.first().map(String::as_str)));
            let rank = kind.and_then(|column| column.kind.rank(said.first()?)).unwrap_or(0);
            rows.push(Row { tests, outputs: said, rank });
        }
        self.process.places.insert(format!("table {name}"), place.clone());
        self.process.tables.insert(name.clone(), Table { name, policy, inputs, outputs, rows });
    }
}

mod rows;

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The To cell: a stage, or `-`; `where it was` is for the act that ends a hold.
fn to_stage(words: &str) -> Result<Option<Stage>, String> {
    match words.to_ascii_lowercase().as_str() {
        "-" | "" | "where it was" => Ok(None),
        _ => {
            dictionary::stage(words).map(Some).ok_or_else(|| format!("{words:?} is not a stage.{}", dictionary::meant(words, &codes(Stage::ALL, Stage::code))))
        }
    }
}

fn codes<T: Copy>(all: &[T], code: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|member| code(*member)).collect()
}

fn notice(words: &str) -> Result<Notice, String> {
    Notice::parse(words).ok_or_else(|| format!("{words:?} is not a number of days; write 5 working days, 10 clear working days or 10 days."))
}

fn silence(words: &str) -> Result<bool, String> {
    match words.to_ascii_lowercase().as_str() {
        "yes" | "counts" => Ok(true),
        "no" | "never" | "-" | "" => Ok(false),
        _ => Err(format!("{words:?} does not say whether silence counts; write yes or no.")),
    }
}
