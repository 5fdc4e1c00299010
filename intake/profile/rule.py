"""A rule value of the law: what is demanded, where it is written, and since when it holds."""

from __future__ import annotations

from datetime import date
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class Section(BaseModel):
    """Base of every profile section: frozen, and a key nobody reads is an error, not a silent wish."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(Section, Generic[T]):
    """``value`` in ``unit``, demanded by ``source`` (law article) since ``holds_from``."""

    value: T
    source: str
    holds_from: date
    unit: str = ""
