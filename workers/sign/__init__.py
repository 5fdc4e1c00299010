"""The organisation's signature on a digitised copy: the mark of Form 3.2, PAdES, and what proves it afterwards."""
