"""What findings say, all texts in one place: the breach and what to do, in both languages.

`{word}` is filled in. What is between `{` and `}` of one side must be in the other, too.
"""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """The breach, and what to do about it."""

    text_zh: str
    text_en: str
    hint_zh: str
    hint_en: str


_CLOSE = (
    "用捕捉（顶点到顶点）重画公共边界，或运行自动修复。",
    "Redraw the common border with snapping to vertices, or let it be fixed.",
)

WORDS = {
    "gap": Words(
        "{where}有 {area} 平方米的空白，不属于任何{kind}。",
        "{where} are {area} m² that belong to no {kind}.",
        "把空白并入相邻的一个区域，或补画一个区域。",
        "Give the gap to one of its neighbours, or draw the area that is missing.",
    ),
    "overlap": Words(
        "{names}重叠 {area} 平方米。",
        "{names} overlap by {area} m².",
        "同类区域不得重叠：把重叠部分只留给其中一个。",
        "Areas of this kind must not overlap: leave the piece to one of them.",
    ),
    "sliver.gap": Words(
        "{where}有最宽约 {width} 米的缝隙，共 {area} 平方米，不属于任何{kind}。",
        "{where} is a strip up to {width} m wide, {area} m², that belongs to no {kind}.",
        *_CLOSE,
    ),
    "sliver.overlap": Words(
        "{names}的边界互相压盖，最宽约 {width} 米，共 {area} 平方米。",
        "The borders of {names} overlap by a strip up to {width} m wide, {area} m².",
        *_CLOSE,
    ),
    "nesting": Words(
        "{name}有 {area} 平方米超出{above}。",
        "{area} m² of {name} lie outside {above}.",
        "下级区域不得跨越上级边界：沿上级边界裁开，或先改上级边界。",
        "An area must not cross the border of the one above: cut it there, or move that border.",
    ),
    "nesting.none": Words(
        "{name}不在任何{kind}之内。",
        "{name} lies in no {kind}.",
        "补画所属的{kind}，或把它移到应在的位置。",
        "Draw the {kind} that it belongs to, or move it to where it should be.",
    ),
    "parent": Words(
        "{name}填写的上级是 {said}，按位置应为{above}。",
        "{name} says that {said} is above it; by its place it is {above}.",
        "把上级编号改为所在区域的编号，或留空。",
        "Write the code of the area that it lies in, or leave it empty.",
    ),
    "code_prefix": Words(
        "{name}的编号应以所在{kind}的编号 {prefix} 开头，实为 {found}。",
        "The code of {name} should begin with {prefix}, the code of its {kind}, not with {found}.",
        "按“上级编号 + 顺序号”重新编号。",
        "Number it anew: the code above, then its own digits.",
    ),
    "code_unknown": Words(
        "{name}的编号不是已知的 14、15 或 20 位网格编码，按城市自定编码接受。",
        "The code of {name} is none of the known 14, 15 or 20 digits; taken as the city's own.",
        "若是笔误请更正；若是本市扩展编码，无须处理。",
        "Correct it if it is a slip; nothing to do if it is an extension of the city.",
    ),
    "code_twice": Words(
        "编号 {code} 用了 {count} 次。",
        "The code {code} is used {count} times.",
        "同类要素的编号必须唯一：给其余的重新编号。",
        "Codes are unique within a kind: number the others anew.",
    ),
    "hours_unreadable": Words(
        "看不懂{name}的开放时间“{hours}”。",
        "The opening hours '{hours}' of {name} cannot be read.",
        "改成例如 Mo-Fr 06:00-08:30,17:00-19:30; Sa,Su 18:00-02:00；不清楚的留空。",
        "Write them like Mo-Fr 06:00-08:30,17:00-19:30; Sa,Su 18:00-02:00, or leave them empty.",
    ),
    "zone_overlap": Words(
        "{names}在同一时段占用同一块地：重叠 {area} 平方米，{when}。",
        "{names} take the same ground at the same hours: {area} m², {when}.",
        "错开时段，或移动其中一个疏导区。",
        "Change the hours of one of them, or move it.",
    ),
    "near_crossing": Words(
        "{name}距{other}仅 {metres} 米，应不少于 {least} 米。",
        "{name} is {metres} m from {other}; it should be {least} m at least.",
        "将疏导区移离路口。",
        "Move the zone away from the crossing.",
    ),
    "on_green": Words(
        "{name}占用绿地{other}。",
        "{name} takes green space: {other}.",
        "疏导区不得占用绿地：改画边界。",
        "Stalls must not stand on green space: redraw the border.",
    ),
    "on_parking": Words(
        "{name}占用停车泊位{other}。",
        "{name} takes parking bays: {other}.",
        "泊位未缴费或未暂停使用的，不得设摊：改画边界或注明依据。",
        "Unless the bays are paid for or suspended, redraw the border or say why.",
    ),
    "near_hydrant": Words(
        "{name}距消火栓{other}仅 {metres} 米，应不少于 {least} 米。",
        "{name} is {metres} m from the hydrant {other}; it should be {least} m at least.",
        "不得埋压、圈占、遮挡消火栓：改画边界。",
        "A hydrant must stay free: redraw the border.",
    ),
    "on_fire_lane": Words(
        "{name}占用消防通道{other}。",
        "{name} takes the fire lane {other}.",
        "消防通道必须畅通：改画边界。",
        "Fire lanes must stay free: redraw the border.",
    ),
    "near_school": Words(
        "{name}距学校{other} {metres} 米，宜不少于 {least} 米。",
        "{name} is {metres} m from the school {other}; {least} m at least are advised.",
        "移离校门，或说明理由。",
        "Move it away from the school, or say why it may stay.",
    ),
    "capacity_stalls": Words(
        "{name}登记 {capacity} 个摊位，实际画了 {count} 个。",
        "{name} is said to have {capacity} stalls; {count} are drawn.",
        "改正摊位数，或补画、删除摊位。",
        "Correct the number, or draw or delete stalls.",
    ),
    "capacity_room": Words(
        "{name}面积 {room} 平方米，容不下 {capacity} 个摊位（每个不少于 {least} 平方米）。",
        "{name} has {room} m², too few for {capacity} stalls of at least {least} m² each.",
        "减少摊位数，或扩大范围。",
        "Lower the number of stalls, or enlarge the zone.",
    ),
    "stall_outside": Words(
        "摊位 {number} 在{name}范围之外 {metres} 米。",
        "Stall {number} lies {metres} m outside {name}.",
        "把摊位移入范围内，或改画范围。",
        "Move the stall into its zone, or redraw the zone.",
    ),
    "stall_zone_missing": Words(
        "疏导区 {zone} 不存在，却有 {count} 个摊位。",
        "There is no stall zone {zone}, but {count} stalls of it.",
        "补画疏导区，或改正、删除这些摊位。",
        "Draw the zone, or correct or delete the stalls.",
    ),
    "stall_twice": Words(
        "{name}中摊位号 {number} 用了 {count} 次。",
        "Stall number {number} is used {count} times in {name}.",
        "给其余摊位重新编号。",
        "Number the others anew.",
    ),
    "grid_changed": Words(
        "{name}所在单元网格由 {old} 变为 {new}。",
        "{name} moves from unit grid {old} to {new}.",
        "发布后请更换服务标牌，并通知责任人。",
        "After publishing, change the service plate and tell whoever is responsible.",
    ),
}  # fmt: skip

KINDS = {
    "city": ("城市", "city"),
    "district": ("区县", "district"),
    "zone": ("片区", "zone"),
    "street": ("街道", "sub-district"),
    "community": ("社区", "community"),
    "unit_grid": ("单元网格", "unit grid"),
    "responsibility_grid": ("责任网格", "responsibility grid"),
}
"""What the kinds that tile are called within a sentence."""
BETWEEN = ("{names}之间", "Between {names}")
BESIDE = ("{names}旁边", "Beside {names}")
WITHIN = ("{names}之内", "Within {names}")
NOWHERE = ("网格之外", "no grid")
NO_AREA = ("（无）", "none")
ANY_HOURS = ("其中有未填写时段的", "the hours of one are not known")
OPEN_AT = ("如 {when}", "such as {when}")
