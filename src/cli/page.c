/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking and printing.
 */
#include "cli/page.h"

#include "base/codec.h"
#include "net/client.h"
#include "wire/json.h"

#include <assert.h>
#include <stdio.h>

#define COLUMNS_MAX 8
#define CELL_BYTES_MAX 72

void target_begin(struct target *target, const char *path)
{
    buf_init(&target->text, 64 * 1024);
    buf_add(&target->text, str_c(path));
    target->any = false;
    target->patient = false;
}

void target_add(struct target *target, const char *name, struct str value)
{
    if (value.bytes == 0) {
        return;
    }
    buf_printf(&target->text, "%c%s=", target->any ? '&' : '?', name);
    buf_add_percent(&target->text, value, false);
    target->any = true;
}

void target_add_c(struct target *target, const char *name, const char *value)
{
    target_add(target, name, value == NULL ? STR("") : str_c(value));
}

/* The answer as it came. */
static int ask(const struct args *args, const char *method, struct target *target,
               struct arena *arena, struct str *ret_answer)
{
    struct client_answer answer;
    status asked;

    if (buf_spent(&target->text)) {
        buf_done(&target->text);
        return usage_error(args, "that is too long to ask.");
    }
    asked = target->patient
                ? ask_server_long(args, method, buf_str(&target->text), arena, &answer)
                : ask_server(args, method, buf_str(&target->text), arena, &answer);
    buf_done(&target->text);
    if (asked != OK) {
        return EXIT_TROUBLE;
    }
    *ret_answer = answer.body;
    return EXIT_GOOD;
}

static int read_answer(const struct args *args, struct str answer, struct arena *arena,
                       struct value *ret_value)
{
    struct why why = {""};

    if (json_read(arena_dup(arena, answer), 0, arena, &why, ret_value) != OK ||
        ret_value->kind != VALUE_MAP) {
        return trouble(args, "the server's answer cannot be read: %s", why.text);
    }
    return EXIT_GOOD;
}

int page_ask(const struct args *args, const char *method, struct target *target,
             struct arena *arena, struct value *ret_value)
{
    struct str answer;
    int done = ask(args, method, target, arena, &answer);

    return done == EXIT_GOOD ? read_answer(args, answer, arena, ret_value) : done;
}

int page_ask_shown(const struct args *args, const char *method, struct target *target,
                   struct arena *arena, struct value *ret_value)
{
    struct str answer;
    int done = ask(args, method, target, arena, &answer);

    if (done == EXIT_GOOD && args->json) {
        fwrite(answer.at, 1, answer.bytes, stdout);
    }
    return done == EXIT_GOOD ? read_answer(args, answer, arena, ret_value) : done;
}

struct str member_text(const struct value *map, const char *name)
{
    const struct value *value = map_find(map, str_c(name));

    return value != NULL && value->kind == VALUE_STR ? value->str : STR("");
}

int64_t member_number(const struct value *map, const char *name)
{
    const struct value *value = map_find(map, str_c(name));

    return value != NULL && value->kind == VALUE_INT ? value->number : 0;
}

const struct value *member_list(const struct value *map, const char *name)
{
    const struct value *value = map_find(map, str_c(name));

    return value != NULL && value->kind == VALUE_LIST ? value : NULL;
}

struct str short_name(struct str name)
{
    size_t at = name.bytes;

    if (!str_starts(name, STR("arn:"))) {
        return name;
    }
    while (at > 0 && name.at[at - 1] != ':') {
        at--;
    }
    return str_slice(name, at, name.bytes);
}

/* A number is printed as such. The text is the arena's, or the tree's. */
static struct str cell_of(const struct value *item, const char *column, char *digits, size_t room)
{
    const struct value *value = map_find(item, str_c(column));

    if (value == NULL || value->kind != VALUE_INT) {
        return short_name(member_text(item, column));
    }
    (void)snprintf(digits, room, "%lld", (long long)value->number);
    return str_c(digits);
}

static int width_of(const struct value *list, const char *column)
{
    int width = (int)strlen(column);
    char digits[24];

    for (uint32_t i = 0; i < list->count; i++) {
        int bytes = (int)cell_of(&list->items[i], column, digits, sizeof(digits)).bytes;

        width = bytes > width ? bytes : width;
    }
    return width > CELL_BYTES_MAX ? CELL_BYTES_MAX : width;
}

void print_table(const struct value *list, const char *const *columns, size_t count)
{
    int widths[COLUMNS_MAX];
    char digits[24];

    assert(count <= COLUMNS_MAX);
    for (size_t k = 0; k < count; k++) {
        widths[k] = width_of(list, columns[k]);
        printf("%-*s%s", k + 1 < count ? widths[k] : 0, columns[k], k + 1 < count ? "  " : "\n");
    }
    for (uint32_t i = 0; i < list->count; i++) {
        for (size_t k = 0; k < count; k++) {
            struct str cell = cell_of(&list->items[i], columns[k], digits, sizeof(digits));

            if (k + 1 < count) {
                cell = str_slice(cell, 0, CELL_BYTES_MAX);
                printf("%-*.*s  ", widths[k], STR_ARG(cell));
            } else {
                printf("%.*s\n", STR_ARG(cell));
            }
        }
    }
}
