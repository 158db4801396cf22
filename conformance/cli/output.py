# SPDX-License-Identifier: Apache-2.0
"""Where a command writes: a stream that a reader may leave early.

``luheng run … | head -1`` must neither stop the run nor change its exit code, so what
nobody reads any more is dropped.  A stream that cannot be written for another reason,
such as a full disk, is an error with a name.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from io import TextIOBase
from typing import TextIO

from conformance.errors import SuiteError

__all__ = ["Output", "settle"]

# Windows reports a closed pipe as EINVAL.
_GONE = (errno.EPIPE, errno.ECONNRESET, *((errno.EINVAL,) if os.name == "nt" else ()))


class Output(TextIOBase):
    """A text stream around another; drops what is written after its reader left."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.stream = stream
        self.is_gone = False

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self.stream, "encoding", None) or "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not self.is_gone:
            with self._guarded():
                self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        if not self.is_gone and not self.stream.closed:
            with self._guarded():
                self.stream.flush()

    def isatty(self) -> bool:
        return not self.is_gone and self.stream.isatty()

    def fileno(self) -> int:
        return self.stream.fileno()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.is_gone = True
            if error.errno not in _GONE:
                reason = error.strerror or type(error).__name__
                raise SuiteError("cli.cannot-print", reason=reason) from None


def settle(stream: TextIO) -> None:
    """Keep the interpreter from complaining about a dead standard stream at exit."""
    try:
        stream.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
