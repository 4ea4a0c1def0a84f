"""Running text: paragraphs under what reads as a heading (``§ 12``, ``Article 5``, ``3. Fees``, ``DEFINITIONS``)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sparing.retrieve.cut.outline import Outline
from sparing.retrieve.cut.pack import GLUED, SECTION, Unit
from sparing.retrieve.cut.stretches import paragraph, trimmed

_NUMBER = r"[0-9]{1,4}[a-z]?(?:\.[0-9]{1,3}){0,4}|[IVXLC]{1,7}"
# Levels by what a statute or a contract calls its parts, the widest first.
_NAMED = (
    (1, rf"(?:part|title|book|teil|buch|titre|título)[ \t]+(?:{_NUMBER}|[A-Z])\b"),
    (2, rf"(?:chapter|kapitel|abschnitt|chapitre|capítulo|annex|schedule|appendix|anhang)[ \t]+(?:{_NUMBER}|[A-Z])\b"),
    (3, rf"(?:section|article|artikel|artículo|sec\.|art\.|§{{1,2}})[ \t]*(?:{_NUMBER})"),
)
_HEADING = re.compile(
    "|".join(rf"(?P<l{level}>{pattern}[^\n]{{0,100}})" for level, pattern in _NAMED)
    + r"|(?-i:(?P<numbered>[0-9]{1,3}(?:\.[0-9]{1,3}){1,4}\.?[ \t]+[A-ZÀ-ÞА-ЯΑ-Ω][^\n]{0,90}))"
    + r"|(?-i:(?P<capitals>[A-ZÀ-ÞА-Я][A-ZÀ-ÞА-Я0-9 ,/&’'()-]{3,80}))",
    re.IGNORECASE,
)
_ENDED = (".", ",", ";", "!", "?", "and", "or")
_BREAK = re.compile(r"\n[ \t\r]*\n\s*|\f\s*")
_NUMBERED = re.compile(r"[0-9]{1,2}\.[ \t]+[A-ZÀ-ÞА-ЯΑ-Ω][^\n.;:!?]{2,70}")
_ITEM = re.compile(r"\s*[0-9]{1,2}[.)][ \t]")
_SPACE = re.compile(r"\s*")
_LINE = re.compile(r"[^\n]+")
_LOOKED_BACK = 80  # characters that may be blank between a line and what it ends
_SENTENCE_ENDS = '.!?:;"”)]。！？'


def units(text: str, title: str = "") -> Iterator[Unit]:
    """Paragraphs, or sentences of long ones, under their headings."""
    outline = Outline(title)
    for start, end in _paragraphs(text):
        at, glue = start, False
        for line in _LINE.finditer(text, start, end):
            level = heading_level(line[0].strip()) or _numbered_level(text, line)
            if not level or not _begins(text, at, line.start()):
                continue
            yield from paragraph(text, at, line.start(), outline.heads)
            yield from paragraph(text, line.start(), line.end(), outline.enter(level, line[0]), SECTION)
            at, glue = line.end(), True
        for unit in paragraph(text, at, end, outline.heads):
            yield unit._replace(strength=GLUED) if glue else unit
            glue = False


def heading_level(line: str) -> int:
    """1 (widest) to 6 for a line that reads as a heading, else 0."""
    match = _HEADING.fullmatch(line)
    if not match or line.endswith(_ENDED):
        return 0
    if match["numbered"]:
        return min(6, 3 + line.split()[0].strip(".").count("."))
    return 2 if match["capitals"] else next(level for level, _ in _NAMED if match[f"l{level}"])


def _numbered_level(text: str, line: re.Match[str]) -> int:
    """Of ``4. Fees``, unless it is an item of a list: then the next line is one too, or there is none."""
    if not _NUMBERED.fullmatch(line[0].strip()):
        return 0
    following = _LINE.search(text, _SPACE.match(text, line.end()).end())  # type: ignore[union-attr]
    return 0 if following is None or _ITEM.match(following[0]) else 3


def _begins(text: str, at: int, line: int) -> bool:
    """Whether what stands before the line is complete: nothing, the end of a sentence, another heading."""
    before = text[max(at, line - _LOOKED_BACK) : line].rstrip()
    return not before or before[-1] in _SENTENCE_ENDS


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Ranges between blank lines and pages; a page that ends within a sentence goes on."""
    at = 0
    for match in _BREAK.finditer(text):
        start, end = match.span()
        if text[start] == "\f" and not _ends_sentence(text, start) and text[end : end + 1].islower():
            continue
        if trimmed(text, at, start)[0] < start:
            yield at, start
        at = end
    yield at, len(text)


def _ends_sentence(text: str, end: int) -> bool:
    return text[max(0, end - _LOOKED_BACK) : end].rstrip()[-1:] in tuple(_SENTENCE_ENDS)
