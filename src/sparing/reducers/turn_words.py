"""What a word does in talk: names a value, says something, joins, negates, or only keeps the conversation going.

Each word gets one character, so that a turn becomes a short string in which phrases are found by a regular expression
(see `turn_pieces`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from sparing.reducers.stopwords import STOP
from sparing.reducers.words import WORD, fold, rarity

VALUE, COUNT, TIME, CONTENT, FILLER, JOIN, PLAIN, LINK = "vdtcfpqo"
NOT, BUT, COMMA, END, LINE, LABEL, DOING, NAMED, NAMING = "nbke/LgNa"


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(text).split())


# A phrase begins at one of these, and takes it along: "from Lima", "for two".
_JOIN: Final = _words(
    """
    in on at for from to with about under over until till between near after before since during via around into
    onto within or plus per if when while because im am um fur von vom bis mit bei beim nach zum zur aus ab oder
    wenn weil seit gegen en para desde hasta con al por entre o cuando porque au aux pour depuis jusqu avec ou
    dans sur chez vers quand per da dal alla nel com ate no na para op met naar voor tot
    """
)
# Of these, the ones that a name, a date or a number can do without: nobody misreads "… Lima … 7 pm".
_PLAIN: Final = _words("in on at for with about during im am um beim en con avec nel com")
# These may stand inside a name or a date, between two of its words: "Bank of America", "Romeo and Juliet".
_LINK: Final = _words("of the by this and & de la las los el del di du des von der den dem y e et und van 's - – +")
_NOT: Final = _words(
    """
    not no nope nah never without except nor neither cannot none nothing nobody instead rather unless nicht kein keine
    keinen keiner keinem nie niemals ohne ausser nichts niemand statt nunca sin tampoco nada nadie ni excepto salvo pas
    jamais sans aucun aucune rien sauf ne non senza mai niet geen nooit zonder nao sem nem не нет ни никогда без
    """
)
_BUT: Final = _words("but however although though aber sondern jedoch pero sino aunque mais cependant ma maar но")
_TIME: Final = _words(
    """
    week month year day woche monat jahr tag semana mes ano dia semaine mois annee jour morning afternoon evening
    night noon midnight tonight morgen morgens mittag nachmittag abend abends nacht manana tarde noche mediodia
    matin midi soir nuit
    """
)
VALUES: Final = _words(
    """
    today later tomorrow yesterday weekend next last monday tuesday wednesday thursday friday saturday sunday
    january february march april june july august september october november december am pm a.m p.m o'clock half
    quarter o"clock oclock past two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million
    dozen daily weekly monthly dollars bucks euros pounds percent heute gestern ubermorgen wochenende nachste nachsten
    montag dienstag mittwoch donnerstag freitag samstag sonntag zwei drei vier funf sechs sieben acht neun zehn elf
    zwolf hundert tausend halb viertel uhr euro hoy ayer lunes martes miercoles jueves viernes sabado domingo dos
    tres cuatro cinco seis siete ocho nueve diez cien mil aujourd'hui demain hier lundi mardi mercredi jeudi
    vendredi samedi dimanche deux trois quatre cinq sept huit neuf dix cent mille
    """
)
# What follows is a name, whatever its letters look like: "an alarm called leave for home".
_NAMING: Final = _words(
    "called named titled entitled labelled labeled namens genannt llamado llamada titulado intitule"
)
# By itself a small number says nothing: "for two", "at seven".
_NUMBERS: Final = _words(
    """
    two three four five six seven eight nine ten zwei drei vier funf sechs sieben acht neun zehn dos tres cuatro cinco
    seis siete ocho nueve diez deux trois quatre cinq sept huit neuf dix
    """
)
# Words that bound what may be done.
_BOUND: Final = _words(
    """
    only must always first cheap cheaper cheapest expensive moderate free budget deadline maximum minimum least most
    nur muss immer zuerst billig teuer mindestens hochstens solo siempre debe barato caro maximo minimo toujours
    seulement doit pas cher
    """
)
# What keeps talk going. Most of it is said in every conversation and so tells nothing of this one.
_STOCK: Final = _words(
    """
    a an i i'd i'll i'm i've you you'd you'll you're we we'd we'll we're it it's that that's this these those there
    there's here here's what what's which who who's how where when let let's me us my our your their his her its
    want wants wanted need needs needed like likes would love prefer could can may might should shall will do does
    did done have has had got get gets getting give find found finding search searching look looking show tell say
    help helped helpful assist assistance please thanks thank thankyou hello hi hey dear ok okay yes yeah yep yup
    yea sure surely certainly absolutely definitely great good perfect fine nice awesome wonderful cool alright
    right correct exactly confirm confirmed confirming confirmation verify check following details detail
    information info sounds sound works work suits anything else everything something thing things more much many
    very really so too just also well actually currently now then again still already maybe perhaps welcome day
    enjoy bye goodbye know think thinking see seen make made making take taken go going come set up out option
    options available interested interesting any some another other others all one ones kind kinds type be been
    being is are was were am question moment minute wait glad happy sorry problem problems issue be able
    successfully success done ready way ja nein danke bitte gern gerne hallo guten tag gut super genau stimmt mochte
    mochten wurde konnte konnen kann haben brauche brauchen suche suchen ich wir ihnen mir uns noch etwas sonst si
    gracias favor hola buenos dias vale bien claro quiero quisiera necesito puede puedo busco algo mas oui merci
    bonjour salut d'accord bien parfait voudrais veux besoin peux pouvez cherche quelque chose je vous nous
    """
)

# Who serves in a conversation, as its label says; what they offer counts when the other side takes it up.
_SERVERS: Final = _words(
    """
    system assistant agent bot ai chatbot model gpt claude gemini support operator clerk representative rep service
    advisor concierge asistente agente assistent assistente helpdesk 客服 助手 机器人
    """
)
# How an offer is taken up.
_TAKEN: Final = _words(
    """
    yes yeah yep yup sure ok okay great good perfect fine correct right works sounds exactly alright absolutely
    agreed deal ja gut genau passt stimmt einverstanden si vale perfecto bien claro oui parfait d'accord 好 好的 可以 对
    """
)

# How it is turned down.
_REFUSED: Final = _NOT | _words("nope nah other others another different else andere anderes otro otra autre")

_ROLES: Final = (
    (_NOT, NOT),
    (_BUT, BUT),
    (_TIME, TIME),
    (_LINK, LINK),
    (_NAMING, NAMING),
    (_PLAIN, PLAIN),
    (_JOIN, JOIN),
    (VALUES, VALUE),
    (_BOUND, CONTENT),
    (_STOCK, FILLER),
)

_CONTRACTIBLE: Final = _STOCK | STOP  # "that'll", "what's"

_PUNCTUATION = " \t\"'“”„«»‘’()[]{}<>*_…–—|"
_NEGATED = re.compile(r"\w+n['’]t\Z")
_CONTRACTED = re.compile(r"['’](?:ll|d|ve|s|re|m)\Z")
_SELF = re.compile(r"I(?:['’]|\Z)")
_DIGIT = re.compile(r"\d")
_FEW = re.compile(r"\d{1,2}\Z")
# A time of day or a date, whole or the day alone.
_WHEN = re.compile(
    r"\d{1,2}[:.]\d\d(?!\d)|\d ?[ap]\.?m|\d{1,2}(?:st|nd|rd|th)\b|\d{1,4}[-/]\d{1,2}(?:[-/]\d|$)"
    "|day (?:after|before)|one "
)
_MONEY = re.compile(r"[$€£¥]\d|\d[\d.,]*[$€£¥]")
_NAMED_WEIGHT = 0.05  # a small word of a name: it only tells "Las Vegas" from "Vegas"
_WHEN_WEIGHT, _MONEY_WEIGHT, _TIME_WEIGHT, _NOT_WEIGHT, _BOUND_WEIGHT = 2.0, 0.7, 0.5, 0.05, 0.4
_CONTENT_WEIGHT = 0.4  # of a rare word, beside 1 for a name or a number
_COMMONEST, _RAREST = 0.55, 1.1  # by `words.rarity`


@lru_cache(maxsize=65_536)
def bare(token: str) -> str:
    """The word in a token, folded, without quotes, brackets and blanks around it."""
    return fold(token.strip(_PUNCTUATION))


@lru_cache(maxsize=65_536)
def role(token: str) -> str:
    """One of the characters above for a token of `turn_pieces`; a capital is read as that of a name."""
    stripped = token.strip()
    if not stripped:
        return LINE if "\n" in token else FILLER
    if stripped[-1] in ":：>" and len(stripped) > 1:
        return LABEL
    if not any(map(str.isalnum, stripped)):
        return LINK if stripped in "&-–+" else COMMA if stripped in ",，、" else END
    does = _role_of_word(bare(token))
    if does in (LINK, JOIN, PLAIN) and len(stripped) > 1 and stripped.isupper():
        return VALUE
    if does in (VALUE, COUNT, TIME, NOT) or _SELF.match(stripped):
        return does
    if stripped.lstrip(_PUNCTUATION)[:1].isupper():
        return VALUE if does in (CONTENT, DOING) else NAMED
    return does


def _role_of_word(word: str) -> str:
    if _NEGATED.match(word):
        return NOT
    if word in _NUMBERS or _FEW.match(word):
        return COUNT
    for words, does in _ROLES:
        if word in words:
            return does
    if _DIGIT.search(word) or " " in word:
        return VALUE
    if word in STOP or _CONTRACTED.sub("", word) in _CONTRACTIBLE:
        return FILLER
    return DOING if len(word) > 4 and word.endswith(("ing", "ed")) else CONTENT


@lru_cache(maxsize=65_536)
def weight(token: str) -> float:
    """What a token tells by itself, >= 0: dates, names and numbers most, other words by how rare they are."""
    does, word = role(token), bare(token)
    if does in (VALUE, COUNT):
        return _WHEN_WEIGHT if _WHEN.match(word) else _MONEY_WEIGHT if _MONEY.match(word) else 1.0
    if does in (CONTENT, DOING):
        return _BOUND_WEIGHT if word in _BOUND else rare_weight(token)
    return {TIME: _TIME_WEIGHT, NOT: _NOT_WEIGHT, NAMED: _NAMED_WEIGHT}.get(does, 0.0)


@lru_cache(maxsize=65_536)
def rare_weight(token: str) -> float:
    """What a word tells that is no name: the rarer, the more."""
    rare = (rarity(bare(token)) - _COMMONEST) / (_RAREST - _COMMONEST)
    return _CONTENT_WEIGHT * min(1.0, max(0.1, rare))


@lru_cache(maxsize=4096)
def serves(label: str) -> bool:
    """Whether a label is that of an assistant, not of somebody with wishes of their own."""
    return any(word in _SERVERS for word in WORD.findall(fold(label)))


def answers(tokens: Sequence[str]) -> str:
    """What a turn that begins with these tokens makes of an offer: "refused", "taken up", or "" if it does not say."""
    words = {bare(token) for token in tokens}
    return "refused" if words & _REFUSED else "taken up" if words & _TAKEN else ""
