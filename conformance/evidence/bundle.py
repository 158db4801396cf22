# SPDX-License-Identifier: Apache-2.0
"""The folder of a run.

    results.jsonl            header, one record per requirement, footer
    snapshot.json            the resolved profile that was tested
    series.json              values and intervals over time, for pictures
    evidence/wire.pcapng     every octet with its time          (owner only)
    evidence/journal.jsonl   what each check saw, in order      (owner only)
    evidence/inputs.json     declaration and resolved IXIT      (owner only)

Records are appended as they come and the file is put in order at the end, so a killed
run leaves a readable file without a footer.  The footer has the digests of recording
and journal, so that a change shows.  Secrets stand in ``evidence/`` alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.engine.result import Footer, Record, RunResult
from conformance.engine.series import Series
from conformance.errors import ConformanceError, InputError
from conformance.link.recorder import StorageFailed
from conformance.profile.model import Snapshot

__all__ = [
    "Bundle",
    "json_lines",
    "read_result",
    "result_text",
    "sound",
    "write_whole",
]

FORMAT = 1
_LINE_MAX_OCTETS = 64 << 20
_HEADER = {"profile", "profile_digest", "role", "seed", "depth", "start", "run"}
"""Without these a header is of no use."""


class Bundle:
    """A run's folder, open for reading and, by its owner, for writing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.results = folder / "results.jsonl"
        self.snapshot = folder / "snapshot.json"
        self.series = folder / "series.json"
        self.evidence = folder / "evidence"
        self.wire = self.evidence / "wire.pcapng"
        self.journal_file = self.evidence / "journal.jsonl"
        self.inputs = self.evidence / "inputs.json"

    @classmethod
    def create(
        cls,
        folder: Path,
        header: dict[str, Any],
        snapshot: Snapshot,
        inputs: dict[str, Any],
    ) -> Bundle:
        """Make the folder and write what is known before the run.

        Raises ``InputError`` (``evidence.cannot-write``, ``evidence.exists``).
        """
        bundle = cls(folder)
        if bundle.results.exists():
            raise InputError("evidence.exists", file=folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            bundle.evidence.mkdir(mode=0o700, exist_ok=True)
            bundle.evidence.chmod(0o700)  # mkdir obeys the umask, this does not
            _write(bundle.snapshot, _dump(snapshot.to_json()) + "\n")
            _write(bundle.inputs, _dump(inputs) + "\n", private=True)
            _write(bundle.journal_file, "", private=True)
            _write(bundle.wire, "", private=True)
            _write(bundle.results, _dump({"type": "header", **header}) + "\n")
        except OSError as error:
            with contextlib.suppress(OSError):
                bundle.results.unlink()  # half a header is no run, and none to protect
            raise _cannot_write(error, folder) from error
        return bundle

    # The sink of an execution

    def journal(self, line: dict[str, Any]) -> None:
        """Append what a check saw."""
        self._append(self.journal_file, line)

    def record(self, record: Record) -> None:
        """Append a record."""
        self._append(self.results, record.to_json())

    def _append(self, path: Path, data: dict[str, Any]) -> None:
        try:
            with path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(_dump(data) + "\n")
        except OSError as error:
            raise StorageFailed(path, error) from error

    def finish(self, records: Sequence[Record], footer: Footer) -> None:
        """Put the results in order and close them with the footer."""
        header = {k: v for k, v in next(_lines(self.results)).items() if k != "type"}
        try:
            write_whole(
                self.results, result_text(RunResult(header, tuple(records), footer))
            )
        except OSError as error:
            raise StorageFailed(self.results, error) from error

    # Whether it is still what was written

    def digests(self) -> dict[str, str]:
        """Return the digests of what verdicts rest on, by file.

        Not of the inputs: all but the passwords in them stands in the open, so their
        digest would let anybody try passwords.  Raises ``StorageFailed``.
        """
        told = {}
        for path in self._sealed:
            try:
                told[self._name(path)] = _digest(path)
            except OSError as error:
                raise StorageFailed(path, error) from error
        return told

    def verify(self, footer: Footer | None, *, whole: bool = True) -> None:
        """Compare the evidence with the digests of the footer, where it has any.

        Raises ``InputError`` (``evidence.altered``, ``evidence.gone``).  Unless
        ``whole`` is wanted, evidence that was left behind is no objection.
        """
        told = (footer.evidence if footer else None) or {}
        for path in self._sealed:
            expected = told.get(self._name(path))
            if expected is None or not (whole or path.exists()):
                continue
            with _told(path):
                found = _digest(path)
            if found != expected:
                raise InputError(
                    "evidence.altered", file=path, expected=expected, found=found
                )

    @property
    def _sealed(self) -> tuple[Path, ...]:
        return self.wire, self.journal_file

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    # Reading

    def result(self) -> RunResult:
        """Return the result as the file has it.  Raises ``InputError``."""
        read_result(self.results)  # a folder without results is no run at all
        stored = _load(self.snapshot)
        with sound(self.snapshot):
            snapshot = Snapshot.from_json(stored)
        return replace(
            read_result(self.results, snapshot), series=_read_series(self.series)
        )

    def read_inputs(self) -> dict[str, Any]:
        """Return declaration and IXIT.  Raises ``InputError``."""
        data: dict[str, Any] = _load(self.inputs)
        return data

    def read_journal(self) -> list[dict[str, Any]]:
        """Return the lines of the journal; a torn last line is left out."""
        lines = list(_lines(self.journal_file, torn_is_fine=True))
        for number, line in enumerate(lines, 1):
            if not _is_journal_line(line):
                raise InputError(
                    "evidence.damaged", file=self.journal_file, line=number, reason="?"
                )
        return lines


def _read_series(path: Path) -> Series | None:
    """Return what a run measured, ``None`` where nothing can be drawn."""
    try:
        return Series.from_json(json.loads(path.read_bytes()))
    except (ArithmeticError, LookupError, OSError, RecursionError):
        return None
    except (AttributeError, TypeError, ValueError):
        return None


def _is_journal_line(line: dict[str, Any]) -> bool:
    entries = line.get("entries")
    return (
        isinstance(line.get("name"), str)
        and isinstance(line.get("attempt"), int)
        and isinstance(line.get("process"), int)
        and isinstance(entries, list)
        and bool(entries)
        and all(isinstance(e, dict) and "op" in e and "at" in e for e in entries)
    )


@contextlib.contextmanager
def sound(path: Path) -> Iterator[None]:
    """Name the file whose content turns out to be something else than was written."""
    try:
        yield
    except ConformanceError as error:
        error.file = error.file or str(path)
        raise
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__} {error}"
        raise InputError("evidence.damaged", file=path, reason=reason) from None


def read_result(path: Path, snapshot: Snapshot | None = None) -> RunResult:
    """Return the result that a ``results.jsonl`` holds.

    A file without footer is read as what it is: a run without an end.  Raises
    ``InputError`` (``evidence.not-results``, ``evidence.damaged``).
    """
    lines = list(_lines(path, torn_is_fine=True, lost="evidence.missing"))
    if not lines or lines[0].get("type") != "header":
        raise InputError("evidence.not-results", file=path)
    if lines[0].get("format") != FORMAT:
        raise InputError(
            "evidence.wrong-format", file=path, found=lines[0].get("format")
        )
    footer = lines[-1] if lines[-1].get("type") == "footer" else None
    body = lines[1:-1] if footer else lines[1:]
    with sound(path):
        records = tuple(Record.from_json(line) for line in body)
        end = Footer.from_json(footer) if footer else None
    header = {k: v for k, v in lines[0].items() if k != "type"}
    if missing := _HEADER - header.keys():
        reason = ", ".join(sorted(missing))
        raise InputError("evidence.damaged", file=path, line=1, reason=reason)
    return RunResult(header, records, end, snapshot)


def result_text(result: RunResult) -> str:
    """Return the lines of ``results.jsonl``; no footer when there is none."""
    lines = [{"type": "header", **result.header}]
    lines += [record.to_json() for record in result.records]
    lines += [result.footer.to_json()] if result.footer else []
    return json_lines(lines)


_BACKSLASH = "backslashreplace"


def json_lines(rows: Sequence[dict[str, Any]]) -> str:
    """Return JSON Lines text with sorted keys."""
    return "".join(_dump(row) + "\n" for row in rows)


def write_whole(path: Path, text: str) -> None:
    """Write a file completely or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
        with contextlib.suppress(OSError):
            os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _write(path: Path, text: str, *, private: bool = False) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    handle = os.open(path, flags, 0o600 if private else 0o644)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def _dump(data: Any) -> str:
    """Return one line of JSON that UTF-8 can hold.

    Octets of a peer that are no UTF-8 are surrogates in a string (PEP 383).  JSON's own
    escape keeps those, so that a journal is read back as it was.
    """
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text if text.isascii() else text.encode("utf-8", _BACKSLASH).decode()


@contextlib.contextmanager
def _told(path: Path, lost: str = "evidence.gone") -> Iterator[None]:
    """Say of a file that cannot be read why; ``lost`` is the code where it is not."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(lost, file=path) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError("evidence.unreadable", file=path, reason=reason) from None


def _load(path: Path) -> Any:
    with _told(path):
        content = path.read_bytes()
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        reason = f"JSON ({type(error).__name__})"
        raise InputError("evidence.damaged", file=path, reason=reason) from None


def _lines(
    path: Path, *, torn_is_fine: bool = False, lost: str = "evidence.gone"
) -> Iterator[dict[str, Any]]:
    with _told(path, lost), path.open("rb") as file:
        for number, line in enumerate(
            iter(lambda: file.readline(_LINE_MAX_OCTETS), b""), 1
        ):
            whole = line.endswith(b"\n")
            try:
                data = json.loads(line)
            except (ValueError, RecursionError):
                data = None
            if isinstance(data, dict) and whole:
                yield data
            elif not (torn_is_fine and not whole):
                raise InputError(
                    "evidence.damaged", file=path, line=number, reason="JSON"
                )


def _cannot_write(error: OSError, path: Path) -> InputError:
    reason = error.strerror or type(error).__name__
    return InputError(
        "evidence.cannot-write", file=error.filename or path, reason=reason
    )
