"""Ways paper reaches a scan folder: a plain folder, SANE, and a simulated scanner."""
