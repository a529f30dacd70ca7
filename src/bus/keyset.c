/* SPDX-License-Identifier: Apache-2.0
 *
 * Issuers' keys, as "OpenID Connect Discovery 1.0" says where they are: the issuer's
 * /.well-known/openid-configuration names a jwks_uri, which has them.
 *
 * Rules
 *  1. What was fetched is good for an hour. A token that names a key which is not there lets them
 *     be fetched anew, but once a minute at most: anybody may send tokens.
 *  2. Everything is https, except on this machine.
 *  3. Fetching happens on a worker thread; at most FETCHES_MAX at a time.
 *  4. A local issuer's keys are never fetched: the service says what they are now.
 */
#include "base/mem.h"
#include "base/time.h"
#include "bus/bus_int.h"
#include "net/outgoing.h"
#include "wire/json.h"
#include "wire/jwt.h"

#include <assert.h>

#define GOOD_MS MS_PER_HOUR
#define AGAIN_MS MS_PER_MINUTE
#define FETCHES_MAX 4
#define FETCHED_MAX 1000
#define ARENA_BYTES_MAX (4u << 20)

/* An issuer's keys, fetched. */
struct issuer_keys {
    struct str text;           /* a JWK set; empty: none yet; owned */
    int64_t fetched_ms;        /* when it was */
    int64_t asked_ms;          /* when somebody began to; 0: never */
};

struct keysets {
    struct map *fetched;       /* issuer → struct issuer_keys */
    size_t fetching;           /* calls that do so now */
    const struct local_issuer *local[LOCAL_ISSUERS_MAX];
    size_t local_count;        /* of them */
};

struct fetch {
    struct str issuer;         /* whose */
    void *kept;                /* c->kept, until it is done */
    struct arena *arena;       /* of the worker; what it found lies in it */
    struct str keys;           /* found; empty: none */
    struct why why;            /* why not */
};

/* ---- life ---- */

void keysets_open(struct bus *bus)
{
    bus->keysets = MEM_NEW(struct keysets);
    bus->keysets->fetched = map_new(FETCHED_MAX);
}

static void text_set(struct str *owned, struct str text)
{
    char *copy = text.bytes == 0 ? NULL : mem_dup(text.at, text.bytes);

    mem_free((char *)(uintptr_t)owned->at);
    *owned = str_of(copy, text.bytes);
}

void keysets_close(struct bus *bus)
{
    struct str issuer;
    void *at;

    if (bus->keysets == NULL) {
        return;
    }
    for (size_t i = 0; map_next(bus->keysets->fetched, &i, &issuer, &at);) {
        struct issuer_keys *keys = at;

        text_set(&keys->text, STR_NONE);
        mem_free(keys);
    }
    map_free(bus->keysets->fetched);
    mem_free(bus->keysets);
}

/* ---- local issuers ---- */

void keyset_issuer_add(struct cell *cell, const struct local_issuer *issuer)
{
    struct keysets *sets = bus_of(cell)->keysets;

    assert(sets->local_count < LOCAL_ISSUERS_MAX);
    sets->local[sets->local_count++] = issuer;
}

static bool local_find(struct call *c, struct str issuer, struct issuer_facts *ret_facts)
{
    const struct keysets *sets = bus_of(c->cell)->keysets;

    for (size_t i = 0; i < sets->local_count; i++) {
        if (issuer.bytes <= ISSUER_BYTES_MAX &&
            sets->local[i]->find(c, issuer, ret_facts)) {
            return true;
        }
    }
    return false;
}

struct str keyset_name(struct call *c, struct str issuer)
{
    struct issuer_facts facts;

    return local_find(c, issuer, &facts) ? facts.name : issuer;
}

bool keyset_same(struct call *c, struct str a, struct str b)
{
    return str_eq(a, b) || str_eq(keyset_name(c, a), keyset_name(c, b));
}

/* ---- what is known ---- */

static struct issuer_keys *keys_of(struct keysets *sets, struct str issuer)
{
    struct issuer_keys *keys = map_get(sets->fetched, issuer);

    if (keys == NULL) {
        keys = MEM_NEW(struct issuer_keys);
        if (!map_set(sets->fetched, issuer, keys, NULL)) {
            mem_free(keys);
            return NULL;
        }
    }
    return keys;
}

bool keyset_known(struct call *c, struct str issuer, struct str *ret_keys)
{
    const struct issuer_keys *keys = map_get(bus_of(c->cell)->keysets->fetched, issuer);
    struct issuer_facts facts;

    if (local_find(c, issuer, &facts)) {
        *ret_keys = facts.keys;
        return true;
    }
    if (keys == NULL || keys->text.bytes == 0 || c->now - keys->fetched_ms >= GOOD_MS) {
        return false;
    }
    *ret_keys = keys->text;
    return true;
}

/* ---- fetching, on a worker thread ---- */

/* "https://", or "http://" on this machine; else STR_NONE. */
static struct str scheme_of(struct str url)
{
    struct str rest = str_slice(url, sizeof("http://") - 1, url.bytes);
    struct str host = str_split(&rest, '/');

    if (str_starts(url, STR("https://"))) {
        return STR("https://");
    }
    host = str_split(&host, ':');
    return str_starts(url, STR("http://")) &&
                   (str_eq(host, STR("localhost")) || str_eq(host, STR("127.0.0.1")) ||
                    str_ends(host, STR(".localhost")))
               ? STR("http://")
               : STR_NONE;
}

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
    struct str base = str_ends(fetch->issuer, STR("/"))
                          ? str_slice(fetch->issuer, 0, fetch->issuer.bytes - 1)
                          : fetch->issuer;
    const struct value *list;
    const struct value *uri;
    struct value document;
    struct str body;
    struct why why;

    if (!get_document(fetch,
                      arena_printf(fetch->arena, "%.*s/.well-known/openid-configuration",
                                   STR_ARG(base)),
                      &body)) {
        return;
    }
    uri = json_read(arena_dup(fetch->arena, body), 0, fetch->arena, &why, &document) == OK &&
                  document.kind == VALUE_MAP
              ? map_find(&document, STR("jwks_uri"))
              : NULL;
    if (uri == NULL || uri->kind != VALUE_STR || scheme_of(uri->str).bytes == 0 ||
        !str_eq(scheme_of(uri->str), scheme_of(base))) {
        why_set(&fetch->why, &ERR_IO, "its configuration names no jwks_uri");
        return;
    }
    if (get_document(fetch, uri->str, &body)) {
        if (jwt_keys_read(body, fetch->arena, &list)) {
            fetch->keys = body;
        } else {
            why_set(&fetch->why, &ERR_IO, "its keys cannot be read");
        }
    }
}

bool keyset_fetch(struct call *c, struct str issuer, status (*resume)(struct call *c))
{
    struct keysets *sets = bus_of(c->cell)->keysets;
    struct issuer_facts facts;
    struct issuer_keys *keys;
    struct fetch *fetch;

    if (issuer.bytes > ISSUER_BYTES_MAX || scheme_of(issuer).bytes == 0 ||
        local_find(c, issuer, &facts) || sets->fetching >= FETCHES_MAX) {
        return false;
    }
    keys = keys_of(sets, issuer);
    if (keys == NULL || (keys->asked_ms > 0 && c->now - keys->asked_ms < AGAIN_MS)) {
        return false;
    }
    keys->asked_ms = c->now;
    sets->fetching++;
    fetch = ARENA_NEW(c->keep, struct fetch);
    fetch->issuer = arena_dup(c->keep, issuer);
    fetch->kept = c->kept;
    fetch->arena = arena_new(ARENA_BYTES_MAX);
    c->kept = fetch;
    call_work(c, fetch_run, fetch, resume);
    return true;
}

bool keyset_fetched(struct call *c)
{
    struct keysets *sets = bus_of(c->cell)->keysets;
    struct fetch *fetch = c->kept;
    struct issuer_keys *keys = keys_of(sets, fetch->issuer);
    bool found = keys != NULL && fetch->keys.bytes > 0;

    sets->fetching--;
    if (found) {
        text_set(&keys->text, fetch->keys);
        keys->fetched_ms = c->now;
    } else {
        why_set(&c->why, &ERR_IO, "%.*s", STR_ARG(str_slice(str_c(fetch->why.text), 0, 512)));
    }
    c->kept = fetch->kept;
    arena_free(fetch->arena);
    return found;
}
