# SPDX-License-Identifier: Apache-2.0
"""Versions, ranges and durations, against independent readings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from conformance.errors import ProfileError
from conformance.profile.periods import seconds
from conformance.profile.versions import in_range, order, split_range

NUMBERS = st.integers(0, 12)
RELEASES = st.tuples(NUMBERS, NUMBERS, NUMBERS).map(lambda t: ".".join(map(str, t)))
PHASES = st.tuples(st.sampled_from(["alpha", "beta", "rc"]), st.integers(1, 12))
VERSIONS = RELEASES | st.tuples(RELEASES, PHASES).map(
    lambda t: f"{t[0]}-{t[1][0]}.{t[1][1]}"
)
LIMITS = st.lists(NUMBERS, min_size=1, max_size=3).map(lambda t: ".".join(map(str, t)))
PARTS = st.tuples(st.sampled_from([">=", "<=", "<", ">", "=="]), LIMITS).map("".join)
RANGES = st.lists(PARTS, min_size=1, max_size=3).map(",".join)


@given(VERSIONS, VERSIONS)
def test_versions_sort_as_packaging_sorts_them(one: str, other: str) -> None:
    assert (order(one) < order(other)) is (Version(one) < Version(other))


@given(RELEASES, RANGES)
def test_ranges_mean_what_packaging_means(version: str, wanted: str) -> None:
    expected = SpecifierSet(wanted).contains(version, prereleases=False)
    assert in_range(version, wanted) is expected


@given(RELEASES, PHASES)
def test_a_prerelease_is_in_no_range(release: str, phase: tuple[str, int]) -> None:
    assert not in_range(f"{release}-{phase[0]}.{phase[1]}", ">=0")


@pytest.mark.parametrize("wanted", ["", "1.0", "~=1.0", ">=1.0.0.0", ">=a", ">= 1_0"])
def test_what_is_no_range_admits_nothing(wanted: str) -> None:
    assert not in_range("1.0.0", wanted)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("base >=1.3,<2", ("base", ">=1.3,<2")),
        ("base>=1", ("base", ">=1")),
        ("sd-base ==1.0.0", ("sd-base", "==1.0.0")),
    ],
)
def test_an_extends_entry_is_an_id_and_a_range(
    text: str, parts: tuple[str, str]
) -> None:
    assert split_range(text) == parts


@given(st.integers(0, 400), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_a_duration_is_its_seconds(d: int, h: int, m: int, s: int) -> None:
    expected = timedelta(days=d, hours=h, minutes=m, seconds=s).total_seconds()
    assert seconds(f"P{d}DT{h}H{m}M{s}S") == expected


@pytest.mark.parametrize("text", ["", "P", "PT", "P1M", "P1Y", "1H", "PT1.5H", "P1DT"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ProfileError) as caught:
        seconds(text)
    assert caught.value.code == "profile.bad-duration"
