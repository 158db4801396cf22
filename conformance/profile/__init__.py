# SPDX-License-Identifier: Apache-2.0
"""Standards as data: load, check, resolve and digest profiles.

``corpus`` finds them, ``yamlio`` reads them, ``resolve`` folds a profile and its bases
into one :class:`~conformance.profile.model.Snapshot`.  Nothing here knows the engine,
the wire or an implementation under test.
"""
