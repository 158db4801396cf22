# SPDX-License-Identifier: Apache-2.0
"""All implementations of this folder by name, and one run of one of them.

``certify`` is what a worker process does; it returns plain data.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tests.outside.bench import certify_platform, certify_station
from tests.outside.faulty_platforms import PLATFORMS
from tests.outside.faulty_stations import STATIONS
from tests.outside.odd import ODD_PLATFORMS, ODD_STATIONS
from tests.outside.platform import Platform
from tests.outside.station import Station

__all__ = ["FAULTS", "HONEST", "ODD", "certify"]

HONEST: dict[str, type[Any]] = {"station": Station, "platform": Platform}
ODD: dict[str, type[Any]] = {
    **{f"station:{name}": make for name, make in ODD_STATIONS.items()},
    **{f"platform:{name}": make for name, make in ODD_PLATFORMS.items()},
}
FAULTS = {
    **{f"station:{name}": fault for name, fault in STATIONS.items()},
    **{f"platform:{name}": fault for name, fault in PLATFORMS.items()},
}


def certify(name: str) -> dict[str, dict[str, Any]]:
    """Return the records of a run as JSON data, by requirement."""
    make = (HONEST | ODD).get(name) or FAULTS[name].make
    run = certify_station if name.startswith("station") else certify_platform
    with tempfile.TemporaryDirectory() as folder:
        records = run(make, Path(folder) / "run")
    return {key: record.to_json() for key, record in records.items()}
