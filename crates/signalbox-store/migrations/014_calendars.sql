-- Times that hold for whoever plans work in them. What recurs is kept as it was declared, on the clock of its zone;
-- starts_at and ends_at are the start of the first occurrence and the end of the last (the end of time where a rule
-- has none), so that what cannot touch a span is passed over. What happens once is those two instants.

alter table freezes add column zone TEXT not null default 'Europe/London';
alter table freezes add column local_start TEXT;
alter table freezes add column local_end TEXT;
alter table freezes add column rrule TEXT;
-- Days on which no occurrence begins, with blanks between.
alter table freezes add column exdates TEXT not null default '';
-- Work that takes away less than this is free of it.
alter table freezes add column from_level TEXT not null default 'no_impact';

create table maintenance_windows(
  id           BIGINT primary key not null,
  scope        TEXT not null check (scope in ('all', 'organisation', 'service', 'site', 'item')),
  scope_id     BIGINT,
  title        TEXT not null,
  zone         TEXT not null,
  local_start  TEXT not null,
  local_end    TEXT not null,
  starts_at    BIGINT not null,
  ends_at      BIGINT not null,
  rrule        TEXT,
  exdates      TEXT not null,
  -- Work inside may take away this much and no more.
  up_to        TEXT not null,
  agreed_by    TEXT not null,
  reason       TEXT not null,
  declared_by  BIGINT,
  created_at   BIGINT not null,
  ended_at     BIGINT,
  check (starts_at < ends_at),
  check ((scope = 'all') = (scope_id is null))
) {{strict}};
create index maintenance_windows_ends on maintenance_windows (ends_at, id);

-- What happens elsewhere: a national service that is away, a go-live, an audit, a strike.
create table external_entries(
  id            BIGINT primary key not null,
  scope         TEXT not null check (scope in ('all', 'organisation', 'service', 'site', 'item')),
  scope_id      BIGINT,
  title         TEXT not null,
  zone          TEXT not null,
  local_start   TEXT not null,
  local_end     TEXT not null,
  starts_at     BIGINT not null,
  ends_at       BIGINT not null,
  rrule         TEXT,
  exdates       TEXT not null,
  outage        BIGINT not null check (outage in (0, 1)),
  source        TEXT not null,
  url           TEXT,
  declared_by   BIGINT,
  created_at    BIGINT not null,
  cancelled_at  BIGINT,
  check (starts_at < ends_at),
  check ((scope = 'all') = (scope_id is null))
) {{strict}};
create index external_entries_ends on external_entries (ends_at, id);

-- Changes that are let through a freeze for a time: a projection of their logs. Freeze 0 is the one that the process
-- document itself declares.
create table freeze_exceptions(
  change_id   BIGINT not null,
  freeze_id   BIGINT not null,
  text_id     BIGINT not null,
  granted_at  BIGINT not null,
  granted_by  BIGINT,
  expires_at  BIGINT not null,
  primary key (change_id, freeze_id)
) {{strict}};
create index freeze_exceptions_freeze on freeze_exceptions (freeze_id, expires_at);
