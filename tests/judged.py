"""Stories as they leave the model, written by hand: so the database is tested without weights."""

from datetime import UTC, datetime, timedelta

from founderwatch.items import Article, Assessment, Evidence, Mention, Story

NOW = datetime(2026, 7, 6, 9, tzinfo=UTC)
THRESHOLD = 0.5


def mention(person, employer="Orrin Cloud", kind="founds", status="confirmed", score=0.9, **fields):
    return Mention(person, kind, status, score, employer=employer, **fields)


def story(url, *mentions, days=0, title=None, body=None, source="wire", model="model-1", copy_of=None, **fields):
    """A judged story; each mention's evidence is the whole title."""
    title = title or f"Somebody leaves ({url})"
    told = tuple(_with_evidence(m, title) for m in mentions)
    score = max((m.score for m in mentions if m.kind == "founds" and m.status != "denied"), default=0.0)
    published = NOW + timedelta(days=days)
    fields = {"published": published, "language": "en"} | fields
    article = Article(url, source, title, body or f"The body of {url}.", **fields)
    return Story(article=article, copy_of=copy_of, assessment=Assessment(model, score, score >= THRESHOLD, told))


def _with_evidence(told, title):
    fields = {name: getattr(told, name) for name in told.__slots__}
    return Mention(**{**fields, "evidence": (Evidence(title, 0, len(title), "title"),)})


def saved(store, *stories):
    """Stores the stories and gives all events, oldest first."""
    for one in stories:
        store.save(one, THRESHOLD)
    return sorted(
        store.events(everything=True),
        key=lambda e: (e["mentions"][0]["published"] if e["mentions"] else "", e["person"] or ""),
    )


def counts(store):
    """The number of rows of every table."""
    return {name: store.db[name].count for name in store.db.table_names() if not name.startswith("articles_fts_")}
