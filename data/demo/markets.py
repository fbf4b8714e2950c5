"""The kinds of stall zones in the demo city: how many, how large, open when, with which rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from data.demo.words import Named
from geo.schedules import DAYS, Override, Window

NEW_YEARS_EVE, NEW_YEAR = date(2027, 2, 5), date(2027, 2, 6)
NATIONAL_DAY = date(2026, 10, 1), date(2026, 10, 7)
EVERY_DAY = ",".join(DAYS)


@dataclass(frozen=True, slots=True)
class Market:
    """One kind of stall zone; `hours` and `overrides` are taken by turns."""

    kind: str
    word: Named
    count: int
    least: int
    most: int
    on_main_street: bool
    hours: tuple[str, ...]
    goods: tuple[str, ...]
    fees: tuple[str, ...]
    goods_banned: tuple[str, ...]
    rules: str
    allocation: str
    how_to_apply: str
    overrides: tuple[tuple[Override, ...], ...] = ((),)


def _holiday_nights(closes: str) -> Override:
    return Override(
        *NATIONAL_DAY, True, (Window.of(EVERY_DAY, "17:00", closes),),
        "国庆假期延长营业", "Longer hours over the National Day holiday",
    )  # fmt: skip


_EVE_OFF = Override(
    NEW_YEARS_EVE, NEW_YEARS_EVE, False, (), "除夕停市一天", "Closed on New Year's Eve"
)
_THREE_DAYS_OFF = Override(
    NEW_YEARS_EVE, date(2027, 2, 7), False, (), "除夕至初二停市", "Closed for the Spring Festival"
)
_EVE_MORNING = Override(
    NEW_YEARS_EVE, NEW_YEARS_EVE, True, (Window.of(EVERY_DAY, "05:30", "12:00"),),
    "除夕延长早市", "Longer morning market on New Year's Eve",
)  # fmt: skip
_EVE_SHORT = Override(
    NEW_YEARS_EVE, NEW_YEARS_EVE, True, (Window.of(EVERY_DAY, "08:00", "17:00"),),
    "除夕提前收市", "Closes early on New Year's Eve",
)  # fmt: skip
_FAIR = Override(
    date(2027, 1, 20), date(2027, 2, 20), True, (Window.of(EVERY_DAY, "09:00", "21:00"),),
    "2027年年货集市", "The New Year fair of 2027",
)  # fmt: skip

MARKETS = (
    Market(
        "night_market", ("夜市", "Night Market"), 10, 72, 168, True,
        (
            "18:00-24:00",
            "Su-Th 18:00-24:00; Fr,Sa,PH 17:30-02:00",
            "11:00-13:00,16:00-23:00",
            "17:30-01:00",
            "Mo-Th 18:00-23:00; Fr-Su,PH 17:30-02:00",
        ),
        ("小吃", "烧烤", "饮品", "水果", "服饰", "日用百货"),
        ("免费", "卫生费每摊每日5元", "免摊位费，电费自理"),
        ("活禽活畜", "野生动物", "烟花爆竹"),
        "持证入场、按号设摊；餐饮摊位须备案并配油水分离桶；不超线、不占盲道和消防通道；收摊后垃圾自清。",
        "登记摇号",
        "每年3月、9月向所在街道市容管理站登记，凭身份证摇号；餐饮摊位另交食品摊贩备案卡和健康证明。",
        ((_holiday_nights("02:00"), _EVE_OFF), (_THREE_DAYS_OFF,), (_holiday_nights("01:00"),), ()),
    ),
    Market(
        "morning_market", ("早市", "Morning Market"), 8, 40, 90, False,
        (
            "06:00-08:30",
            "05:30-09:00",
            "06:00-08:30,17:00-19:30",
            "Mo-Fr 06:00-08:30; Sa,Su,PH 06:00-10:00",
        ),
        ("蔬菜", "豆制品", "早点", "水产", "禽蛋"),
        ("免费",),
        ("活禽", "野生动物", "管制刀具"),
        "到点开市、准时收摊；划行归市，不得活禽宰杀；车辆不得驶入。",
        "先到先得",
        "无须申请：开市前到场，向值班人员领取当日摊位牌，先到先得。",
        ((_EVE_MORNING,), ()),
    ),
    Market(
        "produce", ("农产品自产自销点", "Farm Produce Stalls"), 10, 24, 76, False,
        (
            "06:00-08:30,17:00-19:30",
            "06:00-11:30,15:30-19:00",
            "06:30-19:00",
            "Mo-Sa 06:00-12:00; Su,PH 06:00-19:00",
        ),
        ("自种蔬菜", "土鸡蛋", "时令水果", "干货", "红薯粉"),
        ("免费",),
        ("批发转售的农产品", "活禽", "野生动物"),
        "限本地农户自产自销，凭村（社区）证明登记；不得转让摊位；收摊即清。",
        "凭证明登记",
        "持身份证和村（社区）开具的自产自销证明，到摊点值班处登记，当场领牌。",
        ((), (_THREE_DAYS_OFF,)),
    ),
    Market(
        "seasonal_fruit", ("西瓜临时销售点", "Watermelon Stalls"), 7, 6, 22, False,
        (
            "Jun 10-Aug 31 08:00-22:00",
            "Jun 15-Oct 15 09:00-21:00",
            "May 01-Oct 31 07:30-20:30",
            "Jun 10-Aug 31 06:00-24:00",
        ),
        ("西瓜", "香瓜", "葡萄", "黄桃"),
        ("免费，统一提供遮阳棚",),
        ("切开的瓜果", "烟花爆竹"),
        "一车一位、亮证经营；瓜皮入桶，不得在车行道停车售卖。",
        "随机抽签",
        "每年5月20日前由村（社区）统一报名，抽签定位；持自产证明领取经营牌。",
    ),
    Market(
        "festival", ("年货大街", "New Year Market"), 4, 60, 130, True,
        (
            "Jan 15-Feb 25 09:00-21:00",
            "Jan 10-Feb 20 08:30-21:30",
            "Jan 15-Feb 25 09:00-12:00,14:00-22:00",
            "off",
        ),
        ("年货", "春联", "糖果", "腊味", "灯笼"),
        ("免费", "分两期收取，每期800元"),
        ("烟花爆竹", "孔明灯", "活禽"),
        "统一棚架、明码标价；不得销售烟花爆竹；用电须经检查。",
        "报名摇号",
        "12月1日至15日到市容管理站报名，公开摇号，中签后缴费领牌。",
        ((_EVE_SHORT,), (_EVE_SHORT,), (), (_FAIR, _EVE_SHORT)),
    ),
    Market(
        "creative", ("文创集市", "Creative Market"), 3, 18, 60, True,
        (
            "Sa,Su,PH 14:00-22:00",
            "Fr 18:00-22:00; Sa,Su,PH 10:00-22:00",
            "Sa,Su 15:00-21:30",
        ),
        ("手作", "文创", "花艺", "旧书", "咖啡"),
        ("免费", "每周末60元"),
        ("三无产品", "明火餐饮", "活体宠物"),
        "原创手作优先；音响不超过60分贝；22时前清场。",
        "线上报名",
        "开市前一周线上报名，按原创手作、非遗、其他的次序审核，结果短信通知。",
        ((_holiday_nights("23:00"),), (), ()),
    ),
)  # fmt: skip
STALLS = 2624
"""In all stall zones together."""
