/* SPDX-License-Identifier: Apache-2.0
 *
 * Event source mappings, from the command line: mappings (how far each is), seek (read a stream
 * again, or pass by what is there).
 */
#include "cli/page.h"

#include <stdio.h>

/* ---- mappings ---- */

static void print_mappings(const struct value *mappings, bool lanes)
{
    static const char *const columns[] = {"uuid",   "function", "source", "state",
                                          "behind", "age_ms",   "aside",  "result"};
    static const char *const lane_columns[] = {"shard", "lane",  "state", "held",
                                               "behind", "age_ms", "tries", "position"};
    const struct value *list;

    if (mappings == NULL || mappings->count == 0) {
        printf("There are no event source mappings.\n");
        return;
    }
    print_table(mappings, columns, sizeof(columns) / sizeof(columns[0]));
    list = lanes ? member_list(&mappings->items[0], "lanes") : NULL;
    if (list != NULL && list->count > 0) {
        printf("\n");
        print_table(list, lane_columns, sizeof(lane_columns) / sizeof(lane_columns[0]));
    }
}

static int run_mappings(const struct args *args)
{
    struct arena *arena = arena_new(PAGE_BYTES_MAX);
    bool one = args->word_count == 1;
    struct target target;
    struct value answer;
    int done;

    target_begin(&target, "/_weir/lambda/mappings");
    target_add_c(&target, "name", one ? args->words[0] : NULL);
    done = page_ask_shown(args, "GET", &target, arena, &answer);
    if (done == EXIT_GOOD && !args->json) {
        print_mappings(member_list(&answer, "mappings"), one);
    }
    arena_free(arena);
    return done;
}

/* ---- seek ---- */

static int run_seek(const struct args *args)
{
    struct arena *arena;
    struct target target;
    struct value answer;
    int done;

    if (args->word_count != 1 || flag_value(args, "at") == NULL) {
        return usage_error(args, "say which mapping and where: weir seek FUNCTION:SOURCE --at "
                                 "TRIM_HORIZON, LATEST, or a moment such as 10m.");
    }
    arena = arena_new(PAGE_BYTES_MAX);
    target_begin(&target, "/_weir/lambda/seek");
    target_add_c(&target, "name", args->words[0]);
    target_add_c(&target, "at", flag_value(args, "at"));
    target_add_c(&target, "shard", flag_value(args, "shard"));
    done = page_ask_shown(args, "POST", &target, arena, &answer);
    if (done == EXIT_GOOD && !args->json) {
        int64_t shards = member_number(&answer, "shards");

        printf("%.*s goes on from there, in %lld shard%s.\n",
               STR_ARG(member_text(&answer, "uuid")), (long long)shards, shards == 1 ? "" : "s");
    }
    arena_free(arena);
    return done;
}

/* ---- the tables ---- */

static const struct flag mappings_flags[] = {
    FLAG_SERVER,
    FLAGS_END,
};
static const struct flag seek_flags[] = {
    {"at", "WHERE", NULL, "TRIM_HORIZON, LATEST, or a moment: 10m (before now), an ISO time."},
    {"shard", "SHARD", NULL, "Only that shard, by its id."},
    FLAG_SERVER,
    FLAGS_END,
};

const struct command command_mappings = {
    "mappings",
    "[MAPPING]",
    1,
    "Event source mappings: what waits, how old it is, how the last batch went.",
    "MAPPING is a UUID, an ARN, or FUNCTION:SOURCE, such as billing:scans; then its shards are\n"
    "shown, too, a line for each part that is read by itself. `behind` counts what waits in the\n"
    "source, `aside` keys with records that wait because they are or were held.",
    mappings_flags,
    run_mappings};
const struct command command_seek = {
    "seek",
    "MAPPING",
    1,
    "Read a stream again from a moment on, or pass by what is there.",
    "The function gets every record from there on, also those it has had. A batch that is under\n"
    "way is not waited for: what comes of it no longer matters.",
    seek_flags,
    run_seek};
