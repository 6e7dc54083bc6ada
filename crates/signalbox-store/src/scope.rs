//! Who looks: the one place that decides what a person may see (settled 8). Every query on changes takes a
//! [`Scope`] and puts one of its conditions into its SQL; what the condition leaves out is simply not there.

use crate::Value;
use signalbox_core::actor::{Actor, OrgKind, Role};
use signalbox_core::charge::sight::MoneySight;

/// Whose eyes a query looks through.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    person: i64,
    reach: Reach,
    /// Members of the Service Management group see open ones on the schedule and in reports.
    is_group: bool,
    /// The authority's change manager sees security-restricted ones too.
    manages_all: bool,
    /// Works for a supplier or for the network provider, who are asked about changes that do not name them.
    is_asked_unnamed: bool,
    money: MoneySight,
}

/// How far somebody sees beyond what they are a party to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reach {
    Parties = 0,
    /// The authority and auditors see every change that was sent.
    Sent = 1,
    /// The program itself sees everything.
    Everything = 2,
}

macro_rules! working {
    () => {
        "select m.org_id from memberships m join organisations a on a.id = m.org_id where m.person_id = $1 and m.ended_at is null and a.active = 1 and m.role not in ('SMG', 'ADM', 'AUD')"
    };
}

// The organisations for which the person works, and those for which these stand since a merger: what was closed before
// it stays readable. A membership that only reads makes nobody a party, and all of them are read live, so that a right
// that ends is gone at once.
macro_rules! own_orgs {
    () => {
        concat!("(", working!(), " union all select h.id from organisations h where h.merged_into in (", working!(), "))")
    };
}

// Whether the organisation of the membership `m` is this one, or stands for it.
macro_rules! is_org_of_member {
    ($org:literal) => {
        concat!("m.org_id in (", $org, ", (select h.merged_into from organisations h where h.id = ", $org, "))")
    };
}

// Drafts are the raiser's organisation's alone.
macro_rules! was_sent_or_own {
    () => {
        concat!("(c.private = 0 or $2 = 2 or c.org_id in ", own_orgs!(), ")")
    };
}

macro_rules! nobody_runs_it {
    () => {
        "not exists (select 1 from change_orgs r where r.change_id = c.id and r.part = 'runs')"
    };
}

// A party has a stake in the change. Beside them the program counts those who are asked to act without being named:
// the network provider where its line is touched, and the supplier where nobody is known to run what is touched.
macro_rules! is_party {
    () => {
        concat!(
            "($2 >= 1 or exists (select 1 from change_orgs o where o.change_id = c.id and o.org_id in ",
            own_orgs!(),
            ") or (c.private = 0 and exists (select 1 from memberships m join organisations a on a.id = m.org_id where m.person_id = $1
                and m.ended_at is null and a.active = 1 and m.role not in ('SMG', 'ADM', 'AUD')
                and ((a.kind = 'network' and c.network <> 'NOT_NEEDED') or (a.kind = 'supplier' and ",
            nobody_runs_it!(),
            ")))))"
        )
    };
}

// Security-restricted: the raiser, the change managers (the supplier's and the authority's, and the coordinator of the
// trust that raises it, who has to let it out), and the assessor of the security assessment.
macro_rules! may_read_restricted {
    () => {
        concat!(
            "(c.confidentiality <> 'security_restricted' or $2 = 2 or $4 = 1 or c.raised_by = $1
            or exists (select 1 from memberships m where m.person_id = $1 and m.ended_at is null and ((m.role = 'TCC' and ",
            is_org_of_member!("c.org_id"),
            ") or (m.role = 'SCM' and (exists (select 1 from change_orgs o where o.change_id = c.id and ",
            is_org_of_member!("o.org_id"),
            ") or ",
            nobody_runs_it!(),
            "))))
            or exists (select 1 from duties d join memberships m on m.person_id = $1 and m.ended_at is null and m.role = 'SASS'
                where d.change_id = c.id and d.kind = 'assessment' and d.about = 'security' and (d.org_id is null or d.org_id = m.org_id)
                and (m.service_id is null or exists (select 1 from change_services x where x.change_id = c.id and x.service_id = m.service_id))))"
        )
    };
}

/// On change pages, lists, search and the API: what the person is a party to. `c` is the row of `changes`; the
/// first parameters are those of [`Scope::params`].
pub const VISIBLE: &str = concat!("(", was_sent_or_own!(), " and ", is_party!(), " and ", may_read_restricted!(), " and $3 >= 0)");

/// The same for who [sees what names them](Scope::sees_what_names_them), where the change was found among those of their
/// organisations: to be a party is that, and to ask it of each row again was most of the time of their lists.
pub(crate) const VISIBLE_AMONG_OWN: &str = concat!("(", was_sent_or_own!(), " and ", may_read_restricted!(), " and $3 >= 0)");

/// On the schedule and in reports: the same, and what was sent and is open to the group, if only by its times.
pub const LISTED: &str = concat!(
    "((",
    was_sent_or_own!(),
    " and ",
    is_party!(),
    " and ",
    may_read_restricted!(),
    ") or ($3 = 1 and c.private = 0 and c.confidentiality <> 'security_restricted'))"
);

/// A column beside [`LISTED`]: 1 where the person may read the change itself, 0 where only its times are shown, as
/// "Restricted work".
pub const IS_READABLE: &str = concat!("case when c.confidentiality = 'open' or ", is_party!(), " then 1 else 0 end");

/// A column beside [`LISTED`]: 1 where the person may open the change's page, so that a list links to it.
pub const IS_PARTY: &str = concat!("case when ", is_party!(), " then 1 else 0 end");

/// Whether the person knows every site and service by name: the authority, administrators and auditors, and those who
/// work for whoever serves the sites.
pub(crate) const KNOWS_ESTATE: &str = "($2 >= 1 or exists (select 1 from memberships m join organisations a on a.id = m.org_id
    where m.person_id = $1 and m.ended_at is null and a.active = 1
    and (a.kind = 'authority' or m.role in ('ADM', 'AUD') or (a.kind in ('supplier', 'network') and m.role <> 'SMG'))))";

/// The organisations for which the person works, as a subquery.
pub(crate) const OWN_ORGS: &str = own_orgs!();

impl Scope {
    /// The scope of an actor. The system sees everything; it looks on behalf of nobody.
    pub fn of(actor: &Actor) -> Scope {
        let Some(person) = actor.person() else {
            return Scope { reach: Reach::Everything, is_group: true, manages_all: true, money: MoneySight::of(actor), ..Scope::visitor() };
        };
        let mut working = actor.memberships().iter().filter(|m| !matches!(m.role, Role::GroupMember | Role::Administrator));
        let sees_all = working.clone().any(|m| m.org_kind == OrgKind::Authority) || actor.holds(Role::Auditor);
        Scope {
            person: person.0,
            reach: if sees_all { Reach::Sent } else { Reach::Parties },
            is_group: actor.holds(Role::GroupMember) || working.next().is_some(),
            manages_all: actor.holds(Role::AuthorityManager),
            is_asked_unnamed: actor.is_of(OrgKind::Supplier) || actor.is_of(OrgKind::Network),
            money: MoneySight::of(actor),
        }
    }

    /// Somebody who has not signed in: sees no change, but for Tonight where the authority opened it.
    pub fn visitor() -> Scope {
        Scope { person: 0, reach: Reach::Parties, is_group: false, manages_all: false, is_asked_unnamed: false, money: MoneySight::default() }
    }

    /// What the authority as a body sees of the changes that were sent: for figures without a name, told to whoever
    /// writes its process. Restricted ones stay out.
    pub fn of_the_authority() -> Scope {
        Scope { reach: Reach::Sent, is_group: true, ..Scope::visitor() }
    }

    /// What the Service Management group reads of everybody's work: what is open by name, the rest by its times. For what is
    /// given out to its members as a whole, such as the copy of the schedule for the day when this program is down.
    pub fn of_the_group() -> Scope {
        Scope { is_group: true, ..Scope::visitor() }
    }

    /// The parameters `$1` to `$4` of the conditions.
    pub fn params(&self) -> Vec<Value> {
        vec![self.person.into(), (self.reach as i64).into(), self.is_group.into(), self.manages_all.into()]
    }

    /// Everything that such a person may open names one of their organisations, so that it may as well be looked for
    /// there: narrower than [`VISIBLE`] it is not.
    pub(crate) fn sees_what_names_them(&self) -> bool {
        self.reach == Reach::Parties && !self.is_asked_unnamed
    }

    /// Whose money they see.
    pub fn money(&self) -> &MoneySight {
        &self.money
    }

    /// The person who looks; 0 for the system and for visitors.
    pub fn person(&self) -> i64 {
        self.person
    }

    /// Whether the schedule and the reports are open to this person at all.
    pub fn reads_schedule(&self) -> bool {
        self.is_group || self.sees_all()
    }

    /// Whether it is the program itself.
    pub fn is_system(&self) -> bool {
        self.reach == Reach::Everything
    }

    /// Whether every sent change is seen.
    pub fn sees_all(&self) -> bool {
        self.reach != Reach::Parties
    }
}
