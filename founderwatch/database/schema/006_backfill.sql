-- How far each archive has been read, and what in it could not be.

create table backfills (
    file text not null,               -- absolute path or address
    asked text not null,              -- JSON of what was asked of it: another question reads it anew
    fingerprint text not null,        -- of its first bytes: another file under the same name is read from its beginning
    position integer not null,        -- every record that begins before this byte is dealt with; records, where the file is in one piece
    size integer,                     -- bytes when it was last looked at, null where a host does not say
    pages integer not null default 0, -- pages read
    candidates integer not null default 0,  -- of them judged by the model
    stored integer not null default 0,      -- of them new articles
    flagged integer not null default 0,     -- of these flagged
    bad integer not null default 0,   -- records and pages in bad_records
    started_at text not null,
    updated_at text not null,
    finished_at text,                 -- null while anything of it is unread
    problem text,                     -- why it could not be read to its end
    primary key (file, asked)
);

create table bad_records (
    file text not null,
    position integer not null,        -- byte at which the record can be found; its number, where the file is in one piece
    url text,                         -- null where the record does not tell
    stage text not null,              -- read, extract, classify, store
    reason text not null,
    seen_at text not null,
    primary key (file, position, stage)
);
create index bad_records_by_url on bad_records(url);
