"""The few passages that answer: read, cut, kept, found, for those who may see them."""
