-- Who is on call, who is away, who stands in for whom; boards, their meetings and papers (spec 3.3, 6.8, X2, X7).
-- Minutes are counted from local midnight; weekdays are digits, 1 is Monday. Lists are codes or ids with `;` between.

create table rotas(
  id            BIGINT primary key not null,
  org_id        BIGINT not null references organisations (id),
  role          TEXT not null,
  person_id     BIGINT not null references people (id),
  rank          BIGINT not null check (rank in (1, 2)),
  weekdays      TEXT,
  from_minute   BIGINT not null,
  until_minute  BIGINT not null,
  starts_at     BIGINT not null,
  ends_at       BIGINT,
  created_by    BIGINT,
  created_at    BIGINT not null,
  ended_at      BIGINT
) {{strict}};
create index rotas_org on rotas (org_id, role) where ended_at is null;
create index rotas_person on rotas (person_id) where ended_at is null;

create table away(
  id          BIGINT primary key not null,
  person_id   BIGINT not null references people (id),
  starts_at   BIGINT not null,
  ends_at     BIGINT not null,
  created_at  BIGINT not null,
  ended_at    BIGINT,
  check (starts_at < ends_at)
) {{strict}};
create index away_person on away (person_id, ends_at) where ended_at is null;

create table delegations(
  id          BIGINT primary key not null,
  delegator   BIGINT not null references people (id),
  delegate    BIGINT not null references people (id),
  org_id      BIGINT not null references organisations (id),
  role        TEXT not null,
  service_id  BIGINT references services (id),
  starts_at   BIGINT not null,
  ends_at     BIGINT not null,
  created_by  BIGINT,
  created_at  BIGINT not null,
  ended_at    BIGINT,
  check (starts_at < ends_at),
  check (delegator <> delegate)
) {{strict}};
create index delegations_delegate on delegations (delegate, ends_at) where ended_at is null;
create index delegations_delegator on delegations (delegator, ends_at) where ended_at is null;

create table boards(
  id                BIGINT primary key not null,
  org_id            BIGINT not null references organisations (id),
  name              TEXT not null,
  kind              TEXT not null check (kind in ('cab', 'tab', 'ecab')),
  scope_kinds       TEXT not null,
  scope_categories  TEXT not null,
  scope_services    TEXT not null,
  scope_orgs        TEXT not null,
  weekday           BIGINT,
  at_minute         BIGINT not null,
  minutes           BIGINT not null,
  cutoff_days       BIGINT not null,
  cutoff_minute     BIGINT not null,
  place             TEXT not null,
  created_at        BIGINT not null,
  ended_at          BIGINT
) {{strict}};

create table board_seats(
  id          BIGINT primary key not null,
  board_id    BIGINT not null references boards (id),
  person_id   BIGINT not null references people (id),
  org_id      BIGINT not null references organisations (id),
  seat        TEXT not null,
  created_at  BIGINT not null,
  ended_at    BIGINT
) {{strict}};
create index board_seats_board on board_seats (board_id) where ended_at is null;
create index board_seats_person on board_seats (person_id) where ended_at is null;

create table meetings(
  id            BIGINT primary key not null,
  board_id      BIGINT not null references boards (id),
  rule_date     TEXT,
  starts_at     BIGINT not null,
  ends_at       BIGINT not null,
  until_at      BIGINT,
  cutoff_at     BIGINT not null,
  place         TEXT not null,
  state         TEXT not null check (state in ('planned', 'live', 'held', 'cancelled')),
  locked_at     BIGINT,
  opened_at     BIGINT,
  closed_at     BIGINT,
  current_item  BIGINT,
  item_since    BIGINT,
  minutes       TEXT not null
) {{strict}};
create unique index meetings_rule on meetings (board_id, rule_date) where rule_date is not null;
create index meetings_board on meetings (board_id, starts_at);
create index meetings_starts on meetings (starts_at);

create table agenda(
  meeting_id  BIGINT not null references meetings (id),
  change_id   BIGINT not null,
  position    BIGINT not null,
  consent     BIGINT not null check (consent in (0, 1)),
  heard_at    BIGINT,
  seconds     BIGINT not null,
  minutes     TEXT not null,
  primary key (meeting_id, change_id)
) {{strict}};
create index agenda_change on agenda (change_id, meeting_id);

create table attendance(
  meeting_id  BIGINT not null references meetings (id),
  person_id   BIGINT not null references people (id),
  reply       TEXT not null check (reply in ('', 'yes', 'no')),
  present     BIGINT not null check (present in (0, 1)),
  invited_at  BIGINT,
  primary key (meeting_id, person_id)
) {{strict}};
create index attendance_person on attendance (person_id, meeting_id);

-- A link in a letter that opens one decision, for one person and one content (S42, C044).
create table decision_links(
  token_hash  BYTEA primary key not null,
  person_id   BIGINT not null references people (id),
  change_id   BIGINT not null,
  content     TEXT not null,
  created_at  BIGINT not null,
  expires_at  BIGINT not null,
  used_at     BIGINT
) {{strict}};
create index decision_links_expiry on decision_links (expires_at);

-- Who wants their password asked for at every decision by mail (C051).
create table decision_checks(
  person_id  BIGINT primary key not null references people (id)
) {{strict}};
