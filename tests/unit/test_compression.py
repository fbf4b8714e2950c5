"""Who takes gzip, by what they send."""

from __future__ import annotations

import pytest

from api.compression import takes_gzip


@pytest.mark.parametrize(
    ("sent", "takes"),
    [
        ("gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, GZIP;q=0.8, *;q=0.1", True),
        ("x-gzip", True),
        ("gzip;q=0.001", True),
        ("gzip;q=1", True),
        ("gzip ; q=0", False),
        ("gzip;q=0.000, br", False),
        ("identity", False),
        ("br, not-gzip", False),
        ("", False),
    ],
)
def test_gzip_goes_to_whoever_accepts_it(sent: str, takes: bool) -> None:
    assert takes_gzip({"headers": [(b"accept-encoding", sent.encode())]}) is takes


def test_nobody_is_sent_what_was_not_asked_for() -> None:
    assert not takes_gzip({"headers": []})
