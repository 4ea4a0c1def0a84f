"""What is printed."""

from __future__ import annotations

import json

import pytest
from reduced_sample import batch, reduced

from sparing.cli.output import batch_dict, counted, harmless, percent, receipt_line, seconds, write


def test_the_receipt_is_one_line() -> None:
    """Tokens before and after, the share kept, who did it, how long it took."""
    assert receipt_line(batch(reduced(12345, 2310))) == "12,345 -> 2,310 tokens (kept 18.7 %), prose.v1, 34 ms"


def test_estimates_are_marked() -> None:
    """A count without a public vocabulary carries a tilde."""
    assert receipt_line(batch(reduced(exact=False))).startswith("~1,000 -> ~250 tokens")


def test_a_no_op_says_why() -> None:
    """The reason takes the place of the share."""
    line = receipt_line(batch(reduced(10, 10, reason="only 10 tokens", elided=())))
    assert line == "10 -> 10 tokens (nothing reduced: only 10 tokens), 34 ms"


def test_one_thing_is_counted_as_one() -> None:
    """And none, as several, as many."""
    assert [counted(n, "passage") for n in (0, 1, 2_400)] == ["0 passages", "1 passage", "2,400 passages"]


def test_what_a_guard_or_a_budget_forced_is_said() -> None:
    """A reason beside a reduction follows the line."""
    assert receipt_line(batch(reduced(reason="the budget is low"))).endswith(", prose.v1, 34 ms; the budget is low")


def test_several_texts_share_a_line() -> None:
    """Totals, and every reducer that had a part."""
    items = [reduced(), reduced(500, 500, reducer="", reason="only 9 tokens"), reduced(100, 50, reducer="log_lines.v1")]
    assert receipt_line(batch(*items)) == "3 texts, 1,600 -> 800 tokens (kept 50.0 %), prose.v1 + log_lines.v1, 34 ms"


@pytest.mark.parametrize(("share", "words"), [(0.0, "0.0 %"), (0.18712, "18.7 %"), (1.0, "100 %")])
def test_shares_are_percent(share: float, words: str) -> None:
    """One decimal is enough."""
    assert percent(share) == words


@pytest.mark.parametrize(("ms", "words"), [(0.4, "0 ms"), (34.2, "34 ms"), (2140.0, "2.1 s")])
def test_times_are_read_at_a_glance(ms: float, words: str) -> None:
    """Milliseconds below a second."""
    assert seconds(ms) == words


def test_one_result_as_json_has_the_promised_fields() -> None:
    """text, tokens_before, tokens_after, kept, elisions, ms and what explains them."""
    value = json.loads(json.dumps(batch_dict(batch(reduced()))))
    expected = {"text": "short", "tokens_before": 1000, "tokens_after": 250, "kept": 0.25, "ms": 34.2}
    assert expected.items() <= value.items()
    assert value["elisions"] == [{"start": 3, "end": 9, "num_units": 2}]


def test_several_results_as_json_have_totals() -> None:
    """One object per text, and the sums."""
    value = batch_dict(batch(reduced(name="a"), reduced(name="b")))
    assert [item["name"] for item in value["items"]] == ["a", "b"]
    assert (value["tokens_before"], value["tokens_after"], value["kept"]) == (2000, 500, 0.25)


def test_text_is_written_byte_for_byte(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """No newline is translated, and a file name that is not UTF-8 survives."""
    write("a\r\nü\udcff\n")
    assert capfdbinary.readouterr().out == b"a\r\n\xc3\xbc\xff\n"


def test_a_model_does_not_drive_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Escape sequences are dropped on a terminal, and kept for a pipe, which is not one."""
    answer = "\x1b]0;title\x07red\tgrün\n"
    assert harmless(answer) == answer
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert harmless(answer) == "]0;titlered\tgrün\n"
