/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies are told of tables, indexes and streams. An index has its table's policy and tags.
 */
#include "svc/dynamodb/guard.h"
#include "svc/dynamodb/tables.h"
#include "svc/dynamodb/tags.h"

/* table/NAME, table/NAME/index/NAME, table/NAME/stream/LABEL; NULL: it is not there. */
static const struct table *named(struct cell *cell, struct str text, bool *ret_stream)
{
    struct arn arn;
    struct str rest;
    struct str name;

    if (!arn_read(text, &arn) || !str_starts(arn.resource, STR("table/"))) {
        return NULL;
    }
    rest = str_slice(arn.resource, 6, arn.resource.bytes);
    name = str_split(&rest, '/');
    *ret_stream = str_starts(rest, STR("stream/"));
    return table_find(cell_state(cell, "dynamodb"), arn.account, arn.region, name);
}

static bool find(struct cell *cell, struct str arn, struct arena *arena,
                 struct resource_facts *ret_facts)
{
    bool stream;
    const struct table *table = named(cell, arn, &stream);

    (void)arena;
    if (table == NULL) {
        return false;
    }
    *ret_facts = (struct resource_facts){
        .policy = table->extras[stream ? EXTRA_STREAM_POLICY : EXTRA_POLICY]};
    return true;
}

static bool tag(struct cell *cell, struct str arn, struct str key, struct str *ret_value)
{
    struct tag tags[TAGS_MAX];
    bool stream;
    const struct table *table = named(cell, arn, &stream);
    size_t count = table == NULL ? 0 : tags_unpack(table->extras[EXTRA_TAGS], tags);

    for (size_t i = 0; i < count; i++) {
        if (str_eq_nocase(tags[i].key, key)) {
            *ret_value = tags[i].value;
            return true;
        }
    }
    return false;
}

static bool key(struct call *c, struct str arn, struct str name, struct policy_values *ret_values)
{
    bool stream;
    const struct table *table = named(c->cell, arn, &stream);
    size_t at = str_find_str(arn, STR("/index/"));
    const struct index *index =
        table == NULL || at == arn.bytes
            ? NULL
            : table_index(table, str_slice(arn, at + STR("/index/").bytes, arn.bytes));

    return table != NULL &&
           guard_key_find(c, table, (index == NULL ? &table->schema : &index->schema)->names[0],
                          name, ret_values);
}

static const struct resource_source source = {
    .service = "dynamodb", .find = find, .tag = tag, .key = key};

void dynamodb_join_policies(struct cell *cell)
{
    resource_source_add(cell, &source);
}
