# SPDX-License-Identifier: Apache-2.0
"""Writers: each reads the one result object, none computes a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.engine.result import RunResult
    from conformance.report.panels import Explain

__all__ = ["write_all"]


def write_all(
    result: RunResult,
    folder: Path,
    *,
    language: str,
    explain: Explain | None,
    laboratory: Path | None = None,
    proof: Path | None = None,
) -> dict[str, Path]:
    """Write every report of a run into its folder; return them by name.

    ``laboratory`` is the file of whoever signs, ``proof`` that of ``luheng prove``.
    Raises ``InputError`` (``report.cannot-write``).
    """
    from conformance.report.html import write_html
    from conformance.report.junit import write_junit
    from conformance.report.laboratory import load_laboratory
    from conformance.report.seal import load_seal

    form = load_laboratory(laboratory) if laboratory else None
    seal = load_seal(proof, result) if proof else None
    paths = {"junit": folder / "junit.xml", "html": folder / "report.html"}
    write_junit(result, paths["junit"], language=language)
    write_html(
        result,
        paths["html"],
        explain=explain,
        language=language,
        laboratory=form,
        seal=seal,
    )
    return paths
