"""Sorts the story's words: how senior a role is, what kind of venture it will be."""

from __future__ import annotations

import re

_SENIORITY = (
    (
        "executive",
        r"\bC[A-Z]O\b|\bchief|(?<!vice[- ])\bpresident|\bchair|founder|\bpartners?\b|managing director|general manager"
        r"|(?<!副)总裁|(?<!副)總裁|创始人|創始人|創辦人|合伙人|合夥人|首席|董事长|董事長|(?<!副)总经理|(?<!副)總經理"
        r"|执行长|執行長|行长|院长|校长|技術長|技术长|財務長",
    ),
    (
        "lead",
        r"vice[- ]president|\bS?E?VP\b|副总裁|副總裁|副总经理|副總經理"
        r"|director|\bhead\b|\bleads?\b|leader|\bled\b|leading|professor|dean|principal|in charge|负责人|負責人|总监|總監|主管|主任|教授"
        r"|带头人|带队|负责|主导|一号位|组长|领队|掌门",
    ),
    (
        "senior",
        r"engineer|scientist|research|manager|developer|programmer|designer|analyst|architect|editor|fellow|banker|trader|producer|工程师"
        r"|工程師|研究员|研究員|科学家|科學家|经理|經理|架构师|专家|設計師|设计师|分析师|制作人|记者|编辑|博士后|算法|开发",
    ),
)
_VENTURE_KINDS = (
    (
        "fund",
        r"\bfunds?\b|venture (?:firm|capital)|\bVC\b|investment firm|hedge|private equity|family office|基金(?!会|會)|风投|創投|创投|私募|投资机构|投資",
    ),
    ("nonprofit", r"non-?profit|\bfoundation\b(?! models?)|charity|\bNGO\b|公益|非营利|非盈利|基金会|基金會"),
    ("lab", r"\blab(?:oratory)?\b|research institute|实验室|實驗室|研究院|研究所"),
    (
        "company",
        r"start-?up|company|business|firm|studio|venture|restaurant|agency|brand|shop|projects?|\bown\b|公司|创业|創業|企业|工作室|项目|自立门户|另起炉灶|单飞",
    ),
)


def seniority(role: str | None) -> str:
    """executive, lead, senior or unknown, by the words of a role; the first rule that fits decides."""
    return _first(_SENIORITY, role or "")


def venture_kind(*words: str | None) -> str:
    """company, fund, nonprofit, lab or unknown, by the words for the venture and what it does."""
    return _first(_VENTURE_KINDS, " ".join(w for w in words if w))


def _first(rules, text: str) -> str:
    return next((name for name, pattern in rules if re.search(pattern, text, re.I)), "unknown")
