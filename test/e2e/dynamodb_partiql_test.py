# SPDX-License-Identifier: Apache-2.0
"""PartiQL: SELECT on tables and indexes, its pages and tokens; INSERT, UPDATE, DELETE and what they
return; batches and transactions of statements; and AWS's sentences for what is refused."""
from decimal import Decimal

import pytest
from botocore.exceptions import ClientError
from dynamodb_kit import VALIDATION, index, item, make, plain, put, refused

MALFORMED = "Statement wasn't well formed, can't be processed: "
KEYS = "Where clause does not contain a mandatory equality on all key attributes"
COUNT = "Number of parameters in request and statement don't match."


@pytest.fixture(scope="module")
def ddb(weir):
    return weir.client("dynamodb")


def given(*values):
    return [item(v=value)["v"] for value in values]


def run(ddb, statement, *values, **more):
    if values:
        more["Parameters"] = given(*values)
    return ddb.execute_statement(Statement=statement, **more)


def rows(ddb, statement, *values, **more):
    return [plain(row) for row in run(ddb, statement, *values, **more)["Items"]]


def told(ddb, statement, *values, code=VALIDATION, **more):
    return refused(code, run, ddb, statement, *values, **more)


def pages(ddb, statement, *values, **more):
    """All pages, by NextToken."""
    answer = run(ddb, statement, *values, **more)
    found = [answer]
    while "NextToken" in answer:
        answer = run(ddb, statement, *values, NextToken=answer["NextToken"], **more)
        found.append(answer)
    return found


def get(ddb, table, **key):
    answer = ddb.get_item(TableName=table, Key=item(**key), ConsistentRead=True)
    return plain(answer["Item"]) if "Item" in answer else None


@pytest.fixture(scope="module")
def music(ddb):
    """Three artists with four songs each, in a table with a global and two local indexes."""
    table = make(ddb, "artist", "song", {"song": "N", "year": "N"},
                 locals_=[index("by_year", "artist", "year", "KEYS_ONLY"),
                          index("by_genre", "artist", "genre")],
                 globals_=[index("genres", "genre", "year", include=["title"]),
                           index("years", "year")])
    for artist in ("acme", "bits", "cake"):
        for song in range(1, 5):
            more = {} if song == 4 else {"genre": "rock" if song % 2 else "jazz",
                                         "year": 2000 + song}
            put(ddb, table, artist=artist, song=song, title=f"{artist} {song}",
                awards={"won": song, "by": ["x", "y"]}, tags={"red", f"n{song}"}, **more)
    return table


# ---- SELECT ----

def test_select_of_one_item(ddb, music):
    found = rows(ddb, f'SELECT * FROM "{music}" WHERE artist = \'acme\' AND song = 2')
    assert found == [{"artist": "acme", "song": 2, "title": "acme 2", "genre": "jazz",
                      "year": 2002, "awards": {"won": 2, "by": ["x", "y"]}, "tags": {"red", "n2"}}]
    assert rows(ddb, f"SELECT * FROM \"{music}\" WHERE artist = ? AND song = ?", "acme", 9) == []


def test_select_names_table_by_arn(ddb, music):
    arn = ddb.describe_table(TableName=music)["Table"]["TableArn"]
    assert len(rows(ddb, f"SELECT song FROM \"{arn}\" WHERE artist = 'acme'")) == 4


def test_columns_are_named_by_their_last_part(ddb, music):
    found = rows(ddb, f'SELECT title, awards.won, awards."by"[1], nowhere FROM "{music}" '
                      "WHERE artist = 'bits' AND song = 3")
    assert found == [{"title": "bits 3", "won": 3, "by[1]": "y"}]
    assert rows(ddb, f"SELECT genre FROM \"{music}\" WHERE artist = 'bits' AND song = 4") == [{}]


@pytest.mark.parametrize("where, wanted", [
    ("artist = 'acme' AND song > 1 AND song < 4", ["acme 2", "acme 3"]),
    ("artist = 'acme' AND song BETWEEN 2 AND 3", ["acme 2", "acme 3"]),
    ("artist = 'acme' AND 3 <= song", ["acme 3", "acme 4"]),
    ("artist = 'acme' AND song IN [1, 4]", ["acme 1", "acme 4"]),
    ("artist = 'acme' AND NOT song = 1 AND song <> 2", ["acme 3", "acme 4"]),
    ("artist = 'acme' AND genre IS MISSING", ["acme 4"]),
    ("artist = 'acme' AND genre IS NOT MISSING AND genre = 'jazz'", ["acme 2"]),
    ("artist = 'acme' AND awards.won >= 3", ["acme 3", "acme 4"]),
    ("artist = 'acme' AND awards.\"by\"[0] = 'x' AND contains(tags, 'n1')", ["acme 1"]),
    ("artist = 'acme' AND begins_with(title, 'acme') AND size(tags) = 2 AND song = 1", ["acme 1"]),
    ("artist = 'acme' AND attribute_type(song, 'N') AND NOT begins_with(genre, 'r')",
     ["acme 2", "acme 4"]),
    ("artist IN ['cake', 'acme', 'none'] AND song = 1", ["cake 1", "acme 1"]),
    ("(artist = 'cake' OR artist = 'bits') AND song < 2", ["cake 1", "bits 1"]),
    ("artist = 'acme' AND song = 1 OR artist = 'bits' AND song = 4", ["acme 1", "bits 4"]),
    ("artist = 'acme' AND NOT song = 1 OR artist = 'acme' AND song = 1",
     ["acme 1", "acme 2", "acme 3", "acme 4"]),
    ("artist = 'acme' AND song > 3 OR artist = 'acme' AND song = 1", ["acme 1", "acme 4"]),
])
def test_conditions_on_keys(ddb, music, where, wanted):
    assert [row["title"] for row in rows(ddb, f'SELECT title FROM "{music}" WHERE {where}')] == wanted


def test_scans_filter(ddb, music):
    found = rows(ddb, f'SELECT artist FROM {plain_name(ddb, music)} WHERE genre = ? AND "year" > ?',
                 "rock", 2001)
    assert sorted(row["artist"] for row in found) == ["acme", "bits", "cake"]
    assert len(rows(ddb, f'SELECT * FROM "{music}"')) == 12


def plain_name(ddb, table):
    """Names with a dash must be quoted."""
    return f'"{table}"'


def test_order_by(ddb, music):
    def songs(rest):
        return [(r["artist"][0], int(r["song"])) for r in
                rows(ddb, f'SELECT artist, song FROM "{music}" WHERE {rest}')]

    assert songs("artist = 'acme' ORDER BY song DESC") == [("a", 4), ("a", 3), ("a", 2), ("a", 1)]
    assert songs("artist IN ['bits', 'acme'] AND song < 3 ORDER BY artist DESC, song ASC") == [
        ("b", 1), ("b", 2), ("a", 1), ("a", 2)]
    assert songs("artist IN ['bits', 'acme'] AND song < 3 ORDER BY artist, song DESC") == [
        ("a", 2), ("a", 1), ("b", 2), ("b", 1)]
    assert songs("artist = 'acme' AND song = 1 OR artist = 'acme' AND song >= 3 "
                 "ORDER BY song DESC") == [("a", 4), ("a", 3), ("a", 1)]


def test_order_by_is_refused_without_keys(ddb, music):
    select = f'SELECT * FROM "{music}" '
    assert told(ddb, select + "ORDER BY song") == (
        "Must have WHERE clause in the statement when using ORDER BY clause.")
    assert told(ddb, select + "WHERE title = 'x' ORDER BY song") == (
        "Must have at least one non-optional hash key condition in WHERE clause when using ORDER "
        "BY clause.")
    assert told(ddb, select + "WHERE artist = 'x' ORDER BY title") == (
        "Variable reference title in ORDER BY clause must be part of the primary key")
    assert told(ddb, select + "WHERE artist IN ['x', 'y'] ORDER BY song") == (
        "Must have hash key in ORDER BY clause when more than one hash key condition specified in "
        "WHERE clause.")


def test_overlapping_ranges_are_refused(ddb, music):
    assert told(ddb, f"SELECT * FROM \"{music}\" WHERE artist = 'a' AND title = '1' "
                     "OR artist = 'a' AND song = 2") == (
        "Overlapping conditions with range keys are not supported in where clause")


def test_key_types(ddb, music):
    wrong = "Key attribute's data type should match its data type in table's schema"
    assert told(ddb, f'SELECT * FROM "{music}" WHERE artist = 1') == wrong
    assert told(ddb, f"SELECT * FROM \"{music}\" WHERE artist = 'x' AND song = 'y'") == wrong
    assert told(ddb, f"DELETE FROM \"{music}\" WHERE artist = 'x' AND song = 'y'") == wrong


# ---- indexes ----

def test_select_on_a_global_index(ddb, music):
    found = rows(ddb, f'SELECT * FROM "{music}"."genres" WHERE genre = \'rock\' AND "year" = 2003')
    assert sorted(found, key=lambda r: r["artist"]) == [
        {"artist": a, "song": 3, "genre": "rock", "year": 2003, "title": f"{a} 3"}
        for a in ("acme", "bits", "cake")]
    assert len(rows(ddb, f'SELECT * FROM "{music}"."years"')) == 9
    assert len(rows(ddb, f"SELECT * FROM \"{music}\".\"genres\" WHERE artist = 'acme'")) == 3


def test_what_an_index_does_not_project(ddb, music):
    genres = f'"{music}"."genres"'
    invalid = "One or more parameter values were invalid: "
    assert told(ddb, f"SELECT awards.won, tags FROM {genres} WHERE genre = 'rock'") == (
        invalid + "Global secondary index genres does not project [awards, tags]")
    assert told(ddb, f"SELECT tags FROM {genres}") == (
        invalid + "Global secondary index genres does not project [tags]")
    assert told(ddb, f"SELECT title FROM {genres} WHERE genre = 'rock' AND tags IS MISSING") == (
        invalid + "Secondary index genres does not project one or more filter attributes: [tags]")
    assert told(ddb, f"SELECT title FROM {genres} WHERE genre IN ['a', 'b'] AND NOT tags = 1") == (
        invalid + "Secondary index genres does not project one or more filter attributes: [tags]")
    assert told(ddb, f"SELECT song FROM \"{music}\".\"by_year\" WHERE artist = 'a' AND tags = 1") == (
        invalid + "Secondary index by_year does not project one or more filter attributes: [tags]")
    # where the index' key is not bound, the attribute is just not there
    assert rows(ddb, f"SELECT title FROM {genres} WHERE tags = 'x'") == []
    assert len(rows(ddb, f"SELECT title FROM {genres} WHERE NOT tags = 'x'")) == 9
    assert len(rows(ddb, f"SELECT title FROM {genres} WHERE genre = 'rock' AND tags = 1 "
                         "OR genre = 'jazz'")) == 3


def test_a_local_index_fetches_what_it_does_not_project(ddb, music):
    local = f'"{music}"."by_year"'
    answer = run(ddb, f"SELECT * FROM {local} WHERE artist = 'acme'",
                 ReturnConsumedCapacity="INDEXES")
    assert [sorted(row) for row in answer["Items"]] == [["artist", "song", "year"]] * 3
    assert answer["ConsumedCapacity"]["Table"]["CapacityUnits"] == 0
    assert answer["ConsumedCapacity"]["LocalSecondaryIndexes"] == {"by_year": {"CapacityUnits": 0.5}}
    answer = run(ddb, f"SELECT title FROM {local} WHERE artist = 'acme' AND \"year\" > 2001",
                 ReturnConsumedCapacity="INDEXES", ConsistentRead=True)
    assert [plain(row) for row in answer["Items"]] == [{"title": "acme 2"}, {"title": "acme 3"}]
    assert answer["ConsumedCapacity"]["Table"]["CapacityUnits"] == 2
    assert answer["ConsumedCapacity"]["LocalSecondaryIndexes"] == {"by_year": {"CapacityUnits": 1.0}}


def test_indexes_that_cannot_be_read(ddb, music):
    assert told(ddb, f'SELECT * FROM "{music}"."nothing"') == (
        "The table does not have the specified index")
    assert told(ddb, f'SELECT * FROM "{music}"."years"', ConsistentRead=True) == (
        "Strongly consistent read is not supported on Global Secondary Indexes")
    assert told(ddb, f'SELECT * FROM "{music}"."years"."x"') == (
        "A path may contain at most 2 components in the FROM clause")
    for write in (f'UPDATE "{music}"."years" SET a = 1 WHERE artist = \'a\' AND song = 1',
                  f'DELETE FROM "{music}"."years" WHERE artist = \'a\' AND song = 1'):
        assert told(ddb, write) == "This operation is not supported on an index"
    assert told(ddb, f'INSERT INTO "{music}"."years" VALUE {{}}') == (
        "FROM clause may only contain a single table name")


def test_an_index_with_several_hash_attributes_is_refused(ddb):
    table = make(ddb, globals_=[index("many", ["a", "b"], "c")])
    words = ("PartiQL statements cannot be executed on tables with multi-attribute HASH keys or "
             "multi-attribute RANGE keys.")
    assert told(ddb, f'SELECT * FROM "{table}"."many" WHERE a = \'x\'') == words
    assert rows(ddb, f'SELECT * FROM "{table}" WHERE pk = \'x\'') == []


# ---- pages ----

def test_limit_counts_what_is_looked_at(ddb, music):
    statement = f"SELECT song FROM \"{music}\" WHERE artist = 'acme' AND awards.won > 2"
    found = pages(ddb, statement, Limit=1)
    assert [len(page["Items"]) for page in found] == [0, 0, 1, 1, 0]
    assert [plain(page["LastEvaluatedKey"]) for page in found[:-1]] == [
        {"artist": "acme", "song": song} for song in range(1, 5)]
    assert "LastEvaluatedKey" not in found[-1]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("rest", [
    "", " WHERE artist = 'bits'", " WHERE artist = 'bits' ORDER BY song DESC",
    " WHERE artist IN ['cake', 'bits', 'none', 'acme']",
    " WHERE artist IN ['cake', 'bits', 'acme'] AND song > 1 ORDER BY artist, song DESC",
])
def test_pages_give_each_item_once(ddb, music, limit, rest):
    statement = f'SELECT artist, song FROM "{music}"{rest}'
    whole = rows(ddb, statement)
    paged = [plain(row) for page in pages(ddb, statement, Limit=limit) for row in page["Items"]]
    assert paged == whole
    assert len(whole) in (4, 9, 12)


def test_pages_of_an_index(ddb, music):
    statement = f'SELECT title FROM "{music}"."genres" WHERE genre = ?'
    paged = [plain(row)["title"] for page in pages(ddb, statement, "rock", Limit=2)
             for row in page["Items"]]
    assert len(paged) == 6
    assert len(set(paged)) == 6


def test_ten_partitions_are_a_page(ddb):
    table = make(ddb, "pk")
    for n in range(25):
        put(ddb, table, pk=f"k{n:02}")
    listed = ", ".join(f"'k{n:02}'" for n in range(25))
    found = pages(ddb, f'SELECT * FROM "{table}" WHERE pk IN [{listed}]')
    assert [len(page["Items"]) for page in found] == [10, 10, 5]
    assert all("LastEvaluatedKey" not in page for page in found)
    many = ", ".join(f"'k{n:02}'" for n in range(51))
    assert told(ddb, f'SELECT * FROM "{table}" WHERE pk IN [{many}]').startswith(
        "The IN operator is provided with too many operands")


def test_a_page_ends_at_one_mebibyte(ddb):
    table = make(ddb, "pk", "sk", {"sk": "N"})
    for n in range(12):
        put(ddb, table, pk="ab"[n % 2], sk=n, body="x" * 200_000)
    found = pages(ddb, f"SELECT sk FROM \"{table}\" WHERE pk IN ['a', 'b']")
    assert [len(page["Items"]) for page in found] == [6, 6, 0]
    assert [int(row["sk"]["N"]) for page in found for row in page["Items"]] == [
        0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]


def test_tokens_of_other_statements_are_refused(ddb, music):
    statement = f"SELECT song FROM \"{music}\" WHERE artist = ?"
    token = run(ddb, statement, "acme", Limit=1)["NextToken"]
    assert len(rows(ddb, statement, "acme", NextToken=token)) == 3
    other = "NextToken does not match request"
    assert told(ddb, statement, "bits", NextToken=token) == other
    assert told(ddb, statement + " ", "acme", NextToken=token) == other
    for bad in ("x", "AAAA", token[:-4], token[4:], "AQ" + token[2:-8] + "AAAAAAAA"):
        assert told(ddb, statement, "acme", NextToken=bad) in ("Invalid NextToken", other)


def test_capacity_of_reads(ddb, music):
    one = f"SELECT * FROM \"{music}\" WHERE artist = 'acme' AND song = 1"
    total = run(ddb, one, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert total == {"TableName": music, "CapacityUnits": 0.5}
    total = run(ddb, one, ReturnConsumedCapacity="TOTAL", ConsistentRead=True)["ConsumedCapacity"]
    assert total["CapacityUnits"] == 1
    assert "ConsumedCapacity" not in run(ddb, one)
    two = f"SELECT * FROM \"{music}\" WHERE artist IN ['acme', 'bits']"
    assert run(ddb, two, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]["CapacityUnits"] == 1


# ---- INSERT ----

def test_insert_of_every_type(ddb):
    table = make(ddb)
    answer = run(ddb, f"INSERT INTO \"{table}\" VALUE {{'pk': 'it''s', 'n': -1.50e2, 't': TRUE, "
                      "'f': false, 'z': NULL, 'l': [1, 'x', []], 'm': {'a': {'b': <<'p', 'q'>>}}, "
                      "'ns': <<1, 2.5>>, 'e': '', 'p': ?, 'b': ?}", {"k": [1]}, b"\x00\xff",
                 ReturnConsumedCapacity="TOTAL")
    assert answer["Items"] == []
    assert answer["ConsumedCapacity"] == {"TableName": table, "CapacityUnits": 1}
    assert get(ddb, table, pk="it's") == {
        "pk": "it's", "n": -150, "t": True, "f": False, "z": None, "l": [1, "x", []],
        "m": {"a": {"b": {"p", "q"}}}, "ns": {1, Decimal("2.5")}, "e": "", "p": {"k": [1]},
        "b": b"\x00\xff"}


def test_insert_is_no_replacement(ddb):
    table = make(ddb)
    insert = f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'v': ?}}"
    run(ddb, insert, 1)
    assert told(ddb, insert, 2, code="DuplicateItemException") == (
        "Duplicate primary key exists in table")
    assert get(ddb, table, pk="a") == {"pk": "a", "v": 1}
    run(ddb, f"DELETE FROM \"{table}\" WHERE pk = 'a'")
    run(ddb, insert, 3)
    assert get(ddb, table, pk="a") == {"pk": "a", "v": 3}


def test_insert_checks_the_item(ddb):
    table = make(ddb, "pk", globals_=[index("by_n", "n")], types={"n": "N"})
    invalid = "One or more parameter values were invalid: "
    assert told(ddb, f"INSERT INTO \"{table}\" VALUE {{'x': 1}}") == (
        invalid + "Missing the key pk in the item")
    assert told(ddb, f"INSERT INTO \"{table}\" VALUE {{'pk': 1}}") == (
        invalid + "Type mismatch for key pk expected: S actual: N")
    assert told(ddb, f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'n': 'x'}}") == (
        invalid + "Type mismatch for Index Key n Expected: N Actual: S IndexName: by_n")
    assert told(ddb, f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'b': ?}}", "x" * 410_000) == (
        "Item size has exceeded the maximum allowed size")
    assert told(ddb, f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 's': <<'x', 'x'>>}}") == (
        invalid + "Input collection [x, x] contains duplicates.")
    assert rows(ddb, f'SELECT * FROM "{table}"') == []


# ---- UPDATE ----

@pytest.fixture
def one(ddb):
    """A table with one item, k."""
    table = make(ddb, "pk")
    put(ddb, table, pk="k", n=5, s={"a", "b"}, l=["p", "q", "r"], m={"x": 1, "y": {"z": 2}}, t="t")
    return table


@pytest.mark.parametrize("changes, wanted", [
    ("SET n = n + 2", {"n": 7}),
    ("SET n = 1 - n, t = 'new'", {"n": -4, "t": "new"}),
    ("SET t = 1 SET u = t REMOVE n", {"t": 1, "u": "t", "n": None}),
    ("SET l = list_append(l, ['s'])", {"l": ["p", "q", "r", "s"]}),
    ("SET l = LIST_APPEND(['o'], l)", {"l": ["o", "p", "q", "r"]}),
    ("SET l[1] = 'Q' REMOVE l[0]", {"l": ["Q", "r"]}),
    ("SET m.y.z = m.x, m.new = {'deep': [1]}", {"m": {"x": 1, "y": {"z": 1},
                                                      "new": {"deep": [1]}}}),
    ("REMOVE m.y, l[2]", {"m": {"x": 1}, "l": ["p", "q"]}),
    ("SET s = set_add(s, <<'c', 'a'>>)", {"s": {"a", "b", "c"}}),
    ("SET s = SET_DELETE(s, <<'a', 'z'>>)", {"s": {"b"}}),
    ("SET s = set_delete(s, <<'a', 'b'>>)", {"s": None}),
    ("SET fresh = set_add(fresh, <<1>>)", {"fresh": {1}}),
    ("SET gone = set_delete(gone, <<1>>)", {"gone": None}),
])
def test_update(ddb, one, changes, wanted):
    before = get(ddb, one, pk="k")
    assert run(ddb, f"UPDATE \"{one}\" {changes} WHERE pk = 'k'")["Items"] == []
    after = {name: value for name, value in {**before, **wanted}.items() if value is not None}
    assert get(ddb, one, pk="k") == after


def test_update_takes_parameters_in_order(ddb, one):
    run(ddb, f'UPDATE "{one}" SET n = ?, s = set_add(s, ?) WHERE pk = ? AND t = ?', 9, {"z"}, "k",
        "t")
    assert get(ddb, one, pk="k")["n"] == 9
    assert get(ddb, one, pk="k")["s"] == {"a", "b", "z"}


def test_update_where_comes_first_in_the_from_form(ddb, one):
    run(ddb, f"FROM \"{one}\" WHERE pk = 'k' AND n = 5 SET n = 6 REMOVE t")
    assert get(ddb, one, pk="k")["n"] == 6
    assert told(ddb, f'FROM "{one}" SET n = 6') == KEYS


RETURNED = [
    ("SET n = 6", "ALL OLD", {"n": 5}, True),
    ("SET n = 6", "ALL NEW", {"n": 6}, True),
    ("SET n = 6, m.x = 2", "MODIFIED OLD", {"n": 5, "m": {"x": 1}}, False),
    ("SET n = 6, m.x = 2", "MODIFIED NEW", {"n": 6, "m": {"x": 2}}, False),
    ("SET l[2] = 'R', l[0] = 'P'", "MODIFIED NEW", {"l": ["P", "R"]}, False),
    ("REMOVE l[1]", "MODIFIED NEW", {"l": ["r"]}, False),
    ("REMOVE t", "MODIFIED OLD", {"t": "t"}, False),
    ("REMOVE t", "MODIFIED NEW", None, False),
    ("SET fresh = 1", "MODIFIED OLD", None, False),
    ("SET l[9] = 's'", "MODIFIED NEW", None, False),
]


@pytest.mark.parametrize("changes, what, wanted, whole", RETURNED)
def test_update_returning(ddb, one, changes, what, wanted, whole):
    before = get(ddb, one, pk="k")
    found = rows(ddb, f"UPDATE \"{one}\" {changes} WHERE pk = 'k' RETURNING {what} *")
    if wanted is None:
        assert found == []
    else:
        assert found == [{**before, **wanted} if whole else wanted]


def test_update_needs_the_item(ddb, one):
    words = "The conditional request failed"
    failed = "ConditionalCheckFailedException"
    assert told(ddb, f"UPDATE \"{one}\" SET n = 1 WHERE pk = 'other'", code=failed) == words
    assert told(ddb, f"UPDATE \"{one}\" SET n = 1 WHERE pk = 'other' AND attribute_not_exists(pk)",
                code=failed) == words
    assert get(ddb, one, pk="other") is None
    assert told(ddb, f"UPDATE \"{one}\" SET n = 1 WHERE pk = 'k' AND n = 4", code=failed) == words
    assert told(ddb, f"DELETE FROM \"{one}\" WHERE pk = 'k' AND NOT n = 5", code=failed) == words
    assert get(ddb, one, pk="k")["n"] == 5


def test_the_failed_item_is_told_if_asked_for(ddb, one):
    def failed(where, **more):
        with pytest.raises(ClientError) as caught:
            run(ddb, f'UPDATE "{one}" SET n = 1 WHERE {where}', **more)
        assert caught.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
        return caught.value.response.get("Item")

    asked = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    assert plain(failed("pk = 'k' AND n = 4", **asked)) == get(ddb, one, pk="k")
    assert failed("pk = 'k' AND n = 4") is None
    assert failed("pk = 'other'", **asked) is None


def test_updates_that_are_refused(ddb, one):
    update = f'UPDATE "{one}" '
    assert told(ddb, update + "SET n = 1") == KEYS
    assert told(ddb, update + "SET n = 1 WHERE n = 5") == KEYS
    assert told(ddb, update + "SET n = 1 WHERE pk IN ['k', 'l']") == KEYS
    assert told(ddb, update + "SET pk = 'x' WHERE pk = 'k'") == (
        "One or more parameter values were invalid: Cannot update attribute pk. This attribute is "
        "part of the key")
    assert told(ddb, update + "SET new[0] = 'x' WHERE pk = 'k'") == (
        "The document path provided in the update expression is invalid for update")
    assert told(ddb, update + "SET t = t + 1 WHERE pk = 'k'") == (
        "An operand in the update expression has an incorrect data type")
    assert told(ddb, update + "SET s = set_add(s, <<1>>) WHERE pk = 'k'") == (
        "An operand in the update expression has an incorrect data type")
    assert told(ddb, update + "SET a = nowhere WHERE pk = 'k'") == (
        "The provided expression refers to an attribute that does not exist in the item")
    assert get(ddb, one, pk="k")["n"] == 5


# ---- DELETE ----

def test_delete(ddb, one):
    before = get(ddb, one, pk="k")
    assert rows(ddb, f"DELETE FROM \"{one}\" WHERE pk = 'k' AND n = 5 RETURNING ALL OLD *") == [before]
    assert get(ddb, one, pk="k") is None
    # what is not there may be deleted, whatever else is asked of it
    assert rows(ddb, f"DELETE FROM \"{one}\" WHERE pk = 'k' RETURNING ALL OLD *") == []
    assert rows(ddb, f"DELETE FROM \"{one}\" WHERE pk = 'k' AND n = 5") == []
    assert told(ddb, f'DELETE FROM "{one}" WHERE n = 5') == KEYS
    assert told(ddb, f'DELETE FROM "{one}"') == KEYS
    assert told(ddb, f"DELETE FROM \"{one}\" WHERE pk = 'k' RETURNING ALL NEW *") == (
        "Invalid returning clause: RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in "
        "DELETE statements.")


# ---- any statement ----

def test_statements_that_are_no_statements(ddb, one):
    assert told(ddb, f'SLECT * FROM "{one}"') == MALFORMED + "Expected data manipulation"
    assert told(ddb, f'SELECT * FROM "{one}" WHERE') == MALFORMED + "Unexpected term"
    assert told(ddb, f'SELECT * FROM "{one}" WHERE pk = \'a\' x') == (
        MALFORMED + "Unexpected token after expression")
    assert told(ddb, f"EXISTS(SELECT * FROM \"{one}\" WHERE pk = 'k')").startswith("EXISTS()")
    assert told(ddb, "x" * 8193).startswith("1 validation error detected: ")
    assert told(ddb, f'SELECT * FROM "{one}" WHERE pk = ?') == COUNT
    assert told(ddb, f"SELECT * FROM \"{one}\" WHERE pk = 'k'", 1) == COUNT


@pytest.mark.parametrize("statement", [
    "SELECT * FROM \"no-such\" WHERE pk = 'x'", "INSERT INTO \"no-such\" VALUE {'pk': 'x'}",
    "UPDATE \"no-such\" SET a = 1 WHERE pk = 'x'", "DELETE FROM \"no-such\" WHERE pk = 'x'",
    "FROM \"no-such\" WHERE pk = 'x' SET a = 1"])
def test_tables_that_are_not_there(ddb, statement):
    assert told(ddb, statement, code="ResourceNotFoundException") == "Requested resource not found"


def test_faults_of_the_statement_come_before_the_tables(ddb):
    assert told(ddb, 'SELECT * FROM "no-such" WHERE pk = ? AND v < ?', "x", True) == (
        "Incorrect operand type for operator or function; operator or function: <, operand type: "
        "BOOL")
    assert told(ddb, 'SELECT * FROM "" WHERE pk = 1') == "Path component cannot be an empty string"


# ---- BatchExecuteStatement ----

def batch(ddb, *statements, **more):
    listed = [{"Statement": s} if isinstance(s, str) else s for s in statements]
    return ddb.batch_execute_statement(Statements=listed, **more)


def with_values(statement, *values, **more):
    return {"Statement": statement, "Parameters": given(*values), **more}


def test_batch_of_reads(ddb, one):
    answer = batch(ddb, f"SELECT n, m.y FROM \"{one}\" WHERE pk = 'k'",
                   with_values(f'SELECT * FROM "{one}" WHERE pk = ?', "none"),
                   {"Statement": f"SELECT n FROM \"{one}\" WHERE pk IN ['k']",
                    "ConsistentRead": True}, ReturnConsumedCapacity="TOTAL")
    first, second, third = answer["Responses"]
    assert plain(first["Item"]) == {"n": 5, "y": {"z": 2}}
    assert second == {"TableName": one}
    assert third["Item"] == {"n": {"N": "5"}}
    assert answer["ConsumedCapacity"] == [{"TableName": one, "CapacityUnits": 2}]


def test_batch_of_reads_each_by_its_whole_key(ddb, one, music):
    words = ("Select statements within BatchExecuteStatement must specify the primary key in the "
             "where clause.")
    bad = [f'SELECT * FROM "{one}"', f"SELECT * FROM \"{one}\" WHERE n = 5",
           f"SELECT * FROM \"{one}\" WHERE pk = 'k' AND n = 5",
           f"SELECT * FROM \"{music}\" WHERE artist = 'acme'",
           f'SELECT * FROM "{music}"."years" WHERE "year" = 2001']
    *refusals, last = batch(ddb, *bad, f"SELECT n FROM \"{one}\" WHERE pk = 'k'")["Responses"]
    assert refusals == [{"Error": {"Code": "ValidationError", "Message": words}}] * 5
    assert plain(last["Item"]) == {"n": 5}


def test_batch_of_writes_each_for_itself(ddb, one):
    answer = batch(
        ddb, f"INSERT INTO \"{one}\" VALUE {{'pk': 'new', 'v': 1}}",
        f"INSERT INTO \"{one}\" VALUE {{'pk': 'k'}}",
        f"UPDATE \"{one}\" SET n = n + 1 WHERE pk = 'k' RETURNING MODIFIED NEW *",
        f"UPDATE \"{one}\" SET n = n + 1 WHERE pk = 'k' RETURNING MODIFIED NEW *",
        {"Statement": f"UPDATE \"{one}\" SET n = 0 WHERE pk = 'k' AND n = 1",
         "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
        f"UPDATE \"{one}\" REMOVE t WHERE pk = 'k' RETURNING MODIFIED NEW *",
        "DELETE FROM \"no-such\" WHERE pk = 'k'",
        f"SLECT * FROM \"{one}\"",
        f"DELETE FROM \"{one}\" WHERE pk = 'new' RETURNING MODIFIED OLD *",
        f"DELETE FROM \"{one}\" WHERE pk = 'new' RETURNING ALL OLD *")["Responses"]
    assert answer[0] == {"TableName": one}
    assert answer[1] == {"TableName": one, "Error": {
        "Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}}
    assert [answer[i]["Item"] for i in (2, 3)] == [{"n": {"N": "6"}}, {"n": {"N": "7"}}]
    assert answer[4]["Error"]["Code"] == "ConditionalCheckFailed"
    assert answer[4]["Error"]["Message"] == "The conditional request failed"
    assert plain(answer[4]["Error"]["Item"])["n"] == 7
    assert answer[4]["TableName"] == one
    assert answer[5] == {"TableName": one}
    assert answer[6] == {"Error": {"Code": "ResourceNotFound",
                                   "Message": "Requested resource not found"}}
    assert answer[7] == {"Error": {"Code": "ValidationError",
                                   "Message": MALFORMED + "Expected data manipulation"}}
    assert answer[8]["Error"]["Code"] == "ValidationError"
    assert plain(answer[9]["Item"]) == {"pk": "new", "v": 1}
    assert get(ddb, one, pk="new") is None
    assert "t" not in get(ddb, one, pk="k")


def test_batches_that_are_refused(ddb, one):
    read = f"SELECT * FROM \"{one}\" WHERE pk = 'k'"
    write = f"DELETE FROM \"{one}\" WHERE pk = 'k'"
    refused(VALIDATION, batch, ddb, read, write)
    assert get(ddb, one, pk="k") is not None
    refused(VALIDATION, batch, ddb, *[read] * 26)
    assert len(batch(ddb, *[read] * 25)["Responses"]) == 25


def test_capacity_of_a_batch_is_by_table(ddb, one):
    other = make(ddb, "pk", globals_=[index("by_n", "n")], types={"n": "N"})
    costs = batch(ddb, f"INSERT INTO \"{other}\" VALUE {{'pk': 'a', 'n': 1}}",
                  f"UPDATE \"{one}\" SET n = 1 WHERE pk = 'k'",
                  f"INSERT INTO \"{other}\" VALUE {{'pk': 'b'}}",
                  ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert {c["TableName"]: c["CapacityUnits"] for c in costs} == {other: 3, one: 1}
    assert costs[0]["GlobalSecondaryIndexes"] == {"by_n": {"CapacityUnits": 1}}


# ---- ExecuteTransaction ----

def transact(ddb, *statements, **more):
    listed = [{"Statement": s} if isinstance(s, str) else s for s in statements]
    return ddb.execute_transaction(TransactStatements=listed, **more)


def cancelled(ddb, *statements, **more):
    """The reasons of a transaction that is cancelled: code, sentence, item."""
    with pytest.raises(ClientError) as caught:
        transact(ddb, *statements, **more)
    assert caught.value.response["Error"]["Code"] == "TransactionCanceledException"
    return [(r["Code"], r.get("Message"), r.get("Item"))
            for r in caught.value.response["CancellationReasons"]]


def test_transaction_of_writes(ddb, one):
    put(ddb, one, pk="old")
    answer = transact(ddb, with_values(f"INSERT INTO \"{one}\" VALUE {{'pk': ?, 'v': 1}}", "new"),
                      f"UPDATE \"{one}\" SET n = n + 1, s = set_add(s, <<'t'>>) WHERE pk = 'k'",
                      f"DELETE FROM \"{one}\" WHERE pk = 'old'",
                      f"DELETE FROM \"{one}\" WHERE pk = 'never' AND n = 1",
                      ReturnConsumedCapacity="TOTAL")
    assert answer["Responses"] == []
    assert answer["ConsumedCapacity"] == [
        {"TableName": one, "CapacityUnits": 8, "WriteCapacityUnits": 8}]
    assert get(ddb, one, pk="new") == {"pk": "new", "v": 1}
    assert get(ddb, one, pk="k")["n"] == 6
    assert "t" in get(ddb, one, pk="k")["s"]
    assert get(ddb, one, pk="old") is None


def test_transaction_is_all_or_nothing(ddb, one):
    before = get(ddb, one, pk="k")
    put(ddb, one, pk="there")
    reasons = cancelled(
        ddb, f"INSERT INTO \"{one}\" VALUE {{'pk': 'new'}}",
        f"INSERT INTO \"{one}\" VALUE {{'pk': 'there'}}",
        {"Statement": f"UPDATE \"{one}\" SET n = 0 WHERE pk = 'k' AND n = 4",
         "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
        f"UPDATE \"{one}\" SET n = 0 WHERE pk = 'never'")
    failed = "ConditionalCheckFailed"
    assert [reason[:2] for reason in reasons] == [
        ("None", None), ("DuplicateItem", "Duplicate primary key exists in table"),
        (failed, "The conditional request failed"), (failed, "The conditional request failed")]
    assert plain(reasons[2][2]) == before
    assert reasons[3][2] is None
    assert get(ddb, one, pk="new") is None
    assert get(ddb, one, pk="k") == before


def test_exists_is_a_condition(ddb, one):
    insert = f"INSERT INTO \"{one}\" VALUE {{'pk': 'new'}}"
    reasons = cancelled(ddb, f"EXISTS(SELECT * FROM \"{one}\" WHERE pk = 'k' AND n = 4)", insert)
    assert [reason[0] for reason in reasons] == ["ConditionalCheckFailed", "None"]
    assert get(ddb, one, pk="new") is None
    transact(ddb, with_values(f'EXISTS(SELECT * FROM "{one}" WHERE pk = ? AND u IS MISSING)', "k"),
             insert)
    assert get(ddb, one, pk="new") is not None


def test_transaction_of_reads(ddb, one, music):
    answer = transact(ddb, f"SELECT n, m.x FROM \"{one}\" WHERE pk = 'k'",
                      with_values(f'SELECT * FROM "{music}" WHERE artist = ? AND song = ?', "none", 1),
                      f"SELECT title FROM \"{music}\" WHERE artist = 'acme' AND song IN [2]",
                      ReturnConsumedCapacity="TOTAL")
    assert answer["Responses"] == [{"Item": {"n": {"N": "5"}, "x": {"N": "1"}}}, {},
                                   {"Item": {"title": {"S": "acme 2"}}}]
    assert {c["TableName"]: c["ReadCapacityUnits"] for c in answer["ConsumedCapacity"]} == {
        one: 2, music: 4}


def test_transactions_that_are_refused(ddb, one, music):
    read = f"SELECT * FROM \"{one}\" WHERE pk = 'k'"
    write = f"UPDATE \"{one}\" SET n = 1 WHERE pk = 'k'"

    def words(*statements):
        return refused(VALIDATION, transact, ddb, *statements)

    def first(sentence):
        return "Validation failed in TransactStatements[0]: " + sentence

    key = "Select statements within ExecuteTransaction must specify the primary key in the where clause."
    assert words(read, write) == ("ExecuteTransaction API does not support both read and write "
                                  "operations in the same request.")
    assert words(write + " RETURNING ALL NEW *") == first(
        "RETURNING clause is not supported in ExecuteTransaction.")
    assert words(f'SELECT * FROM "{one}" WHERE') == first(MALFORMED + "Unexpected term")
    assert words(f'SELECT * FROM "{one}" WHERE n = 1') == first(key)
    assert words(f"SELECT * FROM \"{one}\" WHERE pk = 'k' AND attribute_exists(n)") == first(key)
    assert words(f"SELECT * FROM \"{music}\".\"genres\" WHERE genre = 'x'") == first(
        "Reads on indices are not supported within transactions.")
    assert words(f"EXISTS(SELECT * FROM \"{one}\" WHERE pk = 'k')", write) == first(
        "EXISTS() must contain a single item read with additional condition")
    assert words(f'DELETE FROM "{one}" WHERE n = 1') == first(KEYS)
    assert words(with_values(f'UPDATE "{one}" SET n = ? WHERE pk = ?', "x")) == first(COUNT)
    assert words({"Statement": write, "Parameters": [{"N": "1e99999999999"}]}) == (
        "The parameter cannot be converted to a numeric value: 1e99999999999")
    assert words(write, f"DELETE FROM \"{one}\" WHERE pk = 'k'") == (
        "Transaction request cannot include multiple operations on one item")
    assert words(read, read) == "Transaction request cannot include multiple operations on one item"
    words(*[read] * 101)
    refused("ResourceNotFoundException", transact, ddb, read, "SELECT * FROM \"no-such\" WHERE pk = 'x'")
    assert get(ddb, one, pk="k")["n"] == 5


def test_a_token_makes_it_happen_once(ddb, one):
    write = f"UPDATE \"{one}\" SET n = n + 1 WHERE pk = 'k'"
    token = {"ClientRequestToken": f"token-{one}", "ReturnConsumedCapacity": "TOTAL"}
    assert transact(ddb, write, **token)["ConsumedCapacity"] == [
        {"TableName": one, "CapacityUnits": 2, "WriteCapacityUnits": 2}]
    again = transact(ddb, write, **token)
    assert again["ConsumedCapacity"] == [
        {"TableName": one, "CapacityUnits": 2, "ReadCapacityUnits": 2}]
    assert again["Responses"] == []
    assert get(ddb, one, pk="k")["n"] == 6
    refused("IdempotentParameterMismatchException", transact, ddb, write + " AND n > 0", **token)


def test_what_statements_did_is_there_after_a_kill(fresh):
    server = fresh()
    ddb = server.client("dynamodb")
    table = make(ddb, "pk")
    run(ddb, f"INSERT INTO \"{table}\" VALUE {{'pk': 'a', 'n': 1}}")
    batch(ddb, f"INSERT INTO \"{table}\" VALUE {{'pk': 'b', 'n': 2}}")
    token = {"ClientRequestToken": "once"}
    statements = [f"UPDATE \"{table}\" SET n = n + 1 WHERE pk = '{pk}'" for pk in "ab"]
    transact(ddb, *statements, **token)
    server.kill()
    server.start()
    ddb = server.client("dynamodb")
    transact(ddb, *statements, **token)
    assert sorted((r["pk"], int(r["n"])) for r in rows(ddb, f'SELECT * FROM "{table}"')) == [
        ("a", 2), ("b", 3)]
