"""What kind of request this is, and how hard: told from its newest turn before anybody is asked."""
