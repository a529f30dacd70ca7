# SPDX-License-Identifier: Apache-2.0
"""`make demo`, with fewer employees: a lab deployed, a morning, a kill in the middle, all compared."""
import subprocess
import sys

from weir_server import ROOT


def test_demo_tells_of_a_morning_without_loss():
    run = subprocess.run([sys.executable, str(ROOT / "tools" / "demo.py"), "--employees", "120"],
                         capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    for told in ("labs/03-access-cards deployed", "Killed with -9", "entry-refused/",
                 "acknowledged and lost", "$ weir trace entry/", "issue.html",
                 "Every answered scan is one event in the store"):
        assert told in run.stdout
    assert "WRONG" not in run.stdout
