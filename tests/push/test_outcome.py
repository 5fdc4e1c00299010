"""A status from outside changes what is true here only where the law says so; both sides' books are compared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intake.model import Severity
from intake.states import State
from tests.conformance.connector import key_of, make_package
from tests.document_system.server import DocumentSystem
from workers.push.edxml import StatusCode
from workers.push.outcome import differences, outcome
from workers.push.rest import RestConnector


@pytest.mark.parametrize("code", list(StatusCode))
def test_every_status_has_one_meaning(code):
    expected = {"02": State.HELD, "13": State.RECALLED, "15": State.RECALLED}.get(code)
    result = outcome(code, "sai nơi nhận")
    assert result.state is expected
    assert result.finding.vi
    assert result.finding.en


def test_a_refusal_blocks_with_the_receivers_reason():
    finding = outcome("02", "Thiếu phụ lục").finding
    assert finding.severity is Severity.BLOCK
    assert "Thiếu phụ lục" in finding.vi


def test_an_unknown_code_is_an_error():
    with pytest.raises(ValueError):
        outcome("99")


def test_the_books_are_compared_key_by_key(tmp_path):
    with DocumentSystem(tmp_path / "system") as system:
        connector = RestConnector({"url": system.url}, tmp_path)
        packages = [make_package(tmp_path / name, key_of(name), number=name) for name in "123"]
        good, moved, unbooked = (connector.put_if_absent(package.key, package) for package in packages)
        lost = replace(good, key=key_of("lost"))
        booked = {
            good.key: good,
            moved.key: replace(moved, arrival_number="77"),
            unbooked.key: None,
            lost.key: lost,
            key_of("never sent"): None,
        }
        found = {(difference.kind, difference.key) for difference in differences(connector, booked)}
    assert found == {("changed", moved.key), ("unbooked", unbooked.key), ("missing", lost.key)}
