-- Who is named to do the work of a change, so that nobody is planned to be in two places (BR-19g).

create table change_people(
  change_id  BIGINT not null,
  person_id  BIGINT not null,
  primary key (change_id, person_id)
) {{strict}};
create index change_people_person on change_people (person_id, change_id);

insert into change_people(change_id, person_id) select id, implementer from changes where implementer is not null;

-- What stands on the schedule: the index in memory is made from these.
create index changes_holding on changes (id) where holds_window = 1;
