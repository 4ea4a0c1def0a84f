"""Answers given to questions that mean the same, within a bound on wrong ones that the owner sets."""
