/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of named texts, sorted by name: attributes and tags.
 */
#include "base/mem.h"
#include "svc/sns/sns_int.h"

#include <string.h>

void text_set(struct str *owned, struct str text)
{
    char *copy = text.bytes == 0 ? NULL : mem_dup(text.at, text.bytes);

    mem_free((char *)(uintptr_t)owned->at);
    *owned = str_of(copy, text.bytes);
}

static size_t place_of(const struct settings *settings, struct str name, bool *ret_there)
{
    size_t at = 0;

    while (at < settings->count && str_cmp(settings->items[at].name, name) < 0) {
        at++;
    }
    *ret_there = at < settings->count && str_eq(settings->items[at].name, name);
    return at;
}

struct str setting_get(const struct settings *settings, const char *name)
{
    bool there;
    size_t at = place_of(settings, str_c(name), &there);

    if (!there) {
        return STR_NONE;
    }
    return settings->items[at].text.at == NULL ? STR("") : settings->items[at].text;
}

void setting_set(struct settings *settings, struct str name, struct str text)
{
    bool there;
    size_t at = place_of(settings, name, &there);

    if (!there) {
        settings->items =
            mem_grow(settings->items, (settings->count + 1) * sizeof(struct setting));
        memmove(&settings->items[at + 1], &settings->items[at],
                (settings->count - at) * sizeof(struct setting));
        settings->items[at] = (struct setting){STR_NONE, STR_NONE};
        settings->count++;
        text_set(&settings->items[at].name, name);
    }
    text_set(&settings->items[at].text, text);
}

void setting_remove(struct settings *settings, struct str name)
{
    bool there;
    size_t at = place_of(settings, name, &there);

    if (there) {
        text_set(&settings->items[at].name, STR_NONE);
        text_set(&settings->items[at].text, STR_NONE);
        settings->count--;
        memmove(&settings->items[at], &settings->items[at + 1],
                (settings->count - at) * sizeof(struct setting));
    }
}

void settings_done(struct settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        text_set(&settings->items[i].name, STR_NONE);
        text_set(&settings->items[i].text, STR_NONE);
    }
    mem_free(settings->items);
    *settings = (struct settings){NULL, 0};
}
