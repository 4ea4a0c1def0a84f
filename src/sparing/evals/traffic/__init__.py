"""The user's own traffic: reading logs, sending them again, and what that would have cost."""
