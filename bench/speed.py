"""How fast, against OCRmyPDF and bare Tesseract on the same pages in the same run, as ratios.

    .venv/bin/python bench/speed.py [--pages 40] [--dpi 200 300] [--rounds 3] [--quick] [--json FILE]

Pages are made with the project's own generator (samples/), colour JPEG, about a third of them with a seal. Each round
runs, with two pages at a time and OMP_THREAD_LIMIT=1,

    sohoa      sohoa pdf … --jobs 2                       image files → PDF/A-2b with text and fields
    ocrmypdf   img2pdf … | ocrmypdf -j 2                  its fastest lossless PDF/A: no Ghostscript, no optimising
    tesseract  xargs -P 2 tesseract … tsv pdf             one process per page, no joining, no PDF/A

and the medians of the rounds' ratios are reported: machines are noisy, pairs are not. CPU time is the user and system
time of all processes (wait4), memory the highest sum of their proportional set sizes (PSS), sampled ten times a second.
Text is compared with what was printed, line by line at its best place in each PDF's text (pdftotext), so reading
order does not count. A last measure is the time until the fields of a head are told, of that of its page's whole reading.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ["OMP_THREAD_LIMIT"] = "1"

import numpy as np
import psutil
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from intake.profile.sections import OcrSection
from samples.capture import random_settings, save, scan_with
from samples.documents import random_spec
from samples.page import render
from workers.ocr.reading import read

BIN = Path(sys.executable).parent
JOBS = 2
WRITTEN_ROLES = ("number", "date", "incoming", "signature")
"""lines with handwriting or stamps in them: no tool is judged by these"""
TARGETS = {"throughput": 2.5, "cpu": 0.65, "memory": 1.0, "cer_plain": 1.0, "cer_seal": 0.1, "head": 0.35}


@dataclass(frozen=True, slots=True)
class Sheet:
    path: Path
    lines: tuple[str, ...]
    sealed: bool
    first: bool


@dataclass(frozen=True, slots=True)
class Run:
    """``wall``, ``cpu`` in s; ``memory`` in MB; ``texts``: one per page."""

    tool: str
    wall: float
    cpu: float
    memory: float
    bytes: int
    texts: tuple[str, ...]


def sheets(folder: Path, count: int, dpi: int) -> list[Sheet]:
    """``count`` colour pages of random documents, the same for the same numbers; kept in ``folder``."""
    index = folder / f"sheets-{dpi}-{count}.json"
    if index.exists():
        return [
            Sheet(Path(s["path"]), tuple(s["lines"]), s["sealed"], s["first"]) for s in json.loads(index.read_text())
        ]
    rng = np.random.default_rng(20200305)
    found: list[Sheet] = []
    while len(found) < count:
        pages = render(random_spec(rng, pages=int(rng.integers(1, 4))), rng)
        for page in pages[: count - len(found)]:
            image = scan_with(page, rng, random_settings(rng, dpi))
            path = folder / f"{dpi}-{len(found) + 1:03d}.jpg"
            save([image], path, "jpeg", dpi_tag=dpi, quality=80)
            lines = tuple(line.text for line in page.lines if not line.role.startswith(WRITTEN_ROLES))
            found.append(Sheet(path, lines, "seal" in page.boxes, page is pages[0]))
    index.write_text(json.dumps([{**asdict(sheet), "path": str(sheet.path)} for sheet in found], ensure_ascii=False))
    return found


def commands(tool: str, pages: list[Sheet], out: Path) -> list[str]:
    files = [str(sheet.path) for sheet in pages]
    if tool == "sohoa":
        return [str(BIN / "sohoa"), "pdf", *files, "-o", str(out / "out.pdf"), "--jobs", str(JOBS), "--json"]
    if tool == "ocrmypdf":
        settings = "-l vie -q --output-type pdfa --pdfa-backend internal --optimize 0 --fast-web-view 99999"
        joined = " ".join(files)
        return ["sh", "-c", f"{BIN}/img2pdf {joined} -o {out}/in.pdf && "
                f"{BIN}/ocrmypdf {settings} --rasterizer pypdfium -j {JOBS} {out}/in.pdf {out}/out.pdf"]  # fmt: skip
    each = f'tesseract "$1" {out}/$(basename "$1" .jpg) -l vie tsv pdf'
    return ["sh", "-c", f"printf '%s\\n' {' '.join(files)} | xargs -P {JOBS} -I{{}} sh -c '{each}' sh {{}}"]


def run(tool: str, pages: list[Sheet]) -> Run:
    with tempfile.TemporaryDirectory(prefix="sohoa-speed-") as folder:
        out = Path(folder)
        with (out / "log").open("wb") as log:
            start = time.monotonic()
            process = subprocess.Popen(commands(tool, pages, out), stdout=log, stderr=log)
            memory = Memory(process.pid)
            memory.start()
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            memory.done.set()
            memory.join()
        if process.returncode:
            sys.exit(f"{tool}: {(out / 'log').read_text(errors='replace')[-2000:]}")
        return Run(tool, wall, usage.ru_utime + usage.ru_stime, memory.highest / 1e6, *_results(tool, pages, out))


def _results(tool: str, pages: list[Sheet], out: Path) -> tuple[int, tuple[str, ...]]:
    if tool == "tesseract":
        pdfs = [out / f"{sheet.path.stem}.pdf" for sheet in pages]
        return sum(pdf.stat().st_size for pdf in pdfs), tuple(text_of(pdf)[0] for pdf in pdfs)
    pdf = out / "out.pdf"
    return pdf.stat().st_size, tuple(text_of(pdf))


def text_of(pdf: Path) -> list[str]:
    done = subprocess.run(["pdftotext", "-raw", str(pdf), "-"], capture_output=True, check=True)
    return [folded(page) for page in done.stdout.decode("utf-8").split("\f")]


class Memory(threading.Thread):
    """Samples the proportional set size (bytes) of a process and all its descendants."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.done = threading.Event()
        self.highest = 0
        self._root = psutil.Process(pid)

    def run(self) -> None:
        while not self.done.wait(0.1):
            try:
                family = [self._root, *self._root.children(recursive=True)]
            except psutil.Error:
                continue
            self.highest = max(self.highest, sum(map(_pss, family)))


def _pss(process: psutil.Process) -> int:
    try:
        rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:")), 0)


def folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def errors(lines: tuple[str, ...], text: str) -> tuple[int, int]:
    """Wrong characters and all characters of the printed lines, each taken at its best place in the text."""
    wrong = total = 0
    for line in map(folded, lines):
        if not line:
            continue
        place = fuzz.partial_ratio_alignment(line, text) if len(text) > len(line) else None
        found = text[place.dest_start : place.dest_end] if place else text
        wrong += min(Levenshtein.distance(line, found), len(line))
        total += len(line)
    return wrong, total


def cer(pages: list[Sheet], run_: Run, sealed: bool) -> float | None:
    pairs = [
        errors(sheet.lines, text) for sheet, text in zip(pages, run_.texts, strict=False) if sheet.sealed == sealed
    ]
    total = sum(pair[1] for pair in pairs)
    return sum(pair[0] for pair in pairs) / total if total else None


def head_ratio(pages: list[Sheet]) -> float:
    """Time until the first page's fields are told, as the desk gets them, over the time of its whole reading."""
    ratios = []
    read([pages[0].path], OcrSection(), True)  # load the model
    for sheet in [sheet for sheet in pages if sheet.first]:
        told: list[float] = []
        start = time.process_time()
        read([sheet.path], OcrSection(), on_header=lambda _, told=told: told.append(time.process_time()))
        ratios.append((told[0] - start) / (time.process_time() - start))
    return statistics.median(ratios)


def compare(pages: list[Sheet], rounds: int, dpi: int) -> dict[str, object]:
    tools = ("sohoa", "ocrmypdf", "tesseract")
    done = [{tool: run(tool, pages) for tool in tools} for _ in range(rounds)]
    median = statistics.median
    last = done[-1]
    report: dict[str, object] = {
        "dpi": dpi,
        "pages": len(pages),
        "rounds": rounds,
        "image_bytes": sum(sheet.path.stat().st_size for sheet in pages),
        "throughput_vs_ocrmypdf": median(one["ocrmypdf"].wall / one["sohoa"].wall for one in done),
        "throughput_vs_tesseract": median(one["tesseract"].wall / one["sohoa"].wall for one in done),
        "cpu_vs_ocrmypdf": median(one["sohoa"].cpu / one["ocrmypdf"].cpu for one in done),
        "cpu_vs_tesseract": median(one["sohoa"].cpu / one["tesseract"].cpu for one in done),
        "memory_vs_ocrmypdf": median(one["sohoa"].memory / one["ocrmypdf"].memory for one in done),
        "head_vs_page": head_ratio(pages),
    }
    for tool in tools:
        report[tool] = {
            "pages_per_minute": round(60 * len(pages) / median(one[tool].wall for one in done), 1),
            "cpu_s_per_page": round(median(one[tool].cpu for one in done) / len(pages), 3),
            "memory_mb": round(median(one[tool].memory for one in done)),
            "bytes": last[tool].bytes,
            "cer_plain": cer(pages, last[tool], False),
            "cer_seal": cer(pages, last[tool], True),
        }
    return report


def show(report: dict[str, object]) -> None:
    print(f"\n{report['pages']} pages at {report['dpi']} dpi, {report['rounds']} rounds")
    print(f"{'':12}{'pages/min':>10}{'CPU s/page':>12}{'memory MB':>11}{'CER plain':>11}{'CER seal':>10}{'MB':>8}")
    for tool in ("sohoa", "ocrmypdf", "tesseract"):
        row = report[tool]
        rates = ["–" if row[key] is None else f"{100 * row[key]:.2f} %" for key in ("cer_plain", "cer_seal")]
        print(f"{tool:12}{row['pages_per_minute']:>10}{row['cpu_s_per_page']:>12}{row['memory_mb']:>11}"
              f"{rates[0]:>11}{rates[1]:>10}{row['bytes'] / 1e6:>8.1f}")  # fmt: skip
    ours, bare = report["sohoa"], report["tesseract"]
    verdict("throughput, × OCRmyPDF", report["throughput_vs_ocrmypdf"], TARGETS["throughput"], more=True)
    verdict("CPU time, × bare tesseract", report["cpu_vs_tesseract"], TARGETS["cpu"])
    verdict("peak memory, × OCRmyPDF", report["memory_vs_ocrmypdf"], TARGETS["memory"])
    for key, name in (("cer_plain", "CER without seal, × tesseract"), ("cer_seal", "CER with seal, × tesseract")):
        if ours[key] is not None and bare[key]:
            verdict(name, ours[key] / bare[key], TARGETS[key])
    verdict("head of page 1, × its page", report["head_vs_page"], TARGETS["head"])


def verdict(name: str, value: float, target: float, more: bool = False) -> None:
    held = value >= target if more else value <= target
    print(f"  {name:32}{value:8.3f}   target {'≥' if more else '≤'} {target:<5} {'held' if held else 'MISSED'}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--dpi", type=int, nargs="+", default=[200, 300])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="6 pages, one round: an impression, not a measurement")
    parser.add_argument("--keep", type=Path, help="folder for the pages, to use them again")
    parser.add_argument("--json", type=Path, help="write the report here as well")
    options = parser.parse_args()
    count, rounds = (6, 1) if options.quick else (options.pages, options.rounds)
    for program in ("tesseract", "pdftotext", str(BIN / "ocrmypdf"), str(BIN / "img2pdf")):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not installed: run make setup-test")
    folder = options.keep or Path(tempfile.mkdtemp(prefix="sohoa-speed-pages-"))
    folder.mkdir(parents=True, exist_ok=True)
    reports = []
    try:
        for dpi in options.dpi:
            report = compare(sheets(folder, count, dpi), rounds, dpi)
            show(report)
            reports.append(report)
    finally:
        if not options.keep:
            shutil.rmtree(folder)
    if options.json:
        options.json.write_text(json.dumps(reports, ensure_ascii=False, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
