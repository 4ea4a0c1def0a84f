"""`sparing stats --usd`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running_cli import Cli

from sparing.core.receipt import Receipt
from sparing.record.store import ReceiptStore


def receipt(number: int, **changes: object) -> Receipt:
    """10,000 tokens came, 6,000 went out to gpt-4o and were billed, half of them read from the cache."""
    values: dict[str, object] = {
        "id": f"r{number:05}",
        "created_s": 1_767_225_600.0 + number,
        "wire": "openai.chat",
        "model": "gpt-4o",
        "mode": "on",
        "tokens_before": 10_000,
        "tokens_after": 6_000,
        "exact": True,
        "reason": "",
        "spans": (),
        "step_ms": {},
        "status": 200,
        "provider": "openai",
        "usage_input_tokens": 6_000,
        "usage_output_tokens": 100,
        "usage_cache_read_tokens": 3_000,
    }
    return Receipt(**{**values, **changes})  # type: ignore[arg-type]


def record(home: Path, *receipts: Receipt) -> None:
    with ReceiptStore(home / "receipts.sqlite") as store:
        store.add(receipts)


@pytest.fixture
def recorded(home: Path) -> None:
    """A hundred that can be priced, and some that cannot."""
    record(
        home,
        *(receipt(number) for number in range(100)),
        *(receipt(number, mode="audit", usage_input_tokens=10_000) for number in range(100, 130)),
        receipt(130, model="acme-7", provider=""),
        receipt(131, usage_input_tokens=-1),
        receipt(132, model="claude-opus-5-5", provider="anthropic", recalled_tokens=9, extra_turns=1),
    )


def test_money_by_model(cli: Cli, recorded: None) -> None:
    """Paid, without Sparing, saved and possible; a row below the floor shows no money."""
    text = cli("stats", "--usd").text
    rows = [line.split() for line in text.splitlines() if line.strip()]
    assert rows[0] == ["model", "requests", "priced", "paid", "without", "Sparing", "saved", "could", "save"]
    # 6,000 tokens at 2.50 USD a million, half of them at 1.25, and 100 out at 10: 0.01225 a request; audits 0.02225.
    assert rows[2] == ["gpt-4o", "131", "130", "$1.89", "$2.64", "$0.7500", "$0.2550"]
    assert rows[3] == ["acme-7", "1", "0", "-", "-", "-", "-"]
    assert rows[4] == ["claude-opus-5-5", "1", "1", "-", "-", "-", "-"]
    assert "% of the bill (95 % interval $" in text
    assert "An estimate at list prices" in text
    assert "Debited: 9 tokens recalled in 1 extra turns" in text
    assert "1 without a price (acme-7)" in text
    assert "1 whose provider did not say what it billed, or what of it came from its cache" in text


def test_what_our_breakpoints_brought_is_told_apart(cli: Cli, home: Path) -> None:
    """As a part of what was saved."""
    claude = {"model": "claude-sonnet-4-5", "provider": "anthropic", "cache_marks": 2}
    record(home, *(receipt(number, **claude) for number in range(20)))
    assert "Of it by cache breakpoints that Sparing set: $0.1620." in cli("stats", "--usd").text
    assert json.loads(cli("stats", "--usd", "--json").out)["total"]["by_marks_usd"] == pytest.approx(0.162)


def test_money_as_json(cli: Cli, recorded: None) -> None:
    """The same with every digit, and nothing where the table has a dash."""
    value = json.loads(cli("stats", "--usd", "--json", "--by", "mode").out)
    assert value["total"]["requests"] == 133
    assert value["total"]["saved_low_usd"] <= value["total"]["saved_usd"] <= value["total"]["saved_high_usd"]
    assert value["models_without_price"] == ["acme-7"]
    by_mode = {row["mode"]: row for row in value["rows"]}
    assert by_mode["audit"]["saved_usd"] is None
    assert by_mode["audit"]["possible_usd"] == pytest.approx(30 * 4_000 * (0.3 * 1.25e-6 + 0.7 * 2.5e-6))
    assert by_mode["on"]["possible_usd"] is None


def test_too_few_requests_show_no_money(cli: Cli, home: Path) -> None:
    """Nineteen: counts, and why there is no more."""
    record(home, *(receipt(number) for number in range(19)))
    text = cli("stats", "--usd").text
    assert "$" not in text
    assert "fewer than 20 priced requests" in text
    value = json.loads(cli("stats", "--usd", "--json").out)
    assert (value["total"]["priced"], value["total"]["paid_usd"], value["total"]["saved_usd"]) == (19, None, None)


def test_own_prices_win(cli: Cli, recorded: None, tmp_path: Path) -> None:
    """Rows of a file named in the settings; a model that had no price has one."""
    prices = tmp_path / "own.toml"
    prices.write_text('[acme]\nas_of = 2026-01-01\nrows = [{ models = ["acme-*"], input_usd = 1, output_usd = 1 }]\n')
    (Path.cwd() / "sparing.toml").write_text(f'[policy]\nprices_file = "{prices}"\n')
    assert json.loads(cli("stats", "--usd", "--json").out)["models_without_price"] == []


def test_money_is_not_cut_by_reducer(cli: Cli, recorded: None) -> None:
    """A request is billed as a whole."""
    outcome = cli("stats", "--usd", "--by", "reducer")
    assert outcome.code == 2
    assert "money is per request" in outcome.err


def test_no_receipts_is_said(cli: Cli, recorded: None) -> None:
    """As without --usd."""
    assert cli("stats", "--usd", "--since", "2027-01-01").text.startswith("no receipts in that time in ")
    assert json.loads(cli("stats", "--usd", "--since", "2027-01-01", "--json").out)["total"] is None


def test_days_come_in_their_order(cli: Cli, home: Path) -> None:
    """By day the rows are in order of time, whatever they cost."""
    record(home, *(receipt(number, created_s=86_400.0 * number) for number in range(3)))
    value = json.loads(cli("stats", "--usd", "--json", "--by", "day").out)
    assert [row["day"] for row in value["rows"]] == ["1970-01-01", "1970-01-02", "1970-01-03"]
