"""A message as each kind of channel gets it: a mail server, a Slack webhook, a JSON webhook, all on loopback."""

import email
import json
import socket
from email.policy import default as policy
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from founderwatch.alerts import samples
from founderwatch.alerts.channel import Channel, ChannelError
from founderwatch.alerts.message import Told, of_event
from founderwatch.alerts.transport import Transport
from tests.receiver import receiving

ROOT = Path(__file__).parents[1]
DESK = "https://desk.example"
SAMPLE = of_event(Told(samples.EVENT, "expected", "rumoured"), "en", DESK, "fw-0123456789")
SAMPLE_ZH = of_event(Told(samples.EVENT, "expected", "rumoured"), "zh", DESK, "fw-0123456789")
HOSTILE = of_event(
    Told(samples.EVENT | {"person": "Evil\r\nBcc: all@example.org", "names": []}, "expected"), "zh", DESK, "fw-1"
)


class _Mailbox:
    """Keeps what it is given."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=policy)))
        return "250 OK"


@pytest.fixture
def mailbox():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mailbox = _Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    mailbox.url = f"mailto://127.0.0.1:{port}?from=fw@example.org&to=me@example.org"
    yield mailbox
    controller.stop()


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


def send(url, *messages):
    transport = Transport(Channel("a", url))
    for message in messages:
        transport._plugin.request_rate_per_sec = 0
        assert transport.send(message) is None


def test_a_mail(mailbox):
    send(mailbox.url, SAMPLE, HOSTILE)
    (to, mail), (_, hostile) = mailbox.mails
    assert to == ["me@example.org"]
    assert mail["Subject"] == SAMPLE.title and mail["From"].addresses[0].addr_spec == "fw@example.org"
    assert (mail["Idempotency-Key"], mail["References"]) == ("fw-0123456789", "<ev-000000000000@founderwatch.invalid>")
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().replace("\r\n", "\n").rstrip() == SAMPLE.body
    assert hostile["Bcc"] is None and hostile["Subject"] == HOSTILE.title
    assert len(hostile.get_all("Message-ID")) == len(hostile.get_all("Idempotency-Key")) == 1


def test_a_mail_server_that_is_gone():
    url = "mailto://user:hunter2@127.0.0.1:9?from=fw@example.org&to=me@example.org"
    assert Transport(Channel("a", url)).send(SAMPLE) == 'Connection error while submitting email to "127.0.0.1"'


def test_an_address_that_is_not_whole_says_what_is_wrong():
    with pytest.raises(ChannelError, match="Invalid ~From~ email specified") as told:
        Transport(Channel("a", "mailto://user:hunter2@127.0.0.1:9?to=me@example.org"))
    assert "hunter2" not in str(told.value)


def test_slack(receiver, monkeypatch):
    """Slack's own address is fixed in apprise: it is turned to the receiver, and what is posted is looked at."""
    transport = Transport(Channel("a", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general"))
    monkeypatch.setattr(transport._plugin, "webhook_url", receiver.url("/slack", "http"))
    assert transport.send(HOSTILE) is None
    (posted,) = receiver.kept
    assert posted.path.startswith("/slack/")
    told = posted.json["attachments"][0]
    assert (
        told["title"].startswith("Evil Bcc: all@example.org") and "Desk" not in told["text"] and "详情" in told["text"]
    )
    assert "icon_url" not in posted.json and "http://www.apprise" not in json.dumps(posted.json)


# Of each chat: an address of it, where apprise keeps the service's own, and where the message stands in what is posted.
CHATS = {
    "Telegram": ("tgram://123456789:abcdefg_hijklmnop/12315544/", "notify_url", ("text",)),
    "Feishu": ("feishu://token123456", "notify_url", ("content", "text")),
    "WeCom": ("wecombot://key123456", "api_url", ("text", "content")),
    "DingTalk": ("dingtalk://token123456", "notify_url", ("text", "content")),
    "Discord": ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "notify_url", ("content",)),
}


@pytest.mark.parametrize("chat", CHATS)
def test_a_chat_shows_the_whole_message(receiver, monkeypatch, chat):
    """The page on alerts says how each does it."""
    url, kept, place = CHATS[chat]
    transport = Transport(Channel("a", url))
    assert getattr(transport._plugin, kept).startswith("https://")
    monkeypatch.setattr(transport._plugin, kept, receiver.url("/chat", "http"))
    assert transport.send(SAMPLE_ZH) is None
    (posted,) = receiver.kept
    shown = posted.json
    for name in place:
        shown = shown[name]
    lines = [line.strip() for line in shown.replace("\r", "").splitlines()]
    bold = f"<b>{SAMPLE_ZH.title}</b>" if chat == "Telegram" else SAMPLE_ZH.title
    assert lines == [bold, *(line.strip() for line in SAMPLE_ZH.body.splitlines())]
    page = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith(f"| {chat} "))
    assert url.split("://")[0] + "://" in row and all(f'"{name}"' in row for name in place)


@pytest.mark.parametrize("message", ["SAMPLE", "SAMPLE_ZH"])
def test_the_page_on_alerts_shows_what_is_sent(message):
    page = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")
    told = globals()[message]
    lines = [line.strip() for line in page.splitlines()]
    assert told.title in page and not [line for line in told.body.splitlines() if line.strip() not in lines]


def test_a_webhook(receiver):
    send(receiver.url("/json"), SAMPLE)
    (posted,) = receiver.kept
    assert posted.key == "fw-0123456789"
    assert (posted.json["title"], posted.json["message"].rstrip()) == (SAMPLE.title, SAMPLE.body)
    assert posted.json["founderwatch"]["events"][0]["person"] == "Shen Yuelan"


def test_a_message_too_long_for_its_channel_comes_in_parts(receiver, monkeypatch):
    transport = Transport(Channel("a", receiver.url("/json")))
    monkeypatch.setattr(type(transport._plugin), "body_maxlen", 300)
    assert transport.send(SAMPLE) is None
    assert len(receiver.kept) > 1 and {one.key for one in receiver.kept} == {"fw-0123456789"}
