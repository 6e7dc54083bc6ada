-- The charge track (spec 9): prices, limits, and the projections of what was quoted, agreed, spent and billed.
-- Amounts are whole pence; rates of tax are hundredths of a per cent; days are YYYY-MM-DD, for they have no zone.

-- What a supplier charges, from a day to a day (C133). A row that was quoted from is never changed: it ends.
create table rate_card(
  id          BIGINT primary key not null,
  org_id      BIGINT not null references organisations (id),
  kind        TEXT not null,
  label       TEXT not null,
  unit        TEXT not null,
  unit_pence  BIGINT not null check (unit_pence >= 0),
  vat_rate    BIGINT not null check (vat_rate >= 0),
  from_day    TEXT not null,
  to_day      TEXT,
  created_at  BIGINT not null
) {{strict}};
create index rate_card_org on rate_card (org_id, kind, from_day, id);

-- What a finance approver may agree to, for their organisation.
create table spending_limits(
  person_id    BIGINT not null references people (id),
  org_id       BIGINT not null references organisations (id),
  limit_pence  BIGINT not null check (limit_pence >= 0),
  set_at       BIGINT not null,
  primary key (person_id, org_id)
) {{strict}};
create index spending_limits_org on spending_limits (org_id, person_id);

-- Organisations that want orders to cover the tax too.
create table orders_with_tax(
  org_id  BIGINT primary key not null references organisations (id)
) {{strict}};

create table charges(
  change_id     BIGINT primary key not null,
  state         TEXT not null,
  chargeable    TEXT not null,
  because       TEXT not null,
  contested     BIGINT not null check (contested in (0, 1)),
  -- When the track last moved, for the monthly review of what nobody has agreed.
  since         BIGINT not null,
  agreed_pence  BIGINT not null,
  limit_pence   BIGINT not null,
  booked_pence  BIGINT not null,
  -- Who owes the next word, and by when.
  owes          TEXT,
  owes_role     TEXT,
  due_at        BIGINT
) {{strict}};
create index charges_state on charges (state, change_id);
create index charges_owed on charges (owes_role, change_id);

create table charge_quotes(
  change_id      BIGINT not null,
  version        BIGINT not null,
  net_pence      BIGINT not null,
  vat_pence      BIGINT not null,
  issued_at      BIGINT not null,
  valid_to       TEXT not null,
  lapses_at      BIGINT not null,
  fate           TEXT not null,
  po             TEXT not null,
  authorised_at  BIGINT,
  delivered_at   BIGINT,
  primary key (change_id, version)
) {{strict}};

create table charge_invoices(
  change_id       BIGINT not null,
  number          BIGINT not null,
  bill_of         TEXT not null,
  version         BIGINT,
  reference       TEXT not null,
  date            TEXT not null,
  due             TEXT not null,
  net_pence       BIGINT not null,
  vat_pence       BIGINT not null,
  credited_net    BIGINT not null,
  credited_vat    BIGINT not null,
  state           TEXT not null,
  paid_on         TEXT,
  primary key (change_id, number)
) {{strict}};
