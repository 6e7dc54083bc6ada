-- The event log and what is written beside it. Types in capitals are translated, see dialect.rs.

create table events(
    seq BIGINT primary key,
    id BIGINT not null unique,
    stream TEXT not null check (stream in ('change', 'directory')),
    change_id BIGINT not null,
    version BIGINT not null,
    type TEXT not null,
    schema BIGINT not null,
    at BIGINT not null,
    payload TEXT not null,
    hash TEXT not null
) {{strict}};

-- A directory event has a subject too, but nothing counts its versions.
create unique index events_change_version on events(change_id, version) where stream = 'change';
create index events_stream_subject on events(stream, change_id, seq);

-- One row. Every append locks it first, so that all appends stand in one line (settled 20).
create table log_head(
    one BIGINT primary key check (one = 1),
    count BIGINT not null,
    hash TEXT not null
) {{strict}};
insert into log_head(one, count, hash) values (1, 0, '');

-- Free text that can be erased. The event holds a salted digest of it (settled 20).
create table texts(
    id BIGINT primary key,
    change_id BIGINT not null,
    salt BYTEA,
    body TEXT,
    erased_at BIGINT
) {{strict}};
create index texts_change on texts(change_id);

-- Process documents by the hash of their content; a change is pinned to one.
create table documents(
    hash TEXT primary key,
    id TEXT not null,
    version BIGINT not null,
    title TEXT not null,
    source TEXT not null,
    stored_at BIGINT not null
) {{strict}};
create index documents_id_version on documents(id, version);

-- The next number of each prefix and year (settled 7).
create table counters(
    prefix TEXT not null,
    year BIGINT not null,
    next BIGINT not null,
    primary key (prefix, year)
) {{strict}};

-- The answer to a command, kept under the caller's key (reliability.md, R4).
create table idempotency(
    actor BIGINT not null,
    key TEXT not null,
    request_hash TEXT not null,
    status BIGINT not null,
    headers TEXT not null,
    body TEXT not null,
    at BIGINT not null,
    primary key (actor, key)
) {{strict}};
create index idempotency_at on idempotency(at);
