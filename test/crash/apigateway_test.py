# SPDX-License-Identifier: Apache-2.0
"""kill -9 while writers make, change and delete APIs and what belongs to them.

What it proves, after every kill: every API, route, integration and stage variable whose making was
acknowledged is there as it was made last, and nothing that was deleted; what was asked for and not
acknowledged is there whole or not at all. An API that is there is found by its list, its routes lead
to integrations that are there, a stage that deploys by itself names a deployment that is there, a
domain name's mappings are those that were made. Of an API that was imported all routes are there, or
it is not there.

How: writers are threads with a client and a name prefix each; they never retry and note what was
acknowledged. The kill comes after a random number of acknowledgements. Some rounds stop cleanly.

WEIR_CRASH_ROUNDS sets the number of rounds (a tenth of it), WEIR_CRASH_SEED repeats its choices.
"""
import json
import os
import random
import threading

import pytest
from apigateway_kit import CERTIFICATE, FUNCTION, Kit
from botocore.exceptions import BotoCoreError, ClientError
from weir_server import WeirServer

ROUNDS = max(int(os.environ.get("WEIR_CRASH_ROUNDS", "250")) // 10, 3)
SEED = int(os.environ.get("WEIR_CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
WRITERS = 3
ACKS_MAX = 60
APIS_MAX = 6  # of a writer at a time
IMPORTED = 7  # routes
DEFINITION = {"openapi": "3.0.1", "info": {"title": "imported", "version": "1"}, "paths": {
    f"/r{i}": {"get": {"x-amazon-apigateway-integration": {
        "type": "aws_proxy", "uri": FUNCTION, "payloadFormatVersion": "2.0"}}}
    for i in range(IMPORTED)}}


class Known:
    """What a writer may rely on; asked is what was under way when weir went."""

    def __init__(self):
        self.apis = {}       # id → {"name", "routes": {id: key}, "variables": {…}}
        self.deleted = set()
        self.mappings = {}   # id → key
        self.asked = None    # what was not acknowledged: ("delete", id) and so on


class Writer(threading.Thread):
    def __init__(self, weir, number, known, on_ack):
        super().__init__(daemon=True)
        self.kit = Kit(weir)
        self.number, self.known, self.on_ack = number, known, on_ack
        self.random = random.Random(f"{SEED}/{number}/{len(known.deleted)}/{id(self)}")
        self.wrong = None
        self.count = 0

    def run(self):
        try:
            while True:
                self.step()
                self.known.asked = None
                self.on_ack()
        except ClientError as error:
            self.wrong = error
        except (BotoCoreError, OSError):
            pass  # killed, as it should be

    def step(self):
        known, gateway = self.known, self.kit.gateway
        self.count += 1
        if not known.apis or (len(known.apis) < APIS_MAX and self.random.random() < 0.2):
            self.make()
            return
        api = self.random.choice(list(known.apis))
        about = known.apis[api]
        choice = self.random.random()
        if choice < 0.15:
            known.asked = ("delete", api)
            gateway.delete_api(ApiId=api)
            del known.apis[api]
            known.deleted.add(api)
        elif choice < 0.45:
            known.asked = ("change", api)
            key = f"GET /{self.count}/{self.random.getrandbits(40)}"
            about["routes"][self.kit.route(api, key, about["integration"])] = key
        elif choice < 0.6 and about["routes"]:
            route = self.random.choice(list(about["routes"]))
            known.asked = ("change", api)
            key = about["routes"].pop(route)
            about["maybe"][route] = key
            gateway.delete_route(ApiId=api, RouteId=route)
            del about["maybe"][route]
        elif choice < 0.8:
            known.asked = ("variable", api)
            value = str(self.random.getrandbits(40))
            gateway.update_stage(ApiId=api, StageName="$default", StageVariables={"v": value})
            about["variables"] = {"v": value}
        else:
            self.map()

    def make(self):
        known, gateway = self.known, self.kit.gateway
        known.asked = ("make", None)
        if self.random.random() < 0.3:
            api = gateway.import_api(Body=json.dumps(DEFINITION))["ApiId"]
            gateway.delete_api(ApiId=api)
            known.deleted.add(api)
            return
        name = f"w{self.number}-{self.count}"
        api = self.kit.api(name, Target=FUNCTION)
        # What follows is one acknowledged thing after the other.
        known.apis[api] = {"name": name, "routes": {}, "maybe": {}, "variables": {},
                           "integration": None}
        known.apis[api]["integration"] = \
            gateway.get_integrations(ApiId=api)["Items"][0]["IntegrationId"]

    def map(self):
        known, gateway, name = self.known, self.kit.gateway, f"w{self.number}.example.com"
        known.asked = ("map", None)
        if known.mappings and self.random.random() < 0.5:
            mapping = self.random.choice(list(known.mappings))
            known.asked = ("unmap", mapping)
            gateway.delete_api_mapping(DomainName=name, ApiMappingId=mapping)
            del known.mappings[mapping]
            return
        key = f"k{self.random.getrandbits(40)}"
        made = gateway.create_api_mapping(DomainName=name, ApiId=known.home, Stage="$default",
                                          ApiMappingKey=key)
        known.mappings[made["ApiMappingId"]] = key


def everything(call, **more):
    """All pages of a list."""
    page = call(**more)
    items = page["Items"]
    while "NextToken" in page:
        page = call(NextToken=page["NextToken"], **more)
        items += page["Items"]
    return items


def look_at_api(gateway, api, about, asked):
    got = gateway.get_api(ApiId=api)
    assert got["Name"] == about["name"]
    routes = {one["RouteId"]: one for one in everything(gateway.get_routes, ApiId=api)}
    integrations = {one["IntegrationId"]
                    for one in everything(gateway.get_integrations, ApiId=api)}
    for route, key in about["routes"].items():
        assert routes[route]["RouteKey"] == key, f"{api}: lost {key}"
    more = set(routes) - set(about["routes"])
    more -= {route for route, one in routes.items() if one.get("ApiGatewayManaged")}
    assert len(more) <= (asked == ("change", api)), f"{api}: {more} nobody made"
    assert all(one["Target"].split("/")[1] in integrations for one in routes.values())
    stage = gateway.get_stage(ApiId=api, StageName="$default")
    gateway.get_deployment(ApiId=api, DeploymentId=stage["DeploymentId"])
    if asked != ("variable", api):
        assert stage["StageVariables"] == about["variables"]
    # From now on what is there is what is known.
    about["routes"] = {route: one["RouteKey"] for route, one in routes.items()
                       if not one.get("ApiGatewayManaged")}
    about["maybe"] = {}
    about["variables"] = stage["StageVariables"]


def look(weir, all_known):
    gateway = Kit(weir).gateway
    there = {one["ApiId"]: one for one in everything(gateway.get_apis)}
    for number, known in enumerate(all_known):
        for api in list(known.apis):
            if api not in there and known.asked == ("delete", api):
                known.deleted.add(api)
                del known.apis[api]
                continue
            look_at_api(gateway, api, known.apis[api], known.asked)
            if known.apis[api]["integration"] is None:
                known.apis[api]["integration"] = \
                    gateway.get_integrations(ApiId=api)["Items"][0]["IntegrationId"]
        assert not known.deleted & set(there), "what was deleted is there again"
        mappings = {one["ApiMappingId"]: one["ApiMappingKey"] for one in everything(
            gateway.get_api_mappings, DomainName=f"w{number}.example.com")}
        lost = {one for one in set(known.mappings) - set(mappings)
                if known.asked != ("unmap", one)}
        assert not lost, f"w{number}: lost mappings {lost}"
        assert len(set(mappings) - set(known.mappings)) <= (known.asked == ("map", None))
        known.mappings = mappings
        known.asked = None
    for api, one in there.items():  # those that nobody heard of are whole
        if one["Name"] == "imported":
            assert len(everything(gateway.get_routes, ApiId=api)) == IMPORTED
            gateway.delete_api(ApiId=api)
        elif one["Name"] != "home" and not any(api in known.apis for known in all_known):
            assert len(gateway.get_routes(ApiId=api)["Items"]) == 1
            gateway.delete_api(ApiId=api)


def work_and_kill(weir, all_known, chance):
    countdown = threading.Semaphore(0)
    writers = [Writer(weir, i, all_known[i], countdown.release) for i in range(WRITERS)]
    for writer in writers:
        writer.start()
    for _ in range(chance.randrange(1, ACKS_MAX)):
        assert countdown.acquire(timeout=60), [w.wrong for w in writers]
    if chance.random() < 0.1:
        weir.stop()
    else:
        weir.kill()
    for writer in writers:
        writer.join(60)
        assert not writer.is_alive() and (writer.wrong is None or "Unavail" in str(writer.wrong)), (
            writer.wrong)


@pytest.fixture
def weir():
    server = WeirServer()
    yield server
    server.close()


def test_apis_are_there_as_they_were_made(weir, capsys):
    chance = random.Random(SEED)
    all_known = [Known() for _ in range(WRITERS)]
    kit = Kit(weir.start())
    for number, known in enumerate(all_known):
        known.home = kit.api("home", Target=FUNCTION)
        kit.gateway.create_domain_name(
            DomainName=f"w{number}.example.com",
            DomainNameConfigurations=[{"CertificateArn": CERTIFICATE}])
    for number in range(1, ROUNDS + 1):
        try:
            work_and_kill(weir, all_known, chance)
            weir.start()
            look(weir, all_known)
        except BaseException as error:
            raise AssertionError(
                f"round {number} of {ROUNDS}, WEIR_CRASH_SEED={SEED}: {error}") from error
    assert weir.stop() == 0
    checked = weir.fsck()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with capsys.disabled():
        print(f"\n{ROUNDS} kills: {sum(len(k.apis) for k in all_known)} APIs, seed {SEED}")
