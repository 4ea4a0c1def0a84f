"""Prose without end and without repetition: nothing has to be downloaded, and no scorer can live off copies."""

from __future__ import annotations

from random import Random

_WHO = """the harbour master|a retired surveyor|her younger brother|the night porter|an apprentice baker
the village doctor|our neighbour|a travelling salesman|the choir leader|the new librarian|an old fisherman
the bus driver|two students|a visiting botanist|the clock maker|the mayor's secretary
the orchard keeper|a tired courier"""
_DID = """walked along|wrote a letter about|argued over|painted|forgot|measured|described|avoided|repaired|photographed
bought a map of|told stories about|dreamed of|kept notes on|complained about|showed visitors|was proud of|returned to"""
_WHAT = """the stone bridge|the flooded cellar|a field of barley|the railway timetable|an empty theatre
the northern road|a broken telescope|the winter market|the weather station|the monastery garden|a cracked bell
the ferry landing|the paper mill|a shelf of dictionaries|the copper roof|an unfinished quilt|the chess club
the quarry lake"""
_WHEN = """early in spring|after the long rain|on the way home|during the harvest|before breakfast|late on Sunday
when the wind turned|shortly after noon|in the second week of May|while it was still dark|at the end of summer
as soon as the snow melted|between two trains|on the last day of the fair"""
_WHY = """because nobody else would|although the door was locked|and said nothing about it|which surprised everyone
so that the others could rest|even though it was getting late|as the old custom required|to win a small bet
without asking for money|until the lamps were lit|for reasons that were never explained|and laughed about it later"""

_PARTS = tuple(part.replace("\n", "|").split("|") for part in (_WHO, _DID, _WHAT, _WHEN, _WHY))


def sentence(random: Random) -> str:
    """One sentence; about two million different ones."""
    who, did, what, when, why = (random.choice(part) for part in _PARTS)
    if random.random() < 0.5:
        return f"{when[0].upper()}{when[1:]}, {who} {did} {what}, {why}."
    return f"{who[0].upper()}{who[1:]} {did} {what} {when}, {why}."
