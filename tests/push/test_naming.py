"""Names of deliveries can stand on any file system, whatever a number or notation holds; options are read strictly."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.errors import EnvironmentTrouble, OperatorError
from tests.conformance.connector import key_of
from workers.push.key import delivery_key
from workers.push.naming import folder_name, safe
from workers.push.options import Options

texts = st.text(max_size=60)


@given(texts, texts)
def test_a_folder_name_is_plain_ascii_and_never_hidden_or_upwards(number, notation):
    name = folder_name({"CodeNumber": number, "CodeNotation": notation}, key_of("x"))
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name)
    assert len(name) <= 80
    assert name.endswith(key_of("x")[:12])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("252/QĐ-UBND", "252_QD-UBND"),
        ("Đ/đ ướt", "D_d_uot"),
        ("", "khong-so"),
        ("../..", "khong-so"),
        ("30/2020/NĐ-CP", "30_2020_ND-CP"),
    ],
)
def test_readable_names(text, name):
    assert safe(text) == name


parts = st.tuples(
    texts.filter(lambda text: "\0" not in text), texts.filter(lambda text: "\0" not in text), st.integers(1, 9), texts
)


@given(parts, parts)
def test_two_deliveries_share_a_key_only_when_they_are_the_same(one, two):
    assert (delivery_key(*one) == delivery_key(*two)) is (one == two)


@pytest.mark.parametrize(
    ("values", "read", "named"),
    [
        ({}, lambda o: o.text("url"), "url"),
        ({"url": 7}, lambda o: o.text("url"), "url"),
        ({"port": "x"}, lambda o: o.number("port", 22), "port"),
        ({"port": True}, lambda o: o.number("port", 22), "port"),
        ({"port": 0}, lambda o: o.number("port", 22, least=1), "port"),
        ({"wait": -1}, lambda o: o.seconds("wait", 5), "wait"),
        ({"wait": "5"}, lambda o: o.seconds("wait", 5), "wait"),
        ({"create": "yes"}, lambda o: o.flag("create"), "create"),
        ({"key": "plain"}, lambda o: o.secret("key"), "key"),
        ({"typo": 1}, lambda o: o.close(), "typo"),
    ],
)
def test_a_wrong_option_is_named_in_both_languages(tmp_path, values, read, named):
    with pytest.raises(OperatorError, match=named) as raised:
        read(Options("thử", values, tmp_path))
    assert named in raised.value.vi
    assert "plain" not in str(raised.value)


def test_a_secret_that_is_missing_is_a_trouble_that_names_where_it_should_be(tmp_path, monkeypatch):
    monkeypatch.delenv("SOHOA_TEST_SECRET", raising=False)
    with pytest.raises(EnvironmentTrouble, match="SOHOA_TEST_SECRET"):
        Options("thử", {"key": "env:SOHOA_TEST_SECRET"}, tmp_path).secret("key")
    with pytest.raises(EnvironmentTrouble, match="key"):
        Options("thử", {"key": "file:nowhere"}, tmp_path).secret("key")
