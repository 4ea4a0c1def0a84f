"""Which PyTorch and Transformers this was tested with. Transformers changes its cache between minor versions."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from sparing.errors import ModelUnsupported, SettingsError

TESTED_TRANSFORMERS = ((5, 24), (5, 25))
"""First version that works, first that is not tested."""


def check_versions() -> None:
    """Say clearly what is missing or does not fit, before an import error deep inside does.

    Raises:
        SettingsError: PyTorch or Transformers is not installed.
        ModelUnsupported: Transformers is older or newer than the tested range.
    """
    try:
        version("torch")
        installed = version("transformers")
    except PackageNotFoundError as error:
        raise SettingsError(f"{error.name} is not installed", hint='pip install "sparing[torch]"') from error
    low, high = TESTED_TRANSFORMERS
    major, minor = (int(part) for part in installed.split(".")[:2])
    if not low <= (major, minor) < high:
        raise ModelUnsupported(
            f"Transformers {installed} is outside the tested range: {_dotted(low)} up to before {_dotted(high)}",
            hint=f'pip install "transformers>={_dotted(low)},<{_dotted(high)}"',
        )


def _dotted(number: tuple[int, int]) -> str:
    return ".".join(str(part) for part in number)
