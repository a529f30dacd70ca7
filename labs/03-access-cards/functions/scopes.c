/* SPDX-License-Identifier: Apache-2.0
 *
 * What people may do, by their groups: the pool's trigger before tokens are made. An access token
 * gets the scopes of its user's groups, and the routes of the API ask for these. The app cannot ask
 * for them by itself.
 */
#include "weir_lambda.h"

static const struct {
    const char *group; /* of the pool */
    const char *scope; /* of the resource server */
} grants[] = {
    {"hr", "cards/issue"},
    {"security", "cards/inside"},
    {"auditors", "cards/audit"},
};

static bool is_in(struct weir_text groups, const char *group)
{
    struct weir_json_each each = weir_json_each(groups);

    while (weir_json_next(&each)) {
        if (weir_json_string_is(each.value, group)) {
            return true;
        }
    }
    return false;
}

static void handle(struct weir_invocation *in)
{
    struct weir_text groups =
        weir_json_get(in->event, "request.groupConfiguration.groupsToOverride");
    struct weir_json_each each = weir_json_each(in->event);
    const char *between = "";

    weir_json_add(&in->answer, "{");
    while (weir_json_next(&each)) {
        if (!weir_json_string_is(each.key, "response")) {
            weir_json_add(&in->answer, "%j:%j,", each.key, each.value);
        }
    }
    weir_json_add(&in->answer, "'response':{'claimsAndScopeOverrideDetails':{"
                               "'accessTokenGeneration':{'scopesToAdd':[");
    for (size_t i = 0; i < sizeof grants / sizeof *grants; i++) {
        if (is_in(groups, grants[i].group)) {
            weir_buf_add_c(&in->answer, between);
            weir_json_add(&in->answer, "%s", grants[i].scope);
            between = ",";
        }
    }
    weir_json_add(&in->answer, "]}}}}");
}

int main(void)
{
    return weir_lambda_run(handle);
}
