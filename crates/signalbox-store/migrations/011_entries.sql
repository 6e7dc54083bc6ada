-- Which entry of the catalogue a request asks for, and whether it suspended the entry: made again from the events.
create table change_entries(
  change_id          BIGINT primary key not null,
  entry              TEXT not null,
  sent_at            BIGINT not null,
  suspended_at       BIGINT,
  suspended_because  TEXT
) {{strict}};
create index change_entries_entry on change_entries (entry, sent_at);
create index change_entries_sent on change_entries (sent_at, change_id);
create index change_entries_suspended on change_entries (entry, suspended_at) where suspended_at is not null;

-- Each time that somebody looked at a suspended entry again and let it be asked for.
create table entry_looks(
  id     BIGINT primary key not null,
  entry  TEXT not null,
  at     BIGINT not null,
  by     BIGINT,
  words  TEXT not null
) {{strict}};
create index entry_looks_entry on entry_looks (entry, at);
