# SPDX-License-Identifier: Apache-2.0
"""What a check is handed: the door to the implementation and the words to judge it.

``require`` is the preamble: not met, nothing can be said (*inconclusive*).  ``expect``
is the body: not met, the implementation contradicts the requirement.  Octets, time
and randomness come from here alone; that is what makes a verdict derivable again from
the evidence.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from conformance.engine import generate
from conformance.errors import LinkError
from conformance.iut.declaration import Declaration, Endpoint, Hook
from conformance.iut.questions import effective_answers
from conformance.iut.values import hook_facts
from conformance.link import hooks
from conformance.link.channel import Channel
from conformance.link.clock import to_datetime
from conformance.link.hub import Hub, Listener
from conformance.link.journal import Entry, Journal
from conformance.link.packets import Side
from conformance.profile.model import Requirement, Snapshot
from conformance.text import Text

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["DEPTHS", "Failed", "Late", "Run", "Setup", "Unmet"]

_T = TypeVar("_T")
Words = Text | str

DEPTHS: Mapping[str, int] = {"smoke": 5, "standard": 30, "thorough": 300}
"""Examples per property check."""


class Unmet(Exception):
    """A preamble was not met."""

    def __init__(self, key: str, expected: Words, actual: Words) -> None:
        super().__init__(key)
        self.key, self.expected, self.actual = key, expected, actual


class Failed(Unmet):
    """An expectation was not met."""


class Late(Unmet):
    """The suite itself took too long to tell."""

    def __init__(self, limit_s: float, passed_s: float) -> None:
        super().__init__(
            "suite-late",
            Text(
                f"套件在 {limit_s:g} s 内完成", f"the suite done within {limit_s:g} s"
            ),
            f"{passed_s:.2f} s",
        )


class Attachable(Protocol):
    """Something that outlives a requirement and is handed to the next one."""

    def attach(self, run: Run) -> None: ...


@dataclass(frozen=True, slots=True)
class Setup:
    """What all checks of a run have in common."""

    snapshot: Snapshot
    declaration: Declaration
    ixit: Mapping[str, Any]
    seed: int
    depth: str = "standard"
    language: str = "en"
    operator: hooks.Operator | None = None
    reproduce: Mapping[str, Any] = field(default_factory=dict)
    """Requirement id -> failing step and counterexample, when replaying a failure."""
    _answers: list[Mapping[str, bool]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    @property
    def answers(self) -> Mapping[str, bool]:
        """The ICS answers in effect, worked out once: every check asks for some."""
        if not self._answers:
            made = self.declaration
            found = effective_answers(self.snapshot, made.ics, made.role)
            self._answers.append(found)
        return self._answers[0]


class Run:
    """One requirement under test, by one check, in one attempt."""

    def __init__(
        self,
        setup: Setup,
        requirement: Requirement | None,
        journal: Journal,
        hub: Hub | None,
        *,
        name: str,
        shared: dict[str, Any],
        listeners: dict[str, Listener],
        attempt: int = 1,
        taken: Mapping[str, int] | None = None,
    ) -> None:
        self.setup = setup
        self.requirement = requirement
        self.journal = journal
        self.name = name
        self.role = setup.declaration.role
        self.profile = setup.snapshot
        digest = hashlib.sha256(f"{setup.seed}/{name}/{attempt}".encode()).digest()
        self.seed = int.from_bytes(digest[:6], "big")
        self.random = Random(self.seed)
        self.remarks: list[Words] = []
        self.step_name: str | None = None
        self.examples = 0
        self.counterexample: Any = None
        self.channels: list[Channel] = []
        self._hub = hub
        self._shared = shared
        self._listeners = listeners
        self._taken = taken or {}
        self._count = 0
        self._salt: int | None = None

    # What the declaration and the profile say

    def value(self, key: str, default: Any = None) -> Any:
        """Return an IXIT value of the declaration, typed as the profile says."""
        return self.setup.ixit.get(key, default)

    @property
    def answers(self) -> Mapping[str, bool]:
        """The ICS answers; a question that is not asked counts as no."""
        return self.setup.answers

    def answer(self, ics: str) -> bool:
        """Return one ICS answer."""
        return self.answers.get(ics, False)

    def binding(self, protocol: str) -> Mapping[str, Any]:
        """Return the parameters of the profile's binding to a protocol, or nothing."""
        for binding in self.profile.bindings:
            if binding.protocol == protocol:
                return dict(binding.parameters)
        return {}

    def place(self, pool: str) -> int:
        """Return the place that this check has taken from a pool; the first if none."""
        return self._taken.get(pool, 0)

    @property
    def budget(self) -> int:
        """Examples that a property check may try at this depth."""
        return DEPTHS[self.setup.depth]

    # Time and names

    @property
    def now_ns(self) -> int:
        """Time of the latest thing that this check saw, ns since 1970 UTC."""
        return self.journal.now_ns

    @property
    def now(self) -> datetime:
        """The same as an aware datetime in UTC."""
        return to_datetime(self.journal.now_ns)

    def unique(self, prefix: str = "") -> str:
        """Return a name that no other check, run or call has used.

        The seed alone would not do: two runs may have the same, at the same time on
        the same platform, or one after the other where a session is kept.
        """
        if self._salt is None:
            entry = self._step("name", {}, _salted)
            self._salt = int(entry["salt"])
        self._count += 1
        return f"{prefix}{self.seed ^ self._salt:012x}{self._count:x}"

    def wait(self, seconds: float) -> None:
        """Let time pass; whatever arrives meanwhile is recorded."""
        self._step("wait", {}, lambda hub: {"at": hub.wait(seconds)})

    def allow(self, seconds: float) -> None:
        """Have as much more time than a requirement usually has, by the declaration."""
        if self._hub is not None:
            self._hub.extend(seconds)

    def vanish(self, endpoint: Endpoint, *, protocol: str, seconds: float) -> None:
        """Let the implementation find nobody on an address for a time.

        What the declaration asks for is not counted as the requirement's own time.
        """

        def act(hub: Hub) -> Entry:
            listener = self.listener(endpoint, protocol=protocol)
            return {"at": listener.vanish(seconds)}

        on = f"{endpoint.host}:{endpoint.port}"
        self.allow(seconds)
        self._step("vanish", {"on": on, "seconds": seconds}, act)

    # The implementation under test

    def connect(
        self, endpoint: Endpoint, *, protocol: str, timeout_s: float = 5.0
    ) -> Channel:
        """Open a TCP connection to the implementation.  Raises ``LinkError``."""
        side: Side = "server"
        opened = []

        def act(hub: Hub) -> Entry:
            wire = hub.connect(
                endpoint.host,
                endpoint.port,
                timeout_s=timeout_s,
                protocol=protocol,
                iut=side,
            )
            opened.append(wire)
            return {"ch": wire.number, "at": hub.recorder.clock.now_ns()}

        entry = self._step("connect", {"to": f"{endpoint.host}:{endpoint.port}"}, act)
        return self._channel(entry, opened)

    def accept(
        self,
        endpoint: Endpoint,
        *,
        protocol: str,
        timeout_s: float,
        fits: Callable[[bytes], bool] | None = None,
    ) -> Channel:
        """Wait for the implementation to connect to us.  Raises ``LinkError``.

        ``fits`` tells it from others by what it says first (see ``Listener.accept``).
        """
        opened = []

        def act(hub: Hub) -> Entry:
            listener = self.listener(endpoint, protocol=protocol)
            wire, at_ns = listener.accept(timeout_s, fits)
            opened.append(wire)
            return {"ch": wire.number, "at": at_ns}

        entry = self._step("accept", {"on": f"{endpoint.host}:{endpoint.port}"}, act)
        return self._channel(entry, opened)

    def listener(self, endpoint: Endpoint, *, protocol: str) -> Listener:
        """Return the listening socket of the run for an address; live only."""
        assert self._hub is not None
        key = f"{endpoint.host}:{endpoint.port}"
        if key not in self._listeners:
            self._listeners[key] = self._hub.listen(
                endpoint.host, endpoint.port, protocol=protocol, iut="client"
            )
        return self._listeners[key]

    def shared(self, key: str, make: Callable[[], Attachable]) -> Any:
        """Return an object that lives as long as the run, now attached to this check.

        For a device, whose one connection serves all its checks.
        """
        if key not in self._shared:
            self._shared[key] = make()
        self._shared[key].attach(self)
        return self._shared[key]

    def drop(self, key: str) -> None:
        """Forget a shared object, so that the next check makes a new one."""
        self._shared.pop(key, None)

    def has_hook(self, name: str) -> bool:
        """Return whether the declaration offers an observation hook or manual step."""
        declaration = self.setup.declaration
        return name in declaration.hooks or name in declaration.steps

    def observe(self, name: str, **facts: str) -> Any:
        """Ask an observation hook, or have a manual step done; return its JSON.

        Raises ``LinkError`` (``link.hook-missing``, ``link.hook-failed``).
        """

        def act(hub: Hub) -> Entry:
            answer = self._ask(name, facts)
            return {"answer": answer, "at": hub.wait(0)}

        return self._step("observe", {"hook": name, "facts": facts}, act)["answer"]

    def _ask(self, name: str, facts: dict[str, str]) -> Any:
        declaration = self.setup.declaration
        hook: Hook | None = declaration.hooks.get(name) or declaration.steps.get(name)
        if hook is None:
            raise LinkError("link.hook-missing", hook=name)
        known = hook_facts(self.setup.ixit)
        match hook.target:
            case tuple():
                return hooks.ask_command(
                    name, hook.target, known | facts, hook.timeout_s
                )
            case str():
                return hooks.ask_url(name, hook.target, known | facts, hook.timeout_s)
        words = Text(**hook.target)[self.setup.language]
        question = hooks.fill_prompt(words, known | facts)
        return hooks.ask_operator(name, question, self.setup.operator, hook.timeout_s)

    # Judging

    def require(
        self, met: object, key: str, *, expected: Words, actual: Words = ""
    ) -> None:
        """Stop with *inconclusive* unless the preamble is met."""
        if not met:
            raise Unmet(key, expected, actual)

    def expect(self, met: object, key: str, *, expected: Words, actual: Words) -> None:
        """Stop with *fail* unless the implementation did as required.

        ``key`` names the expectation; two failures are the same fault when their keys
        are equal.
        """
        if not met:
            raise Failed(key, expected, actual)

    def remark(self, words: Words) -> None:
        """Note something that a reader should know and that is no failure."""
        if words not in self.remarks:
            self.remarks.append(words)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Name the part of the procedure that follows."""
        before, self.step_name = self.step_name, name
        yield
        self.step_name = before  # after a failure the name stays, for the record

    def each(
        self, items: Iterable[_T], name: Callable[[_T], str] = str
    ) -> Iterator[_T]:
        """Yield items, each as a step; when reproducing a failure only its step."""
        wanted = self._reproduce().get("step")
        for item in items:
            if wanted is not None and wanted != name(item):
                continue
            self.journal.trace.clear()
            with self.step(name(item)):
                yield item

    def for_all(
        self,
        strategy: SearchStrategy[Any] | Callable[[], SearchStrategy[Any]],
        body: Callable[[Any], None],
        *,
        examples: int | None = None,
    ) -> None:
        """Run ``body`` on generated examples; a failure is shrunk to the smallest.

        ``examples`` caps the budget for a body that is slow.  A callable in place of
        the strategy is called only when examples are really generated.
        """
        budget = min(self.budget, examples or self.budget)
        known = self._reproduce().get("counterexample")
        generate.for_all(self, strategy, body, budget=budget, known=known)

    def for_all_sequences(
        self,
        rules: Mapping[str, SearchStrategy[Any]],
        make: Callable[[], generate.Model],
        *,
        steps_max: int = 12,
    ) -> None:
        """Drive the implementation and a model of it through generated sequences.

        ``rules`` gives the strategy of each rule's argument; ``make`` a fresh model,
        whose ``close``, if it has one, leaves the implementation as it was.
        """

        def body(steps: Sequence[Any]) -> None:
            model = make()
            try:
                for name, argument in steps:
                    if model.possible(name):
                        self.step_name = name
                        model.apply(name, argument)
                self.step_name = None
            finally:
                self._leave(model)

        self.for_all(lambda: generate.sequences(rules, steps_max), body)

    def close_since(self, count: int) -> None:
        """Close what was opened after the first ``count`` channels: for one example."""
        for channel in self.channels[count:]:
            following = self.journal.peek()
            if self.journal.replaying and following and following["op"] != "close":
                return  # judged otherwise than live: the evidence goes on elsewhere
            if channel.is_ours and not channel.is_closed:
                channel.close()

    # Inside

    def _leave(self, model: generate.Model) -> None:
        """Let a model clean up; what it sends for that is no part of a failure."""
        close = getattr(model, "close", None)
        if close is None:
            return
        shown = list(self.journal.trace)
        with suppress(LinkError):
            close()
        self.journal.trace[:] = shown

    def _reproduce(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.setup.reproduce.get(self.name, {})
        return found

    def _step(
        self, op: str, asked: dict[str, Any], act: Callable[[Hub], Entry]
    ) -> Entry:
        def live() -> Entry:
            assert self._hub is not None, "a replaying journal never acts"
            return act(self._hub)

        return self.journal.step(op, asked, live)

    def _channel(self, entry: Entry, opened: list[Any]) -> Channel:
        wire = opened[0] if opened else None
        channel = Channel(
            entry["ch"], self.journal, wire, is_ours=entry["op"] == "connect"
        )
        self.channels.append(channel)
        return channel


def _salted(hub: Hub) -> Entry:
    """Return what makes the names of this run its own."""
    return {"at": hub.recorder.clock.now_ns(), "salt": secrets.randbits(48)}
