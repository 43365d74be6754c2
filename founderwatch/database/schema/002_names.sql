-- Each mention under every key that a report of the same person may be looked for by (founderwatch/events/people.py).
-- `founderwatch events rebuild` files the mentions of an older database under all of theirs.

create table name_keys (
    key text not null,
    at text not null,                 -- when the story, or the one that it copies, was published
    mention integer not null references mentions(id) on delete cascade,
    primary key (key, at, mention)
) without rowid;
create index name_keys_by_mention on name_keys(mention);

insert into name_keys (key, at, mention)
select m.person_key, coalesce(o.published, a.published, a.first_seen_at), m.id
from mentions m join articles a on a.id = m.article left join articles o on o.id = a.copy_of
where m.person_key is not null;
