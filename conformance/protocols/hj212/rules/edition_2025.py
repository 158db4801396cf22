# SPDX-License-Identifier: Apache-2.0
"""Rules of HJ 212-2025: how data areas are encrypted, and what new uploads hold.

An encrypted area is judged with the key of the declaration and those that 1014 gave
since; without a key nothing can be said of it, but that it is encrypted.

Source: HJ 212-2025, 6.4, annex A.2, C.31 and C.34 (from quotations).
"""

from __future__ import annotations

from conformance.engine.judge import Judge
from conformance.protocols.hj212.codec.encryption import (
    BLOCK_OCTETS,
    is_to_be_encrypted,
)
from conformance.protocols.hj212.codec.segment import parse_segment
from conformance.protocols.hj212.codes import Edition
from conformance.protocols.hj212.dialogue import Damage, Dialogue, Message
from conformance.protocols.hj212.rules.common import (
    DEVICE,
    RIGHT,
    Judgement,
    each,
    edition_of,
    messages_of,
    rule,
)
from conformance.protocols.hj212.times import read_time
from conformance.text import Text

__all__: list[str] = []

_FURNACE = "a01901"
_NOISE = ("La", "LA", "L5", "L10", "L50", "L90", "L95", "Le", "Ld", "Ln", "LM")
_FURNACE_MINUTES = 5


def _encrypted(judge: Judge, thing: Message | Damage) -> Judgement:
    """The area of a command of the list is encrypted, if it has a block to encrypt."""
    if isinstance(thing, Damage) or edition_of(judge) is not Edition.E2025:
        return None
    cn = thing.segment.cn or ""
    area = parse_segment(thing.packet.segment).area
    if not is_to_be_encrypted(cn) or area is None:
        return None
    if thing.packet.is_encrypted:
        return True
    if area[1] - area[0] < BLOCK_OCTETS:
        return None
    return Text(f"CN={cn} 的数据区为明文", f"the data area of CN={cn} is plain")


def _is_under_a_key(judge: Judge, thing: Message | Damage) -> bool:
    return (
        isinstance(thing, Message)
        and thing.packet.is_encrypted
        and judge.value("hj212_key") is not None
    )


def _whole_blocks(judge: Judge, thing: Message | Damage) -> Judgement:
    """Whole blocks are encrypted, the rest is plain, and the key opens it."""
    if isinstance(thing, Damage) or not _is_under_a_key(judge, thing):
        return None
    if thing.unsealed is None:
        return Text(
            "不能用声明的密钥按整组解密为文本",
            "the key of the declaration does not open it as whole blocks of text",
        )
    rest = _rest(thing)
    return len(rest) < BLOCK_OCTETS or Text(
        f"密文之后尚有 {len(rest)} 个明文字符",
        f"{len(rest)} plain characters follow the cipher",
    )


def _rest(message: Message) -> bytes:
    """Return what stands plain behind the cipher octets."""
    sent = message.packet.segment
    area = parse_segment(sent).area or (0, 0)
    return sent[slice(*area)].partition(b"}")[2]


def _plain_check_value(judge: Judge, thing: Message | Damage) -> Judgement:
    if isinstance(thing, Damage) or thing.unsealed is None:
        return None
    opened = thing.unsealed.opened
    judge.remark(_LENGTHS[opened.length])
    seen = thing.packet.checksum.decode()
    return opened.checksum_ok or Text(
        f"CRC={seen}，不是明文数据段的校验值",
        f"CRC={seen} is not that of the plain segment",
    )


_LENGTHS = {
    "plain": Text("加密包的长度按明文计", "lengths of encrypted packets: plain text"),
    "sent": Text("加密包的长度按密文计", "lengths of encrypted packets: cipher text"),
    "both": Text("加密包的长度两种算法相同", "lengths of encrypted packets: both ways"),
    "neither": Text(
        "加密包的长度既不是明文的，也不是密文的",
        "lengths of encrypted packets: neither plain nor cipher text",
    ),
}


def _spelling(judge: Judge, thing: Message | Damage) -> Judgement:
    if isinstance(thing, Damage) or not thing.packet.is_encrypted:
        return None
    violations = parse_segment(thing.packet.segment, Edition.E2025).violations
    return next((v.detail for v in violations if v.rule == "SEC-009"), True)


each(
    "areas_encrypted",
    "plain-area",
    Text("数据区已加密", "an encrypted data area"),
    _encrypted,
    DEVICE,
)
each(
    "cipher_blocks",
    "cipher",
    Text("整组加密，不足一组的部分为明文", "whole blocks encrypted, the rest plain"),
    _whole_blocks,
)
each(
    "check_value_of_plain",
    "plain-check-value",
    Text("CRC 按明文数据段计算", "the check value is that of the plain segment"),
    _plain_check_value,
)
each(
    "cipher_spelling",
    "cipher-spelling",
    Text("密文写成 {0xNN,0xNN,…}", "cipher octets written {0xNN,0xNN,...}"),
    _spelling,
)


@rule("hj212.noise_single", actors=DEVICE, of_content=True)
def noise_single(judge: Judge, dialogue: Dialogue) -> None:
    """Single noise measurements come by 2052 with -Data; hourly ones are gone."""
    for message in messages_of(judge, dialogue):
        if message.segment.pnum is not None:
            continue  # a part need not hold all
        names = [item.name for item in message.segment.items]
        noise = [n for n in names if n.startswith(_NOISE)]
        if message.segment.cn == "2052":
            judge.expect(
                any(n.endswith("-Data") for n in noise),
                "noise-data",
                expected=Text("噪声值写成 -Data", "noise values as -Data"),
                actual=" ".join(names),
                at=message,
            )
        elif message.segment.cn == "2061" and message.segment.items:
            judge.expect(
                not noise,
                "hourly-noise",
                expected=Text("2061 不含噪声数据", "no noise data in 2061"),
                actual=" ".join(noise) or RIGHT,
                at=message,
            )


@rule("hj212.furnace_mean", actors=DEVICE, of_content=True)
def furnace_mean(judge: Judge, dialogue: Dialogue) -> None:
    """2111 holds a01901-Avg, and DataTime is the start of five minutes."""
    for message in messages_of(judge, dialogue):
        if message.segment.cn != "2111" or message.segment.pnum is not None:
            continue
        item = message.segment.item("DataTime")
        label = read_time(item.value) if item else None
        if item is not None and label is not None:  # else a matter of its form
            judge.expect(
                not (label.minute % _FURNACE_MINUTES or label.second),
                "furnace-label",
                expected=Text("5 min 时段的起始时间", "the start of five minutes"),
                actual=f"DataTime={item.value}",
                at=message,
            )
        judge.expect(
            message.segment.item(f"{_FURNACE}-Avg") is not None,
            "furnace-mean",
            expected=f"{_FURNACE}-Avg",
            actual=" ".join(i.name for i in message.segment.items),
            at=message,
        )
