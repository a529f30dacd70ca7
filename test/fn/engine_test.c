/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine with real workers: handlers in Python and a shell's bootstrap, in a folder of the
 * test's own. Answers, errors, time-outs, crashes, logs, warm reuse, freezing, forgetting.
 */
#include "fn/fn.h"

#include "base/mem.h"
#include "sys/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char python_code[] =
    "import os, time, sys, decimal\n"
    "count = 0\n"
    "def hello(event, context):\n"
    "    global count\n"
    "    count += 1\n"
    "    print('called', count)\n"
    "    return {'got': event, 'count': count, 'pid': os.getpid(), 'cwd': os.getcwd(),\n"
    "            'name': context.function_name, 'id': context.aws_request_id,\n"
    "            'left': context.get_remaining_time_in_millis() > 0}\n"
    "def fails(event, context):\n"
    "    raise ValueError('no good')\n"
    "def slow(event, context):\n"
    "    time.sleep(60)\n"
    "def exits(event, context):\n"
    "    os._exit(3)\n"
    "def kinds(event, context):\n"
    "    return {'d': decimal.Decimal('1.50'), 'b': b'bytes', 'u': 'ü'}\n"
    "def large(event, context):\n"
    "    return 'x' * 7000000\n"
    "def eats(event, context):\n"
    "    kept = []\n"
    "    while True:\n"
    "        kept.append(bytearray(10000000))\n"
    "def env(event, context):\n"
    "    return dict(os.environ)\n"
    "def pid(event, context):\n"
    "    time.sleep(0.3)\n"
    "    return os.environ['AWS_LAMBDA_LOG_STREAM_NAME']\n";

static const char shell_code[] =
    "#!/bin/sh\n"
    "api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation\n"
    "while :; do\n"
    "    body=$(curl -sS -D /tmp/head $api/next)\n"
    "    id=$(grep -i request-id /tmp/head | tr -d '\\r' | cut -d' ' -f2)\n"
    "    curl -sS -o /dev/null -d \"shell says $body\" $api/$id/response\n"
    "done\n";

static char folder[] = "/tmp/weir-fn-XXXXXX";
static char code_dir[128], shell_dir[128];
static struct keeper *keeper;
static struct fn *fn;
static struct lock lock;
static struct cond changed;
static char logged[1u << 20];
static size_t logged_bytes;

struct waited {
    struct fn_invocation invocation; /* first */
    bool done;                       /* told */
};

static void on_done(struct fn_invocation *invocation)
{
    struct waited *waited = (struct waited *)invocation;

    lock_take(&lock);
    waited->done = true;
    cond_wake_all(&changed);
    lock_give(&lock);
}

static void on_log(void *ctx, const struct fn_line *line)
{
    (void)ctx;
    lock_take(&lock);
    logged_bytes += (size_t)snprintf(logged + logged_bytes, sizeof logged - logged_bytes,
                                     "%.*s\n", (int)line->text.bytes, line->text.at);
    lock_give(&lock);
}

static struct str owned(const char *text)
{
    return str_of(mem_dup(text, strlen(text)), strlen(text));
}

static struct fn_version *version_of(const char *runtime, const char *dir, const char *handler)
{
    struct fn_version *version = fn_version_new();

    version->account = owned("000000000000");
    version->region = owned("us-east-1");
    version->arn = owned("arn:aws:lambda:us-east-1:000000000000:function:f");
    version->name = owned("f");
    version->version = owned("$LATEST");
    version->runtime = owned(runtime);
    version->handler = owned(handler);
    version->code_dir = owned(dir);
    version->log_group = owned("/aws/lambda/f");
    version->timeout_ms = 2000;
    version->memory_mb = 128;
    version->tmp_mb = 64;
    return version;
}

static struct waited *submit(struct fn_version *version, const char *event)
{
    static unsigned number;
    struct waited *waited = MEM_NEW(struct waited);
    char id[64];

    (void)snprintf(id, sizeof id, "00000000-0000-4000-8000-%012u", ++number);
    memcpy(waited->invocation.request_id, id, 36);
    waited->invocation.version = fn_version_hold(version);
    waited->invocation.payload = str_c(event);
    waited->invocation.invoked_arn = version->arn;
    waited->invocation.tail = true;
    waited->invocation.done = on_done;
    fn_submit(fn, &waited->invocation);
    return waited;
}

static void wait_for(struct waited *waited)
{
    lock_take(&lock);
    while (!waited->done) {
        cond_wait(&changed, &lock);
    }
    lock_give(&lock);
}

static void done_with(struct waited *waited)
{
    fn_invocation_done_with(&waited->invocation);
    mem_free(waited);
}

static struct waited *invoke(struct fn_version *version, const char *event)
{
    struct waited *waited = submit(version, event);

    wait_for(waited);
    return waited;
}

static struct str answer_of(const struct waited *waited)
{
    return str_of(waited->invocation.answer, waited->invocation.answer_bytes);
}

static void assert_has(struct str text, const char *what)
{
    if (str_find_str(text, str_c(what)) == text.bytes) {
        print_error("%.*s\nhas no %s\n", STR_ARG(text), what);
        assert_true(!"what was expected");
    }
}

static void a_handler_answers_and_stays_warm(void **state)
{
    struct fn_version *version = version_of("python3.12", code_dir, "app.hello");
    struct waited *first = invoke(version, "{\"a\":1}");
    struct waited *second = invoke(version, "[]");
    struct str tail = str_of(second->invocation.log_tail, second->invocation.log_tail_bytes);

    (void)state;
    assert_int_equal(first->invocation.outcome, FN_ANSWERED);
    assert_has(answer_of(first), "\"got\": {\"a\": 1}");
    assert_has(answer_of(first), "\"count\": 1");
    assert_has(answer_of(first), "\"cwd\": \"/var/task\"");
    assert_has(answer_of(first), "\"name\": \"f\"");
    assert_has(answer_of(first), "\"left\": true");
    assert_has(answer_of(second), "\"count\": 2");
    assert_has(tail, "START RequestId: 00000000-0000-4000-8000-");
    assert_has(tail, "called 2\n");
    assert_has(tail, "REPORT RequestId: ");
    done_with(first);
    done_with(second);
    fn_forget(fn, version);
    fn_version_drop(version);
}

static void check_failure(const char *handler, const char *what)
{
    struct fn_version *version = version_of("python3.12", code_dir, handler);
    struct waited *waited = invoke(version, "{}");

    assert_int_equal(waited->invocation.outcome, FN_FAILED);
    assert_has(answer_of(waited), what);
    done_with(waited);
    fn_forget(fn, version);
    fn_version_drop(version);
}

static void failures_are_told_in_awss_words(void **state)
{
    (void)state;
    check_failure("app.fails", "\"errorMessage\": \"no good\", \"errorType\": \"ValueError\"");
    check_failure("app.fails", "line 11, in fails");
    check_failure("app.slow", "Task timed out after 2.00 seconds");
    check_failure("app.exits", "Error: Runtime exited with error: exit status 3");
    check_failure("app.eats", "Runtime.OutOfMemory");
    check_failure("app.large", "Function.ResponseSizeTooLarge");
    check_failure("app.none", "Handler 'none' missing on module 'app'");
    check_failure("nothing.x", "Unable to import module 'nothing': No module named 'nothing'");
}

static void values_become_json_as_on_aws(void **state)
{
    struct fn_version *version = version_of("python3.12", code_dir, "app.kinds");
    struct waited *waited = invoke(version, "{}");

    (void)state;
    assert_has(answer_of(waited), "{\"d\": 1.50, \"b\": \"bytes\", \"u\": \"\xc3\xbc\"}");
    done_with(waited);
    fn_forget(fn, version);
    fn_version_drop(version);
}

static void a_bootstrap_of_its_own_is_run(void **state)
{
    struct fn_version *version = version_of("provided.al2023", shell_dir, "x");
    struct waited *waited = invoke(version, "\"hi\"");

    (void)state;
    assert_int_equal(waited->invocation.outcome, FN_ANSWERED);
    assert_has(answer_of(waited), "shell says \"hi\"");
    done_with(waited);
    fn_forget(fn, version);
    fn_version_drop(version);
}

static void the_environment_is_awss(void **state)
{
    struct fn_version *version = version_of("python3.12", code_dir, "app.env");
    struct waited *waited;

    (void)state;
    fn_version_variable(version, STR("MINE"), STR("yes"));
    waited = invoke(version, "{}");
    assert_has(answer_of(waited), "\"MINE\": \"yes\"");
    assert_has(answer_of(waited), "\"AWS_LAMBDA_FUNCTION_NAME\": \"f\"");
    assert_has(answer_of(waited), "\"AWS_EXECUTION_ENV\": \"AWS_Lambda_python3.12\"");
    assert_has(answer_of(waited), "\"AWS_ENDPOINT_URL\": \"http://127.0.0.1:1\"");
    assert_has(answer_of(waited), "\"LAMBDA_TASK_ROOT\": \"/var/task\"");
    done_with(waited);
    fn_forget(fn, version);
    fn_version_drop(version);
}

static void two_at_a_time_have_two_workers(void **state)
{
    struct fn_version *version = version_of("python3.12", code_dir, "app.pid");
    struct waited *one = submit(version, "{}");
    struct waited *two = submit(version, "{}");

    (void)state;
    wait_for(one);
    wait_for(two);
    assert_false(str_eq(answer_of(one), answer_of(two)));
    done_with(one);
    done_with(two);
    fn_forget(fn, version);
    fn_version_drop(version);
}

static void a_frozen_worker_thaws_for_its_next(void **state)
{
    struct fn_version *version = version_of("python3.12", code_dir, "app.hello");
    struct waited *waited = invoke(version, "{}");

    (void)state;
    done_with(waited);
    lock_take(&lock);
    (void)cond_wait_ms(&changed, &lock, 100); /* long enough to be frozen */
    lock_give(&lock);
    waited = invoke(version, "{}");
    assert_has(answer_of(waited), "\"count\": 2");
    done_with(waited);
    fn_forget(fn, version);
    fn_version_drop(version);
}

static void write_file(const char *dir, const char *name, const char *text, unsigned mode)
{
    char path[512];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0 && chmod(path, mode) == 0);
}

static int set_up(void **state)
{
    static struct clock clock;
    static char dir[128];
    struct fn_options options = {.clock = &clock, .dir = dir, .log = on_log,
                                 .endpoint = STR("http://127.0.0.1:1")};
    struct why why = {""};

    (void)state;
    lock_init(&lock);
    cond_init(&changed);
    clock_init_real(&clock);
    if (mkdtemp(folder) == NULL || chmod(folder, 0755) != 0) {
        return -1;
    }
    (void)snprintf(code_dir, sizeof code_dir, "%s/code", folder);
    (void)snprintf(shell_dir, sizeof shell_dir, "%s/shell", folder);
    (void)snprintf(dir, sizeof dir, "%s/fn", folder);
    if (mkdir(code_dir, 0755) != 0 || mkdir(shell_dir, 0755) != 0) {
        return -1;
    }
    write_file(code_dir, "app.py", python_code, 0644);
    write_file(shell_dir, "bootstrap", shell_code, 0755);
    if (keeper_start(&why, &keeper) != OK) {
        return -1;
    }
    options.keeper = keeper;
    if (fn_start(&options, &why, &fn) != OK) {
        print_error("%s\n", why.text);
        return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    char command[256];

    (void)state;
    fn_stop(fn);
    keeper_end(keeper);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handler_answers_and_stays_warm),
        cmocka_unit_test(failures_are_told_in_awss_words),
        cmocka_unit_test(values_become_json_as_on_aws),
        cmocka_unit_test(a_bootstrap_of_its_own_is_run),
        cmocka_unit_test(the_environment_is_awss),
        cmocka_unit_test(two_at_a_time_have_two_workers),
        cmocka_unit_test(a_frozen_worker_thaws_for_its_next),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
