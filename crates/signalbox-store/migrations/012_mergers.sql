-- Organisations that become one (scenario 42). What stands in the log of a change moves by an event of its own; what the
-- directory holds moves when the merger is carried out.

create table mergers(
  id             BIGINT primary key not null,
  successor      BIGINT not null references organisations (id),
  -- From the beginning of this day, in the successor's zone.
  day            TEXT not null,
  reason         TEXT not null,
  planned_by     BIGINT,
  planned_at     BIGINT not null,
  taken_back_at  BIGINT,
  done_at        BIGINT,
  -- How much of each thing moved, once it has.
  moved          TEXT
) {{strict}};

create table merger_orgs(
  merger_id  BIGINT not null references mergers (id),
  org_id     BIGINT not null references organisations (id),
  primary key (merger_id, org_id)
) {{strict}};
create index merger_orgs_org on merger_orgs (org_id, merger_id);

-- Memberships that came with a merger. Until somebody has said that the person still works there, they count and wait.
create table reconfirmations(
  membership_id  BIGINT primary key not null references memberships (id),
  merger_id      BIGINT not null references mergers (id),
  asked_at       BIGINT not null,
  confirmed_at   BIGINT,
  confirmed_by   BIGINT
) {{strict}};
create index reconfirmations_open on reconfirmations (asked_at, membership_id) where confirmed_at is null;

-- The organisation that stands for this one today, however many mergers lie between.
alter table organisations add column merged_into BIGINT references organisations (id);
create index organisations_merged on organisations (merged_into) where merged_into is not null;

create index items_watched on items (watched_by) where watched_by is not null;

-- A projection like the rest of its table: who raised it, where that is not who holds it.
alter table changes add column raised_as BIGINT;
create index changes_raised_as on changes (raised_as, id) where raised_as is not null;

-- A reference of one's own is unique within the organisation that gave it, whoever stands for it today.
drop index changes_source;
create unique index changes_source on changes ((coalesce(raised_as, org_id)), source_ref) where source_ref is not null;
