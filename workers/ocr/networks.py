"""The project's own networks, loaded once per thread: OpenCV's ``Net`` holds its input and must not be shared."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np

_loaded = threading.local()


def scores_of(model: Path, image: np.ndarray) -> np.ndarray:
    """What the ``model`` says of a float32 H×W ``image``: T×N, column by column."""
    net = _network(model)
    net.setInput(np.ascontiguousarray(image[None, None]))
    output = net.forward()
    return output.reshape(output.shape[1], -1).T


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """Log probabilities of every column, float64."""
    scores = scores.astype(np.float64)
    scores -= scores.max(axis=1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def _network(model: Path) -> cv2.dnn.Net:
    """The ONNX ``model`` (docs/handwriting.md, docs/words.md), this thread's own: 1.4 and 3.7 ms to load."""
    nets: dict[Path, cv2.dnn.Net] = _loaded.__dict__.setdefault("nets", {})
    if model not in nets:
        nets[model] = cv2.dnn.readNetFromONNX(str(model))
    return nets[model]
