"""Lines that machines write: a build, a maintenance window, a test run, a pod list, grep hits, a diff."""

from __future__ import annotations

import random

from sparing.evals.planted.nouns import Asked, ToolOutput
from sparing.evals.planted.words import MODULES, SERVICES, amounts, clock, cycle, distinct_numbers, hexes


def build(rng: random.Random, n: int = 420) -> ToolOutput:
    """A build log with one error, a few warnings, and sizes that somebody may ask for."""
    hashes, sizes = hexes(rng, n, 8), amounts(rng, n, 2, 400)
    modules = [f"{a}-{b}" for a in MODULES for b in MODULES if a != b]
    rng.shuffle(modules)
    lines = []
    for i in range(n):
        stamp = f"[{clock(32_400, i)}]"
        if i % 3 == 0:
            lines.append(f"{stamp} info  compiling {modules[i]} ({i + 1}/{n})")
        elif i % 3 == 1:
            lines.append(f"{stamp} info  emitted dist/{modules[i]}.{hashes[i]}.js {sizes[i]} kB")
        else:
            lines.append(f"{stamp} debug cache hit for {modules[i]} key={hashes[i]}")
    error, warning = 3 * rng.randrange(20, n // 3), 3 * rng.randrange(n // 3) + 2
    asked = 3 * rng.randrange(n // 3) + 1
    lines[error] = f"[{clock(32_400, error)}] error TS2345 in src/{modules[error]}.ts:318:27 argument of type 'Cents'"
    lines[warning] = f"[{clock(32_400, warning)}] warn  circular import between ledger-core and quota-view"
    place = f"src/{modules[error]}.ts:318:27"
    return ToolOutput(
        "build",
        "\n".join(lines) + "\n",
        (
            Asked("id", f"How big is the bundle of {modules[asked]}?", (f"{sizes[asked]} kB",)),
            Asked("paraphrase", "Why did the build break, and where?", ("argument of type 'Cents'",)),
            Asked("paraphrase", "Do any modules import each other in a circle?", ("ledger-core and quota-view",)),
        ),
        ("TS2345", place),
    )


def maintenance(rng: random.Random, n: int = 300) -> ToolOutput:
    """Every host restarts; one is left running."""
    seconds = amounts(rng, n, 5, 90)
    hosts = [f"{role}-{i:03d}" for i, role in enumerate(cycle(("web", "db", "job", "edge"), n, rng))]
    lines = [
        f"2026-06-14 {clock(7_200, 2 * i)} INFO ops.restart: host {hosts[i]} restarted in {seconds[i]} s"
        for i in range(n)
    ]
    left, asked, panic = rng.sample(range(n), 3)
    lines[left] = (
        f"2026-06-14 {clock(7_200, 2 * left)} INFO ops.restart: host {hosts[left]} left running, replica lag 41 GB"
    )
    lines[panic] = (
        f"2026-06-14 {clock(7_200, 2 * panic)} CRITICAL ops.restart: host {hosts[panic]} kernel panic after restart"
    )
    return ToolOutput(
        "maintenance",
        "\n".join(lines) + "\n",
        (
            Asked("negation", "Which host was not restarted, and why?", (hosts[left], "replica lag 41 GB")),
            Asked("id", f"How long did {hosts[asked]} take?", (f"{seconds[asked]} s",)),
        ),
        (f"host {hosts[panic]} kernel panic",),
    )


def pytest_run(rng: random.Random, n: int = 190) -> ToolOutput:
    """A verbose pytest run: two failures with tracebacks, a list of slow tests."""
    names = [
        f"tests/test_{a}.py::test_{a}_{b}" for a, b in zip(cycle(MODULES, n, rng), cycle(MODULES, n, rng), strict=True)
    ]
    names = list(dict.fromkeys(names))
    bad = rng.sample(range(len(names)), 2)
    slow = rng.sample([i for i in range(len(names)) if i not in bad], 12)
    seconds = sorted(amounts(rng, len(slow), 3, 60), key=float, reverse=True)
    lines = [
        "============================= test session starts =============================",
        f"collected {len(names)} items",
        "",
    ]
    for i, name in enumerate(names):
        lines.append(f"{name} {'FAILED' if i in bad else 'PASSED'} [{100 * (i + 1) // len(names):3d}%]")
    lines += ["", "=================================== FAILURES ==================================="]
    got = distinct_numbers(rng, 2, 1_000, 9_999)
    for i, value in zip(bad, got, strict=True):
        path, _, test = names[i].partition("::")
        lines += [
            f"______________________ {test} ______________________",
            f"    def {test}():",
            "        result = settle(load_fixture())",
            ">       assert result.cents == 1200, result.cents",
            f"E       AssertionError: {value}",
            f"E       assert {value} == 1200",
            f"{path}:{40 + i}: AssertionError",
        ]
    lines.append("============================= slowest 12 durations =============================")
    lines += [f"{s}s call     {names[i]}" for s, i in zip(seconds, slow, strict=True)]
    lines += [f"FAILED {names[i]} - AssertionError: {value}" for i, value in zip(bad, got, strict=True)]
    lines.append(f"================== 2 failed, {len(names) - 2} passed in 312.40s ==================")
    asked = 7
    return ToolOutput(
        "pytest_run",
        "\n".join(lines) + "\n",
        (
            Asked("paraphrase", "What value did the failing assertions see?", (str(got[0]), str(got[1]))),
            Asked("id", f"How long did {names[slow[asked]].partition('::')[2]} take?", (f"{seconds[asked]}s",)),
        ),
        (names[bad[0]], names[bad[1]], "2 failed"),
    )


def pods(rng: random.Random, n: int = 130) -> ToolOutput:
    """A table of pods in columns; one is in a crash loop."""
    ids, ages = hexes(rng, n, 10), distinct_numbers(rng, n, 100, 9_000)
    names = [f"{service}-{ids[i]}" for i, service in enumerate(cycle(SERVICES, n, rng))]
    crash, asked = rng.sample(range(n), 2)
    lines = [f"{'NAME':<24}{'READY':<8}{'STATUS':<18}{'RESTARTS':<10}AGE"]
    for i in range(n):
        ready, status, restarts = ("0/1", "CrashLoopBackOff", 618) if i == crash else ("1/1", "Running", i % 3)
        lines.append(f"{names[i]:<24}{ready:<8}{status:<18}{restarts:<10}{ages[i]}m")
    return ToolOutput(
        "pods",
        "\n".join(lines) + "\n",
        (
            Asked("id", f"How old is the pod {names[asked]}?", (f"{ages[asked]}m",)),
            Asked("negation", "Which pod is not running?", (names[crash], "618")),
        ),
        ("CrashLoopBackOff",),
    )


def grep_hits(rng: random.Random, n: int = 150) -> ToolOutput:
    """``path:line:text`` of a name: calls everywhere, one definition, one switch-off."""
    files = [f"src/{a}/{b}.py" for a, b in zip(cycle(MODULES[:12], n, rng), cycle(MODULES, n, rng), strict=True)]
    numbers = distinct_numbers(rng, n, 10, 2_000)
    keys = cycle(MODULES, n, rng)
    lines = [f"{files[i]}:{numbers[i]}:    budget = retry_budget({keys[i]!r}, limit={i % 7})" for i in range(n)]
    home, off = rng.sample(range(n), 2)
    lines[home] = f"src/net/allowance.py:{numbers[home]}:def retry_budget(key: str, limit: int = 3) -> Budget:"
    lines[off] = f"{files[off]}:{numbers[off]}:    retry_budget.disabled = True  # until the quota bug is fixed"
    return ToolOutput(
        "grep_hits",
        "\n".join(lines) + "\n",
        (
            Asked("place", "Where is retry_budget defined?", ("allowance.py", str(numbers[home]))),
            Asked(
                "paraphrase",
                "Does anything turn retry_budget off?",
                (str(numbers[off]), "disabled = True"),
            ),
        ),
    )


def diff(rng: random.Random, n: int = 9) -> ToolOutput:
    """A change over n files: a lock file, renames, and two lines that matter."""
    hashes = hexes(rng, 120, 14)
    parts = ["diff --git a/poetry.lock b/poetry.lock\n--- a/poetry.lock\n+++ b/poetry.lock\n@@ -1,120 +1,120 @@\n"]
    parts += [f'-    {{hash = "sha256:{h}"}},\n+    {{hash = "sha256:{h[::-1]}"}},\n' for h in hashes]
    modules = rng.sample(MODULES, n)
    for i, module in enumerate(modules):
        path = f"src/{module}.py"
        parts.append(
            f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"
            f"@@ -{40 + i},9 +{40 + i},9 @@ class {module.title()}:\n"
        )
        parts += [f"     def step_{k}(self) -> None:\n         self.log.debug('{module} step {k}')\n" for k in range(3)]
        if i == 4:
            parts.append("-SESSION_TIMEOUT_S = 900\n+SESSION_TIMEOUT_S = 5400\n")
        elif i == 6:
            parts.append("-        verify_signature(token, KEYS)\n         return decode(token)\n")
        else:
            parts.append(f"-        self.count_{module} = 0\n+        self.{module}_count = 0\n")
    return ToolOutput(
        "diff",
        "".join(parts),
        (
            Asked("paraphrase", "What did the timeout of a session change to?", ("+SESSION_TIMEOUT_S = 5400",)),
            Asked(
                "negation", "Is a signature no longer verified anywhere?", ("-        verify_signature(token, KEYS)",)
            ),
        ),
    )
