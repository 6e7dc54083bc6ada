//! What needs what (settled 9).

use signalbox_store::directory::{self, DEPENDENCY_KINDS, Dependency, Node, Refused};
use signalbox_store::page::{Cursor, Page};
use signalbox_store::{StoreError, Tx};

use super::Register;
use crate::app::App;
use crate::web::form::Form;
use crate::web::parts::{Cell, Row, Table};
use crate::web::problem::{Failure, Fault};
use crate::web::ui::{Choice, Field};
use crate::web::visitor::Visitor;

/// The most that the list shows without a word to look for.
const MOST: usize = 200;

/// `/setup/dependencies`. A dependency is there or not: it is added and taken away by the same form, never changed.
pub struct Dependencies;

impl Register for Dependencies {
    const PATH: &'static str = "/setup/dependencies";
    const MANY: &'static str = "Dependencies";
    const ONE: &'static str = "dependency";
    const WHY: &'static str = "What needs what; clashes are found through them";

    fn list(app: &App, _: &Visitor, page: &Page) -> Result<(Table, Option<Cursor>), Failure> {
        let rows = app.read::<_, Failure>(|tx| {
            let edges = edges(tx, page.filter.trim())?;
            edges
                .iter()
                .take(MOST)
                .map(|edge| {
                    let (from, to) = (name(tx, edge.from)?, name(tx, edge.to)?);
                    Ok(Row::new(Cell::text(&from), vec![Cell::text(&kind_words(&edge.kind)), Cell::text(&to)]))
                })
                .collect::<Result<Vec<_>, StoreError>>()
        })?;
        Ok((Table::new("What needs what", &["This", "Needs, how", "That"], rows), None))
    }

    fn fields(_: &App, _: &Visitor, _: bool) -> Result<Vec<Field>, Failure> {
        let kinds = DEPENDENCY_KINDS.iter().map(|kind| Choice::new(kind, &kind_words(kind))).collect();
        Ok(vec![
            Field::text("from", "This", "").hint("Code of the item or service that suffers.").width("w20"),
            Field::text("to", "Needs that", "").hint("Code of the item or service that it needs.").width("w20"),
            Field::radios("kind", "How", kinds),
            Field::radios("act", "What to do", vec![Choice::new("add", "Add it").chosen(true), Choice::new("remove", "Take it away")]),
        ])
    }

    fn load(_: &App, _: &Visitor, _: i64) -> Result<(String, Form), Failure> {
        Err(Failure::NotFound)
    }

    fn save(app: &App, visitor: &Visitor, _: Option<i64>, form: &Form) -> Result<(), Failure> {
        let act = app.act(Some(visitor.person()?), app.clock.now());
        let (from, to) = (form.text("from").to_owned(), form.text("to").to_owned());
        let (kind, is_gone) = (form.text("kind").to_owned(), form.text("act") == "remove");
        let answer = app.attempt(move |tx| {
            let from = match directory::node_by_code(tx, &from)? {
                Ok(node) => node,
                Err(refused) => return Ok(Err(at("from", refused))),
            };
            let to = match directory::node_by_code(tx, &to)? {
                Ok(node) => node,
                Err(refused) => return Ok(Err(at("to", refused))),
            };
            let edge = Dependency { from, to, kind: kind.clone() };
            if is_gone { Ok(Ok(directory::remove_dependency(tx, &act, &edge)?)) } else { directory::add_dependency(tx, &act, &edge) }
        })?;
        if answer {
            return Ok(());
        }
        let detail = if is_gone { "There is no such dependency." } else { "This dependency is there already." };
        Err(Failure::invalid(Fault::of("from", "nothing-to-do", detail)))
    }
}

fn at(field: &'static str, refused: Refused) -> Refused {
    match refused {
        Refused::Ambiguous(_) => Refused::Ambiguous(field),
        _ => Refused::Unknown(field),
    }
}

/// All, or those of the item or service with this code.
fn edges(tx: &mut dyn Tx, code: &str) -> Result<Vec<Dependency>, StoreError> {
    if code.is_empty() {
        return directory::dependencies(tx);
    }
    let Ok(node) = directory::node_by_code(tx, code)? else { return Ok(vec![]) };
    let mut edges = directory::dependencies_of(tx, node)?;
    edges.extend(directory::dependents_of(tx, node)?);
    Ok(edges)
}

fn name(tx: &mut dyn Tx, node: Node) -> Result<String, StoreError> {
    let found = match node {
        Node::Item(id) => directory::item(tx, id)?.map(|item| (item.name, item.code)),
        Node::Service(id) => directory::service(tx, id)?.map(|service| (service.name, service.code)),
    };
    Ok(found.map(|(name, code)| format!("{name} ({code})")).unwrap_or_default())
}

fn kind_words(kind: &str) -> String {
    match kind {
        "hard" => "cannot work without it".into(),
        "soft" => "works worse without it".into(),
        "power" => "takes its power from it".into(),
        "network" => "is reached through it".into(),
        "clinical_fallback" => "falls back to it in care".into(),
        "redundant_pair" => "stands in for it, and it for this".into(),
        other => other.replace('_', " "),
    }
}
