/* SPDX-License-Identifier: Apache-2.0
 *
 * Owned texts and sorted lists of them: tags, client ids, thumbprints.
 */
#include "base/mem.h"
#include "svc/iam/iam_text.h"

static int lower(char ch)
{
    return ch >= 'A' && ch <= 'Z' ? ch | 0x20 : (unsigned char)ch;
}

int name_cmp(struct str a, struct str b)
{
    size_t bytes = a.bytes < b.bytes ? a.bytes : b.bytes;

    for (size_t i = 0; i < bytes; i++) {
        if (lower(a.at[i]) != lower(b.at[i])) {
            return lower(a.at[i]) < lower(b.at[i]) ? -1 : 1;
        }
    }
    return a.bytes == b.bytes ? str_cmp(a, b) : a.bytes < b.bytes ? -1 : 1;
}

void text_set(struct str *owned, struct str text)
{
    char *copy = text.bytes == 0 ? NULL : mem_dup(text.at, text.bytes);

    mem_free((char *)(uintptr_t)owned->at);
    *owned = str_of(copy, text.bytes);
}

static size_t place_of(const struct texts *texts, struct str name, bool *ret_there)
{
    size_t at = 0;

    while (at < texts->count && name_cmp(texts->items[at].name, name) < 0) {
        at++;
    }
    *ret_there = at < texts->count && str_eq(texts->items[at].name, name);
    return at;
}

struct str texts_get(const struct texts *texts, struct str name)
{
    bool there;
    size_t at = place_of(texts, name, &there);

    if (!there) {
        return STR_NONE;
    }
    return texts->items[at].text.at == NULL ? STR("") : texts->items[at].text;
}

void texts_set(struct texts *texts, struct str name, struct str text)
{
    bool there;
    size_t at = place_of(texts, name, &there);

    if (!there) {
        texts->items = mem_grow(texts->items, (texts->count + 1) * sizeof(texts->items[0]));
        memmove(&texts->items[at + 1], &texts->items[at],
                (texts->count - at) * sizeof(texts->items[0]));
        texts->items[at] = (struct text){STR_NONE, STR_NONE};
        texts->count++;
        text_set(&texts->items[at].name, name);
    }
    text_set(&texts->items[at].text, text);
}

bool texts_remove(struct texts *texts, struct str name)
{
    bool there;
    size_t at = place_of(texts, name, &there);

    if (there) {
        text_set(&texts->items[at].name, STR_NONE);
        text_set(&texts->items[at].text, STR_NONE);
        texts->count--;
        memmove(&texts->items[at], &texts->items[at + 1],
                (texts->count - at) * sizeof(texts->items[0]));
    }
    return there;
}

void texts_done(struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        text_set(&texts->items[i].name, STR_NONE);
        text_set(&texts->items[i].text, STR_NONE);
    }
    mem_free(texts->items);
    *texts = (struct texts){NULL, 0};
}

void texts_write(struct buf *packed, const struct texts *texts)
{
    write_var(packed, texts->count);
    for (size_t i = 0; i < texts->count; i++) {
        write_str(packed, texts->items[i].name);
        write_str(packed, texts->items[i].text);
    }
}

void texts_read(struct cursor *cursor, struct texts *texts)
{
    uint64_t count = read_var(cursor);

    for (uint64_t i = 0; i < count && cursor_ok(cursor); i++) {
        struct str name = read_str(cursor);

        texts_set(texts, name, read_str(cursor));
    }
}
