"""State-secret marks stop everything; what is not one does not."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from intake.folder import DocumentFolder
from samples.capture import save, scan
from samples.documents import random_spec
from samples.page import render
from workers.check.secrecy import classify
from workers.check.stage import run
from workers.check.stamps import red_stamps
from workers.check.view import PageView
from workers.tools.pages import PageSource


def _page(**changes):
    rng = np.random.default_rng(21)
    spec = dataclasses.replace(random_spec(rng, "Báo cáo", written=False), incoming=None, **changes)
    return render(spec, rng)[0]


@pytest.mark.parametrize("mark", ["MẬT", "TỐI MẬT", "TUYỆT MẬT"])
@pytest.mark.parametrize("rotate", [0, 180])
def test_a_secrecy_mark_is_all_that_is_said(codes, mark, rotate) -> None:
    scanned = scan(_page(secrecy=mark, urgency=""), np.random.default_rng(1), 200.0, rotate=rotate)
    assert codes(scanned) == {"secrecy_mark": "refuse"}


def test_a_secrecy_mark_is_seen_without_colour_too(codes) -> None:
    scanned = scan(_page(secrecy="TUYỆT MẬT", urgency=""), np.random.default_rng(1), 200.0, colour="gray")
    assert codes(scanned) == {"secrecy_mark": "refuse"}


def test_a_photograph_in_the_head_holds_no_stamps() -> None:
    rng = np.random.default_rng(4)
    picture = cv2.resize(rng.uniform(20, 235, (9, 12, 3)).astype(np.float32), (700, 520), interpolation=cv2.INTER_CUBIC)
    pixels = np.full((2339, 1654, 3), 250, np.uint8)
    pixels[500:1020, 300:1000] = np.clip(picture, 0, 255)
    source = PageSource(1, Path("page"), 0, "png", 1654, 2339, 200.0, 200.0, "rgb")
    view = PageView.of(source, pixels)
    assert cv2.countNonZero(view.red_ink) > 1000
    assert red_stamps(view) == []


@pytest.mark.parametrize("mark", ["KHẨN", "THƯỢNG KHẨN", "HỎA TỐC"])
def test_urgency_stamps_pass(codes, mark) -> None:
    scanned = scan(_page(secrecy="", urgency=mark, urgency_tilt=4.0), np.random.default_rng(1), 200.0)
    assert codes(scanned) == {}


def test_nothing_of_a_secret_document_is_published(tmp_path: Path, section) -> None:
    root = tmp_path / "document"
    scanned = scan(_page(secrecy="TỐI MẬT", urgency=""), np.random.default_rng(1), 200.0)
    save([scanned], root / "original" / "001.jpg", "jpeg", 200.0)
    out = root / "check.1.tmp"
    out.mkdir()
    result = run(DocumentFolder("d1", root), section, out)
    assert [path.name for path in out.iterdir()] == ["check.json"]
    data = json.loads((out / "check.json").read_text(encoding="utf-8"))
    assert (data["verdict"], data["measures"], data["pages"]) == ("refuse", [], 0)
    assert [finding["code"] for finding in data["findings"]] == ["check.secrecy_mark"]
    assert result.facts == {"verdict": "refuse", "measures": [], "pages": 0}


@pytest.mark.parametrize(
    ("text", "strict", "said"),
    [
        ("MẬT", True, "secret"),
        ("TỐI MẬT\n", True, "secret"),
        ("[TUYỆT MẬT |", True, "secret"),
        ("MAT", True, "unknown"),
        ("TOI MAT", True, "unknown"),
        ("KẾ HOẠCH BẢO MẬT THÔNG TIN", True, "harmless"),
        ("MẬT ĐỘ DÂN SỐ", True, "unknown"),
        ("GIẢI MẬT\nTừ: 01/02/2024", True, "lifted"),
        ("IÁI MẠT", True, "lifted"),
        ("|_ GIÁ\n—\nTMẬT_-", False, "lifted"),
        ("GỐI MẬT", False, "secret"),
        ("TAI MẠT", False, "secret"),
        ("THƯỢNG KHẨN", False, "harmless"),
        ("nỏa TỐC", False, "harmless"),
        ("| LÈN |", False, "unknown"),
        ("ĐÉN", False, "harmless"),
        ("TÀI LIỆU THU HỒI", True, "secret"),
        ("ỦY BAN NHÂN DÂN\nTUYẾT\nMẠ\nSố: 12\nĐẾN", False, "secret"),
        ("ỆT MẬTI -", False, "secret"),
        ("¡ PFỒI MẬTT |", False, "secret"),
        ("\\w MAT \\ \\\nỦY BAN NHÂN DÂN\nPHƯỜNG", False, "secret"),
        ("CỤC BẢO MẬT", False, "unknown"),
        ("VĂN PHÒNG\nĐẾN\nc.nn Ác Á, (Ất MÁT Á.ec-c\n14/7", False, "harmless"),
        ("ỦY BAN NHÂN DÂN\nXÃ TÂN LẬP\nĐẾN\nSố: 12\nNgày: 3/4\nChuyển: Tài vụ", False, "harmless"),
    ],
)
def test_words_are_secret_only_by_themselves_and_with_their_marks(text: str, strict: bool, said: str) -> None:
    assert classify(text, strict) == said
