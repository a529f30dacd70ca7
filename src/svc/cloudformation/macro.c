/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules
 *  1. A template's transforms run in order, and each sees what the one before made. So a handler
 *     that needs the n-th answer runs again with the n - 1 before it, which its call keeps, until
 *     all are there; nothing is staged before.
 *  2. The function is asked as its policy allows it, or as who makes the stack may.
 */
#include "svc/cloudformation/macro.h"

#include "bus/invoke.h"
#include "cell/authorize.h"
#include "cell/cell.h"
#include "svc/cloudformation/custom.h"
#include "wire/json.h"

#define VERSION 1
#define ANSWERS_MAX 64 /* of macros, for one template */

const struct error MACRO_WAITS = {"MacroWaits", NULL, 503, true};
static const struct error MACRO_FAILED = {"ValidationError", NULL, 400, false};

/* The answers that a call has so far; in its keep. */
struct macros {
    struct invoked answers[ANSWERS_MAX]; /* in order */
    size_t count;                        /* of them that were asked for */
    size_t at;                           /* the next one that the handler needs */
    char request_id[36];                 /* of the requests */
    status (*again)(struct call *c);     /* the handler */
};

/* ---- the resource type ---- */

static const struct resource_property properties[] = {
    {"Name", "", RESOURCE_REPLACES, RESOURCE_REQUIRED},
    {"FunctionName", "", RESOURCE_IN_PLACE, RESOURCE_REQUIRED},
    {"Description", "", RESOURCE_IN_PLACE, 0},
    {"LogGroupName", "", RESOURCE_IN_PLACE, 0},
    {"LogRoleARN", "", RESOURCE_IN_PLACE, 0},
};

static struct str macro_key(struct call *c, struct str name)
{
    struct key key = shelf_key(c, CFN_SERVICE, "macro");

    key_str(&key, name);
    return key_end(&key);
}

static status macro_put(struct resource *r)
{
    struct value *map = doc_map(r->c->arena);

    doc_put_text(r->c->arena, map, "function", resource_str(r, "FunctionName"));
    doc_put_text(r->c->arena, map, "stack", r->stack_id);
    txn_put(r->c->txn, macro_key(r->c, r->id),
            arena_printf(r->c->arena, "%c%.*s", VERSION, STR_ARG(doc_json(r->c->arena, map))));
    return OK;
}

static status macro_make(struct resource *r)
{
    struct str name = resource_str(r, "Name");
    struct str there;

    if (txn_get(r->c->txn, macro_key(r->c, name), &there)) {
        return resource_fail(r, &CFN_EXISTS, "Macro with name %.*s already exists.",
                             STR_ARG(str_slice(name, 0, 256)));
    }
    r->id = name;
    return macro_put(r);
}

static status macro_remove(struct resource *r)
{
    txn_delete(r->c->txn, macro_key(r->c, r->id));
    return OK;
}

const struct resource_type macro_type = {
    .name = "AWS::CloudFormation::Macro",
    .service = CFN_SERVICE,
    RESOURCE_TYPE_PROPERTIES(properties),
    .make = macro_make,
    .change = macro_put,
    .remove = macro_remove,
};

/* ---- the request ---- */

/* STR_NONE: there is no such macro. */
static struct str function_of(struct call *c, struct str name)
{
    struct str packed;
    struct str text;
    struct value map;
    struct why why;

    if (!txn_get(c->txn, macro_key(c, name), &packed) || packed.bytes < 2 ||
        packed.at[0] != VERSION ||
        json_read(arena_dup(c->arena, str_slice(packed, 1, packed.bytes)), 0, c->arena, &why,
                  &map) != OK) {
        return STR_NONE;
    }
    text = doc_text(c->arena, doc_get(&map, "function"));
    return str_starts(text, STR("arn:"))
               ? text
               : call_arn(c, "lambda", "function:%.*s", STR_ARG(text));
}

static struct str request_text(struct call *c, const struct macros *macros,
                               const struct template_run *run,
                               const struct template_transform *transform)
{
    struct value *map = doc_map(c->arena);
    struct value *values;

    doc_put_text(c->arena, map, "region", c->region);
    doc_put_text(c->arena, map, "accountId", c->account);
    *doc_put(c->arena, map, STR("fragment")) = transform->fragment;
    doc_put_text(c->arena, map, "transformId",
                 arena_printf(c->arena, "%.*s::%.*s", STR_ARG(c->account),
                              STR_ARG(transform->name)));
    if (transform->parameters != NULL) {
        *doc_put(c->arena, map, STR("params")) = *transform->parameters;
    } else {
        (void)doc_put_map(c->arena, map, STR("params"));
    }
    doc_put_text(c->arena, map, "requestId", str_of(macros->request_id, 36));
    values = doc_put_map(c->arena, map, STR("templateParameterValues"));
    for (uint32_t i = 0; i < run->of->parameter_count; i++) {
        *doc_put(c->arena, values, run->arguments[i].parameter->name) = run->arguments[i].value;
    }
    return doc_json(c->arena, map);
}

static status resume(struct call *c)
{
    struct macros *macros = c->kept;

    return macros->again(c);
}

static status ask(struct call *c, struct macros *macros, const struct template_run *run,
                  const struct template_transform *transform)
{
    struct invoke_wish wish = {
        .function = function_of(c, transform->name),
        .principal = STR(CFN_PRINCIPAL),
        .account = c->account,
        .allowed = true,
        .alone = true,
    };

    if (wish.function.at == NULL) {
        return fail(c, &MACRO_FAILED, "No transform named %.*s::%.*s found.", STR_ARG(c->account),
                    STR_ARG(str_slice(transform->name, 0, 256)));
    }
    if (macros == NULL || macros->count == ANSWERS_MAX) {
        return fail(c, &MACRO_FAILED, "macros cannot be run here");
    }
    TRY(call_may(c, "lambda:InvokeFunction", wish.function));
    wish.payload = request_text(c, macros, run, transform);
    TRY(bus_invoke(c, &wish, c->now + MACRO_MS_MAX, &macros->answers[macros->count], resume));
    macros->count++;
    return &MACRO_WAITS;
}

/* ---- the answer ---- */

static status take(struct call *c, const struct macros *macros, const struct invoked *answer,
                   struct value *ret_result)
{
    struct value document;
    const struct value *fragment;
    struct why why;

    if (answer->outcome == INVOKE_UNDER_WAY) {
        return fail(c, &MACRO_FAILED, "The function did not answer in time.");
    }
    if (answer->outcome != INVOKE_ANSWERED ||
        json_read(arena_dup(c->arena, answer->answer), 0, c->arena, &why, &document) != OK ||
        document.kind != VALUE_MAP || doc_get(&document, "status") == NULL) {
        return fail(c, &MACRO_FAILED, "Received malformed response from transform");
    }
    if (!str_eq(doc_text(c->arena, doc_get(&document, "requestId")),
                str_of(macros->request_id, 36))) {
        return fail(c, &MACRO_FAILED, "Received malformed response from transform");
    }
    if (!str_eq_nocase(doc_text(c->arena, doc_get(&document, "status")), STR("success"))) {
        struct str message = doc_text(c->arena, doc_get(&document, "errorMessage"));

        return fail(c, &MACRO_FAILED, "%.*s",
                    message.bytes > 0 ? (int)message.bytes : 7,
                    message.bytes > 0 ? message.at : "failure");
    }
    fragment = doc_get(&document, "fragment");
    if (fragment == NULL) {
        return fail(c, &MACRO_FAILED, "Received malformed response from transform");
    }
    *ret_result = *fragment;
    return OK;
}

void macro_begin(struct call *c, status (*again)(struct call *c))
{
    struct macros *macros = c->kept;

    if (macros == NULL) {
        macros = arena_zero(c->keep, sizeof(*macros));
        rand_uuid(c->rand, macros->request_id);
        c->kept = macros;
    }
    macros->again = again;
    macros->at = 0;
}

status macro_run(struct call *c, const struct template_run *run,
                 const struct template_transform *transform, struct value *ret_result)
{
    struct macros *macros = c->kept;

    if (macros == NULL || macros->at == macros->count) {
        return ask(c, macros, run, transform);
    }
    return take(c, macros, &macros->answers[macros->at++], ret_result);
}
