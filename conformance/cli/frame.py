# SPDX-License-Identifier: Apache-2.0
"""``luheng frame``: one frame explained, or a file of frames judged."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from conformance.errors import InputError, UsageError
from conformance.protocols import PROTOCOLS, room
from conformance.text import Text, render_error

if TYPE_CHECKING:
    from conformance.protocols.explained import Explanation

__all__ = ["add_arguments"]

_FILE_MAX_OCTETS = 64 << 20
_DEFAULT_ENCODING = {"hj212": "ascii", "mqtt": "hex"}


def add_arguments(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], language: str
) -> None:
    """Add ``frame``."""
    parser = commands.add_parser("frame")
    parser.add_argument(
        "protocol",
        metavar="|".join(PROTOCOLS),
        help=Text("协议", "the protocol")[language],
    )
    parser.add_argument(
        "frame",
        nargs="?",
        metavar="FRAME|@FILE|-",
        help=Text(
            "报文、文件中的原始字节或标准输入",
            "the frame, the raw octets of a file, or those of standard input",
        )[language],
    )
    parser.add_argument(
        "--encoding",
        metavar="ascii|hex",
        help=Text("命令行上报文的写法", "how FRAME is written")[language],
    )
    parser.add_argument(
        "--version",
        dest="frame_version",
        metavar="VERSION",
        help=Text("协议版本，如 mqtt 的 5.0", "the version, such as 5.0 of mqtt")[
            language
        ],
    )
    parser.add_argument(
        "--batch",
        type=Path,
        metavar="FILE",
        help=Text("逐行判定 JSON Lines 文件", "judge JSON Lines of frames")[language],
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--key-env",
        metavar="NAME",
        help=Text("解密数据区的密钥所在的环境变量", "variable that holds the key")[
            language
        ],
    )
    source.add_argument(
        "--key-file",
        type=Path,
        metavar="FILE",
        help=Text("解密数据区的密钥所在的文件", "file that holds the key")[language],
    )
    parser.set_defaults(handler=_frame)


def _frame(args: argparse.Namespace, language: str, out: TextIO) -> int:
    explain = room(args.protocol, "explain")
    options = _options(explain, args.frame_version) | _key(args, explain)
    if args.batch:
        return _batch(args.batch, explain, options, language, out)
    if args.frame is None:
        raise UsageError("cli.needed", option="FRAME", command="luheng frame")
    encoding = args.encoding or _DEFAULT_ENCODING[args.protocol]
    if args.frame == "-":
        octets = sys.stdin.buffer.read(_FILE_MAX_OCTETS)
    elif args.frame.startswith("@"):
        octets = _read(Path(args.frame[1:]))
    else:
        octets = _decode(explain, args.frame, encoding)
    found = explain.explain(octets, **options)
    _print(found, language, out)
    return 0 if not found.violations else 1


def _options(explain: Any, version: str | None) -> dict[str, Any]:
    """Return what ``explain`` is told of the version, nothing if nobody said.

    Raises ``UsageError`` (``cli.unknown-version``) for one the protocol does not know.
    """
    known = getattr(explain, "VERSIONS", {})
    if version is None:
        return {}
    if version not in known:
        shown = ", ".join(known) or "-"
        raise UsageError("cli.unknown-version", version=version, known=shown)
    return {"version": known[version]}


def _key(args: argparse.Namespace, explain: Any) -> dict[str, bytes]:
    """Return the key, which never stands in the command line, for ``explain``."""
    if args.key_env is None and args.key_file is None:
        return {}
    read = getattr(explain, "read_key", None)
    if read is None:
        raise UsageError("cli.no-keys", protocol=args.protocol)
    if args.key_file is not None:
        text = _read(args.key_file).decode("utf-8", "replace").rstrip("\r\n")
    elif (found := os.environ.get(args.key_env)) is not None:
        text = found
    else:
        raise InputError("cli.no-variable", name=args.key_env)
    return {"key": read(text)}


def _decode(explain: Any, text: str, encoding: str) -> bytes:
    octets: bytes = explain.decode_text(text, encoding)
    return octets


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:  # a device has no size, so it is not asked
            octets = file.read(_FILE_MAX_OCTETS + 1)
    except OSError as error:
        raise InputError("cli.cannot-read", file=path, reason=error.strerror) from None
    if len(octets) > _FILE_MAX_OCTETS:
        raise InputError("cli.too-large", file=path, limit=_FILE_MAX_OCTETS)
    return octets


def _batch(
    path: Path, explain: Any, options: dict[str, Any], language: str, out: TextIO
) -> int:
    for number, line in enumerate(_read(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            frame, encoding, version = _row(line)
            told = options | _options(explain, version)
            found = explain.explain(_decode(explain, frame, encoding), **told)
        except (InputError, UsageError, ValueError, RecursionError) as error:
            said = "JSON"
            if isinstance(error, InputError | UsageError):
                said = render_error(error, language).partition("\n")[0]
            raise InputError(
                "cli.bad-batch", file=path, line=number, reason=said
            ) from None
        print(json.dumps(_as_json(found), ensure_ascii=False), file=out)
    return 0


def _row(line: bytes) -> tuple[str, str, str | None]:
    """Return frame, encoding and, if told, version of a line.

    Raises ``ValueError``, ``InputError``.
    """
    row = json.loads(line)
    row = row if isinstance(row, dict) else {}
    frame, encoding = row.get("frame"), row.get("encoding", "ascii")
    version = row.get("version")
    if not isinstance(frame, str) or not isinstance(encoding, str):
        raise InputError("cli.needed", option="frame, encoding")
    if not isinstance(version, str | None):
        raise InputError("cli.needed", option="version")
    return frame, encoding, version


def _as_json(found: Explanation) -> dict[str, Any]:
    return {
        "framing_ok": found.framing_ok,
        "violations": [
            {
                "rule": v.rule,
                "layer": v.layer,
                "detail": v.detail["en"],
                "detail_zh": v.detail["zh"],
                "at": v.at,
                "size": v.size,
            }
            for v in found.violations
        ],
        "decoded": found.decoded,
    }


def _print(found: Explanation, language: str, out: TextIO) -> None:
    for field in found.fields:
        end = field.at + max(field.size, 1) - 1
        value = _visible(field.value)
        meaning = _visible(field.meaning[language])
        print(f"{field.at:>5}-{end:<5} {field.name:<14} {value}", file=out)
        if meaning and meaning != value:
            print(f"{'':>12}{'':<15}{meaning}", file=out)
    layers = {"framing": Text("成帧", "framing"), "content": Text("内容", "content")}
    for v in found.violations:
        print(
            f"! {v.at:>4}  [{layers[v.layer][language]}] {v.rule}: "
            f"{_visible(v.detail[language])}",
            file=out,
        )
    verdict = Text("未发现违规", "no violation found")
    if found.violations:
        count = len(found.violations)
        verdict = Text(f"共 {count} 处违规", f"{count} violation(s)")
    print(verdict[language], file=out)


def _visible(text: str) -> str:
    """Return text that cannot drive the terminal."""
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[:400])
    return shown + "…" if len(text) > 400 else shown
