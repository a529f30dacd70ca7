/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource policies of REST APIs: who may call from where, as statements for each path's methods.
 */
#include "svc/cloudformation/sam_swagger.h"

static struct value *policy_of(struct sam *s, struct value *body)
{
    struct value *policy = node_enter(s->arena, body, STR("x-amazon-apigateway-policy"));

    return policy != NULL ? policy : node_put(s->arena, body, "x-amazon-apigateway-policy",
                                              node_map());
}

static void add_statement(struct sam *s, struct value *body, struct value statement, bool alone)
{
    struct value *policy = policy_of(s, body);
    struct value *before = node_get(policy, "Statement");
    struct value list = node_list();

    node_put(s->arena, policy, "Version", node_c("2012-10-17"));
    if (before == NULL) {
        node_push(s->arena, &list, statement);
        node_put(s->arena, policy, "Statement", alone ? statement : list);
        return;
    }
    if (before->kind == VALUE_LIST) {
        node_extend(s->arena, &list, before);
    } else {
        node_push(s->arena, &list, *before);
    }
    if (alone || !node_in(&list, &statement)) {
        node_push(s->arena, &list, statement);
    }
    node_put(s->arena, policy, "Statement", list);
}

void sam_swagger_statements(struct sam *s, struct value *body, const struct value *statements)
{
    if (!node_true(statements)) {
        return;
    }
    if (node_get(policy_of(s, body), "Statement") == NULL) {
        node_put(s->arena, policy_of(s, body), "Version", node_c("2012-10-17"));
        node_put(s->arena, policy_of(s, body), "Statement", node_copy(s->arena, statements));
    } else if (statements->kind != VALUE_LIST) {
        add_statement(s, body, *statements, false);
    }
    for (uint32_t i = 0; statements->kind == VALUE_LIST && i < statements->count; i++) {
        add_statement(s, body, statements->items[i], false);
    }
}

/* "execute-api:/${__Stage__}/GET/cards" of each of a path's methods. */
static struct value resources(struct sam *s, struct value *body, struct str path,
                              const struct value *stage)
{
    struct value *branches[2];
    uint32_t count = sam_branches(s, node_find(node_get(body, "paths"), path), branches);
    struct value list = node_list();
    struct str shown = sam_arn_path(s, path, true);

    if (path.bytes > 1 && path.at[path.bytes - 1] == '/') {
        shown = sam_join(s, shown, STR("/"));
    }
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; node_is(branches[i], VALUE_MAP) && k < branches[i]->count; k++) {
            struct str method = sam_method(s, branches[i]->pairs[k].key);
            bool any = str_eq(method, STR(SAM_ANY_METHOD));
            char *upper = (char *)arena_dup(s->arena, method).at;

            for (size_t c = 0; c < method.bytes; c++) {
                upper[c] = (char)(upper[c] >= 'a' && upper[c] <= 'z' ? upper[c] & ~0x20 : upper[c]);
            }
            node_push(s->arena, &list,
                      node_make(s->arena, "{'Fn::Sub': [%s, {'__Stage__': %v}]}",
                                arena_printf(s->arena, "execute-api:/${__Stage__}/%s%.*s",
                                             any ? "*" : upper, STR_ARG(shown)),
                                stage));
        }
    }
    return list;
}

static void add_accounts(struct sam *s, struct value *body, const struct value *accounts,
                         const char *effect, const struct value *on)
{
    struct value list = node_list();

    if (!node_true(accounts)) {
        return;
    }
    if (accounts->kind == VALUE_LIST) {
        list = *accounts;
    } else if (accounts->kind == VALUE_MAP) {
        node_push(s->arena, &list, *accounts);
    } else {
        sam_refuse_template(s, "Type of '%.*s' must be a list or dictionary",
                            STR_ARG(node_shown(s->arena, accounts)));
        return;
    }
    add_statement(s, body,
                  node_make(s->arena, "{Effect: %c, Action: 'execute-api:Invoke', Resource: %v, "
                                      "Principal: {AWS: %v}}",
                            effect, on, &list),
                  true);
}

/* Everybody may, but not where the condition holds. */
static void add_pair(struct sam *s, struct value *body, const struct value *on,
                     const struct value *condition)
{
    add_statement(s, body,
                  node_make(s->arena, "{Effect: 'Allow', Action: 'execute-api:Invoke', Resource: "
                                      "%v, Principal: '*'}",
                            on),
                  false);
    add_statement(s, body,
                  node_make(s->arena, "{Effect: 'Deny', Action: 'execute-api:Invoke', Resource: "
                                      "%v, Principal: '*', Condition: %v}",
                            on, condition),
                  false);
}

static void add_addresses(struct sam *s, struct value *body, const struct value *addresses,
                          const char *operator, const struct value *on)
{
    struct value list = node_list();
    struct value condition;

    if (!node_true(addresses)) {
        return;
    }
    if (addresses->kind == VALUE_LIST) {
        list = *addresses;
    } else {
        node_push(s->arena, &list, *addresses);
    }
    condition = node_make(s->arena, "{%s: {'aws:SourceIp': %v}}", str_c(operator), &list);
    add_pair(s, body, on, &condition);
}

/* A list of networks, and the three properties that it is made from. */
struct networks {
    const char *list;      /* "SourceVpcWhitelist" */
    const char *vpcs;      /* "IntrinsicVpcWhitelist" */
    const char *endpoints; /* "IntrinsicVpceWhitelist" */
    const char *operator;  /* "StringNotEquals" */
};

static void add_networks(struct sam *s, struct value *body, const struct value *policy,
                         const struct networks *names, const struct value *on)
{
    const struct value *list = node_get(policy, names->list);
    struct value vpcs = node_list();
    struct value endpoints = node_list();
    struct value condition;

    for (uint32_t i = 0; node_is(list, VALUE_LIST) && i < list->count; i++) {
        const struct value *one = &list->items[i];

        if (one->kind != VALUE_STR) {
            sam_refuse_template(s, "%s must be a list of strings. Use %s instead for values that "
                                   "use Intrinsic Functions",
                                names->list, names->vpcs);
        } else if (str_starts(one->str, STR("vpce-"))) {
            node_push(s->arena, &endpoints, *one);
        } else if (str_starts(one->str, STR("vpc-"))) {
            node_push(s->arena, &vpcs, *one);
        }
    }
    node_extend(s->arena, &vpcs, node_get(policy, names->vpcs));
    node_extend(s->arena, &endpoints, node_get(policy, names->endpoints));
    if (vpcs.count == 0 && endpoints.count == 0) {
        return;
    }
    condition = node_make(s->arena, "{%s: {'aws:SourceVpc': %v, 'aws:SourceVpce': %v}}",
                          str_c(names->operator), vpcs.count > 0 ? &vpcs : NULL,
                          endpoints.count > 0 ? &endpoints : NULL);
    add_pair(s, body, on, &condition);
}

void sam_swagger_policy(struct sam *s, struct value *body, const struct value *policy,
                        struct str path, const struct value *stage)
{
    static const struct networks denied = {"SourceVpcBlacklist", "IntrinsicVpcBlacklist",
                                           "IntrinsicVpceBlacklist", "StringEquals"};
    static const struct networks allowed = {"SourceVpcWhitelist", "IntrinsicVpcWhitelist",
                                            "IntrinsicVpceWhitelist", "StringNotEquals"};
    struct value on = resources(s, body, path, stage);

    add_accounts(s, body, node_get(policy, "AwsAccountWhitelist"), "Allow", &on);
    add_accounts(s, body, node_get(policy, "AwsAccountBlacklist"), "Deny", &on);
    add_addresses(s, body, node_get(policy, "IpRangeWhitelist"), "NotIpAddress", &on);
    add_addresses(s, body, node_get(policy, "IpRangeBlacklist"), "IpAddress", &on);
    add_networks(s, body, policy, &denied, &on);
    add_networks(s, body, policy, &allowed, &on);
    policy_of(s, body);
}
