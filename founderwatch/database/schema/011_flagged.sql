-- What is shown of an event is looked up after its choosing and ordering: to count flagged events, or to group them,
-- then costs nothing for the columns that nobody asked for.
drop view flagged;
create view flagged as
select
    e.first_seen_at,
    case when json_type(e.corrected, '$.person') is null then e.person else json_extract(e.corrected, '$.person') end as person,
    case when json_type(e.corrected, '$.employer') is null then e.employer else json_extract(e.corrected, '$.employer') end as employer,
    case when json_type(e.corrected, '$.role') is null then e.role else json_extract(e.corrected, '$.role') end as role,
    case when json_type(e.corrected, '$.status') is null then e.status else json_extract(e.corrected, '$.status') end as status,
    case when json_type(e.corrected, '$.venture') is null then e.venture else json_extract(e.corrected, '$.venture') end as venture,
    case when json_type(e.corrected, '$.focus') is null then e.focus else json_extract(e.corrected, '$.focus') end as focus,
    e.score, e.sources,
    case when json_type(e.corrected, '$.first_reported_by') is null then e.first_reported_by
         else json_extract(e.corrected, '$.first_reported_by') end as first_reported_by,
    case when json_type(e.corrected, '$.departed_words') is null then e.departed_words
         else json_extract(e.corrected, '$.departed_words') end as departed,
    (select json_extract(m.evidence, '$[0].text') from mentions m
      where m.event = e.id and m.kind = e.kind order by m.score desc, m.id limit 1) as evidence,
    (select a.url from mentions m join articles a on a.id = m.article
      where m.event = e.id order by a.published is null, a.published, a.id limit 1) as url,
    (select group_concat(distinct a.language) from mentions m join articles a on a.id = m.article
      where m.event = e.id) as languages,
    e.published, e.seniority, e.venture_kind, e.id, e.verdict
from (
    select e.*, v.verdict, v.corrected
    from events e left join verdicts v on v.event = e.id
    where (e.flagged = 1 or v.verdict = 'accept') and coalesce(v.verdict, '') <> 'reject' and e.merged_into is null
    order by e.first_seen_at desc, e.score desc) e;
