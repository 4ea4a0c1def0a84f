"""What docs/retrieval.md says of stores and of who may read them."""

from __future__ import annotations

import re
import tomllib
from itertools import combinations
from pathlib import Path

import pytest

from sparing.core.passage import Rights, readable
from sparing.retrieve.store import DEFAULT, posting, schema
from sparing.settings import load_settings
from sparing.settings.retrieval import RetrievalSettings, StoreSettings

TEXT = (Path(__file__).parents[2] / "docs" / "retrieval.md").read_text()
HELD = ("tenant:acme", "group:legal", "user:ann")


def readers(labels: set[str], *, labelled: bool = True) -> list[set[str]]:
    """All sets of labels whose holder may read such a document."""
    holders = [set(held) for num in range(4) for held in combinations(HELD, num)]
    return [held for held in holders if readable(labels, Rights(frozenset(held)), labelled=labelled)]


@pytest.mark.parametrize(
    ("row", "labels", "labelled", "reads"),
    [
        ("none, in a store where no document has any", set(), False, lambda held: True),
        ("none, in a store where one has", set(), True, lambda held: False),
        ("`public`", {"public"}, True, lambda held: True),
        ("`tenant:acme`", {"tenant:acme"}, True, lambda held: "tenant:acme" in held),
        (
            "`tenant:acme`, `group:legal`",
            {"tenant:acme", "group:legal"},
            True,
            lambda held: {"tenant:acme", "group:legal"} <= held,
        ),
        (
            "`group:legal`, `user:ann`",
            {"group:legal", "user:ann"},
            True,
            lambda held: bool({"group:legal", "user:ann"} & held),
        ),
    ],
)
def test_the_table_of_labels_is_true(row: str, labels: set[str], labelled: bool, reads: object) -> None:
    """Every row, for every caller."""
    assert f"| {row} |" in TEXT
    everyone = [set(held) for num in range(4) for held in combinations(HELD, num)]
    assert readers(labels, labelled=labelled) == [held for held in everyone if reads(held)]  # type: ignore[operator]


def test_its_numbers_are_the_codes() -> None:
    """Limits, waits and defaults."""
    assert f"`{DEFAULT}`" in TEXT
    assert RetrievalSettings().store == DEFAULT
    assert f"up to {posting.MOST_SET:,} different sets of labels" in TEXT
    words = " ".join(TEXT.split())
    assert f"more than {posting.MOST_LENGTH:,} words counts as so long" in words
    assert f"a word more than {posting.MOST_TIMES} times in it as so often" in words
    assert f"after {schema._BUSY_S:g} s of waiting" in TEXT


def test_its_settings_are_settings(tmp_path: Path) -> None:
    """Every block of them can be read, and the defaults that it tells are the defaults."""
    blocks = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    stores = [block for block in blocks if "[stores." in block]
    assert stores
    for block in blocks:
        file = tmp_path / "sparing.toml"
        file.write_text(block + ("\n[tenants.acme]\n" if "acme" in block and "[tenants." not in block else ""))
        load_settings(file, {})
    told = tomllib.loads(stores[0])["stores"]["handbook"]
    assert told["budget_tokens"] == StoreSettings(where="x").budget_tokens
