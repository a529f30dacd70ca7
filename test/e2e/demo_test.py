# SPDX-License-Identifier: Apache-2.0
"""`make demo`, with fewer employees: the main job, from morning to replay."""
import subprocess
import sys

from weir_server import ROOT


def test_demo_tells_of_a_day_without_loss():
    run = subprocess.run([sys.executable, str(ROOT / "tools" / "demo.py"), "--employees", "150"],
                         capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    for told in ("Killed with -9", "Read back", "Replay, 08:55 to 09:05", "notified to attendance",
                 "notified to amsterdam", "$ weir trace ", "sns card-events → sqs attendance",
                 "Every acknowledged scan is there"):
        assert told in run.stdout
    assert "WRONG" not in run.stdout
