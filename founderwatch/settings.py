"""Scrapy's settings: how the crawl behaves towards others, and the order of the stages."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("founderwatch")
except PackageNotFoundError:
    VERSION = "0"


def user_agent(contact: str | None = None) -> str:
    """Names the program honestly, and how its operator can be reached (an address or a mail address)."""
    contact = " ".join(
        (contact or os.environ.get("FOUNDERWATCH_CONTACT") or "").split()
    )  # one line: it becomes a header
    if not contact:
        return f"founderwatch/{VERSION} (news monitor; operator has set no contact)"
    return f"founderwatch/{VERSION} (news monitor; +{contact.encode('ascii', 'ignore').decode()})"


BOT_NAME = "founderwatch"
# By name: Scrapy imports all of them, and spiders.browser wants an extra that the default install has not.
SPIDER_MODULES = [f"spiders.{name}" for name in ("api", "check", "feed", "find", "listing", "news", "page", "sitemap")]
NEWSPIDER_MODULE = "spiders"

# The stages of a story, in order.
ITEM_PIPELINES = {
    "pipelines.scrapy_adapter.Archive": 50,
    "pipelines.scrapy_adapter.Extract": 100,
    "pipelines.scrapy_adapter.Since": 150,
    "pipelines.scrapy_adapter.Deduplicate": 200,
    "pipelines.scrapy_adapter.Classify": 300,
    "pipelines.scrapy_adapter.Store": 400,
}
# Who does a stage's work under `scrapy crawl`; `founderwatch crawl` injects its own objects.
FOUNDERWATCH_STAGES = {
    "archive": "pipelines.archive.Archive",
    "extract": "pipelines.extract_apart.ExtractApart",
    "deduplicate": "pipelines.deduplicate.Deduplicate",
    "classify": "pipelines.classify.Classify",
    "store": "pipelines.store.Keep",
}

# Towards others: say who we are, ask first, ask slowly, take little.
USER_AGENT = user_agent()
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "founderwatch"
CONCURRENT_REQUESTS = 32
CONCURRENT_REQUESTS_PER_DOMAIN = 2
DOWNLOAD_DELAY = 1
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1
AUTOTHROTTLE_MAX_DELAY = 30
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0
COOKIES_ENABLED = False
REFERRER_POLICY = "scrapy.spidermiddlewares.referer.NoReferrerPolicy"
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,application/json;q=0.9,*/*;q=0.5",
    "Accept-Language": "en,zh;q=0.9,*;q=0.5",
}

# Against what the web may answer.
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_TIMEOUT = 20
DNS_TIMEOUT = 10
DOWNLOAD_MAXSIZE = 10_000_000
DOWNLOAD_WARNSIZE = 0
# What came before the break is used; the story says so in a note.
DOWNLOAD_FAIL_ON_DATALOSS = False
REDIRECT_MAX_TIMES = 5
RETRY_TIMES = 1
# Not the timeout: a second one would cost twenty seconds more, and the next crawl is minutes away.
RETRY_EXCEPTIONS = [
    "scrapy.exceptions.DownloadConnectionRefusedError",
    "scrapy.exceptions.DownloadFailedError",
    "scrapy.exceptions.ResponseDataLossError",
]
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"
URLLENGTH_LIMIT = 0
DOWNLOADER_MIDDLEWARES = {
    "spiders.access.Access": 40,
    "spiders.guard.Guard": 50,
    "spiders.politeness.Slots": 60,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "spiders.politeness.Robots": 100,
    "spiders.deadline.Deadline": 110,
}
DOWNLOAD_HANDLERS = {
    "http": "spiders.politeness.PatientHandler",
    "https": "spiders.politeness.PatientHandler",
    "file": None,
    "ftp": None,
    "s3": None,
}

# Memory: stories on their way through the stages, and their bodies in bytes.
CONCURRENT_ITEMS = 16
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 20_000_000

# This machine: no console port, no remote control, no statistics on the screen.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
STATS_DUMP = False
LOG_LEVEL = "INFO"
