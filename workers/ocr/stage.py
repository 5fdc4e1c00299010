"""The ocr stage: originals in, ``ocr.json``, ``text/`` and ``words/`` out."""

from __future__ import annotations

import json
from pathlib import Path

from intake.folder import DocumentFolder
from intake.model import StageResult
from intake.ports import Tell
from intake.profile.sections import OcrSection
from workers.ocr.known import NOTHING, Known
from workers.ocr.reading import DocumentReading, read


def run(
    document: DocumentFolder, section: OcrSection, out: Path, tell: Tell | None = None, known: Known = NOTHING
) -> StageResult:
    """Read the document's originals. ``tell`` is told the ``fields`` of page 1's head before the rest is read;
    ``known``: what is known of the document before.

    Writes ``ocr.json`` (the JSON of ``sohoa ocr --json``, file names without their folder), ``text/NNN.txt`` and
    ``words/NNN.json`` for every page; the fact ``sheets`` holds every page's px and dpi, across and down. Raises
    DocumentError when the originals cannot be opened.
    """

    def on_header(head: DocumentReading) -> None:
        if tell is not None and any(field.page for field in head.fields.values()):
            tell({"fields": head.as_json()["fields"]})

    reading = read(
        document.originals,
        section,
        jobs=section.jobs,
        on_header=on_header if tell else None,
        known=known,
        turned=document.turned,
    )
    answer = reading.as_json()
    answer["files"] = [path.name for path in reading.files]
    names = ["ocr.json"]
    (out / "ocr.json").write_text(json.dumps(answer, ensure_ascii=False, indent=1), "utf-8")
    (out / "text").mkdir()
    (out / "words").mkdir()
    for page in reading.pages:
        text, words = f"text/{page.number:03d}.txt", f"words/{page.number:03d}.json"
        (out / text).write_text(page.text, "utf-8")
        (out / words).write_text(json.dumps(page.as_json(), ensure_ascii=False), "utf-8")
        names += [text, words]
    sheets = [[page.width_px, page.height_px, *(round(dpi, 2) for dpi in page.dpi)] for page in reading.pages]
    facts = {"fields": answer["fields"], "decision": reading.decision, "sheets": sheets}
    return StageResult(reading.findings, tuple(names), facts)
