//! Who answers to which AE title from when (spec 4.8, scenario 46). A PACS tells its devices apart by that name alone,
//! so two of one name file images under the wrong device. What is live follows from the changes that were carried out
//! and those that are planned: each says which title it switches on, keeps or switches off, and when.

use crate::change::{Change, Content, Kind, Outcome, Stage};
use crate::form::Answer;
use crate::form::format::ae_key;
use crate::ids::ServiceId;
use crate::words::vocabulary;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

vocabulary! {
    /// What a change does to an AE title.
    Turn {
        /// From then on nothing answers to it; before others, so that one device may follow another at one moment.
        Off = "off", "switched off";
        /// What answers to it already goes on, perhaps at another address.
        Keep = "keep", "kept";
        /// From then on something answers to it.
        On = "on", "switched on";
    }
}

/// One AE title at one moment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    pub at: Timestamp,
    pub turn: Turn,
    /// As it was typed.
    pub ae_title: String,
    /// The address from then on, where one is known yet.
    pub ip: Option<String>,
}

/// A claim of another change, as far as rules need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModalityFact {
    pub claim: Claim,
    /// The services of that change: titles of different PACS do not meet.
    pub services: Vec<ServiceId>,
    /// The site, as the reader may know it; empty where they may not.
    pub site: String,
}

/// Something in the way of an AE title or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clash {
    /// The old device is switched off after the new one of the same title was switched on.
    BothLive { ae_title: String },
    /// Something else answers to the title at that time.
    Title { ae_title: String, site: String },
    /// Something else has the address at that time.
    Address { ip: String, ae_title: String, site: String },
}

/// What this content says of AE titles. Nothing for other kinds of change.
pub fn claims(kind: Kind, content: &Content) -> Vec<Claim> {
    if kind != Kind::PacsModality {
        return vec![];
    }
    let value = |id: &str| if let Some(Answer::Value(v)) = content.answers.get(id) { Some(v.clone()) } else { None };
    let moment = |id: &str| if let Some(Answer::Moment { at, .. }) = content.answers.get(id) { Some(*at) } else { None };
    let (Some(window), Some(ae_title)) = (content.header.window, value("ae_title")) else { return vec![] };
    let Some(Answer::Choice(action)) = content.answers.get("pacs_action") else { return vec![] };
    let ip = value("ip");
    let claim = |at, turn, ae_title, ip| Claim { at, turn, ae_title, ip };
    match action.as_str() {
        "connect" => vec![claim(window.start, Turn::On, ae_title, ip)],
        "replace" | "aet_change" => {
            let off = value("replaces_ae").map(|old| claim(moment("replaces_off_at").unwrap_or(window.start), Turn::Off, old, None));
            let on = claim(moment("live_from").unwrap_or(window.start), Turn::On, ae_title, ip);
            off.into_iter().chain([on]).collect()
        }
        "decommission" => vec![claim(window.end, Turn::Off, ae_title, None)],
        _ => vec![claim(window.start, Turn::Keep, ae_title, ip)],
    }
}

/// The claims of a change that counts: it was sent and is still meant, or it was carried out.
pub fn standing(change: &Change) -> Vec<Claim> {
    let was_done = |outcome: Option<Outcome>| !matches!(outcome, Some(Outcome::BackedOut | Outcome::Failed | Outcome::NotImplemented));
    let counts = match change.stage {
        Stage::Implemented | Stage::Review => was_done(change.work.proposed),
        Stage::Closed => change.outcome.is_some_and(Outcome::is_attempted) && was_done(change.outcome),
        stage => stage.holds_window(),
    };
    change.content.as_ref().filter(|_| counts).map(|content| claims(change.kind, content)).unwrap_or_default()
}

/// A stretch of time in which a title is answered to.
struct Live<'a> {
    key: String,
    ip: Option<&'a str>,
    from: Timestamp,
    until: Option<Timestamp>,
    /// `None`: this change's own.
    of: Option<&'a ModalityFact>,
}

impl Live<'_> {
    fn overlaps(&self, other: &Live) -> bool {
        self.until.is_none_or(|end| other.from < end) && other.until.is_none_or(|end| self.from < end)
    }
}

/// Everything in the way of these claims of a change that touches these services.
pub fn clashes(own: &[Claim], services: &[ServiceId], others: &[ModalityFact]) -> Vec<Clash> {
    let near = |fact: &&ModalityFact| services.is_empty() || fact.services.is_empty() || fact.services.iter().any(|s| services.contains(s));
    let mut by_key: BTreeMap<String, Vec<(&Claim, Option<&ModalityFact>)>> = BTreeMap::new();
    for claim in own {
        by_key.entry(ae_key(&claim.ae_title)).or_default().push((claim, None));
    }
    for fact in others.iter().filter(near) {
        by_key.entry(ae_key(&fact.claim.ae_title)).or_default().push((&fact.claim, Some(fact)));
    }
    let mut found = vec![];
    let mut live = vec![];
    for (key, mut turns) in by_key {
        let mine = |turn: Turn| turns.iter().find(|(claim, of)| of.is_none() && claim.turn == turn).map(|(claim, _)| *claim);
        if let (Some(off), Some(on)) = (mine(Turn::Off), mine(Turn::On))
            && off.at > on.at
        {
            found.push(Clash::BothLive { ae_title: on.ae_title.clone() });
            continue;
        }
        turns.sort_by_key(|(claim, _)| (claim.at, claim.turn));
        follow(&key, &turns, &mut live, &mut found);
    }
    for mine in live.iter().filter(|l| l.of.is_none()) {
        let other = live.iter().find(|l| l.of.is_some() && l.key != mine.key && l.ip.is_some() && l.ip == mine.ip && l.overlaps(mine));
        if let (Some(ip), Some(fact)) = (mine.ip, other.and_then(|l| l.of)) {
            found.push(Clash::Address { ip: ip.to_owned(), ae_title: fact.claim.ae_title.clone(), site: fact.site.clone() });
        }
    }
    found
}

/// One title through time: what is live when, and where two would be at once.
fn follow<'a>(key: &str, turns: &[(&'a Claim, Option<&'a ModalityFact>)], live: &mut Vec<Live<'a>>, found: &mut Vec<Clash>) {
    let first = live.len();
    let mut is_said = false;
    for (claim, of) in turns {
        let open = live.len() > first && live.last().is_some_and(|l| l.until.is_none());
        if open && claim.turn == Turn::On {
            let before = live.last().and_then(|l| l.of);
            // Two of others are none of this change's business.
            let other = match (before, of) {
                (Some(fact), None) => Some(fact),
                (None, Some(fact)) => Some(*fact),
                _ => None,
            };
            if let Some(fact) = other.filter(|_| !is_said) {
                is_said = true;
                found.push(Clash::Title { ae_title: fact.claim.ae_title.clone(), site: fact.site.clone() });
            }
        }
        if let Some(last) = live.last_mut().filter(|_| open) {
            last.until = Some(claim.at);
        }
        if claim.turn != Turn::Off {
            let kept = if claim.turn == Turn::Keep && open { live.last().and_then(|l| l.ip) } else { None };
            live.push(Live { key: key.to_owned(), ip: claim.ip.as_deref().or(kept), from: claim.at, until: None, of: *of });
        }
    }
}

/// The titles and addresses about which other changes have to be asked.
pub fn asked_about(claims: &[Claim]) -> (BTreeSet<String>, BTreeSet<String>) {
    (claims.iter().map(|c| ae_key(&c.ae_title)).collect(), claims.iter().filter_map(|c| c.ip.clone()).collect())
}
