"""How ready jobs find a worker: a local pool that looks for itself, or RQ on Redis that rings."""
