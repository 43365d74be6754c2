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
