-- Clinical safety (spec 8). The first four tables are projections; the rest are kept for themselves.

-- Where the clinical question of a change stands, for the officers' queue.
create table clinical(
  change_id      BIGINT primary key not null,
  state          TEXT not null,
  -- 1: somebody has still to decide something.
  open           BIGINT not null check (open in (0, 1)),
  hazards        BIGINT not null,
  unrated        BIGINT not null,
  initial        BIGINT,
  residual       BIGINT,
  due_at         BIGINT,
  signed_at      BIGINT,
  signed_by      BIGINT,
  changed_since  BIGINT not null,
  sampled        BIGINT not null check (sampled in (0, 1)),
  reviewed_at    BIGINT,
  appeal_open    BIGINT not null check (appeal_open in (0, 1)),
  escalated      BIGINT not null check (escalated in (0, 1))
) {{strict}};
create index clinical_open on clinical (due_at, change_id) where open = 1;
create index clinical_signed on clinical (signed_by, change_id) where signed_by is not null;
create index clinical_sampled on clinical (change_id) where sampled = 1 and reviewed_at is null;

-- Who has still to sign: an organisation's officer, or the authority's (0).
create table clinical_seats(
  change_id  BIGINT not null,
  org_id     BIGINT not null,
  primary key (change_id, org_id)
) {{strict}};
create index clinical_seats_org on clinical_seats (org_id, change_id);

-- The register R-11: every clinical decision, without a word about any patient.
create table clinical_decisions(
  change_id        BIGINT not null,
  number           BIGINT not null,
  form_ref         TEXT not null,
  revision         BIGINT not null,
  decision         TEXT not null,
  decided_at       BIGINT not null,
  decided_by       BIGINT,
  org_id           BIGINT,
  hazards          BIGINT not null,
  initial          BIGINT,
  residual         BIGINT,
  conditions_open  BIGINT not null,
  primary key (change_id, number)
) {{strict}};
create index clinical_decisions_at on clinical_decisions (decided_at, change_id);

create table hazards(
  change_id  BIGINT not null,
  number     BIGINT not null,
  text_id    BIGINT not null,
  initial    BIGINT,
  residual   BIGINT,
  matrix     TEXT,
  rated_at   BIGINT,
  rated_by   BIGINT,
  primary key (change_id, number)
) {{strict}};

-- Under which registration a safety officer signs, and for whom (spec 8.2).
create table clinicians(
  id          BIGINT primary key not null,
  person_id   BIGINT not null,
  org_id      BIGINT not null,
  body        TEXT not null,
  number      TEXT not null,
  checked_on  TEXT not null,
  expires_on  TEXT not null,
  trained_on  TEXT,
  letter      TEXT not null,
  deputy_id   BIGINT,
  ended_at    BIGINT,
  found_by    TEXT not null
) {{strict}};
create unique index clinicians_person on clinicians (person_id, org_id) where ended_at is null;
create index clinicians_found on clinicians (found_by, id);
create index clinicians_org on clinicians (org_id, id);
create index clinicians_expiry on clinicians (expires_on, id) where ended_at is null;

-- Statements by which routine work on these services needs no officer to screen it (X8).
create table statements(
  id          BIGINT primary key not null,
  code        TEXT not null unique,
  words       TEXT not null,
  agreed_by   BIGINT not null,
  agreed_at   BIGINT not null,
  expires_on  TEXT not null,
  ended_at    BIGINT
) {{strict}};

create table statement_services(
  statement_id  BIGINT not null,
  service_id    BIGINT not null,
  primary key (statement_id, service_id)
) {{strict}};

-- When a service is busiest with patients.
create table service_hours(
  service_id  BIGINT primary key not null,
  hours       TEXT not null
) {{strict}};

-- Forms that somebody began and has not sent.
create table act_drafts(
  change_id  BIGINT not null,
  person_id  BIGINT not null,
  act        TEXT not null,
  raw        TEXT not null,
  saved_at   BIGINT not null,
  primary key (change_id, person_id, act)
) {{strict}};

-- The key with which this site signs what it gives out. There is one row.
create table site_keys(
  id       BIGINT primary key not null,
  seed     TEXT not null,
  public   TEXT not null,
  made_at  BIGINT not null
) {{strict}};
