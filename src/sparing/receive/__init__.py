"""Wire bytes to a `Prompt` of spans, and back with edits applied: one provider's request format per file."""
