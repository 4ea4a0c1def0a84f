"""What is retrieved, with what other sections of the same documents take from the rules that answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sparing.core.counter import Counter
from sparing.core.passage import Passage, Rights
from sparing.core.store import Store
from sparing.finish.grounded.extract import Sentence, extract
from sparing.retrieval import Retrieved, Source
from sparing.retrieve.exceptions import exceptions_from, section_of
from sparing.tokens.models import counter_for

_REACH = 500  # passages before and after the rule, in its document
_MOST = 4  # passages that are added
_GAP = "[…]"


def with_exceptions(retrieved: Retrieved, store: Store, rights: Rights, *, model: str) -> Retrieved:
    """The same, with the exceptions from the sections that its best sentences stand in, within the same budget.

    Where there is no room for them, passages give way that are worth least and hold none of these sentences.
    """
    rules = extract(retrieved.question, retrieved.sources)
    added = list(_added(rules, retrieved.sources, store, rights))[:_MOST]
    if not added:
        return retrieved
    counter = counter_for(model)
    held = {rule.source.number for rule in rules}
    keep = list(retrieved.sources)
    while True:
        chosen = replace(retrieved, sources=_numbered([*keep, *added], counter))
        tokens = counter.count(chosen.text)
        if tokens <= retrieved.budget_tokens:
            return replace(chosen, tokens=tokens)
        rest = [source for source in keep if source.number not in held]
        if rest:
            keep.remove(min(rest, key=lambda source: source.worth))
        elif added:
            added.pop()
        else:
            return retrieved


def _added(rules: Sequence[Sentence], sources: Sequence[Source], store: Store, rights: Rights) -> Iterator[Source]:
    """Sentences that take something from the sections of the rules and are not sent yet, by passage."""
    sections = {section: rule.source for rule in rules if (section := section_of(rule.source.passage, rule.at))}
    sent = {part.id: source for source in sources for part in source.parts}
    for section, rule in sections.items():
        for passage in store.around(rule.parts[0], rights, _REACH):
            said = [passage.text[a:b].strip() for a, b in exceptions_from(section, passage)]
            beside = sent.get(passage.id)
            said = [text for text in said if beside is None or text not in beside.text]
            if said:
                yield _source(passage, said, rule.worth)


def _source(passage: Passage, said: Sequence[str], worth: float) -> Source:
    whole = len(said) == 1 and passage.text.strip() == said[0]
    text = passage.text if whole else f"{_GAP} " + f" {_GAP} ".join(said)
    return Source(0, passage, text, 0, worth, (passage,), (), "exceptions by the number of their section")


def _numbered(sources: Sequence[Source], counter: Counter) -> tuple[Source, ...]:
    made = [replace(source, number=number) for number, source in enumerate(sources, 1)]
    return tuple(replace(source, tokens=counter.count(source.block)) for source in made)
