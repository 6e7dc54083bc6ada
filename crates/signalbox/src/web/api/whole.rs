//! A change with everything that its page prints.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use signalbox_core::actor::Stamp;
use signalbox_core::change::{Change, Stage};
use signalbox_core::consequence::Settled;
use signalbox_core::decide::notice::is_provisional;
use signalbox_core::form::{Answer, Answers};
use signalbox_core::ids::OrgId;
use signalbox_core::process::Process;
use signalbox_core::text::Text;
use signalbox_store::project::{clinical_code, network_code};
use signalbox_store::queries::change::ChangePage;
use utoipa::ToSchema;

pub use super::answers::AnswerValue;
use super::answers::{in_words, typed};
use super::shapes::{
    BasisCode, ConfidentialityCode, ConsequenceCode, DisputeCode, KindCode, Named, Notice, NoticeDisputeShape, OutcomeCode, RoleCode, SettledShape, State,
    VerdictCode, WindowShape, at,
};

/// A change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Change)]
pub struct Whole {
    pub id: String,
    pub reference: String,
    #[schema(required)]
    pub source_ref: Option<String>,
    pub version: i64,
    pub kind: KindCode,
    pub state: State,
    #[schema(format = DateTime)]
    pub state_since: String,
    /// The title as sent, or as typed so far.
    pub title: String,
    /// The process document that it began under.
    pub process: ProcessRef,
    pub parties: PartiesShape,
    pub raised_by: By,
    /// The organisation that raised it, where that has merged into another since.
    #[schema(required)]
    pub raised_as: Option<Named>,
    #[schema(format = DateTime)]
    pub raised_at: String,
    #[schema(required)]
    pub on_behalf_of: Option<String>,
    pub confidentiality: ConfidentialityCode,
    #[schema(required)]
    pub window: Option<WindowShape>,
    #[schema(required)]
    pub notice: Option<Notice>,
    #[schema(required)]
    pub late_reason: Option<String>,
    /// What was missing when it was returned.
    pub defects: Vec<String>,
    pub items: Vec<Named>,
    /// The services that were named or stand on the items.
    pub services: Vec<Named>,
    /// Services that depend on what is touched.
    pub dependants: Vec<Named>,
    pub sites: Vec<Named>,
    pub tracks: Tracks,
    #[schema(required)]
    pub classification: Option<ClassificationShape>,
    #[schema(required)]
    pub promise: Option<PromiseShape>,
    pub assessments: Vec<AssessmentShape>,
    pub approvals: Vec<ApprovalShape>,
    pub conditions: Vec<ConditionShape>,
    pub work: WorkShape,
    #[schema(required)]
    pub review: Option<ReviewShape>,
    #[schema(required)]
    pub outcome: Option<OutcomeCode>,
    #[schema(required, format = DateTime)]
    pub closed_at: Option<String>,
    /// What to know before going on, though nothing stands in the way.
    pub warnings: Vec<WarningShape>,
    /// The answers as sent, by question.
    pub answers: BTreeMap<String, AnswerShape>,
    /// What is typed and not yet sent; only for the organisation that writes it.
    #[schema(required)]
    pub draft: Option<DraftShape>,
    pub files: Vec<FileShape>,
}

/// Which process document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessRef {
    pub id: String,
    pub version: u32,
    pub hash: String,
}

/// Who did something, under which role and for which organisation. The name is empty for the program itself, for
/// history, and for somebody who was erased.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct By {
    pub name: String,
    #[schema(required)]
    pub organisation: Option<Named>,
    #[schema(required)]
    pub role: Option<RoleCode>,
}

/// The organisations that a change concerns.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Parties)]
pub struct PartiesShape {
    pub raiser: Named,
    pub runs: Vec<Named>,
    pub affected: Vec<Named>,
    #[schema(required)]
    pub implementer: Option<By>,
}

/// The tracks beside the main stage.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tracks {
    pub clinical: String,
    pub network: String,
}

/// Impact, risk and category.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Classification)]
pub struct ClassificationShape {
    pub impact: u8,
    pub risk: u8,
    pub band: String,
    pub category: String,
    #[schema(required)]
    pub lowered_from: Option<String>,
}

/// What the supplier promises for an outage.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Promise)]
pub struct PromiseShape {
    #[schema(required)]
    pub take_down_by: Option<String>,
    #[schema(required)]
    pub restore_by: Option<String>,
    #[schema(required)]
    pub phone: Option<String>,
    #[schema(required)]
    pub times: Option<String>,
}

/// An assessment that is owed or given.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Assessment)]
pub struct AssessmentShape {
    pub kind: String,
    #[schema(required)]
    pub organisation: Option<Named>,
    #[schema(format = DateTime)]
    pub due_at: String,
    /// Silence past that time counts as no objection.
    pub silence_counts: bool,
    #[schema(required)]
    pub given: Option<GivenShape>,
}

/// An assessment as given.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Given)]
pub struct GivenShape {
    pub by: By,
    #[schema(format = DateTime)]
    pub at: String,
    pub objects: bool,
    #[schema(required)]
    pub finding: Option<String>,
}

/// An approval; void since the moment given, if it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Approval)]
pub struct ApprovalShape {
    pub by: By,
    #[schema(format = DateTime)]
    pub at: String,
    /// The hash of the answers that were approved.
    pub content: String,
    #[schema(required)]
    pub window: Option<WindowShape>,
    #[schema(required)]
    pub words: Option<String>,
    #[schema(required, format = DateTime)]
    pub void_at: Option<String>,
}

/// A condition of an approval.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Condition)]
pub struct ConditionShape {
    pub number: u32,
    #[schema(required)]
    pub what: Option<String>,
    #[schema(required)]
    pub owner: Option<Named>,
    #[schema(format = Date)]
    pub due: String,
    #[schema(required, format = DateTime)]
    pub met_at: Option<String>,
}

/// Work on the night.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Work)]
pub struct WorkShape {
    #[schema(required, format = DateTime)]
    pub started_at: Option<String>,
    #[schema(required, format = DateTime)]
    pub expected_end: Option<String>,
    pub restored: Vec<RestoredShape>,
    #[schema(required, format = DateTime)]
    pub backing_out_at: Option<String>,
    #[schema(required, format = DateTime)]
    pub finished_at: Option<String>,
    #[schema(required)]
    pub proposed_outcome: Option<OutcomeCode>,
    pub overran: bool,
    /// Departures from the rules: marked, never a reason to refuse.
    pub deviations: Vec<String>,
}

/// A service that is back.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Restored)]
pub struct RestoredShape {
    #[schema(required)]
    pub service: Option<Named>,
    #[schema(format = DateTime)]
    pub at: String,
}

/// The review after the work.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Review)]
pub struct ReviewShape {
    #[schema(required, format = DateTime)]
    pub due_at: Option<String>,
    pub because: Vec<String>,
    #[schema(required, format = DateTime)]
    pub done_at: Option<String>,
    #[schema(required)]
    pub words: Option<String>,
}

/// An answer: the question, the value as it can be sent again, and the same in words.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Answer)]
pub struct AnswerShape {
    pub question: String,
    /// Text, number, yes or no as true or false, a list, a window or a person with a telephone number.
    #[schema(value_type = AnswerValue)]
    pub value: Value,
    pub words: String,
}

/// Something to know before going on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Warning)]
pub struct WarningShape {
    pub code: String,
    pub detail: String,
}

/// What is typed and not yet sent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Draft)]
pub struct DraftShape {
    /// Counts the saves.
    pub rev: i64,
    #[schema(format = DateTime)]
    pub saved_at: String,
    #[schema(value_type = BTreeMap<String, AnswerValue>)]
    pub answers: Map<String, Value>,
}

/// An attached file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = File)]
pub struct FileShape {
    pub id: String,
    pub name: String,
    pub bytes: i64,
    pub sha256: String,
}

/// A page turned into its answer.
pub struct Telling<'a> {
    pub page: &'a ChangePage,
    pub process: &'a Process,
}

impl Telling<'_> {
    /// The whole change.
    pub fn whole(&self) -> Whole {
        let (page, change) = (self.page, &self.page.loaded.change);
        let named = |ids: &mut dyn Iterator<Item = i64>, from: &BTreeMap<i64, signalbox_store::queries::Named>| -> Vec<Named> {
            ids.filter_map(|id| from.get(&id)).map(Named::from).collect()
        };
        let services = |derived: bool| {
            named(&mut page.services.keys().copied().filter(|id| self.touches_service(*id) && page.derived_services.contains(id) == derived), &page.services)
        };
        let header = change.content.as_ref().map(|c| &c.header);
        Whole {
            id: change.id.to_string(),
            reference: change.reference.clone(),
            source_ref: change.source_ref.clone(),
            version: change.version,
            kind: KindCode::of(change.kind),
            state: State::of(change.stage),
            state_since: change.stage_since.to_string(),
            title: self.title(),
            process: ProcessRef { id: self.process.id.clone(), version: self.process.version, hash: change.process.clone() },
            parties: self.parties(),
            raised_by: self.by(&change.raised_by),
            raised_as: change.raised_as.and_then(|org| self.org(org)),
            raised_at: change.raised_at.to_string(),
            on_behalf_of: self.words(change.on_behalf_of.as_ref()),
            confidentiality: ConfidentialityCode::of(header.map_or(signalbox_core::change::Confidentiality::Open, |h| h.confidentiality)),
            window: change.window().map(WindowShape::from),
            notice: self.notice(),
            late_reason: change.late_reason.clone(),
            defects: change.defects.iter().filter_map(|text| self.words(Some(text))).collect(),
            items: page.items.values().map(|line| Named::from(&line.item)).collect(),
            services: services(false),
            dependants: services(true),
            sites: named(&mut header.iter().flat_map(|h| &h.sites).map(|s| s.0), &page.sites),
            tracks: Tracks { clinical: clinical_code(&change.clinical).to_lowercase(), network: network_code(&change.network).to_lowercase() },
            classification: self.classification(),
            promise: self.promise(),
            assessments: self.assessments(),
            approvals: self.approvals(),
            conditions: self.conditions(),
            work: self.work(),
            review: self.review(),
            outcome: change.outcome.map(OutcomeCode::of),
            closed_at: at(change.closed_at),
            warnings: self.warnings(),
            answers: self.answers(),
            draft: self.draft(),
            files: page.files.iter().map(|f| FileShape { id: f.id.to_string(), name: f.name.clone(), bytes: f.bytes, sha256: f.sha256.clone() }).collect(),
        }
    }

    /// The revision of the draft that this reader may write, part of the ETag.
    pub fn rev(&self) -> Option<i64> {
        self.page.draft.as_ref().map(|d| d.rev)
    }

    /// Who, with the organisation's name.
    pub fn by(&self, stamp: &Stamp) -> By {
        let name = stamp.person.and_then(|p| self.page.people.get(&p.0)).cloned().unwrap_or_default();
        By { name, organisation: stamp.org.and_then(|org| self.org(org)), role: stamp.role.map(RoleCode::of) }
    }

    fn change(&self) -> &Change {
        &self.page.loaded.change
    }

    fn touches_service(&self, id: i64) -> bool {
        let change = self.change();
        let is_named = change.content.iter().flat_map(|c| &c.header.services).any(|s| s.0 == id);
        is_named || self.page.derived_services.contains(&id)
    }

    /// The words behind a reference; none once they were erased.
    pub fn words(&self, text: Option<&Text>) -> Option<String> {
        text.and_then(|text| self.page.loaded.prose.get(&text.text.0)).cloned()
    }

    fn org(&self, id: OrgId) -> Option<Named> {
        self.page.orgs.get(&id.0).map(Named::from)
    }

    fn title(&self) -> String {
        let typed = self.page.draft.as_ref().and_then(|d| d.raw.get("title")).and_then(|t| t.first());
        let sent = self.change().content.as_ref().and_then(|c| self.words(Some(&c.header.title)));
        sent.or_else(|| typed.map(|t| t.trim().to_owned())).unwrap_or_default()
    }

    fn parties(&self) -> PartiesShape {
        let change = self.change();
        let parties = change.parties();
        // The raising organisation is read with the page; a name that is missing is still an organisation.
        let raiser = self.org(change.org).unwrap_or(Named { id: change.org.to_string(), code: String::new(), name: String::new() });
        let implementer = change.implementer.map(|(person, org)| self.by(&Stamp { person: Some(person), org: Some(org), role: None, for_person: None }));
        let all = |orgs: &std::collections::BTreeSet<OrgId>| orgs.iter().filter_map(|org| self.org(*org)).collect();
        PartiesShape { raiser, runs: all(&parties.runs), affected: all(&parties.affected), implementer }
    }

    fn notice(&self) -> Option<Notice> {
        let notice = self.change().notice()?;
        Some(Notice {
            verdict: VerdictCode::of(notice.verdict),
            days: notice.days,
            asked: notice.asked,
            basis: BasisCode::of(notice.basis),
            consequence: Some(ConsequenceCode::of(self.change().consequence.unwrap_or(notice.consequence))),
            defective: notice.defective,
            received_at: at(Some(notice.received_at)),
            last_in_time: Some(notice.last_in_time.to_string()),
            provisional: Some(is_provisional(self.process, self.change())),
            calendar_version: Some(notice.calendar_version.clone()),
            settled: self.change().notice_course.settled.as_ref().map(|settled| self.settled(settled)),
            dispute: self.change().notice_course.dispute.as_ref().map(|dispute| NoticeDisputeShape {
                state: DisputeCode::of(dispute.state()),
                reason: self.words(Some(&dispute.reason)).unwrap_or_default(),
                by: self.by(&dispute.by),
                at: dispute.at.to_string(),
                decided: dispute.end.as_ref().map(|end| self.settled(end)),
            }),
        })
    }

    fn settled(&self, settled: &Settled) -> SettledShape {
        SettledShape { consequence: ConsequenceCode::of(settled.consequence), by: self.by(&settled.by), at: settled.at.to_string() }
    }

    fn classification(&self) -> Option<ClassificationShape> {
        let class = self.change().classification.as_ref()?;
        Some(ClassificationShape {
            impact: class.impact,
            risk: class.risk,
            band: class.band.clone(),
            category: class.category.clone(),
            lowered_from: class.lowered_from.clone(),
        })
    }

    fn promise(&self) -> Option<PromiseShape> {
        let promise = self.change().promise.as_ref()?;
        let words = |text| self.words(Some(text));
        Some(PromiseShape {
            take_down_by: words(&promise.take_down_by),
            restore_by: words(&promise.restore_by),
            phone: words(&promise.phone),
            times: self.words(promise.times.as_ref()),
        })
    }

    fn assessments(&self) -> Vec<AssessmentShape> {
        let shape = |a: &signalbox_core::change::Assessment| AssessmentShape {
            kind: a.asked.kind.code().to_owned(),
            organisation: a.asked.org.and_then(|org| self.org(org)),
            due_at: a.asked.due_at.to_string(),
            silence_counts: a.asked.silence_counts,
            given: a.given.as_ref().map(|g| GivenShape { by: self.by(&g.by), at: g.at.to_string(), objects: g.objects, finding: self.words(Some(&g.finding)) }),
        };
        self.change().assessments.values().map(shape).collect()
    }

    fn approvals(&self) -> Vec<ApprovalShape> {
        let shape = |a: &signalbox_core::change::Approval| ApprovalShape {
            by: self.by(&a.by),
            at: a.at.to_string(),
            content: a.content.clone(),
            window: a.window.map(WindowShape::from),
            words: self.words(a.words.as_ref()),
            void_at: at(a.void),
        };
        self.change().approvals.iter().map(shape).collect()
    }

    fn conditions(&self) -> Vec<ConditionShape> {
        let shape = |c: &signalbox_core::change::Condition| ConditionShape {
            number: c.number,
            what: self.words(Some(&c.condition.what)),
            owner: self.org(c.condition.owner),
            due: c.condition.due.to_string(),
            met_at: at(c.met.as_ref().map(|(_, at, _)| *at)),
        };
        self.change().conditions.iter().map(shape).collect()
    }

    fn work(&self) -> WorkShape {
        let work = &self.change().work;
        let happened = |told: &Option<signalbox_core::event::Told>| at(told.as_ref().map(|t| t.happened_at));
        WorkShape {
            started_at: happened(&work.started),
            expected_end: at(work.expected_end),
            restored: work
                .restored
                .iter()
                .map(|(id, at)| RestoredShape { service: self.page.services.get(&id.0).map(Named::from), at: at.to_string() })
                .collect(),
            backing_out_at: happened(&work.backing_out),
            finished_at: happened(&work.finished),
            proposed_outcome: work.proposed.map(OutcomeCode::of),
            overran: work.overran,
            deviations: work.deviations.iter().cloned().collect(),
        }
    }

    fn review(&self) -> Option<ReviewShape> {
        let change = self.change();
        if change.review_due.is_none() && change.review.is_none() {
            return None;
        }
        let (due, because) = change.review_due.clone().map_or((None, vec![]), |(due, because)| (Some(due), because));
        let done = change.review.as_ref();
        Some(ReviewShape { due_at: at(due), because, done_at: at(done.map(|(_, at, _)| *at)), words: done.and_then(|(_, _, words)| self.words(Some(words))) })
    }

    fn warnings(&self) -> Vec<WarningShape> {
        let found = signalbox_core::decide::warnings::of(&signalbox_core::calendar::london(), self.change());
        found.iter().map(|one| WarningShape { code: one.code.to_owned(), detail: crate::words::warning(one) }).collect()
    }

    fn answers(&self) -> BTreeMap<String, AnswerShape> {
        let answers = self.change().content.iter().flat_map(|c| &c.answers);
        let question = |id: &str| self.process.question(id).map_or(id.to_owned(), |q| q.text.clone());
        let shape = |(id, answer): (&String, &Answer)| {
            let value = self.value(answer);
            (id.clone(), AnswerShape { question: question(id), words: in_words(&value), value })
        };
        answers.map(shape).collect()
    }

    fn value(&self, answer: &Answer) -> Value {
        let text = |text: &Text| self.words(Some(text)).unwrap_or_default();
        let codes =
            |ids: &mut dyn Iterator<Item = i64>, code: &dyn Fn(i64) -> Option<String>| ids.map(|id| code(id).unwrap_or_default()).collect::<Vec<_>>().into();
        match answer {
            Answer::Text(words) => text(words).into(),
            Answer::Choice(code) => code.as_str().into(),
            Answer::Choices(codes) => codes.clone().into(),
            Answer::Yes(yes) => (*yes).into(),
            Answer::Number(n) => (*n).into(),
            Answer::Window { start, end, .. } => json!({"start": start.to_string(), "end": end.to_string()}),
            Answer::Moment { at, .. } => at.to_string().into(),
            Answer::Date(date) => date.to_string().into(),
            Answer::Items(ids) => codes(&mut ids.iter().map(|i| i.0), &|id| self.page.items.get(&id).map(|i| i.item.code.clone())),
            Answer::Services(ids) => codes(&mut ids.iter().map(|i| i.0), &|id| self.page.services.get(&id).map(|s| s.code.clone())),
            Answer::Sites(ids) => codes(&mut ids.iter().map(|i| i.0), &|id| self.page.sites.get(&id).map(|s| s.code.clone())),
            Answer::Person { name, phone } => json!({"name": text(name), "phone": text(phone)}),
            Answer::List(texts) => texts.iter().map(text).collect::<Vec<_>>().into(),
            Answer::Files(ids) => ids.iter().map(|id| id.to_string()).collect::<Vec<_>>().into(),
            Answer::Value(value) => value.as_str().into(),
            Answer::Rows(rows) => {
                let row = |cells: &Answers| cells.iter().map(|(column, cell)| (column.clone(), self.value(cell))).collect::<Map<_, _>>();
                rows.iter().map(row).collect::<Vec<_>>().into()
            }
        }
    }

    fn draft(&self) -> Option<DraftShape> {
        let draft = self.page.draft.as_ref()?;
        let saved_at = jiff::Timestamp::from_microsecond(draft.saved_at).unwrap_or_default();
        Some(DraftShape { rev: draft.rev, saved_at: saved_at.to_string(), answers: typed(self.process, &draft.raw) })
    }
}

/// What is private to the raiser's organisation until it is sent.
pub fn is_written(stage: Stage) -> bool {
    stage.is_draft() || matches!(stage, Stage::Returned | Stage::ClinRejected | Stage::Rejected)
}
