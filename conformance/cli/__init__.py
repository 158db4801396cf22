# SPDX-License-Identifier: Apache-2.0
"""Arguments and exit codes, nothing else."""
