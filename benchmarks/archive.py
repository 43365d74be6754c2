"""Makes an archive of news pages in a stated mix: python -m benchmarks.archive made.warc.gz --pages 100000

Half of the pages are in other languages, 35% in English, 15% in Chinese. Of the English and Chinese ones 15% tell of somebody
who leaves, and 0.5% of somebody who leaves to found: a whole gold story of the corpus. What else they say is the corpus'
ordinary paragraphs, in a new order on each page; the other languages say little, at length. The pages come in five styles, with
menus, lists of other stories and scripts, about 15 kB each. The same seed makes the same file.
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from models.training import corpus
from models.training.corpus import Record

OTHERS, ENGLISH = 0.5, 0.35
LEAVING, FOUNDING = 0.15, 0.005  # of the English and Chinese pages
FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
LEAVES = {
    "en": re.compile(
        r"\b(?:leav(?:e|es|ing)|left|quits?|quitting|resign\w*|depart\w*|exits?|step(?:s|ped|ping)? down|former|ex-\w+|ousted"
        r"|found(?:s|ed|er|ers|ing)?|start-?ups?)\b",
        re.I,
    ),
    "zh": re.compile(
        r"离职|離職|离开|離開|辞职|辭職|辞任|离任|卸任|出走|创业|創業|创办|創辦|创始人|前\S{0,4}(?:总|经理|负责人)"
    ),
}

# Subject, verb, object, place; whatever they are put together to is grammatical enough for a page of filler.
_WORDS = {
    "de": "Der Stadtrat|Die Firma|Ein Verein|Die Schule|Das Museum|Der Fluss;"
    "plant|zeigt|erneuert|verkauft|beschreibt|öffnet;eine neue Brücke|den alten Hafen|die lange Straße|ein kleines Haus|das große Fest;"
    "am Rande der Stadt|seit dem Frühjahr|trotz des Regens|mit vielen Gästen|ohne großen Lärm",
    "fr": "Le conseil|La société|Une école|Le musée|La rivière|Un voisin;"
    "prépare|montre|répare|vend|décrit|ouvre;un nouveau pont|le vieux port|la longue route|une petite maison|la grande fête;"
    "au bord de la ville|depuis le printemps|malgré la pluie|avec beaucoup d'invités|sans faire de bruit",
    "es": "El ayuntamiento|La empresa|Una escuela|El museo|El río|Un vecino;"
    "prepara|muestra|repara|vende|describe|abre;un puente nuevo|el viejo puerto|la larga carretera|una casa pequeña|la gran fiesta;"
    "cerca de la ciudad|desde la primavera|a pesar de la lluvia|con muchos invitados|sin hacer ruido",
    "pt": "A câmara|A empresa|Uma escola|O museu|O rio|Um vizinho;"
    "prepara|mostra|repara|vende|descreve|abre;uma ponte nova|o velho porto|a longa estrada|uma casa pequena|a grande festa;"
    "perto da cidade|desde a primavera|apesar da chuva|com muitos convidados|sem fazer barulho",
    "it": "Il comune|La ditta|Una scuola|Il museo|Il fiume|Un vicino;"
    "prepara|mostra|ripara|vende|descrive|apre;un ponte nuovo|il vecchio porto|la lunga strada|una piccola casa|la grande festa;"
    "vicino alla città|dalla primavera|nonostante la pioggia|con molti ospiti|senza fare rumore",
    "ru": "Городской совет|Компания|Школа|Музей|Река|Сосед;"
    "готовит|показывает|чинит|продаёт|описывает|открывает;новый мост|старый порт|длинную дорогу|маленький дом|большой праздник;"
    "на краю города|с самой весны|несмотря на дождь|со многими гостями|без лишнего шума",
    "ja": "市議会は|会社は|学校は|博物館は|川は|隣人は;新しい橋を|古い港を|長い道を|小さな家を|大きな祭りを;"
    "町の外れで|春から|雨にもかかわらず|多くの客と|静かに;準備している|見せている|直している|売っている|開いている",
    "ko": "시의회는|회사는|학교는|박물관은|강은|이웃은;새 다리를|오래된 항구를|긴 길을|작은 집을|큰 축제를;"
    "도시 끝에서|봄부터|비에도 불구하고|많은 손님과|조용히;준비하고 있다|보여 주고 있다|고치고 있다|팔고 있다|열고 있다",
    "ar": "المجلس|الشركة|المدرسة|المتحف|النهر|الجار;"
    "يعد|يعرض|يصلح|يبيع|يصف|يفتح;جسرا جديدا|الميناء القديم|الطريق الطويل|بيتا صغيرا|العيد الكبير;"
    "على طرف المدينة|منذ الربيع|رغم المطر|مع ضيوف كثيرين|دون ضجيج",
}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Pool:
    """The corpus' texts by what a page needs."""

    def __init__(self) -> None:
        every = corpus.read()
        about = corpus.about_departures(every)
        records = [r for r in every if r.long]
        self.founding = {lang: [r for r in records if r.language == lang and r.flagged] for lang in LEAVES}
        self.leaving: dict[str, list[Record]] = {}
        self.ordinary: dict[str, list[str]] = {}
        for lang, pattern in LEAVES.items():
            others = [r for r in records if r.language == lang and not r.flagged]
            self.leaving[lang] = [r for r in others if pattern.search(r.text)]
            # Look-alikes are made to sound like departures, which ordinary news does not.
            paragraphs = [p for r in others if r.group not in about for p in r.body.split("\n")]
            self.ordinary[lang] = [p for p in paragraphs if len(p) > 40 and not pattern.search(p)]


def pages(count: int, seed: int = 1, languages: str = "all") -> Iterator[dict]:
    """Pages as {url, language, kind, story, date, html}; `story` names the gold story that it tells."""
    chance, pool = random.Random(seed), Pool()
    told = {lang: chance.sample(found, len(found)) for lang, found in pool.founding.items()}
    for number in range(count):
        draw = chance.random() if languages == "all" else OTHERS + chance.random() * (1 - OTHERS)
        lang = chance.choice(list(_WORDS)) if draw < OTHERS else "en" if draw < OTHERS + ENGLISH else "zh"
        date = FIRST_DAY + timedelta(minutes=5 * number)
        kind, story = "other", None
        if lang in LEAVES:
            kind = _kind(chance.random())
            if kind == "founding":
                record = told[lang][number % len(told[lang])]
                story, title, body = record.where, record.title, record.body.split("\n")
                date = record.moment or date
            elif kind == "leaving":
                record = chance.choice(pool.leaving[lang])
                title, body = record.title, record.body.split("\n")
            else:
                wanted = 2400 if lang == "en" else 900
                body = _some(chance, pool.ordinary[lang], wanted)
                title = re.split(r"(?<=[.。!?！？,，])", body[-1])[0][:90]
        else:
            body = [_filler(chance, lang) for _ in range(8)]
            title = body[0][:70]
        headlines = [re.split(r"[.。]", chance.choice(pool.ordinary.get(lang) or body))[0][:80] for _ in range(12)]
        url = f"https://news{number % 997}.example/{date:%Y/%m}/{number}-{_word(chance)}.html"
        markup = _page(chance, number % 5, lang, title or body[0][:60], body, date, headlines)
        yield {"url": url, "language": lang, "kind": kind, "story": story, "date": date, "html": markup}


def _kind(draw: float) -> str:
    return "founding" if draw < FOUNDING else "leaving" if draw < LEAVING else "ordinary"


def _some(chance: random.Random, paragraphs: list[str], characters: int) -> list[str]:
    chosen: list[str] = []
    while sum(map(len, chosen)) < characters:
        chosen.append(chance.choice(paragraphs))
    return chosen


def _filler(chance: random.Random, language: str) -> str:
    parts = [group.split("|") for group in _WORDS[language].split(";")]
    stop, joint = ("。", "") if language == "ja" else (". ", " ")
    return "".join(joint.join(map(chance.choice, parts)) + stop for _ in range(chance.randint(3, 7))).strip()


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(_LETTERS, k=8))


def _page(chance, style, language, title, body, date, headlines) -> str:
    """One page; the styles differ in what holds the text, where the date stands and how paragraphs are parted."""
    clean = [html.escape(p) for p in body]
    title, links = (
        html.escape(title),
        "".join(f'<li class="item"><a href="/{_word(chance)}">{html.escape(h)}</a></li>' for h in headlines),
    )
    data = json.dumps(
        {"@context": "https://schema.org", "@type": "NewsArticle", "headline": title, "datePublished": date.isoformat()}
    )
    dated = f'<time datetime="{date.isoformat()}">{date:%Y-%m-%d %H:%M}</time>'
    text = {
        0: "<article><h1>{t}</h1>{d}" + "".join(f"<p>{p}</p>" for p in clean) + "</article>",
        1: '<div class="content"><h1>{t}</h1><div class="text">' + "<br><br>".join(clean) + "</div></div>",
        2: '<main><h1 class="hl">{t}</h1><section class="body">'
        + "".join(f'<p class="p{i}">{p}</p>' for i, p in enumerate(clean))
        + "</section></main>",
        3: '<div class="wrap"><div class="left"><h1>{t}</h1><div class="story">'
        + "".join(f'<p style="margin:0"><span>{p}</span></p>' for p in clean)
        + "</div></div></div>",
        4: '<div id="main"><div class="post"><h1>{t}</h1>{d}<div class="entry">'
        + "".join(f"<div>{p}</div>" for p in clean)
        + "</div></div></div>",
    }[style]
    text = text.replace("{t}", title).replace("{d}", dated)
    script = "".join(f"window.{_word(chance)}=function(a,b){{return a+{chance.randint(1, 9)}*b}};" for _ in range(20))
    css = "".join(f".{_word(chance)}{{margin:{chance.randint(0, 9)}px}}" for _ in range(20))
    menu = "".join(
        f'<li class="menu-item"><a href="/s/{i}"><span>{_word(chance).title()}</span></a></li>' for i in range(30)
    )
    teasers = "".join(
        f'<div class="teaser"><a href="/{_word(chance)}"><figure><img src="/i/{i}.jpg" alt=""></figure><span class="kicker">{_word(chance)}</span>'
        f"<h4>{html.escape(headline)}</h4></a></div>"
        for i, headline in enumerate(headlines)
    )
    meta = f'<meta property="article:published_time" content="{date.isoformat()}">' if style in (1, 3) else ""
    linked = f'<script type="application/ld+json">{data}</script>' if style in (0, 2) else ""
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{title} | Site</title>{meta}{linked}'
        f"<style>{css}</style><script>{script}</script></head><body><header><ul class='nav'>{menu}</ul></header>{text}"
        f'<aside class="more"><h3>More</h3><ul>{links}</ul></aside><section class="teasers">{teasers}</section>'
        f"<footer><ul>{menu}</ul><p>© Site {date.year}</p></footer></body></html>"
    )


def record(page: dict) -> bytes:
    """The page as a WARC record, packed."""
    body = page["html"].encode()
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body
    fetched = max(page["date"], FIRST_DAY) + timedelta(hours=1)
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {page['url']}\r\nWARC-Date: {fetched:%Y-%m-%dT%H:%M:%SZ}\r\n"
        f"WARC-Record-ID: <urn:made:{page['url']}>\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(block)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + block + b"\r\n\r\n", 6, mtime=0)


def make(path: Path, count: int, seed: int = 1, languages: str = "all") -> list[dict]:
    """Writes the archive; gives the pages that tell of a founding, without their markup."""
    gold = []
    with path.open("wb") as file:
        for page in pages(count, seed, languages):
            file.write(record(page))
            if page["story"]:
                gold.append({key: page[key] for key in ("url", "language", "story")})
    return gold


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--pages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--languages", choices=("all", "read"), default="all", help="read: English and Chinese alone")
    given = parser.parse_args()
    gold = make(given.path, given.pages, given.seed, given.languages)
    print(
        f"{given.path}: {given.pages} pages, {given.path.stat().st_size / 1e6:.1f} MB, {len(gold)} tell of a founding"
    )


if __name__ == "__main__":
    main()
