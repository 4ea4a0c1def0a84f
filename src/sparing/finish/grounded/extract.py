"""An answer without a model: the sentences of the passages that answer best, word for word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sparing.core.content import Content
from sparing.core.deadline import Deadline
from sparing.finish.citations import Checked, Citation, Claim
from sparing.finish.grounded.answer import Grounded
from sparing.finish.grounded.claims import claims_of
from sparing.finish.grounded.refuse import LEAST_CHANCE, gave_up, hopeless, refusal
from sparing.finish.grounded.tables import parted_by, ruled, separator_in
from sparing.finish.grounded.units import share, terms_of, unit_of
from sparing.reducers.evidence import evidence
from sparing.reducers.passages import Layout, lay_out
from sparing.reducers.scope_cues import qualifies
from sparing.reducers.table_heads import table_heads
from sparing.reducers.text_table import read_table
from sparing.reducers.words import WORD, fold
from sparing.retrieval import Retrieved, Source
from sparing.retrieve.exceptions import exceptions_from, section_of
from sparing.select.choose import selector_for
from sparing.select.costs import WHATEVER_MS
from sparing.settings.policy import Select

MOST_SENTENCES = 3
# Of the best sentence's score, by whoever judges and by the rules too: about as good an answer. On validation questions
# both together find more answers in fewer sentences than the judge alone. Rules tell sentences less apart.
_NEARLY, _NEARLY_BY_RULES = 0.65, 0.84
_OWN_LABEL, _SHARPER = 1.0, 4.0
_CELL_END = re.compile(r"[|\t]")
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t][^\n]*\n?|\[…[^\]\n]*\]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of a passage as it stands there.

    Attributes:
        start: First character in what was sent of the passage.
        text: Letter for letter, blanks at the ends aside.
        score: Against the question; a chance 0..1 where the selector's models judged; of what only belongs to another
            sentence, that one's.
    """

    source: Source
    start: int
    text: str
    score: float

    @property
    def at(self) -> int:
        """Where it begins in the whole passage."""
        return max(0, self.source.passage.text.find(self.text))


def extracted(question: str, retrieved: Retrieved, least_chance: float = LEAST_CHANCE) -> Grounded:
    """The sentences of what was retrieved as an answer, or a refusal where nothing is likely to answer."""
    why = hopeless(retrieved, least_chance)
    found = [] if why else extract(question, retrieved.sources)
    if not found:
        why = why or "no sentence of the passages has to do with it"
        return Grounded(refusal(retrieved.sources), why, None, retrieved, "", widened=False)
    checked = quoted(found)
    return Grounded(checked.answer, "", checked, retrieved, checked.said, widened=False)


def or_extracted(question: str, grounded: Grounded) -> Grounded:
    """An answer; where nothing that a model said is borne out, the passages' own sentences.

    For models so small that their not finding words says little of the passages. One that says that the passages do not
    answer is believed.
    """
    if not grounded.abstained or not grounded.said or gave_up(grounded.said):
        return grounded
    return extracted(question, grounded.retrieved)


def extract(
    question: str, sources: Sequence[Source], *, most: int = MOST_SENTENCES, select: Select = "auto"
) -> list[Sentence]:
    """The sentences that answer best, in the order of the passages.

    With them comes what they do not hold without: a limit in the next sentence, the head of a row's table, and what
    another section takes from the one that a sentence stands in.

    Args:
        most: Sentences, what comes with them not counted.
    """
    text, owners = _together(sources)
    layout = lay_out(text, Deadline())
    rules = evidence(text, layout, question, Deadline())
    judged = selector_for(select, WHATEVER_MS).judge(text, layout, question, rules, Deadline())

    def owned_by(scores: Sequence[float]) -> dict[int, Sentence]:
        owned = _owned(text, layout, owners, scores)
        owned |= _rows_by_words(question, text, layout, owned)
        return owned | _answers_to_questions(owned)

    owned = owned_by(judged.scores)
    chosen = _about_as_good(owned, owned_by(rules))[:most]
    chosen += [unit for unit in _belonging(text, layout, chosen, owned) if unit in owned]
    found = [owned[unit] for unit in sorted(set(chosen))]
    return [*found, *_exceptions(found, sources)]


def _about_as_good(owned: Mapping[int, Sentence], by_rules: Mapping[int, Sentence]) -> list[int]:
    """The best sentence and those nearly as good, best first; none where nothing has to do with the question."""
    order = sorted(owned, key=lambda unit: (-owned[unit].score, unit))
    if not order or owned[order[0]].score <= 0:
        return []
    least, least_by_rules = _NEARLY * owned[order[0]].score, _NEARLY_BY_RULES * by_rules[order[0]].score
    return [unit for unit in order if owned[unit].score >= least and by_rules[unit].score >= least_by_rules]


def told(sentences: Sequence[Sentence]) -> str:
    """An answer made of them, each with its citation; rows of tables and items of lists line by line."""
    return "".join(f"{before}{text}" for before, text in _parts(sentences))


def quoted(sentences: Sequence[Sentence]) -> Checked:
    """The answer made of them, where each bears itself out: it stands there letter for letter."""
    claims, at = [], 0
    for sentence, (before, text) in zip(sentences, _parts(sentences), strict=True):
        start, at = at + len(before), at + len(before) + len(text)
        if claims_of(text):
            number, passage = sentence.source.number, sentence.source.passage
            citation = Citation(number, passage.source, passage.place, sentence.text, "exact")
            claims.append(Claim(text, start, at, (number,), (citation,), ""))
    answer = told(sentences)
    return Checked(answer, answer, tuple(claims))


def _parts(sentences: Sequence[Sentence]) -> Iterator[tuple[str, str]]:
    """What stands before each sentence, and the sentence with its citation."""
    before = ""
    alone = True  # whether what stands last is a line of its own
    for sentence in sentences:
        was_alone, alone = alone, _is_line(sentence)
        text = sentence.text if alone else " ".join(sentence.text.split())
        yield (before and ("\n" if was_alone or alone else " ")), f"{text} [{sentence.source.number}]"
        before = " "


def _is_line(sentence: Sentence) -> bool:
    in_table = sentence.source.passage.content is Content.TABLE
    return in_table or sentence.text.startswith(("|", "-", "*", "•")) or "\t" in sentence.text


def _together(sources: Sequence[Source]) -> tuple[str, list[tuple[Source, int, int]]]:
    """One text of all passages under what stands above them, and where each passage lies in it."""
    text = ""
    owners = []
    for source in sources:
        text += f"{source.passage.heads.strip()}\n" if source.passage.heads.strip() else ""
        start = len(text)
        text += source.text
        owners.append((source, start, len(text)))
        text += "\n\n"
    return text, owners


def _owned(
    text: str, layout: Layout, owners: Sequence[tuple[Source, int, int]], scores: Sequence[float]
) -> dict[int, Sentence]:
    """The units that say something in a passage, by their place; headings over them and marks taken off."""
    found = {}
    for unit, score in enumerate(scores):
        start, end = layout.bounds[unit], layout.bounds[unit + 1]
        line = text.rfind("\n", 0, start) + 1
        for heading in _HEADING.finditer(text, line, end):
            start = max(start, heading.end())
        owner = next((one for one in owners if one[1] <= start < one[2]), None)
        said = text[start:end]
        if owner is not None and WORD.search(fold(said)):
            at = start - owner[1] + len(said) - len(said.lstrip())
            found[unit] = Sentence(owner[0], at, said.strip(), score)
    return found


def _rows_by_words(question: str, text: str, layout: Layout, owned: dict[int, Sentence]) -> dict[int, Sentence]:
    """Rows of tables, their scores shared out by the question's words in the row and in what stands above it.

    The models were not made for rows: that a table answers they tell better than which row does.
    """
    lines = {unit: _in_cells(one) for unit, one in owned.items() if any(map(str.isdigit, one.text))}
    rows = {unit: owned[unit] for unit, line in lines.items() if unit_of(line).is_row}
    top = max((one.score for one in rows.values()), default=0.0)
    terms = terms_of(question)
    fits = {unit: share(terms, [unit_of(_above(text, layout.bounds[unit], one))]) for unit, one in rows.items()}
    labels = {unit: unit_of(_CELL_END.split(lines[unit].strip("| "))[0]) for unit in rows}
    asked = unit_of(question).stems
    for unit, label in labels.items():  # of two rows under one head, that of which more is asked for
        fits[unit] += _OWN_LABEL * len(label.stems & asked) / (1 + len(label.stems))
    best = max(fits.values(), default=0.0)
    return {unit: replace(one, score=top * (fits[unit] / best) ** _SHARPER) for unit, one in rows.items() if best}


def _answers_to_questions(owned: Mapping[int, Sentence]) -> dict[int, Sentence]:
    """What follows a question in its passage has the question's score, which itself answers nothing."""
    scores = {unit: one.score for unit, one in owned.items()}
    for unit in sorted(owned):
        asks, after = owned[unit], owned.get(unit + 1)
        if asks.text.endswith(("?", "？")) and after is not None and after.source is asks.source:
            scores[unit + 1] = max(scores[unit + 1], scores[unit])
            scores[unit] = 0.0
    return {unit: replace(owned[unit], score=score) for unit, score in scores.items()}


def _in_cells(sentence: Sentence) -> str:
    """A sentence, with tabs between the cells of a row that commas part."""
    passage = sentence.source.passage
    separator = parted_by(passage)
    return ruled(sentence.text, separator) if separator else sentence.text


def _above(text: str, start: int, row: Sentence) -> str:
    """A row with its document's name, the lines above its passage, and the last heading."""
    headings = [match[0] for match in _HEADING.finditer(text, 0, start) if match[0].startswith("#")]
    return "\n".join((row.source.passage.source, row.source.passage.heads, *headings[-1:], row.text))


def _belonging(text: str, layout: Layout, chosen: Sequence[int], owned: Mapping[int, Sentence]) -> Iterator[int]:
    """Units that limit the one before them in its paragraph, and heads of tables, which turns of talk are not."""
    for unit in chosen:
        after = unit + 1
        while after < layout.num_units and _limits(text, layout.bounds[after]):
            yield after
            after += 1
    rows = [unit for unit in chosen if owned[unit].source.passage.content is not Content.DIALOGUE]
    yield from (head for _, head in table_heads(text, layout.bounds, rows))
    yield from _header_rows(chosen, owned)


def _header_rows(chosen: Sequence[int], owned: Mapping[int, Sentence]) -> Iterator[int]:
    """Of tables whose cells commas part."""
    first = {one.source.number: unit for unit, one in sorted(owned.items(), reverse=True)}
    for unit in chosen:
        passage, head = owned[unit].source.passage, first[owned[unit].source.number]
        separator = separator_in(passage.text, "") if passage.content is Content.TABLE else ""
        table = read_table(passage.text, separator) if separator else None
        if table and table.names and passage.text.lstrip().startswith(owned[head].text):
            yield head


def _limits(text: str, start: int) -> bool:
    return text[start - 2 : start] != "\n\n" and qualifies(text, start)


def _exceptions(found: Sequence[Sentence], sources: Sequence[Source]) -> Iterator[Sentence]:
    """What other sections of the same document take from those that the sentences stand in."""
    known = {(sentence.source.number, sentence.text) for sentence in found}
    for rule in found:
        section = section_of(rule.source.passage, rule.at)
        for source in sources:
            if not section or source.passage.source != rule.source.passage.source:
                continue
            for start, end in exceptions_from(section, source.passage):
                text = source.passage.text[start:end].strip()
                if text in source.text and (source.number, text) not in known:
                    known.add((source.number, text))
                    yield Sentence(source, source.text.find(text), text, rule.score)
