"""A question taken apart into what a comparison looks at."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

_TOKEN = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[%$€£¥₹°#+]")
_SIGNS = frozenset("%$€£¥₹°#+")
_CASED = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN")


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The commonest function words of a language: they tell it from others, and weigh little in a comparison.
_LANGUAGES: Mapping[str, frozenset[str]] = {
    name: _words_of(words)
    for name, words in {
        "en": "the of and to in is are what how do does i you my your it for on with can a an be this that which why",
        "de": "der die das und ist ich wie was nicht ein eine zu von mit für wo kann mein den im wird wann warum",
        "fr": "le la les des et est je comment que quoi une pour dans pas mon ma du sur avec quel où puis pourquoi",
        "es": "el los las y es cómo qué una para por mi no con del se puedo cuál cuándo dónde está su al por",
        "it": "il lo gli e è come che cosa una per non mio mia di con del posso quale dove perché sono della",
        "pt": "o os as e é como que uma para não meu minha com do da posso qual onde em está são por um",
        "nl": "de het een en is hoe wat ik mijn niet voor van met kan waar op te wanneer waarom dat zijn",
        "sv": "och är hur vad jag min inte för med kan var på att en ett det när varför som av",
        "pl": "i jest jak co nie moje mój dla na z czy gdzie kiedy dlaczego się w do to jaki",
        "tr": "ve bir nasıl ne bu için mi mı nerede neden benim ile var çok ben kadar nedir",
        "vi": "là của và tôi có không cho được như thế nào ở các những một gì",
        "id": "yang dan di apa bagaimana saya untuk dengan ini itu adalah tidak bisa dari ke cara",
        "ru": "и в не что как я на с это по где когда почему мой моя для ли можно у из",
    }.items()
}
_FUNCTION_WORDS = frozenset().union(*_LANGUAGES.values())
_NEGATIONS = _words_of(
    """
    not no never without none nobody nothing neither nor cannot can't don't doesn't isn't aren't won't didn't wasn't
    weren't haven't hasn't shouldn't couldn't wouldn't dont doesnt isnt cant unable stop avoid except
    nicht kein keine keinen ohne nie niemals ne pas jamais sans aucun nunca sin ningún non senza mai não sem nunca
    niet geen zonder inte utan nie bez değil yok olmadan không tidak bukan tanpa не без нет никогда нельзя
    """
)
# Days, months and numbers in words: not capitalised in every language, and never to be mistaken for each other.
_EXACT = _words_of(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april june july august september
    october november december two three four five six seven eight nine ten eleven twelve hundred thousand million first
    second third once twice montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz juni juli
    oktober dezember zwei drei vier fünf sechs sieben acht neun zehn hundert tausend lundi mardi mercredi jeudi
    vendredi samedi dimanche janvier février mars avril mai juin juillet août septembre octobre novembre décembre deux
    trois quatre cinq sept huit neuf dix cent mille lunes martes miércoles jueves viernes sábado domingo enero febrero
    marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre dos tres cuatro cinco siete ocho nueve
    diez cien mil lunedì martedì mercoledì giovedì venerdì sabato domenica gennaio febbraio aprile maggio giugno luglio
    settembre ottobre dicembre tre quattro cinque sei sette otto nove dieci segunda terça quarta quinta sexta
    janeiro fevereiro março maio junho julho setembro outubro novembro dezembro maandag dinsdag woensdag donderdag
    vrijdag zaterdag zondag
    """
)
_WEIGHT_OF_FUNCTION_WORD = 0.2


@dataclass(frozen=True, slots=True)
class Wording:
    """What a question is made of. No text of it is kept whole.

    Attributes:
        words: Lower-case, in order, numbers among them.
        names: Words that begin with a capital inside a sentence, lower-case, and numbers, in order.
        units: Each number with the word or sign beside it.
        script: Of most of its letters, as Unicode names it.
        language: As its function words tell; "" if they do not.
        cased: Whether that script has capitals, so that names can be told.
    """

    words: tuple[str, ...]
    names: tuple[str, ...]
    units: frozenset[str]
    negations: int
    script: str
    language: str
    cased: bool

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(word for word in self.words if word[0].isdigit())


def take_apart(text: str) -> Wording:
    """Read a question."""
    text = unicodedata.normalize("NFKC", text).replace("’", "'")
    tokens = _TOKEN.findall(text)
    lower = tuple(token.lower() for token in tokens)
    words = tuple(word for word in lower if word not in _SIGNS)
    script = _script(text)
    return Wording(
        words=words,
        names=tuple(
            token.lower()
            for at, token in enumerate(tokens)
            if token[0].isdigit() or token.lower() in _EXACT or (at and _is_name(token))
        ),
        units=frozenset(_units(lower)),
        negations=sum(word in _NEGATIONS or word.endswith("n't") for word in words),
        script=script,
        language=_language(words),
        cased=script in _CASED,
    )


def _is_name(token: str) -> bool:
    return token[0].isupper() and token != "I" and token.lower() not in _FUNCTION_WORDS


def weight(word: str) -> float:
    """How much a word says."""
    return _WEIGHT_OF_FUNCTION_WORD if word in _FUNCTION_WORDS else 1.0


def _units(tokens: tuple[str, ...]) -> list[str]:
    """``5 kg`` and ``$ 5``: a number with what is measured, as far as that is a sign or a short word."""
    found = []
    for at, token in enumerate(tokens):
        if token[0].isdigit():
            beside = tokens[max(0, at - 1) : at] + tokens[at + 1 : at + 2]
            found += [f"{token} {other}" for other in beside if other in _SIGNS]
            after = tokens[at + 1 : at + 2]
            found += [f"{token} {other}" for other in after if len(other) <= 3 and other not in _FUNCTION_WORDS]
    return found


def _script(text: str) -> str:
    scripts = Counter(unicodedata.name(letter, "?").split()[0] for letter in text if letter.isalpha())
    return scripts.most_common(1)[0][0] if scripts else ""


def _language(words: tuple[str, ...]) -> str:
    found = {name: sum(word in known for word in words) for name, known in _LANGUAGES.items()}
    best = sorted(found.values())
    if best[-1] < 2 or best[-1] == best[-2]:
        return ""
    return max(found, key=found.__getitem__)
