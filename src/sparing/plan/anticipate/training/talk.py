"""Turns of our own for what no set beside has: openings, opinions, wishes to write something, summaries by name."""

from __future__ import annotations

from itertools import product
from typing import Final

from sparing.settings.policies import Intent

_CHAT: Final = """hi
hello
hey there
good morning
hello, how are you?
how's it going?
what's up?
nice to meet you
tell me a joke
tell me another one
i'm bored
i had a terrible day at work
i feel a bit lonely today
what do you think about pineapple on pizza?
do you like music?
who are you?
what can you do?
are you a robot?
can we talk?
let's play a game
i just got a new puppy!
my girlfriend and i had a fight
haha that's funny
lol
thanks!
thank you so much
ok cool
great, thanks for your help
good night
bye
you're the best
that makes sense
i see
never mind
what's your favourite movie?
recommend me something to watch tonight
i'm so excited about my trip
do you ever sleep?
how was your weekend?
happy birthday to me
write me a poem about autumn
write a short story about a dragon
sing me a song
give me a nickname
say something nice
wish me luck
guess what happened today
what should i have for dinner?
any plans for today?
i love you
you are wrong about that
hmm, not sure
really?
why not?
go on
tell me more
sounds good to me
no thanks
yes please""".splitlines()
_THINGS: Final = """this article
the following text
the email thread below
this report
this meeting
our conversation so far
the attached document
this paper
these notes
the transcript
this contract
the discussion
the following conversation
chapter three""".splitlines()
_SUMMARIES: Final = """Summarize {}
Summarise {} in three bullet points
Give me a summary of {}
Give me the key takeaways of {}
tl;dr of {}
TL;DR: {}
Can you give me the gist of {}?
What are the main points of {}?
Please write an executive summary of {}
Condense {} to one paragraph
Shorten {} for my boss
What is {} about, in short?""".splitlines()
_EXTRACTS: Final = """Extract all {} from the text below as JSON.
List every one of the {} mentioned in this document.
Pull the {} out of the following invoice.
Find the {} in this contract.
Which {} are named in the passage?
Return the {} as a CSV table.
What {} does the email mention?""".splitlines()
_FIELDS: Final = """dates
names
phone numbers
amounts
addresses
deadlines
parties
order numbers
email addresses
products""".splitlines()
_REASONS: Final = """Prove that {}
Show that {}
Is it true that {}? Explain step by step.
Think carefully: if {}, what follows?""".splitlines()
_CLAIMS: Final = """the square root of 2 is irrational
every even number greater than two is the sum of two primes
the sum of the angles of a triangle is 180 degrees
all ravens are black and this bird is not black
the series diverges
a graph with n vertices and n edges has a cycle
A implies B and B is false
the function is continuous but not differentiable
the probability of two heads in three tosses is three eighths
x squared minus 5x plus 6 equals 0""".splitlines()

TALK: Final[tuple[tuple[Intent, str], ...]] = (
    *(("chat", text) for text in _CHAT),
    *(("summarise", wish.format(thing)) for wish, thing in product(_SUMMARIES, _THINGS)),
    *(("extract", wish.format(thing)) for wish, thing in product(_EXTRACTS, _FIELDS)),
    *(("reason", wish.format(claim)) for wish, claim in product(_REASONS, _CLAIMS)),
)
