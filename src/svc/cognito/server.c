/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource servers and their scopes.
 */
#include "svc/cognito/cognito_ops.h"
#include "svc/cognito/pool.h"

static uint32_t server_shape(void)
{
    return shape_in("DescribeResourceServer", "ResourceServer");
}

bool scope_known(struct call *c, const struct pool *pool, struct str scope)
{
    static const char *const standard[] = {"openid", "email", "phone", "profile",
                                           "aws.cognito.signin.user.admin"};
    const struct value *about, *scopes;
    size_t slash = scope.bytes;

    for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++) {
        if (str_eq(scope, str_c(standard[i]))) {
            return true;
        }
    }
    for (size_t i = 0; i < scope.bytes; i++) {
        slash = scope.at[i] == '/' ? i : slash; /* the last one */
    }
    about = thing_load(c, &(struct thing){"server", pool->id, str_slice(scope, 0, slash)},
                       server_shape());
    scopes = about == NULL ? NULL : get(about, "Scopes");
    for (uint32_t i = 0; scopes != NULL && i < scopes->count; i++) {
        if (str_eq(get_str(&scopes->items[i], "ScopeName"),
                   str_slice(scope, slash + 1, scope.bytes))) {
            return true;
        }
    }
    return false;
}

/* UserPoolId and Identifier. */
static status server_of_call(struct call *c, struct pool *ret_pool, struct thing *ret_thing,
                             struct value **ret_about)
{
    TRY(pool_of_call(c, ret_pool));
    *ret_thing = (struct thing){"server", ret_pool->id, arg_str(c, "Identifier")};
    *ret_about = thing_load(c, ret_thing, server_shape());
    if (*ret_about == NULL) {
        return fail(c, &COGNITO_NOT_FOUND, "Resource server %.*s does not exist.",
                    STR_ARG(ret_thing->name));
    }
    return OK;
}

static void server_save(struct call *c, const struct pool *pool, const struct thing *thing)
{
    static const char *const kept[] = {"UserPoolId", "Identifier", "Name", "Scopes", NULL};
    struct value *about = value_struct(c->arena, server_shape());

    copy_members(c, about, kept);
    thing_save(c, thing, about);
    call_on(c, pool_arn(c->keep, pool));
    set_value(c->out, "ResourceServer", about);
}

/* CreateResourceServer */
status cognito_create_server(struct call *c)
{
    struct thing thing = {"server", STR_NONE, arg_str(c, "Identifier")};
    struct pool pool;

    TRY(pool_of_call(c, &pool));
    thing.pool = pool.id;
    if (thing_there(c, &thing)) {
        return fail(c, &COGNITO_INVALID, "%.*s already exists in user pool %.*s.",
                    STR_ARG(thing.name), STR_ARG(pool.id));
    }
    if (things_count(c, "server", pool.id) >= SERVERS_MAX) {
        return fail(c, &COGNITO_LIMIT, "Maximum resource servers exceeded.");
    }
    server_save(c, &pool, &thing);
    return OK;
}

/* DescribeResourceServer */
status cognito_describe_server(struct call *c)
{
    struct thing thing;
    struct value *about;
    struct pool pool;

    TRY(server_of_call(c, &pool, &thing, &about));
    set_value(c->out, "ResourceServer", about);
    return OK;
}

/* UpdateResourceServer */
status cognito_update_server(struct call *c)
{
    struct thing thing;
    struct value *about;
    struct pool pool;

    TRY(server_of_call(c, &pool, &thing, &about));
    server_save(c, &pool, &thing);
    return OK;
}

/* DeleteResourceServer */
status cognito_delete_server(struct call *c)
{
    struct thing thing;
    struct value *about;
    struct pool pool;

    TRY(server_of_call(c, &pool, &thing, &about));
    (void)thing_erase(c, &thing);
    call_on(c, pool_arn(c->keep, &pool));
    return OK;
}

/* ListResourceServers */
status cognito_list_servers(struct call *c)
{
    size_t limit = (size_t)arg_int(c, "MaxResults", 50);
    struct value *list = put_list(c, "ResourceServers", limit);
    struct things things = {.kind = "server", .shape = server_shape()};
    struct thing thing, last = {.kind = "server"};
    struct value *about;
    struct pool pool;

    TRY(pool_of_call(c, &pool));
    TRY(token_read(c, "NextToken", &things.after));
    things.pool = pool.id;
    while (things_next(c, &things, &thing, &about)) {
        if (list->count == limit) {
            put_str(c, "NextToken", token_of(c, last.name));
            things_close(&things);
            break;
        }
        *list_add(c->arena, list) = *about;
        last = thing;
    }
    return OK;
}
