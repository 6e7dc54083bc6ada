//! What a rule has to know beyond the change itself, fetched before deciding so that deciding does no I/O.

use crate::actor::{Membership, OrgKind};
use crate::change::Change;
use crate::ids::{ChangeId, ItemId, OrgId, PersonId, ServiceId, SiteId, TextId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An organisation, as far as rules need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgFact {
    pub id: OrgId,
    pub code: String,
    pub kind: OrgKind,
}

/// A configuration item that the actor may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemFact {
    pub id: ItemId,
    pub code: String,
    pub org: OrgId,
    pub site: Option<SiteId>,
    pub services: Vec<ServiceId>,
    /// A circuit or other part of the network.
    pub is_network: bool,
}

/// A service that the actor may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFact {
    pub id: ServiceId,
    pub code: String,
    /// Who runs it.
    pub owner: OrgId,
    /// Who uses it.
    pub users: Vec<OrgId>,
    pub direct_care: bool,
    pub always_on: bool,
    pub is_network: bool,
}

/// A site that the actor may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteFact {
    pub id: SiteId,
    pub code: String,
    pub org: OrgId,
}

/// A person who may be named as implementer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonFact {
    pub id: PersonId,
    pub email: String,
    /// Where they carry out work.
    pub orgs: Vec<OrgId>,
    /// Every live role, for a person who is named as having said yes.
    pub hats: Vec<Membership>,
}

/// An incident, as far as rules need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentFact {
    pub id: i64,
    pub reference: String,
    pub grade: crate::learn::Grade,
}

/// Another change, or a freeze, that stands in the way of the window.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ClashFact {
    /// `BR-19a`, `BR-19d`, `BR-19f`.
    pub rule: String,
    pub hard: bool,
    /// The reference of the other change, or the title of the freeze; empty where the reader may not see it.
    pub with: String,
    /// What both touch, as a path of codes.
    pub shared: String,
    pub from: Timestamp,
    pub until: Timestamp,
    /// Everything of the other that is caught, by code (C069); nothing where the reader may not see it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caught: Vec<String>,
    /// Which freeze, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze: Option<i64>,
    /// The other change, where it is one that the actor may see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<OtherFact>,
    /// What somebody ruled on it, seen from this change, while neither has moved since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<crate::decide::clash::Way>,
}

/// The other side of a clash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OtherFact {
    pub change: ChangeId,
    /// The other is further on, so this one has to move (spec 6.7).
    pub stays: bool,
    /// Its whole window, contingency included.
    pub from: Timestamp,
    pub until: Timestamp,
}

impl ClashFact {
    /// Somebody ruled that both go on.
    pub fn is_allowed(&self) -> bool {
        self.settled.is_some_and(crate::decide::clash::Way::lets_both)
    }

    /// It stands in the way of an approval. Freezes are asked for by a rule of their own.
    pub fn refuses(&self) -> bool {
        self.hard && self.rule != "BR-19f" && !self.is_allowed()
    }
}

/// The registration under which a safety officer signs for an organisation (spec 8.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    pub person: PersonId,
    /// Who appointed them.
    pub org: OrgId,
    /// GMC, NMC and so on.
    pub body: String,
    pub number: String,
    pub expires_on: Date,
}

/// A statement, agreed by a safety officer, that a routine pattern of work on these services needs no officer to
/// screen it (X8). Nobody has ended those fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    pub code: String,
    pub services: Vec<ServiceId>,
    pub expires_on: Date,
}

/// What depends on the things named (spec 10.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    pub services: BTreeSet<ServiceId>,
    pub orgs: BTreeSet<OrgId>,
    pub runs: BTreeSet<OrgId>,
    pub direct_care: bool,
    pub always_on: bool,
    pub network: bool,
}

/// Changes of the last year on the same services or equipment that were carried out, and how many of them failed or
/// were backed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LikeWork {
    pub changes: i64,
    pub failures: i64,
}

/// One use of an entry of the catalogue (spec 4.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseFact {
    pub change: crate::ids::ChangeId,
    pub sent_at: Timestamp,
    /// It came to nothing before work began.
    pub called_off: bool,
    /// The outcome, confirmed or proposed, and when the work ended.
    pub ended: Option<(crate::change::Outcome, Timestamp)>,
    /// When the last serious or clinical incident was linked to it.
    pub harm_at: Option<Timestamp>,
}

/// What is known of an entry of the catalogue, whoever used it: an entry is suspended for all or for nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryFact {
    pub entry: String,
    /// Uses that may still count for a limit or a suspension.
    pub uses: Vec<UseFact>,
    /// How many other changes had asked for it before this one, ever; no more than are asked about.
    pub earlier: i64,
    /// Since when it is suspended.
    pub suspended: Option<Timestamp>,
    /// When it was last looked at again.
    pub looked_at: Option<Timestamp>,
}

/// Everything fetched for one command. Unknown and unseen things are both simply absent (S02).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub orgs: Vec<OrgFact>,
    pub items: Vec<ItemFact>,
    pub services: Vec<ServiceFact>,
    pub sites: Vec<SiteFact>,
    pub people: Vec<PersonFact>,
    /// People named for a step or for go or no-go, with every organisation they work for.
    pub named: Vec<PersonFact>,
    /// Incidents that the actor may see and that the command or the change names.
    pub incidents: Vec<IncidentFact>,
    /// Dependants of the items and services named by the command or the change.
    pub reach: Reach,
    /// The register has a circuit at a site that is touched (BR-16c).
    pub site_circuits: bool,
    /// How like work went in the last year; `None` where nobody looked.
    pub like: Option<LikeWork>,
    /// Clashes of the window asked for by the command, or else of the change's own.
    pub clashes: Vec<ClashFact>,
    /// What other changes say of the AE titles and addresses that this one names.
    pub modalities: Vec<crate::modality::ModalityFact>,
    /// The words behind the free texts of the change, so that unchanged words are seen to be unchanged.
    pub prose: BTreeMap<TextId, String>,
    /// Who holds the roles that decide, where a decision is near (SD-10).
    pub holders: Vec<crate::cover::Holder>,
    /// The board whose scope covers the change, with its seats and meetings (BR-20).
    pub board: Option<crate::board::BoardFact>,
    /// Attached files by id, with name, size and hash, as the shell stored them.
    pub files: BTreeMap<i64, (String, i64, String)>,
    /// What the actor may agree to spend for the organisation that raised the change, in pence; nothing where nobody
    /// has said.
    pub spending_limits: BTreeMap<PersonId, i64>,
    /// That organisation wants orders to cover the tax too.
    pub order_covers_vat: bool,
    /// Rows of the actor's rate card, each with its days.
    pub rates: Vec<crate::charge::rates::RateFact>,
    /// Registrations of the actor, lapsed ones too.
    pub registrations: Vec<Registration>,
    /// Statements in force.
    pub patterns: Vec<Pattern>,
    /// The entry of the catalogue that the command or the change names.
    pub entry: Option<EntryFact>,
}

impl Facts {
    /// What somebody may agree to spend.
    pub fn spending_limit(&self, person: Option<PersonId>) -> Option<i64> {
        person.and_then(|p| self.spending_limits.get(&p)).copied()
    }

    /// The kind of an organisation.
    pub fn kind_of(&self, org: OrgId) -> Option<OrgKind> {
        self.orgs.iter().find(|o| o.id == org).map(|o| o.kind)
    }

    /// The agreed statements in force on a day that cover every service of the change, those that depend on it too.
    pub fn patterns_for(&self, change: &Change, today: Date) -> Vec<&Pattern> {
        let Some(content) = &change.content else { return vec![] };
        let mut services = content.header.services.iter().chain(&content.parties.derived_services).peekable();
        if services.peek().is_none() {
            return vec![];
        }
        let services: Vec<&ServiceId> = services.collect();
        self.patterns.iter().filter(|pattern| pattern.expires_on >= today && services.iter().all(|service| pattern.services.contains(service))).collect()
    }

    /// The organisation with this code.
    pub fn org_by_code(&self, code: &str) -> Option<&OrgFact> {
        self.orgs.iter().find(|o| o.code.eq_ignore_ascii_case(code))
    }
}

/// What to fetch before deciding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactsQuery {
    pub item_codes: BTreeSet<String>,
    pub service_codes: BTreeSet<String>,
    pub site_codes: BTreeSet<String>,
    pub person_emails: BTreeSet<String>,
    /// People of any working role.
    pub named_emails: BTreeSet<String>,
    /// References of incidents.
    pub incidents: BTreeSet<String>,
    pub items: BTreeSet<ItemId>,
    pub services: BTreeSet<ServiceId>,
    pub file_ids: BTreeSet<i64>,
    /// Like work that ended since then is counted; `None`: nobody asks.
    pub like_since: Option<Timestamp>,
    /// AE titles as they are compared, and addresses, of which other changes may speak.
    pub ae_keys: BTreeSet<String>,
    pub ips: BTreeSet<String>,
    /// Set while a decision is near: who decides at that moment, and the board (SD-10, BR-20).
    pub decides_at: Option<Timestamp>,
    /// Whether prices of the actor's rate card may be taken.
    pub rates: bool,
    /// The entry of the catalogue whose uses matter, and since when.
    pub entry: Option<(String, Timestamp)>,
    /// The window whose clashes matter.
    pub window: Option<crate::change::Window>,
}
