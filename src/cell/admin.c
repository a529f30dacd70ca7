/* SPDX-License-Identifier: Apache-2.0
 *
 * weir's own doors, below /_weir/, for the command line and the console:
 *
 *   GET  /_weir/health                     version, position, durability
 *   GET  /_weir/journal?from=&to=&service=&resource=&count=
 *                                          JSON lines; x-weir-next says where to go on
 *   GET  /_weir/clock                      the moment
 *   POST /_weir/clock?advance=3d           moves it on
 *   GET  /_weir/ca                         the local authority's certificate
 *
 * Only this machine may use them (health excepted), and no web page: a request with an Origin is
 * refused. With --auth=on those that show or change something need a signature of a known key.
 */
#include "base/codec.h"
#include "base/time.h"
#include "cell/authorize_int.h"
#include "cell/door_int.h"
#include "cell/journal_text.h"
#include "sys/os.h"
#include "wire/json.h"

#include <assert.h>

#define JOURNAL_COUNT_DEFAULT 1000
#define JOURNAL_COUNT_MAX 100000
#define JOURNAL_TEXT_BYTES_MAX (32u * 1024 * 1024)
#define CA_BYTES_MAX 65536
#define DECISIONS_COUNT_DEFAULT 20
#define DECISIONS_COUNT_MAX 5000

bool admin_is(const struct http_request *request)
{
    return str_starts(request->path, STR("/_weir/"));
}

static void answer_text(struct exchange *x, int http, const char *type, const struct buf *text)
{
    struct http_header header = {STR("content-type"), str_c(type)};

    exchange_answer(x, http, &header, 1, arena_dup(exchange_arena(x), buf_str(text)));
}

static void answer_problem(struct exchange *x, int http, const char *message)
{
    struct buf text;

    buf_init(&text, 8192);
    buf_add(&text, STR("{\"message\":"));
    json_write_str(&text, str_c(message));
    buf_add(&text, STR("}\n"));
    answer_text(x, http, "application/json", &text);
    buf_done(&text);
}

/* A parameter of the query, decoded; STR_NONE where there is none. */
static struct str parameter(struct exchange *x, const char *name)
{
    struct str rest = exchange_request(x)->query;

    while (rest.at != NULL) {
        struct str piece = str_split(&rest, '&');
        size_t equals = str_find(piece, '=', 0);
        struct str value;

        if (str_eq(str_slice(piece, 0, equals), str_c(name)) &&
            percent_decode(exchange_arena(x), str_slice(piece, equals + 1, piece.bytes), true,
                           &value)) {
            return value;
        }
    }
    return STR_NONE;
}

static void health(struct door *door, struct exchange *x)
{
    struct buf text;

    buf_init(&text, 4096);
    buf_printf(&text,
               "{\"status\":\"ok\",\"version\":\"%s\",\"position\":%llu,\"durable\":%llu,"
               "\"durability\":\"%s\",\"auth\":\"%s\",\"resident_bytes\":%llu,\"models\":\"%s\"}\n",
               door->version, (unsigned long long)journal_last(door->journal),
               (unsigned long long)journal_durable(door->journal),
               door->relaxed ? "relaxed" : "group", door->auth ? "on" : "off",
               (unsigned long long)os_resident_bytes(), model_source);
    answer_text(x, 200, "application/json", &text);
    buf_done(&text);
}

static void journal(struct door *door, struct exchange *x)
{
    struct journal_filter filter = {.count_max = JOURNAL_COUNT_DEFAULT};
    struct why why = {""};
    uint64_t next = 0;
    uint64_t count = JOURNAL_COUNT_DEFAULT;
    int64_t now = clock_now_ms(cell_clock(door->cell));
    struct str count_text = parameter(x, "count");
    struct buf text;

    filter.service = parameter(x, "service");
    filter.resource = parameter(x, "resource");
    if ((count_text.bytes > 0 && !str_to_u64(count_text, &count)) || count == 0 ||
        count > JOURNAL_COUNT_MAX ||
        !journal_place_read(parameter(x, "from"), now, &filter.from, &filter.from_ms) ||
        !journal_place_read(parameter(x, "to"), now, &filter.to, &filter.to_ms)) {
        answer_problem(x, 400, "count is a number up to 100000; from and to are positions, moments "
                               "such as 2026-11-23T08:55:00Z, or 10m for ten minutes ago");
        return;
    }
    filter.count_max = (size_t)count;
    buf_init(&text, JOURNAL_TEXT_BYTES_MAX);
    if (journal_text(door->journal, &filter, &text, &why, &next) != OK) {
        answer_problem(x, 500, why.text);
    } else if (buf_spent(&text)) {
        answer_problem(x, 400, "that is too much at once; ask with a smaller count");
    } else {
        struct http_header headers[2] = {
            {STR("content-type"), STR("application/jsonl")},
            {STR("x-weir-next"), arena_printf(exchange_arena(x), "%llu",
                                              (unsigned long long)next)},
        };

        exchange_answer(x, 200, headers, 2, arena_dup(exchange_arena(x), buf_str(&text)));
    }
    buf_done(&text);
}

static void clock_door(struct door *door, struct exchange *x)
{
    struct clock *at = cell_clock(door->cell);
    struct why why = {""};
    struct buf text;
    int64_t by_ms;

    if (str_eq(exchange_request(x)->method, STR("POST"))) {
        if (!duration_from_text(parameter(x, "advance"), &by_ms)) {
            answer_problem(x, 400, "advance=90s, 15m, 12h or 3d");
            return;
        }
        if (cell_advance(door->cell, by_ms, &why) != OK) {
            answer_problem(x, 400, why.text);
            return;
        }
    }
    buf_init(&text, 256);
    buf_add(&text, STR("{\"now\":\""));
    buf_add_iso(&text, clock_now_ms(at));
    buf_printf(&text, "\",\"clock\":\"%s\"}\n", at->manual ? "manual" : "real");
    answer_text(x, 200, "application/json", &text);
    buf_done(&text);
}

/* What was allowed and denied lately. */
static void why_door(struct door *door, struct exchange *x)
{
    struct str outcome = parameter(x, "outcome");
    struct str count_text = parameter(x, "count");
    uint64_t count = DECISIONS_COUNT_DEFAULT;
    struct decision_filter filter = {
        .request = parameter(x, "request"),
        .allowed = !str_eq(outcome, STR("deny")),
        .denied = !str_eq(outcome, STR("allow")),
    };
    struct buf text;

    if (count_text.bytes > 0 && (!str_to_u64(count_text, &count) || count == 0 ||
                                 count > DECISIONS_COUNT_MAX)) {
        answer_problem(x, 400, "count is a number up to 5000");
        return;
    }
    filter.count_max = (size_t)count;
    buf_init(&text, JOURNAL_TEXT_BYTES_MAX);
    decisions_text(door->cell, &filter, &text);
    if (buf_spent(&text)) {
        answer_problem(x, 400, "that is too much at once; ask with a smaller count");
    } else {
        answer_text(x, 200, "application/json", &text);
    }
    buf_done(&text);
}

static void ca(struct door *door, struct exchange *x)
{
    struct file *file;
    struct buf text;
    size_t bytes = 0;

    if (door->ca_path == NULL ||
        file_open(files_real(), door->ca_path, FILE_READ, &file) != OK) {
        answer_problem(x, 404, "this server has no certificate authority");
        return;
    }
    buf_init(&text, CA_BYTES_MAX);
    char *at = buf_reserve(&text, CA_BYTES_MAX);

    if (at != NULL && file_read(file, 0, at, CA_BYTES_MAX, &bytes) == OK) {
        buf_used(&text, bytes);
    }
    file_close(file);
    answer_text(x, 200, "application/x-pem-file", &text);
    buf_done(&text);
}

/* With auth on, what shows or changes something needs a signature of who may. */
static bool allowed(struct door *door, struct exchange *x)
{
    const struct http_request *request = exchange_request(x);
    int64_t now_ms = clock_now_ms(cell_clock(door->cell));
    const struct identity *identity;
    struct sigv4 sigv4;
    struct why why;
    struct sigv4_keys *keys;
    bool good;

    if (!door->auth) {
        return true;
    }
    if (sigv4_read(request, exchange_arena(x), &why, &sigv4) != OK || !sigv4.present) {
        return false;
    }
    identity = identity_find(cell_identities(door->cell), sigv4.access_key);
    keys = sigv4_keys_new();
    good = identity != NULL && identity_alive(identity, now_ms) &&
           str_eq(identity->token, sigv4.session_token) &&
           sigv4_check(&sigv4, request, identity->secret, now_ms, keys, exchange_arena(x), &why,
                       NULL) == OK &&
           authorize_door(door->cell, identity, exchange_arena(x),
                          str_eq(request->method, STR("POST")));
    sigv4_keys_free(keys);
    identity_drop(identity);
    return good;
}

void admin_answer(struct door *door, struct exchange *x)
{
    static const struct {
        const char *path;
        const char *methods;
        bool open; /* to everybody */
        void (*answer)(struct door *door, struct exchange *x);
    } doors[] = {
        {"/_weir/health", "GET", true, health},
        {"/_weir/ca", "GET", true, ca},
        {"/_weir/journal", "GET", false, journal},
        {"/_weir/clock", "GET POST", false, clock_door},
        {"/_weir/why", "GET", false, why_door},
    };
    const struct http_request *request = exchange_request(x);

    for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
        if (!str_eq(request->path, str_c(doors[i].path))) {
            continue;
        }
        struct str methods = str_c(doors[i].methods);

        if (str_find_str(methods, request->method) == methods.bytes) {
            answer_problem(x, 405, doors[i].methods);
        } else if (!doors[i].open && (!request->loopback ||
                                      http_header(request, STR("origin")).bytes > 0 ||
                                      !allowed(door, x))) {
            answer_problem(x, 403, "only from this machine, not from a web page, and with "
                                   "--auth=on only signed by who may");
        } else {
            doors[i].answer(door, x);
        }
        return;
    }
    answer_problem(x, 404, "weir's own doors are /_weir/health, /_weir/journal, /_weir/clock, "
                           "/_weir/why and /_weir/ca");
}
