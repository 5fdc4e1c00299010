"""How right, how sure: fields against truth, abstract CER, what `accept` lets through, calibration.

    .venv/bin/python bench/read.py --corpus DIR [--truth FILE] [--cache DIR] [--head] [--diagram FILE]

DIR holds documents and a truth.jsonl (one row per document: files, number, date, abstract, type, issuer, urgency,
signer, and what of it is handwritten). With ``--cache`` the engine's words are kept under their image's hash, so that
rules can be changed without reading again. ``--head`` reads nothing below the head of page 1 (a third of the time; no
signer, and the agency's spelling is not compared with the text). ``--diagram`` draws reliability: how often what was
said with so much confidence was right.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_THREAD_LIMIT", "1")

import numpy as np
from rapidfuzz.distance import Levenshtein

from intake.ports import OcrEngine, OcrLine, OcrWord
from intake.profile.sections import OcrSection
from workers.ocr.reading import engine_for, read
from workers.ocr.spelling import nfc, same_tone_place

PRIORITIES = {"": 0, "KHẨN": 1, "THƯỢNG KHẨN": 2, "HỎA TỐC": 3, "HOẢ TỐC": 3, "HỎA TỐC HẸN GIỜ": 4}


class CachedEngine:
    """An engine whose answers are kept on disk by what was asked."""

    name = "cached"

    def __init__(self, engine: OcrEngine, folder: Path) -> None:
        self._engine, self._folder = engine, folder
        folder.mkdir(parents=True, exist_ok=True)

    def read(
        self,
        image: np.ndarray,
        dpi: float,
        *,
        area: Any = None,
        layout: str = "page",
        seconds: float = 60.0,
        rivals: bool = False,
    ) -> tuple[OcrLine, ...]:
        part = image[area[1] : area[3], area[0] : area[2]] if area else image
        key = hashlib.blake2b(part.tobytes(), digest_size=16)
        key.update(f"{part.shape}{dpi:.1f}{layout}{self._engine.name}{'all rivals' * rivals}".encode())
        path = self._folder / f"{key.hexdigest()}.json"
        x, y = (area[0], area[1]) if area else (0, 0)
        if not path.exists():
            lines = self._engine.read(image, dpi, area=area, layout=layout, seconds=seconds, rivals=rivals)
            rows = [
                [
                    [w.text, [w.box[0] - x, w.box[1] - y, w.box[2] - x, w.box[3] - y], w.confidence, w.rivals]
                    for w in line
                ]
                for line in lines
            ]
            path.write_text(json.dumps(rows, ensure_ascii=False))
        rows = json.loads(path.read_text())
        return tuple(
            tuple(OcrWord(t, (b[0] + x, b[1] + y, b[2] + x, b[3] + y), *more) for t, b, *more in line) for line in rows
        )


class HeadOnly:
    """An engine that leaves everything below the head of page 1 unread."""

    def __init__(self, engine: OcrEngine) -> None:
        self._engine, self.name = engine, engine.name

    def read(
        self, image: np.ndarray, dpi: float, *, area: Any = None, layout: str = "page", **more: Any
    ) -> tuple[OcrLine, ...]:
        below = area is not None and area[1] > 0 and layout == "page"
        return () if below else self._engine.read(image, dpi, area=area, layout=layout, **more)


def folded(text: str | None) -> str:
    """What counts as equal: NFC, tone placement, white space, dashes and quotes alike."""
    text = same_tone_place(nfc(text or ""))
    text = re.sub(r"[–—−]", "-", text)
    text = re.sub(r"[“”„\"]", '"', text)
    text = re.sub(r"\s*([-/,;:.])\s*", r"\1", text)
    return text.replace("’", "'").strip(" .")


def core(text: str | None) -> str:
    """An abstract without its lead («Về việc», «V/v»)."""
    return re.sub(r"(?i)^(về\s*việc|v/v)\s*:?\s*", "", folded(text))


def truths(corpus: Path, truth: Path) -> list[dict[str, Any]]:
    """Rows of either truth format as one: id, files, expected values and which are handwritten."""
    rows = []
    for line in truth.read_text("utf-8").splitlines():
        raw = json.loads(line)
        if "page1_image" in raw:
            files = [corpus / raw["page1_image"]] + ([corpus / raw["sign_image"]] if raw.get("sign_image") else [])
            flags = set(raw["flags"])
            hand = {"number": "hw_num" in flags, "date": bool(flags & {"hw_day", "hw_month", "hw_year"})}
        else:
            files = [corpus / f["path"] for f in raw["files"]]
            hand = {"number": "number" in raw["handwritten"], "date": "date" in raw["handwritten"]}
        issuers = [raw.get("issuer_printed"), raw.get("issuer"), *raw.get("issuer_accept", [])]
        rows.append(
            {
                "id": raw["id"],
                "files": files,
                "number": raw["number"],
                "notation": notation_of(raw["number"], raw.get("notation")),
                "date": raw["date"],
                "abstract": [raw["abstract"], *raw.get("abstract_accept", [])],
                "type": [raw["type"], *raw.get("type_accept", [])],
                "issuer": [i for i in issuers if i],
                "urgency": PRIORITIES.get(raw.get("urgency") or "", 0),
                "signer": raw.get("signer") or raw.get("signer_name"),
                "hand": hand,
                "readable": raw.get("readable", True),
            }
        )
    return rows


def notation_of(number: str, given: str | None) -> str:
    """What follows the slash (the second one when the first is followed by a year); a blank number keeps its own."""
    if not number:
        return given or ""
    return re.sub(r"^[^/]*(/(19|20)\d\d(?=/))?/?", "", number)


def judge(row: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Per field: was there a value, was it right, how sure."""
    fields = answer["fields"]
    value = {name: fields[name]["value"] for name in fields}
    number = "/".join(p for p in (value["CodeNumber"], value["CodeNotation"]) if p)
    subject = value["Subject"]
    wanted = min((core(a) for a in row["abstract"]), key=lambda a: Levenshtein.distance(a, core(subject)))
    return {
        "id": row["id"],
        "number": squeeze(number) == squeeze(row["number"]) if value["CodeNumber"] else not row["number"],
        "number_said": number if value["CodeNumber"] else None,
        "notation": squeeze(value["CodeNotation"]) == squeeze(row["notation"]),
        "date": value["IssuedDate"] == row["date"],
        "date_said": value["IssuedDate"],
        "abstract": core(subject) == wanted,
        "edits": Levenshtein.distance(core(subject), wanted),
        "letters": len(wanted),
        "type": (value["TypeName"] or "").lower() in [t.lower() for t in row["type"]],
        "issuer": folded(value["OrganName"]).lower() in [folded(i).lower() for i in row["issuer"]],
        "urgency": (value["Priority"] or 0) == row["urgency"],
        "signer": folded(value["SignerFullName"]) == folded((row["signer"] or "").replace("; ", "; ")),
        "decision": answer["decision"],
        "said": value,
        "sure": {name: fields[name]["confidence"] for name in fields},
        "hand": row["hand"],
    }


def squeeze(text: str | None) -> str:
    return re.sub(r"\s", "", nfc(text or "")).replace("–", "-")


def calibration(pairs: list[tuple[float, bool]], bins: int = 10) -> tuple[float, list[tuple[float, float, int]]]:
    """Expected calibration error and the reliability table: mean confidence, share right, count per bin."""
    table, error = [], 0.0
    for index in range(bins):
        inside = [(c, r) for c, r in pairs if index / bins < c <= (index + 1) / bins]
        if inside:
            sure, right = (float(np.mean([p[k] for p in inside])) for k in (0, 1))
            table.append((sure, right, len(inside)))
            error += abs(sure - right) * len(inside) / len(pairs)
    return error, table


FIELDS = (
    ("number", "CodeNumber"),
    ("notation", "CodeNotation"),
    ("date", "IssuedDate"),
    ("abstract", "Subject"),
    ("type", "TypeName"),
    ("issuer", "OrganName"),
    ("urgency", "Priority"),
    ("signer", "SignerFullName"),
)


def report(judged: list[dict[str, Any]], verbose: bool) -> dict[str, Any]:
    out: dict[str, Any] = {"documents": len(judged)}
    for name, field in FIELDS:
        said = [j for j in judged if j["said"][field] is not None]
        out[name] = {
            "exact": share(j[name] for j in judged),
            "said": len(said),
            "wrong_when_said": sum(not j[name] for j in said),
            "ece": round(calibration([(j["sure"][field], j[name]) for j in said])[0], 4) if said else None,
        }
    for name in ("number", "date"):
        for label, hand in (("printed", False), ("handwritten", True)):
            group = [j for j in judged if j["hand"][name] == hand]
            out[name][label] = {"exact": share(j[name] for j in group), "documents": len(group)}
    out["abstract"]["cer"] = round(sum(j["edits"] for j in judged) / max(1, sum(j["letters"] for j in judged)), 5)
    required = ("number", "notation", "date", "abstract")
    accepted = [j for j in judged if j["decision"] == "accept"]
    printed = [j for j in judged if not any(j["hand"].values())]
    out["accept"] = {
        "coverage": round(len(accepted) / len(judged), 4),
        "coverage_printed": round(sum(j["decision"] == "accept" for j in printed) / max(1, len(printed)), 4),
        "wrong": [j["id"] for j in accepted if not all(j[n] for n in required)],
    }
    out["all_required_exact"] = share(all(j[n] for n in required) for j in judged)
    if verbose:
        for j in judged:
            wrong = [f"{n}: {j['said'][f]!r} ({j['sure'][f]:.3f})" for n, f in FIELDS if not j[n]]
            if wrong:
                print(j["id"], "hand" if any(j["hand"].values()) else "", " | ".join(wrong), file=sys.stderr)
    return out


def diagram(judged: list[dict[str, Any]]) -> str:
    """Reliability as SVG: per required field a line through (mean confidence, share right) of its tenths; the nearer
    to the diagonal, the more honest. Circles grow with the number of readings."""
    colours = {"number": "#c0392b", "notation": "#2471a3", "date": "#1e8449", "abstract": "#9a7d0a"}
    size, edge = 420, 46

    def at(x: float, y: float) -> tuple[float, float]:
        return round(edge + x * (size - 2 * edge), 1), round(size - edge - y * (size - 2 * edge), 1)

    ticks = [round(0.2 * i, 1) for i in range(6)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" font-family="sans-serif" font-size="11">',
        f'<rect width="{size}" height="{size}" fill="white"/>',
        '<path d="M{} {}L{} {}" stroke="#999" stroke-dasharray="4"/>'.format(*at(0, 0), *at(1, 1)),
    ]
    for tick in ticks:
        (x, low), (left, y) = at(tick, 0), at(0, tick)
        parts.append(f'<text x="{x}" y="{low + 16:.1f}" text-anchor="middle">{tick}</text>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{tick}</text>')
    for row, (name, field) in enumerate((n, f) for n, f in FIELDS if n in colours):
        pairs = [(j["sure"][field], j[name]) for j in judged if j["said"][field] is not None]
        error, table = calibration(pairs)
        points = [(*at(sure, right), count) for sure, right, count in table]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
        colour = colours[name]
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + 2 * np.log10(n):.1f}" fill="{colour}"/>' for x, y, n in points
        ]
        label = f"{name}: {len(pairs)} readings, ECE {error:.3f}"
        parts.append(f'<text x="{size / 2}" y="{size - edge - 66 + 16 * row}" fill="{colour}">{label}</text>')
    parts.append(f'<text x="{size / 2}" y="{size - 8}" text-anchor="middle">confidence said</text>')
    parts.append(f'<text transform="translate(12 {size / 2}) rotate(-90)" text-anchor="middle">share right</text>')
    return "\n".join([*parts, "</svg>", ""])


def share(flags: Any) -> float:
    flags = list(flags)
    return round(sum(flags) / len(flags), 4) if flags else 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--ids", default="")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--rows", type=Path, help="write one JSON line per judged document")
    parser.add_argument("--head", action="store_true", help="read only the head of page 1")
    parser.add_argument("--diagram", type=Path, help="write the reliability diagram as SVG")
    given = parser.parse_args()
    section = OcrSection()
    engine: OcrEngine = engine_for(section.engine, section.language)
    if given.cache:
        engine = CachedEngine(engine, given.cache)
    if given.head:
        engine = HeadOnly(engine)
    rows = [
        r for r in truths(given.corpus, given.truth or given.corpus / "truth.jsonl") if r["id"].startswith(given.ids)
    ]

    def one(row: dict[str, Any]) -> dict[str, Any]:
        files = row["files"][:1] if given.head else row["files"]
        return judge(row, read(files, section, engine=engine).as_json())

    with ThreadPoolExecutor(given.jobs) as pool:
        judged = list(pool.map(one, rows))
    print(json.dumps(report(judged, given.verbose), ensure_ascii=False, indent=1))
    if given.diagram:
        given.diagram.write_text(diagram(judged), "utf-8")
    if given.rows:
        given.rows.write_text("".join(json.dumps(j, ensure_ascii=False) + "\n" for j in judged))


if __name__ == "__main__":
    main()
