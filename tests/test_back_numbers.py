"""`--since` beyond the usual span: older pages of listings, older sitemaps, and those that robots.txt names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from spiders.entries import Reach, address_date, oldest, reach
from spiders.sitemap import read_sitemap
from tests.crawling import crawl
from tests.site import Answer, feed, html, site

NOW = datetime.now(UTC)
MONTHS = [(NOW.replace(day=1) - timedelta(days=30 * back)) for back in range(30)]


def day(back: int) -> str:
    return f"{NOW - timedelta(days=back):%Y/%m/%d}"


def listing(page: int) -> Answer:
    """Ten stories a page, one a day, dated by their addresses alone."""
    links = "".join(
        f'<a href="/{day(10 * page + n)}/story">The headline of day {10 * page + n}, long enough</a>' for n in range(10)
    )
    return html("Archive", links + f'<a rel="next" href="/list/{page + 1}">Next</a>')


def pages() -> dict:
    stories = {f"/{day(back)}/story": html(f"Day {back}", f"Words of day {back}. " * 60) for back in range(200)}
    return stories | {f"/list/{page}": listing(page) for page in range(20)}


def test_a_listing_is_turned_as_far_back_as_asked_and_no_further() -> None:
    with site(pages()) as running:
        registry = running.registry("/list/0", field="listings")
        usual = crawl(registry)
        assert running.paths.count("/list/3") == 0 and len(usual.addresses) == 30
        far = crawl(registry, since="100d", known=usual.addresses, states=usual.states)
        assert len(usual.addresses | far.addresses) in (100, 101)
        assert "/list/12" not in running.paths, "a page of nothing but older stories is the last"


def test_the_sitemaps_of_robots_txt_hold_back_numbers() -> None:
    def month(moment: datetime) -> Answer:
        stamp = f"{moment:%Y-%m}"
        return Answer(f"<urlset><url><loc>{{base}}/s/{stamp}</loc><lastmod>{stamp}-15</lastmod></url>"
                      f"<url><loc>{{base}}/about-{stamp}</loc></url></urlset>".encode())  # fmt: skip

    named = "".join(f"<sitemap><loc>{{base}}/map-{moment:%Y-%m}.xml</loc></sitemap>" for moment in MONTHS)
    found = {
        "/robots.txt": Answer(b"User-agent: *\nAllow: /\nSitemap: {base}/index.xml\n", headers={"Content-Type": "text/plain"}),
        "/index.xml": Answer(f"<sitemapindex>{named}</sitemapindex>".encode()),
        "/feed": feed(("Now", "/s/now")),
        "/s/now": html("Now", "Words of now. " * 60),
        **{f"/map-{moment:%Y-%m}.xml": month(moment) for moment in MONTHS},
        **{f"/s/{moment:%Y-%m}": html(f"Of {moment:%Y-%m}", f"Words of {moment:%Y-%m}. " * 60) for moment in MONTHS},
    }  # fmt: skip
    with site(found) as running:
        registry = running.registry("/feed")
        assert crawl(registry).addresses == {f"{running.base}/s/now"}
        far = crawl(registry, since="1y")
        months = {address.rsplit("/", 1)[1] for address in far.addresses} - {"now"}
        assert 11 <= len(months) <= 13 and not [path for path in running.paths if path.startswith("/about")]
        asked = [path for path in running.paths if path.startswith("/map-")]
        assert len(asked) <= 14, "a month that is over is not asked for"


def test_a_sitemap_of_robots_txt_that_is_none_is_no_failure_of_the_source() -> None:
    found = {
        "/robots.txt": Answer(b"Sitemap: {base}/feed\nSitemap: {base}/gone.xml\n", headers={"Content-Type": "text/plain"}),
        "/feed": feed(("Now", "/s/now")),
        "/s/now": html("Now", "Words of now. " * 60),
    }  # fmt: skip
    with site(found) as running:
        far = crawl(running.registry("/feed"), since="1y")
        [source] = far.report.sources
        assert far.addresses == {f"{running.base}/s/now"} and (source.channels, source.channels_failed) == (1, 0)
        assert {(m.stage, m.reason) for m in source.messages} == {
            ("channel", "is not a sitemap but a feed"), ("channel", "HTTP 404 Not Found")
        }  # fmt: skip
        assert far.report.exit_status == 0


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/2026/07/06/story", "2026-07-06"),
        ("https://a.example/2026-07-06-story", "2026-07-06"),
        ("https://a.example/20260706/1.html", "2026-07-06"),
        ("https://a.example/202607/06/1.html", "2026-07-06"),
        ("https://a.example/p/20260706", None),
        ("https://a.example/p/12026070612", None),
        ("https://a.example/2026/13/06/story", None),
        ("https://a.example/2026/02/31/story", None),
        ("https://a.example/2099/01/01/story", None),
        ("https://a.example/story", None),
    ],
)
def test_the_day_in_an_address(url: str, expected: str | None) -> None:
    found = address_date(url, datetime(2026, 8, 1, tzinfo=UTC))
    assert (found.date().isoformat() if found else None) == expected


def test_a_month_in_a_sitemaps_name() -> None:
    names = ("map-2025-12.xml", "map-202601.xml", "2026/02/map.xml", "map-7.xml")
    index = "".join(f"<sitemap><loc>https://a.example/{name}</loc></sitemap>" for name in names)
    found = read_sitemap(
        f"<sitemapindex>{index}</sitemapindex>".encode(), "https://a.example/", datetime(2026, 1, 20, tzinfo=UTC)
    )
    assert {url.removeprefix("https://a.example/") for url in found.further} == set(names[1:])


def test_reach() -> None:
    assert reach(oldest(None)) == reach(oldest("7d")) == Reach()
    far = reach(oldest("1y"))
    assert far.stories > Reach().stories and far.pages and far.children > Reach().children
