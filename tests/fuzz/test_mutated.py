"""Broken files: each ends in an answer within its limits, and no worker dies without its job being accounted for."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.errors import SohoaError
from intake.folder import DocumentFolder, new_attempt
from intake.profile import load
from intake.receive.complete import incomplete
from intake.settings import shipped_profiles
from tests.fuzz.mutate import mutated, seeds
from tests.fuzz.target import one_input
from workers.chain import Surroundings
from workers.runner.child import Child, StageBug, Task
from workers.tools.pages import decode, list_pages

SECONDS = 30.0
MEMORY = 3_000_000_000
AROUND = Surroundings(Path("/"), "vanthu", datetime(2026, 11, 23, tzinfo=UTC))


def _run(tmp_path: Path, number: int, seed: int) -> Counter[str]:
    profile = load(shipped_profiles() / "incoming.toml").model_dump_json()
    child = Child(MEMORY, SECONDS, recycle_after=10_000)
    ended: Counter[str] = Counter()
    bugs = []
    for name, data in mutated(number, seed):
        root = tmp_path / name
        (root / "original").mkdir(parents=True)
        (root / "original" / f"001{Path(name).suffix}").write_bytes(data)
        task = Task("check", DocumentFolder(name, root), profile, new_attempt(root, "check", 1), AROUND)
        try:
            result = child.call(task, lambda: None, lambda: False)
            ended[max((f.severity.word for f in result.findings), default="pass")] += 1
        except SohoaError as error:
            ended[type(error).__name__] += 1
        except StageBug as bug:
            bugs.append((name, bug.kind, bug.trace.splitlines()[-2:]))
    child.close()
    assert bugs == []
    assert sum(ended.values()) == number
    return ended


def test_every_mutated_file_ends_in_an_answer(tmp_path: Path) -> None:
    """A slice of the fuzz: findings or a clear error, never a traceback, never a hang."""
    ended = _run(tmp_path, 150, seed=1)
    assert ended["StageCrashed"] == 0


@pytest.mark.slow
def test_two_thousand_mutated_files_end_in_an_answer(tmp_path: Path) -> None:
    ended = _run(tmp_path, 2500, seed=2)
    assert ended["StageCrashed"] <= 2, ended


def test_the_structural_probe_never_raises(tmp_path: Path) -> None:
    """The watch asks it about every file that appears."""
    path = tmp_path / "scan"
    for _, data in mutated(200, seed=3):
        path.write_bytes(data)
        assert incomplete(path) is None or isinstance(incomplete(path), str)


HEADS = (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"II*\x00\x08\x00\x00\x00", b"%PDF-1.7\n", b"")


@settings(max_examples=150, deadline=None)
@given(head=st.sampled_from(HEADS), body=st.binary(max_size=600), suffix=st.sampled_from([".jpg", ".tif", ".pdf"]))
def test_the_gates_answer_to_bytes_nobody_has_seen(head: bytes, body: bytes, suffix: str) -> None:
    """The fuzz target (tests/fuzz/target.py), fed by Hypothesis, which shrinks what it finds."""
    one_input(head + body, suffix)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".tiff", ".pdf"])
def test_the_seeds_themselves_are_whole(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"scan{suffix}"
    path.write_bytes(seeds()[suffix])
    assert incomplete(path) is None


@pytest.mark.parametrize("space", ["/DeviceXYZ", None], ids=["unknown colour space", "no colour space"])
def test_an_image_in_no_known_colour_space_ends_in_an_answer(tmp_path: Path, space: str | None) -> None:
    """Found by the long run: pikepdf raised NotImplementedError through the stage."""
    path = tmp_path / "scan.pdf"
    with pikepdf.new() as pdf:
        image = pdf.make_stream(bytes(600 * 800), Width=600, Height=800, BitsPerComponent=8)
        image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        if space:
            image.ColorSpace = pikepdf.Name(space)
        page = pdf.add_blank_page(page_size=(595, 842))
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image))
        page.Contents = pdf.make_stream(b"q 595 0 0 842 0 0 cm /Im0 Do Q")
        pdf.save(path)
    (page_source,) = list_pages([path])
    assert decode(page_source).shape[:2] == (page_source.height_px, page_source.width_px)
