"""A large document does not wait for its pages one after the other: ``ocr.jobs`` of them are read side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Barrier, Event, local
from typing import Any

import cv2
import pytest
from PIL import Image

from intake.model import FieldName
from intake.ports import OcrEngine, OcrLine
from intake.profile.sections import OcrSection
from workers.ocr.fields import NAMED_WITHIN
from workers.ocr.reading import engine_for, read
from workers.ocr.spelling import letters

SCANS = Path(__file__).parents[2] / "samples" / "scans"


class Meeting:
    """The real engine; the first two pages go on only when both have come. A page is read by one thread."""

    def __init__(self, inner: OcrEngine) -> None:
        self.name, self._inner = inner.name, inner
        self._two, self._first, self._come = Barrier(2, timeout=120), iter(range(2)), local()

    def read(self, image: Any, dpi: float, **more: Any) -> tuple[OcrLine, ...]:
        if not hasattr(self._come, "once"):
            self._come.once = True
            if next(self._first, None) is not None:
                self._two.wait()
        return self._inner.read(image, dpi, **more)


def test_pages_are_read_side_by_side_and_come_out_the_same() -> None:
    files = sorted((SCANS / "quyet-dinh-nang-luong").iterdir())
    section = OcrSection()
    engine = engine_for(section.engine, section.language)
    together = read(files, section, jobs=3, engine=Meeting(engine))
    one_by_one = read(files, section, jobs=1, engine=engine)

    assert together.page_count == 3
    assert together.as_json() == one_by_one.as_json()


class LastWaits:
    """The real engine; the last page, ``NARROW`` px wide, goes on only when page 1 was looked at again."""

    def __init__(self, inner: OcrEngine) -> None:
        self.name, self._inner, self._again = inner.name, inner, Event()

    def read(self, image: Any, dpi: float, *, rivals: bool = False, **more: Any) -> tuple[OcrLine, ...]:
        if rivals:
            self._again.set()
        elif image.shape[1] == NARROW:
            assert self._again.wait(120), "page 1 is looked at again only when all pages are read"
        return self._inner.read(image, dpi, rivals=rivals, **more)


NARROW = 1000


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_page_1_is_looked_at_again_while_the_pages_of_a_book_are_read(tmp_path: Path, jobs: int) -> None:
    section = OcrSection()
    engine = engine_for(section.engine, section.language)
    first = SCANS / "giay-moi-hop.png"
    small, narrow = tmp_path / "small.png", tmp_path / "narrow.png"
    with Image.open(first) as page:
        page.crop((0, 200, 1010, 1150)).save(small, dpi=(200, 200))
        page.crop((0, 200, NARROW, 1150)).save(narrow, dpi=(200, 200))
    book = [first, *[small] * (NAMED_WITHIN + jobs - 2), narrow]
    reading = read(book, section, jobs=jobs, engine=LastWaits(engine))

    assert reading.pages[-1].text
    alone = read([first], section, engine=engine)
    names = (FieldName.CODE_NUMBER, FieldName.ISSUED_DATE, FieldName.SUBJECT, FieldName.ORGAN_NAME)
    assert [reading.fields[name] for name in names] == [alone.fields[name] for name in names]


def test_asking_for_rivals_changes_no_word_and_gives_each_its_nearest() -> None:
    section = OcrSection()
    engine = engine_for(section.engine, section.language)
    page = cv2.imread(str(SCANS / "giay-moi-hop.png"), cv2.IMREAD_GRAYSCALE)
    area = (0, 0, page.shape[1], round(0.3 * page.shape[0]))
    plain = engine.read(page, 200.0, area=area)
    asked = engine.read(page, 200.0, area=area, rivals=True)
    again = engine.read(page, 200.0, area=area)

    assert plain == again == tuple(tuple(replace(word, rivals=None) for word in line) for line in asked)
    rivals = [(word.text, word.rivals) for line in asked for word in line]
    assert len(rivals) > 20
    for text, others in rivals:
        assert others is not None
        assert [cost for _, cost in others] == sorted(cost for _, cost in others)
        for other, cost in others:
            assert other != text
            assert letters(other) == letters(text)
            assert cost >= 0
    assert any(others for _, others in rivals)
