//! The notice of a change as a network provider gets it: a calendar file for programs (MaintNote, spec 10.3), words for
//! people, and the answers in the order in which providers' own forms ask for them.

use jiff::Timestamp;
use signalbox_core::calendar::{self, local};
use signalbox_core::maintnote::{Status, Version};
use signalbox_store::directory::{self, NetworkAccount};
use signalbox_store::network::{self, Sent};
use signalbox_store::project::{self, Loaded};
use signalbox_store::{StoreError, Tx};

use crate::config::{BaseUrl, Team};
use crate::ical::{Calendar, Maintenance};

/// What stands for the title of work that is not open to everybody, as on the schedule.
pub const RESTRICTED: &str = "Restricted work";

/// What stands for an account that nobody has told us. The form wants one, and programs that read it refuse a notice without.
pub const NO_ACCOUNT: &str = "UNKNOWN";

/// One version of a notice with the names in it.
#[derive(Clone, Debug)]
pub struct Told {
    pub reference: String,
    pub own_reference: Option<String>,
    pub sent: Sent,
    /// The version of the same part before it.
    pub before: Option<Version>,
    /// The latest version of the same part.
    pub latest: Version,
    /// How many parts the change has.
    pub parts: u32,
    pub account: Option<NetworkAccount>,
    /// Empty where the words were removed.
    title: String,
    /// Who does the work, and the domain of their mail; nothing of restricted work.
    org: String,
    domain: Option<String>,
}

impl Told {
    /// Every version that was written down for a change.
    ///
    /// # Errors
    /// The store's.
    pub fn all(tx: &mut dyn Tx, loaded: &Loaded) -> Result<Vec<Told>, StoreError> {
        let all = network::notices(tx, loaded.change.id.0)?;
        let latest = network::latest(all.clone());
        let parts = latest.len() as u32;
        let org = directory::organisation(tx, loaded.change.org.0)?;
        let mut told: Vec<Told> = vec![];
        for sent in all {
            let account = sent.version.account.map(|id| directory::network_account(tx, id)).transpose()?.flatten();
            let before = told.last().map(|told| told.sent.version.clone()).filter(|before| before.part == sent.version.part);
            let newest = latest.iter().find(|one| one.version.part == sent.version.part).unwrap_or(&sent).version.clone();
            let open = org.as_ref().filter(|_| !sent.version.is_restricted);
            told.push(Told {
                reference: loaded.change.reference.clone(),
                own_reference: loaded.change.source_ref.clone().filter(|_| !sent.version.is_restricted),
                before,
                latest: newest,
                parts,
                account,
                title: loaded.prose.get(&sent.version.title.text.0).cloned().unwrap_or_default(),
                org: open.map(|org| org.name.clone()).unwrap_or_default(),
                domain: open.and_then(|org| org.email_domain.clone()),
                sent,
            });
        }
        Ok(told)
    }

    /// The version of this number.
    ///
    /// # Errors
    /// The store's.
    pub fn one(tx: &mut dyn Tx, change_id: i64, part: u32, sequence: u32) -> Result<Option<(Told, Loaded)>, StoreError> {
        let Some(loaded) = project::load(tx, change_id)? else { return Ok(None) };
        let found = Told::all(tx, &loaded)?.into_iter().find(|told| told.is(part, sequence));
        Ok(found.map(|told| (told, loaded)))
    }

    /// Whether it is the version of this number.
    pub fn is(&self, part: u32, sequence: u32) -> bool {
        (self.sent.version.part, self.sent.version.sequence) == (part, sequence)
    }

    pub fn version(&self) -> &Version {
        &self.sent.version
    }

    /// The title as the schedule shows it to everybody.
    pub fn title(&self) -> String {
        if self.version().is_restricted || self.title.is_empty() { RESTRICTED.to_owned() } else { self.title.clone() }
    }

    /// The name of its file, the same for every version.
    pub fn file_name(&self) -> String {
        let part = if self.version().part == 1 { String::new() } else { format!("-{}", self.version().part) };
        format!("{}-net{part}.ics", self.reference)
    }

    /// Whether what it asks to acknowledge is not what is planned any more.
    pub fn is_overtaken(&self) -> bool {
        let (this, latest) = (self.version(), &self.latest);
        !latest.status.is_open() || (this.start, this.end, &this.objects) != (latest.start, latest.end, &latest.objects)
    }

    /// The calendar file.
    pub fn to_calendar(&self, base: &BaseUrl, team: &Team) -> String {
        let (version, host) = (self.version(), base.host());
        let mut calendar = Calendar::new();
        calendar.maintenance(&Maintenance {
            uid: &version.uid(&self.reference, host),
            sequence: version.sequence,
            written_at: self.sent.written_at,
            start: version.start,
            end: version.end,
            summary: &self.title(),
            organizer: (&team.name, &team.email),
            provider: self.domain.as_deref().unwrap_or(host),
            account: self.account.as_ref().map_or(NO_ACCOUNT, |account| account.number.as_str()),
            id: &self.reference,
            own_id: self.own_reference.as_deref(),
            objects: &version.objects,
            impact: version.impact,
            status: version.status,
        });
        calendar.finish()
    }

    /// What it says in one sentence.
    pub fn sentence(&self) -> &'static str {
        match (self.version().status, self.version().sequence) {
            (Status::Tentative, 1) => "Work is planned that may take a line of yours out of service. It is not decided yet.",
            (Status::Tentative, _) => "This planned work has changed. It is not decided yet.",
            (Status::Confirmed, _) => "This work is scheduled and will be done.",
            (Status::InProcess, _) => "This work has begun.",
            (Status::Completed, _) => "This work is over, and what it took away is back.",
            (Status::Cancelled, _) => "This work will not be done: there is nothing to expect any more.",
        }
    }

    /// Label and value of what anybody may read who gets it.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let version = self.version();
        let mut facts = vec![
            ("Reference", self.reference.clone()),
            ("Notice", format!("{}, {}", version.sequence, version.status.words())),
            ("Start", moment(version.start)),
            ("Latest end", moment(version.end)),
            ("Longest duration", local::duration_words(version.end.duration_since(version.start))),
        ];
        if let Some(before) = self.before.as_ref().filter(|before| (before.start, before.end) != (version.start, version.end)) {
            facts.push(("Told before", format!("{} to {}", moment(before.start), moment(before.end))));
        }
        facts.extend([("Work", self.title()), ("Circuits", version.objects.join("\n")), ("Effect on them", version.impact.words().to_owned())]);
        facts.extend(self.account.as_ref().map(|account| ("Customer account", account.number.clone())));
        if !self.org.is_empty() {
            facts.push(("Done by", self.org.clone()));
        }
        facts.extend(self.own_reference.clone().map(|own| ("Their own reference", own)));
        facts
    }
}

/// By the clock in London: providers' forms ask for that.
pub fn moment(at: Timestamp) -> String {
    local::moment_words(at, &calendar::london())
}
