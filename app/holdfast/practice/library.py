"""What stands on the practice platform: works, accounts and comments, all of them made up."""

from __future__ import annotations

from dataclasses import dataclass

FREE = 8
"""Episodes anybody may see; later ones are behind payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One episode of a series."""

    number: int
    name: str
    plays: int
    """On the day the world was first opened."""
    series: str = "桃花渡"
    free: int = FREE
    """Up to which number its series can be watched without paying."""

    @property
    def is_free(self) -> bool:
        """Whether it can be watched without paying."""
        return self.number <= self.free

    @property
    def full_title(self) -> str:
        """As the page shows it."""
        return f"《{self.series}》第{self.number}集 {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What somebody wrote under an episode."""

    who: str
    text: str
    when: str
    where: str
    likes: int
    colour: str = "#eadfe6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who publishes."""

    name: str
    uid: str
    followers: str
    works: str
    entity: str
    about: str

    @property
    def path(self) -> str:
        """Its page."""
        return f"/u/{self.uid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A work that only has a cover."""

    name: str
    plays: str
    light: str
    dark: str


_NAMES = (
    "桃花落水", "旧船新客", "渡口重逢", "一盏冷茶", "雨夜来信", "认错的人", "南岸灯火", "不等了",
    "断簪", "故人姓林", "第三封信", "过江", "真假阿渡", "花期", "逆水", "旧约",
    "对面不识", "船票", "长堤", "认亲", "半支桃花", "风起", "满江红叶", "再渡一次",
)  # fmt: skip

EPISODES = tuple(
    Episode(
        number=number,
        name=name,
        # Episode 3 is the one that the practice documents speak of.
        plays=12_864_000 + (3 - number) * 431_000
        if number <= FREE
        else 4_700_000 - number * 47_000,
    )
    for number, name in enumerate(_NAMES, start=1)
)

SERIAL_FREE = 60
SERIAL = tuple(
    # 《长街旧梦》: long enough that nobody keeps it by hand.
    Episode(
        number=number,
        name=f"旧梦之{number:02d}",
        plays=2_140_000 - number * 21_000,
        series="长街旧梦",
        free=SERIAL_FREE,
    )
    for number in range(1, 73)
)
SERIAL_INTRO = "长街尽头有一间不开门的铺子，她每晚都梦见它亮着灯。"

INTRO = "三年前她在渡口送走了他，三年后桃花又开。他回来了，却认不出她的脸。"

PUBLISHER = Account(
    name="桃花剧场🌸",
    uid="60021177",
    followers="42.8 万",
    works="7",
    entity="演练文化传播有限公司（虚构）",
    about="每晚八点更新。商务合作请留言。",
)
CLAIMANT = Account(
    name="林间有桃",
    uid="10086001",
    followers="3.6 万",
    works="58",
    entity="个人账号",
    about="汉服、妆造、自己做的发簪。",
)

OTHERS = (
    Other(name="长街旧梦", plays="311.8 万", light="#9fb4aa", dark="#5d7a70"),
    Other(name="云上书院", plays="847.2 万", light="#d2ab8c", dark="#8f6a4e"),
    Other(name="渡口风灯", plays="466.5 万", light="#9faac2", dark="#54627f"),
    Other(name="南山有信", plays="570.9 万", light="#c79aa6", dark="#7f4f60"),
)

COMMENTS = (
    Comment(
        who="春水煎茶", text="这不是@林间有桃 吗？脸和那颗痣都一样", when="11-18 22:41",
        where="浙江", likes=2841, colour="#dfe9e2",
    ),
    Comment(
        who="汉服手账", text="疑似林间有桃本人，还是AI换的？", when="11-18 23:05", where="四川",
        likes=1967, colour="#ece3d3",
    ),
    Comment(
        who="追剧不睡觉", text="第3集哭死我了，第9集怎么就要付费了", when="11-18 23:40",
        where="广东", likes=905, colour="#e3e4f0",
    ),
    Comment(
        who="一只阿栗", text="发簪和妆造也是她4月那条视频里的", when="11-19 08:12", where="江苏",
        likes=1320, colour="#f1dfdc",
    ),
    Comment(
        who="hanfu_daily", text="Is this really her? The face looks exactly like Linjian Youtao.",
        when="11-19 09:30", where="海外", likes=212, colour="#dde8ee",
    ),
    Comment(
        who="江边的风", text="音乐好听，画面怎么有点像 AI 做的", when="11-19 11:02", where="湖北",
        likes=388, colour="#e8e2ee",
    ),
)  # fmt: skip

NASTY_TITLES = {
    "markup": '<img src=x onerror=alert(1)><script>alert(2)</script>&amp;"桃花渡',
    "template": "{{ 7 * 7 }} {% raw %} ${7*7} | 桃花渡 | `id` [x](javascript:alert(1))",
    "formula": "=cmd|' /C calc'!A1",
    "emoji": "桃花渡🌸👩‍🎤🇨🇳 第3集",
    "bidi": "桃花渡\u202egnp.exe\u2066 内\u2069\u200f",
    "ansi": "桃花渡\x1b[31m红\x1b[0m\x1b]0;x\x07",
    "long": "桃花渡" * 100,
    "path": "../../../etc/passwd",
    "device": "CON. ",
    "everything": ("../桃\u202e🌸\x1b[31m渡" * 40)[:300],
}
"""Titles at ``/title/<name>``; any other text after ``/title/`` is itself the title."""
