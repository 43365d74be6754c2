-- What is no longer kept: texts that tell of nobody, after a time, and people who asked to be forgotten.

-- The stories whose text may be dropped, without a look at the texts.
create index articles_with_text on articles(first_seen_at) where body <> '';

-- Who was erased is not written down. One random salt for each database.
create table erasure_salt (
    one integer primary key check (one = 1),
    salt blob not null
);

create table erasures (
    id integer primary key,
    made_at text not null,
    removed text not null             -- JSON: how many events, reports, stories … went
);

-- Salted hashes by which the erased are known again, so that no later crawl brings them back.
create table erased_marks (
    kind text not null,               -- name (in one script and order), form (as it is written), address
    hash blob not null,
    erasure integer not null references erasures(id),
    primary key (kind, hash)
) without rowid;
