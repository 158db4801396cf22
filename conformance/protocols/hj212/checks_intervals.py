# SPDX-License-Identifier: Apache-2.0
"""The intervals of a station: what was set is read back, what is illegal is not taken.

A model of two numbers is driven together with the station through generated sequences
of setting and extracting.  A station may decide that it cannot take a legal value; it
must say so (QnRtn 2 or an ExeRtn other than 1) and keep the old one.

Source: HJ 212-2017, 6.3.3.2.3 table 4 (ranges), C.5 to C.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.hj212.checks_device import expect_alive, said
from conformance.protocols.hj212.host import Host
from conformance.protocols.hj212.packets import area_of
from conformance.protocols.hj212.strategies import interval_rules
from conformance.text import Text

__all__ = ["Intervals"]

# Item -> command that extracts it, command that sets it.
_COMMANDS: Mapping[str, tuple[str, str]] = {
    "RtdInterval": ("1061", "1062"),
    "MinInterval": ("1063", "1064"),
}


class Intervals:
    """What a station should hold: the last value that it said it had taken."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.host = Host.of(run)
        self.known: dict[str, str | None] = dict.fromkeys(_COMMANDS)

    def possible(self, name: str) -> bool:
        """Any order is legal."""
        return True

    def apply(self, name: str, argument: Any) -> None:
        """Do it; what is extracted must be what was taken last."""
        verb, _, item = name.partition(" ")
        if verb == "set":
            self._set(item, str(argument))
        else:
            self._extract(item)

    def _set(self, item: str, value: str) -> None:
        if self.known[item] is None:
            self._extract(item)
        reply = self.host.ask(_COMMANDS[item][1], area_of(**{item: value}))
        self.run.require(
            reply.heard,
            "answered",
            expected=Text("应答", "an answer"),
            actual=said(reply),
        )
        if reply.is_done:
            self.known[item] = value
        elif reply.accepted in ("1", None) and reply.result is None:
            self.known[item] = None  # it did not say whether it took the value
        self._extract(item)

    def _extract(self, item: str) -> None:
        reply = self.host.ask(_COMMANDS[item][0])
        found = reply.item(item)
        self.run.require(
            found is not None,
            "extracted",
            expected=Text(f"数据包含 {item}", f"data with {item}"),
            actual=said(reply),
        )
        if self.known[item] is None:
            self.known[item] = found
        self.run.expect(
            found == self.known[item],
            "read-back",
            expected=f"{item}={self.known[item]}",
            actual=f"{item}={found}",
        )


@check("hj212.sets_intervals", actor="device")
def sets_intervals(run: Run) -> None:
    """An interval that the station says it has set is the one that it tells.

    Procedure: in generated sequences, set legal intervals (1062, 1064) and extract
    them (1061, 1063); each extracted value must be the last one that was taken.
    """
    host = Host.of(run)
    before = {item: host.ask(cns[0]).item(item) for item, cns in _COMMANDS.items()}
    run.require(
        all(before.values()),
        "extracted",
        expected=Text("可提取两种间隔", "both intervals can be extracted"),
        actual=str(before),
    )
    run.for_all_sequences(interval_rules(), lambda: Intervals(run), steps_max=4)
    for item, value in before.items():  # leave the station as it was
        host.ask(_COMMANDS[item][1], area_of(**{item: value or ""}), odd=True)
    expect_alive(run, host)


@check(
    "hj212.refuses_illegal_interval",
    actor="device",
    params={
        "item": {"enum": list(_COMMANDS)},
        "values": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    },
)
def refuses_illegal_interval(run: Run, *, item: str, values: list[str]) -> None:
    """An interval outside its range is not taken, and the station says so.

    Procedure: extract the interval; for each illegal value, set it and extract again.
    """
    host = Host.of(run)
    extract, set_ = _COMMANDS[item]
    before = host.ask(extract).item(item)
    run.require(
        before is not None,
        "extracted",
        expected=Text(f"可提取 {item}", f"{item} can be extracted"),
        actual=Text("未提取到", "not extracted"),
    )
    for value in run.each(values):
        reply = host.ask(set_, area_of(**{item: value}), odd=True)
        after = host.ask(extract).item(item)
        if after != before:  # leave the station as it was
            host.ask(set_, area_of(**{item: before or ""}), odd=True)
        run.expect(
            not reply.is_done and after == before,
            "taken",
            expected=Text(
                f"拒绝 {item}={value}，保持 {before}",
                f"{item}={value} is refused, {before} is kept",
            ),
            actual=Text(
                f"{said(reply).zh}；随后 {item}={after}",
                f"{said(reply).en}; then {item}={after}",
            ),
        )
    expect_alive(run, host)
