"""An assignment as JSON, the one shape every connector sends."""

from __future__ import annotations

from typing import Any

from intake.model import Assignment


def assignment_json(assignment: Assignment) -> dict[str, Any]:
    """``{"unit", "person", "coordinators", "due" (ISO 8601 with zone), "rule", "why"}``."""
    return {
        "unit": assignment.unit,
        "person": assignment.person,
        "coordinators": list(assignment.coordinators),
        "due": assignment.due.isoformat(),
        "rule": assignment.rule,
        "why": assignment.why,
    }
