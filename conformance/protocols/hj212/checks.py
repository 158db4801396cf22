# SPDX-License-Identifier: Apache-2.0
"""Active procedures of HJ 212; importing this module registers them all.

``checks_platform`` drives platforms, ``checks_framing`` both, the others stations;
``exercises`` makes ordinary traffic for the rules.
"""

from __future__ import annotations

import conformance.protocols.hj212.checks_commands
import conformance.protocols.hj212.checks_device
import conformance.protocols.hj212.checks_exchanges
import conformance.protocols.hj212.checks_framing
import conformance.protocols.hj212.checks_heartbeat
import conformance.protocols.hj212.checks_history
import conformance.protocols.hj212.checks_identity
import conformance.protocols.hj212.checks_intervals
import conformance.protocols.hj212.checks_keys
import conformance.protocols.hj212.checks_operations
import conformance.protocols.hj212.checks_outage
import conformance.protocols.hj212.checks_parts
import conformance.protocols.hj212.checks_platform
import conformance.protocols.hj212.checks_platform_keys
import conformance.protocols.hj212.checks_platform_model
import conformance.protocols.hj212.checks_platform_requests
import conformance.protocols.hj212.checks_platform_sets
import conformance.protocols.hj212.checks_refusals
import conformance.protocols.hj212.checks_settings
import conformance.protocols.hj212.checks_streams
import conformance.protocols.hj212.checks_uploads
import conformance.protocols.hj212.exercises  # noqa: F401

__all__: list[str] = []
