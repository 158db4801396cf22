# SPDX-License-Identifier: Apache-2.0
"""``python -m conformance.protocols.mqtt.device``: the device alone, until stopped."""

from __future__ import annotations

import sys

from conformance.protocols.mqtt.device import main

main(sys.argv[1:])
