"""Whether what an answer used was still there to be read when it was given.

No labels are needed. A value is a leaf of a tool result (an id, a number, a date, a code, a name); it counts when the
answer passes it to a tool or says it. It is held if it stands anywhere in the request that the model saw then. What
users say themselves (short messages; the short first and last paragraphs of long ones) has to be there to the letter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from sparing.core.span import Kind, Prompt
from sparing.evals.later_use import is_used, said_of, values
from sparing.evals.literal import visible
from sparing.evals.task import Tally
from sparing.evals.traffic.conversation import Answer

_SAID_CHARS = 600
_BREAK = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Held:
    """Of one turn.

    Attributes:
        values: Values of tool results that the answer uses, and those of them that were visible.
        words: Users' own words, and those of them that were there verbatim.
        lost: The values and words that were not.
    """

    values: Tally
    words: Tally
    lost: tuple[str, ...]


def held(original: Prompt, seen: Prompt, answer: Answer) -> Held:
    """What of `original` that `answer` used is in `seen`, the request that went out."""
    used = _used(original, answer)
    if seen.source == original.source:
        words = Tally(*[len(own_words(original))] * 2)
        return Held(Tally(len(used), len(used)), words, ())
    text = "\n".join(span.text for span in seen.spans)
    lost = [value for value in used if not visible(text, value)]
    said = own_words(original)
    texts = [span.text for span in seen.spans if span.kind is Kind.USER]
    unsaid = [words for words in said if not any(words in one for one in texts)]
    return Held(Tally(len(used) - len(lost), len(used)), Tally(len(said) - len(unsaid), len(said)), (*lost, *unsaid))


def own_words(prompt: Prompt) -> list[str]:
    """What users say themselves, as far as can be told: not the material that they paste."""
    return [words for span in prompt.spans if span.kind is Kind.USER for words in _own(span.text) if words]


def _own(text: str) -> list[str]:
    if len(text) <= _SAID_CHARS:
        return [text.strip()]
    paragraphs = [paragraph.strip() for paragraph in _BREAK.split(text.strip())]
    return [end for end in dict.fromkeys((paragraphs[0], paragraphs[-1])) if len(end) <= _SAID_CHARS]


_values = lru_cache(maxsize=1024)(values)  # a result is in every request from its turn on


def _used(prompt: Prompt, answer: Answer) -> list[str]:
    """Values of the tool results in a request that its answer uses, each once."""
    results = (span.text for span in prompt.spans if span.kind is Kind.TOOL_RESULT)
    known = dict.fromkeys(chain.from_iterable(map(_values, results)))
    passed = set(chain.from_iterable(map(_values, answer.arguments)))
    said = said_of([answer.said])
    return [value for value in known if is_used(value, passed, said)]
