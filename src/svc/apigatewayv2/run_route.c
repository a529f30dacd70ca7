/* SPDX-License-Identifier: Apache-2.0
 *
 * Which route is a request's?
 *
 * Rules
 *  1. Paths are compared decoded and without empty segments, so that "//admin", "/%61dmin" and
 *     "/x%2Fadmin" are what whoever gets them may take them for, and meet that route's authorizer.
 *  2. A path with "." or ".." is none: there is no saying what it becomes behind.
 *  3. A slash at the end is a difference, as at AWS; a parameter is never empty.
 *  4. The most specific fits: a whole path before a greedy one; segment by segment a text before a
 *     parameter; then a method before ANY; $default last.
 *
 * Source: "Working with routes for HTTP APIs", API Gateway developer guide.
 */
#include "base/codec.h"
#include "svc/apigatewayv2/run_pure.h"

static bool is_name(struct str segment)
{
    return segment.bytes > 2 && segment.at[0] == '{' && segment.at[segment.bytes - 1] == '}';
}

static struct segment segment_read(struct str text)
{
    struct str name = str_slice(text, 1, text.bytes - 1);

    if (!is_name(text)) {
        return (struct segment){text, SEGMENT_TEXT};
    }
    if (str_ends(name, STR("+"))) {
        return (struct segment){str_slice(name, 0, name.bytes - 1), SEGMENT_GREEDY};
    }
    return (struct segment){name, SEGMENT_PARAMETER};
}

struct route_key route_key_read(struct str text, struct arena *arena)
{
    size_t space = str_find(text, ' ', 0);
    struct str rest = str_slice(text, space + 1, text.bytes);
    struct route_key key = {.method = str_slice(text, 0, space)};
    struct segment *segments = arena_alloc(arena, RUN_SEGMENTS_MAX * sizeof(*segments));

    if (space == text.bytes) { /* $default */
        key.method = STR_NONE;
        return key;
    }
    key.slash = rest.bytes > 1 && str_ends(rest, STR("/"));
    while (rest.at != NULL && key.segment_count < RUN_SEGMENTS_MAX) {
        struct str piece = str_split(&rest, '/');

        if (piece.bytes > 0) {
            segments[key.segment_count++] = segment_read(piece);
        }
    }
    key.segments = segments;
    return key;
}

/* ---- paths ---- */

static bool is_clean(struct str segment)
{
    struct str rest = segment;

    while (rest.at != NULL) { /* to some servers a backslash is a slash */
        struct str piece = str_split(&rest, '\\');
        size_t bytes = str_find(piece, ';', 0); /* and "..;x" is ".." */

        if (bytes > 0 && bytes <= 2 && memchr(piece.at, '.', bytes) == piece.at &&
            piece.at[bytes - 1] == '.') {
            return false;
        }
    }
    for (size_t i = 0; i < segment.bytes; i++) {
        if ((unsigned char)segment.at[i] < 0x20 || segment.at[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

bool route_path_read(struct str raw, struct arena *arena, struct route_path *ret_path)
{
    struct route_path *path = ret_path;
    struct str rest;

    if (!percent_decode(arena, raw, false, &path->decoded) || !utf8_valid(path->decoded) ||
        raw.bytes == 0 || raw.at[0] != '/') {
        return false;
    }
    path->segment_count = 0;
    path->slash = path->decoded.bytes > 1 && str_ends(path->decoded, STR("/"));
    rest = path->decoded;
    while (rest.at != NULL) {
        struct str piece = str_split(&rest, '/');

        if (piece.bytes == 0) {
            continue;
        }
        if (path->segment_count == RUN_SEGMENTS_MAX || !is_clean(piece)) {
            return false;
        }
        path->segments[path->segment_count++] = piece;
    }
    path->slash = path->slash && path->segment_count > 0;
    return true;
}

/* ---- fitting ---- */

/* A whole path before a greedy one; then the first segments that differ decide, so earlier ones
 * weigh more: two bits each for the first 29. */
#define WHOLE (UINT64_C(1) << 62)
static uint64_t weight_of(enum segment_kind kind, size_t place)
{
    static const uint64_t weights[] = {
        [SEGMENT_TEXT] = 3, [SEGMENT_PARAMETER] = 2, [SEGMENT_GREEDY] = 1};

    return place < 29 ? weights[kind] << (60 - 2 * place) : 0;
}

static bool path_fits(const struct route_key *key, const struct route_path *path,
                      uint64_t *ret_weight)
{
    uint64_t weight = 0;

    for (size_t i = 0; i < key->segment_count; i++) {
        const struct segment *segment = &key->segments[i];

        if (i >= path->segment_count || (segment->kind == SEGMENT_TEXT &&
                                         !str_eq(segment->text, path->segments[i]))) {
            return false;
        }
        weight += weight_of(segment->kind, i);
        if (segment->kind == SEGMENT_GREEDY) {
            *ret_weight = weight;
            return true;
        }
    }
    *ret_weight = weight + WHOLE;
    return key->segment_count == path->segment_count && key->slash == path->slash;
}

uint64_t route_fit(const struct route_key *key, struct str method, const struct route_path *path)
{
    bool any = str_eq(key->method, STR("ANY"));
    uint64_t weight = 0;

    if (key->method.bytes == 0) {
        return 1;
    }
    if ((!any && !str_eq(key->method, method)) || !path_fits(key, path, &weight)) {
        return 0;
    }
    return weight + (any ? 2 : 3);
}

/* From a segment on, with the slashes between. */
static struct str rest_of(const struct route_path *path, size_t from, struct arena *arena)
{
    struct buf text;
    struct str made;

    buf_init(&text, HTTP_TARGET_BYTES_MAX * 2);
    for (size_t i = from; i < path->segment_count; i++) {
        buf_add(&text, i > from ? STR("/") : STR(""));
        buf_add(&text, path->segments[i]);
    }
    buf_add(&text, path->slash ? STR("/") : STR(""));
    made = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return made;
}

size_t route_parameters(const struct route_key *key, const struct route_path *path,
                        struct arena *arena, struct http_pair **ret_pairs)
{
    struct http_pair *pairs = arena_alloc(arena, (key->segment_count + 1) * sizeof(*pairs));
    size_t count = 0;

    for (size_t i = 0; i < key->segment_count; i++) {
        const struct segment *segment = &key->segments[i];

        if (segment->kind == SEGMENT_TEXT) {
            continue;
        }
        pairs[count++] = (struct http_pair){
            segment->text, segment->kind == SEGMENT_GREEDY ? rest_of(path, i, arena)
                                                           : path->segments[i]};
    }
    *ret_pairs = pairs;
    return count;
}
