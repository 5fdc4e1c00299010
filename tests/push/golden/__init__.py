"""Golden edXML packages."""
