"""Reading what a provider says it cost."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.core.usage import Usage
from sparing.gateway.usage import UsageReader, read_usage

CASES = {
    "openai": (
        [
            b'{"usage": {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 9},'
            b'"completion_tokens_details": {"reasoning_tokens": 2}}}'
        ],
        Usage(12, 3, 9, (), 2),
    ),
    "openai, written for half an hour and for half a day": (
        [
            b'{"usage":{"prompt_tokens":900,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":100,'
            b'"cache_write_tokens":700,"cache_write_tokens_details":{"ttl_12h_tokens":300,"ttl_30m_tokens":400}}}}'
        ],
        Usage(900, 3, 100, ((1800, 400), (43_200, 300))),
    ),
    "openai, written for nobody knows how long": (
        [
            b'{"usage":{"prompt_tokens":900,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":0,'
            b'"cache_write_tokens":700}}}'
        ],
        Usage(900, 3, 0, ((0, 700),)),
    ),
    "openai stream": (
        [b'data: {"usage":null}\n\n', b'data: {"usage":{"prompt_tokens":5,"completion_tokens":6}}\n\n'],
        Usage(5, 6),
    ),
    "openai null last": (
        [b'{"usage":{"prompt_tokens":5,"completion_tokens":6}}', b'data: {"usage" : null}\n\n'],
        Usage(5, 6),
    ),
    "deepseek": (
        [
            b'{"usage":{"prompt_tokens":640,"completion_tokens":6,"prompt_cache_hit_tokens":576,"prompt_cache_miss_tokens":64}}'
        ],
        Usage(640, 6, 576),
    ),
    "anthropic behind a gateway of openai's shape": (
        [
            b'{"usage":{"prompt_tokens":900,"completion_tokens":3,"cache_creation_input_tokens":20,"cache_read_input_tokens":800}}'
        ],
        Usage(900, 3, 800, ((0, 20),)),
    ),
    "responses": (
        [
            b'{"object":"response","usage":{"input_tokens":50,"input_tokens_details":{"cached_tokens":32,"cache_write_tokens":0},'
            b'"output_tokens":9,"output_tokens_details":{"reasoning_tokens":4},"total_tokens":59}}'
        ],
        Usage(50, 9, 32, (), 4),
    ),
    "responses stream": (
        [
            b'event: response.created\ndata: {"type":"response.created","response":{"usage":null}}\n\n',
            b'event: response.completed\ndata: {"type":"response.completed","response":{"usage":{"input_tokens":50,'
            b'"input_tokens_details":{"cached_tokens":32},"output_tokens":9,"output_tokens_details":{"reasoning_tokens":0}}}}\n\n',
        ],
        Usage(50, 9, 32, (), 0),
    ),
    "anthropic, cached": (
        [
            b'{"content":[],"usage":{"input_tokens":1,"cache_creation_input_tokens":2,'
            b'"cache_read_input_tokens":3,"output_tokens":4}}'
        ],
        Usage(6, 4, 3, ((0, 2),)),
    ),
    "anthropic stream": (
        [
            b'data: {"message":{"usage":{"input_tokens":7,"output_tokens":1}}}\n\n',
            b"data: {}\n\n",
            b'data: {"usage":{"output_tokens":20}}\n\n',
        ],
        Usage(7, 20),
    ),
    "anthropic stream, two lifetimes and thinking": (
        [
            b'event: message_start\ndata: {"message":{"usage":{"input_tokens":7,"cache_creation_input_tokens":30,'
            b'"cache_read_input_tokens":100,"cache_creation":{"ephemeral_5m_input_tokens":20,'
            b'"ephemeral_1h_input_tokens":10},"output_tokens":1}}}\n\n',
            b'event: message_delta\ndata: {"usage":{"input_tokens":null,"output_tokens":20,'
            b'"output_tokens_details":{"thinking_tokens":12}}}\n\n',
        ],
        Usage(137, 20, 100, ((300, 20), (3600, 10)), 12),
    ),
    "anthropic, counts of single iterations": (
        [b'{"usage":{"input_tokens":7,"output_tokens":5,"iterations":[{"input_tokens":900,"output_tokens":900}]}}'],
        Usage(7, 5),
    ),
    "both in one piece": (
        [b'{"message":{"usage":{"input_tokens":7,"output_tokens":1}}}\n\n{"usage":{"output_tokens":20}}'],
        Usage(7, 20),
    ),
    "gemini": (
        [
            b'{"usageMetadata": {"promptTokenCount": 40, "cachedContentTokenCount": 30, "candidatesTokenCount": 5,'
            b'"thoughtsTokenCount": 6, "totalTokenCount": 51, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 40}]}}'
        ],
        Usage(40, 11, 30, (), 6),
    ),
    "gemini stream": (
        [
            b'data: {"usageMetadata":{"promptTokenCount":40,"totalTokenCount":40}}\n\n',
            b'data: {"usageMetadata":{"promptTokenCount":40,"candidatesTokenCount":5,"totalTokenCount":45}}\n\n',
        ],
        Usage(40, 5, 0, (), 0),
    ),
    "counts of something else": ([b'{"usage": {"input_tokens": 3}, "other": {"output_tokens": 99}}'], Usage(3, -1)),
    "quoted in an answer": ([rb'{"content": "say \"usage\": {\"input_tokens\": 9}"}'], Usage()),
    "another key that begins so": ([b'{"usage_total": {"prompt_tokens": 9}}'], Usage()),
    "none": ([b"{}", b""], Usage()),
    "cut off": ([b'{"usage": {"prompt_tokens": 12, "compl'], Usage()),
    "no counts": (
        [b'{"usage": {"prompt_tokens": -4, "completion_tokens": true, "prompt_tokens_details": []}}'],
        Usage(),
    ),
    "no object": ([b'{"usage": [1]}', b'{"usage": "many"}', b'{"usage": {]}}'], Usage()),
}


@pytest.mark.parametrize("name", CASES)
def test_usage_is_read_from_the_answer(name: str) -> None:
    """Tokens in and out as the provider counts them, cached ones included; -1 where it does not say."""
    pieces, expected = CASES[name]
    reader = UsageReader()
    for piece in pieces:
        reader.see(piece)
    assert reader.usage() == expected


counts = (
    st.none()
    | st.booleans()
    | st.integers(-5, 10**16)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text('a"\\ü', max_size=3)
)
NAMES = sorted(
    {"input_tokens_details", "cache_creation", "cache_write_tokens", "promptTokenCount", "cachedContentTokenCount"}
    | {
        name
        for pieces, _ in CASES.values()
        for piece in pieces
        for name in piece.decode().split('"')
        if name.isidentifier() and not name.startswith("usage")
    }
)


@given(st.recursive(counts, lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=6), max_leaves=20))
def test_whatever_a_server_says_is_survived(said: object) -> None:
    """Counts are counts or unknown, and no part is negative."""
    reader = UsageReader()
    reader.see(b'{"usage": %b}' % json.dumps(said).encode())
    usage = reader.usage()
    assert min(usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.reasoning_tokens) >= -1
    assert all(tokens > 0 for _, tokens in usage.cache_writes)
    if isinstance(said, dict):
        assert read_usage(said) == usage


def test_usages_add_up_where_both_are_known() -> None:
    """An unknown part stays unknown."""
    both = Usage(10, 1, 5, ((300, 2),), -1).plus(Usage(20, 2, -1, ((3600, 3),), 4))
    assert both == Usage(30, 3, -1, ((300, 2), (3600, 3)), -1)
    assert both.cache_write_tokens == 5


@given(st.lists(st.integers(0, 30_000), max_size=30), st.integers(0, 5_000), st.integers(1, 4))
def test_cuts_make_no_difference(places: list[int], size: int, num_chunks: int) -> None:
    """Gemini's array of chunks, each with the usage so far, cut anywhere."""
    chunks = [
        {
            "candidates": [{"content": {"parts": [{"text": "x" * size}]}}],
            "usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": number, "cachedContentTokenCount": 4},
        }
        for number in range(1, num_chunks + 1)
    ]
    body = json.dumps(chunks, indent=1).encode()
    bounds = sorted({0, len(body), *(place % len(body) for place in places)})
    reader = UsageReader()
    for start, end in pairwise(bounds):
        reader.see_cut(body[start:end])
    assert reader.usage() == Usage(11, num_chunks, 4, reasoning_tokens=0)
