"""Where requests are let in: whose they are, by which policy, within which limits.

Only there where policies or tenants are configured; without them a request goes past it.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Scope as Asked

from sparing.core.budget import Mode
from sparing.gateway.controls import Controls
from sparing.gateway.counts import Counts
from sparing.gateway.deciding import Decider
from sparing.gateway.headers import caller_key
from sparing.plan.anticipate.classifier import shipped
from sparing.plan.callers import Caller, KeyRing, policy_scopes
from sparing.plan.policy import Policies
from sparing.plan.quota.store import Scope
from sparing.settings import Settings
from sparing.settings.policies import NamedPolicy


class Desk:
    """What all requests of one gateway are let in by.

    Attributes:
        counts: Of what was used.
        sellers: Wire format to the provider that is paid, where the address tells.
        decider: Chooses among tiers; None where there are none.
        answer_tokens: Set aside for an answer without a ceiling.
        classifier: Tells what requests are about; None where no rule and no decision asks.
    """

    def __init__(
        self, settings: Settings, counts: Counts, sellers: Mapping[str, str], decider: Decider | None = None
    ) -> None:
        self.decider = decider
        self.counts = counts
        self.sellers = sellers
        self.answer_tokens = settings.quota.answer_tokens
        self.policies = Policies(settings.policies, settings.models, settings.rules)
        asks = decider is not None or any(rule.looks_closer for rule in settings.rules.values())
        self.classifier = shipped() if asks else None
        self._keys = KeyRing(settings.tenants) if settings.tenants else None
        self._plain = Controls(Mode(settings.policy.mode), settings.policy)
        self._controls = {name: _controls(policy) for name, policy in settings.policies.items()}
        self._scopes = {name: policy_scopes(name, policy) for name, policy in settings.policies.items()}

    def caller(self, asked: Asked) -> Caller | None:
        """Who asks; None where no tenants are configured, and everybody may.

        Raises:
            UnknownKey: The key is none of theirs.
        """
        if self._keys is None:
            return None
        return self._keys.caller(caller_key(asked["headers"], asked["query_string"]))

    def scopes(self, caller: Caller | None, policy: str) -> tuple[Scope, ...]:
        """What of a caller and a policy ("" for none) has limits."""
        return (caller.scopes if caller is not None else ()) + self._scopes.get(policy, ())

    def controls(self, policy: str) -> Controls:
        """What a policy makes of a request whose caller says nothing; "" is ``[policy]``."""
        return self._controls[policy] if policy else self._plain


def is_needed(settings: Settings) -> bool:
    """Whether anything is configured that requests are let in by."""
    return bool(settings.policies or settings.models or settings.rules or settings.tenants)


def _controls(policy: NamedPolicy) -> Controls:
    return Controls(
        Mode(policy.settings.mode),
        policy.settings,
        policy.budget_tokens,
        "soft" if policy.budget == "soft" else "binding",
    )
