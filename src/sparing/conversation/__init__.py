"""A conversation, turn by turn: what was sent stays as it was sent, and what a later question needs comes back."""
