"""Which programming language a text is in: by file name, else by lines that only that language has."""

from __future__ import annotations

import re

from sparing.reducers.sample import Sample

_EXTENSIONS = {
    **dict.fromkeys(("py", "pyi", "pyw"), "python"),
    **dict.fromkeys(("js", "jsx", "mjs", "cjs"), "javascript"),
    **dict.fromkeys(("ts", "mts", "cts"), "typescript"),
    "tsx": "tsx",
    "go": "go",
    "rs": "rust",
    "java": "java",
    **dict.fromkeys(("c", "h"), "c"),
    **dict.fromkeys(("cc", "cpp", "cxx", "hpp", "hh", "hxx", "ipp"), "cpp"),
}

# Lines that speak for one language, matched from the start of the line.
_SIGNS = {
    "python": re.compile(
        r"\s*+(?:(?:async )?def \w+\(|class \w+(?:\(.*\))?:|from [\w.]+ import |import [\w.]+(?: as \w+)?(?:, \w+)*$"
        r"|@\w[\w.]*(?:\(.*)?$|(?:if|elif|for|while|with|except) .*:$|(?:try|else|finally):$|raise \w|self\.\w+|yield "
        r"|return [^;]*$)"
    ),
    "javascript": re.compile(
        r"\s*+(?:(?:export )?(?:default )?(?:async )?function\b.*[({]|(?:export )?(?:const|let|var) [\w{\[].*"
        r"|import .* from ['\"]|import ['\"]|export [{*d]|.*\brequire\(['\"]|module\.exports|.*=> ?[{(]|\}\);?$"
        r"|(?:export )?class \w+ .*\{|return .*;$|if \(.*\{$|['\"]use strict|this\.\w"
        r"|(?:export )?(?:type|interface) \w+.*[={])"
    ),
    "go": re.compile(
        r"package \w+$|func [\w(].*\{|import (?:\(|\")|type \w+ (?:struct|interface|func)\b|const \($|var \w+ "
        r"|\t+(?:\w+(?:, \w+)* := |if err\b|defer |return\b[^;]*$|for .* range |case .*:$)"
    ),
    "rust": re.compile(
        r"\s*+(?:(?:pub(?:\([\w ]+\))? )?(?:unsafe |async |const |extern \"C\" )*"
        r"(?:fn \w+|(?:struct|enum|trait|mod|type) \w+|use [\w:{]+.*;)"
        r"|(?:pub )?(?:const|static) \w+: |impl\b|let (?:mut )?\w+|#!?\[\w+|match .*\{$|//[/!] |.*\b\w+!\(|.*\)\?;$)"
    ),
    "java": re.compile(
        r"\s*+(?:package [\w.]+;|import (?:static )?[\w.*]+;|(?:public|private|protected|static|final) .*[{;(,)]$"
        r"|@[A-Z]\w+|throw new |\w+(?:<[\w, ?]+>)? \w+ = new |this\.\w+ = )"
    ),
    "c": re.compile(
        r"\s*#\s*(?:include [<\"]|define \w|ifdef|ifndef|if |endif|undef|elif|pragma)"
        r"|(?:static|extern|typedef|struct|void|int|char|unsigned|const|enum|union|bool|size_t|inline|PyAPI_\w+)\b.*"
        r"[;{(,)\w*]$|\s+\w+->\w+|\s+(?:int|char|size_t|void|const|struct|unsigned|double|float|long) [\w*]"
        r"|\s*template\s?<|\s*(?:std::|namespace \w|using \w)|\s+(?:public|private|protected):|\s+return\b.*;$"
    ),
}
_JAVA_HEAD = re.compile(
    r"(?:package|import) (?:static )?[\w.*]+;$"
    r"|(?:@\w+ |public |final |abstract )*(?:class|interface|enum) \w+[^:;]*\{?$"
)
_SHARP_HEAD = re.compile(r"using [A-Z][\w.]*;$")
_SCRIPT_HEAD = re.compile(r"import .*['\"];?$|export |\s*(?:const|let) ")
_TYPED = re.compile(
    r"\s*+(?:export )?(?:declare )?(?:interface \w|type \w+.*=|enum \w+ \{|abstract class |namespace |declare )"
    r"|\s*import type |\s*(?:private|public|protected|readonly) \w+|.*\w<[A-Z]\w*(?:\[\])?>\("
    r"|.*[\w)\]]\??: (?:string|number|boolean|void|any|unknown|never|Promise<|Record<|Array<|readonly )"
    r"|.*\bas (?:const|[A-Z]\w+)[;),]"
)
_MARKUP = re.compile(r".*(?:</[A-Za-z][\w.]*>|<[A-Z]\w*(?:\s[^<>]*)?/>|className=)|\s*<[A-Za-z][\w.]*$|\s*/?>$")
_PLUS_PLUS = re.compile(
    r".*(?:\bstd::|\bnullptr\b|\bstatic_cast<|\w::~?\w+\(|\bconst \w+&)|\s+auto "
    r"|\s*(?:namespace\b|template ?<|class \w+|using \w|(?:public|private|protected):|#include <\w+>$)"
)

# What code in general looks like, and lines that say nothing either way.
_CODE_ENDS = frozenset(";{}([,:=\\>)]")
_CODE_START = re.compile(r"\s*+(?:[\w.]+\(|@\w|</?\w|#\s*(?:define|include|if|end|undef|el|pragma))")
_CODE_PART = re.compile(r"[\w\])\"'] [-+*/|&:]?= |\w\.\w+\(|\w\([\w\"'*&]*[,)]|[;{}]\s+(?://|#|/\*)")
_COMMENT = re.compile(r"\s*+(?://|/?\*|#(?!include|define|if|end|undef|pragma|el|\[|!\[)|\"\"\"|--)")

_FEWEST_SIGNS = 2
_SIGN_SHARE = 0.06
_CODE_SHARE = 0.5


def extension(name: str) -> str:
    """Lower-case extension of a file name, without the dot; "" if there is none."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    return base.rsplit(".", 1)[1].lower() if "." in base else ""


def language_of_name(name: str) -> str | None:
    """The language a file name stands for."""
    return _EXTENSIONS.get(extension(name))


def guess_language(sample: Sample) -> str | None:
    """The language that most lines speak for, if the text looks like code at all."""
    if not is_codelike(sample):
        return None
    signs = {name: sample.count(pattern) for name, pattern in _SIGNS.items()}
    best = max(signs, key=lambda name: signs[name])
    if signs[best] < max(_FEWEST_SIGNS, _SIGN_SHARE * len(sample.lines)):
        return None
    return _dialect(best, sample)


def is_codelike(sample: Sample) -> bool:
    """Whether most lines that are not comments end or are put together as code is."""
    told = [line for line in sample.lines if not _COMMENT.match(line)]
    return len(told) >= 2 and sum(map(_is_code_line, told)) >= _CODE_SHARE * len(told)


def _is_code_line(line: str) -> bool:
    return line[-1] in _CODE_ENDS or bool(_CODE_START.match(line) or _CODE_PART.search(line))


def _dialect(name: str, sample: Sample) -> str | None:
    """Tell apart languages that share most of their lines; None for C#, which nobody parses here."""
    if name in ("java", "c") and sample.count(_SHARP_HEAD):
        return None
    if name == "java" and sample.count(_SCRIPT_HEAD):
        name = "javascript"
    elif name == "c" and sample.count(_PLUS_PLUS) > _FEWEST_SIGNS:
        return "cpp"
    elif name == "c" and sample.count(_JAVA_HEAD):
        return "java"
    if name == "javascript" and (typed := sample.count(_TYPED)):
        tagged = sample.count(_MARKUP) >= _FEWEST_SIGNS
        return "tsx" if tagged else ("typescript" if typed >= _FEWEST_SIGNS else name)
    return name
