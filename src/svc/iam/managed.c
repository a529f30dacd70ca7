/* SPDX-License-Identifier: Apache-2.0
 *
 * Managed policies: versions, of which one is the default, and those of AWS, which every account
 * can attach and nobody can change.
 */
#include "base/digest.h"
#include "base/mem.h"
#include "cell/policy.h"
#include "svc/iam/aws_policies.h"
#include "svc/iam/iam_int.h"

#include <assert.h>

#define AWS_CREATED_MS INT64_C(1423247960000) /* 2015-02-06: when AWS began with them */
#define DOCUMENT_BYTES_MAX 16384

struct version *version_find(struct managed *managed, uint32_t number)
{
    for (size_t i = 0; i < managed->version_count; i++) {
        if (managed->versions[i].number == number) {
            return &managed->versions[i];
        }
    }
    return NULL;
}

struct version *version_default(const struct managed *managed)
{
    struct version *version =
        version_find((struct managed *)(uintptr_t)managed, managed->version_default);

    assert(version != NULL);
    return version;
}

struct version *version_add(struct managed *managed, struct str text, struct policy *policy)
{
    struct version *version;

    assert(managed->version_count < VERSIONS_MAX);
    version = &managed->versions[managed->version_count++];
    *version = (struct version){.number = ++managed->version_last};
    document_set(&version->document, text, policy);
    return version;
}

void version_remove(struct managed *managed, struct version *version)
{
    size_t place = (size_t)(version - managed->versions);

    assert(place < managed->version_count);
    assert(version->number != managed->version_default);
    document_done(&version->document);
    managed->version_count--;
    memmove(version, version + 1, (managed->version_count - place) * sizeof(*version));
}

/* ---- AWS's own ---- */

/* {"Version":…,"Statement":[{"Effect":"Allow","Action":["a","b"],"Resource":"*"}]} of "a b". */
static void add_document(struct buf *text, const struct aws_policy *line)
{
    const char *before = "";
    struct str rest;

    if (line->document != NULL) {
        buf_add(text, str_c(line->document));
        return;
    }
    rest = str_c(line->actions);
    buf_add(text, STR("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                      "\"Action\":["));
    while (rest.at != NULL) {
        struct str action = str_split(&rest, ' ');

        buf_printf(text, "%s\"%.*s\"", before, STR_ARG(action));
        before = ",";
    }
    buf_add(text, STR("],\"Resource\":\"*\"}]}"));
}

/* The same at every start, from the policy's name. */
static void derived_id(const char *name, char out[ID_BYTES])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t sum[SHA256_BYTES];

    sha256(str_c(name), sum);
    memcpy(out, "ANPA", 4);
    for (size_t i = 4; i < ID_BYTES; i++) {
        out[i] = letters[sum[i] % 32];
    }
}

static struct managed *aws_policy_new(const struct aws_policy *line, uint32_t place)
{
    struct managed *managed = (struct managed *)thing_new(NULL, MANAGED, str_c(line->name));
    struct policy *policy;
    struct version *version;
    status compiled;
    struct buf text;

    buf_init(&text, DOCUMENT_BYTES_MAX);
    add_document(&text, line);
    assert(!buf_spent(&text));
    compiled = policy_compile(buf_str(&text), POLICY_OF_IDENTITY, NULL, &policy);
    assert(compiled == OK);
    text_set(&managed->thing.path, str_c(line->path));
    text_set(&managed->description, str_c(line->description));
    derived_id(line->name, managed->thing.id);
    managed->thing.created_ms = managed->updated_ms = AWS_CREATED_MS;
    version = version_add(managed, buf_str(&text), policy);
    version->created_ms = AWS_CREATED_MS;
    managed->version_default = version->number;
    managed->place = place;
    managed->service_linked = str_eq(managed->thing.path, STR("/aws-service-role/"));
    buf_done(&text);
    return managed;
}

void aws_policies_open(struct iam *iam)
{
    assert(aws_policy_count <= AWS_POLICIES_MAX);
    for (uint32_t i = 0; i < aws_policy_count; i++) {
        iam->aws[i] = aws_policy_new(&aws_policies[i], i);
    }
    iam->aws_count = aws_policy_count;
}

void aws_policies_close(struct iam *iam)
{
    for (size_t i = 0; i < iam->aws_count; i++) {
        thing_free(&iam->aws[i]->thing);
    }
}
