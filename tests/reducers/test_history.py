"""What of an old message stays whatever happens, and the ladder down to that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparing.core.ladder import Ladder, Skip
from sparing.core.question import Question
from sparing.core.reducer import Ask
from sparing.reducers.history import must_stay, old_turn_ladder
from sparing.testing import hostile_texts
from sparing.tokens.models import counter_for

COUNTER = counter_for("gpt-4o")
SMALL_TALK = "The colours of the new page look great and people seem to like the layout. "
MESSAGE = (
    SMALL_TALK * 2 + "We have to keep Python 3.9. Never touch migrations/0042_init.py. The budget is at most $1,200.\n"
    "I tried pinning urllib3 but it did not work. We decided to go with sqlite. " + SMALL_TALK + "\n"
    "- [ ] write the changelog\n- [x] bump the version\n"
    "Mail ann@example.org about order 88213. " + SMALL_TALK
)


def kept(text: str, role: str = "user") -> list[str]:
    """What must stay of a text."""
    return [text[a:b].strip() for a, b in must_stay(text, role)]


def ladder(text: str, role: str = "user", question: str = "") -> Ladder:
    """A ladder, which has to be offered."""
    offered = old_turn_ladder(text, role, Ask(COUNTER, Question(question) if question else None))
    assert not isinstance(offered, Skip)
    return offered


@pytest.mark.parametrize(
    "said",
    [
        "We must not use the station.",
        "Please do not call before noon.",
        "It has to be done by Friday.",
        "I would prefer the blue one.",
        "No more than two people.",
        "We agreed on the second plan.",
        "Let's go with the blue one.",
        "TODO: ask the harbour.",
        "I still need to ask the harbour.",
        "I tried the other door but it was shut.",
        "That gave a KeyError again.",
        "Ich darf keine Nüsse essen.",
        "Wir haben beschlossen zu warten.",
        "Der erste Weg ging nicht.",
        "Nunca uses la puerta roja.",
        "Quedamos en esperar.",
        "Todavía no funciona, lo intenté dos veces.",
        "Il ne faut jamais ouvrir la porte.",
        "Nous avons décidé d'attendre.",
        "J'ai essayé la porte, sans succès.",
        "千万不要坐早班车。",
        "我们决定坐火车。",
        "下一步是订酒店。",
        "上次失败了。",
    ],
)
def test_what_binds_stays_whole(said: str) -> None:
    """Constraints, decisions, open tasks and failed attempts, in five languages; not what stands around them."""
    text = f"Good morning to all of you. {said}\nThe sky is blue and the sea is calm today.\n"
    assert said in "\n".join(kept(text))
    assert "sea is calm" not in "\n".join(kept(text))


@pytest.mark.parametrize(
    "name",
    [
        "ann@example.org",
        "88213",
        "src/app/main.py",
        "pay_88213",
        "3f9c2ab7",
        "getUser",
        "https://x.org/a?b=1",
        "$1,200",
    ],
)
def test_identifiers_stay(name: str) -> None:
    """By themselves, so that later messages can still refer to them."""
    assert kept(f"The page of {name} looks great") == [name]


def test_an_assistant_binds_by_what_was_decided_and_not_by_what_it_advises() -> None:
    """Of an assistant's words constraints may go, decisions and failures may not."""
    text = "You should only take the blue one. We agreed on tea. It failed again."
    assert kept(text, "assistant") == ["We agreed on tea. It failed again."]
    assert kept(text, "tool") == ["It failed again."]


def test_code_in_fences_may_go_but_for_its_failures() -> None:
    """Code can be read again; the line of a trace that names the error stays."""
    text = "Look:\n```\nvalue_of_x1 = 12345\nValueError: no such row\n```\nNice and easy.\n"
    assert kept(text) == ["ValueError: no such row"]


def test_the_lowest_rung_is_what_must_stay() -> None:
    """All that must stay is on every rung, and hardly anything else on the lowest."""
    rungs = ladder(MESSAGE)
    for rung in range(len(rungs.tokens)):
        shown = rungs.render(rung).text
        assert all(piece in shown for span in kept(MESSAGE) for piece in span.split("\n"))
    lowest = rungs.render(0).text
    assert "colours" not in lowest
    assert "[x] bump" not in lowest
    assert rungs.render(len(rungs.tokens) - 1).text == MESSAGE


def test_a_message_that_binds_nothing_can_become_a_mark() -> None:
    """And little is lost by that: thanks are worth less than names."""
    thanks, names = ladder("Thank you very much for all the help!"), ladder("Ann Low lives in Porto near Bo Sol.")
    assert thanks.render(0).text == names.render(0).text == "…"
    assert thanks.worth[0] > 0.8 > names.worth[0]


def test_what_the_question_is_about_goes_last() -> None:
    """Of two phrases that tell as much, the one in the sentence that has to do with the question stays longer."""
    text = "The ferry leaves from Porto with Ann Low. The circus comes from Turin with Bo Sol."
    for question, first in (("Where does the ferry leave?", "Porto"), ("Where is the circus from?", "Turin")):
        rungs = ladder(text, question=question)
        shown = [rungs.render(i).text for i in range(len(rungs.tokens))]
        other = "Turin" if first == "Porto" else "Porto"
        assert next(i for i, s in enumerate(shown) if first in s) < next(i for i, s in enumerate(shown) if other in s)


def test_a_message_of_which_all_must_stay_is_declined_or_whole() -> None:
    """There is no rung below what must stay."""
    rungs = ladder("Never do that again.")
    assert rungs.render(0).text == "Never do that again."


@pytest.mark.parametrize("name", hostile_texts())
def test_hostile_texts_are_survived(name: str) -> None:
    """Spans are ascending, apart and inside the text; a ladder is never larger than the text."""
    text = hostile_texts()[name]
    ends = [0, *(bound for span in must_stay(text, "user") for bound in span), len(text)]
    assert ends == sorted(ends)
    offered = old_turn_ladder(text, "user", Ask(COUNTER))
    if not isinstance(offered, Skip):
        assert COUNTER.count(offered.render(0).text) <= COUNTER.count(text)


@given(
    st.lists(st.sampled_from(MESSAGE.split()), min_size=1, max_size=30), st.sampled_from(["user", "assistant", "tool"])
)
def test_kept_stretches_are_the_sources_in_order(words: list[str], role: str) -> None:
    """On every rung: substrings in order, never larger, the same each time, what must stay in it."""
    text = " ".join(words)
    rungs = ladder(text, role)
    for rung in {0, len(rungs.tokens) // 2, len(rungs.tokens) - 1}:
        rendition = rungs.render(rung)
        assert rendition == ladder(text, role).render(rung)
        assert COUNTER.count(rendition.text) <= COUNTER.count(text)
        assert all(span in rendition.text for span in kept(text, role))
        at = 0
        for piece in rendition.text.split("…"):
            found = text.find(piece.strip(), at)
            assert found >= 0
            at = found + len(piece.strip())
