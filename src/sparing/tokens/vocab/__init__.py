"""Vocabulary files, checked by hash when loaded. Source: OpenAI's public rank files, gzipped."""
