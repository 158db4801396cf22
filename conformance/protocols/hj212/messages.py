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
    "hj212.password-form": Message(
        "{question} 所指的访问密码（PW）不是 1～6 位字母或数字，报文无法携带",
        "the access password (PW) that {question} refers to is not made of 1 to 6 "
        "letters or digits, so no packet can carry it",
        "改正密码；注意文件中的空格",
        "correct it; mind blanks in the file",
    ),
    "hj212.password-refused": Message(
        "监测站以 QnRtn=3 拒绝了第一条命令："
        "声明的访问密码（PW，{question}）与监测站不一致",
        "the station refused the first command by QnRtn=3: the access password (PW) of "
        "{question} is not the one set in the station",
        "改正这一项所指的密码后重新运行，注意空格和大小写；"
        "如果上次测试在修改密码时中断，监测站可能还留着测试密码",
        "correct the password that it refers to and run again; mind blanks and "
        "capitals.  If an earlier run broke off while it changed the password, the "
        "station may still have that of the test",
    ),
    "hj212.system-refused": Message(
        "监测站以 QnRtn=5 拒绝了第一条命令："
        "声明的系统编码（ST，{question}）与监测站不一致",
        "the station refused the first command by QnRtn=5: the system code (ST) of "
        "{question} is not the one set in the station",
        "改正声明后重新运行",
        "correct the declaration and run again",
    ),
    "hj212.other-mn": Message(
        "监测站的每个报文都写 MN={found}，而声明（{question}）为 {declared}",
        "every packet of the station says MN={found}, but {declared} is declared in "
        "{question}",
        "改正声明，或改正监测站的设置，然后重新运行",
        "correct the declaration, or the setting in the station, and run again",
    ),
    "hj212.key": Message(
        "密钥应为 16 字节，实为 {size} 字节",
        "a key has 16 octets, this one has {size}",
        "写 16 个字符，或 32 位十六进制数字",
        "write 16 characters, or 32 hexadecimal digits",
    ),
    "hj212.no-sm4": Message(
        "缺少 SM4 算法，无法加密或解密数据区",
        "no SM4 here: data areas cannot be encrypted or decrypted",
        "安装附加组件：pip install luheng[gm]",
        "install the extra: pip install luheng[gm]",
    ),
}
