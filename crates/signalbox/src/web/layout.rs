//! The page shell: what stands round every page, decided before the template sees it.

/// What every page struct carries as `shell` and `layout.html` draws.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    pub title: String,
    /// None for a visitor who has not signed in.
    pub user: Option<ShellUser>,
    pub nav: Vec<NavLink>,
    /// Label and address, outermost first; the page itself is not one of them.
    pub crumbs: Vec<(String, String)>,
    pub help: HelpLine,
    /// When the page was made, in words: "Tuesday 17 November 2026 at 17:20 GMT".
    pub made_at: String,
    pub csrf: String,
    /// One sentence about what was just done.
    pub flash: Option<String>,
    pub demo: bool,
}

#[derive(Clone, Debug, Default)]
pub struct ShellUser {
    pub name: String,
    pub org_name: String,
    pub initials: String,
    pub may_raise: bool,
    pub may_setup: bool,
}

/// One item of the main menu.
#[derive(Clone, Debug, Default)]
pub struct NavLink {
    pub label: String,
    pub href: String,
    pub current: bool,
    /// How many things wait for this person; never used for news.
    pub count: Option<u32>,
}

/// How to reach the change team: stands on every page.
#[derive(Clone, Debug, Default)]
pub struct HelpLine {
    pub team: String,
    pub email: String,
    pub phone: String,
    pub hours: String,
}

impl HelpLine {
    /// The number as a `tel:` address wants it.
    pub fn dial(&self) -> String {
        self.phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
    }
}

/// A place in the main menu, in the order in which the menu shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Operations,
    Today,
    Schedule,
    Changes,
    Outages,
    Promises,
    Clinical,
    Boards,
    OnCall,
    Reports,
    Process,
    /// A page that no menu item leads to.
    Elsewhere,
}

/// The menu for a person. Desk roles see the operations board first; a visitor sees what is open to all.
pub fn menu(current: Place, signed_in: bool, at_the_desk: bool) -> Vec<NavLink> {
    let all = [
        (Place::Operations, "Operations board", "/ops"),
        (Place::Today, "Today", "/"),
        (Place::Schedule, "Schedule", "/schedule"),
        (Place::Changes, "Changes", "/changes"),
        (Place::Outages, "Outages and notices", "/outages"),
        (Place::Promises, "Promises", "/promises"),
        (Place::Boards, "Boards", "/boards"),
        (Place::OnCall, "On call", "/on-call"),
        (Place::Reports, "Reports", "/reports"),
        (Place::Process, "How it works", "/process"),
    ];
    all.into_iter()
        .filter(|(place, ..)| match place {
            Place::Operations => signed_in && at_the_desk,
            Place::Process => true,
            _ => signed_in,
        })
        .map(|(place, label, href)| NavLink { label: label.into(), href: href.into(), current: place == current, count: None })
        .collect()
}

/// The place of safety officers in the menu, after what they promised. Nobody else has it.
pub fn with_clinical(mut nav: Vec<NavLink>, current: Place) -> Vec<NavLink> {
    let at = nav.iter().position(|link| link.href == "/reports").unwrap_or(nav.len());
    nav.insert(at, NavLink { label: "Clinical safety".into(), href: "/clinical".into(), current: current == Place::Clinical, count: None });
    nav
}

impl Shell {
    /// A shell with invented people, for samples and tests of templates.
    pub fn sample(title: &str, place: Place) -> Shell {
        Shell {
            title: title.into(),
            user: Some(ShellUser { name: "Priya Nair".into(), org_name: "Halden".into(), initials: "PN".into(), may_raise: true, may_setup: true }),
            nav: menu(place, true, false),
            crumbs: Vec::new(),
            help: HelpLine {
                team: "Change team".into(),
                email: "change@halden.example".into(),
                phone: "020 7946 0100".into(),
                hours: "Monday to Friday, 08:00 to 18:00".into(),
            },
            made_at: "Tuesday 17 November 2026 at 17:20 GMT".into(),
            csrf: "sample-token".into(),
            flash: None,
            demo: false,
        }
    }
}
