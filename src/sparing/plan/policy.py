"""Which policy a request gets: what it says, then whose it is, then what it looks like."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import translate
from functools import lru_cache

import msgspec

from sparing.errors import NotAllowed, UnknownPolicy
from sparing.plan.anticipate.nature import Nature
from sparing.plan.callers import Caller
from sparing.settings.policies import ModelAlias, NamedPolicy, Rule

_REMEMBERED = 1024  # kinds of requests, by wire format, path and model


class Chosen(msgspec.Struct, frozen=True):
    """A policy, and how it was come to.

    Attributes:
        name: "" where no policy is named: then `[policy]` alone holds.
        model: What is asked in place of an alias; "" where the request names a model itself.
        why: ``header``, ``model``, ``key`` or ``rule``; "" without a policy.
    """

    name: str = ""
    policy: NamedPolicy | None = None
    model: str = ""
    why: str = ""


class Policies:
    """The policies that are configured, and the ways to them.

    In order: the ``x-sparing-policy`` header; the alias that the request names as its model; the caller's key, project
    or tenant; the first rule that matches.
    """

    def __init__(
        self, policies: Mapping[str, NamedPolicy], models: Mapping[str, ModelAlias], rules: Mapping[str, Rule]
    ) -> None:
        self._policies = policies
        self._models = models
        self._rules = [
            (tuple(re.compile(translate(glob)).match for glob in (rule.wire, rule.path, rule.model)), rule)
            for rule in rules.values()
        ]
        self._by_rule = lru_cache(_REMEMBERED)(self._matching)

    def choose(
        self,
        *,
        header: str,
        model: str,
        caller: Caller | None,
        wire: str,
        path: str,
        nature: Callable[[], Nature] = Nature,
    ) -> Chosen:
        """The policy of a request.

        Args:
            nature: Says what it is taken for; asked only where a rule that could match wants to know.
        Raises:
            UnknownPolicy: The header names no policy.
            NotAllowed: The caller may not choose it.
        """
        alias = self._models.get(model)
        real = alias.model if alias is not None else ""
        if header:
            return self._chosen(header, real, "header", caller)
        if alias is not None and alias.policy:
            return self._chosen(alias.policy, real, "model", caller)
        if caller is not None and caller.policy:
            return Chosen(caller.policy, self._policies[caller.policy], real, "key")
        rules = self._by_rule(wire, path, model)
        kind = nature() if rules and rules[0].looks_closer else None
        for rule in rules:
            if kind is None or rule.takes(kind.intent, kind.complexity):
                return Chosen(rule.policy, self._policies[rule.policy], real, "rule")
        return Chosen(model=real)

    def _chosen(self, name: str, model: str, why: str, caller: Caller | None) -> Chosen:
        allowed = caller.policies if caller is not None and caller.policies is not None else tuple(self._policies)
        if name not in self._policies:
            known = ", ".join(one for one in allowed if one in self._policies) or "none is configured"
            raise UnknownPolicy(f"x-sparing-policy is {name!r}, which is no policy", hint=f"policies: {known}")
        if name not in allowed:
            who = caller.name if caller is not None else ""
            raise NotAllowed(f"the key {who} may not use the policy {name!r}", hint=f"it may use: {', '.join(allowed)}")
        return Chosen(name, self._policies[name], model, why)

    def _matching(self, wire: str, path: str, model: str) -> tuple[Rule, ...]:
        """The rules that look like the request, up to the first that asks nothing more."""
        request = (wire, path, model)
        found: list[Rule] = []
        for globs, rule in self._rules:
            if all(map(_call, globs, request)):
                found.append(rule)
                if not rule.looks_closer:
                    break
        return tuple(found)


def _call(matches: Callable[[str], object], text: str) -> bool:
    return matches(text) is not None
