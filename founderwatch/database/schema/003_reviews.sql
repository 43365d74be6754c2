-- Reviews that can be taken back and are never stored twice; views that follow the verdicts; the queue of the desk.

alter table reviews add column url text;        -- the story that was shown: stays when its row goes
alter table reviews add column queue text;      -- why it was asked: likely, uncertain, sample; null where a person looked it up
alter table reviews add column token text;      -- of the page that sent it: the same page sent twice is one verdict
alter table reviews add column undoes integer references reviews(id);  -- with the verdict "undo": the row taken back
create unique index reviews_by_token on reviews(token);
create unique index reviews_by_undone on reviews(undoes);
create index reviews_by_article on reviews(article);
create index reviews_by_reviewer on reviews(reviewer);
create index reviews_by_queue on reviews(queue);
create index events_by_score on events(flagged, kind, score);

-- Unflagged stories in an order that has nothing to do with what they say (Knuth's multiplicative hash): the first
-- of them are a random sample.
create index assessments_by_chance on assessments((article * 2654435761 % 4294967296)) where flagged = 0 and skipped is null;

-- The verdict in force on each event and on each story that was judged without one: the latest not taken back.
create view verdicts as
select r.event, r.article, r.verdict, r.reason, r.corrected, r.reviewer, r.queue, r.model, r.made_at, r.url, r.id
from reviews r
where r.verdict <> 'undo'
  and not exists (select 1 from reviews u where u.undoes = r.id)
  and not exists (
    select 1 from reviews l
    where l.event = r.event and l.id > r.id and l.verdict <> 'undo'
      and not exists (select 1 from reviews u where u.undoes = l.id))
  and (r.event is not null or not exists (
    select 1 from reviews l
    where l.article = r.article and l.event is null and l.id > r.id and l.verdict <> 'undo'
      and not exists (select 1 from reviews u where u.undoes = l.id)));

drop view review_queue;
drop view flagged;

-- A rejected event is left out, an accepted one stays whatever later judgements say; what the reviewer corrected
-- stands in place of the model's words, also where the correction is that there is nothing.
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
where (e.flagged = 1 or v.verdict = 'accept') and coalesce(v.verdict, '') <> 'reject'
order by e.first_seen_at desc, e.score desc;

-- What the desk asks, in its order: flagged and new first; after every fourth an event just below the threshold, after
-- every ninth a story that was not flagged. What is due counts from the last verdict of its kind.
create view review_queue as
with
likely as (
    select id as event, row_number() over (order by substr(first_seen_at, 1, 10) desc, score desc, id) as place
    from (select e.id, e.first_seen_at, e.score from events e
          where e.flagged = 1 and not exists (select 1 from verdicts v where v.event = e.id)
          order by e.first_seen_at desc limit 500)),
uncertain as (
    select id as event, 4 * row_number() over (order by score desc, id) + 0.5
        - (select count(*) from (select 1 from reviews where queue = 'likely'
            and id > coalesce((select max(id) from reviews where queue = 'uncertain'), 0) limit 4)) as place
    from (select e.id, e.score from events e
          where e.flagged = 0 and e.kind = 'founds' and e.score >= 0.1 and e.status <> 'denied'
            and not exists (select 1 from verdicts v where v.event = e.id)
          order by e.score desc limit 20)),
sample as (
    select article, 9 * row_number() over (order by chance) + 0.7
        - (select count(*) from (select 1 from reviews where queue in ('likely', 'uncertain')
            and id > coalesce((select max(id) from reviews where queue = 'sample'), 0) limit 9)) as place
    from (select s.article, s.article * 2654435761 % 4294967296 as chance from assessments s
          where s.flagged = 0 and s.skipped is null
            and not exists (select 1 from assessments l where l.article = s.article and l.id > s.id)
            and not exists (select 1 from verdicts v where v.article = s.article)
            and not exists (select 1 from mentions m join events e on e.id = m.event
                             where m.article = s.article and e.flagged = 1)
          order by s.article * 2654435761 % 4294967296
          -- ten to begin with, then one for every ten verdicts
          limit max(0, 10 + (select count(*) from reviews where queue is not null) / 10
                         - (select count(*) from verdicts where queue = 'sample'))))
select
    q.place, q.queue, e.person, e.employer, e.role, e.status, e.venture, e.focus, e.score,
    coalesce(
        (select json_extract(m.evidence, '$[0].text') from mentions m
          where m.event = e.id and m.kind = e.kind order by m.score desc, m.id limit 1),
        a.title) as evidence,
    coalesce(
        (select a.url from mentions m join articles a on a.id = m.article
          where m.event = e.id order by a.published is null, a.published, a.id limit 1),
        a.url) as url,
    coalesce(e.first_seen_at, a.first_seen_at) as first_seen_at, e.seniority, e.sources, e.id, q.article
from (
    select place, 'likely' as queue, event, null as article from likely
    union all select place, 'uncertain', event, null from uncertain
    union all select place, 'sample', null, article from sample) q
left join events e on e.id = q.event
left join articles a on a.id = q.article
order by q.place;
