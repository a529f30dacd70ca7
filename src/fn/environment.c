/* SPDX-License-Identifier: Apache-2.0
 *
 * What a worker is started with: interpreter, environment, what it sees of the disk. Inside, places
 * are those of AWS: the package at /var/task, layers at /opt, weir's bootstraps at /var/runtime.
 * Source: Lambda developer guide, "Defined runtime environment variables".
 */
#include "fn/fn_int.h"

#include "base/arena.h"
#include "base/mem.h"
#include "fn/runtimes.h"
#include "sys/file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES_MAX 4096
#define PYTHON_MINOR_MAX 20
#define PYTHON_MINOR_MIN 8
#define WORDS_MAX (FN_VARIABLES_MAX + 40)

/* A program, not a script: what a version manager puts in the way is passed by. */
static bool is_program(const char *path)
{
    struct file *file;
    char magic[4] = "";
    size_t got = 0;

    if (access(path, X_OK) != 0 || file_open(files_real(), path, FILE_READ, &file) != OK) {
        return false;
    }
    (void)file_read(file, 0, magic, sizeof magic, &got);
    file_close(file);
    return got == 4 && memcmp(magic, "\177ELF", 4) == 0;
}

/* Where PATH has such a program, its links followed; NULL: nowhere. */
static char *find_program(const char *name)
{
    const char *path = getenv("PATH");
    struct str rest = str_c(path == NULL ? "/usr/local/bin:/usr/bin:/bin" : path);
    char candidate[PATH_BYTES_MAX];
    char real[PATH_BYTES_MAX];

    while (rest.at != NULL) {
        struct str folder = str_split(&rest, ':');

        (void)snprintf(candidate, sizeof candidate, "%.*s/%s", STR_ARG(folder), name);
        if (folder.bytes > 0 && realpath(candidate, real) != NULL && is_program(real)) {
            return mem_dup(real, strlen(real));
        }
    }
    return NULL;
}

static char *find_python(void)
{
    char name[32];
    char *found = NULL;

    for (int minor = PYTHON_MINOR_MAX; minor >= PYTHON_MINOR_MIN && found == NULL; minor--) {
        (void)snprintf(name, sizeof name, "python3.%d", minor);
        found = find_program(name);
    }
    return found != NULL ? found : find_program("python3");
}

/* /home/x/python/bin/python3.12 needs /home/x/python inside; what is below /usr is there: NULL. */
static char *prefix_of(const char *program)
{
    struct str path = str_c(program == NULL ? "/usr/" : program);

    for (int up = 0; up < 2; up++) {
        while (path.bytes > 0 && path.at[path.bytes - 1] != '/') {
            path.bytes--;
        }
        path.bytes -= path.bytes > 0;
    }
    return path.bytes == 0 || str_starts(str_c(program == NULL ? "/usr/" : program), STR("/usr/"))
               ? NULL
               : mem_dup(path.at, path.bytes);
}

static status write_runtime(struct fn *fn, const struct fn_runtime_file *runtime, struct why *why)
{
    const struct files *files = files_real();
    char path[PATH_BYTES_MAX];
    struct file *file;
    status wrote;

    (void)snprintf(path, sizeof path, "%s/%s", fn->runtime_dir, runtime->name);
    (void)files->remove(files->ctx, path);
    wrote = file_open(files, path, FILE_WRITE, &file);
    if (wrote == OK) {
        wrote = file_write(file, 0, runtime->text.at, runtime->text.bytes);
        file_close(file);
        (void)chmod(path, 0644);
    }
    return wrote == OK ? OK : why_set(why, wrote, "cannot write %s", path);
}

static char *path_below(const char *folder, const char *name)
{
    char path[PATH_BYTES_MAX];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return mem_dup(path, strlen(path));
}

status runtimes_find(struct fn *fn, struct why *why)
{
    const struct files *files = files_real();
    const char *python = fn->options.python;
    const char *node = fn->options.node;

    fn->python = python != NULL ? mem_dup(python, strlen(python)) : find_python();
    fn->node = node != NULL ? mem_dup(node, strlen(node)) : find_program("node");
    fn->python_prefix = prefix_of(fn->python);
    fn->node_prefix = prefix_of(fn->node);
    fn->root = path_below(fn->options.dir, "root");
    fn->runtime_dir = path_below(fn->options.dir, "runtime");
    TRY(files->dir(files->ctx, fn->root, NULL, NULL));
    TRY(files->dir(files->ctx, fn->runtime_dir, NULL, NULL));
    for (size_t i = 0; i < fn_runtime_file_count; i++) {
        TRY(write_runtime(fn, &fn_runtime_files[i], why));
    }
    (void)chmod(fn->runtime_dir, 0755);
    return OK;
}

void runtimes_done(struct fn *fn)
{
    mem_free(fn->python);
    mem_free(fn->node);
    mem_free(fn->python_prefix);
    mem_free(fn->node_prefix);
    mem_free(fn->root);
    mem_free(fn->runtime_dir);
}

/* ---- one worker ---- */

struct spawn_plan {
    struct arena *arena;             /* for texts */
    const char *argv[5];             /* ended by NULL */
    const char *envp[WORDS_MAX];     /* ended by NULL */
    size_t env_count;                /* of them */
    struct confine_bind binds[CONFINE_BINDS_MAX];
    size_t bind_count;               /* of them */
};

static void add_env(struct spawn_plan *plan, const char *name, struct str value)
{
    assert(plan->env_count < WORDS_MAX - 1);
    plan->envp[plan->env_count++] =
        arena_printf(plan->arena, "%s=%.*s", name, STR_ARG(value)).at;
}

static void add_bind(struct spawn_plan *plan, const char *from, const char *to)
{
    if (from != NULL) {
        plan->binds[plan->bind_count++] = (struct confine_bind){from, to};
    }
}

static void plan_environment(struct fn *fn, struct worker *worker, struct spawn_plan *plan)
{
    const struct fn_version *version = worker->pool->version;
    bool custom = str_starts(version->runtime, STR("provided"));

    add_env(plan, "_HANDLER", version->handler);
    add_env(plan, "AWS_REGION", version->region);
    add_env(plan, "AWS_DEFAULT_REGION", version->region);
    if (!custom) {
        add_env(plan, "AWS_EXECUTION_ENV",
                arena_printf(plan->arena, "AWS_Lambda_%.*s", STR_ARG(version->runtime)));
    }
    add_env(plan, "AWS_LAMBDA_FUNCTION_NAME", version->name);
    add_env(plan, "AWS_LAMBDA_FUNCTION_VERSION", version->version);
    add_env(plan, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            arena_printf(plan->arena, "%u", version->memory_mb));
    add_env(plan, "AWS_LAMBDA_INITIALIZATION_TYPE", STR("on-demand"));
    add_env(plan, "AWS_LAMBDA_LOG_GROUP_NAME", version->log_group);
    add_env(plan, "AWS_LAMBDA_LOG_STREAM_NAME", str_c(worker->stream));
    add_env(plan, "AWS_LAMBDA_LOG_FORMAT", version->log_json ? STR("JSON") : STR("Text"));
    add_env(plan, "AWS_LAMBDA_RUNTIME_API",
            arena_printf(plan->arena, "127.0.0.1:%u", worker->port));
    add_env(plan, "AWS_ENDPOINT_URL", fn->options.endpoint);
    add_env(plan, "AWS_EC2_METADATA_DISABLED", STR("true"));
    add_env(plan, "LAMBDA_TASK_ROOT", STR("/var/task"));
    add_env(plan, "LAMBDA_RUNTIME_DIR", STR("/var/runtime"));
    add_env(plan, "TZ", STR(":UTC"));
    add_env(plan, "LANG", STR("en_US.UTF-8"));
    add_env(plan, "PATH", STR("/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"));
    add_env(plan, "LD_LIBRARY_PATH", STR("/var/lang/lib:/lib64:/usr/lib64:/var/runtime:"
                                         "/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"));
    add_env(plan, "PYTHONPATH", STR("/var/runtime"));
    add_env(plan, "NODE_PATH", STR("/opt/nodejs/node_modules:/var/runtime/node_modules:"
                                   "/var/runtime:/var/task"));
    for (size_t i = 0; i < version->variable_count && plan->env_count < WORDS_MAX - 1; i++) {
        add_env(plan, arena_dup(plan->arena, version->variables[i].name).at,
                version->variables[i].value);
    }
    plan->envp[plan->env_count] = NULL;
}

static bool has_file(struct arena *arena, struct str folder, const char *name)
{
    return access(arena_printf(arena, "%.*s/%s", STR_ARG(folder), name).at, F_OK) == 0;
}

static status plan_program(struct fn *fn, const struct fn_version *version,
                           struct spawn_plan *plan, struct why *why)
{
    if (str_starts(version->runtime, STR("python"))) {
        if (fn->python == NULL) {
            return why_set(why, &ERR_NOT_FOUND, "there is no python3 on this machine: install it, "
                                                "or name one with --python");
        }
        plan->argv[0] = fn->python;
        plan->argv[1] = "/var/runtime/bootstrap.py";
        return OK;
    }
    if (str_starts(version->runtime, STR("nodejs"))) {
        if (fn->node == NULL) {
            return why_set(why, &ERR_NOT_FOUND, "there is no node on this machine: install it, or "
                                                "name one with --node");
        }
        plan->argv[0] = fn->node;
        plan->argv[1] = "/var/runtime/bootstrap.mjs";
        return OK;
    }
    if (has_file(plan->arena, version->code_dir, "bootstrap")) {
        plan->argv[0] = "/var/task/bootstrap";
        return OK;
    }
    if (version->opt_dir.bytes > 0 && has_file(plan->arena, version->opt_dir, "bootstrap")) {
        plan->argv[0] = "/opt/bootstrap";
        return OK;
    }
    return why_set(why, &ERR_NOT_FOUND, "{\"errorType\":\"Runtime.InvalidEntrypoint\","
                   "\"errorMessage\":\"Error: Couldn't find valid bootstrap(s): "
                   "[/var/task/bootstrap /opt/bootstrap]\"}");
}

/* What layers bring as extensions is started first, by a script that then becomes the program. */
static void plan_extensions(const struct fn_version *version, struct spawn_plan *plan)
{
    if (version->opt_dir.bytes == 0 || !has_file(plan->arena, version->opt_dir, "extensions")) {
        return;
    }
    plan->argv[3] = plan->argv[1];
    plan->argv[2] = plan->argv[0];
    plan->argv[1] = "/var/runtime/extensions.sh";
    plan->argv[0] = "/bin/sh";
}

status worker_spawn(struct fn *fn, struct worker *worker, int out_fd, struct why *why)
{
    const struct fn_version *version = worker->pool->version;
    struct spawn_plan *plan = MEM_NEW(struct spawn_plan);
    struct confine confine = {.argv = plan->argv, .envp = plan->envp, .binds = plan->binds,
                              .root = fn->root, .dir = "/var/task",
                              .memory_bytes = (uint64_t)version->memory_mb << 20,
                              .tmp_bytes = (uint64_t)version->tmp_mb << 20,
                              .uid = WORKER_UID_FIRST + (uint32_t)(worker->id % 4096)};
    status planned;

    plan->arena = arena_new(1u << 20);
    add_bind(plan, arena_dup(plan->arena, version->code_dir).at, "/var/task");
    add_bind(plan, fn->runtime_dir, "/var/runtime");
    if (version->opt_dir.bytes > 0) {
        add_bind(plan, arena_dup(plan->arena, version->opt_dir).at, "/opt");
    }
    add_bind(plan, fn->python_prefix, fn->python_prefix);
    add_bind(plan, fn->node_prefix, fn->node_prefix);
    confine.bind_count = plan->bind_count;
    plan_environment(fn, worker, plan);
    planned = plan_program(fn, version, plan, why);
    if (planned == OK) {
        plan_extensions(version, plan);
        planned = keeper_spawn(fn->options.keeper, worker->id, &confine, out_fd, why);
    }
    arena_free(plan->arena);
    mem_free(plan);
    return planned;
}
