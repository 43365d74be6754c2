-- The first schema. All times are ISO 8601 in UTC; booleans are 0 and 1.

create table sources (
    name text primary key,            -- as in the registry
    title text,
    home text,
    language text,                    -- the usual one; each article has its own
    kind text,
    last_run integer references runs(id)
);

create table runs (
    id integer primary key,
    command text not null,            -- crawl, scan
    started_at text not null,
    finished_at text,                 -- null while it runs, and for ever if it was killed
    found integer default 0,          -- addresses that the channels named
    new integer default 0,            -- articles stored for the first time
    failed integer default 0,         -- addresses and channels that gave nothing
    flagged integer default 0         -- new articles that the model flagged
);

create table source_runs (
    run integer not null references runs(id),
    source text not null references sources(name),
    channels integer default 0,
    channels_failed integer default 0,
    found integer default 0,
    fetched integer default 0,
    failed integer default 0,
    message text,                     -- the first thing that went wrong, in words
    primary key (run, source)
);

-- What was answered when all of a channel's stories were last dealt with: an unchanged channel costs one
-- small request. `oldest` is how far back that crawl looked.
create table channels (
    url text not null,                -- a feed, sitemap or listing
    source text not null,
    etag text,
    last_modified text,
    oldest text,
    checked_at text not null,
    primary key (source, url)
);

create table articles (
    id integer primary key,
    url text not null unique,         -- the canonical address
    source text,                      -- the registry's name, or the outlet that a scan was told
    title text not null,
    body text not null,               -- paragraphs parted by newlines
    language text,                    -- ISO 639-1, und where it cannot be told
    author text,
    site_name text,
    published text,                   -- null where neither page nor channel says
    first_seen_at text not null,
    copy_of integer references articles(id),  -- the story that this one repeats
    notes text                        -- what a reader should know of the text: teaser, from the feed …
);
create index articles_by_first_seen on articles(first_seen_at);
create index articles_by_source on articles(source, published);

-- Every address that led to an article. An address counts as known only when its outcome is stored.
create table addresses (
    url text primary key,
    article integer not null references articles(id) on delete cascade
);
create index addresses_by_article on addresses(article);

create table failures (
    url text primary key,
    source text,
    stage text not null,              -- fetch, channel, extract, classify, store
    reason text not null,
    first_at text not null,
    last_at text not null,
    times integer not null default 1
);

create table assessments (
    id integer primary key,
    article integer not null references articles(id) on delete cascade,
    model text not null,              -- the model's version
    score real not null,              -- probability that the story tells of a departure to found
    flagged integer not null,
    skipped text,                     -- why the text was not read: "language: fr"
    made_at text not null,
    unique (article, model)
);

create table events (
    id text primary key,              -- stable: readers and alerts know an event by it
    person text,                      -- the fullest form seen; null for a leaver without a name
    names text not null,              -- JSON list of every form seen
    kind text not null,               -- founds, joins, leaves
    status text not null,             -- rumoured, expected, announced, confirmed, denied
    employer text,
    role text,
    seniority text not null,          -- executive, lead, senior, unknown
    venture text,
    venture_kind text not null,       -- company, fund, nonprofit, lab, unknown
    focus text,
    departed_from text,               -- first and last day that the stories' words allow
    departed_to text,
    departed_words text,
    first_reported_by text,
    first_seen_at text not null,
    published text,                   -- of the oldest report
    score real not null,
    sources integer not null,         -- independent outlets: syndicated copies count once
    flagged integer not null
);
create index events_by_flagged on events(flagged, first_seen_at);

create table mentions (
    id integer primary key,
    assessment integer not null references assessments(id) on delete cascade,
    article integer not null references articles(id) on delete cascade,
    event text references events(id),
    person text,
    person_key text,                  -- the name in one script and order; null without a name
    kind text not null,
    status text not null,
    score real not null,
    employer text,
    role text,
    seniority text not null,
    venture text,
    venture_kind text not null,
    focus text,
    "when" text,
    departed_from text,
    departed_to text,
    first_reported_by text,
    evidence text not null,           -- JSON list of {text, start, end, in}
    triggers text not null            -- JSON list of the deciding words
);
create index mentions_by_person_key on mentions(person_key);
create index mentions_by_event on mentions(event);
create index mentions_by_article on mentions(article);

create table reviews (
    id integer primary key,           -- append-only: a later row outdoes an earlier one
    event text references events(id),
    article integer references articles(id),
    reviewer text not null,
    verdict text not null,            -- accept, reject, unsure
    reason text,
    corrected text,                   -- JSON of the fields that the reviewer corrected
    model text,
    made_at text not null
);
create index reviews_by_event on reviews(event);

-- Titles and bodies for search. Runs of Chinese are entered as all their pieces of two to four characters
-- (founderwatch.database.search), so that MATCH '离职' finds the word wherever it stands.
create virtual table articles_fts using fts5(title, body, content="articles", content_rowid="id");

create view flagged as
select
    e.first_seen_at, e.person, e.employer, e.role, e.status, e.venture, e.focus, e.score, e.sources,
    e.first_reported_by, e.departed_words as departed,
    (select json_extract(m.evidence, '$[0].text') from mentions m
      where m.event = e.id and m.kind = e.kind order by m.score desc, m.id limit 1) as evidence,
    (select a.url from mentions m join articles a on a.id = m.article
      where m.event = e.id order by a.published is null, a.published, a.id limit 1) as url,
    (select group_concat(distinct a.language) from mentions m join articles a on a.id = m.article
      where m.event = e.id) as languages,
    e.published, e.seniority, e.venture_kind, e.id
from events e
where e.flagged = 1
  and coalesce((select r.verdict from reviews r where r.event = e.id order by r.id desc limit 1), '') <> 'reject'
order by e.first_seen_at desc, e.score desc;

create view review_queue as
select f.*
from flagged f
where not exists (select 1 from reviews r where r.event = f.id)
order by f.score desc, f.first_seen_at desc;

create view watch_list as
select
    e.person, e.employer, e.role, e.kind, e.status, e.venture as went_to, e.published,
    cast(julianday('now') - julianday(coalesce(e.departed_to, e.published, e.first_seen_at)) as integer) as days_ago,
    e.score, e.id
from events e
where e.kind in ('leaves', 'joins') and e.status <> 'denied' and e.person is not null
order by days_ago;

create view source_health as
select
    s.name, s.title, s.language,
    case
        when r.run is null then 'never crawled'
        when r.channels_failed >= r.channels then 'failing'
        when r.fetched > 0 and r.failed * 2 > r.fetched then 'thin'
        when (select max(a.first_seen_at) from articles a where a.source = s.name)
            < strftime('%Y-%m-%dT%H:%M:%S', 'now', '-14 days') then 'quiet'
        else 'healthy'
    end as verdict,
    r.message,
    r.channels, r.channels_failed, r.found, r.fetched, r.failed,
    (select count(*) from articles a where a.source = s.name) as articles,
    (select max(a.published) from articles a where a.source = s.name) as newest,
    (select started_at from runs where id = r.run) as last_crawled_at
from sources s
left join source_runs r on r.source = s.name and r.run = s.last_run
order by verdict = 'healthy', s.name;
