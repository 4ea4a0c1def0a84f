"""Pages are fetched within bounds, and never from addresses that only this machine can reach."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from yarl import URL

from sparing.errors import SourceUnreadable
from sparing.retrieve.addresses import check_public, check_url
from sparing.retrieve.fetch import Limits, fetch
from sparing.retrieve.reading import Job
from sparing.retrieve.walk import Left

OPEN = Limits(most_bytes=10_000, total_s=2.0, allow_private=True)


class Site(BaseHTTPRequestHandler):
    """A few pages, some of them nasty."""

    stop = threading.Event()

    def do_GET(self) -> None:
        path, _, rest = self.path.partition("?")
        if path == "/to":
            self._answer(302, "", Location=rest)
        elif path == "/loop":
            self._answer(302, "", Location="/loop")
        elif path == "/large":
            self._answer(200, "x" * 20_000)
        elif path == "/slow":
            self.stop.wait(10)
        elif path == "/page":
            self._answer(200, "<html><title>Fees</title><p>Five pounds.</p></html>", **{"Content-Type": "text/html"})
        else:
            self._answer(404, "no")

    def _answer(self, status: int, text: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    Site.stop.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    Site.stop.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_becomes_a_file_that_is_read_by_its_type(site: str, tmp_path: Path) -> None:
    """Redirects are followed; the page keeps the address that was asked for; each is fetched once."""
    jobs = fetch([f"{site}/page", f"{site}/to?/page", f"{site}/page"], tmp_path, OPEN)
    assert [job.source for job in jobs] == [f"{site}/page", f"{site}/to?/page"]
    for job in jobs:
        assert isinstance(job, Job)
        assert job.name == "page.html" or job.name == "page.htm"
        assert "Five pounds." in Path(job.path).read_text()


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/missing", "HTTP 404"),
        ("/large", "too large"),
        ("/slow", "no answer within"),
        ("/loop", "redirects"),
        ("/to?ftp://example.org/x", "no address of the web"),
        ("/to?file:///etc/passwd", "no address of the web"),
    ],
)
def test_what_cannot_be_had_has_a_reason(site: str, path: str, why: str, tmp_path: Path) -> None:
    """And the others are fetched."""
    bad, good = fetch([site + path, f"{site}/page"], tmp_path, OPEN)
    assert isinstance(bad, Left)
    assert bad.failed
    assert why in bad.why
    assert isinstance(good, Job)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_not_asked(site: str, host: str, tmp_path: Path) -> None:
    """However its name is written."""
    url = site.replace("127.0.0.1", host) + "/page"
    (left,) = fetch([url], tmp_path, Limits(total_s=5.0))
    assert isinstance(left, Left)
    assert "private address" in left.why or "not a canonical" in left.why
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "address",
    [
        *(
            "10.1.2.3",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "fe80::1%eth0",
            "fc00::1",
        ),
        *("::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "::"),
    ],
)
def test_private_addresses_are_told(address: str) -> None:
    """Also in the forms that carry an address of the older kind."""
    with pytest.raises(SourceUnreadable, match="private"):
        check_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_may_be_asked(address: str) -> None:
    """They are most of them."""
    check_public(address)


def test_a_password_in_an_address_is_not_kept() -> None:
    """A store would show it to whoever reads the source."""
    with pytest.raises(SourceUnreadable, match="password"):
        check_url(URL("https://me:secret@example.org/"), allow_private=True)
