# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies for packets that MQTT 3.1.1 allows, used by several tests."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.protocols.mqtt.codec import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
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

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
names = st.text(
    st.characters(codec="utf-8", exclude_characters="\0#+"), min_size=1, max_size=20
)
filters = st.one_of(
    names,
    st.just("#"),
    st.lists(st.sampled_from(["+", "a", "", "$x"]), min_size=1)
    .map("/".join)
    .filter(bool),
    names.map(lambda name: f"{name}/#"),
)
identifiers = st.integers(1, 0xFFFF)
blobs = st.binary(max_size=40)


@st.composite
def connects(draw: st.DrawFn) -> Connect:
    """Any CONNECT that 3.1 allows."""
    will = draw(st.booleans())
    user = draw(st.none() | texts)
    client = draw(texts)
    return Connect(
        client_identifier=client,
        clean_session=not client or draw(st.booleans()),
        keep_alive=draw(st.integers(0, 0xFFFF)),
        will_topic=draw(names) if will else None,
        will_message=draw(blobs) if will else None,
        will_qos=draw(st.integers(0, 2)) if will else 0,
        will_retain=will and draw(st.booleans()),
        user_name=user,
        password=None if user is None else draw(st.none() | blobs),
    )


@st.composite
def publishes(draw: st.DrawFn) -> Publish:
    """Any PUBLISH that 3.3 allows."""
    qos = draw(st.integers(0, 2))
    return Publish(
        topic_name=draw(names),
        payload=draw(blobs | st.sampled_from([b"x" * n for n in (121, 130, 17000)])),
        qos=qos,
        retain=draw(st.booleans()),
        dup=qos > 0 and draw(st.booleans()),
        packet_identifier=draw(identifiers) if qos else None,
    )


connacks = st.one_of(
    st.builds(Connack, st.booleans()),
    st.builds(Connack, st.just(False), st.integers(1, 5)),
)
ACKNOWLEDGEMENTS = (Puback, Pubrec, Pubrel, Pubcomp, Unsuback)
packets: st.SearchStrategy[Packet] = st.one_of(
    connects(),
    connacks,
    publishes(),
    *(st.builds(kind, identifiers) for kind in ACKNOWLEDGEMENTS),
    st.builds(
        Subscribe,
        identifiers,
        st.lists(st.tuples(filters, st.integers(0, 2)), min_size=1, max_size=4).map(
            tuple
        ),
    ),
    st.builds(
        Suback,
        identifiers,
        st.lists(st.sampled_from((0, 1, 2, 0x80)), min_size=1, max_size=4).map(tuple),
    ),
    st.builds(
        Unsubscribe, identifiers, st.lists(filters, min_size=1, max_size=4).map(tuple)
    ),
    st.sampled_from((Pingreq(), Pingresp(), Disconnect())),
)
