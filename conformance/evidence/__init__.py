# SPDX-License-Identifier: Apache-2.0
"""What a run leaves behind: write it, read it, judge it again."""
