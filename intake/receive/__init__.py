"""Paper comes in: watched folders, completeness, admission, clearing."""
