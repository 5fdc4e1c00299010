"""Where Tesseract's language models are: one lookup for every stage that reads, one clear message when missing.

Tesseract's OpenMP threads fight over small machines: whoever starts reading processes sets ``OMP_THREAD_LIMIT=1``
in the environment before Tesseract is loaded (a thread limit set later is not seen).
"""

from __future__ import annotations

import os
from pathlib import Path

from intake.errors import DependencyMissing

_PLACES = ("/usr/share/tesseract-ocr", "/usr/share", "/usr/local/share", "/opt/homebrew/share")


def tessdata_path(language: str = "vie") -> str:
    """The folder holding ``<language>.traineddata``, ending in a slash as Tesseract wants it.

    ``TESSDATA_PREFIX`` is read at each call and, when set, is the only place looked at (the folder itself or a
    ``tessdata`` folder in it): a station that sets it must not silently read with another model.
    Raises DependencyMissing with the command that installs the model.
    """
    given = os.environ.get("TESSDATA_PREFIX")
    folders = [Path(given), Path(given, "tessdata")] if given else _debian_first()
    for folder in folders:
        if (folder / f"{language}.traineddata").is_file():
            return f"{folder}/"
    looked = ", ".join(str(folder) for folder in folders)
    raise DependencyMissing(
        f"Thiếu mô hình Tesseract «{language}» (đã tìm ở: {looked}). "
        f"Hãy cài: sudo apt-get install tesseract-ocr-{language}",
        f"Tesseract's «{language}» model is missing (looked in: {looked}). "
        f"Install it: sudo apt-get install tesseract-ocr-{language}",
    )


def _debian_first() -> list[Path]:
    """Debian keeps one folder per major version; the newest first."""
    versions = sorted(Path(_PLACES[0]).glob("*/tessdata"), reverse=True)
    return [*versions, *(Path(place, "tessdata") for place in _PLACES)]
