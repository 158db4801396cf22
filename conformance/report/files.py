# SPDX-License-Identifier: Apache-2.0
"""Where reports meet the disk."""

from __future__ import annotations

from pathlib import Path

from conformance.errors import InputError

__all__ = ["save"]


def save(path: Path, text: str) -> None:
    """Write a report as UTF-8.  Raises ``InputError`` (``report.cannot-write``)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError("report.cannot-write", file=path, reason=reason) from error
