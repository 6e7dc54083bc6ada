-- What depended on the things of a change when it was approved (spec 10.2), of the approval in force.

create table change_closure(
  change_id  BIGINT primary key not null,
  graph      BIGINT not null,
  things     BIGINT not null,
  digest     TEXT not null
) {{strict}};

-- What has to be over before a change begins (C035).
create table change_after(
  change_id  BIGINT not null,
  after_id   BIGINT not null,
  reference  TEXT not null,
  primary key (change_id, after_id)
) {{strict}};
create index change_after_of on change_after (after_id, change_id);
