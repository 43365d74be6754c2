"""Renders pages of sources that say `render = true` in a browser, by scrapy-playwright (the `[browser]` extra).

The browser reaches the network through `spiders.checked_proxy` alone. Pictures, fonts and films are not fetched.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress

from playwright.async_api import Error, Page
from playwright.async_api import TimeoutError as LateError
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadFailedError, DownloadTimeoutError
from scrapy.http import Request, Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from scrapy_playwright.page import PageMethod

from spiders.checked_proxy import CheckedProxy
from spiders.politeness import PatientHandler

# The system's, where playwright has not installed one of its own.
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_HEAVY = frozenset({"image", "media", "font"})
_QUIET = 3000  # milliseconds that a page may take after it has loaded, until it asks for nothing more


async def settle(page: Page) -> None:
    """Waits until the page asks for nothing more, or has had its time: some never end."""
    with suppress(LateError):
        await page.wait_for_load_state("networkidle", timeout=_QUIET)


def is_heavy(request) -> bool:
    """Whether a request of the browser brings nothing that is read."""
    return request.resource_type in _HEAVY


class BrowserHandler(PatientHandler, ScrapyPlaywrightDownloadHandler):
    """Download handler: a browser for requests with `render` in their meta, the usual way for all others."""

    def __init__(self, crawler: Crawler):
        super().__init__(crawler)
        self._seconds = crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        self._proxy = CheckedProxy(getattr(crawler.spider, "endpoints", frozenset()))

    async def _launch(self) -> None:
        proxy = {"server": await self._proxy.start(), "bypass": "<-loopback>"}
        self.config.launch_options |= {
            "proxy": proxy,
            # As root, in a container, Chromium has no sandbox to offer.
            "chromium_sandbox": os.geteuid() != 0,
            "args": ["--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--disable-quic"],
        }
        if path := next((found for name in _BROWSERS if (found := shutil.which(name))), None):
            self.config.launch_options["executable_path"] = path
        await super()._launch()

    async def download_request(self, request: Request) -> Response:
        if not request.meta.get("render"):
            return await super().download_request(request)
        request.meta.update(
            playwright=True,
            playwright_page_goto_kwargs={"timeout": self._seconds * 1000, "wait_until": "load"},
            playwright_page_methods=[PageMethod(settle)],
            playwright_context_kwargs={"service_workers": "block", "accept_downloads": False},
        )
        try:
            response = await super().download_request(request)
        except LateError as error:
            raise DownloadTimeoutError(str(error)) from error
        except Error as error:
            raise DownloadFailedError(error.message) from error
        # Its peer is the proxy, which has looked at the host.
        return response.replace(ip_address=None)

    async def close(self) -> None:
        await super().close()
        self._proxy.close()
