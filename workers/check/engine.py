"""The gate's own Tesseract: one engine per thread, for stamps and strips of a page only."""

from __future__ import annotations

import threading

import tesserocr

from workers.tools.tessdata import tessdata_path

_local = threading.local()


def tesseract() -> tesserocr.PyTessBaseAPI:
    """Loading the model costs more than reading a hundred stamps. Raises DependencyMissing without the model."""
    path = tessdata_path()
    if getattr(_local, "path", None) != path:
        _local.engine = tesserocr.PyTessBaseAPI(path=path, lang="vie", psm=tesserocr.PSM.SINGLE_BLOCK)
        _local.path = path
    return _local.engine
