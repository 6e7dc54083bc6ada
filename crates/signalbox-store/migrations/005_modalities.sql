-- Who answers to which AE title from when, as the changes say that were carried out or are planned (spec 4.8). A
-- projection of the log like those of 003: `rebuild` makes it again and `verify` compares it.

create table change_modalities(
  change_id  BIGINT not null,
  place      BIGINT not null,
  -- In capitals and without outer spaces: how titles are compared.
  ae_key     TEXT not null,
  ae_title   TEXT not null,
  turn       TEXT not null check (turn in ('on', 'keep', 'off')),
  at         BIGINT not null,
  ip         TEXT,
  org_id     BIGINT not null,
  site_id    BIGINT,
  primary key (change_id, place)
) {{strict}};
create index change_modalities_key on change_modalities (ae_key, at);
create index change_modalities_ip on change_modalities (ip) where ip is not null;
