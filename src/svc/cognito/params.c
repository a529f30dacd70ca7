/* SPDX-License-Identifier: Apache-2.0
 *
 * Queries and forms: name=value pairs joined by '&', percent-encoded, '+' is a space. RFC 6749,
 * 3.1: a parameter comes once at most.
 */
#include "base/codec.h"
#include "svc/cognito/web.h"

static bool text_good(struct str text)
{
    return utf8_valid(text) && (text.bytes == 0 || memchr(text.at, '\0', text.bytes) == NULL);
}

void params_read(struct str text, struct arena *arena, struct params *ret_params)
{
    struct params *params = ret_params;

    *params = (struct params){.count = 0};
    while (text.at != NULL && !params->broken) {
        struct str piece = str_split(&text, '&');
        size_t equals = str_find(piece, '=', 0);
        struct param made;

        if (piece.bytes == 0) {
            continue;
        }
        params->broken =
            params->count == PARAMS_MAX ||
            !percent_decode(arena, str_slice(piece, 0, equals), true, &made.name) ||
            !percent_decode(arena, str_slice(piece, equals + 1, piece.bytes), true, &made.value) ||
            !text_good(made.name) || !text_good(made.value);
        for (size_t i = 0; i < params->count && !params->broken; i++) {
            params->broken = str_eq(params->at[i].name, made.name);
        }
        if (!params->broken) {
            params->at[params->count++] = made;
        }
    }
}

struct str param(const struct params *params, const char *name)
{
    for (size_t i = 0; i < params->count; i++) {
        if (str_eq(params->at[i].name, str_c(name))) {
            return params->at[i].value;
        }
    }
    return STR_NONE;
}
