# SPDX-License-Identifier: Apache-2.0
"""Active procedures of HJ 212; importing this module registers them all.

``checks_device`` and ``checks_intervals`` drive stations, ``checks_uploads`` waits for
theirs, ``checks_platform`` drives platforms, ``checks_framing`` both; ``exercises``
makes ordinary traffic for the rules.
"""

from __future__ import annotations

import conformance.protocols.hj212.checks_device
import conformance.protocols.hj212.checks_framing
import conformance.protocols.hj212.checks_intervals
import conformance.protocols.hj212.checks_platform
import conformance.protocols.hj212.checks_uploads
import conformance.protocols.hj212.exercises  # noqa: F401

__all__: list[str] = []
