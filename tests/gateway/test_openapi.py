"""The OpenAPI description: complete, and true under fuzzing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from raw_client import request
from running_gateway import RunningGateway

from sparing.core.budget import Mode
from sparing.gateway.openapi import describe
from sparing.settings.policy import Effort


def test_it_describes_what_is_served(gateway: RunningGateway) -> None:
    """The served document has a path for every endpoint, and the control headers as they are understood."""
    served = request(gateway.url, "/openapi.json", method="GET").json
    assert set(served["paths"]) == {
        "/v1/chat/completions",
        "/v1/messages",
        "/v1/responses",
        "/v1beta/models/{model}:generateContent",
        "/v1beta/models/{model}:streamGenerateContent",
        "/v1/models",
        "/healthz",
        "/metrics",
        "/openapi.json",
    }
    headers = {given["name"]: given["schema"] for given in served["paths"]["/v1/messages"]["post"]["parameters"]}
    assert headers["x-sparing-mode"]["enum"] == list(Mode)
    assert tuple(headers["x-sparing-effort"]["enum"]) == Effort.__args__
    assert set(headers) == {
        f"x-sparing-{name}" for name in ("mode", "effort", "recall", "risk", "budget", "deadline-ms", "cache", "tier")
    }
    assert describe(())["paths"].keys() == {"/healthz", "/metrics", "/openapi.json"}


def test_fuzzing_finds_no_lie(start: Callable[..., RunningGateway]) -> None:
    """Generated requests, valid and not, get answers that the description allows, and never a failure of ours."""
    import schemathesis
    from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

    def excused(headers: Mapping[str, str]) -> list[Any]:
        excuses = []
        if "x-sparing-budget" in headers:  # of the right form, and still too small for what must be kept
            excuses.append(positive_data_acceptance)
        if headers.get("x-sparing-mode") in ("off", "audit"):  # these refuse no body
            excuses.append(negative_data_rejection)
        return excuses

    gateway = start()
    schema = schemathesis.openapi.from_url(f"{gateway.url}/openapi.json")
    few = settings(
        max_examples=15,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    operations = [found.ok() for found in schema.get_all_operations()]
    assert {"POST /v1/chat/completions", "POST /v1/messages"} <= {operation.label for operation in operations}
    for operation in operations:
        # Without parameters or a body there is nothing to get wrong.
        modes = tuple(schemathesis.GenerationMode) if operation.body else (schemathesis.GenerationMode.POSITIVE,)
        for mode in modes:

            @few
            @given(case=operation.as_strategy(generation_mode=mode))
            def check(case: Any) -> None:
                case.call_and_validate(base_url=gateway.url, excluded_checks=excused(case.headers))

            check()
