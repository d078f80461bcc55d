"""Surnames of two characters, and surnames whose reading differs from the usual one of the character."""

_COMPOUND = (
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 "
    "公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 "
    "拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 梁丘 左丘 东门 西门 南荣 第五 单于 淳于 叱干 贺兰 完颜 "
    "纳兰 耶律 叶赫 富察 爱新 钮祜 欧侯"
)
COMPOUND_SURNAMES = frozenset(_COMPOUND.split())

# Initials of surnames where the first reading in the dictionary is another one.
SURNAME_INITIALS = {
    "单": "s",  # shan
    "仇": "q",  # qiu
    "曾": "z",  # zeng
    "解": "x",  # xie
    "查": "z",  # zha
    "朴": "p",  # piao
    "乐": "y",  # yue
    "翟": "z",  # zhai
    "阚": "k",  # kan
    "乜": "n",  # nie
    "区": "o",  # ou
    "种": "c",  # chong
    "秘": "b",  # bi
    "句": "g",  # gou
    "佴": "n",  # nai
    "覃": "q",  # qin
    "召": "s",  # shao
    "折": "s",  # she
    "繁": "p",  # po
    "祭": "z",  # zhai
    "粘": "n",  # nian
    "洗": "x",  # xian
    "黑": "h",  # he
    "盖": "g",  # ge
    "员": "y",  # yun
    "尉迟": "yc",  # yuchi
    "单于": "cy",  # chanyu
    "万俟": "mq",  # moqi
    "长孙": "zs",  # zhangsun
    "乐正": "yz",  # yuezheng
    "澹台": "tt",  # tantai
    "宰父": "zf",  # zaifu
    "亓官": "qg",  # qiguan
    "令狐": "lh",  # linghu
}

# Characters of given names that are commonly read otherwise than the dictionary's first reading.
GIVEN_INITIALS = {
    "晟": "s",  # sheng
    "厦": "x",  # xia
    "莘": "x",  # xin
    "𠮷": "j",  # written for 吉
}
