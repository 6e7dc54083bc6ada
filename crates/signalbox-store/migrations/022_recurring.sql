-- Which change is the record of a deployment, by the name that its pipeline gave it.
create table deployments(
  org_id       BIGINT not null,
  external_id  TEXT not null,
  change_id    BIGINT not null unique,
  primary key (org_id, external_id)
) {{strict}};

-- Work that comes again: by which rule changes are made, from which change, and who owns them. The time is kept as it
-- was declared, on the clock of its zone.
create table series(
  id           BIGINT primary key not null,
  org_id       BIGINT not null,
  -- The change whose answers are copied.
  template     BIGINT not null,
  title        TEXT not null,
  zone         TEXT not null,
  local_start  TEXT not null,
  local_end    TEXT not null,
  rrule        TEXT not null,
  exdates      TEXT not null,
  -- How long before its start an occurrence is made.
  lead_days    BIGINT not null,
  owner_id     BIGINT not null,
  created_by   BIGINT,
  created_at   BIGINT not null,
  -- Occurrences that begin after this are looked at: none from before the rule was stated, none while it paused.
  counts_from  BIGINT not null,
  paused_at    BIGINT,
  ended_at     BIGINT,
  -- Counts what people change, so that nobody overwrites what they have not seen.
  version      BIGINT not null
) {{strict}};
create index series_going on series (id) where ended_at is null;
create index series_template on series (template);

-- What became of an occurrence. Its name is the day on which it begins: no rule comes twice a day, and an occurrence
-- whose hour was changed is no other one. No change: its start had passed before it could be made.
create table series_occurrences(
  series_id    BIGINT not null,
  day          TEXT not null,
  starts_at    BIGINT not null,
  ends_at      BIGINT not null,
  change_id    BIGINT unique,
  recorded_at  BIGINT not null,
  primary key (series_id, day)
) {{strict}};
