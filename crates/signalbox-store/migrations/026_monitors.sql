-- Monitors that are told what to keep quiet about, and what each has said of it.

create table monitors(
  id             BIGINT primary key not null,
  name           TEXT not null unique,
  -- alertmanager, icinga or webhook.
  kind           TEXT not null,
  address        TEXT not null,
  -- The label by which an alarm names its item; for Alertmanager only.
  label          TEXT not null,
  -- How an item is named there, with {item} for its code.
  template       TEXT not null,
  -- The certificate of its own authority (PEM), where the public ones do not vouch for it.
  authority      TEXT not null,
  -- What opens it: sealed by a key of the site, with its nonce in front.
  sealed         BYTEA,
  sealed_at      BIGINT,
  ended_at       BIGINT,
  -- Who looks after it now, and when it is looked at next.
  leased_until   BIGINT,
  due_at         BIGINT not null,
  -- How often in a row it could not be brought in line, and since when.
  failures       BIGINT not null,
  failing_since  BIGINT,
  answered_at    BIGINT,
  words          TEXT not null
) {{strict}};

-- Whose items it watches; without a row here and below: everybody's.
create table monitor_orgs(
  monitor_id  BIGINT not null references monitors (id),
  org_id      BIGINT not null references organisations (id),
  primary key (monitor_id, org_id)
) {{strict}};

-- Single items that it watches, whosesoever.
create table monitor_items(
  monitor_id  BIGINT not null references monitors (id),
  item_id     BIGINT not null references items (id),
  primary key (monitor_id, item_id)
) {{strict}};

-- What should be silenced at a monitor, and what the monitor said that it has.
create table silences(
  monitor_id    BIGINT not null,
  -- By what it is known there: the change, and the name of the thing.
  reference     TEXT not null,
  name          TEXT not null,
  -- Neither is known of what is left over.
  change_id     BIGINT,
  item_id       BIGINT,
  wanted_from   BIGINT,
  wanted_until  BIGINT,
  peer_id       TEXT,
  has_from      BIGINT,
  has_until     BIGINT,
  -- pending, in_force, not_in_force, leftover or over.
  state         TEXT not null,
  words         TEXT not null,
  -- When the monitor itself was last read.
  seen_at       BIGINT,
  -- Since when it should be in force and is not, once the desk was told.
  told_at       BIGINT,
  primary key (monitor_id, reference, name)
) {{strict}};
create index silences_change on silences (change_id) where change_id is not null;
create index silences_over on silences (seen_at) where state = 'over';
