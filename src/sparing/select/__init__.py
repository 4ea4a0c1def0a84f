"""Which units of a text a question needs: learned selection."""
