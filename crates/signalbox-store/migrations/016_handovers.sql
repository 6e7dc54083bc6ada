-- The local times at which the shifts of a site hand over: work that runs over one is found by people who know
-- nothing of it, so that free times are looked for beside them (C072).

create table site_handovers(
  site_id  BIGINT primary key not null references sites (id),
  times    TEXT not null
) {{strict}};
