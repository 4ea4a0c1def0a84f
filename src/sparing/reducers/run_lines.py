"""The lines of a test run or a stack trace, by what they say.

Knows pytest, unittest, go test, cargo test, jest, mocha, vitest, Maven, Gradle, JUnit, GoogleTest, dotnet test, TAP,
and the traces of Python, Java, Kotlin, JavaScript, Go, Rust and C#. A line is judged by how it begins, then by what
stands around it: a frame by its path, the source shown with a frame like the frame, captured output like what captured
it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum

from sparing.core.deadline import Deadline


class Says(IntEnum):
    """What a line is for whoever has to mend something, most telling first."""

    HEADLINE = 0  # which test failed; the final count
    MESSAGE = 1  # what went wrong
    EVIDENCE = 2  # frames of the user's own code, compared values, the line at fault
    CONTEXT = 3  # what else a failure's report says
    OTHER = 4
    LIBRARY = 5  # frames of code that is not the user's, and the source shown with them
    ROUTINE = 6  # passed, running, progress, captured output


_HEADLINE = (
    r"(?:FAILED|ERROR) \S",  # pytest's short summary
    r"(?=\S+::\S).* (?:FAILED|ERROR)\b",
    r"_{3,} \S.* _{3,}$",
    r"=+ .*\d+ (?:passed|failed|errors?|skipped|deselected)\b.* =+$",
    r"(?:FAIL|ERROR): \S",  # unittest
    r"Ran \d+ tests? in ",
    r"(?:FAILED|OK)(?: \(.*\))?$",
    r".+ \.\.\. (?:FAIL|FAILED|ERROR)$",
    r"\s*--- FAIL: |FAIL(?:\s|$)",  # go, jest
    r"test result: (?!ok)|---- .+ ----$",  # cargo
    r"\s*[✕✗✘×✖] |\s+● |\s+\d+ (?:passing|failing|pending)\b|\s+\d+\) \S",  # jest, mocha
    r"(?:Tests|Test Suites|Test Files|Snapshots):? +\d",
    r".*<<< (?:FAILURE|ERROR)!|(?:\[\w+\] +)?(?:BUILD \w+|Tests run: \d+)|Failed tests:|Tests in error:",  # Maven
    r"(?=.* FAILED$).+ > |\d+ tests? completed",  # Gradle
    r"\[  (?:FAILED|PASSED)  \]",  # GoogleTest
    r"not ok \d|1\.\.\d+$|# (?:tests|pass|fail) \d",  # TAP
    r"\s*Failed \S+ \[|(?:Failed|Passed)! |Total tests:",  # dotnet
)
_MESSAGE = (
    r"E  ",  # pytest
    r"(?:[\w$]+[.:]{1,2})*[A-Z][\w$]*(?:Error|Exception|Failure|Interrupt|Exit|Fault)\b(?: \[[^\]]*\])?(?::| |$)",
    r"panic: |fatal error: |thread '.*panicked at |(?:\w+: )?(?:fatal|error)(?:\[E\d+\])?: ",
    r"npm ERR! |ERROR:? |FATAL:? ",
    r"Caused by: |Suppressed: |\s*---> \S|Exception in thread |Unhandled [Ee]xception|Uncaught ",
    r"Segmentation fault|Aborted|Killed$",
    r"\s+\w+_test\.go:\d+: |\S+\.(?:go|rs|ts|tsx|js|c|cc|cpp|h|java|kt|cs)[:(]\d+[:,]\d+[):]|\S+:\d+: Failure",
    r"\[ERROR\] |\s+(?:error|message): \S|assertion .*failed",
    r"\s+(?:left|right): |\s+(?:Value of|Which is): |\s*AssertionError",
    r"\s*(?:\w+ )?(?:[Ee]xpected|[Rr]eceived|[Aa]ctual)\b.{0,24}?:",
)
_EVIDENCE = (
    r">  |\S+\.py:\d+:(?: |$)(?!\w*Warning)|=+ (?:FAILURES|ERRORS) =+|failures:$",
    r"Traceback \(most recent|During handling of|The above exception|goroutine \d+ \[|stack backtrace:",
    r"\s+> ?\d+ \||\s+\| *\^|\s+expect\(|\s+--> |\s*[-+] \S|\s+Error Message:",
)
_FRAME = (
    r'\s*File "[^"]+", line \d+|\S+\.py:\d+: in ',  # Python
    r"\s+at \S.*[:(].*\)?$|\s+at async ",  # Java, JavaScript, C#, Rust
    r"\s+(?:async )?[\w.$<>]+ \((?:\S+:\d+:\d+|<anonymous>)\)$",  # JavaScript, in TAP
    r"\t\S+\.go:\d+|\s+\d+: +(?:0x[0-9a-f]+ - )?[\w<]\S*::|#\d+ +0x",  # Go, Rust, C
)
_ROUTINE = (
    r"(?=\S+::\S).* (?:PASSED|SKIPPED|XFAIL|XPASS)\b|(?:\[gw\d+\] )?(?:\[ *\d+%\] )?(?:PASSED|SKIPPED|XFAIL) ",
    r"(?:\S+\.py )?[.sxX]+(?: +\[ *\d+%\])?$|platform |rootdir: |plugins: |cachedir: |configfile: ",
    r".+ \.\.\. (?:ok|skipped|ignored)\b",
    r"\s*=== (?:RUN|PAUSE|CONT|NAME) |\s*--- (?:PASS|SKIP): |ok  ?\s|\?\s+\S+\s+\[no test|PASS(?:\s|$)",
    r"\s+(?:Compiling|Downloading|Downloaded|Running|Finished|Updating|Fresh|Checking) ",
    r"running \d+ tests?$|test result: ok",
    r"\s*[✓✔√○↓] ",
    r"(?:\[INFO\] +)?(?:Running \S+$|Download)|\[INFO\] (?!BUILD|Tests run: .*\d$)",
    r"(?:\[\w+\] +)?Tests run: \d+, Failures: 0, Errors: 0.*Time elapsed",
    r"\[ERROR\] (?:-> |To see|Re-run|For more|After correcting|$)|\[ERROR\]\s*$",
    r"\[ +(?:RUN|OK) +\]|\[-{6,}\]|ok \d+|\s+Passed \S|> Task |(?=.* (?:PASSED|SKIPPED)$).+ > ",
    r"\s+\.\.\. \d+ (?:more|common frames)",
)
_LINE = re.compile(
    "|".join(
        f"(?P<{name}>{'|'.join(patterns)})"
        for name, patterns in (
            ("ROUTINE", _ROUTINE),
            ("FRAME", _FRAME),
            ("HEADLINE", _HEADLINE),
            ("EVIDENCE", _EVIDENCE),
            ("MESSAGE", _MESSAGE),
        )
    )
)
_JUDGED_CHARS = 300  # of a line: bounds the work on a line that is a megabyte

_LIBRARY = re.compile(
    r"site-packages|dist-packages|node_modules|[/\\]lib[/\\]python3|<frozen |/rustc/|\.cargo[/\\]registry|/pkg/mod/"
    r"|/usr/(?:local/)?(?:go|lib)/|node:|internal/(?:process|modules|timers)|\(native\)|<anonymous>\)?$"
    r"|\bat (?:java|javax|jdk|sun|com\.sun|kotlin|scala|groovy|org\.(?:junit|gradle|apache|spring\w*|hibernate|mockito"
    r"|testng|eclipse)|io\.netty|reactor|akka|System|Microsoft|Xunit|NUnit)[.$/]"
    r"|\d: +(?:0x\w+ - )?<?(?:core|std|alloc|tokio|test)::|\b_?pytest/|\bpluggy/|\bunittest/|\basyncio/"
)
_AREA = re.compile(r"[=_-]{3,} \S.* [=_-]{3,}$|=+$|-{10,}$|(?:FAIL|ERROR): \S|\s+● |---- .+ ----$|\s*--- (?:FAIL|PASS)")
_FAILURE = re.compile(r"_{3,} |(?:FAIL|ERROR): \S|\s+● |---- .+ ----$|\s*--- FAIL|\s+\d+\) \S|not ok ")
_CAPTURED = re.compile(r"-+ Captured |=+ (?:warnings summary|test session starts|slowest)|-+ (?:live log|coverage)")
_CAUSE = re.compile(r"(?:_ )+_?$")
_GO_PLACE, _RUST_PLACE = re.compile(r"\t\S+\.go:\d+"), re.compile(r"\s+at \S+:\d+")
_CALL, _RUST_FRAME = re.compile(r"\)$|^created by "), re.compile(r"\s+\d+: ")
_PLACE = re.compile(r"(\S+):\d+: ?\w*$")


def judge(lines: Sequence[str], deadline: Deadline) -> list[Says]:
    """What each line says.

    Raises:
        DeadlineExceeded: The time was up first.
    """
    said: list[Says] = []
    frames: list[int] = []
    failing = captured = False
    for index, line in enumerate(lines):
        if not index % 512:
            deadline.check()
        head = line[:_JUDGED_CHARS].rstrip()
        if _AREA.match(head):
            captured = _CAPTURED.match(head) is not None
            failing = not captured and (_FAILURE.match(head) is not None or (failing and head[:1] != "="))
        found = _LINE.match(head)
        kind = (found.lastgroup or "") if found else ""
        if kind == "FRAME":
            frames.append(index)
            said.append(Says.LIBRARY if _LIBRARY.search(head) else Says.EVIDENCE)
        elif captured and (kind not in ("HEADLINE", "MESSAGE") or _CAPTURED.match(head)):
            said.append(Says.ROUTINE)
        elif kind:
            said.append(Says[kind])
        else:
            said.append(Says.CONTEXT if failing else Says.OTHER)
    _judge_panics(lines, said)
    _judge_like_frames(lines, said, frames)
    _judge_library_bodies(lines, said)
    _keep_frames_at_messages(lines, said, frames)
    return said


def _judge_panics(lines: Sequence[str], said: list[Says]) -> None:
    """Rust says on the line below a panic what it was about."""
    for index in range(1, len(lines)):
        if said[index - 1] == Says.MESSAGE and "panicked at " in lines[index - 1][:_JUDGED_CHARS]:
            said[index] = min(said[index], Says.MESSAGE)


def _judge_like_frames(lines: Sequence[str], said: list[Says], frames: Sequence[int]) -> None:
    """The source under a Python frame, the function over a Go or Rust frame's place, are judged as the frame is."""
    for frame in frames:
        line = lines[frame]
        if line.lstrip().startswith("File "):
            indent = len(line) - len(line.lstrip())
            for below in (frame + 1, frame + 2):
                if below < len(lines) and lines[below][: indent + 1].isspace() and said[below] >= Says.EVIDENCE:
                    said[below] = said[frame]
        elif frame and (_GO_PLACE.match(line) or _RUST_PLACE.match(line)):
            above = lines[frame - 1]
            if said[frame - 1] >= Says.EVIDENCE and (_CALL.search(above) or _RUST_FRAME.match(above)):
                said[frame - 1] = said[frame]


def _judge_library_bodies(lines: Sequence[str], said: list[Says]) -> None:
    """pytest shows the whole function around every call: what ends in a place in library code is library code."""
    start = 0
    for index, line in enumerate(lines):
        if _CAUSE.fullmatch(line.rstrip()) or said[index] == Says.HEADLINE:
            start = index + 1
        elif line[:1] not in " \t>E" and (place := _PLACE.match(line.rstrip()[:_JUDGED_CHARS])):
            if _LIBRARY.search(place[1]):
                for inside in range(start, index + 1):
                    if said[inside] in (Says.EVIDENCE, Says.CONTEXT, Says.OTHER):
                        said[inside] = Says.LIBRARY
            start = index + 1


def _keep_frames_at_messages(lines: Sequence[str], said: list[Says], frames: Sequence[int]) -> None:
    """The frame an error came from is evidence even in library code: Python's last above the message, else the first
    below it."""
    for frame in frames:
        if said[frame] != Says.LIBRARY:
            continue
        if frame and said[frame - 1] == Says.MESSAGE:
            said[frame] = Says.EVIDENCE
        elif lines[frame].lstrip().startswith("File "):
            end = frame + 1
            while end < min(len(said), frame + 3) and said[end] == Says.LIBRARY:
                end += 1
            if end < len(said) and said[end] == Says.MESSAGE:
                said[frame:end] = [Says.EVIDENCE] * (end - frame)
