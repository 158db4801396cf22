# SPDX-License-Identifier: Apache-2.0
"""Stations with one mistake each, of the kind that leaves a workshop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from tests.outside.station import Station
from tests.outside.wire import Packet, Reader, modbus

__all__ = ["STATIONS"]


class ModbusCheckValue(Station):
    """Takes the CRC of the sensor bus for the CRC of Annex A."""

    def seal(self, data: bytes) -> bytes:
        return b"##%04d" % len(data) + data + b"%04X\r\n" % modbus(data)


class LengthWithCheckValue(Station):
    """Counts the four CRC characters as data."""

    def seal(self, data: bytes) -> bytes:
        whole = super().seal(data)
        return b"##%04d" % (len(data) + 4) + whole[6:]


class LineFeedOnly(Station):
    """Ends a packet as its C library ends a line."""

    def seal(self, data: bytes) -> bytes:
        return super().seal(data)[:-2] + b"\n"


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
        return super().hours("0", "9")[-4:]


class MillisecondDataTime(Station):
    """Writes DataTime like a QN."""

    def real_time(self) -> str:
        head, _, rest = super().real_time().partition(";")
        return f"{head}000;{rest}"


class AnswersUnwanted(Station):
    """Answers every request, whatever its answer bit."""

    def take(self, packet: Packet) -> None:
        head = packet.head | {"Flag": str(packet.flag | 1)}
        super().take(replace(packet, head=head))


class LostPoint(Station):
    """Sends pH in hundredths."""

    def factors(self) -> dict[str, str]:
        return super().factors() | {"w01001": "721"}


class EndlessResends(Station):
    """Never gives an upload up."""

    def resend(self, qn: str, octets: bytes) -> None:
        self.open[qn] = (octets, self.open[qn][1], 1)
        super().resend(qn, octets)


_NO_PACKET = "the packet cannot be read, so what it answers is unanswered"

STATIONS: dict[str, tuple[type[Station], str, dict[str, str]]] = {
    "modbus-check-value": (ModbusCheckValue, "HJ212-FRM-004", {}),
    "length-with-check-value": (LengthWithCheckValue, "HJ212-FRM-002", {}),
    "line-feed-only": (LineFeedOnly, "HJ212-FRM-013", {}),
    "one-recv-one-packet": (OneRecvOnePacket, "HJ212-FRM-007", {}),
    "qn-of-seconds": (QnOfSeconds, "HJ212-SEG-002", {}),
    "result-first": (ResultFirst, "HJ212-FLW-001", {}),
    "any-password": (AnyPassword, "HJ212-FLW-007", {}),
    "resend-under-new-qn": (ResendUnderNewQn, "HJ212-TMO-003", {}),
    "data-under-own-qn": (DataUnderOwnQn, "HJ212-FLW-003", {}),
    "deaf-to-stop": (DeafToStop, "HJ212-FLW-010", {}),
    "whole-history": (WholeHistory, "HJ212-FLW-021", {}),
    "millisecond-data-time": (MillisecondDataTime, "HJ212-SEG-012", {}),
    "answers-unwanted": (AnswersUnwanted, "HJ212-FLW-006", {}),
    "lost-point": (LostPoint, "SWS-DATA-001", {}),
    "endless-resends": (EndlessResends, "HJ212-TMO-007", {}),
}
"""Name -> the station, the requirement that it breaks, what follows from that."""
