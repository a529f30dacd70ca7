/* SPDX-License-Identifier: Apache-2.0
 *
 * AddPermission and RemovePermission: statements of the queue's policy, by their labels. What else
 * the policy says stays as it is.
 */
#include "base/codec.h"
#include "svc/sqs/sqs_ops.h"
#include "wire/json.h"

#define TEXT_BYTES_MAX (256u * 1024) /* while it is written; a policy has POLICY_BYTES_MAX */
#define STATEMENTS_MAX 20
#define ACTIONS_MAX 7
#define LABEL_BYTES_MAX 80

static const char *const actions[] = {
    "*",
    "SendMessage",
    "ReceiveMessage",
    "DeleteMessage",
    "ChangeMessageVisibility",
    "GetQueueUrl",
    "GetQueueAttributes",
    "PurgeQueue",
    "ListDeadLetterSourceQueues",
};

/* ---- checks ---- */

static status label_check(struct call *c, struct str label)
{
    bool good = label.bytes > 0 && label.bytes <= LABEL_BYTES_MAX;

    for (size_t i = 0; i < label.bytes; i++) {
        char ch = label.at[i];

        good = good && (ch == '_' || ch == '-' || (ch >= '0' && ch <= '9') ||
                        ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z'));
    }
    if (!good) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %.*s for parameter Label is invalid. Reason: Can only include "
                    "alphanumeric characters, hyphens, or underscores. 1 to 80 in length.",
                    STR_ARG(str_slice(label, 0, 256)));
    }
    return OK;
}

static status accounts_check(struct call *c, const struct value *accounts)
{
    uint64_t digits;

    if (accounts == NULL || accounts->count == 0) {
        return fail(c, &SQS_MISSING_PARAMETER,
                    "The request must contain the parameter PrincipalId.");
    }
    for (uint32_t i = 0; i < accounts->count; i++) {
        if (accounts->items[i].str.bytes != 12 || !str_to_u64(accounts->items[i].str, &digits)) {
            return fail(c, &SQS_BAD_PARAMETER,
                        "Value [%.*s] for parameter PrincipalId is invalid. Reason: Unable to "
                        "verify.",
                        STR_ARG(str_slice(accounts->items[i].str, 0, 256)));
        }
    }
    return OK;
}

static status action_check(struct call *c, struct str action)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (str_eq(action, str_c(actions[i]))) {
            return OK;
        }
    }
    return fail(c, &SQS_BAD_PARAMETER,
                "Value SQS:%.*s for parameter ActionName is invalid. Reason: Only the queue owner "
                "is allowed to invoke this action.",
                STR_ARG(str_slice(action, 0, 256)));
}

static status actions_check(struct call *c, const struct value *names)
{
    if (names == NULL || names->count == 0) {
        return fail(c, &SQS_MISSING_PARAMETER,
                    "The request must contain the parameter Actions.");
    }
    if (names->count > ACTIONS_MAX) {
        return fail(c, &SQS_OVER_LIMIT, "%u Actions were found, maximum allowed is %d.",
                    names->count, ACTIONS_MAX);
    }
    for (uint32_t i = 0; i < names->count; i++) {
        TRY(action_check(c, names->items[i].str));
    }
    return OK;
}

/* ---- the policy ---- */

/* One text or a list of them, as AWS writes it. */
static void add_strings(struct buf *text, const struct value *list, const char *before,
                        const char *after)
{
    buf_add(text, list->count == 1 ? STR("") : STR("["));
    for (uint32_t i = 0; i < list->count; i++) {
        struct buf one;

        buf_init(&one, 4096);
        buf_printf(&one, "%s%.*s%s", before, STR_ARG(list->items[i].str), after);
        buf_add(text, i == 0 ? STR("") : STR(","));
        json_write_str(text, buf_str(&one));
        buf_done(&one);
    }
    buf_add(text, list->count == 1 ? STR("") : STR("]"));
}

static void add_statement(struct buf *text, struct call *c, const struct queue *queue)
{
    buf_add(text, STR("{\"Sid\":"));
    json_write_str(text, arg_str(c, "Label"));
    buf_add(text, STR(",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":"));
    add_strings(text, arg(c, "AWSAccountIds"), "arn:aws:iam::", ":root");
    buf_add(text, STR("},\"Action\":"));
    add_strings(text, arg(c, "Actions"), "SQS:", "");
    buf_add(text, STR(",\"Resource\":"));
    json_write_str(text, queue->arn);
    buf_add(text, STR("}"));
}

/* A policy being written from the queue's. */
struct draft {
    struct value policy;       /* the queue's; VALUE_NONE: it has none */
    struct buf text;           /* what it becomes */
    uint32_t count;            /* statements in text */
    bool found;                /* the label was among them, and was left out */
};

static bool has_label(const struct value *statement, struct str label)
{
    const struct value *sid =
        statement->kind == VALUE_MAP ? map_find(statement, STR("Sid")) : NULL;

    return sid != NULL && sid->kind == VALUE_STR && str_eq(sid->str, label);
}

static void keep_statement(struct draft *draft, const struct value *statement, struct str label)
{
    if (has_label(statement, label)) {
        draft->found = true;
        return;
    }
    buf_add(&draft->text, draft->count++ > 0 ? STR(",") : STR(""));
    json_write(&draft->text, statement, TIME_EPOCH);
}

static struct str kept_text(const struct draft *draft, const char *name)
{
    const struct value *value = draft->policy.kind == VALUE_MAP
                                    ? map_find(&draft->policy, str_c(name))
                                    : NULL;

    return value != NULL && value->kind == VALUE_STR ? value->str : STR_NONE;
}

/* Everything the policy has but what bears the label; the list is left open. */
static void draft_begin(struct call *c, const struct queue *queue, struct draft *draft)
{
    struct str label = arg_str(c, "Label");
    const struct value *list = NULL;
    struct str version;
    struct str id;

    draft->policy.kind = VALUE_NONE;
    if (queue->policy.bytes > 0 && document_read(c, queue->policy, &draft->policy)) {
        list = map_find(&draft->policy, STR("Statement"));
    }
    version = kept_text(draft, "Version");
    id = kept_text(draft, "Id");
    buf_init(&draft->text, TEXT_BYTES_MAX);
    buf_add(&draft->text, STR("{\"Version\":"));
    json_write_str(&draft->text, version.at != NULL ? version : STR("2012-10-17"));
    buf_add(&draft->text, STR(",\"Id\":"));
    json_write_str(&draft->text,
                   id.at != NULL ? id
                                 : arena_printf(c->arena, "%.*s/SQSDefaultPolicy",
                                                STR_ARG(queue->arn)));
    buf_add(&draft->text, STR(",\"Statement\":["));
    for (uint32_t i = 0; list != NULL && list->kind == VALUE_LIST && i < list->count; i++) {
        keep_statement(draft, &list->items[i], label);
    }
    if (list != NULL && list->kind == VALUE_MAP) {
        keep_statement(draft, list, label);
    }
}

/* The policy's text, in the call's arena; empty without a statement. */
static struct str draft_end(struct call *c, struct draft *draft)
{
    struct str text;

    buf_add(&draft->text, STR("]}"));
    text = draft->count == 0 || buf_spent(&draft->text) ? STR_NONE
                                                        : arena_dup(c->arena,
                                                                    buf_str(&draft->text));
    buf_done(&draft->text);
    return text;
}

static void change(struct call *c, struct queue *queue, struct str policy)
{
    text_set(&queue->policy, policy);
    queue->modified_ms = c->now;
    queue_save(c, queue);
    call_on(c, queue_arn(c->arena, queue));
}

/* AddPermission */
status sqs_add_permission(struct call *c)
{
    struct draft draft = {.count = 0};
    struct queue *queue;
    struct str policy;

    TRY(queue_of_call(c, &queue));
    TRY(label_check(c, arg_str(c, "Label")));
    TRY(accounts_check(c, arg(c, "AWSAccountIds")));
    TRY(actions_check(c, arg(c, "Actions")));
    draft_begin(c, queue, &draft);
    if (!draft.found) {
        buf_add(&draft.text, draft.count++ > 0 ? STR(",") : STR(""));
        add_statement(&draft.text, c, queue);
    }
    policy = draft_end(c, &draft);
    if (draft.found) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %.*s for parameter Label is invalid. Reason: Already exists.",
                    STR_ARG(arg_str(c, "Label")));
    }
    if (draft.count > STATEMENTS_MAX || policy.bytes == 0 || policy.bytes > POLICY_BYTES_MAX) {
        return fail(c, &SQS_OVER_LIMIT,
                    "A policy has at most %d statements and %d bytes.", STATEMENTS_MAX,
                    POLICY_BYTES_MAX);
    }
    change(c, queue, policy);
    return OK;
}

/* RemovePermission */
status sqs_remove_permission(struct call *c)
{
    struct draft draft = {.count = 0};
    struct queue *queue;
    struct str policy;

    TRY(queue_of_call(c, &queue));
    draft_begin(c, queue, &draft);
    policy = draft_end(c, &draft);
    if (!draft.found) {
        return fail(c, &SQS_BAD_PARAMETER,
                    "Value %.*s for parameter Label is invalid. Reason: can't find label on "
                    "existing policy.",
                    STR_ARG(str_slice(arg_str(c, "Label"), 0, 256)));
    }
    change(c, queue, policy);
    return OK;
}
