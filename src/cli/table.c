/* SPDX-License-Identifier: Apache-2.0
 *
 * weir table: what a table was, what changed in it, how an item came to be what it is, and taking
 * it back. Asks a running weir step by step; what is printed is printed as it comes.
 */
#include "cli/page.h"

#include "wire/value.h"

#include <stdio.h>

#define WAITS_MAX 100000 /* of up to 20 seconds each */

/* Items and changes counted while they are printed. */
struct counts {
    uint64_t items, added, removed, changed;
};

static const char *moment_of(const struct args *args)
{
    return flag_earlier(args, "at") != NULL ? flag_earlier(args, "at") : flag_value(args, "at");
}

static void ask_for(const struct args *args, struct target *target, const char *path)
{
    target_begin(target, path);
    target_add_c(target, "table", args->words[1]);
    target_add_c(target, "at", moment_of(args));
    target_add_c(target, "key", flag_value(args, "key"));
    target_add_c(target, "from", flag_value(args, "from"));
    target_add_c(target, "to", flag_value(args, "to"));
}

static void print_value(const struct value *value)
{
    struct buf text;

    buf_init(&text, PAGE_BYTES_MAX);
    value_dump(&text, value);
    fwrite(buf_str(&text).at, 1, buf_str(&text).bytes, stdout);
    buf_done(&text);
}

static void print_member(const struct value *map, const char *name)
{
    const struct value *value = map_find(map, str_c(name));

    if (value == NULL) {
        fputs("nothing", stdout);
    } else {
        print_value(value);
    }
}

/* Texts that outlive the answer they came in. */
struct place {
    char cut[24], until_cut[24]; /* fixed by the first answer */
    char after[16384];           /* where to go on; empty: from the first */
};

static void keep(char *to, size_t room, struct str text)
{
    (void)snprintf(to, room, "%.*s", STR_ARG(text));
}

/* ---- pages, one after the other ---- */

/* A list's next element; the counts say whether it is the first. */
typedef void print_element(const struct args *args, const struct value *element,
                           struct counts *counts);

/* Asks until the end. print NULL: only counts. */
static int each_page(const struct args *args, const char *path, const char *list_name,
                     print_element *print, struct counts *counts)
{
    struct arena *arena = arena_new(PAGE_BYTES_MAX);
    struct place place = {"", "", ""};
    const char *until = flag_earlier(args, "at") != NULL ? flag_value(args, "at") : NULL;
    int done;

    do {
        struct target target;
        struct value answer;
        const struct value *list;

        ask_for(args, &target, path);
        target_add_c(&target, "until", until);
        target_add(&target, "cut", str_c(place.cut));
        target_add(&target, "until-cut", str_c(place.until_cut));
        target_add(&target, "after", str_c(place.after));
        done = page_ask(args, "GET", &target, arena, &answer);
        list = done == EXIT_GOOD ? member_list(&answer, list_name) : NULL;
        for (uint32_t i = 0; list != NULL && i < list->count; i++) {
            print(args, &list->items[i], counts);
        }
        keep(place.after, sizeof(place.after), STR(""));
        if (done == EXIT_GOOD) {
            keep(place.cut, sizeof(place.cut), member_text(&answer, "cut"));
            keep(place.until_cut, sizeof(place.until_cut), member_text(&answer, "until-cut"));
            keep(place.after, sizeof(place.after), member_text(&answer, "after"));
        }
        arena_clear(arena);
    } while (done == EXIT_GOOD && place.after[0] != '\0');
    arena_free(arena);
    return done;
}

static void list_begin(const struct args *args, const char *name)
{
    if (args->json) {
        printf("{\"%s\":[", name);
    }
}

static void list_end(const struct args *args)
{
    if (args->json) {
        printf("]}\n");
    }
}

/* ---- show ---- */

static void print_item(const struct args *args, const struct value *item, struct counts *counts)
{
    if (args->json) {
        fputs(counts->items > 0 ? ",\n" : "\n", stdout);
    }
    print_value(item);
    if (!args->json) {
        putchar('\n');
    }
    counts->items++;
}

static int run_show(const struct args *args)
{
    struct counts counts = {0};
    int done;

    list_begin(args, "items");
    done = each_page(args, "/_weir/dynamodb/show", "items", print_item, &counts);
    list_end(args);
    if (done == EXIT_GOOD && !args->json) {
        fprintf(stderr, "%llu items.\n", (unsigned long long)counts.items);
    }
    return done;
}

/* ---- diff ---- */

static void count_change(const struct value *change, struct counts *counts)
{
    struct str kind = member_text(change, "change");

    counts->items++;
    counts->added += str_eq(kind, STR("added"));
    counts->removed += str_eq(kind, STR("removed"));
    counts->changed += str_eq(kind, STR("changed"));
}

static void print_change(const struct args *args, const struct value *change,
                         struct counts *counts)
{
    struct str kind = member_text(change, "change");

    if (args->json) {
        fputs(counts->items > 0 ? ",\n" : "\n", stdout);
        print_value(change);
    } else if (str_eq(kind, STR("changed"))) {
        fputs("~ ", stdout);
        print_member(change, "before");
        fputs("\n  ", stdout);
        print_member(change, "after");
        putchar('\n');
    } else {
        bool added = str_eq(kind, STR("added"));

        fputs(added ? "+ " : "- ", stdout);
        print_member(change, added ? "after" : "before");
        putchar('\n');
    }
    count_change(change, counts);
}

static void only_count(const struct args *args, const struct value *change, struct counts *counts)
{
    (void)args;
    count_change(change, counts);
}

static int run_diff(const struct args *args)
{
    struct counts counts = {0};
    int done;

    list_begin(args, "changes");
    done = each_page(args, "/_weir/dynamodb/diff", "changes", print_change, &counts);
    list_end(args);
    if (done == EXIT_GOOD && !args->json) {
        fprintf(stderr, "%llu added, %llu removed, %llu changed.\n",
                (unsigned long long)counts.added, (unsigned long long)counts.removed,
                (unsigned long long)counts.changed);
    }
    return done;
}

/* ---- history ---- */

static void print_version(const struct args *args, const struct value *version, bool first)
{
    struct str time = member_text(version, "time");

    if (args->json) {
        fputs(first ? "\n" : ",\n", stdout);
        print_value(version);
        return;
    }
    printf("%-24.*s  %-8.*s", STR_ARG(time.bytes > 0 ? time : STR("before what is kept")),
           STR_ARG(member_text(version, "change")));
    if (time.bytes > 0) {
        printf("  %.*s by %.*s  request %.*s", STR_ARG(member_text(version, "operation")),
               STR_ARG(member_text(version, "principal")),
               STR_ARG(member_text(version, "request")));
    }
    putchar('\n');
    if (map_find(version, STR("item")) != NULL) {
        fputs("    ", stdout);
        print_member(version, "item");
        putchar('\n');
    }
}

static int run_history(const struct args *args)
{
    struct arena *arena = arena_new(PAGE_BYTES_MAX);
    char next[24] = "";
    bool first = true;
    int done;

    if (!flag_given(args, "key")) {
        arena_free(arena);
        return usage_error(args, "say whose: --key '{\"pk\":\"a\"}'.");
    }
    list_begin(args, "versions");
    do {
        struct target target;
        struct value answer;
        const struct value *list;

        ask_for(args, &target, "/_weir/dynamodb/history");
        target_add(&target, "next", str_c(next));
        done = page_ask(args, "GET", &target, arena, &answer);
        list = done == EXIT_GOOD ? member_list(&answer, "versions") : NULL;
        for (uint32_t i = 0; list != NULL && i < list->count; i++) {
            print_version(args, &list->items[i], first);
            first = false;
        }
        keep(next, sizeof(next), done == EXIT_GOOD ? member_text(&answer, "next") : STR(""));
        arena_clear(arena);
    } while (done == EXIT_GOOD && next[0] != '\0');
    list_end(args);
    if (done == EXIT_GOOD && first && !args->json) {
        printf("Nothing is known of that item.\n");
    }
    arena_free(arena);
    return done;
}

/* ---- restore ---- */

static int dry_run(const struct args *args)
{
    struct counts counts = {0};
    bool beside = flag_given(args, "into");
    int done = each_page(args, beside ? "/_weir/dynamodb/show" : "/_weir/dynamodb/diff",
                         beside ? "items" : "changes", only_count, &counts);

    if (done != EXIT_GOOD) {
        return done;
    }
    if (args->json) {
        printf("{\"items\":%llu,\"removed\":%llu,\"put back\":%llu,\"dry-run\":true}\n",
               (unsigned long long)counts.items, (unsigned long long)counts.added,
               (unsigned long long)(counts.items - counts.added));
    } else if (beside) {
        printf("%llu items would be in %s; nothing was made.\n", (unsigned long long)counts.items,
               flag_value(args, "into"));
    } else {
        printf("%llu items would become what they were, %llu of them would go; nothing was "
               "changed.\n",
               (unsigned long long)counts.items, (unsigned long long)counts.added);
    }
    return EXIT_GOOD;
}

/* Until the job is over; the server answers when it is, or after a while. */
static int wait_for(const struct args *args, struct str job, struct arena *arena,
                    struct value *ret_answer)
{
    char number[24];
    int done;

    keep(number, sizeof(number), job);
    for (int i = 0; i < WAITS_MAX; i++) {
        const struct value *running;
        struct target target;

        arena_clear(arena);
        target_begin(&target, "/_weir/dynamodb/job");
        target_add_c(&target, "number", number);
        done = page_ask(args, "GET", &target, arena, ret_answer);
        running = done == EXIT_GOOD ? map_find(ret_answer, STR("running")) : NULL;
        if (running == NULL || !running->truth) {
            return done;
        }
    }
    return trouble(args, "it still runs; weir goes on with it.");
}

static int run_restore(const struct args *args)
{
    struct arena *arena;
    struct target target;
    struct value answer;
    char at[40];
    int done;

    if (flag_given(args, "dry-run")) {
        return dry_run(args);
    }
    arena = arena_new(PAGE_BYTES_MAX);
    ask_for(args, &target, "/_weir/dynamodb/restore");
    target_add_c(&target, "into", flag_value(args, "into"));
    done = page_ask(args, "POST", &target, arena, &answer);
    if (done == EXIT_GOOD) {
        keep(at, sizeof(at), member_text(&answer, "at"));
        done = wait_for(args, arena_dup(arena, member_text(&answer, "job")), arena, &answer);
    }
    if (done == EXIT_GOOD && args->json) {
        printf("{\"at\":\"%s\",\"items\":%.*s}\n", at, STR_ARG(member_text(&answer, "items")));
    } else if (done == EXIT_GOOD && flag_given(args, "into")) {
        printf("%s has the %.*s items of %s at %s.\n", flag_value(args, "into"),
               STR_ARG(member_text(&answer, "items")), args->words[1], at);
    } else if (done == EXIT_GOOD) {
        printf("%.*s items of %s became what they were at %s.\n",
               STR_ARG(member_text(&answer, "items")), args->words[1], at);
    }
    arena_free(arena);
    return done;
}

/* ---- the table ---- */

static int run_table(const struct args *args)
{
    static const struct {
        const char *name;
        bool moment; /* needs --at */
        int (*run)(const struct args *args);
    } actions[] = {{"show", true, run_show},
                   {"diff", true, run_diff},
                   {"history", false, run_history},
                   {"restore", true, run_restore}};

    if (args->word_count != 2) {
        return usage_error(args, "say what and which: weir table show, diff, history or restore, "
                                 "and the table's name.");
    }
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].name, args->words[0]) != 0) {
            continue;
        }
        if (actions[i].moment && !flag_given(args, "at")) {
            return usage_error(args, "say as of when: --at 2026-11-23T08:55:00Z, or --at '10m "
                                     "ago'.");
        }
        return actions[i].run(args);
    }
    return usage_error(args, "what is \"%s\"? There are show, diff, history and restore.",
                       args->words[0]);
}

static const struct flag table_flags[] = {
    {"at", "MOMENT", NULL, "As of when; for diff once or twice (the second: now)."},
    {"key", "JSON", NULL, "Only that item, or partition: '{\"pk\":\"a\",\"sk\":1}'."},
    {"from", "JSON", NULL, "Only items from that key on."},
    {"to", "JSON", NULL, "Only items up to that key."},
    {"into", "NEW", NULL, "Restore into a new table instead of in place."},
    {"dry-run", NULL, NULL, "Count what a restore would do, do nothing."},
    FLAG_SERVER,
    FLAGS_END,
};

const struct command command_table = {
    "table",
    "show|diff|history|restore NAME",
    2,
    "Look at a DynamoDB table as it was, and take items back.",
    "  show NAME --at T                  the items that were there\n"
    "  diff NAME --at T1 [--at T2]       what was added, removed, changed between, or since\n"
    "  history NAME --key K              every version of an item, and what made it\n"
    "  restore NAME --at T               items that differ become what they were, in place,\n"
    "                                    with indexes and streams; --into NEW: beside\n"
    "NAME is a table's name or ARN. A moment is 2026-11-23T08:55:00Z, seconds since 1970,\n"
    "'10m ago' or now. A key is plain JSON or DynamoDB JSON; its last attributes may be left\n"
    "out. The past reaches back as --keep of `weir serve` says, a day at least; point-in-time\n"
    "recovery of a table need not be on.",
    table_flags,
    run_table};
