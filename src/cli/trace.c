/* SPDX-License-Identifier: Apache-2.0
 *
 * weir trace: where an event went, and why it did not arrive.
 *
 * The server gives hops piece by piece, newest first. Here they are put into the order in which
 * they began, and shown as a tree of each trace: what a hop caused stands below it.
 */
#include "cli/page.h"

#include <stdio.h>
#include <stdlib.h>

#define HOPS_MAX 10000  /* shown at most */
#define TRACES_MAX 16   /* found by what they are about; the newest */
#define PIECES_MAX 2000 /* asked for: 40 million hops */
#define PLACE_BYTES 56  /* "sns events → sqs work", with what it is indented by */

struct hops {
    const struct value **items; /* newest first */
    size_t count;               /* of them */
    size_t count_max;           /* wanted */
};

/* Everything that matches, up to the number wanted. */
static int collect(const struct args *args, struct str id, struct arena *arena, struct hops *hops)
{
    int64_t before = 0;
    int done = EXIT_GOOD;

    for (int piece = 0; piece < PIECES_MAX && done == EXIT_GOOD && hops->count < hops->count_max;
         piece++) {
        struct value *answer = ARENA_NEW(arena, struct value);
        const struct value *list = NULL;
        struct target target;

        target_begin(&target, "/_weir/trace");
        target_add(&target, "id", id);
        target_add_c(&target, "resource", flag_value(args, "resource"));
        target_add(&target, "count",
                   arena_printf(arena, "%zu", hops->count_max - hops->count));
        if (before > 0) {
            target_add(&target, "before", arena_printf(arena, "%lld", (long long)before));
        }
        done = page_ask(args, "GET", &target, arena, answer);
        if (done == EXIT_GOOD) {
            list = member_list(answer, "hops");
            before = member_number(answer, "before");
        }
        for (uint32_t i = 0; list != NULL && i < list->count && hops->count < HOPS_MAX; i++) {
            hops->items[hops->count++] = &list->items[i];
        }
        if (before == 0) {
            break;
        }
    }
    return done;
}

static struct hops hops_new(struct arena *arena, size_t count_max)
{
    return (struct hops){arena_alloc(arena, HOPS_MAX * sizeof(struct value *)), 0, count_max};
}

/* The traces of what was found, newest first. */
static size_t traces_of(const struct hops *hops, struct str *traces)
{
    size_t count = 0;

    for (size_t i = 0; i < hops->count && count < TRACES_MAX; i++) {
        struct str trace = member_text(hops->items[i], "trace");
        bool known = false;

        for (size_t k = 0; k < count; k++) {
            known |= str_eq(traces[k], trace);
        }
        if (!known) {
            traces[count++] = trace;
        }
    }
    return count;
}

/* Oldest first; of one request in the order in which they began. */
static void put_in_order(struct hops *hops)
{
    for (size_t i = 0; 2 * i + 1 < hops->count; i++) {
        const struct value *other = hops->items[hops->count - 1 - i];

        hops->items[hops->count - 1 - i] = hops->items[i];
        hops->items[i] = other;
    }
    for (size_t i = 1; i < hops->count; i++) {
        const struct value *hop = hops->items[i];
        size_t at = i;

        while (at > 0 &&
               str_eq(member_text(hops->items[at - 1], "request"), member_text(hop, "request")) &&
               member_number(hops->items[at - 1], "step") > member_number(hop, "step")) {
            hops->items[at] = hops->items[at - 1];
            at--;
        }
        hops->items[at] = hop;
    }
}

/* "sns events" of an ARN; what is none stays. */
static struct str place_name(struct arena *arena, struct str arn)
{
    struct str rest = arn;
    struct str service;

    if (!str_starts(arn, STR("arn:"))) {
        return arn;
    }
    (void)str_split(&rest, ':');
    (void)str_split(&rest, ':');
    service = str_split(&rest, ':');
    return arena_printf(arena, "%.*s %.*s", STR_ARG(service), STR_ARG(short_name(arn)));
}

/* How many columns a text takes: bytes that do not continue a character. */
static int columns_of(struct str text)
{
    int columns = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        columns += ((uint8_t)text.at[i] & 0xc0) != 0x80;
    }
    return columns;
}

static void print_hop(struct arena *arena, const struct value *hop)
{
    struct str outcome = member_text(hop, "outcome");
    struct str time = member_text(hop, "time");
    struct str place = arena_printf(
        arena, "%*s%.*s → %.*s", (int)(2 * member_number(hop, "depth")), "",
        STR_ARG(place_name(arena, member_text(hop, "from"))),
        STR_ARG(place_name(arena, member_text(hop, "to"))));
    int columns = columns_of(place);

    printf("  %.*s  %.*s%*s  %.*s", STR_ARG(str_slice(time, 11, 23)), STR_ARG(place),
           columns < PLACE_BYTES ? PLACE_BYTES - columns : 0, "", STR_ARG(outcome));
    if (str_eq(outcome, STR("held"))) {
        printf("; weir release subscription %.*s", STR_ARG(member_text(hop, "via")));
    }
    putchar('\n');
}

/* What it is about first: the outermost hop's. */
static void print_head(const struct value *hop, bool first)
{
    struct str about = member_text(hop, "about");
    struct str time = member_text(hop, "time");

    printf("%s%.*s", first ? "" : "\n", STR_ARG(str_slice(time, 0, 10)));
    if (about.bytes > 0) {
        printf("  %.*s", STR_ARG(about));
    }
    printf("  trace %.*s\n", STR_ARG(member_text(hop, "trace")));
}

static void print_hops(struct arena *arena, const struct hops *hops)
{
    for (size_t i = 0; i < hops->count; i++) {
        if (i == 0 || !str_eq(member_text(hops->items[i - 1], "trace"),
                              member_text(hops->items[i], "trace"))) {
            print_head(hops->items[i], i == 0);
        }
        print_hop(arena, hops->items[i]);
    }
}

static void print_json(const struct hops *hops)
{
    struct buf text;

    buf_init(&text, PAGE_BYTES_MAX);
    buf_add(&text, STR("{\"hops\":["));
    for (size_t i = 0; i < hops->count; i++) {
        buf_add(&text, i == 0 ? STR("\n") : STR(",\n"));
        value_dump(&text, hops->items[i]);
    }
    buf_add(&text, STR("]}\n"));
    fwrite(buf_str(&text).at, 1, buf_str(&text).bytes, stdout);
    buf_done(&text);
}

/* The whole traces of what an id finds: a message's id is only in a part of its hops. */
static int collect_traces(const struct args *args, struct str id, struct arena *arena,
                          struct hops *hops)
{
    struct hops found = hops_new(arena, HOPS_MAX);
    struct str traces[TRACES_MAX];
    int done = collect(args, id, arena, &found);
    size_t count = traces_of(&found, traces);

    for (size_t i = 0; done == EXIT_GOOD && i < count; i++) {
        done = collect(args, traces[i], arena, hops);
    }
    return done;
}

static int run_trace(const struct args *args)
{
    struct str id = args->word_count > 0 ? str_c(args->words[0]) : STR("");
    struct arena *arena;
    struct hops hops;
    uint64_t count;
    int done;

    if (!str_to_u64(str_c(flag_value(args, "count")), &count) || count == 0 || count > HOPS_MAX) {
        return usage_error(args, "--count is a number from 1 to %d.", HOPS_MAX);
    }
    arena = arena_new(4 * (size_t)PAGE_BYTES_MAX);
    hops = hops_new(arena, id.bytes > 0 ? HOPS_MAX : (size_t)count);
    done = id.bytes > 0 ? collect_traces(args, id, arena, &hops)
                        : collect(args, id, arena, &hops);
    put_in_order(&hops);
    if (done == EXIT_GOOD && args->json) {
        print_json(&hops);
    } else if (done == EXIT_GOOD && hops.count > 0) {
        print_hops(arena, &hops);
    } else if (done == EXIT_GOOD && id.bytes > 0) {
        done = trouble(args, "nothing was handed on under \"%.*s\" in the days that are kept. "
                             "Does its bucket or topic notify anybody? `weir trace` shows the "
                             "newest.", STR_ARG(id));
    } else if (done == EXIT_GOOD) {
        printf("No event went from one service to another.\n");
    }
    arena_free(arena);
    return done;
}

static const struct flag trace_flags[] = {
    {"resource", "NAME", NULL, "Only hops from, to or over this: a name or an ARN."},
    {"count", "N", "100", "How many of the newest, without an ID."},
    FLAG_SERVER,
    {NULL, NULL, NULL, NULL},
};

const struct command command_trace = {
    "trace",
    "[ID]",
    1,
    "Follow an event from service to service: where it went, or why it did not.",
    "ID is a trace id, a request id, an object's key or a message id; without it, the newest of\n"
    "all. What becomes of a hop:\n"
    "  taken, delivered     it is there\n"
    "  held                 it waits until released\n"
    "  no match: …          a filter did not let it through\n"
    "  retry in …           the endpoint failed; it is tried again\n"
    "  refused: …           the target does not take it\n"
    "  dead-letter: …       it went to the dead-letter queue\n"
    "  lost: …              there was none",
    trace_flags,
    run_trace};
