"""What a picture shows, as far as a test asks: its colours."""

import struct
import zlib
from collections import Counter
from dataclasses import dataclass

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BYTES = {2: 3, 6: 4}
"""Of a pixel, by the colour type: RGB, RGBA."""


@dataclass(frozen=True)
class Picture:
    """A PNG of eight bits for each colour."""

    width: int
    height: int
    colours: Counter[str]
    """How many pixels have each, as `#rrggbb`."""

    @classmethod
    def read(cls, png: bytes) -> "Picture":
        assert png.startswith(_SIGNATURE)
        chunks = list(_chunks(png[len(_SIGNATURE) :]))
        width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", dict(chunks)[b"IHDR"])
        assert (depth, interlaced) == (8, 0), (depth, interlaced)
        size = _BYTES[kind]
        rows = zlib.decompress(b"".join(content for name, content in chunks if name == b"IDAT"))
        colours = Counter[str]()
        before = bytearray(width * size)
        for start in range(0, len(rows), width * size + 1):
            before = _line(rows[start], bytearray(rows[start + 1 : start + 1 + width * size]), before, size)
            colours.update(before[at : at + 3].hex() for at in range(0, len(before), size))
        return cls(width, height, Counter({f"#{colour}": count for colour, count in colours.items()}))


def _chunks(rest: bytes) -> "list[tuple[bytes, bytes]]":
    found = []
    while rest:
        (length,) = struct.unpack(">I", rest[:4])
        found.append((rest[4:8], rest[8 : 8 + length]))
        rest = rest[12 + length :]
    return found


def _line(kind: int, line: bytearray, above: bytearray, size: int) -> bytearray:
    """Undoes what makes a line smaller: each byte is told by its neighbours on the left and above."""
    for i in range(len(line)) if kind else ():
        left = line[i - size] if i >= size else 0
        corner = above[i - size] if i >= size else 0
        match kind:
            case 1:
                guess = left
            case 2:
                guess = above[i]
            case 3:
                guess = (left + above[i]) // 2
            case _:
                guess = min((left, above[i], corner), key=lambda value: abs(left + above[i] - corner - value))
        line[i] = (line[i] + guess) & 0xFF
    return line
