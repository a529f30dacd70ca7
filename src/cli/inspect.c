/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands that look: journal, fsck, coverage, health, clock, ca, version.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/time.h"
#include "cell/journal_text.h"
#include "cli/cli.h"
#include "net/client.h"
#include "svc/services.h"
#include "sys/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define ARENA_BYTES_MAX (256u * 1024 * 1024)

static const char *data_dir(const struct args *args)
{
    return flag_given(args, "data") ? flag_value(args, "data") : default_data_dir();
}

/* ---- journal ---- */

static const struct flag journal_flags[] = {
    FLAG_SERVER,
    {"data", "DIR", NULL, "Read a data directory that no weir is using, instead of asking."},
    {"from", "PLACE", NULL, "A position, 2026-11-23T08:55:00Z, or 10m for ten minutes ago."},
    {"to", "PLACE", NULL, "The same, for the end; it is shown, too."},
    {"service", "NAME", NULL, "Only that service's entries, such as kinesis."},
    {"resource", "TEXT", NULL, "Only entries whose resource's ARN contains this."},
    {"count", "N", "1000", "At most so many entries."},
    FLAGS_END,
};

/* One entry a line: position, moment, what was done to what, by whom. */
static void print_entry(struct str line)
{
    static const char *const fields[] = {"\"position\":", "\"at\":\"", "\"service\":\"",
                                         "\"operation\":\"", "\"resource\":\"",
                                         "\"principal\":\""};
    struct str found[6];

    for (int i = 0; i < 6; i++) {
        size_t at = str_find_str(line, str_c(fields[i]));
        struct str rest = str_slice(line, at + strlen(fields[i]), line.bytes);

        found[i] = str_slice(rest, 0, str_find(rest, i == 0 ? ',' : '"', 0));
    }
    printf("%12.*s  %-24.*s  %.*s:%.*s  %.*s  %.*s\n", STR_ARG(found[0]), STR_ARG(found[1]),
           STR_ARG(found[2]), STR_ARG(found[3]), STR_ARG(found[4]), STR_ARG(found[5]));
}

static void print_entries(const struct args *args, struct str lines)
{
    while (lines.at != NULL) {
        struct str line = str_split(&lines, '\n');

        if (line.bytes == 0) {
            continue;
        }
        if (args->json) {
            printf("%.*s\n", STR_ARG(line));
        } else {
            print_entry(line);
        }
    }
}

/* Ago is before the machine's own clock here: the directory's has no moment while it rests. */
static bool place_given(const struct args *args, const char *name, uint64_t *ret_position,
                        int64_t *ret_ms)
{
    struct clock clock;

    clock_init_real(&clock);
    return !flag_given(args, name) ||
           journal_place_read(str_c(flag_value(args, name)), clock_now_ms(&clock), ret_position,
                              ret_ms);
}

static int journal_offline(const struct args *args)
{
    struct store_options options = {.files = files_real(), .dir = data_dir(args)};
    struct journal_filter filter = {.count_max = 1000};
    struct why why = {""};
    struct store *store;
    struct buf text;
    uint64_t count = 1000;
    uint64_t next;
    status read;

    if (!str_to_u64(str_c(flag_value(args, "count")), &count)) {
        return usage_error(args, "--count is a number.");
    }
    if (!place_given(args, "from", &filter.from, &filter.from_ms) ||
        !place_given(args, "to", &filter.to, &filter.to_ms)) {
        return usage_error(args, "--from and --to are positions, moments such as "
                                 "2026-11-23T08:55:00Z, or 10m for ten minutes ago.");
    }
    filter.count_max = (size_t)count;
    filter.service = flag_given(args, "service") ? str_c(flag_value(args, "service")) : STR_NONE;
    filter.resource = flag_given(args, "resource") ? str_c(flag_value(args, "resource")) : STR_NONE;
    if (store_open(&options, &why, &store) != OK) {
        return trouble(args, "%s", why.text);
    }
    buf_init(&text, ARENA_BYTES_MAX);
    read = journal_text(store_journal(store), &filter, &text, &why, &next);
    if (read == OK) {
        print_entries(args, buf_str(&text));
    }
    buf_done(&text);
    store_close(store);
    return read == OK ? EXIT_GOOD : trouble(args, "%s", why.text);
}

static int journal_run(const struct args *args)
{
    static const char *const passed[] = {"from", "to", "service", "resource", "count"};
    struct arena *arena;
    struct client_answer answer;
    struct buf target;
    status asked;

    if (flag_given(args, "data")) {
        return journal_offline(args);
    }
    arena = arena_new(ARENA_BYTES_MAX);
    buf_init(&target, 8192);
    buf_add(&target, STR("/_weir/journal?"));
    for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
        const char *value = flag_value(args, passed[i]);

        if (value != NULL) {
            buf_printf(&target, "%s=", passed[i]);
            buf_add_percent(&target, str_c(value), false);
            buf_add_c(&target, '&');
        }
    }
    asked = ask_server(args, "GET", buf_str(&target), arena, &answer);
    if (asked == OK) {
        struct str next = client_header(&answer, STR("x-weir-next"));

        print_entries(args, answer.body);
        if (next.bytes > 0 && !str_eq(next, STR("0"))) {
            fprintf(stderr, "weir journal: more from position %.*s on (--from, --count)\n",
                    STR_ARG(next));
        }
    }
    buf_done(&target);
    arena_free(arena);
    return asked == OK ? EXIT_GOOD : EXIT_TROUBLE;
}

const struct command command_journal = {
    "journal", "", 0, "Print journal entries: who changed what, when and why.",
    "Asks a running weir, or reads a data directory that is not in use. Values are never shown.",
    journal_flags, journal_run,
};

/* ---- health, clock ---- */

static const struct flag server_flags[] = {FLAG_SERVER, FLAGS_END};

static int print_answer(const struct args *args, const char *method, struct str target)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct client_answer answer;
    status asked = ask_server(args, method, target, arena, &answer);

    if (asked == OK) {
        printf("%.*s", STR_ARG(answer.body));
    }
    arena_free(arena);
    return asked == OK ? EXIT_GOOD : EXIT_TROUBLE;
}

static int health_run(const struct args *args)
{
    return print_answer(args, "GET", STR("/_weir/health"));
}

const struct command command_health = {
    "health", "", 0, "Ask a running weir how it is.", "", server_flags, health_run,
};

static int clock_run(const struct args *args)
{
    char target[256];

    if (args->word_count == 0) {
        return print_answer(args, "GET", STR("/_weir/clock"));
    }
    if (args->word_count != 2 || strcmp(args->words[0], "advance") != 0) {
        return usage_error(args, "say: weir clock, or weir clock advance 3d.");
    }
    for (const char *at = args->words[1]; *at != '\0'; at++) {
        if (strchr("0123456789smhd", *at) == NULL) {
            return usage_error(args, "a duration is 90s, 15m, 12h or 3d.");
        }
    }
    snprintf(target, sizeof(target), "/_weir/clock?advance=%.64s", args->words[1]);
    return print_answer(args, "POST", str_c(target));
}

const struct command command_clock = {
    "clock", "[advance DURATION]", 2, "Show weir's clock, or move it on.",
    "Everything that becomes due by it (retention, windows, schedules) happens at once.",
    server_flags, clock_run,
};

/* ---- fsck ---- */

static const struct flag fsck_flags[] = {FLAG_DATA, FLAGS_END};

static void fsck_line(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "%s\n", line);
}

static int fsck_run(const struct args *args)
{
    const char *dir = args->word_count > 0 ? args->words[0] : data_dir(args);
    struct store_fsck result = {0};
    status checked = store_fsck(files_real(), dir, fsck_line, NULL, &result);

    if (args->json) {
        printf("{\"good\":%s,\"entries\":%llu,\"keys\":%llu,\"records\":%llu,\"blobs\":%llu,"
               "\"findings\":%llu}\n",
               checked == OK ? "true" : "false", (unsigned long long)result.entries,
               (unsigned long long)result.keys, (unsigned long long)result.records,
               (unsigned long long)result.blobs, (unsigned long long)result.findings);
    } else {
        printf("%s: %llu journal entries, %llu keys, %llu log records, %llu blobs looked at: %s\n",
               dir, (unsigned long long)result.entries, (unsigned long long)result.keys,
               (unsigned long long)result.records, (unsigned long long)result.blobs,
               checked == OK ? "all good" : "not good, see above");
    }
    return checked == OK ? EXIT_GOOD : EXIT_TROUBLE;
}

const struct command command_fsck = {
    "fsck", "[DIR]", 1, "Check every checksum and index of a data directory.",
    "Says what is wrong where. The directory must not be in use; nothing is changed.", fsck_flags,
    fsck_run,
};

/* ---- ca ---- */

static const struct flag ca_flags[] = {FLAG_DATA, FLAGS_END};

static int ca_run(const struct args *args)
{
    const char *dir = data_dir(args);

    if (args->json) {
        printf("{\"certificate\":\"%s/tls/ca.pem\"}\n", dir);
        return EXIT_GOOD;
    }
    printf("weir's certificate authority: %s/tls/ca.pem (made at the first start)\n\n"
           "For AWS's tools:    export AWS_CA_BUNDLE=%s/tls/ca.pem\n"
           "For Node.js:        export NODE_EXTRA_CA_CERTS=%s/tls/ca.pem\n"
           "For curl:           curl --cacert %s/tls/ca.pem https://localhost:4566/_weir/health\n"
           "For Debian, all:    sudo cp %s/tls/ca.pem /usr/local/share/ca-certificates/weir.crt\n"
           "                    sudo update-ca-certificates\n",
           dir, dir, dir, dir, dir);
    return EXIT_GOOD;
}

const struct command command_ca = {
    "ca", "", 0, "Show how to trust weir's certificate authority.", "", ca_flags, ca_run,
};

/* ---- coverage ---- */

static const struct flag no_flags[] = {FLAGS_END};

static const struct op *op_of(const struct service *service, struct str name)
{
    for (size_t i = 0; service != NULL && i < service->op_count; i++) {
        if (str_eq(str_c(service->ops[i].name), name)) {
            return &service->ops[i];
        }
    }
    return NULL;
}

static void print_coverage(const struct args *args, const struct service_model *model, bool list)
{
    const struct service *service = NULL;
    struct str id = model_text(model->id);
    size_t done = 0;

    for (size_t i = 0; services[i] != NULL; i++) {
        if (str_eq(str_c(services[i]->id), id)) {
            service = services[i];
        }
    }
    for (uint32_t i = 0; i < model->operation_count; i++) {
        struct str name = model_text(model_operations[model->operation_first + i].name);
        bool there = op_of(service, name) != NULL;

        done += there;
        if (list && args->json) {
            printf("{\"service\":\"%.*s\",\"operation\":\"%.*s\",\"implemented\":%s}\n",
                   STR_ARG(id), STR_ARG(name), there ? "true" : "false");
        } else if (list) {
            printf("  %s %.*s\n", there ? "yes" : " no", STR_ARG(name));
        }
    }
    if (!list && args->json) {
        printf("{\"service\":\"%.*s\",\"implemented\":%zu,\"total\":%u}\n", STR_ARG(id), done,
               model->operation_count);
    } else if (!args->json) {
        printf("%-28.*s %4zu of %4u\n", STR_ARG(id), done, model->operation_count);
    }
}

static int coverage_run(const struct args *args)
{
    const struct service_model *model;

    if (args->word_count == 0) {
        for (uint32_t i = 0; i < model_service_count; i++) {
            print_coverage(args, &model_services[i], false);
        }
        return EXIT_GOOD;
    }
    model = model_service(str_c(args->words[0]));
    if (model == NULL) {
        return usage_error(args, "there is no service %s; weir coverage lists them.",
                           args->words[0]);
    }
    print_coverage(args, model, true);
    return EXIT_GOOD;
}

const struct command command_coverage = {
    "coverage", "[SERVICE]", 1, "Print which operations are implemented.",
    "What is not implemented answers 501 by name.", no_flags, coverage_run,
};

/* ---- version ---- */

static int version_run(const struct args *args)
{
    if (args->json) {
        printf("{\"version\":\"" WEIR_VERSION "\",\"models\":\"%s\"}\n", model_source);
    } else {
        printf("weir " WEIR_VERSION " (models: %s)\n", model_source);
    }
    return EXIT_GOOD;
}

const struct command command_version = {
    "version", "", 0, "Print the version.", "", no_flags, version_run,
};
