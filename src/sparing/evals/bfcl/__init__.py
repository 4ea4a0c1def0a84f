"""Tools, questions and gold calls of the Berkeley Function-Calling Leaderboard, and what is measured on them."""
