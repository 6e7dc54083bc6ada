-- What is owed grows with the kinds of change, so its codes are those of the program (duties.rs) and no list of the database.
create table duties_new(
  change_id  BIGINT not null,
  key        TEXT not null,
  kind       TEXT not null,
  org_id     BIGINT,
  role       TEXT,
  person_id  BIGINT,
  about      TEXT not null,
  text_id    BIGINT,
  asked_at   BIGINT not null,
  due_at     BIGINT,
  done_at    BIGINT,
  done_by    BIGINT,
  primary key (change_id, key)
) {{strict}};
insert into duties_new(change_id, key, kind, org_id, role, person_id, about, text_id, asked_at, due_at, done_at, done_by)
  select change_id, key, kind, org_id, role, person_id, about, text_id, asked_at, due_at, done_at, done_by from duties;
drop table duties;
alter table duties_new rename to duties;
create index duties_org on duties (org_id, due_at) where done_at is null;
create index duties_role on duties (role, due_at) where done_at is null;
create index duties_person on duties (person_id, due_at);
create index duties_done on duties (done_at) where done_at is not null;
create index duties_open on duties (due_at) where done_at is null;

-- Emergencies and work found out afterwards: one row for each, for the register (spec 12, R-9).
create table urgent_changes(
  change_id         BIGINT primary key not null,
  reason            TEXT,
  raised_at         BIGINT not null,
  work_start        BIGINT,
  first_approver    BIGINT,
  first_approved_at BIGINT,
  verbal            BIGINT not null,
  confirmed_at      BIGINT,
  -- 1: the person said that they had agreed; 0: that they had not.
  confirmed         BIGINT,
  ratify_due        BIGINT,
  ratified_by       BIGINT,
  ratified_at       BIGINT,
  ratified          BIGINT,
  record_due        BIGINT,
  record_at         BIGINT,
  contact           TEXT,
  verdict           TEXT,
  verdict_due       BIGINT,
  verdict_at        BIGINT,
  reviewed_at       BIGINT,
  converted_from    TEXT,
  retrospective_of  BIGINT
) {{strict}};
create index urgent_raised on urgent_changes (raised_at, change_id);
create index urgent_of on urgent_changes (retrospective_of) where retrospective_of is not null;
