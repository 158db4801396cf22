# SPDX-License-Identifier: Apache-2.0
"""Ways to break ``data/good.yaml`` in one place, each with the code that names it.

``BY_SCHEMA`` is refused by the schema, ``BY_RULE`` passes it and breaks a named rule.
``where`` is on the line that the error points to.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["BY_RULE", "BY_SCHEMA", "GOOD", "Broken"]

GOOD = (Path(__file__).parent / "data" / "good.yaml").read_text("utf-8")


@dataclass(frozen=True)
class Broken:
    """A replacement in the good profile, and what must be said of it."""

    name: str
    old: str
    new: str
    code: str
    where: str = ""

    @property
    def text(self) -> str:
        """The broken profile."""
        assert self.old in GOOD, self.old
        return GOOD.replace(self.old, self.new, 1)


BY_SCHEMA = [
    Broken("no-id", "id: good\n", "", "profile.key-missing"),
    Broken("unknown-key", "title:", "titel:", "profile.key-unknown"),
    Broken(
        "unknown-key-deep",
        "tolerance: PT10M",
        "tolerence: PT10M",
        "profile.key-unknown",
        "tolerence",
    ),
    Broken("format-2", "format: 1", "format: 2", "profile.not-a-choice", "format"),
    Broken("format-text", "format: 1", "format: '1'", "profile.not-a-choice", "format"),
    Broken("id-upper", "id: good", "id: Good", "profile.bad-form", "id: Good"),
    Broken("version-short", "2.1.0\nkind", "2.1\nkind", "profile.wrong-type", "2.1"),
    Broken("version-zero", "2.1.0\nkind", "2.01.0\nkind", "profile.bad-form", "2.01.0"),
    Broken("version-draft", "2.1.0\nkind", "2.1.0-draft.1\nkind", "profile.bad-form"),
    Broken("kind", "kind: profile", "kind: module", "profile.not-a-choice", "kind"),
    Broken("no-domain", "domain: water-resources\n", "", "profile.key-missing"),
    Broken("actors-empty", "[device, platform]", "[]", "profile.too-few", "actors"),
    Broken(
        "actors-twice",
        "[device, platform]",
        "[device, device]",
        "profile.repeated",
        "act",
    ),
    Broken(
        "title-empty",
        "{zh: 水质监测站, en: Water-quality station}",
        "{}",
        "profile.too-few",
    ),
    Broken("level-4", "level: 2", "level: 4", "profile.not-a-choice", "level: 4"),
    Broken(
        "octal", "resolution: 0.1\n", "resolution: 010\n", "profile.wrong-type", "010"
    ),
    Broken("exponent", "max: 60", "max: 1e3", "profile.wrong-type", "1e3"),
    Broken("resolution-0", "resolution: 0.1\n", "resolution: 0\n", "profile.schema"),
    Broken(
        "no-range", "    range: {min: -5, max: 60}\n", "", "profile.key-missing", "from"
    ),
    Broken("no-unit", '    unit: "[pH]"\n', "", "profile.key-missing", "key: ph"),
    Broken(
        "no-values", "    values: [open, closed]\n", "", "profile.key-missing", "door"
    ),
    Broken("months", "nominal: PT4H", "nominal: P1M", "profile.bad-form", "P1M"),
    Broken("empty-duration", "nominal: PT4H", "nominal: PT", "profile.bad-form", "PT,"),
    Broken(
        "condition-two",
        "{ics: HJ212}}\n    wire",
        "{ics: HJ212, not: {ics: MQTT}}}\n    wire",
        "profile.too-many",
    ),
    Broken("condition-none", "{when: {ics: HJ212}}", "{when: {}}", "profile.too-few"),
    Broken("requirement-id", "SWS-FRAME-001\n", "SWS-frame-001\n", "profile.bad-form"),
    Broken(
        "requirement-digits", "SWS-FRAME-001\n", "SWS-FRAME-0001\n", "profile.bad-form"
    ),
    Broken("level", "level: shall\n", "level: must\n", "profile.not-a-choice", "must"),
    Broken(
        "neither",
        "    check: {name: demo.within, params: {limit_s: 30}}\n",
        "",
        "profile.check-or-reason",
        "SWS-FRAME-001",
    ),
    Broken(
        "both",
        "    edition: [",
        "    not_tested: {reason: planned}\n    edition: [",
        "profile.check-or-reason",
        "SWS-FRAME-001",
    ),
    Broken("reason", "reason: site-inspection", "reason: lazy", "profile.not-a-choice"),
    Broken("check-name", "demo.within", "within", "profile.bad-form", "within"),
    Broken("section-number", '"6.3.1"', "6", "profile.wrong-type", "section: 6"),
    Broken("basis", "basis: interop", "basis: guess", "profile.not-a-choice"),
    Broken("impact", "{device: breaking}", "{device: bad}", "profile.not-a-choice"),
    Broken("date", '"2026-03-02"', '"2026-13-02"', "profile.bad-form", "2026-13"),
    Broken("ixit-type", "type: secret", "type: password", "profile.not-a-choice"),
    Broken(
        "ics-status", 'MQTT, status: "o.1"', "MQTT, status: maybe", "profile.bad-form"
    ),
    Broken(
        "range-loose",
        "unknown_elements: ignore\n",
        "unknown_elements: ignore\nextends: [base]\n",
        "profile.bad-form",
        "extends",
    ),
    Broken("wire-number", "json: ph", "json: 5", "profile.wrong-type", "json: 5"),
    Broken("wire-no-code", "{code: w01010, format", "{format", "profile.key-missing"),
]

BY_RULE = [
    Broken("id-twice", "MQTT311-3.1.2-24\n", "SWS-FRAME-001\n", "profile.duplicate-id"),
    Broken("key-twice", "key: door", "key: ph", "profile.duplicate-id", "key: ph"),
    Broken(
        "ics-in-when", "not: {ics: MQTT}", "not: {ics: COAP}", "profile.undeclared-ics"
    ),
    Broken(
        "ics-in-ixit",
        "secret, when: {ics: HJ212}",
        "secret, when: {ics: COAP}",
        "profile.undeclared-ics",
        "access_password",
    ),
    Broken(
        "ics-in-presence",
        "{when: {ics: HJ212}}",
        "{when: {ics: COAP}}",
        "profile.undeclared-ics",
        "key: ph",
    ),
    Broken(
        "ics-of-binding",
        "ics: HJ212\n    parameters",
        "ics: COAP\n    parameters",
        "profile.undeclared-ics",
        "ics: COAP",
    ),
    Broken(
        "group-member",
        "of: [HJ212, MQTT]",
        "of: [HJ212, COAP]",
        "profile.undeclared-ics",
        "of:",
    ),
    Broken(
        "group-status",
        'MQTT, status: "o.1"',
        "MQTT, status: optional",
        "profile.group-status",
        "of:",
    ),
    Broken("no-group", "[HJ212, MQTT]", "[HJ212, HJ2122]", "profile.undeclared-ics"),
    Broken(
        "no-question",
        ", question: {zh: 是否支持 MQTT, en: MQTT supported}",
        "",
        "profile.no-question",
        "MQTT",
    ),
    Broken(
        "source",
        '{source: HJ212, section: "8"',
        '{source: HJ213, section: "8"',
        "profile.undeclared-source",
        "HJ213",
    ),
    Broken(
        "check", "demo.within", "demo.without", "profile.unknown-check", "demo.without"
    ),
    Broken(
        "check-params", "limit_s: 30", "limit_s: soon", "profile.param-wrong", "soon"
    ),
    Broken(
        "check-params-unknown",
        "limit_s: 30",
        "limit_s: 30, x: 1",
        "profile.param-unknown",
    ),
    Broken(
        "check-params-missing",
        "params: {limit_s: 30}",
        "params: {}",
        "profile.param-missing",
    ),
    Broken(
        "check-actor",
        "actor: device\n",
        "actor: platform\n",
        "profile.check-actor",
        "actor: platform",
    ),
    Broken(
        "check-both",
        "actor: device\n",
        "actor: both\n",
        "profile.check-actor",
        "actor: both",
    ),
    Broken("since", "since: 1.0.0", "since: 2.2.0", "profile.since-later", "2.2.0"),
    Broken(
        "quantity",
        "quantity: acidity",
        "quantity: sourness",
        "profile.unknown-quantity",
        "key: ph",
    ),
    Broken("unit", '"[pH]"', "mg/L", "profile.unit-of-quantity", "key: ph"),
    Broken("unit-case", '"[pH]"', '"[PH]"', "profile.unit-of-quantity", "key: ph"),
    Broken(
        "unit-alone",
        '    quantity: acidity\n    unit: "[pH]"\n    type: decimal\n',
        '    unit: "[pH]"\n    type: string\n',
        "profile.unit-alone",
        "key: ph",
    ),
    Broken(
        "range",
        "{min: -5, max: 60}",
        "{min: 60, max: 60}",
        "profile.empty-range",
        "range",
    ),
    Broken(
        "off-resolution", "max: 14", "max: 14.005", "profile.off-resolution", "14.005"
    ),
    Broken(
        "wire-twice",
        "json: ph",
        "json: waterTemperature",
        "profile.wire-name-twice",
        "json",
    ),
    Broken(
        "wire-twice-object", "hj212: w01001", "hj212: w01010", "profile.wire-name-twice"
    ),
    Broken(
        "changes-newest", "2.1.0\n    date", "2.2.0\n    date", "profile.changes-newest"
    ),
    Broken(
        "changes-order", "2.0.0\n    date", "2.1.0\n    date", "profile.changes-order"
    ),
    Broken("pattern", "{14,24}$", "{24,14}$", "profile.bad-pattern", "station_id"),
    Broken(
        "default", '"010000A8900016"', '"short"', "profile.bad-default", "station_id"
    ),
    Broken(
        "secret-default",
        "role: device,",
        "role: device, default: x,",
        "profile.bad-default",
    ),
    Broken(
        "boolean-default",
        'string, pattern: "^[0-9A-Z]{14,24}$", default: "010000A8900016"',
        "integer, default: true",
        "profile.bad-default",
        "station_id",
    ),
    Broken("nfc", "en: Door", "en: Doo\u0301r", "profile.not-nfc", "Doo"),
    Broken(
        "dictionary",
        "from: water_temperature",
        "from: phlogiston",
        "profile.unknown-dictionary-key",
        "phlogiston",
    ),
]
