-- The crawl's memory: when a source may be asked again, what each run got from it, edited versions of a story.

-- When each source is due, and why (spiders/timetable.py).
create table timetable (
    source text primary key references sources(name),
    state text not null,              -- regular, backing off, paused
    asked_at text not null,           -- when the last crawl that asked it began
    due_at text not null,             -- when a scheduled crawl asks it again
    every integer not null,           -- seconds between two crawls while it answers; 0: each crawl
    trouble integer not null,         -- its failures in a row, weighed: 0 where it answers
    held_until text,                  -- the site's own word (Retry-After), or the end of a used-up quota's day
    reason text,                      -- why it backs off, is paused or held
    day text not null,                -- the day (UTC) that `requests` counts
    requests integer not null
);

alter table channels add column digest text;     -- of the answer's bytes: for servers without ETag and Last-Modified

-- Null in runs of older versions, which did not count so.
alter table source_runs add column unchanged integer;  -- channels that had nothing new to say
alter table source_runs add column known integer;      -- named stories that were stored before
alter table source_runs add column new integer;        -- articles stored for the first time
alter table source_runs add column unfetched integer;  -- stories that brought no page
alter table source_runs add column extracted integer;  -- stories whose page gave the text
alter table source_runs add column letters integer;    -- of those texts; a Chinese character counts as three
alter table source_runs add column requests integer;
alter table source_runs add column newest text;                  -- the newest story that a channel named
alter table source_runs add column grade text;                   -- of failed channels, the gravest: hard, soft, temporary
alter table source_runs add column blocked integer default 0;    -- the site shut the door: robots.txt, 401, 403 …
alter table source_runs add column causes text;                  -- JSON: what went wrong, and how often
create index source_runs_by_source on source_runs(source, run);

alter table failures add column passing integer not null default 0;  -- asking again may help

alter table articles add column announced text;  -- the title by which its channel named it: another one tells of an edit
alter table articles add column revised text;    -- when its channel said that it was last changed
alter table articles add column looked integer not null default 0;  -- how often its page was fetched

-- Earlier texts of an article whose page was edited, or that was found under another address with another text.
create table versions (
    id integer primary key,
    article integer not null references articles(id) on delete cascade,
    title text not null,
    body text not null,
    replaced_at text not null         -- when the text that stands in `articles` took its place
);
create index versions_by_article on versions(article);

-- What an address has in common with its mobile, AMP and www forms (founderwatch/address.py); a function of the program.
alter table addresses add column folded text;
update addresses set folded = fold(url);
create index addresses_by_folded on addresses(folded);

drop view source_health;

-- One verdict a source, and why. What is quiet or thin is measured against the source's own last weeks, so that a part
-- that is lost counts. The limits are those of spiders/health.py; a test holds the two together.
create view source_health as
with
lately as (
    select sr.source,
        sum(case when r.started_at >= strftime('%Y-%m-%dT%H:%M:%S', 'now', '-7 days') then sr.extracted end) as extracted,
        sum(case when r.started_at >= strftime('%Y-%m-%dT%H:%M:%S', 'now', '-7 days') and sr.extracted is not null then sr.fetched end) as fetched,
        sum(case when r.started_at >= strftime('%Y-%m-%dT%H:%M:%S', 'now', '-7 days') then sr.unfetched end) as unfetched,
        sum(case when r.started_at >= strftime('%Y-%m-%dT%H:%M:%S', 'now', '-7 days') then sr.letters end) as letters,
        sum(case when r.started_at < strftime('%Y-%m-%dT%H:%M:%S', 'now', '-7 days') then sr.extracted end) as extracted_before,
        sum(case when r.started_at < strftime('%Y-%m-%dT%H:%M:%S', 'now', '-7 days') and sr.extracted is not null then sr.fetched end) as fetched_before,
        sum(case when r.started_at < strftime('%Y-%m-%dT%H:%M:%S', 'now', '-7 days') then sr.letters end) as letters_before
    from source_runs sr join runs r on r.id = sr.run
    where r.started_at >= strftime('%Y-%m-%dT%H:%M:%S', 'now', '-35 days')
    group by sr.source),
stories as (
    select source, count(*) as articles, max(published) as newest, max(coalesce(published, first_seen_at)) as latest,
        sum(coalesce(published, first_seen_at) >= strftime('%Y-%m-%dT%H:%M:%S', 'now', '-7 days')) as week,
        sum(coalesce(published, first_seen_at) >= strftime('%Y-%m-%dT%H:%M:%S', 'now', '-35 days')
            and coalesce(published, first_seen_at) < strftime('%Y-%m-%dT%H:%M:%S', 'now', '-7 days')) / 4.0 as weekly
    from articles group by source),
measured as (
    select
        s.name, s.title, s.language, r.run, r.channels, r.channels_failed, r.found, r.new, r.fetched, r.failed, r.extracted,
        coalesce(r.blocked, 0) as blocked, r.message,
        (select started_at from runs where id = r.run) as last_crawled_at,
        t.state, t.due_at, t.held_until, t.reason, t.every, t.trouble,
        coalesce(a.articles, 0) as articles, a.newest, a.latest, coalesce(a.week, 0) as week, coalesce(a.weekly, 0) as weekly,
        coalesce(l.extracted, 0) as got, coalesce(l.fetched, 0) as came, coalesce(l.unfetched, 0) as missed,
        l.letters / nullif(l.extracted, 0) as size, l.letters_before / nullif(l.extracted_before, 0) as size_before,
        1.0 * l.extracted / nullif(l.fetched, 0) as share, 1.0 * l.extracted_before / nullif(l.fetched_before, 0) as share_before,
        coalesce(l.fetched_before, 0) as came_before,
        cast(julianday('now') - julianday(a.latest) as integer) as age
    from sources s
    left join source_runs r on r.source = s.name and r.run = s.last_run
    left join timetable t on t.source = s.name
    left join lately l on l.source = s.name
    left join stories a on a.source = s.name),
judged as (
    select *,
        case
            when run is null then 'never crawled'
            when state = 'paused' then 'paused'
            when channels_failed > 0 and blocked then 'blocked'
            when channels_failed > 0 then 'failing'
            when missed >= 2 and missed > came then 'failing'
            when age > 30 then 'quiet'
            when week * 4 < weekly and weekly >= 8 and julianday('now') - julianday(last_crawled_at) < 2 then 'quiet'
            when came >= 4 and got * 2 < came then 'thin'
            when came >= 8 and came_before >= 8 and share < 0.6 * share_before then 'thin'
            when got >= 4 and size_before >= 500 and size < 0.4 * size_before then 'thin'
            else 'healthy'
        end as verdict
    from measured)
select
    name, title, language, verdict,
    case
        when verdict = 'paused' then reason
        when verdict in ('blocked', 'failing') and channels > 1 and channels_failed > 0
            then channels_failed || ' of ' || channels || ' channels failed: ' || coalesce(message, 'no reason given')
        when verdict = 'failing' and not channels_failed > 0 then missed || ' of ' || (missed + came) || ' pages of the last 7 days did not come'
        when verdict = 'quiet' and age > 30 then 'its newest story is ' || age || ' days old'
        when verdict = 'quiet' then week || ' stories in the last 7 days, against ' || cast(round(weekly) as integer) || ' a week before'
        when verdict = 'thin' and got * 2 < came then got || ' of ' || came || ' pages of the last 7 days gave a text'
        when verdict = 'thin' and size < 0.4 * size_before and not (share < 0.6 * share_before)
            then 'its texts have ' || size || ' letters in the mean, against ' || size_before || ' before'
        when verdict = 'thin'
            then cast(round(100 * share) as integer) || '% of its pages gave a text, against ' || cast(round(100 * share_before) as integer) || '% before'
        else message
    end as message,
    channels, channels_failed, found, new, fetched, extracted, failed, articles, newest, last_crawled_at,
    state, due_at, held_until
from judged
order by verdict = 'healthy', name;
