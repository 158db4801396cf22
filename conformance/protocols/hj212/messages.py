# SPDX-License-Identifier: Apache-2.0
"""Sentences for what the HJ 212 rooms cannot read."""

from __future__ import annotations

from conformance.text import Message

__all__ = ["MESSAGES"]

MESSAGES = {
    "hj212.frame-text": Message(
        "第 {at} 个字符处不是合法的 {encoding} 写法：{found}",
        "character {at} is not {encoding}: {found}",
        "可用写法：ascii（转义如 \\r\\n）、hex",
        "known spellings: ascii (escapes such as \\r\\n), hex",
    ),
    "hj212.frame-encoding": Message(
        "不认识的写法 {encoding}",
        "unknown spelling {encoding}",
        "可用写法：ascii、hex",
        "known spellings: ascii, hex",
    ),
    "hj212.edition": Message(
        "不认识的标准版本 {edition}",
        "unknown edition {edition}",
        "可用版本：2005、2017、2025",
        "known editions: 2005, 2017, 2025",
    ),
    "hj212.no-sm4": Message(
        "缺少 SM4 算法，无法加密或解密数据区",
        "no SM4 here: data areas cannot be encrypted or decrypted",
        "安装附加组件：pip install luheng[gm]",
        "install the extra: pip install luheng[gm]",
    ),
}
