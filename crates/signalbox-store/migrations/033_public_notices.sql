-- What the public is told (C128). A notice stands beside its change and says only what the authority wrote for everybody;
-- pages without sign-in read these tables and no others.

create table public_services(
  service_id  BIGINT primary key not null references services (id),
  opened_at   BIGINT not null,
  opened_by   BIGINT
) {{strict}};

create table public_notices(
  id            BIGINT primary key not null,
  change_id     BIGINT not null unique references changes (id),
  title         TEXT not null,
  words         TEXT not null,
  state         TEXT not null,
  starts_at     BIGINT not null,
  ends_at       BIGINT not null,
  -- Up to which version the change has been looked at.
  seen_version  BIGINT not null,
  published_at  BIGINT not null,
  -- When it was over, cancelled or withdrawn; null while anything may follow.
  ended_at      BIGINT
) {{strict}};
create index public_notices_open on public_notices (starts_at, id) where ended_at is null;
create index public_notices_ended on public_notices (ended_at, id) where ended_at is not null;

create table public_notice_services(
  notice_id   BIGINT not null references public_notices (id),
  service_id  BIGINT not null references services (id),
  primary key (notice_id, service_id)
) {{strict}};

create table public_notice_sites(
  notice_id  BIGINT not null references public_notices (id),
  site_id    BIGINT not null references sites (id),
  primary key (notice_id, site_id)
) {{strict}};

-- Rows are added and never changed.
create table public_updates(
  id         BIGINT primary key not null,
  notice_id  BIGINT not null references public_notices (id),
  kind       TEXT not null,
  -- How the work stood with it.
  state      TEXT not null,
  at         BIGINT not null,
  starts_at  BIGINT not null,
  ends_at    BIGINT not null
) {{strict}};
create index public_updates_notice on public_updates (notice_id, id);

-- Which reminders of which start have gone out: the day before, and an hour before.
create table public_reminders(
  notice_id  BIGINT not null references public_notices (id),
  starts_at  BIGINT not null,
  ahead      TEXT not null check (ahead in ('day', 'hour')),
  primary key (notice_id, starts_at, ahead)
) {{strict}};

-- Whoever asked for letters, by address. Nothing goes out before the address is confirmed; who leaves is forgotten.
create table public_subscribers(
  id            BIGINT primary key not null,
  email         TEXT not null,
  -- 0: every service, every site.
  service_id    BIGINT not null,
  site_id       BIGINT not null,
  asked_at      BIGINT not null,
  confirmed_at  BIGINT,
  token_hash    BYTEA
) {{strict}};
create unique index public_subscribers_one on public_subscribers (email, service_id, site_id);
create unique index public_subscribers_token on public_subscribers (token_hash) where token_hash is not null;
create index public_subscribers_asked on public_subscribers (asked_at) where confirmed_at is null;
