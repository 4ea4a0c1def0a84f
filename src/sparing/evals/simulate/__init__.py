"""Requests of a trace against modelled upstreams: what a set of policies would cost, and how fast it would answer."""
