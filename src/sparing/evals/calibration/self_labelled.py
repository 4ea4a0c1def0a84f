"""Logs of requests label themselves: what a later call passes on or a later answer says was needed.

A value is a leaf of a tool's JSON, or a word with a digit of any other text; see `later_use`. Texts of which nothing
was used say nothing about what is needed, and are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sparing import registry
from sparing.core.span import Kind, Span
from sparing.core.wire import Wire
from sparing.evals.calibration.examples import Example, holds
from sparing.evals.later_use import is_used, said_of, values
from sparing.evals.traffic.conversation import Conversation
from sparing.plan.zones import Piece, find_parts


def examples_of(conversations: Iterable[Conversation]) -> list[Example]:
    """One example per tool's result, document or pasted text of which something was used later.

    The newest request of a conversation holds the ones before it.
    """
    return [example for conversation in conversations for example in _examples(conversation)]


def _examples(conversation: Conversation) -> Iterator[Example]:
    wire: Wire = registry.load("wires", conversation.wire)
    newest = conversation.turns[-1]
    prompt = wire.parse(newest.body)
    for piece in find_parts(prompt).pieces:
        after = [span for span in prompt.spans if span.message > piece.span.message]
        needed = _used(piece.span.text, after, newest.answer.said, newest.answer.arguments)
        if needed and piece.question is not None:
            yield _example(piece, piece.question.text, needed, conversation.id)


def _example(piece: Piece, question: str, needed: Sequence[str], conversation: str) -> Example:
    return Example(
        piece.span.text,
        question,
        tuple((value,) for value in needed),
        source="traffic",
        group=conversation,
        name=piece.span.tool,
        is_result=piece.span.kind is Kind.TOOL_RESULT and piece.is_text,
    )


def _used(text: str, after: Sequence[Span], answer: str, arguments: Sequence[str]) -> list[str]:
    calls = [span.text for span in after if span.kind is Kind.TOOL_CALL]
    passed = {value for call in (*calls, *arguments) for value in values(call)}
    said = said_of([*(span.text for span in after if span.kind is Kind.ASSISTANT), answer])
    return [value for value in values(text) if is_used(value, passed, said) and holds(text, value)]
