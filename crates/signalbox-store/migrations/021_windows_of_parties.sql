-- When the work begins, beside whose it is and where: a month of one organisation, site or service is found by both at
-- once, and not by going through everybody's month or through all their years.

alter table change_orgs add column window_start BIGINT;
alter table change_sites add column window_start BIGINT;
alter table change_services add column window_start BIGINT;
update change_orgs set window_start = (select c.window_start from changes c where c.id = change_orgs.change_id);
update change_sites set window_start = (select c.window_start from changes c where c.id = change_sites.change_id);
update change_services set window_start = (select c.window_start from changes c where c.id = change_services.change_id);
create index change_orgs_window on change_orgs (org_id, window_start, change_id) where window_start is not null;
create index change_sites_window on change_sites (site_id, window_start, change_id) where window_start is not null;
create index change_services_window on change_services (service_id, window_start, change_id) where window_start is not null;
