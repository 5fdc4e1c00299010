"""Whether a document's fields go on by themselves or to a clerk."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from intake.model import Field, FieldName, Finding, Severity
from intake.profile.sections import OcrSection
from workers.ocr import evidence as ev
from workers.ocr.confidence import probability

BELIEVED = {FieldName.TYPE_NAME: 0.5, FieldName.ORGAN_NAME: 0.5, FieldName.PRIORITY: 0.7}
"""confidence from which these go on without a look: they are no required fields, but Appendix VI keeps them, and what may
be a stamp of haste must not lie"""


EACH = 0.9
"""least confidence of each required field of a document that goes on without a look: «|12» beside a stamp's frame had 0.8
for 112, and nothing else spoke against it"""


def decide(
    fields: Mapping[FieldName, Field],
    findings: Sequence[Finding],
    evidence: Mapping[str, Any],
    section: OcrSection,
) -> str:
    """``accept`` only when all required fields together are right with the profile's probability and no reading of
    them was contradicted by another; else ``review``. A type or an agency that is likelier wrong than right needs a
    clerk too, and so does what may be a stamp of haste."""
    required = [fields[FieldName(name)].confidence for name in section.required]
    product = math.prod(required)
    troubled = any(finding.severity >= Severity.WARN for finding in findings)
    troubled |= any(fields[name].confidence < least for name, least in BELIEVED.items())
    if min(required, default=0.0) < EACH or troubled or not ev.unanimous(evidence):
        return "review"
    together = probability("together", (ev.log_odds(product, 1e-4), 1.0))
    return "accept" if together >= section.accept_probability else "review"
