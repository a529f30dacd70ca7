/* SPDX-License-Identifier: Apache-2.0
 *
 * UpdateContributorInsights, DescribeContributorInsights, ListContributorInsights. The rules that
 * CloudWatch would have are told by their names.
 */
#include "svc/dynamodb/insights.h"
#include "svc/dynamodb/ops.h"

#include "base/codec.h"

#define PAGE_MAX 100
#define TOKEN_BYTES_MAX 1024
#define RULES_MAX 4

static struct str mode_of(const struct insight *insight)
{
    return insight->throttled_only ? STR("THROTTLED_KEYS") : STR("ACCESSED_AND_THROTTLED_KEYS");
}

/* The call's table and global index; NULL: the table itself. */
static status target_of_call(struct call *c, struct table **ret_table, struct index **ret_index)
{
    struct str name = arg_str(c, "IndexName");

    TRY(table_of_admin(c, ret_table));
    *ret_index = NULL;
    if (name.bytes == 0) {
        return OK;
    }
    *ret_index = table_index(*ret_table, name);
    if (*ret_index == NULL || (*ret_index)->kind != INDEX_GLOBAL) {
        return fail(c, &DDB_NOT_FOUND, "Requested resource not found: Index: %.*s not found",
                    STR_ARG(name));
    }
    return OK;
}

static void put_names(struct call *c, struct value *about, const struct table *table,
                      struct str index)
{
    set_str(about, "TableName", arena_dup(c->arena, table->name));
    if (index.bytes > 0) {
        set_str(about, "IndexName", arena_dup(c->arena, index));
    }
}

/* ---- rules ---- */

static void put_rules(struct call *c, const struct table *table, const struct index *index,
                      const struct insight *insight)
{
    static const char *const kinds[RULES_MAX] = {"PKC", "SKC", "PKT", "SKT"};
    const struct key_schema *schema = index == NULL ? &table->schema : &index->schema;
    struct value *rules = put_list(c, "ContributorInsightsRuleList", RULES_MAX);

    for (int i = 0; i < RULES_MAX; i++) {
        bool of_ranges = kinds[i][0] == 'S';
        bool of_throttled = kinds[i][2] == 'T';

        if ((of_ranges && schema->count == schema->hashes) ||
            (!of_throttled && insight->throttled_only)) {
            continue;
        }
        list_add_str(rules, arena_printf(c->arena, "DynamoDBContributorInsights-%s-%.*s%s%.*s-%lld",
                                         kinds[i], STR_ARG(table->name), index == NULL ? "" : "-",
                                         STR_ARG(insight->index),
                                         (long long)insight->changed_ms));
    }
}

/* DescribeContributorInsights */
status ddb_describe_insights(struct call *c)
{
    struct table *table;
    struct index *index;
    struct insight insight;

    TRY(target_of_call(c, &table, &index));
    insight = insight_of(table, arg_str(c, "IndexName"));
    put_names(c, c->out, table, insight.index);
    put_str(c, "ContributorInsightsStatus", insight.enabled ? STR("ENABLED") : STR("DISABLED"));
    if (insight.changed_ms == 0) {
        return OK;
    }
    if (insight.enabled) {
        put_rules(c, table, index, &insight);
    }
    put_time(c, "LastUpdateDateTime", insight.changed_ms);
    put_str(c, "ContributorInsightsMode", mode_of(&insight));
    return OK;
}

/* UpdateContributorInsights: what is so already is answered as it is. */
status ddb_update_insights(struct call *c)
{
    bool enable = str_eq(arg_str(c, "ContributorInsightsAction"), STR("ENABLE"));
    bool throttled_only = str_eq(arg_str(c, "ContributorInsightsMode"), STR("THROTTLED_KEYS"));
    struct table *table;
    struct index *index;
    struct insight insight;
    bool same;

    TRY(target_of_call(c, &table, &index));
    if (table->filling || (index != NULL && index->state != INDEX_ACTIVE)) {
        return fail(c, &DDB_VALIDATION, "Table or Index is not in a valid state to update Key "
                    "Access Insights: %sStatus must be ACTIVE to enable ContributorInsights.",
                    table->filling ? "Table" : "Index");
    }
    insight = insight_of(table, arg_str(c, "IndexName"));
    same = insight.enabled == enable && (!enable || insight.throttled_only == throttled_only);
    put_names(c, c->out, table, insight.index);
    if (!same) {
        insight.enabled = enable;
        insight.throttled_only = enable ? throttled_only : insight.throttled_only;
        insight.changed_ms = c->now;
        insight.index = arg_str(c, "IndexName");
        insight_set(c, table, &insight);
        table_save(c, table);
        call_on(c, table_arn(c->arena, table));
    }
    put_str(c, "ContributorInsightsStatus", same     ? (enable ? STR("ENABLED") : STR("DISABLED"))
                                            : enable ? STR("ENABLING")
                                                     : STR("DISABLING"));
    if (insight.changed_ms != 0) {
        put_str(c, "ContributorInsightsMode", mode_of(&insight));
    }
    return OK;
}

/* ---- listing ---- */

/* A page being filled. A token is where it ended: "table/index". */
struct listing {
    struct str after;     /* token of the one before; empty: the first */
    size_t left;          /* that it still takes */
    struct value *list;   /* filled */
    struct str last;      /* token of the last that it took */
    bool more;            /* there are more */
};

static status page_begin(struct call *c, struct listing *ret_page)
{
    struct str token = arg_str(c, "NextToken");
    char *plain = arena_alloc(c->arena, token.bytes + 1);
    int64_t limit = arg_int(c, "MaxResults", PAGE_MAX);
    size_t bytes = 0;

    if (token.bytes > TOKEN_BYTES_MAX || !base64_decode(token, plain, &bytes)) {
        return fail(c, &DDB_VALIDATION, "Invalid NextToken");
    }
    limit = limit < 1 ? 1 : limit > PAGE_MAX ? PAGE_MAX : limit;
    *ret_page = (struct listing){.after = str_of(plain, bytes), .left = (size_t)limit};
    ret_page->list = put_list(c, "ContributorInsightsSummaries", (size_t)limit);
    return OK;
}

static void page_add(struct call *c, struct listing *page, const struct table *table,
                     const struct insight *insight)
{
    struct str place = arena_printf(c->arena, "%.*s/%.*s", STR_ARG(table->name),
                                    STR_ARG(insight->index));
    struct value *summary;

    if (!insight->enabled || (page->after.bytes > 0 && str_cmp(place, page->after) <= 0)) {
        return;
    }
    if (page->left == 0) {
        page->more = true;
        return;
    }
    page->left--;
    page->last = place;
    summary = list_add(c->arena, page->list);
    put_names(c, summary, table, insight->index);
    set_str(summary, "ContributorInsightsStatus", STR("ENABLED"));
    set_str(summary, "ContributorInsightsMode", mode_of(insight));
}

/* The table's own comes first, then indexes by name: an empty name is the least. */
static void page_add_table(struct call *c, struct listing *page, const struct table *table)
{
    struct insight insights[INSIGHTS_MAX];
    size_t count = insights_unpack(table->extras[EXTRA_INSIGHTS], insights);

    for (size_t i = 1; i < count; i++) {
        for (size_t j = i; j > 0 && str_cmp(insights[j].index, insights[j - 1].index) < 0; j--) {
            struct insight other = insights[j];

            insights[j] = insights[j - 1];
            insights[j - 1] = other;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (insights[i].index.bytes == 0 || table_index(table, insights[i].index) != NULL) {
            page_add(c, page, table, &insights[i]);
        }
    }
}

/* ListContributorInsights: those that are enabled. */
status ddb_list_insights(struct call *c)
{
    struct listing page;
    struct table *table;

    TRY(page_begin(c, &page));
    if (arg_has(c, "TableName")) {
        TRY(table_of_admin(c, &table));
        page_add_table(c, &page, table);
    } else {
        size_t count;
        struct table **tables = tables_sorted(c, &count);

        for (size_t i = 0; i < count && !page.more; i++) {
            page_add_table(c, &page, tables[i]);
        }
    }
    if (page.more) {
        char *token = arena_alloc(c->arena, base64_encoded_bytes(page.last.bytes) + 1);

        base64_encode(page.last, token);
        put_str(c, "NextToken", str_of(token, base64_encoded_bytes(page.last.bytes)));
    }
    return OK;
}
