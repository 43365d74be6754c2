-- What the copies of an article's text are known by, so that a crawl need not read the texts of two months for it.
create table likenesses (
    article integer primary key references articles(id) on delete cascade,
    likeness blob not null            -- pipelines.likeness: how many runs of words the text has, and what is left of them
);
