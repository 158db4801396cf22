# SPDX-License-Identifier: Apache-2.0
"""Sentences about declarations and selections."""

from __future__ import annotations

from conformance.text import Message

__all__ = ["MESSAGES"]

_NEAR_ZH = "最接近的名称：{near}"
_NEAR_EN = "did you mean: {near}"

MESSAGES = {
    "iut.not-a-declaration": Message(
        "不是被测实现声明文件",
        "this is not a declaration of an implementation under test",
        "文件应以 format: 1 与 kind: iut 开头；可用 luheng iut new 生成",
        "it begins with format: 1 and kind: iut; luheng iut new writes one",
    ),
    "iut.hook-form": Message(
        "{hook} 须在 command、url、prompt 中恰好写明一种",
        "{hook} needs exactly one of command, url and prompt",
    ),
    "iut.answer-form": Message(
        "{question} 的回答只能是 true（是）或 false（否），实为 {found}",
        "the answer to {question} is true or false, not {found}",
        "不加引号，不写 yes、no、1、0、是、否；尚未回答的保留 null",
        "without quotes; not yes, no, 1 or 0; what is still open stays null",
    ),
    "iut.no-time": Message(
        "时长须大于零，实为 {found}",
        "a time longer than zero is needed, not {found}",
        "写法如 PT10S（10 秒）、PT2M（2 分钟）、PT6H（6 小时）",
        "such as PT10S (10 s), PT2M (2 min) or PT6H (6 h)",
    ),
    "iut.other-profile": Message(
        "声明针对的规范是 {declared}，而当前规范为 {profile}",
        "the declaration answers {declared}, the profile here is {profile}",
    ),
    "iut.wrong-digest": Message(
        "规范摘要不符：声明为 {declared}，{profile} 实为 {digest}",
        "the digest of the profile differs: declared {declared}, "
        "that of {profile} is {digest}",
        "规范在填写后有改动；核对答案后改写 profile_digest，"
        "或用 luheng iut new 重新生成",
        "the profile changed after it was answered: check the answers, then correct "
        "profile_digest, or start again with luheng iut new",
    ),
    "iut.profile-withdrawn": Message(
        "规范 {profile} 已撤回，不得再用于测试",
        "the profile {profile} is withdrawn and no longer tested against",
        "请改用现行版本；luheng profile list 列出各版本的状态",
        "use a version in force; luheng profile list shows their states",
    ),
    "iut.profile-superseded": Message(
        "规范 {profile} 已被新版本代替",
        "the profile {profile} is superseded by a later version",
        "luheng profile list 列出各版本的状态",
        "luheng profile list shows the states of all versions",
    ),
    "iut.profile-draft": Message(
        "规范 {profile} 尚未定稿（{state}），结果仅供参考，不能据以发证",
        "the profile {profile} is not final ({state}): "
        "results inform, they certify nothing",
    ),
    "iut.role-not-in-profile": Message(
        "规范不涉及角色 {role}；可选：{actors}",
        "the profile binds no {role}; it binds: {actors}",
    ),
    "iut.unanswered-field": Message("未填写 {field}", "{field} is not filled in"),
    "iut.unanswered-ics": Message(
        "未回答 {question}：{asks_zh}",
        "{question} is not answered: {asks_en}",
        "填 true（是）或 false（否）；未填不等于“否”",
        "write true or false; an open question is not a no",
    ),
    "iut.unanswered-ixit": Message(
        "未填写 {question}：{asks_zh}",
        "{question} is not given: {asks_en}",
    ),
    "iut.mandatory-denied": Message(
        "{question} 为必备功能，却声明为不支持：{asks_zh}",
        "{question} is mandatory but denied: {asks_en}",
        "不支持必备功能的实现不可能符合该规范",
        "an implementation without it cannot conform to the profile",
    ),
    "iut.prohibited-claimed": Message(
        "{question} 为禁止功能，却声明为支持：{asks_zh}",
        "{question} is prohibited but claimed: {asks_en}",
    ),
    "iut.claim-without-basis": Message(
        "声明支持 {question}，但其前提不成立：{condition_zh}",
        "{question} is claimed although what it rests on does not hold: {condition}",
    ),
    "iut.choice-empty": Message(
        "{items} 中至少须选一项（{group}）",
        "at least one of {items} must be supported ({group})",
    ),
    "iut.choice-many": Message(
        "{items} 中只能选一项（{group}），现选了 {chosen}",
        "exactly one of {items} may be supported ({group}), not {chosen}",
    ),
    "iut.unknown-ics": Message(
        "规范中没有 ICS 条目 {key}",
        "the profile has no ICS item {key}",
        _NEAR_ZH,
        _NEAR_EN,
    ),
    "iut.unknown-ixit": Message(
        "规范中没有 IXIT 条目 {key}",
        "the profile has no IXIT item {key}",
        _NEAR_ZH,
        _NEAR_EN,
    ),
    "iut.wrong-type": Message(
        "{question} 应填{wanted_zh}，实为 {found}",
        "{question} takes {wanted_en}, not {found}",
        "{spelled_zh}",
        "{spelled_en}",
    ),
    "iut.bad-duration": Message(
        "{question} 不是时长：{found}",
        "{question} is not a duration: {found}",
        "写法如 PT10S（10 秒）、PT2M（2 分钟）、PT6H（6 小时）",
        "such as PT10S (10 s), PT2M (2 min) or PT6H (6 h)",
    ),
    "iut.pattern": Message(
        "{question} 的写法不符合 {pattern}：{found}",
        "{question} does not match {pattern}: {found}",
    ),
    "iut.bad-host": Message(
        "{question} 的主机 {host} 既不是 IP 地址，也不是合法的主机名",
        "the host {host} of {question} is neither an IP address nor a host name",
        "只写主机，不带 http:// 等前缀、端口或方括号",
        "the host alone, without http://, port or brackets",
    ),
    "iut.bad-port": Message(
        "{question} 的端口 {port} 不在 {least}～65535 之内",
        "the port {port} of {question} is not within {least} to 65535",
    ),
    "iut.secret-literal": Message(
        "{question} 是密钥，不得直接写在声明中",
        "{question} is a secret and must not stand in the declaration itself",
        "写引用：{{secret: env:变量名}} 或 {{secret: file:相对路径}}",
        "refer to it: {{secret: env:NAME}} or {{secret: file:relative/path}}",
    ),
    "iut.secret-not-expected": Message(
        "{question} 的类型为 {type}，不接受密钥引用",
        "{question} is of type {type} and takes no secret",
    ),
    "iut.secret-missing": Message(
        "找不到 {question} 的密钥：{secret} 不存在或为空",
        "the secret of {question} was not found: {secret} is absent or empty",
        "运行前设置该环境变量，或把文件放在声明文件所在目录",
        "set the variable, or put the file beside the declaration, before the run",
    ),
    "iut.secret-too-big": Message(
        "{question} 的密钥文件 {secret} 超过 {limit} 字节",
        "the file {secret} of {question} is larger than {limit} octets",
    ),
    "iut.secret-not-text": Message(
        "{question} 的密钥文件 {secret} 不是 UTF-8 文本",
        "the file {secret} of {question} is not UTF-8 text",
    ),
    "iut.secret-short": Message(
        "{question} 的密钥不足 3 个字符，无法在报告中遮蔽",
        "the secret of {question} has less than 3 characters and cannot be masked "
        "in reports",
    ),
    "iut.file-missing": Message(
        "找不到 {question} 指定的文件 {name}",
        "the file {name} of {question} was not found",
        "相对路径从声明文件所在目录算起",
        "a path is taken from the folder of the declaration",
    ),
    "iut.file-outside": Message(
        "{question} 指定的文件 {name} 不在声明文件所在目录之内",
        "the file {name} of {question} lies outside the folder of the declaration",
    ),
    "iut.placeholder-unknown": Message(
        "{hook} 中的占位符 {placeholder} 无人填写",
        "nothing fills the placeholder {placeholder} of {hook}",
        "可用规范中 IXIT 条目的名称；最接近的名称：{near}",
        "the names of the profile's IXIT items may stand there; did you mean: {near}",
    ),
    "iut.placeholder-secret": Message(
        "{hook} 中的占位符 {placeholder} 是密钥，不得出现在命令行或网址中",
        "the placeholder {placeholder} of {hook} is a secret and must not stand in "
        "a command or URL",
        "让命令自行读取环境变量",
        "let the command read the environment itself",
    ),
    "iut.hook-twice": Message(
        "{hook} 同时出现在 hooks 和 steps 中",
        "{hook} stands in hooks and in steps",
    ),
    "iut.unknown-requirement": Message(
        "规范 {profile} 中没有与 {requirement} 匹配的要求",
        "no requirement of {profile} matches {requirement}",
        _NEAR_ZH,
        _NEAR_EN,
    ),
    "iut.unknown-role": Message(
        "没有角色 {role}；可选：{roles}",
        "there is no role {role}; there are: {roles}",
    ),
    "iut.exists": Message(
        "文件已存在，未改写",
        "the file exists and was left as it is",
        "加 --force 覆盖，或用 --out 另指定文件名",
        "--force overwrites it, --out names another file",
    ),
    "iut.cannot-write": Message("无法写入：{reason}", "cannot be written: {reason}"),
}
