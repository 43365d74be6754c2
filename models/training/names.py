"""Names to put in place of the corpus's own, so that the model learns the sentence and not the name.

All persons are made of parts drawn at random; organisations are invented.
"""

from __future__ import annotations

import random
import re

_GIVEN_SURNAME = (
    (
        "James Mary Robert Linda Michael Susan David Karen Daniel Emily Thomas Laura Peter Hannah Andrew Claire Simon Rachel "
        "Greg Megan Oliver Sophie Nathan Fiona Ethan Grace Luke Abigail Owen Naomi",
        "Smith Whitfield Carter Brandt Holloway Mercer Doyle Pritchard Lang Foster Kendall Ramsey O'Neill Hughes Barlow "
        "Sinclair Tate Whitaker Ellis Graves Novak Stone Ashby Crane Dalton",
    ),
    (
        "Lukas Anna Matteo Giulia Pierre Camille Jürgen Katrin Søren Freja Javier Lucía João Inês Pavel Jana Mikael Elin "
        "Zoltán Réka Andrei Ioana Piotr Agnieszka",
        "Müller Rossi Lefèvre Schneider Jensen Lindqvist García Fernández Silva Novák Kovács Popescu Kowalski Virtanen "
        "van Dijk de Boer Moreau Bianchi Weber Haugen",
    ),
    (
        "Arjun Priya Rohan Ananya Vikram Kavya Sanjay Meera Aditya Nisha Karthik Divya Rahul Sneha Imran Fatima",
        "Sharma Iyer Patel Reddy Nair Gupta Banerjee Krishnan Mehta Joshi Kulkarni Bhatia Subramanian Qureshi Das",
    ),
    (
        "Wei Fang Ming Hui Jian Xiaoling Haoran Yuxin Zihan Lei Qiang Yan Jiayi Bowen Siyuan Meng Tao Ruoxi Chenxi Peng",
        "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Zheng Liang Xie Song Tang",
    ),
    (
        "Haruto Yui Kenji Sakura Takumi Aiko Minjun Seoyeon Jihoon Soyoung Daichi Hana Nguyen Linh Anh Budi Siti Arif",
        "Tanaka Suzuki Nakamura Kim Park Choi Jung Yamada Ito Tran Pham Santoso Wijaya Lim Tan Goh",
    ),
    (
        "Omar Layla Youssef Noor Tariq Amina Chinedu Ngozi Kwame Abena Thabo Lerato Kofi Wanjiku Tunde Zainab Dov Noa Emre Elif",
        "Haddad Al-Rashid Mansour Okafor Adeyemi Mensah Dlamini Mwangi Nkosi Cohen Levi Yılmaz Demir Farouk Osei Diallo",
    ),
)
# Pinyin names may put the surname first.
_PINYIN = 3
_HAN_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庄岑欧"
_HAN_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华飞玉萍红鑫鹏浩宇轩然梓涵欣怡雨泽晨曦子墨思远嘉佳博文凯旋琪瑶岚澜川野舟航启恒毅峻岩松柏林森淼清源澄宁安康乐凡逸云帆星辰昊天阳晖煜炜炎烨婉婷雅雯倩蓉莹璐珊珂瑾瑜"
_HAN_FOREIGN = [
    "布兰登",
    "莱文",
    "卡特",
    "马丁",
    "索菲",
    "艾伦",
    "戈登",
    "哈珀",
    "伊莎",
    "罗曼",
    "维克多",
    "诺拉",
    "达米安",
    "玛雅",
    "奥斯汀",
    "费利克斯",
    "格雷塔",
    "塞巴",
    "蒂莫西",
    "安雅",
    "拉维",
    "普里娅",
    "克拉拉",
    "雨果",
]

_ORGANISATIONS = [
    "Orrin Cloud",
    "Halden Labs",
    "Brightmoor",
    "Kestrel AI",
    "Northgate Systems",
    "Vantor",
    "Meridian Bank",
    "Lumen Robotics",
    "Sagebrook Capital",
    "Palisade Motors",
    "Quillon",
    "Tessera Health",
    "Ostara Biotech",
    "Fjord Energy",
    "Cobalt Games",
    "Redwood Analytics",
    "Solace",
    "Pinecrest Partners",
    "Aster Semiconductor",
    "Nimbus Pay",
    "Ironvale",
    "Harrow & Finch",
    "Zephyr Mobility",
    "Calder Institute",
    "University of Marlow",
    "Juno Labs",
    "Google",
    "OpenAI",
    "Microsoft",
    "Meta",
    "Amazon",
    "Apple",
    "Nvidia",
    "Anthropic",
    "Tesla",
    "Stripe",
    "Uber",
    "Alibaba Cloud",
    "ByteDance",
    "Tencent",
    "Baidu",
    "Huawei",
    "Goldman Sachs",
    "Samsung Electronics",
    "Flipkart",
    "Grab",
    "Sequoia Capital",
    "Stanford University",
    "SAP",
    "Spotify",
    "Intel",
    "Xiaomi",
    "DeepMind",
]
_HAN_ORGANISATIONS = [
    "远岫科技",
    "青榆智能",
    "北纬云",
    "星砚",
    "澄海资本",
    "白塔汽车",
    "禾木生物",
    "云梯机器人",
    "海棠游戏",
    "长庚半导体",
    "岚图数科",
    "沐光能源",
    "归墟实验室",
    "恒岳证券",
    "山海大学",
    "微澜",
    "深蓝航空",
    "启明芯",
    "橙舟电商",
    "千帆教育",
    "阿里云",
    "字节跳动",
    "腾讯",
    "百度",
    "华为",
    "小米",
    "美团",
    "快手",
    "京东",
    "网易",
    "商汤",
    "旷视",
    "理想汽车",
    "蔚来",
    "微软亚洲研究院",
    "谷歌",
    "英伟达",
    "苹果",
    "特斯拉",
    "清华大学",
    "中科院自动化所",
    "滴滴",
    "拼多多",
    "小红书",
    "中金公司",
    "红杉中国",
]

_HAN = re.compile(r"^[\u3400-\u9fff·]+$")
_LATIN = re.compile(r"^[A-Za-zÀ-ɏ.'’\- ]+$")


def latin_name(source: random.Random) -> tuple[str, str]:
    """(given, surname) of one culture."""
    given, surname = source.choice(_GIVEN_SURNAME)
    return source.choice(given.split()), source.choice(re.findall(r"(?:van |de )?\S+", surname))


def new_name(old: str, parts: list[str], source: random.Random) -> dict[str, str] | None:
    """Replacements for a full name and its shorter forms; None where a form cannot be told apart."""
    if _HAN.match(old):
        if "·" in old or len(old) > 4:
            fresh = "·".join(source.sample(_HAN_FOREIGN, 2))
            table = {old: fresh}
            if "·" in old:
                table |= dict(zip(old.split("·"), fresh.split("·"), strict=False))
        else:
            surname = source.choice(_HAN_SURNAMES)
            given = "".join(source.sample(_HAN_GIVEN, source.choice((1, 2, 2))))
            table = {old: surname + given, old[0]: surname, old[1:]: given}
    elif _LATIN.match(old) and " " in old:
        given, surname = latin_name(source)
        words = old.split()
        # A pinyin name keeps its order: the short form is the first word in one, the last in the other.
        first_is_surname = words[0] in parts and words[-1] not in parts
        if first_is_surname:
            table = {old: f"{surname} {given}", words[0]: surname, words[-1]: given}
        else:
            table = {old: f"{given} {surname}", words[-1]: surname, words[0]: given}
    else:
        return None
    return table if all(part in table for part in parts) else None


def new_organisation(old: str, source: random.Random) -> str | None:
    """Another organisation in the same script; None for names that are not plainly a name."""
    if _HAN.match(old):
        return source.choice(_HAN_ORGANISATIONS)
    if old[:1].isupper() and re.match(r"^[A-Z][\w&.\- ]+$", old):
        return source.choice(_ORGANISATIONS)
    return None
