//! What came in a form: every field in order, as it was typed.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::problem::{Failure, Fault};

/// More fields than any page of ours has; a body with more is an attack or a mistake (S93).
const FIELDS_MAX: usize = 2_000;

/// The field under which a form says that it means one deed.
pub const KEY: &str = "idempotency_key";

/// The fields that every form may carry.
const COMMON: [&str; 3] = [super::csrf::FIELD, "next", KEY];

/// An ordered list of fields. A name may occur several times (tick boxes); nothing is trimmed or dropped, so a
/// page that comes back with faults shows exactly what was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// Reads `application/x-www-form-urlencoded`, from a body or a query.
    pub fn parse(encoded: &[u8]) -> Result<Form, Failure> {
        let fields: Vec<(String, String)> =
            form_urlencoded::parse(encoded).take(FIELDS_MAX + 1).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        if fields.len() > FIELDS_MAX {
            return Err(Failure::TooLarge);
        }
        // A null character can't be stored as text and means nothing in a form.
        if let Some((name, _)) = fields.iter().find(|(name, value)| name.contains('\0') || value.contains('\0')) {
            let field = name.replace('\0', "");
            let detail = "This contains a character that can’t be stored.";
            return Err(Failure::invalid(Fault::of(&field, "null-character", detail)));
        }
        Ok(Form { fields })
    }

    /// A form of these fields.
    pub fn of<N: Into<String>, V: Into<String>>(fields: impl IntoIterator<Item = (N, V)>) -> Form {
        Form { fields: fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }

    /// The first value of a field as typed; empty where there is none.
    pub fn raw(&self, name: &str) -> &str {
        self.fields.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// The first value of a field without the blanks around it; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// Every value of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whether the field was sent at all: how a tick box says yes.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(n, _)| n == name)
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Every field in the order it came.
    pub fn fields(&self) -> &[(String, String)] {
        &self.fields
    }

    /// Refuses any field that the page does not have (S31): nobody sets what the page does not show.
    pub fn only(&self, names: &[&str]) -> Result<&Form, Failure> {
        let is_known = |name: &str| names.contains(&name) || COMMON.contains(&name);
        let mut faults: Vec<Fault> = Vec::new();
        for (name, _) in self.fields.iter().filter(|(name, _)| !is_known(name)) {
            if !faults.iter().any(|f| f.field.as_deref() == Some(name)) {
                faults.push(Fault::of(name, "unknown-field", format!("This page has no field “{name}”.")));
            }
        }
        if faults.is_empty() { Ok(self) } else { Err(Failure::Invalid(faults)) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Form {
    type Rejection = Failure;

    /// The guard has read the body and checked its token before any page sees it.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Form, Failure> {
        Ok(parts.extensions.get::<Form>().cloned().unwrap_or_default())
    }
}

/// The query of an address, in the same shape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(pub Form);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Query, Failure> {
        let form = Form::parse(parts.uri.query().unwrap_or("").as_bytes());
        form.map(Query).map_err(|_| Failure::bad_request("query", "The address holds a question that can’t be read."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_typed_is_kept_in_order() {
        let form = Form::parse(b"title=+Two++blanks+&tick=a&tick=b&empty=&caf%C3%A9=%e2%82%ac").unwrap();
        assert_eq!(form.raw("title"), " Two  blanks ");
        assert_eq!(form.text("title"), "Two  blanks");
        assert_eq!(form.all("tick").collect::<Vec<_>>(), ["a", "b"]);
        assert!(form.has("empty") && !form.has("absent"));
        assert_eq!(form.raw("café"), "€");
        assert_eq!(form.fields().len(), 5);
    }

    #[test]
    fn a_field_the_page_does_not_have_is_refused_by_name() {
        let form = Form::parse(b"name=Ruth&csrf=x&state=active&is_admin=1&state=2").unwrap();
        let Err(Failure::Invalid(faults)) = form.only(&["name"]) else { panic!("accepted") };
        let fields: Vec<_> = faults.iter().filter_map(|f| f.field.as_deref()).collect();
        assert_eq!(fields, ["state", "is_admin"]);
        assert!(form.only(&["name", "state", "is_admin"]).is_ok());
    }

    #[test]
    fn a_flood_of_fields_and_null_characters_are_refused() {
        assert!(matches!(Form::parse("a=1&".repeat(10_000).as_bytes()), Err(Failure::TooLarge)));
        assert!(matches!(Form::parse(b"title=a%00b"), Err(Failure::Invalid(_))));
    }
}
