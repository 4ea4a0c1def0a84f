"""What may not go of an answer that is made shorter: what it answers, what it concludes, what it denies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sparing.core.content import Content
from sparing.core.verdict import Change, Objection

# Cut more often than sentences end ("Dr."): the beginning of a sentence stands for all of it, since units stay whole.
_SENTENCE = re.compile(r"[^\n.!?。！？]+(?:[.!?](?!\s|\Z)[^\n.!?。！？]*)*[.!?。！？]*")
_FRAME = re.compile(r"\s*(?:#{1,6}\s(?!\s*\d)|[`~]{3}|\||-{3,}|\*\*[^*\d]*\*\*:?\s*$)")
_COURTESY = re.compile(
    r"\W*(?:sure|certainly|of course|absolutely|great question|good question|thanks?|thank you|hello|hi|dear|i hope"
    r"|hope|happy to|glad to|i'd be|i would be|let me know|feel free|please let|gerne|natürlich|danke|vielen dank|hallo"
    r"|bien sûr|merci|bonjour|claro|gracias|hola|certo|grazie|ciao)\b",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    r"\W*(?:therefore|thus|hence|in short|in conclusion|to conclude|in summary|to sum up|overall|in total|altogether"
    r"|tl;?dr|(?:the |so the |so, the )?(?:final |short |correct )?(?:answer|result|total)\b|conclusion"
    r"|also insgesamt|insgesamt|zusammengefasst|kurz gesagt|daher|somit|fazit|en résumé|en conclusion|donc|au total"
    r"|en resumen|en conclusión|por lo tanto|en total|in sintesi|quindi|in totale)\b|\s*#{4}\s*\S*\d",
    re.IGNORECASE,
)
_EMPHASISED = re.compile(r"\*\*[^*\n]*\d[^*\n]*\*\*|\\boxed\{[^}\n]*\}")
_DENIES = re.compile(
    r"\b(?:no|not|never|none|cannot|without|nobody|nothing|neither|\w+n['’]t|nicht|kein\w*|nie|niemals|ohne|ne|pas"
    r"|jamais|aucun\w*|sans|nunca|ningun\w*|ningún|sin|non|nessun\w*|mai|senza|não|nenhum\w*|niet|geen|не|нет|никогда)\b",
    re.IGNORECASE,
)
_ASKS_A_FIGURE = re.compile(
    r"\bhow (?:many|much|long|old|tall|far|big|large|fast|high|deep|often)|\bwhen\b|\bwhat(?:'s| is| was| are| were)? "
    r"(?:the )?(?:year|date|day|time|percentage|percent|number|amount|price|cost|total|sum|rate|deadline|limit)"
    r"|\bwie (?:viele?|lange|hoch|oft)|\bwann\b|\bcombien\b|\bquand\b|\bcuánt|\bcuándo\b|\bquant|\bquando\b|\d.*\?",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{4,}")
_STEM_CHARS = 5  # words are the same for this that begin alike
_ABOUT = 0.5  # of the question's words that a denial has to have to be one of what was asked


class DirectAnswer:
    """Objects when an answer would lose its opening, its conclusion, a figure that it stresses or that was asked for,
    or that it denies what was asked."""

    name = "answer"

    def judge(self, changes: Sequence[Change], pins: tuple[str, ...]) -> list[Objection]:
        objections = []
        for change in changes:
            if change.content != Content.ANSWER:
                continue
            asked = change.question.text if change.question else ""
            lost = [
                (what, said) for what, said in _mattering(change.span.text, asked) if said not in change.rendition.text
            ]
            if lost:
                needs = tuple(dict.fromkeys(said for _, said in lost))
                objections.append(Objection(change, self.name, f"{lost[0][0]} would go", needs))
        return objections


def _mattering(text: str, question: str) -> Iterator[tuple[str, str]]:
    """What each part is that matters, and the part."""
    said = [sentence for line in text.split("\n") if not _FRAME.match(line) for sentence in _sentences(line)]
    opening = next((one for one in said if not _COURTESY.match(one)), "")
    if opening:
        yield "its opening", opening
    if concluding := [one for one in said if _CONCLUDES.match(one)]:
        yield "its conclusion", concluding[-1]
    for match in _EMPHASISED.finditer(text):
        yield "a figure that it stresses", match[0]
    words = _stems(question)
    if not words:
        return
    for one in said:
        if _DENIES.search(one) and len(words & _stems(one)) >= max(1.0, _ABOUT * len(words)):
            yield "what it denies", one
    figures = [(len(words & _stems(one)), -at, one) for at, one in enumerate(said) if re.search(r"\d", one)]
    if figures and _ASKS_A_FIGURE.search(question) and max(figures)[0]:
        yield "the figure that was asked for", max(figures)[2]


def _sentences(line: str) -> list[str]:
    return [one for match in _SENTENCE.finditer(line) if any(map(str.isalnum, one := match[0].strip()))]


def _stems(text: str) -> set[str]:
    return {word.lower()[:_STEM_CHARS] for word in _WORD.findall(text)} - _QUESTION_STEMS


_QUESTION_STEMS = {
    word[:_STEM_CHARS]
    for word in re.findall(
        r"\w+",
        """
        what when where which does have many much long there with from that this about your will would could should they
        their please tell explain describe give into were been being than then
        """,
    )
}
