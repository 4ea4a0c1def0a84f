"""Sizes read from the headers of images."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparing.tokens.image_size import base64_image_size, data_url_image_size


def png(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + b"IDAT" * 9


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + bytes(40)


def jpeg(width: int, height: int, *segments: bytes) -> bytes:
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return b"\xff\xd8" + b"".join(segments) + frame + b"\xff\xda" + bytes(50)


def segment(marker: int, num_bytes: int) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", num_bytes + 2) + bytes(num_bytes)


def webp(chunk: bytes, content: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 99) + b"WEBP" + chunk + struct.pack("<I", len(content)) + content + bytes(20)


def webp_lossy(width: int, height: int) -> bytes:
    return webp(b"VP8 ", b"\x10\x02\x00\x9d\x01\x2a" + struct.pack("<HH", width | 0x4000, height))


def webp_lossless(width: int, height: int) -> bytes:
    return webp(b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14 | 1 << 28))


def webp_extended(width: int, height: int) -> bytes:
    return webp(b"VP8X", bytes(4) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3])


FORMATS = [png, gif, jpeg, webp_lossy, webp_lossless, webp_extended]


@pytest.mark.parametrize("make", FORMATS)
@pytest.mark.parametrize(("width", "height"), [(640, 480), (1, 1), (257, 16_000)])
def test_every_format(make: Callable[[int, int], bytes], width: int, height: int) -> None:
    """Width and height come from the header, as base64 and as a data URL."""
    data = base64.b64encode(make(width, height)).decode()
    assert base64_image_size(data) == (width, height)
    assert data_url_image_size(f"data:image/png;base64,{data}") == (width, height)


def test_a_jpeg_with_long_segments_before_its_frame() -> None:
    """Exif data, colour profiles, Huffman tables and fill bytes are stepped over."""
    image = jpeg(800, 600, segment(0xE1, 65_000), segment(0xE2, 60_001), segment(0xC4, 30), b"\xff\xff")
    assert base64_image_size(base64.b64encode(image).decode()) == (800, 600)


def test_only_the_header_is_decoded() -> None:
    """What follows the header may be anything."""
    data = base64.b64encode(png(10, 20)).decode()[:40] + "!" * 1_000
    assert base64_image_size(data) == (10, 20)


@pytest.mark.parametrize(
    "image",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"%PDF-1.7" + bytes(40),
        png(0, 5),
        jpeg(1, 1)[:10],
        b"\xff\xd8" + bytes(40),
        b"\xff\xd8" + b"\xff" * 2_000,
        b"\xff\xd8" + segment(0xE1, 10) * 1_000,
        webp(b"ALPH", bytes(20)),
    ],
)
def test_no_size_is_none(image: bytes) -> None:
    """Damaged, truncated and unknown files have no size."""
    assert base64_image_size(base64.b64encode(image).decode()) is None


@pytest.mark.parametrize(
    "url", ["", "https://example.org/a.png", "data:image/png,raw", "data:image/png;base64", "data:,"]
)
def test_other_urls_have_no_size(url: str) -> None:
    """Only base64 data URLs can be looked into."""
    assert data_url_image_size(url) is None


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([make(300, 200) for make in FORMATS]), st.data())
def test_damaged_headers_never_raise(image: bytes, data: st.DataObject) -> None:
    """Any bytes give a positive size or none."""
    damaged = bytearray(image)
    for _ in range(data.draw(st.integers(0, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    text = base64.b64encode(damaged).decode()[: data.draw(st.integers(0, 80))]
    size = base64_image_size(text)
    assert size is None or min(size) > 0
