"""push: packages, connectors, edXML."""
