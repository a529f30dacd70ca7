# SPDX-License-Identifier: Apache-2.0
"""The labs' tests use the servers and clients of the end-to-end tests."""
import importlib.util
import sys
from pathlib import Path

E2E = Path(__file__).resolve().parents[1] / "test" / "e2e"
sys.path.insert(0, str(E2E))
spec = importlib.util.spec_from_file_location("e2e_conftest", E2E / "conftest.py")
e2e_conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(e2e_conftest)

# all of it: tests there say `from conftest import …`, and of two modules of a name pytest keeps one
globals().update({name: it for name, it in vars(e2e_conftest).items() if not name.startswith("__")})
