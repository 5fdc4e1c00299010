"""The station's certificates: kept as files in its home, and a note on documents whose capture none of them covers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from intake.folder import CERTIFICATES
from intake.model import Finding, Severity

DPI_SHARE = 0.02
"""scanners tag 198–204 for 200"""


@dataclass(frozen=True, slots=True)
class Certified:
    """One way of scanning that a test sheet has proven: ``dpi`` as stated, ``mode`` and ``side`` (front, back)."""

    dpi: float
    mode: str
    side: str


def keep(home: Path, station: str, certificate: Mapping[str, Any]) -> Path:
    """Write a certificate (also of a failed test: it ends the one before) beside the station's earlier ones."""
    stamp = str(certificate["measured_at"]).replace(":", "").replace("+0000", "Z")
    name = f"{stamp}-{certificate['side']}-{certificate['stated_dpi'] or 0:.0f}-{certificate['mode']}.json"
    path = home / CERTIFICATES / station / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(certificate, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def certified(home: Path, station: str, at: datetime) -> tuple[Certified, ...]:
    """What the station was certified for at a moment: of each side, dpi and mode the last test before it counts."""
    last: dict[tuple[str, float, str], Mapping[str, Any]] = {}
    for path in sorted((home / CERTIFICATES / station).glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        if datetime.fromisoformat(data["measured_at"]) <= at:
            last[data["side"], float(data["stated_dpi"] or 0), data["mode"]] = data
    return tuple(
        Certified(dpi, mode, side)
        for (side, dpi, mode), data in last.items()
        if data["certified"] and datetime.fromisoformat(data["valid_until"]) >= at
    )


def look(measures: Sequence[Mapping[str, Any]], known: Sequence[Certified]) -> Iterator[Finding]:
    """``check.station_uncertified`` (note), once a document: a page was captured in a way no certificate covers.

    ``measures``: as of ``gate.inspect``. Which side a page is cannot be seen, so either side's certificate serves.
    """
    for row in measures:
        dpi, mode = row["dpi"], row["colour"]
        if any(dpi and abs(dpi - one.dpi) <= DPI_SHARE * one.dpi and mode == one.mode for one in known):
            continue
        way = f"{dpi or '?'} dpi, {mode}"
        yield Finding(
            "check.station_uncertified", Severity.NOTE,
            f"Trạm quét chưa có chứng nhận còn hạn cho {way} (trang {row['page']}). "
            "Quét tờ chuẩn rồi chạy «sohoa check --target» cho trạm này.",
            f"The station has no valid certificate for {way} (page {row['page']}). "
            "Scan the test sheet and run «sohoa check --target» for this station.",
            page=row["page"], measured=way,
        )  # fmt: skip
        return
