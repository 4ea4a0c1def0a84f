"""Sources of every format as text: one format per file."""
