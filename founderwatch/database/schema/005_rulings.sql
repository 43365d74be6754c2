-- What people say of which reports are one departure, what they watch, and who turned up again later.

-- Append-only: a later ruling outdoes an earlier one, and taking one back is a row, too.
create table rulings (
    id integer primary key,
    ruling text not null,             -- merge, split, undo
    event text not null,              -- the event that stays: with the other's reports, or without those split off
    other text not null,              -- the event that was merged away, or that was made of what was split off
    reviewer text not null,
    made_at text not null,
    token text,                       -- of the page that sent it: the same page sent twice is one ruling
    undoes integer references rulings(id),
    carried integer references reviews(id)  -- the verdict on `other` that a merge wrote down for `event`, which had none
);
create unique index rulings_by_token on rulings(token);
create unique index rulings_by_undone on rulings(undoes);
create index rulings_by_other on rulings(other);

-- The reports that a ruling is about, by what a story says and not by row: the story may be judged anew.
create table ruling_reports (
    ruling integer not null references rulings(id),
    side integer not null,            -- 0: those of `event`; 1: those of `other`
    article integer not null references articles(id) on delete cascade,
    person text,
    kind text not null,
    employer text
);
create index ruling_reports_by_ruling on ruling_reports(ruling);
create index ruling_reports_by_article on ruling_reports(article);

-- An event that a person has judged keeps its row when its reports become another's.
alter table events add column merged_into text;
alter table events add column retells text;  -- the earlier event of which this is an old story told again
create index events_by_retold on events(retells) where retells is not null;
alter table events add column basis text;    -- JSON: what the score rests on (founderwatch/events/score.py)

-- An assessment that is replaced takes its mentions along.
create index mentions_by_assessment on mentions(assessment);

-- The threshold by which events were last flagged: who merges or splits needs no model.
create table current_threshold (
    one integer primary key check (one = 1),
    threshold real not null
);

-- People and companies that the user wants to hear of, whatever the kind of departure.
create table watches (
    id integer primary key,
    kind text not null,               -- person, company
    name text not null,               -- as the user wrote it
    employer text,                    -- of a person, if told: namesakes elsewhere are not meant
    note text,
    added_at text not null,
    removed_at text                   -- null while it is watched
);

-- Which events a watch means; kept up to date with the events.
create table watched_events (
    watch integer not null references watches(id),
    event text not null references events(id) on delete cascade,
    primary key (watch, event)
) without rowid;
create index watched_events_by_event on watched_events(event);

-- One person's time line: who left or joined in one event founds something in a later one.
create table successions (
    event text not null references events(id) on delete cascade,
    later text not null references events(id) on delete cascade,
    primary key (event, later)
) without rowid;
create index successions_by_later on successions(later);

drop view flagged;
create view flagged as
select
    e.first_seen_at,
    case when json_type(v.corrected, '$.person') is null then e.person else json_extract(v.corrected, '$.person') end as person,
    case when json_type(v.corrected, '$.employer') is null then e.employer else json_extract(v.corrected, '$.employer') end as employer,
    case when json_type(v.corrected, '$.role') is null then e.role else json_extract(v.corrected, '$.role') end as role,
    case when json_type(v.corrected, '$.status') is null then e.status else json_extract(v.corrected, '$.status') end as status,
    case when json_type(v.corrected, '$.venture') is null then e.venture else json_extract(v.corrected, '$.venture') end as venture,
    case when json_type(v.corrected, '$.focus') is null then e.focus else json_extract(v.corrected, '$.focus') end as focus,
    e.score, e.sources,
    case when json_type(v.corrected, '$.first_reported_by') is null then e.first_reported_by
         else json_extract(v.corrected, '$.first_reported_by') end as first_reported_by,
    case when json_type(v.corrected, '$.departed_words') is null then e.departed_words
         else json_extract(v.corrected, '$.departed_words') end as departed,
    (select json_extract(m.evidence, '$[0].text') from mentions m
      where m.event = e.id and m.kind = e.kind order by m.score desc, m.id limit 1) as evidence,
    (select a.url from mentions m join articles a on a.id = m.article
      where m.event = e.id order by a.published is null, a.published, a.id limit 1) as url,
    (select group_concat(distinct a.language) from mentions m join articles a on a.id = m.article
      where m.event = e.id) as languages,
    e.published, e.seniority, e.venture_kind, e.id, v.verdict
from events e left join verdicts v on v.event = e.id
where (e.flagged = 1 or v.verdict = 'accept') and coalesce(v.verdict, '') <> 'reject' and e.merged_into is null
order by e.first_seen_at desc, e.score desc;

-- Who left or joined, and what became of it; and every departure that a watch of the user's means.
drop view watch_list;
create view watch_list as
select
    e.person, e.employer, e.role, e.kind, e.status, e.venture as went_to, e.published,
    cast(julianday('now') - julianday(coalesce(e.departed_to, e.published, e.first_seen_at)) as integer) as days_ago,
    e.score,
    (select group_concat(w.name, ', ') from watched_events x join watches w on w.id = x.watch where x.event = e.id) as watched,
    case when e.kind = 'founds' then e.id
         else (select s.later from successions s where s.event = e.id order by s.later limit 1) end as founded,
    e.id
from events e
where e.status <> 'denied' and e.person is not null and e.merged_into is null
  and (e.kind in ('leaves', 'joins')
       -- told as a mere leaving before it was told as a founding
       or (e.kind = 'founds' and exists (
             select 1 from mentions l join articles b on b.id = l.article
             where l.event = e.id and l.kind <> 'founds' and l.status <> 'denied'
               and coalesce(b.published, b.first_seen_at) < (
                 select min(coalesce(a.published, a.first_seen_at)) from mentions m join articles a on a.id = m.article
                  where m.event = e.id and m.kind = 'founds')))
       or exists (select 1 from watched_events x where x.event = e.id))
order by days_ago;

-- Each mention under every key that a report of the same person may be looked for by, within each employer that it may
-- name (founderwatch/events/people.py, organisations.py): what is asked stays small however many bear a name. Opening an
-- older database files its mentions.
drop table name_keys;
create table name_keys (
    key text not null,
    mark text not null,               -- of the employer, and of the organisation that is joined; empty without one
    at integer not null,              -- day of publication of the story, or of the one that it copies, counted from 0001-01-01
    mention integer not null references mentions(id) on delete cascade,
    primary key (key, mark, at, mention)
) without rowid;
create index name_keys_by_mention on name_keys(mention);

-- Names that stand with so many employers that a report without one names nobody by them.
create table common_names (
    key text primary key
) without rowid;
