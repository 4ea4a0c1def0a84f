"""Echo finds what a repetition of the prompt would look at, without the repetition."""

from __future__ import annotations

from dataclasses import replace

import torch
from tiny_models import ids, llama, next_logits, small

from sparing import inmodel as im
from sparing.inmodel.scorers.echo import Echo
from sparing.inmodel.scorers.keydiff import KeyDiff
from sparing.inmodel.view import LayerView


def view(keys: torch.Tensor, queries: torch.Tensor) -> LayerView:
    """Of [tokens, head_dim] keys and the last tokens' queries, one head, positions in neither."""
    tokens, asked = keys.shape[0], queries.shape[0]
    return LayerView(
        keys=keys[None],
        values=keys[None],
        positions=torch.arange(tokens)[None],
        queries=queries[None, None],
        query_positions=torch.arange(tokens - asked, tokens),
        scaling=1.0,
        rotary=None,
        layer=0,
    )


def test_the_queries_are_those_of_a_repetition() -> None:
    """In the first layer, where a token asks the same wherever it stands, the score is what reading again would give."""
    model, prompt, between = llama(layers=1), ids(30), ids(16, seed=2)
    seen: list[LayerView] = []
    with torch.no_grad():
        once = im.DropCache(model, im.FULL)
        with once.watch(seen.append):
            next_logits(model, once, prompt)
        twice = im.DropCache(model, im.FULL)
        next_logits(model, twice, torch.cat((prompt, between), dim=1))
        with twice.watch(seen.append):
            next_logits(model, twice, prompt)
    first, again = seen
    logits = again.queries.flatten(1, 2) @ again.keys[:, :30].transpose(1, 2) * again.scaling
    torch.testing.assert_close(Echo(sinks=0).score(first), logits.softmax(-1).amax(1))


def test_an_earlier_token_may_look_ahead() -> None:
    """What only the token before it leads to is found: reading on, nobody looks at it."""
    keys = torch.eye(12)
    queries = torch.zeros(12, 12)
    queries[3], queries[9] = 20 * keys[7], 20 * keys[2]
    best = Echo().score(view(keys, queries))[0]
    assert sorted(best.topk(2).indices.tolist()) == [2, 7]
    assert best[[2, 7]].min() > 0.99 > 10 * best[[0, 1, 3, 4, 5, 6, 8, 9, 10, 11]].max()


def test_a_chunk_is_scored_by_itself_and_the_sinks() -> None:
    """Another start of the prompt does not change a later chunk's scores, other sinks do."""
    random = torch.Generator().manual_seed(3)
    keys, queries = (torch.randn(24, 8, generator=random) for _ in range(2))
    echo = Echo(chunk_tokens=8, sinks=2)
    before = echo.score(view(keys, queries))
    keys[2:16] = 0
    after = echo.score(view(keys, queries))
    torch.testing.assert_close(before[:, 16:], after[:, 16:])
    assert not torch.allclose(before[:, 2:16], after[:, 2:16])
    keys[:2] = 0
    assert not torch.allclose(echo.score(view(keys, queries))[:, 16:], after[:, 16:])


def test_tokens_of_earlier_turns_compete_by_rank() -> None:
    """Without their queries the older half gets the newer half's scores, in KeyDiff's order."""
    random = torch.Generator().manual_seed(4)
    keys, queries = torch.randn(20, 8, generator=random), torch.randn(10, 8, generator=random)
    shown = view(keys, queries)
    older, newer = Echo().score(shown).split(10, dim=1)
    assert older.sort().values.equal(newer.sort().values)
    assert older.argsort().equal(KeyDiff().score(shown)[:, :10].argsort())


def test_a_later_turn_is_dropped_from_without_forgetting_the_first() -> None:
    """Both turns keep about half, also where heads hold different tokens by then."""
    model = llama()
    policy = small(score="echo", allocate="ada", budget=im.Budget(fraction=0.5, sinks=2, recent=4))
    cache = im.DropCache(model, policy)
    for seed in (1, 2):
        next_logits(model, cache, ids(60, seed=seed))
    kept = torch.cat([head for layer in range(3) for head in cache.positions(layer)])
    assert 0.25 < (kept < 60).float().mean() < 0.75
    assert cache.report().kept_tokens == 60


def test_answers_that_are_dropped_from_leave_the_prompt_all_its_queries() -> None:
    """With room remembered for an answer's queries, the prompt is still scored by all of its own."""
    model, prompt = llama(), ids(60)
    plain = small(score="echo", budget=im.Budget(tokens=20, sinks=2, recent=4))
    kept = []
    for policy in (plain, replace(plain, decode_every_tokens=8)):
        cache = im.DropCache(model, policy)
        next_logits(model, cache, prompt)
        kept.append(torch.stack(cache.positions(1)))
    assert kept[0].equal(kept[1])
