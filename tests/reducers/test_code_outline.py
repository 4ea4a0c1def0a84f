"""The outline of source code: what stays, what folds, and in which order it comes back."""

from __future__ import annotations

import ast

import pytest
from code_samples import PYTHON, SAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.core.deadline import Deadline
from sparing.core.ladder import Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.errors import DeadlineExceeded
from sparing.reducers.code_outline import CodeOutline
from sparing.testing.check_reducer import check_reducer
from sparing.tokens.estimate import CharCounter


def propose(text, question=None, name="", pins=(), deadline=None):
    asked = Question(question) if question else None
    return CodeOutline().propose(text, Ask(CharCounter(), asked, pins, deadline or Deadline(), name))


def skeleton(text, name="", question=None):
    ladder = propose(text, question, name)
    return ladder.render(ladder.skeleton).text


@pytest.mark.parametrize("name", SAMPLES)
def test_skeleton_keeps_names_and_folds_bodies(name):
    """Imports, constants, decorators, headers and fields are there; bodies are gone, and a comment says so."""
    text, kept, folded, _, _ = SAMPLES[name]
    outline = skeleton(text, name)
    for piece in kept:
        assert piece in outline
    for piece in folded:
        assert piece in text
        assert piece not in outline
    assert ("# … " if name.endswith(".py") else "// … ") in outline


@pytest.mark.parametrize("name", SAMPLES)
def test_asked_for_definition_comes_whole_before_any_other_body(name):
    """A name in the question brings its body at the rung of the skeleton, and no other one."""
    text, _, folded, asked, body = SAMPLES[name]
    outline = skeleton(text, name, f"What exactly does {asked} do?")
    assert body in outline
    assert sum(piece in outline for piece in folded) < len(folded)


@pytest.mark.parametrize("name", SAMPLES)
def test_language_is_told_without_a_file_name(name):
    """The same outline comes out when only the text is known."""
    text = SAMPLES[name][0]
    assert skeleton(text) == skeleton(text, name)


def test_reducer_keeps_the_contract():
    """Deterministic, never larger, lossless at the top, marked gaps, pins, deadline, hostile input."""
    check_reducer(CodeOutline(), [sample[0] for sample in SAMPLES.values()], "Where is the total of an order limited?")


def test_every_python_outline_from_the_skeleton_on_parses():
    """A folded body leaves a statement, a folded docstring its quotes."""
    ladder = propose(PYTHON, name="orders.py")
    for rung in range(ladder.skeleton, len(ladder.tokens)):
        ast.parse(ladder.render(rung).text)


def test_docstrings_come_after_the_skeleton_first_line_first():
    """The first line of a docstring is cheaper news than its rest."""
    ladder = propose(PYTHON, name="orders.py")
    assert "Sum of the prices." not in ladder.render(ladder.skeleton).text
    with_first_lines = next(r.text for r in renditions(ladder) if '"""Sum of the prices.' in r.text)
    assert "Prices are in cents" not in with_first_lines
    assert "        … 3 lines\n" in with_first_lines


def test_callees_come_before_strangers():
    """What the asked-for definition calls is let in before what it does not."""
    texts = [r.text for r in renditions(propose(PYTHON, "What does fetch_order return?", "orders.py"))]
    callee = next(i for i, text in enumerate(texts) if "if order.total > LIMIT:" in text)
    stranger = next(i for i, text in enumerate(texts) if "unique = set(words)" in text)
    assert callee < stranger


def test_relevance_finds_words_inside_identifiers():
    """``words`` in the question finds ``count_words``, though it is nowhere a word of its own."""
    ladder = propose(PYTHON, "Who counts all the words?", "orders.py")
    first = next(r.text for r in renditions(ladder) if "unique = set(words)" in r.text)
    assert "result += line.price" not in first


def test_a_class_is_not_whole_when_its_method_is_asked_for():
    """`Order.total` asks for the method, not for everything in the class."""
    text = PYTHON.replace(
        "        return self.number\n", "        return self.number" + " + 0 * self.number" * 6 + "\n"
    )
    outline = skeleton(text, "orders.py", "How does Order.total add up?")
    assert "result += line.price" in outline
    assert "0 * self.number" not in outline


def test_inner_functions_of_a_long_body_have_headers_of_their_own():
    """A factory of many lines shows what it makes."""
    inner = "    def inner_{0}(value):\n        first = value + {0}\n        second = first * first\n        return second - 7 * value\n\n"
    text = "def factory():\n" + "".join(inner.format(i) for i in range(30)) + "    return inner_3\n"
    outline = skeleton(text, "factory.py")
    assert "    def inner_17(value):\n        ...  # … 3 lines\n" in outline


def test_tests_in_callbacks_are_outlined():
    """Statements inside `describe` keep their first and last line."""
    case = "  it('does {0}', async () => {{\n    const result = await run({0}, {{ deep: true, wide: false }});\n    expect(result.value).toEqual({0});\n    expect(result.text).toContain('finished {0} without errors');\n    expect(result.list.length).toBeGreaterThan(10);\n  }});\n"
    text = "describe('run', () => {\n" + "".join(case.format(i) for i in range(8)) + "});\n"
    outline = skeleton(text, "run.test.js")
    assert "  it('does 5', async () => {\n    // … 4 lines\n  });\n" in outline


def test_code_after_a_syntax_error_is_still_outlined():
    """A broken definition does not hide the others."""
    text = "def broken(:\n    x = = 3\n\n\n" + PYTHON
    outline = skeleton(text, "orders.py")
    assert "def broken(:" in outline
    assert "def check_limit(order):" in outline
    assert "result += line.price" not in outline


def test_row_numbers_of_a_file_viewer_are_kept_and_do_not_disturb():
    """What an agent's read tool returns is outlined like the file itself."""
    numbered = "".join(f"{i:>6}→{line}\n" for i, line in enumerate(PYTHON.splitlines(), 1))
    outline = skeleton(numbered, "orders.py")
    assert "→async def fetch_order(\n" in outline
    assert "json.loads" not in outline
    assert "\n    ...  # … 5 lines\n" in outline


@pytest.mark.parametrize("language", ["ruby", "csharp", "shell"])
def test_languages_without_a_grammar_are_outlined_by_indentation(language):
    """Definitions are told by their first words, bodies by indentation."""
    text, kept, folded = {
        "ruby": (
            "class Order\n  def total(lines)\n    sum = 0\n    lines.each { |line| sum += line.price * line.count }\n    sum + shipping_for(lines)\n  end\n\n"
            '  def to_s\n    "order"\n  end\nend\n' + "# padding\n" * 20,
            ["class Order\n  def total(lines)\n", "\n  end\n", "def to_s"],
            "lines.each",
        ),
        "csharp": (
            "namespace Shop\n{\n    public class Cart\n    {\n        public async Task<int> Total(List<Line> lines)\n        {\n"
            "            var sum = lines.Select(line => line.Price * line.Count).Sum();\n            await Log(sum);\n            return sum;\n        }\n    }\n}\n"
            + "// padding\n"
            * 20,
            ["public class Cart", "        public async Task<int> Total(List<Line> lines)\n        {\n", "        }\n"],
            "lines.Select",
        ),
        "shell": (
            'set -e\nfunction backup {\n  tar -czf "$1.tar.gz" "$1" --exclude cache --exclude tmp\n  echo "saved $1 at $(date) to $(hostname)"\n  rm -rf "$1.old" "$1.tmp"\n}\n'
            + "backup /srv\n" * 20,
            ["set -e\nfunction backup {\n", "}\nbackup /srv\n"],
            "tar -czf",
        ),
    }[language]
    outline = skeleton(text)
    for piece in kept:
        assert piece in outline
    assert folded not in outline


def test_code_without_definitions_is_cut_by_question():
    """Blocks of lines that have to do with the question stay."""
    blocks = [
        f"value_{i} = compute({i})\nprint('step number {i} done', value_{i})\nsave_to_disk('step', {i}, value_{i})\ncheck('step', {i})\n"
        for i in range(20)
    ]
    blocks[13] = blocks[13].replace("print", "open_invoice")
    text = "\n".join(blocks)
    ladder = propose(text, "Where is the open_invoice written?")
    assert "open_invoice" in ladder.render(1).text
    assert "value_4" not in ladder.render(1).text


def test_nothing_to_gain_is_a_skip_with_a_reason():
    """Short code, and code without definitions when nobody asks, is left alone."""
    assert isinstance(propose("x = 1\n"), Skip)
    assert "no question" in propose("run(1)\n" * 100).reason


def test_worth_and_tokens_grow_with_every_rung():
    """The estimate of each rung is close to what its text really costs."""
    ladder = propose(PYTHON, name="orders.py")
    counter = CharCounter()
    for rung, rendition in enumerate(renditions(ladder)):
        assert abs(ladder.tokens[rung] - counter.count(rendition.text)) <= 0.15 * counter.count(PYTHON)
    assert list(ladder.tokens) == sorted(ladder.tokens)


def test_pins_stay_with_the_headers_above_them():
    """A pinned line is in every rung, under its function and class."""
    ladder = propose(PYTHON, name="orders.py", pins=("result += line.price",))
    first = ladder.render(0).text
    assert "result += line.price" in first
    assert "def total(self) -> int:" in first
    assert "class Order:" in first


def test_parsing_stops_when_the_time_is_up():
    """A parse in progress is given up, not finished."""
    with pytest.raises(DeadlineExceeded):
        propose(PYTHON * 300, name="orders.py", deadline=Deadline.after(0.01))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from([*(s[0] for s in SAMPLES.values()), "}\n", "def f(:\n", "\u2028é\n", "\t\t", "'''", "/*"]),
        max_size=4,
    )
)
def test_every_kept_line_is_a_line_of_the_source(pieces):
    """Whatever is mixed together, lines are kept whole, in order, or counted in a gap."""
    text = "".join(pieces)
    ladder = propose(text, name="mixed.py")
    if isinstance(ladder, Skip):
        return
    for rung in range(0, len(ladder.tokens), 1 + len(ladder.tokens) // 5):
        rendition = ladder.render(rung)
        at = 0
        kept = 0
        for elision in (*rendition.elisions, None):
            piece = text[at : elision.start if elision else len(text)]
            assert piece in rendition.text
            kept += piece.count("\n")
            if elision:
                kept += elision.num_units
                at = elision.end
        assert abs(kept - text.count("\n")) <= 1
        assert len(rendition.text) <= len(text)


def renditions(ladder):
    return [ladder.render(rung) for rung in range(len(ladder.tokens))]
