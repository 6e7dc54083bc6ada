-- From which domains the provider writes about an account, one a line. A notice from elsewhere, or of an account of which
-- nobody has said this, is asked about before anything stands on the schedule (spec 10.3, inbound).

alter table network_accounts add column senders TEXT not null default '';
