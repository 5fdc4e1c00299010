"""Mixed sizes in one document are noted once; auto-sized captures of one size are not mixed."""

from __future__ import annotations

from workers.check.paper_size import look


def test_pages_of_one_size_however_trimmed_and_turned_are_not_mixed() -> None:
    assert list(look([(1, (210.0, 297.0)), (2, (213.0, 290.0)), (3, (303.0, 208.0))])) == []


def test_an_annex_of_another_size_is_noted_with_its_pages() -> None:
    found = list(look([(1, (210.0, 297.0)), (2, (297.0, 420.0)), (3, (210.0, 296.0)), (4, (420.0, 297.0))]))
    assert [(f.code, f.severity.word, f.page) for f in found] == [("check.paper_size", "note", 2)]
    assert "2, 4" in found[0].vi
