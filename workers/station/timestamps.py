"""Asks again for time-stamps that were away at signing, one at a time, for as long as it takes."""

from __future__ import annotations

import shutil
from functools import partial

import structlog

from intake.errors import DocumentError, EnvironmentTrouble, OperatorError, SohoaError
from intake.folder import digest, new_attempt, publish
from intake.settings import Settings
from intake.store import Store, timestamps
from intake.store.timestamps import Owed
from workers.push.key import delivery_key
from workers.sign import later
from workers.tools.pki import load_trust

log = structlog.get_logger()


def complete_one(store: Store, settings: Settings) -> bool:
    """Try the one that is due longest; False when none is due or the authority is still away.

    Runs beside the sweep: a call may take minutes and nothing else waits for it.
    """
    owed = timestamps.take_due(store, str(settings.documents))
    if owed is None:
        return False
    try:
        section = settings.profile_of(owed.profile).sign.model_copy(update={"level": owed.level})
        trust = load_trust(settings.trust_folder)
    except SohoaError as error:  # settings that cannot be read today say nothing about the document
        timestamps.try_later(store, owed, error)
        return False
    beside = not timestamps.may_replace(store, owed)
    stage, attempt = ("timestamp", owed.tries) if beside else ("sign", owed.signed_attempt + owed.tries)
    out = new_attempt(owed.folder.root, stage, attempt)
    try:
        result = later.run(owed.folder, section, out, beside=beside, trust=trust, now=store.clock.now())
        artefacts = digest(publish(out), result.artefacts)
        kept: timestamps.Kept = "beside" if beside else "replaces"
        key_of = partial(_key, owed)
        done = timestamps.record(store, owed, result, artefacts, kept, key_of=key_of)
    except (DocumentError, OperatorError) as error:
        timestamps.give_up(store, owed, error)
        log.warning("time-stamp impossible", document=owed.document_id, reason=type(error).__name__)
        return True
    except (EnvironmentTrouble, OSError) as error:
        timestamps.try_later(store, owed, error if isinstance(error, SohoaError) else _disk(error))
        log.warning("time-stamp still away", document=owed.document_id, tries=owed.tries)
        return False
    finally:
        shutil.rmtree(out, ignore_errors=True)
    if done:
        timestamps.hurry(store)
        log.info("time-stamp added", document=owed.document_id, level=result.facts["level"], kept=kept)
    return done


def _key(owed: Owed, target: str, sha256: str) -> str:
    return delivery_key(target, owed.document_id, owed.revision, sha256)


def _disk(error: OSError) -> EnvironmentTrouble:
    return EnvironmentTrouble(
        f"Không ghi được vào đĩa: {error.strerror}. Việc sẽ được thử lại.",
        f"The disk cannot be written: {error.strerror}. It is tried again.",
    )
