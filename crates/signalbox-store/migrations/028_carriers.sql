-- What carriers tell of their own works (spec 10.3, inbound). A notice stays as it came: nothing of it is ever changed
-- but what became of it, once.

create table carrier_notices(
  id              BIGINT primary key not null,
  -- Of sender, subject and parts: the same notice again is the same notice, whichever way it came.
  content_hash    TEXT not null unique,
  message_id      TEXT not null,
  sender          TEXT not null,
  subject         TEXT not null,
  raw             BYTEA not null,
  received_at     BIGINT not null,
  received_by     BIGINT,
  -- JSON, as it was understood when it came.
  understood      TEXT not null,
  -- entry: it spoke for itself; waiting: a person is asked; confirmed or refused by one; older: a later one was here
  -- before it.
  state           TEXT not null check (state in ('entry', 'waiting', 'confirmed', 'refused', 'older')),
  work_id         BIGINT,
  decided_at      BIGINT,
  decided_by      BIGINT,
  decided_words   TEXT not null
) {{strict}};
create index carrier_notices_state on carrier_notices (state, received_at, id);
create index carrier_notices_work on carrier_notices (work_id, received_at);

-- One piece of work of a carrier, by its number there; the keys are in lower case.
create table carrier_works(
  id              BIGINT primary key not null,
  provider_key    TEXT not null,
  number_key      TEXT not null,
  provider        TEXT not null,
  number          TEXT not null,
  -- Of the latest notice; none where people confirmed mails only.
  sequence        BIGINT,
  -- The domain that the notices come from; another one is asked about.
  sender_domain   TEXT not null,
  status          TEXT not null,
  impact          TEXT not null,
  title           TEXT not null,
  starts_at       BIGINT not null,
  ends_at         BIGINT not null,
  changed_at      BIGINT not null,
  unique (provider_key, number_key)
) {{strict}};

-- The entries of the schedule that stand for it, ended ones too.
create table carrier_entries(
  entry_id  BIGINT primary key not null,
  work_id   BIGINT not null references carrier_works (id)
) {{strict}};
create index carrier_entries_work on carrier_entries (work_id, entry_id);
