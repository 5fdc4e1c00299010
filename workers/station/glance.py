"""Looks at what came in last while a queue is deep, so that an urgent sheet does not stand behind hundreds of others."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from intake.errors import SohoaError
from intake.folder import DocumentFolder, document_root
from intake.settings import Settings
from intake.store import Store, haste
from workers.chain import GLANCE, Surroundings
from workers.runner.child import Child, StageBug, Task

log = structlog.get_logger()

SECONDS = 120.0
"""a page that takes longer to look at waits its turn; the first look of a child waits for its programs to load"""
SEEN_MOST = 5000


class Glance:
    """One look after the other in a child process of its own, under the limits of the stages."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        limits = settings.workers
        self._child = Child(limits.memory_bytes, SECONDS, limits.recycle_after)
        self._seen: OrderedDict[str, None] = OrderedDict()

    def once(self) -> bool | None:
        """Look at the newest document that waits: whether it overtakes; None when nothing needs a look."""
        for document_id, revision, name, lane in haste.newest(self._store, self._seen):
            self._seen[document_id] = None
            if len(self._seen) > SEEN_MOST:
                self._seen.popitem(last=False)
            if not self._hurries(document_id, revision, name):
                return False
            log.info("urgent document overtakes", document=document_id, lane=lane)
            return haste.overtake(self._store, document_id)
        return None

    def close(self) -> None:
        self._child.close()

    def _hurries(self, document_id: str, revision: int, profile: str) -> bool:
        settings = self._settings
        folder = DocumentFolder(document_id, document_root(settings.documents, document_id, revision))
        with TemporaryDirectory(prefix="sohoa-glance-") as out:
            around = Surroundings(settings.home, "", self._store.clock.now())
            task = Task(GLANCE, folder, settings.profile_of(profile).model_dump_json(), Path(out), around)
            try:
                result = self._child.call(task, lambda: None, lambda: False)
            except (SohoaError, StageBug, OSError) as trouble:
                log.warning("glance failed", document=document_id, reason=type(trouble).__name__)
                return False  # it keeps its place in the queue, where the check says what is wrong with it
        return bool(result.facts.get("haste"))
