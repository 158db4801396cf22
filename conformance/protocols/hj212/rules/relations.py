# SPDX-License-Identifier: Apache-2.0
"""Rules of values that belong together: particles by size, converted concentrations.

Values of one report are compared whether they came in one packet or in parts: they
bear one DataTime.  A value whose mark is not N says nothing.  What instruments may be
off by, the profile gives; what rounding makes of a value is allowed for beside it.

Source: HJ 212-2017, 6.3.3.2.3 table 4 (ZsRtd), C.14 to C.18, C.25 to C.27, D.2.3.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from conformance.data.relations import conversion, converted_slack, out_of_order
from conformance.engine.judge import Judge
from conformance.protocols.hj212.dialogue import Dialogue, Message
from conformance.protocols.hj212.elements import OXYGEN, codes_of
from conformance.protocols.hj212.reports import STATISTICS, number, reports
from conformance.protocols.hj212.rules.common import DEVICE, RIGHT, rule
from conformance.text import Text

__all__: list[str] = []

_REAL_TIME = "2011"
_VALUE = {_REAL_TIME: "Rtd"} | dict.fromkeys(STATISTICS, "Avg")
"""Upload command -> key of the value that is compared."""
_LEVELS = ("2051", "2061")
"""Statistics of noise that hold an equivalent level."""
_MOMENTARY, _EQUIVALENT = "LA", "Leq"


@dataclass(slots=True)
class _Moment:
    """What a report says, whatever packets it came in: values marked normal."""

    cn: str
    last: Message
    values: dict[str, Decimal] = field(default_factory=dict)
    """``a34004-Rtd`` -> its value."""


def _moments(judge: Judge, dialogue: Dialogue) -> Iterator[_Moment]:
    found: dict[tuple[str, datetime], _Moment] = {}
    for report in reports(dialogue, judge.iut):
        if report.cn not in _VALUE or report.label is None:
            continue
        where = report.cn, report.label
        moment = found.setdefault(where, _Moment(report.cn, report.message))
        moment.last = report.message
        for group in report.message.segment.cp:
            if any(i.name.endswith("-Flag") and i.value != "N" for i in group):
                continue
            for item in group:
                if (value := number(item.value)) is not None:
                    moment.values[item.name] = value
    yield from found.values()


@rule(
    "hj212.values_ascend",
    of_content=True,
    actors=DEVICE,
    params={
        "ascending": {"type": "array", "items": {"type": "string"}, "minItems": 2},
        "noise_percent": {"type": "integer", "minimum": 0, "default": 10},
        "noise_units": {"type": "integer", "minimum": 0, "default": 5},
    },
    tighter={"noise_percent": "lower", "noise_units": "lower"},
)
def values_ascend(
    judge: Judge,
    dialogue: Dialogue,
    *,
    ascending: Sequence[str],
    noise_percent: int = 10,
    noise_units: int = 5,
) -> None:
    """Of some elements each is at least the one before it, but for noise."""
    elements = codes_of(judge.snapshot)
    titles = {element.key: element.name for element in elements.values()}
    for moment in _moments(judge, dialogue):
        readings = {
            element.key: moment.values[name]
            for start, element in elements.items()
            if (name := f"{start}{_VALUE[moment.cn]}") in moment.values
        }
        pairs = out_of_order(readings, ascending, noise_percent, noise_units)
        for pair, wrong in pairs:
            lower, upper = titles[pair.lower], titles[pair.upper]
            judge.expect(
                not wrong,
                "descending",
                expected=Text(
                    f"{lower['zh']}不大于{upper['zh']}（另计仪器噪声）",
                    f"{lower['en']} at most {upper['en']}, noise apart",
                ),
                actual=f"{pair.least} > {pair.most}" if wrong else RIGHT,
                at=moment.last,
            )


@rule("hj212.values_converted", of_content=True, actors=DEVICE)
def values_converted(judge: Judge, dialogue: Dialogue) -> None:
    """Converted concentrations in real-time data are those of the reference oxygen.

    Judged where measured value, converted value and oxygen came together; near the
    oxygen of air a conversion shows nothing.  A mean of converted values is not the
    conversion of the mean, so statistics are not judged.
    """
    reference = judge.value("reference_oxygen")
    if reference is None:
        return
    reference = Decimal(reference)
    for moment in _moments(judge, dialogue):
        oxygen = moment.values.get(f"{OXYGEN}-Rtd")
        factor = conversion(reference, oxygen) if oxygen is not None else None
        if moment.cn != _REAL_TIME or oxygen is None or factor is None:
            continue
        for name, converted in moment.values.items():
            code, _, key = name.rpartition("-")
            measured = moment.values.get(f"{code}-Rtd")
            if key != "ZsRtd" or measured is None:
                continue
            right = measured * factor
            slack = converted_slack(measured, converted, oxygen, reference)
            judge.expect(
                abs(converted - right) <= slack,
                "converted",
                expected=Text(
                    f"{name} 约为 {right:.3f}（含氧量 {oxygen}，基准 {reference}）",
                    f"{name} about {right:.3f} (oxygen {oxygen}, reference"
                    f" {reference})",
                ),
                actual=f"{name}={converted}",
                at=moment.last,
            )


# Keys


def _groups(message: Message) -> Iterator[tuple[str, set[str]]]:
    """Yield (code, keys) of each group of items that stand between two semicolons."""
    for group in message.segment.cp:
        found: dict[str, set[str]] = defaultdict(set)
        for item in group:
            code, dash, key = item.name.rpartition("-")
            if dash:
                found[code].add(key)
        yield from found.items()


@rule("hj212.converted_beside_measured", of_content=True, actors=DEVICE)
def converted_beside_measured(judge: Judge, dialogue: Dialogue) -> None:
    """Converted concentrations stand in the group of the measured one, by their keys.

    Looked for are the factors of which the profile has a converted element.
    """
    codes = codes_of(judge.snapshot)
    due = {start[:-3] for start in codes if start.endswith("-Zs")}
    for report in reports(dialogue, judge.iut):
        if report.cn not in _VALUE:
            continue
        wanted = {"Rtd"} if report.cn == _REAL_TIME else {"Min", "Avg", "Max"}
        for code, keys in _groups(report.message):
            if code not in due or not keys & wanted:
                continue
            missing = {f"Zs{key}" for key in wanted} - keys
            judge.expect(
                not missing,
                "converted-missing"
                if len(missing) == len(wanted)
                else "converted-keys",
                expected=Text(
                    f"{code} 的折算值与实测值同组，键名为 -Zs 加统计键",
                    f"converted values of {code} in the group of the measured ones",
                ),
                actual=_told(code, keys),
                at=report.message,
            )


@rule("hj212.noise_keys", of_content=True, actors=DEVICE)
def noise_keys(judge: Judge, dialogue: Dialogue) -> None:
    """Noise is LA-Rtd in real-time data, Leq-Data in those of minutes and hours."""
    levels = {start.rpartition("-")[0] for start in codes_of(judge.snapshot)}
    levels = {code for code in levels if code.startswith("L")}
    for report in reports(dialogue, judge.iut):
        groups = {c: k for c, k in _groups(report.message) if c in levels}
        if not groups:
            continue
        if report.cn == _REAL_TIME:
            right = groups.keys() == {_MOMENTARY} and "Rtd" in groups[_MOMENTARY]
            wanted, key = "LA-Rtd", "real-time-noise"
        elif report.cn in _LEVELS:
            right = "Data" in groups.get(_EQUIVALENT, set())
            wanted, key = "Leq-Data", "noise-statistics"
        else:
            continue
        judge.expect(
            right,
            key,
            expected=wanted,
            actual="; ".join(_told(*group) for group in groups.items()),
            at=report.message,
        )


def _told(code: str, keys: set[str]) -> str:
    return ", ".join(f"{code}-{key}" for key in sorted(keys))
