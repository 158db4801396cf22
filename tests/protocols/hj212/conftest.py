# SPDX-License-Identifier: Apache-2.0
"""The profile that the HJ 212 rooms are tested with."""

from __future__ import annotations

import pytest

from conformance.profile.corpus import default_corpus
from conformance.profile.model import Snapshot


@pytest.fixture(scope="session")
def snapshot() -> Snapshot:
    """A domain profile with HJ 212 elements."""
    return default_corpus().resolve("sd-water-surface-station@1.0.0")
