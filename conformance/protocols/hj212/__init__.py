# SPDX-License-Identifier: Apache-2.0
"""HJ 212: data transmission of pollution sources and environment monitoring.

Editions HJ/T 212-2005, HJ 212-2017 and HJ 212-2025 share one envelope; the data
segment says which edition it follows.
"""
