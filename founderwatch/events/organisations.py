"""Whether two names may be one organisation's, in either script."""

from __future__ import annotations

import re

_HAN = re.compile(r"[\u3400-\u9fff]")
# What many organisations' names share says nothing about their being one.
_NOISE = frozenset(
    re.findall(
        r"\w+",
        "the of and at for group holding holdings inc ltd llc co corp corporation company technologies technology tech"
        " lab labs laboratory cloud ai university college institute school academy research science bank capital ventures"
        " venture partners fund motors auto robotics software systems network networks media digital global international"
        " china chinese american european asia new team unit division",
    )
)
_PLACES = (
    "中国",
    "中國",
    "美国",
    "美國",
    "北京",
    "上海",
    "深圳",
    "广州",
    "杭州",
    "南京",
    "武汉",
    "成都",
    "香港",
    "台湾",
    "中科",
)
# One organisation with its units a line: names in both scripts, which no spelling connects.
_ALIASES = [
    line.split()
    for line in """
    alibaba aliyun taobao tmall dingtalk qwen tongyi 阿里 淘宝 天猫 钉钉 达摩院 通义
    ant alipay 蚂蚁 支付宝
    bytedance douyin tiktok feishu lark 字节 抖音 飞书
    tencent wechat 腾讯 騰訊 微信
    baidu 百度
    huawei hisilicon 华为 華為 海思
    xiaomi 小米
    meituan 美团
    jd 京东
    pinduoduo pdd temu 拼多多
    kuaishou 快手
    didi 滴滴
    netease 网易
    bilibili 哔哩
    xiaohongshu rednote 小红书
    sensetime 商汤
    megvii 旷视
    iflytek 讯飞
    byd 比亚迪
    nio 蔚来
    xpeng 小鹏
    dji 大疆
    lenovo 联想
    moonshot kimi 月之暗面
    zhipu 智谱
    baichuan 百川
    minimax 稀宇
    deepseek 深度求索
    stepfun 阶跃
    unitree 宇树
    google deepmind alphabet youtube waymo 谷歌
    meta facebook instagram whatsapp 脸书
    microsoft github linkedin 微软
    apple 苹果
    amazon aws 亚马逊
    nvidia 英伟达
    tesla 特斯拉
    intel 英特尔
    tsmc 台积电
    samsung 三星
    tsinghua 清华
    peking 北京大学 北大
    """.strip().splitlines()
]
_KNOWN = {alias: number for number, line in enumerate(_ALIASES) for alias in line}
_KNOWN_HAN = [(alias, number) for alias, number in _KNOWN.items() if _HAN.match(alias)]


def same_organisation(one: str | None, other: str | None) -> bool:
    """Whether two names may be one organisation's: no name contradicts nothing, nor does an unknown one in another script."""
    if not one or not other:
        return True
    first, second = _known(one), _known(other)
    if first and second:
        return bool(first & second)
    if bool(_HAN.search(one)) != bool(_HAN.search(other)):
        return True
    if _HAN.search(one):
        enough = 4 if one.startswith(_PLACES) else 2
        return one in other or other in one or one[:enough] == other[:enough]
    words, others = _words(one), _words(other)
    return bool(words & others) or one.casefold() == other.casefold()


def answers_to(name: str, asked: str) -> bool:
    """Whether an organisation may be the one that is asked for; that nothing contradicts it is not enough here."""
    if _known(name) & _known(asked):
        return True
    return bool(_HAN.search(name)) == bool(_HAN.search(asked)) and same_organisation(name, asked)


def _known(name: str) -> set[int]:
    """The lines of the aliases that a name belongs to."""
    han = {number for alias, number in _KNOWN_HAN if alias in name}
    return han | {_KNOWN[word] for word in _words(name) if word in _KNOWN}


def _words(name: str) -> set[str]:
    return {word for word in re.findall(r"\w+", name.casefold()) if word not in _NOISE}
