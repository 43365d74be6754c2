-- Alerts: what is to be told to whom, and what was (docs/alerts.md).

-- When each event reached each status that it has had: a row is written with the event, in one transaction.
create table status_changes (
    event text not null references events(id) on delete cascade,
    status text not null,
    at text not null,
    flagged integer not null,         -- whether the event was flagged while it had it
    primary key (event, status)
) without rowid;
create index status_changes_by_time on status_changes(at);
insert into status_changes (event, status, at, flagged) select id, status, first_seen_at, flagged from events;

create table alert_channels (
    name text primary key,            -- as in the configuration
    added_at text not null,
    gathers integer not null,         -- 1: no crawl had ended when it was added; what the first one finds is one message
    opened_at text,                   -- when that crawl ended; null until then, and nothing leaves
    failures integer not null default 0,  -- in a row
    failed_at text,
    error text,                       -- why the last attempt failed; null after one that did not
    retry_at text,                    -- left alone until then
    sent_at text                      -- the last message that was taken
);

create table troubles (
    id integer primary key,
    kind text not null,               -- silent, many, few, disk, database, archive
    began_at text not null,
    ended_at text,                    -- null while it lasts
    figures text not null             -- JSON: what was measured when it began
);
create unique index troubles_that_last on troubles(kind) where ended_at is null;

-- The outbox: one row for each channel and each thing to be told there.
create table alerts (
    id integer primary key,
    channel text not null,
    event text,                       -- its identifier; the row stays when the event goes
    trouble integer references troubles(id),
    status text not null,             -- of the event; of a trouble: begun, ended
    state text not null default 'waiting',  -- waiting, sending, sent, cancelled
    url text,                         -- the oldest story when the row was made
    message text,                     -- identifier of the message that carries it: the same at every attempt
    tries integer not null default 0,
    due_at text not null,             -- no attempt before
    error text,                       -- why the last attempt failed, or why it was cancelled
    made_at text not null,
    claimed_at text,
    sent_at text,
    unique (channel, event, status),
    unique (channel, trouble, status)
);
create index alerts_by_state on alerts(state, channel, due_at);
create index alerts_by_event on alerts(event);
create index alerts_by_message on alerts(message);
create index alerts_by_sending on alerts(channel, sent_at);

create view latency as
select
    e.id as event, e.person, e.status,
    e.published, e.first_seen_at, min(a.sent_at) as alerted_at,
    cast(round((julianday(e.first_seen_at) - julianday(e.published)) * 86400) as integer) as seconds_to_see,
    cast(round((julianday(min(a.sent_at)) - julianday(e.first_seen_at)) * 86400) as integer) as seconds_to_alert,
    cast(round((julianday(min(a.sent_at)) - julianday(e.published)) * 86400) as integer) as seconds,
    (select coalesce(s.site_name, s.source) from mentions m join articles s on s.id = m.article
      where m.event = e.id order by s.first_seen_at, s.id limit 1) as first_source
from events e left join alerts a on a.event = e.id and a.state = 'sent'
where e.flagged = 1 or a.id is not null
group by e.id
order by e.first_seen_at desc;
