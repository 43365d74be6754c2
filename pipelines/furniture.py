"""Takes out what templates put around a story's text: hot lists, related stories, by-lines, credits.

A headline in a hot list, or a credit such as （责任编辑：韦一鸣）, names a person who is no part of the
news. trafilatura prunes much of this; where it fails to find the text's frame, as with a single
`div` broken by `<br>`, it takes the whole page.
"""

from __future__ import annotations

import re

from lxml.html import HtmlElement

from pipelines.shown import is_time

LONGEST_CREDIT = 60  # characters
HEAD = 4  # lines
REPEATED = 45  # letters, of which a Chinese character counts for three; a shorter line may be said twice
# "Headline | Outlet", "标题_频道_网站"
_OUTLET = re.compile(r"\s*[|｜_–—-][^|｜_–—-]{1,30}(?:[|｜_–—-][^|｜_–—-]{1,30})?$")
# The separator matters: 编辑部主任张三离职创业 is news.
_CREDIT = re.compile(
    r"^[\s（(\[【]*(?:责任?编辑|責任編輯|本文编辑|值班编辑|编辑|编审|校对|审核|审校|排版|出品|监制|"
    r"头图来源|题图来源|图片来源|封面来源|文|作者|来源)\s*[|｜丨／/：:]"
    r"|^(?:声明|免责声明|版权声明)[：:].*(?:转载|出处)"
    r"|^(?:Photo|Image|Picture|Illustration)(?:\s+(?:credits?|by|courtesy))+[:\s]",
    re.IGNORECASE,
)
_SUBSCRIBE = re.compile(r"^(?:订阅|訂閱|扫码|长按|关注|關注|欢迎关注).*(?:早报|周报|邮箱|公众号|微信|二维码|電郵|电邮)")
_HEADING = re.compile(
    r"\W*(?:(?:\d+\s*小时)?(?:热榜|热文|热门\S{0,4}|热点\S{0,4}|排行榜?|点击排行|阅读排行)|"
    r"相关(?:阅读|推荐|文章|新闻|报道)|推荐阅读|延伸阅读|猜你喜欢|为你推荐|精彩推荐|编辑推荐|"
    r"更多(?:精彩|文章|新闻)\S{0,4}|最新(?:文章|评论|资讯)|(?:网友|精彩|热门|全部)?评论|"
    r"most (?:read|popular|viewed|shared)|trending(?: now)?|popular (?:now|stories|posts)|"
    r"related(?: \w+)?|recommended(?: \w+){0,2}|(?:read|up) next|what to read next|"
    r"you (?:may|might) also like|more (?:from|in|on|stories)\b.{0,30}|"
    r"editors?['’]s? picks?|latest (?:news|stories)|(?:reader |top )?comments?(?: \(\d+\))?)\W*",
    re.IGNORECASE,
)
_HEADINGS = "self::h2 or self::h3 or self::h4 or self::h5 or self::h6 or self::dt or self::strong or self::b"
_HAN = re.compile(r"[\u3400-\u9fff]")
_BODY = re.compile(
    r"(?:article|story|post|entry|content|page|text)[-_\w]*(?:body|content|text|chunk|paragraphs?)\b", re.IGNORECASE
)
_PARAGRAPH = 80  # letters
_DATE = re.compile(r"\d{4}|\b\d{1,2}:\d{2}\b")


def prune(tree: HtmlElement) -> None:
    """Removes the blocks under a heading that announces other stories or comments.

    A block that holds the story's own title or the larger part of the page's text stays: there the
    heading only follows the story within one frame.
    """
    body = tree.find(".//body")
    whole = len(body.text_content()) if body is not None else 0
    for heading in tree.xpath(f"//*[{_HEADINGS}][string-length(.) < 40]"):
        if not _HEADING.fullmatch(" ".join(heading.text_content().split())):
            continue
        block = heading.getparent()
        if block is None or block.getparent() is None or block.tag in ("body", "html", "article", "main", "p"):
            continue
        if block.xpath(".//h1 | .//article") or len(block.text_content()) > 0.4 * whole:
            continue
        block.drop_tree()


def join(tree: HtmlElement) -> None:
    """Puts a text that is parted by advertisements into one block: trafilatura would take the first part for the whole."""
    parts: dict[tuple, list[HtmlElement]] = {}
    for block in tree.xpath("//*[self::div or self::section][@class]"):
        if (
            _BODY.search(block.get("class"))
            and sum(len(p.text_content()) > _PARAGRAPH for p in block.iterfind("p")) >= 2
        ):
            frame = next(block.iterancestors("article", "main"), None)
            parts.setdefault((block.tag, block.get("class"), frame), []).append(block)
    for (_, _, frame), (first, *others) in parts.items():
        if frame is not None:
            for other in others:
                first.extend(list(other))
                other.drop_tree()


def without_furniture(body: str, title: str, author: str | None = None) -> str:
    """The body without such lines; a body that consists of them alone stays as it is."""
    wanted = _bare(title)
    body = _once(body)
    names = [name for name in re.split(r"[;,、]", author or "") if name.strip()]
    lines = body.split("\n")
    kept = [
        line
        for number, line in enumerate(lines)
        if not (_bare(line) == wanted or _is_credit(line) or (number < HEAD and _is_head(line, wanted, names)))
    ]
    return "\n".join(kept) or body


def _once(body: str) -> str:
    """The body with each longer paragraph once: templates give the text a second time for phones, or its lead again."""
    seen: set[str] = set()
    kept = []
    for line in body.split("\n"):
        words = _bare(line)
        if words in seen and len(words) + 2 * len(_HAN.findall(words)) >= REPEATED:
            continue
        seen.add(words)
        kept.append(line)
    return "\n".join(kept)


def _is_credit(line: str) -> bool:
    return len(line) <= LONGEST_CREDIT and bool(_CREDIT.search(line) or _SUBSCRIBE.search(line))


def _is_head(line: str, title: str, names: list[str]) -> bool:
    """Tells whether one of the first lines is the headline with the outlet's name, the by-line or the time."""
    headline = _OUTLET.sub("", line)
    return (headline != line and _bare(headline) == title) or _is_byline(line, names) or is_time(line)


def _is_byline(line: str, names: list[str]) -> bool:
    """Tells whether a line says no more than who wrote the story, and when."""
    named = any(name.strip() in line for name in names)
    return named and ((len(line) < LONGEST_CREDIT and bool(_DATE.search(line))) or len(line) < max(map(len, names)) + 6)


def _bare(text: str) -> str:
    return re.sub(r"\W+", "", text).lower()
