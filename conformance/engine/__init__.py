# SPDX-License-Identifier: Apache-2.0
"""The run: registry of checks and rules, expectations, verdicts, roll-up.

``registry`` holds what a profile can name; ``run`` is what a check is handed;
``generate`` owns examples and shrinking; ``judge`` lets rules judge recordings;
``execution`` schedules a plan; ``replay`` judges stored evidence again.
"""
