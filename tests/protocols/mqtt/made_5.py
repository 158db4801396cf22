# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies for packets that MQTT 5.0 allows, used by several tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.protocols.mqtt.codec import (
    Auth,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Properties,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from conformance.protocols.mqtt.codec.properties import PROPERTIES, PropertyInfo
from conformance.protocols.mqtt.codec.reasons import REASON_CODES
from tests.protocols.mqtt.made import blobs, filters, identifiers, names, texts

_SIZES = {"byte": 0xFF, "two": 0xFFFF, "four": 0xFFFFFFFF, "variable": 268_435_455}


def _values(info: PropertyInfo) -> st.SearchStrategy[Any]:
    if info.name == "Response Topic":
        return names
    match info.kind:
        case "string":
            return texts
        case "binary":
            return blobs
        case "pair":
            return st.tuples(texts, texts)
    if info.is_switch:
        return st.integers(0, 1)
    return st.integers(1 if info.zero_rule else 0, _SIZES[info.kind])


@st.composite
def property_lists(draw: st.DrawFn, owner: str) -> Properties:
    """Any list of properties that ``owner`` may carry."""
    fit = [n for n, info in PROPERTIES.items() if owner in info.packets]
    chosen = draw(st.lists(st.sampled_from(fit), max_size=6))
    found: list[tuple[int, Any]] = []
    for number in chosen:
        info = PROPERTIES[number]
        is_there = any(number == other for other, _ in found)
        if is_there and owner not in info.repeats:
            continue
        found.append((number, draw(_values(info))))
    numbers = {number for number, _ in found}
    if (owner == "AUTH" or 0x16 in numbers) and 0x15 not in numbers:
        found.append((0x15, draw(texts)))
    return tuple(found)


def _outcomes(make: Any, name: str) -> st.SearchStrategy[Any]:
    codes = st.sampled_from(sorted(REASON_CODES[name]))
    return st.builds(make, codes, property_lists(name))


@st.composite
def connects(draw: st.DrawFn) -> Connect:
    """Any CONNECT that 3.1 allows."""
    will = draw(st.booleans())
    properties = draw(property_lists("WILL")) if will else ()
    message = draw(blobs)
    if (0x01, 1) in properties:
        message = draw(texts).encode()
    return Connect(
        client_identifier=draw(texts),
        clean_session=draw(st.booleans()),
        keep_alive=draw(st.integers(0, 0xFFFF)),
        will_topic=draw(names) if will else None,
        will_message=message if will else None,
        will_qos=draw(st.integers(0, 2)) if will else 0,
        will_retain=will and draw(st.booleans()),
        user_name=draw(st.none() | texts),
        password=draw(st.none() | blobs),
        protocol_level=5,
        properties=draw(property_lists("CONNECT")),
        will_properties=properties,
    )


@st.composite
def publishes(draw: st.DrawFn) -> Publish:
    """Any PUBLISH that 3.3 allows."""
    qos = draw(st.integers(0, 2))
    properties = draw(property_lists("PUBLISH"))
    has_alias = any(number == 0x23 for number, _ in properties)
    payloads = blobs | st.sampled_from([b"x" * n for n in (119, 130, 17000)])
    if (0x01, 1) in properties:
        payloads = texts.map(str.encode)
    return Publish(
        topic_name=draw(names | st.just("")) if has_alias else draw(names),
        payload=draw(payloads),
        qos=qos,
        retain=draw(st.booleans()),
        dup=qos > 0 and draw(st.booleans()),
        packet_identifier=draw(identifiers) if qos else None,
        properties=properties,
    )


@st.composite
def connacks(draw: st.DrawFn) -> Connack:
    """Any CONNACK that 3.2 allows."""
    code = draw(st.sampled_from(sorted(REASON_CODES["CONNACK"])))
    present = code == 0 and draw(st.booleans())
    return Connack(present, code, draw(property_lists("CONNACK")))


_options = st.builds(
    lambda qos, local, retained, handling: qos | local << 2 | retained << 3 | handling,
    st.integers(0, 2),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0, 0x10, 0x20]),
)
_shared = st.tuples(
    st.sampled_from(["$share/g/a", "$share/g/#", "$share/组//x"]),
    _options.map(lambda octet: octet & ~4),
)
_plain = filters.filter(lambda name: not name.startswith("$share/"))


def _codes(name: str) -> st.SearchStrategy[tuple[int, ...]]:
    codes = st.sampled_from(sorted(REASON_CODES[name]))
    return st.lists(codes, min_size=1, max_size=4).map(tuple)


_ANSWERS = {"PUBACK": Puback, "PUBREC": Pubrec, "PUBREL": Pubrel, "PUBCOMP": Pubcomp}

packets_5: st.SearchStrategy[Packet] = st.one_of(
    connects(),
    connacks(),
    publishes(),
    *(
        st.builds(
            make,
            identifiers,
            st.sampled_from(sorted(REASON_CODES[name])),
            property_lists(name),
        )
        for name, make in _ANSWERS.items()
    ),
    st.builds(
        Subscribe,
        identifiers,
        st.lists(st.tuples(_plain, _options) | _shared, min_size=1, max_size=4).map(
            tuple
        ),
        property_lists("SUBSCRIBE"),
    ),
    st.builds(Suback, identifiers, _codes("SUBACK"), property_lists("SUBACK")),
    st.builds(
        Unsubscribe,
        identifiers,
        st.lists(_plain, min_size=1, max_size=4).map(tuple),
        property_lists("UNSUBSCRIBE"),
    ),
    st.builds(Unsuback, identifiers, _codes("UNSUBACK"), property_lists("UNSUBACK")),
    _outcomes(Disconnect, "DISCONNECT"),
    _outcomes(Auth, "AUTH"),
    st.sampled_from((Pingreq(), Pingresp(), Disconnect())),
)
