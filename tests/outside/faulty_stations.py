# SPDX-License-Identifier: Apache-2.0
"""Stations with one mistake each, of the kind that leaves a workshop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tests.outside.station import Station
from tests.outside.wire import Clock, Packet, Reader, modbus

__all__ = ["STATIONS", "Fault", "Naive"]


@dataclass(frozen=True)
class Fault:
    """An implementation, the requirement it breaks, and what follows from that."""

    make: type[Any]
    breaks: str
    follows: Mapping[str, str] = field(default_factory=dict)


class ModbusCheckValue(Station):
    """Takes the CRC of the sensor bus for the CRC of Annex A."""

    def seal(self, data: bytes) -> bytes:
        return b"##%04d" % len(data) + data + b"%04X\r\n" % modbus(data)


class LengthWithCheckValue(Station):
    """Counts the four CRC characters as data."""

    def seal(self, data: bytes) -> bytes:
        whole = super().seal(data)
        return b"##%04d" % (len(data) + 4) + whole[6:]


class OneRecvOnePacket(Station):
    """Takes what one recv returns for one packet."""

    def reader(self) -> Reader:
        return Naive()


class Naive(Reader):
    """Forgets whatever does not fit the first packet of a read."""

    def feed(self, octets: bytes) -> Iterator[Packet]:
        self.rest = b""
        if octets.startswith(b"##"):
            for packet in super().feed(octets):
                yield packet
                break
        self.rest = b""


class QnOfSeconds(Station):
    """Numbers its uploads to the second."""

    def upload(self, cn: str, area: str) -> None:
        kept, self.clock.qn = self.clock.qn, self.clock.time  # type: ignore[method-assign]
        super().upload(cn, area)
        self.clock.qn = kept  # type: ignore[method-assign]


class ResultFirst(Station):
    """Reports the result before it says that it takes the request."""

    def order(self, packet: Packet, data: list[bytes], result: int) -> list[bytes]:
        first, *data, last = super().order(packet, data, result)
        return [last, first, *data]


class AnyPassword(Station):
    """Never looks at PW."""

    def knows_password(self, pw: str) -> bool:
        return True


class ResendUnderNewQn(Station):
    """Builds the packet anew for each resend."""

    def resend(self, qn: str, octets: bytes) -> None:
        _, at, times = self.open.pop(qn)
        fresh = self.clock.qn()
        data = octets[6:-6].replace(qn.encode(), fresh.encode())
        self.open[fresh] = (self.seal(data), at, times)
        self.write(self.seal(data))


class DataUnderOwnQn(Station):
    """Sends the data of an extract command under a QN of its own."""

    def do_1011(self, packet: Packet, items: dict[str, str]) -> object:
        head = packet.head | {"QN": self.clock.qn()}
        return super().do_1011(replace(packet, head=head), items)


class DeafToStop(Station):
    """Acknowledges 2012 and goes on sending."""

    def stop_stream(self) -> None:
        self.open.clear()


class WholeHistory(Station):
    """Ignores BeginTime and EndTime."""

    def hours(self, begin: str, end: str) -> list[datetime]:
        return super().hours("0", "9")


class WholeShortHistory(Station):
    """The same, on a bench, where it has run for four hours."""

    def hours(self, begin: str, end: str) -> list[datetime]:
        return super().hours("0", "9")[-4:]


class NoResultOfSetting(Station):
    """Sets the real-time interval and never reports that it has."""

    def order(self, packet: Packet, data: list[bytes], result: int) -> list[bytes]:
        answers = super().order(packet, data, result)
        return answers[:-1] if packet.cn == "1062" else answers


class ResultZero(Station):
    """Reports success as C does."""

    def order(self, packet: Packet, data: list[bytes], result: int) -> list[bytes]:
        return super().order(packet, data, 0 if result == 1 else result)


class OldClockInData(Station):
    """Sets the clock of its QN, and not the one of its data."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.data_clock = Clock()

    def real_time(self) -> str:
        _, _, rest = super().real_time().partition(";")
        return f"DataTime={self.data_clock.time()};{rest}"


class RefusesAndExecutes(Station):
    """Answers a wrong password by QnRtn=3 and sets the interval nevertheless."""

    def serve(self, packet: Packet) -> list[bytes]:
        answers = super().serve(packet)
        if packet.cn == "1062" and b"QnRtn=3" in answers[0]:
            self.execute(packet)
        return answers


class OneConnection(Station):
    """Connects at power-up and never again."""

    def connected(self) -> None:
        super().connected()
        self._retries = False

    def _live(self) -> None:
        self._retries = True
        while self._retries and not self._stop.is_set():
            self._once()


class LostPoint(Station):
    """Sends pH in hundredths."""

    def factors(self) -> dict[str, str]:
        return super().factors() | {"w01001": "721"}


class EndlessResends(Station):
    """Never gives an upload up."""

    def resend(self, qn: str, octets: bytes) -> None:
        self.open[qn] = (octets, self.open[qn][1], 1)
        super().resend(qn, octets)


_ONE_READ = "what follows in the same read is lost"
_LATE = "the suite takes 9012 for the end, so the data come after it"
_ALL = "each extract returns everything"

STATIONS = {
    "one-recv-one-packet": Fault(
        OneRecvOnePacket,
        "HJ212-FRM-007",
        dict.fromkeys(("HJ212-FLW-045", "HJ212-FLW-023", "HJ212-FLW-010"), _ONE_READ),
    ),
    "modbus-check-value": Fault(ModbusCheckValue, "HJ212-FRM-004"),
    "length-with-check-value": Fault(LengthWithCheckValue, "HJ212-FRM-002"),
    "qn-of-seconds": Fault(
        QnOfSeconds,
        "HJ212-SEG-002",
        {"HJ212-DAT-021": "two uploads in one second have one QN"},
    ),
    "result-first": Fault(
        ResultFirst,
        "HJ212-FLW-001",
        {
            "HJ212-FLW-002": "9012 does not end the exchange",
            "HJ212-FLW-003": "9011 has to come before the data",
            "HJ212-FLW-045": _LATE,
        },
    ),
    "no-result-of-setting": Fault(
        NoResultOfSetting,
        "HJ212-FLW-015",
        {"HJ212-FLW-002": "1062 is a request like others"},
    ),
    "result-zero": Fault(
        ResultZero,
        "HJ212-FLW-008",
        {"HJ212-FLW-012": "a set clock has to be reported as done"},
    ),
    "old-clock-in-data": Fault(OldClockInData, "HJ212-FLW-012"),
    "refuses-and-executes": Fault(RefusesAndExecutes, "HJ212-FLW-024"),
    "one-connection": Fault(OneConnection, "HJ212-CON-001"),
    "any-password": Fault(
        AnyPassword,
        "HJ212-FLW-007",
        {"HJ212-FLW-014": "the old password is any password too"},
    ),
    "resend-under-new-qn": Fault(ResendUnderNewQn, "HJ212-TMO-003"),
    "data-under-own-qn": Fault(DataUnderOwnQn, "HJ212-FLW-003"),
    "deaf-to-stop": Fault(DeafToStop, "HJ212-FLW-010"),
    "whole-history": Fault(
        WholeHistory,
        "HJ212-FLW-021",
        {"HJ212-FLW-026": _ALL, "HJ212-DAT-003": _ALL},
    ),
    "whole-short-history": Fault(
        WholeShortHistory,
        "HJ212-FLW-021",
        {"HJ212-FLW-026": _ALL, "HJ212-DAT-003": _ALL},
    ),
    "lost-point": Fault(
        LostPoint,
        "SWS-DATA-001",
        {"HJ212-DAT-018": "721 has three digits before the point"},
    ),
    "endless-resends": Fault(EndlessResends, "HJ212-TMO-007"),
}
