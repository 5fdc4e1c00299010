"""Every sentence of the desk is in the catalogue, in both languages, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import intake.review
from intake.field_rules import PRIORITIES
from intake.model import FieldName, Severity
from intake.review import drift, texts
from intake.review.queue import VIEWS
from intake.states import State
from intake.store.figures import MEASURES
from intake.store.people import ROLES

HERE = Path(intake.review.__file__).parent
TEMPLATES = sorted((HERE / "templates").glob("*.html"))
CATALOGUE = texts.load()

LITERAL = re.compile(r"""\bt\(\s*["']([\w.]+)["']\s*[,)]""")
BUILT = {
    "role": ROLES,
    "state": tuple(State),
    "view": tuple(VIEWS),
    "severity": tuple(item.word for item in Severity),
    "priority": tuple(str(n) for n in range(len(PRIORITIES))),
    "field": tuple(FieldName),
    "sure": ("sure", "doubt", "none", "empty", "person", "early"),
    "seen": ("sure", "doubt", "none", "empty", "person", "wrong"),
    "kind": ("0", "1", "2"),
    "clock": ("late", "soon", "ok"),
    "act": ("rescan", "not_a_document", "wrong_pages", "secret", "other", "postpone", "senior"),
    "ask": ("rescan", "not_a_document", "wrong_pages", "secret", "other", "postpone", "senior"),
    "tell": ("rescan", "not_a_document", "wrong_pages", "secret", "other", "postpone", "senior"),
    "outcome": ("waiting", "signed", "changed", "failed"),
    "set": ("frozen", "signing", "done", "stopped", "refused"),
    "queue.nothing": tuple(VIEWS),
    "coming": ("reading", "assembling", "why_reading", "why_assembling"),
    "measure": {*MEASURES, *(name for name, _ in drift.MEASURES.values())},
    "arrange": ("turn0", "turn90", "turn180", "turn270"),
    "answer": ("valid", "invalid", "unknown", "unsigned"),
    "verify.so": ("valid", "invalid", "unknown", "unsigned"),
    "verify.kind": ("signature", "timestamp"),
    "verify": ("agency", "issuer", "serial", "signed_at", "proven_at", "level"),
    "checked": (
        *("integrity", "coverage", "updates", "timestamp", "signing_time", "algorithm"),
        *("usage", "trust", "revocation", "mark", "pdfa"),
    ),
    "gate": ("closed", "probing", "open"),
    "letter": ("waiting", "delivered", "dead", "dropped"),
    "recall": ("owed", "told"),
    "promise": ("exactly-once", "at-least-once"),
    "try": ("receipt", "trouble", "refused"),
    "status": ("01", "02", "03", "04", "05", "06", "13", "15", "16"),
    "reports": (
        *("received", "approved", "automatic", "held", "signed", "forwarded", "duplicates"),
        *(f"age{n}" for n in range(5)),
    ),
}
"""Keys put together from a value: group → the values there can be."""


def used() -> set[str]:
    found = {f"{group}.{value}" for group, values in BUILT.items() for value in values}
    for path in [*TEMPLATES, *HERE.glob("*.py")]:
        source = path.read_text(encoding="utf-8")
        found |= set(LITERAL.findall(source))
        found |= set(re.findall(r"""["']((?:nav|keys)\.[\w.]+)["']""", source))
    return found


def test_every_sentence_used_is_in_the_catalogue() -> None:
    assert used() - CATALOGUE.keys == set()


def test_every_sentence_of_the_catalogue_is_used() -> None:
    assert CATALOGUE.keys - used() == set()


def test_both_languages_fill_the_same_places() -> None:
    for key in CATALOGUE.keys:
        places = [sorted(re.findall(r"\{(\w+)\}", CATALOGUE(key, language))) for language in texts.LANGUAGES]
        assert places[0] == places[1], key


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_template_carries_words_of_its_own(path: Path) -> None:
    """Text between tags, and attributes people hear or see, come from the catalogue; key names are the exception."""
    source = path.read_text(encoding="utf-8")
    source = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL)
    source = re.sub(r"<kbd>.*?</kbd>|<svg.*?</svg>", "", source, flags=re.DOTALL)
    spoken = re.findall(r"""(?:title|alt|placeholder|aria-label)="([^"]*)\"""", source)
    between = re.findall(r">([^<]+)<", source)
    keys = {"Alt 0", "Alt R", "Alt V", "(PageUp)", "(PageDown)", "(Alt −)", "(Alt +)"}
    words = [word.strip() for word in [*spoken, *between] if re.search(r"[^\W\d_]", word) and word.strip() not in keys]
    assert words == []


@pytest.mark.parametrize("path", sorted((HERE / "static").glob("*.js")), ids=lambda path: path.stem)
def test_no_script_carries_sentences(path: Path) -> None:
    """Scripts take their words from the page: no string with a letter of Vietnamese, none with a space and a capital."""
    source = re.sub(r"//.*|/\*.*?\*/", "", path.read_text(encoding="utf-8"))
    strings = re.findall(r"""["'`]([^"'`\n]*)["'`]""", source)
    assert [text for text in strings if re.search(r"[à-ỹÀ-ỸđĐ]|^[A-Z][a-z]+ [a-z]+", text)] == []
