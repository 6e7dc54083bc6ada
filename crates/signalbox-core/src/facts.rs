//! What a rule has to know beyond the change itself, fetched before deciding so that deciding does no I/O.

use crate::actor::OrgKind;
use crate::ids::{ItemId, OrgId, PersonId, ServiceId, SiteId, TextId};
use jiff::Timestamp;
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
    pub orgs: Vec<OrgId>,
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

/// Everything fetched for one command. Unknown and unseen things are both simply absent (S02).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub orgs: Vec<OrgFact>,
    pub items: Vec<ItemFact>,
    pub services: Vec<ServiceFact>,
    pub sites: Vec<SiteFact>,
    pub people: Vec<PersonFact>,
    /// Dependants of the items and services named by the command or the change.
    pub reach: Reach,
    /// Clashes of the window asked for by the command, or else of the change's own.
    pub clashes: Vec<ClashFact>,
    /// The words behind the free texts of the change, so that unchanged words are seen to be unchanged.
    pub prose: BTreeMap<TextId, String>,
    /// Attached files by id, with name, size and hash, as the shell stored them.
    pub files: BTreeMap<i64, (String, i64, String)>,
}

impl Facts {
    /// The kind of an organisation.
    pub fn kind_of(&self, org: OrgId) -> Option<OrgKind> {
        self.orgs.iter().find(|o| o.id == org).map(|o| o.kind)
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
    pub items: BTreeSet<ItemId>,
    pub services: BTreeSet<ServiceId>,
    pub file_ids: BTreeSet<i64>,
    /// The window whose clashes matter.
    pub window: Option<crate::change::Window>,
}
