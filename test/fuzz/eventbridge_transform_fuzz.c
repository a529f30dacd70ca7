/* SPDX-License-Identifier: Apache-2.0
 *
 * Input transformers: a template, a path and an event, with zero bytes between. Whatever comes,
 * nothing is touched outside; what a JSON template becomes is JSON, and what a path finds lies in
 * it.
 */
#include "svc/events/transform.h"

#include "bus/pattern.h"
#include "svc/events/text.h"
#include "wire/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_json(struct arena *arena, struct str text)
{
    struct value value;
    struct why why;

    return json_read(arena_dup(arena, text), 0, arena, &why, &value) == OK;
}

static void fill(struct arena *arena, struct str template, struct str path, struct str event)
{
    struct pair pair = {STR("p"), {.kind = VALUE_STR, .str = path}};
    struct value paths = {.kind = VALUE_MAP, .count = 1, .room = 1, .pairs = &pair};
    struct transform_input input = {event, STR("arn:aws:events:r:a:rule/n"), STR("n"), 0};
    const struct transform *transform;
    struct str bad;
    struct str filled;

    if (transform_compile(arena, template, &paths, &bad, &transform) != OK) {
        return;
    }
    filled = transform_fill(arena, transform, &input);
    if (filled.bytes > 0 && (filled.at[0] == '{' || filled.at[0] == '[') &&
        (template.at[0] == '{' || template.at[0] == '[') && !is_json(arena, filled)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(64u << 20);
    struct str rest = str_of(data, size);
    struct str template = str_split(&rest, '\0');
    struct str path = rest.at == NULL ? STR("") : str_split(&rest, '\0');
    struct str event = rest.at == NULL ? STR("{}") : rest;

    if (path_good(path) && is_json(arena, event)) {
        event = text_minify(arena, event);
        struct str found = path_find(arena, event, path);

        if (found.at != NULL && !is_json(arena, found)) {
            abort();
        }
        fill(arena, template, path, event);
    }
    arena_free(arena);
    return 0;
}
