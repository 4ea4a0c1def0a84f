"""No property test fails because a machine is busy, and a change is judged by the same examples every time.

``HYPOTHESIS_PROFILE=explore`` draws new ones; what it finds becomes an example of its own.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("sparing", derandomize=True, **_PATIENT)
settings.register_profile("explore", **_PATIENT)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "sparing"))
