//! Who asks: a person with memberships, or the system. Roles are those of spec 3.1.

use crate::ids::{OrgId, PersonId, ServiceId};
use crate::words::vocabulary;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

vocabulary! {
    /// The four kinds of organisation that share one process.
    OrgKind {
        Trust = "trust", "trust";
        Supplier = "supplier", "supplier";
        Authority = "authority", "authority";
        Network = "network", "network provider";
    }
}

vocabulary! {
    /// Roles of spec 3.1; a membership gives one of them in one organisation, some for one service only.
    /// The words are the ones that process documents use (settled 12).
    Role {
        Requester = "REQ", "requester";
        Coordinator = "TCC", "trust coordinator";
        ServiceOwner = "TSO", "trust service owner";
        TrustSafety = "TCSO", "trust safety officer";
        Finance = "TFIN", "trust finance approver";
        SupplierManager = "SCM", "supplier change manager";
        Assessor = "SASS", "supplier assessor";
        Implementer = "SIMP", "implementer";
        Commercial = "SCOM", "supplier commercial";
        SupplierSafety = "SCSO", "supplier safety officer";
        Desk = "SDSK", "operations desk";
        AuthorityManager = "ACM", "authority change manager";
        AuthoritySafety = "ACSO", "authority safety officer";
        BoardMember = "CABM", "board member";
        TechnicalBoardMember = "TABM", "technical board member";
        EmergencyBoardMember = "ECABM", "emergency board member";
        NetworkDesk = "NNOC", "network provider desk";
        GroupMember = "SMG", "group member";
        Auditor = "AUD", "auditor";
        Administrator = "ADM", "administrator";
        OnCall = "OCM", "on call";
        OnCallSafety = "OCS", "on-call clinical decision";
    }
}

impl Role {
    /// Whether the holder may sign clinical decisions (SD-4; registration details come with the clinical issue).
    pub fn is_safety_officer(self) -> bool {
        matches!(self, Role::TrustSafety | Role::SupplierSafety | Role::AuthoritySafety)
    }

    /// X7: held while the rota says so and never given by hand.
    pub fn is_by_rota(self) -> bool {
        matches!(self, Role::OnCall | Role::OnCallSafety)
    }

    /// The kind of organisation whose people may hold the role; `None` where any may.
    pub fn org_kind(self) -> Option<OrgKind> {
        match self {
            Role::Coordinator | Role::ServiceOwner | Role::TrustSafety | Role::Finance => Some(OrgKind::Trust),
            Role::SupplierManager | Role::Assessor | Role::Commercial | Role::SupplierSafety => Some(OrgKind::Supplier),
            Role::AuthorityManager | Role::AuthoritySafety => Some(OrgKind::Authority),
            Role::NetworkDesk => Some(OrgKind::Network),
            _ => None,
        }
    }
}

/// One role of one person in one organisation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Membership {
    pub org: OrgId,
    pub org_kind: OrgKind,
    pub role: Role,
    /// Set when the role counts for this service only.
    pub service: Option<ServiceId>,
    /// Set when it is somebody else's, held for a time (SD-10).
    pub cover: Option<Box<Cover>>,
}

/// Whose membership it is that a delegate acts under. The delegate inherits every bar of both people (SD-10).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cover {
    pub person: PersonId,
    /// Every organisation of that person: who stands in for them is no more independent than they are.
    pub orgs: BTreeSet<OrgId>,
}

impl Membership {
    /// What an event keeps of acting under it.
    pub fn stamp(&self, person: PersonId) -> Stamp {
        Stamp { person: Some(person), org: Some(self.org), role: Some(self.role), for_person: self.cover.as_ref().map(|c| c.person) }
    }
}

/// Who asks for something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in person with every live membership.
    Person { id: PersonId, memberships: Vec<Membership> },
    /// The program itself: timers and follow-on steps.
    System,
}

impl Actor {
    /// The person, unless it is the system.
    pub fn person(&self) -> Option<PersonId> {
        match self {
            Actor::Person { id, .. } => Some(*id),
            Actor::System => None,
        }
    }

    /// All live memberships; none for the system.
    pub fn memberships(&self) -> &[Membership] {
        match self {
            Actor::Person { memberships, .. } => memberships,
            Actor::System => &[],
        }
    }

    /// Whether the person belongs to the organisation in any role.
    pub fn belongs_to(&self, org: OrgId) -> bool {
        self.memberships().iter().any(|m| m.org == org)
    }

    /// Whether the person holds the role in any organisation.
    pub fn holds(&self, role: Role) -> bool {
        self.memberships().iter().any(|m| m.role == role)
    }

    /// Whether the person holds the role in that organisation.
    pub fn holds_in(&self, role: Role, org: OrgId) -> bool {
        self.memberships().iter().any(|m| m.role == role && m.org == org)
    }

    /// Whether the person belongs to an organisation of this kind.
    pub fn is_of(&self, kind: OrgKind) -> bool {
        self.memberships().iter().any(|m| m.org_kind == kind)
    }
}

/// Who did something, as an event keeps it: person, the membership acted under, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// `None` for the system.
    pub person: Option<PersonId>,
    /// The organisation acted for.
    pub org: Option<OrgId>,
    /// The role acted under.
    pub role: Option<Role>,
    /// Whose membership it was, where somebody stood in for them (SD-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_person: Option<PersonId>,
}

impl Stamp {
    /// The stamp of the program itself.
    pub const SYSTEM: Stamp = Stamp { person: None, org: None, role: None, for_person: None };

    /// Everybody whose act it was: who acted, and for whom.
    pub fn people(&self) -> impl Iterator<Item = PersonId> {
        self.person.into_iter().chain(self.for_person)
    }

    /// Whether the person acted, or somebody acted for them.
    pub fn concerns(&self, person: PersonId) -> bool {
        self.people().any(|p| p == person)
    }

    /// Whether both have somebody in common: such two never count as two (SD-3, SD-8, SD-10).
    pub fn shares_a_person_with(&self, other: &Stamp) -> bool {
        self.people().any(|p| other.concerns(p))
    }
}
