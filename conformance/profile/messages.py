# SPDX-License-Identifier: Apache-2.0
"""Sentences for everything that can be wrong with a profile or another YAML file."""

from __future__ import annotations

from conformance.text import Message

__all__ = ["MESSAGES"]

_YAML = {
    "unreadable": Message(
        "无法读取文件：{reason}",
        "the file cannot be read: {reason}",
    ),
    "yaml-too-big": Message(
        "文件超过 {limit} 字节",
        "the file is larger than {limit} octets",
        "规范和声明应由人编写，大量数据请放在单独的文件中",
        "profiles and declarations are written by people; keep bulk data elsewhere",
    ),
    "yaml-utf16": Message(
        "文件是 UTF-16 编码，只接受 UTF-8",
        "the file is UTF-16; only UTF-8 is accepted",
        "在编辑器中另存为 UTF-8（无 BOM）",
        "save it as UTF-8 (without BOM) in your editor",
    ),
    "yaml-bom": Message(
        "文件以字节顺序标记（BOM）开头",
        "the file begins with a byte order mark (BOM)",
        "在编辑器中另存为 UTF-8（无 BOM）",
        "save it as UTF-8 without BOM in your editor",
    ),
    "yaml-nul": Message(
        "文件含有空字节（NUL），不是文本文件",
        "the file holds a NUL octet; it is no text file",
    ),
    "yaml-not-utf8": Message(
        "文件不是有效的 UTF-8 文本",
        "the file is not valid UTF-8",
        "若文件为 GBK 编码，请另存为 UTF-8",
        "if it is in GBK, save it as UTF-8",
    ),
    "yaml-character": Message(
        "文件含有不允许的控制字符",
        "the file holds a control character that is not permitted",
    ),
    "yaml-empty": Message("文件没有内容", "the file says nothing"),
    "yaml-two-documents": Message(
        "一个文件只能包含一个 YAML 文档",
        "a file may hold one YAML document only",
        "删除多余的“---”分隔行，或拆分为多个文件",
        "remove the line “---” or split the file",
    ),
    "yaml-syntax": Message(
        "YAML 语法错误：{problem}",
        "YAML syntax error: {problem}",
        "检查缩进、冒号后的空格和引号是否成对",
        "check indentation, the blank after each colon, and closing quotes",
    ),
    "yaml-too-deep": Message(
        "嵌套超过 {limit} 层", "nested more than {limit} levels deep"
    ),
    "yaml-alias": Message(
        "不允许使用锚点和别名（{name}）",
        "anchors and aliases are not permitted ({name})",
        "把内容直接写在使用处",
        "write the content where it is used",
    ),
    "yaml-tag": Message(
        "不允许使用标签（{tag}）",
        "tags are not permitted ({tag})",
        "删除标签；文本请加引号",
        "remove the tag; put quotes around text",
    ),
    "yaml-merge": Message(
        "不允许使用合并键 <<",
        "the merge key << is not permitted",
        "把内容直接写在使用处",
        "write the content where it is used",
    ),
    "yaml-key": Message(
        "键 {key} 不是文本",
        "the key {key} is not text",
        "给键加上引号",
        "put quotes around the key",
    ),
    "yaml-number": Message(
        "数字超过 {limit} 位", "a number has more than {limit} digits"
    ),
    "duplicate-key": Message(
        "键 {key} 重复，第 {first} 行已有",
        "the key {key} is there already, on line {first}",
        "删除其中一个",
        "remove one of them",
    ),
}

_SCHEMA = {
    "key-missing": Message("缺少 {key}", "{key} is missing"),
    "key-unknown": Message(
        "未知的键 {key}",
        "unknown key {key}",
        "相近的键：{close}",
        "closest known key: {close}",
    ),
    "wrong-type": Message(
        "值 {found} 的类型为 {is}，应为 {wanted}",
        "{found} is of type {is}; {wanted} is needed",
        "形如 010、1e3、no 的值按文本读取；数字不加引号，文本加引号",
        "values such as 010, 1e3, no are text; leave numbers unquoted, quote text",
    ),
    "not-a-choice": Message(
        "值 {found} 不在允许范围内：{wanted}",
        "{found} is not among: {wanted}",
    ),
    "bad-form": Message(
        "值 {found} 的格式不正确",
        "{found} does not have the right form",
        "正确的形式如：{example}",
        "the right form is as in: {example}",
    ),
    "repeated": Message("列表 {found} 中有重复项", "an item is there twice in {found}"),
    "too-few": Message(
        "{found} 中至少应有 {wanted} 项", "{found} needs at least {wanted} entries"
    ),
    "too-many": Message(
        "{found} 中最多可有 {wanted} 项",
        "{found} may have at most {wanted} entries",
        "条件中 ics、not、all、any 只能写一个；需要组合时使用 all 或 any",
        "a condition has one of ics, not, all, any; combine with all or any",
    ),
    "check-or-reason": Message(
        "要求应有 check 或 not_tested 之一，且只能有一个",
        "a requirement has either check or not_tested, never both, never neither",
        "没有检查时写明原因，例如 not_tested: {{reason: planned}}",
        "without a check, give a reason such as not_tested: {{reason: planned}}",
    ),
    "tailor-shape": Message(
        "裁剪项应写 drop: true，或写 params、level，二者不能同时出现",
        "a tailoring has drop: true, or params and level, not both",
    ),
    "schema": Message(
        "值 {found} 不满足 {keyword}: {wanted}",
        "{found} does not satisfy {keyword}: {wanted}",
    ),
}

_RULES = {
    "not-as-indexed": Message(
        "文件中写的是 {stated}，index.yaml 中是 {listed}",
        "the file says {stated}, index.yaml says {listed}",
        "使两者一致",
        "make them agree",
    ),
    "duplicate-id": Message(
        "{section} 中的 {id} 重复",
        "{id} is there twice in {section}",
        "标识一经使用即永久占用，请使用新的标识",
        "identifiers are permanent; choose a new one",
    ),
    "not-nfc": Message(
        "文本不是 Unicode NFC 规范形式",
        "the text is not in Unicode normal form C",
        "在编辑器中重新输入该处文字",
        "type the text again in your editor",
    ),
    "since-later": Message(
        "since {since} 晚于本版本 {version}",
        "since {since} is later than this version, {version}",
    ),
    "changes-newest": Message(
        "变更记录的最新版本 {newest} 与本版本 {version} 不一致",
        "the newest version in the change log, {newest}, is not this one, {version}",
        "在 changes 开头添加本版本的记录",
        "add an entry for this version at the top of changes",
    ),
    "changes-order": Message(
        "变更记录顺序不正确：{later} 之后是 {earlier}",
        "the change log is out of order: {earlier} follows {later}",
        "最新版本写在最前",
        "the newest version comes first",
    ),
    "bad-pattern": Message(
        "正则表达式无效：{reason}", "the regular expression is invalid: {reason}"
    ),
    "undeclared-ics": Message(
        "{key} 使用了未声明的 ICS 项 {token}",
        "{key} uses the ICS item {token}, which is not declared",
        "在本规范或其基础规范的 ics 中声明该项",
        "declare it in ics, here or in a base profile",
    ),
    "group-status": Message(
        "组 {key} 含有 {token}，但其状态为 {status}",
        "the group {key} holds {token}, whose status is {status}",
        "将该项的 status 改为组标识，或从组中删除",
        "set its status to the group's id, or take it out of the group",
    ),
    "not-in-group": Message(
        "{key} 的状态为 {group}，但该组不含此项",
        "{key} has the status {group}, but is not in that group",
        "在 ics_groups 中加入该项",
        "add it to the group in ics_groups",
    ),
    "no-question": Message(
        "ICS 项 {key} 没有 question",
        "the ICS item {key} has no question",
        "只有收窄基础规范中的项时才可省略",
        "it may be left out only when an inherited item is narrowed",
    ),
    "undeclared-source": Message(
        "{key} 引用了未声明的标准 {source}",
        "{key} refers to the source {source}, which is not declared",
        "在 sources 中声明",
        "declare it in sources",
    ),
    "unknown-dictionary-key": Message(
        "数据元词典中没有 {key}",
        "the dictionary has no element {key}",
        "参见 profiles/dictionary/elements.yaml",
        "see profiles/dictionary/elements.yaml",
    ),
    "unknown-quantity": Message(
        "{key} 的量 {quantity} 不在词典中",
        "the quantity {quantity} of {key} is not in the dictionary",
        "参见 profiles/dictionary/quantities.yaml",
        "see profiles/dictionary/quantities.yaml",
    ),
    "unit-alone": Message(
        "{key} 有单位 {unit} 但没有 quantity",
        "{key} has the unit {unit} but no quantity",
    ),
    "unit-of-quantity": Message(
        "{key} 的单位 {unit} 不是量 {quantity} 的允许单位",
        "the unit {unit} of {key} is not permitted for the quantity {quantity}",
        "允许的 UCUM 代码：{permitted}",
        "permitted UCUM codes: {permitted}",
    ),
    "empty-range": Message(
        "{key} 的量程下限不小于上限",
        "the range of {key} is empty: min is not below max",
    ),
    "off-resolution": Message(
        "{key} 的量程端点 {limit} 不是分辨力 {resolution} 的整数倍",
        "the limit {limit} of {key} is not a multiple of its resolution {resolution}",
    ),
    "wire-name-twice": Message(
        "{key} 在 {binding} 中的名称 {name} 已用于 {first}",
        "the {binding} name {name} of {key} is already that of {first}",
    ),
    "param-missing": Message(
        "{key} 中 {owner} 缺少参数 {name}",
        "the parameter {name} of {owner} is missing in {key}",
    ),
    "param-unknown": Message(
        "{key} 中 {owner} 没有名为 {name} 的参数",
        "{owner} has no parameter {name}, which {key} gives",
        "检查参数名的拼写",
        "check the spelling of the parameter",
    ),
    "param-wrong": Message(
        "{key} 中 {owner} 的参数 {name} 不正确，不满足 {keyword}: {wanted}",
        "the parameter {name} of {owner} in {key} does not satisfy {keyword}: {wanted}",
    ),
    "bad-default": Message(
        "{key} 的默认值不是 {type} 类型，或与 pattern 不符",
        "the default of {key} is no {type}, or does not match the pattern",
        "secret 不允许有默认值",
        "a secret has no default",
    ),
    "unknown-check": Message(
        "{key} 绑定的检查 {check} 不存在",
        "{key} is bound to {check}, which does not exist",
        "检查拼写；尚未实现时改为 not_tested: {{reason: planned}}",
        "check the spelling; if it is yet to come, not_tested: {{reason: planned}}",
    ),
    "check-actor": Message(
        "检查 {check} 适用于 {actors}，而 {key} 针对 {actor}",
        "the check {check} is for {actors}, but {key} is for {actor}",
    ),
    "bad-duration": Message(
        "{duration} 不是有效的时长",
        "{duration} is not a duration",
        "按 ISO 8601 书写，例如 PT4H、PT10M；不使用年、月、周",
        "write it as in ISO 8601, such as PT4H or PT10M, without years, months, weeks",
    ),
    "unanswered": Message(
        "ICS 项 {token} 未回答", "the ICS item {token} has no answer"
    ),
    "bad-condition": Message(
        "条件中的 {operator} 无效", "{operator} is no operator of conditions"
    ),
}

_RESOLUTION = {
    "not-found": Message(
        "没有规范 {wanted}",
        "there is no profile {wanted}",
        "已有规范：{known}",
        "known profiles: {known}",
    ),
    "no-base": Message(
        "没有满足 {wanted} 的基础规范 {base}",
        "no version of {base} satisfies {wanted}",
        "已有版本：{known}；试行规范只能继承试行或已发布的版本",
        "known versions: {known}; a profile in trial extends only trial or published",
    ),
    "circle": Message(
        "规范循环继承：{circle}", "profiles extend in a circle: {circle}"
    ),
    "too-deep": Message(
        "继承层数超过 {limit}", "profiles extend more than {limit} levels deep"
    ),
    "two-versions": Message(
        "基础规范 {base} 以两个版本出现：{first} 和 {second}",
        "the base {base} is reached in two versions: {first} and {second}",
        "调整 extends 的版本范围使其一致",
        "make the ranges in extends agree",
    ),
    "clash": Message(
        "两个基础规范对 {section} {key} 的规定不同：{first} 与 {second}",
        "two bases disagree on {section} {key}: {first} and {second}",
        "修改其中一个基础规范，或为其中一项使用新的标识",
        "change one of the bases, or give one of the two a new identifier",
    ),
    "security-lowered": Message(
        "安全等级 {level} 低于 {base} 规定的 {inherited}",
        "the security level {level} is below {inherited}, which {base} sets",
    ),
    "widened": Message(
        "{key} 继承自 {base}，只能收窄；{what} 与其不符或更宽",
        "{key} is inherited from {base} and may only be narrowed; {what} goes further",
        "要求的修改请用 tailor；其他内容使用新的标识",
        "change requirements by tailor; give other entries a new identifier",
    ),
    "tailor-target": Message(
        "没有继承到要求 {requirement}，无法裁剪",
        "there is no inherited requirement {requirement} to tailor",
        "tailor 只用于基础规范中的要求",
        "tailor is for requirements of base profiles only",
    ),
    "tailor-no-check": Message(
        "要求 {requirement} 没有检查，无参数可改",
        "the requirement {requirement} has no check whose parameters could be set",
    ),
    "tailor-loosens": Message(
        "{base} 不允许放宽要求 {requirement}（{what}）",
        "{base} does not permit loosening {requirement} ({what})",
        "只有标注 tailorable: true 的要求可以放宽；收紧不受限制",
        "only a requirement with tailorable: true may be loosened; tightening is free",
    ),
    "tailor-reverses": Message(
        "裁剪不能把 {requirement} 的含义反转为 {level}",
        "tailoring cannot turn {requirement} into its opposite, {level}",
    ),
    "lock-unreadable": Message(
        "锁定文件无法使用：{reason}",
        "the lock file cannot be used: {reason}",
    ),
    "not-locked": Message(
        "已发布的 {ref} 未在 profiles.lock.json 中锁定基础规范 {base}",
        "{ref} is published, but profiles.lock.json does not pin its base {base}",
    ),
    "lock-differs": Message(
        "{ref} 与发布时锁定的内容不同",
        "{ref} is not what was locked when the profile was published",
        "已发布的文件不可修改；请恢复原文件，或编制新版本",
        "published files do not change: restore it, or make a new version",
    ),
    "digest-mismatch": Message(
        "{ref} 的快照内容与摘要不符：记录为 {stored}，计算为 {computed}",
        "the snapshot of {ref} does not match its digest: stored {stored}, "
        "computed {computed}",
        "快照已被改动，请由规范重新生成",
        "it was altered; make it again from the profile",
    ),
}

_LINT = {
    "wrong-modal": Message(
        "{key} 的级别为 {level}，中文表述应使用“{wanted}”，且不应出现“{found}”",
        "{key} is a {level}: its Chinese text needs “{wanted}” and not “{found}”",
        "用词依据 GB/T 1.1—2020：应、不应、宜、不宜、可",
        "words of GB/T 1.1-2020: 应, 不应, 宜, 不宜, 可",
    ),
    "wrong-modal-en": Message(
        "{key} 的级别为 {level}，英文表述应使用“{wanted}”，且不应出现“{found}”",
        "{key} is a {level}: its English text needs “{wanted}” and not “{found}”",
    ),
    "unfinished": Message(
        "{key} 的文本没有以句号结尾",
        "the text of {key} does not end in a full stop",
        "空格后的 # 会使其后的内容成为注释；含 # 的文本应加引号",
        "a # after a blank begins a comment; put quotes around text that holds one",
    ),
    "one-language": Message("缺少{missing}文本", "the text has no {missing} wording"),
    "not-ucum": Message(
        "{unit} 不是有效的 UCUM 代码", "{unit} is not a valid UCUM code"
    ),
    "no-note": Message(
        "{key} 未说明为何不测试",
        "{key} does not say why it is not tested",
        "在 not_tested.note 中用中文和英文说明",
        "explain it in not_tested.note, in Chinese and English",
    ),
    "stale-snapshot": Message(
        "已提交的快照 {snapshot} 与规范不一致",
        "the committed snapshot {snapshot} is not what the profile resolves to",
        "运行 luheng profile resolve {ref} --write",
        "run: luheng profile resolve {ref} --write",
    ),
    "no-snapshot": Message(
        "没有已提交的快照 {snapshot}",
        "there is no committed snapshot {snapshot}",
        "运行 luheng profile resolve {ref} --write",
        "run: luheng profile resolve {ref} --write",
    ),
    "no-schema-line": Message(
        "首行应为 {wanted}",
        "the first line should be {wanted}",
        "编辑器据此提供补全",
        "editors complete and check by it",
    ),
    "folder-name": Message(
        "文件夹名与标识 {id} 不一致", "the folder is not named like the id {id}"
    ),
    "not-listed": Message(
        "index.yaml 未列出该版本", "the version is not listed in index.yaml"
    ),
    "bad-move": Message(
        "状态不能由 {before} 变为 {after}",
        "the state cannot go from {before} to {after}",
    ),
    "history-end": Message(
        "历史记录的最后状态为 {last}，与当前状态 {state} 不一致",
        "the history ends in {last}, but the state is {state}",
    ),
    "unconfirmed": Message(
        "{key} 的条款未经核对，规范不能发布",
        "the clause of {key} is not confirmed, so the profile cannot be published",
    ),
    "write-or-out": Message(
        "--write 与 --out 不能同时使用", "--write and --out exclude each other"
    ),
    "unknown-successor": Message(
        "取代版本 {by} 未列出", "the superseding version {by} is not listed"
    ),
}

MESSAGES = {
    f"profile.{name}": message
    for part in (_YAML, _SCHEMA, _RULES, _RESOLUTION, _LINT)
    for name, message in part.items()
}
