"""The project's own scans: a generator of Vietnamese administrative documents and of what scanners do to them."""
