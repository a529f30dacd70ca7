/* SPDX-License-Identifier: Apache-2.0
 *
 * A prefix is text and expressions !{namespace:value}. Source: "Understand custom prefixes for
 * Amazon S3 objects". One without an expression for the time gets yyyy/MM/dd/HH/ behind it, unless
 * it is of partitions; one of errors, when it has no expression at all, and the kind of error
 * before that.
 */
#include "svc/firehose/prefix.h"

#include "svc/firehose/firehose_int.h"

#define RANDOM_CHARS 11
#define DEFAULT_TIME "yyyy/MM/dd/HH/"

/* A piece: text, or (namespace not empty) an expression. */
struct piece {
    struct str text;          /* as it stands */
    struct str namespace;     /* "timestamp" */
    struct str value;         /* "yyyy" */
};

/* False: that was all, or (*ret_bad) an expression that is none. */
static bool next_piece(struct str *rest, struct piece *ret_piece, bool *ret_bad)
{
    size_t at = str_find_str(*rest, STR("!{"));
    size_t end;
    struct str inside;

    *ret_bad = false;
    if (rest->bytes == 0) {
        return false;
    }
    if (at > 0) {
        *ret_piece = (struct piece){.text = str_slice(*rest, 0, at)};
        *rest = str_slice(*rest, at, rest->bytes);
        return true;
    }
    end = str_find(*rest, '}', 0);
    inside = str_slice(*rest, 2, end);
    at = str_find(inside, ':', 0);
    if (end == rest->bytes || at == inside.bytes) {
        *ret_bad = true;
        return false;
    }
    *ret_piece = (struct piece){.namespace = str_slice(inside, 0, at),
                                .value = str_slice(inside, at + 1, inside.bytes)};
    *rest = str_slice(*rest, end + 1, rest->bytes);
    return true;
}

static status note_piece(const struct piece *piece, struct why *why, struct prefix_has *has)
{
    struct str value = piece->value;

    has->expressions = true;
    if (str_eq(piece->namespace, STR("timestamp"))) {
        has->timestamp = true;
        return value.bytes > 0 && date_pattern_is(value)
                   ? OK
                   : why_set(why, &ERR_MALFORMED, "%.*s is not a valid timestamp pattern",
                             STR_ARG(value));
    }
    if (str_eq(piece->namespace, STR("firehose"))) {
        has->error_type |= str_eq(value, STR("error-output-type"));
        has->random |= str_eq(value, STR("random-string"));
        return str_eq(value, STR("error-output-type")) || str_eq(value, STR("random-string"))
                   ? OK
                   : why_set(why, &ERR_MALFORMED, "%.*s is not a value of the firehose namespace",
                             STR_ARG(value));
    }
    if (str_eq(piece->namespace, STR("partitionKeyFromQuery"))) {
        has->from_query = true;
    } else if (str_eq(piece->namespace, STR("partitionKeyFromLambda"))) {
        has->from_function = true;
    } else {
        return why_set(why, &ERR_MALFORMED, "%.*s is not a namespace", STR_ARG(piece->namespace));
    }
    return value.bytes > 0 ? OK
                           : why_set(why, &ERR_MALFORMED, "a partition key has no name");
}

status prefix_read(struct str prefix, struct why *why, struct prefix_has *ret_has)
{
    struct prefix_has has = {0};
    struct str rest = prefix;
    struct piece piece;
    bool bad;

    while (next_piece(&rest, &piece, &bad)) {
        if (piece.namespace.at != NULL) {
            TRY(note_piece(&piece, why, &has));
        }
    }
    if (bad) {
        return why_set(why, &ERR_MALFORMED, "an expression is !{namespace:value}");
    }
    *ret_has = has;
    return OK;
}

static void add_random(struct buf *out, struct rand *rand)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    for (int i = 0; i < RANDOM_CHARS; i++) {
        buf_add_c(out, letters[rand_below(rand, sizeof(letters) - 1)]);
    }
}

static void add_piece(struct buf *out, const struct piece *piece, const struct prefix_for *what)
{
    struct str value = STR_NONE;

    if (piece->namespace.at == NULL) {
        buf_add(out, piece->text);
    } else if (str_eq(piece->namespace, STR("timestamp"))) {
        date_pattern_add(out, piece->value, &what->at);
    } else if (str_eq(piece->value, STR("error-output-type"))) {
        buf_add(out, what->error_type);
    } else if (str_eq(piece->namespace, STR("firehose"))) {
        add_random(out, what->rand);
    } else {
        (void)pairs_find(what->pairs, str_eq(piece->namespace, STR("partitionKeyFromLambda")),
                         piece->value, &value);
        buf_add(out, value);
    }
}

void prefix_add(struct buf *out, struct str prefix, const struct prefix_for *what)
{
    struct prefix_has has = {0};
    struct str rest = prefix;
    struct piece piece;
    struct why why;
    bool bad;

    (void)prefix_read(prefix, &why, &has);
    while (next_piece(&rest, &piece, &bad)) {
        add_piece(out, &piece, what);
    }
    if (what->error_type.bytes > 0 && !has.error_type) {
        buf_add(out, what->error_type);
        buf_add_c(out, '/');
    }
    if (what->error_type.bytes > 0 ? !has.expressions
                                   : !has.timestamp && !has.from_query && !has.from_function) {
        date_pattern_add(out, STR(DEFAULT_TIME), &what->at);
    }
}

bool prefix_keys(struct str prefix, bool (*each)(void *arg, bool from_function, struct str name),
                 void *arg)
{
    struct str rest = prefix;
    struct piece piece;
    bool bad;

    while (next_piece(&rest, &piece, &bad)) {
        bool from_function = str_eq(piece.namespace, STR("partitionKeyFromLambda"));

        if ((from_function || str_eq(piece.namespace, STR("partitionKeyFromQuery"))) &&
            !each(arg, from_function, piece.value)) {
            return false;
        }
    }
    return true;
}
