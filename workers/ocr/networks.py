"""The project's own networks, loaded once per thread: OpenCV's ``Net`` holds its input and must not be shared."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2

_loaded = threading.local()


def network(model: Path) -> cv2.dnn.Net:
    """The ONNX ``model`` (docs/handwriting.md, docs/words.md), this thread's own: 1.4 and 3.7 ms to load."""
    nets: dict[Path, cv2.dnn.Net] = _loaded.__dict__.setdefault("nets", {})
    if model not in nets:
        nets[model] = cv2.dnn.readNetFromONNX(str(model))
    return nets[model]
