"""Organisations: the table holds together, names in both scripts meet, different employers stay apart, mistakes are told."""

import unicodedata

import pytest
from click.testing import CliRunner

from founderwatch import status
from founderwatch.cli import main
from founderwatch.events import organisations
from founderwatch.events.organisation_names import HAN, key
from founderwatch.events.organisation_table import PACKAGED, load
from founderwatch.events.organisations import (
    Agreement,
    OrganisationsError,
    compare,
    is_unit,
    resolve,
    same_organisation,
)

TABLE = load()
LISTED = {o.key: o for o in TABLE.values()}


@pytest.fixture(autouse=True)
def packaged():
    organisations.use(None)
    yield
    organisations.use(None)


def own(tmp_path, text):
    path = tmp_path / "own.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


# The packaged table


def test_the_table_is_large_and_half_chinese():
    assert len(LISTED) >= 620
    in_chinese = [o for o in LISTED.values() if any(HAN.search(n) for n in o.names)]
    assert len(in_chinese) >= 0.6 * len(LISTED)
    assert sum(o.parent is not None for o in LISTED.values()) >= 250


def test_every_name_is_clean_and_leads_to_its_organisation():
    for organisation in LISTED.values():
        for name in organisation.names:
            assert name == unicodedata.normalize("NFKC", name).strip(), name
            assert "  " not in name and name.isprintable(), name
            assert resolve(name) == organisation, name


def test_every_line_is_one_organisation():
    lines = [line for line in PACKAGED.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len([line for line in lines if not line.startswith("#")]) == len(LISTED)


def test_parents_end_at_a_top():
    for organisation in LISTED.values():
        assert organisation not in organisation.parents
        assert organisation.top.parent is None
        assert all(p.key in LISTED for p in organisation.parents)


@pytest.mark.parametrize(
    ("unit", "organisation"),
    [
        ("阿里云", "Alibaba"), ("达摩院", "阿里巴巴"), ("DAMO Academy", "Alibaba Group"), ("通义实验室", "Alibaba"),
        ("Tongyi Lab", "阿里巴巴"), ("DeepMind", "Google"), ("DeepMind", "Alphabet"), ("FAIR", "Meta"), ("字节跳动Seed", "ByteDance"),
        ("ByteDance Seed", "字节跳动"), ("腾讯混元", "Tencent"), ("微信", "Tencent"), ("华为诺亚方舟实验室", "Huawei"),
        ("Noah's Ark Lab", "华为"), ("HiSilicon", "Huawei"), ("海思", "华为"), ("小米汽车", "Xiaomi"), ("MSRA", "微软"),
        ("CSAIL", "麻省理工学院"), ("中科院自动化所", "Chinese Academy of Sciences"), ("华为车BU", "Huawei"),
        ("谷歌大脑团队", "谷歌"), ("微软亚洲研究院视觉组", "Microsoft"), ("AI lab of Stanford University", "斯坦福大学"),
        ("Department of Physics, Tsinghua University", "清华大学"), ("清华大学计算机系", "Tsinghua"), ("字节跳动大模型团队", "ByteDance"),
        ("阿里巴巴旗下达摩院", "Alibaba"), ("Google's DeepMind", "Alphabet"),
    ],
)  # fmt: skip
def test_a_unit_is_known_under_its_parent(unit, organisation):
    assert is_unit(unit, organisation)
    assert not is_unit(organisation, unit)
    assert compare(unit, organisation) is compare(organisation, unit) is Agreement.AGREE


# Two names

AGREE = [
    ("Alibaba", "阿里巴巴集团控股有限公司"), ("Alibaba Group Holding Ltd.", "阿里"), ("Alibaba Cloud", "阿里云"), ("阿里雲", "Aliyun"),
    ("ByteDance", "北京字节跳动科技有限公司"), ("Tencent Holdings Limited", "騰訊"), ("鹅厂", "腾讯"), ("Huawei Technologies Co., Ltd.", "華為"),
    ("Baidu, Inc.", "北京百度网讯科技有限公司"), ("JD.com", "京东集团"), ("小红书", "RedNote"), ("哔哩哔哩", "bilibili"), ("深度求索", "Deep Seek"),
    ("Moonshot AI", "月之暗面科技有限公司"), ("Zhipu AI", "智谱华章"), ("商汤科技", "Sense Time"), ("Face++", "旷视"), ("讯飞", "iFLYTEK Co"),
    ("4Paradigm", "第四范式"), ("零一万物", "01.AI"), ("TSMC", "台積電"), ("鴻海", "Foxconn"), ("聯發科技", "MediaTek Inc."), ("SMIC", "中芯国际"),
    ("寒武纪", "Cambricon"), ("地平线", "Horizon Robotics"), ("NIO Inc.", "蔚来汽车"), ("理想汽车", "Li Auto"), ("比亞迪", "BYD"),
    ("CATL", "宁德时代"), ("大疆创新", "DJI"), ("宇树科技", "Unitree Robotics"), ("智元机器人", "AgiBot"), ("小马智行", "Pony AI"),
    ("红杉中国", "Sequoia China"), ("高瓴", "Hillhouse"), ("创新工场", "Sinovation Ventures"), ("百济神州", "BeiGene"), ("药明康德", "WuXi AppTec"),
    ("北京大学", "PKU"), ("清華大學", "Tsinghua University"), ("上海交大", "Shanghai Jiaotong University"), ("中科大", "USTC"),
    ("智源研究院", "BAAI"), ("上海人工智能实验室", "Shanghai AI Lab"), ("港科大", "HKUST"), ("Google LLC", "谷歌（中国）"), ("微软", "Microsoft Corp."),
    ("Facebook", "Meta Platforms, Inc."), ("苹果公司", "Apple Inc"), ("亚马逊", "Amazon.com"), ("英伟达", "NVIDIA Corporation"),
    ("英特爾", "Intel"), ("高通", "Qualcomm"), ("OpenAI", "Open AI"), ("ＯｐｅｎＡＩ", "openai"), ("特斯拉", "Tesla, Inc."), ("麦肯锡", "McKinsey & Co."),
    ("高盛", "Goldman Sachs Group"), ("J.P. Morgan Chase & Co.", "摩根大通"), ("a16z", "Andreessen Horowitz"), ("辉瑞", "Pfizer"),
    ("Université de Montréal", "蒙特利尔大学"), ("ETH Zürich", "苏黎世联邦理工学院"), ("斯坦福", "Stanford University"),
    ("蔚来（NIO）", "NIO"), ("哈尔滨工业大学（深圳）", "哈工大"), ("沐光智能科技有限公司", "沐光智能"), ("Palewire Inc.", "Palewire"),
    ("Orrin Cloud", "Orrin"), ("沐光智能", "Muguang"), ("北京沐光科技", "Muguang Robotics"),
]  # fmt: skip
CONTRADICT = [
    ("阿里云", "Tencent Cloud"), ("Alibaba Cloud", "Google Cloud"), ("Alibaba", "蚂蚁集团"), ("百度", "ByteDance"), ("华为", "Honor"),
    ("荣耀", "Huawei"), ("Xiaomi", "小鹏"), ("蔚来", "Li Auto"), ("京东", "京东方"), ("大众汽车", "大众点评"), ("DeepMind", "FAIR"),
    ("OpenAI", "Anthropic"), ("Google", "微软"), ("清华大学", "Peking University"), ("台湾清华大学", "清华大学"),
    ("Stanford University", "普林斯顿大学"), ("北京大学", "北京理工大学"), ("中国移动", "中国联通"), ("中国移动", "China Telecom"),
    ("Bank of America", "Bank of China"), ("Boston Consulting Group", "Boston Dynamics"), ("Boston University", "波士顿咨询"),
    ("HongShan", "Sequoia Capital"), ("Oxford Nanopore", "University of Oxford"), ("Merck & Co.", "Merck KGaA"),
    ("Northwestern University", "Northwestern Polytechnical University"), ("Hewlett Packard Enterprise", "HP Inc."),
    ("Palewire Cloud", "Orrin Cloud"), ("沐光智能", "华为"), ("浙江工业大学", "浙江大学医学院"), ("Palewire", "Google"), ("沐光智能", "Google"),
]  # fmt: skip
UNKNOWN = [
    ("沐光智能", "Halo Robotics"), ("Meta Materials", "Meta"), ("抖音", "飞书"), ("YouTube", "DeepMind"), ("阿里云", "淘宝"),
    ("Merck", "Merck KGaA"), (None, "Google"), ("", "Google"), ("🚀", "Google"),
]  # fmt: skip


def test_sixty_pairs_and_more_are_tried():
    assert len({*AGREE, *CONTRADICT}) >= 90


@pytest.mark.parametrize(("one", "other"), AGREE)
def test_two_names_of_one_organisation_agree(one, other):
    assert compare(one, other) is compare(other, one) is Agreement.AGREE


@pytest.mark.parametrize(("one", "other"), CONTRADICT)
def test_two_organisations_contradict_each_other(one, other):
    assert compare(one, other) is compare(other, one) is Agreement.CONTRADICT
    assert not same_organisation(one, other)


@pytest.mark.parametrize(("one", "other"), UNKNOWN)
def test_what_nothing_is_known_of_cannot_be_told(one, other):
    assert compare(one, other) is compare(other, one) is Agreement.UNKNOWN
    assert same_organisation(one, other)


def test_an_unknown_organisation_goes_by_its_own_name():
    found = resolve("Palewire Technologies, Inc.")
    assert (found.name, found.key, found.parents, found.listed) == (
        "Palewire Technologies, Inc.",
        "palewire",
        (),
        False,
    )


# Bad input


@pytest.mark.parametrize("name", [None, "", "   ", "🚀🔥", "…", "()", "（）", "'s", "&"[:0], "\x00", "\ud800"])
def test_what_has_no_letter_is_no_organisation(name):
    assert resolve(name) is None


@pytest.mark.parametrize("name", ["X", "中", "公司", "有限公司", "The", "Inc.", "of", "科技", "北京", "C & A", "(Google", "a" * 10_000, "字" * 10_000, "阿里" * 5000, "ab " * 4000])  # fmt: skip
def test_odd_names_have_an_answer(name):
    found = resolve(name)
    assert found.key
    assert compare(name, name) is Agreement.AGREE
    assert compare(name, "Microsoft") in Agreement


# A user's own file


def test_a_users_file_adds_and_overrides(tmp_path):
    path = own(
        tmp_path,
        "\ufeff# ours\r\nAlibaba\n\tQwen Robotics Lab： 千问机器人实验室，通义机器人\nPalewire: 白线智能\n    Palewire Labs\n\n"
        "OpenAI: 月之暗面\n阿里云: 阿里计算\n- Flipkart\n- 鹅厂\n- Google Brain\n",
    )
    organisations.use(path)
    assert [p.name for p in resolve("千问机器人实验室").parents] == ["Alibaba"]
    assert resolve("阿里计算").name == "Alibaba Cloud" and is_unit("阿里计算", "Alibaba"), (
        "known ones keep their parent"
    )
    assert compare("Palewire Labs", "白线智能") is Agreement.AGREE
    assert resolve("月之暗面").name == "OpenAI", "the user's word goes before the packaged table"
    assert resolve("Moonshot AI").name == "Moonshot AI"
    assert not resolve("Flipkart").listed and not resolve("鹅厂").listed
    organisations.use(None)
    assert resolve("白线智能").listed is False
    assert resolve("鹅厂").name == "Tencent"


def test_the_units_of_what_is_taken_out_go_to_its_parent(tmp_path):
    organisations.use(own(tmp_path, "- Google\n"))
    assert [p.name for p in resolve("DeepMind").parents] == ["Alphabet"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# x\n    Palewire\n", "own.txt:2: stands further in, and no organisation above it"),
        ("Palewire: 白线\nOrrin: 白线\n", "own.txt:2: '白线' stands on line 1 already"),
        ("Palewire: Pale Wire\n", "own.txt:1: 'Pale Wire' stands on line 1 already"),
        ("Palewire: 白\n", "own.txt:1: '白' is no name"),
        ("Palewire: , 白线\n", "own.txt:1: '' is no name"),
        (": 白线\n", "own.txt:1: '' is no name"),
        ("🚀\n", "own.txt:1: '🚀' is no name"),
        ("Palewire: Google\n", "own.txt:1: 'Google' is an organisation of its own in the table; `- Google`"),
        ("\nAlibaba Cloud\n    Alibaba\n", "own.txt:3: 'Alibaba' would be a unit of itself"),
        ("- Gogle\n", "own.txt:1: 'Gogle' cannot be taken out: the table has no such name; did you mean 'Google'?"),
        (b"Palewire\nOrrin: \xff\n", "own.txt:2: is not UTF-8"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(tmp_path, text, message):
    with pytest.raises(OrganisationsError) as caught:
        organisations.use(own(tmp_path, text))
    assert message in str(caught.value)
    assert resolve("Google").name == "Google", "the table in use stays as it was"


def test_all_mistakes_are_told_at_once(tmp_path):
    with pytest.raises(OrganisationsError) as caught:
        load(own(tmp_path, "Palewire: 白\nOrrin: Google\n- Nobody at all\n"))
    assert [p.rpartition("own.txt:")[2][0] for p in caught.value.problems] == ["1", "2", "3"]


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(OrganisationsError, match=r"gone\.txt: cannot be read"):
        organisations.use(tmp_path / "gone.txt")


def test_the_configuration_names_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FOUNDERWATCH_CONFIG", raising=False)
    own(tmp_path, "Palewire: Google\n")
    (tmp_path / "founderwatch.toml").write_text('organisations = "own.txt"\n', encoding="utf-8")
    (tmp_path / "founderwatch.db").touch()
    found = CliRunner().invoke(main, ["events"])
    assert found.exit_code == status.USAGE
    assert "own.txt:1: 'Google' is an organisation of its own" in found.stderr
    own(tmp_path, "Palewire: 白线智能\n")
    assert CliRunner().invoke(main, ["events"]).exit_code == status.DONE
    assert resolve("白线智能").name == "Palewire"


def test_a_key_knows_neither_case_nor_accents_nor_script_variants():
    assert key("Télé-Fónica & Søns") == key("TELE FONICA and sons")
    assert key("騰訊控股") == key("腾讯控股")
