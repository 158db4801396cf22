# SPDX-License-Identifier: Apache-2.0
"""Units of SenML: the registry, and how UCUM units of profiles are written in it.

The registry is data with a date: IANA adds to it, so a profile that needs a younger
symbol needs a younger table.  Factors are exact fractions; nothing is a float.

Source: RFC 8428, 12.1 (primary units); RFC 8798, 2 (more of them) and 3 (secondary).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

__all__ = [
    "PRIMARY",
    "SECONDARY",
    "STARRED",
    "Unit",
    "convert",
    "from_ucum",
    "to_primary",
]


def _symbols(table: str) -> frozenset[str]:
    return frozenset(table.split())


STARRED = _symbols("g l l/s Bspl % 1/min beat/min beats deg")
"""Registered, and not recommended for new producers."""
PRIMARY = STARRED | _symbols(
    """m kg s A K cd mol Hz rad sr N Pa J W C V F Ohm S Wb T H Cel lm lx Bq Gy Sv kat
    m2 m3 m/s m/s2 m3/s W/m2 cd/m2 bit bit/s lat lon pH dB dBW count / %RH %EL EL 1/s
    S/m B VA VAs var vars J/m kg/m3"""
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit by a primary one: ``primary = value * scale + offset``."""

    primary: str
    scale: Fraction = Fraction(1)
    offset: int = 0


def _units(table: str) -> Mapping[str, Unit]:
    """Read lines of symbol, scale, primary symbol and perhaps an offset."""
    found = {}
    for line in table.strip().splitlines():
        symbol, scale, primary, *more = line.split()
        found[symbol] = Unit(primary, Fraction(scale), int(more[0]) if more else 0)
    return found


SECONDARY: Mapping[str, Unit] = _units("""
    ms 1/1000 s
    min 60 s
    h 3600 s
    MHz 1000000 Hz
    kW 1000 W
    kVA 1000 VA
    kvar 1000 var
    Ah 3600 C
    Wh 3600 J
    kWh 3600000 J
    varh 3600 vars
    kvarh 3600000 vars
    kVAh 3600000 VAs
    Wh/km 18/5 J/m
    KiB 1024 B
    GB 1000000000 B
    Mbit/s 1000000 bit/s
    B/s 8 bit/s
    MB/s 8000000 bit/s
    mV 1/1000 V
    mA 1/1000 A
    dBm 1 dBW -30
    ug/m3 1/1000000000 kg/m3
    mm/h 1/3600000 m/s
    m/h 1/3600 m/s
    ppm 1/1000000 /
    /100 1/100 /
    /1000 1/1000 /
    hPa 100 Pa
    mm 1/1000 m
    cm 1/100 m
    km 1000 m
    km/h 5/18 m/s
""")
"""What version 10 does not know and feature bit 4 (version 26) allows."""

_UCUM: Mapping[tuple[str, str], Unit] = {
    (ucum, ""): unit
    for ucum, unit in _units("""
    Cel 1 Cel
    K 1 K
    [pH] 1 pH
    mg/L 1/1000 kg/m3
    ug/L 1/1000000 kg/m3
    ng/L 1/1000000000 kg/m3
    g/L 1 kg/m3
    mg/m3 1/1000000 kg/m3
    ug/m3 1/1000000000 kg/m3
    g/m3 1/1000 kg/m3
    uS/cm 1/10000 S/m
    mS/cm 1/10 S/m
    mS/m 1/1000 S/m
    S/m 1 S/m
    mV 1/1000 V
    V 1 V
    kV 1000 V
    m3/s 1 m3/s
    m3/h 1/3600 m3/s
    L/s 1/1000 m3/s
    L/min 1/60000 m3/s
    L/h 1/3600000 m3/s
    m3 1 m3
    L 1/1000 m3
    kg 1 kg
    g 1/1000 kg
    t 1000 kg
    m 1 m
    mm 1/1000 m
    cm 1/100 m
    km 1000 m
    m/s 1 m/s
    km/h 5/18 m/s
    deg 1 deg
    rad 1 rad
    Pa 1 Pa
    hPa 100 Pa
    kPa 1000 Pa
    MPa 1000000 Pa
    % 1/100 /
    [ppm] 1/1000000 /
    1 1 count
    A 1 A
    mA 1/1000 A
    Ohm 1 Ohm
    kOhm 1000 Ohm
    MOhm 1000000 Ohm
    W 1 W
    kW 1000 W
    kW.h 3600000 J
    W.h 3600 J
    J 1 J
    MJ 1000000 J
    GJ 1000000000 J
    Hz 1 Hz
    kHz 1000 Hz
    /min 1/60 1/s
    s 1 s
    ms 1/1000 s
    min 60 s
    h 3600 s
    d 86400 s
    dB 1 dB
    dB{mW} 1 dBW -30
    lx 1 lx
    W/m2 1 W/m2
    """).items()
} | {
    ("%", "relative_humidity"): Unit("%RH"),
    ("1", "fraction"): Unit("/"),
}
"""UCUM code and, where it depends, the quantity.  Turbidity, mass flow and number
density have no symbol in these registers."""

_DIGITS = 17
"""Of a conversion that does not end: as many as a binary64 can hold."""


def from_ucum(unit: str | None, quantity: str | None = None) -> Unit | None:
    """Return how a UCUM unit is written in SenML, ``None`` where it cannot be."""
    if unit is None:
        return None
    return _UCUM.get((unit, quantity or "")) or _UCUM.get((unit, ""))


def convert(value: Decimal, symbol: str, to: Unit) -> Decimal | None:
    """Return a value of a SenML unit in another; ``None`` where they do not meet.

    Exact, digits kept, as long as the quotient ends within a binary64.
    """
    of = SECONDARY.get(symbol, Unit(symbol))
    if of.primary != to.primary:
        return None
    if of == to:
        return value
    power = _power_of_ten(of.scale / to.scale)
    if power is not None and of.offset == to.offset == 0:
        return value.scaleb(power)
    exact = (Fraction(value) * of.scale + of.offset - to.offset) / to.scale
    with localcontext(prec=_DIGITS):
        return Decimal(exact.numerator) / Decimal(exact.denominator)


def _power_of_ten(ratio: Fraction) -> int | None:
    for part, sign in ((ratio.numerator, 1), (ratio.denominator, -1)):
        other = ratio.denominator if sign == 1 else ratio.numerator
        digits = str(part)
        if other == 1 and digits.rstrip("0") == "1":
            return sign * (len(digits) - 1)
    return None


def to_primary(value: Decimal, unit: Unit) -> Decimal:
    """Return a value of a unit in the primary one, digits kept where they end."""
    power = _power_of_ten(unit.scale)
    if power is not None and not unit.offset:
        return value.scaleb(power)
    exact = Fraction(value) * unit.scale + unit.offset
    with localcontext(prec=_DIGITS):
        return Decimal(exact.numerator) / Decimal(exact.denominator)
