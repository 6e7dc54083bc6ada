-- When all was back, or the work ended without a word on that: until then, and a quarter of an hour longer, alarms are
-- covered (spec 10.4). A projection like the rest of its table; rows of before say when the work ended, until they are made
-- again.
alter table changes add column back_at BIGINT;
update changes set back_at = finished_at where finished_at is not null;
create index changes_back on changes (back_at, id) where back_at is not null;

-- The record that was begun of the work behind an alarm that nobody had announced (scenario 19).
alter table alarms add column record_id BIGINT;
