"""Answers given again: exactly the same request, requests in flight together, questions that mean the same."""
