//! Letters about call-outs: to the organisation that one is proposed to, and back to who entered it.

use signalbox_core::alarm::Class;
use signalbox_core::charge::money;
use signalbox_core::ledger::Standing;
use signalbox_store::queries::alarms;
use signalbox_store::queries::ledger as queries;
use signalbox_store::scope::Scope;
use signalbox_store::{StoreError, Tx, accounts as store, alarms as told};

use super::{Mail, letter};
use crate::app::App;
use crate::run::govern::speakers;
use crate::web::problem::Failure;
use crate::web::visitor::moment;
use crate::words;

fn addresses(tx: &mut dyn Tx, org: i64) -> Result<Vec<String>, StoreError> {
    let mut to = vec![];
    for holder in speakers(tx, org)? {
        to.extend(store::person(tx, holder)?.map(|person| person.email).filter(|email| !email.is_empty()));
    }
    Ok(to)
}

/// An alarm came from work that nobody had announced: the organisation whose equipment rang is asked for a record of it.
pub(super) fn unannounced(app: &App, alarm: i64) -> Result<Vec<Mail>, Failure> {
    let found = app.read::<_, Failure>(|tx| {
        let (line, owner) = (alarms::by_id(tx, &Scope::of_the_authority(), alarm)?, told::owner(tx, alarm)?);
        // What was found may have been found otherwise since.
        let Some((line, owner)) = line.filter(|line| line.standing() == Class::Unannounced && line.record.is_none()).zip(owner) else { return Ok(None) };
        Ok(Some((line, addresses(tx, owner)?)))
    })?;
    let Some((line, to)) = found else { return Ok(vec![]) };
    let text = format!(
        "{}{} rang {}, and planned work was found that nobody had announced: {}\n\n\
         Record the work afterwards, within one working day of it if you can: whoever says so is treated more mildly than whoever is found out.\n\n{}\n",
        line.object,
        line.site.as_ref().map(|site| format!(" at {}", site.name)).unwrap_or_default(),
        moment(line.raised_at),
        line.found.as_ref().map_or("", |found| found.why.trim()),
        app.config.base.link(&format!("/alarms/{}", line.id)),
    );
    let subject = format!("Work at {} was not announced", line.site.as_ref().map_or(line.object.as_str(), |site| site.name.as_str()));
    Ok(to.iter().map(|to| letter(app, to, &subject, &text)).collect())
}

/// How a call-out stands now, to those who answer for the organisation.
pub(super) fn stands(app: &App, case: i64, org: i64) -> Result<Vec<Mail>, Failure> {
    let found = app.read::<_, Failure>(|tx| {
        let Some(case) = queries::by_id(tx, &Scope::of_the_authority(), case)? else { return Ok(None) };
        Ok(Some((case, addresses(tx, org)?)))
    })?;
    let Some((case, to)) = found else { return Ok(vec![]) };
    let name = |org: &Option<signalbox_store::queries::Named>| org.as_ref().map_or(String::new(), |org| org.name.clone());
    let what = format!("{} and {} tax", money::pounds(case.net), money::pounds(case.vat));
    let said = match case.standing {
        Standing::Proposed => {
            let due = case.due_at.map(moment).unwrap_or_default();
            format!(
                "{} proposes that {} pays {what} for it. Agree or dispute it by {due}. Silence agrees to nothing: after that the authority may decide.",
                name(&case.org),
                name(&case.liable)
            )
        }
        standing => format!("It is {} now. It comes to {what}.", standing.words()),
    };
    let text = format!(
        "Call-out {} at {}: {}.\n\n{}\n\n{said}\n\n{}\n",
        case.number,
        case.site.as_ref().map_or("a site", |site| &site.name),
        case.visit.finding.words(),
        words::ledger::rule(&case.rule, case.is_desks_own),
        app.config.base.link(&format!("/ledger/{}", case.id)),
    );
    let subject = format!("Call-out {}: {}", case.number, case.standing.words());
    Ok(to.iter().map(|to| letter(app, to, &subject, &text)).collect())
}
