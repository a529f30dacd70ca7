/* SPDX-License-Identifier: Apache-2.0
 *
 * From one table's properties to others by UpdateTable, which takes one kind of change at a time.
 *
 * An index is made or deleted last, one in a stack's operation as on AWS: the table is at work with
 * it afterwards, until it settles.
 */
#include "svc/dynamodb/cfn.h"

static status update_begin(struct resource *r, struct inner *ret_inner)
{
    TRY(resource_begin(r, "UpdateTable", ret_inner));
    set_str(ret_inner->in, "TableName", r->id);
    return OK;
}

static bool is_on_demand(struct resource *r, const struct value *properties)
{
    return str_eq(doc_text(r->c->arena, doc_get(properties, "BillingMode")),
                  STR("PAY_PER_REQUEST"));
}

/* ---- indexes ---- */

static const struct value *list_of(const struct value *properties)
{
    const struct value *list = doc_get(properties, "GlobalSecondaryIndexes");

    return list != NULL && list->kind == VALUE_LIST ? list : NULL;
}

static const struct value *index_in(struct resource *r, const struct value *properties,
                                    const struct value *like)
{
    struct str name = doc_text(r->c->arena, doc_get(like, "IndexName"));
    const struct value *list = list_of(properties);

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        if (str_eq(doc_text(r->c->arena, doc_get(&list->items[i], "IndexName")), name)) {
            return &list->items[i];
        }
    }
    return NULL;
}

/* The same keys and projection: nothing that needs a new one. */
static bool is_same_index(const struct value *a, const struct value *b)
{
    return doc_same(doc_get(a, "KeySchema"), doc_get(b, "KeySchema")) &&
           doc_same(doc_get(a, "Projection"), doc_get(b, "Projection"));
}

const struct value *cfn_indexes(struct resource *r, const struct value *properties)
{
    struct arena *arena = r->c->arena;
    const struct value *list = list_of(properties);
    struct value *made = ARENA_NEW(arena, struct value);

    made->kind = VALUE_LIST;
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct value *index = doc_add(arena, made);

        index->kind = VALUE_MAP;
        for (uint32_t k = 0; k < list->items[i].count; k++) {
            const struct pair *pair = &list->items[i].pairs[k];

            if (!str_eq(pair->key, STR("ContributorInsightsSpecification"))) {
                *doc_put(arena, index, pair->key) = pair->value;
            }
        }
    }
    return made->count == 0 ? NULL : made;
}

/* Those that are made or deleted, and the one of them. */
static uint32_t online_count(struct resource *r, const struct value **ret_gone,
                             const struct value **ret_new)
{
    const struct value *had = list_of(r->had);
    const struct value *want = cfn_indexes(r, r->want);
    uint32_t count = 0;

    *ret_gone = *ret_new = NULL;
    for (uint32_t i = 0; had != NULL && i < had->count; i++) {
        const struct value *stays = index_in(r, r->want, &had->items[i]);

        if (stays == NULL || !is_same_index(stays, &had->items[i])) {
            *ret_gone = &had->items[i];
            count++;
        }
    }
    for (uint32_t i = 0; want != NULL && i < want->count; i++) {
        const struct value *was = index_in(r, r->had, &want->items[i]);

        if (was == NULL || !is_same_index(was, &want->items[i])) {
            *ret_new = &want->items[i];
            count++;
        }
    }
    return count;
}

static status online_put(struct resource *r, const struct value *gone, const struct value *new)
{
    struct arena *arena = r->c->arena;
    struct value *list = ARENA_NEW(arena, struct value);
    struct value *item = NULL;
    struct inner inner;

    if (gone == NULL && new == NULL) {
        return OK;
    }
    list->kind = VALUE_LIST;
    item = doc_add(arena, list);
    item->kind = VALUE_MAP;
    if (new != NULL) {
        *doc_put(arena, item, STR("Create")) = *new;
    } else {
        *doc_put(arena, doc_put_map(arena, item, STR("Delete")), STR("IndexName")) =
            *doc_get(gone, "IndexName");
    }
    TRY(update_begin(r, &inner));
    if (new != NULL) {
        TRY(resource_set(r, &inner, "AttributeDefinitions",
                         resource_get(r, "AttributeDefinitions")));
    }
    TRY(resource_set(r, &inner, "GlobalSecondaryIndexUpdates", list));
    return resource_run(r, &inner);
}

/* Updates of one kind of throughput of indexes that stay; all: also of those that have the same. */
static const struct value *index_updates(struct resource *r, const char *member, bool all)
{
    struct arena *arena = r->c->arena;
    const struct value *want = list_of(r->want);
    struct value *list = ARENA_NEW(arena, struct value);

    list->kind = VALUE_LIST;
    for (uint32_t i = 0; want != NULL && i < want->count; i++) {
        const struct value *was = index_in(r, r->had, &want->items[i]);
        const struct value *units = doc_get(&want->items[i], member);
        struct value *update = NULL;

        if (was == NULL || units == NULL || (!all && doc_same(doc_get(was, member), units))) {
            continue;
        }
        update = doc_add(arena, list);
        update->kind = VALUE_MAP;
        update = doc_put_map(arena, update, STR("Update"));
        *doc_put(arena, update, STR("IndexName")) = *doc_get(&want->items[i], "IndexName");
        *doc_put(arena, update, str_c(member)) = *units;
    }
    return list->count == 0 ? NULL : list;
}

/* ---- throughput ---- */

static status billing_put(struct resource *r)
{
    bool on_demand = is_on_demand(r, r->want);
    bool switched = on_demand != is_on_demand(r, r->had);
    const struct value *units = on_demand ? NULL : resource_get(r, "ProvisionedThroughput");
    const struct value *updates =
        on_demand ? NULL : index_updates(r, "ProvisionedThroughput", switched);
    struct inner inner;

    if (!switched && !resource_changed(r, "ProvisionedThroughput")) {
        units = NULL;
    }
    if (!switched && units == NULL && updates == NULL) {
        return OK;
    }
    TRY(update_begin(r, &inner));
    if (switched) {
        set_str(inner.in, "BillingMode", on_demand ? STR("PAY_PER_REQUEST") : STR("PROVISIONED"));
    }
    TRY(resource_set(r, &inner, "ProvisionedThroughput", units));
    TRY(resource_set(r, &inner, "GlobalSecondaryIndexUpdates", updates));
    return resource_run(r, &inner);
}

static status indexes_put(struct resource *r, const char *member)
{
    const struct value *updates = index_updates(r, member, false);
    struct inner inner;

    if (updates == NULL) {
        return OK;
    }
    TRY(update_begin(r, &inner));
    TRY(resource_set(r, &inner, "GlobalSecondaryIndexUpdates", updates));
    return resource_run(r, &inner);
}

/* One property, alone in its request; without: what it means that it was taken away, or NULL. */
static status alone_put(struct resource *r, const char *property, const char *without)
{
    struct inner inner;

    if (!resource_changed(r, property) ||
        (resource_get(r, property) == NULL && without == NULL)) {
        return OK;
    }
    TRY(update_begin(r, &inner));
    TRY(resource_set_or(r, &inner, property, property, without));
    return resource_run(r, &inner);
}

/* ---- stream and encryption ---- */

const struct value *cfn_stream(struct resource *r, const struct value *properties)
{
    const struct value *given = doc_get(properties, "StreamSpecification");
    struct value *made = NULL;

    if (given == NULL || given->kind != VALUE_MAP) {
        return given;
    }
    made = doc_map(r->c->arena);
    doc_put_bool(r->c->arena, made, "StreamEnabled", true);
    for (uint32_t i = 0; i < given->count; i++) {
        *doc_put(r->c->arena, made, given->pairs[i].key) = given->pairs[i].value;
    }
    return made;
}

static status stream_set(struct resource *r, const struct value *specification)
{
    struct inner inner;

    TRY(update_begin(r, &inner));
    TRY(resource_set(r, &inner, "StreamSpecification", specification));
    return resource_run(r, &inner);
}

/* Another view is another stream. */
static status stream_put(struct resource *r)
{
    const struct value *wanted = cfn_stream(r, r->want);

    if (!resource_changed(r, "StreamSpecification")) {
        return OK;
    }
    if (doc_get(r->had, "StreamSpecification") != NULL) {
        TRY(stream_set(r, resource_json(r, "{\"StreamEnabled\":false}")));
    }
    return wanted == NULL ? OK : stream_set(r, wanted);
}

const struct value *cfn_encryption(struct resource *r)
{
    const struct value *given = resource_get(r, "SSESpecification");
    struct value *made = NULL;

    if (given == NULL || given->kind != VALUE_MAP) {
        return given;
    }
    made = doc_map(r->c->arena);
    for (uint32_t i = 0; i < given->count; i++) {
        struct str key = given->pairs[i].key;

        *doc_put(r->c->arena, made, str_eq(key, STR("SSEEnabled")) ? STR("Enabled") : key) =
            given->pairs[i].value;
    }
    return made;
}

static status encryption_put(struct resource *r)
{
    const struct value *wanted = cfn_encryption(r);
    struct inner inner;

    if (!resource_changed(r, "SSESpecification")) {
        return OK;
    }
    TRY(update_begin(r, &inner));
    TRY(resource_set(r, &inner, "SSESpecification",
                     wanted == NULL ? resource_json(r, "{\"Enabled\":false}") : wanted));
    return resource_run(r, &inner);
}

/* ---- all of it ---- */

status cfn_table_change(struct resource *r)
{
    const struct value *gone = NULL;
    const struct value *new = NULL;

    if (online_count(r, &gone, &new) > 1) {
        return resource_fail(r, &RESOURCE_INVALID,
                             "Resource handler returned message: \"Cannot perform more than one "
                             "GSI creation or deletion in a single update\" (RequestToken: %.*s, "
                             "HandlerErrorCode: InvalidRequest)", STR_ARG(r->token));
    }
    TRY(billing_put(r));
    TRY(alone_put(r, "OnDemandThroughput",
                  "{\"MaxReadRequestUnits\":-1,\"MaxWriteRequestUnits\":-1}"));
    TRY(indexes_put(r, "OnDemandThroughput"));
    TRY(stream_put(r));
    TRY(encryption_put(r));
    TRY(alone_put(r, "TableClass", "\"STANDARD\""));
    TRY(alone_put(r, "DeletionProtectionEnabled", "false"));
    TRY(alone_put(r, "WarmThroughput", NULL));
    TRY(indexes_put(r, "WarmThroughput"));
    return online_put(r, gone, new);
}
