/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts that memory keeps, and lists of named ones, sorted by name: tags.
 */
#include "base/mem.h"
#include "svc/events/events_int.h"

#include <string.h>

void text_set(struct str *owned, struct str text)
{
    char *copy = text.bytes == 0 ? NULL : mem_dup(text.at, text.bytes);

    mem_free((char *)(uintptr_t)owned->at);
    *owned = str_of(copy, text.bytes);
}

/* The place of a name, or where it would stand. */
static size_t place(const struct settings *settings, struct str name)
{
    size_t at = 0;

    while (at < settings->count && str_cmp(settings->items[at].name, name) < 0) {
        at++;
    }
    return at;
}

static bool is_at(const struct settings *settings, size_t at, struct str name)
{
    return at < settings->count && str_eq(settings->items[at].name, name);
}

void setting_set(struct settings *settings, struct str name, struct str text)
{
    size_t at = place(settings, name);

    if (!is_at(settings, at, name)) {
        size_t behind = settings->count - at;

        settings->count++;
        settings->items = mem_grow(settings->items, settings->count * sizeof(struct setting));
        memmove(settings->items + at + 1, settings->items + at, behind * sizeof(struct setting));
        memset(&settings->items[at], 0, sizeof(struct setting));
        text_set(&settings->items[at].name, name);
    }
    text_set(&settings->items[at].text, text);
}

void setting_remove(struct settings *settings, struct str name)
{
    size_t at = place(settings, name);

    if (is_at(settings, at, name)) {
        text_set(&settings->items[at].name, STR_NONE);
        text_set(&settings->items[at].text, STR_NONE);
        settings->count--;
        memmove(settings->items + at, settings->items + at + 1,
                (settings->count - at) * sizeof(struct setting));
    }
}

void settings_done(struct settings *settings)
{
    while (settings->count > 0) {
        setting_remove(settings, settings->items[settings->count - 1].name);
    }
    mem_free(settings->items);
    settings->items = NULL;
}
