"""Edits and patches applied to the text of a body: what they name changes, every other character stays."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]

from sparing.core.span import Edit, Patch, Prompt, Span

_SURROGATE = re.compile("[\ud800-\udfff]")


def apply_edits(prompt: Prompt, edits: Sequence[Edit], patches: Sequence[Patch] = ()) -> bytes:
    """The body with these edits and patches and no other difference, to the byte; `prompt.raw` when nothing changes.

    An edited literal is written anew: non-ASCII as it is, escapes only where JSON requires them; an edited array or
    object is the new text if that is JSON, else a string. Several insertions at
    one place stand in the order given.

    Raises:
        ValueError: An edit of a span that has no literal or is not of this prompt, or two changes of the same stretch.
    """
    own = set(map(id, prompt.spans))
    changes = [*patches, *(_literal_patch(prompt, own, literal, group) for literal, group in _by_literal(edits))]
    pieces: list[str] = []
    done = reached = 0
    for change in sorted(changes, key=lambda change: (change.start, change.end)):
        if change.start < reached or not change.start <= change.end <= len(prompt.source):
            raise ValueError(f"{change.start}:{change.end} overlaps another change, or is outside of this prompt")
        reached = change.end
        stays = change.end - change.start == len(change.json) and prompt.source.startswith(change.json, change.start)
        if not stays:
            pieces += (prompt.source[done : change.start], change.json)
            done = change.end
    if not pieces:
        return prompt.raw
    pieces.append(prompt.source[done:])
    return "".join(pieces).encode()


def edited_texts(prompt: Prompt, edits: Sequence[Edit]) -> list[tuple[str, str]]:
    """The text of each edited literal, before and after."""
    found = []
    for (start, end), group in _by_literal(edits):
        old = _decode(prompt.source, start, end)
        found.append((old, _edit_text(old, group)))
    return found


def _literal_patch(prompt: Prompt, own: Container[int], literal: tuple[int, int], edits: list[Edit]) -> Patch:
    """All edits of one literal as one patch; the literal itself where they change nothing.

    An earlier turn is edited as it was edited last time: the JSON of that is remembered with its span.

    Args:
        own: Identities of the prompt's own spans, which are what their places say.
    """
    start, end = literal
    if len(edits) > 1 or id(edits[0].span) not in own:
        return Patch(start, end, _edited_literal(prompt, start, end, edits))
    text, known = edits[0].text, edits[0].span.literals
    json_text = known.get(text)
    if json_text is None:
        json_text = _edited_literal(prompt, start, end, edits)
        known.clear()  # of one policy; others would come to other texts
        known[text] = json_text
    return Patch(start, end, json_text)


def _edited_literal(prompt: Prompt, start: int, end: int, edits: list[Edit]) -> str:
    old = _decode(prompt.source, start, end)
    new = _edit_text(old, edits)
    if new == old:
        return prompt.source[start:end]
    return new if prompt.source[start] != '"' and _is_json(new) else encode_string(new)


def encode_string(text: str) -> str:
    """A JSON string literal of `text` that can always be encoded as UTF-8: lone surrogates become escapes."""
    literal = json.dumps(text, ensure_ascii=False)
    try:
        literal.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", literal)
    return literal


def _by_literal(edits: Sequence[Edit]) -> list[tuple[tuple[int, int], list[Edit]]]:
    """The edits of each literal, literals in the order of the source."""
    groups: dict[tuple[int, int], list[Edit]] = {}
    for edit in edits:
        if edit.span.literal is None:
            raise ValueError(f"{edit.span.label} cannot be edited")
        groups.setdefault(edit.span.literal, []).append(edit)
    return sorted(groups.items(), key=lambda item: item[0])


def _decode(source: str, start: int, end: int) -> str:
    """The text of the literal ``source[start:end]``; of an array or object its JSON."""
    if source[start : start + 1] in ("[", "{") and end <= len(source):
        return source[start:end]
    if source[start : start + 1] == '"':
        text, stop = scanstring(source, start + 1)
        if stop == end:
            return str(text)
    raise ValueError(f"no string literal at {start}:{end} of this prompt")


def _is_json(text: str) -> bool:
    """Whether a text is an array or object as JSON, and can be sent."""
    try:
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse)
        text.encode()
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict | list)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _edit_text(old: str, edits: list[Edit]) -> str:
    """`old`, the decoded text of a literal, with the stretches of these edits replaced."""
    pieces: list[str] = []
    last = (0, -1)
    done = 0
    for stretch, edit in sorted(((_within(edit.span, old), edit) for edit in edits), key=lambda item: item[0]):
        start, end = stretch
        if start < done or stretch == last:
            raise ValueError(f"{edit.span.label} is edited twice at {start}:{end}")
        pieces += (old[done:start], edit.text)
        last, done = stretch, end
    return "".join((*pieces, old[done:]))


def _within(span: Span, old: str) -> tuple[int, int]:
    start, end = span.within or (0, len(old))
    if not 0 <= start <= end or old[start:end] != span.text:
        raise ValueError(f"{span.label} is not a span of this prompt")
    return start, end
