"""Words that the code decides on and the manual must name, read off its syntax."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.docs.pages import ROOT

IMPORTING = ROOT / "data" / "importing"
# How a mapping's keys are asked for, and which argument of what names a finding's problem.
_KEYS = {"text", "choice", "value", "table"}
_PROBLEMS = {"RowRefused": 0, "refuse": 1, "Finding": 2, "_warn": 3}


def mapping_keys() -> set[str]:
    """Return every key that a mapping file may have outside [fields], [kinds], [attributes]."""
    tree = _tree(IMPORTING / "mapping.py")
    found = {word for call, name in _calls(tree) if name in _KEYS for word in _word(call, 0)}
    # Read in a loop: `for key in ("day", "opens", "closes")`.
    loops = (n.iter for n in ast.walk(tree) if isinstance(n, ast.comprehension))
    return found | {w for i in loops if isinstance(i, ast.Tuple) for e in i.elts for w in _text(e)}


def import_problems() -> set[str]:
    """Return the word of every finding that an import can report."""
    found: set[str] = set()
    for path in IMPORTING.glob("*.py"):
        tree = _tree(path)
        for call, name in _calls(tree):
            if name in _PROBLEMS:
                found.update(_word(call, _PROBLEMS[name]))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "_warn":
                found.update(word for one in node.args.defaults for word in _text(one))
    return found - {""}


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node, node.func.attr
            elif isinstance(node.func, ast.Name):
                yield node, node.func.id


def _word(call: ast.Call, position: int) -> Iterator[str]:
    if len(call.args) > position:
        yield from _text(call.args[position])


def _text(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
