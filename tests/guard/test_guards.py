"""What the guards refuse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sparing.core.content import Content
from sparing.core.ladder import Elision, Rendition
from sparing.core.question import Question
from sparing.core.span import Kind, Prompt, Span
from sparing.core.verdict import Change
from sparing.guard.error_lines import ErrorLines
from sparing.guard.must_keep import MustKeep, named_in
from sparing.guard.never_larger import NeverLarger
from sparing.guard.structure import Structure, same_shape


def change(source: str, text: str, question: str = "", content: Content = Content.PROSE, after: int = 1) -> Change:
    span = Span("messages[0].content", Kind.TOOL_RESULT, source, (0, 1))
    asked = Question(question) if question else None
    return Change(span, content, Rendition(text, after, 1.0, "lines", (Elision(0, 1, 1),), "x.v1"), 10, after, asked)


def test_pinned_text_stays() -> None:
    """A rendition that drops one of two occurrences of a pin is refused, and the pin is what it needs."""
    objections = MustKeep().judge([change("call 112\nthen\ncall 112", "call 112\n…")], ("call 112",))
    assert objections[0].needs == ("call 112",)
    assert MustKeep().judge([change("call 112\nthen", "call 112\n…")], ("call 112",)) == []


def test_what_the_question_names_stays() -> None:
    """An identifier named in the question that was there may not be gone."""
    source = "ORD-1007 paid\nORD-1008 open"
    objections = MustKeep().judge([change(source, "ORD-1008 open", "What is the state of ORD-1007?")], ())
    assert objections[0].needs == ("ORD-1007",)
    assert MustKeep().judge([change(source, "ORD-1007 paid", "What is the state of ORD-1007?")], ()) == []
    assert MustKeep().judge([change(source, "ORD-1008 open", "What of ORD-9999?")], ()) == []


def test_a_rendition_that_leaves_nothing_out_keeps_every_name() -> None:
    """A reference to a text that was sent holds what the question names; a pin has to stand here, to the letter."""
    whole = change("ORD-1007 paid", "[all as in messages[1]]", "What is the state of ORD-1007?")
    whole = replace(whole, rendition=replace(whole.rendition, elisions=()))
    assert MustKeep().judge([whole], ()) == []
    assert MustKeep().judge([whole], ("ORD-1007",))


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Why did blk_-6952295868487656571 fail on 10.251.73.220?", ["blk_-6952295868487656571", "10.251.73.220"]),
        ("what does parseHeader in src/http/parse.py do?", ["parseHeader", "src/http/parse.py"]),
        ('who said "not in my name" in 1999', ["not in my name", "1999"]),
        ("mail to ann@example.org", ["ann@example.org"]),
        ("How many sharks are there?", []),
    ],
)
def test_names_in_a_question(question: str, names: list[str]) -> None:
    """Numbers, identifiers, paths, addresses and quotations are names; ordinary words are not."""
    assert named_in(question) == names


def test_json_has_to_parse() -> None:
    """JSON that no longer parses is refused, unless nobody parses it; what never was JSON is not judged as such."""
    broken = change('[{"a": 1}, {"a": 2}]', '[{"a": 1}, …]', content=Content.JSON_ROWS)
    assert Structure().judge([broken], ())[0].why == "the JSON would no longer parse"
    lines = change('{"a": 1}\n{"a": 2}', '{"a": 1}\n…', content=Content.JSON_ROWS)
    assert Structure().judge([lines], ()) == []
    assert Structure().judge([replace(broken, text_form=True)], ()) == []


def test_nothing_left_is_refused() -> None:
    """An empty text would be an invalid message."""
    assert Structure().judge([change("something", "  ")], ())


def test_larger_is_refused() -> None:
    """More tokens than before is refused."""
    assert NeverLarger().judge([change("a", "b", after=11)], ())
    assert NeverLarger().judge([change("a", "b", after=10)], ()) == []


def test_shape() -> None:
    """A changed role, pair or uneditable text is another shape; an edited text is not."""
    call = Span("m[0].a", Kind.TOOL_CALL, "{}", None, pair="c1")
    result = Span("m[1].content", Kind.TOOL_RESULT, "long", (3, 9), pair="c1")
    before = Prompt("openai.chat", "", (call, result))

    def after(*spans: Span) -> Prompt:
        return Prompt("openai.chat", "", spans)

    assert same_shape(before, after(call, Span("m[1].content", Kind.TOOL_RESULT, "l", (3, 6), pair="c1")))
    assert not same_shape(before, after(call, Span("m[1].content", Kind.TOOL_RESULT, "l", (3, 6), pair="c2")))
    assert not same_shape(before, after(Span("m[0].a", Kind.TOOL_CALL, "{1}", None, pair="c1"), result))
    assert not same_shape(before, after(result))


def test_the_last_error_line_stays() -> None:
    """A level that was there may not be gone altogether; one of many may, and prose is not judged by it."""
    source = "INFO start\nFATAL disk gone\nERROR a\nERROR b\nINFO end"
    gone = change(source, "INFO start\n…\nERROR b\n…", content=Content.LOG)
    assert ErrorLines().judge([gone], ())[0].needs == ("FATAL",)
    assert ErrorLines().judge([change(source, "FATAL disk gone\nERROR b", content=Content.LOG)], ()) == []
    assert ErrorLines().judge([change(source, "INFO", content=Content.PROSE)], ()) == []
