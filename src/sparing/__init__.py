"""Sparing: make every LLM request carry only the tokens that matter."""
