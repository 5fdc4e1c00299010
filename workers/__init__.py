"""The back of the house: it turns a document's folder into the next folder."""
