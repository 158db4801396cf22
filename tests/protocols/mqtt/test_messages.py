# SPDX-License-Identifier: Apache-2.0
"""Every error code that the MQTT rooms raise has its sentence in two languages."""

from __future__ import annotations

import re
from pathlib import Path

import conformance.protocols.mqtt as mqtt
from conformance.protocols.mqtt.messages import MESSAGES
from conformance.text import say

CODE = re.compile(r'Error\(\s*"(mqtt\.[a-z-]+)"')


def test_every_code_has_a_sentence_and_none_is_idle() -> None:
    """What is raised can be said, and what can be said is raised somewhere."""
    folder = Path(mqtt.__file__).parent
    raised = {
        code
        for path in folder.rglob("*.py")
        for code in CODE.findall(path.read_text("utf-8"))
    }
    assert raised == set(MESSAGES)


def test_sentences_take_their_facts() -> None:
    """The facts of an error stand in its sentence, in both languages."""
    facts = {"packet": "PUBLISH", "rule": "topic-empty"}
    message = MESSAGES["mqtt.illegal-packet"]
    for language in ("zh", "en"):
        sentence = say(message, language, **facts)
        assert "PUBLISH" in sentence
        assert "topic-empty" in sentence
