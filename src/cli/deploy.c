/* SPDX-License-Identifier: Apache-2.0
 *
 * weir deploy: a template and the code beside it become a running stack. With --watch again and
 * again, as they change.
 */
#include "base/mem.h"
#include "cli/aws.h"
#include "cli/pack.h"
#include "cli/progress.h"
#include "sys/clock.h"
#include "sys/terminal.h"
#include "wire/document.h"

#include <stdio.h>
#include <stdlib.h>

#define ARENA_BYTES_MAX ((size_t)2 << 30)
#define BODY_BYTES_MAX 51200 /* of a TemplateBody; longer ones are uploaded */
#define NAME_BYTES 129
#define LOOK_MS 300          /* between two looks of --watch */
#define PATH_BYTES_MAX 4096

/* One deployment. */
struct deploy {
    const struct args *args;     /* the command's */
    const char *path;            /* of the template */
    char stack[NAME_BYTES];      /* its name */
    struct arena *arena;         /* of this deployment */
    const struct value *was;     /* DescribeStacks of it before; NULL: it is new */
    struct value document;       /* the template, packed */
    struct pack pack;            /* what was uploaded */
    int64_t newest_ns;           /* when template or code last changed */
};

/* ---- names ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What a stack is called when nobody says: the template's file, or its folder where all templates
 * are called template.yaml. */
static void default_name(const char *path, char out[NAME_BYTES])
{
    char whole[PATH_BYTES_MAX];
    struct str name;
    size_t bytes = 0;

    (void)snprintf(whole, sizeof(whole), "%s", path);
    if (realpath(path, whole) == NULL) {
        (void)snprintf(whole, sizeof(whole), "%s", path);
    }
    name = str_c(whole);
    for (struct str rest = name; rest.at != NULL;) {
        struct str part = str_split(&rest, '/');
        bool generic = str_starts(part, STR("template.")) || str_starts(part, STR("index."));

        if (rest.at != NULL || !generic) {
            name = part;
        }
    }
    name = str_slice(name, 0, str_find(name, '.', 0));
    for (size_t i = 0; i < name.bytes && bytes + 1 < NAME_BYTES; i++) {
        char c = name.at[i];
        bool plain = is_letter(c) || (c >= '0' && c <= '9');

        if (bytes > 0 || is_letter(c)) {
            out[bytes++] = plain ? c : '-';
        }
    }
    while (bytes > 0 && out[bytes - 1] == '-') {
        bytes--;
    }
    (void)snprintf(out + bytes, NAME_BYTES - bytes, "%s", bytes == 0 ? "stack" : "");
}

/* "KEY=VALUE" taken apart. */
static bool pair_read(const char *text, struct str *ret_key, struct str *ret_value)
{
    struct str whole = str_c(text);
    size_t equals = str_find(whole, '=', 0);

    *ret_key = str_slice(whole, 0, equals);
    *ret_value = str_slice(whole, equals + 1, whole.bytes);
    return equals > 0 && equals < whole.bytes;
}

static int words_check(const struct args *args)
{
    static const char *const names[] = {"param", "tag"};

    if (args->word_count != 1) {
        return usage_error(args, "say which template.");
    }
    for (size_t k = 0; k < 2; k++) {
        const char *text = NULL;

        for (size_t at = 0; (text = flag_next(args, names[k], &at)) != NULL;) {
            struct str key, value;

            if (!pair_read(text, &key, &value)) {
                return usage_error(args, "--%s %s is not KEY=VALUE.", names[k], text);
            }
        }
    }
    return EXIT_GOOD;
}

/* ---- the wish ---- */

static bool is_given(const struct args *args, struct str name)
{
    const char *text = NULL;

    for (size_t at = 0; (text = flag_next(args, "param", &at)) != NULL;) {
        struct str key, value;

        if (pair_read(text, &key, &value) && str_eq(key, name)) {
            return true;
        }
    }
    return false;
}

/* "Tags.member.1.Key" */
static const char *numbered(struct arena *arena, const char *list, int number, const char *member)
{
    return arena_printf(arena, "%s.member.%d.%s", list, number, member).at;
}

/* Those of the command line; those that the stack has and the template still wants stay. */
static void add_parameters(struct deploy *deploy, struct aws_form *form)
{
    const struct value *wanted = doc_get(&deploy->document, "Parameters");
    const struct value *had = deploy->was == NULL ? NULL : get(deploy->was, "Parameters");
    const char *text = NULL;
    int number = 0;

    for (size_t at = 0; (text = flag_next(deploy->args, "param", &at)) != NULL;) {
        struct str key, value;

        (void)pair_read(text, &key, &value);
        number++;
        aws_add(form, numbered(deploy->arena, "Parameters", number, "ParameterKey"), key);
        aws_add(form, numbered(deploy->arena, "Parameters", number, "ParameterValue"), value);
    }
    for (uint32_t i = 0; had != NULL && i < had->count; i++) {
        struct str key = get_str(&had->items[i], "ParameterKey");

        if (wanted == NULL || wanted->kind != VALUE_MAP || map_find(wanted, key) == NULL ||
            is_given(deploy->args, key)) {
            continue;
        }
        number++;
        aws_add(form, numbered(deploy->arena, "Parameters", number, "ParameterKey"), key);
        aws_add(form, numbered(deploy->arena, "Parameters", number, "UsePreviousValue"),
                STR("true"));
    }
}

static void add_tags(struct deploy *deploy, struct aws_form *form)
{
    const char *text = NULL;
    int number = 0;

    for (size_t at = 0; (text = flag_next(deploy->args, "tag", &at)) != NULL;) {
        struct str key, value;

        (void)pair_read(text, &key, &value);
        number++;
        aws_add(form, numbered(deploy->arena, "Tags", number, "Key"), key);
        aws_add(form, numbered(deploy->arena, "Tags", number, "Value"), value);
    }
}

static int add_template(struct deploy *deploy, struct aws_form *form)
{
    struct str text = doc_json(deploy->arena, &deploy->document);
    struct str key;
    int done;

    if (text.bytes <= BODY_BYTES_MAX) {
        aws_add(form, "TemplateBody", text);
        return EXIT_GOOD;
    }
    key = pack_key(deploy->arena, text, ".template");
    done = aws_upload(deploy->args, deploy->pack.bucket, key, text, deploy->arena);
    aws_add(form, "TemplateURL",
            arena_printf(deploy->arena, "https://s3.%s.amazonaws.com/%.*s/%.*s", default_region(),
                         STR_ARG(deploy->pack.bucket), STR_ARG(key)));
    return done;
}

/* ---- asking ---- */

static int remove_leftover(struct deploy *deploy)
{
    struct progress progress;
    struct aws_form form;
    const struct value *out = NULL;
    int done = progress_begin(&progress, deploy->args, deploy->stack);

    if (done != EXIT_GOOD) {
        return done;
    }
    if (!deploy->args->json) {
        printf("%s was rolled back when it was made: it is removed first.\n", deploy->stack);
    }
    aws_begin(&form, "cloudformation", "DeleteStack");
    aws_add_c(&form, "StackName", progress.stack);
    done = aws_call_good(deploy->args, &form, deploy->arena, &out);
    if (done == EXIT_GOOD) {
        done = progress_wait(&progress);
    }
    deploy->was = NULL;
    return done;
}

/* *ret_idle: there is nothing to be done. */
static int ask(struct deploy *deploy, bool *ret_idle)
{
    struct aws_answer answer;
    struct aws_form form;
    int done;

    aws_begin(&form, "cloudformation", deploy->was == NULL ? "CreateStack" : "UpdateStack");
    aws_add_c(&form, "StackName", deploy->stack);
    done = add_template(deploy, &form);
    if (done != EXIT_GOOD) {
        buf_done(&form.text);
        return done;
    }
    add_parameters(deploy, &form);
    add_tags(deploy, &form);
    aws_add_c(&form, "Capabilities.member.1", "CAPABILITY_NAMED_IAM");
    aws_add_c(&form, "Capabilities.member.2", "CAPABILITY_AUTO_EXPAND");
    if (flag_given(deploy->args, "keep-failed")) {
        aws_add_c(&form, "DisableRollback", "true");
    }
    if (aws_call(deploy->args, &form, deploy->arena, &answer) != OK) {
        return EXIT_TROUBLE;
    }
    *ret_idle = !answer.good && str_starts(answer.message, STR("No updates are to be performed"));
    return answer.good || *ret_idle ? EXIT_GOOD
                                    : trouble(deploy->args, "%.*s", STR_ARG(answer.message));
}

/* ---- telling ---- */

static void tell_json(struct deploy *deploy, const struct value *stack)
{
    struct value *told = doc_map(deploy->arena);
    struct value *outputs = NULL;
    const struct value *list = get(stack, "Outputs");
    struct str text;

    doc_put_text(deploy->arena, told, "stack", get_str(stack, "StackName"));
    doc_put_text(deploy->arena, told, "id", get_str(stack, "StackId"));
    doc_put_text(deploy->arena, told, "status", get_str(stack, "StackStatus"));
    outputs = doc_put_map(deploy->arena, told, STR("outputs"));
    for (uint32_t i = 0; list != NULL && i < list->count; i++) {
        struct value *value = doc_put(deploy->arena, outputs, get_str(&list->items[i],
                                                                      "OutputKey"));

        *value = (struct value){.kind = VALUE_STR,
                                .str = get_str(&list->items[i], "OutputValue")};
    }
    text = doc_json(deploy->arena, told);
    printf("%.*s\n", STR_ARG(text));
}

static int tell(struct deploy *deploy, struct progress *progress, bool idle, int64_t began_ns)
{
    const struct value *stack = NULL;
    int done = stack_describe(deploy->args, progress->stack, deploy->arena, &stack);
    double seconds = (double)((int64_t)clock_monotonic_ns() - began_ns) / 1e9;
    bool good = idle || strcmp(progress->status, "CREATE_COMPLETE") == 0 ||
                strcmp(progress->status, "UPDATE_COMPLETE") == 0;

    if (done != EXIT_GOOD || stack == NULL) {
        return done;
    }
    if (deploy->args->json) {
        tell_json(deploy, stack);
        return good ? EXIT_GOOD : EXIT_TROUBLE;
    }
    if (!good) {
        trouble(deploy->args, "%s is %s:", deploy->stack, progress->status);
        progress_blame(progress);
        return EXIT_TROUBLE;
    }
    printf(idle ? "%s is as the template says: nothing to be done.\n" : "%s is ready, in %.1f s.\n",
           deploy->stack, seconds);
    stack_outputs(stack);
    fflush(stdout);
    return EXIT_GOOD;
}

/* ---- once, or again and again ---- */

/* Buckets' names are everybody's: each account has one of its own. */
static int bucket_name(struct deploy *deploy)
{
    const struct value *out = NULL;
    struct aws_form form;
    int done;

    aws_begin(&form, "sts", "GetCallerIdentity");
    done = aws_call_good(deploy->args, &form, deploy->arena, &out);
    if (done == EXIT_GOOD) {
        deploy->pack.bucket = arena_printf(deploy->arena, "weir-deploy-%.*s-%s",
                                           STR_ARG(get_str(out, "Account")), default_region());
    }
    return done;
}

static int deploy_run(struct deploy *deploy)
{
    int64_t began_ns = (int64_t)clock_monotonic_ns();
    struct progress progress;
    bool idle = false;
    int done = bucket_name(deploy);

    if (done == EXIT_GOOD) {
        done = pack_template(&deploy->pack, deploy->path, &deploy->document);
    }
    deploy->newest_ns = deploy->pack.newest_ns;
    if (done == EXIT_GOOD) {
        done = stack_describe(deploy->args, deploy->stack, deploy->arena, &deploy->was);
    }
    if (done == EXIT_GOOD && deploy->was != NULL &&
        (str_eq(get_str(deploy->was, "StackStatus"), STR("ROLLBACK_COMPLETE")) ||
         str_eq(get_str(deploy->was, "StackStatus"), STR("REVIEW_IN_PROGRESS")))) {
        done = remove_leftover(deploy);
    }
    if (done == EXIT_GOOD) {
        done = progress_begin(&progress, deploy->args, deploy->stack);
    }
    if (done == EXIT_GOOD) {
        done = ask(deploy, &idle);
    }
    if (done == EXIT_GOOD && !idle) {
        done = progress_wait(&progress);
    }
    return done == EXIT_GOOD ? tell(deploy, &progress, idle, began_ns) : done;
}

static int deploy_once(const struct args *args, int64_t *ret_newest_ns)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct deploy deploy = {.args = args, .path = args->words[0], .arena = arena};
    int done;

    if (flag_value(args, "stack") != NULL) {
        (void)snprintf(deploy.stack, sizeof(deploy.stack), "%s", flag_value(args, "stack"));
    } else {
        default_name(deploy.path, deploy.stack);
    }
    deploy.pack = (struct pack){.args = args, .arena = arena};
    done = deploy_run(&deploy);
    *ret_newest_ns = deploy.newest_ns;
    arena_free(arena);
    return done;
}

static int run_deploy(const struct args *args)
{
    int64_t newest_ns = 0;
    int done = words_check(args);

    if (done != EXIT_GOOD) {
        return done;
    }
    done = deploy_once(args, &newest_ns);
    while (flag_given(args, "watch") && newest_ns > 0) {
        int64_t now_ns;

        do {
            terminal_pause(LOOK_MS);
            now_ns = pack_newest(args, args->words[0]);
        } while (now_ns <= newest_ns);
        terminal_pause(LOOK_MS); /* who writes one file may write another */
        newest_ns = now_ns;
        if (!args->json) {
            printf("\nchanged:\n");
        }
        done = deploy_once(args, &now_ns);
        newest_ns = now_ns > newest_ns ? now_ns : newest_ns;
    }
    return done;
}

static const struct flag deploy_flags[] = {
    {"stack", "NAME", NULL, "The stack. (named after the template, or its folder)"},
    {"param", "KEY=VALUE", NULL, "A parameter; as many as there are. Others stay as they were."},
    {"tag", "KEY=VALUE", NULL, "A tag of the stack, and so of what it makes."},
    {"watch", NULL, NULL, "Go on: deploy again whenever template or code changes."},
    {"keep-failed", NULL, NULL, "Leave what failed as it is, to be looked at."},
    FLAG_SERVER,
    FLAGS_END,
};

const struct command command_deploy = {
    "deploy",
    "TEMPLATE",
    1,
    "Make a template and the code beside it a running stack, or bring it up to date.",
    "What `aws cloudformation package` and `deploy` do, in one: folders and files that the\n"
    "template names (Code: build/orders) are packed and uploaded when they changed, the stack is\n"
    "made or updated, its way is shown, and in the end its outputs. All capabilities are taken as\n"
    "acknowledged. A stack that was rolled back when it was made is removed first. AWS_REGION\n"
    "says which region. The same template goes to AWS as it is.",
    deploy_flags,
    run_deploy};
