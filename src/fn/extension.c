/* SPDX-License-Identifier: Apache-2.0
 *
 * The Extensions API and the doors of the Telemetry API.
 *
 *   POST /2020-01-01/extension/register     who, for which events: an id
 *   GET  /2020-01-01/extension/event/next   waits for the next of them
 *   POST /2020-01-01/extension/init/error, exit/error
 *   PUT  /2022-07-01/telemetry, /2020-08-15/logs
 *
 * Events are INVOKE and SHUTDOWN. An event that comes before its extension asks again is kept, one
 * at a time: the newest. Telemetry subscriptions are taken, and nothing is sent for them: output
 * goes to CloudWatch Logs.
 * Source: Lambda developer guide, "Using the Lambda Extensions API to create extensions".
 */
#include "fn/fn_int.h"

#include "base/mem.h"

#include <stdio.h>

#define EXTENSIONS_MAX 10

struct extension {
    struct link link;          /* in the worker's list */
    char id[37];               /* Lambda-Extension-Identifier, zero-ended */
    bool invoke;               /* registered for INVOKE */
    struct exchange *waiting;  /* its "next"; NULL: none */
    char *kept;                /* an event that came before; NULL: none */
    size_t kept_bytes;         /* of it */
};

static void answer(struct exchange *x, int status_code, struct str body,
                   const struct extension *extension)
{
    const struct http_header headers[] = {
        {STR("content-type"), STR("application/json")},
        {STR("lambda-extension-identifier"),
         extension == NULL ? STR_NONE : arena_dup(exchange_arena(x), str_of(extension->id, 36))}};

    exchange_answer(x, status_code, headers, extension == NULL ? 1 : 2, body);
}

static struct extension *extension_of(struct worker *worker, const struct http_request *request)
{
    struct str id = http_header(request, STR("lambda-extension-identifier"));

    for (struct link *l = worker->extensions.next; l != &worker->extensions; l = l->next) {
        struct extension *extension = LINK_OWNER(l, struct extension, link);

        if (str_eq(str_of(extension->id, 36), id)) {
            return extension;
        }
    }
    return NULL;
}

static void enlist(struct worker *worker, struct exchange *x)
{
    const struct http_request *request = exchange_request(x);
    const struct fn_version *version = worker->pool->version;
    struct extension *extension;
    size_t count = 0;

    for (struct link *l = worker->extensions.next; l != &worker->extensions; l = l->next) {
        count++;
    }
    if (count >= EXTENSIONS_MAX || http_header(request, STR("lambda-extension-name")).bytes == 0) {
        answer(x, 400, STR("{\"errorMessage\":\"Invalid extension name\","
                           "\"errorType\":\"Extension.InvalidExtensionName\"}"), NULL);
        return;
    }
    extension = MEM_NEW(struct extension);
    (void)snprintf(extension->id, sizeof extension->id, "%08x-0000-4000-8000-%012llx",
                   (unsigned)(count + 1), (unsigned long long)worker->id & 0xffffffffffffULL);
    extension->invoke = str_find_str(request->body, STR("INVOKE")) < request->body.bytes;
    list_push(&worker->extensions, &extension->link);
    answer(x, 200, arena_printf(exchange_arena(x), "{\"functionName\":\"%.*s\","
                                "\"functionVersion\":\"%.*s\",\"handler\":\"%.*s\","
                                "\"accountId\":\"%.*s\"}", STR_ARG(version->name),
                                STR_ARG(version->version), STR_ARG(version->handler),
                                STR_ARG(version->account)), extension);
}

static void next(struct extension *extension, struct exchange *x)
{
    if (extension->kept != NULL) {
        answer(x, 200, arena_dup(exchange_arena(x),
                                 str_of(extension->kept, extension->kept_bytes)), extension);
        mem_free(extension->kept);
        extension->kept = NULL;
        return;
    }
    extension->waiting = x;
}

bool extension_request(struct worker *worker, struct exchange *x)
{
    const struct http_request *request = exchange_request(x);
    struct extension *extension = extension_of(worker, request);

    if (str_eq(request->path, STR("/2020-01-01/extension/register"))) {
        enlist(worker, x);
        return true;
    }
    if (!str_starts(request->path, STR("/2020-01-01/extension/")) &&
        !str_eq(request->path, STR("/2022-07-01/telemetry")) &&
        !str_eq(request->path, STR("/2020-08-15/logs"))) {
        return false;
    }
    if (extension == NULL) {
        answer(x, 403, STR("{\"errorMessage\":\"Unknown extension\","
                           "\"errorType\":\"Extension.UnknownExtensionIdentifier\"}"), NULL);
    } else if (str_eq(request->path, STR("/2020-01-01/extension/event/next")) &&
               extension->waiting == NULL) {
        next(extension, x);
    } else if (str_ends(request->path, STR("/error"))) {
        answer(x, 202, STR("{\"status\":\"OK\"}"), NULL);
    } else {
        answer(x, 200, STR("\"OK\""), NULL);
    }
    return true;
}

void extensions_tell(struct worker *worker, struct str event)
{
    for (struct link *l = worker->extensions.next; l != &worker->extensions; l = l->next) {
        struct extension *extension = LINK_OWNER(l, struct extension, link);
        struct exchange *x = extension->waiting;

        if (!extension->invoke) {
            continue;
        }
        if (x != NULL) {
            extension->waiting = NULL;
            answer(x, 200, arena_dup(exchange_arena(x), event), extension);
            continue;
        }
        mem_free(extension->kept);
        extension->kept = mem_dup(event.at, event.bytes);
        extension->kept_bytes = event.bytes;
    }
}

bool extension_gone(struct worker *worker, const struct exchange *x)
{
    for (struct link *l = worker->extensions.next; l != &worker->extensions; l = l->next) {
        struct extension *extension = LINK_OWNER(l, struct extension, link);

        if (extension->waiting == x) {
            extension->waiting = NULL;
            return true;
        }
    }
    return false;
}

void extensions_done(struct worker *worker)
{
    while (!link_alone(&worker->extensions)) {
        struct extension *extension =
            LINK_OWNER(worker->extensions.next, struct extension, link);

        if (extension->waiting != NULL) {
            answer(extension->waiting, 200,
                   STR("{\"eventType\":\"SHUTDOWN\",\"shutdownReason\":\"spindown\"}"), extension);
        }
        link_remove(&extension->link);
        mem_free(extension->kept);
        mem_free(extension);
    }
}
