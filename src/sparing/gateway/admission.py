"""One request on its way in: made smaller as a limit comes near, refused at the limit, settled when it is over."""

from __future__ import annotations

from dataclasses import replace

from msgspec.structs import replace as replace_struct
from starlette.types import Scope

from sparing.core.upstream import Thought
from sparing.errors import LimitTooSmall, NotAllowed, RequestError
from sparing.gateway.allowance import Allowance
from sparing.gateway.anticipating import Anticipated
from sparing.gateway.controls import Controls
from sparing.gateway.deciding import Decided, has_goal
from sparing.gateway.depths import Wanted
from sparing.gateway.desk import Desk
from sparing.gateway.easing import eased_caps, eased_controls, is_first_turn
from sparing.gateway.exchange import Exchange
from sparing.gateway.headers import get, safe, target_of, without_key
from sparing.gateway.limit_headers import limit_headers
from sparing.gateway.meter import Meter, counts_money, estimated_tokens, input_tokens_of
from sparing.gateway.outgoing import Outgoing
from sparing.gateway.refusals import refusal
from sparing.gateway.reserving import Reserving
from sparing.plan.anticipate.nature import Nature
from sparing.plan.callers import Caller
from sparing.plan.quota.store import NUSD, Refused
from sparing.receive.depth.levels import is_more
from sparing.receive.knobs import Caps, lowered, read_knobs, with_model
from sparing.record.metrics import Admitted
from sparing.settings.policies import NamedPolicy

_NO_POLICY = NamedPolicy()
_TIER = b"x-sparing-tier"
_COUNTING = ("/count_tokens", ":countTokens")


class Admission:
    """One request.

    Args:
        caller: Who asks; None where everybody may.
        generates: Whether it asks for a generated answer, which can be made shorter.

    Attributes:
        controls: How it is treated, before the caller's own headers.
        body: As it came, with the model that is really asked.
        target: Path and query, likewise, without the gateway's own key.
        headers: The caller's, likewise.

    Raises:
        UnknownPolicy: It names one that there is not.
        NotAllowed: It names one that is not for its caller.
    """

    def __init__(
        self, desk: Desk, caller: Caller | None, scope: Scope, body: bytes, exchange: Exchange, *, generates: bool
    ) -> None:
        self._desk, self._exchange, self._generates, self.caller = desk, exchange, generates, caller
        self._knobs = read_knobs(body)
        model = self._knobs.model or _model_in(scope["path"])
        header = safe(get(scope["headers"], b"x-sparing-policy")).decode()
        self._anticipated = Anticipated(body, desk.classifier)
        chosen = desk.policies.choose(
            header=header,
            model=model,
            caller=caller,
            wire=exchange.wire,
            path=scope["path"],
            nature=lambda: self._anticipated.nature,
        )
        policy = self._policy = chosen.policy or _NO_POLICY
        self._scopes = desk.scopes(caller, chosen.name)
        self.controls: Controls = desk.controls(chosen.name)
        self.headers = scope["headers"] if caller is None else without_key(scope["headers"])
        self.target = target_of(scope, without_key=caller is not None)
        self.body = body
        if chosen.model:
            self._rename(model, chosen.model)
        seller = desk.sellers.get(exchange.wire, "")
        self._caps = Caps(
            policy.answer_tokens, policy.reasoning, "max_completion_tokens" if seller == "openai" else "max_tokens"
        )
        must_price = policy.usd_per_request is not None or counts_money(self._scopes)
        self._meter = Meter(chosen.model or model, seller, self.controls.policy.prices_file, must_price)
        self._decided: Decided | None = None
        self._reserving = Reserving(desk, self._scopes, self._meter, self._knobs, exchange, generates=generates)
        # Files, lists of models and counts of tokens are no tokens to anybody.
        self._is_billed = generates or (bool(self._knobs.model) and not self.path.endswith(_COUNTING))
        self._is_plain = get(scope["headers"], b"content-encoding") in ("", "identity")
        exchange.policy, exchange.tenant = chosen.name, caller.tenant if caller else ""
        exchange.ceiling_tokens = policy.ceiling_tokens or 0 if generates else 0
        exchange.overrun, exchange.tighten_with = policy.overrun, policy.tighten_with
        exchange.stopping = policy.stop if generates and chosen.policy is not None else "off"

    @property
    def path(self) -> str:
        """The path of `target`."""
        return self.target.partition("?")[0]

    def eased(self, controls: Controls | None) -> Controls | None:
        """The controls, and with them what the answer may be, made smaller if a limit is near."""
        then = self._policy.under_pressure
        if not self._scopes or not self._generates or then.begins >= 1:
            return controls
        pressure = self._reserving.pressure(self.body, self._most_answer_tokens)
        if pressure.share < then.begins:
            return controls
        changes: list[str] = []
        if controls is not None:
            controls, changes = eased_controls(controls, then, self.body)
        changes += self._ease_caps()
        if changes:
            self._exchange.eased = f"{pressure.limit} at {pressure.share:.0%}: {', '.join(changes)}"
        return controls

    @property
    def policy_name(self) -> str:
        """Of the policy that it is under; "" if none."""
        return self._exchange.policy

    @property
    def _most_answer_tokens(self) -> int | None:
        """What the request or its policy says, whichever is less; None if neither does."""
        asked, allowed = self._knobs.answer_tokens, self._caps.answer_tokens
        return allowed if asked is None or (allowed is not None and allowed < asked) else asked

    @property
    def rank(self) -> int:
        """Who goes first; smaller is sooner."""
        return self._policy.rank

    def decided(self, controls: Controls | None) -> Controls | None:
        """The controls, with what was decided of tier, effort and answer where the policy has goals.

        Raises:
            NotAllowed: The caller names a tier that its policy does not allow.
        """
        decider, policy, knobs = self._desk.decider, self._policy, self._knobs
        if decider is None or controls is None or not self._generates:
            return controls
        named = safe(get(self.headers, _TIER)).decode().strip().lower()
        if not named and decider.is_tier(knobs.model):
            named = knobs.model
        if policy.tiers and named and named not in policy.tiers:
            hint = f"it allows: {', '.join(policy.tiers)}"
            raise NotAllowed(f"the policy {self._exchange.policy!r} does not allow the tier {named!r}", hint=hint)
        tiers = policy.under_pressure.tiers if self._exchange.eased and policy.under_pressure.tiers else policy.tiers
        decided = decider.decide(
            self._exchange.policy,
            policy,
            controls,
            wire=self._exchange.wire,
            tokens=estimated_tokens(self.body),
            model=knobs.model or _model_in(self.path),
            nature=self._anticipated.nature if has_goal(policy) else Nature(),
            wanted=self._wanted(policy),
            answer_tokens=self._most_answer_tokens,
            effort_is_open=not get(self.headers, b"x-sparing-effort"),
            tiers=(named,) if named else tiers,
        )
        if decided is None:
            return controls
        self._decided = decided
        self._exchange.decided = decided.told
        if not named:
            self.headers = [*self.headers, (_TIER, decided.decision.tier.encode())]
        if decided.decision.ceiling is not None:
            self._caps = replace(self._caps, answer_tokens=decided.decision.ceiling)
        return controls if decided.effort == controls.policy.effort else controls.with_effort(decided.effort)

    @property
    def thought(self) -> Thought | None:
        """How much whoever answers is to think, where that was decided and no cap has come in between."""
        thought = self._decided.thought if self._decided is not None else None
        if thought is None or (self._caps.reasoning is not None and is_more(thought.level, self._caps.reasoning)):
            return None
        return thought

    async def admitted(self, outgoing: Outgoing) -> Outgoing:
        """The request as it may go out, with what it may use set aside.

        Raises:
            QuotaExceeded: A limit is reached.
            LimitTooSmall: It will never fit, or has no price where money is limited.
        """
        with self._exchange.deciding:
            self._refuse_hidden()
            input_tokens = input_tokens_of(outgoing) if self._is_billed else 0
            self._cap_money(input_tokens)
            capped = self.capped(outgoing)
        result = await self._reserving.reserve(input_tokens, self._asked_tokens(capped.original))
        if result is None:
            return capped
        if isinstance(result, Refused) and not self._exchange.eased and (changes := self._ease_caps()):
            why, capped = result.limit, self.capped(outgoing)
            result = await self._reserving.reserve(input_tokens, self._asked_tokens(capped.original)) or result
            self._exchange.eased = f"{why} reached: {', '.join(changes)}"
        self._exchange.limits = limit_headers(result.levels, self._exchange.wire)
        if isinstance(result, Refused):
            self._exchange.eased = ""
            raise refusal(result)
        return capped

    def settle(self) -> Admitted:
        """Put what was really used in place of what was set aside; says what that is."""
        if self._decided is not None and self._desk.decider is not None:
            stream, was_cut = self._exchange.num_events > 0, self._was_cut()
            self._desk.decider.over(self._decided, self._exchange, stream=stream, was_cut=was_cut)
        tokens, nusd = self._reserving.settle()
        priority = self._policy.priority
        return Admitted(
            self._exchange.tenant,
            priority if isinstance(priority, str) else "other",
            tokens,
            nusd / NUSD,
            bool(self._exchange.eased),
        )

    def _wanted(self, policy: NamedPolicy) -> Wanted:
        """What the request says of its depth; no more than whether it begins where no depth is to be decided."""
        is_first = is_first_turn(self.body)
        if not policy.depths:
            return Wanted(is_first=is_first)
        newest = self._anticipated.newest
        apart = self.caller.apart if self.caller is not None else ""
        opening = newest.opening + apart.encode() if newest.opening else b""
        asked, cap = self._knobs.depth, self._caps.reasoning
        return Wanted(asked, cap, opening, is_first, newest.is_last, newest.has_tools)

    def _was_cut(self) -> bool:
        """Whether the answer is as long as it was allowed to be."""
        if self._exchange.stopped:
            return True
        most = self._most_answer_tokens
        return most is not None and self._exchange.usage.output_tokens >= most

    def _rename(self, alias: str, model: str) -> None:
        """Ask the model that an alias stands for."""
        if self._knobs.model:
            self.body = with_model(self.body, model)
        else:
            self.target = self.target.replace(f"/{alias}:", f"/{model}:", 1)

    def _ease_caps(self) -> list[str]:
        self._caps, changes = eased_caps(
            self._caps, self._policy.under_pressure, self._knobs, self._exchange.wire, self.body
        )
        return changes

    def _refuse_hidden(self) -> None:
        """What cannot be read cannot be kept within a limit."""
        limits = self._generates and (self._caps.answer_tokens or self._caps.reasoning)
        if not self._is_plain and (limits or self._meter.must_price):
            raise RequestError("its answer or its cost is limited, which a compressed body hides", hint="send it plain")
        if self._generates and self._meter.must_price and not self._meter.model:
            raise RequestError("money is limited, and the request names no model that has a price", hint="name one")

    def _cap_money(self, input_tokens: int) -> None:
        """Shorten the answer to what a request may cost."""
        usd = self._policy.usd_per_request
        if usd is None or not self._generates:
            return
        tokens = self._meter.affordable_tokens(usd, input_tokens)
        if tokens is None:
            return
        tokens //= self._knobs.num_answers
        if tokens == 0:
            raise LimitTooSmall(
                f"a prompt of {input_tokens:,} tokens leaves nothing for an answer of the {usd:g} USD that the policy"
                f" {self._exchange.policy!r} allows for a request",
                hint="send less, or ask a cheaper model",
            )
        if self._caps.answer_tokens is None or tokens < self._caps.answer_tokens:
            self._caps = replace(self._caps, answer_tokens=tokens)

    def capped(self, outgoing: Outgoing) -> Outgoing:
        """With the answer and the reasoning that are allowed; the original as well, should it be sent after all."""
        if not self._generates:
            return outgoing
        wire, caps = self._exchange.wire, self._caps
        body = lowered(outgoing.body, wire, caps)
        same = outgoing.body is outgoing.original
        original = body if same else lowered(outgoing.original, wire, caps)
        return replace_struct(outgoing, body=body, original=original)

    @property
    def allowance(self) -> Allowance | None:
        """What it may use; None where nothing is limited."""
        return self._reserving.allowance

    def _asked_tokens(self, body: bytes) -> int | None:
        """Most tokens of the answer as the body that goes out says; None if it does not."""
        knobs = self._knobs
        if body is self.body:
            return knobs.answer_tokens
        if knobs.answer_tokens is None and not knobs.thinks and self._exchange.wire == "openai.chat":
            return self._caps.answer_tokens  # it said nothing: what it says now is what was put there
        return read_knobs(body).answer_tokens


def _model_in(path: str) -> str:
    """The model of a path that names one, as Gemini's do."""
    head, _, verb = path.rpartition(":")
    return head.rpartition("/")[2] if verb and "/models/" in path else ""
