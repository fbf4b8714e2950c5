"""TOML tables read strictly: wrong types and unknown keys are named, with what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, cast

from geo.errors import ImportRefused


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint at the known word that is most like the wrong one, or at all of them."""
    words = sorted(known)
    close = get_close_matches(word, words, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(words)}"


class StrictTable:
    """A TOML table that remembers which keys were asked for, so that the rest can be refused."""

    def __init__(self, content: Mapping[str, Any], where: str) -> None:
        self.content, self.where, self.asked = content, where, set[str]()

    def __bool__(self) -> bool:
        return bool(self.content)

    def value(self, key: str, kind: type | tuple[type, ...], wanted: str) -> Any:
        """Return what stands under the key, None if nothing; refuses what is of another type."""
        self.asked.add(key)
        found = self.content.get(key)
        if found is not None and (
            not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool)
        ):
            raise ImportRefused(f"{key} in {self.where} must be {wanted}, not {found!r}")
        return found

    def text(self, key: str, *, needed: bool = False) -> str | None:
        """Return a text."""
        found = self.value(key, str, "text in quotes")
        if needed and not found:
            raise ImportRefused(f"{self.where} needs {key}")
        return cast("str | None", found)

    def choice(self, key: str, known: tuple[str, ...], *, needed: bool = False) -> str:
        """Return one of the known words, empty if none is given."""
        found = self.text(key, needed=needed) or ""
        if found and found not in known:
            raise ImportRefused(f"{key} = {found!r} in {self.where}: {nearest(found, known)}")
        return found

    def table(self, key: str) -> StrictTable:
        """Return a table within this one, empty if there is none."""
        return StrictTable(self.value(key, dict, "a [table]") or {}, f"[{key}]")

    def finish(self) -> None:
        """Raise `ImportRefused` if there is a key that nobody asked for."""
        for key in self.content:
            if key not in self.asked:
                raise ImportRefused(
                    f"unknown key {key!r} in {self.where}; {nearest(key, self.asked)}"
                )
