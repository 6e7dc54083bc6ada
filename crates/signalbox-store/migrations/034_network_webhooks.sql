-- Where a provider takes notices from system to system: the address with its key, sealed; when each version was taken, and
-- why it was not.

alter table network_accounts add column webhook TEXT not null default '';
alter table network_accounts add column webhook_sealed BYTEA;
alter table network_notices add column posted_at BIGINT;
alter table network_notices add column post_trouble TEXT not null default '';
