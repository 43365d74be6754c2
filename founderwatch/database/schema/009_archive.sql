-- Where the archive holds the pages that were fetched, and the runs that read them again.

create table captures (
    id integer primary key,
    article integer references articles(id) on delete cascade,  -- null where the page gave no article
    url text not null,                -- as it was asked for
    source text,
    fetched_at text not null,
    file text not null,               -- in the archive's folder
    "offset" integer not null,        -- the first byte of the page's records in the file
    length integer not null,          -- and their bytes
    unique (file, "offset")
);
create index captures_by_article on captures(article, id);

create table rescans (
    id integer primary key,
    asked text not null,              -- JSON of what was asked and by which model: the same question goes on where it was
    started_at text not null,
    finished_at text,                 -- null while any story is left
    article integer not null default 0,  -- every article up to this number is done
    capture integer not null default 0,  -- and every page without an article up to this one
    stories integer not null default 0,
    before text not null              -- JSON of the departures that were flagged when it began
);
