//! Sets of steps that work is planned from.

use super::{Line, Reader, dictionary, facts};
use crate::actor::Role;
use crate::carry::Plan;
use crate::process::TaskRow;

impl Reader<'_> {
    /// A step of a set; `removed` as its owner drops an inherited one.
    pub(super) fn task(&mut self, line: &Line, keys: &mut Vec<String>) {
        let (set, step) = (line.text("Set").to_owned(), line.text("Step").to_owned());
        let plan = self.take(line.get("Plan"), "plan-unknown", |w| {
            let code = facts::code_of(w);
            Plan::from_code(&code).ok_or_else(|| format!("{w:?} is not a plan; write implement, test, back out or communicate."))
        });
        let Some(plan) = plan else { return };
        if !self.key(format!("task {set} {} {step}", plan.code()), &line.place(), keys, "task-twice") {
            return;
        }
        let at = self.process.tasks.iter().position(|row| row.set == set && row.plan == plan && row.step == step);
        if line.is_removed("Owner") {
            match at {
                Some(at) => drop(self.process.tasks.remove(at)),
                None => self.nothing_to_remove(&line.place(), format!("The task {step}")),
            }
            return;
        }
        let owner = self.take(line.get("Owner"), "role-unknown", |w| {
            let known: Vec<&str> = Role::ALL.iter().map(|r| r.words()).collect();
            dictionary::role(w).ok_or_else(|| format!("{w:?} is not a role.{}", dictionary::meant(w, &known)))
        });
        let number = |w: &str| w.parse::<i64>().map_err(|_| format!("{w:?} is not a number of minutes."));
        let minutes = self.take(line.get("Minutes"), "minutes-wrong", number);
        let starts = line.get("Starts").filter(|cell| !matches!(cell.text.as_str(), "" | "-"));
        let offset = starts.and_then(|cell| self.take(Some(cell), "minutes-wrong", number));
        let (Some(owner), Some(minutes)) = (owner, minutes) else { return };
        let row = TaskRow { set, plan, step, owner, offset, minutes, verify: line.text("Verify").trim_matches('-').to_owned() };
        match at {
            Some(at) => self.process.tasks[at] = row,
            None => self.process.tasks.push(row),
        }
    }
}
