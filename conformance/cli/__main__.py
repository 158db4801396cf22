# SPDX-License-Identifier: Apache-2.0
"""``python -m conformance.cli``: the same as ``luheng``."""

from __future__ import annotations

from conformance.cli.main import entry

entry()
