"""What dropping costs in answers: long contexts made here, several questions each, bytes and seconds beside them."""
