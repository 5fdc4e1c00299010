"""The truth: tables, the five transaction scripts that change them, and the ways to read them."""

from intake.store.engine import Store

__all__ = ["Store"]
