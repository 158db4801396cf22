# SPDX-License-Identifier: Apache-2.0
"""Payloads made and judged: our generator and judge against the usual way.

Generator: valid readings of seven elements inside Hypothesis, one draw of octets each,
against one strategy per element put together with ``fixed_dictionaries``; the same
number of examples, the same settings, every example of both checked to be valid once.
Judge: octets to verdict, of some 200 octets (seven decimals) and of some 500 (twenty
elements of all types).  Ours also refuses duplicate keys and judges resolution on the
digits, numbers being decimals throughout; the peer is ``json.loads`` (floats) and
``jsonschema`` with formats, the same schema, and a check of date-time that it lacks
without more packages.  Seconds of the processor: both sides do nothing but compute.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import jsonschema
from common import Comparison, Target, compare, finish
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis import strategies as st

from conformance.data.formats import encode_json, to_payload
from conformance.data.makers import compile_readings
from conformance.data.schema import envelope, json_schema, payload_judge
from conformance.data.strategies import batches, near_valid, readings
from conformance.data.values import judge_readings
from conformance.profile.model import Element, Range
from conformance.text import Text

SEED = 20260302
EXAMPLES = 1000
PAYLOADS = 2000
BATCH = 20

LIMITS = {
    "temperature": ("-5", "60", "0.1"),
    "ph": ("0", "14", "0.01"),
    "oxygen": ("0", "20", "0.01"),
    "conductivity": ("0", "500000", "0.1"),
    "turbidity": ("0", "1000", "0.1"),
    "permanganate_index": ("0", "100", "0.1"),
    "ammonia_nitrogen": ("0", "100", "0.01"),
}
MORE = {
    "chemical_oxygen_demand": ("0", "500", "0.1"),
    "total_phosphorus": ("0", "50", "0.001"),
    "total_nitrogen": ("0", "100", "0.01"),
    "chlorophyll": ("0", "500", "0.1"),
    "flow": ("0", "100000", "0.01"),
    "water_level": ("-10", "100", "0.001"),
}
OTHERS = {
    "quality": ("enum", ("I", "II", "III", "IV", "V")),
    "mode": ("enum", ("run", "fault", "service", "calibration")),
    "serial": ("integer", ()),
    "door_open": ("boolean", ()),
    "sampled": ("timestamp", ()),
}
PLANTED = {"ph", "turbidity"}
AROUND = {"time": "2026-03-02T04:00:00+08:00", "station": "010000A8900016F000169DC0"}
PARAMETERS = {
    "time_field": "time",
    "station_field": "station",
    "station_pattern": "^[0-9A-Z]{14,24}$",
}


def element(
    key: str,
    type: str = "decimal",
    *,
    limits: tuple[str, str, str] | None = None,
    values: tuple[str, ...] = (),
) -> Element:
    low, high, step = (Decimal(n) for n in limits or (0, 0, 0))
    return Element(
        key=key,
        name=Text(key, key),
        quantity=None,
        unit=None,
        type=type,
        range=Range(low, high) if limits else None,
        resolution=step if limits else None,
        values=values,
        presence="mandatory",
        reporting=None,
        wire={"json": key},
    )


ELEMENTS = tuple(element(key, limits=limits) for key, limits in LIMITS.items())
WIDE = (
    *ELEMENTS,
    *(element(key, limits=limits) for key, limits in MORE.items()),
    *(element(key, kind, values=values) for key, (kind, values) in OTHERS.items()),
)


def per_element() -> st.SearchStrategy[dict[str, Any]]:
    """Return the usual way: one strategy for each element."""

    def numbers(item: Element) -> st.SearchStrategy[Decimal]:
        assert item.range is not None
        assert item.resolution is not None
        step = item.resolution
        low, high = int(item.range.min / step), int(item.range.max / step)
        return st.integers(low, high).map(lambda n: n * step)

    return st.fixed_dictionaries({item.key: numbers(item) for item in ELEMENTS})


def inside_hypothesis(
    strategy: st.SearchStrategy[Any], examples: int, use: Callable[[Any], None]
) -> None:
    """Run examples through a body, as a property check does."""

    @seed(SEED)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def body(drawn: Any) -> None:
        use(drawn)

    body()


def timed(work: Callable[[], object]) -> Callable[[], float]:
    def once() -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    return once


def ignore(drawn: Any) -> None:
    """The body of a property whose own cost is nothing."""


def insist(drawn: Any) -> None:
    for one in drawn if isinstance(drawn, list) else [drawn]:
        if found := judge_readings(ELEMENTS, {}, one):
            raise AssertionError(found)


def shrink(strategy: st.SearchStrategy[Any]) -> Callable[[], float]:
    """Return the search for a planted defect, down to its smallest payload."""

    def search() -> None:
        found = find(
            strategy,
            lambda drawn: drawn["ph"] > 5 and drawn["turbidity"] > 700,
            settings=settings(max_examples=5000, database=None, deadline=None),
            random=random.Random(SEED),
        )
        others = sum(abs(n) for key, n in found.items() if key not in PLANTED)
        if others or found["ph"] > 6 or found["turbidity"] > 702:
            raise AssertionError(f"not small: {found}")

    return timed(search)


def generators(rounds: int) -> list[Comparison]:
    ours, many = readings(ELEMENTS, {}), batches(ELEMENTS, {}, BATCH)
    peer = per_element()
    for strategy in (ours, many, peer):
        inside_hypothesis(strategy, 200, insist)
    name = f"integers() per element, hypothesis {version('hypothesis')}"
    other = timed(lambda: inside_hypothesis(peer, EXAMPLES, ignore))
    return [
        compare(
            f"generate {EXAMPLES}",
            (
                "one tape per reading",
                timed(lambda: inside_hypothesis(ours, EXAMPLES, ignore)),
            ),
            (name, other),
            # 2,000 valid payloads a second.
            target=Target(seconds=EXAMPLES / 2000, ratio=0.6),
            rounds=rounds,
        ),
        compare(
            f"batches, {EXAMPLES}",
            (
                f"{BATCH} readings per tape",
                timed(lambda: inside_hypothesis(many, EXAMPLES // BATCH, ignore)),
            ),
            (name, other),
            target=Target(seconds=EXAMPLES / 15000, ratio=0.1),
            rounds=rounds,
        ),
        compare(
            "find and shrink",
            ("one tape per reading", shrink(ours)),
            (name, shrink(peer)),
            target=Target(seconds=1.0, ratio=0.2),
            rounds=rounds,
        ),
    ]


def payloads(elements: Sequence[Element], *, wrong: bool) -> list[bytes]:
    """Return payloads from seeded tapes, each right or each wrong in one way."""
    source = random.Random(SEED)
    if wrong:
        made: list[bytes] = []
        inside_hypothesis(
            near_valid(elements, {}),
            PAYLOADS,
            lambda drawn: made.append(
                encode_json(AROUND | to_payload(elements, drawn[0], as_is=True))
            ),
        )
        return made
    maker = compile_readings(elements, {})
    return [
        encode_json(
            AROUND | to_payload(elements, maker.make(source.randbytes(maker.size)))
        )
        for _ in range(PAYLOADS)
    ]


def usual_way(schema: dict[str, Any]) -> Callable[[bytes], list[Any]]:
    """Return what most people write, given a validator that checks date-time."""
    plain = json.loads(encode_json(schema))
    draft = jsonschema.Draft202012Validator
    formats = jsonschema.FormatChecker(formats=draft.FORMAT_CHECKER.checkers)

    @formats.checks("date-time", raises=ValueError)
    def _is_time(text: object) -> bool:
        return not isinstance(text, str) or bool(datetime.fromisoformat(text))

    peer = draft(plain, format_checker=formats)
    return lambda octets: list(peer.iter_errors(json.loads(octets)))


def judges(
    elements: Sequence[Element], rounds: int, *, wrong: bool, target: float
) -> Comparison:
    schema = json_schema(elements, {}, extra=envelope(PARAMETERS))
    judge, peer = payload_judge(schema, elements), usual_way(schema)
    octets = payloads(elements, wrong=wrong)
    if any(bool(judge(one)) is not wrong for one in octets):
        raise AssertionError("our verdicts are not right")
    if not wrong and any(peer(one) for one in octets):
        raise AssertionError("the peer refuses what is right")
    mean = sum(map(len, octets)) // len(octets)
    kind = "wrong" if wrong else "right"
    return compare(
        f"judge {kind}, {mean} B",
        (
            "octets to all defects, digits judged",
            timed(lambda: [judge(one) for one in octets]),
        ),
        (
            f"json.loads, all errors of jsonschema {version('jsonschema')}",
            timed(lambda: [peer(one) for one in octets]),
        ),
        target=Target(ratio=target),
        rounds=rounds,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    comparisons = generators(asked.rounds)
    for elements in (ELEMENTS, WIDE):
        for wrong, target in ((False, 1 / 50), (True, 1 / 2)):
            comparisons.append(
                judges(elements, asked.rounds, wrong=wrong, target=target)
            )
    code = finish(comparisons, asked.json)
    for item in comparisons:
        count = PAYLOADS if "judge" in item.name else EXAMPLES
        if "shrink" not in item.name:
            print(
                f"{item.name:<22} {count / item.our_median:>9,.0f} a second, "
                f"{1 / item.ratio:.1f} times as fast"
            )
    return code


if __name__ == "__main__":
    sys.exit(main())
