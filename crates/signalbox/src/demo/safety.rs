//! Clinical safety in the demonstration: hazards that were rated and accepted, some that nobody rated yet, one that
//! waits for its second signature, and rejections with their forms.

use signalbox_core::act::Act;
use signalbox_core::change::Kind;

use super::Unmade;
use super::cast::KITS;
use super::deeds::{SCREEN, Stage};
use super::stories::Story;

const HELEN: &str = "helen.sato@halden.example";

/// What could go wrong, what it would do to care, and what guards against it.
const HAZARDS: [(&str, &str, &str); 3] = [
    (
        "Old images cannot be seen in theatre",
        "An operation waits, or goes on without the earlier films.",
        "Films of the last 90 days stay on the workstations.",
    ),
    ("A result stands under the wrong patient", "Somebody is treated for another's illness.", "Name and date of birth are shown beside each result."),
    ("An order is sent twice", "Blood is taken twice, or a dose is given twice.", "The ward's list shows what was taken."),
];

impl Stage<'_> {
    /// Screens, and plays the part that falls to this story.
    pub(super) fn screen(&self, id: i64, story: &Story, n: usize) -> Result<(), Unmade> {
        let is_clinical = KITS[story.kit].direct_care && story.kind == Kind::Normal;
        let part = if story.start > self.until { n % 8 } else { n % 2 };
        if !is_clinical || part == 1 || part == 7 {
            // An outage of what direct care uses is screened by an officer.
            if story.kind == Kind::PlannedOutage {
                self.by_helen(id, Act::Screen, &SCREEN)?;
            }
            return self.anybody(id, Act::Screen, &SCREEN);
        }
        self.find_hazard(id, n)?;
        match part {
            // Nobody has rated it yet.
            3 => Ok(()),
            2 => self.undesirable(id, story),
            5 => self.reject(id),
            _ => self.accept_clinically(id),
        }
    }

    /// It touches care: what could go wrong is written down.
    fn find_hazard(&self, id: i64, n: usize) -> Result<(), Unmade> {
        let mut yes = SCREEN;
        yes[0].1 = "yes";
        self.anybody(id, Act::Screen, &yes)?;
        let (hazard, effect, existing) = HAZARDS[n % HAZARDS.len()];
        self.anybody(
            id,
            Act::Hazard,
            &[("hazard", hazard), ("effect", effect), ("existing", existing), ("causes", "The work itself, or a step that is left out.")],
        )
    }

    /// A hazard is found, rated and accepted.
    pub(super) fn accept_risk(&self, id: i64, n: usize) -> Result<(), Unmade> {
        let mut yes = SCREEN;
        yes[0].1 = "yes";
        self.by_helen(id, Act::Screen, &yes)?;
        self.find_hazard(id, n)?;
        self.accept_clinically(id)
    }

    /// Whether an officer is registered is asked when they act, so she is not among those who are offered an act.
    fn by_helen(&self, id: i64, act: Act, fields: &[(&str, &str)]) -> Result<(), Unmade> {
        self.person(HELEN, id, act, fields)
    }

    fn accept_clinically(&self, id: i64) -> Result<(), Unmade> {
        let fields = [
            ("which", "H1"),
            ("harm", "minor"),
            ("patients", "many"),
            ("likelihood", "high"),
            ("control_1", "A second person reads the first twenty results against the old list."),
            ("control_1_state", "verified"),
            ("residual_likelihood", "very_low"),
            ("why", "What is left is an inconvenience that the ward notices at once."),
        ];
        self.by_helen(id, Act::Rate, &fields)?;
        self.by_helen(id, Act::Clear, &[("words", "Hazard log 14 read with the lead user. Acceptable with the check in place.")])
    }

    /// Residual 3: the trust's officer has still to sign.
    fn undesirable(&self, id: i64, story: &Story) -> Result<(), Unmade> {
        let fields =
            [("which", "H1"), ("harm", "death"), ("patients", "one"), ("likelihood", "low"), ("why", "It cannot be ruled out while there is one archive.")];
        self.by_helen(id, Act::Rate, &fields)?;
        let until = super::local(story.end, 14, 12, 0).to_string();
        self.by_helen(id, Act::Clear, &[("impractical", "there is one archive, and a second comes next year."), ("until", &until[..10])])
    }

    fn reject(&self, id: i64) -> Result<(), Unmade> {
        let fields = [("which", "H1"), ("harm", "death"), ("patients", "many"), ("likelihood", "low"), ("why", "Nothing covers the theatres at night.")];
        self.by_helen(id, Act::Rate, &fields)?;
        let form = [
            ("ground", "hazard"),
            ("scope", "The system at this hospital, wards and theatres, every patient treated during the work."),
            ("documents", "Clinical safety case 3.2\nHazard log, version 14\nTest report of the trial"),
            ("not_changing_harm", "inconvenience"),
            ("not_changing_patients", "many"),
            ("not_changing_likelihood", "medium"),
            ("not_changing", "The present version is slow on Monday mornings and loses nothing."),
            ("alternatives", "Half of the wards first; a night with no elective list; both versions side by side for a week."),
            ("resubmit_1", "Theatres can see old images from another place during the work."),
            ("resubmit_1_evidence", "A study opened in theatre 2 with the archive off."),
            ("resubmit_1_judge", "The lead radiographer and the theatre manager"),
            ("consulted", "Lead radiographer, theatre manager, yesterday."),
            ("no_conflict", "yes"),
        ];
        self.by_helen(id, Act::RejectClinically, &form)
    }
}
