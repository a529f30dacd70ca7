/* SPDX-License-Identifier: Apache-2.0
 *
 * Object key templates of channels.
 */
#include "svc/kinesis/channel_key.h"

#include "base/buf.h"
#include "base/time.h"

static const char *const variables[] = {
    "channel-name", "channel-id", "yyyy", "MM", "dd", "HH", "mm", "extension",
};

static bool is_variable(struct str name)
{
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        if (str_eq(name, str_c(variables[i]))) {
            return true;
        }
    }
    return false;
}

/* Cuts the next piece off *rest: text up to a variable, or (then *ret_variable) one's name. */
static struct str next_piece(struct str *rest, bool *ret_variable)
{
    size_t begin = str_find_str(*rest, STR("!{"));
    size_t end;
    struct str piece;

    *ret_variable = begin == 0 && rest->bytes > 0;
    if (!*ret_variable) {
        piece = str_slice(*rest, 0, begin);
        *rest = str_slice(*rest, begin, rest->bytes);
        return piece;
    }
    end = str_find(*rest, '}', 0);
    piece = str_slice(*rest, 2, end);
    *rest = str_slice(*rest, end + 1, rest->bytes);
    return piece;
}

struct str channel_template_wrong(struct str template)
{
    while (template.bytes > 0) {
        struct str before = template;
        bool variable;
        struct str piece = next_piece(&template, &variable);

        if (variable && !is_variable(piece)) {
            return str_slice(before, 0, piece.bytes + 3);
        }
    }
    return STR_NONE;
}

static void add_variable(struct buf *out, struct str name, const struct channel_key *key)
{
    struct time_parts moment = time_parts_of(key->at_ms);

    if (str_eq(name, STR("channel-name"))) {
        buf_add(out, key->channel->name);
    } else if (str_eq(name, STR("channel-id"))) {
        buf_add(out, str_of(key->channel->id, CHANNEL_ID_BYTES));
    } else if (str_eq(name, STR("yyyy"))) {
        buf_printf(out, "%04d", moment.year);
    } else if (str_eq(name, STR("MM"))) {
        buf_printf(out, "%02d", moment.month);
    } else if (str_eq(name, STR("dd"))) {
        buf_printf(out, "%02d", moment.day);
    } else if (str_eq(name, STR("HH"))) {
        buf_printf(out, "%02d", moment.hour);
    } else if (str_eq(name, STR("mm"))) {
        buf_printf(out, "%02d", moment.minute);
    } else {
        buf_add(out, key->suffix);
        buf_add(out, key->extension);
    }
}

struct str channel_key_text(struct arena *arena, struct str template,
                            const struct channel_key *key)
{
    bool named = str_find_str(template, STR("!{extension}")) < template.bytes;
    struct buf out;
    struct str text;

    buf_init(&out, CHANNEL_KEY_BYTES_MAX * 8);
    while (template.bytes > 0) {
        bool variable;
        struct str piece = next_piece(&template, &variable);

        if (variable) {
            add_variable(&out, piece, key);
        } else {
            buf_add(&out, piece);
        }
    }
    if (!named) {
        buf_add(&out, key->suffix);
    }
    text = arena_dup(arena, str_slice(buf_str(&out), 0, CHANNEL_KEY_BYTES_MAX));
    buf_done(&out);
    return text;
}

struct str channel_extension(struct arena *arena, struct str format, enum compression compression)
{
    const char *content = str_eq(format, STR("JSON"))     ? ".json"
                          : str_eq(format, STR("STRING")) ? ".txt"
                                                          : ".bin";
    const char *packing = compression == COMPRESSION_GZIP   ? ".gz"
                          : compression == COMPRESSION_ZSTD ? ".zst"
                                                            : "";

    return arena_printf(arena, "%s%s", content, packing);
}
