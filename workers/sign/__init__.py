"""The organisation's signature on a digitised copy: the mark of Form 3.2, PAdES, and what proves it afterwards."""

import logging

# The libraries log every oddity of the files they read; findings and reports say it to people, in their language.
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)
