# SPDX-License-Identifier: Apache-2.0
"""Luheng: conformance and certification of IoT implementations against profiles."""

__version__ = "0.1.0"
