"""Who is paid for recorded traffic, and how: the same requests under several providers' caches."""

from __future__ import annotations

from dataclasses import dataclass

from sparing.core.prices import Prices
from sparing.evals.traffic.conversation import Conversation
from sparing.evals.traffic.others import Recorder
from sparing.evals.traffic.replay import Replayed, replay
from sparing.evals.traffic.sender import Posted, Sender
from sparing.evals.traffic.translate import as_anthropic, as_model, to_anthropic
from sparing.prices.lookup import prices_for


@dataclass(frozen=True, slots=True)
class Payment:
    """One way of paying.

    Attributes:
        marks: Whether the caller sets Anthropic's breakpoints; None for requests in OpenAI's form.
    """

    name: str
    model: str
    marks: bool | None = None

    @property
    def prices(self) -> Prices:
        found = prices_for(self.model)
        assert found is not None, "the shipped table has the models that are named here"
        return found

    def asked(self, conversation: Conversation) -> Conversation:
        """The requests of a conversation in OpenAI's form as they would be sent to this provider."""
        if self.marks is None:
            return as_model(conversation, self.model)
        return as_anthropic(conversation, self.model, marks=self.marks)


PAYMENTS = (
    Payment("gpt-4o, automatic cache", "gpt-4o"),
    Payment("gpt-5, automatic cache", "gpt-5"),
    Payment("claude-sonnet-4-5, caller's breakpoints", "claude-sonnet-4-5", marks=True),
    Payment("claude-sonnet-4-5, no breakpoints", "claude-sonnet-4-5", marks=False),
)


def pay(conversation: Conversation, sender: Recorder, payment: Payment) -> Replayed:
    """Replay a conversation in OpenAI's form; what only speaks that form has its requests translated afterwards."""
    theirs = payment.asked(conversation)
    if payment.marks is None or not sender.own_form_only:
        return replay(theirs, sender.as_sender(), payment.prices)
    asked = {turn.body: own.body for turn, own in zip(theirs.turns, conversation.turns, strict=True)}
    marks = payment.marks

    def send(_wire: str, body: bytes) -> Posted:
        return Posted(to_anthropic(sender.send(conversation.wire, asked[body]).body, payment.model, marks=marks))

    return replay(theirs, Sender(sender.name, send), payment.prices)
