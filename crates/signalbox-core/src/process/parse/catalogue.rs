//! The Catalogue: entries that may be asked for without asking anybody (spec 4.5).

use super::{CATALOGUE_QUESTION, Line, Reader, cells, codes, dictionary, facts, notice};
use crate::actor::{OrgKind, Role};
use crate::catalogue::Cap;
use crate::process::{AnswerKind, CatalogueEntry};

impl Reader<'_> {
    pub(super) fn catalogue(&mut self, line: &Line, keys: &mut Vec<String>) {
        let id = line.text("Id").to_owned();
        if !self.key(format!("catalogue {id}"), &line.place(), keys, "catalogue-twice") {
            return;
        }
        let at = self.process.catalogue.iter().position(|entry| entry.id == id);
        if line.is_removed("Title") {
            match at {
                Some(at) => drop(self.process.catalogue.remove(at)),
                None => self.nothing_to_remove(&line.place(), format!("The catalogue entry {id}")),
            }
            return;
        }
        let (for_kinds, for_roles) = self.entry_for(line);
        let mut eligible_when = vec![];
        for entry in cells::entries(line.text("Eligible when")) {
            eligible_when.extend(self.take(line.get("Eligible when"), "condition-wrong", |_| cells::test(entry)));
        }
        let lead = self.take(line.get("Lead"), "due-wrong", notice);
        if let Some(expires) = line.get("Expires").filter(|cell| cell.text.parse::<jiff::civil::Date>().is_err()) {
            self.fault(&expires.place, "date-wrong", format!("{:?} is not a date; write 2027-11-01.", expires.text));
        }
        let cap = self.take(line.said("At most"), "cap-wrong", |words| {
            Cap::from_words(words).ok_or_else(|| format!("{words:?} is no limit; write 5 a day, 10 a week or 20 a month."))
        });
        let done_within = self.take(line.said("Done within"), "due-wrong", notice);
        let Some(lead) = lead else { return };
        let entry = CatalogueEntry {
            for_roles,
            cap,
            done_within,
            owner: line.text("Owner").to_owned(),
            screened_by: line.text("Screened by").to_owned(),
            id,
            lead,
            for_kinds,
            eligible_when,
            title: line.text("Title").to_owned(),
            description: line.text("Description").to_owned(),
            procedure: cells::entries(line.text("Procedure")).map(str::to_owned).collect(),
            authorised_by: line.text("Authorised by").to_owned(),
            expires: line.text("Expires").to_owned(),
        };
        match at {
            Some(at) => self.process.catalogue[at] = entry,
            None => self.process.catalogue.push(entry),
        }
    }

    /// Kinds of organisation and roles, in one cell.
    fn entry_for(&mut self, line: &Line) -> (Vec<OrgKind>, Vec<Role>) {
        let mut known = codes(OrgKind::ALL, OrgKind::code);
        known.extend(codes(Role::ALL, Role::words));
        let kind = |w: &str| OrgKind::from_code(&facts::code_of(w)).map(Ok);
        let both = self.list(line.get("For"), "role-unknown", "a kind of organisation or a role", &known, |w| kind(w).or_else(|| dictionary::role(w).map(Err)));
        let kinds = both.iter().filter_map(|one| one.ok()).collect();
        (kinds, both.into_iter().filter_map(Result::err).collect())
    }

    /// The question that asks for an entry of the catalogue offers every entry there is in the end.
    pub(super) fn offer_the_catalogue(&mut self) {
        let ids: Vec<String> = self.process.catalogue.iter().map(|entry| entry.id.clone()).collect();
        for question in self.process.questions.iter_mut().filter(|question| question.id == CATALOGUE_QUESTION) {
            question.answer = AnswerKind::Choice(ids.clone());
        }
    }
}
