"""As many open files as the system lets this process have: every stream takes two, its caller's and its upstream's."""

from __future__ import annotations

import logging

log = logging.getLogger("sparing.gateway")

_FILES_PER_STREAM = 2
_FILES_BESIDE = 100  # stores, logs, connections that are kept
_FEW_STREAMS = 2_000


def raise_limit() -> int:
    """Raise the soft limit of open files to the hard one, and say how many streams that has room for.

    Returns:
        Streams at once; 0 where there is no limit that could be read.
    """
    try:
        import resource
    except ImportError:  # no such limits on this system
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = soft
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            limit = hard
        except (ValueError, OSError):  # macOS has a lower limit for all processes than it says
            pass
    if limit == resource.RLIM_INFINITY:
        return 0
    streams = max(1, (limit - _FILES_BESIDE) // _FILES_PER_STREAM)
    if streams < _FEW_STREAMS:
        log.warning(
            "room for %s streams at once: this process may open %s files; raise the hard limit (ulimit -Hn) for more",
            f"{streams:,}",
            f"{limit:,}",
        )
    return streams
