//! Why not. A refusal carries codes and parameters; sentences are chosen at the edge.

use crate::change::Stage;
use serde::Serialize;

/// One fault of one field, or of the command as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Violation {
    /// The field at fault; `None` for the command as a whole.
    pub field: Option<String>,
    /// A stable code, such as `answer-missing`; the edge has a sentence for each.
    pub code: &'static str,
    /// What the sentence needs: names, numbers, dates.
    pub params: Vec<String>,
}

impl Violation {
    /// A fault of a field.
    pub fn of(field: &str, code: &'static str) -> Violation {
        Violation { field: Some(field.to_owned()), code, params: vec![] }
    }

    /// A fault of the command as a whole.
    pub fn whole(code: &'static str) -> Violation {
        Violation { field: None, code, params: vec![] }
    }

    /// The same fault with a parameter for its sentence.
    pub fn with(mut self, param: impl ToString) -> Violation {
        self.params.push(param.to_string());
        self
    }
}

/// A rule that stands in the way whatever is typed: role, separation of duty, track, freeze, clash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Bar {
    /// A stable code, such as `four-eyes`; the edge has a sentence and a "who can change it" for each.
    pub code: &'static str,
    /// What the sentence needs.
    pub params: Vec<String>,
}

impl Bar {
    /// A bar without parameters.
    pub fn new(code: &'static str) -> Bar {
        Bar { code, params: vec![] }
    }

    /// The same bar with a parameter for its sentence.
    pub fn with(mut self, param: impl ToString) -> Bar {
        self.params.push(param.to_string());
        self
    }
}

/// Why a command was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The actor may not, or a gate is shut; every bar at once.
    Denied(Vec<Bar>),
    /// The act does not exist from this stage.
    WrongStage(Stage),
    /// Something typed is wrong or missing; every fault at once.
    Invalid(Vec<Violation>),
}
