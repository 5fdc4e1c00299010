"""A running station: watched folders, workers, sweep, desk and signing act in one process."""
