"""Words that tell which sentences of an old message stay: constraints, decisions, open tasks, failed attempts.

In English, German, Spanish, French and Chinese. They are matched in text without accents and capitals. What is kept
for nothing costs a few tokens; what is lost costs the task, so a cue may be loose.
"""

from __future__ import annotations

import re
from typing import Final

_BREAK = r"\n\s*"


def _any(words: str, unspaced: str) -> re.Pattern[str]:
    """Whole words or phrases, one to the line or parted by ``|``; and strings in scripts without spaces."""
    return re.compile(
        rf"(?<!\w)(?:{'|'.join(words.split('|'))})(?!\w)|{unspaced}".replace("\n", "").replace("    ", "")
    )


_WEEKDAY = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"

CONSTRAINT: Final = _any(
    rf"""must(?:n't)?|have to|has to|never|always|only|do not|don't|does not|should(?:n't| not)?|cannot|can't|not|
    no more than|no later than|at most|at least|less than|more than|under \W?\d[\d.,]*|up to \W?\d[\d.,]*|max(?:imum)?|
    min(?:imum)?|limit(?:ed)?|budget|deadline|due|by (?:the )?(?:{_WEEKDAY}|tomorrow|tonight|noon|end|next|eod|\d\w*)|
    before \w+|until|prefer(?:red|ably|s)?|instead|avoid|without|except|require[sd]?|make sure|ensure|remember|
    important|allerg\w+|no|none|
    muss|mussen|darf|durfen|soll(?:te|ten)?|nie|niemals|immer|nur|kein\w*|nicht|hochstens|mindestens|maximal|minimal|
    spatestens|bis (?:zum|morgen|heute|\d\w*|\w+tag)|frist|bevorzug\w*|lieber|ohne|ausser|vermeid\w*|wichtig|
    debe\w*|nunca|siempre|solo|maximo|minimo|al menos|a mas tardar|antes de|hasta|plazo|presupuesto|prefier\w*|sin|
    excepto|evit\w*|hay que|tienen? que|importante|
    doi(?:t|vent|s)|devez|jamais|toujours|seulement|uniquement|pas|au plus|au moins|avant|d'ici|jusqu\w*|delai|
    prefer\w*|plutot|sans|sauf|il faut""",
    "必须|不要|不能|不得|不想|千万|只能|只要|仅|最多|最少|至少|不超过|截止|预算|务必|一定|禁止|避免|除了|优先|之前|以内",
)
DECISION: Final = _any(
    r"""decided?|decision|agreed?|agreement|let's|go(?:ing)? with|went with|settled? on|chose|chosen|
    we(?:'ll| will) use|confirmed|approved|conclu\w+|resolved|the plan is|
    entschieden|entscheid\w*|beschlossen|einig\w*|abgemacht|festgelegt|wir nehmen|nehmen wir|machen wir|genehmigt|
    decid\w+|acord\w+|acuerdo|vamos con|quedamos|usaremos|aprobad\w|elegi\w*|
    convenu|on prend|on garde|choisi\w*|approuve\w*|d'accord pour""",
    "决定|确定|同意|选择|采用|就用|定了|说好",
)
TASK: Final = _any(
    r"""todo|to-do|fixme|still (?:need|have|has|to|open|missing)|remaining|next(?: steps?| up)?:|next steps?|pending|
    open (?:point|question|task|item|issue)s?|left to do|follow[- ]?up|not yet|
    noch (?:zu|offen|nicht|fehlt|mussen)|als nachstes|nachste[rn]? schritte?|offene?|ausstehend|
    pendientes?|falta\w*|por hacer|proxim[oa]s? pasos?|siguientes? pasos?|todavia no|
    reste|a faire|prochaines? etapes?|en attente|pas encore""",
    "待办|还需要|尚未|下一步|接下来|未完成|还没",
)
FAILURE: Final = _any(
    r"""tried|trying|attempt\w*|fail\w*|(?:did|does|do)(?:n't| not) work|\w*error\w*|\w*exception|crash\w*|broken?|
    time(?:d )?out|timeouts?|rejected|refused|denied|unable|could(?:n't| not)|wrong|bugs?|revert\w*|rolled back|
    unsuccessful\w*|versucht|fehl\w+|ging nicht|funktionier\w* nicht|klappt\w* nicht|abgebrochen|abgelehnt|
    intent\w+|fall[oa]\w*|no funcion\w+|rechaz\w+|
    essaye\w*|echou\w*|echec\w*|erreurs?|ne (?:marche|fonctionne) pas|refus\w*""",
    "失败|报错|错误|不行|没用|无法|出错|尝试",
)
BOX: Final = re.compile(r"[ \t]{0,16}(?:(?:[-*+]|\d{1,3}[.)])[ \t]{1,4})?\[ \]")
"""An unchecked box at the start of a line."""

_RULES: Final = (CONSTRAINT, DECISION, TASK, FAILURE)
CUES_OF: Final = {"user": _RULES, "system": _RULES, "developer": _RULES, "assistant": (DECISION, TASK, FAILURE)}
"""By role. What an assistant calls a must is its own opinion; whoever is not listed binds by failures alone."""
