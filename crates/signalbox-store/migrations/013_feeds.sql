-- Subscriptions to the forward schedule. What one shows is decided at each read by what its owner may see then, so nothing
-- of the schedule is kept here: only what was asked for, and the hash of the address that opens it.
create table feeds(
  id            BIGINT primary key not null,
  token_hash    BYTEA not null unique,
  person_id     BIGINT not null references people (id),
  name          TEXT not null,
  site_id       BIGINT references sites (id),
  service_id    BIGINT references services (id),
  org_id        BIGINT references organisations (id),
  kind          TEXT,
  standing      TEXT,
  created_at    BIGINT not null,
  last_read_at  BIGINT,
  revoked_at    BIGINT
) {{strict}};
create index feeds_person on feeds (person_id, id);
