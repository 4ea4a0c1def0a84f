"""A catalogue that is cut leaves the cached prefix alone: it breaks at the first call of a left-out tool, and only there."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from test_tools import QUESTION, TOPICS, asked, call, names, run, tool

from sparing.pipeline import Reduction
from sparing.toolset.search import FIND

TOOLS = [tool(topic) for topic in TOPICS]
steps = st.lists(st.sampled_from(TOPICS) | st.sampled_from(["And the weather?", "Thanks."]), min_size=1, max_size=6)


def sent(conversation: list[dict[str, Any]], *, recall: bool) -> Reduction:
    return run(conversation, TOOLS, most_tools=3, recall=recall)


@given(steps, st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_prefix_law(talk: list[str], recall: bool) -> None:
    """Whatever is called and asked, in any order, with recall or without."""
    conversation = asked(QUESTION)
    before, called = sent(conversation, recall=recall), set[str]()
    own = names(before).index(FIND)
    for number, step in enumerate(talk):
        if step in TOPICS:
            conversation += call(f"find_{step}", f"c{number}")
        else:
            said = {"role": "assistant", "content": "Hm."}
            conversation += [said, {"role": "user", "content": step}]
        after = sent(conversation, recall=recall)
        is_new = step in TOPICS and f"find_{step}" not in (*names(before)[:own], *called)
        called |= {f"find_{step}"} if is_new else set()
        assert names(after) == [*names(before), *([f"find_{step}"] if is_new else [])]
        assert after.body.startswith(_open(before, b'"messages"') if is_new else _open(before))
        waiting = {json.loads(text)["function"]["name"] for text in after.left_out_tools}
        assert waiting.isdisjoint(names(after)), "nothing can be found that is there"
        before = after


def _open(reduction: Reduction, before: bytes = b"") -> bytes:
    """The body up to the end of its last array before this, where the next turn goes on."""
    body = reduction.body[: reduction.body.index(before)] if before else reduction.body
    return body[: body.rindex(b"]")].rstrip()
