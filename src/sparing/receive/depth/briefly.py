"""A wish for a short answer, in words, for models that have no field to be told by.

It is the last thing of the prompt: behind the user's newest words, where these are the end of the request. What a
provider caches of a prompt is a prefix of it. The next request of the conversation does not hold the wish, but
everything before it, so it finds the whole prompt in the cache and not the wish; and since the wish is never in the
midst of what an agent's loop goes on from, nothing that was cached is lost. With Anthropic's breakpoints it is a block
of its own behind the last one.
"""

from __future__ import annotations

from typing import Final

from sparing.receive.depth.body import Body
from sparing.receive.last_words import WALKED, behind, last_words, part

BRIEFLY: Final = "Answer briefly."
_ANTHROPIC: Final = "anthropic.messages"


def answer_briefly(body: bytes, wire: str) -> bytes:
    """The body with the wish at its end, and no other difference; the very body where the user's words are not there.

    Raises:
        MalformedBody: It cannot be read.
    """
    form = Body(body, walked=WALKED)
    content = last_words(form.root, wire)
    if content is None or (wire == _ANTHROPIC and form.get("cache_control") is not None):
        return body  # that one marks the last block, whatever it is: the wish would be cached, and missed
    if wire == _ANTHROPIC and isinstance(content.value, str):
        form.insert(content.start, '[{"type":"text","text":')
        form.insert(content.end, f"}},{part(BRIEFLY, wire)}]")
    else:
        form.insert(*behind(content, BRIEFLY, wire))
    return form.patched()
