"""`sparing stats` and `sparing receipts`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running_cli import Cli

from sparing.core.receipt import Receipt, SpanReceipt
from sparing.record.store import ReceiptStore

JAN_1_S = 1_767_225_600.0  # 2026-01-01 00:00 UTC
DAY_S = 86_400.0


def receipt(number: int, **changes: object) -> Receipt:
    span = SpanReceipt("messages[0].content", "user", "prose", "prose.v1", 900, 200, 31, "sentences", "", "0" * 64)
    values: dict[str, object] = {
        "id": f"r{number}",
        "created_s": JAN_1_S + number * DAY_S,
        "wire": "openai.chat",
        "model": "gpt-4o",
        "mode": "on",
        "tokens_before": 1000,
        "tokens_after": 300,
        "exact": True,
        "reason": "",
        "spans": (span,),
        "step_ms": {"receive": 0.2, "reduce": 12.0},
        "status": 200,
        "usage_input_tokens": 310,
        "usage_output_tokens": 42,
        "total_ms": 2140.0,
        "first_byte_ms": 340.0,
    }
    return Receipt(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def recorded(home: Path) -> None:
    """Three days: two requests reduced, one refused by its upstream, one only audited."""
    with ReceiptStore(home / "receipts.sqlite") as store:
        store.add(
            [
                receipt(0),
                receipt(1, model="claude-x", exact=False),
                receipt(
                    1, id="r1b", spans=(), tokens_after=1000, reason="mode off", status=500, error="upstream broke"
                ),
                receipt(2, mode="audit"),
            ]
        )


def table(text: str) -> list[list[str]]:
    """Words of each line."""
    return [line.split() for line in text.splitlines() if line.strip()]


def test_totals_by_model(cli: Cli, recorded: None) -> None:
    """A row per model, the most saved first, and the sum of all."""
    rows = table(cli("stats").text)
    assert rows[0] == ["model", "requests", "tokens", "before", "after", "kept", "saved", "could", "save"]
    assert rows[2] == ["gpt-4o", "3", "3,000", "1,600", "53.3", "%", "700", "700"]
    assert rows[3] == ["claude-x", "1", "1,000", "300", "30.0", "%", "700", "0"]
    assert rows[-1] == ["total", "4", "4,000", "1,900", "47.5", "%", "1,400", "700"]


def test_what_audit_found_has_a_column_only_when_there_was_one(cli: Cli, recorded: None) -> None:
    """Without audits the table is narrower."""
    assert "could save" not in cli("stats", "--since", "2026-01-04").text
    with_audit = cli("stats", "--since", "2026-01-03").text
    assert "could save" in with_audit


def test_totals_by_day_and_reducer(cli: Cli, recorded: None) -> None:
    """Other ways to cut the same receipts."""
    assert [row[0] for row in table(cli("stats", "--by", "day").text)[2:5]] == [
        "2026-01-01",
        "2026-01-02",
        "2026-01-03",
    ]
    assert table(cli("stats", "--by", "reducer").text)[2][:3] == ["prose.v1", "3", "2,700"]


def test_totals_by_tenant_and_policy(cli: Cli, home: Path) -> None:
    """Whose requests they were, and under which policy they came; none is a row, too."""
    with ReceiptStore(home / "receipts.sqlite") as store:
        store.add([receipt(0, tenant="acme", policy="chat"), receipt(1, tenant="acme"), receipt(2, policy="chat")])
    rows = table(cli("stats", "--by", "tenant").text)
    assert [row[:2] for row in rows[2:4]] == [["acme", "2"], ["(none)", "1"]]
    assert table(cli("stats", "--by", "policy").text)[2][:2] == ["chat", "2"]
    assert cli("stats", "--by", "tenant", "--usd").code == 0


def test_totals_as_json(cli: Cli, recorded: None) -> None:
    """Sums and rows."""
    value = json.loads(cli("stats", "--json", "--since", "2026-01-02").out)
    assert (value["by"], value["total"]["requests"], value["total"]["saved_tokens"]) == ("model", 3, 700)
    assert {row["model"] for row in value["rows"]} == {"gpt-4o", "claude-x"}


def test_no_receipts_in_that_time_is_said(cli: Cli, recorded: None) -> None:
    """An empty table would be a riddle."""
    assert cli("stats", "--since", "2027-01-01").text.startswith("no receipts in that time in ")
    assert json.loads(cli("stats", "--since", "2027-01-01", "--json").out)["total"] is None


@pytest.mark.parametrize("name", ["stats", "receipts"])
def test_no_file_is_one_line(name: str, cli: Cli) -> None:
    """Before the first request."""
    outcome = cli(name)
    assert outcome.code == 1
    assert outcome.err.startswith("sparing: there are no receipts at ")


def test_receipts_are_listed_newest_first(cli: Cli, recorded: None) -> None:
    """With what came of each."""
    lines = cli("receipts").text.splitlines()[3:7]
    assert [line.split()[0] for line in lines] == ["r2", "r1b", "r1", "r0"]
    assert "200, audit, prose.v1" in lines[0]
    assert "500, upstream broke" in lines[1]
    assert "1,000 -> 300" in lines[3]


def test_the_number_of_receipts_can_be_chosen(cli: Cli, recorded: None) -> None:
    """Two of four."""
    assert len(json.loads(cli("receipts", "-n", "2", "--json").out)) == 2


def test_one_receipt_in_full(cli: Cli, recorded: None) -> None:
    """The facts, then a row per span."""
    text = cli("receipts", "r1").text
    assert "1,000 -> 300 (kept 30.0 %, estimated)" in text
    assert "status 200, 310 tokens in by the provider's count, 42 out, first byte 340 ms, all 2.1 s" in text
    assert "messages[0].content" in text
    assert "31 sentences" in text


def test_what_the_cache_did_is_told(cli: Cli, home: Path) -> None:
    """Breakpoints of ours, tokens read and written."""
    told = receipt(1, cache_marks=3, usage_cache_read_tokens=1200, usage_cache_writes=((300, 40), (3600, 5)))
    with ReceiptStore(home / "receipts.sqlite") as store:
        store.add([told])
    assert "3 breakpoints set, 1,200 tokens read, 45 written" in cli("receipts", "r1").text


@pytest.mark.parametrize(("turns", "said"), [(1, "1 extra turn,"), (2, "2 extra turns,")])
def test_what_was_recalled_is_told(cli: Cli, home: Path, turns: int, said: str) -> None:
    """Tokens given back, and how often the model was asked again."""
    with ReceiptStore(home / "receipts.sqlite") as store:
        store.add([receipt(0, recalled_tokens=1234, extra_turns=turns)])
    assert f"1,234 tokens recalled in {said}" in cli("receipts", "r0").text


def test_a_receipt_of_nothing_says_why(cli: Cli, recorded: None) -> None:
    """Reason and error."""
    text = cli("receipts", "r1b").text
    assert "mode off" in text
    assert "upstream broke" in text


def test_one_receipt_as_json(cli: Cli, recorded: None) -> None:
    """Every field, and what follows from them."""
    value = json.loads(cli("receipts", "r0", "--json").out)
    assert (value["id"], value["kept"], value["saved_tokens"]) == ("r0", 0.3, 700)
    assert value["spans"][0]["elided"] == 31


def test_an_unknown_receipt_is_refused(cli: Cli, recorded: None) -> None:
    """Exit code 2."""
    outcome = cli("receipts", "nope")
    assert (outcome.code, outcome.err) == (
        2,
        "sparing: there is no receipt nope (`sparing receipts` lists the newest)\n",
    )
