"""Width and height of a base64 image, read from the first bytes of PNG, JPEG, GIF and WebP files.

Only the few bytes that hold the size are decoded, whatever the size of the file.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from sparing.tokens.images import Size

_JPEG_MAX_SEGMENTS = 256  # before the frame header: Exif, colour profiles (64 kB each), thumbnails
_JPEG_NO_FRAME = frozenset({0xC4, 0xC8, 0xCC})  # tables and an extension that share the numbers of frame headers

Read = Callable[[int, int], bytes]


def data_url_image_size(url: str) -> Size | None:
    """Size of the image in a ``data:image/...;base64,`` URL; None for any other URL."""
    comma = url.find(",", 0, 256)
    if comma < 0 or not url.startswith("data:") or not url.endswith(";base64", 0, comma):
        return None
    return base64_image_size(url, comma + 1)


def base64_image_size(data: str, start: int = 0) -> Size | None:
    """Size of an image.

    Args:
        start: Where the base64 text begins in `data`.
    Returns:
        Width and height in pixels; None if the format is none of the four or the data is damaged.
    """

    def read(offset: int, num_bytes: int) -> bytes:
        first = offset // 3
        last = -(-(offset + num_bytes) // 3)
        piece = base64.b64decode(data[start + 4 * first : start + 4 * last], validate=True)
        return piece[offset - 3 * first :][:num_bytes]

    try:
        size = _size(read)
    except (binascii.Error, ValueError, IndexError):
        return None
    return size if size and min(size) > 0 else None


def _size(read: Read) -> Size | None:
    head = read(0, 30)
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR":
        return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    if head.startswith((b"GIF87a", b"GIF89a")):
        return _little(head[6:8]), _little(head[8:10])
    if head.startswith(b"\xff\xd8"):
        return _jpeg_size(read)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _webp_size(head)
    return None


def _jpeg_size(read: Read) -> Size | None:
    """Walk the segments up to the frame header (SOF0-SOF15): ITU T.81, annex B."""
    at = 2
    for _ in range(_JPEG_MAX_SEGMENTS):
        segment = read(at, 9)
        marker = segment[1]
        if segment[0] != 0xFF:
            return None
        if marker == 0xFF:  # a fill byte
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in _JPEG_NO_FRAME:
            return int.from_bytes(segment[7:9], "big"), int.from_bytes(segment[5:7], "big")
        else:
            at += 2 + int.from_bytes(segment[2:4], "big")
    return None


def _webp_size(head: bytes) -> Size | None:
    """RFC 9649, sections 2.5 to 2.7."""
    chunk = head[12:16]
    if chunk == b"VP8X":
        return _little(head[24:27]) + 1, _little(head[27:30]) + 1
    if chunk == b"VP8L" and head[20] == 0x2F:
        bits = _little(head[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        return _little(head[26:28]) & 0x3FFF, _little(head[28:30]) & 0x3FFF
    return None


def _little(digits: bytes) -> int:
    return int.from_bytes(digits, "little")
