"""Running the gateway under uvicorn."""

from __future__ import annotations

import gc
import logging
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import uvicorn
from starlette.types import ASGIApp

from sparing.errors import SettingsError
from sparing.gateway.open_files import raise_limit
from sparing.settings.tree import GatewaySettings

_GRACE_S = 10  # for answers that are still streaming when the server is told to stop
_KEEP_ALIVE_S = 65  # longer than clients keep idle connections, so that it is they who close them


def serve(app: ASGIApp, gateway: GatewaySettings, *, ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM, then let open answers finish.

    Args:
        ready: Called once with the base URL (``http://127.0.0.1:8790``) when requests are accepted.
    Raises:
        SettingsError: The address cannot be listened on.
    """
    with closing(listen(gateway)) as listener, _tuned_interpreter():
        logging.getLogger("sparing").setLevel(gateway.log_level.upper())
        raise_limit()
        GatewayServer(app, gateway, ready).run(sockets=[listener])


def listen(gateway: GatewaySettings) -> socket.socket:
    """A bound socket; port 0 takes a free one.

    Raises:
        SettingsError: The address is taken, or is none of this machine's.
    """
    try:
        family = socket.getaddrinfo(gateway.host, gateway.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((gateway.host, gateway.port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {gateway.host}:{gateway.port}: {error.strerror}",
            hint="is it running already? --port 0 takes a free port",
        ) from error


@contextmanager
def _tuned_interpreter() -> Iterator[None]:
    """Settings of the interpreter that suit a server; put back afterwards."""
    thresholds, switch_s = gc.get_threshold(), sys.getswitchinterval()
    # What is loaded by now stays: no collection needs to look at it again. A request makes some thousand objects that
    # counting references frees; the default thresholds would search for cycles several times within it.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    # While a big body is reduced in a thread, every event of every stream waits this long for the interpreter.
    sys.setswitchinterval(0.001)
    try:
        yield
    finally:
        sys.setswitchinterval(switch_s)
        gc.set_threshold(*thresholds)
        gc.unfreeze()


class GatewayServer(uvicorn.Server):
    """uvicorn with our settings. `ready` is called with the base URL when requests are accepted."""

    def __init__(self, app: ASGIApp, gateway: GatewaySettings, ready: Callable[[str], None] | None = None) -> None:
        config = uvicorn.Config(
            app,
            host=gateway.host,
            port=gateway.port,
            http="httptools",
            ws="none",
            lifespan="on",
            log_level=gateway.log_level,
            access_log=gateway.log_level == "debug",
            # The answer's own `server` and `date` come from the upstream.
            server_header=False,
            date_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self._ready is not None and self.started and sockets:
            self._ready(base_url(sockets[0]))


def base_url(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
