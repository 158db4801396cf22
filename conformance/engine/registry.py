# SPDX-License-Identifier: Apache-2.0
"""What a profile can name: checks, rules and exercises.

A *check* drives the implementation.  A *rule* judges recordings and drives nothing.
An *exercise* makes ordinary traffic for rules to judge and gives no verdict.  One name
may have a procedure per actor; the profile then names it once.  Names begin with the
protocol folder that holds them, and the folder is imported when first asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from conformance.errors import ProfileError

__all__ = [
    "Procedure",
    "check",
    "exercise",
    "find",
    "info",
    "load",
    "places",
    "pool",
    "procedures",
    "rule",
    "stranger",
    "strangers",
]

Actor = Literal["device", "platform"]
Kind = Literal["check", "rule", "exercise"]
_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Procedure:
    """One registered function and what must be known of it before it runs."""

    name: str
    actor: Actor
    kind: Kind
    function: Callable[..., Any]
    params: Mapping[str, Any] = field(default_factory=dict)
    """JSON Schema of each parameter that a profile gives."""
    tighter: Mapping[str, Literal["lower", "higher"]] = field(default_factory=dict)
    """In which direction a profile may freely tailor a numeric parameter."""
    exclusive: bool = False
    """Whether it needs the implementation to itself (restart, flood, lockout)."""
    hooks: Sequence[str] = ()
    """Observation hooks and manual steps that it uses."""
    takes: Sequence[str] = ()
    """Pools from which it has a place to itself while it runs (see ``pool``)."""
    waits: bool = False
    """Whether it has to let seconds pass; such checks begin first."""

    @property
    def summary(self) -> str:
        """The fact that it establishes: first line of its docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]


@dataclass(frozen=True, slots=True)
class CheckInfo:
    """What a profile's author must know of a name, over all its procedures."""

    params_schema: Mapping[str, Any]
    actors: tuple[Actor, ...]
    tighter: Mapping[str, Literal["lower", "higher"]]


_REGISTRY: dict[tuple[str, str], Procedure] = {}
_Places = Callable[[Mapping[str, Any]], int]
_POOLS: dict[str, _Places] = {}
_Strange = Callable[[Any, Mapping[str, Any]], bool]
_STRANGERS: dict[str, _Strange] = {}
_ROOMS = ("checks", "rules")


def check(
    name: str,
    *,
    actor: Actor,
    params: Mapping[str, Any] | None = None,
    tighter: Mapping[str, Literal["lower", "higher"]] | None = None,
    exclusive: bool = False,
    hooks: Sequence[str] = (),
    takes: Sequence[str] = (),
    waits: bool = False,
) -> Callable[[_F], _F]:
    """Register ``function(run, **params)`` as the procedure for implementations
    of ``actor``."""
    return _register(
        name, (actor,), "check", params, tighter, exclusive, hooks, tuple(takes), waits
    )


def rule(
    name: str,
    *,
    actors: Sequence[Actor] = ("device", "platform"),
    params: Mapping[str, Any] | None = None,
    tighter: Mapping[str, Literal["lower", "higher"]] | None = None,
) -> Callable[[_F], _F]:
    """Register ``function(judge, dialogue, **params)``, called once per dialogue."""
    return _register(name, tuple(actors), "rule", params, tighter, False, ())


def exercise(name: str, *, actor: Actor) -> Callable[[_F], _F]:
    """Register ``function(run)`` that makes ordinary traffic for the rules."""
    return _register(name, (actor,), "exercise", None, None, False, ())


def _register(
    name: str,
    actors: tuple[Actor, ...],
    kind: Kind,
    params: Mapping[str, Any] | None,
    tighter: Mapping[str, Literal["lower", "higher"]] | None,
    exclusive: bool,
    hooks: Sequence[str],
    takes: Sequence[str] = (),
    waits: bool = False,
) -> Callable[[_F], _F]:
    def decorate(function: _F) -> _F:
        for actor in actors:
            _REGISTRY[name, actor] = Procedure(
                name,
                actor,
                kind,
                function,
                dict(params or {}),
                dict(tighter or {}),
                exclusive,
                tuple(hooks),
                takes,
                waits,
            )
        return function

    return decorate


def pool(name: str) -> Callable[[_Places], _Places]:
    """Register ``function(ixit)``: how many checks at once a thing bears.

    What stands under a place number, such as a station, the checks know.
    """

    def decorate(function: _Places) -> _Places:
        _POOLS[name] = function
        return function

    return decorate


def stranger(protocol: str) -> Callable[[_Strange], _Strange]:
    """Register ``function(dialogue, ixit)``: whether somebody else than the
    implementation came to us, whom no rule may judge."""

    def decorate(function: _Strange) -> _Strange:
        _STRANGERS[protocol] = function
        return function

    return decorate


def strangers(protocol: str) -> _Strange:
    """Return what tells strangers in a protocol; where nothing does, nobody is one."""
    load(protocol)
    return _STRANGERS.get(protocol, lambda dialogue, ixit: False)


def places(name: str, ixit: Mapping[str, Any]) -> int:
    """Return how many places a pool has by a declaration, at least one."""
    _load_for(name)
    return max(1, _POOLS[name](ixit))


def load(protocol: str) -> None:
    """Import the rooms of a protocol that register procedures."""
    for room in _ROOMS:
        importlib.import_module(f"conformance.protocols.{protocol}.{room}")


def find(name: str, actor: str) -> Procedure:
    """Return the procedure for a name and an actor.

    Raises ``ProfileError`` (``engine.unknown-check``, ``engine.wrong-actor``).
    """
    _load_for(name)
    try:
        return _REGISTRY[name, actor]
    except KeyError:
        pass
    actors = [known for registered, known in _REGISTRY if registered == name]
    if actors:
        raise ProfileError(
            "engine.wrong-actor", check=name, actor=actor, actors=", ".join(actors)
        )
    raise ProfileError("engine.unknown-check", check=name)


def info(name: str) -> CheckInfo | None:
    """Return what is known of a name over all actors, ``None`` when unknown."""
    _load_for(name)
    found = [p for (registered, _), p in _REGISTRY.items() if registered == name]
    if not found:
        return None
    schema = {
        "type": "object",
        "properties": {k: v for p in found for k, v in p.params.items()},
        "required": [k for k, v in found[0].params.items() if "default" not in v],
        "additionalProperties": False,
    }
    tighter = {k: v for p in found for k, v in p.tighter.items()}
    return CheckInfo(schema, tuple(p.actor for p in found), tighter)


def procedures(protocol: str) -> list[Procedure]:
    """Return all procedures of a protocol."""
    load(protocol)
    return [p for p in _REGISTRY.values() if p.name.startswith(f"{protocol}.")]


def _load_for(name: str) -> None:
    from conformance.protocols import PROTOCOLS

    protocol = name.partition(".")[0]
    if protocol in PROTOCOLS:
        load(protocol)
