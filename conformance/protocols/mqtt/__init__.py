# SPDX-License-Identifier: Apache-2.0
"""MQTT: rooms of the protocol (``codec``, ``explain``, ...).

The codec speaks MQTT 3.1.1 (OASIS Standard, 29 October 2014; ISO/IEC 20922:2016).
"""
