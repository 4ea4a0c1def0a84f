"""Which policy a request gets, and whose it is."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import pytest

from sparing.errors import NotAllowed, UnknownKey, UnknownPolicy
from sparing.plan.anticipate.nature import Nature
from sparing.plan.callers import Caller, KeyRing, policy_scopes
from sparing.plan.policy import Policies
from sparing.plan.quota.store import NUSD
from sparing.settings.policies import Intent, ModelAlias, NamedPolicy, Rule
from sparing.settings.tenants import KeySettings, ProjectSettings, TenantSettings

POLICIES = Policies(
    {name: NamedPolicy() for name in ("chat", "support", "review", "bulk")},
    {"helper": ModelAlias(model="gpt-4o-mini", policy="support"), "plain": ModelAlias(model="gpt-4o")},
    {
        "claude": Rule(policy="review", wire="anthropic.*", model="claude-*"),
        "path": Rule(policy="bulk", path="/v1/batch*"),
    },
)


def caller(policy: str = "", policies: tuple[str, ...] | None = None) -> Caller:
    return Caller("acme/web/alice", "acme", "", (), policy, policies)


def chosen(
    *,
    header: str = "",
    model: str = "gpt-4o",
    who: Caller | None = None,
    wire: str = "openai.chat",
    path: str = "/v1/x",
) -> tuple[str, str]:
    one = POLICIES.choose(header=header, model=model, caller=who, wire=wire, path=path)
    return one.name, one.why


def test_what_a_request_says_comes_before_whose_it_is_and_what_it_looks_like() -> None:
    """Header, alias, key, rule: each stands above those behind it."""
    everything = {
        "header": "bulk",
        "model": "helper",
        "who": caller("chat", ("chat", "support", "bulk")),
        "path": "/v1/batch",
    }
    assert chosen(**everything) == ("bulk", "header")
    everything["header"] = ""
    assert chosen(**everything) == ("support", "model")
    everything["model"] = "gpt-4o"
    assert chosen(**everything) == ("chat", "key")
    everything["who"] = caller()
    assert chosen(**everything) == ("bulk", "rule")
    everything["path"] = "/v1/x"
    assert chosen(**everything) == ("", "")


def test_a_rule_looks_at_wire_path_and_model() -> None:
    """All three have to match."""
    assert chosen(wire="anthropic.messages", model="claude-opus-4-1") == ("review", "rule")
    assert chosen(wire="openai.chat", model="claude-opus-4-1") == ("", "")
    assert chosen(model="x\nclaude-1", wire="anthropic.messages") == ("", "")


def test_a_rule_may_look_at_what_a_request_is_about() -> None:
    """Only where one could match, once, and in the order of the file."""
    asked: list[int] = []

    def of(intent: Intent, complexity: float) -> Callable[[], Nature]:
        def nature() -> Nature:
            asked.append(1)
            return Nature(intent, 0.9, complexity)

        return nature

    policies = Policies(
        {name: NamedPolicy() for name in ("deep", "code", "claude", "rest")},
        {},
        {
            "claude": Rule(policy="claude", model="claude-*"),
            "hard": Rule(policy="deep", intents=("code", "reason"), complexity_from=0.7),
            "code": Rule(policy="code", intents=("code",)),
            "rest": Rule(policy="rest", wire="openai.*"),
        },
    )

    def name(nature: Callable[[], Nature], model: str = "gpt-5", wire: str = "openai.chat") -> str:
        return policies.choose(header="", model=model, caller=None, wire=wire, path="/", nature=nature).name

    assert name(of("code", 0.9)) == "deep"
    assert name(of("code", 0.2)) == "code"
    assert name(of("chat", 0.9)) == "rest"
    assert name(of("chat", 0.9), wire="gemini") == ""
    assert len(asked) == 4
    assert name(of("code", 0.9), model="claude-5") == "claude"
    assert len(asked) == 4


def test_an_alias_without_a_policy_only_renames() -> None:
    """The policy is found as for any other request."""
    one = POLICIES.choose(header="", model="plain", caller=caller("chat"), wire="openai.chat", path="/")
    assert (one.name, one.model) == ("chat", "gpt-4o")


def test_an_unknown_policy_names_those_that_may_be_chosen() -> None:
    """Not those of others."""
    with pytest.raises(UnknownPolicy, match=r"no policy \(policies: chat, support\)"):
        chosen(header="x", who=caller("chat", ("chat", "support")))


@pytest.mark.parametrize("asked", [{"header": "review"}, {"model": "helper"}])
def test_what_is_not_a_keys_own_is_refused(asked: dict[str, str]) -> None:
    """By header or by alias."""
    with pytest.raises(NotAllowed, match="it may use: chat"):
        chosen(who=caller("chat", ("chat",)), **asked)


KEYS = {name: KeySettings(sha256=sha256(name.encode()).hexdigest(), streams=1) for name in ("alice", "bob", "carol")}
RING = KeyRing(
    {
        "acme": TenantSettings(
            tokens_per_minute=1000,
            policy="chat",
            keys={"carol": KEYS["carol"]},
            projects={
                "web": ProjectSettings(usd_per_day=1.5, policy="support", keys={"alice": KEYS["alice"]}),
                "app": ProjectSettings(policies=("chat", "bulk"), keys={"bob": KEYS["bob"]}),
            },
        )
    }
)


def test_a_key_has_the_limits_of_all_that_it_belongs_to() -> None:
    """Tenant, project and key, each its own count."""
    alice = RING.caller("alice")
    assert alice.name == "acme/web/alice"
    assert [scope.name for scope in alice.scopes] == ["tenant acme", "project acme/web", "key acme/web/alice"]
    assert alice.scopes[1].bounds.nusd_per_day == 1.5 * NUSD
    assert [scope.name for scope in RING.caller("carol").scopes] == ["tenant acme", "key acme/carol"]


def test_the_nearest_policy_counts() -> None:
    """The key's, else the project's, else the tenant's; a list of policies is the nearest, too."""
    alice, bob, carol = map(RING.caller, ("alice", "bob", "carol"))
    assert (alice.policy, alice.policies) == ("support", ("support",))
    assert (bob.policy, bob.policies) == ("chat", ("chat", "bulk"))
    assert (carol.policy, carol.policies) == ("chat", ("chat",))


def test_projects_share_nothing() -> None:
    """Caches and kept texts are a project's own."""
    assert len({RING.caller(name).apart for name in KEYS}) == 3


@pytest.mark.parametrize("key", ["", "dave", KEYS["alice"].sha256])
def test_an_unknown_key_is_nobodys(key: str) -> None:
    """Nor is a hash a key."""
    with pytest.raises(UnknownKey):
        RING.caller(key)


def test_a_caller_is_found_by_name() -> None:
    """As the command line names it."""
    assert RING.named("acme/web/alice") is RING.caller("alice")
    with pytest.raises(UnknownKey, match="acme/alice"):
        RING.named("acme/alice")


def test_a_policy_without_money_over_time_counts_nothing() -> None:
    """No scope, no work."""
    assert policy_scopes("a", NamedPolicy(usd_per_request=1)) == ()
    assert policy_scopes("a", NamedPolicy(usd_per_day=2))[0].name == "policy a"
