"""Running the gateway under uvicorn."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import uvicorn
from starlette.types import ASGIApp

from sparing.errors import SettingsError
from sparing.gateway.cycles import Cycles
from sparing.gateway.open_files import raise_limit
from sparing.settings.tree import GatewaySettings

_TICKS_PER_S = 10  # uvicorn's
_GRACE_S = 10  # for answers that are still streaming when the server is told to stop
_KEEP_ALIVE_S = 65  # longer than clients keep idle connections, so that it is they who close them


def serve(app: ASGIApp, gateway: GatewaySettings, *, ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM, then let open answers finish.

    Args:
        ready: Called once with the base URL (``http://127.0.0.1:8790``) when requests are accepted.
    Raises:
        SettingsError: The address cannot be listened on.
    """
    with closing(listen(gateway)) as listener, _quick_switches(), Cycles() as cycles:
        logging.getLogger("sparing").setLevel(gateway.log_level.upper())
        raise_limit()
        GatewayServer(app, gateway, ready, cycles).run(sockets=[listener])


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
def _quick_switches() -> Iterator[None]:
    """While a big body is reduced in a thread, every event of every stream waits so long for the interpreter."""
    switch_s = sys.getswitchinterval()
    sys.setswitchinterval(0.001)
    try:
        yield
    finally:
        sys.setswitchinterval(switch_s)


class GatewayServer(uvicorn.Server):
    """uvicorn with our settings.

    Args:
        ready: Called with the base URL when requests are accepted.
        cycles: Told once a second how many requests are open.
    """

    def __init__(
        self,
        app: ASGIApp,
        gateway: GatewaySettings,
        ready: Callable[[str], None] | None = None,
        cycles: Cycles | None = None,
    ) -> None:
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
            proxy_headers=False,  # nobody asks whose address it is
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )
        super().__init__(config)
        self._ready = ready
        self._cycles = cycles

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self._ready is not None and self.started and sockets:
            self._ready(base_url(sockets[0]))

    async def on_tick(self, counter: int) -> bool:
        if self._cycles is not None and counter % _TICKS_PER_S == 0:
            self._cycles.tick(len(self.server_state.tasks))
        return await super().on_tick(counter)


def base_url(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
