"""Stage ``check``: publishes the gate's findings as ``check.json``; of a secret document nothing but the code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from intake.folder import DocumentFolder
from intake.model import Finding, Severity, StageResult, verdict
from intake.profile.sections import CheckSection
from workers.check import station
from workers.check.gate import Measures, inspect
from workers.check.station import Certified


def run(
    document: DocumentFolder,
    section: CheckSection,
    out: Path,
    certified: Sequence[Certified] | None = None,
    set_upright: bool = False,
) -> StageResult:
    """Inspect the originals; writes ``check.json`` (the JSON of ``sohoa check --json``).

    ``certified``: what the station was certified for when the document arrived; None when nobody knows the station.
    ``set_upright``: pages that certainly lie wrong are turned, as the fact ``turned`` says (page → clockwise degrees).
    """
    paths = document.originals
    findings, measures = inspect(paths, section, set_upright)
    if certified is not None:  # a refused document has no measures, so nothing more is said of it
        findings = [*findings, *station.look(measures, certified)]
    data = report([path.name for path in paths], findings, measures)
    (out / "check.json").write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
    facts = {"verdict": data["verdict"], "measures": data["measures"], "pages": data["pages"]}
    turned = {str(row["page"]): row["turned"] for row in measures if "turned" in row}
    facts |= {"turned": turned} if turned else {}
    return StageResult(tuple(findings), ("check.json",), facts)


def report(names: Sequence[str], findings: Iterable[Finding], measures: Measures) -> dict[str, Any]:
    """The JSON of ``sohoa check --json``; a refused document shows its code and nothing measured."""
    found = list(findings)
    refused = any(finding.severity is Severity.REFUSE for finding in found)
    return {
        "files": list(names),
        "pages": 0 if refused else len(measures),
        "verdict": verdict(found),
        "findings": [finding.as_json() for finding in found],
        "measures": [] if refused else measures,
    }
