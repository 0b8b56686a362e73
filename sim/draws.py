"""Chance has an address: a random number is asked for by whom, where, for what and which time, never by "next".

The address is folded part by part through the splitmix64 finaliser (Steele, Lea & Flood 2014); names enter as their
FNV-1a hash, so that adding a persona, a step or a scenario leaves every other draw where it was.
"""

from __future__ import annotations

from functools import cache

MASK = 0xFFFF_FFFF_FFFF_FFFF
GOLDEN = 0x9E37_79B9_7F4A_7C15
NOBODY = NOWHERE = 0


def fold(key: int, part: int) -> int:
    """Extend an address by one 64-bit part, and scramble it so that every bit hangs on every bit before.

    With 0 as the part it is one step of the generator splitmix64 from the state `key`.
    """
    z = ((key + GOLDEN) & MASK) ^ part
    z = ((z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB) & MASK
    return z ^ (z >> 31)


@cache
def name(text: str) -> int:
    """64-bit FNV-1a hash of a name, by which it enters an address."""
    value = 0xCBF2_9CE4_8422_2325
    for byte in text.encode():
        value = ((value ^ byte) * 0x0000_0100_0000_01B3) & MASK
    return value


def unit(key: int) -> float:
    """Uniform number in the open interval (0, 1) from the upper 52 bits.

    52 and not 53: half a step above the largest 53-bit number would round to exactly 1.
    """
    return ((key >> 12) + 0.5) * 2.0**-52


def draw(key: int, purpose: str) -> float:
    """Uniform number for a purpose at an address."""
    return unit(fold(key, name(purpose)))


def world(seed: int, replication: int) -> int:
    """Address of one replication."""
    return fold(fold(0, seed & MASK), replication)


def visit(journey: int, place: int, nth: int) -> int:
    """Address of the nth attempt at a place within a journey."""
    return fold(fold(journey, place), nth)


def clock(called: str) -> int:
    """Hash by which a clock on a visit enters an address: of its name, if it has one."""
    return name(f"while open {called}".rstrip())


def uniform(
    seed: int,
    replication: int,
    customer: int = NOBODY,
    journey: int = NOWHERE,
    place: int = NOWHERE,
    nth: int = 0,
    purpose: str = "",
) -> float:
    """Return the one uniform number that lives at an address.

    Parameters
    ----------
    seed, replication
        The root of randomness, and which simulated history.
    customer, journey, place
        64-bit hashes of names and origins (`name`, `fold`), 0 where the draw belongs to none.
    nth
        Which attempt at the place within the journey, or which firing of a trigger.
    purpose
        What the number is for, such as ``service`` or ``patience``.

    Returns
    -------
    float
        In the open interval (0, 1).
    """
    key = fold(fold(world(seed, replication), customer), journey)
    return unit(fold(visit(key, place, nth), name(purpose)))
