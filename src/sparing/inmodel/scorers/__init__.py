"""What a token in the cache is worth: one method per file, one class per method."""
