"""What one committed sample is: a document, its captures, and what a right pipeline says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from samples.capture import Settings
from samples.spec import DocumentSpec


@dataclass(frozen=True, slots=True)
class Expected:
    """A finding the gate must report; ``page`` counts images from 1, None for the whole file."""

    code: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One document of ``samples/scans``.

    ``settings`` hold for every image; ``changed`` maps an image's number (from 1) to other values. ``backs``: images
    that are empty backs of sheets. ``keep``: part of the file that survives (a half-written one), else 1.
    ``end``: the state the line reaches (``delivered``: and then forwarded); ``seed``: of everything random in it.
    """

    name: str
    shows: str
    shows_en: str
    spec: DocumentSpec
    seed: int
    end: Literal["delivered", "held", "rejected", "refused"] = "delivered"
    container: Literal["jpeg", "png", "tiff", "pdf", "folder"] = "jpeg"
    quality: int = 76
    settings: Settings = field(default_factory=Settings)
    changed: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    backs: tuple[int, ...] = ()
    keep: float = 1.0
    findings: tuple[Expected, ...] = ()
