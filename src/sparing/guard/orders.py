"""Does a line of material give orders to the model that reads it?

Text of tools and documents stays in its own role. Where a stretch of it is put beside the user's words (re-supply), a
line that speaks to the model would gain weight that it never had, so such lines are not put there. Telling them by
their words is no proof against anybody who knows the words: it is why nothing of tools is ever put anywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Range = tuple[int, int]

_SENTENCE = re.compile(r"(?:[^\n.!?。！？]|[.!?](?=\w))*[.!?。！？]*[ \t]*\n*|\n+")
_WHO = (
    r"(?:assistant|ai|chat ?bot|bot|model|llm|agent|system|gpt|claude|gemini|copilot"
    r"|asistente|assistent\w*|modell|modele|助手|模型|ассистент|модель)"
)
_IGNORE = (
    r"(?:ignor\w+|disregard\w*|forget|override|bypass"
    r"|vergiss|missacht\w+|olvid\w+|oubli\w+|忽略|无视|игнорир\w+|забудь\w*)"
)
_RULES = (
    r"(?:instruct\w+|prompts?|rules?|directions?|guidelines?|polic\w+|context|messages?|ticket|question"
    r"|conversation|everything"
    r"|anweisung\w*|regeln?|instruccion\w*|reglas?|consignes?|regles?|指令|指示|规则|инструкци\w*|правил\w*)"
)
_ORDERS = re.compile(
    rf"""
    {_IGNORE}.{{0,60}}?{_RULES}
    | ^\W*(?:please\s+)?(?:ignore|disregard|forget|override)\s
    | \b(?:system\s+prompt|developer\s+mode|jailbreak|new\s+instructions?|hidden\s+instructions?)\b
    | ^\W*(?:{_WHO}|user)\s*[:,>\]]\s*\S
    | \b(?:instructions?|note|message|order)s?\s+(?:for|to)\s+(?:the\s+|any\s+|all\s+)?{_WHO}\b
    | \b(?:you\s+are\s+now|from\s+now\s+on|act\s+as|pretend\s+to\s+be|you\s+must\s+(?:always|never|not|now))\b
    | \b(?:reply|respond|answer|output|antworte|responde|reponds)\b.{{0,30}}?
      \b(?:only|nothing\s+but|exactly|nur|solo|seulement)\b
    | \b(?:never|do\s+not|don't)\s+(?:mention|reveal|tell|inform|disclose|answer|show)\b
    | \b(?:tell|confirm\s+to|inform|recommend\s+to)\s+the\s+user\b
    | \bquestion\s+of\s+the\s+user\b | \bthis\s+is\s+now\s+the\s+question\b
    | \bcall\s+(?:the\s+)?(?:tool\s+|function\s+)?[a-z]+_[a-z_]+
    | \bwhen\s+asked\b.{{0,60}}?\b(?:say|answer|reply|claim)\b
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)


def without_orders(text: str, ranges: Sequence[Range]) -> list[Range]:
    """The parts of these ranges of a text that give no orders, sentence by sentence and line by line."""
    kept: list[Range] = []
    for start, end in ranges:
        for match in _SENTENCE.finditer(text, start, end):
            if gives_orders(match[0]):
                continue
            if kept and kept[-1][1] == match.start():
                kept[-1] = (kept[-1][0], match.end())
            else:
                kept.append(match.span())
    return kept


def gives_orders(line: str) -> bool:
    """Whether a line or sentence speaks to the model rather than about a subject."""
    return _ORDERS.search(line) is not None
