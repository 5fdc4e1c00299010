"""The capture gate: is this scan a lawful and legible copy? Measured on the image, never believed from the header."""
