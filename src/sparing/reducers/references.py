"""Where a sentence sends its reader: a clause, a table, an annex, a footnote, the definition of a term it uses."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

_KINDS = frozenset(
    re.findall(
        r"[\w§]+",
        """
        clause section article paragraph subclause rule schedule annex appendix item table figure chapter part note
        footnote step exhibit attachment § §§
        abschnitt ziffer artikel absatz abs anlage anhang tabelle kapitel punkt nr
        cláusula sección artículo anexo tabla apartado capítulo annexe tableau chapitre alinéa
        clausola articolo allegato tabella capitolo seção artigo tabela artikkel hoofdstuk bijlage
        раздел раздела разделе пункт пункта пункте статья статьи статье приложение приложения таблица таблице
        """,
    )
)
_NUMBER = re.compile(r"\s(\(?[A-Z]?\d{1,3}(?:\.\d{1,3}){0,3}[a-z]?\)?|[A-HIVX]{1,4})(?![\w(])")
_LABEL = re.compile(r"[#*\s]{0,6}(\d{1,3}(?:\.\d{1,3})+|\(\d{1,2}\)|§\s*\d+)(?=[\s.):])")
_OVERRIDES = re.compile(
    r"notwithstanding|replace|amend|supersede|delete|not apply|except|derogat|in lieu of|instead of|no longer"
    r"|abweichend|ersetzt|gilt nicht|unbeschadet|no obstante|sustitu|se modifica|nonobstant|remplac|par dérogation",
    re.IGNORECASE,
)
# It begins with one character class, so that `re` skips all else at C speed.
_MARKER = re.compile(r"[*(\[†‡¹²³⁴⁵](?:[a-z]\)|\d{1,2}\]|\*{0,2})(?=[\s.,;:|]|\Z)")
_DEFINITION = re.compile(
    r"[\"“„«]([^\"“”„«»\n]{2,60})[\"“”»](?:\s\([^)\n]{1,40}\))?,?\s"
    r"(?:means|shall mean|has the meaning|refers to|denotes|bedeutet|bezeichnet|meint|significa|designa|signifie"
    r"|désigne|означает)"
)
_COMMON, _LEAST_COMMON = 0.15, 4  # times a term is used per unit, and in all, from which on everybody knows it
_MOST_PLACES = 24
_MOST_FOOTNOTES = 3
_HEADING_CHARS = 80
_BULLETS = " \t\n#*_-"


def references(text: str, bounds: Sequence[int], units: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(unit, unit that it needs) for each of these units."""
    defined = dict(_definitions(text, bounds))
    for unit in units:
        own = text[bounds[unit] : bounds[unit + 1]]
        needed = [target for term, target in defined.items() if _has_word(own, term)]
        for match in _NUMBER.finditer(own):
            words = own[max(0, match.start() - 24) : match.start()].rsplit(None, 1)
            kind = words[-1].strip("(.,;").lower() if words else ""
            if kind in _KINDS or kind.removesuffix("s") in _KINDS:
                needed += _labelled(text, bounds, kind.removesuffix("s"), match[1])
        for match in _MARKER.finditer(own):
            if own[: match.start()].strip():
                needed += _footnotes(text, bounds, match[0])
        if label := _LABEL.match(own):
            needed += _overriding(text, bounds, label[1])
        yield from ((unit, target) for target in needed if target != unit)


def _definitions(text: str, bounds: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Terms, and the unit that defines each: not of a word that all the text is about, unless it says a number.

    Nearly every sentence would bring the same two or three of those along, and small budgets would hold little else.
    """
    most = max(_LEAST_COMMON, _COMMON * len(bounds))
    for match in _DEFINITION.finditer(text):
        unit = _unit_at(bounds, match.start())
        if text.count(match[1]) <= most or any(map(str.isdigit, text[match.end() : bounds[unit + 1]])):
            yield match[1], unit


def _has_word(sentence: str, term: str) -> bool:
    """Whether a term stands in a sentence as words of its own, a plural or another ending aside."""
    at = sentence.find(term)
    while at > 0 and sentence[at - 1].isalnum():
        at = sentence.find(term, at + 1)
    return at >= 0


def _labelled(text: str, bounds: Sequence[int], kind: str, number: str) -> list[int]:
    """The unit that begins with this number, or with the kind and the number, and what follows a mere heading."""
    for at in _places(text, number):
        unit = _unit_at(bounds, at)
        before = text[bounds[unit] : at].strip(_BULLETS).rstrip(".").lower()
        after = text[at + len(number) : at + len(number) + 2]
        if after[:1].isalnum() or (after[:1] in (".", ",") and after[1:].isdigit()):
            continue
        if before == kind or (not before and ("." in number or "(" in number)):
            return [unit, unit + 1] if _is_heading(text, bounds, unit) else [unit]
    return []


def _is_heading(text: str, bounds: Sequence[int], unit: int) -> bool:
    """Whether it is short, and has more behind it on its line or no end of a sentence of its own."""
    line = text[bounds[unit] : bounds[unit + 1]]
    short = line.rstrip()
    return unit + 2 < len(bounds) and len(short) <= _HEADING_CHARS and (line[-1] != "\n" or short[-1] not in ".;!?")


def _overriding(text: str, bounds: Sequence[int], label: str) -> Iterator[int]:
    """Units that name this clause in order to change it, each with the one behind it in its paragraph."""
    for at in _places(text, label):
        unit = _unit_at(bounds, at)
        if text[bounds[unit] : at].strip(_BULLETS) and _OVERRIDES.search(text, bounds[unit], bounds[unit + 1]):
            yield unit
            end = bounds[unit + 1]
            if unit + 2 < len(bounds) and text[end - 1] != "\n":
                yield unit + 1


def _footnotes(text: str, bounds: Sequence[int], marker: str) -> list[int]:
    found = [(_unit_at(bounds, at), at) for at in _places(text, marker)]
    units = [unit for unit, at in found if not text[bounds[unit] : at].strip()]
    return units if len(units) <= _MOST_FOOTNOTES else []  # more are a list


def _places(text: str, literal: str) -> Iterator[int]:
    at = text.find(literal)
    for _ in range(_MOST_PLACES):
        if at < 0:
            return
        yield at
        at = text.find(literal, at + len(literal))


def _unit_at(bounds: Sequence[int], at: int) -> int:
    return min(bisect_right(bounds, at), len(bounds) - 1) - 1
