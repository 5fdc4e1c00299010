"""Write the golden packages anew, after a decision to change what is written."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from test_edxml import FULL, STATUS, written  # noqa: E402 (after the path is set)

(HERE / "document.edxml").write_bytes(written(FULL))
(HERE / "status-02.edxml").write_bytes(written(STATUS))
