/* SPDX-License-Identifier: Apache-2.0
 *
 * Providers' keys, as "OpenID Connect Discovery 1.0" says where they are: the provider's
 * /.well-known/openid-configuration names a jwks_uri, which has them.
 *
 * Rules
 *  1. What was fetched is good for an hour. A token that names a key which is not there lets them
 *     be fetched anew, but once a minute at most: anybody may send tokens.
 *  2. Everything is https, except on this machine.
 *  3. Fetching happens on a worker thread; at most FETCHES_MAX at a time.
 */
#include "base/mem.h"
#include "base/time.h"
#include "net/outgoing.h"
#include "svc/sts/sts_int.h"
#include "wire/json.h"

#define GOOD_MS MS_PER_HOUR
#define AGAIN_MS MS_PER_MINUTE
#define FETCHES_MAX 4
#define ARENA_BYTES_MAX (4u << 20)

struct fetch {
    struct str url;            /* of the provider, without https:// */
    bool local;                /* http, on this machine */
    struct arena *arena;       /* of the worker; what it found lies in it */
    struct str keys;           /* found; empty: none */
    struct why why;            /* why not */
};

/* ---- what is known ---- */

static void text_set(struct str *owned, struct str text)
{
    char *copy = text.bytes == 0 ? NULL : mem_dup(text.at, text.bytes);

    mem_free((char *)(uintptr_t)owned->at);
    *owned = str_of(copy, text.bytes);
}

void provider_keys_free(struct provider_keys *keys)
{
    text_set(&keys->text, STR_NONE);
    mem_free(keys);
}

static struct provider_keys *keys_of(struct sts *sts, struct str url)
{
    struct provider_keys *keys = map_get(sts->keys, url);

    if (keys == NULL) {
        keys = MEM_NEW(struct provider_keys);
        if (!map_set(sts->keys, url, keys, NULL)) {
            mem_free(keys);
            return NULL;
        }
    }
    return keys;
}

bool keys_known(struct call *c, struct str url, struct str *ret_text)
{
    const struct provider_keys *keys = map_get(sts_of(c)->keys, url);

    if (keys == NULL || keys->text.bytes == 0 || c->now - keys->fetched_ms >= GOOD_MS) {
        return false;
    }
    *ret_text = keys->text;
    return true;
}

/* ---- fetching, on a worker thread ---- */

static bool get_document(struct fetch *fetch, struct str url, struct str *ret_body)
{
    struct outgoing request = {.method = "GET", .url = url};
    struct outgoing_answer answer;

    if (outgoing_send(&request, fetch->arena, &fetch->why, &answer) != OK) {
        return false;
    }
    if (answer.http != 200) {
        why_set(&fetch->why, &ERR_IO, "%.*s answered %d", STR_ARG(str_slice(url, 0, 512)),
                answer.http);
        return false;
    }
    *ret_body = answer.body;
    return true;
}

static void fetch_run(void *arg)
{
    struct fetch *fetch = arg;
    struct str scheme = fetch->local ? STR("http://") : STR("https://");
    const struct value *list;
    const struct value *uri;
    struct value document;
    struct str body;
    struct why why;

    if (!get_document(fetch,
                      arena_printf(fetch->arena, "%.*s%.*s/.well-known/openid-configuration",
                                   STR_ARG(scheme), STR_ARG(fetch->url)),
                      &body)) {
        return;
    }
    uri = json_read(arena_dup(fetch->arena, body), 0, fetch->arena, &why, &document) == OK &&
                  document.kind == VALUE_MAP
              ? map_find(&document, STR("jwks_uri"))
              : NULL;
    if (uri == NULL || uri->kind != VALUE_STR || !str_starts(uri->str, scheme)) {
        why_set(&fetch->why, &ERR_IO, "its configuration names no jwks_uri");
        return;
    }
    if (get_document(fetch, uri->str, &body)) {
        if (keys_good(body, fetch->arena, &list)) {
            fetch->keys = body;
        } else {
            why_set(&fetch->why, &ERR_IO, "its keys cannot be read");
        }
    }
}

bool keys_fetch(struct call *c, const struct provider_facts *provider,
                status (*resume)(struct call *c))
{
    struct sts *sts = sts_of(c);
    struct provider_keys *keys = keys_of(sts, provider->url);
    struct fetch *fetch;

    if (keys == NULL || sts->fetching >= FETCHES_MAX ||
        (keys->asked_ms > 0 && c->now - keys->asked_ms < AGAIN_MS)) {
        return false;
    }
    keys->asked_ms = c->now;
    sts->fetching++;
    fetch = ARENA_NEW(c->keep, struct fetch);
    fetch->url = arena_dup(c->keep, provider->url);
    fetch->local = provider->local;
    fetch->arena = arena_new(ARENA_BYTES_MAX);
    c->kept = fetch;
    call_work(c, fetch_run, fetch, resume);
    return true;
}

status keys_fetched(struct call *c)
{
    struct fetch *fetch = c->kept;
    struct sts *sts = sts_of(c);
    struct provider_keys *keys = keys_of(sts, fetch->url);
    bool found = keys != NULL && fetch->keys.bytes > 0;

    sts->fetching--;
    if (found) {
        text_set(&keys->text, fetch->keys);
        keys->fetched_ms = c->now;
    }
    arena_free(fetch->arena);
    if (!found) {
        return fail(c, &STS_UNREACHED,
                    "Couldn't retrieve verification key from your identity provider, please "
                    "reference AssumeRoleWithWebIdentity documentation for requirements: %.*s",
                    STR_ARG(str_slice(str_c(fetch->why.text), 0, 512)));
    }
    return OK;
}
