"""The paper among print: what a given share of dots lie below, counted and not averaged."""

from __future__ import annotations

import numpy as np


def ranked(values: np.ndarray, percent: int = 50) -> np.ndarray:
    """The upper ``percent`` percentile along the last axis, in the type of ``values`` (integers of at most 32 bits)."""
    place = values.shape[-1] * percent // 100
    # numpy has quick ways to order 32 bits, none for fewer, and turns everything into floats for a median
    return np.partition(values.astype(np.int32), place, axis=-1)[..., place].astype(values.dtype)


def smoothed(rows: np.ndarray, wide: int) -> np.ndarray:
    """The median of every ``wide`` (odd) neighbours in each row; a row's ends go on as they are."""
    padded = np.pad(rows, ((0, 0), (wide // 2, wide // 2)), mode="edge")
    return ranked(np.lib.stride_tricks.sliding_window_view(padded, wide, axis=1))
