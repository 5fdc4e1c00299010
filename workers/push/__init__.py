"""push: the signed copy and its record into every document system, once each, with a receipt."""
