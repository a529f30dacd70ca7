/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of names that stand before AWS's own hosts. An endpoint that someone named is left as it
 * is.
 */
#include "client_int.h"

#include "text.h"

#include <stdio.h>
#include <string.h>

/* A name that may be part of a host's: letters, digits and hyphens. */
static bool is_label(struct weir_text text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && i > 0))) {
            return false;
        }
    }
    return text.bytes >= 3 && text.bytes <= 63;
}

/* Puts a text, and what is after it, before the host's name. */
static void prepend(struct weir_url *url, struct weir_text text, const char *after)
{
    char host[sizeof url->host];
    int bytes = snprintf(host, sizeof host, "%.*s%s%s", WEIR_ARG(text), after, url->host);

    if (bytes > 0 && (size_t)bytes < sizeof host) {
        memcpy(url->host, host, sizeof host);
    }
}

/* "data-", or "{AccountId}." with a member of the input. */
static void prepend_prefix(const struct weir_call *call, struct weir_url *url)
{
    char prefix[MODEL_TEXT_MAX];

    model_text_put(prefix, call->operation.host_prefix);
    if (prefix[0] != '{') {
        prepend(url, weir_text(prefix), "");
        return;
    }
    struct weir_text name = {prefix + 1, strcspn(prefix + 1, "}")};
    struct weir_text value = weir_json_string(weir_json_member(call->json, name), call->scratch);
    if (is_label(value)) {
        prepend(url, value, ".");
    }
}

/* "/bucket/key": the bucket goes to the host's name, if it may be part of one. */
static void move_bucket(const struct weir_call *call, struct weir_url *url)
{
    struct weir_buf *path = &call->request->path;
    struct weir_text rest = {path->at + 1, path->bytes - 1};
    struct weir_text bucket = weir_text_split(&rest, '/');
    size_t skip = bucket.bytes + 1;

    if (is_label(bucket)) {
        prepend(url, bucket, ".");
        memmove(path->at, path->at + skip, path->bytes - skip + 1);
        path->bytes -= skip;
    }
}

void weir_host_refine(const struct weir_call *call, struct weir_place *place)
{
    if (!place->is_own) {
        return;
    }
    if (call->operation.has_prefix) {
        prepend_prefix(call, &place->url);
    }
    if (model_text_is(call->service->name, WEIR_TEXT("s3")) && call->request->path.bytes > 1) {
        move_bucket(call, &place->url);
    }
}
