# SPDX-License-Identifier: Apache-2.0
"""The proof that stands behind a report: which faults its checks have caught.

Reads the JSON that ``luheng prove`` writes and holds it against the profile that was
tested: a proof of another digest proves nothing here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.engine.result import RunResult
from conformance.errors import InputError
from conformance.report.markup import Markup, join, tag
from conformance.text import Text

__all__ = ["Seal", "load_seal", "seal_words"]


@dataclass(frozen=True, slots=True)
class Seal:
    """A proof in one line."""

    digest: str
    """Of the file, so that a reader can tell which proof it was."""
    implementations: int
    faults: int
    objections: int


def load_seal(path: Path, result: RunResult) -> Seal:
    """Return what a proof says of the profile of a result.

    Raises ``InputError`` (``report.not-a-proof``, ``report.proof-of-another``).
    """
    try:
        octets = path.read_bytes()
        proof: Any = json.loads(octets)
        digest = proof["profile_digest"]
        kinds = [trial["kind"] for trial in proof["trials"]]
        objections = len(proof["objections"])
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError("report.not-a-proof", file=path, reason=reason) from error
    except (LookupError, RecursionError, TypeError, ValueError) as error:
        reason = type(error).__name__
        raise InputError("report.not-a-proof", file=path, reason=reason) from error
    tested = result.header.get("profile_digest")
    if digest != tested:
        raise InputError(
            "report.proof-of-another", file=path, found=digest, tested=tested
        )
    return Seal(
        f"sha256:{hashlib.sha256(octets).hexdigest()}",
        len(kinds),
        kinds.count("fault"),
        objections,
    )


def seal_words(seal: Seal) -> Markup:
    """Return the digest and what the proof rests on."""
    count, faults, against = seal.implementations, seal.faults, seal.objections
    zh = f"有 {against} 项异议" if against else "无异议"
    en = f"{against} objection(s)" if against else "no objection"
    text = Text(
        f"{count} 个实现，其中 {faults} 个带缺陷，{zh}",
        f"{count} implementations, {faults} of them faulty; {en}",
    )
    return join([tag("code", seal.digest), tag("div", text, class_="note")])
