"""How sure a reading must be before the desk stops asking a person to look at it: one rule for every screen."""

from __future__ import annotations

from intake.model import Field, FieldName
from intake.profile import Profile

OPTIONAL_CERTAIN = 0.9
"""fields the profile does not require ask for a look only below this"""


def certain(profile: Profile, name: FieldName) -> float:
    """The confidence from which a field counts as read: required ones must be right together (accept_probability)."""
    required = profile.ocr.required
    if name not in required:
        return OPTIONAL_CERTAIN
    return float(profile.ocr.accept_probability ** (1 / len(required)))


def sureness(profile: Profile, field: Field) -> str:
    """``sure``, ``doubt``, ``none`` (required and not read), ``empty`` (not required, nothing there) or ``person``."""
    if field.source == "clerk":
        return "person"
    if field.value is None:
        return "none" if field.name in profile.ocr.required else "empty"
    return "sure" if field.confidence >= certain(profile, field.name) else "doubt"
