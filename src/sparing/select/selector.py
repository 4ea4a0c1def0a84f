"""The selector: rules, static embeddings and the encoder, as far as the policy and the time allow."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sparing.core.deadline import Deadline
from sparing.core.selector import Judged, Sections
from sparing.errors import DeadlineExceeded, NeedsThread
from sparing.select import costs
from sparing.select.installed import Installed
from sparing.select.known import is_known
from sparing.select.material import material_of
from sparing.select.reading import read_doubtful
from sparing.select.static import static_chances
from sparing.select.wordpiece import WordPiece

# From chances of units to the worth of a rung. Chances are right one by one, but units that hold nothing are many, and
# their small chances add up. With this exponent a rung of a worth holds about as many questions' evidence, on the parts
# of Natural Questions, XQuAD and TAT-QA that no model was trained on.
_SHARPNESS = 2.5
_QUESTION_CHARS = 4_000  # of a longer one only the beginning and the end are looked at


@dataclass(frozen=True, slots=True)
class Learned:
    """Implements `core.selector.Selector`.

    Attributes:
        tier: The best that the policy allows: ``static`` or ``encoder``.
        allowed_ms: What judging one text may cost by the constants of `costs`.
    """

    installed: Installed
    tier: str
    allowed_ms: float

    def judge(self, text: str, sections: Sections, question: str, rules: Sequence[float], deadline: Deadline) -> Judged:
        """See the protocol."""
        if sections.turns:  # measured: who asks of a meeting wants the stretch that the rules' windows find
            return Judged(rules, "rules (they judge transcripts better)")
        half = _QUESTION_CHARS // 2
        asked = question if len(question) <= _QUESTION_CHARS else f"{question[:half]} {question[-half:]}"
        if costs.static_ms(len(text)) > self.allowed_ms:
            return Judged(rules, f"rules ({len(text):,} characters would take too long)")
        deadline = self._load(deadline)
        if {"static", "encoder"} <= self.installed.missing.keys():
            return Judged(rules, f"rules ({self.installed.missing['encoder']})")
        if why := _unknown(asked, text, self.installed.vocabulary):
            return Judged(rules, f"rules ({why})")
        try:
            return self._judge(text, sections, asked, rules, deadline)
        except DeadlineExceeded:
            return Judged(rules, "deadline: rules, as there was no time for the better tiers")

    def _judge(
        self, text: str, sections: Sections, question: str, rules: Sequence[float], deadline: Deadline
    ) -> Judged:
        here = self.installed
        material = material_of(text, sections, question, rules, here.vocabulary, deadline)
        cheap = Judged(rules, "rules")
        chances: Sequence[float] = material.rules
        if "static" not in here.missing:
            chances = static_chances(here.static, here.fusions["static"], material, deadline)
            cheap = Judged(chances, "static", _SHARPNESS)
        if why := "the policy" if self.tier == "static" else here.missing.get("encoder", ""):
            return replace(cheap, by=f"{cheap.by} ({why})")
        room = costs.most_pieces(self.allowed_ms - costs.static_ms(len(text)))
        read = read_doubtful(here.encoder, here.fusions["encoder"], material, chances, room, deadline)
        if not read.num_passages:
            return replace(cheap, by=f"{cheap.by} (no time for the encoder)")
        by = f"encoder (read {read.num_passages} of {len(material.windows)} passages)"
        return Judged(read.chances, by, _SHARPNESS, read.spare)

    def _load(self, deadline: Deadline) -> Deadline:
        """Load what is not yet loaded; once per process, so that it does not count against the deadline."""
        tiers = [tier for tier in ("static", self.tier) if tier not in self.installed.missing]
        if self.installed.is_loaded(*tiers):
            return deadline
        if deadline.on_loop:
            raise NeedsThread("the selector's models are not loaded yet")
        start_s = time.monotonic()
        self.installed.load(*tiers)
        return replace(deadline, at_s=deadline.at_s + time.monotonic() - start_s)


def _unknown(question: str, text: str, vocabulary: WordPiece) -> str:
    if not vocabulary.ids(question):
        return "the question has no words"
    for name, one in (("question", question), ("text", text)):
        if not is_known(one, vocabulary):
            return f"the models do not know the language of the {name}"
    return ""
