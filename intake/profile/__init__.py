"""Profiles: what a station, a document class and a rule set demand, as typed data with their legal source."""

from intake.profile.load import digest, find, load
from intake.profile.rule import Rule, Section
from intake.profile.sections import Profile

__all__ = ["Profile", "Rule", "Section", "digest", "find", "load"]
