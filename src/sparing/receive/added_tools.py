"""Tools of Sparing's own, put behind those of the request."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.core.span import Patch, Prompt


def insert_tools(prompt: Prompt, definitions: Sequence[str], key: str = "tools") -> tuple[Patch, ...]:
    """Patches that append these definitions (JSON text) to the request's array of tools, or give it one.

    They stand behind the caller's own tools, so that a prefix that ends with those stays the same.
    """
    if not definitions:
        return ()
    added = ",".join(definitions)
    if prompt.tools_place is None:
        start = prompt.source.index("{") + 1
        comma = "" if prompt.source[start:].lstrip().startswith("}") else ","
        return (Patch(start, start, f'"{key}":[{added}]{comma}'),)
    start, end = prompt.tools_place
    if prompt.source[start] != "[":  # a single object may stand for a list of one
        return Patch(start, start, "["), Patch(end, end, f",{added}]")
    is_empty = not prompt.source[start + 1 : end - 1].strip()
    return (Patch(end - 1, end - 1, added if is_empty else f",{added}"),)
