"""Routing between a weak and a strong model, on recorded outcomes."""
