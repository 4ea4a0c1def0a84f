"""What a caller asks of Sparing itself, by header."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeVar, get_args

from msgspec.structs import replace as replace_struct

from sparing.core.budget import Budget, Mode
from sparing.core.deadline import Deadline
from sparing.errors import RequestError, UnknownPolicy
from sparing.gateway.headers import CONTROL, Raw, safe
from sparing.settings import PolicySettings
from sparing.settings.policy import Effort

T = TypeVar("T")
_MAX_DIGITS = 12
_EFFORTS: tuple[Effort, ...] = get_args(Effort)


@dataclass(frozen=True, slots=True)
class Controls:
    """How one request is to be treated: the settings, with the caller's headers on top.

    Attributes:
        budget_is: What becomes of a budget that cannot be held. ``hard``: the request is refused; ``soft``: it is sent
            as small as it gets; ``binding``: refused, and no header raises the budget or turns the reduction off.
    """

    mode: Mode
    policy: PolicySettings
    budget_tokens: int | None = None
    budget_is: Literal["soft", "hard", "binding"] = "hard"

    def budget(self, *, on_loop: bool = False) -> Budget:
        """The budget, with the time for the reduction running from now.

        Args:
            on_loop: Whether the event loop waits for it.
        """
        deadline = Deadline.after(self.policy.deadline_ms / 1000, on_loop=on_loop)
        return Budget(input_tokens=self.budget_tokens, deadline=deadline)

    def distrusting(self, drifted: tuple[str, ...]) -> Controls:
        """The same, with no trust in the calibration of these content types, where the policy has it so."""
        policy = self.policy
        if not policy.risk or policy.risk_drift != "distrust" or not drifted:
            return self
        distrust = (*policy.risk_distrust, *(content for content in drifted if content not in policy.risk_distrust))
        return replace(self, policy=replace_struct(policy, risk_distrust=distrust))

    def without_own_tools(self) -> Controls:
        """The same, with nothing that the model could ask us for."""
        return replace(self, policy=replace_struct(self.policy, recall=False, most_tools=0))

    def with_effort(self, effort: Effort) -> Controls:
        """The same, with another effort."""
        return replace(self, policy=replace_struct(self.policy, effort=effort))


def read_controls(headers: Raw, defaults: Controls, *, has_policies: bool = True) -> Controls:
    """The controls of one request.

    ``x-sparing-mode: off|audit|on``, ``x-sparing-effort: off|safe|balanced|max``, ``x-sparing-recall: on|off``,
    ``x-sparing-risk: SHARE``, ``x-sparing-budget: TOKENS`` and ``x-sparing-deadline-ms: MILLISECONDS``, the last two
    whole numbers above 0; ``x-sparing-store: NAME``, or ``none``.

    Args:
        has_policies: Whether a policy could be named; that is read elsewhere.
    Raises:
        RequestError: A value is none of these.
        UnknownPolicy: ``x-sparing-policy`` names one, and there are none.
    """
    given = {name: safe(value.decode("latin-1")).decode() for name, value in headers if name.startswith(CONTROL)}
    if not given:
        return defaults
    if not has_policies and CONTROL + b"policy" in given:
        raise UnknownPolicy(f"x-sparing-policy is {given[CONTROL + b'policy']!r}", hint="no policy is configured")
    policy = defaults.policy
    mode = _read(given, "mode", _one_of(tuple(Mode)), defaults.mode)
    effort = _read(given, "effort", _one_of(_EFFORTS), policy.effort)
    deadline_ms = _read(given, "deadline-ms", _positive, policy.deadline_ms)
    budget_tokens = _read(given, "budget", _positive, defaults.budget_tokens)
    recall = _read(given, "recall", _on_or_off, policy.recall)
    risk = _read(given, "risk", _share, policy.risk)
    store = _read(given, "store", _store, policy.store)
    if policy.store_required and store != policy.store:
        hint = "leave out x-sparing-store"
        raise RequestError(f"the policy requires passages of its store {policy.store!r}", hint=hint)
    budget_is = defaults.budget_is
    if budget_is == "binding" and defaults.budget_tokens is not None:
        if mode is not Mode.ON or effort == "off":
            hint = "leave out x-sparing-mode and x-sparing-effort"
            raise RequestError("the policy has a hard budget, which only a reduced request can hold", hint=hint)
        budget_tokens = min(budget_tokens or defaults.budget_tokens, defaults.budget_tokens)
    elif CONTROL + b"budget" in given:
        budget_is = "hard"
    policy = replace_struct(policy, effort=effort, deadline_ms=deadline_ms, recall=recall, risk=risk, store=store)
    return Controls(mode, policy, budget_tokens, budget_is)


def _read(given: dict[bytes, str], name: str, read: Callable[[str], T], default: T) -> T:
    key = CONTROL + name.encode()
    if key not in given:
        return default
    try:
        return read(given[key])
    except ValueError as error:
        raise RequestError(f"{key.decode()} is {given[key]!r}", hint=f"it has to be {error}") from None


def _one_of(names: tuple[T, ...]) -> Callable[[str], T]:
    known = {str(name): name for name in names}

    def read(text: str) -> T:
        name = text.strip().lower()
        if name not in known:
            raise ValueError(f"one of {', '.join(known)}")
        return known[name]

    return read


def _on_or_off(text: str) -> bool:
    return _one_of(("off", "on"))(text) == "on"


def _positive(text: str) -> int:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS and int(digits) > 0):
        raise ValueError("a whole number above 0")
    return int(digits)


def _store(text: str) -> str:
    name = text.strip()
    if not name:
        raise ValueError("the name of a store, or none")
    return "" if name == "none" else name


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = float("nan")
    if not 0 <= share <= 1:  # also refuses nan
        raise ValueError("a share between 0 and 1")
    return share
