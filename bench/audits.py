"""Lighthouse, as a phone sees the pages."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from bench.browser import need_chromium
from bench.servers import ROOT
from bench.stage import Ground, Pace
from bench.table import Row
from tests.page.chromium import CHROMIUM_ARGS

PROMISED = {"performance": 90, "accessibility": 100, "best-practices": 95}
_LIGHTHOUSE = ROOT / "bench" / "npm" / "node_modules" / "lighthouse" / "cli" / "index.js"
# The system's may be older than Lighthouse wants.
_NODE = ROOT / ".venv" / "bin" / "node"


def audits(name: str, url: str, ground: Ground, pace: Pace) -> Row:
    """Return the row of a page: the median of each score."""
    seen = [_audit(url, ground.folder / "lighthouse.json") for _ in range(pace.audits)]
    found = {part: median(score_of(one, part) for one in seen) for part in PROMISED}
    return Row(
        f"{name}: Lighthouse on a phone",
        ", ".join(f"{part} {score:.0f}" for part, score in found.items()) + f"; {told(seen[-1])}",
        f"Lighthouse {seen[-1]['lighthouseVersion']}, {len(seen)} runs",
        " / ".join(f"{score:.0f}" for score in found.values()),
        " / ".join(f"≥ {least}" for least in PROMISED.values()),
        all(found[part] >= least for part, least in PROMISED.items()),
        {"missed": sorted({part for one in seen for part in missed(one)}), "scores": found},
    )


def score_of(report: Mapping[str, Any], category: str) -> float:
    """Return a score of 100; raises `ValueError` when Lighthouse could not tell."""
    score = report["categories"][category]["score"]
    if score is None:
        raise ValueError(f"Lighthouse could not judge {category}: {report.get('runtimeError')}")
    return round(float(score) * 100)


def missed(report: Mapping[str, Any]) -> list[str]:
    """Return the audits that took something off a score."""
    weighed = {
        audit["id"]
        for category in report["categories"].values()
        for audit in category["auditRefs"]
        if audit["weight"] > 0
    }
    scores = {name: report["audits"][name]["score"] for name in weighed}
    return sorted(name for name, score in scores.items() if score is not None and score < 0.9)


def told(report: Mapping[str, Any]) -> str:
    """Return what the score of performance is made of."""
    names = {
        "first-contentful-paint": "first paint",
        "largest-contentful-paint": "largest paint",
        "total-blocking-time": "blocked",
        "cumulative-layout-shift": "layout shift",
    }
    shown = (f"{word} {report['audits'][name]['displayValue']}" for name, word in names.items())
    return ", ".join(one.replace("\xa0", " ") for one in shown)


def _audit(url: str, path: Path) -> dict[str, Any]:
    words = [str(_NODE), str(_LIGHTHOUSE), url, "--quiet", "--output=json", f"--output-path={path}"]
    # Nothing is reported to anybody.
    words += [f"--only-categories={','.join(PROMISED)}", "--no-enable-error-reporting"]
    words += [f"--chrome-flags={' '.join(CHROMIUM_ARGS)}"]
    own = {**os.environ, "CHROME_PATH": need_chromium()}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=own)
    if done.returncode:
        raise RuntimeError(f"Lighthouse ended with {done.returncode}: {done.stderr[-800:]}")
    found: dict[str, Any] = json.loads(path.read_text())
    return found
