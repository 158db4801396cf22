# SPDX-License-Identifier: Apache-2.0
"""A station as a model: intervals and password hold, whatever happens between.

The model is driven together with the station through generated sequences of setting,
extracting, starting and stopping.  A station may decide that it cannot take a legal
value; it must say so (QnRtn 2 or an ExeRtn other than 1) and keep the old one.

Source: HJ 212-2017, 6.3.3.2.3 table 4 (ranges), C.5 to C.9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.errors import LinkError
from conformance.protocols.hj212.checks.device import expect_alive, require_alive, said
from conformance.protocols.hj212.checks.streams import (
    expect_period,
    first_upload,
    interval_set,
    stop,
    streaming,
    uploads_of,
)
from conformance.protocols.hj212.codes import EXE_RETURNS
from conformance.protocols.hj212.host import Host, Reply
from conformance.protocols.hj212.packets import area_of
from conformance.protocols.hj212.strategies import station_rules
from conformance.text import Text

__all__ = ["Station"]

# Item -> command that extracts it, command that sets it.
_COMMANDS: Mapping[str, tuple[str, str]] = {
    "RtdInterval": ("1061", "1062"),
    "MinInterval": ("1063", "1064"),
}

_MEASURED_S = 60
_SET = (("set RtdInterval", 95), ("set MinInterval", 6))
_BETWEEN = (("password", "Lh65x4"), ("start 2011", None), ("start 2021", None))
# The shortest sequences that show anything come first: they need no shrinking.
_SHORT: Mapping[str, Sequence[Sequence[tuple[str, Any]]]] = {
    "intervals": [[s] for s in _SET] + [[s, b] for s in _SET for b in _BETWEEN],
    "password": [
        [_BETWEEN[0], *between, ("old password", None)]
        for between in ((), _SET[:1], _BETWEEN[1:2])
    ],
}


class Station:
    """What a station should hold, driven together with it.

    It holds the last values that it said it had taken, and one password.  Each
    requirement judges its own aspect; of the others it requires that they work, since
    without them nothing can be said.
    """

    def __init__(self, run: Run, aspect: str) -> None:
        self.run = run
        self.host = Host.of(run)
        self.aspect = aspect
        self.known: dict[str, str | None] = dict.fromkeys(_COMMANDS)
        self.first: dict[str, str] = {}
        """The intervals that it had."""
        self.touched: set[str] = set()
        """Those that it was asked to change, whatever it said."""
        self.first_password = self.host.who.pw
        self.old_password: str | None = None
        self.running: set[str] = set()

    def possible(self, name: str) -> bool:
        """A stream can be stopped while it runs; an old password comes of a change."""
        verb, _, what = name.partition(" ")
        if name == "old password":
            return self.old_password is not None
        return verb != "stop" or what in self.running

    def apply(self, name: str, argument: Any) -> None:
        """Do it; the station must answer as this model says."""
        verb, _, what = name.partition(" ")
        match verb:
            case "set":
                self._set(what, str(argument))
            case "extract":
                self._extract(what)
            case "password":
                self._change(str(argument))
            case "old":
                self._try_old()
            case "start":
                self._heard(self.host.ask(what))
                self.running.add(what)
            case "stop":
                stop(self.host, what)
                self.running.discard(what)
            case _:
                self._heard(self.host.ask("1011"))
        if verb in ("password", "start", "stop"):
            for item in [i for i, value in self.known.items() if value is not None]:
                self._extract(item)

    def close(self) -> None:
        """Leave the station as it was."""
        for cn in sorted(self.running):
            stop(self.host, cn)
        if self.host.who.pw != self.first_password:
            self._change(self.first_password, restoring=True)
        for item in sorted(self.touched):
            area = area_of(**{item: self.first[item]})
            self.host.ask(_COMMANDS[item][1], area, odd=True)

    def _judge(self, aspect: str, met: object, key: str, **words: Any) -> None:
        judge = self.run.expect if aspect == self.aspect else self.run.require
        judge(met, key, **words)

    def _heard(self, reply: Reply) -> None:
        """Require an end: without one each step would cost its timeout."""
        self.run.require(
            reply.result is not None or reply.accepted not in ("1", None),
            "ended",
            expected=Text("以 9012 结束，或被拒绝", "an end by 9012, or a refusal"),
            actual=said(reply),
        )

    def _judge_end(self, aspect: str, reply: Reply) -> None:
        """A request that sets is refused, or taken by 9011 and ended by 9012.

        What an ExeRtn outside its table means nobody knows, so nothing can be said of
        what the station should hold.
        """
        self.run.require(
            reply.accepted is not None,
            "answered",
            expected=Text("以 9011 应答", "an answer by 9011"),
            actual=said(reply),
        )
        if reply.accepted != "1":
            return
        self._judge(
            aspect,
            reply.result,
            "9012",
            expected=Text("以 9012（含 ExeRtn）结束", "9012 with ExeRtn ends it"),
            actual=said(reply),
        )
        self.run.require(
            reply.result in EXE_RETURNS,
            "result",
            expected=Text("表 6 中的 ExeRtn", "an ExeRtn of table 6"),
            actual=said(reply),
        )

    # Intervals

    def _set(self, item: str, value: str) -> None:
        if self.known[item] is None:
            self._extract(item)
        self.touched.add(item)
        reply = self.host.ask(_COMMANDS[item][1], area_of(**{item: value}))
        self._judge_end("intervals", reply)
        if reply.is_done:
            self.known[item] = value
        self._extract(item)

    def _extract(self, item: str) -> None:
        reply = self.host.ask(_COMMANDS[item][0])
        self._heard(reply)
        found = reply.item(item)
        self.run.require(
            found is not None,
            "extracted",
            expected=Text(f"数据包含 {item}", f"data with {item}"),
            actual=said(reply),
        )
        if self.known[item] is None:
            self.known[item] = found
        self.first.setdefault(item, found or "")
        self._judge(
            "intervals",
            found == self.known[item],
            "read-back",
            expected=f"{item}={self.known[item]}",
            actual=f"{item}={found}",
        )

    # Password

    def _change(self, new: str, *, restoring: bool = False) -> None:
        old = self.host.who.pw
        if new == old:
            return
        reply = self.host.ask("1072", area_of(NewPW=new))
        if not reply.is_done:
            self._see_whether_changed(reply, new)
            if not restoring:
                self._judge_end("password", reply)
            self.run.require(
                restoring,
                "changed",
                expected=Text("1072 执行成功", "1072 is carried out"),
                actual=said(reply),
            )
            return
        self.host.password = new
        probe = self.host.ask("1011")
        if probe.accepted == "3":
            self.host.password = old
        if restoring:
            return
        self.old_password = old
        self._judge(
            "password",
            probe.heard and probe.accepted in ("1", None),
            "new-refused",
            expected=Text("接受新密码", "the new password is taken"),
            actual=said(probe),
        )

    def _see_whether_changed(self, reply: Reply, new: str) -> None:
        """Go by what the station does when it did not say what it did."""
        if reply.heard and reply.accepted in ("1", None):
            probe = self.host.ask("1011", who=replace(self.host.who, pw=new))
            if probe.heard and probe.accepted in ("1", None):
                self.host.password = new

    def _try_old(self) -> None:
        who = replace(self.host.who, pw=self.old_password or "")
        if who.pw == self.host.who.pw:
            return
        reply = self.host.ask("1011", who=who)
        self._judge(
            "password",
            reply.accepted == "3",
            "old-taken",
            expected=Text("旧密码：QnRtn=3", "QnRtn=3 for the old password"),
            actual=said(reply),
        )


def _drive(run: Run, aspect: str) -> None:
    """Drive the station through sequences of all that it has, judging one aspect."""
    questions = {"2011": "HJ212_RTD_UPLOAD", "2021": "HJ212_STATES"}
    notices = run.answer("HJ212_NOTICE")
    rules = station_rules(
        intervals=run.answer("HJ212_INTERVALS"),
        password=run.answer("HJ212_PASSWORD"),
        streams=[cn for cn, q in questions.items() if notices and run.answer(q)],
    )
    short = [s for s in _SHORT[aspect] if all(name in rules for name, _ in s)]
    for steps in run.each(short, lambda s: ", ".join(name for name, _ in s)):
        model = Station(run, aspect)
        try:
            for name, argument in steps:
                model.apply(name, argument)
        finally:
            with suppress(LinkError):
                model.close()
    run.for_all_sequences(rules, lambda: Station(run, aspect), steps_max=8)


@check("hj212.sets_intervals", actor="device")
def sets_intervals(run: Run) -> None:
    """An interval that the station says it has set is the one that it tells.

    Procedure: in generated sequences, set legal intervals (1062, 1064) and extract
    them (1061, 1063) among streams and changes of password; each extracted value must
    be the last one that was taken.  Then set 60 s and wait for two uploads.
    """
    host = Host.of(run)
    before = {item: host.ask(cns[0]).item(item) for item, cns in _COMMANDS.items()}
    run.require(
        all(before.values()),
        "extracted",
        expected=Text("可提取两种间隔", "both intervals can be extracted"),
        actual=str(before),
    )
    try:
        _drive(run, "intervals")
        if run.answer("HJ212_RTD_UPLOAD"):
            with interval_set(run, host, _MEASURED_S) as interval_s:
                _expect_followed(run, host, interval_s)
    finally:  # leave the station as it was
        with suppress(LinkError):
            for item, value in before.items():
                host.ask(_COMMANDS[item][1], area_of(**{item: value or ""}), odd=True)


def _expect_followed(run: Run, host: Host, interval_s: float | None) -> None:
    with streaming(host, "2011"):
        first = first_upload(run, host, uploads_of("2011"))
        if first is not None and interval_s is not None:
            expect_period(run, host, first, interval_s, least=0.7)


@check("hj212.changes_password", actor="device")
def changes_password(run: Run) -> None:
    """After 1072 the new password counts, and the old one gives QnRtn=3.

    Procedure: change the password; try both; in generated sequences, change it again
    among settings and streams; at the end set the first one.
    """
    host = Host.of(run)
    require_alive(run, host)  # a device that cannot say what it did keeps its password
    _drive(run, "password")
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
        run.require(
            reply.is_done or after is not None,
            "read-back",
            expected=Text(f"可提取 {item}", f"{item} can be extracted"),
            actual=Text("未提取到", "not extracted"),
        )
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
