/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON as text, and paths in it. A path's steps are a name, an index, or '*'.
 */
#include "svc/events/text.h"

#include "base/buf.h"
#include "wire/json.h"

#include <string.h>

#define LIST_BYTES_MAX (2u * 1024 * 1024)

struct step {
    struct str name; /* of a member; STR_NONE: index */
    uint64_t index;  /* in a list */
    bool all;        /* '*' */
};

/* ---- smaller ---- */

struct str text_minify(struct arena *arena, struct str json)
{
    char *out = arena_alloc(arena, json.bytes + 1);
    bool quoted = false;
    size_t used = 0;

    for (size_t i = 0; i < json.bytes; i++) {
        char ch = json.at[i];

        if (!quoted && (ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r')) {
            continue;
        }
        out[used++] = ch;
        if (quoted && ch == '\\' && i + 1 < json.bytes) {
            out[used++] = json.at[++i];
        } else if (ch == '"') {
            quoted = !quoted;
        }
    }
    return str_of(out, used);
}

/* ---- values in a text ---- */

static size_t string_end(struct str json, size_t at)
{
    for (at++; at < json.bytes && json.at[at] != '"'; at++) {
        at += json.at[at] == '\\';
    }
    return at < json.bytes ? at + 1 : json.bytes;
}

/* Behind the value that begins there. */
static size_t value_end(struct str json, size_t at)
{
    size_t depth = 0;

    while (at < json.bytes) {
        char ch = json.at[at];

        if (ch == '"') {
            at = string_end(json, at);
        } else if (ch == '{' || ch == '[') {
            depth++;
            at++;
            continue;
        } else if (ch == '}' || ch == ']') {
            depth -= depth > 0;
            at++;
        } else if (ch == ',' || ch == ':') {
            if (depth == 0) {
                return at;
            }
            at++;
            continue;
        } else {
            while (at < json.bytes && strchr(",:}]", json.at[at]) == NULL) {
                at++;
            }
        }
        if (depth == 0) {
            return at;
        }
    }
    return at;
}

struct str text_plain(struct arena *arena, struct str json)
{
    struct value value;
    struct why why;

    if (json.bytes < 2 || json.at[0] != '"') {
        return json;
    }
    if (memchr(json.at, '\\', json.bytes) == NULL) {
        return str_slice(json, 1, json.bytes - 1);
    }
    if (json_read(arena_dup(arena, json), 0, arena, &why, &value) != OK ||
        value.kind != VALUE_STR) {
        return str_slice(json, 1, json.bytes - 1);
    }
    return value.str;
}

/* The items of a list, the members of an object: one after the other. */
struct walk {
    struct str json;  /* all of it */
    size_t at;        /* of the next */
    struct str name;  /* of the member, as it is written; STR_NONE: an item */
    struct str value; /* its text */
};

static bool walk_next(struct walk *walk)
{
    struct str json = walk->json;
    bool object = json.bytes > 0 && json.at[0] == '{';
    size_t end;

    if (walk->at == 0) {
        walk->at = 1;
    }
    if (walk->at + 1 >= json.bytes) {
        return false;
    }
    if (object) {
        end = string_end(json, walk->at);
        walk->name = str_slice(json, walk->at, end);
        walk->at = end + 1;
    }
    end = value_end(json, walk->at);
    walk->value = str_slice(json, walk->at, end);
    walk->at = end + 1;
    return true;
}

/* ---- paths ---- */

/* One step off the rest; false: it is none. */
static bool step_read(struct str *rest, struct step *ret_step)
{
    struct step step = {.all = false};
    size_t end;

    if (str_starts(*rest, STR("['"))) {
        end = str_find_str(*rest, STR("']"));
        step.name = str_slice(*rest, 2, end);
        *rest = str_slice(*rest, end + 2, rest->bytes);
        *ret_step = step;
        return step.name.bytes > 0;
    }
    if (rest->at[0] == '[') {
        end = str_find(*rest, ']', 0);
        struct str inside = str_slice(*rest, 1, end);

        step.all = str_eq(inside, STR("*"));
        *rest = str_slice(*rest, end + 1, rest->bytes);
        *ret_step = step;
        ret_step->index = 0;
        return step.all || str_to_u64(inside, &ret_step->index);
    }
    if (rest->at[0] != '.') {
        return false;
    }
    for (end = 1; end < rest->bytes && rest->at[end] != '.' && rest->at[end] != '['; end++) {
    }
    step.name = str_slice(*rest, 1, end);
    step.all = str_eq(step.name, STR("*"));
    *rest = str_slice(*rest, end, rest->bytes);
    *ret_step = step;
    return step.name.bytes > 0;
}

/* false: not a path. */
static bool steps_read(struct str path, struct step steps[PATH_STEPS_MAX], size_t *ret_count)
{
    struct str rest = str_slice(path, 1, path.bytes);

    *ret_count = 0;
    if (path.bytes == 0 || path.at[0] != '$') {
        return false;
    }
    if (str_eq(rest, STR("."))) {
        return true;
    }
    while (rest.bytes > 0) {
        if (*ret_count == PATH_STEPS_MAX || !step_read(&rest, &steps[*ret_count])) {
            return false;
        }
        ++*ret_count;
    }
    return true;
}

bool path_good(struct str path)
{
    struct step steps[PATH_STEPS_MAX];
    size_t count;

    return steps_read(path, steps, &count);
}

static bool step_fits(struct arena *arena, const struct step *step, const struct walk *walk,
                      uint64_t index)
{
    if (step->all) {
        return true;
    }
    if (walk->name.at == NULL) {
        return step->name.at == NULL && step->index == index;
    }
    return step->name.at != NULL && str_eq(text_plain(arena, walk->name), step->name);
}

/* The last member of that name, or the item; of a '*' the index-th of all. */
static bool step_into(struct arena *arena, struct str json, const struct step *step,
                      struct str *ret_value)
{
    struct walk walk = {.json = json};
    bool found = false;

    if (json.bytes == 0 || (json.at[0] != '{' && json.at[0] != '[')) {
        return false;
    }
    for (uint64_t i = 0; walk_next(&walk); i++) {
        if (step_fits(arena, step, &walk, i)) {
            *ret_value = walk.value;
            found = true;
        }
    }
    return found;
}

/* Adds all that the steps lead to, with commas between. */
static void gather(struct arena *arena, struct str json, const struct step *steps, size_t count,
                   struct buf *found)
{
    struct walk walk = {.json = json};
    struct str value;

    for (; count > 0 && !steps->all; steps++, count--) {
        if (!step_into(arena, json, steps, &value)) {
            return;
        }
        json = value;
    }
    if (count == 0) {
        buf_add(found, found->bytes > 0 ? STR(",") : STR(""));
        buf_add(found, json);
        return;
    }
    walk.json = json;
    while (json.bytes > 0 && (json.at[0] == '{' || json.at[0] == '[') && walk_next(&walk)) {
        gather(arena, walk.value, steps + 1, count - 1, found);
    }
}

struct str path_find(struct arena *arena, struct str json, struct str path)
{
    struct step steps[PATH_STEPS_MAX];
    struct buf found;
    struct str made;
    bool many = false;
    size_t count;

    if (!steps_read(path, steps, &count)) {
        return STR_NONE;
    }
    for (size_t i = 0; i < count; i++) {
        many = many || steps[i].all;
    }
    buf_init(&found, LIST_BYTES_MAX);
    gather(arena, json, steps, count, &found);
    if (found.bytes == 0 || buf_spent(&found)) {
        made = STR_NONE;
    } else if (many) {
        made = arena_printf(arena, "[%.*s]", STR_ARG(buf_str(&found)));
    } else {
        made = arena_dup(arena, buf_str(&found));
    }
    buf_done(&found);
    return made;
}
