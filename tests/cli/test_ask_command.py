"""`sparing ask`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from running_cli import Cli

from sparing.core.upstream import Answer, Call
from sparing.record.store import ReceiptStore
from sparing.testing import CannedAnswer, FakeModel

Calls = list[dict[str, Any]]


class Server(FakeModel):
    """Offers models; refuses a prompt that is too long; answers with the length of the prompt."""

    models: tuple[str, ...] = ("only",)
    most_bytes = 10_000

    async def send(self, call: Call) -> Answer:
        if call.method == "GET":
            listing = {"data": [{"id": name} for name in self.models]}
            return CannedAnswer(200, {"content-type": "application/json"}, (json.dumps(listing).encode(),))
        if len(call.body) > self.most_bytes:
            return CannedAnswer(400, {}, (b'{"error": {"message": "too long"}}',))
        return await super().send(call)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, first_lines: Calls) -> Server:
    """Whatever the settings say, this answers."""
    made = Server("The answer.")
    monkeypatch.setattr("sparing.cli.upstreams.make_upstreams", lambda settings: {"openai.chat": made})
    Path("notes.txt").write_text("first\nsecond\n")
    return made


def sent(server: Server, index: int = 0) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(server.calls[index].body)
    return body


def test_the_answer_is_on_stdout_and_the_receipt_on_stderr(cli: Cli, server: Server) -> None:
    """The model saw the reduced material and the question after it."""
    outcome = cli("ask", "What is first?", "notes.txt")
    assert (outcome.code, outcome.text) == (0, "The answer.\n")
    assert outcome.err.startswith("sparing: 13 -> 5 tokens (kept 38.5 %), prose.v1, ")
    assert re.search(r"; answered in \d+\.\d s by embedded smollm2-135m-instruct\n$", outcome.err)
    assert sent(server)["messages"] == [
        {"role": "user", "content": "first\n\nWhat is first? Answer in one or two sentences."}
    ]


def test_the_embedded_model_gets_a_small_budget_and_a_ceiling(cli: Cli, server: Server, first_lines: Calls) -> None:
    """1,500 tokens in, 256 out."""
    cli("ask", "q", "notes.txt")
    assert first_lines[0]["budget"] == 1500
    assert (first_lines[0]["model"], sent(server)["max_tokens"]) == ("smollm2-135m-instruct", 256)


def test_a_small_context_makes_the_budget_smaller(
    cli: Cli, server: Server, first_lines: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room is left for the answer and the template."""
    monkeypatch.setenv("SPARING_LOCAL__CONTEXT_TOKENS", "1024")
    cli("ask", "q", "notes.txt")
    assert first_lines[0]["budget"] == 1024 - 256 - 256


def test_a_configured_upstream_gets_more(cli: Cli, server: Server, first_lines: Calls) -> None:
    """8,000 tokens, no ceiling of ours, and the only model it offers."""
    outcome = cli("ask", "q", "notes.txt", "--upstream", "http://127.0.0.1:1")
    assert first_lines[0]["budget"] == 8000
    assert (sent(server)["model"], "max_tokens" in sent(server)) == ("only", False)
    assert [message["role"] for message in sent(server)["messages"]] == ["system", "user"]
    assert sent(server)["messages"][1]["content"] == "first\n\nQuestion: q"
    assert outcome.err.endswith(" by http://127.0.0.1:1\n")


@pytest.mark.parametrize(
    ("models", "line"),
    [
        (("a", "b"), "sparing: which model? The upstream offers a, b (give --model NAME)\n"),
        ((), "sparing: which model? The upstream offers none (give --model NAME)\n"),
    ],
)
def test_a_choice_of_models_is_the_callers(models: tuple[str, ...], line: str, cli: Cli, server: Server) -> None:
    """No model is guessed."""
    server.models = models
    outcome = cli("ask", "q", "notes.txt", "--upstream", "http://127.0.0.1:1")
    assert (outcome.code, outcome.err) == (2, line)


def test_options_win(cli: Cli, server: Server, first_lines: Calls) -> None:
    """Budget, model and ceiling as given; OpenAI's own address gets the new name of the ceiling."""
    options = ("--budget", "77", "--model", "gpt-x", "--max-tokens", "9", "--upstream", "https://api.openai.com/v1")
    cli("ask", "q", "notes.txt", *options)
    assert first_lines[0]["budget"] == 77
    assert (sent(server)["model"], sent(server)["max_completion_tokens"]) == ("gpt-x", 9)


def test_compare_shows_both_answers(cli: Cli, server: Server) -> None:
    """The same question with all of the material, side by side."""
    outcome = cli("ask", "q", "notes.txt", "--compare")
    assert outcome.code == 0
    assert "13 tokens" in outcome.text
    assert "5 tokens" in outcome.text
    assert outcome.text.count("The answer.") == 2
    assert sent(server, 1)["messages"][0]["content"].startswith("first\nsecond\n")


def test_compare_times_both_from_the_start(cli: Cli, server: Server) -> None:
    """The embedded model must not reuse what it read for the first answer."""
    cli("ask", "q", "notes.txt", "--compare")
    assert [sent(server, index)["cache_prompt"] for index in (0, 1)] == [False, False]


def test_compare_shows_when_all_of_it_does_not_fit(cli: Cli, server: Server) -> None:
    """The server's refusal stands where its answer would."""
    Path("notes.txt").write_text("first\n" + "x" * 20_000)
    outcome = cli("ask", "q", "notes.txt", "--compare", "--json")
    value = json.loads(outcome.out)
    assert (outcome.code, value["answer"]) == (0, "The answer.")
    assert value["whole"] == {"answer": None, "error": "the upstream answered 400: too long"}


def test_json_holds_answer_and_reduction(cli: Cli, server: Server) -> None:
    """Everything that the two lines say, and the text that was sent."""
    value = json.loads(cli("ask", "q", "notes.txt", "--json").out)
    assert (value["question"], value["answer"], value["model"]) == ("q", "The answer.", "smollm2-135m-instruct")
    assert value["reduction"]["text"] == "first"


def test_a_failing_upstream_is_one_line_and_code_1(cli: Cli, server: Server) -> None:
    """It is not the caller's fault."""
    server.most_bytes = 0
    outcome = cli("ask", "q", "notes.txt")
    assert (outcome.code, outcome.out) == (1, b"")
    assert outcome.err == "sparing: the upstream answered 400: too long\n"


def test_an_empty_question_is_refused(cli: Cli, server: Server) -> None:
    """Exit code 2."""
    outcome = cli("ask", "  ", "notes.txt")
    assert (outcome.code, outcome.err) == (2, "sparing: the question is empty\n")


def test_a_receipt_is_kept_with_what_the_server_counted(cli: Cli, server: Server, home: Path) -> None:
    """Usage as reported."""
    cli("ask", "q", "notes.txt")
    with ReceiptStore(home / "receipts.sqlite", must_exist=True) as store:
        (receipt,) = store.recent(5)
    assert (receipt.status, receipt.usage_input_tokens, receipt.usage_output_tokens) == (200, 1, 2)


def test_a_missing_embedded_model_says_what_to_do(cli: Cli) -> None:
    """With nothing replaced and no weights: the command to run."""
    Path("notes.txt").write_text("first\nsecond\n")
    outcome = cli("ask", "q", "notes.txt")
    assert (outcome.code, outcome.out) == (1, b"")
    assert "sparing: the embedded " in outcome.err
