"""One adapter per foreign program, library or format; foreign exceptions are translated here."""
