"""Let the selector's encoder read question and passage together: how relevant each of the best passages is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sparing.core.content import Content
from sparing.core.deadline import Deadline
from sparing.core.passage import Passage, headed
from sparing.errors import DeadlineExceeded, NeedsThread
from sparing.reducers.passages import lay_out
from sparing.reducers.terms import ends
from sparing.select import costs
from sparing.select.installed import Installed, installed
from sparing.settings.policy import Select


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the encoder says of some passages.

    Attributes:
        relevance: A logit per passage; None for those that were not read.
        why: Why some, or all, were not read; "" where all were.
    """

    relevance: tuple[float | None, ...]
    why: str = ""


def shown(passage: Passage) -> str:
    """What is read of a passage: what stands above it, and its text."""
    return headed(passage.heads, passage.text)


def judge(
    question: str,
    passages: Sequence[Passage],
    *,
    select: Select = "auto",
    allowed_ms: float = costs.WHATEVER_MS,
    deadline: Deadline | None = None,
    here: Installed | None = None,
) -> Verdict:
    """Read passages in the order given, as far as there is time.

    Args:
        select: The policy's; ``rules`` and ``static`` do without the encoder.
        allowed_ms: What reading may cost by the constants of `select.costs`, which are the same on every machine.
        deadline: The clock's; what was read before it counts.
    Raises:
        NeedsThread: The deadline is the event loop's, and this would hold it up.
    """
    here = here or installed()
    why = "the policy" if select in ("rules", "static") else here.missing.get("encoder", "")
    deadline = deadline or Deadline()
    if not why and passages:
        deadline = _loaded(here, deadline)
        why = here.missing.get("encoder", "") or _unknown(question, here)
    if why:
        return Verdict((None,) * len(passages), why)
    return _read(ends(question), passages, costs.most_pieces(allowed_ms), deadline, here)


def _loaded(here: Installed, deadline: Deadline) -> Deadline:
    """Load what is not yet loaded; once per process, so that it does not count against the deadline."""
    if here.is_loaded("encoder"):
        return deadline
    if deadline.on_loop:
        raise NeedsThread("the encoder is not loaded yet")
    start_s = time.monotonic()
    here.load("encoder")
    return replace(deadline, at_s=deadline.at_s + time.monotonic() - start_s)


def _unknown(question: str, here: Installed) -> str:
    from sparing.select.known import is_known

    if not here.vocabulary.ids(question):
        return "the question has no words"
    return "" if is_known(question, here.vocabulary) else "the encoder does not know the language of the question"


def _not_for_the_encoder(passage: Passage, text: str, here: Installed) -> str:
    from sparing.select.known import is_known

    if passage.content is Content.DIALOGUE:  # measured: it ranks meetings no better than words and vectors do
        return "the encoder does not judge transcripts better"
    return "" if is_known(text, here.vocabulary) else "the encoder does not know the language of some passages"


def _read(question: str, passages: Sequence[Passage], room: int, deadline: Deadline, here: Installed) -> Verdict:
    from sparing.select.encoder import SPECIAL_PIECES
    from sparing.select.material import material_of
    from sparing.select.reading import question_ends, read_passage

    relevance: list[float | None] = []
    why = ""
    for passage in passages:
        text = shown(passage)
        if unread := _not_for_the_encoder(passage, text, here):
            relevance.append(None)
            why = why or unread
            continue
        try:
            layout = lay_out(text, deadline)
            material = material_of(text, layout, question, [0.0] * layout.num_units, here.vocabulary, deadline)
            asked = question_ends(material.question)
            room -= sum(window.num_pieces + len(asked) + SPECIAL_PIECES for window in material.windows)
            if room < 0:
                why = "no time to read more"
                break
            readings = [
                read_passage(here.encoder, asked, material.units[window.first : window.end], deadline)
                for window in material.windows
            ]
        except DeadlineExceeded:
            why = "deadline: no time to read more"
            break
        relevance.append(max((reading.passage for reading in readings), default=None))
    return Verdict((*relevance, *(None,) * (len(passages) - len(relevance))), why)
