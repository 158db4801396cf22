# SPDX-License-Identifier: Apache-2.0
"""Data elements on and off the wire: judged, described, generated; no protocol."""
