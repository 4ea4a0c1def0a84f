"""The reducer of search results."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.core.content import Content
from sparing.core.deadline import Deadline
from sparing.core.ladder import Ladder, Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.errors import DeadlineExceeded
from sparing.reducers.grep_hits import GrepHits
from sparing.reducers.grep_lines import parse_hits
from sparing.testing import check_reducer, sample_texts
from sparing.tokens.estimate import CharCounter

NAMES = ["billing", "cache", "login", "orders", "rates", "search"]
GREP = "".join(
    f"src/services/{name}/handlers.py:{10 + 7 * k}:{line}\n"
    for name in NAMES
    for k, line in enumerate(
        [
            "import quote",
            f"def quote_{name}(parcel):",
            f"    price = quote(parcel, zone={name!r})",
            "    log(quote)",
            f"    # {name} needs a quote before noon",
        ]
    )
)


def propose(text: str, question: str = "", pins: tuple[str, ...] = ()) -> Ladder:
    ladder = GrepHits().propose(text, Ask(CharCounter(), Question(question) if question else None, pins))
    assert not isinstance(ladder, Skip)
    return ladder


def ungrouped(text: str) -> str:
    """Hits under their path, with the path in front again."""
    path = ""
    lines = []
    for line in text.splitlines():
        if not re.match(r"\d+[:-]", line):
            path = "" if re.match(r"[^:]+:\d+:", line) else line
            lines += [] if path else [line]
        else:
            lines.append(f"{path}{re.match(r'[0-9]+([:-])', line)[1]}{line}")
    return "\n".join(lines) + "\n"


def test_keeps_the_contract():
    """Deterministic, never larger, lossless at the top, pins, deadline, hostile input."""
    check_reducer(GrepHits(), [*sample_texts()[Content.GREP], GREP], "Who quotes for orders?", verbatim=False)


def test_the_last_rung_names_every_path_once():
    """All hits, grouped; the path can be put back in front; a third of the tokens saved."""
    ladder = propose(GREP)
    last = ladder.render(len(ladder.tokens) - 1)
    assert all(last.text.count(f"src/services/{name}/handlers.py") == 1 for name in NAMES)
    assert ungrouped(last.text) == GREP
    assert last.elisions == ()
    assert CharCounter().count(last.text) < 0.67 * CharCounter().count(GREP)


def test_a_single_hit_keeps_its_line():
    """Nothing is gained by a heading over one line."""
    text = GREP + "README.md:3:how to quote\n"
    ladder = propose(text)
    assert ladder.render(len(ladder.tokens) - 1).text.endswith("\nREADME.md:3:how to quote\n")


def test_every_file_comes_before_the_second_hit_of_any():
    """Definitions first, one of each file, and the gaps say how many hits of how many files are left out."""
    text = propose(GREP).render(len(NAMES)).text
    assert all(f":17:def quote_{name}(parcel):" in text for name in NAMES)
    assert "[… 4 hits in 2 files]" in text


def test_what_the_question_names_comes_first():
    """A hit that fits the question is in the first rungs."""
    assert (
        "cache needs a quote before noon"
        in propose(GREP, "What has to be ready before noon in the cache?").render(2).text
    )


def test_pinned_hits_stay():
    """A pin keeps its line in every rung."""
    assert "zone='login'" in propose(GREP, pins=("zone='login'",)).render(0).text


def test_lines_beside_hits_are_told_apart():
    """Context lines belong to the file of their hit, even before its first."""
    text = "a/b-1.py-10-before\na/b-1.py:11:hit\na/b-1.py-12-after\n--\na/c.py:3:hit\na/c.py-4-after\n"
    hits = parse_hits(text, Deadline())
    assert hits is not None
    assert hits.files == [0, 0, 0, 1, 1]
    assert hits.beside == [True, False, True, False, True]
    assert [text[cut] for cut in hits.cuts] == ["1", "1", "1", "3", "4"]


def test_paths_as_headings_are_understood():
    """ripgrep's layout: a rung repeats the heading of a file that has a hit in it, the last one is the source."""
    text = "".join(
        f"src/{name}.py\n{k + 1}:def {name}_total(row):\n{k + 20}-    # beside\n{k + 40}:    call({name}, total, {k})\n\n"
        for k, name in enumerate(NAMES)
    )
    ladder = propose(text)
    assert ladder.render(len(ladder.tokens) - 1).text == text
    assert "src/billing.py\n1:def billing_total(row):\n" in ladder.render(1).text


def test_remarks_of_the_tool_stay():
    """A line that is no hit is kept: it tells how the search went."""
    text = GREP + "grep: private: Permission denied\n"
    assert "grep: private: Permission denied" in propose(text).render(0).text


@pytest.mark.parametrize(
    "text", ["", "no hits here\nnor there\n", "a.py:1:x\n", "12:00:01 started\n12:00:02 stopped\nx\ny\n"]
)
def test_other_texts_are_left_alone(text):
    """Not search results, or too few."""
    assert isinstance(GrepHits().propose(text, Ask(CharCounter())), Skip)


def test_gives_up_when_the_time_is_up():
    """An expired deadline is noticed."""
    with pytest.raises(DeadlineExceeded):
        GrepHits().propose(GREP, Ask(CharCounter(), deadline=Deadline(at_s=0.0)))


_LINES = st.sampled_from(
    [
        "a.py:1:x",
        "a.py:2:def f():",
        "b/c.py:10:call()",
        "b/c.py-11-beside",
        "--",
        "",
        "5:y",
        "C:\\d\\e.cs:7:z",
        "note",
        "a.py",
    ]
)


@given(st.lists(_LINES, max_size=40), st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=80, deadline=None)
def test_never_larger(lines, newline):
    """No rung has more tokens than the source, and the last shows every line's text."""
    text = newline.join(lines)
    ladder = GrepHits().propose(text, Ask(CharCounter()))
    if isinstance(ladder, Skip):
        return
    for rung in range(len(ladder.tokens)):
        assert CharCounter().count(ladder.render(rung).text) <= CharCounter().count(text)
    shown = ladder.render(len(ladder.tokens) - 1).text
    assert all(re.split(r":|py-", line)[-1] in shown for line in lines)


def test_a_hit_unlike_the_others_comes_early():
    """Among many calls that are alike, the one line that does something else is in the first rungs."""
    calls = "".join(
        f"src/m{k}.py:{k}:    budget = retry_budget('{chr(97 + k % 26) * 3}', limit={k})\n" for k in range(60)
    )
    odd = "src/m60.py:9:    retry_budget.disabled = True\n"
    assert odd.strip() in propose(calls + odd + calls, "Does anything turn retry_budget off?").render(2).text
