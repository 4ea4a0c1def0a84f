"""What the model is given to cite from."""

from __future__ import annotations

from cited_sources import GAME, PETS, gathered, numbered

from sparing.finish.grounded.prompt import grounded_prompt


def test_what_is_the_same_for_every_question_comes_first() -> None:
    """Instructions, passages with number, source and place, and the question last."""
    made = [grounded_prompt(q, gathered(numbered(GAME, PETS, heads="House rules"))) for q in ("Who?", "When?")]
    assert made[0].instructions == made[1].instructions
    assert made[0].passages == made[1].passages
    assert made[0].passages.startswith(f"[1] doc1.md, lines 1-3\nHouse rules\n{GAME}\n\n[2] doc2.md, lines 2-4\n")
    assert [m["role"] for m in made[0].messages] == ["system", "user"]
    assert made[0].messages[1]["content"].endswith("\n\nQuestion: Who?")


def test_a_very_small_model_gets_the_text_alone() -> None:
    """No numbers to mix up, no instructions to repeat."""
    small = grounded_prompt("Who?", gathered(numbered(GAME)), small=True)
    assert small.messages == [{"role": "user", "content": f"{GAME}\n\nWho? Answer in one or two sentences."}]
