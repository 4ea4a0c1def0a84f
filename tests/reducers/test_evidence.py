"""Scores of sentences and turns against a question."""

from __future__ import annotations

from sparing.core.deadline import Deadline
from sparing.reducers.evidence import evidence
from sparing.reducers.passages import lay_out


def best(text: str, question: str, n: int = 1) -> list[str]:
    """The n units that score highest, best first."""
    layout = lay_out(text, Deadline())
    scores = evidence(text, layout, question, Deadline())
    units = sorted(range(layout.num_units), key=lambda unit: -scores[unit])[:n]
    return [text[layout.bounds[unit] : layout.bounds[unit + 1]].strip() for unit in units]


FILLER = "\n\n".join(
    f"The {name} is a bird that lives in the forests of the north. It eats seeds and small insects in winter."
    for name in ("siskin", "crossbill", "nuthatch", "treecreeper", "waxwing")
)


def test_a_sentence_inherits_the_subject_of_its_passage():
    """A sentence "It opened in 1921" answers a question about the museum that the sentence before names."""
    text = (
        f"{FILLER}\n\nThe Glenmore Museum stands on the river bank. It opened its doors to visitors in 1921.\n\n"
        "The Arden Library was built of brick. It opened its doors to readers in 1904.\n"
    )
    assert "It opened its doors to visitors in 1921." in best(text, "When did the Glenmore Museum open its doors?", 2)


def test_a_heading_speaks_for_its_section():
    """Of two equal sentences, the one under the heading asked for."""
    text = f"{FILLER}\n\n## Storage\n\nThe limit is five.\n\n{FILLER}\n\n## Bandwidth\n\nThe limit is nine.\n"
    assert set(best(text, "What is the bandwidth limit?", 2)) == {"## Bandwidth", "The limit is nine."}


def test_the_kind_of_thing_asked_for_counts():
    """Who asks when gets the sentence with the date."""
    text = f"{FILLER}\n\nThe treaty was signed by both kings. The treaty was signed on 4 May 1660.\n"
    assert best(text, "When was the treaty signed?") == ["The treaty was signed on 4 May 1660."]


def test_a_stretch_of_turns_about_the_subject_comes_out_on_top():
    """One stray mention elsewhere does not beat turns that discuss it, and what stands between them comes along."""
    chat = [f"{'AB'[k % 2]}: we talk about the weather and the lunch of day {k}" for k in range(60)]
    chat[5] = "B: the microphone is nice"
    chat[40:45] = [
        "A: now the microphone placement",
        "B: the microphone should hang",
        "A: higher than that",
        "B: a microphone on the table picks up noise",
        "A: agreed, the microphone hangs",
    ]
    text = "".join(f"{turn}\n" for turn in chat)
    layout = lay_out(text, Deadline())
    scores = evidence(text, layout, "Summarize the discussion about the microphone placement", Deadline())
    top = sorted(range(60), key=lambda unit: -scores[unit])[:6]
    assert {40, 41, 42, 43} <= set(top)
    assert max(top) - min(top) < 10


def test_no_word_found_gives_zeros():
    """The caller then ranks without the question."""
    text = f"{FILLER}\n"
    layout = lay_out(text, Deadline())
    assert not any(evidence(text, layout, "xylophone quartet", Deadline()))
