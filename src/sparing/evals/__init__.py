"""Savings against quality: tasks with gold evidence, methods under a token budget, paired intervals, reports."""
