"""Connected marks of a mask, and where each stands: what most rules on print, stamps and edges begin with."""

from __future__ import annotations

import cv2
import numpy as np

LABELS_MAX = 65535
"""what 16 bits can number; OpenCV fills and counts them more than twice as fast as 32, and a page of print needs few"""


def connected(mask: np.ndarray, connectivity: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Labels (uint16 or int32 h×w, 0 the ground) and OpenCV's stats, row 0 the ground. ``mask``: uint8, 0 and one other."""
    begun = cv2.countNonZero(cv2.subtract(mask[:, 1:], mask[:, :-1])) + len(mask)  # every mark begins in some row
    kind = cv2.CV_16U if begun < LABELS_MAX else cv2.CV_32S
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=connectivity, ltype=kind)
    return labels, stats
