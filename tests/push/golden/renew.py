"""``python -m tests.push.golden.renew``: write the golden packages anew, after a decision to change what is written."""

from __future__ import annotations

from tests.push.test_edxml import FULL, GOLDEN, STATUS, written

(GOLDEN / "document.edxml").write_bytes(written(FULL))
(GOLDEN / "status-02.edxml").write_bytes(written(STATUS))
