# SPDX-License-Identifier: Apache-2.0
"""Active procedures of HJ 212; importing this module registers them all.

``checks.platform`` drives platforms, ``checks.framing`` both, the others stations;
``exercises`` makes ordinary traffic for the rules.
"""

from __future__ import annotations

import conformance.protocols.hj212.checks.commands
import conformance.protocols.hj212.checks.device
import conformance.protocols.hj212.checks.exchanges
import conformance.protocols.hj212.checks.framing
import conformance.protocols.hj212.checks.heartbeat
import conformance.protocols.hj212.checks.history
import conformance.protocols.hj212.checks.identity
import conformance.protocols.hj212.checks.intervals
import conformance.protocols.hj212.checks.keys
import conformance.protocols.hj212.checks.operations
import conformance.protocols.hj212.checks.outage
import conformance.protocols.hj212.checks.parts
import conformance.protocols.hj212.checks.platform
import conformance.protocols.hj212.checks.platform_keys
import conformance.protocols.hj212.checks.platform_model
import conformance.protocols.hj212.checks.platform_requests
import conformance.protocols.hj212.checks.platform_sets
import conformance.protocols.hj212.checks.refusals
import conformance.protocols.hj212.checks.settings
import conformance.protocols.hj212.checks.streams
import conformance.protocols.hj212.checks.uploads
import conformance.protocols.hj212.exercises  # noqa: F401

__all__: list[str] = []
