-- Members follow services and sites: they are among the subscribers of every change that names one of them. Whether each
-- may see the change is asked when they are told.

create table subscriptions(
  id          BIGINT primary key not null,
  person_id   BIGINT not null references people (id),
  service_id  BIGINT references services (id),
  site_id     BIGINT references sites (id),
  since       BIGINT not null,
  check ((service_id is null) <> (site_id is null))
) {{strict}};
create unique index subscriptions_service on subscriptions (service_id, person_id) where service_id is not null;
create unique index subscriptions_site on subscriptions (site_id, person_id) where site_id is not null;
create index subscriptions_person on subscriptions (person_id);
