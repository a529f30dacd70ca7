/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical request, straight into its hash:
 *
 *   method \n path \n query \n (name:value \n)* \n signed headers \n payload hash
 *
 * Rules
 *  1. S3's path is the one sent: what is escaped stays escaped (in upper case, but for characters
 *     that need no escape), what should have been is escaped.
 *  2. Everybody else's loses empty and dot segments, then is escaped once more: a '%' sent becomes
 *     "%25".
 *  3. The query is decoded ('+' is a space), escaped again, and sorted by name, then value.
 *  4. Header values lose spaces at their ends, runs of spaces become one, fields of one name are
 *     joined with commas in their order. A signed header that is not there is an error.
 *  5. host may have come as :authority.
 */
#include "wire/sigv4_int.h"

#include "base/codec.h"

#include <assert.h>
#include <stdlib.h>

#define QUERY_PARTS_MAX 1000
#define SEGMENTS_MAX 1024

/* ---- hashing ---- */

void hashed_begin(struct hashed_text *text, const SHA256_CTX *from)
{
    if (from == NULL) {
        SHA256_Init(&text->sha);
    } else {
        text->sha = *from;
    }
    text->bytes = 0;
}

void hashed_flush(struct hashed_text *text)
{
    SHA256_Update(&text->sha, text->at, text->bytes);
    text->bytes = 0;
}

void hashed_end(struct hashed_text *text, uint8_t out[SHA256_BYTES])
{
    hashed_flush(text);
    SHA256_Final(out, &text->sha);
}

void hmac_key_of(struct str key, struct hmac_key *ret_key)
{
    uint8_t block[SHA256_CBLOCK] = {0};

    assert(key.bytes <= sizeof(block));
    memcpy(block, key.at, key.bytes);
    for (size_t i = 0; i < sizeof(block); i++) {
        block[i] ^= 0x36;
    }
    SHA256_Init(&ret_key->inner);
    SHA256_Update(&ret_key->inner, block, sizeof(block));
    for (size_t i = 0; i < sizeof(block); i++) {
        block[i] ^= 0x36 ^ 0x5c;
    }
    SHA256_Init(&ret_key->outer);
    SHA256_Update(&ret_key->outer, block, sizeof(block));
}

void hmac_end(const struct hmac_key *key, struct hashed_text *text, uint8_t out[SHA256_BYTES])
{
    uint8_t inner[SHA256_BYTES];
    SHA256_CTX outer = key->outer;

    hashed_end(text, inner);
    SHA256_Update(&outer, inner, sizeof(inner));
    SHA256_Final(out, &outer);
}

/* ---- escapes ---- */

/* A-Za-z0-9-._~ */
static inline bool is_plain(unsigned char c)
{
    static const uint32_t plain[8] = {0, 0x03ff6000, 0x87fffffe, 0x47fffffe};

    return plain[c >> 5] >> (c & 31) & 1;
}

static void add_escaped(struct hashed_text *text, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";

    hashed_add_c(text, '%');
    hashed_add_c(text, digits[c >> 4]);
    hashed_add_c(text, digits[c & 15]);
}

static void add_escaping(struct hashed_text *text, struct str s)
{
    for (size_t i = 0; i < s.bytes; i++) {
        if (is_plain((unsigned char)s.at[i]) || s.at[i] == '/') {
            hashed_add_c(text, s.at[i]);
        } else {
            add_escaped(text, (unsigned char)s.at[i]);
        }
    }
}

/* The byte that %XX at i stands for; -1 where there is no such thing. */
static int escape_at(struct str s, size_t i)
{
    unsigned char byte;

    if (s.at[i] != '%' || s.bytes - i < 3 || !hex_decode(str_of(s.at + i + 1, 2), (char *)&byte)) {
        return -1;
    }
    return byte;
}

/* ---- the path ---- */

static void add_s3_path(struct hashed_text *text, struct str path)
{
    for (size_t i = 0; i < path.bytes; i++) {
        unsigned char c = (unsigned char)path.at[i];
        int escape = escape_at(path, i);

        if (escape >= 0) {
            i += 2;
            c = (unsigned char)escape;
        }
        if (is_plain(c) || (c == '/' && escape < 0)) {
            hashed_add_c(text, (char)c);
        } else {
            add_escaped(text, c);
        }
    }
}

/* Nothing in it for rule 2 to take away: no "//" and no segment that begins with a dot. */
static bool is_tidy(struct str path)
{
    for (size_t i = 0; i + 1 < path.bytes; i++) {
        if (path.at[i] == '/' && (path.at[i + 1] == '/' || path.at[i + 1] == '.')) {
            return false;
        }
    }
    return path.bytes > 0 && path.at[0] == '/';
}

static bool add_tidied_path(struct hashed_text *text, struct str path)
{
    struct str segments[SEGMENTS_MAX];
    struct str rest = path;
    size_t count = 0;

    while (rest.at != NULL) {
        struct str segment = str_split(&rest, '/');
        if (str_eq(segment, STR(".."))) {
            count -= count > 0;
        } else if (segment.bytes > 0 && !str_eq(segment, STR("."))) {
            if (count == SEGMENTS_MAX) {
                return false;
            }
            segments[count++] = segment;
        }
    }
    for (size_t i = 0; i < count; i++) {
        hashed_add_c(text, '/');
        add_escaping(text, segments[i]);
    }
    if (count == 0 || path.at[path.bytes - 1] == '/') {
        hashed_add_c(text, '/');
    }
    return true;
}

static bool add_path(const struct canonical *canonical, struct hashed_text *text)
{
    struct str path = canonical->request->path;

    if (path.bytes == 0) {
        hashed_add_c(text, '/');
        return true;
    }
    if (canonical->s3) {
        add_s3_path(text, path);
        return true;
    }
    if (is_tidy(path)) {
        add_escaping(text, path);
        return true;
    }
    return add_tidied_path(text, path);
}

/* ---- the query ---- */

struct query_part {
    struct str name;  /* escaped again */
    struct str value; /* the same */
};

static int by_name(const void *a, const void *b)
{
    const struct query_part *one = a;
    const struct query_part *other = b;
    int order = str_cmp(one->name, other->name);

    return order != 0 ? order : str_cmp(one->value, other->value);
}

/* The canonical form; s itself when it is that already, as nearly always. */
static bool escape_again(struct arena *arena, struct str s, struct str *ret_escaped)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t i = 0;
    size_t bytes = 0;
    char *to;

    while (i < s.bytes && is_plain((unsigned char)s.at[i])) {
        i++;
    }
    if (i == s.bytes) {
        *ret_escaped = s;
        return true;
    }
    to = arena_try(arena, 3 * s.bytes);
    if (to == NULL) {
        return false;
    }
    for (i = 0; i < s.bytes; i++) {
        unsigned char c = (unsigned char)s.at[i];
        int escape = escape_at(s, i);

        if (escape >= 0) {
            c = (unsigned char)escape;
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        if (is_plain(c)) {
            to[bytes++] = (char)c;
        } else {
            to[bytes++] = '%';
            to[bytes++] = digits[c >> 4];
            to[bytes++] = digits[c & 15];
        }
    }
    *ret_escaped = str_of(to, bytes);
    return true;
}

static bool add_query(const struct canonical *canonical, struct arena *arena,
                      struct hashed_text *text)
{
    struct str rest = canonical->request->query;
    struct query_part *parts;
    size_t count = 0;
    size_t count_max = 1;

    if (rest.bytes == 0) {
        return true;
    }
    for (size_t i = 0; i < rest.bytes; i++) {
        count_max += rest.at[i] == '&';
    }
    if (count_max > QUERY_PARTS_MAX) {
        return false;
    }
    parts = arena_alloc(arena, count_max * sizeof(*parts));
    while (rest.at != NULL) {
        struct str part = str_split(&rest, '&');
        size_t equals = str_find(part, '=', 0);

        if (part.bytes == 0) {
            continue;
        }
        if (!escape_again(arena, str_slice(part, 0, equals), &parts[count].name) ||
            !escape_again(arena, str_slice(part, equals + 1, part.bytes), &parts[count].value)) {
            return false;
        }
        count += !(canonical->presigned && str_eq(parts[count].name, STR("X-Amz-Signature")));
    }
    qsort(parts, count, sizeof(parts[0]), by_name);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            hashed_add_c(text, '&');
        }
        hashed_add(text, parts[i].name);
        hashed_add_c(text, '=');
        hashed_add(text, parts[i].value);
    }
    return true;
}

/* ---- the headers ---- */

static void add_folded(struct hashed_text *text, struct str value)
{
    value = str_trim(value);
    while (value.bytes > 0) {
        size_t run = str_find_str(value, STR("  "));
        if (run == value.bytes) { /* nearly always at once */
            hashed_add(text, value);
            return;
        }
        hashed_add(text, str_slice(value, 0, run + 1));
        while (run < value.bytes && value.at[run] == ' ') {
            run++;
        }
        value = str_slice(value, run, value.bytes);
    }
}

static bool add_header(const struct http_request *request, struct str name,
                       struct hashed_text *text)
{
    bool found = false;

    hashed_add(text, name);
    hashed_add_c(text, ':');
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (header->name.bytes != name.bytes ||
            memcmp(header->name.at, name.at, name.bytes) != 0) {
            continue;
        }
        if (found) {
            hashed_add_c(text, ',');
        }
        add_folded(text, header->value);
        found = true;
    }
    if (!found && str_eq(name, STR("host"))) {
        add_folded(text, request->authority);
        found = true;
    }
    hashed_add_c(text, '\n');
    return found;
}

bool sigv4_canonical_hash(const struct canonical *canonical, struct arena *arena,
                          uint8_t out[SHA256_BYTES])
{
    struct str rest = canonical->signed_headers;
    struct hashed_text text;

    hashed_begin(&text, NULL);
    hashed_add(&text, canonical->request->method);
    hashed_add_c(&text, '\n');
    if (!add_path(canonical, &text)) {
        return false;
    }
    hashed_add_c(&text, '\n');
    if (!add_query(canonical, arena, &text)) {
        return false;
    }
    hashed_add_c(&text, '\n');
    while (rest.at != NULL) {
        struct str name = str_split(&rest, ';');
        if (name.bytes == 0 || !add_header(canonical->request, name, &text)) {
            return false;
        }
    }
    hashed_add_c(&text, '\n');
    hashed_add(&text, canonical->signed_headers);
    hashed_add_c(&text, '\n');
    hashed_add(&text, canonical->payload_hash);
    hashed_end(&text, out);
    return true;
}
