"""Pinyin initials, by which people search on a phone: 滨河路夜市 is found as bhlys.

Which sound a character has depends on the phrase that it stands in (重庆 is cq, 重量 zl), and the
phrases take 55 MiB. So a child process reads them, answers and ends; known texts are kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from threading import Lock

_KEPT_MAX = 50_000
_PATIENCE_S = 60
_kept: dict[str, str] = {}
_turn = Lock()


def initials(texts: Sequence[str]) -> list[str]:
    """Return the initials of each text: lower-case letters and digits, nothing else.

    For threads: the first texts take half a second. Raises `subprocess.SubprocessError` when the
    child fails.
    """
    with _turn:
        new = sorted({text for text in texts if text not in _kept})
        if len(_kept) + len(new) > _KEPT_MAX:
            _kept.clear()
            new = sorted(set(texts))
        if new:
            _kept.update(zip(new, _asked(new), strict=True))
        return [_kept[text] for text in texts]


def read_initials(text: str) -> str:
    """Return the initials of a text, in this process, which keeps the phrases from then on."""
    from pypinyin import Style, lazy_pinyin

    # Full-width letters are letters to whoever types them, and so are those with accents.
    plain = unicodedata.normalize("NFKD", text)
    parts = lazy_pinyin(plain, style=Style.FIRST_LETTER, errors="default")
    return "".join(sign for sign in "".join(parts).lower() if sign.isascii() and sign.isalnum())


def _asked(texts: list[str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "maps.initials"],
        input=json.dumps(texts).encode(),
        capture_output=True,
        check=True,
        timeout=_PATIENCE_S,
    )
    found: list[str] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    json.dump([read_initials(text) for text in json.load(sys.stdin.buffer)], sys.stdout)
