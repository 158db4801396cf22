# SPDX-License-Identifier: Apache-2.0
"""Rules over recordings: each wrong spelling breaks one rule, and no other."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import pytest

from conformance.engine.judge import Judge, judge_rule
from conformance.engine.registry import find
from conformance.iut.values import SecretValue
from conformance.link.conversation import Conversation, Piece
from conformance.link.packets import Address, Side
from conformance.paths import data_dir
from conformance.profile.model import CheckRef, Snapshot
from conformance.protocols.hj212 import rules
from conformance.protocols.hj212.codec import encode_raw
from conformance.protocols.hj212.codec.spellings import SPELLINGS
from conformance.protocols.hj212.dialogue import Damage, Message
from conformance.protocols.hj212.elements import Area, data_area
from conformance.protocols.hj212.packets import Identity, answer_to, area_of, packet

WHO = Identity("370000A8900016F000169DC0", "Lh2017", "21")
EDITION = "2017"
IXIT = {"hj212_password": SecretValue("env:HJ212_PASSWORD", "Lh2017")}
ACTORS: Mapping[Side, str] = {"client": "device", "server": "platform"}


def talk(*sent: tuple[Side, bytes], cut: int = 0, start_ns: int = 0) -> Conversation:
    """A conversation of these writes, each one piece or cut into pieces."""
    pieces: list[Piece] = []
    for sender, octets in sent:
        size = cut or len(octets)
        for at in range(0, len(octets), size):
            number = len(pieces) + 1
            at_ns = start_ns + number * 1000
            piece = Piece(sender, octets[at : at + size], at_ns, number)
            pieces.append(piece)
    client, server = Address("192.0.2.1", 4000), Address("192.0.2.2", 9000)
    return Conversation(client, server, "hj212", pieces=pieces)


def data(snapshot: Snapshot) -> Area:
    """Good real-time data."""
    return data_area(
        snapshot,
        "2011",
        "20260101120000",
        random=random.Random(1),
        answers={item.id: True for item in snapshot.ics},
    )


def upload(snapshot: Snapshot) -> bytes:
    """A good upload of real-time data."""
    return packet(WHO, "2011", "20260101120000001", data(snapshot))


def request() -> bytes:
    """A good request of a platform."""
    return packet(
        WHO, "1012", "20260101120000002", area_of(SystemTime="20260101120000")
    )


def bound(snapshot: Snapshot, actor: str) -> Iterable[CheckRef]:
    """The rules of HJ 212 that the profile binds for an actor in its edition."""
    for requirement in snapshot.requirements:
        check = requirement.check
        if check is None or requirement.actor not in ("both", actor):
            continue
        if requirement.edition and EDITION not in requirement.edition:
            continue
        if check.name == "hj212.clock_right":
            continue  # goes by the time of arrival: see test_rules_clock
        if check.name.startswith("hj212.") and find(check.name, actor).kind == "rule":
            yield check


def keys(snapshot: Snapshot, conversation: Conversation, iut: Side) -> dict[str, str]:
    """Which rules find something, with the key of the first finding."""
    conversation.iut = iut
    dialogue = rules.decode(conversation)
    found = {}
    for check in bound(snapshot, ACTORS[iut]):
        judge = Judge(snapshot, IXIT, iut)
        judge_rule(find(check.name, ACTORS[iut]), check.params, [dialogue], judge)
        judge.conclude()
        if judge.findings:
            found[check.name.removeprefix("hj212.")] = judge.findings[0].key
    return found


# Spelling of a good upload (or request) -> the one rule that it breaks, and the key.
BROKEN: Mapping[str, tuple[str, str]] = {
    "one-hash": ("packet_layout", "layout"),
    "stray-octets": ("nothing_between_packets", "stray-octets"),
    "length-with-check-value": ("length_states_segment", "length"),
    "length-without-zeros": ("length_digits", "length-digits"),
    "stuffed": ("segment_size", "segment-size"),
    "modbus-check-value": ("check_value_right", "check-value"),
    "swapped-check-value": ("check_value_digits", "check-digits"),
    "lower-case-check-value": ("check_value_upper_case", "check-case"),
    "line-feed-alone": ("tail", "tail"),
    "gbk": ("characters", "characters"),
    "fields-out-of-order": ("field_order", "field-order"),
    "qn-without-milliseconds": ("qn_form", "qn"),
    "unknown-system": ("st_code", "st"),
    "foreign-direction": ("cn_code", "cn"),
    "foreign-direction-of-platform": ("cn_code", "cn"),
    "reserved-command": ("cn_not_reserved", "reserved-cn"),
    "lower-case-mn": ("mn_form", "mn"),
    "flag-of-2005": ("flag_form", "flag"),
    "numbers-without-bit": ("packet_numbers", "packet-numbers"),
    "colon": ("separators", "separators"),
    "data-time-with-milliseconds": ("data_time_form", "data-time"),
    "unknown-data-mark": ("data_marks", "data-mark"),
    "foreign-password": ("password", "password"),
    "semicolon-after-area": ("area_wrapper", "area"),
    "small-letters": ("letter_case", "letter-case"),
    "padded-numbers": ("number_form", "number"),
    "short-interval": ("refuses_illegal_interval", "sent"),
    "odd-minutes": ("refuses_illegal_interval", "sent"),
    "system-time-with-milliseconds": ("system_time_form", "system-time"),
    "long-factor-id": ("factor_id_form", "factor-id"),
    "period-without-seconds": ("period_form", "period"),
    "long-password": ("new_password_form", "new-password"),
    "short-start-time": ("sampling_times", "sampling-times"),
    "foreign-info-id": ("information_codes", "information-code"),
    "small-restart-time": ("letter_case", "letter-case"),
    "short-serial": ("information_codes", "information-code"),
    "unknown-code": ("factor_codes", "factor-code"),
    "long-mark": ("mark_form", "mark-form"),
    "unknown-equipment-state": ("equipment_state", "equipment-state"),
    "vessel-zero": ("vessel_number", "vessel"),
    "log-without-mark": ("log_text", "log"),
    "foreign-site-code": ("site_codes", "site-code"),
    "unknown-state": ("state_values", "state"),
    "restart-time-without-seconds": ("restart_time_form", "restart-time"),
    "label-twice": ("items_once", "item-again"),
    "label-ahead": ("label_is_moment", "label-ahead"),
    "too-many-decimals": ("default_format", "default-format"),
}
# What is no rule's matter (a check finds it), or that of two rules.
_ELSEWHERE = {"five-digit-part-numbers", "restart-without-time"}
_STATISTICS = {
    *("unordered-statistics", "minutes-off-grid", "wrong-sum", "wrong-mean-flow"),
    *("sample-time-without-seconds", "small-equipment-mark", "long-day"),
    *("fine-noise", "noise-without-night", "foreign-process"),
}
"""Tried in ``test_rules_data``."""
_LIVE = {
    *("blanks-in-area", "separator-at-end", "hourly-noise", "identity-cut-short"),
    *("late-mark-zero", "no-mn-field", "strange-result-type", "withdrawn-command"),
    "two-digit-part-numbers",
}
"""Tried by the faults of ``test_checks`` and ``test_edition_2025`` alone."""
_SETS = {"parts-without-bit", "growing-set", "part-without-label"}
_DOUBLE = {
    "system-outside-classes": {"st_code": "st", "system_class": "st-class"},
    "unmarked": {"keys_of_command": "keys", "real_time_complete": "incomplete"},
    "padded-values": {
        "number_form": "number",
        "default_format": "default-format",
    },
    "out-of-range": {
        "values_conform": "data.out-of-range",
        "default_format": "default-format",
    },
}
_LABEL = (("DataTime", "20260101120000"),)
# Areas of a station's packets, for the spellings of their items.
_UPLOADS: Mapping[str, tuple[str, Area]] = {
    "short-serial": ("3019", (*area_of(PolId="w01018"), (("w01018-SN", "0" * 24),))),
    "unknown-equipment-state": ("2021", (_LABEL, (("SB1-RS", "1"),))),
    "vessel-zero": ("3015", area_of(DataTime="20260101120000", VaseNo="1")),
    "log-without-mark": ("3020", (_LABEL, (("i11001-Info", "//a//"),))),
    "foreign-site-code": ("3020", (_LABEL, (("i13004-Info", "10"),))),
    "unknown-state": ("3020", (_LABEL, (("i12001-Info", "0"),))),
    "small-restart-time": ("2081", area_of(RestartTime="20260101120000")),
    "restart-time-without-seconds": ("2081", area_of(RestartTime="20260101120000")),
}
# Items of a platform's requests, for the spellings of them.
_REQUESTS = {
    "padded-numbers": ("1062", area_of(RtdInterval="60")),
    "short-interval": ("1062", area_of(RtdInterval="60")),
    "odd-minutes": ("1064", area_of(MinInterval="10")),
    "long-factor-id": ("3012", area_of(PolId="w01018")),
    "period-without-seconds": (
        "2061",
        area_of(BeginTime="20260101000000", EndTime="20260101010000"),
    ),
    "long-password": ("1072", area_of(NewPW="Lh2018")),
    "short-start-time": (
        "3016",
        area_of(PolId="w01018", CstartTime="000000", Ctime="2"),
    ),
    "foreign-info-id": ("3020", area_of(PolId="w01018", InfoId="i13004")),
}
_PLATFORM_ONLY = {
    "foreign-direction-of-platform",
    "system-time-with-milliseconds",
    *_REQUESTS,
}
_DEVICE_ONLY = {
    "foreign-direction",
    "data-time-with-milliseconds",
    "unknown-data-mark",
    "unknown-code",
    "long-mark",
    "label-twice",
    "label-ahead",
    "too-many-decimals",
    *_UPLOADS,
}


def test_every_spelling_is_tried() -> None:
    tried = {*BROKEN, *_ELSEWHERE, *_DOUBLE, *_SETS, *_STATISTICS, *_LIVE}
    assert tried == set(SPELLINGS)


def with_letters(cn: str, area: Area) -> list[bytes]:
    """Good packets whose check values have letters, so that their case can be seen."""
    made = (packet(WHO, cn, f"20260101120000{n:03d}", area) for n in range(1000))
    seen = (o for o in made if o[-6:-2].upper() != o[-6:-2].lower())
    return list(islice(seen, 3))


@pytest.mark.parametrize("spelling", sorted({*BROKEN, *_DOUBLE} - _PLATFORM_ONLY))
def test_a_wrong_upload_breaks_one_rule(snapshot: Snapshot, spelling: str) -> None:
    cn, area = _UPLOADS.get(spelling, ("2011", data(snapshot)))
    first, good, last = with_letters(cn, area)
    wrong = SPELLINGS[spelling](good)
    assert wrong != good
    assert keys(snapshot, talk(("client", first + wrong + last)), "client") == broken(
        spelling
    )


def broken(spelling: str) -> dict[str, str]:
    """The rules that a spelling breaks, with their keys."""
    return _DOUBLE.get(spelling) or dict([BROKEN[spelling]])


@pytest.mark.parametrize(
    "spelling", sorted({*BROKEN, "system-outside-classes"} - _DEVICE_ONLY)
)
def test_a_wrong_request_breaks_one_rule(snapshot: Snapshot, spelling: str) -> None:
    usual = ("1012", area_of(SystemTime="20260101120000"))
    cn, area = _REQUESTS.get(spelling, usual)
    first, good, last = with_letters(cn, area)
    wrong = SPELLINGS[spelling](good)
    assert wrong != good
    assert keys(snapshot, talk(("server", first + wrong + last)), "server") == broken(
        spelling
    )


def test_good_packets_break_nothing(snapshot: Snapshot) -> None:
    conversation = talk(
        ("client", upload(snapshot)),
        ("server", answer_to(WHO, "9014", "20260101120000001")),
        ("server", request()),
        ("client", answer_to(WHO, "9011", "20260101120000002", area_of(QnRtn="1"))),
        ("client", answer_to(WHO, "9012", "20260101120000002", area_of(ExeRtn="1"))),
    )
    assert keys(snapshot, conversation, "client") == {}
    assert keys(snapshot, conversation, "server") == {}


def test_only_the_implementation_is_judged(snapshot: Snapshot) -> None:
    wrong = SPELLINGS["modbus-check-value"](request())
    conversation = talk(("server", wrong), ("client", upload(snapshot)))
    assert keys(snapshot, conversation, "client") == {}


def test_answers_with_another_st_are_found(snapshot: Snapshot) -> None:
    wrong = packet(WHO, "9014", "20260101120000001", st="21", wanted=False)
    found = keys(snapshot, talk(("server", wrong)), "server")
    assert found == {"answers_carry_st91": "answer-st"}


def test_answers_that_want_answers_are_found(snapshot: Snapshot) -> None:
    wrong = packet(WHO, "9014", "20260101120000001", st="91", wanted=True)
    found = keys(snapshot, talk(("server", wrong)), "server")
    assert found == {"answer_bit_follows_kind": "answer-bit"}


def test_an_abnormal_value_is_not_judged(snapshot: Snapshot) -> None:
    area = (
        (("DataTime", "20260101120000"),),
        (("w01001-Rtd", "99"), ("w01001-Flag", "D")),
    )
    marked = packet(WHO, "2011", "20260101120000001", area)
    found = keys(snapshot, talk(("client", marked)), "client")
    assert found == {"elements_due": "data.missing"}  # the others, not this one


@pytest.mark.parametrize("cut", [1, 7, 100])
def test_packets_are_found_where_they_lie(snapshot: Snapshot, cut: int) -> None:
    """A message names the packets of the recording that hold it, and its last time."""
    one, two = upload(snapshot), request()
    conversation = talk(("client", b"\x00" + one + two), cut=cut)
    stray, first, second = rules.decode(conversation).things
    assert isinstance(stray, Damage)
    assert isinstance(first, Message)
    assert isinstance(second, Message)
    assert (first.octets, second.octets) == (one, two)
    for thing, start in ((stray, 0), (first, 1), (second, 1 + len(one))):
        end = start + len(thing.octets) - 1
        numbers = range(start // cut + 1, end // cut + 2)
        assert thing.packets == tuple(numbers)
        assert thing.at_ns == numbers[-1] * 1000


def test_a_packet_that_the_end_cuts_off_is_not_judged(snapshot: Snapshot) -> None:
    conversation = talk(("client", upload(snapshot) + upload(snapshot)[:40]))
    assert keys(snapshot, conversation, "client") == {}


def test_where_octets_were_lost_damage_says_nothing(snapshot: Snapshot) -> None:
    conversation = talk(("client", upload(snapshot)[50:] + upload(snapshot)))
    assert keys(snapshot, conversation, "client")
    conversation.gaps = 1
    assert keys(snapshot, conversation, "client") == {}


def test_hj212_is_recognised(snapshot: Snapshot) -> None:
    assert rules.looks_like(talk(("client", upload(snapshot))))
    assert rules.looks_like(talk(("server", request())))
    assert not rules.looks_like(
        talk(("client", b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c"))
    )
    assert not rules.looks_like(talk())


def test_too_coarse_values_are_found_in_a_series(snapshot: Snapshot) -> None:
    """Zeros at the end may be dropped, so one value proves nothing; many do."""
    packets = [
        packet(
            WHO,
            "2011",
            f"2026010112{n:02d}30000",
            (
                (("DataTime", f"2026010112{n:02d}00"),),
                (("w01001-Rtd", f"{n % 14}"), ("w01001-Flag", "N")),
            ),
        )
        for n in range(60)
    ]
    alone = keys(snapshot, talk(("client", packets[1])), "client")
    found = keys(snapshot, talk(("client", b"".join(packets))), "client")
    assert alone == {"elements_due": "data.missing"}
    assert found == {"values_conform": "data.too-coarse", **alone}


FRAMING = {
    "packet_layout",
    "length_states_segment",
    "length_digits",
    "segment_size",
    "check_value_right",
    "check_value_digits",
    "tail",
}


def vectors() -> list[dict[str, Any]]:
    """Published frames, each with whether framing, length and check value are right."""
    file = data_dir("fixtures") / "frames" / "hj212.jsonl"
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("vector", vectors(), ids=lambda v: str(v["source"])[:50])
def test_published_frames_are_judged_as_published(
    snapshot: Snapshot, vector: dict[str, Any]
) -> None:
    frame = vector["frame"]
    octets = bytes.fromhex(frame) if vector["encoding"] == "hex" else frame.encode()
    # A good packet behind it: the end of a stream may cut a packet off.
    found = keys(snapshot, talk(("client", octets + upload(snapshot))), "client")
    broken = found.keys() & FRAMING
    assert bool(broken) is not vector["valid"]


# Of sets of parts: Flag, PNUM, PNO and area of each, and the rules that are broken.
_PART = "DataTime=20260101120000;w0100{n}-Rtd=7.02,w0100{n}-Flag=N"
SETS: Mapping[str, tuple[Sequence[tuple[int, int, int, str]], dict[str, str]]] = {
    "good": (((7, 2, 1, _PART), (7, 2, 2, _PART)), {}),
    "out of order": (
        ((7, 3, 2, _PART), (7, 3, 1, _PART), (7, 3, 3, _PART)),
        {"parts_in_order": "part-order"},
    ),
    "without label": (
        ((7, 2, 1, _PART), (7, 2, 2, _PART.partition(";")[2])),
        {"parts_in_order": "part-data-time"},
    ),
    "without bit": (
        ((5, 2, 1, _PART), (5, 2, 2, _PART)),
        {"parts_marked": "part-flag", "packet_numbers": "packet-numbers"},
    ),
    "growing": (
        ((7, 2, 1, _PART), (7, 3, 2, _PART)),
        {"parts_agree": "part-numbers"},
    ),
    "number twice": (
        ((7, 3, 1, _PART), (7, 3, 2, _PART), (7, 3, 2, _PART)),
        {"parts_agree": "part-numbers"},
    ),
    "torn factor": (
        (
            (7, 2, 1, "DataTime=20260101120000;w01001-Rtd=7.02"),
            (7, 2, 2, "DataTime=20260101120000;w01001-Flag=N"),
        ),
        {"parts_whole_factors": "torn-factor"},
    ),
}


@pytest.mark.parametrize("name", SETS)
def test_sets_of_parts_are_judged(snapshot: Snapshot, name: str) -> None:
    parts, broken_rules = SETS[name]
    packets = []
    for number, (flag, pnum, pno, inner) in enumerate(parts, 1):
        text = (
            f"QN=20260101120000{number:03d};ST=21;CN=2011;PW=Lh2017;MN={WHO.mn};"
            f"Flag={flag};PNUM={pnum};PNO={pno};CP=&&{inner.format(n=number)}&&"
        )
        packets.append(encode_raw(text.encode()))
    found = keys(snapshot, talk(("client", b"".join(packets))), "client")
    ignored = {"keys_of_command", "real_time_complete", "factor_codes"}
    ignored |= {"elements_due"}
    assert {k: v for k, v in found.items() if k not in ignored} == broken_rules
