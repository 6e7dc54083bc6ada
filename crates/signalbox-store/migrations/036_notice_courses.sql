-- How a notice was judged and what people made of it, beside what stands in `changes`: the calendar that counted its days,
-- what was proposed, who settled it, who disputed that, and what the authority decided (R-5). A projection like the others.

create table change_notices(
  change_id         BIGINT primary key not null,
  calendar_version  TEXT not null,
  proposed          TEXT not null,
  settled           TEXT,
  settled_by        BIGINT,
  settled_org       BIGINT,
  settled_at        BIGINT,
  disputed_by       BIGINT,
  disputed_org      BIGINT,
  disputed_at       BIGINT,
  -- open, upheld or overturned; null where nobody disputed it.
  dispute           TEXT,
  decided_by        BIGINT,
  decided_org       BIGINT,
  decided_at        BIGINT
) {{strict}};

-- Migrations whose rows only the log can tell: all rows are made again once, right after the last migration.
create table remakes(
  migration  BIGINT primary key not null
) {{strict}};
insert into remakes (migration) values (36);
