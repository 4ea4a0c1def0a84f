"""Worth of units when nothing is asked."""

from __future__ import annotations

from sparing.core.deadline import Deadline
from sparing.reducers.centrality import centrality
from sparing.reducers.passages import lay_out
from sparing.tokens.estimate import CharCounter


def worth(text: str) -> dict[str, float]:
    layout = lay_out(text, Deadline())
    tokens = CharCounter().split(text, layout.bounds)
    values = centrality(text, layout, tokens, Deadline())
    return {text[a:b].strip(): value for a, b, value in zip(layout.bounds, layout.bounds[1:], values, strict=False)}


def test_names_and_numbers_tell_more():
    """A sentence of facts beats one of function words, wherever it stands."""
    values = worth(
        "It was like that for all of us then. In 1921 Maria Lopez sold 500 boats to Denmark. So it was for them too.\n"
    )
    assert max(values, key=values.__getitem__).startswith("In 1921")


def test_repetition_is_worth_little():
    """The second copy of a paragraph, or nearly one, hardly counts."""
    first = "The committee met in Vienna in 1921 and signed the treaty with Denmark."
    again = "The committee met in Vienna in 1921 and signed the treaty with Norway, Denmark."
    values = worth(f"{first}\n\nSomething else happened far away in Brazil.\n\n{again}\n")
    assert values[again] < 0.3 * values[first]


def test_the_first_sentence_of_a_paragraph_leads():
    """Of sentences that tell as much, the first comes first."""
    values = list(worth("One red cat sat here. One blue dog ran there. One grey cow ate hay.\n").values())
    assert values[0] == max(values)


def test_scripts_without_case_or_spaces_have_worth_too():
    """Numbers count where capitals cannot."""
    values = worth("这家剧院很大很漂亮也很有名。它在1870年建成有500个座位。人们非常喜欢这个地方。")
    assert all(value > 0 for value in values.values())
    assert max(values, key=values.__getitem__).startswith("它在1870")
