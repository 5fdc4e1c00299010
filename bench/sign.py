"""What signing costs: the token's time, our time beside the signing library's own, and a set on a slow token.

    .venv/bin/python bench/sign.py [--quick] [--documents 500] [--token-seconds 0.3]

Part 1: CPU per signature (mark drawn, place known from the preview, as in a set) as a ratio of pyHanko's bare,
invisible signature of the same file on the same open token; the proof afterwards is shown apart. Part 2: signatures a
minute with the session kept open and opened per document. Part 3: a frozen set through the desk's act (database and
all) on a token that takes that long for each signature (SoftHSM2 behind a clock): share of the token's own speed.
Part 4: the ink map behind «never covers content»: blank corners called inked and inked corners called free, over drawn
scans that nothing was tuned on.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

sys.path.insert(0, str(Path(__file__).parents[1]))

from intake.folder import DocumentFolder
from intake.ports import SigningSession
from intake.profile.sections import SignSection
from intake.settings import SignerSettings, SystemClock
from intake.store import Store, signing
from intake.store.claim import folder_of
from tests.sign.authority import AGENCY, PASSWORD, PIN, box_14
from tests.sign.paper import document, pdf, scan
from tests.sign.station import HOA, SigningStation
from workers.sign import demo_ca, pades, proof, stage
from workers.sign.batch import FrozenSet, shown
from workers.sign.certificate import check
from workers.sign.pkcs11 import Pkcs11Signer
from workers.sign.sheet import PX_PER_MM, inked
from workers.station.act import Act
from workers.tools.pki import load_trust


def milliseconds(work: Callable[[], object], times: int) -> float:
    """Median CPU of this process, after one warm-up."""
    work()
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append((time.process_time() - start) * 1000)
    return median(taken)


class SlowEngine:
    """The token's own engine, needing ``seconds`` in all for each signature as a USB token does (mostly without CPU)."""

    def __init__(self, engine: Any, seconds: float) -> None:
        self._engine, self._seconds = engine, seconds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        start = time.perf_counter()
        made = await self._engine.async_sign_raw(data, digest_algorithm, dry_run)
        if not dry_run:
            await asyncio.sleep(max(0.0, self._seconds - (time.perf_counter() - start)))
        return bytes(made)


@dataclass(frozen=True)
class Slowed:
    """A session over ``SlowEngine``."""

    certificate: bytes
    chain: tuple[bytes, ...]
    device: str
    demo: bool
    engine: Any

    def await_person(self) -> None:
        return None


def ratio(paper: DocumentFolder, session: SigningSession, section: SignSection, trust: Any, times: int) -> None:
    now, out = datetime.now(UTC), paper.root
    source = paper.of("pdf") / "document.pdf"
    checked = check(session, section, trust, now, demo_allowed=True)
    ready = stage.prepare(paper, section, out, now)
    assert ready.where is not None
    words = ready.paragraphs

    def ours() -> None:
        pades.sign(ready.source, out / "ours.pdf", session, section, checked, now, words, ready.where)

    def bare() -> None:
        meta = signers.PdfSignatureMetadata(
            field_name="S", subfilter=fields.SigSeedSubFilter.PADES, md_algorithm="sha256"
        )
        with source.open("rb") as stream, (out / "bare.pdf").open("wb") as output:
            signers.sign_pdf(IncrementalPdfFileWriter(stream), meta, session.engine, output=output)

    mine, its = milliseconds(ours, times), milliseconds(bare, times)
    proving = milliseconds(lambda: proof.prove(ready.source, out / "ours.pdf", checked, now), times)
    placing = milliseconds(lambda: stage.preview(paper, section, now), max(3, times // 3))
    size = source.stat().st_size
    grown = ((out / "ours.pdf").stat().st_size - size) / 1024
    print(f"CPU per signature, {size / 1e6:.1f} MB: ours with the mark {mine:.1f} ms, pyHanko bare {its:.1f} ms")
    print(f"  ratio {mine / its:.2f} (target ≤ 1.3); +{grown:.1f} KB; proof {proving:.1f} ms; place {placing:.0f} ms")
    stage.discard(ready)


def per_minute(paper: DocumentFolder, signer: Pkcs11Signer, section: SignSection, trust: Any, count: int) -> None:
    now = datetime.now(UTC)
    source, target = paper.of("pdf") / "document.pdf", paper.root / "m.pdf"
    words, where = stage.preview(paper, section, now)
    with signer.open(PIN) as session:
        checked = check(session, section, trust, now, demo_allowed=True)
        start = time.perf_counter()
        for _ in range(count):
            pades.sign(source, target, session, section, checked, now, words, where)
        kept = count / (time.perf_counter() - start) * 60
    start = time.perf_counter()
    for _ in range(count):
        with signer.open(PIN) as session:
            pades.sign(source, target, session, section, checked, now, words, where)
    opened = count / (time.perf_counter() - start) * 60
    print(
        f"signatures a minute: session kept open {kept:.0f}, opened per document {opened:.0f} (× {kept / opened:.2f})"
    )


def slow_set(
    folder: Path, source: Path, authority: demo_ca.DemoAuthority, signer: Pkcs11Signer, count: int, seconds: float
) -> None:
    """Through the desk's own act: claims, publication and audit rows in SQLite, the proof of every file included."""
    store = Store(f"sqlite:///{folder / 'truth.db'}", SystemClock())
    store.migrate()
    options = {"module": signer.module, "token_label": "bench"}
    at = SigningStation(folder / "home", store, authority, SignerSettings(options=options, demo=True))
    documents = [at.approved(str(number + 1), source=source) for number in range(count)]
    frozen = signing.freeze(store, HOA, documents, cap=count)
    section = at.settings.profile_of("incoming").sign
    start = time.perf_counter()
    ready = FrozenSet(
        tuple(shown(folder_of(store, str(at.settings.documents), one), section, datetime.now(UTC)) for one in documents)
    )
    freezing = time.perf_counter() - start
    signing.begin(store, frozen.id, HOA)
    ended: list[str] = []
    act = Act(store, at.settings, frozen, HOA, lambda document, outcome, message: ended.append(outcome))
    with signer.open(PIN) as session:
        slowed = Slowed(
            session.certificate, session.chain, session.device, session.demo, SlowEngine(session.engine, seconds)
        )
        start, work, own = time.perf_counter(), time.process_time(), time.thread_time()
        act.run(ready, {}, slowed, load_trust(authority.trust))
        taken, work = time.perf_counter() - start, time.process_time() - work
        own = (time.thread_time() - own) / count  # what this machine does between two signatures of the token
    good = sum(outcome == "signed" for outcome in ended)
    print(f"set of {count} on a token of {seconds:g} s: {good} signed, proven and published in {taken:.1f} s")
    print(
        f"  {count * seconds / taken * 100:.0f} % of the token's own speed (target ≥ 90); CPU {work / count * 1000:.0f} ms"
    )
    print(
        f"  the thread that holds the token works {own * 1000:.1f} ms per document: {seconds / (seconds + own):.0%} "
        "at most"
    )
    print(f"  looking at the set before the act: {freezing / count * 1000:.0f} ms per document")
    store.close()


def corner(random: np.random.Generator, mark: str) -> np.ndarray:
    """The top right of a page as scanners deliver it: tint, noise, uneven light, JPEG; with ``mark`` or blank."""
    height, width = 160, 520
    drawn = np.full((height, width, 3), 255, np.uint8)
    strength = random.uniform(0.35, 1.0)
    centre = (int(random.uniform(120, 400)), int(random.uniform(40, 120)))
    if mark == "number":  # an archive's page number in pencil
        grey = 255 - strength * 190
        cv2.putText(drawn, str(random.integers(1, 400)), centre, cv2.FONT_HERSHEY_SCRIPT_COMPLEX, 0.8, (grey,) * 3, 1)
    elif mark == "seal":
        colour = [255 - strength * (255 - c) for c in (60, 40, 205)]
        cv2.circle(drawn, centre, int(random.uniform(40, 70)), colour, int(random.integers(1, 4)))
    elif mark == "text":
        grey = 255 - strength * 225
        cv2.putText(drawn, "Luu hanh noi bo", (60, centre[1]), cv2.FONT_HERSHEY_COMPLEX, 0.5, (grey,) * 3, 1)
    page = drawn * (random.uniform((196, 206, 208), (252, 254, 255)) / 255).astype(np.float32)
    slope = np.linspace(1 - random.uniform(0, 0.14), 1, width, dtype=np.float32)
    page *= slope[None, :: random.choice([-1, 1]), None]
    page = cv2.GaussianBlur(page, (0, 0), random.uniform(0.3, 0.9))
    page += random.normal(0, random.uniform(0, 7), page.shape)
    _, stored = cv2.imencode(
        ".jpg", page.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(40, 96))]
    )
    return cv2.imdecode(stored, cv2.IMREAD_COLOR)


def ink_map(count: int) -> None:
    random = np.random.default_rng(20_261_122)
    wrong = sum(inked(corner(random, ""))[8:-8, 8:-8].any() for _ in range(count))
    print(f"ink map at {PX_PER_MM:g} px/mm: blank corners called inked {wrong} of {count}")
    for mark in ("number", "seal", "text"):
        missed = sum(not inked(corner(random, mark)).any() for _ in range(count))
        print(f"  corners with a faint {mark} called blank {missed} of {count}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--documents", type=int, default=500)
    options.add_argument("--token-seconds", type=float, default=0.3)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = demo_ca.make(folder / "ca", AGENCY, PASSWORD, datetime.now(UTC))
        os.environ["SOFTHSM2_CONF"] = str(demo_ca.token_config(folder / "token"))
        demo_ca.import_to_token(authority, Path(os.environ["SOFTHSM2_CONF"]), "bench", PIN)
        trust = load_trust(authority.trust)
        section = SignSection(agency=AGENCY, mark=box_14())
        signer = Pkcs11Signer(str(demo_ca.softhsm_module()), token_label="bench")
        source = pdf(folder / "five.pdf", [scan() for _ in range(5)])
        paper = document(folder, "one", source=source)
        with signer.open(PIN) as session:
            ratio(paper, session, section, trust, 7 if given.quick else 31)
        per_minute(paper, signer, section, trust, 15 if given.quick else 100)
        count = min(given.documents, 20) if given.quick else given.documents
        slow_set(folder, source, authority, signer, count, given.token_seconds)
    ink_map(100 if given.quick else 1000)


if __name__ == "__main__":
    main()
