-- Proposed versions of process documents, who was asked about them and what they said (X18). An adopted one counts
-- from its moment on; its text is kept in documents too, by hash.
create table proposals(
  id            BIGINT primary key not null,
  -- The id in the document's front matter.
  document      TEXT not null,
  title         TEXT not null,
  version       BIGINT not null,
  state         TEXT not null check (state in ('draft', 'checked', 'consultation', 'adopted', 'withdrawn')),
  rev           BIGINT not null,
  source        TEXT not null,
  why           TEXT not null,
  base_hash     TEXT not null,
  hash          TEXT,
  author        BIGINT not null,
  created_at    BIGINT not null,
  saved_by      BIGINT not null,
  saved_at      BIGINT not null,
  published_by  BIGINT,
  published_at  BIGINT,
  due_at        BIGINT,
  -- Why there are fewer than ten working days; empty: there are ten.
  shortened     TEXT not null,
  adopted_by    BIGINT,
  adopted_at    BIGINT,
  from_at       BIGINT,
  withdrawn_by  BIGINT,
  withdrawn_at  BIGINT,
  check ((state = 'adopted') = (from_at is not null))
) {{strict}};
create index proposals_document on proposals (document, id);
create index proposals_from on proposals (from_at) where state = 'adopted';

-- Everybody who wrote or published it: none of them adopts it.
create table proposal_hands(
  proposal_id  BIGINT not null references proposals (id),
  person_id    BIGINT not null,
  primary key (proposal_id, person_id)
) {{strict}};

create table proposal_answers(
  proposal_id  BIGINT not null references proposals (id),
  org_id       BIGINT not null,
  asked_at     BIGINT not null,
  answer       TEXT check (answer in ('acknowledged', 'objected')),
  words        TEXT not null,
  answered_by  BIGINT,
  answered_at  BIGINT,
  reply        TEXT not null,
  replied_by   BIGINT,
  replied_at   BIGINT,
  primary key (proposal_id, org_id)
) {{strict}};

-- A rehearsal reads what happened in the order of time.
create index events_at on events (at, seq) where stream = 'change';
create index changes_raised_at on changes (raised_at, id);
