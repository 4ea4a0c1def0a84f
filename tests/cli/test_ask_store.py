"""`sparing ask` to a store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from running_cli import Cli

from sparing.core.retrieval import Retrieval
from sparing.errors import ModelMissing
from sparing.record.retrievals import RetrievalLog
from sparing.testing import FakeModel

UPSTREAM = ("--upstream", "http://127.0.0.1:1", "--model", "m")
RULES = """# House rules

## Section 1. Pets

Tenants may keep cats and dogs of up to 10 kg.

## Section 2. Assistance

Section 1 does not limit the weight of assistance dogs.
"""


@pytest.fixture
def store(cli: Cli) -> None:
    """Two documents, one of them for a group only."""
    Path("rules.md").write_text(RULES)
    Path("salaries.md").write_text("# Salaries\n\nThe caretaker earns 2,400 crowns a month.\n")
    cli("index", "rules.md", "--label", "public")
    cli("index", "salaries.md", "--label", "group:board")


def answering(monkeypatch: pytest.MonkeyPatch, answer: str) -> FakeModel:
    """Whatever the settings say, this answers."""
    made = FakeModel(answer)
    monkeypatch.setattr("sparing.cli.upstreams.make_upstreams", lambda settings: {"openai.chat": made})
    return made


def test_an_answer_is_held_to_its_passages(cli: Cli, store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer, numbered sources with place and words; what is not borne out is marked."""
    answering(monkeypatch, "Dogs of up to 10 kg are allowed [1]. Snakes of 12 kg are allowed [1].")
    outcome = cli("ask", "Which pets may tenants keep?", *UPSTREAM)
    assert outcome.code == 0
    answer, source = outcome.text.split("\n\n", 1)
    assert answer == "Dogs of up to 10 kg are allowed [1]. Snakes of 12 kg are allowed [1]. [unsupported]"
    assert source.startswith("[1] rules.md, lines ")
    assert "“Tenants may keep cats and dogs of up to 10 kg.”" in source
    assert "1 of 2 claims borne out" in outcome.err


def test_the_model_reads_numbered_passages_and_the_question_last(
    cli: Cli, store: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the exception that stands in another section."""
    model = answering(monkeypatch, "Dogs of up to 10 kg are allowed [1].")
    cli("ask", "Which pets may tenants keep?", *UPSTREAM)
    system, user = json.loads(model.calls[0].body)["messages"]
    assert "cite the passage" in system["content"]
    assert user["content"].startswith("[1] rules.md, lines ")
    assert "Section 1 does not limit the weight of assistance dogs." in user["content"]
    assert user["content"].endswith("\n\nQuestion: Which pets may tenants keep?")


def test_where_nothing_answers_it_says_so(cli: Cli, store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """No error, no model asked."""
    model = answering(monkeypatch, "Forty-two.")
    outcome = cli("ask", "Who wrote the opera Tosca?", "--json", *UPSTREAM)
    told = json.loads(outcome.text)
    assert (outcome.code, told["abstained"], told["citations"]) == (0, True, [])
    assert told["answer"].startswith("I found no")
    assert model.calls == []


def test_nobody_is_told_what_they_may_not_read(cli: Cli, store: None) -> None:
    """The group is, others are refused without a word of it; the owner sees all."""
    question = ("ask", "What does the caretaker earn?", "--extract")
    assert "2,400 crowns" in cli(*question).text
    assert "2,400 crowns" in cli(*question, "--as", "group:board").text
    refused = cli(*question, "--as", "group:tenants")
    assert "2,400" not in refused.text + refused.err
    assert "salaries" not in refused.text + refused.err


def test_the_passages_own_sentences_need_no_model(cli: Cli, store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none is installed they are the answer, and that is said."""

    def missing(settings: Any) -> dict[str, Any]:
        raise ModelMissing("the embedded model is not here yet")

    monkeypatch.setattr("sparing.cli.upstreams.make_upstreams", missing)
    outcome = cli("ask", "What weight may dogs of tenants have?")
    assert "Tenants may keep cats and dogs of up to 10 kg. [1]" in outcome.text
    assert "Section 1 does not limit the weight of assistance dogs." in outcome.text
    assert "the embedded model is not here yet: these are the passages' own sentences" in outcome.err


def test_unchecked_the_answer_is_printed_as_it_comes(cli: Cli, store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the passages that were sent under it."""
    answering(monkeypatch, "Snakes [7].")
    outcome = cli("ask", "Which pets may tenants keep?", "--no-check", *UPSTREAM)
    assert outcome.text.startswith("Snakes [7].\n\n[1] rules.md, lines ")


def test_as_json(cli: Cli, store: None) -> None:
    """Claims, citations with source, place and words, passages and tokens."""
    told = json.loads(cli("ask", "What weight may dogs of tenants have?", "--extract", "--json").text)
    (first, *_) = told["citations"]
    assert (first["number"], first["source"], first["how"]) == (1, "rules.md", "exact")
    assert first["quote"] == "Tenants may keep cats and dogs of up to 10 kg."
    assert all(claim["supported"] for claim in told["claims"])
    assert 0 < told["tokens"]["passages"] <= told["tokens"]["budget"]
    assert told["passages"]["sent"][0]["source"] == "rules.md"
    assert (told["model"], told["checked"]) == (None, True)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("ask", "q", "rules.md", "--extract"),
            "--store, --as, --extract and --no-check are for questions about a store",
        ),
        (("ask", "q", "--compare"), "--compare, --pin and --kind are for questions about files"),
        (("ask", " "), "the question is empty"),
    ],
)
def test_options_that_do_not_belong_are_refused(cli: Cli, store: None, args: tuple[str, ...], message: str) -> None:
    """In one line, with status 2."""
    outcome = cli(*args)
    assert outcome.code == 2
    assert outcome.err.startswith(f"sparing: {message}")


def test_without_a_store_it_says_how_to_make_one(cli: Cli) -> None:
    """And asks nobody."""
    outcome = cli("ask", "What?")
    assert outcome.code == 1
    assert "sparing index" in outcome.err


def audit(home: Path) -> list[Retrieval]:
    with RetrievalLog(home / "retrievals.sqlite", must_exist=True) as log:
        return log.recent(9)


def test_it_is_written_down_what_was_fetched_for_whom(
    cli: Cli, store: None, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line a question: what they may read, what was found, sent and cited, whether a model read it; never text."""
    answering(monkeypatch, "Dogs of up to 10 kg are allowed [1]. Snakes are allowed [1].")
    cli("ask", "Which pets may tenants keep?", "--as", "group:tenants", *UPSTREAM)
    cli("ask", "What does the caretaker earn?", "--extract")
    owners, tenants = audit(home)
    assert (tenants.labels, tenants.allowed, tenants.store) == (("group:tenants",), 1, ".sparing/store.db")
    assert tenants.who
    assert [(one.source, one.sent, one.cited) for one in tenants.passages] == [("rules.md", True, True)]
    assert (tenants.reached, tenants.claims, tenants.unsupported, tenants.reason) == (True, 2, 1, "")
    assert (owners.labels, owners.allowed, owners.reached) == (("*",), 2, False)
    assert b"caretaker" not in (home / "retrievals.sqlite").read_bytes()


def test_what_cannot_be_written_down_is_not_sent_where_it_has_to_be(
    cli: Cli, store: None, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it costs the line, and off writes none."""
    model = answering(monkeypatch, "Dogs of up to 10 kg are allowed [1].")
    question = ("ask", "Which pets may tenants keep?", *UPSTREAM)
    monkeypatch.setenv("SPARING_RETRIEVAL__AUDIT", "off")
    assert cli(*question).code == 0
    assert not (home / "retrievals.sqlite").exists()
    (home / "retrievals.sqlite").mkdir()
    monkeypatch.setenv("SPARING_RETRIEVAL__AUDIT", "on")
    outcome = cli(*question)
    assert (outcome.code, len(model.calls)) == (0, 2)
    assert "not written down" in outcome.err
    monkeypatch.setenv("SPARING_RETRIEVAL__AUDIT", "required")
    assert cli(*question).code == 1
    assert len(model.calls) == 2
