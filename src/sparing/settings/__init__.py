"""One typed tree of settings. Only the surfaces (command line, gateway) load it; everyone else is handed values."""

from sparing.settings.load import load_settings
from sparing.settings.policy import PolicySettings
from sparing.settings.tree import (
    GatewaySettings,
    LocalSettings,
    RecordSettings,
    ResilienceSettings,
    RoutingSettings,
    Settings,
    TierSettings,
    UpstreamSettings,
)

__all__ = [
    "GatewaySettings",
    "LocalSettings",
    "PolicySettings",
    "RecordSettings",
    "ResilienceSettings",
    "RoutingSettings",
    "Settings",
    "TierSettings",
    "UpstreamSettings",
    "load_settings",
]
