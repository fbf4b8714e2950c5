"""Forms: what a planner may write in which field, in which words, and what QGIS fills in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from geo.hours import ADDITIONAL_PATTERN, BLANK, RULE_PATTERN
from maps.text import Language

# Filled by the database. A form shows who and when, and the number of the row: where that is
# hidden, the tool that merges two areas does not know which to keep. The rest is for programs.
SHOWN = ("id", "edited_by", "edited_at", "row_version")
HIDDEN = ("key", "family", "base_version", "place", "shape")
_TOLD = ("words", "hint")
"""Begin the names of texts that come in both languages: a form shows its own."""
SEVERITIES = ("error", "warning", "notice")
_WIDE = "420"
_LONG = ("rules", "how_to_apply", "attributes")
STATES = ("normal", "damaged", "lost", "suspended", "closed")


@dataclass(frozen=True, slots=True)
class Field:
    """A column and what it is called."""

    name: str
    name_zh: str
    name_en: str

    def called(self, language: Language) -> str:
        """Return its name on a form."""
        return self.name_zh if language == "zh" else self.name_en


def add_form(
    layer: Element,
    fields: Sequence[Field],
    words: Mapping[str, str],
    language: Language,
    *,
    family: str,
    kind: str | None,
    kinds_layer: str,
    is_told: bool = False,
) -> None:
    """Add to a layer's XML the names, widgets, checks and defaults of its fields.

    What `is_told` to planners can be read and deleted, but not written.
    """
    parts = {
        name: SubElement(layer, name)
        for name in (
            "fieldConfiguration", "aliases", "defaults", "constraints", "constraintExpressions",
            "editable",
        )
    }  # fmt: skip
    columns = SubElement(SubElement(layer, "attributetableconfig"), "columns")
    for number, field in enumerate(fields):
        name = field.name
        configured = SubElement(parts["fieldConfiguration"], "field", name=name)
        type_, config = _widget(name, words, language, family, kinds_layer)
        widget = SubElement(configured, "editWidget", type=type_)
        _add_options(SubElement(widget, "config"), config)
        SubElement(
            columns, "column", type="field", name=name, hidden=str(int(type_ == "Hidden")),
            width=_WIDE if name.startswith(_TOLD) else "-1",
        )  # fmt: skip
        SubElement(
            parts["aliases"], "alias", field=name, index=str(number), name=field.called(language)
        )
        expression = _defaults(kind).get(name)
        SubElement(
            parts["defaults"], "default", field=name, expression=expression or "",
            applyOnUpdate="1" if name == "base_version" else "0",
        )  # fmt: skip
        check, why = _check(name, words)
        SubElement(
            parts["constraints"], "constraint", field=name, constraints="4" if check else "0",
            unique_strength="0", notnull_strength="0", exp_strength="2" if check else "0",
        )  # fmt: skip
        SubElement(parts["constraintExpressions"], "constraint", field=name, exp=check, desc=why)
        filled = is_told or name in SHOWN or name in HIDDEN or name.startswith(_TOLD)
        SubElement(parts["editable"], "field", name=name, editable="0" if filled else "1")


def _widget(
    name: str, words: Mapping[str, str], language: Language, family: str, kinds_layer: str
) -> tuple[str, dict[str, Any]]:
    if name in HIDDEN or (name.startswith(_TOLD) and not name.endswith(f"_{language}")):
        return "Hidden", {}
    if name == "kind" and family:
        return "ValueRelation", {
            "Layer": kinds_layer, "Key": "slug", "Value": f"name_{language}", "AllowNull": False,
            "FilterExpression": f"\"family\" = '{family}'", "OrderByValue": True,
        }  # fmt: skip
    if name == "state":
        return "ValueMap", {"map": [{words[state]: state} for state in STATES]}
    if name == "severity":
        return "ValueMap", {"map": [{words[one]: one} for one in SEVERITIES]}
    if name in ("goods", "goods_banned") and family == "stall_zone":
        return "List", {}
    if name == "capacity":
        return "Range", {"AllowNull": True, "Min": 1, "Max": 100_000, "Step": 1, "Style": "SpinBox"}
    return "TextEdit", {"IsMultiline": name in _LONG or name.startswith(_TOLD)}


def _defaults(kind: str | None) -> dict[str, str]:
    # The version that an edit starts from: so the database can tell when another came between. In
    # a new row it is not a number yet, but the text of the column's default.
    version = 'CASE WHEN "row_version" ~ \'^[0-9]+$\' THEN "row_version" END'
    found = {"base_version": version, "state": "'normal'"}
    return found | ({"kind": f"'{kind}'"} if kind else {})


def _check(name: str, words: Mapping[str, str]) -> tuple[str, str]:
    """What a form warns of while it is filled in; the database refuses what is wrong in truth."""
    if name == "hours":
        return f'"hours" IS NULL OR regexp_match("hours", \'{_hours()}\') > 0', words["hours_form"]
    if name == "capacity":
        return '"capacity" IS NULL OR "capacity" > 0', words["capacity_form"]
    if name in ("code", "zone_code", "number"):
        return f'"{name}" <> \'\' AND "{name}" = trim("{name}")', words["code_form"]
    return "", ""


def _hours() -> str:
    """The pattern of `geo.hours` for a whole text, in a QGIS string."""
    joint = rf"(?:\s*;\s*|{ADDITIONAL_PATTERN})"
    whole = rf"^\s*(?:{RULE_PATTERN})(?:{joint}(?:{RULE_PATTERN}))*\s*;?\s*$"
    return whole.replace(BLANK, r"\s").replace("\\", "\\\\")


def _add_options(parent: Element, config: Mapping[str, Any]) -> None:
    inside = SubElement(parent, "Option", type="Map")
    for name, value in config.items():
        if isinstance(value, list):
            entries = SubElement(inside, "Option", name=name, type="List")
            for one in value:
                entry = SubElement(entries, "Option", type="Map")
                for key, text in one.items():
                    SubElement(entry, "Option", name=key, type="QString", value=text)
            continue
        kind = "bool" if isinstance(value, bool) else "int" if isinstance(value, int) else "QString"
        told = str(value).lower() if isinstance(value, bool) else str(value)
        SubElement(inside, "Option", name=name, type=kind, value=told)
