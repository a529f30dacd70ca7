/* SPDX-License-Identifier: Apache-2.0
 *
 * Wildcards and variables of policies.
 *
 * Rules
 *  1. ${aws:username} is what the request has under that key, if that is one value; ${key, 'text'}
 *     is text when it has none; without either, the pattern fits nothing.
 *  2. What is filled in stands for itself: a '*' in it is no wildcard.
 *  3. ${*}, ${?} and ${$} are these characters themselves.
 */
#include "cell/policy_int.h"

#include <assert.h>
#include <ctype.h>

static bool same(char a, char b, bool nocase)
{
    return a == b ||
           (nocase && tolower((unsigned char)a) == tolower((unsigned char)b));
}

struct glob {
    struct str pattern, text; /* what is compared */
    char star, one;           /* what stands for any text, and for any character */
    bool nocase;              /* letters alike */
};

/* The last star takes one character more whenever what follows it does not fit. */
static bool glob_fits(const struct glob *glob)
{
    const char *pattern = glob->pattern.at;
    const char *text = glob->text.at;
    size_t p = 0;
    size_t t = 0;
    size_t star = SIZE_MAX;
    size_t taken = 0;

    while (t < glob->text.bytes) {
        if (p < glob->pattern.bytes && pattern[p] == glob->star) {
            star = p++;
            taken = t;
        } else if (p < glob->pattern.bytes &&
                   (pattern[p] == glob->one || same(pattern[p], text[t], glob->nocase))) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++taken;
        } else {
            return false;
        }
    }
    while (p < glob->pattern.bytes && pattern[p] == glob->star) {
        p++;
    }
    return p == glob->pattern.bytes;
}

bool policy_like(struct str pattern, struct str text, bool nocase)
{
    return glob_fits(&(struct glob){pattern, text, '*', '?', nocase});
}

bool policy_marked_like(struct str pattern, struct str text, bool nocase)
{
    return glob_fits(&(struct glob){pattern, text, MARK_STAR, MARK_ONE, nocase});
}

/* The five first parts by themselves, then the rest. */
static bool arn_fits(const struct glob *glob)
{
    struct glob part = *glob;
    struct str pattern = glob->pattern;
    struct str text = glob->text;

    if (pattern.bytes == 1 && pattern.at[0] == glob->star) {
        return true;
    }
    for (int i = 0; i < 5; i++) {
        part.pattern = str_split(&pattern, ':');
        part.text = str_split(&text, ':');
        if (!glob_fits(&part)) {
            return false;
        }
    }
    part.pattern = pattern;
    part.text = text;
    return (pattern.at == NULL) == (text.at == NULL) && glob_fits(&part);
}

bool policy_arn_like(struct str pattern, struct str text)
{
    return arn_fits(&(struct glob){pattern, text, '*', '?', false});
}

bool policy_marked_arn_like(struct str pattern, struct str text)
{
    return arn_fits(&(struct glob){pattern, text, MARK_STAR, MARK_ONE, false});
}

static bool has_mark(struct str s)
{
    return str_find(s, MARK_STAR, 0) < s.bytes || str_find(s, MARK_ONE, 0) < s.bytes;
}

/* ---- reading ---- */

struct reading {
    struct arena *arena;        /* of the pattern */
    struct str rest;            /* of the text */
    bool wild;                  /* '*' and '?' become marks */
    char *plain;                /* of the piece being read */
    size_t bytes;               /* of it */
    struct policy_piece *pieces; /* PATTERN_PIECES_MAX */
    uint32_t count;             /* of them */
};

/* ${key} or ${key, 'text'}; within stands between the braces. */
static bool variable_read(struct reading *reading, struct str within)
{
    struct policy_piece *piece = &reading->pieces[reading->count];
    size_t comma = str_find(within, ',', 0);
    struct str otherwise = str_trim(str_slice(within, comma + 1, within.bytes));

    if (reading->count + 1 >= PATTERN_PIECES_MAX) {
        return false;
    }
    piece->plain = str_of(reading->plain, reading->bytes);
    piece->key = str_trim(str_slice(within, 0, comma));
    if (comma < within.bytes) {
        if (otherwise.bytes < 2 || otherwise.at[0] != '\'' ||
            otherwise.at[otherwise.bytes - 1] != '\'') {
            return false;
        }
        piece->otherwise = str_slice(otherwise, 1, otherwise.bytes - 1);
        piece->has_otherwise = true;
    }
    reading->count++;
    reading->plain += reading->bytes;
    reading->bytes = 0;
    return piece->key.bytes > 0;
}

/* What begins with "${". */
static bool escape_read(struct reading *reading)
{
    size_t end = str_find(reading->rest, '}', 2);
    struct str within = str_slice(reading->rest, 2, end);

    if (end == reading->rest.bytes) {
        return false;
    }
    reading->rest = str_slice(reading->rest, end + 1, reading->rest.bytes);
    if (within.bytes == 1 && (within.at[0] == '*' || within.at[0] == '?' ||
                              within.at[0] == '$')) {
        reading->plain[reading->bytes++] = within.at[0];
        return true;
    }
    return variable_read(reading, within);
}

static char marked(const struct reading *reading, char c)
{
    if (reading->wild && c == '*') {
        return MARK_STAR;
    }
    return reading->wild && c == '?' ? MARK_ONE : c;
}

bool policy_pattern_read(struct arena *arena, struct str text, bool wild, bool variables,
                         struct policy_pattern *ret_pattern)
{
    struct policy_piece pieces[PATTERN_PIECES_MAX] = {{.has_otherwise = false}};
    struct reading reading = {arena, text, wild, arena_alloc(arena, text.bytes + 1), 0, pieces, 0};
    char *whole = reading.plain;

    while (reading.rest.bytes > 0) {
        if (variables && str_starts(reading.rest, STR("${"))) {
            if (!escape_read(&reading)) {
                return false;
            }
            continue;
        }
        reading.plain[reading.bytes++] = marked(&reading, reading.rest.at[0]);
        reading.rest = str_slice(reading.rest, 1, reading.rest.bytes);
    }
    if (reading.count > 0) {
        struct policy_piece *kept;

        pieces[reading.count++].plain = str_of(reading.plain, reading.bytes);
        kept = arena_alloc(arena, reading.count * sizeof(*kept));
        memcpy(kept, pieces, reading.count * sizeof(*kept));
        *ret_pattern = (struct policy_pattern){text, kept, reading.count, wild};
        return true;
    }
    struct str plain = str_of(whole, reading.bytes);

    *ret_pattern = (struct policy_pattern){plain, NULL, 0, has_mark(plain)};
    return true;
}

/* ---- filling in ---- */

bool policy_key_find(const struct policy_request *request, struct str key,
                     struct policy_values *ret_values)
{
    const struct policy_context *context = request->context;

    *ret_values = (struct policy_values){NULL, 0, STR_NONE};
    if (context == NULL || !context->find(context, key, ret_values)) {
        return false;
    }
    return ret_values->count > 0;
}

static bool add(char room[EXPANDED_BYTES_MAX], size_t *bytes, struct str s)
{
    if (s.bytes > EXPANDED_BYTES_MAX - *bytes) {
        return false;
    }
    if (s.bytes > 0) {
        memcpy(room + *bytes, s.at, s.bytes);
    }
    *bytes += s.bytes;
    return true;
}

bool policy_pattern_expand(const struct policy_pattern *pattern,
                           const struct policy_request *request, char room[EXPANDED_BYTES_MAX],
                           struct str *ret_text)
{
    size_t bytes = 0;

    if (pattern->pieces == NULL) {
        *ret_text = pattern->text;
        return true;
    }
    for (uint32_t i = 0; i < pattern->piece_count; i++) {
        const struct policy_piece *piece = &pattern->pieces[i];
        struct policy_values values;
        struct str value = piece->otherwise;

        if (!add(room, &bytes, piece->plain)) {
            return false;
        }
        if (piece->key.bytes == 0) {
            continue;
        }
        if (policy_key_find(request, piece->key, &values) && values.count == 1) {
            value = values.values[0];
        } else if (!piece->has_otherwise) {
            return false;
        }
        if (has_mark(value) || !add(room, &bytes, value)) { /* rule 2 */
            return false;
        }
    }
    *ret_text = str_of(room, bytes);
    return true;
}
