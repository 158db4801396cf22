# SPDX-License-Identifier: Apache-2.0
"""The only door to the outside.

``pcapng`` and ``recorder`` keep every octet with its time; ``hub`` drives real
sockets; ``journal`` notes what a check saw of them, so that the same check can run
again on the record; ``channel`` is what a check holds; ``capture`` reads records of
others; ``proxy`` stands between the suite and a real peer and makes faults.
"""
