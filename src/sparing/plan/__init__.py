"""What may change, by how much, and which rung each span gets."""
