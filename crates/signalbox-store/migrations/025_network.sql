-- What the network provider is told of changes: whose customer account a circuit belongs to, each version of each notice
-- as it was written down, the links by which it is acknowledged, and who was asked while nobody answered (spec 10.3, X6).

create table network_accounts(
  id           BIGINT primary key not null,
  -- Whose account it is, and with whom.
  org_id       BIGINT not null references organisations (id),
  provider_id  BIGINT not null references organisations (id),
  number       TEXT not null,
  unique (provider_id, number)
) {{strict}};

-- A circuit belongs to one account at most. It is named by its reference, or by its code where it is an item of the
-- estate; `circuit_key` is that in lower case.
create table network_circuits(
  circuit_key  TEXT primary key not null,
  circuit      TEXT not null,
  account_id   BIGINT not null references network_accounts (id)
) {{strict}};
create index network_circuits_account on network_circuits (account_id);

-- What was told stays as it was told, whatever is known today: no rebuild touches it. The title is among the words of
-- the change, so that it goes when they do.
create table network_notices(
  change_id        BIGINT not null,
  part             BIGINT not null,
  sequence         BIGINT not null,
  account_id       BIGINT references network_accounts (id),
  status           TEXT not null,
  impact           TEXT not null,
  starts_at        BIGINT not null,
  ends_at          BIGINT not null,
  title_text       BIGINT not null,
  title_digest     TEXT not null,
  restricted       BIGINT not null check (restricted in (0, 1)),
  -- Lines.
  objects          TEXT not null,
  written_at       BIGINT not null,
  mailed_at        BIGINT,
  acknowledged_at  BIGINT,
  acknowledged_by  BIGINT,
  their_reference  TEXT not null,
  primary key (change_id, part, sequence)
) {{strict}};

-- Only the hash of a link's secret is kept; the secret stands in one letter.
create table network_links(
  token_hash  BYTEA primary key not null,
  person_id   BIGINT not null references people (id),
  change_id   BIGINT not null,
  part        BIGINT not null,
  sequence    BIGINT not null,
  created_at  BIGINT not null,
  expires_at  BIGINT not null,
  used_at     BIGINT
) {{strict}};
create index network_links_expiry on network_links (expires_at);

-- Who was asked, in the order of X6, since the provider was told.
create table network_chases(
  change_id  BIGINT not null,
  told_at    BIGINT not null,
  step       BIGINT not null check (step in (0, 1, 2)),
  chased_at  BIGINT not null,
  primary key (change_id, told_at, step)
) {{strict}};
