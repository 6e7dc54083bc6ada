-- BR-17: a provider may say no to a version of a notice. Why stands in the record of the change.

alter table network_notices add column refused_at BIGINT;
alter table network_notices add column refused_by BIGINT;
