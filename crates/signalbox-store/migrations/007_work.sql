-- Carrying out and learning: what a list or a report has to filter on, made again from the events like every projection;
-- and incidents, which are rows of their own.

create table change_work(
  change_id         BIGINT primary key not null,
  steps             BIGINT not null,
  steps_open        BIGINT not null,
  planned_minutes   BIGINT not null,
  spent_minutes     BIGINT not null,
  last_safe         BIGINT,
  last_safe_passed  BIGINT,
  extended_until    BIGINT,
  go_due            BIGINT,
  -- 1 go, 0 no-go, null nobody has said.
  went              BIGINT
) {{strict}};

create table change_learnt(
  change_id      BIGINT primary key not null,
  -- How many organisations are asked whether it worked, and what they said.
  asked          BIGINT not null,
  worked         BIGINT not null,
  with_issues    BIGINT not null,
  did_not        BIGINT not null,
  disputes       BIGINT not null,
  disputes_open  BIGINT not null,
  upheld         BIGINT not null,
  incidents      BIGINT not null,
  worst          TEXT,
  -- 1 somebody looked for incidents, 0 or null nobody did.
  looked         BIGINT,
  cause          TEXT,
  benefit        TEXT,
  near_misses    BIGINT not null,
  actions        BIGINT not null,
  actions_open   BIGINT not null,
  informed       BIGINT,
  promised       BIGINT,
  first_outcome  TEXT,
  score          BIGINT
) {{strict}};

-- What came back to whoever raised it (R-6).
create table change_returns(
  change_id       BIGINT not null,
  version         BIGINT not null,
  revision        BIGINT not null,
  kind            TEXT not null,
  code            TEXT not null,
  org_id          BIGINT,
  at              BIGINT not null,
  again_revision  BIGINT,
  again_at        BIGINT,
  primary key (change_id, version)
) {{strict}};
create index change_returns_at on change_returns (at, change_id);

create table change_incidents(
  change_id    BIGINT not null,
  incident_id  BIGINT not null,
  grade        TEXT not null,
  linked_at    BIGINT not null,
  linked_by    BIGINT,
  primary key (change_id, incident_id)
) {{strict}};
create index change_incidents_incident on change_incidents (incident_id, change_id);

-- Incidents as other systems tell them; source and reference name one.
create table incidents(
  id         BIGINT primary key not null,
  org_id     BIGINT not null references organisations (id),
  source     TEXT not null,
  reference  TEXT not null,
  title      TEXT not null,
  priority   BIGINT not null check (priority between 1 and 5),
  clinical   BIGINT not null check (clinical in (0, 1)),
  opened_at  BIGINT not null,
  closed_at  BIGINT,
  told_at    BIGINT not null,
  told_by    BIGINT
) {{strict}};
create unique index incidents_source on incidents (source, reference);
create index incidents_reference on incidents (reference);
create index incidents_opened on incidents (opened_at, id);
create index incidents_org on incidents (org_id, opened_at);

create table incident_items(
  incident_id  BIGINT not null,
  item_id      BIGINT not null,
  primary key (incident_id, item_id)
) {{strict}};
create index incident_items_item on incident_items (item_id, incident_id);

create table incident_services(
  incident_id  BIGINT not null,
  service_id   BIGINT not null,
  primary key (incident_id, service_id)
) {{strict}};
create index incident_services_service on incident_services (service_id, incident_id);
