//! Who asks: found by the guard once for each request, read by every page.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jiff::Timestamp;
use signalbox_core::actor::{Actor, Role};
use signalbox_core::ids::{OrgId, PersonId};
use signalbox_store::accounts::{ActorRow, TokenHash};

use super::csrf;
use super::layout::{HelpLine, NavLink, Place, Shell, ShellUser, menu, with_clinical};
use super::problem::Failure;
use crate::app::App;
use crate::clock::{IdSource, Token};

/// The door somebody came in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Nobody has signed in.
    Outside,
    /// A browser with a session.
    Session(TokenHash),
    /// A program with a token.
    Bearer,
}

/// Who asks. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Visitor {
    door: Door,
    who: Option<Arc<ActorRow>>,
    /// The organisation the person acts for, by name.
    org_name: Arc<str>,
    address: Option<IpAddr>,
    form_secret: Token,
    marks: Arc<Marks>,
    flash: Option<Arc<str>>,
    ids: IdSource,
}

/// What a page used of the visitor, which decides what cookies go back.
#[derive(Debug, Default)]
struct Marks {
    is_form_written: AtomicBool,
    is_flash_shown: AtomicBool,
}

impl Visitor {
    /// Somebody who has not signed in. `form_secret` comes from their cookie, or is fresh.
    pub(super) fn stranger(address: Option<IpAddr>, form_secret: Token, ids: IdSource) -> Visitor {
        Visitor { door: Door::Outside, who: None, org_name: "".into(), address, form_secret, marks: Arc::default(), flash: None, ids }
    }

    /// The same visitor, known now.
    pub(super) fn known(mut self, door: Door, who: ActorRow, org_name: &str, form_secret: Option<Token>) -> Visitor {
        self.door = door;
        self.who = Some(Arc::new(who));
        self.org_name = org_name.into();
        self.form_secret = form_secret.unwrap_or(self.form_secret);
        self
    }

    pub(super) fn with_flash(mut self, flash: Option<String>) -> Visitor {
        self.flash = flash.map(Into::into);
        self
    }

    /// By which door.
    pub fn door(&self) -> Door {
        self.door
    }

    /// The person and what they hold, as the store has it.
    pub fn row(&self) -> Result<&ActorRow, Failure> {
        self.who.as_deref().ok_or(Failure::SignIn)
    }

    /// The same, as the core wants it.
    pub fn actor(&self) -> Result<Actor, Failure> {
        Ok(self.row()?.to_core())
    }

    /// The person.
    pub fn person(&self) -> Result<PersonId, Failure> {
        Ok(PersonId(self.row()?.person.id))
    }

    /// Whether somebody has signed in.
    pub fn is_known(&self) -> bool {
        self.who.is_some()
    }

    /// Whether they hold the role anywhere.
    pub fn holds(&self, role: Role) -> bool {
        self.who.as_ref().is_some_and(|who| who.memberships.iter().any(|m| m.role == role))
    }

    /// The organisations where they hold the role.
    pub fn orgs_with(&self, role: Role) -> Vec<OrgId> {
        let held = self.who.iter().flat_map(|who| &who.memberships);
        held.filter(|m| m.role == role).map(|m| OrgId(m.org_id)).collect()
    }

    /// Where the request came from, for counting tries.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// A token for a form of this visitor.
    pub fn form_token(&self) -> String {
        self.marks.is_form_written.store(true, Ordering::Relaxed);
        csrf::token(&self.form_secret, self.ids.token())
    }

    pub(super) fn is_token_ours(&self, given: &str) -> bool {
        csrf::is_ours(&self.form_secret, given)
    }

    /// The cookie secret that a stranger needs for the form just written to them.
    pub(super) fn secret_to_keep(&self) -> Option<Token> {
        let is_needed = !self.is_known() && self.marks.is_form_written.load(Ordering::Relaxed);
        is_needed.then_some(self.form_secret)
    }

    pub(super) fn is_flash_shown(&self) -> bool {
        self.marks.is_flash_shown.load(Ordering::Relaxed)
    }

    /// What stands round a page.
    pub fn shell(&self, app: &App, title: &str, place: Place) -> Shell {
        let team = &app.config.team;
        let flash = self.flash.as_deref().map(str::to_owned);
        self.marks.is_flash_shown.store(flash.is_some(), Ordering::Relaxed);
        Shell {
            title: title.to_owned(),
            user: self.who.as_deref().map(|who| self.shell_user(who)),
            nav: self.menu(place),
            crumbs: Vec::new(),
            help: HelpLine { team: team.name.clone(), email: team.email.clone(), phone: team.telephone.clone(), hours: team.hours.clone() },
            made_at: moment(app.clock.now()),
            csrf: self.form_token(),
            flash,
            demo: app.config.is_demo,
        }
    }

    fn menu(&self, place: Place) -> Vec<NavLink> {
        let mut nav = menu(place, self.is_known(), self.is_at_the_desk());
        nav.retain(|link| link.href != "/boards" || self.sits_on_a_board());
        if self.is_safety_officer() { with_clinical(nav, place) } else { nav }
    }

    /// Whether they hold the role of a safety officer on any side.
    pub fn is_safety_officer(&self) -> bool {
        self.who.as_ref().is_some_and(|who| who.memberships.iter().any(|m| m.role.is_safety_officer()))
    }

    /// Whether boards are any concern of theirs: who sits on one holds a role for it.
    fn sits_on_a_board(&self) -> bool {
        let roles = [Role::BoardMember, Role::TechnicalBoardMember, Role::EmergencyBoardMember, Role::AuthorityManager, Role::Auditor];
        roles.into_iter().any(|role| self.holds(role))
    }

    fn is_at_the_desk(&self) -> bool {
        self.holds(Role::Desk) || self.holds(Role::NetworkDesk)
    }

    fn shell_user(&self, who: &ActorRow) -> ShellUser {
        let raises = [Role::Requester, Role::Coordinator, Role::SupplierManager, Role::AuthorityManager];
        ShellUser {
            name: who.person.name.clone(),
            org_name: self.org_name.to_string(),
            initials: who.person.name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect(),
            may_raise: raises.into_iter().any(|role| self.holds(role)),
            may_setup: [Role::Administrator, Role::Coordinator, Role::Commercial].into_iter().any(|role| self.holds(role)),
        }
    }
}

/// A moment in words, as UK clocks show it.
pub fn moment(at: Timestamp) -> String {
    // The zone is compiled in; were it missing, the same instant in UTC is still right.
    let zone = jiff::tz::TimeZone::get("Europe/London").unwrap_or(jiff::tz::TimeZone::UTC);
    at.to_zoned(zone).strftime("%A %-d %B %Y at %H:%M %Z").to_string()
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Visitor, Failure> {
        let found = parts.extensions.get::<Visitor>().cloned();
        // Only a route mounted outside the guard comes here.
        found.ok_or_else(|| Failure::bug(&"a route stands outside the guard"))
    }
}
