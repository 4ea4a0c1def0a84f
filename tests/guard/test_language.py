"""Questions in another language than the text."""

from __future__ import annotations

import pytest

from sparing.guard.anomaly import script_of
from sparing.guard.language import in_other_language

TEXTS = {
    "English": "The lamp of the lighthouse was repaired in the spring. It is on the island, and the keeper has to row.",
    "German": "Die Lampe des Leuchtturms wurde im Frühjahr repariert. Der Turm ist auf der Insel, und der Wärter rudert.",
    "Spanish": "La lámpara del faro fue reparada en la primavera. El faro es de la isla, y el farero no se fue por el mar.",
    "cyrillic script": "Лампу маяка починили весной. Маяк стоит на острове, и смотритель туда плывёт на лодке.",
}
QUESTIONS = {
    "English": "Who repaired the lamp of the lighthouse?",
    "German": "Wer hat die Lampe des Leuchtturms repariert?",
    "Spanish": "¿Quién es el hombre que reparó la lámpara del faro?",
    "cyrillic script": "Кто починил лампу маяка?",
}


@pytest.mark.parametrize("of_text", TEXTS)
@pytest.mark.parametrize("asked", QUESTIONS)
def test_a_question_in_another_language_is_told(asked: str, of_text: str) -> None:
    """And which it is, or in which script; in the same language nothing is said."""
    text = 10 * (TEXTS[of_text] + "\n")
    script = script_of(text[0])
    told = asked if script == "latin" or asked == "cyrillic script" else "latin script"
    assert in_other_language(QUESTIONS[asked], text, script) == ("" if asked == of_text else told)


@pytest.mark.parametrize("question", ["", "ISO 27001?", "Ingrid Solheim", "4711", "\ud800?"])
def test_what_tells_no_language_is_no_other(question: str) -> None:
    """Names, numbers and half characters."""
    assert in_other_language(question, 10 * TEXTS["German"], "latin") == ""


def test_a_text_that_is_in_no_language_tells_nothing() -> None:
    """A table of names and figures may be asked about in any language of its script."""
    assert in_other_language(QUESTIONS["German"], "name,amount\nSolheim,12\nBogen,79\n" * 20, "latin") == ""
