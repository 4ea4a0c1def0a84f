"""What an answer will take: live models of upstreams and of answers, learned from what passes."""
