-- Projections of the event log: every row can be made again from the events (`rebuild`), and `verify` compares.
-- Only drafts, files, watchers and what somebody last looked at are kept for themselves.

create table changes(
  id                BIGINT primary key not null,
  reference         TEXT not null unique,
  source_ref        TEXT,
  kind              TEXT not null,
  process           TEXT not null,
  org_id            BIGINT not null,
  raised_by         BIGINT,
  raised_at         BIGINT not null,
  title             TEXT not null,
  stage             TEXT not null,
  stage_since       BIGINT not null,
  version           BIGINT not null,
  revision          BIGINT not null,
  -- 1: written by its organisation and seen by it alone (settled 8).
  private           BIGINT not null check (private in (0, 1)),
  confidentiality   TEXT not null,
  window_start      BIGINT,
  window_end        BIGINT,
  contingency_end   BIGINT,
  -- 1: the window holds its items on the schedule.
  holds_window      BIGINT not null check (holds_window in (0, 1)),
  received_at       BIGINT,
  notice_verdict    TEXT,
  notice_days       BIGINT,
  notice_asked      BIGINT,
  notice_basis      TEXT,
  notice_defective  BIGINT,
  consequence       TEXT,
  late_reason       TEXT,
  impact            BIGINT,
  risk              BIGINT,
  category          TEXT,
  direct_care       BIGINT not null,
  clinical          TEXT not null,
  network           TEXT not null,
  approved_at       BIGINT,
  implementer       BIGINT,
  implementer_org   BIGINT,
  started_at        BIGINT,
  expected_end      BIGINT,
  finished_at       BIGINT,
  overran           BIGINT not null,
  deviations        TEXT not null,
  proposed          TEXT,
  outcome           TEXT,
  closed_at         BIGINT,
  review_due        BIGINT,
  -- 1: longer than the schedule's bound of 14 days (settled 15).
  long              BIGINT not null,
  imported          BIGINT not null,
  updated_at        BIGINT not null
) {{strict}};
create unique index changes_source on changes (org_id, source_ref) where source_ref is not null;
create index changes_source_ref on changes (source_ref, id) where source_ref is not null;
create index changes_stage on changes (stage, id);
create index changes_kind on changes (kind, id);
create index changes_org on changes (org_id, id);
create index changes_window on changes (window_start, id) where window_start is not null;
create index changes_long on changes (window_start) where long = 1;
create index changes_raised on changes (raised_by, id);
-- The day to which a report counts an outcome: when the work ended, for history when it was planned to.
create index changes_ended on changes ((coalesce(finished_at, case when imported = 1 then window_end else closed_at end)), id) where outcome is not null;
create index changes_implementer on changes (implementer, stage) where implementer is not null;
create index changes_network on changes (network, id);
create index changes_updated on changes (updated_at, id);

-- Every organisation with a stake, and in what part (settled 8).
create table change_orgs(
  change_id  BIGINT not null,
  org_id     BIGINT not null,
  part       TEXT not null check (part in ('raiser', 'runs', 'affected', 'implementer')),
  primary key (change_id, org_id, part)
) {{strict}};
create index change_orgs_org on change_orgs (org_id, change_id);

create table change_sites(
  change_id  BIGINT not null,
  site_id    BIGINT not null,
  primary key (change_id, site_id)
) {{strict}};
create index change_sites_site on change_sites (site_id, change_id);

create table change_services(
  change_id   BIGINT not null,
  service_id  BIGINT not null,
  -- 1: it depends on what is touched, nobody named it.
  derived     BIGINT not null check (derived in (0, 1)),
  primary key (change_id, service_id)
) {{strict}};
create index change_services_service on change_services (service_id, change_id);

create table change_items(
  change_id  BIGINT not null,
  item_id    BIGINT not null,
  primary key (change_id, item_id)
) {{strict}};
create index change_items_item on change_items (item_id, change_id);

-- What somebody owes: assessments, conditions, reviews, answers to a return (spec 6.4, T14, BR-34).
create table duties(
  change_id  BIGINT not null,
  key        TEXT not null,
  kind       TEXT not null check (kind in ('assessment', 'condition', 'review', 'hold', 'answer', 'acceptance', 'local')),
  org_id     BIGINT,
  role       TEXT,
  person_id  BIGINT,
  -- A code for what it is, such as the assessment's; the words of a condition are a text.
  about      TEXT not null,
  text_id    BIGINT,
  asked_at   BIGINT not null,
  due_at     BIGINT,
  done_at    BIGINT,
  done_by    BIGINT,
  primary key (change_id, key)
) {{strict}};
create index duties_org on duties (org_id, due_at) where done_at is null;
create index duties_role on duties (role, due_at) where done_at is null;
create index duties_person on duties (person_id, due_at);
create index duties_done on duties (done_at) where done_at is not null;
create index duties_open on duties (due_at) where done_at is null;

-- Drafts are kept as they were typed; the log begins to hold answers when the change is sent (settled 20).
create table drafts(
  change_id  BIGINT primary key not null,
  rev        BIGINT not null,
  raw        TEXT not null,
  saved_at   BIGINT not null,
  saved_by   BIGINT not null
) {{strict}};

create table watchers(
  change_id  BIGINT not null,
  person_id  BIGINT not null,
  since      BIGINT not null,
  primary key (change_id, person_id)
) {{strict}};
create index watchers_person on watchers (person_id, change_id);

-- When somebody last opened Today, for "since you last looked".
create table looked(
  person_id  BIGINT primary key not null,
  at         BIGINT not null,
  before     BIGINT not null
) {{strict}};

create table files(
  id         BIGINT primary key not null,
  change_id  BIGINT not null,
  name       TEXT not null,
  bytes      BIGINT not null,
  sha256     TEXT not null,
  content    BYTEA not null,
  stored_at  BIGINT not null,
  stored_by  BIGINT not null
) {{strict}};
create index files_change on files (change_id, id);

-- Full text, in the row's own transaction.
-- only sqlite
create virtual table change_words using fts5(words, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2');
-- only postgres
create table change_words(rowid BIGINT primary key, words tsvector not null);
create index change_words_words on change_words using gin (words);
-- both
