/* SPDX-License-Identifier: Apache-2.0
 *
 * What policies are told of tables, indexes and streams. An index has its table's policy and tags.
 */
#include "cell/authorize.h"
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

static const struct resource_source source = {.service = "dynamodb", .find = find, .tag = tag};

void dynamodb_join_policies(struct cell *cell)
{
    resource_source_add(cell, &source);
}
