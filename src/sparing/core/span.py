"""A request as spans that point into the bytes it arrived in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b, sha256

import msgspec
from msgspec.structs import replace


class Kind(StrEnum):
    """What part a span plays in the conversation."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"
    TOOL_SCHEMA = "tool_schema"
    DOCUMENT = "document"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"


class Zone(StrEnum):
    """What may happen to a span.

    PINNED is never reduced; FROZEN was sent before and is replayed as it was sent; LIVE is where work happens.
    """

    PINNED = "pinned"
    FROZEN = "frozen"
    LIVE = "live"


# A Struct is made in a third of a dataclass's time, and chats have many; `dict` is for the cached properties.
class Span(msgspec.Struct, frozen=True, dict=True):
    """One string of a request, or a stretch of one.

    Attributes:
        label: Where it is, as a reader would write it: ``messages[3].content[0].text``.
        text: The decoded text; empty for images, audio and video.
        literal: Character range of the JSON string literal, quotes included, in `Prompt.source`, or of the array or
            object whose JSON is the text; None when the span cannot be edited in place (an image, a tool schema).
        within: Character range inside the decoded literal when the span is only a stretch of it.
        block: Which turn it belongs to: 0 up to the model's first answer, then one more per answer.
        message: Index of the message it belongs to; -1 outside the messages (system field, tools).
        tool: Name of the tool that was called or that answered, "" if none or unknown.
        pair: Id that ties a tool call to its result, "" if none.
        tokens: Token count where it does not follow from `text` (images); -1 otherwise.
        place: Character range of its whole JSON value in `Prompt.source`, for a `Patch` of what is no string.
    """

    label: str
    kind: Kind
    text: str
    literal: tuple[int, int] | None
    zone: Zone = Zone.LIVE
    within: tuple[int, int] | None = None
    block: int = 0
    message: int = -1
    tool: str = ""
    pair: str = ""
    tokens: int = -1
    place: tuple[int, int] = (0, 0)

    @cached_property
    def sha256(self) -> str:
        """Of its text, in hex."""
        return sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @cached_property
    def digest(self) -> bytes:
        """Of its text and of the part that it plays, wherever it stands: 16 bytes."""
        label, tool, pair = self.label, self.tool, self.pair
        form = f"{self.kind} {self.zone} {self.literal is None} {self.tokens} {len(label)} {len(tool)} {len(pair)} "
        whole = "".join((form, label, tool, pair, self.text))
        return blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    @cached_property
    def literals(self) -> dict[str, str]:
        """JSON of texts that it was edited into, for whoever edits it again."""
        return {}

    @cached_property
    def frozen(self) -> Span:
        """The same as part of a cached prefix."""
        return replace(self, zone=Zone.FROZEN)


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of `span` by `text`."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Patch:
    """Replace ``source[start:end]``, a whole JSON value, by other JSON text; where `start` is `end`, insert it."""

    start: int
    end: int
    json: str


class Prefix(StrEnum):
    """A part of a prompt that ends where a later request may still be the same."""

    TOOLS = "tools"
    SYSTEM = "system"
    EARLIER = "earlier"  # up to the user's last message before the model's newest answer
    NEWEST = "newest"  # up to the user's newest message


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """Where the provider can be told to cache a prefix.

    Attributes:
        place: Character range, in `Prompt.source`, of the block that the prefix ends with: an object, or a string that
            stands for a block of text.
    """

    prefix: Prefix
    place: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that Sparing itself offers to the model.

    Attributes:
        parameters: JSON schema of its arguments, as JSON text.
    """

    name: str
    description: str
    parameters: str


@dataclass(frozen=True)
class Prompt:
    """A request, parsed once.

    Attributes:
        wire: Name of the wire format, for example ``openai.chat``.
        source: The body as it arrived, decoded from UTF-8 (so that encoding it again gives the same bytes).
        spans: Every stretch of text, image and schema that costs tokens, in the order of the body.
        num_messages: For the per-message overhead of the wire format.
        num_tools: Likewise, for tool schemas.
        tools_place: Character range of the array of tool schemas in `source`; None if the request has none.
        breakpoints: Where its prefixes could be cached; none where the caller says so itself, or the provider needs no
            telling.
    """

    wire: str
    source: str
    spans: tuple[Span, ...]
    model: str = ""
    stream: bool = False
    num_messages: int = 0
    num_tools: int = 0
    tools_place: tuple[int, int] | None = None
    breakpoints: tuple[Breakpoint, ...] = ()

    @cached_property
    def raw(self) -> bytes:
        """The bytes that came."""
        return self.source.encode()

    @property
    def newest_block(self) -> int:
        """Index of the newest turn."""
        return max((span.block for span in self.spans), default=0)
