"""HTML becomes the text that a reader sees, then the blocks of it that matter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.core.deadline import Deadline
from sparing.core.ladder import Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.errors import DeadlineExceeded
from sparing.reducers.html import Html
from sparing.reducers.html_text import visible_blocks
from sparing.testing.samples import html
from sparing.tokens.estimate import CharCounter


def shown(source: str) -> str:
    return "".join(block.text for block in visible_blocks(source, lambda: None))


def ladder(source: str, question: str = "", pins: tuple[str, ...] = ()):
    offer = Html().propose(source, Ask(CharCounter(), Question(question) if question else None, pins))
    assert not isinstance(offer, Skip), offer
    return offer


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>one</p><p>two</p>", "one\ntwo\n"),
        ("<p>a <b>bold</b>, <i>x</i>y</p>", "a bold, xy\n"),
        ("<h2>Title</h2>text", "## Title\ntext\n"),
        ("<ul><li>one<li>two</ul>", "- one\n- two\n"),
        ("<table><tr><th>a<th>b</tr><tr><td>1</td><td><p>2</p></td></tr></table>", "a | b\n1 | 2\n"),
        ("x<br>y", "x\ny\n"),
        ("a &amp; b &lt;c&gt; &nbsp; &euro;5 &#233;", "a & b <c> €5 é\n"),
        ('<p title="5 > 4">kept</p>', "kept\n"),
        ('<a href="/x?a=1&b=2">a link</a> here', "a link here\n"),
        ('<img src="m.png" alt="A map"> end', "[A map] end\n"),
        ("<pre>a  b\n  c\n</pre>", "a  b\n  c\n"),
        ("<pre><code>if x:\n    y()</code></pre>", "if x:\n    y()\n"),
        ("<script>var a = '<p>no</p>';</script>yes", "yes\n"),
        ("<STYLE>p{}</STYLE>yes", "yes\n"),
        ("<!-- <p>no</p> -->yes", "yes\n"),
        ("<!DOCTYPE html><?xml version='1.0'?>yes", "yes\n"),
        ("<svg><text>no</text></svg>yes", "yes\n"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2\n"),
        ("<p>open <b>tags", "open tags\n"),
        ("<script>never closed", ""),
        ("cut <a href='never closed", "cut <a href='never closed\n"),
        ('<p class="unclosed>one</p>two', "one\ntwo\n"),
        ('<input type="submit" value="Send"><input type="hidden" value="no">', "Send\n"),
        ("<nav><a>Home</a></nav>text", "Home\ntext\n"),
    ],
)
def test_what_a_reader_sees(source, text):
    """Markup goes; text, its breaks and its structure stay."""
    assert shown(source) == text


def test_blocks_know_their_place():
    """Each block starts in the source where its first character is."""
    source = html()
    for block in visible_blocks(source, lambda: None):
        first = block.text.lstrip("#- [")[:6].split()[0]
        assert source[block.start :].lstrip(" ").startswith((first, "<", " ["))


def test_long_paragraphs_are_cut_at_sentences():
    """A paragraph longer than a screenful is several blocks, each ending with a sentence."""
    blocks = visible_blocks("<p>" + "This is one sentence of it. " * 40 + "</p>", lambda: None)
    assert len(blocks) > 3
    assert all(block.text.rstrip().endswith(".") for block in blocks)


def test_last_rung_is_all_visible_text():
    """The last rung leaves out nothing that is seen, and markup makes it much shorter."""
    offer = ladder(html())
    last = offer.render(len(offer.tokens) - 1)
    assert last.text == shown(html())
    assert not last.elisions
    assert len(last.text) < 0.5 * len(html())


def test_blocks_that_are_asked_for_come_first():
    """The sentence that answers, its heading and the table row are among the first blocks."""
    text = ladder(html(), "How often does the tram to Hanoi run?").render(4).text
    assert "The tram to Hanoi runs every 7 minutes" in text
    assert "## Hanoi" in text


def test_navigation_goes_first():
    """Without a question, links to elsewhere and the footer are the first to go."""
    offer = ladder(html())
    text = offer.render(len(offer.tokens) - 6).text
    assert "Log in" not in text
    assert "runs every 4 minutes" in text


def test_pins_stay():
    """A pinned word is in every rung; one that is only in the markup is a reason to leave the page alone."""
    offer = ladder(html(), pins=("trams@example.org",))
    assert all("trams@example.org" in offer.render(rung).text for rung in range(len(offer.tokens)))
    assert isinstance(Html().propose(html(), Ask(CharCounter(), pins=("/stops/oslo",))), Skip)


@pytest.mark.parametrize("text", ["", "no markup at all", "<script>only()</script>", "<<<<<<"])
def test_pages_without_anything_to_drop_are_skipped(text):
    """No text, or no markup: left alone, with a reason."""
    offer = Html().propose(text, Ask(CharCounter()))
    assert isinstance(offer, Skip)
    assert offer.reason


def test_deadline():
    """An expired deadline ends the work."""
    with pytest.raises(DeadlineExceeded):
        Html().propose(html(), Ask(CharCounter(), deadline=Deadline(0.0)))


SOUP = "<p>|</p>|<a href='x'>|</a>|<td>|<tr>|<li>|<!--|-->|<script>|</script>|<pre>|</pre>|<h1>|<nav>|</nav>|<b|\"|'|>|<|&amp;"
tags = st.sampled_from([*SOUP.split("|"), "&#x41;", "&bogus", " ", "\n", "word", "Sätze. Und "])


@settings(max_examples=100, deadline=None)
@given(st.lists(tags, max_size=60).map("".join))
def test_any_soup_of_tags(source):
    """Broken markup never breaks the reader, and blocks stay in order."""
    blocks = visible_blocks(source, lambda: None)
    starts = [block.start for block in blocks]
    assert starts == sorted(set(starts))
    assert all(0 <= start < len(source) for start in starts)
    assert all(block.text.strip() and 0 <= block.linked <= 1 for block in blocks)
