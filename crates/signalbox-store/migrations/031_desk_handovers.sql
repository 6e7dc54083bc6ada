-- What one shift of a desk hands to the next: as it stood, with a note, and who took it over. Rows are added and never
-- changed; to have taken one is a row of its own.

create table desk_handovers(
  id        BIGINT primary key not null,
  org_id    BIGINT not null references organisations (id),
  left_by   BIGINT not null,
  left_at   BIGINT not null,
  note      TEXT not null,
  -- JSON: what ran, what was due and what to watch then, each by its change, so that it is shown to who may see that.
  stood     TEXT not null,
  -- Of the form: pressed twice, it is left once.
  form_key  TEXT not null unique
) {{strict}};
create index desk_handovers_org on desk_handovers (org_id, left_at, id);

create table desk_handovers_taken(
  handover_id  BIGINT primary key not null references desk_handovers (id),
  taken_by     BIGINT not null,
  taken_at     BIGINT not null
) {{strict}};
