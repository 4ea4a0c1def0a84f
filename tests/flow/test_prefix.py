"""The prefix law: while an agent works on one question, what was sent last turn is how this turn begins."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sparing import registry
from sparing.core.budget import Budget, Mode
from sparing.pipeline import reduce_body
from sparing.settings import PolicySettings
from sparing.testing import sample_texts

_SAMPLES = sorted(text for texts in sample_texts().values() for text in texts)

results = st.lists(
    st.builds(lambda text, n: text * n, st.sampled_from(_SAMPLES), st.integers(1, 4)), min_size=2, max_size=5
)


def messages_of(tool_results: list[str]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Which payment was declined, and why?"}]
    for turn, result in enumerate(tool_results):
        call = {"id": f"c{turn}", "type": "function", "function": {"name": "look", "arguments": f'{{"page": {turn}}}'}}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"c{turn}", "content": result})
    return messages


def sent(messages: list[dict[str, Any]], effort: str) -> bytes:
    body = json.dumps({"model": "gpt-4o", "messages": messages}).encode()
    policy = PolicySettings(effort=effort)  # type: ignore[arg-type]
    return reduce_body(body, registry.load("wires", "openai.chat"), policy, Budget(), Mode.ON).body


@given(results, st.sampled_from(["safe", "balanced", "max"]))
@settings(max_examples=30, deadline=None)
def test_the_prefix_of_an_agents_turns_stays(tool_results: list[str], effort: str) -> None:
    """Each turn's body, but for its closing brackets, is a prefix of the next one's; no state is kept between them."""
    messages = messages_of(tool_results)
    bodies = [sent(messages[: 1 + 2 * turn], effort) for turn in range(1, len(tool_results) + 1)]
    for earlier, later in zip(bodies, bodies[1:], strict=False):
        assert later.startswith(earlier.removesuffix(b"]}"))
