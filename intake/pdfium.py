"""PDFium keeps state for the whole process and is not safe in two threads at once: whoever calls it holds ``PDFIUM``.

The station's process serves several people: one may look at a set to sign while another prints the register.
"""

from __future__ import annotations

from threading import RLock

PDFIUM = RLock()
