# SPDX-License-Identifier: Apache-2.0
"""Rules of HJ 212 over recordings: one look at each thing that was sent.

Each rule says of what the implementation sent that it is right, that it is wrong and
how, or that it is not its matter.  Importing this room registers the rules of all its
parts: packet, segment, values, declared elements, flow and data.

Source: HJ 212-2017, 6.3 (packet, segment, data area), 6.6 (codes) and annex A.
"""

from __future__ import annotations

from conformance.protocols.hj212 import (
    rules_data,
    rules_elements,
    rules_flow,
    rules_packet,
    rules_segment,
    rules_values,
)
from conformance.protocols.hj212.dialogue import decode, looks_like

__all__ = [
    "decode",
    "looks_like",
    "rules_data",
    "rules_elements",
    "rules_flow",
    "rules_packet",
    "rules_segment",
    "rules_values",
]
