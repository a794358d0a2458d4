"""Files broken in every way a disk, a network or an enemy breaks them; the same seed breaks them the same way."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

NUMBERS = (
    b"1e999",
    b"-1e999",
    b"1e-320",
    b"nan",
    b"-inf",
    b"0",
    b"-1",
    b"99999999999999999999",
    b"1,5",
    b"1.2.3",
    b"0x1F",
    b"1_0",
    b"\xd9\xa3",
)
WORDS = (
    b"q_A^-1",
    b"2theta",
    b"R P(R)",
    b"<",
    b"<![CDATA[",
    b"&amp;&x;",
    b"<!DOCTYPE a [<!ENTITY x 'y'>]>",
    b"\x00",
    b"\xff\xfe",
    b"\r",
    b"\t\t",
    b";",
    b"#",
)


def mutate(data: bytes, random: Random) -> bytes:
    """Return *data* with one to four faults, mostly one."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 4))):
        data = random.choice(FAULTS)(data, random)
    return data[: 4 * 2**20]


def _truncate(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _behead(data: bytes, random: Random) -> bytes:
    return data[random.randrange(len(data) + 1) :]


def _flip_bits(data: bytes, random: Random) -> bytes:
    broken = bytearray(data)
    for _ in range(random.choice((1, 3, 30, 300)) if broken else 0):
        broken[random.randrange(len(broken))] ^= 1 << random.randrange(8)
    return bytes(broken)


def _swap(data: bytes, random: Random) -> bytes:
    broken = bytearray(data)
    for _ in range(random.choice((1, 10, 100)) if broken else 0):
        i, j = random.randrange(len(broken)), random.randrange(len(broken))
        broken[i], broken[j] = broken[j], broken[i]
    return bytes(broken)


def _overwrite(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    filling = random.choice((b"\x00", b"\xff", b"9", b"\x7f")) * random.choice((1, 4, 8, 64))
    return data[:at] + filling + data[at + len(filling) :]


def _insert(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(NUMBERS + WORDS) * random.choice((1, 1, 5)) + data[at:]


def _repeat(data: bytes, random: Random) -> bytes:
    if not data:
        return data
    at = random.randrange(len(data))
    piece = data[at : at + random.choice((1, 10, 200, 5000))]
    return data[:at] + piece * random.choice((2, 10, 50)) + data[at:]


def _odd_number(data: bytes, random: Random) -> bytes:
    """Put an extreme number in the place of some word between blanks, commas or tags."""
    places = [i for i, byte in enumerate(data[:20000]) if byte in b" ,;\t>"]
    if not places:
        return data
    at = random.choice(places) + 1
    end = at
    while end < len(data) and data[end] not in b" ,;\t<\n\r":
        end += 1
    return data[:at] + random.choice(NUMBERS) + data[end:]


FAULTS: tuple[Callable[[bytes, Random], bytes], ...] = (
    _truncate,
    _behead,
    _flip_bits,
    _flip_bits,
    _swap,
    _overwrite,
    _insert,
    _repeat,
    _odd_number,
)
