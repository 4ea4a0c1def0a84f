"""Where passages are kept, each for those who may read it."""
