"""Lookups in the semantic cache, labelled by people, and what becomes of them."""
