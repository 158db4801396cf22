# SPDX-License-Identifier: Apache-2.0
"""Where the project's data lies: profiles, schemas, fixtures.

In a checkout these are folders beside the package; in an installed wheel they are
inside it.  Nothing else in the code knows the difference.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["data_dir"]

_PACKAGE = Path(__file__).resolve().parent


def data_dir(name: str) -> Path:
    """Return the folder ``profiles``, ``schemas`` or ``fixtures``."""
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
