/* SPDX-License-Identifier: Apache-2.0
 *
 * weir serve: opens the store, the cell and the door, listens, and stays until told to stop. Every
 * setting may stand in a config file too, as `name = value` lines; the command line wins.
 *
 * Stopping (SIGTERM, SIGINT): listen no more, finish the answers under way, commit, checkpoint.
 */
#include "cli/cli.h"

#include "base/mem.h"
#include "base/time.h"
#include "cell/door.h"
#include "cell/host.h"
#include "cell/identity.h"
#include "fn/part.h"
#include "net/server.h"
#include "net/tls.h"
#include "svc/services.h"
#include "sys/log.h"
#include "sys/os.h"
#include "sys/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CONFIG_BYTES_MAX 65536
#define GRACE_MS 10000

static const struct flag flags[] = {
    FLAG_DATA,
    {"listen", "ADDR:PORT", "127.0.0.1:4566", "Where to listen; port 0 takes a free one."},
    {"unix", "PATH", NULL, "Also listen on a Unix socket."},
    {"auth", "off|on", "off", "Check signatures; off is for loopback only."},
    {"durability", "group|relaxed", "group", "relaxed: never sync, for throw-away runs."},
    {"keep", "AGE|SIZE", "7d or 10g", "How much journal to keep: 7d, 35d, 10g, or both: 7d,10g."},
    {"limits", "aws|none", "none", "aws: throttle as AWS would."},
    {"allow-unknown-types", NULL, NULL, "Record what templates have and weir does not know."},
    {"clock", "real|MOMENT", "real", "A moment, such as 2026-11-23T08:00:00Z: stands still there."},
    {"loops", "N", NULL, "Threads that serve connections (default: one per core)."},
    {"workers", "N", "64", "How many processes may run functions."},
    {"python", "PATH", NULL, "The interpreter of python functions (default: the newest found)."},
    {"node", "PATH", NULL, "The same of nodejs functions."},
    {"config", "FILE", NULL, "Settings as `name = value` lines."},
    FLAGS_END,
};

struct settings {
    const char *data;
    char host[64];
    uint16_t port;
    const char *unix_path;
    bool auth, relaxed, limits, manual, unknown_types;
    int64_t clock_ms;
    int64_t keep_ms;
    uint64_t keep_bytes;
    uint64_t loops;
    uint64_t workers;
    const char *python, *node;
};

/* The certificates being opened, or made, while the store is opened. */
struct tls_opening {
    struct thread thread; /* where */
    bool started;         /* it runs, or is to be joined */
    char dir[4096];       /* DIR/tls */
    struct why why;       /* what went wrong */
    status opened;        /* how it went */
    struct tls *tls;      /* when it went well */
};

/* Everything that is open while serving; closed in the opposite order. */
struct serving {
    struct tls_opening opening;
    struct store *store;
    struct clock clock;
    struct cell *cell;
    struct door *door;
    struct server *server;
    struct keeper *keeper;
    char fn_dir[4096]; /* DIR/functions */
    char endpoint[96]; /* where functions find weir */
};

/* ---- settings ---- */

static bool one_of(const char *text, const char *no, const char *yes, bool *ret_yes)
{
    *ret_yes = strcmp(text, yes) == 0;
    return *ret_yes || strcmp(text, no) == 0;
}

static bool size_read(struct str text, uint64_t *ret_bytes)
{
    static const char units[] = "kmgt";
    uint64_t number;

    for (unsigned i = 0; i < 4 && text.bytes > 1; i++) {
        if ((text.at[text.bytes - 1] | 0x20) == units[i] &&
            str_to_u64(str_slice(text, 0, text.bytes - 1), &number) && number < (1u << 20)) {
            *ret_bytes = number << (10 * (i + 1));
            return true;
        }
    }
    return false;
}

static bool keep_read(const char *text, struct settings *settings)
{
    struct str rest = str_c(text);

    settings->keep_ms = 7 * MS_PER_DAY;
    settings->keep_bytes = 10ull << 30;
    if (strcmp(text, "7d or 10g") == 0) {
        return true;
    }
    while (rest.at != NULL) {
        struct str piece = str_trim(str_split(&rest, ','));

        /* "10m" would be ten minutes or ten MiB: minutes are no sensible window, so it is MiB. */
        if (!size_read(piece, &settings->keep_bytes) &&
            !duration_from_text(piece, &settings->keep_ms)) {
            return false;
        }
    }
    return settings->keep_ms <= 35 * MS_PER_DAY && settings->keep_bytes >= (64u << 20);
}

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

static int settings_read(const struct args *args, struct settings *settings)
{
    const char *clock = flag_value(args, "clock");
    const char *loops = flag_value(args, "loops");

    settings->data = flag_given(args, "data") ? flag_value(args, "data") : default_data_dir();
    settings->unix_path = flag_value(args, "unix");
    settings->unknown_types = flag_given(args, "allow-unknown-types");
    if (!listen_read(flag_value(args, "listen"), settings->host, &settings->port)) {
        return usage_error(args, "--listen %s is not ADDR:PORT.", flag_value(args, "listen"));
    }
    if (!one_of(flag_value(args, "auth"), "off", "on", &settings->auth)) {
        return usage_error(args, "--auth is off or on.");
    }
    if (!one_of(flag_value(args, "durability"), "group", "relaxed", &settings->relaxed)) {
        return usage_error(args, "--durability is group or relaxed.");
    }
    if (!one_of(flag_value(args, "limits"), "none", "aws", &settings->limits)) {
        return usage_error(args, "--limits is aws or none.");
    }
    if (!keep_read(flag_value(args, "keep"), settings)) {
        return usage_error(args, "--keep is an age of at most 35d, a size of at least 64m, or "
                                 "both: 7d,10g.");
    }
    settings->manual = strcmp(clock, "real") != 0;
    if (settings->manual && !time_from_iso(str_c(clock), &settings->clock_ms)) {
        return usage_error(args, "--clock is real or a moment such as 2026-11-23T08:00:00Z.");
    }
    if (loops != NULL && (!str_to_u64(str_c(loops), &settings->loops) || settings->loops == 0 ||
                          settings->loops > 64)) {
        return usage_error(args, "--loops is a number from 1 to 64.");
    }
    settings->python = flag_value(args, "python");
    settings->node = flag_value(args, "node");
    if (!str_to_u64(str_c(flag_value(args, "workers")), &settings->workers) ||
        settings->workers == 0 || settings->workers > FN_WORKERS_MAX) {
        return usage_error(args, "--workers is a number from 1 to %d.", FN_WORKERS_MAX);
    }
    if (!settings->auth && !is_loopback(settings->host)) {
        return usage_error(args, "with --auth=off weir listens on loopback only; %s needs "
                                 "--auth=on.", settings->host);
    }
    return EXIT_GOOD;
}

/* Puts the config file's values where the command line gave none. The text stays allocated: the
 * settings point into it. */
static int config_apply(struct args *args, const char *path)
{
    struct file *file;
    size_t bytes = 0;
    char *text;
    status read;

    if (file_open(files_real(), path, FILE_READ, &file) != OK) {
        return usage_error(args, "the config file %s cannot be read.", path);
    }
    text = mem_zero(CONFIG_BYTES_MAX + 1);
    read = file_read(file, 0, text, CONFIG_BYTES_MAX, &bytes);
    file_close(file);
    if (read != OK) {
        return usage_error(args, "the config file %s cannot be read.", path);
    }
    struct str rest = str_of(text, bytes);

    for (int number = 1; rest.at != NULL; number++) {
        struct str line = str_trim(str_split(&rest, '\n'));
        size_t equals = str_find(line, '=', 0);
        struct str name = str_trim(str_slice(line, 0, equals));
        struct str value = str_trim(str_slice(line, equals + 1, line.bytes));
        size_t index = 0;

        if (line.bytes == 0 || line.at[0] == '#') {
            continue;
        }
        while (flags[index].name != NULL && !str_eq(str_c(flags[index].name), name)) {
            index++;
        }
        if (equals == line.bytes || flags[index].name == NULL ||
            strcmp(flags[index].name, "config") == 0) {
            return usage_error(args, "%s line %d: there is no setting \"%.*s\".", path, number,
                               STR_ARG(name));
        }
        if (flags[index].operand == NULL && !str_eq(value, STR("on")) &&
            !str_eq(value, STR("off"))) {
            return usage_error(args, "%s line %d: %.*s is on or off.", path, number,
                               STR_ARG(name));
        }
        if (args->values[index] == NULL &&
            (flags[index].operand != NULL || str_eq(value, STR("on")))) {
            args->values[index] = mem_dup(value.at, value.bytes);
        }
    }
    mem_free(text);
    return EXIT_GOOD;
}

/* ---- serving ---- */

static void tls_open_run(void *arg)
{
    struct tls_opening *opening = arg;

    opening->opened = tls_open(opening->dir, &opening->why, &opening->tls);
}

/* In store_open(): the directory is ours. */
static void tls_open_start(void *arg)
{
    struct tls_opening *opening = arg;

    opening->started = true;
    thread_start(&opening->thread, "weir-tls", tls_open_run, opening);
}

static void tls_open_wait(struct tls_opening *opening)
{
    if (opening->started) {
        thread_join(&opening->thread);
        opening->started = false;
    }
}

static void close_all(struct serving *serving)
{
    tls_open_wait(&serving->opening);
    if (serving->server != NULL) {
        cell_wait_no_more(serving->cell);
        server_stop(serving->server, GRACE_MS);
        door_settle(serving->door);
        server_free(serving->server);
    }
    door_free(serving->door);
    tls_close(serving->opening.tls);
    cell_close(serving->cell);
    if (serving->store != NULL) {
        store_close(serving->store);
    }
    keeper_end(serving->keeper);
}

static status open_state(const struct settings *settings, struct why *why, struct serving *serving)
{
    struct store_options store = {
        .files = files_real(),
        .dir = settings->data,
        .relaxed = settings->relaxed,
        .threads = true,
        .keep_bytes = settings->keep_bytes,
        .keep_ms = settings->keep_ms,
        .locked = tls_open_start,
        .locked_arg = &serving->opening,
    };
    struct cell_options cell = {.services = services, .limits = settings->limits,
                                .unknown_types = settings->unknown_types};

    snprintf(serving->opening.dir, sizeof(serving->opening.dir), "%s/tls", settings->data);
    if (settings->manual) {
        clock_init_manual(&serving->clock, settings->clock_ms);
    } else {
        clock_init_real(&serving->clock);
    }
    TRY(store_open(&store, why, &serving->store));
    cell.store = serving->store;
    cell.clock = &serving->clock;
    return cell_open(&cell, why, &serving->cell);
}

/* Certificates of users' own domains. */
static bool find_certificate(void *arg, struct str name, struct buf *pem)
{
    return cell_host_pem(arg, name, pem);
}

static status open_door(const struct settings *settings, struct why *why, struct serving *serving)
{
    struct tls_opening *opening = &serving->opening;
    struct door_options door = {
        .cell = serving->cell,
        .auth = settings->auth,
        .relaxed = settings->relaxed,
        .version = WEIR_VERSION,
    };
    struct server_options server = {
        .host = settings->host,
        .port = settings->port,
        .unix_path = settings->unix_path,
        .loop_count = (uint32_t)settings->loops,
    };

    tls_open_wait(opening);
    if (opening->opened != OK) {
        *why = opening->why;
        return opening->opened;
    }
    tls_names(opening->tls, find_certificate, serving->cell);
    door.ca_path = tls_ca_path(opening->tls);
    serving->door = door_new(&door);
    server.tls = opening->tls;
    server.app = door_app(serving->door);
    return server_start(&server, why, &serving->server);
}

/* Where functions run and find weir: on the port it listens at, whatever the address. */
static void open_functions(const struct settings *settings, struct serving *serving)
{
    struct fn_options fn = {.keeper = serving->keeper,
                            .clock = &serving->clock,
                            .dir = serving->fn_dir,
                            .python = settings->python,
                            .node = settings->node,
                            .workers_max = (uint32_t)settings->workers};
    bool v6 = strchr(settings->host, ':') != NULL;

    snprintf(serving->fn_dir, sizeof(serving->fn_dir), "%s/functions", settings->data);
    snprintf(serving->endpoint, sizeof(serving->endpoint), "http://%s%s%s:%u", v6 ? "[" : "",
             settings->host, v6 ? "]" : "", server_port(serving->server));
    fn.endpoint = str_c(serving->endpoint);
    cell_address_set(serving->cell, fn.endpoint);
    fn_part_options(serving->cell, &fn);
}

static void say_ready(const struct args *args, const struct settings *settings,
                      const struct serving *serving)
{
    const struct store_recovery *recovered = store_recovered(serving->store);
    bool v6 = strchr(settings->host, ':') != NULL;
    unsigned port = server_port(serving->server);

    if (args->json) {
        printf("{\"ready\":true,\"url\":\"http://%s%s%s:%u\",\"data\":\"%s\",\"position\":%llu,"
               "\"recovered\":%llu,\"took_ms\":%llu}\n",
               v6 ? "[" : "", settings->host, v6 ? "]" : "", port, settings->data,
               (unsigned long long)journal_last(store_journal(serving->store)),
               (unsigned long long)recovered->entries, (unsigned long long)recovered->took_ms);
    } else {
        printf("weir " WEIR_VERSION " is ready on http://%s%s%s:%u, data in %s (position %llu, "
               "%llu entries recovered in %llu ms)\n",
               v6 ? "[" : "", settings->host, v6 ? "]" : "", port, settings->data,
               (unsigned long long)journal_last(store_journal(serving->store)),
               (unsigned long long)recovered->entries, (unsigned long long)recovered->took_ms);
    }
    fflush(stdout);
}

static status show_root_key(const struct settings *settings, struct serving *serving,
                            struct why *why)
{
    struct arena *arena;
    struct identity root;
    status found;
    bool made;

    if (!settings->auth) {
        return OK;
    }
    arena = arena_new(65536);
    found = identity_root(cell_identities(serving->cell), arena, why, &root, &made);
    if (found == OK && made) {
        printf("weir: the root access key, shown this once:\n"
               "  export AWS_ACCESS_KEY_ID=%.*s\n  export AWS_SECRET_ACCESS_KEY=%.*s\n",
               STR_ARG(root.access_key), STR_ARG(root.secret));
    }
    arena_free(arena);
    return found;
}

static int run(const struct args *given)
{
    struct args args = *given;
    struct settings settings = {.data = NULL};
    struct serving serving = {.store = NULL};
    struct why why = {""};
    status opened;
    int read = EXIT_GOOD;

    if (flag_given(&args, "config")) {
        read = config_apply(&args, flag_value(&args, "config"));
    }
    if (read == EXIT_GOOD) {
        read = settings_read(&args, &settings);
    }
    if (read != EXIT_GOOD) {
        return read;
    }
    os_tune_memory();
    os_hold_signals();
    if (settings.relaxed) {
        fprintf(stderr, "weir: durability is relaxed: answers do not wait for the disk, a crash "
                        "may lose what was acknowledged.\n");
    }
    opened = keeper_start(&why, &serving.keeper); /* before there are threads and files */
    if (opened == OK) {
        opened = open_state(&settings, &why, &serving);
    }
    if (opened == OK) {
        opened = show_root_key(&settings, &serving, &why);
    }
    if (opened == OK) {
        opened = open_door(&settings, &why, &serving);
    }
    if (opened != OK) {
        close_all(&serving);
        return trouble(&args, "%s", why.text);
    }
    open_functions(&settings, &serving);
    say_ready(&args, &settings, &serving);
    os_give_back_memory();
    os_wait_for_stop();
    close_all(&serving);
    return EXIT_GOOD;
}

const struct command command_serve = {
    "serve", "", 0, "Serve AWS's protocols on one port until stopped.",
    "A success answer means that the change is on disk. Point clients at the printed address with\n"
    "AWS_ENDPOINT_URL or --endpoint-url. SIGTERM and Ctrl-C finish what is under way first.",
    flags, run,
};
