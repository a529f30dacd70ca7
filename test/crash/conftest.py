# SPDX-License-Identifier: Apache-2.0
"""The crash tests drive the same server as the end-to-end tests do."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
