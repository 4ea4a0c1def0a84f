"""Goals at random, in any order of giving way; ties are not rare."""

from __future__ import annotations

from itertools import permutations

from hypothesis import strategies as st

from sparing.plan.candidates import Goals

SHARES = st.floats(0, 1)
FEW = st.sampled_from([0.0, 0.01, 0.05, 0.5])

GOALS = st.builds(
    Goals,
    first_token_s=st.none() | st.floats(0.05, 20),
    answer_s=st.none() | st.floats(0.05, 100),
    chance=st.floats(0.05, 0.99),
    usd=st.none() | st.floats(0, 0.1),
    loss=st.none() | FEW | SHARES,
    gives_way=st.sampled_from(list(permutations(("usd", "loss", "latency")))),
)
