"""Several models behind one address."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scripted import Said, Scripted, call

from sparing.core.upstream import Call, Thought, served_by
from sparing.errors import RequestError
from sparing.generate.tier import Tier
from sparing.generate.tiers import Tiers


def named(one: Call, model: str) -> Call:
    return replace(one, model=model, body=b"set")


def tiers() -> tuple[Tiers, Scripted, Scripted]:
    small, large = Scripted([Said()]), Scripted([Said()])
    ways = {"small": Tier("small", small, named, "s-1", "acme"), "large": Tier("large", large, named)}
    return Tiers(ways, default="large", last="large"), small, large


async def test_the_caller_chooses_by_header_or_model() -> None:
    """Else the default answers."""
    both, small, large = tiers()
    await both.send(call(headers={"x-sparing-tier": "Small "}))
    await both.send(call(model="small"))
    await both.send(call(model="gpt-4o"))
    await both.send(call(body=b'{"model": "small"}'))
    assert [one.model for one in small.calls] == ["s-1", "s-1", "s-1"]
    assert [(one.model, one.body) for one in large.calls] == [("gpt-4o", b"{}")]
    assert all("x-sparing-tier" not in one.headers for one in small.calls + large.calls)


async def test_the_answer_says_who_gave_it() -> None:
    """Name, model and who is paid."""
    served = served_by(await tiers()[0].send(call(model="small")))
    assert (served.tier, served.model, served.provider, served.tries) == ("small", "s-1", "acme", 1)


async def test_a_tier_that_there_is_not() -> None:
    """The error names those that there are."""
    with pytest.raises(RequestError, match="small, large"):
        await tiers()[0].send(call(headers={"x-sparing-tier": "huge"}))


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/models"), ("POST", "/v1/embeddings"), ("POST", "/v1/files")])
async def test_what_is_for_no_tier_goes_to_the_last(method: str, path: str) -> None:
    """An embedding's model is no chat model; nothing is changed in it."""
    both, small, large = tiers()
    await both.send(call(method=method, path=path, headers={"x-sparing-tier": "small"}))
    assert not small.calls
    assert large.calls[0].body == b"{}"


async def test_a_callers_key_stays_with_whom_it_is_for() -> None:
    """It goes to a tier only where that is said; a key in Gemini's query likewise."""
    seen = Scripted([Said()])
    keys = {"authorization": "Bearer k", "x-api-key": "k", "x-goog-api-key": "k", "accept": "*/*"}
    sent = call(headers=keys, path="/v1beta/models/g:generateContent?key=k&alt=sse")
    await Tier("a", seen, named).send(sent)
    assert seen.calls[0].headers == {"accept": "*/*"}
    assert seen.calls[0].path == "/v1beta/models/g:generateContent?alt=sse"
    await Tier("a", seen, named, callers_keys=True).send(sent)
    assert (seen.calls[1].headers, seen.calls[1].path) == (keys, sent.path)


async def test_headers_to_an_engine_go_to_that_engine_alone() -> None:
    """What one tier reads itself is not shown to another."""
    engine, other = Scripted([Said()]), Scripted([Said()])
    engine.control_headers = (b"x-sparing-kv-budget",)  # type: ignore[attr-defined]
    headers = {"x-sparing-kv-budget": "50%"}
    await Tier("a", engine, named).send(call(headers=headers))
    await Tier("b", other, named).send(call(headers=headers))
    assert (engine.calls[0].headers, other.calls[0].headers) == (headers, {})


async def test_a_tier_tells_its_model_how_much_to_think() -> None:
    """In its own way; what refuses it is asked again as the caller said, and a tier that cannot be told says nothing."""

    def told(one: Call) -> Call:
        return replace(one, body=b"told")

    wanted = replace(call(body=b"{}"), thought=Thought("low"))
    takes = Scripted([Said()])
    served = served_by(await Tier("a", takes, named, set_thought=told).send(wanted))
    assert (served.thought, [one.body for one in takes.calls]) == ("low", [b"told"])
    refuses = Scripted([Said(status=400), Said()])
    served = served_by(await Tier("a", refuses, named, set_thought=told).send(wanted))
    assert (served.thought, [one.body for one in refuses.calls]) == ("", [b"told", b"{}"])
    same = Scripted([Said(status=400)])
    assert served_by(await Tier("a", same, named, set_thought=lambda one: one).send(wanted)).thought == "low"
    plain = Scripted([Said()])
    assert served_by(await Tier("a", plain, named).send(wanted)).thought == ""
    assert plain.calls[0].body == b"{}"
