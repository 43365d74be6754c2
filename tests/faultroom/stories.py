"""Stories that are all different, made from a number alone."""

from __future__ import annotations

import random
import re

from tests.site import Answer, html

ENGLISH = [
    "storage",
    "engine",
    "kernel",
    "compiler",
    "sensor",
    "laser",
    "turbine",
    "battery",
    "chip",
    "cable",
    "port",
    "dock",
    "crane",
    "mill",
    "fibre",
    "relay",
    "quarter",
    "profit",
    "factory",
    "order",
    "shipment",
    "customer",
    "margin",
    "supplier",
    "contract",
    "harbour",
    "market",
    "index",
    "tariff",
    "licence",
    "patent",
    "trial",
    "dose",
    "rocket",
]
_CHINESE = [
    "芯片",
    "电池",
    "激光",
    "雷达",
    "订单",
    "客户",
    "工厂",
    "季度",
    "利润",
    "供应商",
    "合同",
    "港口",
    "市场",
    "指数",
    "关税",
    "专利",
    "临床",
    "剂量",
    "火箭",
    "卫星",
    "算法",
    "模型",
    "算力",
    "机器人",
    "传感器",
    "涡轮",
    "编译器",
    "内核",
    "存储",
    "引擎",
    "光纤",
    "电缆",
]
_ID = re.compile(r"\bs(\d+)-(\d+)\b")

Id = tuple[int, int]  # source, story


def title(story: Id) -> str:
    return f"Report s{story[0]}-{story[1]} on {_words(story, 3)}"


def text(story: Id, paragraph: int = 0) -> str:
    """A paragraph of about 600 letters that no other story has."""
    return f"{_words((story[0], story[1] * 10 + paragraph), 90)}."


def chinese(story: Id, paragraph: int = 0) -> str:
    chance = random.Random(f"{story}{paragraph}zh")
    return "，".join("".join(chance.choice(_CHINESE) for _ in range(5)) for _ in range(14)) + "。"


def page(story: Id, head: str = "") -> Answer:
    return html(title(story), *(text(story, paragraph) for paragraph in range(4)), head=head)


def chinese_page(story: Id, encoding: str, declared: str) -> Answer:
    """A Chinese page whose header names another charset than the one it is in."""
    body = "".join(f"<p>{chinese(story, paragraph)}</p>" for paragraph in range(4))
    whole = f"<html><head><title>{title(story)}</title></head><body><article><h1>{title(story)}</h1>{body}</article></body></html>"
    return Answer(whole.encode(encoding), headers={"Content-Type": f"text/html; charset={declared}"})


def named(words: str) -> Id | None:
    """The story that a title names."""
    match = _ID.search(words)
    return (int(match[1]), int(match[2])) if match else None


def _words(story: Id, number: int) -> str:
    chance = random.Random(f"{story}")
    # A bare number might be a year.
    return " ".join(
        chance.choice(ENGLISH) if chance.random() < 0.7 else f"n{chance.randrange(10_000)}" for _ in range(number)
    )
