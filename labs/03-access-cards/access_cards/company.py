# SPDX-License-Identifier: Apache-2.0
"""A company, made from a seed: buildings with their doors, employees, who may enter where, and cards.

Employees, buildings, permissions and devices are loaded into the table; cards are issued, each by an
event object that the processor turns into a card, as those of HR's page are."""
import collections
import concurrent.futures
import hashlib
import json
import random
import secrets

CITIES = ("Amsterdam", "Lisbon", "Prague", "Tallinn", "Graz", "Porto", "Ghent", "Turku")
FIRST = ("Ada", "Bo", "Carla", "Dag", "Elif", "Femke", "Goran", "Hana", "Ines", "Jonas", "Katri",
         "Luca", "Mira", "Nils", "Olga", "Pavel", "Quinn", "Rosa", "Sven", "Tereza", "Uwe", "Vera",
         "Wim", "Yara", "Zoe")
LAST = ("Aalto", "Bakker", "Costa", "Dvořák", "Eriksen", "Ferreira", "Gruber", "Horák", "Ivanova",
        "Janssen", "Kask", "Lopes", "Maes", "Novák", "Oja", "Peeters", "Quist", "Rossi", "Santos",
        "Tamm", "Urban", "Vermeer", "Winkler", "Yilmaz", "Zeman")
DEPARTMENTS = ("Development", "Finance", "Human Resources", "Legal", "Marketing", "Operations",
               "Research", "Sales", "Support")
ISSUED = "2026-11-02T09:00:00.000Z"
REPLACED = "2026-10-01T09:00:00.000Z"

Building = collections.namedtuple("Building", "id name city")
Device = collections.namedtuple("Device", "id building door way key")
Employee = collections.namedtuple("Employee", "id name department home may card old_card")


class Company:
    def __init__(self, employees=2000, seed=17, buildings=None, doors=3):
        chance = random.Random(seed)
        count = max(2, buildings or min(len(CITIES), employees // 100))
        self.buildings = [self.building(n) for n in range(count)]
        self.devices = [Device(f"{b.id}-{way}-{n}", b.id, f"{'North East West South'.split()[n % 4]}",
                               way, secrets.token_urlsafe(24))
                        for b in self.buildings for way in ("in", "out") for n in range(doors)]
        self.employees = [self.employee(chance, n) for n in range(1, employees + 1)]

    @staticmethod
    def building(number):
        city, street = CITIES[number % len(CITIES)], number // len(CITIES) + 1
        return Building(f"{city.lower()}-{street}", f"{city} {street}", city)

    def employee(self, chance, number):
        home = chance.choice(self.buildings).id
        others = chance.sample(self.buildings, chance.choice((0, 0, 0, 1)))
        return Employee(f"e-{number:05}", f"{chance.choice(FIRST)} {chance.choice(LAST)}",
                        chance.choice(DEPARTMENTS), home,
                        sorted({home, *(b.id for b in others)}), f"c-{number:06}",
                        f"c-{900000 + number}" if chance.random() < 0.02 else None)

    # ---- into the table ----

    def items(self):
        for b in self.buildings:
            yield {"pk": f"BUILDING#{b.id}", "sk": "BUILDING", "building": b.id, "name": b.name,
                   "city": b.city, "gsi1pk": "BUILDINGS", "gsi1sk": b.id}
        for d in self.devices:
            yield {"pk": f"DEVICE#{d.id}", "sk": "DEVICE", "device": d.id, "building": d.building,
                   "door": d.door, "state": "active", "gsi1pk": f"BUILDING#{d.building}",
                   "gsi1sk": f"DEVICE#{d.id}",
                   "key_sha256": hashlib.sha256(d.key.encode()).hexdigest()}
        for e in self.employees:
            yield {"pk": f"EMPLOYEE#{e.id}", "sk": "EMPLOYEE", "employee": e.id, "name": e.name,
                   "department": e.department, "gsi1pk": "EMPLOYEES",
                   "gsi1sk": f"{e.name.lower()}#{e.id}"}
            for b in e.may:
                yield {"pk": f"EMPLOYEE#{e.id}", "sk": f"MAY#{b}", "building": b,
                       "gsi1pk": f"BUILDING#{b}", "gsi1sk": f"MAY#{e.id}"}

    def load(self, stack):
        """All of it, 25 items a request; gives how many."""
        table, dynamodb = stack["Table"], stack.client("dynamodb")
        items = [{"PutRequest": {"Item": {key: {"S": value} for key, value in item.items()}}}
                 for item in self.items()]

        def write(batch):
            while batch:
                answer = dynamodb.batch_write_item(RequestItems={table: batch})
                batch = answer["UnprocessedItems"].get(table)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(write, (items[i:i + 25] for i in range(0, len(items), 25))))
        return len(items)

    # ---- cards, as events ----

    def cards(self):
        """(key, event) of each; old ones first."""
        for e in self.employees:
            if e.old_card:
                yield self.issued(e.id, e.old_card, REPLACED)
        for e in self.employees:
            yield self.issued(e.id, e.card, ISSUED)

    @staticmethod
    def issued(employee, card, at):
        return f"card-issued/{at[:10].replace('-', '/')}/{card}.json", {
            "type": "card-issued", "card": card, "employee": employee, "at": at}

    def issue(self, stack):
        """Puts the events into the store; gives how many."""
        s3, store = stack.client("s3"), stack["Store"]

        def put(event):
            s3.put_object(Bucket=store, Key=event[0], Body=json.dumps(event[1]).encode(),
                          ContentType="application/json", Metadata={"by": "import"})

        cards = list(self.cards())
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(put, cards))
        return len(cards)

    # ---- kept for simulate ----

    def save(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps({key: [one._asdict() for one in getattr(self, key)]
                                    for key in ("buildings", "devices", "employees")}))

    @classmethod
    def saved(cls, path):
        company, text = cls.__new__(cls), json.loads(path.read_text())
        company.buildings = [Building(**one) for one in text["buildings"]]
        company.devices = [Device(**one) for one in text["devices"]]
        company.employees = [Employee(**one) for one in text["employees"]]
        return company
