"""Which depths a tier may get: what the policy lists, the model takes, the caller asks for and the conversation had."""

from __future__ import annotations

import pytest

from sparing.core.upstream import Served
from sparing.core.usage import Usage
from sparing.gateway import depths as module
from sparing.gateway.depths import Depths, Wanted
from sparing.gateway.exchange import Exchange
from sparing.settings.policies import NamedPolicy
from sparing.settings.tree import TierSettings

TIER = TierSettings("t", "openai", model="gpt-5")
ALL = NamedPolicy(loss=0.1, depths=("high", "medium", "low", "minimal", "none", "brief"))


def names(wanted: Wanted, policy: NamedPolicy = ALL, model: str = "gpt-5", depths: Depths | None = None) -> list[str]:
    of_tier = (depths or Depths()).of_tier(TIER, "openai", model, "openai.chat", policy, wanted)
    return [one.name for one in of_tier]


@pytest.mark.parametrize(
    ("wanted", "model", "found"),
    [
        (Wanted(), "gpt-5", ["medium", "low", "minimal"]),
        (Wanted("high"), "gpt-5", ["high", "medium", "low", "minimal"]),
        (Wanted("xhigh", "low"), "gpt-5", ["low", "minimal"]),
        (Wanted("low"), "gpt-5.1", ["low", "none"]),
        (Wanted(), "gpt-5.1", ["none"]),
        (Wanted(), "gpt-5.5", [""]),
        (Wanted("medium"), "gpt-5.5", ["medium", "low", "none"]),
        (Wanted(may_be_brief=True), "gpt-4o", ["", "brief"]),
        (Wanted(), "gpt-4o", [""]),
        (Wanted("high", may_be_brief=True), "gpt-4o", [""]),
        (Wanted("high", has_tools=True), "gpt-6-sol", [""]),
        (Wanted("high", is_first=False), "gpt-5", [""]),
    ],
)
def test_what_may_be_chosen(wanted: Wanted, model: str, found: list[str]) -> None:
    """Never more than is asked for or done unasked, and nothing where that is not known."""
    assert names(wanted, model=model) == found


def test_a_policy_that_deepens_starts_from_the_callers_word() -> None:
    """Less loses, more gains."""
    policy = NamedPolicy(loss=0.1, depths=("high", "low"), deepen=True)
    found = Depths().of_tier(TIER, "openai", "gpt-5", "openai.chat", policy, Wanted("medium"))
    assert [one.name for one in found] == ["high", "low"]
    assert found[0].loss < 0 < found[1].loss


def test_without_depths_nothing_is_looked_up() -> None:
    """One object for all requests."""
    plain, depths = NamedPolicy(loss=0.1), Depths()
    one, other = (depths.of_tier(TIER, "openai", "gpt-5", "openai.chat", plain, Wanted()) for _ in range(2))
    assert one is other


def test_conversations_are_kept_as_long_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest goes first; a brief answer is nobody's to keep."""
    monkeypatch.setattr(module, "_MOST_CONVERSATIONS", 2)
    depths = Depths()
    for name in (b"a", b"b", b"c"):
        assert depths.thought("low", ALL, Wanted("high", conversation=name)) is not None
    depths.thought("brief", ALL, Wanted(conversation=b"d"))
    kept = [
        names(Wanted("high", conversation=name, is_first=False), depths=depths) for name in (b"a", b"b", b"c", b"d")
    ]
    assert kept == [[""], ["low"], ["low"], [""]]


def test_what_was_refused_is_not_offered_again() -> None:
    """By the tier that refused it; an answer of another one says nothing about it, nor does an error."""
    depths, wanted = Depths(), Wanted("high")
    exchange = Exchange("openai.chat", status=500, usage=Usage(1, 1))
    exchange.served = Served("t")
    depths.learn("t", ("openai.chat", "gpt-5", "low"), wanted, exchange, 100.0)
    assert "low" in names(wanted, depths=depths)
    exchange.status = 200
    depths.learn("t", ("openai.chat", "gpt-5", "low"), wanted, exchange, 100.0)
    assert names(wanted, depths=depths) == ["high", "medium", "minimal"]


def test_what_thought_took_is_learned_and_what_was_said_is_told() -> None:
    """Of an answer at a depth; and of one that only its caller asked for."""
    depths, wanted = Depths(), Wanted("high")
    exchange = Exchange("openai.chat", status=200, usage=Usage(10, 3_050, 0, (), 3_000))
    for taken in ("low", ""):
        exchange.served = Served("t", thought=taken)
        for _ in range(40):
            said = depths.learn("t", ("openai.chat", "gpt-5", taken), wanted, exchange, 100.0)
            assert said == 50
    high, _, low, _ = Depths.of_tier(depths, TIER, "openai", "gpt-5", "openai.chat", ALL, wanted)
    assert low.thoughts[2] == pytest.approx(3_000, rel=0.5)
    assert high.thoughts[2] == pytest.approx(3_000, rel=0.5)
