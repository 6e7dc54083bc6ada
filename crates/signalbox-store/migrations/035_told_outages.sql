-- Outages told by people without an account: estates staff above all. A coordinator makes a notice of what they told, or
-- says why not. What nobody confirmed, and what is settled, is forgotten after a while.

create table told_outages(
  id            BIGINT primary key not null,
  -- The organisation of the address; null where no organisation has that domain.
  org_id        BIGINT references organisations (id),
  name          TEXT not null,
  email         TEXT not null,
  telephone     TEXT not null,
  place         TEXT not null,
  outage_type   TEXT not null,
  what          TEXT not null,
  lost          TEXT not null,
  starts_at     BIGINT not null,
  ends_at       BIGINT not null,
  told_at       BIGINT not null,
  token_hash    BYTEA,
  -- When the address was proved; nobody sees it before.
  confirmed_at  BIGINT,
  settled_at    BIGINT,
  settled_by    BIGINT,
  -- The notice that was made of it; null where it was declined.
  change_id     BIGINT references changes (id),
  reason        TEXT not null
) {{strict}};
create unique index told_outages_token on told_outages (token_hash) where token_hash is not null;
create index told_outages_waiting on told_outages (starts_at, id) where confirmed_at is not null and settled_at is null;
