"""Where an answer that grows longer than its ceiling ends."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.finish.ends import Ends

CODE = "```python\nfor x in range(3):\n    print(x). \n\nX = 1. \n```\n"
PROSE = "Paris is the capital. It lies on the Seine. Dr. Smith knows it well. He lives there."


def words(text: str) -> int:
    return len(text.split())


def ended(text: str, ceiling_tokens: int, sizes: list[int] | None = None) -> str:
    """What is left of an answer that comes in pieces of these sizes, over and over."""
    ends, at, number = Ends(ceiling_tokens, words), 0, 0
    sizes = sizes or [5]
    while at < len(text):
        piece = text[at : at + sizes[number % len(sizes)]]
        if (kept := ends.feed(piece)) is not None:
            assert 0 <= kept <= len(piece)
            return text[: at + kept]
        at, number = at + len(piece), number + 1
    return text


def test_an_answer_ends_with_its_sentence() -> None:
    """Past the ceiling the sentence goes on to its end; what follows it does not come."""
    text = "One two three four. " * 40
    short = ended(text, 30)
    assert short.rstrip().endswith("four.")
    assert 30 <= words(short) <= 60
    assert ended(text, 1000) == text


def test_an_abbreviation_is_no_end() -> None:
    """The full stop after a title is within its sentence."""
    text = "Lorem ipsum dolor sit amet " * 4 + "and this was said by Dr. Smith of the house. And more."
    assert ended(text, 5).endswith("of the house.")


def test_code_goes_on_to_its_end() -> None:
    """A block of code that is open is not cut; the answer ends behind it."""
    text = (
        "Here is the code that you asked for, all of it, as it should be:\n" + CODE * 1 + "That is it. And more. Yes."
    )
    assert ended(text, 3) == text[: text.index("\nThat is it")]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"a": "One sentence. Another one. A third. " * 10, "b": [1, 2]}),
        "[" + ", ".join('"A sentence. Yes."' for _ in range(40)) + "]",
        "<answer>One. Two. Three four five six. Seven. </answer>" * 9,
        "| a | b |\n|---|---|\n" + "| One. Two. | Three. Four. |\n" * 20,
        "```\n" + "x = 1. Then. More. \n" * 30,
        "$$\nx. Then y. Then z. \n" * 1 + "Then more. And so on. " * 20,
    ],
)
def test_what_is_no_prose_is_never_cut(text: str) -> None:
    """JSON, markup, tables, open code and formulas go on to their own end."""
    assert ended(text, 3) == text


def test_json_within_prose_is_not_cut() -> None:
    """It ends in the next sentence, when every bracket is closed."""
    text = "These are the values that we have found so far in it, all of them:\n{\n" + '"a": "One. Two. Three."\n' * 5
    text += "}\nThat was all of it. There is nothing more. At all."
    assert ended(text, 3).endswith("}\nThat was all of it.")


def test_a_list_ends_with_an_item() -> None:
    """Items without a full stop are ends too, unless they announce something."""
    text = "".join(f"- the item with the number {number}\n" for number in range(40))
    short = ended(text, 30)
    assert text.startswith(short)
    assert short.rpartition("\n")[2] in text.split("\n")
    assert len(short) < len(text)
    announced = "".join(f"- this announces the following {number}:\n" for number in range(40))
    assert ended(announced, 30) == announced


@given(
    st.lists(
        st.sampled_from([*PROSE.split(" "), CODE, "\n", "\n\n", '{"a": 1.', "}", "- item\n", "`x.", "|", "。", "("])
    ),
    st.integers(1, 40),
    st.lists(st.integers(1, 90), min_size=1, max_size=5),
)
def test_what_is_left_is_a_beginning_with_nothing_open(parts: list[str], ceiling: int, sizes: list[int]) -> None:
    """Byte for byte the answer's own, however it is cut into pieces; never less than the ceiling; no open fence or
    bracket."""
    text = " ".join(parts)
    left = ended(text, ceiling, sizes)
    assert text.startswith(left)
    if left != text:
        assert words(left) >= ceiling - 64
        assert text[len(left) :].strip()
        assert sum(line.lstrip().startswith("```") for line in left.split("\n")) % 2 == 0


@given(st.text(alphabet="ab.! \n`{}[]()-|$*#~", max_size=400), st.integers(1, 9))
def test_any_text_is_only_ever_shortened(text: str, size: int) -> None:
    """Whatever comes, what is left is a beginning of it."""
    assert text.startswith(ended(text, 1, [size]))
