-- Organisations, people and waiting tasks (settled 8, 9, 12, 15, 20).
-- Booleans are 0 or 1; times are UTC microseconds; every id is given, none is made here.
-- `found_by` is the lower-cased text that a list is sorted and searched by: made by the
-- program, because the two engines fold capitals outside ASCII differently.

create table organisations(
  id            BIGINT primary key not null,
  code          TEXT not null unique,
  name          TEXT not null,
  kind          TEXT not null check (kind in ('trust', 'supplier', 'authority', 'network')),
  ods_code      TEXT,
  email_domain  TEXT,
  zone          TEXT not null,
  calendar      TEXT not null check (calendar in ('england-and-wales', 'scotland', 'northern-ireland')),
  active        BIGINT not null check (active in (0, 1)),
  open_tonight  BIGINT not null check (open_tonight in (0, 1)),
  found_by      TEXT not null
) {{strict}};
create index organisations_found on organisations (found_by, id);
create index organisations_domain on organisations (email_domain) where email_domain is not null;

create table sites(
  id        BIGINT primary key not null,
  org_id    BIGINT not null references organisations (id),
  code      TEXT not null,
  name      TEXT not null,
  ods_code  TEXT,
  found_by  TEXT not null
) {{strict}};
create unique index sites_code on sites (org_id, code);
create index sites_found on sites (org_id, found_by, id);

create table services(
  id              BIGINT primary key not null,
  code            TEXT not null unique,
  name            TEXT not null,
  owner_org       BIGINT not null references organisations (id),
  direct_care     BIGINT not null check (direct_care in (0, 1)),
  users_count     BIGINT not null,
  patient_facing  TEXT not null check (patient_facing in ('none', 'indirect', 'direct')),
  always_on       BIGINT not null check (always_on in (0, 1)),
  found_by        TEXT not null
) {{strict}};
create index services_found on services (found_by, id);
create index services_owner on services (owner_org);

create table service_orgs(
  service_id  BIGINT not null references services (id),
  org_id      BIGINT not null references organisations (id),
  primary key (service_id, org_id)
) {{strict}};
create index service_orgs_org on service_orgs (org_id, service_id);

create table items(
  id          BIGINT primary key not null,
  code        TEXT not null unique,
  name        TEXT not null,
  type        TEXT not null,
  org_id      BIGINT not null references organisations (id),
  site_id     BIGINT references sites (id),
  watched_by  BIGINT references organisations (id),
  found_by    TEXT not null
) {{strict}};
create index items_found on items (found_by, id);
create index items_org on items (org_id, found_by, id);
create index items_site on items (site_id) where site_id is not null;

create table item_services(
  item_id     BIGINT not null references items (id),
  service_id  BIGINT not null references services (id),
  primary key (item_id, service_id)
) {{strict}};
create index item_services_service on item_services (service_id, item_id);

-- `from` depends on `to` (settled 9). An end is a row of items or of services.
create table dependencies(
  from_kind  TEXT not null check (from_kind in ('item', 'service')),
  from_id    BIGINT not null,
  to_kind    TEXT not null check (to_kind in ('item', 'service')),
  to_id      BIGINT not null,
  kind       TEXT not null check (kind in ('hard', 'soft', 'power', 'network', 'clinical_fallback', 'redundant_pair')),
  primary key (from_kind, from_id, to_kind, to_id, kind)
) {{strict}};
create index dependencies_to on dependencies (to_kind, to_id);

create table freezes(
  id           BIGINT primary key not null,
  scope        TEXT not null check (scope in ('all', 'organisation', 'service', 'site', 'item')),
  scope_id     BIGINT,
  title        TEXT not null,
  starts_at    BIGINT not null,
  ends_at      BIGINT not null,
  hard         BIGINT not null check (hard in (0, 1)),
  reason       TEXT not null,
  declared_by  BIGINT,
  created_at   BIGINT not null,
  lifted_at    BIGINT,
  check (starts_at < ends_at),
  check ((scope = 'all') = (scope_id is null))
) {{strict}};
create index freezes_ends on freezes (ends_at, id);

-- The only table with a person's name, address or number, apart from a registration
-- that is still waiting. Events hold the id (settled 20).
create table people(
  id             BIGINT primary key not null,
  email          TEXT unique,
  name           TEXT not null,
  phone          TEXT not null,
  job            TEXT not null,
  password_hash  TEXT,
  state          TEXT not null check (state in ('active', 'pending', 'disabled', 'erased')),
  created_at     BIGINT not null,
  last_seen_at   BIGINT,
  found_by       TEXT not null
) {{strict}};
create index people_found on people (found_by, id);

create table memberships(
  id          BIGINT primary key not null,
  person_id   BIGINT not null references people (id),
  org_id      BIGINT not null references organisations (id),
  role        TEXT not null,
  service_id  BIGINT references services (id),
  granted_by  BIGINT,
  granted_at  BIGINT not null,
  ended_at    BIGINT
) {{strict}};
create unique index memberships_live
  on memberships (person_id, org_id, role, (coalesce(service_id, 0))) where ended_at is null;
create index memberships_holders on memberships (role, org_id, person_id) where ended_at is null;
create index memberships_person on memberships (person_id);
create index memberships_org on memberships (org_id, person_id) where ended_at is null;

create table sessions(
  token_hash         BYTEA primary key not null,
  person_id          BIGINT not null references people (id),
  csrf_secret        BYTEA not null,
  acting_membership  BIGINT,
  created_at         BIGINT not null,
  last_used_at       BIGINT not null,
  expires_at         BIGINT not null,
  user_agent         TEXT not null
) {{strict}};
create index sessions_person on sessions (person_id);
create index sessions_expiry on sessions (expires_at);

create table api_tokens(
  id            BIGINT primary key not null,
  token_hash    BYTEA not null unique,
  person_id     BIGINT not null references people (id),
  name          TEXT not null,
  created_at    BIGINT not null,
  last_used_at  BIGINT,
  expires_at    BIGINT,
  revoked_at    BIGINT
) {{strict}};
create index api_tokens_person on api_tokens (person_id, id);

create table registrations(
  id               BIGINT primary key not null,
  email            TEXT not null,
  name             TEXT not null,
  job              TEXT not null,
  org_id           BIGINT references organisations (id),
  reason           TEXT not null,
  state            TEXT not null check (state in ('asked', 'address_confirmed', 'coordinator_approved', 'granted', 'declined')),
  asked_at         BIGINT not null,
  confirmed_at     BIGINT,
  approved_at      BIGINT,
  approved_by      BIGINT,
  decided_at       BIGINT,
  decided_by       BIGINT,
  decline_reason   TEXT not null,
  person_id        BIGINT references people (id)
) {{strict}};
create index registrations_waiting on registrations (state, asked_at, id);
-- One open request per address: asking again finds the first.
create unique index registrations_open
  on registrations (email) where state in ('asked', 'address_confirmed', 'coordinator_approved');
create index registrations_email on registrations (email);
create index registrations_person on registrations (person_id) where person_id is not null;

create table one_time_links(
  token_hash       BYTEA primary key not null,
  purpose          TEXT not null check (purpose in ('confirm_email', 'set_password', 'decide')),
  person_id        BIGINT,
  registration_id  BIGINT,
  change_id        BIGINT,
  created_at       BIGINT not null,
  expires_at       BIGINT not null,
  used_at          BIGINT
) {{strict}};
create index one_time_links_person on one_time_links (person_id) where person_id is not null;
create index one_time_links_expiry on one_time_links (expires_at);

-- The key is hashed: a counter for an address must not become a list of addresses.
create table rates(
  key_hash      BYTEA not null,
  window_start  BIGINT not null,
  hits          BIGINT not null,
  primary key (key_hash, window_start)
) {{strict}};
create index rates_window on rates (window_start);

create table tasks(
  id            BIGINT primary key not null,
  kind          TEXT not null,
  change_id     BIGINT,
  event_id      BIGINT,
  dedupe_key    TEXT not null unique,
  payload       TEXT not null,
  due_at        BIGINT not null,
  attempts      BIGINT not null,
  leased_until  BIGINT,
  done_at       BIGINT,
  failed_at     BIGINT,
  cancelled_at  BIGINT,
  last_error    TEXT not null
) {{strict}};
create index tasks_due on tasks (due_at, id)
  where done_at is null and failed_at is null and cancelled_at is null;
create index tasks_dead on tasks (failed_at, id) where failed_at is not null;
create index tasks_change on tasks (change_id, kind)
  where done_at is null and failed_at is null and cancelled_at is null;
create index tasks_done on tasks (done_at) where done_at is not null;
