"""The reducer of logs."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.core.content import Content
from sparing.core.deadline import Deadline
from sparing.core.ladder import Ladder, Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.errors import DeadlineExceeded
from sparing.reducers.log_lines import LogLadder, LogLines
from sparing.reducers.log_restore import restore
from sparing.testing import check_reducer, sample_texts
from sparing.tokens.estimate import CharCounter
from sparing.tokens.models import counter_for


def service_log(size: int = 400) -> str:
    """Requests, exports, warnings, failed logins, and three lines that occur once."""
    rng = random.Random(4)
    lines = []
    for k in range(size):
        stamp = f"2024-05-06 10:{k // 60:02d}:{k % 60:02d},{rng.randrange(1000):03d}"
        if k == 210:
            lines.append(f"{stamp} ERROR [main] c.a.Billing: payment pay_88213 declined: insufficient funds")
        elif k == 300:
            lines.append(f"{stamp} INFO [main] c.a.Cache: warm-up of the cache finished after 8.2 s")
        elif k % 9 == 4:
            lines.append(
                f"{stamp} WARN [auth] c.a.Login: authentication failure for {rng.choice('abcdef')}{k} from 10.0.0.{k % 7}"
            )
        elif k % 9 == 6:
            tenant = "zebra" if k == 159 else rng.choice(["lion", "tiger", "bear", "wolf", "seal", "crow"])
            lines.append(f"{stamp} INFO [pool-{k % 4}] c.a.Export: export finished tenant={tenant} duration={k * 31}ms")
        else:
            lines.append(f"{stamp} INFO [pool-{k % 4}] c.a.Http: GET /orders/{5000 + k} 200 in {k % 17 + 3} ms")
    return "\n".join(lines) + "\n"


LOG = service_log()
LINES = LOG.splitlines()


def propose(text: str, question: str = "", pins: tuple[str, ...] = ()) -> Ladder:
    ladder = LogLines().propose(text, Ask(counter_for("gpt-4o"), Question(question) if question else None, pins))
    assert not isinstance(ladder, Skip)
    return ladder


def test_keeps_the_contract():
    """Deterministic, never larger, lossless at the top, pins, deadline, hostile input."""
    check_reducer(LogLines(), [*sample_texts()[Content.LOG], LOG], "Which payment was declined?", verbatim=False)


def test_the_shortest_rung_shows_every_kind_and_every_error():
    """One line of each kind as it stood, every failure at least as a row, a tenth of the tokens."""
    ladder = propose(LOG)
    text = ladder.render(0).text
    shown = restore(text)
    assert LINES[210] in text.splitlines()
    assert LINES[300] in text.splitlines()
    assert [line for line in LINES if "failure" in line or "ERROR" in line] == [
        line for line in shown if "failure" in line or "ERROR" in line
    ]
    assert counter_for("gpt-4o").count(text) < 0.2 * counter_for("gpt-4o").count(LOG)


def test_the_last_rung_is_the_whole_log():
    """Every line can be read off the last rung, in order, at less than half the tokens."""
    ladder = propose(LOG)
    last = ladder.render(len(ladder.tokens) - 1)
    assert restore(last.text) == LINES
    assert last.elisions == ()
    assert ladder.tokens[-1] == counter_for("gpt-4o").count(last.text) < 0.5 * counter_for("gpt-4o").count(LOG)


def test_every_rung_shows_what_it_does_not_say_to_leave_out():
    """The lines outside the elisions are the lines that can be read off the text."""
    ladder = propose(LOG, "How long did the export for tenant zebra take?")
    for rung in range(0, len(ladder.tokens), 25):
        rendition = ladder.render(rung)
        kept, at = "", 0
        for elision in rendition.elisions:
            kept += LOG[at : elision.start]
            at = elision.end
        assert restore(rendition.text) == (kept + LOG[at:]).splitlines()


def test_rungs_cost_about_what_they_say():
    """The estimate of a rung is within a twentieth of its count."""
    ladder = propose(LOG)
    for rung in range(0, len(ladder.tokens), 40):
        assert ladder.tokens[rung] == pytest.approx(counter_for("gpt-4o").count(ladder.render(rung).text), rel=0.05)


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("How long did the export for tenant zebra take?", 159),
        ("What was the status of /orders/5122?", 122),
        ("Which requests were served at 10:02:05?", 125),
    ],
)
def test_an_ordinary_line_that_is_asked_for_stays(question, line):
    """By name or by id, as it stood, within the first dozen rungs."""
    assert LINES[line] in propose(LOG, question).render(12).text.splitlines()


def test_pinned_lines_stay_as_they_stood():
    """A pin keeps its line out of the rows."""
    assert LINES[17] in propose(LOG, pins=("/orders/5017 ",)).render(0).text.splitlines()


def test_free_text_is_left_out_line_by_line():
    """Where every line is a kind of its own, no rung is bound to them; errors and the first line come first."""
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(800)]
    lines = [" ".join(rng.choices(words, k=12)) for _ in range(200)]
    lines[77] = "and then something failed badly, nobody knows what it was or why"
    text = "\n".join(lines)
    ladder = propose(text)
    assert ladder.tokens[0] < ladder.tokens[-1] / 10
    assert lines[77] in ladder.render(1).text
    assert ladder.render(len(ladder.tokens) - 1).text == text
    assert "[… " in ladder.render(1).text


def test_few_lines_are_no_log():
    """There is nothing to fold in a handful of lines."""
    assert isinstance(LogLines().propose("a 1\na 2\n", Ask(CharCounter())), Skip)


def test_lines_that_look_like_rows_are_not_put_in_forms():
    """A log that could be mistaken for its own short form is only left out line by line."""
    text = LOG + "A,10:00:01 looks like a row of form A but is a line of the log\n"
    ladder = propose(text)
    assert not isinstance(ladder, LogLadder)
    assert ladder.render(len(ladder.tokens) - 1).text == text


def test_gives_up_when_the_time_is_up():
    """An expired deadline is noticed."""
    with pytest.raises(DeadlineExceeded):
        LogLines().propose(LOG, Ask(CharCounter(), deadline=Deadline(at_s=0.0)))


@given(st.lists(st.sampled_from(["get 1", "get 2", "put x", "", "  at a.b(c:3)", "error: 5", "A,1"]), max_size=40))
@settings(max_examples=60, deadline=None)
def test_never_larger(lines):
    """No rung has more tokens than the source, whatever the lines."""
    text = "\n".join(lines)
    ladder = LogLines().propose(text, Ask(CharCounter()))
    if not isinstance(ladder, Skip):
        for rung in range(len(ladder.tokens)):
            assert CharCounter().count(ladder.render(rung).text) <= CharCounter().count(text)
