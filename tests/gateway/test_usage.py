"""Reading what a provider says it cost."""

from __future__ import annotations

import pytest

from sparing.gateway.usage import Usage, UsageReader

CASES = {
    "openai": (
        [b'{"usage": {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 9}}}'],
        Usage(12, 3),
    ),
    "openai stream": (
        [b'data: {"usage":null}\n\n', b'data: {"usage":{"prompt_tokens":5,"completion_tokens":6}}\n\n'],
        Usage(5, 6),
    ),
    "openai null last": (
        [b'{"usage":{"prompt_tokens":5,"completion_tokens":6}}', b'data: {"usage" : null}\n\n'],
        Usage(5, 6),
    ),
    "anthropic, cached": (
        [
            b'{"content":[],"usage":{"input_tokens":1,"cache_creation_input_tokens":2,'
            b'"cache_read_input_tokens":3,"output_tokens":4}}'
        ],
        Usage(6, 4),
    ),
    "anthropic stream": (
        [
            b'data: {"message":{"usage":{"input_tokens":7,"output_tokens":1}}}\n\n',
            b"data: {}\n\n",
            b'data: {"usage":{"output_tokens":20}}\n\n',
        ],
        Usage(7, 20),
    ),
    "both in one piece": (
        [b'{"message":{"usage":{"input_tokens":7,"output_tokens":1}}}\n\n{"usage":{"output_tokens":20}}'],
        Usage(7, 20),
    ),
    "counts of something else": ([b'{"usage": {"input_tokens": 3}, "other": {"output_tokens": 99}}'], Usage(3, -1)),
    "quoted in an answer": ([rb'{"content": "say \"usage\": {\"input_tokens\": 9}"}'], Usage()),
    "none": ([b"{}", b""], Usage()),
    "cut off": ([b'{"usage": {"prompt_tokens": 12, "compl'], Usage(12, -1)),
}


@pytest.mark.parametrize("name", CASES)
def test_usage_is_read_from_the_answer(name: str) -> None:
    """Tokens in and out as the provider counts them, cached ones included; -1 where it does not say."""
    pieces, expected = CASES[name]
    reader = UsageReader()
    for piece in pieces:
        reader.see(piece)
    assert reader.usage() == expected
