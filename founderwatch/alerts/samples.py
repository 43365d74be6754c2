"""Invented departures by which a channel is tried."""

from __future__ import annotations

import uuid

from founderwatch.alerts import message
from founderwatch.alerts.channel import Channel, ChannelError
from founderwatch.alerts.message import Message, Told
from founderwatch.alerts.transport import Transport


def _report(source: str, language: str, published: str, title: str, url: str, evidence: str, **fields: str) -> dict:
    return {
        **fields,
        "source": source,
        "language": language,
        "published": published,
        "title": title,
        "url": url,
        "evidence": evidence,
        "kind": "founds",
        "score": 0.98,
    }


EVENT = {
    "event": "ev-000000000000",
    "person": "Shen Yuelan",
    "names": ["Shen Yuelan", "沈月岚"],
    "kind": "founds",
    "status": "expected",
    "employer": "Orrin Cloud",
    "role": "head of inference",
    "venture": None,
    "venture_kind": "company",
    "focus": "AI applications",
    "departed": {"words": "next month", "from": None, "to": None},
    "first_reported_by": "芯潮科技",
    "score": 0.98,
    "sources": 2,
    "mentions": [
        _report(
            "芯潮科技",
            "zh",
            "2026-07-06T01:20:00+00:00",
            "奥林云推理负责人沈月岚将离职创业",
            "https://news.example/zh/20417",
            "多位知情人士表示，奥林云推理负责人沈月岚将于下月离职，创办一家人工智能应用公司。",
            employer="奥林云",
            role="推理负责人",
            focus="人工智能应用",
            when="下月",
        ),
        _report(
            "Harbor Wire",
            "en",
            "2026-07-06T09:05:00+00:00",
            "Orrin Cloud's head of inference to leave for AI start-up",
            "https://news.example/en/orrin-inference",
            "Shen Yuelan, head of inference at Orrin Cloud, will leave next month to start an AI applications company.",
            employer="Orrin Cloud",
            role="head of inference",
            focus="AI applications",
            when="next month",
        ),
    ],
}


def sample(channel: Channel, desk: str) -> Message:
    """A message such as the channel will get."""
    return message.sample(
        channel.name, Told(EVENT, "expected", "rumoured"), channel.language, desk, f"fw-test-{uuid.uuid4().hex[:8]}"
    )


def send(channel: Channel, told: Message) -> str | None:
    """Sends a message; gives the reason where the channel has not taken it."""
    try:
        return Transport(channel).send(told)
    except ChannelError as error:
        return str(error)
