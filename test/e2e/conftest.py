# SPDX-License-Identifier: Apache-2.0
"""Servers and clients for the tests against the whole program.

`weir` and `kinesis` are one server per test file, shared for speed: tests give their streams names
of their own. `clocked` is a server whose clock stands still, per file too; a test that advances it
moves it for those after. `fresh` makes servers that a test may kill, restart and set up as it
likes.
"""
import itertools
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

sys.path.insert(0, str(Path(__file__).resolve().parent))
from weir_server import WeirServer, shared  # noqa: E402

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def weir():
    yield from shared(WeirServer())


@pytest.fixture(scope="module")
def kinesis(weir):
    return weir.client()


@pytest.fixture(scope="module")
def clocked():
    yield from shared(WeirServer(clock="2026-11-23T08:00:00Z"))


@pytest.fixture
def fresh():
    servers = []

    def make(*flags, **more):
        servers.append(WeirServer(*flags, **more).start())
        return servers[-1]

    yield make
    for server in servers:
        server.close()


@pytest.fixture
def name():
    """A stream name that no other test uses."""
    return f"stream-{next(numbers)}"


@pytest.fixture
def refused():
    """refused(code, call, …): the call must fail with that code; gives the message."""

    def check(code, call, *words, **more):
        with pytest.raises(ClientError) as caught:
            call(*words, **more)
        error = caught.value.response["Error"]
        assert error["Code"] == code, error
        status = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
        assert status == 400
        return error["Message"]

    return check
