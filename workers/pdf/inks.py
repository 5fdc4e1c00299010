"""A colour profile for CMYK pictures that bring none: inks mixed as readers mix them when nothing else is said.

PDF/A forbids bare CMYK beside an sRGB output intent. The profile is made here: an ICC input profile (ICC.1:2001-04,
6.3.1: A2B0 is all it needs) whose table holds R = (1 - C)(1 - K), G = (1 - M)(1 - K), B = (1 - Y)(1 - K) as CIELAB.
"""

from __future__ import annotations

import struct
from functools import cache

import numpy as np

GRID = 9
"""Points per ink in the table; 6561 colours, readers interpolate between them."""

_D50 = (0.9642, 1.0, 0.8249)
_SRGB_TO_XYZ_D50 = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
"""IEC 61966-2-1 primaries, Bradford-adapted to D50"""


@cache
def profile() -> bytes:
    """The profile's bytes; always the same."""
    text = b"CMYK without profile\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(4 + 4 + 2 + 1 + 67),
        b"cprt": b"text\0\0\0\0No rights reserved\0",
        b"wtpt": b"XYZ \0\0\0\0" + b"".join(_fixed(value) for value in _D50),
        b"A2B0": _table(),
    }
    body, entries = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        entries += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4sI4s4s4s", start + len(body), bytes(4), 0x02400000, b"scnr", b"CMYK", b"Lab ")
    header += struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    header += b"".join(_fixed(value) for value in _D50)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + entries + body


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _table() -> bytes:
    steps = np.linspace(0, 1, GRID)
    cyan, magenta, yellow, black = np.meshgrid(steps, steps, steps, steps, indexing="ij")
    light = np.stack([(1 - ink) * (1 - black) for ink in (cyan, magenta, yellow)], axis=-1)
    lab = _lab(light.reshape(-1, 3))
    coded = np.stack([lab[:, 0] * 2.55, lab[:, 1] + 128, lab[:, 2] + 128], axis=-1)
    straight = bytes(range(256))
    return (
        b"mft1\0\0\0\0"
        + bytes((4, 3, GRID, 0))
        + b"".join(_fixed(value) for value in np.eye(3).ravel())
        + straight * 4
        + np.clip(np.rint(coded), 0, 255).astype(np.uint8).tobytes()
        + straight * 3
    )


def _lab(srgb: np.ndarray) -> np.ndarray:
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    ratio = linear @ _SRGB_TO_XYZ_D50.T / np.array(_D50)
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=-1)
