/* SPDX-License-Identifier: Apache-2.0
 *
 * The SAM transform as a program, for test/e2e/sam_transform_test.py: a line of standard input is
 * {"template": …, "parameters": {…}} or a template alone; the answer's line is {"template": …} or
 * {"error": sentence}.
 */
#include "base/mem.h"
#include "svc/cloudformation/sam.h"
#include "wire/json.h"

#include <stdio.h>

#define ARENA_BYTES_MAX (512u << 20)
#define TEXT_BYTES_MAX (64u << 20)

static const struct value *parameter(const void *self, struct str name)
{
    const struct value *parameters = self;

    return parameters == NULL ? NULL : map_find(parameters, name);
}

static void answer(struct str line)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct sam_place place = {.region = STR("eu-central-1"), .partition = STR("aws"),
                              .parameter = parameter};
    const struct value *template;
    struct value asked;
    struct value made;
    struct buf out;
    struct why why;

    buf_init(&out, TEXT_BYTES_MAX);
    if (json_read(line, 0, arena, &why, &asked) != OK || asked.kind != VALUE_MAP) {
        buf_printf(&out, "{\"error\":\"no JSON\"}\n");
    } else {
        template = map_find(&asked, STR("template"));
        place.self = map_find(&asked, STR("parameters"));
        if (sam_transform(template != NULL ? template : &asked, &place, arena, &why, &made) == OK) {
            buf_printf(&out, "{\"template\":");
            value_dump(&out, &made);
        } else {
            buf_printf(&out, "{\"error\":");
            json_write_str(&out, str_c(why.text));
        }
        buf_printf(&out, "}\n");
    }
    fwrite(out.at, 1, out.bytes, stdout);
    fflush(stdout);
    buf_done(&out);
    arena_free(arena);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t bytes;

    while ((bytes = getline(&line, &room, stdin)) > 0) {
        answer(str_of(line, (size_t)bytes));
    }
    mem_free(line);
    return 0;
}
