"""What is left of an organisation's name once case, accents, script variants and legal forms are taken off."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

HAN = re.compile(r"[\u3400-\u9fff]")
_TOKENS = re.compile(r"[\u3400-\u9fff]+|[^\W_\u3400-\u9fff]+")
LONGEST = 200  # characters of a name that are looked at

# Traditional characters of organisations' names, and the simplified ones in the same order.
_TRADITIONAL = (
    "亞佈來侖侷係俠倉倖倫偉傑備傢傳僑儀儂億優儲兒內凱剋創劃劍劑動務勝勞勢勱勵匯區協唸問啓啟單嗶噴嚮嚴囉囌國園圓圖團埰報場塗塵墰壇壜壽夢奧娛媽學宮寀實寧寶尋對導屬峯崑崙嵐嶺師幣幫庫廈廠廣強彙彿後從復徹恆愛慶"
    "應懞戲戶採摯據攜敎數旂時暉曏曠書會朮東條楊業極榮樂標樹橋機檯檳歐歡殻殼氣氾汎決淩湯溫滙滿漢澤濛濟濤濱瀏瀾灣為無爲爾獵現瑪環產産甦甯畢疊療癥發監盤盧眞眾矇碩碼磯礪禮穀積穎窩競節範簡粵糰紀約紅納紐紙級紛紮"
    "終組絡統絲經綜綠綫維網緑線緯緻績織繫繽罈罎羅羣義聖聯聲脈腦臉臨臺與興舊舘荊華萊萬葉葯蒐蔔薩藍藝藥蘇蘋蘭蘿處號蝦螞螢蟻衆術衕衛裏裝裡製複覈覓視覺覽計訊託設診証評詠詢詩話誇誌說説諤諮諸諾謀證識譜變讚豐豬貓"
    "貝財貢貨責貴買貸費貿資賓賣賬購賽贊跡蹟躍車軒軟載輔輕輝辦農連進遊運達遜遞遠適選邁郵鄰醫釘釦鈴鉅鉑銀銳銷鋒鋭鋰錘錫鎂鎚鎧鏈鏗鐵長門閃開閑閒間閤閱閲闇關闥陸陽隊階際險雲電靈韆韋韓韻頂項順頓領頤頭頻願顛顯風"
    "颱飛餓館馬馭馳駕駛騰驗體髮鬆鬥魚魯鮮鯨鳥鴉鴻鵝鵬鷹麥麪麫麵麼麽黃點鼕齣龍"
)
_SIMPLIFIED = (
    "亚布来仑局系侠仓幸伦伟杰备家传侨仪侬亿优储儿内凯克创划剑剂动务胜劳势劢励汇区协念问启启单哔喷向严啰苏国园圆图团采报场涂尘坛坛坛寿梦奥娱妈学宫采实宁宝寻对导属峰昆仑岚岭师币帮库厦厂广强汇佛后从复彻恒爱庆"
    "应蒙戏户采挚据携教数旗时晖向旷书会术东条杨业极荣乐标树桥机台槟欧欢壳壳气泛泛决凌汤温汇满汉泽蒙济涛滨浏澜湾为无为尔猎现玛环产产苏宁毕叠疗症发监盘卢真众蒙硕码矶砺礼谷积颖窝竞节范简粤团纪约红纳纽纸级纷扎"
    "终组络统丝经综绿线维网绿线纬致绩织系缤坛坛罗群义圣联声脉脑脸临台与兴旧馆荆华莱万叶药搜卜萨蓝艺药苏苹兰萝处号虾蚂萤蚁众术同卫里装里制复核觅视觉览计讯托设诊证评咏询诗话夸志说说谔咨诸诺谋证识谱变赞丰猪猫"
    "贝财贡货责贵买贷费贸资宾卖账购赛赞迹迹跃车轩软载辅轻辉办农连进游运达逊递远适选迈邮邻医钉扣铃巨铂银锐销锋锐锂锤锡镁锤铠链铿铁长门闪开闲闲间合阅阅暗关闼陆阳队阶际险云电灵千韦韩韵顶项顺顿领颐头频愿颠显风"
    "台飞饿馆马驭驰驾驶腾验体发松斗鱼鲁鲜鲸鸟鸦鸿鹅鹏鹰麦面面面么么黄点冬出龙"
)
_PLAIN = str.maketrans(
    dict(zip(_TRADITIONAL, _SIMPLIFIED, strict=True)) | {"&": " and ", "’": "'", "ß": "ss", "ø": "o", "ł": "l"}
)

# What may follow a name without naming anything else.
_LEGAL = frozenset(
    re.findall(
        r"\w+",
        "inc incorporated ltd limited llc lp llp corp corporation co company plc gmbh ag sa nv bv ab oy asa kk pte pty"
        " group holding holdings and",
    )
)
_TRADE = frozenset(["technology", "technologies", "tech"])
_LEGAL_HAN = re.compile(r"(?:(?:股份)?有限(?:责任)?公司|公司|集团|控股|股份)$")
_TRADE_HAN = re.compile(r"(?:科技|技术)$")
_PLACE_HAN = re.compile(
    r"^(?:中国|北京|上海|深圳|广州|杭州|南京|武汉|成都|苏州|合肥|天津|重庆|浙江|广东|江苏|香港)市?(?=..)"
)


def tokens(name: str) -> list[str]:
    """The runs of Chinese characters and the other words of a name, in one spelling."""
    text = name[:LONGEST]
    if text.isascii():
        text = text.replace("&", " and ")  # what _PLAIN would do, in a third of the time
    else:
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).translate(_PLAIN)
    text = text.casefold()
    if "'" in text:
        text = re.sub(r"'s\b", "", text).replace("'", "")
    return _TOKENS.findall(text)


def key(name: str) -> str:
    """The name as it is looked up: in one spelling, and without spaces, which outlets put as they like (Open AI)."""
    return "".join(tokens(name))


def forms(words: list[str]) -> Iterator[str]:
    """The keys of a name: as it stands, then ever barer, until only what names it is left."""
    words = list(words)
    if len(words) > 1 and words[0] == "the":
        yield "".join(words)
        del words[0]
    yield "".join(words)
    for endings, endings_han in ((_LEGAL, _LEGAL_HAN), (_TRADE, _TRADE_HAN)):
        while (barer := _without(words, endings, endings_han)) is not None:
            words = barer
            yield "".join(words)


def without_place(form: str) -> str:
    """A Chinese key without the city or province that a registered name begins with."""
    return _PLACE_HAN.sub("", form)


def _without(words: list[str], endings: frozenset[str], endings_han: re.Pattern[str]) -> list[str] | None:
    """The words without the ending of the last one, unless nothing names the organisation then."""
    if not words:
        return None
    *rest, last = words
    found = endings_han.search(last)
    if found and (rest or found.start() > 1):
        return [*rest, last[: found.start()]] if found.start() else rest
    if not rest or last not in endings:
        return None
    # "Of Technology" and "and Technology" belong to what they follow.
    return None if endings is _TRADE and rest[-1] in ("of", "and") else rest
