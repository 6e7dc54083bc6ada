//! Letters about a new version of the process: to those who answer for an organisation, and back to the authority.

use signalbox_core::actor::Role;
use signalbox_core::ids::OrgId;
use signalbox_store::documents::proposals::{self, Proposal};
use signalbox_store::{StoreError, Tx, accounts as store, directory};

use super::letters::{Letter, Mail, letter};
use crate::app::App;
use crate::run::govern::speakers;
use crate::web::problem::Failure;
use crate::web::visitor::moment;

struct About {
    proposal: Proposal,
    org: String,
    said: String,
    reply: String,
    to: Vec<String>,
}

/// Writes one, if there is still somebody to write to.
pub(super) fn write(app: &App, kind: &Letter, proposal: i64, org: i64) -> Result<Vec<Mail>, Failure> {
    let to_the_authority = matches!(kind, Letter::ProcessObjected { .. });
    let Some(about) = app.read::<_, Failure>(|tx| about(tx, proposal, org, to_the_authority))? else { return Ok(vec![]) };
    let found = &about.proposal;
    let (title, page) = (&found.title, app.config.base.link(&format!("/proposals/{proposal}/for-you")));
    let (subject, text) = match kind {
        Letter::ProcessAsked { .. } => {
            let until = found.due_at.map(moment).unwrap_or_default();
            let short = if found.shortened.is_empty() { String::new() } else { format!("\nThe time is shorter than usual, because: {}\n", found.shortened) };
            let text = format!(
                "The authority proposes version {version} of the process document “{title}”.\n\n{why}\n\nWhat changes for {org}:\n\n{page}\n\n\
                 Acknowledge it there, or object with your reasons, by {until}.\n{short}",
                version = found.version,
                why = found.why,
                org = about.org
            );
            ("What changes for you in the process", text)
        }
        Letter::ProcessObjected { .. } => {
            let text = format!(
                "{org} objects to version {version} of “{title}”:\n\n{said}\n\nIt cannot be adopted before this is answered:\n\n{page}\n",
                org = about.org,
                version = found.version,
                said = about.said,
                page = app.config.base.link(&format!("/proposals/{proposal}"))
            );
            ("An objection to a process document", text)
        }
        Letter::ProcessReplied { .. } => {
            let text = format!("You objected to version {} of “{title}”. The authority answers:\n\n{}\n\n{page}\n", found.version, about.reply);
            ("An answer to your objection", text)
        }
        _ => {
            let from = found.from_at.map(moment).unwrap_or_default();
            let text = format!(
                "Version {} of “{title}” is adopted and counts from {from}. Changes that are under way keep the version they began under.\n\n{page}\n",
                found.version
            );
            ("A new version of the process is adopted", text)
        }
    };
    Ok(about.to.iter().map(|to| letter(app, to, subject, &text)).collect())
}

fn about(tx: &mut dyn Tx, proposal: i64, org: i64, to_the_authority: bool) -> Result<Option<About>, StoreError> {
    let Some(proposal) = proposals::proposal(tx, proposal)? else { return Ok(None) };
    let name = directory::organisation(tx, org)?.map(|org| org.name).unwrap_or_default();
    let holders = if to_the_authority { store::eligible_holders(tx, Role::AuthorityManager, None, None)? } else { speakers(tx, org)? };
    let mut to = vec![];
    for holder in holders {
        to.extend(store::person(tx, holder)?.map(|person| person.email).filter(|email| !email.is_empty()));
    }
    let asked = proposal.answers.iter().find(|asked| asked.org == OrgId(org)).cloned();
    let (said, reply) = asked.map(|asked| (asked.words, asked.reply)).unwrap_or_default();
    Ok(Some(About { proposal, org: name, said, reply, to }))
}
