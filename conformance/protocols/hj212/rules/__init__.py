# SPDX-License-Identifier: Apache-2.0
"""Rules of HJ 212 over recordings: one look at each thing that was sent.

Each rule says of what the implementation sent that it is right, that it is wrong and
how, or that it is not its matter.  Importing this room registers the rules of all its
parts: packet, segment, data area, values, declared elements, flow and data.

Source: HJ 212-2017, 6.3 (packet, segment, data area), 6.6 (codes) and annex A.
"""

from __future__ import annotations

import conformance.protocols.hj212.rules.area
import conformance.protocols.hj212.rules.clock
import conformance.protocols.hj212.rules.data
import conformance.protocols.hj212.rules.edition_2025
import conformance.protocols.hj212.rules.elements
import conformance.protocols.hj212.rules.flow
import conformance.protocols.hj212.rules.hours
import conformance.protocols.hj212.rules.marks
import conformance.protocols.hj212.rules.paces
import conformance.protocols.hj212.rules.packet
import conformance.protocols.hj212.rules.relations
import conformance.protocols.hj212.rules.segment
import conformance.protocols.hj212.rules.values  # noqa: F401
from conformance.protocols.hj212.dialogue import decode, looks_like

__all__ = ["decode", "looks_like"]
