"""The body of an answer, decompressed and decoded piece by piece and never more of it than is allowed."""

import codecs
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

from model_operator.providers.items import NotJson

_PIECE = 1 << 16
"""Bytes that are decompressed and parsed at once."""


class Unreadable(Exception):
    """A body that is too long or not what its headers say; `str()` is the whole story."""


async def pieces(
    chunks: AsyncIterator[bytes], encoding: str, limit: int, too_long: str = "a body of more than {} KiB"
) -> AsyncIterator[bytes]:
    """The body as it arrives, decompressed by ourselves: httpx would inflate a whole chunk before anybody could count.

    Raises `Unreadable` beyond `limit` bytes, which says so in the words of `too_long`.
    """
    encoding = encoding.strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip", "deflate"):
        raise Unreadable("a body in an encoding that was not asked for")
    inflater = None if encoding in ("identity", "") else zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    length, is_complete = 0, True
    async for chunk in chunks:
        for piece in _slices(chunk) if inflater is None else _inflate(inflater, chunk):
            length += len(piece)
            if length > limit:
                raise Unreadable(too_long.format(limit // 1024))
            yield piece
        is_complete = inflater is None or inflater.eof
    if not is_complete:
        raise Unreadable("a truncated body")


def _slices(chunk: bytes) -> Iterator[bytes]:
    return (chunk[start : start + _PIECE] for start in range(0, len(chunk), _PIECE))


def _inflate(inflater: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    while chunk and not inflater.eof:
        try:
            yield inflater.decompress(chunk, _PIECE)
        except zlib.error:
            raise Unreadable("a body that is not compressed as its headers say") from None
        chunk = inflater.unconsumed_tail


async def texts(pieces: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """UTF-8, with or without a byte order mark. Raises `NotJson`."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        async for piece in pieces:
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise NotJson("is not JSON") from None


def parse(body: bytes) -> Any:
    """JSON whatever the content type says, since gateways mislabel it. None for an empty body. Raises `NotJson`."""
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise NotJson("is not JSON") from None


def glance(body: bytes) -> Any:
    """JSON, or None for everything else."""
    try:
        return parse(body)
    except NotJson:
        return None
