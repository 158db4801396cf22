# SPDX-License-Identifier: Apache-2.0
"""The implementation under test: its declaration, the review of it, the selection.

``declaration`` reads one ``*.iut.yaml``, ``ixit`` types its values by the profile,
``review`` finds what is wrong before anything is sent, ``selection`` says of every
requirement whether it is tested and why, ``form`` writes an empty declaration.
"""
