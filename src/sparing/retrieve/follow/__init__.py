"""Files that grow: indexed as they do, what tells most first."""
