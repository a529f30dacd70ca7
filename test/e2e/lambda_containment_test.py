# SPDX-License-Identifier: Apache-2.0
"""Handlers that misbehave: each is stopped or left alone with what it broke, and weir and other
functions go on."""
import base64
import os
import re

import pytest
from lambda_run_kit import Kit, until

SOURCE = """
import errno, os, signal, socket, subprocess, sys, time

def handler(event, context):
    return globals()[event["do"]](event)

def fine(event):
    return "fine"

def fork_bomb(event):
    count = 0
    try:
        while True:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            count += 1
    except OSError as error:
        return {"forked": count, "error": errno.errorcode[error.errno]}

def forks_for_ever(event):
    while True:
        try:
            os.fork()
        except OSError:
            pass

def fill_memory(event):
    kept = []
    while True:
        kept.append(bytearray(16 << 20))

def fill_tmp(event):
    written = 0
    try:
        with open("/tmp/full", "wb") as file:
            while True:
                written += file.write(bytes(1 << 20))
                file.flush()
    except OSError as error:
        return {"written": written, "error": errno.errorcode[error.errno]}

def open_sockets(event):
    kept = []
    try:
        for _ in range(10000):
            kept.append(socket.socket())
    except OSError as error:
        return {"opened": len(kept), "error": errno.errorcode[error.errno]}
    return {"opened": len(kept)}

def read_files(event):
    seen = {}
    for path in event["paths"]:
        try:
            seen[path] = os.listdir(path) if os.path.isdir(path) else len(open(path, "rb").read())
        except OSError as error:
            seen[path] = errno.errorcode[error.errno]
    return seen

def kill_all(event):
    told = {}
    for pid in event["pids"]:
        try:
            os.kill(pid, signal.SIGKILL)
            told[str(pid)] = "killed"
        except OSError as error:
            told[str(pid)] = errno.errorcode[error.errno]
    return told

def kill_parent(event):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(0.2)
    return os.getppid()

def processes(event):
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())

def user(event):
    return [os.getuid(), os.getgid(), os.getgroups()]

def environment(event):
    return dict(os.environ)

def calls(event):
    told = {}
    for name, arguments in event["calls"].items():
        try:
            getattr(os, name)(*arguments)
            told[name] = "allowed"
        except (OSError, AttributeError) as error:
            told[name] = errno.errorcode.get(getattr(error, "errno", 0), "no such call")
    return told

def exits(event):
    sys.exit(event["code"])

def aborts(event):
    os.abort()

def sleeps(event):
    time.sleep(60)

def says_much(event):
    for _ in range(200):
        print("x" * 100000)

def leaves_a_child(event):
    if os.fork() == 0:
        os.setsid()
        time.sleep(0.5)
        open("/tmp/left", "w").close()
        time.sleep(600)
        os._exit(0)
    return os.getpid()
"""


@pytest.fixture(scope="module")
def kit(weir):
    made = Kit(weir)
    made.function("good", SOURCE)
    return made


def run(kit, name, what, **more):
    """A function of its own that does that; its answer. Others still run afterwards."""
    event = {"do": what, **more.pop("event", {})}
    kit.function(name, SOURCE, **more)
    answer = kit.call(name, event, LogType="Tail")
    assert kit.invoke("good", {"do": "fine"}) == "fine"
    assert kit.weir.alive()
    return answer


def test_a_fork_bomb_runs_out_of_processes(kit):
    answer = run(kit, "forks", "fork_bomb", Timeout=60, MemorySize=2048)
    assert answer["Payload"]["error"] == "EAGAIN"
    assert answer["Payload"]["forked"] < 1100  # as on AWS: 1,024 processes


def test_what_forks_for_ever_ends_with_its_memory_or_its_time(kit):
    answer = run(kit, "forks-on", "forks_for_ever", Timeout=2)
    assert answer["Payload"]["errorType"] in ("Runtime.OutOfMemory", "Runtime.ExitError",
                                              "Sandbox.Timedout")
    assert kit.invoke("forks-on", {"do": "fine"}) == "fine"


def test_memory_is_bounded_by_the_functions_size(kit):
    answer = run(kit, "eats", "fill_memory", Timeout=20, MemorySize=256)
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Payload"]["errorType"] in ("Runtime.OutOfMemory", "MemoryError")


def test_tmp_is_as_large_as_the_function_says(kit):
    answer = run(kit, "fills", "fill_tmp", Timeout=30, MemorySize=1024,
                 EphemeralStorage={"Size": 512})
    assert answer["Payload"]["error"] == "ENOSPC"
    assert 480 << 20 < answer["Payload"]["written"] <= 512 << 20


def test_ten_thousand_sockets_are_too_many_for_a_worker(kit):
    before = kit.weir.handles()
    answer = run(kit, "sockets", "open_sockets", Timeout=20)
    assert answer["Payload"]["opened"] <= 1024
    assert answer["Payload"]["error"] == "EMFILE"
    assert kit.weir.handles() < before + 50


def test_weirs_files_are_not_there(kit):
    data = kit.weir.data
    answer = run(kit, "reads", "read_files", event={"paths": [
        data, os.path.join(data, "journal"), os.path.dirname(data), "/root", "/home",
        "/proc/1/environ", "/etc/shadow", "/var/task/app.py"]})
    seen = answer["Payload"]
    assert seen[data] == seen[os.path.join(data, "journal")] == "ENOENT"
    assert seen[os.path.dirname(data)] == "ENOENT"
    assert seen["/root"] in ("ENOENT", "EACCES")
    assert seen["/home"] in ("ENOENT", "EACCES", [])
    assert seen["/proc/1/environ"] in ("EACCES", "EPERM", 0)
    assert seen["/etc/shadow"] in ("ENOENT", "EACCES")
    assert seen["/var/task/app.py"] > 0


def test_other_processes_can_not_be_seen_or_killed(kit):
    pid = kit.weir.process.pid
    seen = run(kit, "looks", "processes")["Payload"]
    assert pid not in seen
    assert len(seen) < 10
    told = run(kit, "kills", "kill_all", event={"pids": [pid]})["Payload"]
    assert told == {str(pid): "ESRCH"}


def test_a_handler_that_kills_its_parent_harms_itself_at_most(kit):
    run(kit, "kills-parent", "kill_parent", Timeout=5)
    assert kit.call("kills-parent", {"do": "fine"})["Payload"] == "fine"


def test_a_worker_is_nobody_and_has_no_secrets(kit):
    uid, gid, groups = run(kit, "who", "user")["Payload"]
    assert uid != 0
    assert gid != 0
    assert groups in ([], [gid])
    seen = run(kit, "what", "environment")["Payload"]
    assert not [name for name in seen if name.startswith(("HOME", "SSH", "SUDO", "PYTEST"))]


def test_calls_that_could_break_out_are_refused(kit):
    told = run(kit, "tries", "calls", event={"calls": {
        "chroot": ["/tmp"], "setuid": [0], "mkfifo": ["/var/task/x"], "nice": [-20],
        "mknod": ["/tmp/sda", 0o060644, 2048]}})["Payload"]
    assert all(word in ("EPERM", "EACCES", "EROFS", "ENOSYS") for word in told.values()), told


@pytest.mark.parametrize("code", [0, 7])
def test_an_exit_ends_the_worker_and_the_next_begins_anew(kit, code):
    name = f"exits-{code}"
    answer = run(kit, name, "exits", event={"code": code})
    assert answer["Payload"]["errorType"] == "Runtime.ExitError"
    assert kit.invoke(name, {"do": "fine"}) == "fine"


def test_a_crash_is_told_with_its_signal(kit):
    answer = run(kit, "crashes", "aborts")
    assert answer["Payload"]["errorType"] == "Runtime.ExitError"
    assert "signal" in answer["Payload"]["errorMessage"]
    assert kit.invoke("crashes", {"do": "fine"}) == "fine"


def test_past_its_time_it_is_ended_and_the_log_says_when(kit):
    answer = run(kit, "sleeps", "sleeps", Timeout=3)
    request_id = answer["ResponseMetadata"]["RequestId"]
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert re.search(rf"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ {request_id} Task timed out "
                     r"after 3\.00 seconds$", tail, re.M)
    assert kit.invoke("sleeps", {"do": "fine"}) == "fine"


def test_a_flood_of_output_is_taken(kit):
    answer = run(kit, "floods", "says_much", Timeout=30)
    assert answer["Payload"] is None
    assert len(base64.b64decode(answer["LogResult"])) == 4096


def test_children_left_behind_end_with_their_worker(kit):
    run(kit, "leaves", "leaves_a_child")
    until(lambda: len(kit.invoke("leaves", {"do": "processes"})) >= 3, "the child")
    kit.functions.delete_function(FunctionName="leaves")

    def children():
        found = []
        for name in os.listdir("/proc"):
            try:
                with open(f"/proc/{name}/environ", "rb") as environment:
                    if b"AWS_LAMBDA_FUNCTION_NAME=leaves\0" in environment.read() and \
                            f"AWS_ENDPOINT_URL={kit.weir.url}".encode() in \
                            open(f"/proc/{name}/environ", "rb").read():
                        found.append(name)
            except OSError:
                pass
        return found

    until(lambda: not children(), "the end of all of them")


def test_afterwards_weir_stops_cleanly_and_nothing_is_left(fresh):
    server = fresh()
    kit = Kit(server)
    kit.function("one", SOURCE, Timeout=30)
    kit.function("two", SOURCE, Timeout=30)
    kit.send("one", {"do": "forks_for_ever"})
    assert kit.invoke("two", {"do": "fine"}) == "fine"
    assert server.stop() == 0
    url = f"AWS_ENDPOINT_URL={server.url}".encode()

    def left():
        found = []
        for name in os.listdir("/proc"):
            try:
                with open(f"/proc/{name}/environ", "rb") as environment:
                    if url in environment.read():
                        found.append(name)
            except OSError:
                pass
        return found

    until(lambda: not left(), "the end of all of them")
