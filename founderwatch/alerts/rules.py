"""Which events a channel wants."""

from __future__ import annotations

from collections.abc import Mapping

from founderwatch.alerts.channel import Channel
from founderwatch.events.organisations import is_meant


def wants(channel: Channel, event: Mapping) -> bool:
    """Whether an event passes all rules of a channel.

    The event has `status` (the one to be told), `score`, `employer`, `seniority`, `languages` (of its stories)
    and `watched` (whether the watch list names it).
    """
    return (
        event["status"] in channel.statuses
        and event["score"] >= channel.min_score
        and (not channel.employers or any(is_meant(event["employer"], asked) for asked in channel.employers))
        and (not channel.languages or not set(channel.languages).isdisjoint(event["languages"]))
        and (not channel.seniority or event["seniority"] in channel.seniority)
        and (not channel.watched or bool(event["watched"]))
    )
