"""The nouns. Frozen values and protocols; no I/O, no wire formats, no models."""
