# SPDX-License-Identifier: Apache-2.0
"""Rules of a device's reports: how often, at which time, what must agree in one.

Looks at the messages on the topic that the profile binds.  The time of a report is that
of its time field, which a delay on the line does not change; where the binding has no
such field, that of its arrival.  A message sent again is no new report.  A device in
its test mode lets time pass faster (``mqtt_pace``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from conformance.data.relations import conversion, converted_slack, out_of_order
from conformance.data.reporting import Pace, pace_of, report_pace
from conformance.data.values import is_number
from conformance.engine.judge import Judge
from conformance.engine.registry import rule
from conformance.link.clock import to_datetime
from conformance.profile.model import Element
from conformance.protocols.mqtt.bindings import commands_of
from conformance.protocols.mqtt.codec import Puback, Publish, Pubrec, matches
from conformance.protocols.mqtt.dialogue import Dialogue, Message
from conformance.protocols.mqtt.reports import Reading, Topics
from conformance.protocols.mqtt.words import alike
from conformance.text import Text

__all__ = ["Report", "reports"]

_SLACK_S = Decimal("1.5")
"""By how much times may be off: many are whole seconds, and no line is steadier."""
_PATIENCE_NS = 500_000_000
"""How soon an acknowledgement comes that nobody waits for."""
_NS = Decimal(1_000_000_000)


@dataclass(frozen=True, slots=True)
class Report:
    """One message of the device on the bound topic."""

    message: Message
    topic: str
    reading: Reading
    is_settled: bool = True
    """Whether all before it had soon been acknowledged: it was free to send."""

    @property
    def values(self) -> Mapping[str, Any]:
        return self.reading.values

    @property
    def time(self) -> datetime | None:
        """When it was sampled; ``None`` where it does not say."""
        return self.reading.time


def reports(judge: Judge, dialogue: Dialogue) -> Iterator[Report]:
    """Yield the device's reports, each once."""
    topics = Topics(judge.snapshot, judge.answers, judge.value)
    held = _held(judge, dialogue)
    for message in dialogue.by(judge.iut):
        packet = message.packet
        if not isinstance(packet, Publish) or packet.dup:
            continue
        at_ns = message.at_ns
        settled = not any(begun <= at_ns <= end for begun, end in held)
        for one in topics.readings(packet, at_ns):
            yield Report(message, packet.topic_name, one, settled)


def _held(judge: Judge, dialogue: Dialogue) -> list[tuple[int, float]]:
    """Return the spans in which the device waited for an acknowledgement.

    They last a while longer, until a report that was held back has come.
    """
    waiting: dict[int, int] = {}
    spans: list[tuple[int, float]] = []
    for message in dialogue.messages:
        packet = message.packet
        number = getattr(packet, "packet_identifier", None)
        if message.sender == judge.iut and isinstance(packet, Publish) and packet.qos:
            waiting.setdefault(number or 0, message.at_ns)
        elif message.sender != judge.iut and isinstance(packet, Puback | Pubrec):
            begun = waiting.pop(number or 0, None)
            if begun is not None and message.at_ns - begun > _PATIENCE_NS:
                spans.append((begun, message.at_ns + _PATIENCE_NS))
    return spans + [(begun, float("inf")) for begun in waiting.values()]


# How often


@dataclass(slots=True)
class _Hosts:
    """What hosts did in the connections of a run."""

    command_ns: int | None = None
    """When the first command was sent; it may have set another interval."""


def _first_command(judge: Judge, dialogue: Dialogue) -> int | None:
    commands = commands_of(judge.snapshot, judge.value)
    return next(
        (
            message.at_ns
            for message in dialogue.messages
            if commands and message.sender != judge.iut
            if isinstance(message.packet, Publish)
            if matches(commands.topic, message.packet.topic_name)
        ),
        None,
    )


@rule("mqtt.reports_in_time", actors=["device"])
def reports_in_time(judge: Judge, dialogue: Dialogue) -> None:
    """Reports come as often as the profile states, within its tolerance.

    What an element with a longer interval lacks in between is no matter here, nor what
    comes after a command of the platform: it may have set another interval.
    """
    paced = [(e, pace) for e in judge.snapshot.elements if (pace := pace_of(e))]
    usual = report_pace(element for element, _ in paced)
    if usual is None:
        return
    slower = [(e, pace) for e, pace in paced if pace.nominal > usual.nominal]
    last: dict[tuple[str, str], tuple[Decimal, bool]] = {}
    hosts = judge.over_run(_Hosts, lambda _: None)
    end_ns = hosts.command_ns = hosts.command_ns or _first_command(judge, dialogue)
    for report in reports(judge, dialogue):
        if end_ns is not None and report.message.at_ns >= end_ns:
            return
        due = [("", Text("上报", "reports"), usual)]
        due += [
            (element.key, element.name, pace)
            for element, pace in slower
            if element.wire_code(report.reading.names) in report.values
        ]
        at_s, by_label = _moment(report)
        for name, title, pace in due:
            before = last.get((report.topic, name))
            if before and at_s <= before[0] and by_label:
                continue  # data of an outage, sent later
            last[report.topic, name] = at_s, by_label
            if before and before[1] == by_label and report.is_settled:
                _expect_spaced(judge, report, title, at_s - before[0], pace)


def _moment(report: Report) -> tuple[Decimal, bool]:
    """Return the time of a report in seconds, and whether it says so itself."""
    if report.time is None:
        return Decimal(report.message.at_ns) / _NS, False
    return Decimal(str(report.time.timestamp())), True


def _expect_spaced(
    judge: Judge, report: Report, title: Text, passed_s: Decimal, pace: Pace
) -> None:
    quicker = max(int(judge.value("mqtt_pace", 1)), 1)
    least, most = (passed_s - _SLACK_S) * quicker, (passed_s + _SLACK_S) * quicker
    judge.expect(
        least <= pace.most and pace.least <= most,
        "interval",
        expected=Text(
            f"间隔 {pace.least} s 至 {pace.most} s",
            f"an interval of {pace.least} s to {pace.most} s",
        ),
        actual=Text(
            f"{title.zh}间隔 {passed_s:.3f} s", f"{title.en} {passed_s:.3f} s apart"
        ),
        at=report.message,
    )


# At which time


@dataclass(slots=True)
class _Clock:
    """The freshest report of a run."""

    off: timedelta | None = None
    report: Report | None = None
    label: str = ""


@rule(
    "mqtt.clock_right",
    actors=["device"],
    params={"seconds_max": {"type": "integer", "minimum": 1}},
    tighter={"seconds_max": "lower"},
)
def clock_right(judge: Judge, dialogue: Dialogue, *, seconds_max: int) -> None:
    """Times of reports are those at which they came, none of them ahead.

    Data of an outage come late, so the freshest report of all shows the clock.
    """
    limit = timedelta(seconds=seconds_max)
    kept = judge.over_run(_Clock, lambda kept: _conclude(judge, kept, limit))
    for report in reports(judge, dialogue):
        if report.time is None:
            continue
        late = to_datetime(report.message.at_ns) - report.time
        if late < -limit:
            _expect_right(judge, report, late, limit)
        elif kept.off is None or late < kept.off:
            kept.off, kept.report, kept.label = late, report, judge.label


def _conclude(judge: Judge, kept: _Clock, limit: timedelta) -> None:
    if kept.report is not None and kept.off is not None:
        judge.label = kept.label
        _expect_right(judge, kept.report, kept.off, limit)


def _expect_right(
    judge: Judge, report: Report, late: timedelta, limit: timedelta
) -> None:
    seconds = late.total_seconds()
    judge.expect(
        abs(late) <= limit,
        "clock",
        expected=Text(
            f"时间与标准时间相差不超过 {limit.total_seconds():g} s",
            f"a time within {limit.total_seconds():g} s",
        ),
        actual=Text(
            f"{report.time}，早于收到时刻 {seconds:.1f} s",
            f"{report.time}, {seconds:.1f} s before it came",
        ),
        at=report.message,
    )


# Values that belong together


def _readings(judge: Judge, report: Report) -> dict[str, Decimal]:
    """Return the numbers of a report by the keys of their elements."""
    found: dict[str, Decimal] = {}
    for element in judge.snapshot.elements:
        value = report.values.get(element.wire_code(report.reading.names) or "")
        if is_number(value):
            found[element.key] = Decimal(str(value))
    return found


def _titles(judge: Judge) -> dict[str, Element]:
    return {element.key: element for element in judge.snapshot.elements}


@rule(
    "mqtt.values_ascend",
    actors=["device"],
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
    """Of some elements of a report each is at least the one before, but for noise."""
    known = _titles(judge)
    for report in reports(judge, dialogue):
        readings = _readings(judge, report)
        pairs = out_of_order(readings, ascending, noise_percent, noise_units)
        for pair, wrong in pairs:
            lower, upper = known[pair.lower].name, known[pair.upper].name
            judge.expect(
                not wrong,
                "descending",
                expected=Text(
                    f"{lower.zh}不大于{upper.zh}（另计仪器噪声）",
                    f"{lower.en} at most {upper.en}, noise apart",
                ),
                actual=f"{pair.least}, {pair.most}",
                at=report.message,
            )


@rule(
    "mqtt.values_converted",
    actors=["device"],
    params={
        "oxygen": {"type": "string"},
        "converted": {"type": "object", "additionalProperties": {"type": "string"}},
    },
)
def values_converted(
    judge: Judge, dialogue: Dialogue, *, oxygen: str, converted: Mapping[str, str]
) -> None:
    """Converted concentrations of a report are those of the reference oxygen.

    ``converted`` names for each converted element the measured one.
    """
    stated = judge.value("reference_oxygen")
    if stated is None:
        return
    reference, known = Decimal(stated), _titles(judge)
    for report in reports(judge, dialogue):
        readings = _readings(judge, report)
        content = readings.get(oxygen)
        factor = conversion(reference, content) if content is not None else None
        for key, of in converted.items():
            if factor is None or content is None or not {key, of} <= readings.keys():
                continue
            right, value = readings[of] * factor, readings[key]
            slack = converted_slack(readings[of], value, content, reference)
            name = known[key].name
            judge.expect(
                abs(value - right) <= slack,
                "converted",
                expected=Text(
                    f"{name.zh}约为 {right:.3f}（含氧量 {content}，基准 {reference}）",
                    f"{name.en} about {right:.3f} (oxygen {content}, reference"
                    f" {reference})",
                ),
                actual=alike(f"{value}"),
                at=report.message,
            )
