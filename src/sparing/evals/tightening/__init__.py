"""Answers that say more than was asked, and what of them must not be lost."""
