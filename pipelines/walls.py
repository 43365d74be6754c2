"""Recognises what a page shows in a story's place: consent, sign-in, subscription, a script that never ran, an error.

Such a notice is told by the site's own voice ("We and our partners store …", 登录后查看全文), line by line: with those lines
gone, what is left is the story, a teaser of it, or nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from lxml.html import HtmlElement

COOKIES = "cookie wall"
LOGIN = "login wall"
PAYWALL = "paywall"
SCRIPT = "JavaScript shell"
ROBOT = "robot check"
ERROR = "error page"

_LONGEST_NOTICE = 240  # characters
_LONGEST_CONSENT = 900  # lawyers wrote it
_LONGEST_HEADING = 80
_FEW_LETTERS = 250  # in the whole page, its menus included

# In the site's own voice: news about cookies or subscriptions speaks of others.
_NOTICES = (
    (
        COOKIES,
        r"\bwe(?: use| may use| set)\b.{0,60}\bcookies\b|\bwe(?:,? (?:and|or) (?:our|third)[\w ,-]{0,40}),? (?:may )?(?:use|store|process|set)\b.{0,80}\b(?:cookies?|your (?:personal )?data|device)\b"
        r"|\b(?:this|our) (?:web)?site uses? (?:\w+ ){0,3}cookies\b|\bby (?:clicking|choosing|selecting|continuing)\b.{0,120}\b(?:cookies|consent|agree)\b"
        r"|^\W*(?:accept|reject|manage|allow|decline)(?: all| your)? (?:cookies|cookie (?:preferences|settings))\W*$|^.{0,60}\bcookie (?:policy|preferences|settings|notice)\W*$"
        r"|\b(?:withdraw|change|manage) (?:your )?(?:consent|privacy (?:choices|preferences))\b|\bbefore you continue to\b|\byour privacy (?:choices|matters)\b|\bwe value your privacy\b"
        r"|(?:本网站|本站|我们|我們|本網站)(?:及|和|与|與)?.{0,15}(?:使用|存储|儲存).{0,15}(?:cookie|瀏覽器?紀錄)|(?:接受|拒绝|拒絕|同意|管理)(?:所有|全部|并继续|並繼續)?(?:的)?\s*cookies?|cookie\s*(?:政策|设置|設定|声明|聲明|偏好)"
        r"|(?:重视|尊重|重視)您的隐?私|隐私偏好|隱私偏好",
    ),
    (
        LOGIN,
        r"\b(?:sign|log) ?in (?:or (?:register|sign up|create|subscribe)\b.{0,40})?to (?:continue|read|view|see|access|keep)|\b(?:please|you must|you need to) (?:sign|log) ?in\b"
        r"|\b(?:create|register for) (?:a|your) free account\b.{0,60}|\bregister (?:for free )?to (?:continue|read|keep)|\bforgot (?:your )?password\b"
        r"|(?:请先?|請先?|需要?|您?(?:尚)?未)(?:登录|登入|登錄|注册|註冊).{0,20}|(?:登录|登入|登錄|注册|註冊)(?:后|後|即可|以)(?:才?[可能])?(?:查看|阅读|閱讀|继续|繼續|浏览|瀏覽|观看).{0,20}|扫码登录|忘记密码|忘記密碼",
    ),
    (
        PAYWALL,
        r"\bsubscribe (?:now )?(?:to|for)\b.{0,60}\b(?:read|continue|access|full|unlimited|unlock|keep)|\b(?:already|not(?: yet)?) a (?:paid |paying )?(?:subscriber|member)\s*\?|\bto (?:continue reading|read (?:the )?(?:full|rest)|unlock)\b.{0,80}\b(?:subscri|sign|trial|member|pay)"
        r"|\b(?:this|the) (?:article|story|content|post) is (?:only )?(?:available |reserved )?(?:for|to) (?:our )?(?:paid |paying |premium )?(?:subscribers|members)\b|\bfor (?:paid |paying )?subscribers only\b|\bsubscribers? (?:only|exclusive)\b"
        r"|\bstart your (?:free )?(?:\d+.day )?trial\b|\byou(?:'|’)ve (?:reached|used)\b.{0,40}\b(?:free )?articles?\b|\bunlock (?:this|the full) (?:article|story)\b|\bthis post is for paid subscribers\b"
        r"|(?:本文|此文|该文|全文|以下内容|以下內容)(?:仅|僅)?(?:为|為|是|限|供|属于|屬於)(?:本刊|本站|我们的)?(?:付费|付費|会员|會員|订阅|訂閱).{0,12}|^.{0,6}(?:付费|付費|会员|會員|订阅|訂閱)(?:用户|用戶|读者|讀者)?(?:可见|可見|专享|專享|独享|专属|文章|内容|內容).{0,4}$"
        r"|(?:订阅|訂閱|购买|購買|开通会员|開通會員|付费|付費|成为会员|成為會員)(?:后|後|即可|以)?(?:查看|阅读|閱讀|解锁|解鎖|继续|繼續|畅读|暢讀).{0,20}|(?:剩余|剩餘|还有|還有)\s*\d{1,3}\s*%.{0,20}|试读(?:已)?结束|試讀結束|解锁全文|解鎖全文",
    ),
    (
        SCRIPT,
        r"\b(?:please )?(?:enable|turn on|activate|allow) java ?script\b|\bjava ?script (?:is|must be|needs? to be) (?:disabled|enabled|required|not enabled|turned)\b|\b(?:this|the) (?:site|page|app|website|application) (?:needs?|requires?) java ?script(?: to\b| enabled|\W*$)|\byou need to enable java ?script\b|\byour browser (?:does not|doesn(?:'|’)t) support\b|\b(?:loading|please wait)\s*(?:…|\.{3})$"
        r"|(?:请|請)?(?:启用|开启|打开|啟用|開啟)\s*java ?script|需要\s*java ?script|(?:浏览器|瀏覽器)(?:版本过低|不支持|不支援)|(?:正在加载|加载中|載入中|努力加载).{0,4}$",
    ),
    (
        ROBOT,
        r"\b(?:verify|confirm|prove|make sure)\b.{0,20}\byou(?:'|’)?(?: a)?re (?:a )?(?:human|not a robot|not a bot)\b|\bare you (?:a )?(?:robot|human)\b|\b(?:unusual|suspicious) (?:traffic|activity)\b.{0,60}|\bchecking (?:your browser|if the site connection is secure)|\bddos protection by\b|\bcomplete the (?:captcha|security check)\b|\bcloudflare ray id\b|\bpardon our interruption\b"
        r"|(?:请|請)(?:先|点击|点擊|按住|拖动|滑动|進行|进行|通过|完成).{0,10}(?:验证|驗證)|^(?:安全|人机|人機|滑动|滑動|拖动)(?:验证|驗證)$|请完成(?:安全)?验证|請完成驗證|(?:访问|訪問|操作|请求)(?:过于|過於|太)(?:频繁|頻繁)|检测到您?的?(?:网络|访问)(?:环境)?.{0,4}异常|异常访问",
    ),
)  # fmt: skip
_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _NOTICES)

# Titles and headings of pages that say they are none. They must be the whole of it: "Oops: how a founder …" is a headline.
_ERROR = re.compile(
    r"(?:(?:http )?(?:error|status)?\s*(?:4\d\d|5\d\d)\b\W*(?:error|(?:page |file )?not found|forbidden|gone|unauthorized|bad gateway|service (?:temporarily )?unavailable|"
    r"internal server error|gateway time-?out|too many requests)?"
    r"|(?:oops|sorry|uh.?oh|whoops)(?:\b.{0,50}\b(?:not found|(?:not|n't|no longer) exist|wrong|missing|(?:can't|cannot|couldn't) find.{0,30}|be found|not available|unavailable))?"
    r"|(?:the )?(?:page|article|story|content|file|post)\b.{0,30}\b(?:not found|can(?:no|')t be found|could not be found|does(?:n't| not) exist|no longer (?:exists|available)|unavailable|has (?:been )?(?:moved|removed|deleted))"
    r"|not found|forbidden|access (?:is )?denied|bad gateway|(?:internal )?server error|service (?:temporarily )?unavailable|something went wrong|(?:site|website)? ?(?:under |is under |in )maintenance|we(?:'|’)ll be (?:right )?back(?: soon)?|too many requests"
    r"|(?:抱歉|对不起|對不起|很遗憾|哎呀|啊哦)?[，,!！\s]*(?:您(?:要)?(?:访问|訪問|浏览|查找|找)的?|你(?:访问|要找)的?|该|此|當前|当前)?(?:页面|頁面|网页|網頁|文章|内容|內容|链接|帖子|新闻|新聞)(?:已经?|已被|暂时|可能)?(?:不存在|找不到了?|未找到|丢失|不见了|已?删除|被?刪除|失效|无法(?:访问|显示|打开)|無法顯示|飞走了|违规|下线)(?:或.{0,12})?"
    r"|(?:404|502|503|服务器|伺服器|系统|系統|网站|網站)\W*(?:错误|錯誤|内部错误|繁忙|忙|维护中?|維護中?|升级中|出错了?|开小差了?|异常|页面.{0,6}|找不到.{0,6})|访问(?:被拒绝|受限|出错)|出错(?:了|啦))"
    r"[\s.!！。…:)（(]*",
    re.IGNORECASE,
)  # fmt: skip
_CHALLENGE = re.compile(
    r"(?:just a moment|attention required|one more step|security check|are you (?:a )?(?:robot|human)|robot check|human verification|verify(?:ing)? you are human|pardon our interruption|checking your browser|captcha|"
    r"(?:安全|人机|人機|滑动)?(?:验证|驗證)(?:码|碼|中心)?|访问验证|安全检查)[\s.!…|–-]*(?:cloudflare)?[\s.!…]*",
    re.IGNORECASE,
)  # fmt: skip
_OUTLET = re.compile(r"\s*[|｜_–—-][^|｜_–—-]{1,30}$")
_STUMP = re.compile(
    r"(?:^|(?<=[.!?…。！？”’\"\])\s]))(?:\[\s*(?:…|\.{3}|&hellip;)\s*\]\s*)?(?:(?<![^\W_] )(?:continue reading|keep reading|read (?:more|on|the (?:full|rest of the|whole|original) ?(?:story|article|post)?)|view (?:entire|full) (?:post|article))"
    r"|(?:点击)?(?:阅读|閱讀|查看|展开|展開)(?:全文|原文|更多|全部))[^.。]{0,60}[\s→»›>…\].]*$"
    r"|^the post .{1,200} (?:appeared first|first appeared|was first published) on .{1,80}$|\s*\[\s*(?:…|\.{3})\s*\]\s*$",
    re.IGNORECASE,
)  # fmt: skip
_ROOTS = "//div[@id='root' or @id='app' or @id='__next' or @id='__nuxt' or @id='__layout' or @id='main-app' or @data-reactroot]"


@dataclass(frozen=True, slots=True)
class Facts:
    """What has to be looked at before a page is stripped for its text."""

    titles: tuple[str, ...] = ()
    letters: int = 0
    shell: bool = False
    notices: str = ""


def look(tree: HtmlElement) -> Facts:
    """Looks at a parsed page as it came; it is not changed."""
    titles = [" ".join(node.text_content().split()) for node in tree.xpath("//title | //h1 | //h2")[:6]]
    body = tree.find(".//body")
    parts = body.xpath(".//text()[not(ancestor::script or ancestor::style or ancestor::noscript or ancestor::template)]") if body is not None else ()  # fmt: skip
    letters = sum(len("".join(part.split())) for part in parts)
    silent = " ".join(" ".join(node.text_content().split()) for node in tree.xpath("//noscript")[:5])[:2000]
    scripts = bool(tree.xpath("//script[@src] | //script[string-length(.) > 200]"))
    asks = kind_of(silent) == SCRIPT or bool(tree.xpath(_ROOTS))
    short = " ".join(" ".join(part.split()) for part in parts if part.strip()) if letters < _FEW_LETTERS * 4 else ""
    return Facts(tuple(title for title in titles if title), letters, scripts and asks and letters < _FEW_LETTERS, short)


def kind_of(text: str) -> str | None:
    """Which notice a line is, or None where it is text."""
    for kind, pattern in _PATTERNS:
        if len(text) <= (_LONGEST_CONSENT if kind == COOKIES else _LONGEST_NOTICE) and pattern.search(text):
            return kind
    return None


def part(body: str) -> tuple[str, str | None, int]:
    """The body without a site's notices, which notice took most room, and how many letters all of them had."""
    kept, found = [], Counter()
    for line in body.split("\n"):
        kind = kind_of(line)
        if kind is None:
            kept.append(line)
        else:
            found[kind] += len(line)
    [(most, _)] = found.most_common(1) or [(None, 0)]
    return "\n".join(kept), most, found.total()


def without_stump(text: str) -> str:
    """A text without the line that leads to its rest: "… Continue reading →", 阅读全文, "The post … appeared first on …"."""
    lines = text.rstrip().split("\n")
    while lines and (stump := _STUMP.search(lines[-1])):
        lines[-1] = lines[-1][: stump.start()].rstrip()
        if lines[-1]:
            break
        lines.pop()
    return "\n".join(lines)


def in_place_of(facts: Facts, title: str) -> str | None:
    """What stands in the story's place, as the page's headings say it."""
    for heading in dict.fromkeys((title, *facts.titles[:2])):
        for words in (heading, _OUTLET.sub("", heading)):
            if 0 < len(words) <= _LONGEST_HEADING and _CHALLENGE.fullmatch(words):
                return ROBOT
            if 0 < len(words) <= _LONGEST_HEADING and _ERROR.fullmatch(words):
                return ERROR
    return None


def of_nothing(facts: Facts) -> str | None:
    """Why a page shows no text at all."""
    if facts.shell:
        return SCRIPT
    return kind_of(facts.notices)
