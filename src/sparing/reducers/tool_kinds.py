"""What tools call the things that people ask about by name: a dollar is a currency, rain is weather.

Hand-written, general English; only kinds whose members are few and plain.
"""

from __future__ import annotations

from typing import Final

from sparing.reducers.words import WORD, fold, stem

_KINDS = {
    "currency exchange": "dollar euro yen pound rupee peso franc yuan ruble krona usd eur gbp jpy cad aud chf cny inr",
    "cryptocurrency": "bitcoin ethereum btc eth",
    "religion": "christianity islam buddhism hinduism judaism sikhism catholic protestant orthodox",
    "weather forecast": "rain snow sunny cloudy umbrella humid storm windy",
    "unit convert": "mile kilometer km meter inch foot feet yard ounce pound gallon liter litre cup celsius kg",
    "email message": "inbox mail",
    "calendar event": "meeting appointment reschedule",
    "translate language": "french spanish german italian chinese japanese korean portuguese russian arabic hindi",
    "restaurant food": "dinner lunch breakfast pizza sushi cuisine eat",
    "flight travel": "fly airline airport",
    "hotel": "room night stay lodging",
}
_KIND_OF: Final = {
    stem(member): [kind for kind, members in _KINDS.items() if stem(member) in map(stem, members.split())]
    for members in _KINDS.values()
    for member in members.split()
}


def kinds_named(question: str) -> str:
    """The kinds of what a question names, as words; "" if none."""
    words = [stem(word) for word in WORD.findall(fold(question))]
    return " ".join(dict.fromkeys(kind for word in words for kind in _KIND_OF.get(word, ())))
