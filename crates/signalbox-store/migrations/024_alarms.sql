-- Alarms as monitors and desks told them, with how they were read: rows of their own beside the log, since what rings is
-- no act of anybody. What a person finds of one is an event.
create table alarms(
  id            BIGINT primary key not null,
  -- Whose desk or monitor told it. With the source and its number there it names one.
  org_id        BIGINT not null references organisations (id),
  source        TEXT not null,
  source_alarm  TEXT not null,
  -- What rings, as it was told, and what that is here.
  object        TEXT not null,
  item_id       BIGINT,
  site_id       BIGINT,
  kind          TEXT not null,
  is_safety     BIGINT not null check (is_safety in (0, 1)),
  raised_at     BIGINT not null,
  cleared_at    BIGINT,
  received_at   BIGINT not null,
  class         TEXT not null,
  -- The change that answers for it, and until when.
  change_id     BIGINT,
  cover_until   BIGINT,
  -- What was known when it was read: the number of the log, the stage, the verdict on the notice.
  log_seq       BIGINT not null,
  stage         TEXT,
  verdict       TEXT,
  received_notice BIGINT,
  -- AL-9: the row that this one is folded into, and how many are folded into this one.
  folded_into   BIGINT,
  folded        BIGINT not null,
  found         TEXT,
  found_by      BIGINT,
  found_at      BIGINT,
  found_why     TEXT
) {{strict}};
create unique index alarms_source on alarms (org_id, source, source_alarm);
create index alarms_raised on alarms (raised_at, id);
create index alarms_item on alarms (item_id, raised_at) where item_id is not null;
create index alarms_change on alarms (change_id, raised_at) where change_id is not null;
create index alarms_site on alarms (site_id, raised_at) where site_id is not null;

-- Work that was over a moment ago still answers for an alarm, and so does work that should be.
create index changes_finished on changes (finished_at, id) where finished_at is not null;

-- What a call-out costs, in whole pence without tax and hundredths of a per cent of tax; from a day on.
create table ledger_rates(
  id            BIGINT primary key not null,
  valid_from    BIGINT not null unique,
  desk_hour     BIGINT not null check (desk_hour >= 0),
  first_hour    BIGINT not null check (first_hour >= 0),
  further_hour  BIGINT not null check (further_hour >= 0),
  vat           BIGINT not null check (vat between 0 and 10000),
  set_at        BIGINT not null,
  set_by        BIGINT
) {{strict}};

-- False call-outs and the desk's time, as they were entered. Nothing of a row changes but how the case stands.
create table visits(
  id                   BIGINT primary key not null,
  -- Who entered it, and to whom it is proposed.
  org_id               BIGINT not null references organisations (id),
  liable_org           BIGINT not null references organisations (id),
  alarm_id             BIGINT,
  change_id            BIGINT,
  site_id              BIGINT,
  finding              TEXT not null,
  desk_minutes         BIGINT not null,
  engineer             TEXT not null,
  dispatched_at        BIGINT,
  stood_down_at        BIGINT,
  arrived_at           BIGINT,
  left_at              BIGINT,
  checks_failed        BIGINT not null check (checks_failed in (0, 1)),
  outside_appointment  BIGINT not null check (outside_appointment in (0, 1)),
  -- What had been announced when somebody was sent.
  notice_verdict       TEXT,
  notice_received      BIGINT,
  is_listed            BIGINT check (is_listed in (0, 1)),
  rule                 TEXT not null,
  is_desks_own         BIGINT not null check (is_desks_own in (0, 1)),
  rate_id              BIGINT not null references ledger_rates (id),
  standing             TEXT not null,
  entered_at           BIGINT not null,
  due_at               BIGINT
) {{strict}};
create index visits_org on visits (org_id, entered_at);
create index visits_liable on visits (liable_org, entered_at);
create index visits_entered on visits (entered_at, id);
create index visits_alarm on visits (alarm_id) where alarm_id is not null;

-- Rows are added and never changed; their numbers have no gap, and their sum is what is owed.
create table ledger(
  entry_no   BIGINT primary key not null,
  visit_id   BIGINT not null references visits (id),
  kind       TEXT not null,
  net_pence  BIGINT not null,
  vat_pence  BIGINT not null,
  words      TEXT not null,
  at         BIGINT not null,
  by_person  BIGINT
) {{strict}};
create index ledger_visit on ledger (visit_id, entry_no);
create index ledger_at on ledger (at, entry_no);
