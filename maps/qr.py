"""QR codes, as images that a page may hold itself."""

from __future__ import annotations

from functools import lru_cache

import segno

QUIET_ZONE = 4
"""Modules of white around the code: the standard's, without which readers in the dark miss it."""


@lru_cache(maxsize=1024)
def qr_image(text: str) -> str | None:
    """Return the QR code of a text as a `data:` URI of an SVG; None when the text is too long.

    Always black on white, whatever the page's colours: many readers cannot read it inverted.
    """
    try:
        code = segno.make_qr(text, error="m")
    except segno.DataOverflowError:
        return None
    return code.svg_data_uri(scale=4, border=QUIET_ZONE, dark="#000", light="#fff")
