"""No property test fails because a machine is busy: how long examples take is measured in benchmarks."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("sparing", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sparing")
