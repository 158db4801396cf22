# SPDX-License-Identifier: Apache-2.0
"""What was tested, by what, and when: the facts that identify a run.

Turns the header and footer of a result into pairs of name and value.  The digest of the
results is computed here, so that a paper can be held against its file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from conformance.engine.result import RunResult
from conformance.evidence.bundle import result_text
from conformance.report.markup import Child, Markup, both, join, tag
from conformance.report.panels import moment
from conformance.report.seal import Seal, seal_words
from conformance.report.words import ACTORS, DEPTHS, PARTIAL, STATES, named, said
from conformance.text import Text

__all__ = ["NAME_CHARS", "identity", "implementation", "method"]

NAME_CHARS = 200


def identity(result: RunResult, seal: Seal | None) -> Markup:
    """Return the facts as a list of definitions."""
    pairs = (
        tag("div", tag("dt", name), tag("dd", value))
        for name, value in _identity(result, seal)
        if value
    )
    return tag("dl", *pairs, class_="identity")


def _identity(result: RunResult, seal: Seal | None) -> Iterator[tuple[Text, Child]]:
    header, footer = result.header, result.footer
    for key, value in (header.get("implementation") or {}).items():
        if value not in (None, ""):
            yield named(_IMPLEMENTATION, key), both(said(value), limit=NAME_CHARS)
    yield Text("角色", "Role"), named(ACTORS, header.get("role"))
    yield Text("声明人", "Declared by"), _declared(header)
    yield Text("规范", "Profile"), tag("code", str(header.get("profile", "")))
    yield Text("规范状态", "State of the profile"), _profile_state(header)
    yield Text("规范摘要", "Digest of the profile"), _code(header, "profile_digest")
    digest = _code(header, "declaration_digest")
    yield Text("声明摘要", "Digest of the declaration"), digest
    yield Text("测试套件", "Suite"), _suite(header)
    if seal:
        yield Text("证明", "Proof"), seal_words(seal)
    if again := header.get("rejudged"):
        words = f"luheng {again.get('suite', '')}" if isinstance(again, dict) else ""
        yield Text("重新判定", "Judged again by"), words
    yield Text("运行编号", "Run"), _code(header, "run")
    if footer:
        yield Text("结果文件摘要", "Digest of the results"), tag("code", _sum(result))
    for file, sealed in ((footer and footer.evidence) or {}).items():
        name = file.rpartition("/")[2]
        title = Text(f"证据摘要（{name}）", f"Digest of the evidence ({name})")
        yield title, tag("code", sealed)
    yield Text("开始", "Started"), moment(str(header.get("start", "")))
    yield Text("结束", "Ended"), _end(result)
    yield Text("测试深度", "Depth"), named(DEPTHS, header.get("depth", ""))
    yield Text("随机种子", "Seed"), _code(header, "seed")
    if footer and footer.partial:
        yield Text("部分测试", "Partial"), named(PARTIAL, footer.partial_reason)
    if only := header.get("only"):
        yield Text("仅测试", "Only"), ", ".join(map(str, only))
    environment = header.get("environment") or {}
    yield (
        Text("运行环境", "Environment"),
        " · ".join(
            f"{_ENVIRONMENT.get(key, f'{key} ')}{value}"
            for key, value in environment.items()
        ),
    )


_ENVIRONMENT = {"python": "Python ", "implementation": "", "system": "", "machine": ""}
_IMPLEMENTATION = {
    "product": Text("被测产品", "Product"),
    "vendor": Text("厂商", "Vendor"),
    "version": Text("版本", "Version"),
    "model": Text("型号", "Model"),
    "hardware": Text("硬件版本", "Hardware"),
    "serial": Text("序列号", "Serial number"),
}


def _code(header: dict[str, Any], key: str) -> Markup | None:
    value = header.get(key)
    return tag("code", str(value)) if value not in (None, "") else None


def _declared(header: dict[str, Any]) -> str:
    parts = (header.get("declared_by"), header.get("declared_on"))
    return ", ".join(str(part) for part in parts if part)


def _profile_state(header: dict[str, Any]) -> Child:
    state = header.get("profile_state")
    if not state:
        return None
    if state == "trial":
        return Text("试行（不颁发证书）", "trial, no certificate")
    return named(STATES, state)


def _end(result: RunResult) -> Child:
    footer = result.footer
    if footer is None:
        return Text("没有结束", "it did not end")
    if not footer.end:
        return None
    return join([moment(footer.end), f" ({footer.duration_s:.1f} s)"])


def implementation(result: RunResult) -> Text:
    """Return product and version; a vendor may have named it in both languages."""
    what = result.header.get("implementation") or {}
    parts = [said(what.get("product")), said(what.get("version"))]
    zh, en = (
        " ".join(part[lang] for part in parts if part[lang]) for lang in ("zh", "en")
    )
    return Text(zh, en)


def method(result: RunResult, seal: Seal | None) -> Markup:
    """Return by what the item was tested: profile, digest, suite, proof."""
    header = result.header
    title = getattr(result.snapshot, "title", None)
    parts: list[Child] = [
        tag("div", both(title, limit=NAME_CHARS)) if isinstance(title, Text) else None,
        tag("div", tag("code", str(header.get("profile", "")))),
        tag("div", _code(header, "profile_digest")),
        tag("div", _suite(header)),
    ]
    if seal:
        proof = Text("证明：", "Proof: ")
        parts.append(tag("div", proof, seal_words(seal)))
    return join(parts)


def _suite(header: dict[str, Any]) -> str:
    suite = header.get("suite") or {}
    return f"{suite.get('name', '')} {suite.get('version', '')}".strip()


def _sum(result: RunResult) -> str:
    """Return the digest of ``results.jsonl`` as the run wrote it."""
    octets = result_text(result).encode("utf-8", "surrogatepass")
    return f"sha256:{hashlib.sha256(octets).hexdigest()}"
