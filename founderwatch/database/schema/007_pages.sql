-- The desk's pages, and what reviewers tell that no model has seen.
-- What the desk's pages ask of large databases: how many stories each source brought lately, and when its last one came,
-- without a look at the stories themselves.
create index articles_by_source_seen on articles(source, first_seen_at, published);
-- Events of one employer about one time: what a reviewer may merge.
create index events_by_employer on events(employer);

-- Departures that the model missed in a story, as reviewers told them: they outlive every later judgement of the story.
create table told_by_hand (
    id integer primary key,
    article integer not null references articles(id) on delete cascade,
    review integer not null references reviews(id),  -- the verdict that told it: taken back, it is told no more
    told text not null,               -- JSON: person, status, trigger and what else the story gives
    made_at text not null
);
create index told_by_hand_by_article on told_by_hand(article);
create unique index told_by_hand_by_review on told_by_hand(review);
