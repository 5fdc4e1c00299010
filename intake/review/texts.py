"""Every sentence of the desk in Vietnamese and English, side by side in texts.toml; a missing one is an error."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

LANGUAGES = ("vi", "en")

_FILE = Path(__file__).parent / "texts.toml"


class Texts:
    """The catalogue: ``texts("queue.title", "vi")``; ``{name}`` in a sentence is filled from the values."""

    def __init__(self, sentences: Mapping[str, Mapping[str, str]]) -> None:
        self._sentences = sentences

    def __call__(self, key: str, language: str, **values: object) -> str:
        sentence = self._sentences[key][language]
        return sentence.format(**values) if values else sentence

    def __contains__(self, key: str) -> bool:
        return key in self._sentences

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(self._sentences)

    def starting(self, prefix: str, language: str) -> dict[str, str]:
        """All sentences under ``prefix.``, for a script's data attribute."""
        return {
            key.removeprefix(f"{prefix}."): both[language]
            for key, both in self._sentences.items()
            if key.startswith(f"{prefix}.")
        }


def load(path: Path = _FILE) -> Texts:
    """Read the catalogue: ``[group] name = { vi = "…", en = "…" }``; raises when a language is missing."""
    sentences: dict[str, Mapping[str, str]] = {}
    for group, entries in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for name, both in entries.items():
            if set(both) != set(LANGUAGES) or not all(both.values()):
                raise ValueError(f"{path.name}: {group}.{name} must say it in {' and '.join(LANGUAGES)}")
            sentences[f"{group}.{name}"] = both
    return Texts(sentences)
