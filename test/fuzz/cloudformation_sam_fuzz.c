/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates from anywhere through the SAM transform: whatever comes is refused in SAM's words or
 * transformed; the template that came in is as it was; nothing in the result asks for the transform
 * again, and transformed again it stays as it is.
 */
#include "svc/cloudformation/sam.h"
#include "svc/cloudformation/template.h"
#include "wire/document.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES_MAX (64u << 20)

static void demand(bool held)
{
    if (!held) {
        abort();
    }
}

static status transform(const struct value *template, struct arena *arena, struct value *ret_made)
{
    struct sam_place place = {.region = STR("eu-central-1"), .partition = STR("aws")};
    struct why why = {.text = ""};
    status made = sam_transform(template, &place, arena, &why, ret_made);

    demand(made == OK || made == &ERR_MALFORMED || made == &ERR_LIMIT);
    demand(made != &ERR_MALFORMED ||
           str_starts(str_c(why.text), STR("Invalid Serverless Application Specification")));
    return made;
}

static void check(const struct value *template, struct arena *arena)
{
    struct str before = doc_json(arena, template);
    struct value made;
    struct value again;

    if (before.at == NULL || transform(template, arena, &made) != OK) {
        return;
    }
    demand(str_eq(before, doc_json(arena, template)));
    demand(!sam_asked(&made));
    demand(doc_get(&made, "Globals") == NULL);
    if (transform(&made, arena, &again) == OK) {
        demand(doc_same(&made, &again));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + (size == 0));
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct why why = {.text = ""};
    struct value template;

    demand(text != NULL);
    memcpy(text, data, size);
    if (template_document(str_of(text, size), arena, &why, &template) == OK) {
        check(&template, arena);
    }
    arena_free(arena);
    free(text);
    return 0;
}
