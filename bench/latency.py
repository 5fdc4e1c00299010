"""How long a Hỏa tốc takes from the last byte in the scan folder to its assignment, alone and behind 500 others.

    .venv/bin/python bench/latency.py [--quick] [--queued 500] [--urgent 5] [--json FILE]
    .venv/bin/python bench/latency.py --head [--scans DIR] [--rounds 3]

A real station in this process: watched folder, SQLite, two local workers with every real stage, a software token, a
delivery folder. Two people are needed on the way, and stand-ins do what they do, the same in both cases: an urgent
document is confirmed as read the moment it is at the desk, and signed the moment it is approved; nobody touches the
ordinary ones, as a registry does when something urgent is there. What a person needs to read and to type her PIN is
in neither figure. ``queued`` ordinary scans (and as many more as are worked meanwhile) lie admitted before the first
urgent one is dropped; what still waited at each drop is printed. The ratio of the medians is what counts.

``--head`` measures the two speeds instead: first pages (the samples', or every first page below DIR), dropped one by one
as documents of one page. From the moment a worker takes up the reading: when a clerk's queue, asked over and over as
her browser asks it every four seconds, shows the head; and when the page is read whole and committed. The median of the
documents' ratios is what counts; then the same for one document of twelve pages.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parents[1]))

from intake.review.app import create_app
from intake.settings import Settings, SystemClock, load
from intake.states import State
from intake.store import Store, people
from intake.store.decide import approve
from intake.store.reading import every, jobs, queue, whole
from intake.store.signing import freeze
from tests.crash.home import build
from tests.crash.life import CLERK, PIN, VAN_THU
from tests.review.station import PASSWORD, Clerk
from workers.station.signing import TokenDesk
from workers.station.station import Station

SCANS = Path(__file__).parents[1] / "samples" / "scans"
URGENT = SCANS / "cong-dien-hoa-toc.jpg"
ORDINARY = (SCANS / "cong-van-bao-cao-so-lieu.jpg", SCANS / "cong-van-dat-truong-hoc.jpg")
SPARE = 1.2
"""more ordinary ones than asked for, because the workers do not stand still"""
PATIENCE = 900.0
TICK = threading.Event()


_KNOWN = sa.text(
    "SELECT d.id, d.state, j.id AS running FROM arrival a JOIN document d ON d.id = a.document_id "
    "LEFT JOIN job j ON j.document_id = d.id AND j.stage = 'ocr' AND j.state = 'running' WHERE a.name = :name"
)


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds from drop to assignment, and the jobs that waited when it was dropped."""

    seconds: float
    waiting: int


def variant(scan: Path, number: int) -> bytes:
    """The same picture as another document: a JPEG comment of its own after the start marker."""
    data = scan.read_bytes()
    comment = f"bench {number}".encode()
    return data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:]


class Line:
    """The station and the stand-ins for its people."""

    def __init__(self, home: Path) -> None:
        build(home, lease_seconds=60)
        text = (home / "sohoa.toml").read_text(encoding="utf-8")
        (home / "sohoa.toml").write_text(text.replace("processes = 1", "processes = 2"), encoding="utf-8")
        self.settings: Settings = load(home, {})
        self.store = Store(self.settings.database_url, SystemClock())
        self.station = Station(self.settings, self.store)
        self.desk = TokenDesk(self.store, self.settings)
        self.folder = self.settings.scan_folder("vanthu")
        self._number = 0

    def drop(self, scan: Path) -> str:
        """A scan appears as scanners make it appear: written aside, then renamed."""
        self._number += 1
        name = f"{self._number:05d}-{scan.name}"
        (self.folder / f".{name}").write_bytes(variant(scan, self._number))
        (self.folder / f".{name}").rename(self.folder / name)
        return name

    def drop_pages(self, pages: Sequence[Path]) -> str:
        """A folder of pages appears at once."""
        self._number += 1
        name = f"{self._number:05d}-pages"
        (self.folder / f".{name}").mkdir()
        for index, page in enumerate(pages, start=1):
            (self.folder / f".{name}" / f"{index:03d}.jpg").write_bytes(variant(page, self._number * 1000 + index))
        (self.folder / f".{name}").rename(self.folder / name)
        return name

    def known(self, name: str) -> tuple[str, str, bool] | None:
        """(id, state, whether its reading runs) of what was dropped under this name; None while it is no document."""
        with self.store.read() as connection:
            row = connection.execute(_KNOWN, {"name": name}).one_or_none()
        return (row.id, row.state, bool(row.running)) if row else None

    def waiting(self) -> int:
        return sum(number for _, lane, state, number in jobs(self.store) if state == "ready" and lane != "urgent")

    def urgent(self) -> Run:
        waiting = self.waiting()
        begun = monotonic()
        name = self.drop(URGENT)
        while monotonic() - begun < PATIENCE:
            row = self._row(name)
            if row is not None:
                state = State(row["state"])
                if state is State.FORWARDED:
                    return Run(monotonic() - begun, waiting)
                if state is State.ASSEMBLED:
                    fields = {key: item.get("value") for key, item in row["fields"].items()}
                    approve(self.store, row["id"], row["version"], CLERK, fields)
                elif state is State.APPROVED:
                    self._sign(row["id"])
                elif state in (State.HELD, State.REFUSED, State.REJECTED):
                    sys.exit(f"{name}: {state}, {row['held_en']}")
            TICK.wait(0.05)
        sys.exit(f"{name} did not arrive in {PATIENCE:.0f} s")

    def _row(self, name: str) -> dict | None:
        with self.store.read() as connection:
            query = sa.text("SELECT document_id FROM arrival WHERE name = :name AND document_id IS NOT NULL")
            found = connection.execute(query, {"name": name}).scalar_one_or_none()
        return dict(whole(self.store, found).row) if found else None

    def _sign(self, document_id: str) -> None:
        frozen = freeze(self.store, VAN_THU, [document_id], cap=100)
        self.desk.preview(frozen)
        self.desk.start(frozen.id, VAN_THU, PIN)
        while self.desk.progress(frozen.id).state == "signing":
            TICK.wait(0.02)


HEADS = (
    *(
        "cong-dien-hoa-toc.jpg",
        "cong-van-bao-cao-so-lieu.jpg",
        "cong-van-dat-truong-hoc.jpg",
        "ke-hoach-cua-dang-uy.jpg",
    ),
    *("bao-cao-cai-cach-hanh-chinh/001.jpg", "quyet-dinh-nang-luong/001.jpg", "quyet-dinh-to-ra-soat/001.jpg"),
    "to-trinh-sua-tuong-rao/001.jpg",
)
STILL = "state coming"
"""how a row says that its document is still being read"""


@dataclass(frozen=True, slots=True)
class Seen:
    """Seconds from the begin of the reading to the head at the desk and to the reading's end, and from the drop to its
    begin."""

    before: float
    head: float
    whole: float

    @property
    def ratio(self) -> float:
        return self.head / self.whole


class Eyes:
    """A clerk who looks at her queue all the time."""

    def __init__(self, line: Line) -> None:
        people.add(line.store, "lan", "Lan", ["clerk"], PASSWORD, CLERK)
        self.line = line
        self.clerk = Clerk(None, "lan", app=create_app(line.store, line.settings, sign=None))

    def watch(self, pages: Sequence[Path]) -> Seen | None:
        """One document from its drop; None when it never showed a head (held, no head, read too fast to be seen)."""
        dropped = monotonic()
        name = self.line.drop_pages(pages) if len(pages) > 1 else self.line.drop(pages[0])
        begun = seen = None
        while monotonic() - dropped < PATIENCE:
            row = self.line.known(name)
            if row is not None:
                identifier, state, running = row
                if state not in ("received", "checked"):
                    ended = monotonic()
                    break
                if begun is None and running:
                    begun = monotonic()
                if begun and not seen and self._shows(identifier):
                    seen = monotonic()
            TICK.wait(0.004 if begun is None or seen else 0.01)
        while (row := self.line.known(name)) is None or row[1] in ("received", "checked", "recognised"):
            TICK.wait(0.1)  # the next one finds idle workers
        return Seen(begun - dropped, seen - begun, ended - begun) if begun and seen else None

    def _shows(self, identifier: str) -> bool:
        _, found, rest = self.clerk.get("/queue/rows").text.partition(f'data-id="{identifier}"')
        return bool(found) and STILL in rest.split("</tr>")[0]


def measure_heads(pages: Sequence[Path], rounds: int) -> dict[str, object]:
    """The first round loads programs and models and is thrown away."""
    long = [SCANS / "quyet-dinh-nang-luong" / f"{number:03d}.jpg" for number in (1, 2, 3)]
    with opened() as line:
        eyes = Eyes(line)
        for page in (pages * 2)[:4]:
            eyes.watch([page])
        found: dict[str, list[Seen]] = {}
        for page in list(pages) * rounds:
            seen = eyes.watch([page])
            if seen:
                found.setdefault(str(page), []).append(seen)
                print(f"{page.name:34} {seen.head:.2f} of {seen.whole:.2f} s = {seen.ratio:.2f}", flush=True)
        book = [seen for _ in range(rounds) if (seen := eyes.watch([*long, *long[1:] * 4, long[1]]))]
    return {
        "documents": len(found),
        "unseen": len(pages) * rounds - sum(len(each) for each in found.values()),
        "median_head_seconds": round(median(seen.head for each in found.values() for seen in each), 2),
        "median_whole_seconds": round(median(seen.whole for each in found.values() for seen in each), 2),
        "median_ratio": round(median(median(seen.ratio for seen in each) for each in found.values()), 2),
        "least_and_most": [
            round(pick(median(s.ratio for s in each) for each in found.values()), 2) for pick in (min, max)
        ],
        "median_seconds_before_reading": round(median(seen.before for each in found.values() for seen in each), 2),
        "twelve_pages": [(round(seen.head, 2), round(seen.whole, 2), round(seen.ratio, 3)) for seen in book],
    }


@contextmanager
def opened() -> Iterator[Line]:
    os.environ["OMP_THREAD_LIMIT"] = "1"
    folder = Path(tempfile.mkdtemp(prefix="sohoa-latency-"))
    line = Line(folder / "home")
    line.station.start()
    try:
        yield line
    finally:
        line.station.stop()
        shutil.rmtree(folder, ignore_errors=True)


def first_pages(folder: Path) -> list[Path]:
    """One JPEG of every folder below (the first by name)."""
    found: dict[Path, Path] = {}
    for page in sorted(folder.rglob("*.jpg")):
        found.setdefault(page.parent, page)
    return list(found.values())


def measure(queued: int, urgent: int) -> dict[str, object]:
    """Idle first, then the same station with its queue full."""
    with opened() as line:
        line.urgent()  # loads programs and models, in neither figure
        idle = [line.urgent() for _ in range(urgent)]
        print("idle:  ", " ".join(f"{run.seconds:.1f}" for run in idle), "s", flush=True)
        before = len(every(line.store))
        number = round(queued * SPARE)
        for index in range(number):
            line.drop(ORDINARY[index % len(ORDINARY)])
        begun = monotonic()
        while len(every(line.store)) < before + number and monotonic() - begun < PATIENCE:
            TICK.wait(0.5)
        print(f"queued: {line.waiting()} jobs wait, {monotonic() - begun:.0f} s to take them in", flush=True)
        loaded = [line.urgent() for _ in range(urgent)]
        print("loaded:", " ".join(f"{run.seconds:.1f} ({run.waiting} waiting)" for run in loaded), flush=True)
        desk = len(queue(line.store, states=(State.ASSEMBLED,), limit=1000))
    alone, behind = median(run.seconds for run in idle), median(run.seconds for run in loaded)
    return {
        "queued": queued,
        "idle_seconds": [round(run.seconds, 2) for run in idle],
        "loaded_seconds": [round(run.seconds, 2) for run in loaded],
        "waiting": [run.waiting for run in loaded],
        "ordinary_at_the_desk": desk,
        "median_idle": round(alone, 2),
        "median_loaded": round(behind, 2),
        "ratio": round(behind / alone, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queued", type=int, default=500)
    parser.add_argument("--urgent", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quick", action="store_true", help="60 queued, 3 urgent")
    parser.add_argument("--head", action="store_true", help="how much earlier the head is at the desk than the page")
    parser.add_argument("--scans", type=Path, help="with --head: a folder of other documents")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if given.head:
        pages = [SCANS / name for name in HEADS] if given.scans is None else first_pages(given.scans)
        result = measure_heads(pages, given.rounds)
        print(json.dumps(result, indent=1))
        if given.json:
            given.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        return
    if given.quick:
        given.queued, given.urgent = 60, 3
    result = measure(given.queued, given.urgent)
    print(json.dumps(result, indent=1))
    if given.json:
        given.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.exit(0 if float(str(result["ratio"])) < 3 else 1)


if __name__ == "__main__":
    main()
