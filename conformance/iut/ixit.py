# SPDX-License-Identifier: Apache-2.0
"""IXIT values as the profile types them: seconds, decimals, addresses, secrets found.

``resolve_ixit`` turns what a declaration says into what checks work with, defaults of
the profile included.  ``convert`` does one value and says by code what is wrong with
it; the review asks it too, so that what passes the review can be resolved.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.errors import DeclarationError
from conformance.iut.questions import asked_ixit, close_to, effective_answers
from conformance.iut.values import Endpoint, Secret, SecretValue, seconds_of
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.iut.declaration import Declaration
    from conformance.profile.model import IxitItem, Snapshot

__all__ = ["SECRET_TYPES", "Misfit", "convert", "default_of", "resolve_ixit"]

SECRET_TYPES = frozenset({"secret", "secrets"})

_SECRET_MAX_OCTETS = 64 * 1024
_HOST_MAX_CHARS = 253
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")


class Misfit(ValueError):
    """A value that does not fit its question: a code and the facts for its sentence."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def resolve_ixit(
    declaration: Declaration,
    snapshot: Snapshot,
    environ: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the IXIT values by id, typed as the profile says, secrets found.

    Durations become seconds as ``float``, decimals ``Decimal``, addresses
    ``Endpoint``, secrets ``SecretValue``, files ``Path``.  What is not answered takes
    the profile's default.  ``environ`` is the process's own where it is ``None``.
    Raises ``DeclarationError`` that names the question.
    """
    environ = os.environ if environ is None else environ
    answers = effective_answers(snapshot, declaration.ics, declaration.role)
    asked = {item.id for item in asked_ixit(snapshot, declaration.role, answers)}
    known = {item.id for item in snapshot.ixit}
    for key in declaration.ixit:
        if key not in known:
            near = close_to(key, known)
            raise _at(declaration, key, Misfit("iut.unknown-ixit", key=key, near=near))
    values: dict[str, Any] = {}
    for item in snapshot.ixit:
        try:
            if item.id in declaration.ixit:
                given = declaration.ixit[item.id]
                values[item.id] = convert(item, given, declaration, environ)
            elif item.default is not None:
                values[item.id] = convert(item, default_of(item), declaration, environ)
            elif item.id in asked:
                asks = {"asks_zh": item.question["zh"], "asks_en": item.question["en"]}
                raise Misfit("iut.unanswered-ixit", question=item.id, **asks)
        except Misfit as misfit:
            raise _at(declaration, item.id, misfit) from None
    return values


def _at(declaration: Declaration, key: str, misfit: Misfit) -> DeclarationError:
    return DeclarationError(
        misfit.code,
        file=declaration.file,
        line=declaration.line("ixit", key),
        path=("ixit", key),
        **misfit.facts,
    )


def default_of(item: IxitItem) -> Any:
    """Return the profile's default as a declaration would write it."""
    default = item.default
    if isinstance(default, Mapping):
        if "secret" in default:
            return Secret(default["secret"])
        return Endpoint(default["host"], default["port"])
    if item.type == "decimal" and isinstance(default, str):
        # A snapshot holds decimals as text, so that its digest is exact.
        return Decimal(default)
    return default


def convert(
    item: IxitItem, value: Any, declaration: Declaration, environ: Mapping[str, str]
) -> Any:
    """Return one value as the item's type.  Raises ``Misfit``."""
    if isinstance(value, Secret) and item.type not in SECRET_TYPES:
        raise Misfit("iut.secret-not-expected", question=item.id, type=item.type)
    if item.type == "secrets":
        return _secrets(item, value, declaration, environ)
    if item.type == "secret":
        return _secret(item, value, declaration, environ)
    if item.type == "file":
        return _file(item, value, declaration)
    if item.type == "endpoint":
        return _endpoint(item, value, may_be_any_port=declaration.role != "platform")
    return _PLAIN[item.type](item, value)


def _string(item: IxitItem, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong_type(item, value)
    _match(item, value, shown=value)
    return value


def _integer(item: IxitItem, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong_type(item, value)
    return value


def _decimal(item: IxitItem, value: Any) -> Decimal:
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        raise _wrong_type(item, value)
    try:
        return Decimal(value)
    except InvalidOperation:
        raise _wrong_type(item, value) from None


def _boolean(item: IxitItem, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong_type(item, value)
    return value


def _duration(item: IxitItem, value: Any) -> float:
    seconds = seconds_of(value) if isinstance(value, str) else None
    if seconds is None:
        raise Misfit("iut.bad-duration", question=item.id, found=_shown(value))
    return seconds


_PLAIN: dict[str, Callable[[IxitItem, Any], Any]] = {
    "string": _string,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "duration": _duration,
}


def _endpoint(item: IxitItem, value: Any, *, may_be_any_port: bool) -> Endpoint:
    if not isinstance(value, Endpoint):
        raise _wrong_type(item, value)
    if not _is_host(value.host):
        raise Misfit("iut.bad-host", question=item.id, host=value.host)
    # Port 0 lets the suite listen on a free port; nobody can connect to it.
    least = 0 if may_be_any_port else 1
    if not least <= value.port <= 65_535:
        raise Misfit("iut.bad-port", question=item.id, port=value.port, least=least)
    return value


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        labels = host.removesuffix(".").split(".")
        return (
            len(host) <= _HOST_MAX_CHARS
            and all(_LABEL.fullmatch(label) for label in labels)
            and not (labels[-1].isascii() and labels[-1].isdigit())
        )
    return True


def _secrets(
    item: IxitItem, value: Any, declaration: Declaration, environ: Mapping[str, str]
) -> tuple[SecretValue, ...]:
    """Return several secrets that stand in one place, separated by blanks."""
    if isinstance(value, tuple):
        return value
    found = _secret(item, value, declaration, environ)
    return tuple(SecretValue(found.reference, w) for w in found.reveal().split())


def _secret(
    item: IxitItem, value: Any, declaration: Declaration, environ: Mapping[str, str]
) -> SecretValue:
    if isinstance(value, SecretValue):
        return value
    if not isinstance(value, Secret):
        raise Misfit("iut.secret-literal", question=item.id)
    kind, _, name = value.reference.partition(":")
    if kind == "env":
        found = environ.get(name, "")
    else:
        found = _secret_file(item, value.reference, name, declaration)
    if not found:
        raise Misfit("iut.secret-missing", question=item.id, secret=value.reference)
    _match(item, found, shown=str(value))
    return SecretValue(value.reference, found)


def _secret_file(
    item: IxitItem, reference: str, name: str, declaration: Declaration
) -> str:
    path = _beside(item, name, declaration)
    try:
        with path.open("rb") as stream:
            octets = stream.read(_SECRET_MAX_OCTETS + 1)
        if len(octets) > _SECRET_MAX_OCTETS:
            raise Misfit(
                "iut.secret-too-big",
                question=item.id,
                secret=reference,
                limit=_SECRET_MAX_OCTETS,
            )
        return octets.decode().rstrip("\r\n")
    except OSError:
        return ""
    except UnicodeDecodeError:
        raise Misfit(
            "iut.secret-not-text", question=item.id, secret=reference
        ) from None


def _file(item: IxitItem, value: Any, declaration: Declaration) -> Path:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str):
        raise _wrong_type(item, value)
    path = _beside(item, value, declaration)
    if not path.is_file():
        raise Misfit("iut.file-missing", question=item.id, name=value)
    return path


def _beside(item: IxitItem, name: str, declaration: Declaration) -> Path:
    """Return a file in the declaration's folder or below.

    Not outside: a laboratory runs declarations of strangers, and what they name as a
    secret is sent to the implementation under test.
    """
    folder = (declaration.file.parent if declaration.file else Path()).resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise Misfit("iut.file-outside", question=item.id, name=name)
    return path


def _match(item: IxitItem, value: str, *, shown: str) -> None:
    if item.pattern is not None and not re.fullmatch(item.pattern, value):
        raise Misfit("iut.pattern", question=item.id, pattern=item.pattern, found=shown)


_WANTED = {
    "string": Text("带引号的文本", "text in quotes"),
    "integer": Text("整数", "a whole number"),
    "decimal": Text("数字", "a number"),
    "boolean": Text("true 或 false", "true or false"),
    "endpoint": Text("地址", "an address"),
    "file": Text("文件的相对路径", "the relative path of a file"),
}
_SPELLED = {
    "string": Text('由数字组成的编号须加引号，如 "21"', 'quote digits, such as "21"'),
    "integer": Text(
        "不带小数点、单位和引号，如 3", "without point, unit and quotes, such as 3"
    ),
    "decimal": Text(
        "不带单位和引号，如 10 或 0.5", "without unit and quotes, such as 10 or 0.5"
    ),
    "boolean": Text("不加引号", "without quotes"),
    "endpoint": Text(
        "写作 {host: 192.0.2.10, port: 9000}",
        "written as {host: 192.0.2.10, port: 9000}",
    ),
    "file": Text("从声明文件所在目录算起", "taken from the folder of the declaration"),
}


def _wrong_type(item: IxitItem, value: Any) -> Misfit:
    wanted, spelled = _WANTED[item.type], _SPELLED[item.type]
    if isinstance(value, float):
        spelled = Text(
            "在程序中用 Decimal，不用 float", "in a program, Decimal, no float"
        )
    words = {"wanted_zh": wanted.zh, "wanted_en": wanted.en}
    words |= {"spelled_zh": spelled.zh, "spelled_en": spelled.en}
    return Misfit("iut.wrong-type", question=item.id, found=_shown(value), **words)


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else str(value)
