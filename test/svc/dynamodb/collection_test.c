/* SPDX-License-Identifier: Apache-2.0
 *
 * Item collections at their limit of 10 GB, which no test can fill: the row of a partition says
 * that it is nearly full. What grows is refused, by single writes, batches and transactions each in
 * its way; what shrinks, and other partitions, go on.
 */
#include "../test/svc/dynamodb/agree.h"

#include "cell/doing.h"

#define TABLE "{'TableName':'limited','BillingMode':'PAY_PER_REQUEST'," \
    "'AttributeDefinitions':[{'AttributeName':'pk','AttributeType':'S'}," \
    "{'AttributeName':'sk','AttributeType':'S'},{'AttributeName':'lk','AttributeType':'S'}]," \
    "'KeySchema':[{'AttributeName':'pk','KeyType':'HASH'}," \
    "{'AttributeName':'sk','KeyType':'RANGE'}]," \
    "'LocalSecondaryIndexes':[{'IndexName':'local','KeySchema':[" \
    "{'AttributeName':'pk','KeyType':'HASH'},{'AttributeName':'lk','KeyType':'RANGE'}]," \
    "'Projection':{'ProjectionType':'ALL'}}]}"
#define ITEM(pk, sk) "{'pk':{'S':'" pk "'},'sk':{'S':'" sk "'},'lk':{'S':'l'}}"

struct filling {
    struct table *table;   /* whose partition */
    struct item item;      /* one of it */
    int64_t bytes;         /* that it grows by */
};

static status fill_step(struct call *c, void *arg)
{
    struct filling *filling = arg;

    collection_change(c, filling->table, &filling->item, filling->bytes);
    return OK;
}

/* A table with an item in partition p, which has room for so many bytes more. */
static void begin(struct weir *weir, uint64_t left)
{
    struct doing doing = {"dynamodb", "Fill", STR_NONE, STR_NONE, fill_step, NULL};
    struct world world = {.arena = weir->arena};
    struct filling filling;
    struct value *out;

    assert_ptr_equal(weir_open(weir), OK);
    assert_ptr_equal(weir_call(weir, "CreateTable", TABLE, &out), OK);
    assert_ptr_equal(weir_call(weir, "PutItem", "{'TableName':'limited','Item':" ITEM("p", "first")
                               "}", &out), OK);
    filling.table = weir_table(weir, "limited");
    filling.item = item_of(&world, ITEM("p", "first"));
    /* with its entry in the index the item counts twice */
    filling.bytes = (int64_t)(COLLECTION_BYTES_MAX - left - 2 * filling.item.bytes);
    doing.arg = &filling;
    assert_ptr_equal(cell_do(weir->cell, &doing, weir->arena, &weir->why), OK);
}

static void end(struct weir *weir)
{
    weir_close(weir);
    faulty_free(weir->disk);
    arena_free(weir->arena);
}

static bool failed(status code, const char *text)
{
    return code != OK && strcmp(code->code, text) == 0;
}

static void what_grows_is_refused(void **state)
{
    struct weir weir = {.disk = faulty_new(1), .arena = arena_new(64u << 20)};
    struct value *out;

    (void)state;
    begin(&weir, 30); /* an item and its entry take 28: pk p sk s? lk l, twice */
    assert_ptr_equal(weir_call(&weir, "PutItem", "{'TableName':'limited','Item':" ITEM("p", "s1")
                               "}", &out), OK);
    assert_true(failed(weir_call(&weir, "PutItem", "{'TableName':'limited','Item':"
                                 ITEM("p", "s2") "}", &out),
                       "ItemCollectionSizeLimitExceededException"));
    assert_true(failed(weir_call(&weir, "BatchWriteItem", "{'RequestItems':{'limited':["
                                 "{'PutRequest':{'Item':" ITEM("p", "s3") "}}]}}", &out),
                       "ItemCollectionSizeLimitExceededException"));
    assert_true(failed(weir_call(&weir, "TransactWriteItems", "{'TransactItems':[{'Put':{"
                                 "'TableName':'limited','Item':" ITEM("p", "s4") "}}]}", &out),
                       "TransactionCanceledException"));
    assert_non_null(strstr(weir.why.text, "[ItemCollectionSizeLimitExceeded]"));
    assert_ptr_equal(weir_call(&weir, "PutItem", "{'TableName':'limited','Item':" ITEM("q", "s5")
                               "}", &out), OK);
    end(&weir);
}

static void a_batch_goes_as_far_as_there_is_room(void **state)
{
    struct weir weir = {.disk = faulty_new(2), .arena = arena_new(64u << 20)};
    struct value *out;

    (void)state;
    begin(&weir, 30);
    assert_ptr_equal(weir_call(&weir, "BatchWriteItem", "{'RequestItems':{'limited':["
                               "{'PutRequest':{'Item':" ITEM("p", "s1") "}},"
                               "{'PutRequest':{'Item':" ITEM("p", "s2") "}},"
                               "{'PutRequest':{'Item':" ITEM("q", "s3") "}}]}}", &out), OK);
    assert_int_equal(get(out, "UnprocessedItems")->pairs[0].value.count, 1);
    end(&weir);
}

static void what_shrinks_makes_room(void **state)
{
    struct weir weir = {.disk = faulty_new(3), .arena = arena_new(64u << 20)};
    struct value *out;
    const struct value *range;

    (void)state;
    begin(&weir, 0);
    assert_ptr_equal(weir_call(&weir, "DeleteItem", "{'TableName':'limited','Key':{'pk':{'S':'p'},"
                               "'sk':{'S':'first'}}}", &out), OK);
    assert_ptr_equal(weir_call(&weir, "PutItem", "{'TableName':'limited',"
                               "'ReturnItemCollectionMetrics':'SIZE','Item':" ITEM("p", "s1") "}",
                               &out), OK);
    range = get(get(out, "ItemCollectionMetrics"), "SizeEstimateRangeGB");
    assert_true(range->items[0].real == 9.0);
    assert_true(range->items[1].real == 10.0);
    end(&weir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_grows_is_refused),
        cmocka_unit_test(a_batch_goes_as_far_as_there_is_room),
        cmocka_unit_test(what_shrinks_makes_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
