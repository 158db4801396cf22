# SPDX-License-Identifier: Apache-2.0
"""Platforms with one mistake each, of the kind that goes into service."""

from __future__ import annotations

from tests.outside.faulty_stations import Fault, Naive
from tests.outside.platform import Link, Order, Platform
from tests.outside.station import MN, PW
from tests.outside.wire import Packet, Reader, seal, segment

__all__ = ["PLATFORMS"]


class StoresDamaged(Platform):
    """Stores before it checks, and is silent afterwards."""

    def unsound(self, packet: Packet) -> None:
        self.store(packet, packet.items)


class StoresResend(Platform):
    """Inserts whatever comes."""

    def is_new(self, packet: Packet) -> bool:
        return True


class OneRecvOnePacket(Platform):
    """Takes what one recv returns for one packet."""

    def reader(self) -> Reader:
        return Naive()


class ResultInAnswer(Platform):
    """Answers an upload with QnRtn=1, as if it were a request."""

    def answer_to(self, packet: Packet, cn: str) -> bytes:
        area = "QnRtn=1" if cn == "9014" else ""
        return seal(segment(packet.qn, "91", cn, PW, MN, 4, area))


class AnswersFlag4(Platform):
    """Acknowledges uploads that want no answer."""

    def acknowledges(self, packet: Packet) -> bool:
        return True


class NoticeAsUpload(Platform):
    """Answers a notice with 9014."""

    def answer_to(self, packet: Packet, cn: str) -> bytes:
        return super().answer_to(packet, "9014")


class KeepsLastPart(Platform):
    """Waits for all parts and then stores the one that it has in hand."""

    def store(self, packet: Packet, items: dict[str, str]) -> None:
        super().store(packet, packet.items)


class KeepsHalfSets(Platform):
    """Stores each part as if it were a whole."""

    def keep_part(self, link: Link, packet: Packet) -> None:
        self.store(packet, packet.items)


class ResendUnderNewQn(Platform):
    """Builds the request anew for each resend."""

    def resend(self, order: Order) -> None:
        order.qn = self.clock.qn()
        order.octets = seal(segment(order.qn, "21", order.cn, PW, MN, 5, order.items))
        self.orders[order.qn] = order
        super().resend(order)


class DoneOnAcceptance(Platform):
    """Shows a request as done when 9011 says that it will be."""

    def accepted(self, order: Order, code: str) -> None:
        super().accepted(order, code)
        if code == "1":
            order.state = "done"


class SmallBuffer(Platform):
    """Keeps 1024 octets for a packet of up to 1036."""

    def take(self, link: Link, packet: Packet) -> None:
        if len(packet.raw) <= 1024:
            super().take(link, packet)


class ResendsAccepted(Platform):
    """Sends a request again although 9011 has come."""

    def late(self, order: Order) -> None:
        order.accepted = False
        super().late(order)


class LastOrderTakesAll(Platform):
    """Gives a result of unknown QN to the request that is waiting."""

    def find(self, packet: Packet) -> Order | None:
        waiting = [o for o in self.orders.values() if o.state == "pending"]
        return waiting[-1] if waiting else None


class LateResultCounts(Platform):
    """Turns a request that timed out into a done one when its 9012 comes at last."""

    def answered(self, packet: Packet) -> None:
        order = self.find(packet)
        if order is not None and order.state == "timeout" and packet.cn == "9012":
            order.state = "done"
        super().answered(packet)


class ResendsForEver(Platform):
    """Never gives an unanswered request up."""

    def late(self, order: Order) -> None:
        order.times = 1
        super().late(order)


class OneTimeoutForAll(Platform):
    """Starts the timeout with 9011 and never again."""

    def progress(self, order: Order) -> None:
        if not order.accepted:
            super().progress(order)


_ONE_READ = "what follows in the same read, or comes in pieces, is lost"

PLATFORMS = {
    "one-recv-one-packet": Fault(
        OneRecvOnePacket,
        "HJ212-FRM-007",
        {"HJ212-FLW-045": _ONE_READ, "HJ212-TMO-010": _ONE_READ},
    ),
    "stores-damaged": Fault(StoresDamaged, "HJ212-FRM-005"),
    "stores-resend": Fault(StoresResend, "HJ212-TMO-010"),
    "result-in-answer": Fault(ResultInAnswer, "HJ212-FLW-004"),
    "answers-flag-4": Fault(
        AnswersFlag4,
        "HJ212-FLW-006",
        {"HJ212-SPL-006": "parts are uploads"},
    ),
    "notice-as-upload": Fault(
        NoticeAsUpload,
        "HJ212-FLW-005",
        {"HJ212-FLW-045": "the notice between the others has no 9013"},
    ),
    "keeps-last-part": Fault(KeepsLastPart, "HJ212-SPL-004"),
    "keeps-half-sets": Fault(KeepsHalfSets, "HJ212-SPL-004"),
    "resend-under-new-qn": Fault(ResendUnderNewQn, "HJ212-TMO-003"),
    "done-on-acceptance": Fault(
        DoneOnAcceptance,
        "HJ212-FLW-055",
        {"HJ212-TMO-002": "what is done already cannot time out"},
    ),
    "small-buffer": Fault(SmallBuffer, "HJ212-FRM-014"),
    "resends-accepted": Fault(ResendsAccepted, "HJ212-TMO-002"),
    "last-order-takes-all": Fault(LastOrderTakesAll, "HJ212-TMO-009"),
    "late-result-counts": Fault(LateResultCounts, "HJ212-TMO-009"),
    "resends-for-ever": Fault(
        ResendsForEver,
        "HJ212-TMO-007",
        {"HJ212-TMO-001": "the request never counts as failed"},
    ),
    "one-timeout-for-all": Fault(OneTimeoutForAll, "HJ212-TMO-006"),
}
