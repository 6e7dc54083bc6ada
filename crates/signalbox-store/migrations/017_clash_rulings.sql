-- What was ruled on a clash of two changes (spec 6.7), for as long as neither window moves; read from either side.

create table clash_rulings(
  change_id    BIGINT not null,
  other_id     BIGINT not null,
  rule         TEXT not null,
  way          TEXT not null,
  text_id      BIGINT not null,
  own_from     BIGINT not null,
  own_until    BIGINT not null,
  other_from   BIGINT not null,
  other_until  BIGINT not null,
  ruled_at     BIGINT not null,
  ruled_by     BIGINT,
  primary key (change_id, other_id, rule)
) {{strict}};
create index clash_rulings_other on clash_rulings (other_id, change_id);

-- Which clashes people were told of, so that nobody is told twice of one; 0 stands for what is no change.
create table clash_told(
  change_id  BIGINT not null,
  other_id   BIGINT not null,
  rule       TEXT not null,
  mark       TEXT not null,
  told_at    BIGINT not null,
  primary key (change_id, other_id, rule, mark)
) {{strict}};
create index clash_told_at on clash_told (told_at);
