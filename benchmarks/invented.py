"""A large database of invented people and stories, written straight into the tables: what the desk is measured and pictured on."""

from __future__ import annotations

import hashlib
import json
import random
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from founderwatch.database import gathering, search
from founderwatch.database.store import Store
from founderwatch.events.people import parse, person_key

MODEL = "invented-1"
_GIVEN = [
    "Mara",
    "Otto",
    "Ida",
    "Nils",
    "Vera",
    "Tomas",
    "Lena",
    "Arvid",
    "Clara",
    "Jonas",
    "Edith",
    "Pavel",
    "Noor",
    "Felix",
    "Anya",
    "Ruben",
    "Sofia",
    "Emil",
    "Hana",
    "Leo",
    "Ingrid",
    "Marek",
    "Alba",
    "Theo",
]
_SURNAMES = [
    "Lind",
    "Berg",
    "Falk",
    "Strand",
    "Novak",
    "Keller",
    "Duarte",
    "Okafor",
    "Winter",
    "Haddad",
    "Moreau",
    "Castell",
    "Ravn",
    "Sato",
    "Ferrant",
    "Oduya",
    "Brandt",
    "Vogel",
    "Ilves",
    "Marsh",
]
_HAN_SURNAMES = [
    "邱",
    "沈",
    "陆",
    "范",
    "汪",
    "姚",
    "方",
    "石",
    "崔",
    "贺",
    "龚",
    "邵",
    "万",
    "钱",
    "严",
    "覃",
    "武",
    "戴",
    "莫",
    "孔",
]
_HAN_GIVEN = [
    "正阳",
    "若溪",
    "景行",
    "云舟",
    "知远",
    "思齐",
    "望舒",
    "清越",
    "子衿",
    "怀瑾",
    "星野",
    "听澜",
    "明哲",
    "一鸣",
    "书白",
    "予安",
]
_EMPLOYERS = [
    ("Alibaba Cloud", "阿里云"), ("ByteDance", "字节跳动"), ("Tencent", "腾讯"), ("Baidu", "百度"), ("Huawei", "华为"), ("NIO", "蔚来"),
    ("Meituan", "美团"), ("Xiaomi", "小米"), ("OpenAI", None), ("Google DeepMind", None), ("Stripe", None), ("Nvidia", "英伟达"), ("Tesla", "特斯拉"),
    ("Microsoft Research", "微软研究院"), ("Amazon Web Services", None), ("Spotify", None),
]  # fmt: skip
_ROLES = [("research scientist", "研究员", "senior"), ("vice-president of engineering", "技术副总裁", "lead"), ("chief scientist", "首席科学家", "executive"),
          ("head of product", "产品负责人", "lead"), ("algorithm engineer", "算法工程师", "senior"), ("director of robotics", "机器人总监", "lead")]  # fmt: skip
_FOCUS = [("robot hands", "灵巧手"), ("battery materials", "电池材料"), ("voice models for cars", "车载语音大模型"), ("protein design", "蛋白质设计"),
          ("chips for inference", "推理芯片"), ("tools for developers", "开发者工具"), ("AI tutors", "AI 教育"), ("weather models", "气象模型")]  # fmt: skip
_VENTURES = [
    "Fjord",
    "Lumen",
    "Tangram",
    "Kelp",
    "Northlight",
    "Quarry",
    "Isobar",
    "Petrel",
    "Meridian",
    "Halcyon",
    "Sable",
    "Juniper",
    "Cobalt",
    "Orchard",
    "Tessera",
    "Umbra",
]
_OUTLETS = [("morning-wire", "Morning Wire", "en"), ("evening-post", "Evening Post", "en"), ("circuit", "The Circuit", "en"), ("ledger", "Venture Ledger", "en"),
            ("harbour", "Harbour Tech", "en"), ("xinchao", "芯潮科技", "zh"), ("lingtai", "灵台商业", "zh"), ("wanbao", "创投晚报", "zh"), ("shuzhi", "数智前线", "zh")]  # fmt: skip
_ENGLISH = [outlet for outlet in _OUTLETS if outlet[2] == "en"]
_STATUSES = ("confirmed",) * 5 + ("announced",) * 4 + ("expected",) * 3 + ("rumoured",) * 2 + ("denied",)
_PLAIN = [("{} opens an office in {}", "The office of {} in {} has room for two hundred people. Work begins in spring."),
          ("{} and {} agree on a supply of parts", "{} will buy parts from {} for three years. Neither told the price.")]  # fmt: skip
_PLAIN_ZH = [("{}在{}开设办公室", "{}在{}的新办公室可容纳两百人，将于春天启用。"), ("{}与{}达成供货协议", "{}将在三年内向{}采购零部件，双方未透露价格。")]  # fmt: skip
_CHUNK = 5000


def make(path: Path, articles: int, events: int, seed: int = 7, said=lambda text: None) -> None:
    """Makes the database; the same numbers and seed give the same people and stories, told up to now."""
    with closing(Store(path)) as store:
        db = store.db.conn
        db.execute("pragma synchronous = off")
        _Writer(db, random.Random(seed), datetime.now(UTC).replace(microsecond=0)).write(articles, events, said)


class _Writer:
    def __init__(self, db, chance: random.Random, now: datetime):
        self.db, self.chance, self.now = db, chance, now
        self.tables, self.names = Database(db), set()
        self.article = self.mention = 0

    def write(self, articles: int, events: int, said) -> None:
        self.sources()
        with self.db:
            for number in range(events):
                self.event(number)
            gathering.weigh(self.tables, self.names)
        said(f"{events:,} events")
        while self.article < articles:
            with self.db:
                for _ in range(min(_CHUNK, articles - self.article)):
                    self.plain()
            if self.article % 100_000 < _CHUNK:
                said(f"{self.article:,} articles")

    def sources(self) -> None:
        with self.db:
            started = (self.now - timedelta(minutes=20)).isoformat()
            self.db.execute(
                "insert into runs (id, command, started_at, finished_at, found, new) values (1, 'crawl', ?, ?, 900, 120)",
                [started, self.now.isoformat()],
            )
            for number, (name, title, language) in enumerate([*_OUTLETS, ("old-wire", "Old Wire", "en")]):
                self.db.execute(
                    "insert into sources (name, title, home, language, last_run) values (?, ?, ?, ?, 1)",
                    [name, title, f"https://{name}.example/", language],
                )
                failed = int(number == 3)
                self.db.execute(
                    "insert into source_runs (run, source, channels, channels_failed, found, fetched, failed, message) values (1, ?, 1, ?, 90, 12, 0, ?)",
                    [name, failed, "feed https://ledger.example/feed: 503 Service Unavailable" if failed else None],
                )

    def moment(self, spread: float) -> datetime:
        """Some time of the past; `spread` is how many days back it goes."""
        return self.now - timedelta(days=spread * self.chance.random(), seconds=self.chance.randrange(86400))

    def story(self, outlet, title: str, body: str, at: datetime, copy_of: int | None = None) -> int:
        self.article += 1
        name, site, language = outlet
        url = f"https://{name}.example/{self.article}"
        seen = min(self.now, at + timedelta(minutes=20)).isoformat()
        self.db.execute(
            "insert into articles (id, url, source, title, body, language, site_name, published, first_seen_at, copy_of) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [self.article, url, name, title, body, language, site, at.isoformat(), seen, copy_of],
        )
        self.db.execute("insert into addresses (url, article) values (?, ?)", [url, self.article])
        self.db.execute(
            "insert into articles_fts (rowid, title, body) values (?, ?, ?)",
            [self.article, search.indexed(title), search.indexed(body)],
        )
        return self.article

    def judged(self, article: int, score: float, flagged: bool) -> None:
        self.db.execute(
            "insert into assessments (id, article, model, score, flagged, made_at) values (?, ?, ?, ?, ?, ?)",
            [article, article, MODEL, score, int(flagged), self.now.isoformat()],
        )

    def plain(self) -> None:
        chance = self.chance
        outlet = chance.choice(_OUTLETS)
        one, other = chance.sample(_EMPLOYERS, 2)
        zh = outlet[2] == "zh"
        title, body = chance.choice(_PLAIN_ZH if zh else _PLAIN)
        names = [(pair[1] or pair[0]) if zh else pair[0] for pair in (one, other)]
        article = self.story(outlet, title.format(*names), body.format(*names), self.moment(900))
        self.judged(article, 0.01, False)

    def event(self, number: int) -> None:
        chance = self.chance
        known = number < len(_EMPLOYERS) * 12 or chance.random() < 0.6
        employer = (
            chance.choice(_EMPLOYERS)
            if known
            else (f"{chance.choice(_VENTURES)} {chance.choice(_SURNAMES)} Systems", None)
        )
        han = f"{chance.choice(_HAN_SURNAMES)}{chance.choice(_HAN_GIVEN)}" if employer[1] else None
        latin = f"{chance.choice(_GIVEN)} {chance.choice(_SURNAMES)}" if not han else _latin(han)
        kind = chance.choices(("founds", "leaves", "joins"), (6, 2, 2))[0]
        status, role, focus = chance.choice(_STATUSES), chance.choice(_ROLES), chance.choice(_FOCUS)
        venture = (
            f"{chance.choice(_VENTURES)} {chance.choice(('AI', 'Labs', 'Robotics', 'Bio'))}"
            if kind != "leaves" and chance.random() < 0.5
            else None
        )
        if kind == "joins" and not venture:
            venture = chance.choice(_EMPLOYERS)[0]
        score = round(0.5 + 0.5 * chance.random() ** 0.4 if chance.random() < 0.9 else 0.5 * chance.random(), 4)
        first = self.moment(720)
        at, told, reports = first, [], chance.choices((1, 2, 3, 4), (5, 3, 2, 1))[0]
        for outlet in chance.sample(_OUTLETS if han else _ENGLISH, reports):
            told.append((outlet, min(at, self.now)))
            at += timedelta(hours=chance.expovariate(1 / 9))
        identifier = "ev-" + hashlib.sha256(f"{number}{latin}".encode()).hexdigest()[:12]
        flagged = int(kind == "founds" and status != "denied" and score >= 0.5)
        self.db.execute(
            "insert into events (id, person, names, kind, status, employer, role, seniority, venture, venture_kind, focus, first_reported_by,"
            " first_seen_at, published, score, sources, flagged) values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'company', ?, ?, ?, ?, ?, ?, ?)",
            [identifier, latin, json.dumps([latin, *([han] if han else [])], ensure_ascii=False), kind, status, employer[0], role[0], role[2],
             venture, focus[0] if kind == "founds" else None, told[0][0][1], min(self.now, first + timedelta(minutes=20)).isoformat(),
             first.isoformat(), score, len({o[0] for o, _ in told}), flagged],
        )  # fmt: skip
        for outlet, moment in told:
            self.report(
                identifier,
                outlet,
                moment,
                han if outlet[2] == "zh" else latin,
                employer,
                kind,
                status,
                role,
                focus,
                venture,
                score,
            )

    def review(self, event: str) -> None:
        verdict = self.chance.choices(("accept", "reject", "unsure"), (7, 2, 1))[0]
        self.db.execute(
            "insert into reviews (event, reviewer, verdict, reason, queue, model, made_at) values (?, 'ana', ?, ?, 'likely', ?, ?)",
            [event, verdict, "joins" if verdict == "reject" else None, MODEL, self.now.isoformat()],
        )

    def report(self, event, outlet, at, person, employer, kind, status, role, focus, venture, score) -> None:
        zh = outlet[2] == "zh"
        left, post, what = (employer[1] or employer[0], role[1], focus[1]) if zh else (employer[0], role[0], focus[0])
        if zh:
            ends = {"founds": f"离职创业，方向为{what}", "leaves": "离职，去向未定", "joins": f"离职，加盟{venture}"}[
                kind
            ]
            title, said, trigger = f"{left}{post}{person}离职", f"{left}{post}{person}已{ends}。", "离职"
            body = f"{said}\n公司尚未回应。知情人士称，其团队的几名成员也在考虑离开。"
        else:
            ends = {
                "founds": f"to start {venture or 'a company'} for {what}",
                "leaves": "and has not told what comes next",
                "joins": f"to join {venture}",
            }[kind]
            title, said, trigger = (
                f"{person} leaves {left}",
                f"{person}, {post} at {left}, has left {ends}.",
                "has left",
            )
            body = f"The news was first read in a note to the staff.\n{said}\n{left} did not answer questions. Colleagues had expected it for weeks."
        article = self.story(outlet, title, body, at)
        self.judged(
            article, score if kind == "founds" else 0.05, kind == "founds" and status != "denied" and score >= 0.5
        )
        start = body.index(said)
        evidence = json.dumps(
            [{"text": said, "start": start, "end": start + len(said), "in": "body"}], ensure_ascii=False
        )
        self.mention += 1
        self.db.execute(
            "insert into mentions (id, assessment, article, event, person, person_key, kind, status, score, employer, role, seniority, venture, venture_kind, focus, evidence, triggers)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'company', ?, ?, ?)",
            [self.mention, article, article, event, person, person_key(person), kind, status, score, left, post, role[2], venture,
             what if kind == "founds" else None, evidence, json.dumps([trigger], ensure_ascii=False)],
        )  # fmt: skip
        gathering.file(self.tables, self.mention)
        self.names.add(person_key(person))


def _latin(han: str) -> str:
    surname, given = parse(han).words
    return f"{surname.title()} {given.title()}"
