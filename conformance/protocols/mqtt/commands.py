# SPDX-License-Identifier: Apache-2.0
"""Commands to a device as a profile binds them: valid ones, and wrong in one way.

Examples are plain data, so that evidence can hold them: which command, its arguments,
and the name of the one defect.  Octets are made of them here, with a fresh identifier.

Source: the parameter ``commands`` of the binding; profile sd-base-mqtt-uplink.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from conformance.data.formats import encode_json

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = [
    "DEFECTS",
    "Offers",
    "command",
    "damaged",
    "invalid",
    "names_sender",
    "valid",
]

Offers = Mapping[str, Mapping[str, Any]]
Body = dict[str, Any]

_OVER_MAX = 1000
"""By how much an argument is beyond its limit at most."""


def command(name: str, arguments: Mapping[str, Any], identifier: str) -> Body:
    """Return a command as the profile has it."""
    return {"id": identifier, "command": name, "arguments": dict(arguments)}


def valid(offers: Offers, kind: str = "set") -> SearchStrategy[Any]:
    """Return ``[command, arguments]``, each argument within its limits."""
    from hypothesis import strategies as st

    def one(name: str) -> SearchStrategy[Any]:
        limits = offers[name].get("arguments", {})
        values = {
            key: st.one_of(
                st.sampled_from((of["min"], of["max"])),
                st.integers(of["min"], of["max"]),
            )
            for key, of in limits.items()
        }
        return st.fixed_dictionaries(values).map(lambda given: [name, given])

    names = sorted(n for n, o in offers.items() if o.get("kind", "read") == kind)
    return st.sampled_from(names).flatmap(one)


def invalid(offers: Offers, defect: str) -> SearchStrategy[Any]:
    """Return ``[command, arguments, defect, by how much]`` with just that defect."""
    from hypothesis import strategies as st

    over = st.integers(1, _OVER_MAX)
    return st.tuples(valid(offers), over).map(lambda d: [*d[0], defect, d[1]])


def damaged(offers: Offers, example: Any, identifier: str) -> bytes:
    """Return the octets of an example of :func:`invalid`."""
    name, arguments, defect, over = example
    body = command(name, arguments, identifier)
    limits = offers[name].get("arguments", {})
    return DEFECTS[defect](body, limits, over)


def names_sender(defect: str) -> bool:
    """Say whether a device can still tell which command it is to refuse."""
    return defect not in _NAMELESS


def _edited(edit: Callable[[Body, Any, int], None]) -> Callable[..., bytes]:
    def make(body: Body, limits: Any, over: int) -> bytes:
        edit(body, limits, over)
        return encode_json(body)

    return make


def _each(change: Callable[[Any, Any, int], Any]) -> Callable[..., bytes]:
    """Damage the first argument of a command; one without gets a wrong name."""

    def edit(body: Body, limits: Any, over: int) -> None:
        given = body["arguments"]
        if not given:
            body["command"] += "_"
            return
        first = sorted(given)[0]
        given[first] = change(given[first], limits[first], over)

    return _edited(edit)


def _without_argument(body: Body, limits: Any, over: int) -> None:
    if body["arguments"]:
        body["arguments"].pop(sorted(body["arguments"])[0])
    else:
        body["command"] += "_"


DEFECTS: Mapping[str, Callable[[Body, Any, int], bytes]] = {
    "unknown-command": _edited(lambda b, _, n: b.update(command=f"no_such_{n}")),
    "no-command": _edited(lambda b, _, n: b.pop("command")),
    "command-number": _edited(lambda b, _, n: b.update(command=n)),
    "no-argument": _edited(_without_argument),
    "above-limit": _each(lambda value, of, n: of["max"] + n),
    "below-limit": _each(lambda value, of, n: of["min"] - n),
    "fraction": _each(lambda value, of, n: Decimal(f"{value}.5")),
    "text": _each(lambda value, of, n: str(value)),
    "boolean": _each(lambda value, of, n: True),
    "null": _each(lambda value, of, n: None),
    "list": _each(lambda value, of, n: [value]),
    "arguments-list": _edited(
        lambda b, _, n: b.update(arguments=list(b["arguments"].values()))
    ),
    "no-id": _edited(lambda b, _, n: b.pop("id")),
    "id-number": _edited(lambda b, _, n: b.update(id=n)),
    "id-empty": _edited(lambda b, _, n: b.update(id="")),
    "cut-short": lambda b, _, n: encode_json(b)[: -1 - n % 20],
    "not-an-object": lambda b, _, n: encode_json([b]),
    "not-utf-8": lambda b, _, n: encode_json(b).replace(b'"id":"', b'"id":"\xff'),
    "nothing": lambda b, _, n: b"",
}
"""Name -> what makes octets with that one defect of a valid command."""
_NAMELESS = frozenset(
    {"no-id", "id-number", "id-empty", "cut-short", "not-an-object", "not-utf-8"}
    | {"nothing"}
)
