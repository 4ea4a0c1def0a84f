"""In which language is it written? By function words, and by script where that says enough.

Made to compare a question with the text it is asked of: rules that look for the question's words, and what was
calibrated on them, say nothing where the two are in different languages.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from itertools import filterfalse
from typing import Final

from sparing.guard.anomaly import script_of

_SAMPLES, _SAMPLE_CHARS = 4, 800
_FEW_WORDS = 5  # of no language's function words are more in what is no running text
_CLEARLY = 2  # words by which a question has to be in one language rather than another, or one where
_MANY_WORDS = 4  # so many words have none of the other language
_WORD = re.compile(r"[^\W\d_]+")
_LISTS = {
    "English": "the of and to in is was were are did does do what which who whom whose when where why how many that "
    "for with by from at as on it this be been has have had an or not its their",
    "German": "der die das des dem den ein eine einer eines einem einen und ist war waren wurde wurden wird hat hatte "
    "was wer wie wo wann warum welche welcher welches welchem welchen wem wen wieviel viele von zu zum zur mit fur auf "
    "im am bei nach aus als nicht sich durch uber in an es",
    "Spanish": "el la los las un una unos unas de del al y en que cual cuales quien quienes cuando donde como cuanto "
    "cuantos cuanta cuantas por para con se es fue son era fueron su sus lo no mas a ha segun",
    "French": "le la les un une des du de et est sont etait ete qui que quoi quel quelle quels quelles quand comment "
    "combien pourquoi dans en pour par sur avec au aux ce cette ces il elle se sa son ses ne pas a qu",
    "Italian": "il lo la i gli le un uno una di del della dei delle dello e che chi cosa quale quali quando dove come "
    "quanto quanti quante perche per con in nel nella su da dal si e sono era non ha stato al alla",
    "Portuguese": "o a os as um uma de do da dos das e que quem qual quais quando onde como quanto quantos quantas por "
    "para com em no na nos nas se foi sao era nao mais ao pelo pela seu sua",
    "Dutch": "de het een van en is was waren werd wordt wie wat waar wanneer waarom hoe hoeveel welke in op te voor "
    "met door aan uit bij naar niet ook dat die zijn heeft om er",
    "Romanian": "a al ai ale un o de din la in pe cu si sau este sunt era fost ce cine care cand unde cum cat cati "
    "cata pentru prin dupa nu se lui sa au ca mai cel cea fi intre",
    "Turkish": "bir ve bu da de ile icin ne nedir neden nasil nerede nereye nereden hangi hangisi kac kim kimdir kimin "
    "kime mi mu olarak olan gibi daha en cok kadar sonra ile ya ki degil ne zaman hangi hangisidir",
    "Vietnamese": "la cua va co cac mot nhung trong o voi cho tu khi nao ai gi dau bao nhieu nhu the vi sao den duoc "
    "nguoi khong nay do ra ve bi theo den tai vao",
}
_WORDS: Final = {name: frozenset(words.split()) for name, words in _LISTS.items()}


def in_other_language(question: str, text: str, script: str) -> str:
    """In what a question is written that the text is not: a language or a script; "" where nothing tells.

    Args:
        script: The text's; see `anomaly.script_of`.
    """
    scripts = Counter(script_of(char) for char in question[:_SAMPLE_CHARS] if char.isalpha())
    if script and scripts and script not in scripts:
        return f"{max(sorted(scripts), key=scripts.__getitem__)} script"
    asked = set(_words(question[:_SAMPLE_CHARS]))
    hits = {name: len(asked & words) for name, words in _WORDS.items()}
    best = max(hits, key=hits.__getitem__)
    if not hits[best]:
        return ""
    told = Counter(_words(_sample(text)))
    sums = {name: sum(told[word] for word in words) for name, words in _WORDS.items()}
    of_text = max(sums, key=sums.__getitem__)
    if sums[of_text] <= _FEW_WORDS:
        return ""
    least = 1 if not hits[of_text] and len(asked) >= _MANY_WORDS else _CLEARLY
    return best if hits[best] - hits[of_text] >= least else ""


def _words(text: str) -> list[str]:
    """In lower case, without accents."""
    letters = text.lower() if text.isascii() else unicodedata.normalize("NFD", text.lower().replace("ı", "i"))
    return _WORD.findall("".join(filterfalse(unicodedata.combining, letters)))


def _sample(text: str) -> str:
    if len(text) <= _SAMPLES * _SAMPLE_CHARS:
        return text
    step = (len(text) - _SAMPLE_CHARS) // (_SAMPLES - 1)
    return " ".join(text[start : start + _SAMPLE_CHARS] for start in range(0, len(text), step)[:_SAMPLES])
