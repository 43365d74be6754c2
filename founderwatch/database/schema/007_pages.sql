-- What the desk's pages ask of large databases: how many stories each source brought lately, and when its last one came,
-- without a look at the stories themselves.
create index articles_by_source_seen on articles(source, first_seen_at);
-- Events of one employer about one time: what a reviewer may merge.
create index events_by_employer on events(employer);
