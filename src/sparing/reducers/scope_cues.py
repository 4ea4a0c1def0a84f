"""How sentences begin that limit, except from or correct what stands before them, in the commonest languages.

Such a sentence says little to a question by its own words, and its neighbour says the wrong thing without it.
"""

from __future__ import annotations

import re

# Parted by ``|``, looked for at the start of a sentence.
_BEGINNINGS = """
    however|but|yet|still|though|nevertheless|nonetheless|notwithstanding|except|excepted|exempt|excluding|excluded|
    unless|otherwise|only|provided|save|subject to|by way of exception|exceptionally|for the avoidance of doubt|
    nothing|none|neither|no|not|never|do not|don't|must not|cannot|without|if|in case|should|until|in that case|
    this|these|those|such|it|they|there|then|so|the same|both|in addition|instead|
    warning|caution|danger|attention|important|note|nb|correction|erratum|
    jedoch|aber|allerdings|dagegen|hingegen|dennoch|ausgenommen|ausnahme|ausgeschlossen|außer|nur|nicht|nie|niemals|
    kein|keine|es sei denn|sofern|falls|wenn|sonst|andernfalls|ohne|unbeschadet|dies|diese|dieser|dieses|hiervon|
    davon|dann|achtung|warnung|vorsicht|wichtig|hinweis|berichtigung|
    sin embargo|pero|no obstante|salvo|excepto|quedan excluid|quedan exent|se excluyen|solo|sólo|nunca|ningún|
    a menos que|si|en caso|de lo contrario|sin|esto|esta|este|estas|estos|atención|advertencia|peligro|importante|
    cependant|toutefois|mais|néanmoins|pourtant|sauf|excepté|hormis|à moins que|seul|ne|aucun|jamais|sinon|sans|
    cela|cette|ce|ces|ceci|avertissement|
    però|tuttavia|ma|eccetto|tranne|esclusi|escluso|salvo che|solo se|non|mai|nessun|se|altrimenti|questo|questa|
    attenzione|avvertenza|porém|contudo|mas|exceto|apenas|não|nenhum|caso|isto|isso|atenção|
    maar|echter|behalve|tenzij|niet|nooit|geen|alleen|als|dit|deze|let op|
    однако|но|кроме|за исключением|если|не|никогда|только|это|эти|иначе|внимание|
    ancak|fakat|hariç|bu|eğer|yalnızca|asla|dikkat|tuy nhiên|nhưng|trừ|nếu|không|chỉ|điều này|
    ωστόσο|όμως|αλλά|εκτός|αν|δεν|μόνο|αυτό|însă|dar|cu excepția|dacă|nu|numai|acest|
    لكن|غير أن|إلا|باستثناء|إذا|لا|لم|فقط|هذا|هذه|लेकिन|परन्तु|किन्तु|सिवाय|यदि|अगर|नहीं|केवल|यह|ये
"""
_UNSPACED = tuple(
    re.findall(
        r"[^\s]+",
        "但 然而 不过 除 如果 若 不得 不适用 仅 只 禁止 注意 该 此 这 ただし しかし もし この これ "
        "なお แต่ ยกเว้น หาก ถ้า ห้าม",
    )
)
_LISTED = [beginning.strip() for beginning in _BEGINNINGS.split("|")]
_WORDS = frozenset(beginning for beginning in _LISTED if " " not in beginning)
_PHRASES = tuple(beginning for beginning in _LISTED if " " in beginning)
_PHRASE_HEADS = frozenset(phrase.split()[0] for phrase in _PHRASES)

# Of these, what only points back: it needs the sentence before it, which does without it.
_POINTING = frozenset(
    re.findall(
        r"[^\s|]+",
        """
        this these those such it they there then so both if should until in the
        dies diese dieser dieses hiervon davon dann falls wenn sofern
        esto esta este estas estos si cela cette ce ces ceci questo questa isto isso se caso dit deze als
        если это эти eğer bu nếu αν αυτό dacă acest إذا هذا هذه यदि अगर यह ये 如果 若 该 此 这 もし この これ หาก ถ้า
        """,
    )
)

_UNSPACED_POINTING = tuple(word for word in _UNSPACED if word in _POINTING)

_LOOKED_AT = 48  # characters
_BEFORE_WORDS = " \t\n-–—*•>(\"'“„«¡¿0123456789.)#"
_AFTER_WORD = ",.:;!?)\"'”»，：、"


def qualifies(text: str, start: int) -> bool:
    """Whether the sentence that begins at `start` reads as a limit of what was said before it."""
    head, word = _beginning(text, start)
    if word in _WORDS or (word in _PHRASE_HEADS and head.startswith(_PHRASES)):
        return True
    return not word.isascii() and head.startswith(_UNSPACED)


def limits(text: str, start: int) -> bool:
    """Whether the sentence that begins at `start` takes something back of the one before it, which would say more
    than was meant without it; not if it only points back."""
    head, word = _beginning(text, start)
    return word not in _POINTING and not head.startswith(_UNSPACED_POINTING) and qualifies(text, start)


def _beginning(text: str, start: int) -> tuple[str, str]:
    """How a sentence begins, and its first word."""
    head = text[start : start + _LOOKED_AT].lower().lstrip(_BEFORE_WORDS)
    return head, head.split(None, 1)[0].rstrip(_AFTER_WORD) if head else ""
