/* SPDX-License-Identifier: Apache-2.0
 *
 * Policy documents: read by cell/policy.h when they come, kept as they came, shown percent-encoded.
 */
#include "base/codec.h"
#include "cell/policy.h"
#include "svc/iam/iam_int.h"

status document_read(struct call *c, struct str text, int kind, struct policy **ret_policy)
{
    struct policy *policy;
    struct why why;
    status read = policy_compile(text, (enum policy_kind)kind, &why, &policy);

    if (read == &POLICY_MALFORMED) {
        return fail(c, &IAM_MALFORMED, "%s", why.text);
    }
    if (read != OK) {
        return fail(c, &IAM_MALFORMED, "Syntax errors in policy.");
    }
    *ret_policy = policy;
    return OK;
}

void document_set(struct document *document, struct str text, struct policy *policy)
{
    text_set(&document->text, text);
    policy_drop(document->policy);
    document->policy = policy;
}

void document_done(struct document *document)
{
    document_set(document, STR_NONE, NULL);
}

bool document_load(struct document *document, struct str text, int kind)
{
    struct policy *policy;

    if (policy_compile(text, (enum policy_kind)kind, NULL, &policy) != OK) {
        return false;
    }
    document_set(document, text, policy);
    return true;
}

size_t document_chars(struct str text)
{
    size_t chars = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        char ch = text.at[i];

        chars += ch != ' ' && ch != '\t' && ch != '\n' && ch != '\r' && (ch & 0xc0) != 0x80;
    }
    return chars;
}

struct str document_shown(struct arena *arena, struct str text)
{
    struct buf shown;
    struct str made;

    buf_init(&shown, 3 * text.bytes + 1);
    buf_add_percent(&shown, text, false);
    made = arena_dup(arena, buf_str(&shown));
    buf_done(&shown);
    return made;
}
