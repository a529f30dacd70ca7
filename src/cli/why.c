/* SPDX-License-Identifier: Apache-2.0
 *
 * weir why: which statement let a call through, or kept it out, and what would have to be
 * different.
 */
#include "cli/page.h"

#include <stdio.h>

#define COUNT_MAX 5000
#define ANSWER_BYTES_MAX (64u * 1024 * 1024)

static bool is_outcome(struct str word, struct str *ret_outcome)
{
    if (str_eq_nocase(word, STR("allow"))) {
        *ret_outcome = STR("allow");
        return true;
    }
    if (str_eq_nocase(word, STR("deny"))) {
        *ret_outcome = STR("deny");
        return true;
    }
    return false;
}

static void print_line(const char *name, struct str text)
{
    if (text.bytes > 0) {
        printf("  %-10s %.*s\n", name, STR_ARG(text));
    }
}

static void print_policies(const struct value *decision)
{
    const struct value *list = member_list(decision, "policies");

    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct str kind = member_text(&list->items[i], "kind");

        printf("  %-10s %.*s %.*s\n", i == 0 ? "looked at" : "", STR_ARG(kind),
               STR_ARG(member_text(&list->items[i], "name")));
    }
    if (list == NULL || list->count == 0) {
        print_line("looked at", STR("no policy: there is none"));
    }
}

static void print_decision(const struct value *decision, bool first)
{
    struct str time = member_text(decision, "time");

    printf("%s%.*s  %.*s on %.*s\n", first ? "" : "\n",
           STR_ARG(member_text(decision, "outcome")), STR_ARG(member_text(decision, "action")),
           STR_ARG(member_text(decision, "resource")));
    print_line("caller", member_text(decision, "caller"));
    print_line("because", member_text(decision, "reason"));
    print_line("statement", member_text(decision, "sid"));
    print_policies(decision);
    print_line("needed", member_text(decision, "needed"));
    printf("  %-10s %.*s at %.*s\n", "request", STR_ARG(member_text(decision, "request")),
           STR_ARG(time));
}

/* The words in whatever order: an outcome, a request's id. False: there is one too many. */
static bool words_read(const struct args *args, struct str *ret_outcome, struct str *ret_request)
{
    for (size_t i = 0; i < args->word_count; i++) {
        struct str word = str_c(args->words[i]);

        if (ret_outcome->bytes == 0 && is_outcome(word, ret_outcome)) {
            continue;
        }
        if (ret_request->bytes > 0) {
            return false;
        }
        *ret_request = word;
    }
    return true;
}

static int show(const struct args *args, const struct value *list, struct str request)
{
    if (list == NULL || list->count == 0) {
        return request.bytes == 0
                   ? (printf("Nothing was decided yet: is auth on? (weir serve --auth=on)\n"),
                      EXIT_GOOD)
                   : trouble(args, "nothing is known of request %.*s: it is older than what is "
                                   "kept, or nobody's permissions were looked at. `weir why` shows "
                                   "the newest.", STR_ARG(request));
    }
    for (uint32_t i = 0; i < list->count; i++) {
        print_decision(&list->items[i], i == 0);
    }
    return EXIT_GOOD;
}

static int run_why(const struct args *args)
{
    struct str outcome = STR_NONE;
    struct str request = STR_NONE;
    struct value answer;
    struct target target;
    struct arena *arena;
    uint64_t count;
    int done;

    if (!str_to_u64(str_c(flag_value(args, "count")), &count) || count == 0 ||
        count > COUNT_MAX) {
        return usage_error(args, "--count is a number from 1 to %d.", COUNT_MAX);
    }
    if (!words_read(args, &outcome, &request)) {
        return usage_error(args, "one request's id is enough, and ALLOW or DENY.");
    }
    arena = arena_new(ANSWER_BYTES_MAX);
    target_begin(&target, "/_weir/why");
    target_add(&target, "outcome", outcome);
    target_add(&target, "request", request);
    target_add_c(&target, "count", flag_value(args, "count"));
    done = page_ask_shown(args, "GET", &target, arena, &answer);
    if (done == EXIT_GOOD && !args->json) {
        done = show(args, member_list(&answer, "decisions"), request);
    }
    arena_free(arena);
    return done;
}

static const struct flag why_flags[] = {
    {"count", "N", "20", "How many of the newest, denied ones first."},
    FLAG_SERVER,
    {NULL, NULL, NULL, NULL},
};

const struct command command_why = {
    .name = "why",
    .words = "[ALLOW|DENY] [REQUEST-ID]",
    .word_count_max = 2,
    .summary = "Why a call was allowed or denied.",
    .about = "Shows what policies said of a call: which were looked at, which statement decided,\n"
             "and, of one that was denied, what would be needed. A request's id is in every\n"
             "answer (x-amzn-requestid, x-amz-request-id). The newest 4,000 denials and 1,000\n"
             "permissions are kept, in memory. Calls are authorized with --auth=on; what services\n"
             "may not hand to one another is kept here in any case.\n",
    .flags = why_flags,
    .run = run_why,
};
