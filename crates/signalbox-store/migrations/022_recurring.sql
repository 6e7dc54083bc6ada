-- Which change is the record of a deployment, by the name that its pipeline gave it.
create table deployments(
  org_id       BIGINT not null,
  external_id  TEXT not null,
  change_id    BIGINT not null unique,
  primary key (org_id, external_id)
) {{strict}};
