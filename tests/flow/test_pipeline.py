"""A whole request: what goes out is smaller, valid, the same where nothing was edited, and accounted for."""

from __future__ import annotations

import json
from typing import Any

import pytest

import sparing
from sparing import registry
from sparing.core.budget import Budget, Mode
from sparing.core.deadline import Deadline
from sparing.errors import BudgetExceeded, MalformedBody
from sparing.pipeline import Reduction, reduce_body
from sparing.reducers.json_notation import json_as_text
from sparing.settings import PolicySettings

QUESTION = "Who signed the lease of the observatory?"


def openai_body(*messages: dict[str, Any], **fields: Any) -> bytes:
    return json.dumps({"model": "gpt-4o", "messages": list(messages), **fields}).encode()


def run(
    body: bytes, wire: str = "openai.chat", *, budget: int | None = None, mode: Mode = Mode.ON, **policy: Any
) -> Reduction:
    limits = Budget(input_tokens=budget)
    return reduce_body(body, registry.load("wires", wire), PolicySettings(**policy), limits, mode)


def text_of(body: bytes, message: int = -1) -> str:
    content = json.loads(body)["messages"][message]["content"]
    assert isinstance(content, str)
    return content


def test_long_document_is_reduced_to_what_answers(report: str) -> None:
    """The evidence and the question stay, most of the rest goes, and the receipt adds up."""
    body = openai_body({"role": "user", "content": f"{report}\n\n{QUESTION}"}, temperature=0.2)
    reduction = run(body)
    text = text_of(reduction.body)
    receipt = reduction.receipt
    assert "signed by Ilse Aichwald" in text
    assert text.endswith(QUESTION)
    assert receipt.reason == ""
    assert receipt.kept < 0.45
    assert receipt.tokens_before - receipt.tokens_after == pytest.approx(
        sum(s.tokens_before - s.tokens_after for s in receipt.spans), abs=12
    )
    assert json.loads(reduction.body)["temperature"] == 0.2


@pytest.mark.parametrize("budget", [300, 600, 1200, 2500])
def test_budget_is_never_exceeded_and_used(report: str, budget: int) -> None:
    """The whole prompt stays within the budget, and at least 90 % of it is used (97 % but for units that do not fit)."""
    body = openai_body({"role": "user", "content": f"{report}\n\n{QUESTION}"})
    receipt = run(body, budget=budget).receipt
    assert 0.9 * budget <= receipt.tokens_after <= budget


def test_budget_below_what_is_pinned(report: str) -> None:
    """A budget that cannot hold the question and the system prompt is refused with both numbers."""
    system = {"role": "system", "content": "Answer briefly and truthfully. " * 40}
    body = openai_body(system, {"role": "user", "content": f"{report}\n\n{QUESTION}"})
    with pytest.raises(BudgetExceeded) as caught:
        run(body, budget=100)
    assert caught.value.budget_tokens == 100
    assert caught.value.needed_tokens > 200


def test_mode_off_and_audit_send_the_original(report: str) -> None:
    """Off measures nothing but the size; audit measures all and sends the very bytes that came."""
    body = openai_body({"role": "user", "content": f"{report}\n\n{QUESTION}"})
    off, audit = run(body, mode=Mode.OFF), run(body, mode=Mode.AUDIT)
    assert off.body is body or off.body == body
    assert off.receipt.reason == "mode off"
    assert audit.body == body
    assert audit.receipt.tokens_after < audit.receipt.tokens_before


def test_small_requests_pass_through() -> None:
    """A short chat goes out as it came, and says why."""
    body = openai_body({"role": "system", "content": "Be kind."}, {"role": "user", "content": "Good morning!"})
    reduction = run(body)
    assert reduction.body == body
    assert reduction.receipt.reason == "nothing in this request may be reduced"


def test_within_budget_passes_through(report: str) -> None:
    """A budget that is not reached changes nothing."""
    body = openai_body({"role": "user", "content": f"{report}\n\n{QUESTION}"})
    reduction = run(body, budget=1_000_000)
    assert reduction.body == body
    assert "already within the budget" in reduction.receipt.reason


@pytest.mark.parametrize("form", ["text", "json"])
def test_tool_result_keeps_what_failed(orders: str, form: str) -> None:
    """A tool result is reduced to rows that still hold the failed order, as JSON if asked; the call is untouched."""
    call = {"id": "c1", "type": "function", "function": {"name": "list_orders", "arguments": '{ "page":1 }'}}
    body = openai_body(
        {"role": "user", "content": "Which order failed?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": orders},
    )
    reduction = run(body, json_form=form)
    text = text_of(reduction.body)
    assert "FAILED" in text
    assert (json_as_text(text) is not None) == (form == "json")
    assert json.loads(reduction.body)["messages"][1] == json.loads(body)["messages"][1]
    assert reduction.receipt.kept < 0.5


def test_exempt_tool_is_sent_whole(orders: str) -> None:
    """The result of an exempt tool is not touched."""
    call = {"id": "c1", "type": "function", "function": {"name": "Read", "arguments": "{}"}}
    body = openai_body(
        {"role": "user", "content": "Which order failed?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": orders},
    )
    assert run(body).body == body


def test_anthropic_request(report: str) -> None:
    """The same in the other wire format, with a document block."""
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": report}}
    message = {"role": "user", "content": [document, {"type": "text", "text": QUESTION}]}
    body = json.dumps({"model": "claude-sonnet-4-5", "max_tokens": 64, "messages": [message]}).encode()
    reduction = run(body, "anthropic.messages")
    sent = json.loads(reduction.body)["messages"][0]["content"]
    assert "Ilse Aichwald" in sent[0]["source"]["data"]
    assert sent[1]["text"] == QUESTION
    assert not reduction.receipt.exact
    assert reduction.receipt.kept < 0.45


def test_prefix_stays_while_the_agent_works(orders: str, report: str) -> None:
    """What was sent last turn is, byte for byte, how this turn begins."""
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "Find out which order failed and who signed the lease."}
    ]
    sent = []
    for turn, result in enumerate((orders, report, orders.replace("ORD", "INV"))):
        call = {"id": f"c{turn}", "type": "function", "function": {"name": "look", "arguments": f'{{"n":{turn}}}'}}
        messages += [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"c{turn}", "content": result},
        ]
        sent.append(run(openai_body(*messages)).body)
    for earlier, later in zip(sent, sent[1:], strict=False):
        assert later.startswith(earlier.removesuffix(b"]}"))
        assert len(later) < len(openai_body(*messages))


def test_safe_effort_loses_nothing(orders: str) -> None:
    """Without lossy rungs every row of a tool result is still there, in fewer tokens."""
    call = {"id": "c1", "type": "function", "function": {"name": "list_orders", "arguments": "{}"}}
    body = openai_body(
        {"role": "user", "content": "Which order failed?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": orders},
    )
    safe = run(body, effort="safe")
    assert safe.receipt.spans[0].elided == 0
    assert all(f"ORD-{1000 + n}" in text_of(safe.body) for n in range(120))
    assert safe.receipt.kept < 0.7


def test_pins(report: str) -> None:
    """A pinned sentence stays at any budget."""
    pin = "The keeper's cat is called Minna."
    body = openai_body({"role": "user", "content": f"{report} {pin}\n\n{QUESTION}"})
    assert pin in text_of(run(body, budget=400, pins=(pin,)).body)


def test_repeats_refer_to_what_was_sent(report: str) -> None:
    """A tool result that an earlier turn already sent becomes a reference, whatever the effort."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Read the minutes twice."}]
    for turn in range(2):
        call = {"id": f"c{turn}", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        messages += [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"c{turn}", "content": report},
        ]
    sent = run(openai_body(*messages), effort="safe")
    assert len(text_of(sent.body, 2)) > 0.9 * len(report)
    assert len(text_of(sent.body, 4)) < 0.15 * len(report)
    assert "messages[2].content" in text_of(sent.body, 4)
    assert sent.receipt.kept < 0.55


def test_deadline_leaves_the_request_alone(report: str) -> None:
    """With no time left nothing is reduced and the reason says so."""
    body = openai_body({"role": "user", "content": f"{report} No time.\n\n{QUESTION}"})
    limits = Budget(deadline=Deadline.after(-1))
    reduction = reduce_body(body, registry.load("wires", "openai.chat"), PolicySettings(), limits, Mode.ON)
    assert reduction.body == body
    assert reduction.receipt.reason.startswith("deadline")


def test_malformed_body() -> None:
    """What is not JSON is the caller's error."""
    with pytest.raises(MalformedBody):
        run(b'{"messages": [')


def test_library_keeps_the_shape(report: str) -> None:
    """A dict comes back as a dict, text as text, bytes as bytes."""
    request = {"model": "gpt-4o", "messages": [{"role": "user", "content": f"{report}\n\n{QUESTION}"}]}
    as_dict = sparing.reduce(request)
    assert as_dict.body["messages"][0]["role"] == "user"
    assert as_dict.receipt.saved_tokens > 0
    assert isinstance(sparing.reduce(json.dumps(request)).body, str)
    assert isinstance(sparing.reduce(json.dumps(request).encode(), budget=500).body, bytes)
