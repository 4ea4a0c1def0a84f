"""Words that questions use for what texts call something else. Hand-written, general English; no data behind it.

People ask who *plays* a part and texts say who *portrays* it; they ask when something *started* and read that it
*began*. Irregular forms are here too, because the stemmer knows none.
"""

from __future__ import annotations

from functools import lru_cache

from sparing.reducers.words import stem

_GROUPS = """
movie film picture
play portray star role actor actress cast character voice
sing sang sung singer song record vocal perform
write wrote written author writer novel book pen
compose composer music
start begin began begun commence launch open
end finish conclude final close expire
release publish premiere debut issue
biggest largest big large heaviest
smallest little small tiny
dad father
mom mother mum
kid child children
wife husband marry married spouse
die death dead died kill
birth born
win won winner victory champion defeat beat
lose lost defeat
make made produce manufacture create
build built construct erect
found establish create
invent inventor discover
live reside home inhabit
located location situated lie
shoot shot film photography
cost price worth fee
name title term known
mean meaning refer definition define
stand abbreviation acronym
buy bought purchase acquire
sell sold sale
job occupation profession work
country nation
city town
us usa american america
uk britain british
2 ii two second
3 iii three third
4 iv four fourth
5 v five fifth
6 vi six sixth
7 vii seven seventh
8 viii eight eighth
9 ix nine ninth
10 ten tenth
season series
last latest recent final
president presidency presidential
old age
tall height high
long length
happen occur
need require
get got receive obtain
use utilize
important significant
leader head chief lead led
teacher professor
doctor physician
car automobile vehicle
cause reason because due result
population inhabitant people
money currency fund
law act legislation
fight fought battle
show programme program series
contain consist comprise include
king monarch reign rule
queen monarch reign rule
pay paid payment
rise rose increase grow grew growth
fall fell decrease decline drop
vote election elect
team club side
enter entry join
design designer architect
paint painter painting
direct director
speaker narrator
disciple apostle
error fail failure exception
fix repair resolve
delete remove erase
change modify alter amend
allow permit
limit maximum cap
minimum least
teach taught
think thought believe
speak spoke spoken
choose chose chosen select
give gave given
take took taken
go went gone
run ran
hold held
keep kept
leave left
send sent
meet met
see saw seen
bring brought
"""


@lru_cache(maxsize=1)
def synonyms() -> dict[str, tuple[str, ...]]:
    """Stem -> the words of its groups, itself left out, in the order of the list."""
    found: dict[str, dict[str, None]] = {}
    for line in _GROUPS.strip().split("\n"):
        group = line.split()
        for word in group:
            found.setdefault(stem(word), {}).update(dict.fromkeys(other for other in group if other != word))
    return {word: tuple(others) for word, others in found.items()}
