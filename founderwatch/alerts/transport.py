"""Carries a message to a channel, through apprise."""

from __future__ import annotations

import logging
import re
import threading

from apprise import Apprise, AppriseAsset, NotifyFormat, OverflowMode

from founderwatch.alerts.channel import Channel, ChannelError
from founderwatch.alerts.message import Message
from founderwatch.render import shortened

_CONNECT, _READ = 5.0, 20.0  # seconds; the address may say others (?cto=, ?rto=)
_LONGEST_REASON = 200
_SECRET = re.compile(r"[^:/@?&=,+\s]{4,}")
_log = logging.getLogger("apprise")


class _Ear(logging.Handler):
    """Hears why apprise gave up: it says so in its log alone."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.heard = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        if hasattr(self.heard, "lines"):
            self.heard.lines.append(record.getMessage())


_ear = _Ear()
_log.addHandler(_ear)
_log.propagate = False  # the reason is told by who asked for the sending
# Pictures would be fetched from somebody else's host by whoever reads the message.
_ASSET = AppriseAsset(app_id="founderwatch", app_desc="founderwatch", app_url="", image_url_mask=None, image_url_logo=None)  # fmt: skip


class Transport:
    """A channel's way out; ChannelError where there is none."""

    def __init__(self, channel: Channel):
        address = channel.address
        self._secrets = set(_SECRET.findall(address.partition("://")[2]))
        _ear.heard.lines = []
        plugin = Apprise.instantiate(address, asset=_ASSET)
        if plugin is None:
            raise ChannelError(
                f"its url ({address.partition('://')[0]}://…) is no address that apprise can use; see"
                f" https://appriseit.com/services/ ({self._told(_ear.heard.lines[0]) if _ear.heard.lines else 'unknown'})"
            )
        self.shown = plugin.url(privacy=True)
        self.service = str(plugin.service_name or plugin.protocol)
        # Also what apprise itself would show: the path of a webhook is often all that protects it.
        self._secrets -= {getattr(plugin, "host", None)}
        if "cto=" not in address:
            plugin.socket_connect_timeout = _CONNECT
        if "rto=" not in address:
            plugin.socket_read_timeout = _READ
        if "overflow=" not in address:
            plugin.overflow_mode = OverflowMode.SPLIT
        self._plugin = plugin

    def send(self, message: Message) -> str | None:
        """Sends a message; gives the reason where the channel has not taken it."""
        self._mark(message)
        _ear.heard.lines = []
        try:
            taken = self._plugin.notify(title=message.title, body=message.body, body_format=NotifyFormat.TEXT)
        except Exception as error:  # a plugin's own mistake must not end the crawl
            taken, _ear.heard.lines = False, [f"{type(error).__name__}: {error}"]
        return None if taken else self._told(" ".join(_ear.heard.lines) or "it was refused without a reason")

    def _mark(self, message: Message) -> None:
        """Names the message where the channel can carry it: the same name at a second attempt."""
        headers = getattr(self._plugin, "headers", None)
        if isinstance(headers, dict):
            headers["Idempotency-Key"] = message.key
            if self._plugin.protocol == "mailto" or self._plugin.secure_protocol == "mailtos":
                # What tells of one departure stands together in the mailbox.
                headers["References"] = f"<{message.thread}@founderwatch.invalid>"
        if self._plugin.protocol == "json":
            self._plugin.payload_extras["founderwatch"] = dict(message.data)

    def _told(self, reason: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            reason = reason.replace(secret, "…")
        return shortened(reason, _LONGEST_REASON)
