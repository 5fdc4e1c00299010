"""Commands on plain files keep the first rule too: a state secret is not read (QĐ 12/2020/QĐ-UBND Đ1.2)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from intake.errors import DocumentError, NotAllowed
from intake.model import Severity
from workers.check import colour, secrecy
from workers.check.view import PageView
from workers.tools.pages import decode, list_pages


def refuse_secret(files: Sequence[Path]) -> None:
    """NotAllowed when page 1 bears a secrecy mark (box 10a) or a red frame there that cannot be read.

    A file that cannot be opened is left to the command itself. The line's own check looks at every page.
    """
    # The gate's engine belongs to its thread: its model goes with it, and is not there while the pages are read.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_refuse_secret, files).result()


def _refuse_secret(files: Sequence[Path]) -> None:
    try:
        first = list_pages(files[:1])[:1]
        views = [PageView.of(source, decode(source)) for source in first]
    except DocumentError:
        return
    for view in views:
        for finding in secrecy.look(view, colour.kind(view)):
            if finding.severity is Severity.REFUSE:
                raise NotAllowed(finding.vi, finding.en)
