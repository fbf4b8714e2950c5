"""Pinyin initials, by which people search on a phone: 滨河路夜市 is found as bhlys.

Which sound a character has depends on the phrase that it stands in: 重庆 is cq, 重量 zl. pypinyin
knows 47,000 phrases, which take 55 MiB; two thousand of them are read otherwise than character by
character. A child process picks those and ends; what it tells takes about half a MiB.
"""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

_PATIENCE_S = 60
_NONE = "-"
_turn = Lock()


@dataclass(frozen=True, slots=True)
class Reader:
    """How characters are read: `letters` from the code point `first` on, and phrases as a whole."""

    first: int
    letters: str
    phrases: Mapping[str, str]
    longest: int

    def read(self, text: str) -> str:
        """Return the initials of a text: lower-case letters and digits, nothing else."""
        # Full-width letters are letters to whoever types them, and so are those with accents.
        plain = unicodedata.normalize("NFKD", text).lower()
        found, start = [], 0
        while start < len(plain):
            for length in range(min(self.longest, len(plain) - start), 1, -1):
                if initials := self.phrases.get(plain[start : start + length]):
                    break
            else:
                initials, length = self._letter(plain[start]), 1
            found.append(initials)
            start += length
        return "".join(found)

    def _letter(self, sign: str) -> str:
        if sign.isascii():
            return sign if sign.isalnum() else ""
        place = ord(sign) - self.first
        letter = self.letters[place] if 0 <= place < len(self.letters) else _NONE
        return "" if letter == _NONE else letter


_reader: Reader | None = None


def initials(texts: Sequence[str]) -> list[str]:
    """Return the initials of each text.

    For threads: the first call takes half a second. Raises `subprocess.SubprocessError` when
    the child fails.
    """
    global _reader
    with _turn:
        if _reader is None:
            _reader = _read_by_a_child()
    return [_reader.read(text) for text in texts]


def _read_by_a_child() -> Reader:
    done = subprocess.run(
        [sys.executable, "-m", "maps.initials"],
        capture_output=True,
        check=True,
        timeout=_PATIENCE_S,
    )
    first, letters, phrases = json.loads(done.stdout)
    return Reader(first, letters, phrases, max(map(len, phrases)))


def known_reader() -> Reader:
    """Return the reader, made of all that pypinyin knows: for the child, and for tests."""
    from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

    first, last = min(PINYIN_DICT), max(PINYIN_DICT)
    letters = "".join(
        _initial(PINYIN_DICT[sign]) if sign in PINYIN_DICT else _NONE
        for sign in range(first, last + 1)
    )
    phrases: dict[str, str] = {}
    # Short ones first: a long one that they read right needs no place of its own.
    for phrase in sorted(PHRASES_DICT, key=lambda phrase: (len(phrase), phrase)):
        sounds = "".join(_initial(sound[0]) for sound in PHRASES_DICT[phrase])
        if Reader(first, letters, phrases, len(phrase)).read(phrase) != sounds:
            phrases[phrase] = sounds
    return Reader(first, letters, phrases, max(map(len, phrases)))


def _initial(sounds: str) -> str:
    """The first letter of the first sound, without its tone."""
    letter = unicodedata.normalize("NFD", sounds)[0]
    return letter if letter.isascii() and letter.isalpha() else _NONE


if __name__ == "__main__":
    known = known_reader()
    json.dump([known.first, known.letters, known.phrases], sys.stdout)
