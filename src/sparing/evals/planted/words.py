"""Vocabulary for made-up records, and draws from it without repetition."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def _split(words: str) -> tuple[str, ...]:
    return tuple(words.split())


FIRST = _split(
    "Ada Bruno Carla Dmitri Elif Farid Greta Hana Ivo Jonas Keiko Lena Marco Nadia Omar Petra Quentin Rosa Sami Tara "
    "Ulla Viktor Wanda Ximena Yusuf Zoe Anton Birgit Cedric Dalia Emil Fiona"
)
LAST = _split(
    "Almeida Bergstrom Castillo Dubois Eriksen Fischer Gallo Horvat Ibrahim Jansen Kowalski Larsen Moreau Novak Okafor "
    "Petrov Quiroga Rossi Schmidt Tanaka Ueda Vargas Weber Xu Yilmaz Zeman Abbott Bianchi Costa Duarte"
)
STREETS = _split("Birch Cedar Dune Elm Fern Grove Harbour Iris Juniper Kestrel Linden Maple Nettle Orchard Poplar")
CITIES = _split("Lisbon Oslo Turin Ghent Porto Malmo Graz Lyon Krakow Bilbao Aarhus Split Cork Basel Utrecht")
ITEMS = (
    "desk lamp", "steel kettle", "wool blanket", "travel mug", "wall clock", "garden hose", "bread knife", "yoga mat",
    "phone stand", "rain jacket", "chess set", "book shelf", "camp stove", "hand mixer", "bike pump", "picture frame",
)  # fmt: skip
SERVICES = _split("billing checkout catalog search ledger notify gateway profile shipping inventory")
MODULES = _split(
    "account adapter batch buffer cache channel cursor digest event export filter fixture gateway handler index "
    "invoice journal kernel layout ledger mapper merge metric notice order parser policy queue quota reader record "
    "registry report router schema session socket stream ticket token tracker upload vault widget window"
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def distinct_numbers(rng: random.Random, n: int, low: int, high: int) -> list[int]:
    """n different whole numbers in [low, high), in random order."""
    return rng.sample(range(low, high), n)


def amounts(rng: random.Random, n: int, low: int = 20, high: int = 900) -> list[str]:
    """n different amounts with cents, as text."""
    return [f"{cents // 100}.{cents % 100:02d}" for cents in distinct_numbers(rng, n, low * 100, high * 100)]


def hexes(rng: random.Random, n: int, digits: int = 12) -> list[str]:
    """n different hexadecimal ids."""
    return [f"{value:0{digits}x}" for value in distinct_numbers(rng, n, 16 ** (digits - 1), 16**digits)]


def cycle(items: Sequence[T], n: int, rng: random.Random) -> list[T]:
    """n items, every one about equally often, in random order."""
    drawn = [items[i % len(items)] for i in range(n)]
    rng.shuffle(drawn)
    return drawn


def clock(start_s: int, second: int) -> str:
    """Time of day, ``hh:mm:ss``, `second` seconds after `start_s`."""
    total = start_s + second
    return f"{total // 3600 % 24:02d}:{total // 60 % 60:02d}:{total % 60:02d}"
